/* Views: the right elements, in shared storage, for every argument; bad arguments are refused. */

#include "arrays.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { F8 = TENFERRO_FLOAT64, MAX_RANK = 6 };

/* The element of x that `index` of a view shows. */
typedef void (*source)(const void *user, const int64_t *index, int64_t *from);

static const char *address(const tenferro_tensor *x, const int64_t *index)
{
    int64_t offset = 0;
    for (int i = 0; i < tenferro_tensor_rank(x); i++)
        offset += index[i] * tenferro_tensor_strides(x)[i];
    return (const char *)tenferro_tensor_data(x) + offset * test_size_of(tenferro_tensor_dtype(x));
}

/* Every element of y lies where the element of x lies that `of` names: no copy, nothing moved. */
static void check_view(const tenferro_tensor *x, const tenferro_tensor *y, int rank,
                       const int64_t *extents, source of, const void *user)
{
    int64_t index[MAX_RANK] = {0}, from[MAX_RANK] = {0};
    test_check_shape(y, tenferro_tensor_dtype(x), rank, extents);
    if (test_count(rank, extents) > 0)
        do {
            of(user, index, from);
            assert_ptr_equal(address(y, index), address(x, from));
        } while (test_next(rank, extents, index));
    assert_int_equal(tenferro_tensor_version(y), tenferro_tensor_version(x));
}

static tenferro_tensor *
any_tensor(tenferro_context *context, test_rng *rng, int max_rank, int64_t least, int64_t most)
{
    int64_t extents[MAX_RANK];
    int rank = (int)test_rng_range(rng, 0, max_rank);
    for (int i = 0; i < rank; i++)
        extents[i] = test_rng_range(rng, least, most);
    return test_random_tensor(context, rng,
                              (tenferro_dtype)test_rng_range(rng, TENFERRO_BOOL,
                                                             TENFERRO_COMPLEX128),
                              rank, extents, (int)test_rng_range(rng, TEST_COMPACT, TEST_REPEATED));
}

/* ---- permute ---- */

typedef struct permutation {
    int rank;
    int axes[MAX_RANK];
} permutation;

static void permuted(const void *user, const int64_t *index, int64_t *from)
{
    const permutation *p = user;
    for (int i = 0; i < p->rank; i++)
        from[p->axes[i]] = index[i];
}

static void permute__random__axes_move(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    for (int k = 0; k < 200; k++) {
        tenferro_tensor *x = any_tensor(context, &rng, 5, 0, 3), *y;
        permutation p = {tenferro_tensor_rank(x), {0}};
        int64_t extents[MAX_RANK];
        int given[MAX_RANK];
        for (int i = 0; i < p.rank; i++)
            p.axes[i] = i;
        for (int i = p.rank - 1; i > 0; i--) {
            int j = (int)test_rng_range(&rng, 0, i), swap = p.axes[i];
            p.axes[i] = p.axes[j];
            p.axes[j] = swap;
        }
        for (int i = 0; i < p.rank; i++) {
            extents[i] = tenferro_tensor_extents(x)[p.axes[i]];
            given[i] = p.axes[i] - (k % 2 ? p.rank : 0); /* negative ones count from the end */
        }
        CHECK_OK(tenferro_permute(x, given, &y));
        if (p.rank == 0) { /* axes NULL is the transpose, of a scalar itself */
            tenferro_tensor_release(y);
            CHECK_OK(tenferro_permute(x, NULL, &y));
        }
        check_view(x, y, p.rank, extents, permuted, &p);
        TEST_RELEASE(x, y);
    }
    tenferro_context_release(context);
}

