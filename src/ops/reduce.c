/*
 * Reductions: sum prod max min any all argmax argmin over axes.  word[0]: keep; list: the axes,
 * ascending.
 *
 * mean is sum divided by axes_size, the number of elements that the axes hold, a primitive of its
 * own so that a traced program takes it from the sizes it runs at.  word[0]: its dtype; list: the
 * axes.
 */

#include "ops/op.h"
#include "ops/table.h"

typedef enum kind { SUM, PROD, MIN, MAX, ANY, ALL, ARGMAX, ARGMIN } kind;

static const struct {
    const char *name;
    tf_reduce_op op;
} kinds[] = {
    [SUM] = {"sum", TF_REDUCE_SUM},       [PROD] = {"prod", TF_REDUCE_PROD},
    [MIN] = {"min", TF_REDUCE_MIN},       [MAX] = {"max", TF_REDUCE_MAX},
    [ANY] = {"any", TF_REDUCE_ANY},       [ALL] = {"all", TF_REDUCE_ALL},
    [ARGMAX] = {"argmax", TF_REDUCE_MAX}, [ARGMIN] = {"argmin", TF_REDUCE_MIN},
};

static kind kind_of(const void *user)
{
    return (kind)(uintptr_t)user;
}

static int is_arg(kind k)
{
    return k == ARGMAX || k == ARGMIN;
}

static void mark(const tf_attributes *a, int rank, unsigned char *reduced)
{
    for (int i = 0; i < rank; i++)
        reduced[i] = 0;
    for (int64_t i = 0; i < a->count; i++)
        reduced[a->list[i]] = 1;
}

/* ---- shape rule and kernel ---- */

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_aval *in = &x->in[0];
    kind k = kind_of(x->user);
    if (!tf_reduce_supports(kinds[k].op, in->dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: not defined for %s", kinds[k].name,
                       tf_dtype_name(x->context, in->dtype));
    tenferro_dtype dtype = is_arg(k) ? TENFERRO_INT64 : in->dtype;
    int keep = a->word[0] != 0, rank = keep ? in->rank : in->rank - (int)a->count, n = 0;
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, dtype, rank, &extents));
    for (int i = 0, next = 0; i < in->rank; i++) {
        int reduced = next < a->count && a->list[next] == i;
        next += reduced;
        if (reduced && in->extents[i] == 0 && (k == MIN || k == MAX || is_arg(k)))
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s: axis %d of shape %s has no elements",
                           kinds[k].name, i, tf_shape_text(in->rank, in->extents).chars);
        if (!reduced || keep)
            extents[n++] = reduced ? 1 : in->extents[i];
    }
    return TENFERRO_OK;
}

static tenferro_status execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    kind k = kind_of(x->user);
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    unsigned char *reduced = tf_arena_take(&arena, in->rank, 1);
    int64_t *strides = tf_arena_take(&arena, in->rank, sizeof *strides);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (reduced && strides) {
        mark(a, in->rank, reduced);
        for (int i = 0, n = 0; i < in->rank; i++) {
            int present = !reduced[i] || a->word[0];
            strides[i] = present ? out->strides[n] : 0;
            n += present;
        }
        status = is_arg(k) ? tf_arg_reduce(&engine, k == ARGMAX, in->dtype, in->rank, in->extents,
                                           reduced, in->data, in->strides, out->data, strides)
                           : tf_reduce(&engine, kinds[k].op, in->dtype, in->rank, in->extents,
                                       reduced, in->data, in->strides, out->data, strides);
    }
    tf_arena_release(&arena);
    return status;
}

/* ---- derivatives ---- */

/* y, a result or cotangent, as it would be with keep = 1: it then broadcasts against the input. */
static tenferro_tensor *kept(tenferro_scope *s, const tenferro_rule *r, tenferro_tensor *y)
{
    const tf_attributes *a = r->attributes;
    if (!y || a->word[0] || !tenferro_scope_ok(s))
        return y;
    int rank = r->in[0]->rank;
    tf_arena arena;
    tf_arena_init(&arena, y->context);
    tenferro_extent *extents = tf_arena_take(&arena, rank, sizeof *extents);
    tenferro_tensor *out = NULL;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (extents) {
        for (int i = 0, n = 0, next = 0; i < rank; i++) {
            int reduced = next < a->count && a->list[next] == i;
            next += reduced;
            extents[i] = reduced ? 1 : tf_extents(y)[n++];
        }
        status = tenferro_reshape(y, rank, extents, &out);
    }
    tf_arena_release(&arena);
    return tenferro_scope_take(s, status, out);
}

