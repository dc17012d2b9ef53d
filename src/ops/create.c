/*
 * Tensors out of nothing: full, eye, arange, linspace.
 *
 * For all of them word[0] is the dtype and list holds the extents of the result.
 *     full      number: the value.  A witness input, of which only the level matters, may be given.
 *     eye       word[1]: the diagonal that is 1
 *     arange    number: the start, number2: the step
 *     linspace  number: the start, number2: the stop
 * None depends on an operand's elements, so there is nothing to differentiate.
 */

#include <math.h>

#include "ops/op.h"
#include "ops/table.h"

/* An element of the largest built-in dtype. */
typedef union element {
    double parts[2];
    int64_t integer;
    int32_t integer32;
    unsigned char bytes[16];
} element;

static tenferro_dtype dtype_of(const tf_attributes *a)
{
    return (tenferro_dtype)a->word[0];
}

/* The output as declared; the number must fit its dtype. */
static tenferro_status infer_as_listed(tenferro_infer *x, const char *name, tenferro_number number)
{
    const tf_attributes *a = x->attributes;
    element value;
    tenferro_status status = tf_number_store(number, dtype_of(a), value.bytes);
    if (status != TENFERRO_OK)
        return tf_fail_context(status, "%s", name);
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, dtype_of(a), (int)a->count, &extents));
    for (int64_t i = 0; i < a->count; i++)
        extents[i] = a->list[i];
    return TENFERRO_OK;
}

/* Without a program nobody gives symbolic extents their values: creating the output then fails. */
static tenferro_status require_output(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    return x->out[0].extents ? TENFERRO_OK : tenferro_exec_output(x, 0, a->list);
}

/* ---- full ---- */

static tenferro_status full_infer(tenferro_infer *x)
{
    return infer_as_listed(x, "full", ((const tf_attributes *)x->attributes)->number);
}

static tenferro_status fill(const tenferro_exec *x, tenferro_number number, int rank,
                            const int64_t *extents, void *data, const int64_t *strides)
{
    tenferro_dtype dtype = x->out[0].dtype;
    element value;
    TF_TRY(tf_number_store(number, dtype, value.bytes));
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    return tf_fill(&engine, tf_dtype_size(x->context, dtype), value.bytes, rank, extents, data,
                   strides);
}

static tenferro_status full_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    TF_TRY(require_output(x));
    const tenferro_array *out = &x->out[0];
    return fill(x, a->number, out->rank, out->extents, out->data, out->strides);
}

const tenferro_primitive tf_full_primitive = {
    TF_PRIMITIVE("full"),
    TF_INPUTS(0, 1),
    TF_CPU(full_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_SHAPE_ONLY | TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE,
    .infer = full_infer,
};

/* ---- eye ---- */

static tenferro_status eye_infer(tenferro_infer *x)
{
    return infer_as_listed(x, "eye", tenferro_real(1.0));
}

static tenferro_status eye_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    TF_TRY(require_output(x));
    const tenferro_array *out = &x->out[0];
    int64_t rows = out->extents[0], columns = out->extents[1], offset = a->word[1];
    TF_TRY(fill(x, tenferro_real(0.0), 2, out->extents, out->data, out->strides));
    if (offset <= -rows || offset >= columns)
        return TENFERRO_OK;
    int64_t row = offset < 0 ? -offset : 0, column = offset > 0 ? offset : 0;
    int64_t length = TF_MIN(rows - row, columns - column);
    int64_t stride = out->strides[0] + out->strides[1];
    int64_t start = row * out->strides[0] + column * out->strides[1];
    int64_t size = tf_dtype_size(x->context, out->dtype);
    return fill(x, tenferro_real(1.0), 1, &length, (char *)out->data + start * size, &stride);
}

