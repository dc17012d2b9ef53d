/* What the programs of this folder share: their options, timing, and the report (one line a case, and a JSON file). */
#ifndef TENFERRO_BENCH_H
#define TENFERRO_BENCH_H

#include <stdio.h>

enum { BENCH_SAMPLES = 9 };

typedef struct bench {
    const char *suite;
    int quick, threads;
    FILE *json; /* NULL: none was asked for */
    int rows, missed;
} bench;

/* --quick, --threads N (1 if not given), --json FILE; pins the process to as many CPUs.  0 and a message if they are wrong. */
int bench_open(bench *b, const char *suite, int argc, char **argv);

/* One case without a peer of its own: its median is printed, all samples go to the JSON file (and are sorted). */
void bench_report(bench *b, const char *name, const char *dtype, const char *unit, int count,
                  double *samples);

/*
 * One case against a peer (or a limit), from seconds of both taken in turn: the ratio is the median of theirs over ours.
 * A target of 0 is none.  Returns the ratio.
 */
double bench_compare(bench *b, const char *name, const char *dtype, int count, const double *ours,
                     const char *peer, const double *theirs, double target);

/* The program's exit status: 1 if a target was missed. */
int bench_close(bench *b);

/* Binds the calling thread to one of the process's CPUs: two new threads may otherwise share one for a while. */
void bench_pin_thread(int index);

double bench_seconds(void); /* of a monotonic clock */

#endif
