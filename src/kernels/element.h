/*
 * Element types of the kernels: complex numbers as two reals, wrapping and saturating integer
 * helpers.
 */
#ifndef TF_KERNELS_ELEMENT_H
#define TF_KERNELS_ELEMENT_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <tenferro/dtype.h>

#include "support/compat.h"

/* Built-in dtypes are small numbers; tables are indexed by them. */
#define TF_DTYPE_SLOTS 8

#define TF_JOIN_(a, b) a##_##b
#define TF_JOIN(a, b) TF_JOIN_(a, b)

/*
 * Iterations of the next loop are independent even though an output may be an input (the same
 * element).
 */
#if defined(__clang__)
#define TF_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define TF_INDEPENDENT _Pragma("GCC ivdep")
#else
#define TF_INDEPENDENT
#endif

/* The next loop, though short, is vectorised as a loop. */
#if defined(__GNUC__) && !defined(__clang__)
#define TF_ROLLED _Pragma("GCC unroll 1")
#else
#define TF_ROLLED
#endif

typedef struct tf_c64 {
    float re, im;
} tf_c64;

typedef struct tf_c128 {
    double re, im;
} tf_c128;

/* 0 for anything but a built-in dtype. */
static inline int64_t tf_element_size(tenferro_dtype dtype)
{
    static const unsigned char sizes[TF_DTYPE_SLOTS] = {
#define TF_DTYPE(NAME, name, short_name, kind, digits, component, components) \
    [TENFERRO_##NAME] = sizeof(component) * (components),
#include "support/dtypes.def"
#undef TF_DTYPE
    };
    return dtype < TF_DTYPE_SLOTS ? sizes[dtype] : 0;
}

static inline int tf_is_complex(tenferro_dtype dtype)
{
    return dtype == TENFERRO_COMPLEX64 || dtype == TENFERRO_COMPLEX128;
}

#define C tf_c64
#define R float
#define SUFFIX c64
#define ABS fabsf
#include "kernels/complex.inc.h"

#define C tf_c128
#define R double
#define SUFFIX c128
#define ABS fabs
#include "kernels/complex.inc.h"

/*
 * By squaring, wrapping.  A negative exponent gives the truncated quotient 1 / x^-n: 0 but for 1
 * and -1; 0^-n is 0.
 */
static inline int64_t tf_ipow(int64_t x, int64_t n)
{
    if (n < 0)
        return x == 1 ? 1 : x == -1 ? (n % 2 != 0 ? -1 : 1) : 0;
    uint64_t power = 1;
    for (uint64_t square = (uint64_t)x, bits = (uint64_t)n; bits != 0; bits >>= 1, square *= square)
        if (bits & 1)
            power *= square;
    return (int64_t)power;
}

static inline int32_t tf_saturate_i32(double x)
{
    return x != x ? 0 : x >= 2147483648.0 ? INT32_MAX : x <= -2147483648.0 ? INT32_MIN : (int32_t)x;
}

static inline int64_t tf_saturate_i64(double x)
{
    return x != x                        ? 0
           : x >= 9223372036854775808.0  ? INT64_MAX
           : x <= -9223372036854775808.0 ? INT64_MIN
                                         : (int64_t)x;
}

#endif
