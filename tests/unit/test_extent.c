/* Extents: the normal form, evaluation, failures, and random expressions against a naive evaluator. */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro.h>

#include "support/compat.h"

typedef tenferro_extent extent;
typedef tenferro_status (*operation)(tenferro_context *, extent, extent, extent *);

static tenferro_context *context;

static int setup(void **state)
{
    (void)state;
    context = test_context();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tenferro_context_release(context);
    return 0;
}

static extent symbol(const char *name)
{
    extent e;
    CHECK_OK(tenferro_extent_symbol(context, name, &e));
    assert_true(tenferro_extent_is_symbol(e));
    return e;
}

#define OPERATION(NAME)                                      \
    static extent NAME(extent a, extent b)                   \
    {                                                        \
        extent e;                                            \
        CHECK_OK(tenferro_extent_##NAME(context, a, b, &e)); \
        return e;                                            \
    }
OPERATION(add)
OPERATION(sub)
OPERATION(mul)
OPERATION(floordiv)
OPERATION(min)
OPERATION(max)

static tenferro_status
evaluate(extent e, int count, const extent *symbols, const int64_t *values, int64_t *out)
{
    tenferro_extent_binding binding = {sizeof binding, count, symbols, values};
    return tenferro_extent_evaluate(context, e, &binding, out);
}

static void check_text(extent e, const char *expected)
{
    char text[256];
    size_t needed;
    CHECK_OK(tenferro_extent_format(context, e, text, sizeof text, &needed));
    assert_string_equal(text, expected);
    assert_int_equal(needed, strlen(expected));
}

/* ---- literals ---- */

static void literals__plain_arithmetic(void **state)
{
    (void)state;
    assert_int_equal(add(3, 4), 7);
    assert_int_equal(sub(7, 4), 3);
    assert_int_equal(mul(3, 0), 0);
    assert_int_equal(floordiv(7, 2), 3);
    assert_int_equal(min(3, 4), 3);
    assert_int_equal(max(3, 4), 4);
    extent e = 77;
    CHECK_OK(tenferro_extent_add(NULL, 1, 2, &e)); /* needs no context */
    assert_int_equal(e, 3);
    e = 77;
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_extent_add(context, INT64_MAX, 1, &e));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_extent_mul(context, INT64_MAX, 2, &e));
    CHECK_MESSAGE("9223372036854775807 * 2");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_extent_sub(context, 3, 4, &e));
    CHECK_MESSAGE("3 - 4");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_floordiv(context, 3, 0, &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_add(context, -1, 2, &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_extent_add(context, 2, TENFERRO_EXTENT_SYMBOL_MAX + 1, &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_add(context, 2, 2, NULL));
    assert_int_equal(e, 77);
}

/* ---- the normal form ---- */

static void normal_form__equal_polynomials__one_id(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("m"), k = symbol("k");
    assert_true(symbol("n") == n && n != m);
    assert_true(add(mul(n, m), m) == mul(m, add(n, 1)));
    assert_true(add(n, m) == add(m, n) && mul(n, m) == mul(m, n));
    assert_true(mul(add(n, m), add(n, m)) == add(add(mul(n, n), mul(mul(2, n), m)), mul(m, m)));
    assert_true(mul(add(n, m), sub(n, m)) == sub(mul(n, n), mul(m, m)));
    assert_true(mul(mul(n, m), k) == mul(k, mul(m, n)));
    assert_true(add(n, 0) == n && mul(n, 1) == n && mul(0, n) == 0);
    assert_true(sub(add(n, 5), n) == 5);
    assert_true(sub(add(n, m), n) == m);
    assert_true(sub(n, n) == 0);
    assert_true(sub(mul(n, 2), n) == n);
    assert_true(add(n, n) == mul(2, n));
    assert_true(sub(mul(add(n, 1), add(m, 1)), mul(n, m)) == add(add(n, m), 1));
    assert_true(add(sub(n, 3), 3) == n);
}

static void normal_form__floordiv_min_max(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("m");
    assert_true(floordiv(mul(6, mul(n, m)), mul(3, m)) == mul(2, n));
    assert_true(floordiv(add(mul(4, n), 8), 4) == add(n, 2));
    assert_true(floordiv(n, 1) == n && floordiv(n, n) == 1);
    assert_true(floordiv(0, n) == 0);
    assert_true(floordiv(mul(mul(n, n), m), mul(n, m)) == n);
    assert_true(floordiv(n, 2) == floordiv(n, 2) && floordiv(n, 2) != floordiv(m, 2));
    assert_true(floordiv(n, m) != floordiv(m, n));
    assert_true(floordiv(add(mul(4, n), 2), 4) != n); /* not exact */
    assert_true(min(n, m) == min(m, n) && max(n, m) == max(m, n));
    assert_true(min(n, m) != max(n, m));
    assert_true(min(n, n) == n && max(add(n, m), add(m, n)) == add(n, m));
    assert_true(min(n, 4) == min(4, n));
    assert_true(add(min(n, 4), min(4, n)) == mul(2, min(n, 4))); /* atoms in polynomials */
}

static void format__expressions__as_text(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("m"), e;
    check_text(7, "7");
    check_text(n, "n");
    check_text(add(mul(2, n), 1), "2*n + 1");
    check_text(sub(mul(n, m), 3), "n*m - 3");
    check_text(mul(n, n), "n*n");
    check_text(floordiv(n, 2), "floordiv(n, 2)");
    CHECK_OK(tenferro_extent_fresh(context, n, &e));
    char text[8], one[1] = {'x'};
    size_t needed;
    CHECK_OK(tenferro_extent_format(context, e, text, sizeof text, &needed));
    assert_int_equal(text[0], '?');
    /* snprintf's manner */
    CHECK_OK(tenferro_extent_format(context, add(mul(2, n), 1), text, 4, &needed));
    assert_string_equal(text, "2*n");
    assert_int_equal(needed, 7);
    CHECK_OK(tenferro_extent_format(context, n, NULL, 0, &needed));
    assert_int_equal(needed, 1);
    CHECK_OK(tenferro_extent_format(context, n, one, 1, NULL));
    assert_int_equal(one[0], 0);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_format(context, n, NULL, 5, &needed));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_format(NULL, n, text, 5, &needed));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_format(context, -7, text, 5, &needed));
}

