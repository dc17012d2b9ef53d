/* View: x repeated.  list: the result's extents (extents), then for each axis of x its axis in the
 * result, ascending. */

#include "ops/op.h"
#include "ops/table.h"

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    int rank = (int)a->extents;
    const int64_t *axes = a->list + rank;
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, rank, &extents));
    for (int i = 0; i < rank; i++)
        extents[i] = a->list[i];
    for (int i = 0; i < in->rank; i++) {
        tenferro_extent from = in->extents[i], to = extents[axes[i]];
        if (from >= 0 && to >= 0 && from != 1 && from != to)
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "broadcast: shape %s does not broadcast to %s (axis %d)",
                           tf_shape_text(in->rank, in->extents).chars,
                           tf_shape_text(rank, a->list).chars, i);
        if (from != 1)
            TF_TRY(tenferro_infer_equal(x, from, to, "an extent and the one it is broadcast to"));
    }
    return TENFERRO_OK;
}

static tenferro_status view(tenferro_view *v, int *possible)
{
    const tf_attributes *a = v->attributes;
    const int64_t *axes = a->list + a->extents;
    for (int i = 0; i < v->out->rank; i++)
        v->strides[i] = 0;
    for (int i = 0; i < v->in->rank; i++)
        if (v->in->extents[i] == v->out->extents[axes[i]])
            v->strides[axes[i]] = v->in->strides[i];
    *possible = 1;
    return TENFERRO_OK;
}

static void broadcast_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_broadcast_primitive, s, r);
}

/* Sums over the axes that are new or repeated, then drops the new ones. */
static tenferro_status collapse(const tenferro_rule *r, tf_arena *arena, tenferro_tensor **out)
{
    const tf_attributes *a = r->attributes;
    const tenferro_tensor *x = r->in[0], *cotangent = r->cotangent[0];
    const int64_t *map = a->list + a->extents;
    int *axes = tf_arena_take(arena, cotangent->rank, sizeof *axes), count = 0;
    if (!axes)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0, j = 0; i < cotangent->rank; i++) {
        int mapped = j < x->rank && map[j] == i;
        if (!mapped || (tf_extents(x)[j] == 1 && tf_extents(cotangent)[i] != 1))
            axes[count++] = i;
        j += mapped;
    }
    if (count == 0)
        return tenferro_reshape(cotangent, x->rank, tf_extents(x), out);
    tenferro_tensor *sum = NULL;
    TF_TRY(tenferro_sum(cotangent, count, axes, 1, &sum));
    tenferro_status status = tenferro_reshape(sum, x->rank, tf_extents(x), out);
    tenferro_tensor_release(sum);
    return status;
}

static void broadcast_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    tf_arena arena;
    tf_arena_init(&arena, r->cotangent[0]->context);
    tenferro_tensor *out = NULL;
    tenferro_status status = collapse(r, &arena, &out);
    r->out[0] = tenferro_scope_take(s, status, out);
    tf_arena_release(&arena);
}

const tenferro_primitive tf_broadcast_primitive = {
    TF_PRIMITIVE("broadcast"),
    TF_INPUTS(1, 1),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .view = view,
    .jvp = broadcast_jvp,
    .vjp = broadcast_vjp,
    .save = tf_save_shapes,
};

/* axes NULL: aligned at the last axis */
static tenferro_status checked_list(const tenferro_tensor *x, int rank,
                                    const tenferro_extent *extents, const int *axes, int64_t *list)
{
    for (int i = 0; i < rank; i++) {
        list[i] = extents[i];
        if (!tf_extent_is_valid(extents[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "broadcast: extent %lld at axis %d",
                           (long long)extents[i], i);
    }
    for (int i = 0; i < x->rank; i++) {
        int axis = rank - x->rank + i;
        if (axes)
            TF_TRY(tf_axis("broadcast", rank, axes[i], &axis));
        if (i && list[rank + i - 1] >= axis)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "broadcast: the axes must ascend, but %d follows %lld", axis,
                           (long long)list[rank + i - 1]);
        list[rank + i] = axis;
    }
    return TENFERRO_OK;
}

static tenferro_status broadcast(const tenferro_tensor *x, int rank, const tenferro_extent *extents,
                                 const int *axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("broadcast", x, out));
    if (rank > 0 && !extents)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "broadcast: extents are NULL");
    if (rank < x->rank)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "broadcast: shape %s does not broadcast to rank %d",
                       tf_shape_text(x->rank, tf_extents(x)).chars, rank);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    int64_t *list = tf_arena_take(&arena, (int64_t)rank + x->rank, sizeof *list);
    tenferro_status status = list ? checked_list(x, rank, extents, axes, list)
                                  : TENFERRO_OUT_OF_MEMORY;
    if (status == TENFERRO_OK) {
        tf_attributes a = {.count = (int64_t)rank + x->rank, .extents = rank, .list = list};
        status = tf_apply(&tf_broadcast_primitive, &a, 1, &x, out);
    }
    tf_arena_release(&arena);
    return status;
}

tenferro_status tenferro_broadcast(const tenferro_tensor *x, int rank,
                                   const tenferro_extent *extents, tenferro_tensor **out)
{
    return broadcast(x, rank, extents, NULL, out);
}

tenferro_status
tenferro_broadcast_axes(const tenferro_tensor *x, int rank, const tenferro_extent *extents,
                        const int *axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("broadcast_axes", x, out));
    if (x->rank > 0 && !axes)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "broadcast_axes: axes are NULL");
    return broadcast(x, rank, extents, axes, out);
}
