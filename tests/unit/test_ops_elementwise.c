/* Elementwise operations: every one at every dtype and layout against a naive loop; _into. */

#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/compat.h"

enum { B = TENFERRO_BOOL, I4 = TENFERRO_INT32, I8, F4, F8, C8, C16 };

/* ---- the operations and their oracles ---- */

typedef tenferro_status (*unary)(const tenferro_tensor *, tenferro_tensor **);
typedef tenferro_status (*unary_into)(const tenferro_tensor *, tenferro_tensor *);
typedef tenferro_status (*binary)(const tenferro_tensor *, const tenferro_tensor *,
                                  tenferro_tensor **);
typedef tenferro_status (*binary_into)(const tenferro_tensor *, const tenferro_tensor *,
                                       tenferro_tensor *);

/* What dtypes an operation takes, as a mask, and what it gives. */
#define BIT(d) (1u << (d))
enum {
    REALS = BIT(I4) | BIT(I8) | BIT(F4) | BIT(F8),
    COMPLEXES = BIT(C8) | BIT(C16),
    NUMBERS = REALS | COMPLEXES
};
typedef enum gives { SAME, REAL_OF, TRUTH, FLOAT } gives;

typedef struct unary_op {
    const char *name;
    unary op;
    unary_into into;
    test_value (*oracle)(tenferro_dtype d, test_value x);
    unsigned takes;
    gives gives;
} unary_op;

static int real_dtype(tenferro_dtype d)
{
    return !test_is_complex(d);
}

static test_value neg_of(tenferro_dtype d, test_value x)
{
    return real_dtype(d) ? test_complex(-creal(x), 0.0) : -x;
}
static test_value conj_of(tenferro_dtype d, test_value x)
{
    return real_dtype(d) ? x : conj(x);
}
static test_value abs_of(tenferro_dtype d, test_value x)
{
    (void)d;
    return test_complex(hypot(creal(x), cimag(x)), 0.0);
}
#define FUNCTION_OF(NAME)                                                      \
    static test_value NAME##_of(tenferro_dtype d, test_value x)                \
    {                                                                          \
        return real_dtype(d) ? test_complex(NAME(creal(x)), 0.0) : c##NAME(x); \
    }
FUNCTION_OF(sqrt)
FUNCTION_OF(exp)
FUNCTION_OF(log)
FUNCTION_OF(sin)
FUNCTION_OF(cos)
FUNCTION_OF(tanh)
static test_value not_of(tenferro_dtype d, test_value x)
{
    (void)d;
    return creal(x) == 0.0;
}

