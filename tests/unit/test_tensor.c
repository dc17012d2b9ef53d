/* The handle: creation, wrapping, counting, versions, refusals, orders of release. */

#include "arrays.h"

#include <stdlib.h>
#include <string.h>

enum { F8 = TENFERRO_FLOAT64 };

static void count_release(void *user)
{
    ++*(int *)user;
}

/* ---- create ---- */

static void create__both_orders__compact_and_aligned(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t extents[3] = {2, 3, 4};
    static const int64_t strides[2][3] = {{1, 2, 6}, {12, 4, 1}};
    for (int order = TENFERRO_COLUMN_MAJOR; order <= TENFERRO_ROW_MAJOR; order++) {
        tenferro_tensor *x;
        int64_t size;
        CHECK_OK(tenferro_tensor_create(context, F8, 3, extents, (tenferro_order)order, &x));
        test_check_shape(x, F8, 3, extents);
        assert_memory_equal(tenferro_tensor_strides(x), strides[order], sizeof strides[order]);
        assert_ptr_equal(tenferro_tensor_context(x), context);
        assert_true(tenferro_tensor_is_concrete(x));
        assert_int_equal(tenferro_tensor_is_contiguous(x, TENFERRO_COLUMN_MAJOR),
                         order == TENFERRO_COLUMN_MAJOR);
        assert_int_equal(tenferro_tensor_is_contiguous(x, TENFERRO_ROW_MAJOR),
                         order == TENFERRO_ROW_MAJOR);
        assert_int_equal((uintptr_t)tenferro_tensor_data(x) % 64, 0);
        CHECK_OK(tenferro_tensor_size(x, &size));
        assert_int_equal(size, 24);
        assert_int_equal(tenferro_tensor_version(x), 0);
        tenferro_tensor_release(x);
    }
    tenferro_context_release(context);
}

static void create__rank_zero_and_no_elements__ordinary(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x, *y;
    int64_t size;
    CHECK_OK(tenferro_tensor_create(context, F8, 0, NULL, TENFERRO_COLUMN_MAJOR, &x));
    CHECK_OK(tenferro_tensor_size(x, &size));
    assert_int_equal(size, 1);
    assert_non_null(tenferro_tensor_data(x));
    tenferro_tensor_release(x);
    CHECK_OK(tenferro_tensor_create(context, F8, 3, (int64_t[]){3, 0, 2}, TENFERRO_ROW_MAJOR, &x));
    CHECK_OK(tenferro_tensor_size(x, &size));
    assert_int_equal(size, 0);
    assert_true(tenferro_tensor_is_contiguous(x, TENFERRO_COLUMN_MAJOR));
    void *data;
    CHECK_OK(tenferro_tensor_data_mutable(x, &data));
    CHECK_OK(tenferro_add(x, x, &y));
    test_check_shape(y, F8, 3, (int64_t[]){3, 0, 2});
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

static void create__rank_70__works(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t extents[70];
    int axes[70];
    for (int i = 0; i < 70; i++) {
        extents[i] = i % 7 == 0 ? 2 : 1; /* 2^10 elements */
        axes[i] = 69 - i;
    }
    test_rng rng = test_rng_make(1);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 70, extents, TEST_STRIDED), *y, *z,
                    *sum;
    CHECK_OK(tenferro_permute(x, axes, &y));
    CHECK_OK(tenferro_permute(y, NULL, &z));
    int equal;
    CHECK_OK(tenferro_array_equal(x, z, &equal));
    assert_true(equal);
    CHECK_OK(tenferro_add(x, x, &sum));
    test_check_shape(sum, F8, 70, extents);
    TEST_RELEASE(x, y, z, sum);
    tenferro_context_release(context);
}

