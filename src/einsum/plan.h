/*
 * A plan: a binary tree of contractions over a network, with everything decided that operands'
 * strides do not change.
 */
#ifndef TF_EINSUM_PLAN_H
#define TF_EINSUM_PLAN_H

#include <stdatomic.h>
#include <tenferro/einsum.h>

#include "einsum/network.h"
#include "prims/engine.h"

enum { TF_IN_A = 1, TF_IN_B = 2 };

/*
 * One contraction.  Nodes: i < count is operand i, count + s the result of step s; b is -1 if the
 * network is one operand. Its loop labels, those of a and b, are the entries `at` .. `at + labels -
 * 1` of the plan's arrays, ascending.
 */
typedef struct tf_step {
    int a, b;
    int labels;
    int64_t at;
    int64_t offset; /* of the result in the arena; the last step writes the output */
    double multiply_adds;
    double elements; /* of the result */
} tf_step;

struct tenferro_einsum_plan {
    atomic_int references;
    tenferro_context *context;
    int holds_context; /* a reference; the plans of the context's cache do not */
    tenferro_dtype dtype;
    int64_t element_size;
    tf_network network;
    int steps;
    tf_step *step;
    int64_t entries, room; /* of the arrays that follow */
    int *labels;           /* of each entry its label */
    unsigned char *sides;  /* TF_IN_A | TF_IN_B */
    unsigned char *summed; /* 1: not in the result */
    int64_t *extents;
    int64_t *a_strides, *b_strides, *c_strides; /* operands' and output's: if column-major */
    int *slots; /* of each axis of the operands: its entry, from its step's `at`; or -1 */
    int *out_slots;
    int64_t arena; /* bytes that the intermediates take, one block */
    int overflow;  /* a step with a tensor too large for int64_t (never executed), or -1 */
    tenferro_einsum_cost cost;
};

/*
 * Takes over the network (also on failure).  options may be NULL; parenthesised: the order that
 * AUTO means, or NULL for a search (see search.h).  A symbolic network gives a plan for
 * tf_plan_run_on_level() alone, without strides.
 */
tenferro_status
tf_plan_create(tf_network *network, tenferro_dtype dtype, const tenferro_einsum_options *options,
               const int *parenthesised, int holds_context, tenferro_einsum_plan **out);

/* DTYPE_MISMATCH unless products and sums are defined on it. */
tenferro_status tf_plan_check_dtype(const tenferro_context *context, tenferro_dtype dtype);

/*
 * steps.c: the tree, its labels and multiply-adds; then the steps sorted so that less is alive at
 * once.
 */
tenferro_status tf_plan_make_steps(tenferro_einsum_plan *plan, const int *pairs);
tenferro_status tf_plan_sort_steps(tenferro_einsum_plan *plan);

/* strides.c: where each element of an intermediate lies. */
tenferro_status tf_plan_make_strides(tenferro_einsum_plan *plan);

/* lifetime.c: where each intermediate lies in the arena. */
tenferro_status tf_plan_place(tenferro_einsum_plan *plan);
/*
 * The most bytes of intermediates and output alive at once, before any rounding; also if int64_t
 * cannot hold it.
 */
double tf_plan_live_peak(const tenferro_einsum_plan *plan);

/*
 * execute.c: a step as the contraction engine takes it, strides of operands and output as planned.
 */
tf_contraction tf_plan_contraction(const tenferro_einsum_plan *plan, const tf_step *step);
/* Operands are concrete, of the plan's context, dtype and extents; out does not overlap them. */
tenferro_status tf_plan_run(const tenferro_einsum_plan *plan, const tenferro_tensor *const *operands,
                            void *out, const int64_t *out_strides);
/* level.c: the same on operands of which some belong to a level, by tenferro_contract(). */
tenferro_status tf_plan_run_on_level(const tenferro_einsum_plan *plan,
                                     const tenferro_tensor *const *operands, tenferro_tensor **out);

#endif
