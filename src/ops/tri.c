/*
 * The lower or upper triangle of the first two axes, zeros elsewhere.  word[0]: the offset of the
 * last diagonal kept; word[1]: 1 for the upper triangle, 0 for the lower.
 *
 * Linear, and its own adjoint.
 */

#include "ops/op.h"
#include "ops/table.h"

static tenferro_status infer(tenferro_infer *x)
{
    const tenferro_aval *in = &x->in[0];
    const tf_attributes *a = x->attributes;
    const char *name = a->word[1] ? "triu" : "tril";
    if (in->rank < 2)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s: shape %s has no matrices", name,
                       tf_shape_text(in->rank, in->extents).chars);
    if (in->dtype >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: the registered dtype '%s' has no zero", name,
                       tf_dtype_name(x->context, in->dtype));
    return tf_infer_like(x, in->dtype);
}

/* Cutting all matrices into columns (`line` is 1, the axis that numbers them) or rows (0). */
typedef struct lines {
    tf_engine engine;
    int64_t size;
    int rank, line;
    int64_t *extents; /* of a piece: 1 along `line` */
    const tenferro_array *in, *out;
} lines;

/* Elements begin .. end-1 of line number `at`: those of the input, or zeros. */
static tenferro_status piece(const lines *l, int64_t at, int64_t begin, int64_t end, int kept)
{
    static const unsigned char zero[16];
    const int64_t *is = l->in->strides, *os = l->out->strides;
    int across = 1 - l->line;
    if (begin >= end)
        return TENFERRO_OK;
    l->extents[across] = end - begin;
    char *to = (char *)l->out->data + (at * os[l->line] + begin * os[across]) * l->size;
    if (!kept)
        return tf_fill(&l->engine, l->size, zero, l->rank, l->extents, to, os);
    int64_t start = (at * is[l->line] + begin * is[across]) * l->size;
    const char *from = (const char *)l->in->data + start;
    return tf_copy(&l->engine, l->size, l->rank, l->extents, from, is, to, os);
}

static tenferro_status triangles(lines *l, int upper, int64_t offset)
{
    int64_t count = l->in->extents[l->line], length = l->in->extents[1 - l->line];
    for (int64_t at = 0; at < count; at++) {
        /* where the line meets the diagonal j - i = offset */
        int64_t diagonal = l->line == 1 ? at - offset : at + offset;
        /* down a column the upper triangle comes first, along a row the lower one */
        int first = (l->line == 1) == upper;
        int64_t border = TF_MIN(TF_MAX(diagonal + first, 0), length);
        TF_TRY(piece(l, at, 0, border, first));
        TF_TRY(piece(l, at, border, length, !first));
    }
    return TENFERRO_OK;
}

static tenferro_status execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *in = &x->in[0];
    for (int i = 0; i < in->rank; i++)
        if (in->extents[i] == 0)
            return TENFERRO_OK;
    int64_t rows = in->extents[0], columns = in->extents[1];
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    /* by columns, which are contiguous, unless they are many and short */
    lines l = {
        .size = tf_dtype_size(x->context, in->dtype),
        .rank = in->rank,
        .line = columns / 8 > rows ? 0 : 1,
        .extents = tf_arena_take(&arena, in->rank, sizeof *l.extents),
        .in = in,
        .out = &x->out[0],
    };
    tf_context_engine(x->context, &l.engine);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (l.extents) {
        for (int i = 0; i < in->rank; i++)
            l.extents[i] = in->extents[i];
        l.extents[l.line] = 1;
        /* a diagonal further out than the corners changes nothing more */
        status = triangles(&l, a->word[1] != 0, TF_MIN(TF_MAX(a->word[0], -rows), columns));
    }
    tf_arena_release(&arena);
    return status;
}

static void tri_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_tri_primitive, s, r);
}

static void tri_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = tenferro_scope_apply(s, &tf_tri_primitive, r->attributes, 1, r->cotangent);
}

const tenferro_primitive tf_tri_primitive = {
    TF_PRIMITIVE("tri"),
    TF_INPUTS(1, 1),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .jvp = tri_jvp,
    .vjp = tri_vjp,
    .save = tf_save_shapes,
};

/* ---- doors ---- */

tenferro_status tenferro_tril(const tenferro_tensor *x, int64_t offset, tenferro_tensor **out)
{
    TF_TRY(tf_door("tril", x, out));
    return tf_apply(&tf_tri_primitive, &(tf_attributes){.word = {offset, 0}}, 1, &x, out);
}

tenferro_status tenferro_triu(const tenferro_tensor *x, int64_t offset, tenferro_tensor **out)
{
    TF_TRY(tf_door("triu", x, out));
    return tf_apply(&tf_tri_primitive, &(tf_attributes){.word = {offset, 1}}, 1, &x, out);
}