enum { FUNCTIONS = NUMBERS & ~BIT(I8) };
/* clang-format off */
#define U(NAME, ORACLE, TAKES, GIVES) \
    {#NAME, tenferro_##NAME, tenferro_##NAME##_into, ORACLE, TAKES, GIVES}
/* clang-format on */
static const unary_op unaries[] = {
    U(neg, neg_of, NUMBERS, SAME),
    U(conj, conj_of, NUMBERS, SAME),
    U(abs, abs_of, NUMBERS, REAL_OF),
    U(sqrt, sqrt_of, FUNCTIONS | BIT(B), FLOAT),
    U(exp, exp_of, FUNCTIONS | BIT(B), FLOAT),
    U(log, log_of, FUNCTIONS | BIT(B), FLOAT),
    U(sin, sin_of, FUNCTIONS | BIT(B), FLOAT),
    U(cos, cos_of, FUNCTIONS | BIT(B), FLOAT),
    U(tanh, tanh_of, FUNCTIONS | BIT(B), FLOAT),
    U(logical_not, not_of, BIT(B), SAME),
};

typedef struct binary_op {
    const char *name;
    binary op;
    binary_into into;
    test_value (*oracle)(tenferro_dtype d, test_value x, test_value y);
    unsigned takes;
    gives gives;
} binary_op;

static test_value add_of(tenferro_dtype d, test_value x, test_value y)
{
    return d == B ? (x != 0.0 || y != 0.0) : test_complex(creal(x) + creal(y), cimag(x) + cimag(y));
}
static test_value sub_of(tenferro_dtype d, test_value x, test_value y)
{
    (void)d;
    return test_complex(creal(x) - creal(y), cimag(x) - cimag(y));
}
static test_value mul_of(tenferro_dtype d, test_value x, test_value y)
{
    return real_dtype(d) ? test_complex(creal(x) * creal(y), 0.0) : x * y;
}
static test_value div_of(tenferro_dtype d, test_value x, test_value y)
{
    return real_dtype(d) ? test_complex(creal(x) / creal(y), 0.0) : x / y;
}
static test_value pow_of(tenferro_dtype d, test_value x, test_value y)
{
    if (d == I4 || d == I8) { /* within +-9 ** 9 */
        double base = creal(x), result = 1.0;
        if (creal(y) < 0.0)
            return base == 1.0    ? 1.0
                   : base == -1.0 ? (fmod(creal(y), 2.0) != 0.0 ? -1.0 : 1.0)
                                  : 0.0;
        for (int i = 0; i < (int)creal(y); i++)
            result *= base;
        return d == I4 ? (double)(int32_t)(uint32_t)(int64_t)result : result;
    }
    return real_dtype(d) ? test_complex(pow(creal(x), creal(y)), 0.0) : cpow(x, y);
}
static test_value maximum_of(tenferro_dtype d, test_value x, test_value y)
{
    (void)d;
    return isnan(creal(x)) || isnan(creal(y)) ? NAN : creal(x) > creal(y) ? x : y;
}
static test_value minimum_of(tenferro_dtype d, test_value x, test_value y)
{
    (void)d;
    return isnan(creal(x)) || isnan(creal(y)) ? NAN : creal(x) < creal(y) ? x : y;
}
#define COMPARISON_OF(NAME, EXPRESSION)                                       \
    static test_value NAME##_of(tenferro_dtype d, test_value x, test_value y) \
    {                                                                         \
        (void)d;                                                              \
        return (EXPRESSION) ? 1.0 : 0.0;                                      \
    }
COMPARISON_OF(equal, creal(x) == creal(y) && cimag(x) == cimag(y))
COMPARISON_OF(not_equal, !(creal(x) == creal(y) && cimag(x) == cimag(y)))
COMPARISON_OF(less, creal(x) < creal(y))
COMPARISON_OF(less_equal, creal(x) <= creal(y))
COMPARISON_OF(greater, creal(x) > creal(y))
COMPARISON_OF(greater_equal, creal(x) >= creal(y))
COMPARISON_OF(logical_and, creal(x) != 0.0 && creal(y) != 0.0)
COMPARISON_OF(logical_or, creal(x) != 0.0 || creal(y) != 0.0)
COMPARISON_OF(logical_xor, (creal(x) != 0.0) != (creal(y) != 0.0))

/* clang-format off */
#define BIN(NAME, TAKES, GIVES) \
    {#NAME, tenferro_##NAME, tenferro_##NAME##_into, NAME##_of, TAKES, GIVES}
/* clang-format on */
static const binary_op binaries[] = {
    BIN(add, NUMBERS | BIT(B), SAME),
    BIN(sub, NUMBERS, SAME),
    BIN(mul, NUMBERS | BIT(B), SAME),
    BIN(div, FUNCTIONS | BIT(B), FLOAT),
    BIN(pow, NUMBERS, SAME),
    BIN(maximum, REALS | BIT(B), SAME),
    BIN(minimum, REALS | BIT(B), SAME),
    BIN(equal, NUMBERS | BIT(B), TRUTH),
    BIN(not_equal, NUMBERS | BIT(B), TRUTH),
    BIN(less, REALS | BIT(B), TRUTH),
    BIN(less_equal, REALS | BIT(B), TRUTH),
    BIN(greater, REALS | BIT(B), TRUTH),
    BIN(greater_equal, REALS | BIT(B), TRUTH),
    BIN(logical_and, BIT(B), SAME),
    BIN(logical_or, BIT(B), SAME),
    BIN(logical_xor, BIT(B), SAME),
};

static tenferro_dtype result_dtype(gives g, tenferro_dtype d)
{
    switch (g) {
    case SAME:
        return d;
    case REAL_OF:
        return d == C8 ? F4 : d == C16 ? F8 : d;
    case TRUTH:
        return B;
    case FLOAT:
        break;
    }
    return d == I4 || d == B ? F8 : d;
}

/* Near zeros of cos and log an absolute error of a few eps remains; pow multiplies its exponent in. */
static double tolerance(tenferro_dtype d)
{
    return 16.0 * test_epsilon(d);
}

/* ---- shapes that broadcast ---- */

typedef struct shape {
    int rank;
    int64_t extents[4];
} shape;

typedef struct shapes {
    shape a, b, out;
} shapes;

static const shapes pairs[] = {
    {{0, {0}}, {0, {0}}, {0, {0}}},
    {{1, {5}}, {1, {5}}, {1, {5}}},
    {{3, {3, 4, 2}}, {3, {3, 4, 2}}, {3, {3, 4, 2}}},
    {{3, {3, 1, 2}}, {2, {4, 2}}, {3, {3, 4, 2}}},
    {{2, {4, 1}}, {1, {7}}, {2, {4, 7}}},
    {{0, {0}}, {2, {2, 3}}, {2, {2, 3}}},
    {{1, {1}}, {2, {0, 3}}, {2, {0, 3}}},
    {{2, {0, 1}}, {1, {4}}, {2, {0, 4}}},
    {{4, {1, 1, 1, 1}}, {1, {3}}, {4, {1, 1, 1, 3}}},
    {{2, {37, 3}}, {2, {37, 1}}, {2, {37, 3}}},
};

/* The element of a broadcast operand under an index of the result. */
static test_value
broadcast_element(const shape *x, const test_value *values, const shape *out, const int64_t *index)
{
    int64_t own[4] = {0};
    for (int i = 0; i < x->rank; i++)
        own[i] = x->extents[i] == 1 ? 0 : index[i + out->rank - x->rank];
    return values[test_offset(x->rank, x->extents, own)];
}

/* ---- one operand ---- */

static void unary__every_dtype_and_layout__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    for (size_t o = 0; o < TF_COUNT(unaries); o++)
        for (tenferro_dtype d = B; d <= C16; d++)
            for (size_t k = 0; k < TF_COUNT(pairs); k++) {
                const unary_op *op = &unaries[o];
                const shape *s = &pairs[k].out;
                int layout = (int)test_rng_range(&rng, TEST_COMPACT, TEST_REPEATED);
                tenferro_tensor *x = test_random_tensor(context, &rng, d, s->rank, s->extents,
                                                        layout);
                tenferro_tensor *y = x;
                tenferro_dtype result = result_dtype(op->gives, d);
                if (!(op->takes & BIT(d))) {
                    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, op->op(x, &y));
                    CHECK_MESSAGE(op->name);
                    CHECK_MESSAGE(test_dtype_name(d));
                    assert_null(y);
                    tenferro_tensor_release(x);
                    continue;
                }
                test_value *expected = test_elements(x);
                for (int64_t i = 0; i < test_count(s->rank, s->extents); i++)
                    expected[i] = op->oracle(result == d || op->gives == REAL_OF ? d : result,
                                             expected[i]);
                CHECK_OK(op->op(x, &y));
                test_check_shape(y, result, s->rank, s->extents);
                test_check_elements(y, expected, tolerance(result), op->name);
                assert_true(tenferro_tensor_is_contiguous(y, TENFERRO_COLUMN_MAJOR));
                tenferro_tensor *into = test_random_tensor(context, &rng, result, s->rank,
                                                           s->extents, TEST_STRIDED);
                CHECK_OK(op->into(x, into));
                test_check_elements(into, expected, tolerance(result), op->name);
                free(expected);
                TEST_RELEASE(x, y, into);
            }
    tenferro_context_release(context);
}

