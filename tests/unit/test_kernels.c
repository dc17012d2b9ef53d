/*
 * The kernels' rules that random tests do not reach: NaN, wrapping, saturation, empty sums,
 * cancelling, overlap.
 */
#include "../engine_fixture.h"

#include <math.h>

static const tf_kernels *isas[3];
static int isa_count;

static const int64_t one = 1;

static tenferro_status
map1(fixture *f, tf_map_op op, tenferro_dtype dtype, int64_t n, const void *x, void *z)
{
    const int64_t *strides[] = {&one};
    return tf_map(&f->engine, op, dtype, 1, &n, &x, strides, z, &one);
}

static tenferro_status map2(fixture *f, tf_map_op op, tenferro_dtype dtype, int64_t n,
                            const void *x, const void *y, void *z)
{
    const void *in[] = {x, y};
    const int64_t *strides[] = {&one, &one};
    return tf_map(&f->engine, op, dtype, 1, &n, in, strides, z, &one);
}

static void maximum__nan_in_either__wins(void **state)
{
    (void)state;
    double x[] = {NAN, 1, 2, NAN, 1}, y[] = {1, NAN, 1, NAN, 2}, z[5], w[5];
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        assert_int_equal(map2(&f, TF_MAP_MAXIMUM, TENFERRO_FLOAT64, 5, x, y, z), TENFERRO_OK);
        assert_int_equal(map2(&f, TF_MAP_MINIMUM, TENFERRO_FLOAT64, 5, x, y, w), TENFERRO_OK);
        assert_true(isnan(z[0]) && isnan(z[1]) && z[2] == 2 && isnan(z[3]) && z[4] == 2);
        assert_true(isnan(w[0]) && isnan(w[1]) && w[2] == 1 && isnan(w[3]) && w[4] == 1);
        fixture_close(&f);
    }
}

static void integers__extremes__wrap(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, isas[isa_count - 1]);
    int32_t low = INT32_MIN, high = INT32_MAX, r32;
    int64_t low64 = INT64_MIN, two = 2, r64;
    int32_t plus_one = 1;
    assert_int_equal(map1(&f, TF_MAP_NEG, TENFERRO_INT32, 1, &low, &r32), TENFERRO_OK);
    assert_int_equal(r32, INT32_MIN);
    assert_int_equal(map1(&f, TF_MAP_ABS, TENFERRO_INT64, 1, &low64, &r64), TENFERRO_OK);
    assert_true(r64 == INT64_MIN);
    assert_int_equal(map2(&f, TF_MAP_ADD, TENFERRO_INT32, 1, &high, &plus_one, &r32), TENFERRO_OK);
    assert_int_equal(r32, INT32_MIN);
    assert_int_equal(map2(&f, TF_MAP_MUL, TENFERRO_INT64, 1, &low64, &two, &r64), TENFERRO_OK);
    assert_true(r64 == 0);
    fixture_close(&f);
}

static void integer_pow__negative_exponent__truncates(void **state)
{
    (void)state;
    fixture f;
    int64_t x[] = {2, 1, -1, -1, 0, 3, -2, 0}, y[] = {-1, -5, -3, -4, -1, 0, 3, 0}, z[8];
    const int64_t want[] = {0, 1, -1, 1, 0, 1, -8, 1};
    fixture_open(&f, isas[isa_count - 1]);
    assert_int_equal(map2(&f, TF_MAP_POW, TENFERRO_INT64, 8, x, y, z), TENFERRO_OK);
    assert_memory_equal(z, want, sizeof want);
    fixture_close(&f);
}

