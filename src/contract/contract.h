/*
 * Binary contraction over pointers: C = alpha op(A) op(B) + beta C for any labels.
 *
 * A label is an index with an extent and one stride in each operand; an operand that does not have
 * the label has stride 0 for it (so has a broadcast one), a repeated label has the sum of its
 * strides.  Labels that are `summed` are contracted, the others index C.  B may be NULL (its
 * strides all 0): then C = alpha op(A) summed + beta C.
 */
#ifndef TF_CONTRACT_CONTRACT_H
#define TF_CONTRACT_CONTRACT_H

#include "kernels/kernels.h"

/* As tenferro_route. */
typedef enum tf_contract_route {
    TF_ROUTE_AUTO = 0, /* the fastest as the cost model sees it (cost.h) */
    TF_ROUTE_NAIVE,    /* loops over the labels: the reference, and a handful of multiply-adds */
    TF_ROUTE_PACKED,   /* block-scatter packing and a microkernel */
    TF_ROUTE_BLAS,     /* a guest's gemm on fused matrices, in a loop over the batch */
    TF_ROUTE_SMALL,    /* small matrices, perhaps many of them: a microkernel without blocks */
    TF_ROUTE_DIRECT,   /* rows and dot products straight from memory: little to reuse */
    TF_ROUTE_COUNT
} tf_contract_route;

typedef struct tf_contraction {
    tenferro_dtype dtype; /* of A, B, C, alpha, beta: i32 i64 f32 f64 c64 c128 */
    int labels;           /* at most TF_MAX_LABELS with extents other than 1 */
    const int64_t *extents;
    const int64_t *a_strides, *b_strides, *c_strides; /* one a label, in elements */
    const unsigned char *summed;                      /* one a label */
    int conj_a, conj_b;
    int real_a, real_b;       /* that operand is real, C complex: only through contract/mixed.h */
    const void *alpha, *beta; /* elements; NULL: 1 and 0.  With beta 0, C is not read. */
} tf_contraction;

#define TF_MAX_LABELS 192

/*
 * Zero extents: an empty sum gives beta*C.  C must not overlap A or B (the caller excludes it).  C
 * strides must not be 0 on a label of extent > 1.
 * A forced route that cannot serve the case is TENFERRO_UNSUPPORTED; an empty sum is served by any.
 * Errors: DTYPE_MISMATCH, OVERFLOW, OUT_OF_MEMORY (scratch), CANCELLED.
 */
tenferro_status tf_contract(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route, const void *a, const void *b, void *c);

/*
 * The same in two steps: a contraction analysed once, then run with other pointers and scalars.  A
 * plan is tf_contract_plan_bytes() of memory that needs no cleaning up, stays where it is and is
 * shared by threads; the engines of both steps have the same kernels and guest.
 */
typedef struct tf_contract_plan tf_contract_plan;
int64_t tf_contract_plan_bytes(const tf_contraction *contraction);
tenferro_status tf_contract_plan_init(const tf_engine *engine, const tf_contraction *contraction,
                                      tf_contract_route route, tf_contract_plan *plan);
/* alpha is multiplied by the contraction's, beta replaces it; NULL: just the contraction's. */
tenferro_status
tf_contract_run(const tf_engine *engine, const tf_contract_plan *plan, const void *alpha,
                const void *beta, const void *a, const void *b, void *c);

/* What was decided when planning. */
typedef struct tf_contract_report {
    tf_contract_route route;
    double seconds;     /* predicted, on one thread; 0 if there is nothing to do */
    int mr, nr;         /* tile of the microkernel; 0: the route has none */
    int64_t mc, kc, nc; /* cache blocks; 0: the route has none */
} tf_contract_report;
void tf_contract_plan_report(const tf_engine *engine, const tf_contract_plan *plan,
                             tf_contract_report *out);

/*
 * Seconds that a contraction should take by that route on one thread; of AUTO the least.  0 for one
 * that cannot be planned.  Of sizes alone: as if the matrices lay well, for whoever orders
 * contractions.
 */
double tf_contract_predict(const tf_engine *engine, const tf_contraction *contraction,
                           tf_contract_route route);
double tf_contract_predict_sizes(const tf_engine *engine, tenferro_dtype dtype, double batch,
                                 double m, double n, double k);

/* The route that AUTO takes; NAIVE for a contraction that cannot be.  Its name ("packed"). */
tf_contract_route tf_contract_choose(const tf_engine *engine, const tf_contraction *contraction);
const char *tf_route_name(tf_contract_route route);

/*
 * Upper bound of the scratch that a run takes at once.  Of a contraction: for memory estimates made
 * before anything runs; 0 if it cannot be planned.
 */
int64_t tf_contract_plan_scratch(const tf_engine *engine, const tf_contract_plan *plan);
int64_t tf_contract_scratch(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route);

#endif
