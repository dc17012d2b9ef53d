/*
 * Guests: load errors, injection of LP64 and ILP64 gemms, the probe, thread control, swapping while
 * in use.
 */

#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tenferro/provider.h>

#include "memory/blas.h"

typedef void (*function)(void);

/* ---- guests made here: naive column-major dgemm, with either width of integers ---- */

static atomic_int calls;
static int guest_threads = 7, threads_seen, thread_changes;

static double at(const double *a, char t, int64_t lda, int64_t i, int64_t j)
{
    return t == 'N' ? a[i + j * lda] : a[j + i * lda];
}

static void naive(char ta, char tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                  int64_t lda, const double *b, int64_t ldb, double beta, double *c, int64_t ldc)
{
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < m; i++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += at(a, ta, lda, i, l) * at(b, tb, ldb, l, j);
            c[i + j * ldc] = alpha * sum + beta * c[i + j * ldc];
        }
    }
}

/* What any guest does besides: checks the hidden lengths. */
static void note_call(size_t la, size_t lb)
{
    atomic_fetch_add(&calls, la == 1 && lb == 1 ? 1 : 1000);
}

static void
dgemm32(const char *ta, const char *tb, const int32_t *m, const int32_t *n, const int32_t *k,
        const void *alpha, const void *a, const int32_t *lda, const void *b, const int32_t *ldb,
        const void *beta, void *c, const int32_t *ldc, size_t la, size_t lb)
{
    note_call(la, lb);
    naive(*ta, *tb, *m, *n, *k, *(const double *)alpha, a, *lda, b, *ldb, *(const double *)beta, c,
          *ldc);
}

static void
dgemm64(const char *ta, const char *tb, const int64_t *m, const int64_t *n, const int64_t *k,
        const void *alpha, const void *a, const int64_t *lda, const void *b, const int64_t *ldb,
        const void *beta, void *c, const int64_t *ldc, size_t la, size_t lb)
{
    note_call(la, lb);
    naive(*ta, *tb, *m, *n, *k, *(const double *)alpha, a, *lda, b, *ldb, *(const double *)beta, c,
          *ldc);
}

static void dgemm_threads(const char *ta, const char *tb, const int64_t *m, const int64_t *n,
                          const int64_t *k, const void *alpha, const void *a, const int64_t *lda,
                          const void *b, const int64_t *ldb, const void *beta, void *c,
                          const int64_t *ldc, size_t la, size_t lb)
{
    threads_seen = guest_threads;
    dgemm64(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, la, lb);
}

static int32_t isamax32(const int32_t *n, const float *x, const int32_t *increment)
{
    int32_t best = 0;
    for (int32_t i = 0; i < *n; i++)
        if (best == 0 || x[i * *increment] > x[(best - 1) * *increment])
            best = i + 1;
    return best;
}

static int64_t isamax64(const int64_t *n, const float *x, const int64_t *increment)
{
    return *n < 1
               ? 0
               : isamax32(&(const int32_t){(int32_t)*n}, x, &(const int32_t){(int32_t)*increment});
}

static int64_t isamax_odd(const int64_t *n, const float *x, const int64_t *increment)
{
    (void)n, (void)x, (void)increment;
    return 5;
}

static void set_guest_threads(int threads)
{
    guest_threads = threads;
    thread_changes++;
}

static int get_guest_threads(void)
{
    return guest_threads;
}

static tenferro_context *context_without_guest(void)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.blas = "none";
    options.threads = 2;
    tenferro_context *context = NULL;
    CHECK_OK(tenferro_context_create(&options, &context));
    return context;
}

/* op(A) op(B) of 3x4 and 4x2 through the context's guest, against the naive one. */
static void check_gemm(tenferro_context *context, char ta, char tb)
{
    test_rng rng = test_rng_make(3);
    double a[20], b[20], c[10], expected[10];
    for (int i = 0; i < 20; i++) {
        a[i] = test_rng_real(&rng);
        b[i] = test_rng_real(&rng);
    }
    for (int i = 0; i < 10; i++)
        c[i] = expected[i] = test_rng_real(&rng);
    const double alpha = 1.5, beta = -0.5;
    naive(ta, tb, 3, 2, 4, alpha, a, 5, b, 4, beta, expected, 3);
    CHECK_OK(tf_blas_gemm(context, TENFERRO_FLOAT64, ta, tb, 3, 2, 4, &alpha, a, 5, b, 4, &beta, c,
                          3, 1));
    for (int i = 0; i < 10; i++)
        assert_true(c[i] - expected[i] < 1e-14 && expected[i] - c[i] < 1e-14);
}

static void describe_contains(const tenferro_context *context, const char *text)
{
    char buffer[4096];
    CHECK_OK(tenferro_context_describe(context, buffer, sizeof buffer, NULL));
    if (!strstr(buffer, text))
        fail_msg("no \"%s\" in:\n%s", text, buffer);
}

/* ---- loading ---- */