/* ---- two operands ---- */

static void check_binary(tenferro_context *context, test_rng *rng, const binary_op *op,
                         tenferro_dtype d, const shapes *s)
{
    int la = (int)test_rng_range(rng, TEST_COMPACT, TEST_REPEATED);
    int lb = (int)test_rng_range(rng, TEST_COMPACT, TEST_REPEATED);
    tenferro_tensor *a = test_random_tensor(context, rng, d, s->a.rank, s->a.extents, la);
    tenferro_tensor *b = test_random_tensor(context, rng, d, s->b.rank, s->b.extents, lb), *c = a;
    tenferro_dtype result = result_dtype(op->gives, d);
    if (!(op->takes & BIT(d))) {
        CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, op->op(a, b, &c));
        CHECK_MESSAGE(op->name);
        CHECK_MESSAGE(test_dtype_name(d));
        assert_null(c);
        TEST_RELEASE(a, b);
        return;
    }
    int64_t count = test_count(s->out.rank, s->out.extents), index[4] = {0};
    test_value *x = test_elements(a), *y = test_elements(b);
    test_value *expected = malloc((size_t)(count + 1) * sizeof *expected);
    for (int64_t i = 0; i < count; i++) {
        expected[i] = op->oracle(op->gives == FLOAT ? result : d,
                                 broadcast_element(&s->a, x, &s->out, index),
                                 broadcast_element(&s->b, y, &s->out, index));
        test_next(s->out.rank, s->out.extents, index);
    }
    double bound = 4.0 * tolerance(result);
    CHECK_OK(op->op(a, b, &c));
    test_check_shape(c, result, s->out.rank, s->out.extents);
    test_check_elements(c, expected, bound, op->name);
    tenferro_tensor *into = test_random_tensor(context, rng, result, s->out.rank, s->out.extents,
                                               TEST_STRIDED);
    CHECK_OK(op->into(a, b, into));
    test_check_elements(into, expected, bound, op->name);
    free(x);
    free(y);
    free(expected);
    TEST_RELEASE(a, b, c, into);
}

