/* Plans over raw pointers: rules, refusals, overlap, sharing, cache, groups, failing allocations. */
#include "arrays.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenferro/einsum.h>
#include <tenferro/ops.h>
#include <tenferro/prims.h>
#include <tenferro/provider.h>

#include "support/compat.h"

#undef I /* of complex.h */
enum { F8 = TENFERRO_FLOAT64, I, J, K, L };

static tenferro_context *context;

static tenferro_operand
array_of(int rank, const int64_t *extents, const int64_t *strides, const int64_t *labels)
{
    return tenferro_operand_make(F8, rank, extents, strides, labels);
}

#define E(...) ((const int64_t[]){__VA_ARGS__})

static tenferro_plan *matmul_plan(int64_t m, int64_t n, int64_t k)
{
    tenferro_operand a = array_of(2, E(m, k), NULL, E(I, K)),
                     b = array_of(2, E(k, n), NULL, E(K, J)),
                     d = array_of(2, E(m, n), NULL, E(I, J));
    tenferro_plan *plan;
    CHECK_OK(tenferro_plan_contraction(context, &a, &b, NULL, &d, NULL, &plan));
    return plan;
}

static double *numbers(int64_t count)
{
    double *x = malloc((size_t)count * sizeof *x);
    test_rng rng = test_rng_make((uint64_t)count);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = test_rng_real(&rng);
    return x;
}

/* ---- what the operations mean ---- */

static void contraction__matrices__product_and_sum(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4}, b[] = {10, 100, 1, 1}, two = 2, one = 1;
    double d[] = {1, 1, 1, 1};
    tenferro_plan *plan = matmul_plan(2, 2, 2);
    const void *in[] = {a, b};
    CHECK_OK(tenferro_plan_execute(plan, in, d, &two, &one, NULL, 0));
    assert_true(d[0] == 621 && d[1] == 841 && d[2] == 9 && d[3] == 13);
    tenferro_plan_release(plan);
}

static void contraction__one_operand__trace_diagonal_sum(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4};
    double d[2];
    const void *in[] = {a};
    tenferro_operand ii = array_of(2, E(2, 2), NULL, E(I, I)),
                     ij = array_of(2, E(2, 2), NULL, E(I, J)), i = array_of(1, E(2), NULL, E(I)),
                     none = array_of(0, NULL, NULL, NULL);
    const struct {
        const tenferro_operand *a, *d;
        double first, second;
    } cases[] = {{&ii, &none, 5, 0}, {&ii, &i, 1, 4}, {&ij, &i, 4, 6}, {&ij, &none, 10, 0}};
    for (size_t n = 0; n < TF_COUNT(cases); n++) {
        tenferro_plan *plan;
        CHECK_OK(
            tenferro_plan_contraction(context, cases[n].a, NULL, NULL, cases[n].d, NULL, &plan));
        CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, NULL, NULL, 0));
        assert_true(d[0] == cases[n].first && (cases[n].d->rank == 0 || d[1] == cases[n].second));
        tenferro_plan_release(plan);
    }
}

static void embedding__adjoints_of_trace_and_diagonal__written(void **state)
{
    (void)state;
    const double s[] = {7}, v[] = {1, 2}, one = 1;
    double d[4] = {NAN, NAN, NAN, NAN};
    const void *in[] = {s};
    tenferro_operand ii = array_of(2, E(2, 2), NULL, E(I, I)), none = array_of(0, NULL, NULL, NULL),
                     i = array_of(1, E(2), NULL, E(I));
    tenferro_plan *plan;
    CHECK_OK(tenferro_plan_embedding(context, &none, NULL, &ii, NULL, &plan));
    CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, NULL, NULL, 0));
    assert_true(d[0] == 7 && d[1] == 0 && d[2] == 0 && d[3] == 7);
    tenferro_plan_release(plan);
    in[0] = v;
    CHECK_OK(tenferro_plan_embedding(context, &i, NULL, &ii, NULL, &plan));
    CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, &one, NULL, 0));
    assert_true(d[0] == 8 && d[1] == 0 && d[2] == 0 && d[3] == 9);
    tenferro_plan_release(plan);
}

