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

tenferro_status tf_mixed_parts(const tf_contraction *c, tf_mixed_room *room, tf_contraction *out)
{
    if ((c->dtype != TENFERRO_COMPLEX64 && c->dtype != TENFERRO_COMPLEX128) ||
        (c->real_a && c->real_b))
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "contraction: one real and one complex operand make a complex result");
    const int64_t *strides[] = {c->a_strides, c->b_strides, c->c_strides};
    const int is_real[] = {c->real_a, c->real_b, 0};
    int n = 0, empty[3] = {0, 0, 0}; /* strides of what has no elements mean nothing */
    for (int i = 0; i < c->labels; i++)
        for (int which = 0; which < 3; which++)
            empty[which] |= c->extents[i] == 0 && !(which == 2 && c->summed[i]);
    for (int i = 0; i < c->labels; i++) {
        int64_t extent = c->extents[i];
        if (extent == 1)
            continue;
        if (n == TF_MAX_LABELS - 1)
            return tf_fail(TENFERRO_OVERFLOW, "contraction: more than %d labels", n);
        room->extents[n] = extent;
        room->summed[n] = c->summed[i];
        for (int which = 0; which < 3; which++) {
            int absent = empty[which] || (which == 2 && c->summed[i]);
            int64_t stride = absent ? 0 : strides[which][i];
            if (!is_real[which] && tf_mul_overflows(stride, 2, &stride))
                return tf_fail(TENFERRO_OVERFLOW,
                               "contraction: a stride exceeds what int64 counts");
            room->strides[which][n] = stride;
        }
        n++;
    }
    *out = (tf_contraction){
        .dtype = real_of(c->dtype),
        .labels = n,
        .extents = room->extents,
        .a_strides = room->strides[0],
        .b_strides = room->strides[1],
        .c_strides = room->strides[2],
        .summed = room->summed,
    };
    return TENFERRO_OK;
}

tenferro_status tf_mixed_whole(const tf_contraction *c, tf_mixed_room *room, tf_contraction *out)
{
    TF_TRY(tf_mixed_parts(c, room, out));
    int part = out->labels++;
    room->extents[part] = 2;
    room->summed[part] = 0;
    room->strides[0][part] = !c->real_a;
    room->strides[1][part] = !c->real_b;
    room->strides[2][part] = 1;
    return TENFERRO_OK;
}

int tf_mixed_is_whole(const tf_contraction *c, const void *alpha, const void *beta)
{
    double x[2], y[2];
    parts_of(c->dtype, alpha, 1, x);
    parts_of(c->dtype, beta, 0, y);
    return x[1] == 0 && y[1] == 0 && !(c->real_a ? c->conj_b : c->conj_a);
}

/* C = beta C */
static tenferro_status
scale(const tf_engine *engine, const tf_contraction *c, const void *beta, void *data)
{
    static const int64_t zeros[TF_MAX_LABELS];
    int64_t extents[TF_MAX_LABELS], strides[TF_MAX_LABELS];
    int rank = 0;
    for (int i = 0; i < c->labels; i++)
        if (!c->summed[i] && c->extents[i] != 1) {
            extents[rank] = c->extents[i];
            strides[rank++] = c->c_strides[i];
        }
    const void *in[] = {data, beta};
    const int64_t *in_strides[] = {strides, zeros};
    return tf_map(engine, TF_MAP_MUL, c->dtype, rank, extents, in, in_strides, data, strides);
}

/* NULL if there is no array. */
static void *part(const void *data, int64_t bytes)
{
    return (void *)(data ? (uintptr_t)data + (uintptr_t)bytes : 0);
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
in_parts(const tf_engine *engine, const tf_contraction *c, tf_contract_function *contract,
         void *user, const void *alpha, const void *beta, const void *a, const void *b, void *data)
{
    tf_mixed_room room;
    tf_contraction real;
    TF_TRY(tf_mixed_parts(c, &room, &real));
    const int64_t size = real.dtype == TENFERRO_FLOAT32 ? 4 : 8;
    double x[2], y[2];
    parts_of(c->dtype, alpha, 1, x);
    parts_of(c->dtype, beta, 0, y);
    if (y[1] != 0) {
        TF_TRY(scale(engine, c, beta, data));
        y[0] = 1;
    }
    const double s = (c->real_a ? c->conj_b : c->conj_a) ? -1 : 1;
    const double factors[2][2] = {{x[0], -s * x[1]}, {x[1], s * x[0]}};
    for (int to = 0; to < 2; to++) {
        double keep = y[0];
        for (int from = 0; from < 2; from++) {
            if (factors[to][from] == 0 && factors[to][1 - from] != 0)
                continue;
            real_element factor, addend;
            TF_TRY(contract(user, &real, as_element(real.dtype, factors[to][from], &factor),
                            as_element(real.dtype, keep, &addend),
                            c->real_a ? a : part(a, from * size),
                            c->real_b ? b : part(b, from * size), part(data, to * size)));
            keep = 1;
        }
    }
    return TENFERRO_OK;
}

tenferro_status tf_contract_mixed(const tf_engine *engine, const tf_contraction *c,
                                  tf_contract_function *contract, void *user, const void *alpha,
                                  const void *beta, const void *a, const void *b, void *data)
{
    if (!tf_mixed_is_whole(c, alpha, beta))
        return in_parts(engine, c, contract, user, alpha, beta, a, b, data);
    tf_mixed_room room;
    tf_contraction real;
    TF_TRY(tf_mixed_whole(c, &room, &real));
    return contract(user, &real, alpha, beta, a, b, data);
}
