/*
 * Describe, plan, execute: contractions, permutations, reductions and elementwise operations over
 * raw pointers, extents and strides.  No tensor is needed.  The page: docs/prims.md.
 */
#ifndef TENFERRO_PRIMS_H
#define TENFERRO_PRIMS_H

#include <tenferro/dtype.h>
#include <tenferro/rates.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How one array lies in memory and what its axes are called.  Read when planning, not kept.
 *
 * The element with indices i, j ... is at pointer[i * strides[0] + j * strides[1] + ...].  Axes with
 * the same label run together; a label that occurs twice in one array is its diagonal.  All axes of
 * one label have the same extent.
 */
typedef struct tenferro_operand {
    size_t struct_size;
    tenferro_dtype dtype;   /**< one of the built-in ones */
    int rank;               /**< 0 or more */
    const int64_t *extents; /**< `rank` numbers >= 0; may be NULL for rank 0 */
    const int64_t *strides; /**< in elements, signed; 0 in inputs: repeated; NULL: compact column-major */
    const int64_t *labels; /**< any numbers */
    int conj;              /**< 1: its complex conjugate; nothing for real dtypes */
} tenferro_operand;
#define TENFERRO_OPERAND_INIT                               \
    {                                                       \
        sizeof(tenferro_operand), 0, 0, NULL, NULL, NULL, 0 \
    }

static inline tenferro_operand
tenferro_operand_make(tenferro_dtype dtype, int rank, const int64_t *extents,
                      const int64_t *strides, const int64_t *labels)
{
    tenferro_operand operand = TENFERRO_OPERAND_INIT;
    operand.dtype = dtype;
    operand.rank = rank;
    operand.extents = extents;
    operand.strides = strides;
    operand.labels = labels;
    return operand;
}

/** How a contraction is computed.  Forcing one is for tests and measurements. */
typedef enum tenferro_route {
    TENFERRO_ROUTE_AUTO = 0,   /**< the one that is predicted to be fastest: see tenferro/rates.h */
    TENFERRO_ROUTE_NAIVE = 1,  /**< loops over the labels */
    TENFERRO_ROUTE_PACKED = 2, /**< blocks gathered into panels, and a microkernel */
    TENFERRO_ROUTE_BLAS = 3,   /**< a guest's gemm */
    TENFERRO_ROUTE_SMALL = 4,  /**< small matrices, perhaps many: a microkernel without blocks */
    TENFERRO_ROUTE_DIRECT = 5  /**< rows and dot products straight from memory */
} tenferro_route;

typedef struct tenferro_plan_options {
    size_t struct_size;
    tenferro_route route; /**< of contractions */
    int threads;          /**< at most so many; 0: as many as the context has at execution */
} tenferro_plan_options;
#define TENFERRO_PLAN_OPTIONS_INIT                            \
    {                                                         \
        sizeof(tenferro_plan_options), TENFERRO_ROUTE_AUTO, 0 \
    }

/** A plan: immutable, counted, executed by any number of threads at once.  It holds the context. */
typedef struct tenferro_plan tenferro_plan;

/*
 * All that follow: `options` may be NULL; *out receives one reference, NULL on failure.  Output
 * elements must be distinct: sorted by magnitude, each of d's strides must exceed the reach of all
 * the smaller ones (INVALID_ARGUMENT).
 * Errors: INVALID_ARGUMENT, SHAPE_MISMATCH (extents of one label differ), DTYPE_MISMATCH, OVERFLOW
 * (spans or iterations that int64_t does not hold), OUT_OF_MEMORY, UNSUPPORTED (a forced route that
 * cannot serve; the message says why).
 */