static void permutation__conversion_scaling_conj__in_one_call(void **state)
{
    (void)state;
    const float a[] = {1, 2, 3, 4}; /* [1+2i, 3+4i] */
    const double minus[] = {0, 1};  /* i */
    double d[4];
    const void *in[] = {a};
    tenferro_operand from = tenferro_operand_make(TENFERRO_COMPLEX64, 1, E(2), NULL, E(I)),
                     to = tenferro_operand_make(TENFERRO_COMPLEX128, 1, E(2), E(-1), E(I));
    from.conj = 1;
    tenferro_plan *plan;
    CHECK_OK(tenferro_plan_permutation(context, &from, &to, NULL, &plan));
    CHECK_OK(tenferro_plan_execute(plan, in, d + 2, minus, NULL, NULL, 0));
    assert_true(d[2] == 2 && d[3] == 1 && d[0] == 4 && d[1] == 3);
    tenferro_plan_release(plan);
}

static void elementwise__output_is_an_input__in_place(void **state)
{
    (void)state;
    double x[] = {1, 2, 3}, y[] = {10};
    const void *in[] = {x, y};
    tenferro_operand i = array_of(1, E(3), NULL, E(I)), none = array_of(0, NULL, NULL, NULL);
    tenferro_plan *plan;
    CHECK_OK(tenferro_plan_elementwise(context, TENFERRO_MAP_ADD, 2,
                                       (const tenferro_operand *[]){&i, &none}, &i, NULL, &plan));
    CHECK_OK(tenferro_plan_execute(plan, in, x, NULL, NULL, NULL, 0));
    assert_true(x[0] == 11 && x[1] == 12 && x[2] == 13);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_plan_execute(plan, in, x, y, NULL, NULL, 0));
    tenferro_plan_release(plan);
}

static void zero_extents__empty_sum_and_empty_output(void **state)
{
    (void)state;
    double d[] = {3, 5}, two = 2;
    const void *in[] = {NULL, NULL};
    tenferro_plan *plan = matmul_plan(2, 1, 0);
    CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, &two, NULL, 0));
    assert_true(d[0] == 6 && d[1] == 10);
    CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, NULL, NULL, 0));
    assert_true(d[0] == 0 && d[1] == 0);
    tenferro_plan_release(plan);
    plan = matmul_plan(0, 3, 2);
    CHECK_OK(tenferro_plan_execute(plan, NULL, NULL, NULL, NULL, NULL, 0));
    tenferro_plan_release(plan);
}

/* ---- refusals ---- */

static void planning__bad_descriptions__refused(void **state)
{
    (void)state;
    tenferro_plan *plan = (tenferro_plan *)(uintptr_t)1;
    tenferro_operand a = array_of(2, E(2, 3), NULL, E(I, K)),
                     b = array_of(2, E(3, 4), NULL, E(K, J)),
                     d = array_of(2, E(2, 4), NULL, E(I, J)), bad;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(NULL, &a, &b, NULL, &d, NULL, &plan));
    assert_null(plan);
    bad = array_of(2, E(2, 5), NULL, E(I, J));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    CHECK_MESSAGE("extent 4 in B and 5 in D");
    bad = array_of(3, E(2, 4, 2), NULL, E(I, J, L)); /* output only */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    bad = array_of(2, E(2, 2), NULL, E(I, I)); /* a diagonal written */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    bad = array_of(1, E(2), NULL, E(I)); /* C lacks a label */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(context, &a, &b, &bad, &d, NULL, &plan));
    bad = array_of(2, E(2, 4), E(1, 0), E(I, J)); /* elements on top of each other */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    CHECK_MESSAGE("share memory");
    bad = array_of(2, E(2, -4), NULL, E(I, J));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    bad = array_of(2, E(2, 4), E(1, INT64_MAX / 2), E(I, J));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    bad = d;
    bad.dtype = TENFERRO_FLOAT32;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    bad.dtype = TENFERRO_DTYPE_USER;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_plan_contraction(context, &a, &b, NULL, &bad, NULL, &plan));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_plan_permutation(context, &a, &d, NULL, &plan));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_elementwise(context, TENFERRO_MAP_ADD, 1,
                                           (const tenferro_operand *[]){&a}, &a, NULL, &plan));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_elementwise(context, (tenferro_map)20, 1,
                                           (const tenferro_operand *[]){&a}, &a, NULL, &plan));
    bad = array_of(1, E(2), NULL, E(I));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_plan_reduction(context, TENFERRO_REDUCE_ARGMAX,
                                                                  &a, NULL, &bad, NULL, &plan));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_plan_reduction(context, TENFERRO_REDUCE_ANY, &a,
                                                                  NULL, &bad, NULL, &plan));
    tenferro_operand none = array_of(2, E(2, 0), NULL, E(I, K));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_plan_reduction(context, TENFERRO_REDUCE_MAX,
                                                                  &none, NULL, &bad, NULL, &plan));
    assert_null(plan);
}

