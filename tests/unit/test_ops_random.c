/* random_uniform: Philox against its paper, elements against the documented recipe, moments. */

#include "testing.h"

#include <math.h>
#include <string.h>
#include <tenferro/ops.h>

#include "ops/attributes.h"
#include "ops/philox.h"
#include "ops/table.h"

static const uint64_t seed = 0x0123456789abcdefu, stream = 0xfedcba9876543210u;

static void philox__vectors_of_the_paper(void **state)
{
    (void)state;
    /* Random123's kat_vectors, philox4x32 10 */
    static const uint32_t vectors[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        tf_philox4x32_10(vectors[i], vectors[i] + 4, out);
        assert_memory_equal(out, vectors[i] + 6, sizeof out);
    }
}

/* Word number `position` of the stream, as the header describes it. */
static uint32_t word_at(uint64_t position)
{
    uint64_t block = position / 4;
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                                 (uint32_t)(stream >> 32)};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t out[4];
    tf_philox4x32_10(counter, key, out);
    return out[position % 4];
}

static uint64_t bits_at(uint64_t number)
{
    return (uint64_t)word_at(2 * number + 1) << 32 | word_at(2 * number);
}

static tenferro_tensor *uniform(tenferro_context *context, tenferro_dtype dtype, int rank,
                                const tenferro_extent *extents, double low, double high)
{
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_random_uniform(context, dtype, rank, extents, seed, stream, low, high, &t));
    return t;
}

static void random_uniform__reals__match_the_recipe(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent extents[] = {7, 1, 13, 3};
    tenferro_tensor *f32 = uniform(context, TENFERRO_FLOAT32, 4, extents, 0, 1);
    tenferro_tensor *f64 = uniform(context, TENFERRO_FLOAT64, 4, extents, -2, 6);
    tenferro_tensor *c64 = uniform(context, TENFERRO_COMPLEX64, 4, extents, 0, 1);
    tenferro_tensor *c128 = uniform(context, TENFERRO_COMPLEX128, 4, extents, -2, 6);
    const float *x = tenferro_tensor_data(f32), *cx = tenferro_tensor_data(c64);
    const double *y = tenferro_tensor_data(f64), *cy = tenferro_tensor_data(c128);
    for (uint64_t i = 0; i < 2 * 7 * 13 * 3; i++) {
        float single = (float)(word_at(i) >> 8) / 16777216.0f;
        double wide = -2 + 8 * ((double)(bits_at(i) >> 11) / 9007199254740992.0);
        assert_true(cx[i] == single && cy[i] == wide);
        if (i < 7 * 13 * 3)
            assert_true(x[i] == single && y[i] == wide);
    }
    tenferro_tensor_release(f32);
    tenferro_tensor_release(f64);
    tenferro_tensor_release(c64);
    tenferro_tensor_release(c128);
    tenferro_context_release(context);
}

static void random_uniform__integers__match_the_recipe(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent n = 1000;
    tenferro_tensor *i32 = uniform(context, TENFERRO_INT32, 1, &n, -3, 4);
    tenferro_tensor *i64 = uniform(context, TENFERRO_INT64, 1, &n, -3, 4);
    tenferro_tensor *all = uniform(context, TENFERRO_INT64, 1, &n, -0x1p63, 0x1p63);
    tenferro_tensor *half = uniform(context, TENFERRO_INT64, 1, &n, 0, 0x1p63);
    const int32_t *x = tenferro_tensor_data(i32);
    const int64_t *y = tenferro_tensor_data(i64), *z = tenferro_tensor_data(all),
                  *h = tenferro_tensor_data(half);
    int seen[7] = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t bits = bits_at(i);
        /* floor(bits * 7 / 2^64) by long division of the halves */
        uint64_t high = (bits >> 32) * 7, low = (bits & 0xffffffffu) * 7;
        int64_t drawn = (int64_t)((high + (low >> 32)) >> 32) - 3;
        assert_int_equal(x[i], drawn);
        assert_int_equal(y[i], drawn);
        assert_true((uint64_t)z[i] == bits + ((uint64_t)1 << 63));
        assert_true((uint64_t)h[i] == bits >> 1);
        seen[drawn + 3]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 80, 210);
    tenferro_tensor_release(i32);
    tenferro_tensor_release(i64);
    tenferro_tensor_release(all);
    tenferro_tensor_release(half);
    tenferro_context_release(context);
}

