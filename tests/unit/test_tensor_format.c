/* tensor_format.  The expected layouts are what NumPy 1.24 prints, after our first line. */

#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro/ops.h>

#include "memory/context.h"
#include "tensor/tensor.h"

static void
check_text(const tenferro_tensor *t, const tenferro_format_options *options, const char *expected)
{
    size_t needed = 0, again = 0;
    CHECK_OK(tenferro_tensor_format(t, options, NULL, 0, &needed));
    char *buffer = malloc(needed + 1);
    assert_non_null(buffer);
    CHECK_OK(tenferro_tensor_format(t, options, buffer, needed + 1, &again));
    if (strcmp(buffer, expected) != 0)
        fail_msg("expected:\n%s\ngot:\n%s", expected, buffer);
    assert_int_equal(needed, again);
    assert_int_equal(needed, strlen(expected));
    free(buffer);
}

/* Prints data given in column-major order. */
static void check(tenferro_context *context, tenferro_dtype dtype, int rank, const int64_t *extents,
                  const void *data, const char *expected)
{
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, dtype, rank, extents, NULL, data, &t));
    check_text(t, NULL, expected);
    tenferro_tensor_release(t);
}

static void format__matrix__as_the_header_says(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const double x[] = {1, 2, 3, 4, 5, 6};
    const int64_t extents[] = {2, 3}, cube[] = {2, 1, 3};
    check(context, TENFERRO_FLOAT64, 2, extents, x,
          "float64 2x3, column-major\n"
          "[[1. 3. 5.]\n"
          " [2. 4. 6.]]");
    check(context, TENFERRO_FLOAT64, 3, cube, x,
          "float64 2x1x3, column-major\n"
          "[[[1. 3. 5.]]\n"
          "\n"
          " [[2. 4. 6.]]]");
    tenferro_context_release(context);
}

static void format__first_line__tells_order_and_shape(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int32_t x[] = {1, -2, 3, 4};
    const int64_t extents[] = {2, 2}, strides[] = {2, 1}, four = 4, empty[] = {3, 0};
    tenferro_tensor *t = NULL, *view = NULL;
    CHECK_OK(tenferro_tensor_wrap(context, TENFERRO_INT32, 2, extents, strides,
                                  (int32_t[]){1, -2, 3, 4}, 0, NULL, NULL, &t));
    check_text(t, NULL, "int32 2x2, row-major\n[[ 1 -2]\n [ 3  4]]");
    CHECK_OK(tenferro_reverse(t, 0, NULL, &view));
    check_text(view, NULL, "int32 2x2, strided\n[[ 4  3]\n [-2  1]]");
    tenferro_tensor_release(t);
    tenferro_tensor_release(view);
    check(context, TENFERRO_INT32, 1, &four, x, "int32 4, column-major\n[ 1 -2  3  4]");
    check(context, TENFERRO_INT32, 0, NULL, x + 1, "int32 scalar\n-2");
    check(context, TENFERRO_FLOAT32, 2, empty, NULL, "float32 3x0, column-major\n[]");
    tenferro_context_release(context);
}

static void format__floats__as_numpy(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2, three = 3, four = 4;
    const double mixed[] = {0.5, 1.0 / 3, -2}, wide[] = {1, 2000},
                 special[] = {NAN, 1.25, -INFINITY};
    const double large[] = {1e300, -1.5e-7, 0}, none[] = {NAN, INFINITY}, zeros[] = {0.0, -0.0},
                 limit[] = {1, 1000};
    const double nearly[] = {99999999.96, 1e7}, single = 3.5;
    const float floats[] = {0.1f, 0.2f, 1.0f / 3, 16777216.0f / 1e5f};
    check(context, TENFERRO_FLOAT64, 1, &three, mixed,
          "float64 3, column-major\n[ 0.5         0.33333333 -2.        ]");
    check(context, TENFERRO_FLOAT64, 1, &two, wide, "float64 2, column-major\n[1.e+00 2.e+03]");
    check(context, TENFERRO_FLOAT64, 1, &two, limit, "float64 2, column-major\n[   1. 1000.]");
    check(context, TENFERRO_FLOAT64, 1, &three, special,
          "float64 3, column-major\n[ nan 1.25 -inf]");
    check(context, TENFERRO_FLOAT64, 1, &three, large,
          "float64 3, column-major\n[ 1.0e+300 -1.5e-007  0.0e+000]");
    check(context, TENFERRO_FLOAT64, 1, &two, none, "float64 2, column-major\n[nan inf]");
    check(context, TENFERRO_FLOAT64, 1, &two, zeros, "float64 2, column-major\n[ 0. -0.]");
    check(context, TENFERRO_FLOAT64, 0, NULL, &single, "float64 scalar\n3.5");
    /* rounding to eight digits makes one more before the point */
    check(context, TENFERRO_FLOAT64, 1, &two, nearly,
          "float64 2, column-major\n[100000000.  10000000.]");
    check(context, TENFERRO_FLOAT32, 1, &four, floats,
          "float32 4, column-major\n[1.0000000e-01 2.0000000e-01 3.3333334e-01 1.6777216e+02]");
    tenferro_context_release(context);
}