static void sum_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_linear_jvp(&tf_sum_primitive, s, r);
}

static void sum_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_broadcast_like(s, kept(s, r, r->cotangent[0]), r->in[0]);
}

static tenferro_tensor *
sum_again(tenferro_scope *s, const tenferro_rule *r, int keep, tenferro_tensor *x)
{
    tf_attributes a = *(const tf_attributes *)r->attributes;
    a.word[0] = keep;
    return tenferro_scope_apply(s, &tf_sum_primitive, &a, 1, &x);
}

/* The weight of each element in an extremum's derivative: ties share equally. */
static tenferro_tensor *extremum_weights(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *x = r->in[0];
    tenferro_tensor *hit = s_binary(s, tenferro_equal, x, kept(s, r, r->result[0]));
    tenferro_tensor *mask = s_select(s, hit, s_number(s, tenferro_real(1.0), x), NULL);
    return s_div(s, mask, sum_again(s, r, 1, mask));
}

static void extremum_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->tangent[0])
        r->out[0] = sum_again(s, r, ((const tf_attributes *)r->attributes)->word[0] != 0,
                              s_mul(s, extremum_weights(s, r), r->tangent[0]));
}

static void extremum_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->cotangent[0])
        r->out[0] = s_mul(s, extremum_weights(s, r), kept(s, r, r->cotangent[0]));
}

/* ---- the primitives ---- */

#define REDUCTION(KIND, NAME, FLAGS, JVP, VJP, SAVE)                                           \
    {                                                                                          \
        TF_PRIMITIVE(NAME), TF_INPUTS(1, 1), TF_CPU(execute), TF_ATTRIBUTES,                   \
            .user = (void *)(uintptr_t)(KIND), .flags = (FLAGS), .infer = infer, .jvp = (JVP), \
            .vjp = (VJP), .save = (SAVE)                                                       \
    }
enum { FLAT = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE };

const tenferro_primitive tf_sum_primitive = REDUCTION(SUM, "sum", TENFERRO_PRIMITIVE_LINEAR,
                                                      sum_jvp, sum_vjp, tf_save_shapes);
const tenferro_primitive tf_prod_primitive = REDUCTION(PROD, "prod", 0, NULL, NULL, NULL);
const tenferro_primitive tf_max_primitive = REDUCTION(MAX, "max", 0, extremum_jvp, extremum_vjp,
                                                      NULL);
const tenferro_primitive tf_min_primitive = REDUCTION(MIN, "min", 0, extremum_jvp, extremum_vjp,
                                                      NULL);
const tenferro_primitive tf_any_primitive = REDUCTION(ANY, "any", FLAT, NULL, NULL, NULL);
const tenferro_primitive tf_all_primitive = REDUCTION(ALL, "all", FLAT, NULL, NULL, NULL);
const tenferro_primitive tf_argmax_primitive = REDUCTION(ARGMAX, "argmax", FLAT, NULL, NULL, NULL);
const tenferro_primitive tf_argmin_primitive = REDUCTION(ARGMIN, "argmin", FLAT, NULL, NULL, NULL);

static tenferro_status size_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    tenferro_extent *extents;
    return tenferro_infer_output(x, 0, (tenferro_dtype)a->word[0], 0, &extents);
}

static tenferro_status size_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    double size = 1.0;
    for (int64_t i = 0; i < a->count; i++)
        size *= (double)x->in[0].extents[a->list[i]];
    return tf_number_store(tenferro_real(size), x->out[0].dtype, x->out[0].data);
}

