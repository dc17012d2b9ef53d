/*
 * x with a border of one value.  list: rank(x) counts before, then rank(x) after (extents);
 * number: the value, which must fit x's dtype.
 *
 * Affine: the tangent is padded with zeros, the adjoint cuts the border off.
 */

#include "ops/op.h"
#include "ops/table.h"

/* An element of the largest built-in dtype. */
typedef union element {
    double parts[2];
    unsigned char bytes[16];
} element;

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    const tenferro_extent *before = a->list, *after = a->list + in->rank;
    element value;
    tenferro_status status = tf_number_store(a->number, in->dtype, value.bytes);
    if (status != TENFERRO_OK)
        return tf_fail_context(status, "pad");
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, in->rank, &extents));
    for (int i = 0; i < in->rank; i++) {
        TF_TRY(tenferro_extent_add(x->context, in->extents[i], before[i], &extents[i]));
        TF_TRY(tenferro_extent_add(x->context, extents[i], after[i], &extents[i]));
    }
    return TENFERRO_OK;
}

static tenferro_status execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    int64_t size = tf_dtype_size(x->context, in->dtype), offset = 0, before;
    /* without a program nobody gives symbols their values */
    for (int64_t i = 0; i < a->extents; i++)
        TF_TRY(tenferro_extent_value(x->context, a->list[i], &before));
    element value;
    TF_TRY(tf_number_store(a->number, in->dtype, value.bytes));
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    TF_TRY(tf_fill(&engine, size, value.bytes, out->rank, out->extents, out->data, out->strides));
    for (int i = 0; i < in->rank; i++) {
        if (in->extents[i] == 0)
            return TENFERRO_OK;
        offset += a->list[i] * out->strides[i];
    }
    return tf_copy(&engine, size, in->rank, in->extents, in->data, in->strides,
                   (char *)out->data + offset * size, out->strides);
}

static void pad_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_attributes zero = *(const tf_attributes *)r->attributes;
    zero.number = tenferro_real(0.0);
    r->out[0] = tenferro_scope_apply(s, &tf_pad_primitive, &zero, 1, r->tangent);
}

static void pad_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    const tf_attributes *a = r->attributes;
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    tenferro_tensor *inner = NULL;
    tenferro_status status = tenferro_slice(r->cotangent[0], a->list, tf_extents(r->in[0]), NULL,
                                            &inner);
    r->out[0] = tenferro_scope_take(s, status, inner);
}

const tenferro_primitive tf_pad_primitive = {
    TF_PRIMITIVE("pad"),
    TF_INPUTS(1, 1),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .jvp = pad_jvp,
    .vjp = pad_vjp,
    .save = tf_save_shapes,
};

/* ---- door ---- */

static tenferro_status
pad(const tenferro_tensor *x, const tenferro_extent *before, const tenferro_extent *after,
    tenferro_number value, tenferro_extent *list, tenferro_tensor **out)
{
    int rank = x->rank;
    for (int i = 0; i < rank; i++) {
        if (!tf_extent_is_valid(before[i]) || !tf_extent_is_valid(after[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "pad: axis %d: %lld before and %lld after must not be negative", i,
                           (long long)before[i], (long long)after[i]);
        list[i] = before[i];
        list[rank + i] = after[i];
    }
    tf_attributes a = {.number = value,
                       .count = 2 * (int64_t)rank,
                       .extents = 2 * (int64_t)rank,
                       .list = list};
    return tf_apply(&tf_pad_primitive, &a, 1, &x, out);
}

tenferro_status
tenferro_pad(const tenferro_tensor *x, const tenferro_extent *before, const tenferro_extent *after,
             tenferro_number value, tenferro_tensor **out)
{
    TF_TRY(tf_door("pad", x, out));
    if (x->rank > 0 && (!before || !after))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "pad: %s is NULL", before ? "after" : "before");
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_extent *list = tf_arena_take(&arena, 2 * (int64_t)x->rank, sizeof *list);
    tenferro_status status = list ? pad(x, before, after, value, list, out) : TENFERRO_OUT_OF_MEMORY;
    tf_arena_release(&arena);
    return status;
}
