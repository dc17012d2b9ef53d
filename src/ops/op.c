/* Helpers shared by the operations: see op.h. */

#include "ops/op.h"

#include <string.h>

tenferro_status tf_door(const char *name, const tenferro_tensor *x, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: out is NULL", name);
    *out = NULL;
    if (!x)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: an operand is NULL", name);
    return TENFERRO_OK;
}

tenferro_status tf_axis(const char *name, int rank, int axis, int *out)
{
    if (axis < -rank || axis >= rank)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: axis %d is out of range for rank %d", name,
                       axis, rank);
    *out = axis < 0 ? axis + rank : axis;
    return TENFERRO_OK;
}

tenferro_status
tf_axes_mask(const char *name, int rank, int count, const int *axes, unsigned char *mask)
{
    if (count < 0 || (count > 0 && !axes))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: %d axes, and axes is %s", name, count,
                       axes ? "given" : "NULL");
    memset(mask, !axes, (size_t)rank);
    for (int i = 0; i < count; i++) {
        int axis;
        TF_TRY(tf_axis(name, rank, axes[i], &axis));
        if (mask[axis])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: axis %d is given twice", name, axis);
        mask[axis] = 1;
    }
    return TENFERRO_OK;
}

tenferro_status tf_as_dtype(const tenferro_tensor *x, tenferro_dtype dtype, tenferro_tensor **out)
{
    if (x->dtype == dtype) {
        *out = tenferro_tensor_retain(x);
        return TENFERRO_OK;
    }
    return tenferro_cast(x, dtype, out);
}

void tf_broadcast_strides(const tenferro_array *in, int rank, const int64_t *extents,
                          int64_t *strides)
{
    int missing = rank - in->rank;
    for (int i = 0; i < rank; i++)
        strides[i] = i < missing || in->extents[i - missing] != extents[i]
                         ? 0
                         : in->strides[i - missing];
}

tenferro_tensor *
s_unary(tenferro_scope *scope, tenferro_status (*op)(const tenferro_tensor *, tenferro_tensor **),
        const tenferro_tensor *x)
{
    if (!x || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = op(x, &out);
    return tenferro_scope_take(scope, status, out);
}

tenferro_tensor *
s_binary(tenferro_scope *scope,
         tenferro_status (*op)(const tenferro_tensor *, const tenferro_tensor *, tenferro_tensor **),
         const tenferro_tensor *a, const tenferro_tensor *b)
{
    if (!a || !b || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = op(a, b, &out);
    return tenferro_scope_take(scope, status, out);
}

void tf_linear_jvp(const tenferro_primitive *primitive, tenferro_scope *scope,
                   const tenferro_rule *rule)
{
    int any = 0;
    for (int i = 0; i < rule->inputs; i++)
        any |= rule->tangent[i] != NULL;
    if (!any || !tenferro_scope_ok(scope))
        return;
    tf_arena arena;
    tf_arena_init(&arena, rule->in[0]->context);
    tenferro_tensor **in = tf_arena_take(&arena, rule->inputs, sizeof *in);
    if (!in)
        tenferro_scope_fail(scope, TENFERRO_OUT_OF_MEMORY);
    for (int i = 0; in && i < rule->inputs; i++)
        in[i] = rule->tangent[i]
                    ? rule->tangent[i]
                    : s_broadcast_like(scope, s_number(scope, tenferro_real(0.0), rule->in[i]),
                                       rule->in[i]);
    if (in)
        rule->out[0] = tenferro_scope_apply(scope, primitive, rule->attributes, rule->inputs, in);
    tf_arena_release(&arena);
}

tenferro_status tf_infer_like(tenferro_infer *x, tenferro_dtype dtype)
{
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, dtype, x->in[0].rank, &extents));
    for (int i = 0; i < x->in[0].rank; i++)
        extents[i] = x->in[0].extents[i];
    return TENFERRO_OK;
}

tenferro_save tf_save_shapes(const tenferro_active *active, int is_output, int slot)
{
    (void)active;
    (void)slot;
    return is_output ? TENFERRO_SAVE_NOTHING : TENFERRO_SAVE_SHAPE;
}
