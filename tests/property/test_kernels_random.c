/*
 * The strided kernels against loops over indices: every operation and dtype, random layouts, both
 * ISAs, 1 and 2 threads.
 */
#include "../engine_fixture.h"

#include <complex.h>
#include <math.h>

static const tf_kernels *isas[3];
static int isa_count;

static double complex value_of(number x)
{
    union {
        double parts[2];
        double complex z;
    } pun = {{x.re, x.im}};
    return pun.z;
}

static int64_t wrap(tenferro_dtype dtype, uint64_t x)
{
    return dtype == TENFERRO_INT32 ? (int32_t)(uint32_t)x : (int64_t)x;
}

static int64_t integer_power(tenferro_dtype dtype, int64_t x, int64_t n)
{
    if (n < 0)
        return x == 1 ? 1 : x == -1 ? (n % 2 ? -1 : 1) : 0;
    uint64_t power = 1;
    for (int64_t i = 0; i < n; i++)
        power *= (uint64_t)x;
    return wrap(dtype, power);
}

/* The exact or nearly exact value, and by how much a kernel may miss it. */
static number expected_map(tf_map_op op, tenferro_dtype dtype, const number *in, double *tolerance)
{
    number x = in[0], y = in[1], r = {0, 0, 0};
    double complex a = value_of(x), b = value_of(y), z = 0;
    int integer = is_integer(dtype);
    uint64_t ux = (uint64_t)x.i, uy = (uint64_t)y.i;
    double units = 4;
    switch (op) {
    case TF_MAP_NEG:
        z = -a, r.i = wrap(dtype, 0 - ux);
        break;
    case TF_MAP_CONJ:
        z = conj(a), r.i = x.i;
        break;
    case TF_MAP_ABS:
        z = cabs(a), r.i = wrap(dtype, x.i < 0 ? 0 - ux : ux);
        break;
    case TF_MAP_SQRT:
        z = tf_is_complex(dtype) ? csqrt(a) : sqrt(x.re);
        break;
    case TF_MAP_EXP:
        z = cexp(a);
        break;
    case TF_MAP_LOG:
        z = tf_is_complex(dtype) ? clog(a) : log(x.re);
        break;
    case TF_MAP_SIN:
        z = csin(a);
        break;
    case TF_MAP_COS:
        z = ccos(a);
        break;
    case TF_MAP_TANH:
        z = ctanh(a);
        break;
    case TF_MAP_LOGICAL_NOT:
        r.i = !x.i;
        break;
    case TF_MAP_ADD:
        z = a + b, r.i = dtype == TENFERRO_BOOL ? x.i | y.i : wrap(dtype, ux + uy);
        break;
    case TF_MAP_SUB:
        z = a - b, r.i = wrap(dtype, ux - uy);
        break;
    case TF_MAP_MUL:
        z = a * b, r.i = dtype == TENFERRO_BOOL ? x.i & y.i : wrap(dtype, ux * uy);
        break;
    case TF_MAP_DIV:
        z = a / b, units = 8;
        break;
    case TF_MAP_POW:
        z = tf_is_complex(dtype) ? cpow(a, b) : integer ? 0 : pow(x.re, y.re);
        r.i = integer ? integer_power(dtype, x.i, y.i) : 0;
        units = 64;
        break;
    case TF_MAP_MAXIMUM:
        z = fmax(x.re, y.re), r.i = x.i > y.i ? x.i : y.i;
        break;
    case TF_MAP_MINIMUM:
        z = fmin(x.re, y.re), r.i = x.i < y.i ? x.i : y.i;
        break;
    case TF_MAP_EQUAL:
        r.i = x.re == y.re && x.im == y.im;
        break;
    case TF_MAP_NOT_EQUAL:
        r.i = x.re != y.re || x.im != y.im;
        break;
    case TF_MAP_LESS:
        r.i = x.re < y.re;
        break;
    case TF_MAP_LESS_EQUAL:
        r.i = x.re <= y.re;
        break;
    case TF_MAP_GREATER:
        r.i = x.re > y.re;
        break;
    case TF_MAP_GREATER_EQUAL:
        r.i = x.re >= y.re;
        break;
    case TF_MAP_LOGICAL_AND:
        r.i = x.i & y.i;
        break;
    case TF_MAP_LOGICAL_OR:
        r.i = x.i | y.i;
        break;
    case TF_MAP_LOGICAL_XOR:
        r.i = x.i ^ y.i;
        break;
    case TF_MAP_SELECT:
        r = x.i ? y : in[2], z = value_of(r);
        break;
    default:
        fail();
    }
    r.re = creal(z);
    r.im = cimag(z);
    *tolerance = units * epsilon_of(dtype) * (cabs(z) + (op == TF_MAP_LOG ? 1 : 0));
    return r;
}