static void binary__every_dtype_layout_and_broadcast__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(2);
    for (size_t o = 0; o < TF_COUNT(binaries); o++)
        for (tenferro_dtype d = B; d <= C16; d++)
            for (size_t k = 0; k < TF_COUNT(pairs); k++)
                check_binary(context, &rng, &binaries[o], d, &pairs[k]);
    tenferro_context_release(context);
}

static void select__every_dtype_and_broadcast__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    for (tenferro_dtype d = B; d <= C16; d++)
        for (size_t k = 0; k < TF_COUNT(pairs); k++) {
            const shapes *s = &pairs[k];
            tenferro_tensor *p = test_random_tensor(context, &rng, B, s->b.rank, s->b.extents,
                                                    TEST_REPEATED);
            tenferro_tensor *a = test_random_tensor(context, &rng, d, s->a.rank, s->a.extents,
                                                    TEST_STRIDED);
            tenferro_tensor *b = test_random_tensor(context, &rng, d, s->out.rank, s->out.extents,
                                                    TEST_STRIDED),
                            *c;
            test_value *predicate = test_elements(p), *x = test_elements(a),
                       *expected = test_elements(b);
            int64_t index[4] = {0};
            for (int64_t i = 0; i < test_count(s->out.rank, s->out.extents); i++) {
                if (broadcast_element(&s->b, predicate, &s->out, index) != 0.0)
                    expected[i] = broadcast_element(&s->a, x, &s->out, index);
                test_next(s->out.rank, s->out.extents, index);
            }
            CHECK_OK(tenferro_select(p, a, b, &c));
            test_check_shape(c, d, s->out.rank, s->out.extents);
            test_check_elements(c, expected, 0.0, "select");
            /* in place, over an operand */
            CHECK_OK(tenferro_select_into(p, a, b, b));
            test_check_elements(b, expected, 0.0, "select_into");
            free(predicate);
            free(x);
            free(expected);
            TEST_RELEASE(p, a, b, c);
        }
    tenferro_context_release(context);
}

