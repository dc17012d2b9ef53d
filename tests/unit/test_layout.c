/* Layout algebra against brute force over all indices. */

#include "arrays.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/layout.h"

enum { MAX_RANK = 5, MAX_ELEMENTS = 2000 };

/* Offsets of all elements in column-major order of their indices. */
static int64_t offsets_of(int rank, const int64_t *extents, const int64_t *strides, int64_t *offsets)
{
    int64_t count = test_count(rank, extents), index[8] = {0};
    for (int64_t n = 0; n < count; n++) {
        offsets[n] = 0;
        for (int i = 0; i < rank; i++)
            offsets[n] += index[i] * strides[i];
        test_next(rank, extents, index);
    }
    return count;
}

static int random_layout(test_rng *rng, int64_t *extents, int64_t *strides)
{
    static const int64_t some[] = {0, 1, 2, 3, 4, 6, 8, 12, 24, -1, -2, -4, -6};
    int rank = (int)test_rng_range(rng, 0, 4);
    for (int i = 0; i < rank; i++) {
        extents[i] = test_rng_range(rng, test_rng_range(rng, 0, 9) == 0 ? 0 : 1, 4);
        strides[i] = some[test_rng_range(rng, 0, 12)];
    }
    if (test_rng_range(rng, 0, 1)) /* often something that merges */
        for (int64_t i = 0, stride = 1 + 2 * test_rng_range(rng, 0, 1); i < rank; i++) {
            strides[i] = test_rng_range(rng, 0, 5) ? stride : strides[i];
            stride *= extents[i] ? extents[i] : 1;
        }
    return rank;
}

static void compact__both_orders(void **state)
{
    (void)state;
    int64_t strides[4];
    tf_layout_compact(4, (int64_t[]){2, 0, 3, 4}, TENFERRO_COLUMN_MAJOR, strides);
    assert_memory_equal(strides, ((int64_t[]){1, 2, 2, 6}), sizeof strides);
    tf_layout_compact(4, (int64_t[]){2, 0, 3, 4}, TENFERRO_ROW_MAJOR, strides);
    assert_memory_equal(strides, ((int64_t[]){12, 12, 4, 1}), sizeof strides);
    tf_layout_compact(0, NULL, TENFERRO_ROW_MAJOR, strides);
}

static void is_compact__random__iff_offsets_count_up(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(1);
    int64_t extents[MAX_RANK], strides[MAX_RANK], offsets[MAX_ELEMENTS];
    int hits = 0;
    for (int k = 0; k < 5000; k++) {
        int rank = random_layout(&rng, extents, strides), compact = 1;
        int64_t count = offsets_of(rank, extents, strides, offsets);
        for (int64_t n = 0; n < count; n++)
            compact &= offsets[n] == n;
        assert_int_equal(tf_layout_is_compact(rank, extents, strides, TENFERRO_COLUMN_MAJOR),
                         compact);
        /* row-major is column-major of the reversed axes */
        int64_t e[MAX_RANK], s[MAX_RANK];
        for (int i = 0; i < rank; i++) {
            e[i] = extents[rank - 1 - i];
            s[i] = strides[rank - 1 - i];
        }
        assert_int_equal(tf_layout_is_compact(rank, e, s, TENFERRO_ROW_MAJOR), compact);
        hits += compact;
    }
    assert_true(hits > 200);
}