static void
assert_number(tenferro_dtype dtype, number got, number want, double tolerance, const char *what)
{
    int good = is_integer(dtype)
                   ? got.i == want.i
                   : (fabs(got.re - want.re) <= tolerance || (isnan(got.re) && isnan(want.re))) &&
                         (fabs(got.im - want.im) <= tolerance || (isnan(got.im) && isnan(want.im)));
    if (!good)
        fail_msg("%s, dtype %u, seed %llu: got %.17g %.17g %lld, expected %.17g %.17g %lld", what,
                 (unsigned)dtype, (unsigned long long)seed, got.re, got.im, (long long)got.i,
                 want.re, want.im, (long long)want.i);
}

static tenferro_dtype result_dtype(tf_map_op op, tenferro_dtype dtype)
{
    if (op >= TF_MAP_EQUAL && op <= TF_MAP_GREATER_EQUAL)
        return TENFERRO_BOOL;
    if (op == TF_MAP_ABS && tf_is_complex(dtype))
        return dtype == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32 : TENFERRO_FLOAT64;
    return dtype;
}

static void
check_map(fixture *f, tf_map_op op, tenferro_dtype dtype, int rank, const int64_t *extents)
{
    array in[3], out, again;
    int arity = tf_map_arity(op);
    const void *pointers[3];
    const int64_t *strides[3];
    for (int i = 0; i < arity; i++) {
        array_make(&in[i], op == TF_MAP_SELECT && i == 0 ? TENFERRO_BOOL : dtype, 0, rank, extents,
                   LAYOUT_INPUT);
        double low = !tf_is_complex(dtype) &&
                             (op == TF_MAP_SQRT || op == TF_MAP_LOG || op == TF_MAP_POW)
                         ? 0.1
                         : -3;
        array_randomise(&in[i], low, 3);
        if (op == TF_MAP_POW && i == 1 &&
            is_integer(dtype)) /* exponents that the oracle can count to */
            for (int64_t j = 0; j < in[i].bytes; j += in[i].size)
                save(dtype, (number){0, 0, random_below(20) - 4}, in[i].buffer + j);
        pointers[i] = in[i].origin;
        strides[i] = in[i].strides;
    }
    array_make(&out, result_dtype(op, dtype), 0, rank, extents, 0);
    array_poison(&out);
    array_copy_layout(&again, &out);
    f->engine.threads = 1;
    assert_int_equal(tf_map(&f->engine, op, dtype, rank, extents, pointers, strides, out.origin,
                            out.strides),
                     TENFERRO_OK);
    f->engine.threads = 2;
    assert_int_equal(tf_map(&f->engine, op, dtype, rank, extents, pointers, strides, again.origin,
                            again.strides),
                     TENFERRO_OK);
    assert_memory_equal(out.buffer, again.buffer, (size_t)out.bytes);
    for (int64_t i = 0; i < out.count; i++) {
        number x[3] = {{0, 0, 0}};
        double tolerance;
        for (int k = 0; k < arity; k++)
            x[k] = load(in[k].dtype, array_at(&in[k], i));
        number want = expected_map(op, dtype, x, &tolerance);
        assert_number(out.dtype, load(out.dtype, array_at(&out, i)), want, tolerance,
                      tf_map_name(op));
    }
    array_check_gaps(&out);
    for (int i = 0; i < arity; i++)
        array_free(&in[i]);
    array_free(&out);
    array_free(&again);
}

