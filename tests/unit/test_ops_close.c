/* array_equal and all_close. */

#include "testing.h"

#include <math.h>
#include <string.h>
#include <tenferro/ops.h>

#include "tensor/tensor.h"

static const tenferro_dtype dtypes[] = {TENFERRO_BOOL,      TENFERRO_INT32,   TENFERRO_INT64,
                                        TENFERRO_FLOAT32,   TENFERRO_FLOAT64, TENFERRO_COMPLEX64,
                                        TENFERRO_COMPLEX128};
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static int equal(const tenferro_tensor *a, const tenferro_tensor *b)
{
    int out = -1;
    CHECK_OK(tenferro_array_equal(a, b, &out));
    return out;
}

static int is_close(const tenferro_tensor *a, const tenferro_tensor *b, double rtol, double atol)
{
    int out = -1;
    CHECK_OK(tenferro_all_close(a, b, rtol, atol, 0, &out));
    return out;
}

static tenferro_tensor *
vector(tenferro_context *context, tenferro_dtype dtype, int64_t n, const void *data)
{
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, dtype, 1, &n, NULL, data, &t));
    return t;
}

static int scalars_close(tenferro_context *context, tenferro_dtype dtype, const void *a,
                         const void *b, double rtol, double atol, int equal_nan)
{
    int out = -1;
    tenferro_tensor *x = vector(context, dtype, 1, a), *y = vector(context, dtype, 1, b);
    CHECK_OK(tenferro_all_close(x, y, rtol, atol, equal_nan, &out));
    tenferro_tensor_release(x);
    tenferro_tensor_release(y);
    return out;
}

/* One element changed anywhere is seen, whatever the layout. */
static void array_equal__one_element_differs__every_dtype_and_place(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t extents[] = {17, 3, 23};
    const int64_t places[] = {0, 1, 255, 256, 600, 1172};
    for (int d = 0; d < COUNT(dtypes); d++)
        for (int reversed = 0; reversed < 2; reversed++)
            for (int p = 0; p < COUNT(places); p++) {
                tenferro_tensor *a = NULL, *b = NULL, *view = NULL;
                void *data;
                CHECK_OK(tenferro_ones(context, dtypes[d], 3, extents, &a));
                CHECK_OK(
                    tenferro_tensor_create(context, dtypes[d], 3, extents, TENFERRO_ROW_MAJOR, &b));
                CHECK_OK(tenferro_copy_into(a, b));
                if (reversed)
                    CHECK_OK(tenferro_reverse(b, 0, NULL, &view));
                else
                    view = tenferro_tensor_retain(b);
                assert_int_equal(equal(a, view), 1);
                assert_int_equal(equal(view, a), 1);
                assert_int_equal(is_close(a, view, 0, 0), 1);
                CHECK_OK(tenferro_tensor_data_mutable(b, &data));
                int64_t size = tf_dtype_size(context, dtypes[d]);
                memset((char *)data + places[p] * size, 0, (size_t)size);
                assert_int_equal(equal(a, view), 0);
                assert_int_equal(equal(view, a), 0);
                assert_int_equal(is_close(view, a, 0.5, 0.25), 0);
                tenferro_tensor_release(a);
                tenferro_tensor_release(b);
                tenferro_tensor_release(view);
            }
    tenferro_context_release(context);
}

static void array_equal__shapes_dtypes_and_nan(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2, three = 3, empty[] = {0, 3}, other_empty[] = {3, 0};
    const double values[] = {NAN, 1.0}, zeros[] = {0.0, -0.0}, swapped[] = {-0.0, 0.0};
    tenferro_tensor *a = NULL, *b = NULL;
    tenferro_tensor *nan_vector = vector(context, TENFERRO_FLOAT64, 2, values);
    assert_int_equal(equal(nan_vector, nan_vector), 0);
    tenferro_tensor_release(nan_vector);
    a = vector(context, TENFERRO_FLOAT64, 2, zeros);
    b = vector(context, TENFERRO_FLOAT64, 2, swapped);
    assert_int_equal(equal(a, b), 1);
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &two, &a));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &three, &b));
    assert_int_equal(equal(a, b), 0);
    tenferro_tensor_release(b);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT32, 1, &two, &b));
    assert_int_equal(equal(a, b), 0);
    tenferro_tensor_release(b);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, (const int64_t[]){2, 1}, &b));
    assert_int_equal(equal(a, b), 0);
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, empty, &a));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, empty, &b));
    assert_int_equal(equal(a, b), 1);
    assert_int_equal(is_close(a, b, 0, 0), 1);
    tenferro_tensor_release(b);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, other_empty, &b));
    assert_int_equal(equal(a, b), 0);
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_context_release(context);
}

