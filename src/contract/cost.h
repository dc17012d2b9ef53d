/*
 * What a contraction will take: max(work / rate, bytes / bandwidth) + overhead for each route, from
 * one table of rates.
 */
#ifndef TF_CONTRACT_COST_H
#define TF_CONTRACT_COST_H

#include <tenferro/rates.h>

#include "contract/problem.h"

/* What the cost depends on: sizes, and how the operands lie. */
typedef struct tf_shape {
    tenferro_dtype dtype;
    double batch, m, n, k;
    double elements[3]; /* that A, B and C hold: a broadcast one once */
    double row;         /* extent of C's innermost label */
    int rows_dense;     /* A and B step by 0 or 1 along it */
    double term;        /* extent of K's innermost label */
    int terms_dense;    /* A and B step by 0 or 1 along it */
    int is_across;      /* a batch is innermost in all three */
    int packs[2];       /* A, B: the small route cannot multiply it where it lies */
} tf_shape;

void tf_shape_of_problem(const tf_problem *problem, tf_shape *out);
/* Matrices side by side, as if they lay well. */
void tf_shape_of_sizes(tenferro_dtype dtype, double batch, double m, double n, double k,
                       tf_shape *out);

/* Seconds on one thread.  Any of the shape's numbers may be 1. */
double tf_naive_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_small_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_direct_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_packed_seconds(const tf_engine *engine, const tf_shape *shape);
double tf_blas_seconds(const tf_engine *engine, const tf_shape *shape);

/* The rates that an engine goes by: its own, or those built in for its kernels. */
const tenferro_rates *tf_rates_of(const tf_engine *engine);
const tenferro_rates *tf_rates_built_in(const tf_kernels *kernels);

#endif
