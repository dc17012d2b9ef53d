/* The same elements in column-major order under the extents in list.  word[0] 1: only as a view. */

#include <string.h>

#include "ops/op.h"
#include "ops/table.h"

/* Product of extents, symbolic or not; 0 if a literal one is 0 (then the others cannot overflow). */
static tenferro_status
product(tenferro_context *context, int rank, const tenferro_extent *extents, tenferro_extent *out)
{
    *out = 1;
    for (int i = 0; i < rank; i++)
        if (extents[i] == 0) {
            *out = 0;
            return TENFERRO_OK;
        }
    for (int i = 0; i < rank; i++)
        TF_TRY(tenferro_extent_mul(context, *out, extents[i], out));
    return TENFERRO_OK;
}

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    tenferro_extent before, after, *extents;
    TF_TRY(product(x->context, in->rank, in->extents, &before));
    TF_TRY(product(x->context, (int)a->count, a->list, &after));
    if (before >= 0 && after >= 0 && before != after)
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "reshape: shape %s has %lld elements, shape %s has %lld",
                       tf_shape_text(in->rank, in->extents).chars, (long long)before,
                       tf_shape_text((int)a->count, a->list).chars, (long long)after);
    TF_TRY(tenferro_infer_equal(x, before, after, "numbers of elements before and after"));
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, (int)a->count, &extents));
    for (int64_t i = 0; i < a->count; i++)
        extents[i] = a->list[i];
    return TENFERRO_OK;
}

static tenferro_status view(tenferro_view *v, int *possible)
{
    const tf_attributes *a = v->attributes;
    *possible = tf_layout_reshape(v->in->rank, v->in->extents, v->in->strides, v->out->rank,
                                  v->out->extents, v->strides);
    if (!*possible && a->word[0])
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "reshape_view: shape %s with these strides has no view of shape %s",
                       tf_shape_text(v->in->rank, v->in->extents).chars,
                       tf_shape_text(v->out->rank, v->out->extents).chars);
    return TENFERRO_OK;
}

/* The output is compact: seen with the input's extents it is a compact copy of the input. */
static tenferro_status execute(tenferro_exec *x)
{
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    int64_t *strides = tf_arena_take(&arena, in->rank, sizeof *strides);
    tenferro_status status = strides ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
    if (strides) {
        tf_layout_compact(in->rank, in->extents, TENFERRO_COLUMN_MAJOR, strides);
        status = tf_copy(&engine, tf_dtype_size(x->context, in->dtype), in->rank, in->extents,
                         in->data, in->strides, out->data, strides);
    }
    tf_arena_release(&arena);
    return status;
}

static void reshape_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_reshape_primitive, s, r);
}

static tf_attributes attributes_of(int rank, const tenferro_extent *extents, int view_only)
{
    return (tf_attributes){.word = {view_only}, .count = rank, .extents = rank, .list = extents};
}

static void reshape_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_attributes back = attributes_of(r->in[0]->rank, tf_extents(r->in[0]), 0);
    r->out[0] = tenferro_scope_apply(s, &tf_reshape_primitive, &back, 1, r->cotangent);
}

const tenferro_primitive tf_reshape_primitive = {
    TF_PRIMITIVE("reshape"),
    TF_INPUTS(1, 1),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .view = view,
    .jvp = reshape_jvp,
    .vjp = reshape_vjp,
    .save = tf_save_shapes,
};

