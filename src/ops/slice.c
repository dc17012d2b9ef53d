/*
 * View: out[i...] = x[start + step*i ...].  list: starts, counts (extents), then steps; rank(x) of
 * each.
 *
 * Its adjoint is the primitive embed_slice: zeros of the given extents with x written into that
 * view.  list: starts, counts, the extents of the result (extents), then steps.
 */

#include <string.h>

#include "ops/op.h"
#include "ops/table.h"

/* The last index reached, start + step*(count - 1), lies in 0 .. extent-1; only literals can be
 * checked here. */
static tenferro_status
check_bounds(const char *name, int axis, int64_t start, int64_t count, int64_t step, int64_t extent)
{
    int64_t reach, last;
    if (start < 0 || count <= 0 || extent < 0)
        return TENFERRO_OK; /* symbolic, or no element */
    if (tf_mul_overflows(count - 1, step, &reach) || tf_add_overflows(start, reach, &last) ||
        start >= extent || last < 0 || last >= extent)
        return tf_fail(
            TENFERRO_SHAPE_MISMATCH,
            "%s: axis %d: %lld elements from %lld in steps of %lld leave an axis of extent %lld",
            name, axis, (long long)count, (long long)start, (long long)step, (long long)extent);
    return TENFERRO_OK;
}

static tenferro_status slice_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    int rank = in->rank;
    const int64_t *starts = a->list, *counts = starts + rank, *steps = counts + rank;
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, rank, &extents));
    for (int i = 0; i < rank; i++) {
        TF_TRY(check_bounds("slice", i, starts[i], counts[i], steps[i], in->extents[i]));
        extents[i] = counts[i];
    }
    return TENFERRO_OK;
}

/* The layout of the slice within an array with these strides; byte offset of its first element. */
static int64_t slice_layout(const tenferro_array *x, int64_t element, const int64_t *starts,
                            const int64_t *counts, const int64_t *steps, int64_t *strides)
{
    int64_t offset = 0;
    int empty = 0;
    for (int i = 0; i < x->rank; i++)
        empty |= counts[i] == 0;
    for (int i = 0; i < x->rank; i++) {
        offset += empty ? 0 : starts[i] * x->strides[i];
        /* a step that is not taken may be of any size */
        strides[i] = empty || counts[i] == 1 ? x->strides[i] : steps[i] * x->strides[i];
    }
    return offset * element;
}

static tenferro_status slice_view(tenferro_view *v, int *possible)
{
    const tf_attributes *a = v->attributes;
    int rank = v->in->rank;
    for (int i = 0; i < rank; i++)
        if (a->list[i] < 0)
            return tf_fail(TENFERRO_SYMBOLIC,
                           "slice: the start at axis %d is symbolic, the tensor is not", i);
    /* a wrong extent that was symbolic when inferred is caught by inferring again with numbers */
    v->byte_offset = slice_layout(v->in, v->element_size, a->list, a->list + rank,
                                  a->list + 2 * rank, v->strides);
    *possible = 1;
    return TENFERRO_OK;
}

static tenferro_status embed_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    int rank = in->rank;
    const int64_t *starts = a->list, *counts = starts + rank, *whole = counts + rank,
                  *steps = whole + rank;
    if (in->dtype >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "embed_slice: the registered dtype '%s' has no zero",
                       tf_dtype_name(x->context, in->dtype));
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, in->dtype, rank, &extents));
    for (int i = 0; i < rank; i++) {
        TF_TRY(tenferro_infer_equal(x, in->extents[i], counts[i],
                                    "extent of the slice that is embedded"));
        TF_TRY(check_bounds("embed_slice", i, starts[i], counts[i], steps[i], whole[i]));
        extents[i] = whole[i];
    }
    return TENFERRO_OK;
}