static void select__branch_not_taken__does_not_matter(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t three[1] = {3};
    tenferro_tensor *p = test_tensor_of(context, B, 1, three, (test_value[]){1, 0, 1}), *c;
    tenferro_tensor *a = test_tensor_of(context, F8, 1, three, (test_value[]){1, NAN, 2});
    tenferro_tensor *b = test_tensor_of(context, F8, 1, three, (test_value[]){INFINITY, 4, NAN});
    CHECK_OK(tenferro_select(p, a, b, &c));
    test_check_elements(c, (test_value[]){1, 4, 2}, 0.0, "select");
    tenferro_tensor *bad = c;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_select(a, a, b, &bad));
    CHECK_MESSAGE("select");
    CHECK_MESSAGE("float64");
    assert_null(bad);
    TEST_RELEASE(p, a, b, c);
    tenferro_context_release(context);
}

/* ---- integers at their limits ---- */

static void integers__limits__wrap_and_pow_squares(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t a[6] = {INT64_MAX, INT64_MIN, INT64_MIN, 3, -1, 2},
                  b[6] = {1, -1, -1, 39, -3, 63};
    int64_t six[1] = {6};
    tenferro_tensor *x, *y, *z;
    CHECK_OK(tenferro_tensor_from_data(context, I8, 1, six, NULL, a, &x));
    CHECK_OK(tenferro_tensor_from_data(context, I8, 1, six, NULL, b, &y));
    CHECK_OK(tenferro_add(x, y, &z));
    const int64_t *sum = tenferro_tensor_data(z);
    assert_true(sum[0] == INT64_MIN && sum[1] == INT64_MAX);
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_mul(x, y, &z));
    assert_true(((const int64_t *)tenferro_tensor_data(z))[1] == INT64_MIN);
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_neg(x, &z));
    assert_true(((const int64_t *)tenferro_tensor_data(z))[1] == INT64_MIN);
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_abs(x, &z));
    assert_true(((const int64_t *)tenferro_tensor_data(z))[1] == INT64_MIN);
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_pow(x, y, &z));
    const int64_t *power = tenferro_tensor_data(z);
    assert_true(power[3] == INT64_C(4052555153018976267) && power[4] == -1 && power[5] == INT64_MIN);
    TEST_RELEASE(x, y, z);
    tenferro_context_release(context);
}

