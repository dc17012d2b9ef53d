/* The contraction engine's rules and choices; test_contract_random.c has the numbers. */
#include "../engine_fixture.h"

#include "contract/contract.h"

/* C = A B, all n x n and column-major. */
typedef struct matmul {
    tf_contraction c;
    int64_t extents[3], a[3], b[3], out[3];
    unsigned char summed[3];
} matmul;

static void matmul_make(matmul *m, tenferro_dtype dtype, int64_t n)
{
    *m = (matmul){.extents = {n, n, n},
                  .a = {1, n, 0},
                  .b = {0, 1, n},
                  .out = {1, 0, n},
                  .summed = {0, 1, 0}};
    m->c = (tf_contraction){.dtype = dtype,
                            .labels = 3,
                            .extents = m->extents,
                            .a_strides = m->a,
                            .b_strides = m->b,
                            .c_strides = m->out,
                            .summed = m->summed};
}

static int gemm_calls;
static tenferro_status gemm_status;

static int has_gemm(void *user, tenferro_dtype dtype)
{
    (void)user;
    return dtype == TENFERRO_FLOAT64;
}

static tenferro_status
counting_gemm(void *user, tenferro_dtype dtype, char ta, char tb, int64_t m, int64_t n, int64_t k,
              const void *alpha, const void *a, int64_t lda, const void *b, int64_t ldb,
              const void *beta, void *c, int64_t ldc)
{
    (void)user, (void)dtype, (void)ta, (void)tb, (void)m, (void)n, (void)k, (void)alpha, (void)a,
        (void)lda, (void)b;
    (void)ldb, (void)beta, (void)c, (void)ldc;
    gemm_calls++;
    return gemm_status;
}

static void choose__size_and_guest__decide(void **state)
{
    (void)state;
    fixture f;
    matmul m;
    fixture_open(&f, &tf_kernels_portable);
    matmul_make(&m, TENFERRO_FLOAT64, 20);
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_SMALL);
    m.extents[2] = 1; /* matrix times vector */
    m.extents[0] = m.extents[1] = 1000;
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_DIRECT);
    matmul_make(&m, TENFERRO_FLOAT64, 300);
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_PACKED);
    f.engine.has_gemm = has_gemm;
    f.engine.gemm = counting_gemm;
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_BLAS);
    m.a[0] = 600; /* no unit stride */
    m.a[1] = 2;
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_PACKED);
    matmul_make(&m, TENFERRO_INT64, 300);
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_PACKED);
    matmul_make(&m, TENFERRO_FLOAT32, 300); /* the guest has none */
    assert_int_equal(tf_contract_choose(&f.engine, &m.c), TF_ROUTE_PACKED);
    assert_string_equal(tf_route_name(TF_ROUTE_PACKED), "packed");
    assert_string_equal(tf_route_name(TF_ROUTE_COUNT), "?");
    fixture_close(&f);
}

static void contract__guest_refuses__own_loops_serve(void **state)
{
    (void)state;
    enum { N = 100 };
    static double a[N * N], b[N * N], c[N * N];
    fixture f;
    matmul m;
    for (int i = 0; i < N * N; i++) {
        a[i] = i % N == i / N ? 2 : 0;
        b[i] = i;
    }
    fixture_open(&f, &tf_kernels_portable);
    f.engine.has_gemm = has_gemm;
    f.engine.gemm = counting_gemm;
    matmul_make(&m, TENFERRO_FLOAT64, N);
    gemm_calls = 0;
    gemm_status = TENFERRO_UNSUPPORTED;
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_AUTO, a, b, c), TENFERRO_OK);
    assert_int_equal(gemm_calls, 1);
    for (int i = 0; i < N * N; i++)
        assert_true(c[i] == 2 * b[i]);
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_BLAS, a, b, c), TENFERRO_UNSUPPORTED);
    gemm_status = TENFERRO_DEVICE; /* a failure is not a refusal */
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_AUTO, a, b, c), TENFERRO_DEVICE);
    fixture_close(&f);
}

static void contract__empty_sum__gives_beta_c(void **state)
{
    (void)state;
    fixture f;
    matmul m;
    double c[] = {1, 2, 3, 4}, beta = 3;
    fixture_open(&f, &tf_kernels_portable);
    matmul_make(&m, TENFERRO_FLOAT64, 2);
    m.extents[1] = 0;
    m.c.beta = &beta;
    for (int route = TF_ROUTE_AUTO; route <= TF_ROUTE_PACKED; route++)
        assert_int_equal(tf_contract(&f.engine, &m.c, (tf_contract_route)route, c, c, c),
                         TENFERRO_OK);
    assert_true(c[0] == 27 && c[3] == 108);
    m.extents[0] = 0;
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_AUTO, NULL, NULL, NULL), TENFERRO_OK);
    fixture_close(&f);
}