static tenferro_status embed_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    int rank = in->rank;
    int64_t size = tf_dtype_size(x->context, in->dtype);
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int64_t *strides = tf_arena_take(&arena, rank, sizeof *strides);
    static const unsigned char zero[16]; /* the largest element */
    if (!strides)
        goto cleanup;
    TF_TRY_CLEANUP(tf_fill(&engine, size, zero, rank, out->extents, out->data, out->strides));
    int64_t offset = slice_layout(out, size, a->list, a->list + rank, a->list + 3 * rank, strides);
    status = tf_copy(&engine, size, rank, in->extents, in->data, in->strides,
                     (char *)out->data + offset, strides);
cleanup:
    tf_arena_release(&arena);
    return status;
}

static void slice_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_slice_primitive, s, r);
}

static void embed_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_embed_slice_primitive, s, r);
}

/* Applies the adjoint primitive; to_embed: insert the input's extents before the steps, else take
 * them out. */
static void adjoint(tenferro_scope *s, const tenferro_rule *r, int to_embed)
{
    const tf_attributes *a = r->attributes;
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    int rank = r->cotangent[0]->rank;
    tf_arena arena;
    tf_arena_init(&arena, r->cotangent[0]->context);
    int64_t *list = tf_arena_take(&arena, 4 * (int64_t)rank, sizeof *list);
    if (!list) {
        tenferro_scope_fail(s, TENFERRO_OUT_OF_MEMORY);
    } else {
        for (int i = 0; i < 2 * rank; i++)
            list[i] = a->list[i];
        for (int i = 0; i < rank; i++) {
            list[2 * rank + i] = to_embed ? tf_extents(r->in[0])[i] : a->list[3 * rank + i];
            list[3 * rank + i] = a->list[2 * rank + i];
        }
        tf_attributes back = {.count = (to_embed ? 4 : 3) * rank,
                              .extents = (to_embed ? 3 : 2) * rank,
                              .list = list};
        r->out[0] = tenferro_scope_apply(s,
                                         to_embed ? &tf_embed_slice_primitive : &tf_slice_primitive,
                                         &back, 1, r->cotangent);
    }
    tf_arena_release(&arena);
}

static void slice_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    adjoint(s, r, 1);
}

static void embed_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    adjoint(s, r, 0);
}

const tenferro_primitive tf_slice_primitive = {
    TF_PRIMITIVE("slice"),  TF_INPUTS(1, 1),
    TF_ATTRIBUTES,          .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = slice_infer,   .view = slice_view,
    .jvp = slice_jvp,       .vjp = slice_vjp,
    .save = tf_save_shapes,
};