static void permute__bad_axes__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(2);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 3, (int64_t[]){2, 3, 4}, 0), *y = x;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_permute(x, (int[]){0, 1, 3}, &y));
    CHECK_MESSAGE("permute: axis 3 is out of range for rank 3");
    assert_null(y);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_permute(x, (int[]){0, 1, -2}, &y));
    CHECK_MESSAGE("twice");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_permute(x, (int[]){0, INT_MIN, 1}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_permute(NULL, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_permute(x, NULL, NULL));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- reshape ---- */

/* A random shape of the same size. */
static int random_factors(test_rng *rng, int64_t size, int64_t *extents)
{
    int rank = 0;
    while (size > 1 && rank < 4) {
        int64_t f = test_rng_range(rng, 1, size);
        while (size % f)
            f--;
        extents[rank++] = f;
        size /= f;
    }
    if (size > 1 || test_rng_range(rng, 0, 1))
        extents[rank++] = size;
    return rank;
}

static void reshape__random_layouts__keep_column_major_order(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    int views = 0, copies = 0;
    for (int k = 0; k < 1000; k++) {
        tenferro_tensor *x = any_tensor(context, &rng, 4, 1, 4), *y, *view;
        test_value *values = test_elements(x);
        int64_t size, extents[MAX_RANK], given[MAX_RANK];
        CHECK_OK(tenferro_tensor_size(x, &size));
        int rank = random_factors(&rng, size, extents);
        memcpy(given, extents, sizeof given);
        if (rank)
            given[test_rng_range(&rng, 0, rank - 1)] = -1;
        CHECK_OK(tenferro_reshape(x, rank, given, &y));
        test_check_shape(y, tenferro_tensor_dtype(x), rank, extents);
        test_check_elements(y, values, 0.0, "reshape");
        tenferro_status status = tenferro_reshape_view(x, rank, extents, &view);
        int shared = tenferro_tensor_data(y) == tenferro_tensor_data(x);
        assert_int_equal(status, shared ? TENFERRO_OK : TENFERRO_UNSUPPORTED);
        if (shared) {
            test_check_elements(view, values, 0.0, "reshape_view");
            assert_ptr_equal(tenferro_tensor_data(view), tenferro_tensor_data(x));
            tenferro_tensor_release(view);
            views++;
        } else {
            assert_null(view);
            assert_true(tenferro_tensor_is_contiguous(y, TENFERRO_COLUMN_MAJOR));
            copies++;
        }
        free(values);
        TEST_RELEASE(x, y);
    }
    assert_true(views > 50 && copies > 50);
    tenferro_context_release(context);
}

static void reshape__compact__always_a_view(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(4);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 2, (int64_t[]){4, 6}, 0), *y, *rows,
                    *z;
    CHECK_OK(tenferro_reshape_view(x, 3, (int64_t[]){2, 1, 12}, &y));
    assert_ptr_equal(tenferro_tensor_data(y), tenferro_tensor_data(x));
    CHECK_OK(tenferro_slice_axis(x, 1, 0, 6, 2, &rows)); /* [4, 3], second stride 8 */
    CHECK_OK(tenferro_reshape_view(rows, 4, (int64_t[]){2, 2, 3, 1}, &z));
    tenferro_tensor_release(z);
    z = rows;
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_reshape_view(rows, 1, (int64_t[]){12}, &z));
    CHECK_MESSAGE("(4, 3)");
    assert_null(z);
    TEST_RELEASE(x, y, rows);
    tenferro_context_release(context);
}