static tenferro_context *context_with(int threads, const char *isa)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    tenferro_context *context = NULL;
    options.isa = isa;
    options.blas = "none";
    options.threads = threads;
    CHECK_OK(tenferro_context_create(&options, &context));
    return context;
}

static void random_uniform__threads_and_isas__same_numbers(void **state)
{
    (void)state;
    enum { N = 300 * 101 };
    static float expected[N], got[N];
    const tenferro_extent extents[] = {300, 101}, line = N;
    const char *isas[] = {"portable", NULL}; /* NULL: the best there is */
    tenferro_context *first = context_with(1, "portable");
    tenferro_tensor *t = uniform(first, TENFERRO_FLOAT32, 1, &line, -1, 1);
    CHECK_OK(tenferro_tensor_read(t, expected, NULL));
    tenferro_tensor_release(t);
    tenferro_context_release(first);
    for (int isa = 0; isa < 2; isa++)
        for (int threads = 1; threads <= 3; threads++) {
            tenferro_context *context = context_with(threads, isas[isa]);
            t = uniform(context, TENFERRO_FLOAT32, 2, extents, -1, 1);
            CHECK_OK(tenferro_tensor_read(t, got, NULL));
            assert_memory_equal(got, expected, sizeof got);
            tenferro_tensor_release(t);
            tenferro_context_release(context);
        }
}

static void random_uniform__any_strides__same_numbers(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent extents[] = {3, 4, 1, 5};
    const int64_t strides[] = {20, -5, 77, 1};
    double memory[60];
    tenferro_tensor *plain = uniform(context, TENFERRO_FLOAT64, 4, extents, 0, 1), *view = NULL;
    CHECK_OK(tenferro_tensor_wrap(context, TENFERRO_FLOAT64, 4, extents, strides, memory + 15, 0,
                                  NULL, NULL, &view));
    tf_attributes a = {.word = {TENFERRO_FLOAT64, (int64_t)seed, (int64_t)stream},
                       .number = tenferro_real(0),
                       .number2 = tenferro_real(1),
                       .count = 4,
                       .extents = 4,
                       .list = extents};
    CHECK_OK(tenferro_apply_into(&tf_random_uniform_primitive, &a, 0, NULL, 1, &view));
    const double *x = tenferro_tensor_data(plain);
    for (int64_t i = 0; i < 3; i++)
        for (int64_t j = 0; j < 4; j++)
            for (int64_t k = 0; k < 5; k++)
                assert_true(memory[15 + 20 * i - 5 * j + k] == x[i + 3 * j + 12 * k]);
    tenferro_tensor_release(plain);
    tenferro_tensor_release(view);
    tenferro_context_release(context);
}

static void random_uniform__moments_and_bins__are_uniform(void **state)
{
    (void)state;
    enum { N = 1 << 16, BINS = 64 };
    tenferro_context *context = test_context();
    const tenferro_dtype dtypes[] = {TENFERRO_FLOAT32, TENFERRO_FLOAT64};
    const tenferro_extent n = N;
    for (int d = 0; d < 2; d++) {
        tenferro_tensor *t = uniform(context, dtypes[d], 1, &n, 0, 1);
        double mean = 0, square = 0, serial = 0, last = 0.5, chi2 = 0;
        int64_t bins[BINS] = {0};
        for (int i = 0; i < N; i++) {
            double x = d ? ((const double *)tenferro_tensor_data(t))[i]
                         : (double)((const float *)tenferro_tensor_data(t))[i];
            assert_true(x >= 0 && x < 1);
            mean += x;
            square += (x - 0.5) * (x - 0.5);
            serial += (x - 0.5) * (last - 0.5);
            last = x;
            bins[(int)(x * BINS)]++;
        }
        for (int i = 0; i < BINS; i++)
            chi2 += ((double)bins[i] - N / BINS) * ((double)bins[i] - N / BINS) / (N / BINS);
        /* five standard deviations: of the mean 1/sqrt(12 N), of the variance 1/sqrt(180 N), of the
         * serial product 1/(12 sqrt(N)), of chi-square sqrt(2 (BINS - 1)) */
        assert_true(fabs(mean / N - 0.5) < 5 / sqrt(12.0 * N));
        assert_true(fabs(square / N - 1 / 12.0) < 5 / sqrt(180.0 * N));
        assert_true(fabs(serial / N) < 5 / (12 * sqrt(N)));
        assert_true(fabs(chi2 - (BINS - 1)) < 5 * sqrt(2.0 * (BINS - 1)));
        tenferro_tensor_release(t);
    }
    tenferro_context_release(context);
}

