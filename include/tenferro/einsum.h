/* Einsum: any number of operands, in any order, planned once and executed with new data. */
#ifndef TENFERRO_EINSUM_H
#define TENFERRO_EINSUM_H

#include <tenferro/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * out = the sum over all labels not in the output of the product of the operands.
 *
 * Notation: operands separated by ',', output after "->"; without "->" the labels that occur once,
 * in the order of their code points (NumPy's rule; ellipsis axes first).  A label is a letter of
 * any script (Unicode), written in UTF-8.  Spaces are skipped.  "..." stands for the axes not
 * named, aligned at the last one and broadcast.  A label repeated in an operand is its diagonal.
 * Parentheses around operands fix the order: "(ab,bc),cd->ad".  An axis of extent 1 broadcasts
 * against any extent.
 *
 * Full page: docs/einsum.md.
 * dtypes: all but bool; operands of different dtypes meet by promotion, but real ones among complex
 * ones stay real.
 * Errors: INVALID_ARGUMENT (the equation; the message points at the character), SHAPE_MISMATCH
 * (label, operands and extents named), DTYPE_MISMATCH, OVERFLOW, OUT_OF_MEMORY (or the memory
 * limit, with the estimate), CANCELLED.
 * Operands of a level: the steps are binary contractions on that level.
 * Example: examples/c/first_steps.c
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_einsum(
    const char *equation, int count, const tenferro_tensor *const *operands, tenferro_tensor **out);

/** The same into a given tensor: out = the result.  Overlap with an operand is handled through a
 * temporary. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_einsum_into(
    const char *equation, int count, const tenferro_tensor *const *operands, tenferro_tensor *out);

typedef enum tenferro_einsum_order {
    /** parentheses if there are any; else exact up to 8 operands; else greedy, then a search that
     * takes about 2 % of the predicted run time, at most a second or so */
    TENFERRO_EINSUM_AUTO = 0,
    TENFERRO_EINSUM_LEFT_TO_RIGHT = 1, /**< ((A, B), C), D ... */
    TENFERRO_EINSUM_GREEDY = 2,        /**< always the pair that shrinks the memory most */
    TENFERRO_EINSUM_GIVEN = 3,         /**< options.path */
    /** exact up to 12 operands, else tree annealing until options.moves or options.seconds are used
     * up; without either 10^7 moves, about a second */
    TENFERRO_EINSUM_SEARCH = 4
} tenferro_einsum_order;

/** What AUTO and SEARCH make small: a sum over the steps. */
typedef enum tenferro_einsum_objective {
    TENFERRO_EINSUM_SECONDS = 0, /**< flops at the CPU's rate, and each intermediate written and read
                                    at the memory's: nominal rates of the instruction set */
    TENFERRO_EINSUM_FLOPS = 1,   /**< tenferro_einsum_cost.flops */
    TENFERRO_EINSUM_SIZE = 2,    /**< elements of all intermediates: the largest one weighs most */
    TENFERRO_EINSUM_WEIGHTED = 3 /**< flops + 64 * elements of all intermediates */
} tenferro_einsum_objective;

typedef struct tenferro_einsum_options {
    size_t struct_size;
    tenferro_einsum_order order;
    /** 2*(operands-1) positions: each pair is popped from the list of operands, the result is
     * appended (opt_einsum's). */
    const int64_t *path;
    int64_t path_length;  /**< number of pairs */
    int64_t memory_limit; /**< bytes of intermediates, output and scratch; 0: none; exceeded:
                             OUT_OF_MEMORY when planning */
    tenferro_einsum_objective objective;
    /** Budget of SEARCH: changes of the tree that are tried, 5-50 million a second; the same
     * network, options and seed give the same order.  0: no such budget. */
    int64_t moves;
    double seconds; /**< time limit of SEARCH, for the search alone; 0: none */
    uint64_t seed;  /**< of SEARCH and AUTO */
} tenferro_einsum_options;
#define TENFERRO_EINSUM_OPTIONS_INIT                                       \
    {                                                                      \
        sizeof(tenferro_einsum_options), TENFERRO_EINSUM_AUTO, NULL, 0, 0, \
            TENFERRO_EINSUM_SECONDS, 0, 0, 0                               \
    }

