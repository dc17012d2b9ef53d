/*
 * What a contraction will take: max(work / rate, bytes / bandwidth) + overhead for each route, from
 * one table of rates.
 */
#ifndef TF_CONTRACT_COST_H
#define TF_CONTRACT_COST_H

#include <tenferro/rates.h>

#include "contract/small.h"

/* What the cost depends on: sizes, and how the operands lie. */
typedef struct tf_shape {
    tenferro_dtype dtype;
    double batch, m, n, k;
    double bytes;           /* of A, B and C: a broadcast element once */
    double lines;           /* bytes of the cache lines that a walk along the matrices touches */
    double row, row_step;   /* extent of C's innermost label, the larger step of A and B along it */
    double term, term_step; /* K's; steps are at least 1, at most a cache line */
    tf_small_kind small;    /* how the small route would do it */
    int is_turned;          /* A is not dense along M */
} tf_shape;

void tf_shape_of_problem(const tf_engine *engine, const tf_problem *problem, tf_shape *out);
/* Matrices side by side, as if they lay well. */
void tf_shape_of_sizes(tenferro_dtype dtype, double batch, double m, double n, double k,
                       tf_shape *out);

/* Seconds on one thread.  Any of the shape's numbers may be 1. */
double tf_naive_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_small_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_direct_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_packed_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_blas_seconds(const tf_engine *engine, const tf_shape *shape);

/* Threads for a problem by that route. */
int tf_threads_of(const tf_engine *engine, const tf_problem *problem,
                  double (*seconds)(const tf_engine *engine, const tf_shape *shape));

/* The rates that an engine goes by: its own, or those built in for its kernels. */
const tenferro_rates *tf_rates_of(const tf_engine *engine);
const tenferro_rates *tf_rates_built_in(const tf_kernels *kernels);

#endif
