/*
 * View: the diagonal of two axes as a new last axis.  word: offset, axis1, axis2 (axis1 != axis2).
 *
 * Its adjoint is embed_diagonal: zeros with x on that diagonal.  list: the extents of axis1 and
 * axis2 (extents).
 */

#include "ops/op.h"
#include "ops/table.h"

/* max(0, e - by) */
static tenferro_status
extent_after(tenferro_context *context, tenferro_extent e, int64_t by, tenferro_extent *out)
{
    TF_TRY(tenferro_extent_max(context, e, by, out));
    return tenferro_extent_sub(context, *out, by, out);
}

/* How many elements lie on the diagonal of an n1 x n2 matrix. */
static tenferro_status diagonal_length(tenferro_context *context, int64_t offset,
                                       tenferro_extent n1, tenferro_extent n2, tenferro_extent *out)
{
    tenferro_extent rows, columns;
    TF_TRY(extent_after(context, n1, offset < 0 ? -offset : 0, &rows));
    TF_TRY(extent_after(context, n2, offset > 0 ? offset : 0, &columns));
    return tenferro_extent_min(context, rows, columns, out);
}

static tenferro_status diagonal_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, in->rank - 1, &extents));
    int n = 0;
    for (int i = 0; i < in->rank; i++)
        if (i != a->word[1] && i != a->word[2])
            extents[n++] = in->extents[i];
    return diagonal_length(x->context, a->word[0], in->extents[a->word[1]], in->extents[a->word[2]],
                           &extents[n]);
}

/* Strides of the diagonal in an array; byte offset of its first element. */
static int64_t diagonal_layout(const tf_attributes *a, const tenferro_array *x, int64_t element,
                               int64_t length, int64_t *strides)
{
    int64_t offset = a->word[0], axis1 = a->word[1], axis2 = a->word[2];
    int n = 0;
    for (int i = 0; i < x->rank; i++)
        if (i != axis1 && i != axis2)
            strides[n++] = x->strides[i];
    strides[n] = x->strides[axis1] + x->strides[axis2];
    if (length == 0)
        return 0;
    return element * (offset < 0 ? -offset * x->strides[axis1] : offset * x->strides[axis2]);
}

static tenferro_status diagonal_view(tenferro_view *v, int *possible)
{
    v->byte_offset = diagonal_layout(v->attributes, v->in, v->element_size,
                                     v->out->extents[v->out->rank - 1], v->strides);
    *possible = 1;
    return TENFERRO_OK;
}

static tenferro_status embed_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    if (in->dtype >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "embed_diagonal: the registered dtype '%s' has no zero",
                       tf_dtype_name(x->context, in->dtype));
    tenferro_extent *extents, length;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, in->rank + 1, &extents));
    TF_TRY(diagonal_length(x->context, a->word[0], a->list[0], a->list[1], &length));
    TF_TRY(tenferro_infer_equal(x, in->extents[in->rank - 1], length,
                                "length of the diagonal that is embedded"));
    for (int i = 0, n = 0; i <= in->rank; i++)
        extents[i] = i == a->word[1] ? a->list[0] : i == a->word[2] ? a->list[1] : in->extents[n++];
    return TENFERRO_OK;
}

static tenferro_status embed_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    int64_t size = tf_dtype_size(x->context, in->dtype);
    static const unsigned char zero[16];
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int64_t *strides = tf_arena_take(&arena, in->rank, sizeof *strides);
    if (!strides)
        goto cleanup;
    TF_TRY_CLEANUP(tf_fill(&engine, size, zero, out->rank, out->extents, out->data, out->strides));
    int64_t offset = diagonal_layout(a, out, size, in->extents[in->rank - 1], strides);
    status = tf_copy(&engine, size, in->rank, in->extents, in->data, in->strides,
                     (char *)out->data + offset, strides);
cleanup:
    tf_arena_release(&arena);
    return status;
}

static void diagonal_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_diagonal_primitive, s, r);
}

static void diagonal_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    const tf_attributes *a = r->attributes;
    const int64_t list[2] = {tf_extents(r->in[0])[a->word[1]], tf_extents(r->in[0])[a->word[2]]};
    tf_attributes back = {.word = {a->word[0], a->word[1], a->word[2]},
                          .count = 2,
                          .extents = 2,
                          .list = list};
    r->out[0] = tenferro_scope_apply(s, &tf_embed_diagonal_primitive, &back, 1, r->cotangent);
}

static void embed_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_embed_diagonal_primitive, s, r);
}

static void embed_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    const tf_attributes *a = r->attributes;
    tf_attributes back = {.word = {a->word[0], a->word[1], a->word[2]}};
    r->out[0] = tenferro_scope_apply(s, &tf_diagonal_primitive, &back, 1, r->cotangent);
}

const tenferro_primitive tf_diagonal_primitive = {
    TF_PRIMITIVE("diagonal"),
    TF_INPUTS(1, 1),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = diagonal_infer,
    .view = diagonal_view,
    .jvp = diagonal_jvp,
    .vjp = diagonal_vjp,
    .save = tf_save_shapes,
};

const tenferro_primitive tf_embed_diagonal_primitive = {
    TF_PRIMITIVE("embed_diagonal"),
    TF_INPUTS(1, 1),
    TF_CPU(embed_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = embed_infer,
    .jvp = embed_jvp,
    .vjp = embed_vjp,
    .save = tf_save_shapes,
};

tenferro_status tenferro_diagonal(const tenferro_tensor *x, int64_t offset, int axis1, int axis2,
                                  tenferro_tensor **out)
{
    TF_TRY(tf_door("diagonal", x, out));
    int first, second;
    TF_TRY(tf_axis("diagonal", x->rank, axis1, &first));
    TF_TRY(tf_axis("diagonal", x->rank, axis2, &second));
    if (first == second)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "diagonal: axis %d is given twice", first);
    if (offset == INT64_MIN)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "diagonal: offset %lld", (long long)offset);
    return tf_apply(&tf_diagonal_primitive, &(tf_attributes){.word = {offset, first, second}}, 1,
                    &x, out);
}

tenferro_status tenferro_trace_axes(const tenferro_tensor *x, int64_t offset, int axis1, int axis2,
                                    tenferro_tensor **out)
{
    TF_TRY(tf_door("trace", x, out));
    tenferro_tensor *diagonal = NULL;
    TF_TRY(tenferro_diagonal(x, offset, axis1, axis2, &diagonal));
    tenferro_status status = tenferro_sum(diagonal, 1, (const int[]){-1}, 0, out);
    tenferro_tensor_release(diagonal);
    return status;
}