static void array_equal__registered_dtype__compares_bytes(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    tenferro_dtype dtype;
    int out;
    info.name = "quintuple";
    info.size = 5;
    info.alignment = 1;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    tenferro_tensor *a = vector(context, dtype, 2, "0123456789"),
                    *b = vector(context, dtype, 2, "0123456788");
    tenferro_tensor *reversed = NULL;
    CHECK_OK(tenferro_reverse(a, 0, NULL, &reversed));
    assert_int_equal(equal(a, a), 1);
    assert_int_equal(equal(a, b), 0);
    assert_int_equal(equal(a, reversed), 0);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_all_close(a, a, 0, 0, 0, &out));
    CHECK_MESSAGE("quintuple");
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_tensor_release(reversed);
    tenferro_context_release(context);
}

static void all_close__formula__at_the_border(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const double one = 1.0, more = 1.25, four = 4.0, five = 5.0;
    /* |a - b| <= atol + rtol |b| with both sides exact */
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &more, &one, 0, 0.25, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &more, &one, 0, nextafter(0.25, 0), 0),
                     0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &five, &four, 0.25, 0, 0), 1);
    /* b is the reference: the other way round the bound is larger */
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &five, &four, 0.2, 0, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &four, &five, 0.2, 0, 0), 1);
    tenferro_context_release(context);
}

static void all_close__not_finite(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const double inf = INFINITY, minus = -INFINITY, nan_value = NAN, one = 1.0, huge = 1.7e308,
                 low = -1.7e308;
    const double z[][2] = {{INFINITY, 1}, {INFINITY, 1}, {INFINITY, 2}, {NAN, 1}, {0, NAN}};
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &inf, &inf, 0, 0, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &inf, &minus, 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &one, &inf, 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &inf, &one, 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &huge, &low, 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &nan_value, &nan_value, 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &nan_value, &nan_value, 0, 0, 1), 1);
    assert_int_equal(scalars_close(context, TENFERRO_FLOAT64, &nan_value, &one, 1, 1, 1), 0);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX128, z[0], z[1], 0, 0, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX128, z[0], z[2], 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX128, z[3], z[4], 1, 1, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX128, z[3], z[4], 0, 0, 1), 1);
    tenferro_context_release(context);
}

static void all_close__integers__exact(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t big = ((int64_t)1 << 62) + 1, next = ((int64_t)1 << 62) + 2, low = INT64_MIN,
                  high = INT64_MAX;
    const unsigned char no = 0, yes = 1;
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &big, &big, 0, 0, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &big, &next, 0, 0, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &big, &next, 0, 1, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &big, &next, 0, 0.5, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &low, &high, 0, 1.8e19, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_INT64, &low, &high, 0, 1.9e19, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_BOOL, &no, &yes, 0, 0.5, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_BOOL, &no, &yes, 0, 1, 0), 1);
    tenferro_context_release(context);
}

static void all_close__complex__modulus_of_the_difference(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const float a[] = {3, 4}, zero[] = {0, 0};
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX64, a, zero, 0, 5, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX64, a, zero, 0, 4.999, 0), 0);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX64, zero, a, 1, 0, 0), 1);
    assert_int_equal(scalars_close(context, TENFERRO_COMPLEX64, zero, a, 0.999, 0, 0), 0);
    tenferro_context_release(context);
}