static void execution__overlap__refused_unless_exactly_c(void **state)
{
    (void)state;
    double x[64] = {0}, one = 1;
    tenferro_operand a = array_of(2, E(2, 2), E(1, 8), E(I, K)),
                     b = array_of(2, E(2, 2), E(1, 8), E(K, J)),
                     c = array_of(2, E(2, 2), E(1, 8), E(I, J)),
                     t = array_of(2, E(2, 2), E(8, 1), E(I, J));
    tenferro_plan *plan, *other;
    CHECK_OK(tenferro_plan_contraction(context, &a, &b, &c, &c, NULL, &plan));
    const void *in[3] = {x, x + 16, x + 32};
    CHECK_OK(tenferro_plan_execute(plan, in, x + 32, NULL, &one, NULL, 0)); /* D is C */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(plan, in, x + 33, NULL, &one, NULL, 0)); /* half of it */
    CHECK_MESSAGE("D overlaps C");
    CHECK_OK(tenferro_plan_execute(plan, in, x + 33, NULL, NULL, NULL, 0)); /* C is not read */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_plan_execute(plan, in, x, NULL, NULL, NULL, 0));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(plan, in, x + 17, NULL, NULL, NULL, 0));
    /* the blocks of one matrix: their spans meet, their elements do not */
    in[1] = x + 2;
    CHECK_OK(tenferro_plan_execute(plan, in, x + 4, NULL, NULL, NULL, 0));
    in[1] = x + 4;
    CHECK_OK(tenferro_plan_execute(plan, in, x + 2, NULL, NULL, NULL, 0));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(plan, in, x + 5, NULL, NULL, NULL, 0));
    /* the same memory in another order is not exactly C */
    CHECK_OK(tenferro_plan_contraction(context, &a, &b, &t, &c, NULL, &other));
    in[1] = x + 16;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(other, in, x + 32, NULL, &one, NULL, 0));
    tenferro_plan_release(other);
    tenferro_plan_release(plan);
}

static void execution__bad_pointers__refused(void **state)
{
    (void)state;
    double x[16] = {0};
    tenferro_plan *plan = matmul_plan(2, 2, 2);
    const void *in[2] = {x, NULL};
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(plan, in, x + 8, NULL, NULL, NULL, 0));
    CHECK_MESSAGE("pointer of B is NULL");
    in[1] = (const char *)x + 33;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_plan_execute(plan, in, x + 12, NULL, NULL, NULL, 0));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_plan_execute(NULL, in, x, NULL, NULL, NULL, 0));
    tenferro_context_cancel(context);
    in[1] = x + 4;
    CHECK_STATUS(TENFERRO_CANCELLED, tenferro_plan_execute(plan, in, x + 8, NULL, NULL, NULL, 0));
    tenferro_context_cancel_clear(context);
    tenferro_plan_release(plan);
}

/* ---- workspace and allocations ---- */

enum { N = 150 };