static void format__precision__counts_significant_digits(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_format_options options = TENFERRO_FORMAT_OPTIONS_INIT;
    const int64_t three = 3;
    const double x[] = {1.23456789, 12345.678 / 1000, 0.1};
    const float f = 0.1f;
    const double big = 12345.678;
    tenferro_tensor *t = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, &three, NULL, x, &t));
    options.precision = 3;
    check_text(t, &options, "float64 3, column-major\n[ 1.23 12.3   0.1 ]");
    options.precision = 17;
    check_text(t, &options, "float64 3, column-major\n[ 1.23456789 12.345678    0.1       ]");
    tenferro_tensor_release(t);
    /* the shortest digits that tell a float from its neighbours, however many are allowed */
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT32, 0, NULL, NULL, &f, &t));
    options.precision = 100;
    check_text(t, &options, "float32 scalar\n0.1");
    tenferro_tensor_release(t);
    /* digits before the point are never rounded away */
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 0, NULL, NULL, &big, &t));
    options.precision = 2;
    check_text(t, &options, "float64 scalar\n12346.");
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void format__other_dtypes__as_numpy(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2, three = 3;
    const unsigned char bools[] = {1, 0};
    const double complexes[] = {1, 2, 1.5, -2.25, NAN, INFINITY};
    const float halves[] = {0.5f, 0, 1, -1};
    check(context, TENFERRO_BOOL, 1, &two, bools, "bool 2, column-major\n[ True False]");
    check(context, TENFERRO_BOOL, 0, NULL, bools, "bool scalar\nTrue");
    check(context, TENFERRO_COMPLEX128, 1, &three, complexes,
          "complex128 3, column-major\n[1. +2.j   1.5-2.25j nan +infj]");
    check(context, TENFERRO_COMPLEX64, 1, &two, halves,
          "complex64 2, column-major\n[0.5+0.j 1. -1.j]");
    check(context, TENFERRO_COMPLEX128, 0, NULL, complexes, "complex128 scalar\n1.+2.j");
    tenferro_context_release(context);
}

static void format__registered_dtype__hex_bytes(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    tenferro_dtype dtype;
    const int64_t two = 2;
    info.name = "triple";
    info.size = 3;
    info.alignment = 1;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    check(context, dtype, 1, &two, "\x00\x01\xff\x80\x7f\x0a",
          "triple 2, column-major\n[0001ff 807f0a]");
    tenferro_context_release(context);
}

static void format__many_elements__elided(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_format_options options = TENFERRO_FORMAT_OPTIONS_INIT;
    tenferro_tensor *line = NULL, *matrix = NULL, *cube = NULL;
    CHECK_OK(tenferro_arange(context, TENFERRO_INT64, tenferro_integer(0), tenferro_integer(1),
                             1001, &line));
    check_text(line, NULL, "int64 1001, column-major\n[   0    1    2 ...  998  999 1000]");
    tenferro_tensor_release(line);
    CHECK_OK(tenferro_arange(context, TENFERRO_INT64, tenferro_integer(0), tenferro_integer(1), 48,
                             &line));
    CHECK_OK(tenferro_reshape(line, 2, (const int64_t[]){4, 12}, &matrix));
    CHECK_OK(tenferro_reshape(line, 3, (const int64_t[]){4, 4, 3}, &cube));
    options.threshold = 20;
    options.edge = 1;
    check_text(matrix, &options,
               "int64 4x12, column-major\n"
               "[[ 0 ... 44]\n"
               " ...\n"
               " [ 3 ... 47]]");
    check_text(cube, &options,
               "int64 4x4x3, column-major\n"
               "[[[ 0 ... 32]\n"
               "  ...\n"
               "  [12 ... 44]]\n"
               "\n"
               " ...\n"
               "\n"
               " [[ 3 ... 35]\n"
               "  ...\n"
               "  [15 ... 47]]]");
    options.threshold = -1;
    check_text(matrix, &options,
               "int64 4x12, column-major\n"
               "[[ 0  4  8 12 16 20 24 28 32 36 40 44]\n"
               " [ 1  5  9 13 17 21 25 29 33 37 41 45]\n"
               " [ 2  6 10 14 18 22 26 30 34 38 42 46]\n"
               " [ 3  7 11 15 19 23 27 31 35 39 43 47]]");
    tenferro_tensor_release(line);
    tenferro_tensor_release(matrix);
    tenferro_tensor_release(cube);
    tenferro_context_release(context);
}

