/* The tensor handle: creation, wrapping, counting, questions. */

#include "tensor/tensor.h"

#include <string.h>

#include "support/text.h"

/* ---- making handles ---- */

/* One allocation; storage, level, payload and primal are left empty. */
static tenferro_status
handle_create(tenferro_context *context, tenferro_dtype dtype, int rank,
              const tenferro_extent *extents, const int64_t *strides, tenferro_tensor **out)
{
    tenferro_tensor *t = tf_malloc(context,
                                   (int64_t)sizeof *t + 2 * (int64_t)rank * (int64_t)sizeof(int64_t),
                                   1);
    if (!t)
        return TENFERRO_OUT_OF_MEMORY;
    *t = (tenferro_tensor){.dtype = dtype, .rank = rank, .context = tenferro_context_retain(context)};
    atomic_init(&t->references, 1);
    for (int i = 0; i < rank; i++) {
        t->shape[i] = extents[i];
        t->shape[rank + i] = strides ? strides[i] : 0;
    }
    *out = t;
    return TENFERRO_OK;
}

tenferro_status tf_tensor_over(tenferro_context *context, tf_storage *storage, void *data,
                               tenferro_dtype dtype, int rank, const tenferro_extent *extents,
                               const int64_t *strides, tenferro_tensor **out)
{
    TF_TRY(handle_create(context, dtype, rank, extents, strides, out));
    (*out)->storage = tf_storage_retain(storage);
    (*out)->data = data;
    return TENFERRO_OK;
}

tenferro_status tf_tensor_shape_only(tenferro_context *context, tenferro_dtype dtype, int rank,
                                     const tenferro_extent *extents, tenferro_tensor **out)
{
    return handle_create(context, dtype, rank, extents, NULL, out);
}

tenferro_status
tf_level_wrap(tf_level *level, void *payload, const tenferro_tensor *primal, tenferro_dtype dtype,
              int rank, const tenferro_extent *extents, tenferro_tensor **out)
{
    if (primal) {
        if (primal->context != level->context)
            return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                           "a %s level of one context cannot hold a tensor of another",
                           level->type->kind);
        if (primal->level && primal->level->depth >= level->depth)
            return tf_fail(TENFERRO_LEVEL_MISMATCH,
                           "a %s level (depth %lld) cannot hold a tensor of a %s level that is not "
                           "below it (depth %lld)",
                           level->type->kind, (long long)level->depth, primal->level->type->kind,
                           (long long)primal->level->depth);
        dtype = primal->dtype;
        rank = primal->rank;
        extents = tf_extents(primal);
    }
    TF_TRY(handle_create(level->context, dtype, rank, extents, NULL, out));
    (*out)->level = tf_level_retain(level);
    (*out)->payload = payload;
    (*out)->primal = tenferro_tensor_retain(primal);
    return TENFERRO_OK;
}

static tenferro_status
element_size(const tenferro_context *context, tenferro_dtype dtype, int64_t *size)
{
    *size = tf_dtype_size(context, dtype);
    if (*size <= 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype %u is unknown to this context",
                       (unsigned)dtype);
    return TENFERRO_OK;
}

tenferro_status
tenferro_tensor_create(tenferro_context *context, tenferro_dtype dtype, int rank,
                       const tenferro_extent *extents, tenferro_order order, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_create: out is NULL");
    *out = NULL;
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_create: context is NULL");
    if (order != TENFERRO_COLUMN_MAJOR && order != TENFERRO_ROW_MAJOR)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_create: %d is no memory order",
                       (int)order);
    int64_t size, count, bytes;
    TF_TRY(element_size(context, dtype, &size));
    TF_TRY(tf_layout_size(context, rank, extents, size, &count, &bytes));
    tf_storage *storage = NULL;
    TF_TRY(tf_storage_create(context, bytes, &storage));
    tenferro_status status = tf_tensor_over(context, storage, tf_storage_data(storage), dtype, rank,
                                            extents, NULL, out);
    tf_storage_release(storage);
    if (status == TENFERRO_OK)
        tf_layout_compact(rank, extents, order, (*out)->shape + rank);
    return status;
}

/* The storage that a wrap would describe: its lowest address and its length. */
static tenferro_status
wrapped_region(int64_t size, int rank, const int64_t *extents, const int64_t *strides,
               int64_t count, void *data, char **low, int64_t *bytes)
{
    int64_t first, last, first_byte, span;
    *low = data;
    *bytes = 0;
    TF_TRY(tf_layout_span(rank, extents, strides, &first, &last));
    if (count == 0)
        return TENFERRO_OK;
    if (tf_mul_overflows(first, size, &first_byte) || tf_sub_overflows(last, first, &span) ||
        tf_add_overflows(span, 1, &span) || tf_mul_overflows(span, size, bytes))
        return tf_fail(TENFERRO_OVERFLOW, "tensor_wrap: the strides reach beyond 64 bits");
    *low = (char *)data + first_byte;
    return TENFERRO_OK;
}