const tenferro_primitive tf_axes_size_primitive = {
    TF_PRIMITIVE("axes_size"),
    TF_INPUTS(1, 1),
    TF_CPU(size_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE | TENFERRO_PRIMITIVE_SHAPE_ONLY,
    .infer = size_infer,
};

/* ---- doors ---- */

/* The attributes of a reduction: its axes checked, ascending. */
static tenferro_status axes_list(tf_arena *arena, const char *name, const tenferro_tensor *x,
                                 int count, const int *axes, tf_attributes *out)
{
    unsigned char *mask = tf_arena_take(arena, x->rank, 1);
    int64_t *list = tf_arena_take(arena, x->rank, sizeof *list);
    if (!mask || !list)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(tf_axes_mask(name, x->rank, count, axes, mask));
    out->list = list;
    out->count = 0;
    for (int i = 0; i < x->rank; i++)
        if (mask[i])
            list[out->count++] = i;
    return TENFERRO_OK;
}

/* Sums and products of bool and i32 are i64. */
static tenferro_dtype reduced_dtype(kind k, tenferro_dtype dtype)
{
    return (k == SUM || k == PROD) && (dtype == TENFERRO_BOOL || dtype == TENFERRO_INT32)
               ? TENFERRO_INT64
               : dtype;
}

/* Exactly one of made and destination is given. */
static tenferro_status
reduce(const tenferro_primitive *primitive, const tenferro_tensor *x, int count, const int *axes,
       int keep, tenferro_tensor **made, tenferro_tensor *destination)
{
    tf_attributes a = {.word = {keep != 0}};
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_tensor *met = NULL;
    tenferro_status status;
    TF_TRY_CLEANUP(axes_list(&arena, primitive->name, x, count, axes, &a));
    TF_TRY_CLEANUP(tf_as_dtype(x, reduced_dtype(kind_of(primitive->user), x->dtype), &met));
    status = made ? tf_apply(primitive, &a, 1, (const tenferro_tensor *const *)&met, made)
                  : tenferro_apply_into(primitive, &a, 1, (const tenferro_tensor *const *)&met, 1,
                                        &destination);
cleanup:
    tenferro_tensor_release(met);
    tf_arena_release(&arena);
    return status;
}

#define DOOR(NAME)                                                                        \
    tenferro_status tenferro_##NAME(const tenferro_tensor *x, int count, const int *axes, \
                                    int keep, tenferro_tensor **out)                      \
    {                                                                                     \
        TF_TRY(tf_door(#NAME, x, out));                                                   \
        return reduce(&tf_##NAME##_primitive, x, count, axes, keep, out, NULL);           \
    }

DOOR(sum)
DOOR(prod)
DOOR(max)
DOOR(min)
DOOR(any)
DOOR(all)
DOOR(argmax)
DOOR(argmin)

tenferro_status tenferro_sum_into(const tenferro_tensor *x, int count, const int *axes, int keep,
                                  tenferro_tensor *out)
{
    if (!x || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "sum_into: an argument is NULL");
    return reduce(&tf_sum_primitive, x, count, axes, keep, NULL, out);
}

tenferro_status
tenferro_mean(const tenferro_tensor *x, int count, const int *axes, int keep, tenferro_tensor **out)
{
    TF_TRY(tf_door("mean", x, out));
    tf_attributes a = {.word = {0}};
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_tensor *real = NULL, *sum = NULL, *size = NULL;
    tenferro_status status;
    int exact = x->dtype == TENFERRO_BOOL || tf_dtype_is_integer(x->dtype);
    TF_TRY_CLEANUP(axes_list(&arena, "mean", x, count, axes, &a));
    TF_TRY_CLEANUP(tf_as_dtype(x, exact ? TENFERRO_FLOAT64 : x->dtype, &real));
    TF_TRY_CLEANUP(tenferro_sum(real, count, axes, keep, &sum));
    a.word[0] = real->dtype;
    TF_TRY_CLEANUP(
        tf_apply(&tf_axes_size_primitive, &a, 1, (const tenferro_tensor *const *)&real, &size));
    status = tenferro_div(sum, size, out);
cleanup:
    tenferro_tensor_release(real);
    tenferro_tensor_release(sum);
    tenferro_tensor_release(size);
    tf_arena_release(&arena);
    return status;
}
