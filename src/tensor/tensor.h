/* The handle's inside: one allocation, extents and strides behind it. */
#ifndef TF_TENSOR_TENSOR_H
#define TF_TENSOR_TENSOR_H

#include <stdatomic.h>
#include <tenferro/tensor.h>

#include "memory/storage.h"
#include "tensor/layout.h"
#include "tensor/level.h"

struct tenferro_tensor {
    atomic_int references;
    tenferro_dtype dtype;
    int rank;
    tenferro_context *context; /* held */
    tf_storage *storage;       /* held; NULL: no data of its own */
    void *data;                /* the element with all indices 0 */
    tf_level *level;           /* held; NULL: concrete (or shape only) */
    void *payload;             /* the level's */
    tenferro_tensor *primal;   /* held; of a strictly lower level */
    int64_t shape[];           /* rank extents, then rank strides */
};

static inline const tenferro_extent *tf_extents(const tenferro_tensor *t)
{
    return t->shape;
}
static inline const int64_t *tf_strides(const tenferro_tensor *t)
{
    return t->shape + t->rank;
}

/* A handle over storage (takes a reference of its own); data points into it. */
tenferro_status tf_tensor_over(tenferro_context *context, tf_storage *storage, void *data,
                               tenferro_dtype dtype, int rank, const tenferro_extent *extents,
                               const int64_t *strides, tenferro_tensor **out);

/* A handle with dtype and extents only (what a tape saves when a rule needs no values). */
tenferro_status tf_tensor_shape_only(tenferro_context *context, tenferro_dtype dtype, int rank,
                                     const tenferro_extent *extents, tenferro_tensor **out);

/* TENFERRO_OK if the tensor has data; else SYMBOLIC with a message that begins with `what`. */
tenferro_status tf_tensor_require_data(const tenferro_tensor *t, const char *what);

static inline tenferro_aval tf_aval(const tenferro_tensor *t)
{
    return (tenferro_aval){t->dtype, t->rank, tf_extents(t)};
}
static inline tenferro_array tf_array(const tenferro_tensor *t)
{
    return (tenferro_array){t->data, t->dtype, t->rank, tf_extents(t), tf_strides(t)};
}

/* Stores a host number as one element of a built-in dtype; DTYPE_MISMATCH if it cannot hold it. */
tenferro_status tf_number_store(tenferro_number number, tenferro_dtype dtype, void *element);

/* Extent arithmetic on the context's expressions that may be negative inside: see extent.c. */
int tf_extent_is_valid(tenferro_extent e);

#endif