/* random operands that broadcast, of any two dtypes that meet, against a loop over doubles */
static void all_close__broadcast_and_mixed_dtypes__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    int outcomes[2] = {0, 0};
    for (int trial = 0; trial < 400; trial++) {
        tenferro_dtype da = dtypes[test_rng_range(&rng, 0, 6)],
                       db = dtypes[test_rng_range(&rng, 0, 6)], common;
        int64_t ea[] = {test_rng_range(&rng, 0, 1) ? 4 : 1, 3}, eb[] = {2, 4, 1};
        tenferro_tensor *a = NULL, *b = NULL, *wide_a = NULL, *wide_b = NULL, *turned = NULL;
        double x[24], y[24];
        int out = -1, expected = 1;
        CHECK_OK(tenferro_random_uniform(context, TENFERRO_INT32, 2, ea, (uint64_t)trial, 0, 0, 2,
                                         &turned));
        CHECK_OK(tenferro_cast(turned, da, &a));
        tenferro_tensor_release(turned);
        CHECK_OK(
            tenferro_full(context, TENFERRO_INT32, 3, eb, tenferro_integer(trial % 2), &turned));
        CHECK_OK(tenferro_cast(turned, db, &b));
        tenferro_tensor_release(turned);
        CHECK_OK(tenferro_reverse(a, 0, NULL, &turned));
        double atol = (double)test_rng_range(&rng, 0, 2) / 2;
        if (tenferro_dtype_promote(da, db, &common) != TENFERRO_OK) {
            CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_all_close(turned, b, 0, atol, 0, &out));
        } else {
            CHECK_OK(tenferro_cast(turned, TENFERRO_FLOAT64, &wide_a));
            CHECK_OK(tenferro_cast(b, TENFERRO_FLOAT64, &wide_b));
            CHECK_OK(tenferro_tensor_read(wide_a, x, NULL));
            CHECK_OK(tenferro_tensor_read(wide_b, y, NULL));
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 4; j++)
                    for (int k = 0; k < 3; k++)
                        expected &= fabs(x[(ea[0] == 1 ? 0 : j) + ea[0] * k] - y[i + 2 * j]) <= atol;
            CHECK_OK(tenferro_all_close(turned, b, 0, atol, 0, &out));
            assert_int_equal(out, expected);
            outcomes[expected]++;
        }
        tenferro_tensor_release(a);
        tenferro_tensor_release(b);
        tenferro_tensor_release(wide_a);
        tenferro_tensor_release(wide_b);
        tenferro_tensor_release(turned);
    }
    assert_true(outcomes[0] > 20 && outcomes[1] > 20);
    tenferro_context_release(context);
}

static void close__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    const int64_t two = 2, three = 3;
    tenferro_tensor *a = NULL, *b = NULL, *shape = NULL, *foreign = NULL;
    int out = 7;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &two, &a));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &three, &b));
    CHECK_OK(tenferro_ones(other, TENFERRO_FLOAT64, 1, &two, &foreign));
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_FLOAT64, 1, &two, &shape));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_all_close(a, b, 0, 0, 0, &out));
    CHECK_MESSAGE("(2)");
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_all_close(a, shape, 0, 0, 0, &out));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_array_equal(shape, a, &out));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_array_equal(a, foreign, &out));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_all_close(a, foreign, 0, 0, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_all_close(a, a, -1, 0, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_all_close(a, a, 0, NAN, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_all_close(NULL, a, 0, 0, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_array_equal(a, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_array_equal(a, a, NULL));
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_tensor_release(shape);
    tenferro_tensor_release(foreign);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

static void array_equal__large__threads_agree(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    CHECK_OK(tenferro_context_set_threads(context, 2));
    const int64_t n = 1000003;
    tenferro_tensor *a = NULL, *b = NULL;
    void *data;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT32, 1, &n, &a));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT32, 1, &n, &b));
    assert_int_equal(equal(a, b), 1);
    assert_int_equal(is_close(a, b, 0, 0), 1);
    CHECK_OK(tenferro_tensor_data_mutable(b, &data));
    ((float *)data)[n - 1] = 2;
    assert_int_equal(equal(a, b), 0);
    assert_int_equal(is_close(a, b, 0.1, 0.1), 0);
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_equal__one_element_differs__every_dtype_and_place),
        cmocka_unit_test(array_equal__shapes_dtypes_and_nan),
        cmocka_unit_test(array_equal__registered_dtype__compares_bytes),
        cmocka_unit_test(all_close__formula__at_the_border),
        cmocka_unit_test(all_close__not_finite),
        cmocka_unit_test(all_close__integers__exact),
        cmocka_unit_test(all_close__complex__modulus_of_the_difference),
        cmocka_unit_test(all_close__broadcast_and_mixed_dtypes__match_naive),
        cmocka_unit_test(close__bad_input__typed_errors),
        cmocka_unit_test(array_equal__large__threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