/* A long chain in which every link names the one before twice is printed in bounded time. */
static void format__shared_subexpressions__no_blow_up(void **state)
{
    (void)state;
    extent e = symbol("n");
    for (int i = 0; i < 60; i++)
        e = max(floordiv(e, 2), add(e, 1));
    char text[64];
    size_t needed;
    CHECK_OK(tenferro_extent_format(context, e, text, sizeof text, &needed));
    assert_true(needed < 1000000);
    int64_t value;
    CHECK_OK(evaluate(e, 1, (extent[]){symbol("n")}, (int64_t[]){5}, &value));
    assert_int_equal(value, 65);
}

/* ---- evaluation ---- */

static void evaluate__values(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("m"), both[2] = {n, m};
    int64_t values[2] = {7, 3}, out;
    CHECK_OK(evaluate(add(mul(n, m), 1), 2, both, values, &out));
    assert_int_equal(out, 22);
    CHECK_OK(evaluate(add(floordiv(sub(m, n), 2), 10), 2, both, values,
                      &out)); /* towards minus infinity */
    assert_int_equal(out, 8);
    CHECK_OK(evaluate(add(floordiv(sub(m, n), 3), 10), 2, both, values, &out));
    assert_int_equal(out, 8);
    CHECK_OK(evaluate(min(n, m), 2, both, values, &out));
    assert_int_equal(out, 3);
    CHECK_OK(evaluate(max(sub(m, n), 0), 2, both, values, &out));
    assert_int_equal(out, 0);
    CHECK_OK(evaluate(floordiv(n, m), 2, both, values, &out));
    assert_int_equal(out, 2);
    CHECK_OK(tenferro_extent_evaluate(NULL, 12, NULL, &out));
    assert_int_equal(out, 12);
    CHECK_OK(tenferro_extent_value(NULL, 5, &out));
    assert_int_equal(out, 5);
}

