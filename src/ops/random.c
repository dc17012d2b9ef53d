/*
 * Counter-based random numbers.  word[0]: the dtype; word[1]: the seed; word[2]: the stream;
 * number.re: low; number2.re: high; list: the extents.
 *
 * Element i (column-major) is made of Philox words: those at positions i*w .. i*w + w-1 of the
 * stream's sequence, where position p is word p%4 of the block with counter (p/4, stream) and key
 * (seed), all 64-bit numbers being given low half first.  A real number takes
 *     f32  one word a:       u = (a >> 8) / 2^24
 *     f64  two words a, b:   u = ((b << 32 | a) >> 11) / 2^53
 * and is low + u*(high - low), with low and high rounded to the dtype first; a result that rounds
 * up to high becomes the number below it.  Complex ones take their two parts in turn.  Integers
 * take two words: low + floor((b << 32 | a) * (high - low) / 2^64), with probabilities equal to
 * within 2^-64; i32 and i64 tensors of one range hold the same numbers.
 */

#include <float.h>
#include <math.h>

#include "ops/op.h"
#include "ops/philox.h"
#include "ops/table.h"

/* ---- what is asked for ---- */

/* An interval of the dtype: reals, or integers first .. first + count-1 (count 0: 2^64). */
typedef struct interval {
    double low, high, below; /* below: the largest real of the dtype under high */
    uint64_t first, count;
} interval;

static tenferro_status real_interval(int single, double low, double high, interval *out)
{
    out->low = single ? (double)(float)low : low;
    out->high = single ? (double)(float)high : high;
    out->below = single ? (double)nextafterf((float)high, (float)low) : nextafter(high, low);
    /* not isfinite: GCC 12 takes every double that was a float for finite */
    double limit = single ? (double)FLT_MAX : DBL_MAX;
    if (!(out->low < out->high) || !(out->low >= -limit) || !(out->high <= limit) ||
        !(out->high - out->low <= DBL_MAX))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "random_uniform: [%.17g, %.17g) is empty or not finite in %s", low, high,
                       single ? "float32" : "float64");
    return TENFERRO_OK;
}

/* high is excluded, so it may be 2^31 or 2^63 */
static tenferro_status integer_interval(double limit, double low, double high, interval *out)
{
    if (!(low >= -limit && low < high && high <= limit) || low != trunc(low) || high != trunc(high))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "random_uniform: [%.17g, %.17g) holds no integers of the dtype, or a bound "
                       "is not one",
                       low, high);
    out->first = (uint64_t)(int64_t)low;
    uint64_t end = high < 0x1p63 ? (uint64_t)(int64_t)high : (uint64_t)1 << 63;
    out->count = end - out->first;
    return TENFERRO_OK;
}

static tenferro_status
interval_of(const tenferro_context *context, const tf_attributes *a, interval *out)
{
    double low = a->number.re, high = a->number2.re;
    switch (a->word[0]) {
    case TENFERRO_FLOAT32:
    case TENFERRO_COMPLEX64:
        return real_interval(1, low, high, out);
    case TENFERRO_FLOAT64:
    case TENFERRO_COMPLEX128:
        return real_interval(0, low, high, out);
    case TENFERRO_INT32:
        return integer_interval(0x1p31, low, high, out);
    case TENFERRO_INT64:
        return integer_interval(0x1p63, low, high, out);
    default:
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "random_uniform: not defined for %s",
                       tf_dtype_name(context, (tenferro_dtype)a->word[0]));
    }
}

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    interval ignored;
    TF_TRY(interval_of(x->context, a, &ignored));
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, (tenferro_dtype)a->word[0], (int)a->count, &extents));
    for (int64_t i = 0; i < a->count; i++)
        extents[i] = a->list[i];
    return TENFERRO_OK;
}

/* ---- the numbers ---- */

typedef struct job {
    tenferro_context *context;
    interval range;
    uint32_t key[2], stream[2];
    tenferro_dtype dtype;
    void *data;
    int rank; /* axes of extent 1 left out */
    int64_t extents[TF_MAX_AXES], strides[TF_MAX_AXES];
} job;

/* The block that was used last. */
typedef struct words {
    int64_t block; /* -1: none */
    uint32_t word[4];
} words;

/* The words from a position on, as far as their block goes. */
static const uint32_t *words_at(const job *j, words *w, int64_t position)
{
    int64_t block = position / 4;
    if (block != w->block) {
        const uint32_t counter[4] = {(uint32_t)block, (uint32_t)((uint64_t)block >> 32),
                                     j->stream[0], j->stream[1]};
        tf_philox4x32_10(counter, j->key, w->word);
        w->block = block;
    }
    return w->word + position % 4;
}

static uint64_t bits_at(const job *j, words *w, int64_t number)
{
    const uint32_t *pair = words_at(j, w, 2 * number);
    return (uint64_t)pair[1] << 32 | pair[0];
}

static float f32_at(const job *j, words *w, int64_t number)
{
    double u = (double)(*words_at(j, w, number) >> 8) * 0x1p-24;
    float x = (float)(j->range.low + u * (j->range.high - j->range.low));
    return x < (float)j->range.high ? x : (float)j->range.below;
}