static void load__errors__leave_the_guest_before(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
    functions.dgemm = (function)dgemm32;
    functions.integers = TENFERRO_INTEGERS_32;
    CHECK_OK(tenferro_provider_inject_blas(context, &functions));
    CHECK_STATUS(TENFERRO_IO, tenferro_provider_load(context, TENFERRO_PROVIDER_BLAS,
                                                     "/nonexistent/libblas.so"));
    CHECK_MESSAGE("/nonexistent/libblas.so");
    CHECK_STATUS(TENFERRO_UNSUPPORTED,
                 tenferro_provider_load(context, TENFERRO_PROVIDER_BLAS, "libm.so.6"));
    CHECK_MESSAGE("no gemm");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_provider_load(context, TENFERRO_PROVIDER_BLAS, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_provider_load(context, (tenferro_provider_kind)9, "libm.so.6"));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_provider_load(NULL, TENFERRO_PROVIDER_BLAS, "libm.so.6"));
    assert_true(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
    check_gemm(context, 'N', 'N');
    tenferro_context_release(context);
}

static void load__openblas__computes_in_every_dtype(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    const char *path = "libopenblas.so.0";
    if (tenferro_provider_load(context, TENFERRO_PROVIDER_BLAS, path) != TENFERRO_OK) {
        tenferro_context_release(context);
        skip();
    }
    describe_contains(context, "libopenblas");
    describe_contains(context, "-bit integers");
    for (tenferro_dtype d = TENFERRO_FLOAT32; d <= TENFERRO_COMPLEX128; d++)
        assert_true(tf_blas_has_gemm(context, d));
    assert_false(tf_blas_has_gemm(context, TENFERRO_INT32));
    check_gemm(context, 'N', 'T');
    check_gemm(context, 'T', 'N');
    const float one[2] = {1, 0}, zero[2] = {0, 0}, x[2] = {1, 2}, y[2] = {3, 4};
    float z[2] = {9, 9};
    CHECK_OK(tf_blas_gemm(context, TENFERRO_COMPLEX64, 'C', 'N', 1, 1, 1, one, x, 1, y, 1, zero, z,
                          1, 2));
    assert_true(z[0] == 11.0f && z[1] == -2.0f); /* (1 - 2i)(3 + 4i) */
    tenferro_context_release(context);
}

static void default_guest__is_found_lazily_and_keeps_the_message(void **state)
{
    (void)state;
    const char *named = getenv("TENFERRO_BLAS");
    if (named)
        skip();
    tenferro_context *context = test_context();
    (void)tenferro_error_set(TENFERRO_IO, "mine");
    int has = tf_blas_has_gemm(context, TENFERRO_FLOAT64);
    assert_string_equal(tenferro_error_message(), "mine");
    describe_contains(context, has ? "blas: /" : "blas: none");
    CHECK_OK(tenferro_provider_inject_blas(context, NULL));
    assert_false(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
    describe_contains(context, "blas: none");
    tenferro_context_release(context);
}

static void environment__names_the_guest(void **state)
{
    (void)state;
    const char *named = getenv("TENFERRO_BLAS");
    char kept[1024] = "";
    if (named)
        strncpy(kept, named, sizeof kept - 1);
    tenferro_context *context = NULL;
    setenv("TENFERRO_BLAS", "/nonexistent/libblas.so", 1);
    CHECK_STATUS(TENFERRO_IO, tenferro_context_create(NULL, &context));
    setenv("TENFERRO_BLAS", "none", 1);
    CHECK_OK(tenferro_context_create(NULL, &context));
    assert_false(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
    tenferro_context_release(context);
    if (named)
        setenv("TENFERRO_BLAS", kept, 1);
    else
        unsetenv("TENFERRO_BLAS");
}

/* ---- injection ---- */

static void inject__both_widths__are_called_rightly(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 2);
    for (int wide = 0; wide <= 1; wide++) {
        for (int probe = 0; probe <= 1; probe++) {
            tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
            functions.name = "fake";
            functions.dgemm = wide ? (function)dgemm64 : (function)dgemm32;
            functions.isamax = wide ? (function)isamax64 : (function)isamax32;
            functions.integers = wide ? TENFERRO_INTEGERS_64 : TENFERRO_INTEGERS_32;
            if (probe)
                functions.integers = TENFERRO_INTEGERS_PROBE;
            CHECK_OK(tenferro_provider_inject_blas(context, &functions));
            describe_contains(context, wide ? "fake (injected by the host, 64-bit"
                                            : "fake (injected by the host, 32-bit");
            atomic_store(&calls, 0);
            check_gemm(context, 'N', 'N');
            check_gemm(context, 'T', 'C');
            assert_int_equal(atomic_load(&calls), 2);
            assert_true(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
            assert_false(tf_blas_has_gemm(context, TENFERRO_FLOAT32));
            double x = 1;
            CHECK_STATUS(TENFERRO_UNSUPPORTED, tf_blas_gemm(context, TENFERRO_FLOAT32, 'N', 'N', 1,
                                                            1, 1, &x, &x, 1, &x, 1, &x, &x, 1, 1));
        }
    }
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void inject__bad_functions__are_refused(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
    functions.integers = TENFERRO_INTEGERS_64;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_provider_inject_blas(context, &functions));
    functions.dgemm = (function)dgemm64;
    functions.integers = TENFERRO_INTEGERS_PROBE;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_provider_inject_blas(context, &functions));
    CHECK_MESSAGE("isamax");
    functions.isamax = (function)isamax_odd;
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_provider_inject_blas(context, &functions));
    functions.integers = (tenferro_integer_width)16;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_provider_inject_blas(context, &functions));
    CHECK_MESSAGE("16");
    functions.struct_size = 0;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_provider_inject_blas(context, &functions));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_provider_inject_blas(NULL, &functions));
    assert_false(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
    tenferro_context_release(context);
}

