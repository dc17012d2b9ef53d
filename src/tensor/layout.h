/* Layout algebra: pure functions on extents and strides (in elements). */
#ifndef TF_TENSOR_LAYOUT_H
#define TF_TENSOR_LAYOUT_H

#include <tenferro/tensor.h>

#include "support/checked.h"
#include "support/status.h"

/* Compact strides in the given order; a zero extent counts as 1, so strides stay positive. */
void tf_layout_compact(int rank, const int64_t *extents, tenferro_order order, int64_t *strides);

/* Number of elements and bytes, checked; extents must be literals >= 0 (SYMBOLIC, INVALID_ARGUMENT). */
tenferro_status tf_layout_size(tenferro_context *context, int rank, const tenferro_extent *extents,
                               int64_t element, int64_t *count, int64_t *bytes);

/* The lowest and highest element offsets reached (both 0 if empty), checked. */
tenferro_status tf_layout_span(int rank, const int64_t *extents, const int64_t *strides,
                               int64_t *low, int64_t *high);

int tf_layout_is_compact(int rank, const int64_t *extents, const int64_t *strides,
                         tenferro_order order);

/* 1 if some element may be reached by two indices (a conservative test: 0 means surely not). */
int tf_layout_self_overlaps(int rank, const int64_t *extents, const int64_t *strides);

/* Strides of the same elements under new extents (column-major order of both), without a copy; 0 if
 * that cannot be. */
int tf_layout_reshape(int rank, const int64_t *extents, const int64_t *strides, int new_rank,
                      const int64_t *new_extents, int64_t *new_strides);

#endif