static void complex_functions__branch_cuts__follow_annex_g(void **state)
{
    (void)state;
    tf_c128 x[] = {{-4, 0.0}, {-4, -0.0}, {3e200, 4e200}}, z[3];
    double magnitude[3];
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        assert_int_equal(map1(&f, TF_MAP_SQRT, TENFERRO_COMPLEX128, 3, x, z), TENFERRO_OK);
        assert_true(z[0].re == 0 && z[0].im == 2 && z[1].re == 0 && z[1].im == -2);
        assert_int_equal(map1(&f, TF_MAP_LOG, TENFERRO_COMPLEX128, 3, x, z), TENFERRO_OK);
        assert_true(z[0].im > 3.14 && z[1].im < -3.14 && isfinite(z[2].re));
        assert_int_equal(map1(&f, TF_MAP_ABS, TENFERRO_COMPLEX128, 3, x, magnitude), TENFERRO_OK);
        assert_true(fabs(magnitude[2] / 5e200 - 1) < 1e-15);
        tf_c128 zero = {0, 0}, y = {2, 0}, r;
        assert_int_equal(map2(&f, TF_MAP_POW, TENFERRO_COMPLEX128, 1, &zero, &zero, &r),
                         TENFERRO_OK);
        assert_true(r.re == 1 && r.im == 0);
        assert_int_equal(map2(&f, TF_MAP_POW, TENFERRO_COMPLEX128, 1, &zero, &y, &r), TENFERRO_OK);
        assert_true(r.re == 0 && r.im == 0);
        assert_int_equal(map2(&f, TF_MAP_DIV, TENFERRO_COMPLEX128, 1, &x[2], &x[2], &r),
                         TENFERRO_OK);
        assert_true(fabs(r.re - 1) < 1e-15 && fabs(r.im) < 1e-15);
        fixture_close(&f);
    }
}

static void map__in_place__works(void **state)
{
    (void)state;
    double x[100];
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int i = 0; i < 100; i++)
            x[i] = i;
        assert_int_equal(map2(&f, TF_MAP_MUL, TENFERRO_FLOAT64, 100, x, x, x), TENFERRO_OK);
        assert_int_equal(map1(&f, TF_MAP_SQRT, TENFERRO_FLOAT64, 100, x, x), TENFERRO_OK);
        for (int i = 0; i < 100; i++)
            assert_true(x[i] == i);
        fixture_close(&f);
    }
}

static void map__unsupported_dtype__is_refused(void **state)
{
    (void)state;
    fixture f;
    double z[2];
    fixture_open(&f, isas[0]);
    assert_int_equal(map2(&f, TF_MAP_LESS, TENFERRO_COMPLEX64, 1, z, z, z), TENFERRO_DTYPE_MISMATCH);
    assert_int_equal(map1(&f, TF_MAP_EXP, TENFERRO_INT32, 1, z, z), TENFERRO_DTYPE_MISMATCH);
    assert_int_equal(map1(&f, TF_MAP_EXP, TENFERRO_DTYPE_USER, 1, z, z), TENFERRO_DTYPE_MISMATCH);
    assert_int_equal(tf_cast(&f.engine, TENFERRO_DTYPE_USER, TENFERRO_BOOL, 0, NULL, z, NULL, z,
                             NULL),
                     TENFERRO_DTYPE_MISMATCH);
    for (int op = 0; op < TF_MAP_COUNT; op++)
        assert_true(strcmp(tf_map_name((tf_map_op)op), "?") != 0 &&
                    tf_map_arity((tf_map_op)op) >= 1);
    assert_string_equal(tf_kernels_name(&tf_kernels_portable), "portable");
    fixture_close(&f);
}

static void cast__out_of_range__saturates(void **state)
{
    (void)state;
    double x[] = {NAN, INFINITY, -INFINITY, 3e9, -3e9, 1e19, -2.9, 2.9};
    const int32_t want32[] = {0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX, -2, 2};
    const int64_t want64[] = {0, INT64_MAX, INT64_MIN, 3000000000, -3000000000, INT64_MAX, -2, 2};
    int64_t n = 8, r64[8];
    int32_t r32[8];
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        assert_int_equal(tf_cast(&f.engine, TENFERRO_FLOAT64, TENFERRO_INT32, 1, &n, x, &one, r32,
                                 &one),
                         TENFERRO_OK);
        assert_int_equal(tf_cast(&f.engine, TENFERRO_FLOAT64, TENFERRO_INT64, 1, &n, x, &one, r64,
                                 &one),
                         TENFERRO_OK);
        assert_memory_equal(r32, want32, sizeof want32);
        assert_memory_equal(r64, want64, sizeof want64);
        fixture_close(&f);
    }
}

