/*
 * Tensors as plain arrays: every element as a double complex, in column-major order, whatever the
 * dtype and the layout.  What naive references are written with.
 */
#ifndef TENFERRO_TEST_ARRAYS_H
#define TENFERRO_TEST_ARRAYS_H

#include <complex.h>

#include <tenferro.h>
#include "testing.h"

typedef double complex test_value;

/* Without arithmetic, so that infinities and NaN stay where they are put. */
test_value test_complex(double re, double im);

/* One element; the number must fit the dtype. */
test_value test_load(tenferro_dtype dtype, const void *element);
void test_store(tenferro_dtype dtype, void *element, test_value value);
int64_t test_size_of(tenferro_dtype dtype);
int test_is_complex(tenferro_dtype dtype);
int test_is_floating(tenferro_dtype dtype); /* complex ones too */
double test_epsilon(tenferro_dtype dtype);  /* 0 for exact dtypes */
const char *test_dtype_name(tenferro_dtype dtype);

int64_t test_count(int rank, const int64_t *extents);
/* The next index in column-major order; 0 after the last. */
int test_next(int rank, const int64_t *extents, int64_t *index);
/* Number of an index in column-major order. */
int64_t test_offset(int rank, const int64_t *extents, const int64_t *index);

enum {
    TEST_COMPACT = 0, /* column-major */
    TEST_STRIDED = 1, /* axes in any order, gaps, negative strides, foreign memory */
    TEST_REPEATED = 2 /* the same, and some strides are 0 */
};
/*
 * Random contents: floats in [-1, 1), integers in -9 .. 9, bool.  All bytes between the elements
 * are 0xa5.
 */
tenferro_tensor *test_random_tensor(tenferro_context *context, test_rng *rng, tenferro_dtype dtype,
                                    int rank, const int64_t *extents, int layout);
/* Another layout with the same elements as `values`, which has test_count of them. */
tenferro_tensor *test_tensor_of(tenferro_context *context, tenferro_dtype dtype, int rank,
                                const int64_t *extents, const test_value *values);

/* All elements; to be freed. */
test_value *test_elements(const tenferro_tensor *x);

/* Fails unless x has that dtype and shape. */
void test_check_shape(const tenferro_tensor *x, tenferro_dtype dtype, int rank,
                      const int64_t *extents);
/*
 * Fails unless |x - expected| <= tolerance * max(1, |expected|) everywhere; equal infinities and
 * NaN (by parts) are equal.
 */
void test_check_elements(const tenferro_tensor *x, const test_value *expected, double tolerance,
                         const char *what);

#define TEST_RELEASE(...)                                                      \
    do {                                                                       \
        tenferro_tensor *released_[] = {__VA_ARGS__};                          \
        for (size_t n_ = 0; n_ < sizeof released_ / sizeof released_[0]; n_++) \
            tenferro_tensor_release(released_[n_]);                            \
    } while (0)

#endif
