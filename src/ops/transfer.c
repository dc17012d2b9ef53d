/* Elements into and out of tensors: from the caller's memory, to it, and one at a time. */

#include "ops/op.h"

/* Strides of the caller's memory: given ones, which must stay in 64 bits, or compact ones. */
static tenferro_status host_strides(tf_arena *arena, int rank, const int64_t *extents,
                                    int64_t element, const int64_t *given, const int64_t **out)
{
    int64_t low, high, bytes;
    if (given) {
        TF_TRY(tf_layout_span(rank, extents, given, &low, &high));
        if (tf_mul_overflows(low, element, &bytes) || tf_mul_overflows(high, element, &bytes))
            return tf_fail(TENFERRO_OVERFLOW, "the strides reach beyond 64 bits");
        *out = given;
        return TENFERRO_OK;
    }
    int64_t *strides = tf_arena_take(arena, rank, sizeof *strides);
    if (!strides)
        return TENFERRO_OUT_OF_MEMORY;
    tf_layout_compact(rank, extents, TENFERRO_COLUMN_MAJOR, strides);
    *out = strides;
    return TENFERRO_OK;
}

/* The caller's memory as a kernel may touch it. */
static tenferro_status check_memory(const tenferro_context *context, tenferro_dtype dtype,
                                    int64_t count, const void *data, const char *name)
{
    if (count > 0 && !data)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: data is NULL for %lld elements", name,
                       (long long)count);
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    TF_TRY(tenferro_dtype_describe(context, dtype, &info));
    if ((uintptr_t)data % (uintptr_t)info.alignment)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: data is not aligned to the %lld bytes of %s",
                       name, (long long)info.alignment, info.name);
    return TENFERRO_OK;
}

static tenferro_status
from_data(tf_arena *arena, tenferro_tensor *t, const int64_t *strides, const void *data)
{
    int64_t size = tf_dtype_size(t->context, t->dtype), count;
    TF_TRY(tenferro_tensor_size(t, &count));
    TF_TRY(check_memory(t->context, t->dtype, count, data, "tensor_from_data"));
    TF_TRY(host_strides(arena, t->rank, tf_extents(t), size, strides, &strides));
    tf_engine engine;
    tf_context_engine(t->context, &engine);
    return tf_copy(&engine, size, t->rank, tf_extents(t), data, strides, t->data, tf_strides(t));
}

tenferro_status tenferro_tensor_from_data(tenferro_context *context, tenferro_dtype dtype, int rank,
                                          const tenferro_extent *extents, const int64_t *strides,
                                          const void *data, tenferro_tensor **out)
{
    tenferro_tensor *t = NULL;
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_from_data: out is NULL");
    *out = NULL;
    TF_TRY(tenferro_tensor_create(context, dtype, rank, extents, TENFERRO_COLUMN_MAJOR, &t));
    tf_arena arena;
    tf_arena_init(&arena, context);
    tenferro_status status = from_data(&arena, t, strides, data);
    tf_arena_release(&arena);
    if (status == TENFERRO_OK)
        *out = t;
    else
        tenferro_tensor_release(t);
    return status;
}

static tenferro_status
read_into(tf_arena *arena, const tenferro_tensor *t, void *data, const int64_t *strides)
{
    int64_t size = tf_dtype_size(t->context, t->dtype), count;
    TF_TRY(tenferro_tensor_size(t, &count));
    TF_TRY(check_memory(t->context, t->dtype, count, data, "tensor_read"));
    TF_TRY(host_strides(arena, t->rank, tf_extents(t), size, strides, &strides));
    if (count == 0)
        return TENFERRO_OK;
    if (tf_layout_self_overlaps(t->rank, tf_extents(t), strides))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "tensor_read: elements of the destination may lie on one another");
    if (tf_regions_overlap(size, t->rank, tf_extents(t), strides, data, size, t->rank,
                           tf_extents(t), tf_strides(t), t->data))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "tensor_read: the destination overlaps the tensor's own memory");
    tf_engine engine;
    tf_context_engine(t->context, &engine);
    return tf_copy(&engine, size, t->rank, tf_extents(t), t->data, tf_strides(t), data, strides);
}

tenferro_status
tenferro_tensor_read(const tenferro_tensor *tensor, void *data, const int64_t *strides)
{
    if (!tensor)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_read: tensor is NULL");
    TF_TRY(tf_tensor_require_data(tensor, "tensor_read"));
    tf_arena arena;
    tf_arena_init(&arena, tensor->context);
    tenferro_status status = read_into(&arena, tensor, data, strides);
    tf_arena_release(&arena);
    return status;
}

tenferro_status tenferro_tensor_item(const tenferro_tensor *tensor, double *real, double *imaginary)
{
    if (!tensor || !real)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_item: %s is NULL",
                       tensor ? "real" : "tensor");
    TF_TRY(tf_tensor_require_data(tensor, "tensor_item"));
    int64_t count;
    TF_TRY(tenferro_tensor_size(tensor, &count));
    if (count != 1)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "tensor_item: shape %s has %lld elements, not one",
                       tf_shape_text(tensor->rank, tf_extents(tensor)).chars, (long long)count);
    const void *data = tensor->data;
    double re, im = 0.0;
    switch (tensor->dtype) {
    case TENFERRO_BOOL:
        re = *(const unsigned char *)data;
        break;
    case TENFERRO_INT32:
        re = *(const int32_t *)data;
        break;
    case TENFERRO_INT64:
        re = (double)*(const int64_t *)data;
        break;
    case TENFERRO_FLOAT32:
        re = (double)*(const float *)data;
        break;
    case TENFERRO_FLOAT64:
        re = *(const double *)data;
        break;
    case TENFERRO_COMPLEX64:
        re = (double)((const float *)data)[0];
        im = (double)((const float *)data)[1];
        break;
    case TENFERRO_COMPLEX128:
        re = ((const double *)data)[0];
        im = ((const double *)data)[1];
        break;
    default:
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "tensor_item: the registered dtype '%s' is no number",
                       tf_dtype_name(tensor->context, tensor->dtype));
    }
    *real = re;
    if (imaginary)
        *imaginary = im;
    return TENFERRO_OK;
}
