/* Tensors as plain arrays; see arrays.h. */

#include "arrays.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANK = 80 };

test_value test_complex(double re, double im)
{
    test_value z;
    memcpy(&z, (const double[]){re, im}, sizeof z);
    return z;
}

test_value test_load(tenferro_dtype dtype, const void *element)
{
    float f[2] = {0.0f, 0.0f};
    double d[2] = {0.0, 0.0};
    int32_t i32;
    int64_t i64;
    switch (dtype) {
    case TENFERRO_BOOL:
        return *(const unsigned char *)element;
    case TENFERRO_INT32:
        memcpy(&i32, element, sizeof i32);
        return i32;
    case TENFERRO_INT64:
        memcpy(&i64, element, sizeof i64);
        return (double)i64;
    case TENFERRO_FLOAT32:
    case TENFERRO_COMPLEX64:
        memcpy(f, element, (size_t)test_size_of(dtype));
        return test_complex((double)f[0], (double)f[1]);
    default:
        memcpy(d, element, (size_t)test_size_of(dtype));
        return test_complex(d[0], d[1]);
    }
}

void test_store(tenferro_dtype dtype, void *element, test_value value)
{
    double re = creal(value);
    float f[2] = {(float)re, (float)cimag(value)};
    double d[2] = {re, cimag(value)};
    int32_t i32;
    int64_t i64;
    switch (dtype) {
    case TENFERRO_BOOL:
        *(unsigned char *)element = re != 0.0;
        break;
    case TENFERRO_INT32:
        i32 = (int32_t)re;
        memcpy(element, &i32, sizeof i32);
        break;
    case TENFERRO_INT64:
        i64 = (int64_t)re;
        memcpy(element, &i64, sizeof i64);
        break;
    case TENFERRO_FLOAT32:
    case TENFERRO_COMPLEX64:
        memcpy(element, f, (size_t)test_size_of(dtype));
        break;
    default:
        memcpy(element, d, (size_t)test_size_of(dtype));
    }
}

int64_t test_size_of(tenferro_dtype dtype)
{
    static const int64_t sizes[] = {0, 1, 4, 8, 4, 8, 8, 16};
    return sizes[dtype];
}

int test_is_complex(tenferro_dtype dtype)
{
    return dtype >= TENFERRO_COMPLEX64;
}

int test_is_floating(tenferro_dtype dtype)
{
    return dtype >= TENFERRO_FLOAT32;
}

double test_epsilon(tenferro_dtype dtype)
{
    if (!test_is_floating(dtype))
        return 0.0;
    return dtype == TENFERRO_FLOAT32 || dtype == TENFERRO_COMPLEX64 ? (double)FLT_EPSILON
                                                                    : DBL_EPSILON;
}

const char *test_dtype_name(tenferro_dtype dtype)
{
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    CHECK_OK(tenferro_dtype_describe(NULL, dtype, &info));
    return info.name;
}

int64_t test_count(int rank, const int64_t *extents)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= extents[i];
    return count;
}

int test_next(int rank, const int64_t *extents, int64_t *index)
{
    for (int i = 0; i < rank; i++) {
        if (++index[i] < extents[i])
            return 1;
        index[i] = 0;
    }
    return 0;
}

int64_t test_offset(int rank, const int64_t *extents, const int64_t *index)
{
    int64_t offset = 0;
    for (int i = rank - 1; i >= 0; i--)
        offset = offset * extents[i] + index[i];
    return offset;
}

/* ---- random tensors ---- */

static test_value random_value(test_rng *rng, tenferro_dtype dtype)
{
    if (dtype == TENFERRO_BOOL)
        return (double)test_rng_range(rng, 0, 1);
    if (!test_is_floating(dtype))
        return (double)test_rng_range(rng, -9, 9);
    double re = test_rng_real(rng);
    return test_complex(re, test_is_complex(dtype) ? test_rng_real(rng) : 0.0);
}