/**
 * D = op_D(alpha op_A(A) op_B(B) + beta op_C(C)), summed over every label that is not in D.
 *
 * @param b NULL: D = alpha op(A) + beta op(C), with sums, diagonals and traces of A
 * @param c the same labels as D in any order, its own strides; NULL: C is D itself, as in BLAS
 * @param d every label once, and each in A or B
 *
 * dtypes: the same for all, but beside a complex D one of A and B may be real (f64 with c128, f32
 * with c64); integers wrap; not bool.  An empty sum is 0.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_contraction(
    tenferro_context *context, const tenferro_operand *a, const tenferro_operand *b,
    const tenferro_operand *c, const tenferro_operand *d, const tenferro_plan_options *options,
    tenferro_plan **out);

/**
 * D = alpha op(A): the same labels in another order, another layout, another dtype.
 *
 * A repeated label in A reads its diagonal; D has every label once.  Conversion is tenferro_cast()'s;
 * alpha is applied after it.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_permutation(
    tenferro_context *context, const tenferro_operand *a, const tenferro_operand *d,
    const tenferro_plan_options *options, tenferro_plan **out);

/**
 * D = alpha embed(op(A)) + beta op(C): the adjoint of traces, diagonals and sums.
 *
 * A label repeated in D is its diagonal: there stands A, and zero beside it.  Over a label that A
 * lacks, A is repeated.  So A[i] to D[i,i] is the adjoint of the diagonal (anti-diagonal), A[] to
 * D[i,i] that of the trace (anti-trace), A[] to D[i] that of the sum.
 *
 * @param c D's labels in D's order, its own strides; NULL: C is D itself
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_embedding(
    tenferro_context *context, const tenferro_operand *a, const tenferro_operand *c,
    const tenferro_operand *d, const tenferro_plan_options *options, tenferro_plan **out);

typedef enum tenferro_reduction {
    TENFERRO_REDUCE_SUM = 0,
    TENFERRO_REDUCE_PROD = 1,
    TENFERRO_REDUCE_MIN = 2, /**< NaN wins; not complex; not of nothing */
    TENFERRO_REDUCE_MAX = 3,
    TENFERRO_REDUCE_ANY = 4, /**< bool */
    TENFERRO_REDUCE_ALL = 5,
    TENFERRO_REDUCE_ARGMIN = 6, /**< of the first one; D is int64 */
    TENFERRO_REDUCE_ARGMAX = 7
} tenferro_reduction;

/**
 * D = alpha reduction(op(A)) + beta op(C) over the labels of A that are not in D.
 *
 * argmin and argmax give the column-major index over the reduced labels, in A's order.  They, any
 * and all take no alpha, beta or C.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_reduction(
    tenferro_context *context, tenferro_reduction reduction, const tenferro_operand *a,
    const tenferro_operand *c, const tenferro_operand *d, const tenferro_plan_options *options,
    tenferro_plan **out);

/** Elementwise operations.  Their names and dtypes: tenferro/ops.h. */
typedef enum tenferro_map {
    TENFERRO_MAP_NEG = 0,
    TENFERRO_MAP_ABS = 1, /**< D is real */
    TENFERRO_MAP_SQRT = 2,
    TENFERRO_MAP_EXP = 3,
    TENFERRO_MAP_LOG = 4,
    TENFERRO_MAP_SIN = 5,
    TENFERRO_MAP_COS = 6,
    TENFERRO_MAP_TANH = 7,
    TENFERRO_MAP_LOGICAL_NOT = 8,
    TENFERRO_MAP_ADD = 32, /**< two inputs */
    TENFERRO_MAP_SUB = 33,
    TENFERRO_MAP_MUL = 34,
    TENFERRO_MAP_DIV = 35,
    TENFERRO_MAP_POW = 36,
    TENFERRO_MAP_MAXIMUM = 37,
    TENFERRO_MAP_MINIMUM = 38,
    TENFERRO_MAP_EQUAL = 39, /**< from here to GREATER_EQUAL: D is bool */
    TENFERRO_MAP_NOT_EQUAL = 40,
    TENFERRO_MAP_LESS = 41,
    TENFERRO_MAP_LESS_EQUAL = 42,
    TENFERRO_MAP_GREATER = 43,
    TENFERRO_MAP_GREATER_EQUAL = 44,
    TENFERRO_MAP_LOGICAL_AND = 45,
    TENFERRO_MAP_LOGICAL_OR = 46,
    TENFERRO_MAP_LOGICAL_XOR = 47,
    TENFERRO_MAP_SELECT = 64 /**< three inputs: the first is bool and picks the second or the third */
} tenferro_map;