const tenferro_primitive tf_eye_primitive = {
    TF_PRIMITIVE("eye"),
    TF_INPUTS(0, 0),
    TF_CPU(eye_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE,
    .infer = eye_infer,
};

/* ---- arange and linspace: start + i*step, never accumulated ---- */

typedef struct progression {
    const tenferro_array *out;
    element start, step; /* parts; integer for integer dtypes */
    double scale[2];     /* of the parts: 2 where start and step are halved */
} progression;

/* The i-th element, from its parts. */
static void store(const tenferro_array *out, int64_t i, double re, double im)
{
    int64_t at = i * out->strides[0];
    switch (out->dtype) {
    case TENFERRO_FLOAT32:
        ((float *)out->data)[at] = (float)re;
        break;
    case TENFERRO_FLOAT64:
        ((double *)out->data)[at] = re;
        break;
    case TENFERRO_COMPLEX64:
        ((float *)out->data)[2 * at] = (float)re;
        ((float *)out->data)[2 * at + 1] = (float)im;
        break;
    default:
        ((double *)out->data)[2 * at] = re;
        ((double *)out->data)[2 * at + 1] = im;
    }
}

static void real_progression(void *user, int64_t begin, int64_t end)
{
    const progression *p = user;
    const double *start = p->start.parts, *step = p->step.parts;
    for (int64_t i = begin; i < end; i++)
        store(p->out, i, (start[0] + (double)i * step[0]) * p->scale[0],
              (start[1] + (double)i * step[1]) * p->scale[1]);
}

static void integer_progression(void *user, int64_t begin, int64_t end)
{
    const progression *p = user;
    uint64_t start = (uint64_t)p->start.integer, step = (uint64_t)p->step.integer;
    for (int64_t i = begin; i < end; i++) {
        /* products may leave 64 bits on the way, results do not */
        int64_t value = (int64_t)(start + (uint64_t)i * step), at = i * p->out->strides[0];
        if (p->out->dtype == TENFERRO_INT32)
            ((int32_t *)p->out->data)[at] = (int32_t)value;
        else
            ((int64_t *)p->out->data)[at] = value;
    }
}

static tenferro_status run(tenferro_exec *x, progression *p)
{
    enum { GRAIN = 16384 };
    tenferro_exec_parallel(x, p->out->extents[0], GRAIN,
                           tf_dtype_is_integer(p->out->dtype) ? integer_progression
                                                              : real_progression,
                           p);
    return tenferro_exec_check(x);
}

/* Integers as int64, anything else as two doubles, from which elements are rounded once. */
static tenferro_status widen(tenferro_number number, tenferro_dtype dtype, element *out)
{
    return tf_number_store(number, tf_dtype_is_integer(dtype) ? TENFERRO_INT64 : TENFERRO_COMPLEX128,
                           out->bytes);
}

/* Whether start + (count - 1)*step leaves the integer dtype. */
static int leaves(tenferro_dtype dtype, int64_t start, int64_t step, int64_t count)
{
    int64_t low = dtype == TENFERRO_INT32 ? INT32_MIN : INT64_MIN;
    int64_t high = dtype == TENFERRO_INT32 ? INT32_MAX : INT64_MAX;
    if (step == 0 || count < 2)
        return 0;
    uint64_t room = step > 0 ? (uint64_t)high - (uint64_t)start : (uint64_t)start - (uint64_t)low;
    uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    return (uint64_t)(count - 1) > room / stride;
}

static tenferro_status arange_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    element start, step;
    if (dtype_of(a) == TENFERRO_BOOL)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "arange: not defined for bool");
    TF_TRY(infer_as_listed(x, "arange", a->number));
    TF_TRY(infer_as_listed(x, "arange", a->number2));
    TF_TRY(widen(a->number, dtype_of(a), &start));
    TF_TRY(widen(a->number2, dtype_of(a), &step));
    if (tf_dtype_is_integer(dtype_of(a)) &&
        leaves(dtype_of(a), start.integer, step.integer, a->list[0]))
        return tf_fail(TENFERRO_OVERFLOW, "arange: %lld + %lld*%lld does not fit in %s",
                       (long long)start.integer, (long long)(a->list[0] - 1),
                       (long long)step.integer, tf_dtype_name(x->context, dtype_of(a)));
    return TENFERRO_OK;
}

static tenferro_status arange_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    TF_TRY(require_output(x));
    progression p = {.out = &x->out[0], .scale = {1.0, 1.0}};
    TF_TRY(widen(a->number, dtype_of(a), &p.start));
    TF_TRY(widen(a->number2, dtype_of(a), &p.step));
    return run(x, &p);
}

const tenferro_primitive tf_arange_primitive = {
    TF_PRIMITIVE("arange"),
    TF_INPUTS(0, 0),
    TF_CPU(arange_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE,
    .infer = arange_infer,
};

static tenferro_status linspace_infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    if (!tf_dtype_is_floating(dtype_of(a)) && !tf_dtype_is_complex(dtype_of(a)))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "linspace: not defined for %s",
                       tf_dtype_name(x->context, dtype_of(a)));
    TF_TRY(infer_as_listed(x, "linspace", a->number));
    return infer_as_listed(x, "linspace", a->number2);
}