static void map__random_layouts__match_the_formula(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int op = 0; op < TF_MAP_COUNT; op++)
            for (tenferro_dtype dtype = TENFERRO_BOOL; dtype <= TENFERRO_COMPLEX128; dtype++) {
                if (!tf_map_supports((tf_map_op)op, dtype))
                    continue;
                int64_t large[] = {150, 300}, extents[TF_MAX_AXES];
                for (int i = 0; i < 12; i++) {
                    int rank = random_shape(8, 2000, extents);
                    check_map(&f, (tf_map_op)op, dtype, rank, extents);
                }
                check_map(&f, (tf_map_op)op, dtype, 2, large);
            }
        fixture_close(&f);
    }
}

static void map__rank_24__matches(void **state)
{
    (void)state;
    fixture f;
    int64_t extents[24];
    fixture_open(&f, isas[isa_count - 1]);
    for (int i = 0; i < 24; i++)
        extents[i] = i % 2 ? 1 + i % 3 / 2 : 2;
    check_map(&f, TF_MAP_ADD, TENFERRO_FLOAT64, 24, extents);
    check_map(&f, TF_MAP_MUL, TENFERRO_COMPLEX64, 24, extents);
    fixture_close(&f);
}

/* An element's bits do not depend on its place: vector body, tail, or gathered from strides. */
static void map__place_in_the_row__does_not_change_bits(void **state)
{
    (void)state;
    static const tf_map_op ops[] = {TF_MAP_EXP, TF_MAP_LOG,  TF_MAP_SIN,
                                    TF_MAP_COS, TF_MAP_TANH, TF_MAP_SQRT};
    for (int isa = 0; isa < isa_count; isa++)
        for (size_t o = 0; o < TF_COUNT(ops); o++) {
            fixture f;
            float x[70], y[70], z[70];
            int64_t n = 67, one = 1, count = 1;
            const int64_t *strides = &one;
            fixture_open(&f, isas[isa]);
            for (int i = 0; i < 67; i++)
                x[i] = (float)random_real(0.1, 5);
            const void *in = x;
            assert_int_equal(tf_map(&f.engine, ops[o], TENFERRO_FLOAT32, 1, &n, &in, &strides, y,
                                    &one),
                             TENFERRO_OK);
            for (int i = 0; i < 67; i++) {
                in = x + i;
                assert_int_equal(tf_map(&f.engine, ops[o], TENFERRO_FLOAT32, 1, &count, &in,
                                        &strides, z + i, &one),
                                 TENFERRO_OK);
            }
            assert_memory_equal(y, z, 67 * sizeof(float));
            fixture_close(&f);
        }
}

/* ---- copy, fill, cast ---- */

static void check_copy(fixture *f, int64_t size, int rank, const int64_t *extents)
{
    array in, out, again;
    array_make(&in, 0, size, rank, extents, LAYOUT_INPUT);
    for (int64_t i = 0; i < in.bytes; i++)
        in.buffer[i] = (char)random_bits();
    array_make(&out, 0, size, rank, extents, 0);
    array_poison(&out);
    array_copy_layout(&again, &out);
    f->engine.threads = 1;
    assert_int_equal(tf_copy(&f->engine, size, rank, extents, in.origin, in.strides, out.origin,
                             out.strides),
                     TENFERRO_OK);
    f->engine.threads = 2;
    assert_int_equal(tf_copy(&f->engine, size, rank, extents, in.origin, in.strides, again.origin,
                             again.strides),
                     TENFERRO_OK);
    assert_memory_equal(out.buffer, again.buffer, (size_t)out.bytes);
    for (int64_t i = 0; i < out.count; i++)
        assert_memory_equal(array_at(&out, i), array_at(&in, i), (size_t)size);
    array_check_gaps(&out);
    array_free(&in);
    array_free(&again);

    char value[64];
    for (int i = 0; i < 64; i++)
        value[i] = (char)random_bits();
    assert_int_equal(tf_fill(&f->engine, size, value, rank, extents, out.origin, out.strides),
                     TENFERRO_OK);
    for (int64_t i = 0; i < out.count; i++)
        assert_memory_equal(array_at(&out, i), value, (size_t)size);
    array_check_gaps(&out);
    array_free(&out);
}