static void gemm__sizes_beyond_32_bits__are_refused_by_LP64(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
    functions.dgemm = (function)dgemm32;
    functions.integers = TENFERRO_INTEGERS_32;
    CHECK_OK(tenferro_provider_inject_blas(context, &functions));
    double x = 1, z = 0;
    const int64_t big = (int64_t)INT32_MAX + 1;
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tf_blas_gemm(context, TENFERRO_FLOAT64, 'N', 'N', big, 1, 1,
                                                    &x, &x, big, &x, 1, &z, &x, big, 1));
    CHECK_MESSAGE("32-bit");
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tf_blas_gemm(context, TENFERRO_FLOAT64, 'N', 'N', 1, 1, 1,
                                                    &x, &x, big, &x, 1, &z, &x, 1, 1));
    tenferro_context_release(context);
}

static void gemm__thread_count__is_set_and_put_back(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
    functions.dgemm = (function)dgemm_threads;
    functions.integers = TENFERRO_INTEGERS_64;
    functions.set_num_threads = set_guest_threads;
    functions.get_num_threads = get_guest_threads;
    CHECK_OK(tenferro_provider_inject_blas(context, &functions));
    guest_threads = 7;
    check_gemm(context, 'N', 'N'); /* with one thread */
    assert_int_equal(threads_seen, 1);
    assert_int_equal(guest_threads, 7);

    guest_threads = 1;
    thread_changes = 0;
    check_gemm(context, 'N', 'N');
    assert_int_equal(thread_changes, 0);

    functions.get_num_threads = NULL;
    CHECK_OK(tenferro_provider_inject_blas(context, &functions));
    guest_threads = 7;
    check_gemm(context, 'N', 'N');
    check_gemm(context, 'N', 'N');
    assert_int_equal(threads_seen, 1);
    assert_int_equal(thread_changes, 1);
    tenferro_context_release(context);
}

static void deterministic__no_guest_is_used(void **state)
{
    (void)state;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.deterministic = 1;
    tenferro_context *context;
    CHECK_OK(tenferro_context_create(&options, &context));
    assert_false(tf_blas_has_gemm(context, TENFERRO_FLOAT64));
    describe_contains(context, "deterministic");
    tenferro_context_release(context);
}

/* ---- swapping while in use ---- */

static void *multiply(void *context)
{
    intptr_t right = 1;
    for (int i = 0; i < 2000; i++) {
        double x = 3, y = 5, z = 0, one = 1, zero = 0;
        tenferro_status status = tf_blas_gemm(context, TENFERRO_FLOAT64, 'N', 'N', 1, 1, 1, &one,
                                              &x, 1, &y, 1, &zero, &z, 1, 1);
        right = right &&
                (status == TENFERRO_OK ? z == 15 : status == TENFERRO_UNSUPPORTED && z == 0);
    }
    return (void *)right;
}

static void inject__while_others_multiply__no_call_is_lost(void **state)
{
    (void)state;
    tenferro_context *context = context_without_guest();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, multiply, context), 0);
    for (int i = 0; i < 300; i++) {
        tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
        functions.dgemm = i % 2 ? (function)dgemm64 : (function)dgemm32;
        functions.integers = i % 2 ? TENFERRO_INTEGERS_64 : TENFERRO_INTEGERS_32;
        CHECK_OK(tenferro_provider_inject_blas(context, i % 3 ? &functions : NULL));
    }
    for (int i = 0; i < 2; i++) {
        void *right = NULL;
        pthread_join(threads[i], &right);
        assert_non_null(right);
    }
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load__errors__leave_the_guest_before),
        cmocka_unit_test(load__openblas__computes_in_every_dtype),
        cmocka_unit_test(default_guest__is_found_lazily_and_keeps_the_message),
        cmocka_unit_test(environment__names_the_guest),
        cmocka_unit_test(inject__both_widths__are_called_rightly),
        cmocka_unit_test(inject__bad_functions__are_refused),
        cmocka_unit_test(gemm__sizes_beyond_32_bits__are_refused_by_LP64),
        cmocka_unit_test(gemm__thread_count__is_set_and_put_back),
        cmocka_unit_test(deterministic__no_guest_is_used),
        cmocka_unit_test(inject__while_others_multiply__no_call_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