tenferro_status
tenferro_tensor_wrap(tenferro_context *context, tenferro_dtype dtype, int rank,
                     const tenferro_extent *extents, const int64_t *strides, void *data,
                     uint32_t flags, void (*release)(void *user), void *user, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_wrap: out is NULL");
    *out = NULL;
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_wrap: context is NULL");
    if (flags & ~(uint32_t)TENFERRO_WRAP_READ_ONLY)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_wrap: unknown flags 0x%x",
                       (unsigned)flags);
    int64_t size, count, bytes, region;
    char *low;
    TF_TRY(element_size(context, dtype, &size));
    TF_TRY(tf_layout_size(context, rank, extents, size, &count, &bytes));
    if (!data && count > 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_wrap: data is NULL for %lld elements",
                       (long long)count);
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    TF_TRY(tenferro_dtype_describe(context, dtype, &info));
    if ((uintptr_t)data % (uintptr_t)info.alignment)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "tensor_wrap: data is not aligned to the %lld bytes of %s",
                       (long long)info.alignment, info.name);
    tenferro_tensor *t = NULL;
    tf_storage *storage = NULL;
    tenferro_status status;
    TF_TRY_CLEANUP(handle_create(context, dtype, rank, extents, strides, &t));
    if (!strides)
        tf_layout_compact(rank, extents, TENFERRO_COLUMN_MAJOR, t->shape + rank);
    TF_TRY_CLEANUP(wrapped_region(size, rank, extents, tf_strides(t), count, data, &low, &region));
    /* The callback goes in last: until here a failure leaves the memory the caller's. */
    TF_TRY_CLEANUP(tf_storage_wrap(context, low, region, (flags & TENFERRO_WRAP_READ_ONLY) != 0,
                                   release, user, &storage));
    t->storage = storage;
    t->data = data;
    *out = t;
    return TENFERRO_OK;
cleanup:
    tenferro_tensor_release(t);
    return status;
}

tenferro_status tenferro_tensor_adopt(tenferro_context *context, const tenferro_tensor *tensor,
                                      tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_adopt: out is NULL");
    *out = NULL;
    if (!context || !tensor)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_adopt: %s is NULL",
                       context ? "tensor" : "context");
    if (!tensor->storage)
        return tf_fail(TENFERRO_LEVEL_MISMATCH,
                       "tensor_adopt: a tensor of a level cannot change its context");
    if (tensor->dtype >= TENFERRO_DTYPE_USER && tensor->context != context)
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "tensor_adopt: dtype '%s' is registered with the other context only",
                       tf_dtype_name(tensor->context, tensor->dtype));
    return tf_tensor_over(context, tensor->storage, tensor->data, tensor->dtype, tensor->rank,
                          tf_extents(tensor), tf_strides(tensor), out);
}

/* ---- counting ---- */

tenferro_tensor *tenferro_tensor_retain(const tenferro_tensor *tensor)
{
    /* The count is not part of the value that const protects. */
    tenferro_tensor *t = (tenferro_tensor *)(uintptr_t)tensor;
    if (t)
        atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void tenferro_tensor_release(tenferro_tensor *tensor)
{
    while (tensor && atomic_fetch_sub_explicit(&tensor->references, 1, memory_order_acq_rel) == 1) {
        tenferro_tensor *primal = tensor->primal;
        tenferro_context *context = tensor->context;
        if (tensor->level && tensor->level->type->release_payload && tensor->payload)
            tensor->level->type->release_payload(tensor->level, tensor->payload);
        tf_level_release(tensor->level);
        tf_storage_release(tensor->storage);
        tf_free(context, tensor);
        tenferro_context_release(context);
        tensor = primal;
    }
}

/* ---- questions ---- */

tenferro_context *tenferro_tensor_context(const tenferro_tensor *tensor)
{
    return tensor->context;
}

tenferro_dtype tenferro_tensor_dtype(const tenferro_tensor *tensor)
{
    return tensor->dtype;
}

int tenferro_tensor_rank(const tenferro_tensor *tensor)
{
    return tensor->rank;
}

const tenferro_extent *tenferro_tensor_extents(const tenferro_tensor *tensor)
{
    return tf_extents(tensor);
}

const int64_t *tenferro_tensor_strides(const tenferro_tensor *tensor)
{
    return tf_strides(tensor);
}

tenferro_status tenferro_tensor_size(const tenferro_tensor *tensor, int64_t *out)
{
    int64_t bytes;
    if (!tensor || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_size: an argument is NULL");
    return tf_layout_size(tensor->context, tensor->rank, tf_extents(tensor), 1, out, &bytes);
}

int tenferro_tensor_is_concrete(const tenferro_tensor *tensor)
{
    return tensor->storage != NULL;
}

int tenferro_tensor_is_contiguous(const tenferro_tensor *tensor, tenferro_order order)
{
    return tensor->storage &&
           tf_layout_is_compact(tensor->rank, tf_extents(tensor), tf_strides(tensor), order);
}

const void *tenferro_tensor_data(const tenferro_tensor *tensor)
{
    return tensor->data;
}

tenferro_status tf_tensor_require_data(const tenferro_tensor *t, const char *what)
{
    if (t->storage)
        return TENFERRO_OK;
    return tf_fail(TENFERRO_SYMBOLIC, "%s: the tensor has no data of its own: it belongs to %s%s",
                   what, t->level ? "a level of kind " : "no level (shape only)",
                   t->level ? t->level->type->kind : "");
}

tenferro_status tenferro_tensor_data_mutable(tenferro_tensor *tensor, void **out)
{
    if (!tensor || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_data_mutable: an argument is NULL");
    *out = NULL;
    TF_TRY(tf_tensor_require_data(tensor, "tensor_data_mutable"));
    if (tf_storage_read_only(tensor->storage))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "the tensor's memory is read-only");
    for (int i = 0; i < tensor->rank; i++)
        if (tf_extents(tensor)[i] > 1 && tf_strides(tensor)[i] == 0)
            return tf_fail(
                TENFERRO_INVALID_ARGUMENT,
                "the tensor is broadcast (stride 0 at axis %d of shape %s) and cannot be written",
                i, tf_shape_text(tensor->rank, tf_extents(tensor)).chars);
    tf_storage_touch(tensor->storage);
    *out = tensor->data;
    return TENFERRO_OK;
}

uint64_t tenferro_tensor_version(const tenferro_tensor *tensor)
{
    return tensor->storage ? tf_storage_version(tensor->storage) : 0;
}