static void copy__random_layouts__moves_bytes(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 8, 12, 16, 24};
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (size_t s = 0; s < TF_COUNT(sizes); s++) {
            int64_t extents[TF_MAX_AXES], matrix[] = {301, 207}, cube[] = {70, 3, 90}, twos[24];
            for (int i = 0; i < 150; i++) {
                int rank = random_shape(8, 3000, extents);
                check_copy(&f, sizes[s], rank, extents);
            }
            for (int i = 0; i < 4; i++) {
                check_copy(&f, sizes[s], 2, matrix);
                check_copy(&f, sizes[s], 3, cube);
            }
            for (int i = 0; i < 24; i++)
                twos[i] = i < 15 ? 2 : 1;
            check_copy(&f, sizes[s], 24, twos);
        }
        fixture_close(&f);
    }
}

static void copy__rank_20_reversed__moves_elements(void **state)
{
    (void)state;
    fixture f;
    enum { RANK = 20 };
    int64_t extents[RANK], forward[RANK], backward[RANK], count = 1 << RANK;
    for (int i = 0; i < RANK; i++) {
        extents[i] = 2;
        forward[i] = (int64_t)1 << i;
        backward[i] = (int64_t)1 << (RANK - 1 - i);
    }
    double *in = malloc(sizeof(double) << RANK), *out = malloc(sizeof(double) << RANK);
    assert_true(in != NULL && out != NULL);
    for (int64_t i = 0; i < count; i++)
        in[i] = (double)i;
    fixture_open(&f, isas[isa_count - 1]);
    f.engine.threads = 2;
    assert_int_equal(tf_copy(&f.engine, 8, RANK, extents, in, backward, out, forward), TENFERRO_OK);
    for (int64_t i = 0; i < count; i++) {
        int64_t reversed = 0;
        for (int bit = 0; bit < RANK; bit++)
            reversed |= (i >> bit & 1) << (RANK - 1 - bit);
        assert_true(out[i] == (double)reversed);
    }
    fixture_close(&f);
    free(in);
    free(out);
}

static number expected_cast(tenferro_dtype from, tenferro_dtype to, number x)
{
    number r = {x.re, tf_is_complex(to) ? x.im : 0, 0};
    if (to == TENFERRO_BOOL)
        r.i = x.re != 0 || x.im != 0;
    else if (is_integer(to))
        r.i = is_integer(from) ? wrap(to, (uint64_t)x.i) : (int64_t)x.re;
    char bytes[16];
    save(to, r, bytes);
    return load(to, bytes);
}

static void cast__every_pair__matches(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (tenferro_dtype from = TENFERRO_BOOL; from <= TENFERRO_COMPLEX128; from++)
            for (tenferro_dtype to = TENFERRO_BOOL; to <= TENFERRO_COMPLEX128; to++)
                for (int i = 0; i < 20; i++) {
                    array in, out;
                    int64_t extents[TF_MAX_AXES];
                    int rank = random_shape(5, 500, extents);
                    array_make(&in, from, 0, rank, extents, LAYOUT_INPUT);
                    array_randomise(&in, -1000, 1000);
                    array_make(&out, to, 0, rank, extents, 0);
                    array_poison(&out);
                    assert_int_equal(tf_cast(&f.engine, from, to, rank, extents, in.origin,
                                             in.strides, out.origin, out.strides),
                                     TENFERRO_OK);
                    for (int64_t j = 0; j < out.count; j++)
                        assert_number(to, load(to, array_at(&out, j)),
                                      expected_cast(from, to, load(from, array_at(&in, j))), 0,
                                      "cast");
                    array_check_gaps(&out);
                    array_free(&in);
                    array_free(&out);
                }
        fixture_close(&f);
    }
}

/* ---- reductions ---- */

static number reduce_step(tf_reduce_op op, tenferro_dtype dtype, number acc, number x)
{
    double complex a = value_of(acc), b = value_of(x), z = 0;
    number r = {0, 0, 0};
    switch (op) {
    case TF_REDUCE_SUM:
        z = a + b, r.i = wrap(dtype, (uint64_t)acc.i + (uint64_t)x.i);
        break;
    case TF_REDUCE_PROD:
        z = a * b, r.i = wrap(dtype, (uint64_t)acc.i * (uint64_t)x.i);
        break;
    case TF_REDUCE_MIN:
        z = fmin(acc.re, x.re), r.i = acc.i < x.i ? acc.i : x.i;
        break;
    case TF_REDUCE_MAX:
        z = fmax(acc.re, x.re), r.i = acc.i > x.i ? acc.i : x.i;
        break;
    case TF_REDUCE_ANY:
        r.i = acc.i | x.i;
        break;
    default:
        r.i = acc.i & x.i;
        break;
    }
    r.re = creal(z);
    r.im = cimag(z);
    return r;
}

