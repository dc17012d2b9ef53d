/* Reductions over any axes of any layout against naive loops; empty ones, NaN, integers, ties. */

#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/compat.h"

enum { B = TENFERRO_BOOL, I4 = TENFERRO_INT32, I8, F4, F8, C8, C16, MAX_RANK = 5 };

typedef tenferro_status (*reduction)(const tenferro_tensor *, int, const int *, int,
                                     tenferro_tensor **);

#define BIT(d) (1u << (d))
enum { REALS = BIT(I4) | BIT(I8) | BIT(F4) | BIT(F8), NUMBERS = REALS | BIT(C8) | BIT(C16) };
typedef enum kind { SUM, PROD, MEAN, MAX, MIN, ANY, ALL, ARGMAX, ARGMIN } kind;

static const struct {
    const char *name;
    reduction op;
    unsigned takes;
} ops[] = {
    [SUM] = {"sum", tenferro_sum, NUMBERS | BIT(B)},
    [PROD] = {"prod", tenferro_prod, NUMBERS | BIT(B)},
    [MEAN] = {"mean", tenferro_mean, NUMBERS | BIT(B)},
    [MAX] = {"max", tenferro_max, REALS | BIT(B)},
    [MIN] = {"min", tenferro_min, REALS | BIT(B)},
    [ANY] = {"any", tenferro_any, BIT(B)},
    [ALL] = {"all", tenferro_all, BIT(B)},
    [ARGMAX] = {"argmax", tenferro_argmax, REALS | BIT(B)},
    [ARGMIN] = {"argmin", tenferro_argmin, REALS | BIT(B)},
};

static tenferro_dtype result_dtype(kind k, tenferro_dtype d)
{
    int small = d == B || d == I4;
    if ((k == SUM || k == PROD) && small)
        return I8;
    if (k == MEAN && (small || d == I8))
        return F8;
    return k == ARGMAX || k == ARGMIN ? I8 : d;
}

/* Does y come before x as an extremum?  NaN wins, the first one. */
static int beats(kind k, double y, double x)
{
    if (isnan(x))
        return 0;
    return isnan(y) || (k == MAX || k == ARGMAX ? y > x : y < x);
}

/* values: the reduced elements in column-major order of the reduced axes */
static test_value naive(kind k, int64_t n, const test_value *values)
{
    test_value result = k == PROD || k == ALL ? 1.0 : 0.0;
    int64_t best = 0;
    for (int64_t i = 0; i < n; i++)
        switch (k) {
        case SUM:
        case MEAN:
            result = test_complex(creal(result) + creal(values[i]),
                                  cimag(result) + cimag(values[i]));
            break;
        case PROD:
            result = result * values[i];
            break;
        case ANY:
            result = creal(result) != 0.0 || creal(values[i]) != 0.0;
            break;
        case ALL:
            result = creal(result) != 0.0 && creal(values[i]) != 0.0;
            break;
        default:
            if (beats(k, creal(values[i]), creal(values[best])))
                best = i;
        }
    if (k == MEAN)
        return test_complex(creal(result) / (double)n, cimag(result) / (double)n);
    if (k == MAX || k == MIN)
        return values[best];
    return k == ARGMAX || k == ARGMIN ? test_complex((double)best, 0.0) : result;
}

/* The whole result for a mask of reduced axes; *rank and extents receive its shape. */
static test_value *
reference(kind k, const tenferro_tensor *x, unsigned mask, int keep, int *rank, int64_t *extents)
{
    int in_rank = tenferro_tensor_rank(x), kept_rank = 0, reduced_rank = 0;
    const int64_t *in = tenferro_tensor_extents(x);
    int64_t kept[MAX_RANK], reduced[MAX_RANK];
    *rank = 0;
    for (int i = 0; i < in_rank; i++) {
        int is_reduced = (mask >> i) & 1;
        if (is_reduced)
            reduced[reduced_rank++] = in[i];
        else
            kept[kept_rank++] = in[i];
        if (!is_reduced || keep)
            extents[(*rank)++] = is_reduced ? 1 : in[i];
    }
    int64_t count = test_count(kept_rank, kept), each = test_count(reduced_rank, reduced);
    test_value *all = test_elements(x), *row = malloc((size_t)(each + 1) * sizeof *row);
    test_value *out = malloc((size_t)(count + 1) * sizeof *out);
    int64_t outer[MAX_RANK] = {0}, inner[MAX_RANK] = {0}, index[MAX_RANK];
    for (int64_t c = 0; c < count; c++) {
        for (int64_t r = 0; r < each; r++) {
            for (int i = 0, a = 0, b = 0; i < in_rank; i++)
                index[i] = (mask >> i) & 1 ? inner[a++] : outer[b++];
            row[r] = all[test_offset(in_rank, in, index)];
            test_next(reduced_rank, reduced, inner);
        }
        out[c] = naive(k, each, row);
        test_next(kept_rank, kept, outer);
    }
    free(all);
    free(row);
    return out;
}