static tenferro_status linspace_execute(tenferro_exec *x)
{
    const tf_attributes *a = x->attributes;
    TF_TRY(require_output(x));
    progression p = {.out = &x->out[0], .scale = {1.0, 1.0}};
    element stop;
    int64_t count = p.out->extents[0];
    TF_TRY(widen(a->number, dtype_of(a), &p.start));
    TF_TRY(widen(a->number2, dtype_of(a), &stop));
    for (int i = 0; i < 2; i++) {
        double *start = &p.start.parts[i], end = stop.parts[i];
        if (isinf(end - *start)) { /* wider than the largest number: halves are exact */
            *start /= 2;
            end /= 2;
            p.scale[i] = 2.0;
        }
        p.step.parts[i] = (end - *start) / (double)TF_MAX(count - 1, 1);
    }
    TF_TRY(run(x, &p));
    if (count > 1) /* the end is exact */
        store(p.out, count - 1, stop.parts[0], stop.parts[1]);
    return TENFERRO_OK;
}

const tenferro_primitive tf_linspace_primitive = {
    TF_PRIMITIVE("linspace"),
    TF_INPUTS(0, 0),
    TF_CPU(linspace_execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE,
    .infer = linspace_infer,
};

/* ---- doors ---- */

static tenferro_status
create(tenferro_context *context, const tenferro_primitive *primitive, const tenferro_tensor *like,
       const tf_attributes *a, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: out is NULL", primitive->name);
    *out = NULL;
    if (a->count < 0 || (a->count > 0 && !a->list))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: rank %lld, extents %s", primitive->name,
                       (long long)a->count, a->list ? "given" : "NULL");
    for (int64_t i = 0; i < a->count; i++)
        if (!tf_extent_is_valid(a->list[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: extent %lld at axis %lld is negative",
                           primitive->name, (long long)a->list[i], (long long)i);
    return tenferro_apply(context, primitive, a, like != NULL, &like, 1, out);
}

static tf_attributes attributes_of(tenferro_dtype dtype, int rank, const tenferro_extent *extents)
{
    return (tf_attributes){.word = {dtype}, .count = rank, .extents = rank, .list = extents};
}

tenferro_status
tenferro_full(tenferro_context *context, tenferro_dtype dtype, int rank,
              const tenferro_extent *extents, tenferro_number value, tenferro_tensor **out)
{
    tf_attributes a = attributes_of(dtype, rank, extents);
    a.number = value;
    return create(context, &tf_full_primitive, NULL, &a, out);
}

tenferro_status
tenferro_full_like(const tenferro_tensor *like, int rank, const tenferro_extent *extents,
                   tenferro_number value, tenferro_tensor **out)
{
    TF_TRY(tf_door("full_like", like, out));
    tf_attributes a = attributes_of(like->dtype, rank, extents);
    a.number = value;
    return create(like->context, &tf_full_primitive, like, &a, out);
}

tenferro_status tenferro_zeros(tenferro_context *context, tenferro_dtype dtype, int rank,
                               const tenferro_extent *extents, tenferro_tensor **out)
{
    return tenferro_full(context, dtype, rank, extents, tenferro_real(0.0), out);
}

tenferro_status tenferro_ones(tenferro_context *context, tenferro_dtype dtype, int rank,
                              const tenferro_extent *extents, tenferro_tensor **out)
{
    return tenferro_full(context, dtype, rank, extents, tenferro_real(1.0), out);
}

tenferro_status tenferro_eye(tenferro_context *context, tenferro_dtype dtype, tenferro_extent rows,
                             tenferro_extent columns, int64_t offset, tenferro_tensor **out)
{
    const tenferro_extent extents[] = {rows, columns};
    tf_attributes a = attributes_of(dtype, 2, extents);
    a.word[1] = offset;
    return create(context, &tf_eye_primitive, NULL, &a, out);
}

tenferro_status
tenferro_arange(tenferro_context *context, tenferro_dtype dtype, tenferro_number start,
                tenferro_number step, tenferro_extent count, tenferro_tensor **out)
{
    tf_attributes a = attributes_of(dtype, 1, &count);
    a.number = start;
    a.number2 = step;
    return create(context, &tf_arange_primitive, NULL, &a, out);
}

tenferro_status
tenferro_linspace(tenferro_context *context, tenferro_dtype dtype, tenferro_number start,
                  tenferro_number stop, tenferro_extent count, tenferro_tensor **out)
{
    tf_attributes a = attributes_of(dtype, 1, &count);
    a.number = start;
    a.number2 = stop;
    return create(context, &tf_linspace_primitive, NULL, &a, out);
}