static void
check_reduce(fixture *f, tf_reduce_op op, tenferro_dtype dtype, int rank, const int64_t *extents)
{
    array in, out, again;
    unsigned char reduced[TF_MAX_AXES];
    int64_t kept[TF_MAX_AXES], out_strides[TF_MAX_AXES], terms = 1;
    int kept_rank = 0;
    array_make(&in, dtype, 0, rank, extents, LAYOUT_INPUT);
    array_randomise(&in, -2, 2);
    if (op == TF_REDUCE_PROD && !is_integer(dtype)) /* near 1, or long products leave the range */
        for (int64_t i = 0; i < in.bytes; i += in.size)
            save(dtype, (number){1 + random_real(-1e-4, 1e-4), random_real(-1e-4, 1e-4), 0},
                 in.buffer + i);
    for (int i = 0; i < rank; i++) {
        reduced[i] = (unsigned char)random_below(2);
        if (reduced[i])
            terms *= extents[i];
        else
            kept[kept_rank++] = extents[i];
    }
    array_make(&out, dtype, 0, kept_rank, kept, 0);
    array_poison(&out);
    for (int i = 0, k = 0; i < rank; i++)
        out_strides[i] = reduced[i] ? 12345 : out.strides[k++];
    array_copy_layout(&again, &out);
    int refuses = terms == 0 && out.count > 0 && (op == TF_REDUCE_MIN || op == TF_REDUCE_MAX);
    f->engine.threads = 1;
    assert_int_equal(tf_reduce(&f->engine, op, dtype, rank, extents, reduced, in.origin, in.strides,
                               out.origin, out_strides),
                     refuses ? TENFERRO_SHAPE_MISMATCH : TENFERRO_OK);
    f->engine.threads = 2;
    assert_int_equal(tf_reduce(&f->engine, op, dtype, rank, extents, reduced, in.origin, in.strides,
                               again.origin, out_strides),
                     refuses ? TENFERRO_SHAPE_MISMATCH : TENFERRO_OK);
    assert_memory_equal(out.buffer, again.buffer, (size_t)out.bytes);
    for (int64_t i = 0; i < out.count && !refuses; i++) {
        number want = {op == TF_REDUCE_PROD, 0, op == TF_REDUCE_PROD || op == TF_REDUCE_ALL};
        double magnitude = 0;
        long double re = 0, im = 0; /* of a sum: the oracle must not be worse than the kernel */
        for (int64_t t = 0; t < terms; t++) {
            char *p = in.origin;
            int64_t k = i, r = t;
            for (int axis = 0; axis < rank; axis++) {
                int64_t *index = reduced[axis] ? &r : &k;
                p += *index % extents[axis] * in.strides[axis] * in.size;
                *index /= extents[axis];
            }
            number x = load(dtype, p);
            want = t == 0 && op >= TF_REDUCE_MIN ? x : reduce_step(op, dtype, want, x);
            magnitude += fabs(x.re) + fabs(x.im);
            re += x.re;
            im += x.im;
        }
        if (op == TF_REDUCE_SUM && !is_integer(dtype)) {
            want.re = (double)re;
            want.im = (double)im;
        }
        double tolerance = op == TF_REDUCE_PROD
                               ? (double)terms * 4 * epsilon_of(dtype) * cabs(value_of(want))
                           : op == TF_REDUCE_SUM ? 40 * epsilon_of(dtype) * magnitude
                                                 : 0;
        assert_number(dtype, load(dtype, array_at(&out, i)), want, tolerance + 1e-300, "reduction");
    }
    array_check_gaps(&out);
    array_free(&in);
    array_free(&out);
    array_free(&again);
}