static void create__bad_arguments__out_is_null(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x = (tenferro_tensor *)(uintptr_t)1;
    int64_t two[1] = {2}, negative[1] = {-1}, huge[2] = {INT64_C(1) << 40, INT64_C(1) << 40};
    int64_t near[1] = {INT64_C(1) << 60}, hidden[3] = {huge[0], 0, huge[1]};
    tenferro_extent n;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(NULL, F8, 1, two, 0, &x));
    assert_null(x);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(context, F8, 1, two, 0, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(context, F8, 1, NULL, 0, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(context, F8, -1, two, 0, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(context, F8, 1, negative, 0, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_create(context, F8, 1, two, (tenferro_order)2, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_create(context, 0, 1, two, 0, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_create(context, TENFERRO_DTYPE_USER, 1, two, 0, &x));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_tensor_create(context, F8, 2, huge, 0, &x));
    CHECK_MESSAGE("1099511627776");
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_tensor_create(context, F8, 1, near, 0, &x));
    /* strides of an empty tensor would overflow too */
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_tensor_create(context, F8, 3, hidden, 0, &x));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_tensor_create(context, F8, 1, &n, 0, &x));
    CHECK_MESSAGE("'n'");
    assert_null(x);
    tenferro_context_release(context);
}

static void create__memory_limit__out_of_memory(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x;
    CHECK_OK(tenferro_context_set_memory_limit(context, 1 << 16));
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY,
                 tenferro_tensor_create(context, F8, 1, (int64_t[]){1 << 20}, 0, &x));
    assert_null(x);
    CHECK_OK(tenferro_tensor_create(context, F8, 1, (int64_t[]){16}, 0, &x));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

static void from_data__any_strides__copied_compactly(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double data[6] = {0, 1, 2, 3, 4, 5};
    tenferro_tensor *x;
    /* rows of a C array, the second axis backwards */
    CHECK_OK(tenferro_tensor_from_data(context, F8, 2, (int64_t[]){2, 3}, (int64_t[]){3, -1},
                                       data + 2, &x));
    assert_true(tenferro_tensor_is_contiguous(x, TENFERRO_COLUMN_MAJOR));
    test_check_elements(x, (test_value[]){2, 5, 1, 4, 0, 3}, 0.0, "from_data");
    data[0] = 9.0;
    test_check_elements(x, (test_value[]){2, 5, 1, 4, 0, 3}, 0.0, "from_data");
    static const double expected[6] = {2, 1, 0, 5, 4, 3};
    double back[6];
    CHECK_OK(tenferro_tensor_read(x, back, (int64_t[]){3, 1}));
    for (int i = 0; i < 6; i++)
        assert_true(back[i] == expected[i]);
    tenferro_tensor_release(x);
    x = (tenferro_tensor *)(uintptr_t)1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, F8, 1, (int64_t[]){2}, NULL, NULL, &x));
    assert_null(x);
    tenferro_context_release(context);
}

/* ---- wrap ---- */

static void wrap__last_view_gone__release_runs_once(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double data[6] = {1, 2, 3, 4, 5, 6};
    int released = 0;
    tenferro_tensor *x, *row, *element;
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, (int64_t[]){2, 3}, NULL, data, 0, count_release,
                                  &released, &x));
    assert_ptr_equal(tenferro_tensor_data(x), data);
    CHECK_OK(tenferro_slice_axis(x, 0, 1, 2, 1, &row));
    CHECK_OK(tenferro_slice_axis(row, 1, 2, 3, 1, &element));
    assert_ptr_equal(tenferro_tensor_data(element), data + 5);
    assert_ptr_equal(tenferro_tensor_retain(x), x);
    tenferro_tensor_release(x);
    tenferro_tensor_release(x);
    tenferro_tensor_release(row);
    assert_int_equal(released, 0);
    tenferro_context_release(context);
    assert_int_equal(released, 0); /* the element holds the context and the memory */
    tenferro_tensor_release(element);
    assert_int_equal(released, 1);
}