static void span__random__lowest_and_highest(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(2);
    int64_t extents[MAX_RANK], strides[MAX_RANK], offsets[MAX_ELEMENTS], low, high;
    for (int k = 0; k < 2000; k++) {
        int rank = random_layout(&rng, extents, strides);
        int64_t count = offsets_of(rank, extents, strides, offsets), least = 0, most = 0;
        for (int64_t n = 0; n < count; n++) {
            least = offsets[n] < least ? offsets[n] : least;
            most = offsets[n] > most ? offsets[n] : most;
        }
        CHECK_OK(tf_layout_span(rank, extents, strides, &low, &high));
        assert_int_equal(low, least);
        assert_int_equal(high, most);
    }
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tf_layout_span(1, (int64_t[]){3}, (int64_t[]){INT64_MAX}, &low, &high));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tf_layout_span(1, (int64_t[]){3}, (int64_t[]){INT64_MIN}, &low, &high));
    CHECK_STATUS(TENFERRO_OVERFLOW, tf_layout_span(2, (int64_t[]){2, 2},
                                                   (int64_t[]){INT64_MAX, INT64_MAX}, &low, &high));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tf_layout_span(2, (int64_t[]){2, 2}, (int64_t[]){INT64_MIN, -1}, &low, &high));
    CHECK_MESSAGE("axis 1");
    CHECK_OK(tf_layout_span(2, (int64_t[]){3, 0}, (int64_t[]){INT64_MAX, 1}, &low, &high));
    assert_true(low == 0 && high == 0);
    CHECK_OK(tf_layout_span(1, (int64_t[]){1}, (int64_t[]){INT64_MIN}, &low, &high));
    assert_true(low == 0 && high == 0);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Never says no when two indices meet; says no for everything that slicing compact memory gives. */
static void self_overlaps__random__conservative(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(3);
    int64_t extents[MAX_RANK], strides[MAX_RANK], offsets[MAX_ELEMENTS];
    int no = 0;
    for (int k = 0; k < 5000; k++) {
        int rank = random_layout(&rng, extents, strides), meets = 0;
        int64_t count = offsets_of(rank, extents, strides, offsets);
        qsort(offsets, (size_t)count, sizeof *offsets, compare);
        for (int64_t n = 1; n < count; n++)
            meets |= offsets[n] == offsets[n - 1];
        int says = tf_layout_self_overlaps(rank, extents, strides);
        assert_true(says || !meets);
        no += !says;
    }
    assert_true(no > 500);
    assert_false(tf_layout_self_overlaps(3, (int64_t[]){4, 1, 5}, (int64_t[]){-10, 0, 2}));
    assert_false(tf_layout_self_overlaps(2, (int64_t[]){1, 2}, (int64_t[]){INT64_MIN, 1}));
    assert_false(tf_layout_self_overlaps(2, (int64_t[]){0, 2}, (int64_t[]){0, 0}));
    assert_true(tf_layout_self_overlaps(1, (int64_t[]){2}, (int64_t[]){0}));
    assert_false(tf_layout_self_overlaps(0, NULL, NULL));
}

/* Brute force: is there a layout of the new shape with the same offsets in column-major order? */
static int reshape_exists(int64_t count, const int64_t *offsets, int rank, const int64_t *extents)
{
    int64_t strides[MAX_RANK + 1], own[MAX_ELEMENTS], step = 1;
    for (int i = 0; i < rank; i++) {
        strides[i] = extents[i] > 1 ? offsets[step] - offsets[0] : 1;
        step *= extents[i];
    }
    offsets_of(rank, extents, strides, own);
    return memcmp(own, offsets, (size_t)count * sizeof *own) == 0;
}

static int random_factors(test_rng *rng, int64_t size, int64_t *extents)
{
    int rank = 0;
    while (rank < 4 && (size > 1 || test_rng_range(rng, 0, 2) == 0)) {
        int64_t f = test_rng_range(rng, 1, size);
        while (size % f)
            f--;
        extents[rank++] = f;
        size /= f;
    }
    if (size > 1)
        extents[rank++] = size;
    return rank;
}

