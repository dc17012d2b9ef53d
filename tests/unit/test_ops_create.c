/* full, zeros, ones, eye, arange, linspace. */

#include "testing.h"

#include <math.h>
#include <string.h>
#include <tenferro/ops.h>

#include "ops/attributes.h"
#include "ops/table.h"
#include "tensor/tensor.h"

static const tenferro_dtype numeric[] = {TENFERRO_INT32,   TENFERRO_INT64,     TENFERRO_FLOAT32,
                                         TENFERRO_FLOAT64, TENFERRO_COMPLEX64, TENFERRO_COMPLEX128};
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/* All elements as pairs of doubles, in column-major order. */
static void read_parts(const tenferro_tensor *t, double (*parts)[2])
{
    tenferro_tensor *wide = NULL;
    CHECK_OK(tenferro_cast(t, TENFERRO_COMPLEX128, &wide));
    CHECK_OK(tenferro_tensor_read(wide, parts, NULL));
    tenferro_tensor_release(wide);
}

static void check_parts(const tenferro_tensor *t, int64_t i, double re, double im, double got[2])
{
    if (got[0] != re || got[1] != im)
        fail_msg("dtype %u, element %lld: %.17g%+.17gi, expected %.17g%+.17gi",
                 (unsigned)tenferro_tensor_dtype(t), (long long)i, got[0], got[1], re, im);
}

static void full__every_dtype__holds_the_number(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent extents[] = {3, 1, 4};
    for (int d = 0; d < COUNT(numeric); d++) {
        int complex = tf_dtype_is_complex(numeric[d]);
        tenferro_number value = complex ? tenferro_complex_number(-2.5, 7.0) : tenferro_real(-3.0);
        tenferro_tensor *t = NULL, *like = NULL;
        double got[12][2];
        CHECK_OK(tenferro_full(context, numeric[d], 3, extents, value, &t));
        assert_int_equal(tenferro_tensor_dtype(t), numeric[d]);
        assert_true(tenferro_tensor_is_contiguous(t, TENFERRO_COLUMN_MAJOR));
        read_parts(t, got);
        for (int i = 0; i < 12; i++)
            check_parts(t, i, complex ? -2.5 : -3.0, complex ? 7.0 : 0.0, got[i]);
        CHECK_OK(tenferro_full_like(t, 1, (const tenferro_extent[]){2}, tenferro_integer(1), &like));
        assert_int_equal(tenferro_tensor_dtype(like), numeric[d]);
        read_parts(like, got);
        for (int i = 0; i < 2; i++)
            check_parts(like, i, 1.0, 0.0, got[i]);
        tenferro_tensor_release(t);
        tenferro_tensor_release(like);
    }
    tenferro_context_release(context);
}

static void zeros_and_ones__any_shape__are_filled(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *t = NULL;
    double value;
    CHECK_OK(tenferro_ones(context, TENFERRO_BOOL, 0, NULL, &t));
    CHECK_OK(tenferro_tensor_item(t, &value, NULL));
    assert_true(value == 1.0);
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_zeros(context, TENFERRO_COMPLEX64, 0, NULL, &t));
    CHECK_OK(tenferro_tensor_item(t, &value, NULL));
    assert_true(value == 0.0);
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_zeros(context, TENFERRO_FLOAT64, 2, (const tenferro_extent[]){0, 5}, &t));
    int64_t count;
    CHECK_OK(tenferro_tensor_size(t, &count));
    assert_int_equal(count, 0);
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void full__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent two = 2, negative = -3;
    const tenferro_extent huge[] = {INT64_MAX / 2, 3};
    tenferro_tensor *t = (tenferro_tensor *)&context;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_full(context, TENFERRO_INT32, 1, &two, tenferro_real(0.5), &t));
    assert_null(t);
    CHECK_MESSAGE("full");
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_full(context, TENFERRO_FLOAT64, 1, &two,
                                                        tenferro_complex_number(0, 1), &t));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_full(context, 99, 1, &two, tenferro_real(0), &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_zeros(NULL, TENFERRO_FLOAT64, 1, &two, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_zeros(context, TENFERRO_FLOAT64, 1, &two, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_zeros(context, TENFERRO_FLOAT64, 1, NULL, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_zeros(context, TENFERRO_FLOAT64, -1, &two, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_zeros(context, TENFERRO_FLOAT64, 1, &negative, &t));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_zeros(context, TENFERRO_FLOAT64, 2, huge, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_full_like(NULL, 1, &two, tenferro_real(0), &t));
    tenferro_context_release(context);
}

static void creation__symbolic_extents_without_a_program__symbolic(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *t = NULL, *shape = NULL;
    tenferro_extent n;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_ones(context, TENFERRO_FLOAT64, 1, &n, &t));
    CHECK_MESSAGE("n");
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_eye(context, TENFERRO_FLOAT64, n, 2, 0, &t));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_arange(context, TENFERRO_INT32, tenferro_integer(0),
                                                    tenferro_integer(1), n, &t));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_linspace(context, TENFERRO_FLOAT64, tenferro_real(0),
                                                      tenferro_real(1), n, &t));
    /* a witness needs no data */
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_FLOAT32, 1, &n, &shape));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_full_like(shape, 1, &n, tenferro_real(1), &t));
    CHECK_OK(tenferro_full_like(shape, 0, NULL, tenferro_real(1), &t));
    assert_int_equal(tenferro_tensor_dtype(t), TENFERRO_FLOAT32);
    tenferro_tensor_release(t);
    tenferro_tensor_release(shape);
    tenferro_context_release(context);
}

