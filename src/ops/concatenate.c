/*
 * Tensors of one rank and dtype joined along an axis.  word[0]: the axis.
 *
 * Linear in all inputs together; the adjoint cuts the cotangent where the inputs met.
 */

#include "ops/op.h"
#include "ops/table.h"

/* Adds one more input to the extents so far. */
static tenferro_status
join(tenferro_infer *x, const tenferro_aval *in, int rank, int axis, tenferro_extent *extents)
{
    tenferro_dtype dtype = x->in[0].dtype;
    if (in->dtype != dtype)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "concatenate: operands are %s and %s",
                       tf_dtype_name(x->context, dtype), tf_dtype_name(x->context, in->dtype));
    if (in->rank != rank)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "concatenate: shapes %s and %s differ in rank",
                       tf_shape_text(rank, x->in[0].extents).chars,
                       tf_shape_text(in->rank, in->extents).chars);
    for (int i = 0; i < rank; i++) {
        if (i == axis) {
            TF_TRY(tenferro_extent_add(x->context, extents[i], in->extents[i], &extents[i]));
            continue;
        }
        if (extents[i] >= 0 && in->extents[i] >= 0 && extents[i] != in->extents[i])
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "concatenate along axis %d: shapes %s and %s differ at axis %d", axis,
                           tf_shape_text(rank, x->in[0].extents).chars,
                           tf_shape_text(rank, in->extents).chars, i);
        TF_TRY(tenferro_infer_equal(x, extents[i], in->extents[i], "extents of the operands"));
        if (extents[i] < 0) /* a literal says more than an expression that equals it */
            extents[i] = in->extents[i];
    }
    return TENFERRO_OK;
}

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *first = &x->in[0];
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, first->dtype, first->rank, &extents));
    for (int i = 0; i < first->rank; i++)
        extents[i] = first->extents[i];
    for (int i = 1; i < x->inputs; i++)
        TF_TRY(join(x, &x->in[i], first->rank, (int)a->word[0], extents));
    return TENFERRO_OK;
}

static tenferro_status execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *out = &x->out[0];
    int axis = (int)a->word[0];
    int64_t size = tf_dtype_size(x->context, out->dtype), start = 0;
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    for (int i = 0; i < x->inputs; i++) {
        const tenferro_array *in = &x->in[i];
        if (in->extents[axis] == 0)
            continue;
        char *to = out->data;
        if (to) /* NULL: no elements */
            to += start * out->strides[axis] * size;
        TF_TRY(
            tf_copy(&engine, size, in->rank, in->extents, in->data, in->strides, to, out->strides));
        start += in->extents[axis];
    }
    return TENFERRO_OK;
}

static void concatenate_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_concatenate_primitive, s, r);
}

/* The cotangents of the inputs are consecutive slices of the output's. */
static tenferro_status cut(tenferro_scope *s, const tenferro_rule *r, tenferro_extent *starts)
{
    const tenferro_tensor *whole = r->cotangent[0];
    int axis = (int)((const tf_attributes *)r->attributes)->word[0];
    for (int i = 0; i < whole->rank; i++)
        starts[i] = 0;
    for (int i = 0; i < r->inputs; i++) {
        const tenferro_extent *extents = tf_extents(r->in[i]);
        if (r->wanted[i]) {
            tenferro_tensor *part = NULL;
            TF_TRY(tenferro_slice(whole, starts, extents, NULL, &part));
            r->out[i] = tenferro_scope_take(s, TENFERRO_OK, part);
        }
        TF_TRY(tenferro_extent_add(whole->context, starts[axis], extents[axis], &starts[axis]));
    }
    return TENFERRO_OK;
}

static void concatenate_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    tf_arena arena;
    tf_arena_init(&arena, r->cotangent[0]->context);
    tenferro_extent *starts = tf_arena_take(&arena, r->cotangent[0]->rank, sizeof *starts);
    tenferro_scope_fail(s, starts ? cut(s, r, starts) : TENFERRO_OUT_OF_MEMORY);
    tf_arena_release(&arena);
}

const tenferro_primitive tf_concatenate_primitive = {
    TF_PRIMITIVE("concatenate"),
    TF_INPUTS(1, -1),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .jvp = concatenate_jvp,
    .vjp = concatenate_vjp,
    .save = tf_save_shapes,
};

/* ---- door ---- */

static tenferro_status concatenate(int count, const tenferro_tensor *const *tensors, int axis,
                                   tenferro_tensor **in, tenferro_tensor **out)
{
    tenferro_dtype dtype = tensors[0]->dtype;
    for (int i = 1; i < count; i++)
        TF_TRY(tenferro_dtype_promote(dtype, tensors[i]->dtype, &dtype));
    tenferro_status status = TENFERRO_OK;
    int made = 0;
    while (made < count && status == TENFERRO_OK) {
        in[made] = NULL;
        status = tf_as_dtype(tensors[made], dtype, &in[made]);
        made++;
    }
    if (status == TENFERRO_OK)
        status = tf_apply(&tf_concatenate_primitive, &(tf_attributes){.word = {axis}}, count,
                          (const tenferro_tensor *const *)in, out);
    while (made > 0)
        tenferro_tensor_release(in[--made]);
    return status;
}

tenferro_status tenferro_concatenate(int count, const tenferro_tensor *const *tensors, int axis,
                                     tenferro_tensor **out)
{
    if (out)
        *out = NULL;
    if (count < 1 || !tensors)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "concatenate: %d tensors given", count);
    for (int i = 0; i < count; i++)
        TF_TRY(tf_door("concatenate", tensors[i], out));
    int at;
    TF_TRY(tf_axis("concatenate", tensors[0]->rank, axis, &at));
    tf_arena arena;
    tf_arena_init(&arena, tensors[0]->context);
    tenferro_tensor **in = tf_arena_take(&arena, count, sizeof *in);
    tenferro_status status = in ? concatenate(count, tensors, at, in, out) : TENFERRO_OUT_OF_MEMORY;
    tf_arena_release(&arena);
    return status;
}