/** A plan: immutable, may be executed from several threads at once. */
typedef struct tenferro_einsum_plan tenferro_einsum_plan;

/**
 * Plans an equation for operands of one dtype and given extents.
 *
 * @param ranks   one an operand
 * @param extents extents[i] has ranks[i] literals
 * @param options NULL for the defaults
 *
 * Nothing is computed and no tensor is allocated.  The plan holds the context.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_plan_create(tenferro_context *context, const char *equation, tenferro_dtype dtype,
                            int count, const int *ranks, const int64_t *const *extents,
                            const tenferro_einsum_options *options, tenferro_einsum_plan **out);

/** The same with integer labels (any int64 values): labels[i] has ranks[i] of them. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_einsum_plan_labels(
    tenferro_context *context, tenferro_dtype dtype, int count, const int *ranks,
    const int64_t *const *labels, const int64_t *const *extents, int out_rank,
    const int64_t *out_labels, const tenferro_einsum_options *options, tenferro_einsum_plan **out);

TENFERRO_API tenferro_einsum_plan *tenferro_einsum_plan_retain(tenferro_einsum_plan *plan);
TENFERRO_API void tenferro_einsum_plan_release(tenferro_einsum_plan *plan); /**< NULL is fine */

/**
 * Executes a plan.  Operands must have the planned ranks, extents and dtype (any strides); of a
 * complex plan some, but not all, may be real of the same precision.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_execute(const tenferro_einsum_plan *plan, int count,
                        const tenferro_tensor *const *operands, tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_execute_into(const tenferro_einsum_plan *plan, int count,
                             const tenferro_tensor *const *operands, tenferro_tensor *out);

/** What a plan will cost, known before anything runs.  Counts are doubles: they may exceed 2^63. */
typedef struct tenferro_einsum_cost {
    size_t struct_size;
    int64_t steps;        /**< pairwise contractions (1 for one operand) */
    double multiply_adds; /**< sum over steps of the product of all its labels' extents */
    double flops;         /**< 2 per multiply-add of a contracting step, 1 of a pure product */
    double largest_intermediate; /**< elements of the largest tensor made, the output included */
    double largest_step;         /**< multiply-adds of the largest step */
    double peak_bytes;           /**< intermediates, output and scratch alive at once */
} tenferro_einsum_cost;
#define TENFERRO_EINSUM_COST_INIT                      \
    {                                                  \
        sizeof(tenferro_einsum_cost), 0, 0, 0, 0, 0, 0 \
    }
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_plan_cost(const tenferro_einsum_plan *plan, tenferro_einsum_cost *out);

/** Rank and extents of the output; extents borrowed from the plan. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_plan_output(const tenferro_einsum_plan *plan, int *rank, const int64_t **extents);

/** Copies the path, 2*steps positions in the form of tenferro_einsum_options.path (none for one
 * operand). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_einsum_plan_path(
    const tenferro_einsum_plan *plan, int64_t capacity, int64_t *path, int64_t *pairs);

typedef enum tenferro_einsum_format {
    TENFERRO_EINSUM_TEXT = 0, /**< a summary, then one line a step */
    TENFERRO_EINSUM_JSON = 1, /**< {"path": [[0,1],...], "multiply_adds": ..., "steps": [...]} */
    TENFERRO_EINSUM_DOT = 2   /**< Graphviz */
} tenferro_einsum_format;
/** Writes the plan; snprintf's manner: see tenferro_context_describe(). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_einsum_plan_format(const tenferro_einsum_plan *plan, tenferro_einsum_format format,
                            char *buffer, size_t size, size_t *needed);

#ifdef __cplusplus
}
#endif
#endif