static void reshape__no_elements_and_bad_arguments(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(5);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 2, (int64_t[]){2, 3}, 0), *y = x;
    tenferro_tensor *none = test_random_tensor(context, &rng, F8, 2, (int64_t[]){0, 3}, 0);
    tenferro_extent n;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(tenferro_reshape(none, 3, (int64_t[]){5, 0, -1 + 8}, &y));
    test_check_shape(y, F8, 3, (int64_t[]){5, 0, 7});
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_reshape(none, 2, (int64_t[]){-1, 3}, &y));
    test_check_shape(y, F8, 2, (int64_t[]){0, 3});
    tenferro_tensor_release(y);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_reshape(none, 2, (int64_t[]){-1, 0}, &y));
    assert_null(y);
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_reshape(none, 3, (int64_t[]){0, INT64_MAX, 4}, &y));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_reshape(x, 2, (int64_t[]){INT64_MAX, 4}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_reshape(x, 1, (int64_t[]){5}, &y));
    CHECK_MESSAGE("(2, 3)");
    CHECK_MESSAGE("(5");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_reshape(x, 2, (int64_t[]){4, -1}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_reshape(x, 0, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reshape(x, 2, (int64_t[]){-1, -1}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reshape(x, 1, (int64_t[]){-6}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reshape(x, -1, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reshape(x, 1, NULL, &y));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_reshape(x, 1, &n, &y));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_reshape(none, 2, (int64_t[]){n, 0}, &y));
    assert_null(y);
    TEST_RELEASE(x, none);
    tenferro_context_release(context);
}

/* ---- slice ---- */

typedef struct steps {
    int rank;
    const int64_t *start, *step;
} steps;

static void stepped(const void *user, const int64_t *index, int64_t *from)
{
    const steps *s = user;
    for (int i = 0; i < s->rank; i++)
        from[i] = s->start[i] + index[i] * s->step[i];
}

static void slice__random__any_step(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(6);
    for (int k = 0; k < 500; k++) {
        tenferro_tensor *x = any_tensor(context, &rng, 4, 0, 7), *y;
        int rank = tenferro_tensor_rank(x);
        int64_t start[MAX_RANK], count[MAX_RANK], step[MAX_RANK];
        for (int i = 0; i < rank; i++) {
            int64_t n = tenferro_tensor_extents(x)[i];
            step[i] = test_rng_range(&rng, 0, 1) ? test_rng_range(&rng, 1, 3)
                                                 : -test_rng_range(&rng, 1, 3);
            start[i] = n ? test_rng_range(&rng, 0, n - 1) : 0;
            int64_t room = n == 0
                               ? 0
                               : (step[i] > 0 ? (n - 1 - start[i]) / step[i] : start[i] / -step[i]) +
                                     1;
            count[i] = test_rng_range(&rng, 0, room);
        }
        CHECK_OK(tenferro_slice(x, start, count, step, &y));
        steps s = {rank, start, step};
        check_view(x, y, rank, count, stepped, &s);
        TEST_RELEASE(x, y);
    }
    tenferro_context_release(context);
}

static void slice__bad_arguments__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(7);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 2, (int64_t[]){5, 3}, 0), *y = x;
    int64_t zero[2] = {0, 0}, one[2] = {1, 1};
    tenferro_extent n;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_slice(x, zero, (int64_t[]){6, 1}, NULL, &y));
    CHECK_MESSAGE("slice: axis 0");
    assert_null(y);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_slice(x, (int64_t[]){0, 3}, one, NULL, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_slice(x, zero, (int64_t[]){3, 1}, (int64_t[]){3, 1}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_slice(x, one, (int64_t[]){3, 1}, (int64_t[]){-1, 1}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_slice(x, one, (int64_t[]){3, 1}, (int64_t[]){INT64_MAX, 1}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(x, zero, one, zero, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(x, (int64_t[]){-1, 0}, one, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(x, zero, (int64_t[]){-1, 0}, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(x, NULL, one, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(x, one, NULL, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice(NULL, one, one, NULL, &y));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_slice(x, (int64_t[]){n, 0}, one, NULL, &y));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_slice(x, zero, (int64_t[]){n, 1}, NULL, &y));
    assert_null(y);
    /* a start that no element has and a step that is not taken may be anything */
    CHECK_OK(tenferro_slice(x, (int64_t[]){INT64_MAX, 2}, (int64_t[]){0, 1},
                            (int64_t[]){INT64_MIN, INT64_MIN}, &y));
    test_check_shape(y, F8, 2, (int64_t[]){0, 1});
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

/* What Python's slice(start, stop, step).indices(n) gives: CPython's PySlice_AdjustIndices. */
static int64_t python_indices(int64_t n, int64_t start, int64_t stop, int64_t step, int64_t *first)
{
    if (start < 0) {
        start = start < -n ? (step < 0 ? -1 : 0) : start + n;
    } else if (start >= n) {
        start = step < 0 ? n - 1 : n;
    }
    if (stop < 0) {
        stop = stop < -n ? (step < 0 ? -1 : 0) : stop + n;
    } else if (stop >= n) {
        stop = step < 0 ? n - 1 : n;
    }
    int64_t count = 0;
    for (int64_t i = start; (step > 0 ? i < stop : i > stop); i += step) {
        count++;
        if ((step > 0 && i > INT64_MAX - step) || (step < 0 && i < INT64_MIN - step))
            break;
    }
    *first = start;
    return count;
}

static void slice_axis__small_enumeration__pythons_rules(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    static const int64_t bounds[] = {
        INT64_MIN, INT64_MIN + 1, -7,       -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6,
        7,         INT64_MAX - 1, INT64_MAX};
    static const int64_t by[] = {1, 2, 3, 7, INT64_MAX, -1, -2, -3, -7, INT64_MIN};
    enum { BOUNDS = sizeof bounds / sizeof *bounds, STEPS = sizeof by / sizeof *by };
    for (int64_t n = 0; n <= 5; n++) {
        test_value values[5] = {0, 1, 2, 3, 4};
        tenferro_tensor *x = test_tensor_of(context, F8, 1, &n, values), *y;
        for (int i = 0; i < BOUNDS; i++)
            for (int j = 0; j < BOUNDS; j++)
                for (int k = 0; k < STEPS; k++) {
                    int64_t first, count = python_indices(n, bounds[i], bounds[j], by[k], &first);
                    CHECK_OK(
                        tenferro_slice_axis(x, i % 2 ? 0 : -1, bounds[i], bounds[j], by[k], &y));
                    test_check_shape(y, F8, 1, &count);
                    const double *data = tenferro_tensor_data(y);
                    for (int64_t m = 0; m < count; m++)
                        assert_true(data[m * tenferro_tensor_strides(y)[0]] ==
                                    (double)(first + m * by[k]));
                    tenferro_tensor_release(y);
                }
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice_axis(x, 0, 0, n, 0, &y));
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_slice_axis(x, 1, 0, n, 1, &y));
        assert_null(y);
        tenferro_tensor_release(x);
    }
    tenferro_context_release(context);
}

static void reverse__axes__walk_backwards(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(8);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 3, (int64_t[]){2, 3, 4},
                                            TEST_STRIDED),
                    *y;
    const int64_t *extents = tenferro_tensor_extents(x);
    CHECK_OK(tenferro_reverse(x, 2, (int[]){-1, 0}, &y));
    steps two = {3, (int64_t[]){1, 0, 3}, (int64_t[]){-1, 1, -1}};
    check_view(x, y, 3, extents, stepped, &two);
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_reverse(x, 0, NULL, &y));
    steps all = {3, (int64_t[]){1, 2, 3}, (int64_t[]){-1, -1, -1}};
    check_view(x, y, 3, extents, stepped, &all);
    tenferro_tensor_release(y);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reverse(x, 2, (int[]){0, -3}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reverse(x, 1, (int[]){3}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_reverse(x, -1, NULL, &y));
    assert_null(y);
    tenferro_tensor *none = test_random_tensor(context, &rng, F8, 2, (int64_t[]){0, 2}, 0);
    CHECK_OK(tenferro_reverse(none, 0, NULL, &y));
    test_check_shape(y, F8, 2, (int64_t[]){0, 2});
    TEST_RELEASE(x, y, none);
    tenferro_context_release(context);
}

/* ---- broadcast ---- */

typedef struct placement {
    const tenferro_tensor *x;
    int axes[MAX_RANK];
} placement;

static void placed(const void *user, const int64_t *index, int64_t *from)
{
    const placement *p = user;
    for (int i = 0; i < tenferro_tensor_rank(p->x); i++)
        from[i] = tenferro_tensor_extents(p->x)[i] == 1 ? 0 : index[p->axes[i]];
}

static void broadcast__axes_of_1_and_new_ones__repeat(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(9);
    tenferro_tensor *x = test_random_tensor(context, &rng, TENFERRO_COMPLEX64, 2, (int64_t[]){3, 1},
                                            TEST_STRIDED),
                    *y;
    CHECK_OK(tenferro_broadcast(x, 3, (int64_t[]){2, 3, 4}, &y));
    check_view(x, y, 3, (int64_t[]){2, 3, 4}, placed, &(placement){x, {1, 2}});
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_broadcast_axes(x, 4, (int64_t[]){3, 2, 5, 1}, (int[]){0, -1}, &y));
    check_view(x, y, 4, (int64_t[]){3, 2, 5, 1}, placed, &(placement){x, {0, 3}});
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_broadcast(x, 2, (int64_t[]){3, 0}, &y)); /* 1 against 0 is 0 */
    test_check_shape(y, TENFERRO_COMPLEX64, 2, (int64_t[]){3, 0});
    tenferro_tensor_release(y);
    tenferro_extent n;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_broadcast(x, 2, (int64_t[]){4, 1}, &y));
    CHECK_MESSAGE("(3, 1)");
    CHECK_MESSAGE("(4, 1)");
    assert_null(y);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_broadcast(x, 2, (int64_t[]){1, 1}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_broadcast(x, 1, (int64_t[]){3}, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_broadcast(x, -1, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_broadcast(x, 2, NULL, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_broadcast(x, 3, (int64_t[]){-2, 3, 1}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_broadcast_axes(x, 3, (int64_t[]){3, 1, 1}, (int[]){1, 0}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_broadcast_axes(x, 3, (int64_t[]){3, 1, 1}, (int[]){0, 0}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_broadcast_axes(x, 3, (int64_t[]){3, 1, 1}, (int[]){0, 3}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_broadcast_axes(x, 3, (int64_t[]){3, 1, 1}, NULL, &y));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_broadcast(x, 2, (int64_t[]){3, n}, &y));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_broadcast(x, 3, (int64_t[]){INT64_C(1) << 40, 3, INT64_C(1) << 40}, &y));
    assert_null(y);
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- diagonal ---- */

typedef struct diagonal_of {
    int rank, axis1, axis2;
    int64_t offset;
} diagonal_of;

static void on_diagonal(const void *user, const int64_t *index, int64_t *from)
{
    const diagonal_of *d = user;
    int n = 0;
    for (int i = 0; i < d->rank; i++)
        if (i != d->axis1 && i != d->axis2)
            from[i] = index[n++];
    from[d->axis1] = index[n] + (d->offset < 0 ? -d->offset : 0);
    from[d->axis2] = index[n] + (d->offset > 0 ? d->offset : 0);
}

static void diagonal__every_pair_and_offset(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(10);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 3, (int64_t[]){4, 2, 3},
                                            TEST_STRIDED),
                    *y;
    const int64_t *e = tenferro_tensor_extents(x);
    for (int axis1 = 0; axis1 < 3; axis1++)
        for (int axis2 = 0; axis2 < 3; axis2++)
            for (int64_t offset = -6; offset <= 6; offset++) {
                if (axis1 == axis2)
                    continue;
                int64_t rows = e[axis1] + (offset < 0 ? offset : 0),
                        columns = e[axis2] - (offset > 0 ? offset : 0);
                int64_t length = rows < columns ? rows : columns;
                int64_t extents[2] = {e[3 - axis1 - axis2], length < 0 ? 0 : length};
                CHECK_OK(tenferro_diagonal(x, offset, axis1, axis2 - 3, &y));
                diagonal_of d = {3, axis1, axis2, offset};
                check_view(x, y, 2, extents, on_diagonal, &d);
                tenferro_tensor_release(y);
            }
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_diagonal(x, 0, 1, -2, &y));
    CHECK_MESSAGE("diagonal");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_diagonal(x, 0, 0, 3, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_diagonal(x, INT64_MIN, 0, 1, &y));
    assert_null(y);
    CHECK_OK(tenferro_diagonal(x, INT64_MAX, 0, 1, &y));
    test_check_shape(y, F8, 2, (int64_t[]){3, 0});
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

/* ---- squeeze and expand ---- */

static void squeeze_expand__round_trip(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(11);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 4, (int64_t[]){1, 3, 1, 2},
                                            TEST_STRIDED),
                    *y, *z;
    test_value *values = test_elements(x);
    CHECK_OK(tenferro_squeeze(x, 0, NULL, &y));
    test_check_shape(y, F8, 2, (int64_t[]){3, 2});
    test_check_elements(y, values, 0.0, "squeeze");
    assert_ptr_equal(tenferro_tensor_data(y), tenferro_tensor_data(x));
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_squeeze(x, 1, (int[]){-2}, &y));
    test_check_shape(y, F8, 3, (int64_t[]){1, 3, 2});
    CHECK_OK(tenferro_expand(y, -2, &z));
    test_check_shape(z, F8, 4, (int64_t[]){1, 3, 1, 2});
    test_check_elements(z, values, 0.0, "expand");
    assert_ptr_equal(tenferro_tensor_data(z), tenferro_tensor_data(x));
    TEST_RELEASE(y, z);
    for (int axis = -5; axis <= 4; axis++) {
        int64_t extents[5], at = axis < 0 ? axis + 5 : axis;
        for (int i = 0; i < 5; i++)
            extents[i] = i < at    ? tenferro_tensor_extents(x)[i]
                         : i == at ? 1
                                   : tenferro_tensor_extents(x)[i - 1];
        CHECK_OK(tenferro_expand(x, axis, &y));
        test_check_shape(y, F8, 5, extents);
        test_check_elements(y, values, 0.0, "expand");
        tenferro_tensor_release(y);
    }
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_expand(x, 5, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_expand(x, -6, &y));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_squeeze(x, 1, (int[]){1}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_squeeze(x, 2, (int[]){0, 0}, &y));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_squeeze(x, 1, NULL, &y));
    assert_null(y);
    free(values);
    tenferro_tensor_release(x);
    tenferro_tensor *none = test_random_tensor(context, &rng, F8, 2, (int64_t[]){0, 1}, 0);
    CHECK_OK(tenferro_squeeze(none, 0, NULL, &y));
    test_check_shape(y, F8, 1, (int64_t[]){0});
    TEST_RELEASE(none, y);
    tenferro_context_release(context);
}

/* ---- real and imaginary parts ---- */

static void parts__complex__share_storage(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(12);
    for (tenferro_dtype d = TENFERRO_COMPLEX64; d <= TENFERRO_COMPLEX128; d++) {
        int64_t extents[2] = {3, 4};
        tenferro_tensor *x = test_random_tensor(context, &rng, d, 2, extents, TEST_STRIDED), *re,
                        *im, *same;
        tenferro_dtype real = d == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32 : F8;
        test_value *values = test_elements(x), res[12], ims[12];
        for (int i = 0; i < 12; i++) {
            res[i] = creal(values[i]);
            ims[i] = cimag(values[i]);
        }
        CHECK_OK(tenferro_real_part(x, &re));
        CHECK_OK(tenferro_imag_part(x, &im));
        test_check_shape(re, real, 2, extents);
        test_check_shape(im, real, 2, extents);
        test_check_elements(re, res, 0.0, "real_part");
        test_check_elements(im, ims, 0.0, "imag_part");
        /* writing the imaginary part writes x */
        CHECK_OK(tenferro_copy_into(re, im));
        for (int i = 0; i < 12; i++)
            values[i] = test_complex(creal(values[i]), creal(values[i]));
        test_check_elements(x, values, 0.0, "written part");
        assert_true(tenferro_tensor_version(x) > 0);
        CHECK_OK(tenferro_real_part(re, &same));
        assert_ptr_equal(same, re);
        free(values);
        TEST_RELEASE(x, re, im, same);
    }
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 1, (int64_t[]){3}, 0), *y = x;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_imag_part(x, &y));
    CHECK_MESSAGE("float64");
    assert_null(y);
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- copies ---- */

static void copy__any_layout__compact_in_the_order_asked(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(13);
    for (int k = 0; k < 100; k++) {
        tenferro_tensor *x = any_tensor(context, &rng, 4, 0, 4), *y, *z;
        test_value *values = test_elements(x);
        int64_t size;
        CHECK_OK(tenferro_tensor_size(x, &size));
        CHECK_OK(tenferro_copy(x, TENFERRO_COLUMN_MAJOR, &y));
        CHECK_OK(tenferro_copy(x, TENFERRO_ROW_MAJOR, &z));
        assert_true(tenferro_tensor_is_contiguous(y, TENFERRO_COLUMN_MAJOR));
        assert_true(tenferro_tensor_is_contiguous(z, TENFERRO_ROW_MAJOR));
        test_check_elements(y, values, 0.0, "copy");
        test_check_elements(z, values, 0.0, "copy");
        assert_true(size == 0 || tenferro_tensor_data(y) != tenferro_tensor_data(x));
        free(values);
        TEST_RELEASE(x, y, z);
    }
    tenferro_tensor *row = test_tensor_of(context, F8, 1, (int64_t[]){2}, (test_value[]){1, 2}),
                    *y = row;
    tenferro_tensor *to = test_random_tensor(context, &rng, F8, 2, (int64_t[]){3, 2}, TEST_STRIDED);
    CHECK_OK(tenferro_copy_into(row, to));
    test_check_elements(to, (test_value[]){1, 1, 1, 2, 2, 2}, 0.0, "copy_into");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_copy(row, (tenferro_order)7, &y));
    assert_null(y);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_copy_into(to, row));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_copy_into(NULL, row));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_copy_into(row, NULL));
    TEST_RELEASE(row, to);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permute__random__axes_move),
        cmocka_unit_test(permute__bad_axes__refused),
        cmocka_unit_test(reshape__random_layouts__keep_column_major_order),
        cmocka_unit_test(reshape__compact__always_a_view),
        cmocka_unit_test(reshape__no_elements_and_bad_arguments),
        cmocka_unit_test(slice__random__any_step),
        cmocka_unit_test(slice__bad_arguments__refused),
        cmocka_unit_test(slice_axis__small_enumeration__pythons_rules),
        cmocka_unit_test(reverse__axes__walk_backwards),
        cmocka_unit_test(broadcast__axes_of_1_and_new_ones__repeat),
        cmocka_unit_test(diagonal__every_pair_and_offset),
        cmocka_unit_test(squeeze_expand__round_trip),
        cmocka_unit_test(parts__complex__share_storage),
        cmocka_unit_test(copy__any_layout__compact_in_the_order_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