static void evaluate__failures__named_and_out_untouched(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("rows"), both[2] = {n, m}, bad;
    int64_t out = 77, huge[2] = {INT64_C(1) << 40, INT64_C(1) << 40};
    CHECK_STATUS(TENFERRO_SYMBOLIC, evaluate(add(n, mul(m, 2)), 1, both, (int64_t[]){1}, &out));
    CHECK_MESSAGE("'rows'");
    CHECK_STATUS(TENFERRO_SYMBOLIC, evaluate(max(floordiv(m, 2), 3), 1, both, (int64_t[]){1}, &out));
    CHECK_MESSAGE("'rows'");
    CHECK_STATUS(TENFERRO_OVERFLOW, evaluate(mul(n, m), 2, both, huge, &out));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, evaluate(sub(n, m), 2, both, (int64_t[]){1, 5}, &out));
    CHECK_MESSAGE("-4");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 evaluate(floordiv(n, m), 2, both, (int64_t[]){1, 0}, &out));
    CHECK_MESSAGE("floordiv(n, rows)");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 evaluate(add(min(floordiv(n, m), 4), 1), 2, both, (int64_t[]){1, 0}, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, evaluate(n, 1, both, (int64_t[]){-1}, &out));
    bad = add(n, 1);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, evaluate(n, 1, &bad, (int64_t[]){1}, &out));
    bad = INT64_MAX;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, evaluate(n, 1, &bad, (int64_t[]){1}, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, evaluate(-3, 0, NULL, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 evaluate(TENFERRO_EXTENT_SYMBOL_MAX - 123456, 0, NULL, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_evaluate(context, n, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, evaluate(n, 0, NULL, NULL, NULL));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_extent_value(context, add(n, 1), &out));
    CHECK_MESSAGE("'n + 1'");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_value(context, -2, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_value(context, 2, NULL));
    assert_int_equal(out, 77);
}

/* What an expression does not contain cannot fail it, although it was interned before. */
static void evaluate__unrelated_atoms__do_not_matter(void **state)
{
    (void)state;
    extent n = symbol("n"), m = symbol("m"), out_of_reach[2] = {n, m};
    (void)floordiv(n, m);
    (void)min(mul(n, n), m);
    (void)max(symbol("unbound"), 2);
    extent last = min(n, 5);
    int64_t out;
    CHECK_OK(evaluate(last, 2, out_of_reach, (int64_t[]){INT64_C(1) << 40, 0}, &out));
    assert_int_equal(out, 5);
}

/* ---- symbols ---- */

static void symbol__names__checked(void **state)
{
    (void)state;
    extent e = 77;
    CHECK_OK(tenferro_extent_symbol(context, "x.shape#0_a", &e));
    e = 77;
    static const char *const bad[] = {"", "2n", "a b", "n*m", "n-1", "\xc3\xa9"};
    for (size_t i = 0; i < TF_COUNT(bad); i++)
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_symbol(context, bad[i], &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_symbol(context, NULL, &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_symbol(NULL, "n", &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_symbol(context, "n", NULL));
    assert_int_equal(e, 77);
}

static void fresh__always_another(void **state)
{
    (void)state;
    extent n = symbol("n"), a, b, c;
    int64_t out;
    CHECK_OK(tenferro_extent_fresh(context, n, &a));
    CHECK_OK(tenferro_extent_fresh(context, n, &b));
    CHECK_OK(tenferro_extent_fresh(context, 9, &c));
    assert_true(a != b && b != c && a != n);
    CHECK_OK(evaluate(add(a, mul(2, c)), 2, (extent[]){a, c}, (int64_t[]){3, 4}, &out));
    assert_int_equal(out, 11);
    CHECK_STATUS(TENFERRO_SYMBOLIC, evaluate(a, 1, &n, (int64_t[]){3}, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_fresh(context, -1, &a));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_fresh(NULL, 1, &a));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_fresh(context, 1, NULL));
}

static void ids_of_another_context__refused(void **state)
{
    (void)state;
    extent e = symbol("n"), out = 77;
    for (int i = 0; i < 50; i++)
        e = add(mul(e, 2), symbol("m"));
    tenferro_context *other = test_context();
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_add(other, e, 1, &out));
    CHECK_MESSAGE("of this context");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_fresh(other, e, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_add(NULL, e, 1, &out));
    assert_int_equal(out, 77);
    tenferro_context_release(other);
}

static void coefficients__too_large__overflow(void **state)
{
    (void)state;
    extent n = symbol("n"), e = 77, big = mul(INT64_MAX, n);
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_extent_mul(context, big, 2, &e));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_extent_add(context, big, big, &e));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_extent_mul(context, big, big, &e));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_extent_floordiv(context, n, 0, &e));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_extent_sub(context, n, add(n, 1), &e));
    assert_int_equal(e, 77);
}

/* ---- random expressions ---- */

enum { SYMBOLS = 3, NODES = 12 };