static void reduce__random_layouts__match_loops(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int op = 0; op < TF_REDUCE_COUNT; op++)
            for (tenferro_dtype dtype = TENFERRO_BOOL; dtype <= TENFERRO_COMPLEX128; dtype++) {
                if (!tf_reduce_supports((tf_reduce_op)op, dtype))
                    continue;
                int64_t matrix[] = {311, 517}, thin[] = {3, 70001}, cube[] = {5, 1, 129, 40, 2},
                        narrow[] = {20, 7001}, short_rows[] = {7, 2500, 3},
                        twos[] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, extents[TF_MAX_AXES];
                for (int i = 0; i < 60; i++) {
                    int rank = random_shape(8, 5000, extents);
                    check_reduce(&f, (tf_reduce_op)op, dtype, rank, extents);
                }
                for (int i = 0; i < 4; i++) {
                    check_reduce(&f, (tf_reduce_op)op, dtype, 2, matrix);
                    check_reduce(&f, (tf_reduce_op)op, dtype, 2, thin);
                    check_reduce(&f, (tf_reduce_op)op, dtype, 5, cube);
                    check_reduce(&f, (tf_reduce_op)op, dtype, 2, narrow);
                    check_reduce(&f, (tf_reduce_op)op, dtype, 3, short_rows);
                    check_reduce(&f, (tf_reduce_op)op, dtype, 14, twos);
                }
            }
        fixture_close(&f);
    }
}

static void arg_reduce__random_layouts__finds_the_first(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int i = 0; i < (TF_UNDER_TSAN ? 400 : 1500); i++) {
            tenferro_dtype dtype = (tenferro_dtype)(1 + random_below(5));
            int maximum = (int)random_below(2), kept_rank = 0;
            array in, out;
            unsigned char reduced[TF_MAX_AXES];
            int64_t extents[TF_MAX_AXES], kept[TF_MAX_AXES], out_strides[TF_MAX_AXES], terms = 1;
            int rank = random_shape(6, 3000, extents);
            array_make(&in, dtype, 0, rank, extents, LAYOUT_INPUT);
            for (int64_t j = 0; j < in.bytes; j += in.size) { /* many ties, some NaN */
                double value = (double)(random_below(7) - 3);
                if (random_below(200) == 0)
                    value = NAN;
                save(dtype, (number){value, 0, random_below(7) - 3}, in.buffer + j);
            }
            for (int axis = 0; axis < rank; axis++) {
                reduced[axis] = (unsigned char)random_below(2);
                if (reduced[axis])
                    terms *= extents[axis];
                else
                    kept[kept_rank++] = extents[axis];
            }
            array_make(&out, TENFERRO_INT64, 0, kept_rank, kept, 0);
            array_poison(&out);
            for (int axis = 0, k = 0; axis < rank; axis++)
                out_strides[axis] = reduced[axis] ? 99 : out.strides[k++];
            f.engine.threads = 1 + i % 2;
            assert_int_equal(tf_arg_reduce(&f.engine, maximum, dtype, rank, extents, reduced,
                                           in.origin, in.strides, (int64_t *)(void *)out.origin,
                                           out_strides),
                             terms == 0 && out.count > 0 ? TENFERRO_SHAPE_MISMATCH : TENFERRO_OK);
            for (int64_t o = 0; o < out.count && terms > 0; o++) {
                int64_t best = -1;
                double best_value = 0;
                for (int64_t t = 0; t < terms; t++) {
                    char *p = in.origin;
                    int64_t k = o, r = t;
                    for (int axis = 0; axis < rank; axis++) {
                        int64_t *index = reduced[axis] ? &r : &k;
                        p += *index % extents[axis] * in.strides[axis] * in.size;
                        *index /= extents[axis];
                    }
                    double x = load(dtype, p).re;
                    if (best < 0 || (!isnan(best_value) &&
                                     (isnan(x) || (maximum ? x > best_value : x < best_value)))) {
                        best = t;
                        best_value = x;
                    }
                }
                assert_int_equal(load(TENFERRO_INT64, array_at(&out, o)).i, best);
            }
            array_check_gaps(&out);
            array_free(&in);
            array_free(&out);
        }
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map__random_layouts__match_the_formula),
        cmocka_unit_test(map__rank_24__matches),
        cmocka_unit_test(map__place_in_the_row__does_not_change_bits),
        cmocka_unit_test(copy__random_layouts__moves_bytes),
        cmocka_unit_test(copy__rank_20_reversed__moves_elements),
        cmocka_unit_test(cast__every_pair__matches),
        cmocka_unit_test(reduce__random_layouts__match_loops),
        cmocka_unit_test(arg_reduce__random_layouts__finds_the_first),
    };
    isa_count = fixture_isas(isas);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