static void eye__all_offsets__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t offsets[] = {INT64_MIN, -5, -3, -2, -1, 0, 1, 2, 4, 5, 6, INT64_MAX};
    const int64_t shapes[][2] = {{3, 5}, {5, 3}, {4, 4}, {1, 1}, {0, 3}, {3, 0}};
    for (int d = 0; d < COUNT(numeric); d++)
        for (int s = 0; s < COUNT(shapes); s++)
            for (int o = 0; o < COUNT(offsets); o++) {
                int64_t rows = shapes[s][0], columns = shapes[s][1];
                tenferro_tensor *t = NULL;
                double got[16][2];
                CHECK_OK(tenferro_eye(context, numeric[d], rows, columns, offsets[o], &t));
                read_parts(t, got);
                for (int64_t i = 0; i < rows * columns; i++)
                    check_parts(t, i, i / rows - i % rows == offsets[o], 0.0, got[i]);
                tenferro_tensor_release(t);
            }
    tenferro_context_release(context);
}

static void arange__integers__exact_to_the_last_bit(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *t = NULL;
    int64_t wide[4];
    int32_t narrow[5];
    /* the product of step and index leaves 64 bits, no element does */
    const int64_t step = (int64_t)1 << 62;
    CHECK_OK(tenferro_arange(context, TENFERRO_INT64, tenferro_integer(INT64_MIN),
                             tenferro_integer(step), 4, &t));
    CHECK_OK(tenferro_tensor_read(t, wide, NULL));
    for (int i = 0; i < 4; i++)
        assert_int_equal(wide[i], i < 2 ? INT64_MIN + i * step : (i - 2) * step);
    tenferro_tensor_release(t);
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_arange(context, TENFERRO_INT64, tenferro_integer(INT64_MIN),
                                 tenferro_integer(step), 5, &t));
    CHECK_OK(tenferro_arange(context, TENFERRO_INT32, tenferro_real(INT32_MAX),
                             tenferro_integer(-3), 5, &t));
    CHECK_OK(tenferro_tensor_read(t, narrow, NULL));
    for (int i = 0; i < 5; i++)
        assert_int_equal(narrow[i], INT32_MAX - 3 * i);
    tenferro_tensor_release(t);
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_arange(context, TENFERRO_INT32, tenferro_integer(INT32_MAX),
                                 tenferro_integer(1), 2, &t));
    CHECK_MESSAGE("int32");
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_arange(context, TENFERRO_INT64, tenferro_integer(-2),
                                                    tenferro_integer(INT64_MIN), 2, &t));
    CHECK_OK(tenferro_arange(context, TENFERRO_INT64, tenferro_integer(0),
                             tenferro_integer(INT64_MIN), 2, &t));
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_arange(context, TENFERRO_INT32, tenferro_integer(INT32_MAX),
                             tenferro_integer(1), 0, &t));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void arange__reals__are_not_accumulated(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    enum { N = 100000 };
    tenferro_tensor *t = NULL;
    CHECK_OK(
        tenferro_arange(context, TENFERRO_FLOAT32, tenferro_real(0.1), tenferro_real(0.3), N, &t));
    const float *x = tenferro_tensor_data(t);
    for (int i = 0; i < N; i++)
        assert_true(x[i] == (float)(0.1 + i * 0.3));
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_arange(context, TENFERRO_COMPLEX128, tenferro_complex_number(1, 2),
                             tenferro_complex_number(-0.5, 0.25), 9, &t));
    double got[9][2];
    read_parts(t, got);
    for (int i = 0; i < 9; i++)
        check_parts(t, i, 1 - 0.5 * i, 2 + 0.25 * i, got[i]);
    tenferro_tensor_release(t);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_arange(context, TENFERRO_BOOL, tenferro_real(0),
                                                          tenferro_real(1), 2, &t));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_arange(context, TENFERRO_INT64, tenferro_real(0),
                                                          tenferro_real(0.5), 2, &t));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_arange(context, TENFERRO_FLOAT64, tenferro_real(0),
                                 tenferro_complex_number(0, 1), 2, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_arange(context, TENFERRO_FLOAT64, tenferro_real(0), tenferro_real(1), -1,
                                 &t));
    tenferro_context_release(context);
}