static void reduce__nan__wins_min_and_max(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int64_t n = 1; n < 70; n += 3) {
            double x[70], r;
            int64_t at;
            unsigned char reduced = 1;
            for (int i = 0; i < 70; i++)
                x[i] = i % 7;
            x[n / 2] = NAN;
            assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_MAX, TENFERRO_FLOAT64, 1, &n, &reduced,
                                       x, &one, &r, &one),
                             TENFERRO_OK);
            assert_true(isnan(r));
            assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_MIN, TENFERRO_FLOAT64, 1, &n, &reduced,
                                       x, &one, &r, &one),
                             TENFERRO_OK);
            assert_true(isnan(r));
            assert_int_equal(tf_arg_reduce(&f.engine, 1, TENFERRO_FLOAT64, 1, &n, &reduced, x, &one,
                                           &at, &one),
                             TENFERRO_OK);
            assert_int_equal(at, n / 2);
        }
        fixture_close(&f);
    }
}

static void reduce__of_nothing__gives_the_identity(void **state)
{
    (void)state;
    fixture f;
    int64_t extents[] = {0, 3}, in_strides[] = {1, 1}, out_strides[] = {0, 1}, at[3];
    unsigned char reduced[] = {1, 0}, flags[3];
    tf_c64 z[3];
    fixture_open(&f, isas[0]);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_PROD, TENFERRO_COMPLEX64, 2, extents, reduced,
                               NULL, in_strides, z, out_strides),
                     TENFERRO_OK);
    assert_true(z[0].re == 1 && z[0].im == 0 && z[2].re == 1);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_SUM, TENFERRO_COMPLEX64, 2, extents, reduced,
                               NULL, in_strides, z, out_strides),
                     TENFERRO_OK);
    assert_true(z[0].re == 0 && z[2].im == 0);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_ALL, TENFERRO_BOOL, 2, extents, reduced, NULL,
                               in_strides, flags, out_strides),
                     TENFERRO_OK);
    assert_true(flags[0] == 1 && flags[2] == 1);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_ANY, TENFERRO_BOOL, 2, extents, reduced, NULL,
                               in_strides, flags, out_strides),
                     TENFERRO_OK);
    assert_true(flags[0] == 0 && flags[2] == 0);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_MAX, TENFERRO_INT64, 2, extents, reduced, NULL,
                               in_strides, at, out_strides),
                     TENFERRO_SHAPE_MISMATCH);
    assert_int_equal(tf_arg_reduce(&f.engine, 1, TENFERRO_INT64, 2, extents, reduced, NULL,
                                   in_strides, at, out_strides),
                     TENFERRO_SHAPE_MISMATCH);
    extents[1] = 0; /* no output either: nothing is asked for */
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_MAX, TENFERRO_INT64, 2, extents, reduced, NULL,
                               in_strides, at, out_strides),
                     TENFERRO_OK);
    fixture_close(&f);
}

/* A plain loop over 10^7 terms of 0.1f is off by a tenth of the sum. */
static void sum__many_floats__error_grows_with_the_logarithm(void **state)
{
    (void)state;
    int64_t n = 10000000;
    float x = 0.1f, r;
    const int64_t zero = 0;
    unsigned char reduced = 1;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_SUM, TENFERRO_FLOAT32, 1, &n, &reduced, &x,
                                   &zero, &r, &one),
                         TENFERRO_OK);
        assert_true(fabs((double)r / ((double)x * 1e7) - 1) < 100 * (double)FLT_EPSILON);
        fixture_close(&f);
    }
}