static void check_reduction(kind k, const tenferro_tensor *x, unsigned mask, int keep)
{
    int axes[MAX_RANK] = {0}, count = 0, rank;
    int64_t extents[MAX_RANK];
    tenferro_dtype d = tenferro_tensor_dtype(x), result = result_dtype(k, d);
    for (int i = tenferro_tensor_rank(x) - 1; i >= 0; i--) /* any order, from either end */
        if ((mask >> i) & 1)
            axes[count++] = i % 2 ? i : i - tenferro_tensor_rank(x);
    tenferro_tensor *y;
    CHECK_OK(ops[k].op(x, count, axes, keep, &y));
    test_value *expected = reference(k, x, mask, keep, &rank, extents);
    int64_t size;
    CHECK_OK(tenferro_tensor_size(x, &size));
    test_check_shape(y, result, rank, extents);
    test_check_elements(y, expected, (double)(size + 4) * test_epsilon(result), ops[k].name);
    if (k == SUM) {
        test_rng rng = test_rng_make(99);
        tenferro_tensor *into = test_random_tensor(tenferro_tensor_context(x), &rng, result, rank,
                                                   extents, TEST_STRIDED);
        CHECK_OK(tenferro_sum_into(x, count, axes, keep, into));
        test_check_elements(into, expected, (double)(size + 4) * test_epsilon(result), "sum_into");
        tenferro_tensor_release(into);
    }
    free(expected);
    tenferro_tensor_release(y);
}

static void reductions__any_axes_layout_dtype__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    for (int k = SUM; k <= ARGMIN; k++)
        for (tenferro_dtype d = B; d <= C16; d++)
            for (int round = 0; round < 12; round++) {
                int rank = (int)test_rng_range(&rng, 0, 4);
                int64_t extents[MAX_RANK];
                for (int i = 0; i < rank; i++)
                    extents[i] = test_rng_range(&rng, 1, k == PROD && !test_is_floating(d) ? 2 : 5);
                tenferro_tensor *x = test_random_tensor(context, &rng, d, rank, extents, round % 3),
                                *y = x;
                if (ops[k].takes & BIT(d)) {
                    for (unsigned mask = 0; mask < 1u << rank; mask++)
                        check_reduction((kind)k, x, mask, round & 1);
                } else {
                    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, ops[k].op(x, 0, NULL, 0, &y));
                    CHECK_MESSAGE(ops[k].name);
                    CHECK_MESSAGE(test_dtype_name(d));
                    assert_null(y);
                }
                tenferro_tensor_release(x);
            }
    tenferro_context_release(context);
}

static void reductions__axes_null__all_of_them(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x = test_tensor_of(context, F8, 2, (int64_t[]){2, 2},
                                        (test_value[]){1, 2, 3, 4}),
                    *y;
    CHECK_OK(tenferro_sum(x, 0, NULL, 0, &y));
    test_check_shape(y, F8, 0, NULL);
    test_check_elements(y, (test_value[]){10}, 0.0, "sum");
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_mean(x, 0, NULL, 1, &y));
    test_check_shape(y, F8, 2, (int64_t[]){1, 1});
    test_check_elements(y, (test_value[]){2.5}, 0.0, "mean");
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

static void reductions__of_nothing__identities_or_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(2);
    int64_t extents[2] = {0, 2};
    for (tenferro_dtype d = B; d <= C16; d++) {
        tenferro_tensor *x = test_random_tensor(context, &rng, d, 2, extents, 0), *y;
        for (int k = SUM; k <= ARGMIN; k++) {
            if (!(ops[k].takes & BIT(d)))
                continue;
            if (k == MAX || k == MIN || k >= ARGMAX) {
                y = x;
                CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, ops[k].op(x, 1, (int[]){0}, 0, &y));
                CHECK_MESSAGE(ops[k].name);
                CHECK_MESSAGE("(0, 2)");
                assert_null(y);
            } else {
                double identity = k == MEAN ? (double)NAN : k == PROD || k == ALL;
                CHECK_OK(ops[k].op(x, 1, (int[]){0}, 0, &y));
                test_check_shape(y, result_dtype((kind)k, d), 1, &extents[1]);
                test_value *values = test_elements(y);
                for (int i = 0; i < 2; i++)
                    assert_true(isnan(identity) ? isnan(creal(values[i])) : values[i] == identity);
                free(values);
                tenferro_tensor_release(y);
            }
            /* reducing the other axis leaves nothing, and is no error */
            CHECK_OK(ops[k].op(x, 1, (int[]){1}, 0, &y));
            test_check_shape(y, result_dtype((kind)k, d), 1, &extents[0]);
            tenferro_tensor_release(y);
        }
        tenferro_tensor_release(x);
    }
    tenferro_context_release(context);
}

