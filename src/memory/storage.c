/* Storage: a counted block shared by views, and scratch from the same pool. */

#include "memory/storage.h"

#include "memory/buffers.h"
#include "memory/context_private.h"

struct tf_storage {
    atomic_size_t references;
    _Atomic uint64_t version;
    tenferro_context *context; /* one reference */
    void *data;
    int64_t bytes;
    int read_only;
    int foreign;
    void (*release)(void *user); /* foreign memory only; may be NULL */
    void *user;
};

static tf_storage *make_storage(tenferro_context *context, void *data, int64_t bytes)
{
    tf_storage *storage = tf_calloc(context, 1, sizeof *storage);
    if (!storage)
        return NULL;
    atomic_init(&storage->references, 1);
    atomic_init(&storage->version, 0);
    storage->context = tenferro_context_retain(context);
    storage->data = data;
    storage->bytes = bytes;
    return storage;
}

tenferro_status tf_storage_create(tenferro_context *context, int64_t bytes, tf_storage **out)
{
    *out = NULL;
    void *data = tf_scratch_take(context, bytes);
    if (!data)
        return TENFERRO_OUT_OF_MEMORY;
    *out = make_storage(context, data, bytes);
    if (!*out) {
        tf_scratch_give(context, data, bytes);
        return TENFERRO_OUT_OF_MEMORY;
    }
    return TENFERRO_OK;
}

tenferro_status tf_storage_wrap(tenferro_context *context, void *data, int64_t bytes, int read_only,
                                void (*release)(void *user), void *user, tf_storage **out)
{
    *out = NULL;
    if (bytes < 0 || (!data && bytes > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "wrap: %lld bytes at %s", (long long)bytes,
                       data ? "a pointer" : "NULL");
    tf_storage *storage = make_storage(context, data, bytes);
    if (!storage)
        return TENFERRO_OUT_OF_MEMORY;
    storage->read_only = read_only;
    storage->foreign = 1;
    storage->release = release;
    storage->user = user;
    *out = storage;
    return TENFERRO_OK;
}

tf_storage *tf_storage_retain(tf_storage *storage)
{
    if (storage)
        atomic_fetch_add_explicit(&storage->references, 1, memory_order_relaxed);
    return storage;
}

void tf_storage_release(tf_storage *storage)
{
    if (!storage || atomic_fetch_sub_explicit(&storage->references, 1, memory_order_acq_rel) != 1)
        return;
    tenferro_context *context = storage->context;
    if (!storage->foreign)
        tf_scratch_give(context, storage->data, storage->bytes);
    else if (storage->release)
        storage->release(storage->user);
    tf_free(context, storage);
    tenferro_context_release(context);
}

void *tf_storage_data(const tf_storage *storage)
{
    return storage->data;
}

int64_t tf_storage_bytes(const tf_storage *storage)
{
    return storage->bytes;
}

int tf_storage_read_only(const tf_storage *storage)
{
    return storage->read_only;
}

int tf_storage_is_unique(const tf_storage *storage)
{
    return atomic_load_explicit(&storage->references, memory_order_acquire) == 1;
}

uint64_t tf_storage_version(const tf_storage *storage)
{
    return atomic_load_explicit(&storage->version, memory_order_acquire);
}

void tf_storage_touch(tf_storage *storage)
{
    atomic_fetch_add_explicit(&storage->version, 1, memory_order_acq_rel);
}

tenferro_context *tf_storage_context(const tf_storage *storage)
{
    return storage->context;
}

void *tf_scratch_take(tenferro_context *context, int64_t bytes)
{
    return tf_buffers_take(context->buffers, bytes);
}

void tf_scratch_give(tenferro_context *context, void *pointer, int64_t bytes)
{
    tf_buffers_give(context->buffers, pointer, bytes);
}
