/* The binary contraction and its doors, against a loop over all labels. */

#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/compat.h"

enum { I4 = TENFERRO_INT32, I8, F4, F8, C8, C16, MAX_RANK = 8, MAX_LABELS = 16 };

/* ---- the reference ---- */

typedef struct labels {
    int rank;
    int32_t of[MAX_RANK];
} labels;

/* "iij" as labels 'i', 'i', 'j' */
static labels parse(const char *text)
{
    labels l = {(int)strlen(text), {0}};
    for (int i = 0; i < l.rank; i++)
        l.of[i] = text[i] * 1000003; /* any int32 will do */
    return l;
}

typedef struct problem {
    int count;
    int32_t label[MAX_LABELS];
    int64_t extent[MAX_LABELS];
} problem;

static int find(problem *p, int32_t label)
{
    int i = 0;
    while (i < p->count && p->label[i] != label)
        i++;
    if (i == p->count) {
        p->label[i] = label;
        p->extent[i] = 1;
        p->count++;
    }
    return i;
}

static void add(problem *p, const labels *l, const tenferro_tensor *x)
{
    for (int i = 0; i < l->rank; i++) {
        int at = find(p, l->of[i]);
        if (tenferro_tensor_extents(x)[i] != 1)
            p->extent[at] = tenferro_tensor_extents(x)[i];
    }
}

/* Where an operand's element lies for values of all labels; axes of extent 1 repeat. */
static int64_t position(problem *p, const labels *l, const int64_t *extents, const int64_t *value)
{
    int64_t index[MAX_RANK];
    for (int i = 0; i < l->rank; i++)
        index[i] = extents[i] == 1 ? 0 : value[find(p, l->of[i])];
    return test_offset(l->rank, extents, index);
}

/* alpha op(A) op(B) + beta C; b NULL: A alone; c NULL: beta is 0.  extents receives the result's. */
static test_value *
naive(test_value alpha, const tenferro_tensor *a, labels al, int conj_a, const tenferro_tensor *b,
      labels bl, int conj_b, test_value beta, const test_value *c, labels cl, int64_t *extents)
{
    problem p = {0};
    add(&p, &al, a);
    if (b)
        add(&p, &bl, b);
    for (int i = 0; i < cl.rank; i++)
        extents[i] = p.extent[find(&p, cl.of[i])];
    int64_t count = test_count(cl.rank, extents), value[MAX_LABELS] = {0};
    test_value *x = test_elements(a), *y = b ? test_elements(b) : NULL;
    test_value *out = calloc((size_t)count + 1, sizeof *out);
    if (test_count(p.count, p.extent) > 0)
        do {
            test_value u = x[position(&p, &al, tenferro_tensor_extents(a), value)];
            test_value v = b ? y[position(&p, &bl, tenferro_tensor_extents(b), value)] : 1.0;
            out[position(&p, &cl, extents, value)] += (conj_a ? conj(u) : u) *
                                                      (conj_b ? conj(v) : v);
        } while (test_next(p.count, p.extent, value));
    for (int64_t i = 0; i < count; i++)
        out[i] = alpha * out[i] + (c ? beta * c[i] : 0.0);
    free(x);
    free(y);
    return out;
}

static tenferro_number number_of(tenferro_dtype d, test_value z)
{
    return test_is_complex(d)    ? tenferro_complex_number(creal(z), cimag(z))
           : test_is_floating(d) ? tenferro_real(creal(z))
                                 : tenferro_integer((int64_t)creal(z));
}

/* ---- equations ---- */

typedef struct equation {
    const char *a, *b, *c; /* b NULL: one operand */
    int64_t a_extents[MAX_RANK], b_extents[MAX_RANK];
} equation;