static void scratch__fails__is_reported(void **state)
{
    (void)state;
    fixture f;
    int64_t n = 1000000;
    const int64_t zero = 0;
    unsigned char reduced = 1;
    double x = 1, r = -1;
    fixture_open(&f, isas[0]);
    f.fail_scratch = 1;
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_SUM, TENFERRO_FLOAT64, 1, &n, &reduced, &x,
                               &zero, &r, &one),
                     TENFERRO_OUT_OF_MEMORY);
    assert_true(r == -1);
    fixture_close(&f);
}

static void cancel__large_work__stops(void **state)
{
    (void)state;
    fixture f;
    int64_t n = 1000000;
    unsigned char reduced = 1;
    double *x = calloc((size_t)n, sizeof *x), r;
    assert_non_null(x);
    fixture_open(&f, isas[0]);
    f.cancel = 1;
    f.engine.threads = 2;
    assert_int_equal(map1(&f, TF_MAP_NEG, TENFERRO_FLOAT64, n, x, x), TENFERRO_CANCELLED);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_SUM, TENFERRO_FLOAT64, 1, &n, &reduced, x, &one,
                               &r, &one),
                     TENFERRO_CANCELLED);
    fixture_close(&f);
    free(x);
}

static void loop__more_iterations_than_int64__overflows(void **state)
{
    (void)state;
    fixture f;
    int64_t extents[80], strides[80];
    unsigned char reduced[80];
    double x = 1, r;
    for (int i = 0; i < 80; i++) {
        extents[i] = 2;
        strides[i] = 0;
        reduced[i] = 1;
    }
    fixture_open(&f, isas[0]);
    assert_int_equal(tf_reduce(&f.engine, TF_REDUCE_SUM, TENFERRO_FLOAT64, 80, extents, reduced, &x,
                               strides, &r, strides),
                     TENFERRO_OVERFLOW);
    assert_int_equal(tf_arg_reduce(&f.engine, 1, TENFERRO_FLOAT64, 80, extents, reduced, &x,
                                   strides, &extents[0], strides),
                     TENFERRO_OVERFLOW);
    fixture_close(&f);
}

static void regions__spans__are_compared_in_bytes(void **state)
{
    (void)state;
    static double x[20];
    int64_t four = 4, none = 0, two = 2, minus = -1, huge = INT64_MAX;
    assert_true(tf_regions_overlap(8, 1, &four, &one, x, 8, 1, &four, &one, x + 3));
    assert_false(tf_regions_overlap(8, 1, &four, &one, x, 8, 1, &four, &one, x + 4));
    assert_true(tf_regions_overlap(8, 1, &four, &two, x, 8, 1, &four, &one, x + 6));
    assert_true(tf_regions_overlap(8, 1, &four, &minus, x + 7, 8, 1, &four, &one, x + 1));
    assert_false(tf_regions_overlap(8, 1, &four, &minus, x + 8, 8, 1, &four, &one, x + 1));
    assert_false(tf_regions_overlap(8, 1, &none, &one, x, 8, 1, &four, &one, x));
    assert_true(tf_regions_overlap(8, 1, &huge, &huge, x, 8, 0, NULL, NULL, x + 19));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maximum__nan_in_either__wins),
        cmocka_unit_test(integers__extremes__wrap),
        cmocka_unit_test(integer_pow__negative_exponent__truncates),
        cmocka_unit_test(complex_functions__branch_cuts__follow_annex_g),
        cmocka_unit_test(map__in_place__works),
        cmocka_unit_test(map__unsupported_dtype__is_refused),
        cmocka_unit_test(cast__out_of_range__saturates),
        cmocka_unit_test(reduce__nan__wins_min_and_max),
        cmocka_unit_test(reduce__of_nothing__gives_the_identity),
        cmocka_unit_test(sum__many_floats__error_grows_with_the_logarithm),
        cmocka_unit_test(scratch__fails__is_reported),
        cmocka_unit_test(cancel__large_work__stops),
        cmocka_unit_test(loop__more_iterations_than_int64__overflows),
        cmocka_unit_test(regions__spans__are_compared_in_bytes),
    };
    isa_count = fixture_isas(isas);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
