/*
 * The contraction engine against a sum over indices: random labels, layouts, conjugations and
 * scalars, every dtype, every route, both ISAs; 1 and 2 threads give the same bits.
 */
#include "../engine_fixture.h"
#include "testing.h"

#include <math.h>

#include "contract/contract.h"

static const tf_kernels *isas[3];
static int isa_count;

/* ---- a guest's gemm, as plain as can be ---- */

static int guest_calls;

static int guest_has(void *user, tenferro_dtype dtype)
{
    (void)user;
    return dtype >= TENFERRO_FLOAT32;
}

static number times(number x, number y)
{
    return (number){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re,
                    (int64_t)((uint64_t)x.i * (uint64_t)y.i)};
}

static number plus(number x, number y)
{
    return (number){x.re + y.re, x.im + y.im, (int64_t)((uint64_t)x.i + (uint64_t)y.i)};
}

static number guest_element(tenferro_dtype dtype, char trans, const char *a, int64_t ld,
                            int64_t row, int64_t column)
{
    int64_t at = trans == 'N' ? row + column * ld : column + row * ld;
    number x = load(dtype, a + at * tf_element_size(dtype));
    if (trans == 'C')
        x.im = -x.im;
    return x;
}

static tenferro_status
guest_gemm(void *user, tenferro_dtype dtype, char ta, char tb, int64_t m, int64_t n, int64_t k,
           const void *alpha, const void *a, int64_t lda, const void *b, int64_t ldb,
           const void *beta, void *c, int64_t ldc)
{
    (void)user;
    guest_calls++;
    assert_true(lda >= (ta == 'N' ? m : k) && ldb >= (tb == 'N' ? k : n) && ldc >= m && m > 0 &&
                n > 0 && k > 0);
    number one = load(dtype, alpha), other = load(dtype, beta);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < m; i++) {
            number sum = {0, 0, 0};
            for (int64_t p = 0; p < k; p++)
                sum = plus(sum, times(guest_element(dtype, ta, a, lda, i, p),
                                      guest_element(dtype, tb, b, ldb, p, j)));
            char *target = (char *)c + (i + j * ldc) * tf_element_size(dtype);
            number value = times(one, sum);
            if (other.re != 0 || other.im != 0)
                value = plus(value, times(other, load(dtype, target)));
            save(dtype, value, target);
        }
    return TENFERRO_OK;
}

/* ---- one random contraction ---- */

typedef struct problem {
    tf_contraction c;
    int64_t extents[64], strides[3][64];
    unsigned char summed[64];
    array operand[3];
    char alpha[16], beta[16];
    int without_b;
} problem;

enum { IN_A = 1, IN_B = 2, IN_C = 4 };

/* kinds[i]: in which operands label i is */
static void problem_make(problem *p, tenferro_dtype dtype, int labels, const int *kinds,
                         const int64_t *extents, int flags)
{
    memset(p, 0, sizeof *p);
    p->without_b = 1;
    for (int operand = 0; operand < 3; operand++) {
        int64_t of[TF_MAX_AXES];
        int rank = 0;
        for (int i = 0; i < labels; i++)
            if (kinds[i] >> operand & 1)
                of[rank++] = extents[i];
        array_make(&p->operand[operand], dtype, 0, rank, of,
                   (operand < 2 ? LAYOUT_INPUT : 0) | flags);
        array_randomise(&p->operand[operand], -1, 1);
        for (int i = 0, at = 0; i < labels; i++)
            if (kinds[i] >> operand & 1)
                p->strides[operand][i] = p->operand[operand].strides[at++];
    }
    for (int i = 0; i < labels; i++) {
        p->extents[i] = extents[i];
        p->summed[i] = !(kinds[i] & IN_C);
        p->without_b &= !(kinds[i] & IN_B);
    }
    p->without_b &= (int)random_below(2);
    save(dtype, random_number(dtype, -2, 2), p->alpha);
    if (random_below(2))
        save(dtype, random_number(dtype, -2, 2), p->beta);
    else
        array_poison(&p->operand[2]);
    p->c = (tf_contraction){.dtype = dtype,
                            .labels = labels,
                            .extents = p->extents,
                            .a_strides = p->strides[0],
                            .b_strides = p->strides[1],
                            .c_strides = p->strides[2],
                            .summed = p->summed,
                            .conj_a = (int)random_below(2),
                            .conj_b = (int)random_below(2),
                            .alpha = random_below(3) ? p->alpha : NULL,
                            .beta = p->beta};
}

static void problem_free(problem *p)
{
    for (int operand = 0; operand < 3; operand++)
        array_free(&p->operand[operand]);
}

static int64_t offset_of(const problem *p, int operand, int summed, int64_t index)
{
    int64_t offset = 0;
    for (int i = 0; i < p->c.labels; i++)
        if (p->summed[i] == summed) {
            offset += index % p->extents[i] * p->strides[operand][i];
            index /= p->extents[i];
        }
    return offset;
}