static const equation equations[] = {
    {"ij", "jk", "ik", {3, 4}, {4, 5}},
    {"ij", "jk", "ki", {3, 4}, {4, 5}},
    {"ji", "jk", "ik", {4, 3}, {4, 5}},
    {"ij", "kj", "ik", {3, 4}, {5, 4}},
    {"ij", "jk", "ik", {40, 33}, {33, 37}},
    {"ijb", "jkb", "ikb", {3, 4, 2}, {4, 5, 2}},
    {"bij", "bjk", "bik", {2, 3, 4}, {2, 4, 5}},
    {"ij", "ij", "ij", {3, 4}, {3, 4}}, /* all shared */
    {"ij", "ij", "", {3, 4}, {3, 4}},   /* all contracted */
    {"i", "j", "ij", {3}, {4}},         /* outer */
    {"", "", "", {0}, {0}},             /* scalars */
    {"", "ij", "ji", {0}, {2, 3}},
    {"i", "", "i", {3}, {0}},
    {"ii", "i", "i", {4, 4}, {4}}, /* diagonals */
    {"ii", "jj", "", {4, 4}, {3, 3}},
    {"iij", "jjk", "k", {3, 3, 2}, {2, 2, 4}},
    {"iij", "jjk", "ik", {3, 3, 2}, {2, 2, 4}},
    {"iii", "i", "", {3, 3, 3}, {3}},
    {"iji", "jkj", "ik", {2, 3, 2}, {3, 2, 3}},
    {"ij", "jk", "k", {3, 4}, {4, 5}}, /* i in one operand only: summed there */
    {"ij", "kl", "", {3, 4}, {2, 5}},
    {"ij", "kl", "jk", {3, 4}, {2, 5}},
    {"ij", "k", "ij", {3, 4}, {5}},
    {"ij", "jk", "ik", {3, 1}, {4, 5}}, /* 1 against n: contracted, */
    {"ij", "jk", "ik", {3, 4}, {1, 5}},
    {"ij", "ij", "ij", {1, 4}, {3, 1}}, /* shared, */
    {"ij", "ik", "jk", {1, 4}, {3, 5}},
    {"ij", "jk", "ik", {1, 1}, {1, 1}},
    {"ij", "jk", "ik", {1, 3}, {3, 1}}, /* free */
    {"ij", "jk", "ik", {3, 1}, {0, 5}}, /* 1 against 0 gives 0 */
    {"ij", "jk", "ik", {3, 0}, {0, 5}}, /* nothing to sum */
    {"ij", "jk", "ik", {0, 4}, {4, 5}}, /* nothing to compute */
    {"ij", "jk", "k", {0, 4}, {4, 5}},
    {"ijklm", "mlnko", "injo", {2, 3, 2, 2, 3}, {3, 2, 2, 2, 2}},
    {"abcdef", "fbdg", "gace", {2, 2, 2, 2, 2, 2}, {2, 2, 2, 2}},
    {"ij", NULL, "ji", {3, 4}, {0}},
    {"ii", NULL, "i", {4, 4}, {0}},
    {"ii", NULL, "", {4, 4}, {0}},
    {"iij", NULL, "ji", {3, 3, 2}, {0}},
    {"ijk", NULL, "j", {3, 4, 2}, {0}},
    {"ijk", NULL, "", {3, 0, 2}, {0}},
    {"", NULL, "", {0}, {0}},
};

static double tolerance_of(const equation *e, tenferro_dtype d)
{
    return (double)(test_count((int)strlen(e->a), e->a_extents) + 16) * test_epsilon(d);
}

static void contract__every_equation_dtype_layout_conj__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    for (size_t n = 0; n < TF_COUNT(equations); n++)
        for (tenferro_dtype d = I4; d <= C16; d++)
            for (int flags = 0; flags < (test_is_complex(d) ? 4 : 1); flags++) {
                const equation *e = &equations[n];
                labels al = parse(e->a), bl = parse(e->b ? e->b : ""), cl = parse(e->c);
                int la = (int)test_rng_range(&rng, TEST_COMPACT, TEST_REPEATED);
                tenferro_tensor *a = test_random_tensor(context, &rng, d, al.rank, e->a_extents, la),
                                *b = NULL, *c;
                if (e->b)
                    b = test_random_tensor(context, &rng, d, bl.rank, e->b_extents, TEST_STRIDED);
                int64_t extents[MAX_RANK];
                test_value *expected = naive(1.0, a, al, flags & 1, b, bl, flags & 2, 0.0, NULL, cl,
                                             extents);
                CHECK_OK(tenferro_contract(a, al.of, flags & 1, b, e->b ? bl.of : NULL, flags & 2,
                                           cl.rank, cl.of, &c));
                test_check_shape(c, d, cl.rank, extents);
                test_check_elements(c, expected, tolerance_of(e, d), e->c);
                free(expected);
                TEST_RELEASE(a, b, c);
            }
    tenferro_context_release(context);
}