/* Strides of a random layout; *low and *high: the offsets that it reaches. */
static void random_strides(test_rng *rng, int rank, const int64_t *extents, int repeated,
                           int64_t *strides, int64_t *low, int64_t *high)
{
    int order[MAX_RANK];
    int64_t stride = test_rng_range(rng, 1, 2);
    for (int i = 0; i < rank; i++)
        order[i] = i;
    for (int i = rank - 1; i > 0; i--) {
        int j = (int)test_rng_range(rng, 0, i), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    *low = *high = 0;
    for (int i = 0; i < rank; i++) {
        int axis = order[i];
        int64_t extent = extents[axis] > 0 ? extents[axis] : 1;
        strides[axis] = repeated && test_rng_range(rng, 0, 2) == 0 ? 0
                        : test_rng_range(rng, 0, 2) == 0           ? -stride
                                                                   : stride;
        *(strides[axis] < 0 ? low : high) += strides[axis] * (extent - 1);
        stride = stride * extent + test_rng_range(rng, 0, 1);
    }
}

tenferro_tensor *test_random_tensor(tenferro_context *context, test_rng *rng, tenferro_dtype dtype,
                                    int rank, const int64_t *extents, int layout)
{
    int64_t strides[MAX_RANK] = {0}, low, high, size = test_size_of(dtype);
    assert_true(rank <= MAX_RANK);
    random_strides(rng, rank, extents, layout == TEST_REPEATED, strides, &low, &high);
    if (layout == TEST_COMPACT) {
        low = 0;
        high = test_count(rank, extents) > 0 ? test_count(rank, extents) - 1 : 0;
    }
    char *bytes = malloc((size_t)((high - low + 1) * size));
    assert_non_null(bytes);
    memset(bytes, 0xa5, (size_t)((high - low + 1) * size));
    char *data = bytes - low * size;
    int64_t index[MAX_RANK] = {0}, n = 0;
    if (test_count(rank, extents) > 0)
        do {
            int64_t offset = layout == TEST_COMPACT ? n++ : 0;
            for (int i = 0; layout != TEST_COMPACT && i < rank; i++)
                offset += index[i] * strides[i];
            test_store(dtype, data + offset * size, random_value(rng, dtype));
        } while (test_next(rank, extents, index));
    tenferro_tensor *out = NULL;
    if (layout == TEST_COMPACT) {
        CHECK_OK(tenferro_tensor_create(context, dtype, rank, extents, TENFERRO_COLUMN_MAJOR, &out));
        void *to;
        CHECK_OK(tenferro_tensor_data_mutable(out, &to));
        if (test_count(rank, extents) > 0)
            memcpy(to, data, (size_t)(test_count(rank, extents) * size));
        free(bytes);
    } else {
        /* wrapped at the lowest byte's owner: free gets the block itself */
        CHECK_OK(tenferro_tensor_wrap(context, dtype, rank, extents, strides, data, 0, free, bytes,
                                      &out));
    }
    return out;
}

tenferro_tensor *test_tensor_of(tenferro_context *context, tenferro_dtype dtype, int rank,
                                const int64_t *extents, const test_value *values)
{
    tenferro_tensor *out = NULL;
    void *to;
    CHECK_OK(tenferro_tensor_create(context, dtype, rank, extents, TENFERRO_COLUMN_MAJOR, &out));
    CHECK_OK(tenferro_tensor_data_mutable(out, &to));
    for (int64_t i = 0; i < test_count(rank, extents); i++)
        test_store(dtype, (char *)to + i * test_size_of(dtype), values[i]);
    return out;
}

/* ---- reading and checking ---- */

test_value *test_elements(const tenferro_tensor *x)
{
    int rank = tenferro_tensor_rank(x);
    const int64_t *extents = tenferro_tensor_extents(x), *strides = tenferro_tensor_strides(x);
    tenferro_dtype dtype = tenferro_tensor_dtype(x);
    int64_t count = test_count(rank, extents), index[MAX_RANK] = {0};
    test_value *values = malloc((size_t)(count + 1) * sizeof *values);
    assert_non_null(values);
    const char *data = tenferro_tensor_data(x);
    for (int64_t n = 0; n < count; n++) {
        int64_t offset = 0;
        for (int i = 0; i < rank; i++)
            offset += index[i] * strides[i];
        values[n] = test_load(dtype, data + offset * test_size_of(dtype));
        test_next(rank, extents, index);
    }
    return values;
}

void test_check_shape(const tenferro_tensor *x, tenferro_dtype dtype, int rank,
                      const int64_t *extents)
{
    assert_non_null(x);
    assert_int_equal(tenferro_tensor_dtype(x), dtype);
    assert_int_equal(tenferro_tensor_rank(x), rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(tenferro_tensor_extents(x)[i], extents[i]);
}

static int parts_close(double a, double b, double bound)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= bound;
}

void test_check_elements(const tenferro_tensor *x, const test_value *expected, double tolerance,
                         const char *what)
{
    test_value *values = test_elements(x);
    int64_t count = test_count(tenferro_tensor_rank(x), tenferro_tensor_extents(x));
    for (int64_t i = 0; i < count; i++) {
        double magnitude = cabs(expected[i]);
        double bound = tolerance * (isfinite(magnitude) && magnitude > 1.0 ? magnitude : 1.0);
        if (!parts_close(creal(values[i]), creal(expected[i]), bound) ||
            !parts_close(cimag(values[i]), cimag(expected[i]), bound)) {
            int rank = tenferro_tensor_rank(x);
            print_error("%s (%s, rank %d): element %lld is %.17g%+.17gi, expected %.17g%+.17gi\n",
                        what, test_dtype_name(tenferro_tensor_dtype(x)), rank, (long long)i,
                        creal(values[i]), cimag(values[i]), creal(expected[i]), cimag(expected[i]));
            free(values);
            fail();
        }
    }
    free(values);
}