/*
 * C[j,i] = sum over k, l, p of A[k,i,l,p] B[l,j,k,p]: few elements, a long sum, runs along different
 * labels.  K is cut into chunks, which two threads share.
 */
static void contract__long_sum__has_the_bits_of_one_thread(void **state)
{
    (void)state;
    enum { I = 5, J = 7, K = 24, L = 19, P = 150 };
    static double a[K * I * L * P], b[L * J * K * P], c[4][I * J];
    const int64_t extents[] = {I, J, K, L, P}, a_strides[] = {K, 0, 1, K * I, K * I * L},
                  b_strides[] = {0, L, L * J, 1, L * J * K}, c_strides[] = {J, 1, 0, 0, 0};
    const unsigned char summed[] = {0, 0, 1, 1, 1};
    const double alpha = 3, beta = -2;
    const tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                              .labels = 5,
                              .extents = extents,
                              .a_strides = a_strides,
                              .b_strides = b_strides,
                              .c_strides = c_strides,
                              .summed = summed,
                              .alpha = &alpha,
                              .beta = &beta};
    const tf_kernels *isas[3];
    int count = fixture_isas(isas);
    for (int isa = 0; isa < count; isa++)
        for (int exact = 0; exact < 2; exact++) {
            fixture f;
            fixture_open(&f, isas[isa]);
            for (int i = 0; i < K * I * L * P; i++)
                a[i] = exact ? (double)random_below(9) - 4 : random_real(-1, 1);
            for (int i = 0; i < L * J * K * P; i++)
                b[i] = exact ? (double)random_below(9) - 4 : random_real(-1, 1);
            for (int i = 0; i < I * J; i++)
                for (int run = 0; run < 4; run++)
                    c[run][i] = i;
            for (int run = 0; run < 3; run++) {
                f.engine.threads = 1 + run % 2;
                assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_PACKED, a, b, c[run]),
                                 TENFERRO_OK);
                assert_memory_equal(c[run], c[0], sizeof c[0]);
            }
            f.engine.threads = 2;
            assert_true(f.peak <= tf_contract_scratch(&f.engine, &d, TF_ROUTE_PACKED));
            assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_NAIVE, a, b, c[3]), TENFERRO_OK);
            if (exact)
                assert_memory_equal(c[3], c[0], sizeof c[0]);
            fixture_close(&f);
        }
}

/* A label that is summed and in no operand multiplies. */
static void contract__label_of_nobody__multiplies(void **state)
{
    (void)state;
    fixture f;
    int64_t extents[] = {5}, zero[] = {0};
    unsigned char summed[] = {1};
    int32_t a = 7, b = 3, c = 0;
    tf_contraction d = {.dtype = TENFERRO_INT32,
                        .labels = 1,
                        .extents = extents,
                        .a_strides = zero,
                        .b_strides = zero,
                        .c_strides = zero,
                        .summed = summed};
    fixture_open(&f, &tf_kernels_portable);
    assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_AUTO, &a, &b, &c), TENFERRO_OK);
    assert_int_equal(c, 105);
    assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_AUTO, &a, NULL, &c), TENFERRO_OK);
    assert_int_equal(c, 35);
    fixture_close(&f);
}

static void contract__bad_dtype__is_refused(void **state)
{
    (void)state;
    fixture f;
    matmul m;
    double x[4] = {0};
    fixture_open(&f, &tf_kernels_portable);
    matmul_make(&m, TENFERRO_BOOL, 2);
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_AUTO, x, x, x), TENFERRO_DTYPE_MISMATCH);
    m.c.dtype = TENFERRO_DTYPE_USER;
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_AUTO, x, x, x), TENFERRO_DTYPE_MISMATCH);
    fixture_close(&f);
}