static void contract_into__alpha_beta_conj__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(2);
    for (size_t n = 0; n < TF_COUNT(equations); n++)
        for (tenferro_dtype d = I4; d <= C16; d++)
            for (int flags = 0; flags < 8; flags++) {
                const equation *e = &equations[n];
                labels al = parse(e->a), bl = parse(e->b ? e->b : ""), cl = parse(e->c);
                tenferro_tensor *a = test_random_tensor(context, &rng, d, al.rank, e->a_extents,
                                                        TEST_STRIDED),
                                *b = NULL;
                if (e->b)
                    b = test_random_tensor(context, &rng, d, bl.rank, e->b_extents, TEST_STRIDED);
                test_value alpha = test_is_complex(d)    ? test_complex(1.5, -0.5)
                                   : test_is_floating(d) ? 1.5
                                                         : 2.0;
                test_value beta = flags & 4 ? alpha - 3.0 : 0.0;
                int64_t extents[MAX_RANK];
                free(naive(alpha, a, al, 0, b, bl, 0, 0.0, NULL, cl, extents)); /* for the shape */
                tenferro_tensor *c = test_random_tensor(context, &rng, d, cl.rank, extents,
                                                        TEST_STRIDED);
                test_value *before = test_elements(c);
                int conj_a = flags & 1, conj_b = flags & 2;
                test_value *expected = naive(alpha, a, al, conj_a, b, bl, conj_b, beta,
                                             flags & 4 ? before : NULL, cl, extents);
                if (!(flags & 4) && test_is_floating(d) &&
                    test_count(cl.rank, extents) > 0) { /* beta 0 must not read out */
                    for (int64_t i = 0; i < test_count(cl.rank, extents); i++)
                        before[i] = test_complex((double)NAN, (double)NAN);
                    tenferro_tensor *nan = test_tensor_of(context, d, cl.rank, extents, before);
                    CHECK_OK(tenferro_copy_into(nan, c));
                    tenferro_tensor_release(nan);
                }
                CHECK_OK(tenferro_contract_into(number_of(d, alpha), a, al.of, conj_a, b,
                                                e->b ? bl.of : NULL, conj_b, number_of(d, beta),
                                                cl.of, c));
                test_check_elements(c, expected, 4.0 * tolerance_of(e, d), e->c);
                free(before);
                free(expected);
                TEST_RELEASE(a, b, c);
            }
    tenferro_context_release(context);
}

/* out overlaps an operand, or is one */
static void contract_into__overlap__as_if_copied_first(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    labels ij = parse("ij"), jk = parse("jk"), ik = parse("ik");
    for (int k = 0; k < 40; k++) {
        tenferro_tensor *whole = test_random_tensor(context, &rng, C16, 2, (int64_t[]){7, 7},
                                                    TEST_STRIDED),
                        *part[3];
        for (int i = 0; i < 3; i++) {
            int64_t start[2] = {test_rng_range(&rng, 0, 3), test_rng_range(&rng, 0, 3)};
            CHECK_OK(tenferro_slice(whole, start, (int64_t[]){4, 4}, NULL, &part[i]));
        }
        if (k % 3 == 0) {
            tenferro_tensor_release(part[2]);
            part[2] = tenferro_tensor_retain(part[k % 2]);
        }
        test_value *before = test_elements(part[2]);
        int64_t extents[2];
        test_value *expected = naive(2.0, part[0], ij, 1, part[1], jk, 0, test_complex(0, 1),
                                     before, ik, extents);
        CHECK_OK(tenferro_contract_into(tenferro_real(2.0), part[0], ij.of, 1, part[1], jk.of, 0,
                                        tenferro_complex_number(0.0, 1.0), ik.of, part[2]));
        test_check_elements(part[2], expected, 1e-13, "contract_into");
        free(before);
        free(expected);
        TEST_RELEASE(whole, part[0], part[1], part[2]);
    }
    tenferro_context_release(context);
}

static void contract__two_threads__same_bits(void **state)
{
    (void)state;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.blas = "none";
    tenferro_tensor *c[2];
    labels ij = parse("ijb"), jk = parse("bjk"), ik = parse("kib");
    for (int t = 0; t < 2; t++) {
        options.threads = t + 1;
        tenferro_context *context;
        test_rng rng = test_rng_make(4);
        CHECK_OK(tenferro_context_create(&options, &context));
        tenferro_tensor *a = test_random_tensor(context, &rng, F8, 3, (int64_t[]){70, 150, 2},
                                                TEST_STRIDED);
        tenferro_tensor *b = test_random_tensor(context, &rng, F8, 3, (int64_t[]){2, 150, 65},
                                                TEST_STRIDED);
        CHECK_OK(tenferro_contract(a, ij.of, 0, b, jk.of, 0, 3, ik.of, &c[t]));
        TEST_RELEASE(a, b);
        tenferro_context_release(context);
    }
    test_value *expected = test_elements(c[0]);
    test_check_elements(c[1], expected, 0.0, "two threads");
    free(expected);
    TEST_RELEASE(c[0], c[1]);
}