static void extrema__nan__wins_and_first_index(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    for (tenferro_dtype d = F4; d <= F8; d++) {
        for (int64_t n = 1; n <= 40; n++)
            for (int64_t at = 0; at<n; at += n> 4 ? n / 4 : 1) {
                test_value values[40];
                for (int64_t i = 0; i < n; i++)
                    values[i] = i == at || i == n - 1 ? NAN : (double)(i % 7);
                tenferro_tensor *x = test_tensor_of(context, d, 1, &n, values), *y;
                CHECK_OK(tenferro_max(x, 0, NULL, 0, &y));
                test_check_elements(y, (test_value[]){NAN}, 0.0, "max");
                tenferro_tensor_release(y);
                CHECK_OK(tenferro_min(x, 0, NULL, 0, &y));
                test_check_elements(y, (test_value[]){NAN}, 0.0, "min");
                tenferro_tensor_release(y);
                CHECK_OK(tenferro_argmax(x, 0, NULL, 0, &y));
                test_check_elements(y, (test_value[]){(double)at}, 0.0, "argmax");
                tenferro_tensor_release(y);
                CHECK_OK(tenferro_argmin(x, 0, NULL, 0, &y));
                test_check_elements(y, (test_value[]){(double)at}, 0.0, "argmin");
                TEST_RELEASE(x, y);
            }
    }
    /* infinities are ordinary; of equal ones the first */
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){4},
                                        (test_value[]){-INFINITY, -INFINITY, -INFINITY, -INFINITY}),
                    *y;
    CHECK_OK(tenferro_max(x, 0, NULL, 0, &y));
    test_check_elements(y, (test_value[]){-INFINITY}, 0.0, "max");
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_argmax(x, 0, NULL, 0, &y));
    test_check_elements(y, (test_value[]){0}, 0.0, "argmax");
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

static void integers__limits__exact(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int32_t small[3] = {INT32_MAX, INT32_MAX, INT32_MIN};
    const int64_t large[3] = {INT64_MAX, INT64_MIN, INT64_MAX - 1};
    int64_t three[1] = {3};
    tenferro_tensor *x, *y;
    CHECK_OK(tenferro_tensor_from_data(context, I4, 1, three, NULL, small, &x));
    CHECK_OK(tenferro_sum(x, 0, NULL, 0, &y));
    assert_true(*(const int64_t *)tenferro_tensor_data(y) == (int64_t)INT32_MAX - 1);
    TEST_RELEASE(x, y);
    CHECK_OK(tenferro_tensor_from_data(context, I8, 1, three, NULL, large, &x));
    CHECK_OK(tenferro_max(x, 0, NULL, 0, &y));
    assert_true(*(const int64_t *)tenferro_tensor_data(y) == INT64_MAX);
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_argmin(x, 0, NULL, 0, &y));
    assert_true(*(const int64_t *)tenferro_tensor_data(y) == 1);
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

/* The error of a pairwise sum grows with log n, not n. */
static void sum__many_elements__pairwise(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t n = 300000;
    tenferro_tensor *x, *y;
    CHECK_OK(tenferro_full(context, F4, 1, &n, tenferro_real((double)0.1f), &x));
    CHECK_OK(tenferro_sum(x, 0, NULL, 0, &y));
    double sum, exact = (double)0.1f * (double)n;
    CHECK_OK(tenferro_tensor_item(y, &sum, NULL));
    assert_true(fabs(sum - exact) <= 32.0 * test_epsilon(F4) * exact);
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

static void reductions__bad_axes__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 2, (int64_t[]){2, 3}, 0), *y = x;
    tenferro_tensor *scalar = test_random_tensor(context, &rng, F8, 0, NULL, 0);
    for (int k = SUM; k <= ARGMIN; k++) {
        if (k == ANY || k == ALL)
            continue;
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, 1, (int[]){2}, 0, &y));
        CHECK_MESSAGE(ops[k].name);
        assert_null(y);
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, 1, (int[]){-3}, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, 2, (int[]){1, -1}, 0, &y));
        CHECK_MESSAGE("twice");
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, 1, NULL, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, -1, NULL, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(scalar, 1, (int[]){0}, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(NULL, 0, NULL, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, ops[k].op(x, 0, NULL, 0, NULL));
    }
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_sum_into(x, 1, (int[]){0}, 0, scalar));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_sum_into(x, 0, NULL, 0, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_sum_into(NULL, 0, NULL, 0, scalar));
    TEST_RELEASE(x, scalar);
    tenferro_context_release(context);
}

/* sum_into a part of its own operand */
static void sum_into__overlap__as_if_copied_first(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x = test_tensor_of(context, F8, 2, (int64_t[]){2, 3},
                                        (test_value[]){1, 2, 3, 4, 5, 6}),
                    *row;
    CHECK_OK(tenferro_slice(x, (int64_t[]){0, 1}, (int64_t[]){2, 1}, NULL, &row));
    CHECK_OK(tenferro_sum_into(x, 1, (int[]){1}, 1, row));
    test_check_elements(x, (test_value[]){1, 2, 9, 12, 5, 6}, 0.0, "sum_into");
    TEST_RELEASE(x, row);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions__any_axes_layout_dtype__match_naive),
        cmocka_unit_test(reductions__axes_null__all_of_them),
        cmocka_unit_test(reductions__of_nothing__identities_or_errors),
        cmocka_unit_test(extrema__nan__wins_and_first_index),
        cmocka_unit_test(integers__limits__exact),
        cmocka_unit_test(sum__many_elements__pairwise),
        cmocka_unit_test(reductions__bad_axes__refused),
        cmocka_unit_test(sum_into__overlap__as_if_copied_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