static void wrap__failure__release_does_not_run(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double data[8] = {0};
    int released = 0;
    int64_t two[1] = {2}, far[1] = {INT64_MAX / 2}, huge[2] = {INT64_C(1) << 32, INT64_C(1) << 32};
    tenferro_extent n;
    tenferro_tensor *x = (tenferro_tensor *)(uintptr_t)1;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
#define REFUSED(STATUS, CONTEXT, DTYPE, RANK, EXTENTS, STRIDES, DATA, FLAGS)                    \
    do {                                                                                        \
        CHECK_STATUS(STATUS, tenferro_tensor_wrap(CONTEXT, DTYPE, RANK, EXTENTS, STRIDES, DATA, \
                                                  FLAGS, count_release, &released, &x));        \
        assert_null(x);                                                                         \
        assert_int_equal(released, 0);                                                          \
    } while (0)
    REFUSED(TENFERRO_INVALID_ARGUMENT, NULL, F8, 1, two, NULL, data, 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, F8, 1, two, NULL, NULL, 0);
    CHECK_MESSAGE("NULL");
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, F8, 1, NULL, NULL, data, 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, F8, -3, two, NULL, data, 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, 99, 1, two, NULL, data, 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, F8, 1, two, NULL, data, 8);
    REFUSED(TENFERRO_INVALID_ARGUMENT, context, F8, 1, two, NULL, (char *)data + 4, 0);
    CHECK_MESSAGE("aligned");
    REFUSED(TENFERRO_SYMBOLIC, context, F8, 1, &n, NULL, data, 0);
    REFUSED(TENFERRO_OVERFLOW, context, F8, 2, huge, NULL, data, 0);
    REFUSED(TENFERRO_OVERFLOW, context, F8, 1, two, far, data, 0);
    REFUSED(TENFERRO_OVERFLOW, context, F8, 2, ((int64_t[]){3, 3}), ((int64_t[]){INT64_MAX / 2, 1}),
            data, 0);
    REFUSED(TENFERRO_OVERFLOW, context, TENFERRO_BOOL, 1, ((int64_t[]){3}),
            ((int64_t[]){INT64_MIN}), data, 0);
#undef REFUSED
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_wrap(context, F8, 1, two, NULL, data, 0,
                                                                 count_release, &released, NULL));
    assert_int_equal(released, 0);
    /* an allocation that fails leaves the memory the caller's too: every one of them */
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *counted = test_context_with(&allocator, 1);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    for (int64_t k = 0; status == TENFERRO_OUT_OF_MEMORY; k++) {
        allocator.fail_after = allocator.count + k;
        status = tenferro_tensor_wrap(counted, F8, 1, two, NULL, data, 0, count_release, &released,
                                      &x);
        allocator.fail_after = -1;
        assert_int_equal(released, 0);
        assert_true(k < 20);
    }
    CHECK_OK(status);
    tenferro_tensor_release(x);
    assert_int_equal(released, 1);
    tenferro_context_release(counted);
    test_allocator_check_empty(&allocator);
    tenferro_context_release(context);
}

static void wrap__no_elements__data_may_be_null(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int released = 0;
    tenferro_tensor *x, *y;
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, (int64_t[]){3, 0}, NULL, NULL, 0, count_release,
                                  &released, &x));
    assert_null(tenferro_tensor_data(x));
    assert_true(tenferro_tensor_is_concrete(x));
    CHECK_OK(tenferro_slice_axis(x, 0, 1, 3, 1, &y));
    test_check_shape(y, F8, 2, (int64_t[]){2, 0});
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_diagonal(x, 1, 0, 1, &y));
    tenferro_tensor_release(y);
    CHECK_OK(tenferro_sum(x, 1, (int[]){1}, 0, &y));
    test_check_elements(y, (test_value[]){0, 0, 0}, 0.0, "sum");
    tenferro_tensor_release(y);
    tenferro_tensor_release(x);
    assert_int_equal(released, 1);
    tenferro_context_release(context);
}

