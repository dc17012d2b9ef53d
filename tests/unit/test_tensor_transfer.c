/* tensor_from_data, tensor_read, tensor_item. */

#include "testing.h"

#include <string.h>
#include <tenferro/ops.h>

#include "tensor/tensor.h"

#define MAX_RANK 4

/* Random strided layouts with any signs: what goes in comes out, at the right places. */
static void transfer__random_layouts__round_trip(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    const tenferro_dtype dtypes[] = {TENFERRO_BOOL,      TENFERRO_INT32,   TENFERRO_INT64,
                                     TENFERRO_FLOAT32,   TENFERRO_FLOAT64, TENFERRO_COMPLEX64,
                                     TENFERRO_COMPLEX128};
    enum { ROOM = 4096 };
    static double aligned_in[2 * ROOM], aligned_out[2 * ROOM];
    for (int trial = 0; trial < 400; trial++) {
        tenferro_dtype dtype = dtypes[trial % 7];
        int64_t size = tf_dtype_size(context, dtype), count = 1;
        int rank = (int)test_rng_range(&rng, 0, MAX_RANK);
        int64_t extents[MAX_RANK], in[MAX_RANK], out[MAX_RANK], step = 1;
        for (int i = 0; i < rank; i++) {
            extents[i] = test_rng_range(&rng, trial % 6 ? 1 : 0, 5);
            in[i] = step * (test_rng_range(&rng, 0, 1) ? 1 : -1);
            step *= extents[i] + test_rng_range(&rng, 0, 1);
            count *= extents[i];
        }
        for (int i = 0; i < rank; i++) /* the other way round, at a distance */
            out[i] = test_rng_range(&rng, 0, 1) ? in[i] : -in[i];
        char *from = (char *)aligned_in + ROOM * size / 2,
             *to = (char *)aligned_out + ROOM * size / 2;
        for (int i = 0; i < ROOM * (int)size; i++)
            ((char *)aligned_in)[i] = dtype == TENFERRO_BOOL ? (char)(test_rng_next(&rng) & 1)
                                                             : (char)test_rng_next(&rng);
        memset(aligned_out, 0x55, sizeof aligned_out);
        tenferro_tensor *t = NULL;
        CHECK_OK(tenferro_tensor_from_data(context, dtype, rank, extents, in, from, &t));
        assert_true(tenferro_tensor_is_contiguous(t, TENFERRO_COLUMN_MAJOR));
        CHECK_OK(tenferro_tensor_read(t, to, out));
        int64_t touched = 0;
        for (int64_t n = 0; n < count; n++) {
            int64_t rest = n, a = 0, b = 0;
            for (int i = 0; i < rank; i++) {
                a += rest % extents[i] * in[i];
                b += rest % extents[i] * out[i];
                rest /= extents[i];
            }
            assert_memory_equal((const char *)tenferro_tensor_data(t) + n * size, from + a * size,
                                (size_t)size);
            assert_memory_equal(to + b * size, from + a * size, (size_t)size);
            memset(to + b * size, 0x55, (size_t)size);
        }
        for (size_t i = 0; i < sizeof aligned_out; i++)
            touched += ((const unsigned char *)aligned_out)[i] != 0x55;
        assert_int_equal(touched, 0); /* nothing else was written */
        tenferro_tensor_release(t);
    }
    tenferro_context_release(context);
}

static void read__view_without_strides__compact_column_major(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t extents[] = {2, 3};
    const int32_t x[] = {1, 2, 3, 4, 5, 6}, expected[] = {6, 4, 2, 5, 3, 1};
    int32_t got[6];
    tenferro_tensor *t = NULL, *view = NULL, *turned = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_INT32, 2, extents, NULL, x, &t));
    CHECK_OK(tenferro_reverse(t, 0, NULL, &view));
    CHECK_OK(tenferro_permute(view, NULL, &turned));
    CHECK_OK(tenferro_tensor_read(turned, got, NULL));
    assert_memory_equal(got, expected, sizeof got);
    tenferro_tensor_release(t);
    tenferro_tensor_release(view);
    tenferro_tensor_release(turned);
    tenferro_context_release(context);
}

static void from_data__broadcast_strides_and_no_elements(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t extents[] = {2, 2}, strides[] = {0, 1}, empty[] = {0, 7},
                  wild[] = {INT64_MAX, INT64_MIN};
    const float x[] = {1, 2};
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT32, 2, extents, strides, x, &t));
    assert_memory_equal(tenferro_tensor_data(t), ((const float[]){1, 1, 2, 2}), 16);
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT32, 2, empty, wild, NULL, &t));
    CHECK_OK(tenferro_tensor_read(t, NULL, NULL));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void from_data__registered_dtype__any_alignment_it_declared(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    const char *names[] = {"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"};
    const int64_t extents[] = {3, 5}, strides[] = {-1, 3};
    unsigned char memory[15 * 8 + 1], got[15 * 8 + 1];
    for (size_t i = 0; i < sizeof memory; i++)
        memory[i] = (unsigned char)(i * 7);
    for (int64_t size = 1; size <= 8; size++) {
        tenferro_dtype dtype;
        tenferro_tensor *t = NULL;
        info.name = names[size - 1];
        info.size = size;
        info.alignment = 1;
        CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
        CHECK_OK(tenferro_tensor_from_data(context, dtype, 2, extents, strides,
                                           memory + 1 + 2 * size, &t));
        CHECK_OK(tenferro_tensor_read(t, got + 1 + 2 * size, strides));
        assert_memory_equal(got + 1, memory + 1, (size_t)(15 * size));
        tenferro_tensor_release(t);
    }
    tenferro_context_release(context);
}