static void execution__workspace_given__allocates_nothing(void **state)
{
    (void)state;
    test_allocator allocator;
    tenferro_context *own, *saved = context;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    test_allocator_init(&allocator);
    options.allocator = &allocator.allocator;
    options.threads = 2;
    options.pool_limit = -1; /* every block comes from the allocator */
    CHECK_OK(tenferro_context_create(&options, &own));
    context = own;
    double *a = numbers(N * N * 20), *b = numbers(N * N), *d = numbers(N * N);
    const void *in[] = {a, b};
    tenferro_operand all = array_of(3, E(N, N, 20), NULL, E(I, J, K)),
                     out[] = {array_of(1, E(N), NULL, E(I)), array_of(1, E(N), NULL, E(J)),
                              array_of(0, NULL, NULL, NULL)};
    for (int i = 0; i < 4; i++) {
        int64_t bytes;
        double two = 2;
        tenferro_plan *plan;
        if (i < 3)
            CHECK_OK(tenferro_plan_reduction(own, TENFERRO_REDUCE_SUM, &all, NULL, &out[i], NULL,
                                             &plan));
        else
            plan = matmul_plan(N, N, N);
        CHECK_OK(tenferro_plan_workspace(plan, &bytes));
        assert_true(bytes > 0);
        char *workspace = malloc((size_t)bytes + 1);
        /* worker threads are started by the first parallel work */
        CHECK_OK(tenferro_plan_execute(plan, in, d, &two, NULL, workspace, bytes));
        int64_t before = allocator.count;
        CHECK_OK(tenferro_plan_execute(plan, in, d, &two, NULL, workspace + 1, bytes));
        assert_int_equal(allocator.count, before);
        free(workspace);
        tenferro_plan_release(plan);
    }
    tenferro_context_release(own);
    test_allocator_check_empty(&allocator);
    context = saved;
    free(a);
    free(b);
    free(d);
}

/* Every kind planned and executed, as far as allocations allow. */
static tenferro_status plan_and_run(tenferro_context *own, int which)
{
    static double x[4096], y[4096], d[4096];
    static const double two = 2;
    int64_t ones[30], labels[30];
    for (int i = 0; i < 30; i++) {
        ones[i] = i < 2 ? 40 : 1;
        labels[i] = i < 2 ? i : 100 + i;
    }
    tenferro_operand a = array_of(30, ones, NULL, labels), row = array_of(1, E(40), NULL, E(1)),
                     matrix = array_of(2, E(40, 40), NULL, E(0, 1)),
                     b = array_of(2, E(40, 40), NULL, E(1, 2)),
                     d2 = array_of(2, E(40, 40), E(41, 1), E(0, 2)),
                     z = tenferro_operand_make(TENFERRO_COMPLEX128, 1, E(40), NULL, E(1)),
                     square = array_of(2, E(40, 40), NULL, E(1, 1));
    const void *in[] = {x, y, y};
    tenferro_plan *plan = NULL;
    tenferro_status status = TENFERRO_OK;
    z.conj = 1;
    tenferro_operand plain = z;
    plain.conj = 0;
    switch (which) {
    case 0:
        status = tenferro_plan_contraction(own, &a, &b, NULL, &d2, NULL, &plan);
        break;
    case 1:
        status = tenferro_plan_permutation(own, &a, &matrix, NULL, &plan);
        assert_true(status != TENFERRO_OK); /* labels of extent 1 count */
        status = tenferro_plan_permutation(own, &a, &a, NULL, &plan);
        break;
    case 2:
        status = tenferro_plan_embedding(own, &row, NULL, &square, NULL, &plan);
        break;
    case 3:
        status = tenferro_plan_reduction(own, TENFERRO_REDUCE_MAX, &a, &row, &row, NULL, &plan);
        break;
    case 4:
        status = tenferro_plan_elementwise(own, TENFERRO_MAP_MUL, 2,
                                           (const tenferro_operand *[]){&z, &z}, &plain, NULL,
                                           &plan);
        break;
    case 5:
        return tenferro_prims_contract(own, NULL, &matrix, x, &b, y, NULL, NULL, NULL, &d2, d);
    default: {
        status = tenferro_plan_contraction(own, &matrix, &b, NULL, &d2, NULL, &plan);
        tenferro_plan_call calls[3];
        for (int i = 0; i < 3; i++)
            calls[i] = (tenferro_plan_call){plan, in, d, NULL, NULL};
        if (status == TENFERRO_OK)
            status = tenferro_plan_execute_group(3, calls);
        tenferro_plan_release(plan);
        return status;
    }
    }
    if (status == TENFERRO_OK)
        status = tenferro_plan_execute(plan, in, d, which == 4 ? NULL : &two, NULL, NULL, 0);
    tenferro_plan_release(plan);
    return status;
}