static void contract__no_scratch__leaves_c_alone(void **state)
{
    (void)state;
    enum { N = 150 };
    static float a[N * N], c[N * N];
    fixture f;
    matmul m;
    fixture_open(&f, &tf_kernels_portable);
    f.fail_scratch = 1;
    c[5] = 42;
    matmul_make(&m, TENFERRO_FLOAT32, N);
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_PACKED, a, a, c), TENFERRO_OUT_OF_MEMORY);
    assert_true(c[5] == 42);
    m.out[2] = 0; /* sum over j too: B alone has it */
    m.summed[2] = 1;
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_PACKED, a, a, c), TENFERRO_OUT_OF_MEMORY);
    assert_true(c[5] == 42);
    fixture_close(&f);
}

static void contract__cancelled__stops(void **state)
{
    (void)state;
    enum { N = 150 };
    static double a[N * N], c[N * N];
    fixture f;
    matmul m;
    fixture_open(&f, &tf_kernels_portable);
    f.cancel = 1;
    matmul_make(&m, TENFERRO_FLOAT64, N);
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_PACKED, a, a, c), TENFERRO_CANCELLED);
    m.extents[2] = 1; /* matrix times vector */
    assert_int_equal(tf_contract(&f.engine, &m.c, TF_ROUTE_DIRECT, a, a, c), TENFERRO_CANCELLED);
    fixture_close(&f);
}

static void contract__too_many_iterations__overflows(void **state)
{
    (void)state;
    fixture f;
    int64_t extents[70], a[70], zero[70] = {0};
    unsigned char summed[70];
    double x = 1, c;
    for (int i = 0; i < 70; i++) {
        extents[i] = 2;
        a[i] = 1;
        summed[i] = 1;
    }
    tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                        .labels = 70,
                        .extents = extents,
                        .a_strides = a,
                        .b_strides = zero,
                        .c_strides = zero,
                        .summed = summed};
    fixture_open(&f, &tf_kernels_portable);
    assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_AUTO, &x, &x, &c), TENFERRO_OVERFLOW);
    fixture_close(&f);
}

/* Element (i, j) of an operand is a small integer, so that sums are exact in any order. */
static double small_at(int64_t i, int64_t j)
{
    return (double)((i * 7 + j * 3) % 11 - 5);
}

/* sum over i, j of a[i,j] b[j,i]: B's part of a tile is turned, on one thread and on two alike. */
static void contract__inner_product_transposed__is_exact(void **state)
{
    (void)state;
    enum { M = 150, N = 331 };
    static double a[M * N], b[M * N];
    double want = 0;
    for (int64_t j = 0; j < N; j++)
        for (int64_t i = 0; i < M; i++) {
            a[i + j * M] = small_at(i, j);
            b[j + i * N] = small_at(j, 2 * i);
            want += a[i + j * M] * b[j + i * N];
        }
    const tf_kernels *isas[4];
    int count = fixture_isas(isas);
    for (int isa = 0; isa < count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        int64_t extents[] = {M, N}, a_strides[] = {1, M}, b_strides[] = {N, 1}, none[] = {0, 0};
        unsigned char summed[] = {1, 1};
        tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                            .labels = 2,
                            .extents = extents,
                            .a_strides = a_strides,
                            .b_strides = b_strides,
                            .c_strides = none,
                            .summed = summed};
        double c = NAN;
        assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_DIRECT, a, b, &c), TENFERRO_OK);
        assert_true(c == want);
        fixture_close(&f);
    }
}

/* C of 17 MB goes past the caches, from an address that no cache line begins at. */
static void contract__outer_product_past_the_caches__is_exact(void **state)
{
    (void)state;
    enum { M = 1501, N = 1501 };
    static double a[M], b[N], c[M * N + 3];
    for (int64_t i = 0; i < M; i++) {
        a[i] = small_at(i, 1);
        b[i] = small_at(2, i);
    }
    const tf_kernels *isas[4];
    int count = fixture_isas(isas);
    double alphas[] = {1, 2};
    for (int run = 0; run < 2 * count; run++) {
        fixture f;
        fixture_open(&f, isas[run / 2]);
        int64_t extents[] = {M, N}, a_strides[] = {1, 0}, b_strides[] = {0, 1}, c_strides[] = {1, M};
        unsigned char summed[] = {0, 0};
        tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                            .labels = 2,
                            .extents = extents,
                            .a_strides = a_strides,
                            .b_strides = b_strides,
                            .c_strides = c_strides,
                            .summed = summed,
                            .alpha = &alphas[run % 2]};
        for (int64_t i = 0; i < M * N + 3; i++)
            c[i] = NAN;
        assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_DIRECT, a, b, c + 1), TENFERRO_OK);
        assert_true(isnan(c[0]) && isnan(c[M * N + 1]));
        for (int64_t j = 0; j < N; j++)
            for (int64_t i = 0; i < M; i++)
                assert_true(c[1 + i + j * M] == alphas[run % 2] * a[i] * b[j]);
        fixture_close(&f);
    }
}