static void random_uniform__narrow_range__never_reaches_high(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent n = 4096;
    const double high = 16777220; /* floats are 2 apart here: there are two */
    tenferro_tensor *t = uniform(context, TENFERRO_FLOAT32, 1, &n, 16777216, high);
    const float *x = tenferro_tensor_data(t);
    for (int i = 0; i < 4096; i++)
        assert_true(x[i] >= 16777216.0f && (double)x[i] < high);
    tenferro_tensor_release(t);
    t = uniform(context, TENFERRO_FLOAT64, 1, &n, 1.0, nextafter(1.0, 2.0));
    for (int i = 0; i < 4096; i++)
        assert_true(((const double *)tenferro_tensor_data(t))[i] == 1.0);
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void random_uniform__other_seed_or_stream__other_numbers(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent n = 64;
    const uint64_t seeds[] = {1, 2, (uint64_t)1 << 32, 1, 1},
                   streams[] = {0, 0, 0, 1, (uint64_t)1 << 32};
    tenferro_tensor *t[5];
    for (int i = 0; i < 5; i++) {
        CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &n, seeds[i], streams[i], 0,
                                         1, &t[i]));
        for (int j = 0; j < i; j++) {
            const double *x = tenferro_tensor_data(t[i]), *y = tenferro_tensor_data(t[j]);
            for (int k = 0; k < 64; k++)
                assert_true(x[k] != y[k]);
        }
    }
    for (int i = 0; i < 5; i++)
        tenferro_tensor_release(t[i]);
    tenferro_context_release(context);
}

static void random_uniform__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent n = 4, negative = -1;
    tenferro_extent symbol;
    tenferro_tensor *t = NULL;
    const struct {
        tenferro_dtype dtype;
        double low, high;
        tenferro_status expected;
    } cases[] = {
        {TENFERRO_BOOL, 0, 1, TENFERRO_DTYPE_MISMATCH},
        {99, 0, 1, TENFERRO_DTYPE_MISMATCH},
        {TENFERRO_FLOAT64, 1, 1, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT64, 2, 1, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT64, NAN, 1, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT64, 0, INFINITY, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT64, -1.7e308, 1.7e308, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT32, 0, 1e39, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_FLOAT32, 1, 1 + 1e-12, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_INT32, 0, 0.5, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_INT32, -3e9, 1, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_INT32, 0, 2147483649.0, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_INT64, 0, 1e19, TENFERRO_INVALID_ARGUMENT},
        {TENFERRO_INT64, 5, 5, TENFERRO_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(cases[i].expected, tenferro_random_uniform(context, cases[i].dtype, 1, &n, 1,
                                                                1, cases[i].low, cases[i].high, &t));
        assert_null(t);
        CHECK_MESSAGE("random_uniform");
    }
    CHECK_OK(tenferro_extent_symbol(context, "n", &symbol));
    CHECK_STATUS(TENFERRO_SYMBOLIC,
                 tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &symbol, 1, 1, 0, 1, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &negative, 1, 1, 0, 1, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, NULL, 1, 1, 0, 1, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_random_uniform(NULL, TENFERRO_FLOAT64, 1, &n, 1, 1, 0, 1, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &n, 1, 1, 0, 1, NULL));
    CHECK_OK(tenferro_random_uniform(context, TENFERRO_INT32, 2, (const tenferro_extent[]){0, 3}, 1,
                                     1, -0x1p31, 0x1p31, &t));
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT32, 0, NULL, 1, 1, 0, 1, &t));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void random_uniform__cancelled__says_so(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_extent n = 100000;
    tenferro_tensor *t = NULL;
    tenferro_context_cancel(context);
    CHECK_STATUS(TENFERRO_CANCELLED,
                 tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &n, 1, 1, 0, 1, &t));
    assert_null(t);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox__vectors_of_the_paper),
        cmocka_unit_test(random_uniform__reals__match_the_recipe),
        cmocka_unit_test(random_uniform__integers__match_the_recipe),
        cmocka_unit_test(random_uniform__threads_and_isas__same_numbers),
        cmocka_unit_test(random_uniform__any_strides__same_numbers),
        cmocka_unit_test(random_uniform__moments_and_bins__are_uniform),
        cmocka_unit_test(random_uniform__narrow_range__never_reaches_high),
        cmocka_unit_test(random_uniform__other_seed_or_stream__other_numbers),
        cmocka_unit_test(random_uniform__bad_input__typed_errors),
        cmocka_unit_test(random_uniform__cancelled__says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