static void every_kind__allocations_fail__nothing_lost(void **state)
{
    (void)state;
    for (int which = 0; which < 7; which++) {
        int64_t failures = 0;
        for (int once = 0; once < 2; once++)
            for (int64_t n = 0, failed = 1; failed; n++) {
                test_allocator allocator;
                test_allocator_init(&allocator);
                tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
                options.allocator = &allocator.allocator;
                options.threads = 1;
                options.pool_limit = -1;
                options.blas = "none";
                tenferro_context *own;
                CHECK_OK(tenferro_context_create(&options, &own));
                int64_t start = allocator.count;
                allocator.fail_once = once;
                allocator.fail_after = start + n;
                tenferro_status status = plan_and_run(own, which);
                failed = allocator.count > start + n;
                failures += failed;
                assert_true(status == TENFERRO_OK || (failed && status == TENFERRO_OUT_OF_MEMORY));
                allocator.fail_after = -1;
                CHECK_OK(plan_and_run(own, which));
                tenferro_context_release(own);
                test_allocator_check_empty(&allocator);
            }
        assert_true(failures > 0);
    }
}

/* ---- sharing ---- */

typedef struct shared {
    tenferro_plan *plan;
    const void *in[2];
    double *d;
} shared;

static void *execute_often(void *user)
{
    shared *s = user;
    for (int i = 0; i < 20; i++)
        if (tenferro_plan_execute(s->plan, s->in, s->d, NULL, NULL, NULL, 0) != TENFERRO_OK)
            return s;
    tenferro_plan_release(s->plan);
    return NULL;
}

static void plan__two_threads__same_bits(void **state)
{
    (void)state;
    double *a = numbers(N * N), *b = numbers(N * N + 1),
           *d[3] = {numbers(N * N), numbers(N * N), numbers(N * N)};
    for (int small = 0; small < 2; small++) {
        int64_t n = small ? 3 : N;
        tenferro_plan *plan = matmul_plan(n, n, n);
        shared s[2];
        pthread_t threads[2];
        const void *in[] = {a, b};
        for (int i = 0; i < 2; i++) {
            s[i] = (shared){tenferro_plan_retain(plan), {a, b}, d[i]};
            assert_int_equal(pthread_create(&threads[i], NULL, execute_often, &s[i]), 0);
        }
        CHECK_OK(tenferro_plan_execute(plan, in, d[2], NULL, NULL, NULL, 0));
        for (int i = 0; i < 2; i++) {
            void *failed;
            pthread_join(threads[i], &failed);
            assert_null(failed);
            assert_memory_equal(d[i], d[2], (size_t)(n * n) * sizeof *a);
        }
        tenferro_plan_release(plan);
    }
    for (int i = 0; i < 3; i++)
        free(d[i]);
    free(a);
    free(b);
}

static void plan__outlives_the_callers_context(void **state)
{
    (void)state;
    tenferro_context *own = test_context(), *saved = context;
    context = own;
    tenferro_plan *plan = matmul_plan(2, 2, 2);
    context = saved;
    tenferro_context_release(own);
    const double a[] = {1, 0, 0, 1};
    double d[4];
    const void *in[] = {a, a};
    CHECK_OK(tenferro_plan_execute(plan, in, d, NULL, NULL, NULL, 0));
    assert_memory_equal(d, a, sizeof d);
    tenferro_plan_release(plan);
    tenferro_plan_release(NULL);
}

/* ---- cache ---- */

