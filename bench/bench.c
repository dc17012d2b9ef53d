/* Options, timing and report of the benchmark programs. */

#include "bench.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SAMPLES = 64 };

double bench_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Keeps the first `threads` CPUs of those that the process may run on. */
static int pin(int threads)
{
    cpu_set_t allowed;
    int kept = 0;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 0;
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed) && ++kept > threads)
            CPU_CLR(i, &allowed);
    return kept >= threads && sched_setaffinity(0, sizeof allowed, &allowed) == 0;
}

void bench_pin_thread(int index)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(getpid(), sizeof allowed, &allowed) != 0)
        return;
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed) && index-- == 0) {
            CPU_SET(i, &one);
            (void)sched_setaffinity(0, sizeof one, &one);
        }
}

int bench_open(bench *b, const char *suite, int argc, char **argv)
{
    *b = (bench){.suite = suite, .threads = 1};
    const char *json = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            b->quick = 1;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            b->threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            json = argv[++i];
        else
            b->threads = 0;
    }
    if (b->threads < 1) {
        fprintf(stderr, "usage: %s [--quick] [--threads N] [--json FILE]\n", suite);
        return 0;
    }
    if (!pin(b->threads)) {
        fprintf(stderr, "%s: cannot pin %d threads\n", suite, b->threads);
        return 0;
    }
    if (json && !(b->json = fopen(json, "w"))) {
        perror(json);
        return 0;
    }
    if (b->json)
        fprintf(b->json, "{\"suite\": \"%s\", \"threads\": %d, \"rows\": [", suite, b->threads);
    return 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void write_samples(FILE *json, const char *name, int count, const double *samples)
{
    fprintf(json, ", \"%s\": [", name);
    for (int i = 0; i < count; i++)
        fprintf(json, "%s%.6g", i ? ", " : "", samples[i]);
    fprintf(json, "]");
}

void bench_report(bench *b, const char *name, const char *dtype, const char *unit, int count,
                  double *samples)
{
    qsort(samples, (size_t)count, sizeof *samples, by_value);
    printf("%-10s %-28s %-4s %d  %10.4g %-8s %-24s %6s %6s\n", b->suite, name, dtype, b->threads,
           samples[count / 2], unit, "-", "-", "-");
    fflush(stdout);
    if (!b->json)
        return;
    fprintf(b->json, "%s\n{\"case\": \"%s\", \"dtype\": \"%s\", \"unit\": \"%s\"",
            b->rows++ ? "," : "", name, dtype, unit);
    write_samples(b->json, "samples", count, samples);
    fprintf(b->json, "}");
}

static double median(int count, const double *values)
{
    double sorted[MOST_SAMPLES];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return sorted[count / 2];
}

double bench_compare(bench *b, const char *name, const char *dtype, int count, const double *ours,
                     const char *peer, const double *theirs, double target)
{
    double ratios[MOST_SAMPLES];
    count = count < MOST_SAMPLES ? count : MOST_SAMPLES;
    for (int i = 0; i < count; i++)
        ratios[i] = theirs[i] / ours[i];
    double ratio = median(count, ratios);
    printf("%-10s %-44s %-4s %d  %10.4g us  %s %-10.4g us  %6.2f %6.2f\n", b->suite, name, dtype,
           b->threads, 1e6 * median(count, ours), peer, 1e6 * median(count, theirs), ratio, target);
    fflush(stdout);
    b->missed += ratio < target;
    if (!b->json)
        return ratio;
    fprintf(b->json, "%s\n{\"case\": \"%s\", \"dtype\": \"%s\", \"peer\": \"%s\", \"target\": %g",
            b->rows++ ? "," : "", name, dtype, peer, target);
    write_samples(b->json, "ours_s", count, ours);
    write_samples(b->json, "peer_s", count, theirs);
    fprintf(b->json, "}");
    return ratio;
}

int bench_close(bench *b)
{
    if (b->json) {
        fprintf(b->json, "\n]}\n");
        if (fclose(b->json) != 0)
            return 2;
    }
    return b->missed > 0;
}