static void functions__special_values__follow_ieee(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t n[1] = {5};
    tenferro_tensor *x = test_tensor_of(context, F8, 1, n,
                                        (test_value[]){NAN, INFINITY, -INFINITY, -1, 0});
    tenferro_tensor *y = test_tensor_of(context, F8, 1, n, (test_value[]){1, NAN, INFINITY, 0, 0}),
                    *z;
    CHECK_OK(tenferro_maximum(x, y, &z));
    test_check_elements(z, (test_value[]){NAN, NAN, INFINITY, 0, 0}, 0.0, "maximum");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_minimum(x, y, &z));
    test_check_elements(z, (test_value[]){NAN, NAN, -INFINITY, -1, 0}, 0.0, "minimum");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_less_equal(x, y, &z));
    test_check_elements(z, (test_value[]){0, 0, 1, 1, 1}, 0.0, "less_equal");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_not_equal(x, x, &z));
    test_check_elements(z, (test_value[]){1, 0, 0, 0, 0}, 0.0, "not_equal");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_sqrt(x, &z));
    test_check_elements(z, (test_value[]){NAN, INFINITY, NAN, NAN, 0}, 0.0, "sqrt");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_log(x, &z));
    test_check_elements(z, (test_value[]){NAN, INFINITY, NAN, NAN, -INFINITY}, 0.0, "log");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_tanh(x, &z));
    test_check_elements(z, (test_value[]){NAN, 1, -1, tanh(-1), 0}, 1e-15, "tanh");
    TEST_RELEASE(x, y, z);
    /* |x| without overflow, the branch cut of sqrt */
    tenferro_tensor *c = test_tensor_of(context, C16, 1, (int64_t[]){2},
                                        (test_value[]){test_complex(3e300, 4e300),
                                                       test_complex(-4.0, -0.0)});
    CHECK_OK(tenferro_abs(c, &z));
    test_check_elements(z, (test_value[]){5e300, 4}, 1e-15, "abs");
    tenferro_tensor_release(z);
    CHECK_OK(tenferro_sqrt(c, &z));
    test_value *roots = test_elements(z);
    assert_float_equal(cimag(roots[1]), -2.0, 1e-15);
    free(roots);
    TEST_RELEASE(c, z);
    tenferro_context_release(context);
}

/* ---- into ---- */

/* Random views of one buffer as operand and destination: the result is as if the operand had been copied first. */
static void into__overlapping_views__as_if_copied_first(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(7);
    for (int k = 0; k < 500; k++) {
        double buffer[16];
        tenferro_tensor *whole, *a, *b, *out, *a0, *b0, *expected, *hidden;
        for (int i = 0; i < 16; i++)
            buffer[i] = test_rng_real(&rng);
        int64_t sixteen[1] = {16};
        CHECK_OK(tenferro_tensor_from_data(context, F8, 1, sixteen, NULL, buffer, &whole));
        tenferro_tensor **views[3] = {&a, &b, &out};
        for (int v = 0; v < 3; v++) {
            int64_t step = test_rng_range(&rng, 0, 1) ? test_rng_range(&rng, 1, 3)
                                                      : -test_rng_range(&rng, 1, 3);
            int64_t reach = 4 * (step < 0 ? -step : step),
                    start = test_rng_range(&rng, 0, 15 - reach);
            int64_t from[1] = {step < 0 ? start + reach : start};
            CHECK_OK(tenferro_slice(whole, from, (int64_t[]){5}, &step, views[v]));
        }
        if (k % 4 == 0) { /* exactly the same elements */
            tenferro_tensor_release(out);
            out = tenferro_tensor_retain(a);
        }
        CHECK_OK(tenferro_copy(a, TENFERRO_COLUMN_MAJOR, &a0));
        CHECK_OK(tenferro_copy(b, TENFERRO_COLUMN_MAJOR, &b0));
        CHECK_OK(tenferro_sub(a0, b0, &expected));
        CHECK_OK(tenferro_copy(whole, TENFERRO_COLUMN_MAJOR, &hidden));
        uint64_t version = tenferro_tensor_version(whole);
        CHECK_OK(tenferro_sub_into(a, b, out));
        assert_true(tenferro_tensor_version(whole) > version);
        test_value *values = test_elements(expected);
        test_check_elements(out, values, 0.0, "sub_into");
        free(values);
        /* nothing else was written */
        const double *was = tenferro_tensor_data(hidden), *is = tenferro_tensor_data(whole);
        const double *first = tenferro_tensor_data(out);
        int64_t step = tenferro_tensor_strides(out)[0];
        for (int i = 0; i < 16; i++) {
            int written = 0;
            for (int j = 0; j < 5; j++)
                written |= &is[i] == first + j * step;
            assert_true(written || was[i] == is[i]);
        }
        TEST_RELEASE(whole, a, b, out, a0, b0, expected, hidden);
    }
    tenferro_context_release(context);
}