/**
 * D = map(op(A)), map(op(A), op(B)) or map(A, op(B), op(C)).
 *
 * @param count  1, 2 or 3 inputs, as many as the operation has
 * @param inputs of one dtype; a label of D that an input lacks repeats it
 * @param d      every label once, and each in some input; its dtype is the inputs' unless said
 *
 * D may be an input (the same pointer and strides).  Scaled sums and products, D = alpha op(A) +
 * beta op(C) and D = alpha op(A) op(B) + beta op(C), are contractions without a sum.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_elementwise(
    tenferro_context *context, tenferro_map map, int count, const tenferro_operand *const *inputs,
    const tenferro_operand *d, const tenferro_plan_options *options, tenferro_plan **out);

TENFERRO_API tenferro_plan *tenferro_plan_retain(const tenferro_plan *plan);
TENFERRO_API void tenferro_plan_release(tenferro_plan *plan); /**< NULL is fine */

/** Bytes of workspace with which an execution allocates nothing.  For the context's threads of now. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_workspace(const tenferro_plan *plan,
                                                                        int64_t *bytes);

/**
 * Executes a plan.
 *
 * @param inputs one pointer for each planned input, in the order A, B, C (absent ones left out), at
 *               the element with all indices 0; NULL for C: D itself; NULL for arrays without
 *               elements
 * @param alpha  an element of D's dtype; NULL: 1
 * @param beta   the same; NULL: 0.  If it is 0, C is not read and D may hold anything
 * @param workspace NULL: scratch from the context.  One that is too small is used as far as it goes
 *
 * D must not overlap an input (INVALID_ARGUMENT) unless it is exactly C, or exactly an input of an
 * elementwise operation; interleaved arrays are told apart where strides allow it.
 * Pointers must be aligned to their elements' components.
 * Errors: INVALID_ARGUMENT, DTYPE_MISMATCH (alpha or beta where there is none), OUT_OF_MEMORY,
 * UNSUPPORTED (a forced route's guest is gone), CANCELLED.  After a failure D's contents are
 * unspecified.
 * Threads: any number at once on one plan, with a workspace each.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_execute(
    const tenferro_plan *plan, const void *const *inputs, void *output, const void *alpha,
    const void *beta, void *workspace, int64_t workspace_bytes);

/** One execution of a group: the arguments of tenferro_plan_execute(). */
typedef struct tenferro_plan_call {
    const tenferro_plan *plan;
    const void *const *inputs;
    void *output;
    const void *alpha, *beta;
} tenferro_plan_call;

/**
 * Executes many plans of one context at once (the blocks of a block-sparse tensor).
 *
 * Calls whose outputs overlap run one after another in the given order, so that several may add to
 * the same block; the others run in parallel where that wins.  No call may read what another one
 * writes: this is not checked.
 * Errors: of the first call that is refused (then nothing has run), or of one that failed.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_plan_execute_group(int64_t count, const tenferro_plan_call *calls);

/**
 * Writes what was planned as lines "key: value": operation, route, kernels, shape (batch, m, n, k),
 * flops, bytes, workspace.  snprintf's manner: see tenferro_context_describe().
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_plan_describe(const tenferro_plan *plan,
                                                                       char *buffer, size_t size,
                                                                       size_t *needed);

/**
 * D = op_D(alpha op_A(A) op_B(B) + beta op_C(C)) in one call: plans through a bounded cache of the
 * context, then executes.  Parameters as above; b and c may be NULL, and then so are their pointers.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_prims_contract(
    tenferro_context *context, const void *alpha, const tenferro_operand *a, const void *a_data,
    const tenferro_operand *b, const void *b_data, const void *beta, const tenferro_operand *c,
    const void *c_data, const tenferro_operand *d, void *d_data);

/** The plan cache: counts since the context was created, and what it holds now. */
typedef struct tenferro_plan_cache_statistics {
    size_t struct_size;
    int64_t hits, misses, evictions;
    int64_t plans, bytes;
} tenferro_plan_cache_statistics;
#define TENFERRO_PLAN_CACHE_STATISTICS_INIT                   \
    {                                                         \
        sizeof(tenferro_plan_cache_statistics), 0, 0, 0, 0, 0 \
    }
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_prims_cache_statistics(tenferro_context *context, tenferro_plan_cache_statistics *out);

#ifdef __cplusplus
}
#endif
#endif