const tenferro_primitive tf_embed_slice_primitive = {
    TF_PRIMITIVE("embed_slice"),
    TF_INPUTS(1, 1),
    TF_CPU(embed_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR | TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = embed_infer,
    .jvp = embed_jvp,
    .vjp = embed_vjp,
    .save = tf_save_shapes,
};

/* ---- doors ---- */

static tenferro_status
checked_list(const tenferro_tensor *x, const tenferro_extent *starts, const tenferro_extent *counts,
             const int64_t *steps, int64_t *list)
{
    for (int i = 0; i < x->rank; i++) {
        int64_t step = steps ? steps[i] : 1;
        if (!tf_extent_is_valid(starts[i]) || !tf_extent_is_valid(counts[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "slice: axis %d: start %lld and count %lld must not be negative", i,
                           (long long)starts[i], (long long)counts[i]);
        if (step == 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "slice: axis %d: the step is 0", i);
        list[i] = starts[i];
        list[x->rank + i] = counts[i];
        list[2 * x->rank + i] = step;
    }
    return TENFERRO_OK;
}

tenferro_status
tenferro_slice(const tenferro_tensor *x, const tenferro_extent *starts,
               const tenferro_extent *counts, const int64_t *steps, tenferro_tensor **out)
{
    TF_TRY(tf_door("slice", x, out));
    if (x->rank && (!starts || !counts))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "slice: %s is NULL", starts ? "counts" : "starts");
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    int64_t *list = tf_arena_take(&arena, 3 * (int64_t)x->rank, sizeof *list);
    tenferro_status status = list ? checked_list(x, starts, counts, steps, list)
                                  : TENFERRO_OUT_OF_MEMORY;
    if (status == TENFERRO_OK) {
        tf_attributes a = {.count = 3 * x->rank, .extents = 2 * x->rank, .list = list};
        status = tf_apply(&tf_slice_primitive, &a, 1, &x, out);
    }
    tf_arena_release(&arena);
    return status;
}

/* Three arrays that take all of x: starts 0, counts its extents, steps 1. */
static tenferro_status whole(tf_arena *arena, const tenferro_tensor *x, tenferro_extent **starts,
                             tenferro_extent **counts, int64_t **steps)
{
    *starts = tf_arena_take(arena, x->rank, sizeof **starts);
    *counts = tf_arena_take(arena, x->rank, sizeof **counts);
    *steps = tf_arena_take(arena, x->rank, sizeof **steps);
    if (!*starts || !*counts || !*steps)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < x->rank; i++) {
        (*starts)[i] = 0;
        (*counts)[i] = tf_extents(x)[i];
        (*steps)[i] = 1;
    }
    return TENFERRO_OK;
}

/* Python's x[start:stop:step] on an axis of extent n as a first index and a count. */
static void
python_range(int64_t n, int64_t start, int64_t stop, int64_t step, int64_t *first, int64_t *count)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    if (step < 0 && stop == INT64_MIN)
        stop = -1; /* past the first element */
    else if (stop < 0)
        stop = TF_MAX(stop + n, low);
    if (step < 0 && start == INT64_MIN)
        start = low;
    else if (start < 0)
        start = TF_MAX(start + n, low);
    start = TF_MIN(start, high);
    stop = TF_MIN(stop, high);
    int64_t span = step > 0 ? stop - start : start - stop;
    /* -(step + 1) + 1 is the magnitude without overflow */
    uint64_t magnitude = step > 0 ? (uint64_t)step : (uint64_t)(-(step + 1)) + 1;
    *count = span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / magnitude) + 1;
    *first = *count ? start : 0;
}

tenferro_status tenferro_slice_axis(const tenferro_tensor *x, int axis, int64_t start, int64_t stop,
                                    int64_t step, tenferro_tensor **out)
{
    TF_TRY(tf_door("slice_axis", x, out));
    int at;
    int64_t n;
    TF_TRY(tf_axis("slice_axis", x->rank, axis, &at));
    TF_TRY(tenferro_extent_value(x->context, tf_extents(x)[at], &n));
    if (step == 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "slice_axis: axis %d: the step is 0", at);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_extent *starts, *counts;
    int64_t *steps;
    tenferro_status status = whole(&arena, x, &starts, &counts, &steps);
    if (status == TENFERRO_OK) {
        python_range(n, start, stop, step, &starts[at], &counts[at]);
        steps[at] = step;
        status = tenferro_slice(x, starts, counts, steps, out);
    }
    tf_arena_release(&arena);
    return status;
}

static tenferro_status reversed(tf_arena *arena, const tenferro_tensor *x, int count,
                                const int *axes, tenferro_tensor **out)
{
    tenferro_extent *starts, *counts;
    int64_t *steps;
    unsigned char *mask = tf_arena_take(arena, x->rank, 1);
    if (!mask)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(whole(arena, x, &starts, &counts, &steps));
    TF_TRY(tf_axes_mask("reverse", x->rank, count, axes, mask));
    for (int i = 0; i < x->rank; i++)
        if (mask[i]) {
            /* n - 1, and 0 for an empty axis */
            TF_TRY(tenferro_extent_max(x->context, tf_extents(x)[i], 1, &starts[i]));
            TF_TRY(tenferro_extent_sub(x->context, starts[i], 1, &starts[i]));
            steps[i] = -1;
        }
    return tenferro_slice(x, starts, counts, steps, out);
}

tenferro_status
tenferro_reverse(const tenferro_tensor *x, int count, const int *axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("reverse", x, out));
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_status status = reversed(&arena, x, count, axes, out);
    tf_arena_release(&arena);
    return status;
}
