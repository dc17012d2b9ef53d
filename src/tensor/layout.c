/* Layout algebra: see layout.h. */

#include "tensor/layout.h"

#include <stdlib.h>

#include "memory/context.h"
#include "support/text.h"
#include "tensor/tensor.h"

void tf_layout_compact(int rank, const int64_t *extents, tenferro_order order, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = 0; i < rank; i++) {
        int axis = order == TENFERRO_COLUMN_MAJOR ? i : rank - 1 - i;
        strides[axis] = stride;
        stride *= TF_MAX(extents[axis], 1);
    }
}

tenferro_status tf_layout_size(tenferro_context *context, int rank, const tenferro_extent *extents,
                               int64_t element, int64_t *count, int64_t *bytes)
{
    if (rank < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "rank %d is negative", rank);
    if (rank > 0 && !extents)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extents is NULL for rank %d", rank);
    int empty = 0;
    for (int i = 0; i < rank; i++) {
        int64_t value;
        TF_TRY(tenferro_extent_value(context, extents[i], &value));
        empty |= value == 0;
    }
    /* The product without its zeros must fit too, so that compact strides do. */
    int64_t product = element;
    for (int i = 0; i < rank; i++)
        if (tf_mul_overflows(product, TF_MAX(extents[i], 1), &product))
            return tf_fail(TENFERRO_OVERFLOW,
                           "a tensor of shape %s with elements of %lld bytes is too large",
                           tf_shape_text(rank, extents).chars, (long long)element);
    *count = empty ? 0 : product / element;
    *bytes = empty ? 0 : product;
    return TENFERRO_OK;
}

tenferro_status tf_layout_span(int rank, const int64_t *extents, const int64_t *strides,
                               int64_t *low, int64_t *high)
{
    int64_t lo = 0, hi = 0;
    for (int i = 0; i < rank; i++)
        if (extents[i] == 0) {
            *low = *high = 0;
            return TENFERRO_OK;
        }
    for (int i = 0; i < rank; i++) {
        int64_t reach;
        int overflow = tf_mul_overflows(extents[i] - 1, strides[i], &reach);
        overflow |= reach < 0 ? tf_add_overflows(lo, reach, &lo) : tf_add_overflows(hi, reach, &hi);
        if (overflow)
            return tf_fail(TENFERRO_OVERFLOW,
                           "strides reach beyond 64 bits at axis %d (extent %lld, stride %lld)", i,
                           (long long)extents[i], (long long)strides[i]);
    }
    *low = lo;
    *high = hi;
    return TENFERRO_OK;
}

int tf_layout_is_compact(int rank, const int64_t *extents, const int64_t *strides,
                         tenferro_order order)
{
    int64_t stride = 1;
    for (int i = 0; i < rank; i++)
        if (extents[i] == 0)
            return 1;
    for (int i = 0; i < rank; i++) {
        int axis = order == TENFERRO_COLUMN_MAJOR ? i : rank - 1 - i;
        if (extents[axis] == 1)
            continue;
        if (strides[axis] != stride)
            return 0;
        stride *= extents[axis];
    }
    return 1;
}

/* Sorted by stride, each axis must step over all that the smaller ones reach; selection sort: ranks
 * are small. */
int tf_layout_self_overlaps(int rank, const int64_t *extents, const int64_t *strides)
{
    int64_t reach = 0, last = 0;
    for (int i = 0; i < rank; i++)
        if (extents[i] == 0)
            return 0;
    for (int done = 0;;) {
        int next = -1, ties = 0;
        for (int i = 0; i < rank; i++) {
            if (extents[i] == 1)
                continue; /* its stride may be anything */
            int64_t stride = llabs(strides[i]);
            if (done && stride <= last)
                continue;
            if (next < 0 || stride < llabs(strides[next])) {
                next = i;
                ties = 0;
            } else if (stride == llabs(strides[next])) {
                ties = 1;
            }
        }
        if (next < 0)
            return 0;
        last = llabs(strides[next]);
        if (ties || last <= reach)
            return 1;
        int64_t step;
        if (tf_mul_overflows(extents[next] - 1, last, &step) ||
            tf_add_overflows(reach, step, &reach))
            return 1;
        done = 1;
    }
}

/* Both shapes are cut into the smallest groups with equal products; a group's old axes must be
 * mergeable. */
int tf_layout_reshape(int rank, const int64_t *extents, const int64_t *strides, int new_rank,
                      const int64_t *new_extents, int64_t *new_strides)
{
    for (int i = 0; i < rank; i++)
        if (extents[i] == 0) {
            tf_layout_compact(new_rank, new_extents, TENFERRO_COLUMN_MAJOR, new_strides);
            return 1;
        }
    int i = 0, j = 0;
    while (i < rank || j < new_rank) {
        if (i < rank && extents[i] == 1) {
            i++;
            continue;
        }
        if (j < new_rank && new_extents[j] == 1) {
            new_strides[j++] = 1;
            continue;
        }
        if (i == rank || j == new_rank)
            return 0; /* the sizes differ */
        int64_t old_size = extents[i], new_size = new_extents[j];
        int64_t stride = strides[i], next = strides[i] * extents[i];
        int new_end = j + 1;
        i++;
        while (old_size != new_size) {
            if (old_size < new_size) {
                while (i < rank && extents[i] == 1)
                    i++;
                if (i == rank || strides[i] != next)
                    return 0;
                old_size *= extents[i];
                next = strides[i] * extents[i];
                i++;
            } else {
                if (new_end == new_rank)
                    return 0;
                new_size *= new_extents[new_end++];
            }
        }
        for (; j < new_end; j++) {
            new_strides[j] = stride;
            stride *= new_extents[j];
        }
    }
    return 1;
}