static void contract__bad_labels__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    test_rng rng = test_rng_make(5);
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 2, (int64_t[]){5, 3}, 0), *c = a;
    tenferro_tensor *b = test_random_tensor(context, &rng, F8, 2, (int64_t[]){2, 4}, 0);
    tenferro_tensor *row = test_random_tensor(context, &rng, F8, 2, (int64_t[]){1, 3}, 0);
    tenferro_tensor *i64 = test_random_tensor(context, &rng, I8, 2, (int64_t[]){2, 4}, 0);
    tenferro_tensor *bools = test_random_tensor(context, &rng, TENFERRO_BOOL, 2, (int64_t[]){5, 3},
                                                0);
    tenferro_tensor *foreign = test_random_tensor(other, &rng, F8, 2, (int64_t[]){3, 3}, 0);
    const int32_t ij[] = {1, 2}, ik[] = {1, 3}, kl[] = {3, 4}, ii[] = {1, 1}, iz[] = {1, 9};
    /* 5 against 2 */
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_contract(a, ij, 0, b, ik, 0, 1, (int32_t[]){1}, &c));
    assert_null(c);
    CHECK_MESSAGE("label 1");
    CHECK_MESSAGE("5");
    CHECK_MESSAGE("2");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_contract(a, ii, 0, NULL, NULL, 0, 0, NULL, &c));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_contract(row, ii, 0, NULL, NULL, 0, 0, NULL, &c)); /* as NumPy */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_contract(a, ij, 0, b, kl, 0, 2, iz, &c)); /* in the output only */
    CHECK_MESSAGE("label 9");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_contract(a, ij, 0, b, kl, 0, 2, ii, &c)); /* twice in the output */
    CHECK_MESSAGE("twice");
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_contract(a, ij, 0, i64, kl, 0, 2, ij, &c));
    CHECK_MESSAGE("int64");
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_contract(bools, ij, 0, bools, ij, 0, 2, ij, &c));
    CHECK_MESSAGE("bool");
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_contract(a, ij, 0, foreign, kl, 0, 2, ij, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(NULL, ij, 0, b, kl, 0, 2, ij, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(a, NULL, 0, b, kl, 0, 2, ij, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(a, ij, 0, b, NULL, 0, 2, ij, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(a, ij, 0, b, kl, 0, 2, NULL, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(a, ij, 0, b, kl, 0, -1, ij, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_contract(a, ij, 0, b, kl, 0, 2, ij, NULL));
    assert_null(c);
    /* into: shape, dtype, alpha */
    tenferro_number one = tenferro_real(1.0), zero = tenferro_real(0.0);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_contract_into(one, a, ij, 0, NULL, NULL, 0, zero, ij, b));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_contract_into(one, a, ij, 0, NULL, NULL, 0, one, ij, b));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_contract_into(one, a, ij, 0, NULL, NULL, 0, zero, ij, bools));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_contract_into(tenferro_complex_number(0.0, 1.0), a, ij, 0, NULL, NULL, 0,
                                        zero, ij, a));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_contract_into(tenferro_real(0.5), i64, ij, 0,
                                                                 NULL, NULL, 0, zero, ij, i64));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_contract_into(one, a, ij, 0, NULL, NULL, 0, zero, ij, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_contract_into(one, NULL, ij, 0, NULL, NULL, 0, zero, ij, a));
    /* overflow of the size, before any allocation */
    tenferro_tensor *wide;
    CHECK_OK(tenferro_broadcast(row, 3, (int64_t[]){INT64_C(1) << 40, 1, 3}, &wide));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_contract(wide, (int32_t[]){1, 2, 3}, 0, wide, (int32_t[]){4, 5, 6}, 0, 2,
                                   (int32_t[]){1, 4}, &c));
    TEST_RELEASE(a, b, row, i64, bools, foreign, wide);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