static double f64_at(const job *j, words *w, int64_t number)
{
    double u = (double)(bits_at(j, w, number) >> 11) * 0x1p-53;
    double x = j->range.low + u * (j->range.high - j->range.low);
    return x < j->range.high ? x : j->range.below;
}

/* The upper half of a 128-bit product, from 32-bit pieces. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (uint32_t)middle;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

static int64_t integer_at(const job *j, words *w, int64_t number)
{
    uint64_t bits = bits_at(j, w, number);
    return (int64_t)(j->range.first + (j->range.count ? multiply_high(bits, j->range.count) : bits));
}

static void element(const job *j, words *w, int64_t i, int64_t at)
{
    switch (j->dtype) {
    case TENFERRO_FLOAT32:
        ((float *)j->data)[at] = f32_at(j, w, i);
        break;
    case TENFERRO_FLOAT64:
        ((double *)j->data)[at] = f64_at(j, w, i);
        break;
    case TENFERRO_COMPLEX64:
        ((float *)j->data)[2 * at] = f32_at(j, w, 2 * i);
        ((float *)j->data)[2 * at + 1] = f32_at(j, w, 2 * i + 1);
        break;
    case TENFERRO_COMPLEX128:
        ((double *)j->data)[2 * at] = f64_at(j, w, 2 * i);
        ((double *)j->data)[2 * at + 1] = f64_at(j, w, 2 * i + 1);
        break;
    case TENFERRO_INT32:
        ((int32_t *)j->data)[at] = (int32_t)integer_at(j, w, i);
        break;
    default:
        ((int64_t *)j->data)[at] = integer_at(j, w, i);
    }
}

/* Elements begin .. end-1 in column-major order, wherever the strides put them. */
static void generate(void *user, int64_t begin, int64_t end)
{
    const job *j = user;
    int64_t index[TF_MAX_AXES], rest = begin, at = 0;
    if (tf_is_cancelled(j->context))
        return;
    for (int axis = 0; axis < j->rank; axis++) {
        index[axis] = rest % j->extents[axis];
        rest /= j->extents[axis];
        at += index[axis] * j->strides[axis];
    }
    words w = {.block = -1};
    for (int64_t i = begin; i < end; i++) {
        element(j, &w, i, at);
        for (int axis = 0; axis < j->rank; axis++) {
            at += j->strides[axis];
            if (++index[axis] < j->extents[axis])
                break;
            at -= j->extents[axis] * j->strides[axis];
            index[axis] = 0;
        }
    }
}

static tenferro_status execute(tenferro_exec *x)
{
    enum { GRAIN = 4096 };
    const tf_attributes *a = x->attributes;
    if (!x->out[0].extents) /* symbolic: creating it is the error */
        TF_TRY(tenferro_exec_output(x, 0, a->list));
    const tenferro_array *out = &x->out[0];
    job j = {.context = x->context, .dtype = out->dtype, .data = out->data};
    TF_TRY(interval_of(x->context, a, &j.range));
    uint64_t seed = (uint64_t)a->word[1], stream = (uint64_t)a->word[2];
    j.key[0] = (uint32_t)seed;
    j.key[1] = (uint32_t)(seed >> 32);
    j.stream[0] = (uint32_t)stream;
    j.stream[1] = (uint32_t)(stream >> 32);
    int64_t count = 1;
    for (int i = 0; i < out->rank; i++)
        if (out->extents[i] == 0)
            return TENFERRO_OK;
    for (int i = 0; i < out->rank; i++) {
        if (out->extents[i] == 1)
            continue;
        /* the elements fit in memory, so the axes left are fewer than bits in their number */
        j.extents[j.rank] = out->extents[i];
        j.strides[j.rank++] = out->strides[i];
        count *= out->extents[i];
    }
    tenferro_exec_parallel(x, count, GRAIN, generate, &j);
    return tenferro_exec_check(x);
}

const tenferro_primitive tf_random_uniform_primitive = {
    TF_PRIMITIVE("random_uniform"),
    TF_INPUTS(0, 0),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE,
    .infer = infer,
};

tenferro_status
tenferro_random_uniform(tenferro_context *context, tenferro_dtype dtype, int rank,
                        const tenferro_extent *extents, uint64_t seed, uint64_t stream, double low,
                        double high, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "random_uniform: out is NULL");
    *out = NULL;
    if (rank < 0 || (rank > 0 && !extents))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "random_uniform: rank %d, extents %s", rank,
                       extents ? "given" : "NULL");
    for (int i = 0; i < rank; i++)
        if (!tf_extent_is_valid(extents[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "random_uniform: extent %lld at axis %d is negative",
                           (long long)extents[i], i);
    tf_attributes a = {
        .word = {dtype, (int64_t)seed, (int64_t)stream},
        .number = tenferro_real(low),
        .number2 = tenferro_real(high),
        .count = rank,
        .extents = rank,
        .list = extents,
    };
    return tenferro_apply(context, &tf_random_uniform_primitive, &a, 0, NULL, 1, out);
}
