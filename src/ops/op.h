/* What a file of an operation needs. */
#ifndef TF_OPS_OP_H
#define TF_OPS_OP_H

#include <tenferro/ops.h>

#include "memory/arena.h"
#include "ops/attributes.h"
#include "prims/engine.h"
#include "support/text.h"
#include "tensor/tensor.h"

/* The head of every primitive of ours. */
#define TF_PRIMITIVE(NAME)                                                                    \
    .struct_size = sizeof(tenferro_primitive), .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION, \
    .name = NAME, .version = 1
#define TF_INPUTS(MIN, MAX) .inputs_min = (MIN), .inputs_max = (MAX), .outputs = 1
#define TF_CPU(FUNCTION) .execute = {FUNCTION}

/* One output; the context is the inputs'. */
static inline tenferro_status
tf_apply(const tenferro_primitive *primitive, const void *attributes, int inputs,
         const tenferro_tensor *const *in, tenferro_tensor **out)
{
    return tenferro_apply(NULL, primitive, attributes, inputs, in, 1, out);
}

/* For the doors: *out = NULL, then INVALID_ARGUMENT with the operation's name if an argument is NULL. */
tenferro_status tf_door(const char *name, const tenferro_tensor *x, tenferro_tensor **out);

/* *axis in 0 .. rank-1 (negative ones count from the end), or INVALID_ARGUMENT. */
tenferro_status tf_axis(const char *name, int rank, int axis, int *out);
/* Marks axes in a mask of `rank` bytes; a repeated one is an error.  count 0 with axes NULL marks all. */
tenferro_status
tf_axes_mask(const char *name, int rank, int count, const int *axes, unsigned char *mask);

/* x as that dtype: x itself (one more reference) if it is, else tenferro_cast. */
tenferro_status tf_as_dtype(const tenferro_tensor *x, tenferro_dtype dtype, tenferro_tensor **out);

/* strides of an input for a loop over `rank` axes of the output: aligned at the last axis, 0 where
 * it broadcasts. */
void tf_broadcast_strides(const tenferro_array *in, int rank, const int64_t *extents,
                          int64_t *strides);

/* Short names for rules (exemplar: z = a * b has ż = s_add(s_mul(ȧ, b), s_mul(a, ḃ))). */
#define s_add tenferro_scope_add
#define s_sub tenferro_scope_sub
#define s_mul tenferro_scope_mul
#define s_div tenferro_scope_div
#define s_neg tenferro_scope_neg
#define s_conj tenferro_scope_conj
#define s_scale tenferro_scope_scale
#define s_number tenferro_scope_number
#define s_select tenferro_scope_select
#define s_sum_to_like tenferro_scope_sum_to_like
#define s_broadcast_like tenferro_scope_broadcast_like
/* a unary public operation in a scope: s_unary(s, tenferro_exp, x) */
tenferro_tensor *
s_unary(tenferro_scope *scope, tenferro_status (*op)(const tenferro_tensor *, tenferro_tensor **),
        const tenferro_tensor *x);
tenferro_tensor *
s_binary(tenferro_scope *scope,
         tenferro_status (*op)(const tenferro_tensor *, const tenferro_tensor *, tenferro_tensor **),
         const tenferro_tensor *a, const tenferro_tensor *b);

/* The jvp of an operation that is linear in all its inputs together: itself on the tangents
 * (missing ones are zeros). */
void tf_linear_jvp(const tenferro_primitive *primitive, tenferro_scope *scope,
                   const tenferro_rule *rule);

/* The shape rule of an operation whose one output has its first input's shape. */
tenferro_status tf_infer_like(tenferro_infer *x, tenferro_dtype dtype);

/* Saves shapes only: for linear operations, whose vjp needs no values. */
tenferro_save tf_save_shapes(const tenferro_active *active, int is_output, int slot);

#endif