static void contract__different_dtypes__meet(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(6);
    labels ij = parse("ij"), jk = parse("jk"), ik = parse("ik");
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 2, (int64_t[]){2, 3}, TEST_STRIDED),
                    *c;
    tenferro_tensor *b = test_random_tensor(context, &rng, C8, 2, (int64_t[]){3, 2}, TEST_STRIDED);
    int64_t extents[2];
    test_value *expected = naive(1.0, a, ij, 0, b, jk, 1, 0.0, NULL, ik, extents);
    CHECK_OK(tenferro_contract(a, ij.of, 0, b, jk.of, 1, 2, ik.of, &c));
    test_check_shape(c, C16, 2, extents);
    test_check_elements(c, expected, 1e-14, "f64 with c64");
    free(expected);
    TEST_RELEASE(a, b, c);
    tenferro_context_release(context);
}

/* rank 64 and more: a network's tensors of extents 2 and 1 */
static void contract__rank_66__works(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(7);
    int64_t extents[66];
    int32_t a_labels[66], b_labels[66], c_labels[12];
    for (int i = 0; i < 66; i++) {
        extents[i] = i < 12 ? 2 : 1;
        a_labels[i] = i;
        b_labels[i] = i < 6 ? i : 100 + i; /* shares the first six */
    }
    for (int i = 0; i < 6; i++) {
        c_labels[i] = 6 + i;
        c_labels[6 + i] = 106 + i;
    }
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 66, extents, TEST_STRIDED), *c;
    tenferro_tensor *b = test_random_tensor(context, &rng, F8, 66, extents, TEST_STRIDED);
    CHECK_OK(tenferro_contract(a, a_labels, 0, b, b_labels, 0, 12, c_labels, &c));
    test_value *x = test_elements(a), *y = test_elements(b), expected[4096];
    for (int j = 0; j < 64; j++)
        for (int i = 0; i < 64; i++) {
            expected[i + 64 * j] = 0.0;
            for (int k = 0; k < 64; k++)
                expected[i + 64 * j] += x[k + 64 * i] * y[k + 64 * j];
        }
    test_check_elements(c, expected, 1e-13, "rank 66");
    free(x);
    free(y);
    TEST_RELEASE(a, b, c);
    tenferro_context_release(context);
}

/* ---- doors ---- */

static void
check_matmul(tenferro_context *context, test_rng *rng, tenferro_dtype d, const char *a_text,
             int64_t *ae, const char *b_text, int64_t *be, const char *c_text)
{
    labels al = parse(a_text), bl = parse(b_text), cl = parse(c_text);
    tenferro_tensor *a = test_random_tensor(context, rng, d, al.rank, ae, TEST_STRIDED), *c;
    tenferro_tensor *b = test_random_tensor(context, rng, d, bl.rank, be, TEST_STRIDED);
    int64_t extents[MAX_RANK];
    test_value *expected = naive(1.0, a, al, 0, b, bl, 0, 0.0, NULL, cl, extents);
    CHECK_OK(tenferro_matmul(a, b, &c));
    test_check_shape(c, d, cl.rank, extents);
    test_check_elements(c, expected, 64.0 * test_epsilon(d), "matmul");
    free(expected);
    TEST_RELEASE(a, b, c);
}

#define E(...) ((int64_t[]){__VA_ARGS__})