static void wrap__negative_strides__reach_the_elements(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double data[6] = {0, 1, 2, 3, 4, 5};
    tenferro_tensor *x, *y;
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, (int64_t[]){3, 2}, (int64_t[]){-1, -3}, data + 5,
                                  0, NULL, NULL, &x));
    test_check_elements(x, (test_value[]){5, 4, 3, 2, 1, 0}, 0.0, "wrap");
    CHECK_OK(tenferro_neg_into(x, x));
    assert_float_equal(data[0], 0.0, 0.0);
    assert_float_equal(data[5], -5.0, 0.0);
    CHECK_OK(tenferro_neg(x, &y));
    test_check_elements(y, (test_value[]){5, 4, 3, 2, 1, 0}, 0.0, "neg");
    TEST_RELEASE(x, y);
    /* strides of axes of extent 1 may be anything */
    CHECK_OK(tenferro_tensor_wrap(context, F8, 2, (int64_t[]){1, 2}, (int64_t[]){INT64_MIN, 1},
                                  data, 0, NULL, NULL, &x));
    CHECK_OK(tenferro_neg_into(x, x));
    assert_true(tenferro_tensor_is_contiguous(x, TENFERRO_COLUMN_MAJOR));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- writing ---- */

static void data_mutable__raises_version_and_refuses(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double data[3] = {1, 2, 3};
    int64_t three[1] = {3};
    tenferro_tensor *x, *view, *fixed, *fixed_view, *wide;
    void *to = data;
    CHECK_OK(tenferro_tensor_wrap(context, F8, 1, three, NULL, data, 0, NULL, NULL, &x));
    CHECK_OK(tenferro_reverse(x, 0, NULL, &view));
    assert_int_equal(tenferro_tensor_version(x), 0);
    CHECK_OK(tenferro_tensor_data_mutable(view, &to));
    assert_ptr_equal(to, data + 2);
    assert_int_equal(tenferro_tensor_version(x), 1); /* shared by the views */
    CHECK_OK(tenferro_exp_into(x, x));
    assert_true(tenferro_tensor_version(view) > 1);
    CHECK_OK(tenferro_tensor_wrap(context, F8, 1, three, NULL, data, TENFERRO_WRAP_READ_ONLY, NULL,
                                  NULL, &fixed));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_data_mutable(fixed, &to));
    CHECK_MESSAGE("read-only");
    assert_null(to);
    CHECK_OK(tenferro_reverse(fixed, 0, NULL, &fixed_view));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_data_mutable(fixed_view, &to));
    assert_int_equal(tenferro_tensor_version(fixed), 0);
    CHECK_OK(tenferro_broadcast(x, 2, (int64_t[]){2, 3}, &wide));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_data_mutable(wide, &to));
    CHECK_MESSAGE("broadcast");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_data_mutable(NULL, &to));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_data_mutable(x, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_size(NULL, NULL));
    TEST_RELEASE(x, view, fixed, fixed_view, wide);
    tenferro_context_release(context);
}

static void counting__null__is_fine(void **state)
{
    (void)state;
    assert_null(tenferro_tensor_retain(NULL));
    tenferro_tensor_release(NULL);
}

/* ---- dtypes of the user ---- */

static void user_dtype__created_viewed_copied(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    typedef struct colour {
        unsigned char rgb[3];
    } colour;
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    info.name = "colour";
    info.size = sizeof(colour);
    info.alignment = 1;
    tenferro_dtype dtype;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    const colour data[4] = {{{1, 2, 3}}, {{4, 5, 6}}, {{7, 8, 9}}, {{10, 11, 12}}};
    tenferro_tensor *x, *backwards, *copy, *sum = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, dtype, 2, (int64_t[]){2, 2}, NULL, data, &x));
    CHECK_OK(tenferro_reverse(x, 0, NULL, &backwards));
    CHECK_OK(tenferro_copy(backwards, TENFERRO_COLUMN_MAJOR, &copy));
    const colour *copied = tenferro_tensor_data(copy);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(&copied[i], &data[3 - i], sizeof(colour));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_sum(x, 0, NULL, 0, &sum));
    assert_null(sum);
    tenferro_context *other = test_context();
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_tensor_adopt(other, x, &sum));
    CHECK_MESSAGE("colour");
    TEST_RELEASE(x, backwards, copy);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

/* ---- contexts ---- */

