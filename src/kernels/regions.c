/* Do two strided arrays reach into each other's bytes? */
#include "kernels/kernels.h"
#include "support/checked.h"

/*
 * Byte span [low, high) of an array; 1 if it cannot be computed.  An empty array has low == high.
 */
static int span_overflows(int64_t size, int rank, const int64_t *extents, const int64_t *strides,
                          int64_t *low, int64_t *high)
{
    int64_t last = 0;
    *low = *high = 0;
    for (int axis = 0; axis < rank; axis++)
        if (extents[axis] == 0)
            return 0;
    for (int axis = 0; axis < rank; axis++) {
        int64_t reach;
        if (tf_mul_overflows(extents[axis] - 1, strides[axis], &reach) ||
            (reach < 0 ? tf_add_overflows(*low, reach, low) : tf_add_overflows(last, reach, &last)))
            return 1;
    }
    return tf_mul_overflows(*low, size, low) || tf_add_overflows(last, 1, &last) ||
           tf_mul_overflows(last, size, high);
}

int tf_regions_overlap(int64_t a_size, int a_rank, const int64_t *a_extents,
                       const int64_t *a_strides, const void *a, int64_t b_size, int b_rank,
                       const int64_t *b_extents, const int64_t *b_strides, const void *b)
{
    int64_t a_low, a_high, b_low, b_high;
    if (span_overflows(a_size, a_rank, a_extents, a_strides, &a_low, &a_high) ||
        span_overflows(b_size, b_rank, b_extents, b_strides, &b_low, &b_high))
        return 1;
    if (a_low == a_high || b_low == b_high)
        return 0;
    uintptr_t a0 = (uintptr_t)a + (uintptr_t)a_low, a1 = (uintptr_t)a + (uintptr_t)a_high;
    uintptr_t b0 = (uintptr_t)b + (uintptr_t)b_low, b1 = (uintptr_t)b + (uintptr_t)b_high;
    return a0 < b1 && b0 < a1;
}