static void matmul__vectors_matrices_batches(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(8);
    for (tenferro_dtype d = I4; d <= C16; d++) {
        check_matmul(context, &rng, d, "ik", E(2, 3), "kj", E(3, 4), "ij");
        check_matmul(context, &rng, d, "k", E(3), "kj", E(3, 4), "j");
        check_matmul(context, &rng, d, "ik", E(2, 3), "k", E(3), "i");
        check_matmul(context, &rng, d, "k", E(3), "k", E(3), "");
        check_matmul(context, &rng, d, "ikb", E(2, 3, 2), "kjb", E(3, 4, 2), "ijb");
        check_matmul(context, &rng, d, "ikab", E(2, 3, 1, 5), "kjb", E(3, 4, 5), "ijab");
        check_matmul(context, &rng, d, "ikb", E(2, 3, 1), "kjab", E(3, 4, 2, 5), "ijab");
        check_matmul(context, &rng, d, "k", E(3), "kjb", E(3, 4, 2), "jb");
        check_matmul(context, &rng, d, "ikb", E(2, 3, 2), "k", E(3), "ib");
        check_matmul(context, &rng, d, "ikb", E(2, 3, 0), "kj", E(3, 4), "ijb");
        check_matmul(context, &rng, d, "ik", E(2, 0), "kj", E(0, 4), "ij");
        check_matmul(context, &rng, d, "ik", E(1, 1), "kj", E(1, 4), "ij");
    }
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 2, E(2, 3), 0), *c = a;
    tenferro_tensor *b = test_random_tensor(context, &rng, F8, 2, E(4, 2), 0),
                    *one = test_random_tensor(context, &rng, F8, 2, E(1, 2), 0);
    tenferro_tensor *scalar = test_random_tensor(context, &rng, F8, 0, NULL, 0);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_matmul(a, b, &c));
    CHECK_MESSAGE("matmul");
    CHECK_MESSAGE("(2, 3)");
    CHECK_MESSAGE("(4, 2)");
    assert_null(c);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_matmul(a, one, &c)); /* the inner axes do not broadcast */
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_matmul(a, scalar, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_matmul(a, NULL, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_matmul(NULL, a, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_matmul(a, a, NULL));
    TEST_RELEASE(a, b, one, scalar);
    tenferro_context_release(context);
}

static void tensordot_outer__axes_in_order(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(9);
    tenferro_tensor *a = test_random_tensor(context, &rng, C16, 3, E(2, 3, 4), TEST_STRIDED), *c;
    tenferro_tensor *b = test_random_tensor(context, &rng, C16, 3, E(4, 5, 3), TEST_STRIDED);
    labels al = parse("ijk"), bl = parse("klj"), cl = parse("il"), xl = parse("lmn"),
           ol = parse("ijklmn");
    int64_t extents[MAX_RANK];
    test_value *expected = naive(1.0, a, al, 0, b, bl, 0, 0.0, NULL, cl, extents);
    CHECK_OK(tenferro_tensordot(a, b, 2, (int[]){1, 2}, (int[]){-1, 0}, &c));
    test_check_shape(c, C16, 2, extents);
    test_check_elements(c, expected, 1e-14, "tensordot");
    free(expected);
    tenferro_tensor_release(c);
    expected = naive(1.0, a, al, 0, b, xl, 0, 0.0, NULL, ol, extents);
    CHECK_OK(tenferro_outer(a, b, &c));
    test_check_shape(c, C16, 6, extents);
    test_check_elements(c, expected, 1e-15, "outer");
    free(expected);
    tenferro_tensor_release(c);
    c = a;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensordot(a, b, 2, (int[]){1, 1}, (int[]){2, 0}, &c));
    assert_null(c);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensordot(a, b, 1, (int[]){3}, (int[]){0}, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensordot(a, b, 1, (int[]){1}, (int[]){-4}, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensordot(a, b, 1, NULL, (int[]){0}, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensordot(a, b, -1, (int[]){1}, (int[]){0}, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensordot(a, NULL, 0, NULL, NULL, &c));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_tensordot(a, b, 1, (int[]){0}, (int[]){0}, &c));
    tenferro_tensor *one = test_random_tensor(context, &rng, C16, 1, E(1), 0);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_tensordot(a, one, 1, (int[]){0}, (int[]){0}, &c));
    CHECK_MESSAGE("tensordot");
    TEST_RELEASE(a, b, one);
    tenferro_context_release(context);
}

static void trace__offsets_and_batches(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(10);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 3, E(3, 2, 4), TEST_STRIDED), *y;
    test_value *v = test_elements(x);
    for (int64_t offset = -4; offset <= 5; offset++) {
        test_value expected[2] = {0, 0};
        for (int64_t i = 0; i < 3; i++)
            for (int64_t j = 0; j < 2 && i + offset >= 0 && i + offset < 4; j++)
                expected[j] += v[i + 3 * (j + 2 * (i + offset))];
        CHECK_OK(tenferro_trace_axes(x, offset, 0, -1, &y));
        test_check_shape(y, F8, 1, E(2));
        test_check_elements(y, expected, 1e-15, "trace");
        tenferro_tensor_release(y);
    }
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_trace_axes(x, 0, 0, 0, &y));
    assert_null(y);
    free(v);
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract__every_equation_dtype_layout_conj__matches_naive),
        cmocka_unit_test(contract_into__alpha_beta_conj__match_naive),
        cmocka_unit_test(contract_into__overlap__as_if_copied_first),
        cmocka_unit_test(contract__two_threads__same_bits),
        cmocka_unit_test(contract__bad_labels__refused),
        cmocka_unit_test(contract__different_dtypes__meet),
        cmocka_unit_test(contract__rank_66__works),
        cmocka_unit_test(matmul__vectors_matrices_batches),
        cmocka_unit_test(tensordot_outer__axes_in_order),
        cmocka_unit_test(trace__offsets_and_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