static void contexts__released_before_tensors__all_comes_back(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    test_rng rng = test_rng_make(2);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 2, (int64_t[]){3, 4}, 0), *y, *z,
                    *sum;
    CHECK_OK(tenferro_permute(x, NULL, &y));
    tenferro_context_release(context);
    tenferro_tensor_release(x);
    CHECK_OK(tenferro_mul(y, y, &z)); /* the context lives on in its tensors */
    CHECK_OK(tenferro_sum(z, 0, NULL, 0, &sum));
    tenferro_tensor_release(y);
    tenferro_tensor_release(sum);
    tenferro_tensor_release(z);
    test_allocator_check_empty(&allocator);
}

static void adopt__other_context__shares_and_outlives(void **state)
{
    (void)state;
    test_allocator first, second;
    test_allocator_init(&first);
    test_allocator_init(&second);
    tenferro_context *a = test_context_with(&first, 1), *b = test_context_with(&second, 1);
    tenferro_tensor *x, *y, *adopted, *sum = NULL;
    int64_t two[1] = {2};
    x = test_tensor_of(a, F8, 1, two, (test_value[]){1, 2});
    y = test_tensor_of(b, F8, 1, two, (test_value[]){10, 20});
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_add(x, y, &sum));
    CHECK_MESSAGE("adopt");
    CHECK_OK(tenferro_tensor_adopt(b, x, &adopted));
    assert_ptr_equal(tenferro_tensor_data(adopted), tenferro_tensor_data(x));
    assert_ptr_equal(tenferro_tensor_context(adopted), b);
    tenferro_tensor_release(x);
    tenferro_context_release(a);
    CHECK_OK(tenferro_add(adopted, y, &sum));
    test_check_elements(sum, (test_value[]){11, 22}, 0.0, "add");
    /* a write through the adopted handle is one of the storage */
    CHECK_OK(tenferro_copy_into(y, adopted));
    assert_true(tenferro_tensor_version(adopted) > 0);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_adopt(NULL, y, &x));
    assert_null(x);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_adopt(b, NULL, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_adopt(b, y, NULL));
    tenferro_context_release(b);
    TEST_RELEASE(y, sum, adopted);
    test_allocator_check_empty(&first);
    test_allocator_check_empty(&second);
}

/* ---- reading ---- */

static void item__one_element__any_dtype(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    for (tenferro_dtype d = TENFERRO_BOOL; d <= TENFERRO_COMPLEX128; d++) {
        tenferro_tensor *x = test_random_tensor(context, &rng, d, 2, (int64_t[]){1, 1},
                                                TEST_STRIDED);
        test_value *values = test_elements(x);
        double re, im;
        CHECK_OK(tenferro_tensor_item(x, &re, &im));
        assert_true(re == creal(values[0]) && im == cimag(values[0]));
        CHECK_OK(tenferro_tensor_item(x, &re, NULL));
        free(values);
        tenferro_tensor_release(x);
    }
    double re = 7.0;
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 1, (int64_t[]){2}, 0);
    assert_int_not_equal(tenferro_tensor_item(x, &re, NULL), TENFERRO_OK);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_item(NULL, &re, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_item(x, NULL, NULL));
    assert_float_equal(re, 7.0, 0.0);
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create__both_orders__compact_and_aligned),
        cmocka_unit_test(create__rank_zero_and_no_elements__ordinary),
        cmocka_unit_test(create__rank_70__works),
        cmocka_unit_test(create__bad_arguments__out_is_null),
        cmocka_unit_test(create__memory_limit__out_of_memory),
        cmocka_unit_test(from_data__any_strides__copied_compactly),
        cmocka_unit_test(wrap__last_view_gone__release_runs_once),
        cmocka_unit_test(wrap__failure__release_does_not_run),
        cmocka_unit_test(wrap__no_elements__data_may_be_null),
        cmocka_unit_test(wrap__negative_strides__reach_the_elements),
        cmocka_unit_test(data_mutable__raises_version_and_refuses),
        cmocka_unit_test(counting__null__is_fine),
        cmocka_unit_test(user_dtype__created_viewed_copied),
        cmocka_unit_test(contexts__released_before_tensors__all_comes_back),
        cmocka_unit_test(adopt__other_context__shares_and_outlives),
        cmocka_unit_test(item__one_element__any_dtype),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