static void cache__same_description__hits__and_stays_bounded(void **state)
{
    (void)state;
    tenferro_context *own = test_context();
    tenferro_plan_cache_statistics s = TENFERRO_PLAN_CACHE_STATISTICS_INIT;
    double x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, d[8];
    int64_t stride = 1, label = I;
    tenferro_operand a = array_of(1, E(2), &stride, &label), none = array_of(0, NULL, NULL, NULL);
    for (int i = 0; i < 3; i++)
        CHECK_OK(tenferro_prims_contract(own, NULL, &a, x, NULL, NULL, NULL, NULL, NULL, &none, d));
    CHECK_OK(tenferro_prims_cache_statistics(own, &s));
    assert_true(s.hits == 2 && s.misses == 1 && s.plans == 1 && s.bytes > 0 && s.evictions == 0);
    assert_true(d[0] == 3);
    stride = 3; /* strides, conj, labels and dtypes are part of the key */
    CHECK_OK(tenferro_prims_contract(own, NULL, &a, x, NULL, NULL, NULL, NULL, NULL, &none, d));
    assert_true(d[0] == 5);
    CHECK_OK(tenferro_prims_cache_statistics(own, &s));
    assert_true(s.plans == 2);
    tenferro_operand z = tenferro_operand_make(TENFERRO_COMPLEX128, 0, NULL, NULL, NULL), conj = z;
    conj.conj = 1;
    CHECK_OK(tenferro_prims_contract(own, NULL, &z, x, NULL, NULL, NULL, NULL, NULL, &z, d));
    assert_true(d[1] == 2);
    CHECK_OK(tenferro_prims_contract(own, NULL, &conj, x, NULL, NULL, NULL, NULL, NULL, &z, d));
    assert_true(d[1] == -2);
    for (stride = 4; stride < 3000; stride++) {
        tenferro_operand one = array_of(1, E(1), &stride, &label);
        CHECK_OK(
            tenferro_prims_contract(own, NULL, &one, x, NULL, NULL, NULL, NULL, NULL, &none, d));
    }
    CHECK_OK(tenferro_prims_cache_statistics(own, &s));
    assert_true(s.plans <= 512 && s.evictions > 2000 && s.bytes <= 16 << 20);
    tenferro_context_release(own);
}

static int64_t hits_of(tenferro_context *own)
{
    tenferro_plan_cache_statistics s = TENFERRO_PLAN_CACHE_STATISTICS_INIT;
    CHECK_OK(tenferro_prims_cache_statistics(own, &s));
    return s.hits;
}

static void cache__serves_tensors_and_einsum(void **state)
{
    (void)state;
    tenferro_context *own = test_context();
    test_rng rng = test_rng_make(3);
    tenferro_tensor *x = test_random_tensor(own, &rng, TENFERRO_FLOAT64, 2, E(5, 5), TEST_COMPACT),
                    *y = test_random_tensor(own, &rng, TENFERRO_FLOAT64, 2, E(5, 5), TEST_STRIDED),
                    *z[4];
    const tenferro_tensor *both[] = {x, y};
    CHECK_OK(tenferro_matmul(x, x, &z[0]));
    assert_int_equal(hits_of(own), 0);
    CHECK_OK(tenferro_matmul(x, x, &z[1]));
    assert_int_equal(hits_of(own), 1);
    CHECK_OK(tenferro_matmul(x, y, &z[2])); /* other strides */
    assert_int_equal(hits_of(own), 1);
    CHECK_OK(tenferro_einsum("ij,jk->ik", 2, both, &z[3]));
    assert_int_equal(hits_of(own), 2);
    test_value *a = test_elements(z[2]), *b = test_elements(z[3]);
    for (int i = 0; i < 25; i++)
        assert_true(a[i] == b[i]);
    free(a);
    free(b);
    for (int i = 0; i < 4; i++)
        tenferro_tensor_release(z[i]);
    tenferro_tensor_release(x);
    tenferro_tensor_release(y);
    tenferro_context_release(own);
}

/* ---- groups ---- */