static void transfer__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2, far = INT64_MAX / 4, broadcast = 0, negative = -1,
                  huge[] = {INT64_MAX, 2};
    double x[4] = {1, 2, 3, 4};
    char *odd = (char *)x + 1;
    tenferro_extent n;
    tenferro_tensor *t = NULL, *shape = NULL;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &two, NULL, NULL, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &two, NULL, x, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(NULL, TENFERRO_FLOAT64, 1, &two, NULL, x, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, NULL, NULL, x, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &negative, NULL, x, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, 77, 1, &two, NULL, x, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &two, NULL, odd, &t));
    CHECK_MESSAGE("aligned");
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &two, &far, x, &t));
    CHECK_STATUS(TENFERRO_OVERFLOW,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 2, huge, NULL, x, &t));
    assert_null(t);
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_STATUS(TENFERRO_SYMBOLIC,
                 tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &n, NULL, x, &t));
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &two, NULL, x, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_read(NULL, x, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_read(t, NULL, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_read(t, odd, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_read(t, x, &broadcast));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_tensor_read(t, x, &far));
    void *own;
    CHECK_OK(tenferro_tensor_data_mutable(t, &own));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_read(t, own, NULL));
    CHECK_MESSAGE("overlaps");
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_FLOAT64, 1, &two, &shape));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_tensor_read(shape, x, NULL));
    tenferro_tensor_release(shape);
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void item__every_dtype__and_its_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_dtype dtypes[] = {TENFERRO_INT32,   TENFERRO_INT64,     TENFERRO_FLOAT32,
                                     TENFERRO_FLOAT64, TENFERRO_COMPLEX64, TENFERRO_COMPLEX128};
    const int64_t ones[] = {1, 1}, two = 2, empty = 0;
    double re, im;
    tenferro_tensor *t = NULL;
    for (int i = 0; i < 6; i++) {
        int complex = tf_dtype_is_complex(dtypes[i]);
        CHECK_OK(tenferro_full(context, dtypes[i], i % 3, ones,
                               complex ? tenferro_complex_number(-7, 2) : tenferro_real(-7), &t));
        im = 99;
        CHECK_OK(tenferro_tensor_item(t, &re, &im));
        assert_true(re == -7 && im == (complex ? 2 : 0));
        CHECK_OK(tenferro_tensor_item(t, &re, NULL));
        tenferro_tensor_release(t);
    }
    CHECK_OK(tenferro_ones(context, TENFERRO_BOOL, 0, NULL, &t));
    CHECK_OK(tenferro_tensor_item(t, &re, &im));
    assert_true(re == 1 && im == 0);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_item(t, NULL, &im));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_item(NULL, &re, &im));
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &two, &t));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_tensor_item(t, &re, &im));
    tenferro_tensor_release(t);
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &empty, &t));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_tensor_item(t, &re, &im));
    tenferro_tensor_release(t);
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_FLOAT64, 0, NULL, &t));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_tensor_item(t, &re, &im));
    tenferro_tensor_release(t);
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    tenferro_dtype dtype;
    info.name = "opaque";
    info.size = 2;
    info.alignment = 1;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    CHECK_OK(tenferro_tensor_from_data(context, dtype, 0, NULL, NULL, "ab", &t));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_tensor_item(t, &re, &im));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void from_data__failing_allocation__no_leak(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    const int64_t extents[] = {20, 30}, strides[] = {30, 1};
    static double x[600];
    for (int64_t n = 0;; n++) {
        tenferro_tensor *t = NULL;
        tenferro_context_trim(context);
        allocator.fail_after = allocator.count + n;
        tenferro_status status = tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 2, extents,
                                                           strides, x, &t);
        allocator.fail_after = -1;
        if (status == TENFERRO_OK) {
            assert_true(n > 0);
            tenferro_tensor_release(t);
            break;
        }
        CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, status);
        assert_null(t);
    }
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer__random_layouts__round_trip),
        cmocka_unit_test(read__view_without_strides__compact_column_major),
        cmocka_unit_test(from_data__broadcast_strides_and_no_elements),
        cmocka_unit_test(from_data__registered_dtype__any_alignment_it_declared),
        cmocka_unit_test(transfer__bad_input__typed_errors),
        cmocka_unit_test(item__every_dtype__and_its_errors),
        cmocka_unit_test(from_data__failing_allocation__no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
