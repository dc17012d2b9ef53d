/* int64_t arithmetic that tells of overflow: each returns 1 if the result did not fit (and *out is
 * unspecified). */
#ifndef TF_SUPPORT_CHECKED_H
#define TF_SUPPORT_CHECKED_H

#include <stdint.h>

#if defined(__GNUC__)
static inline int tf_add_overflows(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_add_overflow(a, b, out);
}
static inline int tf_sub_overflows(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_sub_overflow(a, b, out);
}
static inline int tf_mul_overflows(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}
#else
#error "support/checked.h needs the overflow builtins of GCC or Clang"
#endif

/* Product of `rank` extents (zero extents make it 0 whatever the others are); 1 if it does not fit. */
int tf_product_overflows(int rank, const int64_t *extents, int64_t *out);

#endif