static void reshape__random__a_view_exactly_when_one_exists(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(4);
    int64_t extents[MAX_RANK], strides[MAX_RANK], offsets[MAX_ELEMENTS], new_extents[MAX_RANK + 1];
    int64_t new_strides[MAX_RANK + 1], moved[MAX_ELEMENTS];
    int views = 0, none = 0;
    for (int k = 0; k < 20000; k++) {
        int rank = random_layout(&rng, extents, strides);
        int64_t count = offsets_of(rank, extents, strides, offsets);
        int new_rank = count ? random_factors(&rng, count, new_extents) : 2;
        if (!count) {
            new_extents[0] = 3;
            new_extents[1] = 0;
        }
        int exists = count == 0 || reshape_exists(count, offsets, new_rank, new_extents);
        assert_int_equal(tf_layout_reshape(rank, extents, strides, new_rank, new_extents,
                                           new_strides),
                         exists);
        if (exists) {
            offsets_of(new_rank, new_extents, new_strides, moved);
            assert_memory_equal(moved, offsets, (size_t)count * sizeof *moved + (count == 0));
            views++;
        } else {
            none++;
        }
    }
    assert_true(views > 1000 && none > 1000);
}

static void reshape__edges(void **state)
{
    (void)state;
    int64_t strides[3];
    /* rank 0 and extents of 1 */
    assert_true(tf_layout_reshape(0, NULL, NULL, 0, NULL, strides));
    assert_true(tf_layout_reshape(0, NULL, NULL, 2, (int64_t[]){1, 1}, strides));
    assert_true(
        tf_layout_reshape(2, (int64_t[]){1, 1}, (int64_t[]){7, INT64_MIN}, 0, NULL, strides));
    /* a broadcast axis splits */
    assert_true(tf_layout_reshape(1, (int64_t[]){6}, (int64_t[]){0}, 2, (int64_t[]){2, 3}, strides));
    assert_true(strides[0] == 0 && strides[1] == 0);
    /* and merges with another */
    assert_true(
        tf_layout_reshape(2, (int64_t[]){2, 3}, (int64_t[]){0, 0}, 1, (int64_t[]){6}, strides));
    assert_true(strides[0] == 0);
    /* backwards */
    assert_true(
        tf_layout_reshape(2, (int64_t[]){2, 3}, (int64_t[]){-1, -2}, 1, (int64_t[]){6}, strides));
    assert_true(strides[0] == -1);
    assert_false(
        tf_layout_reshape(2, (int64_t[]){2, 3}, (int64_t[]){-1, 2}, 1, (int64_t[]){6}, strides));
    /* sizes that differ have none */
    assert_false(tf_layout_reshape(1, (int64_t[]){6}, (int64_t[]){1}, 1, (int64_t[]){5}, strides));
    assert_false(
        tf_layout_reshape(1, (int64_t[]){6}, (int64_t[]){1}, 2, (int64_t[]){6, 2}, strides));
}

static void size__checked(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t count, bytes;
    CHECK_OK(tf_layout_size(context, 2, (int64_t[]){3, 4}, 8, &count, &bytes));
    assert_true(count == 12 && bytes == 96);
    CHECK_OK(tf_layout_size(context, 0, NULL, 8, &count, &bytes));
    assert_true(count == 1 && bytes == 8);
    CHECK_OK(tf_layout_size(context, 2, (int64_t[]){0, INT64_C(1) << 40}, 8, &count, &bytes));
    assert_true(count == 0 && bytes == 0);
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tf_layout_size(context, 1, (int64_t[]){INT64_MAX}, 2, &count, &bytes));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tf_layout_size(context, 1, (int64_t[]){-1}, 2, &count, &bytes));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tf_layout_size(context, -1, NULL, 2, &count, &bytes));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tf_layout_size(context, 1, NULL, 2, &count, &bytes));
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact__both_orders),
        cmocka_unit_test(is_compact__random__iff_offsets_count_up),
        cmocka_unit_test(span__random__lowest_and_highest),
        cmocka_unit_test(self_overlaps__random__conservative),
        cmocka_unit_test(reshape__random__a_view_exactly_when_one_exists),
        cmocka_unit_test(reshape__edges),
        cmocka_unit_test(size__checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