static void into__wrong_destination__refused_and_untouched(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    test_rng rng = test_rng_make(8);
    int64_t six[2] = {2, 3};
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 2, six, 0), *wide;
    tenferro_tensor *f4 = test_random_tensor(context, &rng, F4, 2, six, 0);
    tenferro_tensor *small = test_random_tensor(context, &rng, F8, 1, (int64_t[]){3}, 0);
    tenferro_tensor *foreign = test_random_tensor(other, &rng, F8, 2, six, 0);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_exp_into(a, f4));
    CHECK_MESSAGE("exp");
    CHECK_MESSAGE("float32");
    CHECK_MESSAGE("float64");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_exp_into(a, small));
    CHECK_MESSAGE("(2, 3)");
    CHECK_MESSAGE("(3");
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_exp_into(a, foreign));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_exp_into(a, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_exp_into(NULL, a));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_add_into(a, NULL, a));
    CHECK_OK(tenferro_broadcast(small, 2, six, &wide));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_exp_into(a, wide));
    double data[6] = {1, 2, 3, 4, 5, 6};
    tenferro_tensor *fixed, *overlapping;
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, six, NULL, data, TENFERRO_WRAP_READ_ONLY, NULL,
                                  NULL, &fixed));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_exp_into(a, fixed));
    CHECK_MESSAGE("read-only");
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, six, (int64_t[]){1, 1}, data, 0, NULL, NULL,
                                  &overlapping));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_exp_into(a, overlapping));
    for (int i = 0; i < 6; i++)
        assert_float_equal(data[i], i + 1, 0.0);
    TEST_RELEASE(a, f4, small, foreign, wide, fixed, overlapping);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

static void binary__bad_operands__name_operation_and_shapes(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    test_rng rng = test_rng_make(9);
    tenferro_tensor *a = test_random_tensor(context, &rng, F8, 2, (int64_t[]){2, 3}, 0), *c = a;
    tenferro_tensor *b = test_random_tensor(context, &rng, F8, 1, (int64_t[]){2}, 0);
    tenferro_tensor *foreign = test_random_tensor(other, &rng, F8, 1, (int64_t[]){3}, 0);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_mul(a, b, &c));
    CHECK_MESSAGE("mul");
    CHECK_MESSAGE("(2, 3)");
    assert_null(c);
    c = a;
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_mul(a, foreign, &c));
    assert_null(c);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_mul(NULL, b, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_mul(a, NULL, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_mul(a, b, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_neg(NULL, &c));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_neg(a, NULL));
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    info.name = "quaternion";
    info.size = 32;
    info.alignment = 8;
    tenferro_dtype user;
    CHECK_OK(tenferro_dtype_register(context, &info, &user));
    tenferro_tensor *q;
    CHECK_OK(tenferro_tensor_create(context, user, 1, (int64_t[]){2}, TENFERRO_COLUMN_MAJOR, &q));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_add(q, q, &c));
    CHECK_MESSAGE("add");
    CHECK_MESSAGE("quaternion");
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_cast(q, F8, &c));
    TEST_RELEASE(a, b, foreign, q);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary__every_dtype_and_layout__matches_naive),
        cmocka_unit_test(binary__every_dtype_layout_and_broadcast__matches_naive),
        cmocka_unit_test(select__every_dtype_and_broadcast__matches_naive),
        cmocka_unit_test(select__branch_not_taken__does_not_matter),
        cmocka_unit_test(integers__limits__wrap_and_pow_squares),
        cmocka_unit_test(functions__special_values__follow_ieee),
        cmocka_unit_test(into__overlapping_views__as_if_copied_first),
        cmocka_unit_test(into__wrong_destination__refused_and_untouched),
        cmocka_unit_test(binary__bad_operands__name_operation_and_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