static double modulus(number x)
{
    return sqrt(x.re * x.re + x.im * x.im);
}

/* Checks every element of c against the sum; C's old contents are in p->operand[2]. */
static void check_result(const problem *p, array *c, const char *route)
{
    tenferro_dtype dtype = p->c.dtype;
    int64_t outputs = 1, terms = 1, size = tf_element_size(dtype);
    number one = {1, 0, 1};
    for (int i = 0; i < p->c.labels; i++)
        *(p->summed[i] ? &terms : &outputs) *= p->extents[i];
    number alpha = p->c.alpha ? load(dtype, p->c.alpha) : one, beta = load(dtype, p->c.beta);
    int reads_c = beta.re != 0 || beta.im != 0;
    int64_t *at[2];
    for (int operand = 0; operand < 2; operand++) {
        at[operand] = malloc((size_t)(terms + 1) * sizeof *at[operand]);
        assert_non_null(at[operand]);
        for (int64_t t = 0; t < terms; t++)
            at[operand][t] = offset_of(p, operand, 1, t);
    }
    for (int64_t o = 0; o < outputs; o++) {
        number sum = {0, 0, 0};
        double magnitude = 0;
        int64_t a0 = offset_of(p, 0, 0, o), b0 = offset_of(p, 1, 0, o), c0 = offset_of(p, 2, 0, o);
        for (int64_t t = 0; t < terms; t++) {
            number x = load(dtype, p->operand[0].origin + (a0 + at[0][t]) * size);
            number y = p->without_b ? one
                                    : load(dtype, p->operand[1].origin + (b0 + at[1][t]) * size);
            if (p->c.conj_a)
                x.im = -x.im;
            if (p->c.conj_b)
                y.im = -y.im;
            number xy = times(x, y);
            sum = plus(sum, xy);
            magnitude += modulus(x) * modulus(y);
        }
        number want = times(alpha, sum);
        magnitude *= modulus(alpha);
        if (reads_c) {
            number old = times(beta, load(dtype, p->operand[2].origin + c0 * size));
            want = plus(want, old);
            magnitude += modulus(old);
        }
        number got = load(dtype, c->origin + c0 * size);
        /* |error| <= (terms + a few) * eps * sum of |products|, for any order of summation */
        double tolerance = (double)(terms + 10) * epsilon_of(dtype) * 2 * magnitude;
        int good = is_integer(dtype)
                       ? (dtype == TENFERRO_INT32 ? (int32_t)got.i == (int32_t)want.i
                                                  : got.i == want.i)
                       : fabs(got.re - want.re) <= tolerance && fabs(got.im - want.im) <= tolerance;
        if (!good)
            fail_msg("%s, dtype %u, seed %llu, element %lld: got %.17g %.17g %lld, expected %.17g "
                     "%.17g %lld",
                     route, (unsigned)dtype, (unsigned long long)seed, (long long)o, got.re, got.im,
                     (long long)got.i, want.re, want.im, (long long)want.i);
    }
    free(at[0]);
    free(at[1]);
}

/* A plan whose runs bring the scalars gives the bits of the call that has them. */
static void check_plan(fixture *f, const problem *p, tf_contract_route route, const array *expected)
{
    array c;
    array_copy_layout(&c, &p->operand[2]);
    tf_contraction contraction = p->c;
    contraction.alpha = contraction.beta = NULL;
    tf_contract_plan *plan = malloc((size_t)tf_contract_plan_bytes(&contraction));
    assert_non_null(plan);
    assert_int_equal(tf_contract_plan_init(&f->engine, &contraction, route, plan), TENFERRO_OK);
    assert_int_equal(tf_contract_run(&f->engine, plan, p->c.alpha, p->c.beta, p->operand[0].origin,
                                     p->without_b ? NULL : p->operand[1].origin, c.origin),
                     TENFERRO_OK);
    check_result(p, &c, "plan");
    int scaled = 0; /* by a label of nobody: then alpha is rounded in another order */
    for (int i = 0; i < p->c.labels; i++)
        scaled |= p->summed[i] && p->strides[0][i] == 0 && p->strides[1][i] == 0;
    if (!scaled)
        assert_memory_equal(c.buffer, expected->buffer, (size_t)c.bytes);
    free(plan);
    array_free(&c);
}

