/* Dtypes that meet: promotion, weak numbers, conversions. */

#include "arrays.h"

#include <math.h>
#include <stdlib.h>

enum { B = TENFERRO_BOOL, I4 = TENFERRO_INT32, I8, F4, F8, C8, C16 };

/* ---- promotion ---- */

static void add__every_pair_of_dtypes__meets_by_the_table(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(4);
    for (tenferro_dtype d = B; d <= C16; d++)
        for (tenferro_dtype e = B; e <= C16; e++) {
            tenferro_tensor *a = test_random_tensor(context, &rng, d, 1, (int64_t[]){4},
                                                    TEST_STRIDED),
                            *c = a;
            tenferro_tensor *b = test_random_tensor(context, &rng, e, 1, (int64_t[]){4},
                                                    TEST_STRIDED);
            tenferro_dtype met;
            if (tenferro_dtype_promote(d, e, &met) != TENFERRO_OK) {
                CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_add(a, b, &c));
                CHECK_MESSAGE("add");
                CHECK_MESSAGE(test_dtype_name(d));
                CHECK_MESSAGE(test_dtype_name(e));
                assert_null(c);
                TEST_RELEASE(a, b);
                continue;
            }
            test_value *x = test_elements(a), *y = test_elements(b);
            for (int i = 0; i < 4; i++)
                x[i] = met == B ? (x[i] != 0.0 || y[i] != 0.0) : x[i] + y[i];
            CHECK_OK(tenferro_add(a, b, &c));
            test_check_shape(c, met, 1, (int64_t[]){4});
            test_check_elements(c, x, 2.0 * test_epsilon(met), "add");
            free(x);
            free(y);
            TEST_RELEASE(a, b, c);
        }
    tenferro_context_release(context);
}

static void number_like__weak_numbers__take_the_tensors_dtype(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(5);
    for (tenferro_dtype d = B; d <= C16; d++) {
        tenferro_tensor *x = test_random_tensor(context, &rng, d, 2, (int64_t[]){2, 2}, 0), *y;
        CHECK_OK(tenferro_number_like(x, tenferro_integer(1), &y));
        test_check_shape(y, d, 0, NULL);
        test_check_elements(y, (test_value[]){1}, 0.0, "number");
        tenferro_tensor_release(y);
        CHECK_OK(tenferro_number_like(x, tenferro_real(1.0), &y));
        tenferro_tensor_release(y);
        y = x;
        if (test_is_floating(d)) {
            CHECK_OK(tenferro_number_like(x, tenferro_real(0.5), &y));
            tenferro_tensor_release(y);
        } else {
            CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_number_like(x, tenferro_real(0.5), &y));
            CHECK_MESSAGE(test_dtype_name(d));
            assert_null(y);
        }
        if (test_is_complex(d)) {
            CHECK_OK(tenferro_number_like(x, tenferro_complex_number(1.0, -2.0), &y));
            test_check_elements(y, (test_value[]){test_complex(1, -2)}, 0.0, "number");
            tenferro_tensor_release(y);
        } else {
            CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                         tenferro_number_like(x, tenferro_complex_number(1.0, -2.0), &y));
        }
        tenferro_tensor_release(x);
    }
    tenferro_tensor *i32 = test_random_tensor(context, &rng, I4, 0, NULL, 0), *y;
    tenferro_tensor *i64 = test_random_tensor(context, &rng, I8, 0, NULL, 0);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_number_like(i32, tenferro_integer(INT64_C(1) << 31), &y));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_number_like(i64, tenferro_real(0x1p63), &y));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_number_like(i64, tenferro_real(NAN), &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_number_like(i64, (tenferro_number){7, 0, 0, 0}, &y));
    CHECK_OK(tenferro_number_like(i64, tenferro_integer(INT64_MAX), &y));
    assert_true(*(const int64_t *)tenferro_tensor_data(y) == INT64_MAX);
    TEST_RELEASE(i32, i64, y);
    tenferro_context_release(context);
}

/* ---- cast ---- */

static test_value cast_of(tenferro_dtype from, tenferro_dtype to, test_value x)
{
    (void)from;
    if (to == B)
        return creal(x) != 0.0 || cimag(x) != 0.0;
    if (to == F4 || to == F8)
        return test_complex(to == F4 ? (double)(float)creal(x) : creal(x), 0.0);
    if (to == C8)
        return test_complex((double)(float)creal(x), (double)(float)cimag(x));
    return to == C16 ? x : test_complex(trunc(creal(x)), 0.0);
}

static void cast__every_pair__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(6);
    for (tenferro_dtype from = B; from <= C16; from++)
        for (tenferro_dtype to = B; to <= C16; to++) {
            int64_t extents[3] = {3, 5, 2};
            tenferro_tensor *x = test_random_tensor(context, &rng, from, 3, extents, TEST_REPEATED),
                            *y;
            test_value *expected = test_elements(x);
            for (int i = 0; i < 30; i++)
                expected[i] = cast_of(from, to, expected[i]);
            CHECK_OK(tenferro_cast(x, to, &y));
            test_check_shape(y, to, 3, extents);
            test_check_elements(y, expected, 0.0, "cast");
            free(expected);
            TEST_RELEASE(x, y);
        }
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){5},
                                        (test_value[]){1e300, -1e300, NAN, -2.9, INFINITY}),
                    *y;
    CHECK_OK(tenferro_cast(x, I4, &y));
    test_check_elements(y, (test_value[]){INT32_MAX, INT32_MIN, 0, -2, INT32_MAX}, 0.0, "cast");
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_cast(x, I8, &y));
    const int64_t *big = tenferro_tensor_data(y);
    assert_true(big[0] == INT64_MAX && big[1] == INT64_MIN && big[2] == 0 && big[4] == INT64_MAX);
    tenferro_tensor_release(y);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_cast(x, 99, &y));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_cast(x, TENFERRO_DTYPE_USER, &y));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add__every_pair_of_dtypes__meets_by_the_table),
        cmocka_unit_test(number_like__weak_numbers__take_the_tensors_dtype),
        cmocka_unit_test(cast__every_pair__matches_naive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