/* Combines earlier nodes at random; -1 where the library refused, as the naive arithmetic would. */
static void random_trees__agree_with_naive(void **state)
{
    (void)state;
    static const operation operations[] = {tenferro_extent_add, tenferro_extent_sub,
                                           tenferro_extent_mul, tenferro_extent_min,
                                           tenferro_extent_max, tenferro_extent_floordiv};
    extent symbols[SYMBOLS] = {symbol("n"), symbol("m"), symbol("k")};
    test_rng rng = test_rng_make(1);
    int compared = 0;
    for (int round = 0; round < 1500; round++) {
        extent node[NODES];
        int64_t value[NODES], bound[SYMBOLS];
        int known[NODES], count = 0; /* known: the naive value exists */
        for (int i = 0; i < SYMBOLS; i++) {
            node[count] = symbols[i];
            value[count] = bound[i] = test_rng_range(&rng, 0, 6);
            known[count++] = 1;
        }
        node[count] = value[count] = test_rng_range(&rng, 0, 4);
        known[count++] = 1;
        for (int attempts = 0; count < NODES && attempts < 40; attempts++) {
            int op = (int)test_rng_range(&rng, 0, 5);
            int a = (int)test_rng_range(&rng, 0, count - 1),
                b = (int)test_rng_range(&rng, 0, count - 1);
            /* an exact division simplifies away: its divisor is assumed not to be 0 */
            if (op == 5 && (!known[b] || value[b] == 0))
                continue;
            if (operations[op](context, node[a], node[b], &node[count]) != TENFERRO_OK)
                continue;
            int64_t x = value[a], y = value[b], v = 0;
            known[count] = known[a] && known[b];
            if (known[count]) {
                if (llabs(x) > 1000000 || llabs(y) > 1000000)
                    continue;
                int64_t quotient = y ? x / y - (x % y != 0 && (x % y < 0) != (y < 0)) : 0;
                v = op == 0   ? x + y
                    : op == 1 ? x - y
                    : op == 2 ? x * y
                    : op == 3 ? (x < y ? x : y)
                    : op == 4 ? (x > y ? x : y)
                              : quotient;
            }
            value[count++] = v;
        }
        for (int i = 0; i < count; i++) {
            int64_t out = -77;
            tenferro_status status = evaluate(node[i], SYMBOLS, symbols, bound, &out);
            if (value[i] >= 0) {
                if (status != TENFERRO_OK || out != value[i]) {
                    char text[512];
                    CHECK_OK(tenferro_extent_format(context, node[i], text, sizeof text, NULL));
                    fail_msg("%s at n=%d m=%d k=%d: %s, %lld, expected %lld", text, (int)bound[0],
                             (int)bound[1], (int)bound[2], tenferro_status_name(status),
                             (long long)out, (long long)value[i]);
                }
                compared++;
            } else {
                assert_int_equal(status, TENFERRO_SHAPE_MISMATCH);
                assert_int_equal(out, -77);
            }
        }
    }
    assert_true(compared > 5000);
}

/* Two orders of the same sums and products are one id. */
static void random_polynomials__any_order__one_id(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(2);
    extent symbols[SYMBOLS] = {symbol("n"), symbol("m"), symbol("k")};
    for (int round = 0; round < 200; round++) {
        extent terms[6], forward = 0, backward = 0;
        for (int i = 0; i < 6; i++) {
            extent a = symbols[test_rng_range(&rng, 0, 2)], b = symbols[test_rng_range(&rng, 0, 2)];
            int64_t c = test_rng_range(&rng, 0, 3);
            terms[i] = mul(c, mul(a, b));
            assert_true(terms[i] == mul(b, mul(a, c)));
        }
        for (int i = 0; i < 6; i++) {
            forward = add(forward, terms[i]);
            backward = add(terms[5 - i], backward);
        }
        assert_true(forward == backward);
        assert_true(sub(forward, backward) == 0);
    }
}

/* ---- threads ---- */

enum { PER_THREAD = 300 };

static void *intern(void *out)
{
    extent *made = out;
    for (int i = 0; i < PER_THREAD; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i % 50);
        extent s, product;
        if (tenferro_extent_symbol(context, name, &s) != TENFERRO_OK ||
            tenferro_extent_mul(context, s, (extent)(i + 2), &product) != TENFERRO_OK ||
            tenferro_extent_max(context, product, s, &made[i]) != TENFERRO_OK)
            made[i] = 0;
    }
    return NULL;
}

static void two_threads__intern_the_same__same_ids(void **state)
{
    (void)state;
    pthread_t thread;
    extent mine[PER_THREAD], theirs[PER_THREAD];
    assert_int_equal(pthread_create(&thread, NULL, intern, theirs), 0);
    intern(mine);
    pthread_join(thread, NULL);
    for (int i = 0; i < PER_THREAD; i++)
        assert_true(mine[i] == theirs[i] && tenferro_extent_is_symbol(mine[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(literals__plain_arithmetic),
        TEST(normal_form__equal_polynomials__one_id),
        TEST(normal_form__floordiv_min_max),
        TEST(format__expressions__as_text),
        TEST(format__shared_subexpressions__no_blow_up),
        TEST(evaluate__values),
        TEST(evaluate__failures__named_and_out_untouched),
        TEST(evaluate__unrelated_atoms__do_not_matter),
        TEST(symbol__names__checked),
        TEST(fresh__always_another),
        TEST(ids_of_another_context__refused),
        TEST(coefficients__too_large__overflow),
        TEST(random_trees__agree_with_naive),
        TEST(random_polynomials__any_order__one_id),
        TEST(two_threads__intern_the_same__same_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