static void group__many_blocks__as_one_by_one(void **state)
{
    (void)state;
    enum { CALLS = 60, SIZE = 130 * 130 };
    CHECK_OK(tenferro_context_set_threads(context, 2));
    double *a = numbers(SIZE), *b = numbers(SIZE), *d = numbers(25 * SIZE),
           *want = numbers(25 * SIZE);
    static const int64_t sizes[] = {3, 70, 130};
    tenferro_plan *plans[3];
    tenferro_plan_call calls[CALLS];
    const void *in[] = {a, b};
    const double one = 1;
    for (int i = 0; i < 3; i++)
        plans[i] = matmul_plan(sizes[i], sizes[i], sizes[i]);
    for (int i = 0; i < CALLS; i++) { /* the later ones add to the blocks of the first */
        int64_t block = i % 25 < 10 ? 0 : i % 25; /* many add to block 0 */
        calls[i] = (tenferro_plan_call){plans[block % 25 == 24 ? 2
                                              : block % 3 == 2 ? 0
                                                               : 1],
                                        in, d + block * SIZE, NULL,
                                        i >= 25 || (i > 0 && block == 0) ? &one : NULL};
        CHECK_OK(tenferro_plan_execute(calls[i].plan, in, want + block * SIZE, NULL, calls[i].beta,
                                       NULL, 0));
    }
    for (int repeat = 0; repeat < 20; repeat++) {
        CHECK_OK(tenferro_plan_execute_group(CALLS, calls));
        assert_memory_equal(d, want, 25 * SIZE * sizeof *d);
    }
    CHECK_OK(tenferro_plan_execute_group(0, NULL));
    calls[30].output = NULL;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_plan_execute_group(CALLS, calls));
    CHECK_MESSAGE("call 30");
    calls[30].output = d;
    calls[31].plan = NULL;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_plan_execute_group(CALLS, calls));
    for (int i = 0; i < 3; i++)
        tenferro_plan_release(plans[i]);
    free(a);
    free(b);
    free(d);
    free(want);
}

/* ---- description ---- */

static void describe__contraction__tells_route_and_shape(void **state)
{
    (void)state;
    char text[1024];
    size_t needed;
    tenferro_plan *plan = matmul_plan(64, 32, 16);
    CHECK_OK(tenferro_plan_describe(plan, text, sizeof text, &needed));
    assert_int_equal(needed, strlen(text));
    assert_non_null(strstr(text, "route: small\ntile: "));
    assert_non_null(strstr(text, " us on one thread"));
    assert_non_null(strstr(text, "m 64 n 32 k 16"));
    assert_non_null(strstr(text, "flops: 65536"));
    CHECK_OK(tenferro_plan_describe(plan, NULL, 0, &needed));
    assert_int_equal(needed, strlen(text));
    tenferro_plan_release(plan);
    tenferro_plan_options options = TENFERRO_PLAN_OPTIONS_INIT;
    tenferro_operand a = array_of(2, E(4, 4), NULL, E(I, K)), d = array_of(1, E(4), NULL, E(I));
    options.route = TENFERRO_ROUTE_NAIVE;
    CHECK_OK(tenferro_plan_contraction(context, &a, NULL, NULL, &d, &options, &plan));
    CHECK_OK(tenferro_plan_describe(plan, text, sizeof text, NULL));
    assert_non_null(strstr(text, "naive (forced)"));
    tenferro_plan_release(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contraction__matrices__product_and_sum),
        cmocka_unit_test(contraction__one_operand__trace_diagonal_sum),
        cmocka_unit_test(embedding__adjoints_of_trace_and_diagonal__written),
        cmocka_unit_test(permutation__conversion_scaling_conj__in_one_call),
        cmocka_unit_test(elementwise__output_is_an_input__in_place),
        cmocka_unit_test(zero_extents__empty_sum_and_empty_output),
        cmocka_unit_test(planning__bad_descriptions__refused),
        cmocka_unit_test(execution__overlap__refused_unless_exactly_c),
        cmocka_unit_test(execution__bad_pointers__refused),
        cmocka_unit_test(execution__workspace_given__allocates_nothing),
        cmocka_unit_test(every_kind__allocations_fail__nothing_lost),
        cmocka_unit_test(plan__two_threads__same_bits),
        cmocka_unit_test(plan__outlives_the_callers_context),
        cmocka_unit_test(cache__same_description__hits__and_stays_bounded),
        cmocka_unit_test(cache__serves_tensors_and_einsum),
        cmocka_unit_test(group__many_blocks__as_one_by_one),
        cmocka_unit_test(describe__contraction__tells_route_and_shape),
    };
    test_allocator allocator;
    test_allocator_init(&allocator);
    context = test_context_with(&allocator, 2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tenferro_context_release(context);
    return failed;
}
