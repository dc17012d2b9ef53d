/*
 * With s = -1 where Z is conjugated and 1 elsewhere, alpha op(Z) R has the parts
 *     re: Re(alpha) Z0 R - s Im(alpha) Z1 R        im: Im(alpha) Z0 R + s Re(alpha) Z1 R
 * where Z0 and Z1 are the real and the imaginary part of Z, real arrays of twice its strides.
 */
#include "contract/mixed.h"

#include "support/checked.h"

static tenferro_dtype real_of(tenferro_dtype dtype)
{
    return dtype == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32 : TENFERRO_FLOAT64;
}

/* An element of C's dtype as two doubles; NULL: a real number. */
static void parts_of(tenferro_dtype dtype, const void *element, double real, double out[2])
{
    out[0] = real;
    out[1] = 0;
    for (int i = 0; element && i < 2; i++)
        out[i] = dtype == TENFERRO_COMPLEX64 ? (double)((const float *)element)[i]
                                             : ((const double *)element)[i];
}

tenferro_status tf_mixed_parts(const tf_contraction *d, tf_mixed_room *room, tf_contraction *out)
{
    if ((d->dtype != TENFERRO_COMPLEX64 && d->dtype != TENFERRO_COMPLEX128) ||
        (d->real_a && d->real_b))
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "contraction: one real and one complex operand make a complex result");
    const int64_t *strides[] = {d->a_strides, d->b_strides, d->c_strides};
    const int is_real[] = {d->real_a, d->real_b, 0};
    int n = 0, empty[3] = {0, 0, 0}; /* strides of what has no elements mean nothing */
    for (int i = 0; i < d->labels; i++)
        for (int which = 0; which < 3; which++)
            empty[which] |= d->extents[i] == 0 && !(which == 2 && d->summed[i]);
    for (int i = 0; i < d->labels; i++) {
        int64_t extent = d->extents[i];
        if (extent == 1)
            continue;
        if (n == TF_MAX_LABELS - 1)
            return tf_fail(TENFERRO_OVERFLOW, "contraction: more than %d labels", n);
        room->extents[n] = extent;
        room->summed[n] = d->summed[i];
        for (int which = 0; which < 3; which++) {
            int absent = empty[which] || (which == 2 && d->summed[i]);
            int64_t stride = absent ? 0 : strides[which][i];
            if (!is_real[which] && tf_mul_overflows(stride, 2, &stride))
                return tf_fail(TENFERRO_OVERFLOW,
                               "contraction: a stride exceeds what int64 counts");
            room->strides[which][n] = stride;
        }
        n++;
    }
    *out = (tf_contraction){
        .dtype = real_of(d->dtype),
        .labels = n,
        .extents = room->extents,
        .a_strides = room->strides[0],
        .b_strides = room->strides[1],
        .c_strides = room->strides[2],
        .summed = room->summed,
    };
    return TENFERRO_OK;
}

tenferro_status tf_mixed_whole(const tf_contraction *d, tf_mixed_room *room, tf_contraction *out)
{
    TF_TRY(tf_mixed_parts(d, room, out));
    int part = out->labels++;
    room->extents[part] = 2;
    room->summed[part] = 0;
    room->strides[0][part] = !d->real_a;
    room->strides[1][part] = !d->real_b;
    room->strides[2][part] = 1;
    return TENFERRO_OK;
}

int tf_mixed_is_whole(const tf_contraction *d, const void *alpha, const void *beta)
{
    double x[2], y[2];
    parts_of(d->dtype, alpha, 1, x);
    parts_of(d->dtype, beta, 0, y);
    return x[1] == 0 && y[1] == 0 && !(d->real_a ? d->conj_b : d->conj_a);
}

/* C = beta C */
static tenferro_status
scale(const tf_engine *engine, const tf_contraction *d, const void *beta, void *c)
{
    static const int64_t zeros[TF_MAX_LABELS];
    int64_t extents[TF_MAX_LABELS], strides[TF_MAX_LABELS];
    int rank = 0;
    for (int i = 0; i < d->labels; i++)
        if (!d->summed[i] && d->extents[i] != 1) {
            extents[rank] = d->extents[i];
            strides[rank++] = d->c_strides[i];
        }
    const void *in[] = {c, beta};
    const int64_t *in_strides[] = {strides, zeros};
    return tf_map(engine, TF_MAP_MUL, d->dtype, rank, extents, in, in_strides, c, strides);
}

/* NULL if there is no array. */
static void *part(const void *c, int64_t bytes)
{
    return (void *)(c ? (uintptr_t)c + (uintptr_t)bytes : 0);
}

/* A real number as an element. */
typedef union real_element {
    float f32;
    double f64;
} real_element;

static const void *as_element(tenferro_dtype dtype, double x, real_element *out)
{
    if (dtype == TENFERRO_FLOAT32)
        out->f32 = (float)x;
    else
        out->f64 = x;
    return out;
}

static tenferro_status
in_parts(const tf_engine *engine, const tf_contraction *d, tf_contract_function *contract,
         void *user, const void *alpha, const void *beta, const void *a, const void *b, void *c)
{
    tf_mixed_room room;
    tf_contraction real;
    TF_TRY(tf_mixed_parts(d, &room, &real));
    const int64_t size = real.dtype == TENFERRO_FLOAT32 ? 4 : 8;
    double x[2], y[2];
    parts_of(d->dtype, alpha, 1, x);
    parts_of(d->dtype, beta, 0, y);
    if (y[1] != 0) {
        TF_TRY(scale(engine, d, beta, c));
        y[0] = 1;
    }
    const double s = (d->real_a ? d->conj_b : d->conj_a) ? -1 : 1;
    const double factors[2][2] = {{x[0], -s * x[1]}, {x[1], s * x[0]}};
    for (int to = 0; to < 2; to++) {
        double keep = y[0];
        for (int from = 0; from < 2; from++) {
            if (factors[to][from] == 0 && factors[to][1 - from] != 0)
                continue;
            real_element factor, addend;
            TF_TRY(contract(user, &real, as_element(real.dtype, factors[to][from], &factor),
                            as_element(real.dtype, keep, &addend),
                            d->real_a ? a : part(a, from * size),
                            d->real_b ? b : part(b, from * size), part(c, to * size)));
            keep = 1;
        }
    }
    return TENFERRO_OK;
}

tenferro_status tf_contract_mixed(const tf_engine *engine, const tf_contraction *d,
                                  tf_contract_function *contract, void *user, const void *alpha,
                                  const void *beta, const void *a, const void *b, void *c)
{
    if (!tf_mixed_is_whole(d, alpha, beta))
        return in_parts(engine, d, contract, user, alpha, beta, a, b, c);
    tf_mixed_room room;
    tf_contraction real;
    TF_TRY(tf_mixed_whole(d, &room, &real));
    return contract(user, &real, alpha, beta, a, b, c);
}