static void format__long_rows__wrap_at_75(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    double x[18];
    for (int i = 0; i < 18; i++)
        x[i] = i % 2 ? 0.125 * i : 0.0625 * i + 0.03125;
    check(context, TENFERRO_FLOAT64, 2, (const int64_t[]){1, 18}, x,
          "float64 1x18, column-major\n"
          "[[0.03125 0.125   0.15625 0.375   0.28125 0.625   0.40625 0.875   0.53125\n"
          "  1.125   0.65625 1.375   0.78125 1.625   0.90625 1.875   1.03125 2.125  ]]");
    tenferro_context_release(context);
}

/* Dozens of axes of extent 2: neither recursion nor 2^56 elements. */
static void format__rank_56__is_bounded(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t extents[56];
    tenferro_tensor *one = NULL, *wide = NULL;
    size_t needed = 0;
    char start[40];
    for (int i = 0; i < 56; i++)
        extents[i] = 2;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 0, NULL, &one));
    CHECK_OK(tenferro_broadcast(one, 56, extents, &wide));
    CHECK_OK(tenferro_tensor_format(wide, NULL, NULL, 0, &needed));
    assert_in_range(needed, 1000, 1000000);
    /* a buffer that is too small gets the beginning */
    CHECK_OK(tenferro_tensor_format(wide, NULL, start, sizeof start, NULL));
    assert_memory_equal(start, "float64 2x2x2x2", 15);
    assert_int_equal(strlen(start), sizeof start - 1);
    tenferro_tensor_release(one);
    tenferro_tensor_release(wide);
    tenferro_context_release(context);
}

static void level_destroy(tf_level *level)
{
    tf_free(level->context, level);
}

static void format__tensor_of_a_level__only_the_first_line(void **state)
{
    (void)state;
    static const tf_level_type type = {.kind = "forward", .destroy = level_destroy};
    tenferro_context *context = test_context();
    tenferro_extent extents[] = {0, 3};
    tenferro_tensor *t = NULL;
    tf_level *level = tf_malloc(context, 1, sizeof *level);
    assert_non_null(level);
    CHECK_OK(tenferro_extent_symbol(context, "n", &extents[0]));
    CHECK_OK(tf_level_open(level, &type, context));
    CHECK_OK(tf_level_wrap(level, NULL, NULL, TENFERRO_FLOAT64, 2, extents, &t));
    check_text(t, NULL, "float64 (n, 3), on a forward level, no data");
    tenferro_tensor_release(t);
    CHECK_OK(tf_level_wrap(level, NULL, NULL, TENFERRO_FLOAT64, 0, NULL, &t));
    check_text(t, NULL, "float64 scalar, on a forward level, no data");
    tenferro_tensor_release(t);
    tf_level_release(level);
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_INT32, 1, extents, &t));
    check_text(t, NULL, "int32 (n), no data");
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void format__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_format_options options = TENFERRO_FORMAT_OPTIONS_INIT;
    tenferro_tensor *t = NULL;
    char buffer[8];
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 0, NULL, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_format(NULL, NULL, buffer, sizeof buffer, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tensor_format(t, NULL, NULL, 8, NULL));
    options.precision = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_format(t, &options, buffer, sizeof buffer, NULL));
    options.precision = 0;
    options.edge = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_format(t, &options, buffer, sizeof buffer, NULL));
    options.edge = 0;
    options.struct_size = 3;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_tensor_format(t, &options, buffer, sizeof buffer, NULL));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format__matrix__as_the_header_says),
        cmocka_unit_test(format__first_line__tells_order_and_shape),
        cmocka_unit_test(format__floats__as_numpy),
        cmocka_unit_test(format__precision__counts_significant_digits),
        cmocka_unit_test(format__other_dtypes__as_numpy),
        cmocka_unit_test(format__registered_dtype__hex_bytes),
        cmocka_unit_test(format__many_elements__elided),
        cmocka_unit_test(format__long_rows__wrap_at_75),
        cmocka_unit_test(format__rank_56__is_bounded),
        cmocka_unit_test(format__tensor_of_a_level__only_the_first_line),
        cmocka_unit_test(format__bad_input__typed_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