static void arange__into_a_reversed_view__lands_where_the_strides_say(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double memory[9] = {0};
    const int64_t extent = 5, stride = -2;
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_tensor_wrap(context, TENFERRO_FLOAT64, 1, &extent, &stride, memory + 8, 0,
                                  NULL, NULL, &t));
    tf_attributes a = {.word = {TENFERRO_FLOAT64},
                       .number = tenferro_real(1),
                       .number2 = tenferro_real(1),
                       .count = 1,
                       .extents = 1,
                       .list = &extent};
    CHECK_OK(tenferro_apply_into(&tf_arange_primitive, &a, 0, NULL, 1, &t));
    for (int i = 0; i < 9; i++)
        assert_true(memory[i] == (i % 2 ? 0.0 : 5 - i / 2));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void linspace__ends__are_exact(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_dtype dtypes[] = {TENFERRO_FLOAT32, TENFERRO_FLOAT64, TENFERRO_COMPLEX64,
                                     TENFERRO_COMPLEX128};
    const double low = -0.1, high = 0.7;
    for (int d = 0; d < COUNT(dtypes); d++)
        for (int64_t n = 0; n < 60; n++) {
            tenferro_tensor *t = NULL;
            double got[60][2];
            int single = tf_dtype_real(dtypes[d]) == TENFERRO_FLOAT32;
            CHECK_OK(tenferro_linspace(context, dtypes[d], tenferro_real(low), tenferro_real(high),
                                       n, &t));
            read_parts(t, got);
            for (int64_t i = 0; i < n; i++) {
                double exact = i == 0       ? low
                               : i == n - 1 ? high
                                            : low + (double)i * ((high - low) / (double)(n - 1));
                check_parts(t, i, single ? (double)(float)exact : exact, 0.0, got[i]);
            }
            tenferro_tensor_release(t);
        }
    tenferro_context_release(context);
}

static void linspace__special_ranges__stay_finite(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *t = NULL;
    double got[5][2];
    CHECK_OK(tenferro_linspace(context, TENFERRO_FLOAT64, tenferro_real(-1.5e308),
                               tenferro_real(1.5e308), 5, &t));
    read_parts(t, got);
    for (int i = 0; i < 5; i++)
        assert_true(fabs(got[i][0] - (i - 2) * 0.75e308) <= 1e293);
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_linspace(context, TENFERRO_COMPLEX128, tenferro_complex_number(0, 1),
                               tenferro_complex_number(1, -1), 5, &t));
    read_parts(t, got);
    for (int i = 0; i < 5; i++)
        check_parts(t, i, 0.25 * i, 1 - 0.5 * i, got[i]);
    tenferro_tensor_release(t);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_linspace(context, TENFERRO_INT64, tenferro_real(0), tenferro_real(1), 5,
                                   &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_linspace(context, TENFERRO_FLOAT64, tenferro_real(0), tenferro_real(1), 5,
                                   NULL));
    tenferro_context_release(context);
}

static void eye__failing_allocation__no_leak(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    for (int64_t n = 0;; n++) {
        tenferro_tensor *t = (tenferro_tensor *)&allocator;
        tenferro_context_trim(context);
        allocator.fail_after = allocator.count + n;
        tenferro_status status = tenferro_eye(context, TENFERRO_COMPLEX128, 30, 30, 1, &t);
        allocator.fail_after = -1;
        if (status == TENFERRO_OK) {
            assert_true(n > 0);
            tenferro_tensor_release(t);
            break;
        }
        CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, status);
        assert_null(t);
    }
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full__every_dtype__holds_the_number),
        cmocka_unit_test(zeros_and_ones__any_shape__are_filled),
        cmocka_unit_test(full__bad_input__typed_errors),
        cmocka_unit_test(creation__symbolic_extents_without_a_program__symbolic),
        cmocka_unit_test(eye__all_offsets__match_naive),
        cmocka_unit_test(arange__integers__exact_to_the_last_bit),
        cmocka_unit_test(arange__reals__are_not_accumulated),
        cmocka_unit_test(arange__into_a_reversed_view__lands_where_the_strides_say),
        cmocka_unit_test(linspace__ends__are_exact),
        cmocka_unit_test(linspace__special_ranges__stay_finite),
        cmocka_unit_test(eye__failing_allocation__no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