static void check_routes(fixture *f, const problem *p)
{
    const void *b = p->without_b ? NULL : p->operand[1].origin;
    for (int route = TF_ROUTE_AUTO; route < TF_ROUTE_COUNT; route++) {
        array first, second;
        array_copy_layout(&first, &p->operand[2]);
        array_copy_layout(&second, &p->operand[2]);
        f->engine.threads = 2;
        f->peak = 0;
        int64_t bound = tf_contract_scratch(&f->engine, &p->c, (tf_contract_route)route);
        tenferro_status status = tf_contract(&f->engine, &p->c, (tf_contract_route)route,
                                             p->operand[0].origin, b, first.origin);
        if (status == TENFERRO_UNSUPPORTED && (route == TF_ROUTE_BLAS || route == TF_ROUTE_SMALL)) {
            assert_memory_equal(first.buffer, p->operand[2].buffer, (size_t)first.bytes);
        } else {
            assert_int_equal(status, TENFERRO_OK);
            assert_true(f->peak <= bound);
            check_result(p, &first, tf_route_name((tf_contract_route)route));
            f->engine.threads = 1;
            assert_int_equal(tf_contract(&f->engine, &p->c, (tf_contract_route)route,
                                         p->operand[0].origin, b, second.origin),
                             TENFERRO_OK);
            assert_memory_equal(first.buffer, second.buffer, (size_t)first.bytes);
            check_plan(f, p, (tf_contract_route)route, &first);
        }
        array_free(&first);
        array_free(&second);
    }
}

static void contract__random_labels__all_routes_match(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        f.engine.has_gemm = guest_has;
        f.engine.gemm = guest_gemm;
        guest_calls = 0;
        const long cases = test_cases(TF_UNDER_TSAN ? 1000 : 4000);
        for (long i = 0; i < cases; i++) {
            problem p;
            int kinds[12], labels = (int)random_below(8);
            int64_t extents[12], total = 1;
            for (int l = 0; l < labels; l++) {
                static const int common[] = {IN_A | IN_C, IN_B | IN_C, IN_A | IN_B};
                kinds[l] = random_below(3) ? common[random_below(3)] : 1 + (int)random_below(7);
                int64_t kind = random_below(30);
                extents[l] = kind == 0  ? 0
                             : kind < 3 ? 1
                             : kind < 8 ? 1 + random_below(30)
                                        : 1 + random_below(6);
                if (total * extents[l] > 20000)
                    extents[l] = 1;
                total *= extents[l] ? extents[l] : 1;
            }
            problem_make(&p, (tenferro_dtype)(2 + random_below(6)), labels, kinds, extents,
                         random_below(2) ? LAYOUT_COMPACT : 0);
            check_routes(&f, &p);
            problem_free(&p);
        }
        assert_true(guest_calls > cases / 40);
        fixture_close(&f);
    }
}

/* Large enough for several cache blocks, edges on every side, and two threads. */
static void contract__several_blocks__all_routes_match(void **state)
{
    (void)state;
    static const int matmul[] = {IN_A | IN_C, IN_A | IN_B, IN_B | IN_C},
                     two[] = {IN_A | IN_C, IN_A | IN_B, IN_B | IN_C, IN_A | IN_C, IN_A | IN_B};
    static const int batched[] = {IN_A | IN_C, IN_A | IN_B, IN_B | IN_C, IN_A | IN_B | IN_C};
    static const int dot[] = {IN_A | IN_B, IN_A | IN_B, IN_A | IN_C},
                     vector[] = {IN_A | IN_C, IN_A | IN_B};
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        f.engine.has_gemm = guest_has;
        f.engine.gemm = guest_gemm;
        for (tenferro_dtype dtype = TENFERRO_INT32; dtype <= TENFERRO_COMPLEX128; dtype++)
            for (int repeat = 0; repeat < 2; repeat++) {
                problem p;
                int flags = repeat ? 0 : LAYOUT_COMPACT;
                problem_make(&p, dtype, 3, matmul, (const int64_t[]){43, 401, 39}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 3, matmul, (const int64_t[]){270, 21, 19}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 5, two, (const int64_t[]){7, 13, 29, 5, 11}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 4, batched, (const int64_t[]){11, 9, 10, 31}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 4, batched, (const int64_t[]){3, 2, 3, 3001}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 3, dot, (const int64_t[]){601, 211, 2}, flags);
                check_routes(&f, &p);
                problem_free(&p);
                problem_make(&p, dtype, 2, vector, (const int64_t[]){350, 420}, flags);
                check_routes(&f, &p);
                problem_free(&p);
            }
        fixture_close(&f);
    }
}

static void contract__forty_labels_of_2__match(void **state)
{
    (void)state;
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int i = 0; i < 6; i++) {
            problem p;
            int kinds[40];
            int64_t extents[40];
            for (int l = 0; l < 40; l++) {
                static const int common[] = {IN_A | IN_C, IN_B | IN_C, IN_A | IN_B,
                                             IN_A | IN_B | IN_C};
                kinds[l] = common[random_below(4)];
                extents[l] = l < 17 ? 2 : 1;
            }
            problem_make(&p, TENFERRO_FLOAT64, 40, kinds, extents, 0);
            check_routes(&f, &p);
            problem_free(&p);
        }
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract__random_labels__all_routes_match),
        cmocka_unit_test(contract__several_blocks__all_routes_match),
        cmocka_unit_test(contract__forty_labels_of_2__match),
    };
    isa_count = fixture_isas(isas);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
