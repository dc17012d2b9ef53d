/* View: axis i of the result is axis list[i] of x. */

#include "ops/op.h"
#include "ops/table.h"

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, in->rank, &extents));
    if (a->count != in->rank)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "permute: %lld axes for rank %d",
                       (long long)a->count, in->rank);
    for (int i = 0; i < in->rank; i++)
        extents[i] = in->extents[a->list[i]];
    return TENFERRO_OK;
}

static tenferro_status view(tenferro_view *v, int *possible)
{
    const tf_attributes *a = v->attributes;
    for (int i = 0; i < v->out->rank; i++)
        v->strides[i] = v->in->strides[a->list[i]];
    *possible = 1;
    return TENFERRO_OK;
}

static void permute_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_permute_primitive, s, r);
}

/* the inverse permutation */
static void permute_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    const tf_attributes *a = r->attributes;
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    tf_arena arena;
    tf_arena_init(&arena, r->cotangent[0]->context);
    int64_t *inverse = tf_arena_take(&arena, a->count, sizeof *inverse);
    for (int64_t i = 0; inverse && i < a->count; i++)
        inverse[a->list[i]] = i;
    if (inverse)
        r->out[0] = tenferro_scope_apply(s, &tf_permute_primitive,
                                         &(tf_attributes){.count = a->count, .list = inverse}, 1,
                                         r->cotangent);
    else
        tenferro_scope_fail(s, TENFERRO_OUT_OF_MEMORY);
    tf_arena_release(&arena);
}

const tenferro_primitive tf_permute_primitive = {
    TF_PRIMITIVE("permute"), TF_INPUTS(1, 1),
    TF_ATTRIBUTES,           .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,          .view = view,
    .jvp = permute_jvp,      .vjp = permute_vjp,
    .save = tf_save_shapes,
};

/* Checked here, so that rules and kernels may trust the list. */
static tenferro_status checked_axes(int rank, const int *axes, int64_t *list, unsigned char *seen)
{
    for (int i = 0; i < rank; i++)
        seen[i] = 0;
    for (int i = 0; i < rank; i++) {
        int axis = rank - 1 - i;
        if (axes)
            TF_TRY(tf_axis("permute", rank, axes[i], &axis));
        if (seen[axis])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "permute: axis %d is given twice", axis);
        seen[axis] = 1;
        list[i] = axis;
    }
    return TENFERRO_OK;
}

tenferro_status tenferro_permute(const tenferro_tensor *x, const int *axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("permute", x, out));
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    int64_t *list = tf_arena_take(&arena, x->rank, sizeof *list);
    unsigned char *seen = tf_arena_take(&arena, x->rank, 1);
    tenferro_status status = list && seen ? checked_axes(x->rank, axes, list, seen)
                                          : TENFERRO_OUT_OF_MEMORY;
    if (status == TENFERRO_OK)
        status = tf_apply(&tf_permute_primitive, &(tf_attributes){.count = x->rank, .list = list},
                          1, &x, out);
    tf_arena_release(&arena);
    return status;
}