/* Replaces the one -1 by what the other extents leave. */
static tenferro_status complete(const tenferro_tensor *x, int rank, tenferro_extent *extents)
{
    int unknown = -1;
    for (int i = 0; i < rank; i++) {
        if (extents[i] == -1) {
            if (unknown >= 0)
                return tf_fail(TENFERRO_INVALID_ARGUMENT, "reshape: axes %d and %d are both -1",
                               unknown, i);
            unknown = i;
        } else if (!tf_extent_is_valid(extents[i])) {
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "reshape: extent %lld at axis %d",
                           (long long)extents[i], i);
        }
    }
    if (unknown < 0)
        return TENFERRO_OK;
    tenferro_extent total, known;
    extents[unknown] = 1;
    TF_TRY(product(x->context, x->rank, tf_extents(x), &total));
    TF_TRY(product(x->context, rank, extents, &known));
    if (known == 0 || (total >= 0 && known >= 0 && total % known != 0))
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "reshape: axis %d cannot be -1: %lld elements do not divide into %lld",
                       unknown, (long long)total, (long long)known);
    return tenferro_extent_floordiv(x->context, total, known, &extents[unknown]);
}

static tenferro_status reshape(const tenferro_tensor *x, int rank, const tenferro_extent *extents,
                               int view_only, tenferro_tensor **out)
{
    TF_TRY(tf_door("reshape", x, out));
    if (rank < 0 || (rank > 0 && !extents))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "reshape: rank %d, extents %s", rank,
                       extents ? "given" : "NULL");
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_extent *list = tf_arena_take(&arena, rank, sizeof *list);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (list) {
        if (rank)
            memcpy(list, extents, (size_t)rank * sizeof *list);
        status = complete(x, rank, list);
    }
    if (status == TENFERRO_OK) {
        tf_attributes a = attributes_of(rank, list, view_only);
        status = tf_apply(&tf_reshape_primitive, &a, 1, &x, out);
    }
    tf_arena_release(&arena);
    return status;
}

tenferro_status tenferro_reshape(const tenferro_tensor *x, int rank, const tenferro_extent *extents,
                                 tenferro_tensor **out)
{
    return reshape(x, rank, extents, 0, out);
}

tenferro_status tenferro_reshape_view(const tenferro_tensor *x, int rank,
                                      const tenferro_extent *extents, tenferro_tensor **out)
{
    return reshape(x, rank, extents, 1, out);
}

/* ---- axes of extent 1: reshapes that are always views ---- */

static tenferro_status squeezed(const tenferro_tensor *x, int count, const int *axes,
                                unsigned char *gone, tenferro_extent *kept, tenferro_tensor **out)
{
    int rank = 0;
    TF_TRY(tf_axes_mask("squeeze", x->rank, count, count ? axes : NULL, gone));
    for (int i = 0; i < x->rank; i++) {
        tenferro_extent e = tf_extents(x)[i];
        if (gone[i] && e != 1 && count)
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "squeeze: axis %d of shape %s is not of extent 1", i,
                           tf_shape_text(x->rank, tf_extents(x)).chars);
        if (!gone[i] || e != 1)
            kept[rank++] = e;
    }
    return reshape(x, rank, kept, 1, out);
}

tenferro_status
tenferro_squeeze(const tenferro_tensor *x, int count, const int *axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("squeeze", x, out));
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    unsigned char *gone = tf_arena_take(&arena, x->rank, 1);
    tenferro_extent *kept = tf_arena_take(&arena, x->rank, sizeof *kept);
    tenferro_status status = gone && kept ? squeezed(x, count, axes, gone, kept, out)
                                          : TENFERRO_OUT_OF_MEMORY;
    tf_arena_release(&arena);
    return status;
}

tenferro_status tenferro_expand(const tenferro_tensor *x, int axis, tenferro_tensor **out)
{
    TF_TRY(tf_door("expand", x, out));
    int at;
    TF_TRY(tf_axis("expand", x->rank + 1, axis, &at));
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_extent *extents = tf_arena_take(&arena, (int64_t)x->rank + 1, sizeof *extents);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (extents) {
        for (int i = 0; i <= x->rank; i++)
            extents[i] = i < at ? tf_extents(x)[i] : i == at ? 1 : tf_extents(x)[i - 1];
        status = reshape(x, x->rank + 1, extents, 1, out);
    }
    tf_arena_release(&arena);
    return status;
}