/*
 * Batches that are innermost: C past the caches and not, from an address that a cache line begins
 * at and from another, rows and columns that fill no tile, matrices that fill no vector.
 */
static void contract__innermost_batch__is_exact(void **state)
{
    (void)state;
    enum { M = 5, N = 7, K = 3, STRIDE = 61000, MOST = STRIDE - 3, SHIFT = 1 };
    static _Alignas(64) double a[M * K * STRIDE], b[K * N * STRIDE], c[M * N * STRIDE + SHIFT];
    for (int64_t i = 0; i < M * K * STRIDE; i++)
        a[i] = small_at(i, i / STRIDE);
    for (int64_t i = 0; i < K * N * STRIDE; i++)
        b[i] = small_at(i / STRIDE, i);
    const tf_kernels *isas[4];
    int count = fixture_isas(isas);
    const double alpha = 2, beta = 3;
    const int64_t batches[] = {MOST, 61, 16};
    for (int run = 0; run < 12 * count; run++) {
        int64_t batch = batches[run % 3], shift = run / 3 % 2 * SHIFT;
        int has_beta = run / 6 % 2;
        fixture f;
        fixture_open(&f, isas[run / 12]);
        int64_t extents[] = {batch, M, N, K}, a_strides[] = {1, STRIDE, 0, M * STRIDE},
                b_strides[] = {1, 0, K * STRIDE, STRIDE}, c_strides[] = {1, STRIDE, M * STRIDE, 0};
        unsigned char summed[] = {0, 0, 0, 1};
        tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                            .labels = 4,
                            .extents = extents,
                            .a_strides = a_strides,
                            .b_strides = b_strides,
                            .c_strides = c_strides,
                            .summed = summed,
                            .alpha = &alpha,
                            .beta = has_beta ? &beta : NULL};
        for (int64_t i = 0; i < M * N * STRIDE + SHIFT; i++)
            c[i] = has_beta && (i - shift + STRIDE) % STRIDE < batch ? 1 : NAN;
        assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_SMALL, a, b, c + shift), TENFERRO_OK);
        for (int64_t e = 0; e < M * N; e++)
            for (int64_t q = 0; q < STRIDE; q++) {
                double got = c[shift + e * STRIDE + q], want = has_beta ? beta : 0;
                for (int64_t p = 0; p < K; p++)
                    want += alpha * a[(e % M + p * M) * STRIDE + q] *
                            b[(p + e / M * K) * STRIDE + q];
                assert_true(q < batch ? got == want : isnan(got));
            }
        fixture_close(&f);
    }
    fixture f;
    fixture_open(&f, isas[0]);
    f.fail_scratch = 1;
    int64_t extents[] = {16, 2, 2, 2}, a_strides[] = {1, 16, 0, 32}, b_strides[] = {1, 0, 16, 32},
            c_strides[] = {1, 16, 32, 0};
    unsigned char summed[] = {0, 0, 0, 1};
    tf_contraction d = {.dtype = TENFERRO_FLOAT64,
                        .labels = 4,
                        .extents = extents,
                        .a_strides = a_strides,
                        .b_strides = b_strides,
                        .c_strides = c_strides,
                        .summed = summed};
    c[0] = 42;
    assert_int_equal(tf_contract(&f.engine, &d, TF_ROUTE_SMALL, a, b, c), TENFERRO_OUT_OF_MEMORY);
    assert_true(c[0] == 42);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choose__size_and_guest__decide),
        cmocka_unit_test(contract__guest_refuses__own_loops_serve),
        cmocka_unit_test(contract__empty_sum__gives_beta_c),
        cmocka_unit_test(contract__long_sum__has_the_bits_of_one_thread),
        cmocka_unit_test(contract__label_of_nobody__multiplies),
        cmocka_unit_test(contract__bad_dtype__is_refused),
        cmocka_unit_test(contract__no_scratch__leaves_c_alone),
        cmocka_unit_test(contract__cancelled__stops),
        cmocka_unit_test(contract__too_many_iterations__overflows),
        cmocka_unit_test(contract__inner_product_transposed__is_exact),
        cmocka_unit_test(contract__outer_product_past_the_caches__is_exact),
        cmocka_unit_test(contract__innermost_batch__is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
