/* Storage: a counted block of memory shared by the views of it, with a version number. */
#ifndef TF_MEMORY_STORAGE_H
#define TF_MEMORY_STORAGE_H

#include "memory/context.h"

typedef struct tf_storage tf_storage;

/* bytes >= 0 from the context's pool, 64-byte aligned; counts against the memory limit.  Holds the
 * context. */
tenferro_status tf_storage_create(tenferro_context *context, int64_t bytes, tf_storage **out);

/* Over foreign memory; release(user) runs when the last reference goes.  release may be NULL. */
tenferro_status tf_storage_wrap(tenferro_context *context, void *data, int64_t bytes, int read_only,
                                void (*release)(void *user), void *user, tf_storage **out);

tf_storage *tf_storage_retain(tf_storage *storage);
void tf_storage_release(tf_storage *storage); /* NULL is fine */
void *tf_storage_data(const tf_storage *storage);
int64_t tf_storage_bytes(const tf_storage *storage);
int tf_storage_read_only(const tf_storage *storage);
int tf_storage_is_unique(const tf_storage *storage); /* one reference */
uint64_t tf_storage_version(const tf_storage *storage);
void tf_storage_touch(tf_storage *storage); /* raises the version */
tenferro_context *tf_storage_context(const tf_storage *storage);

/* Scratch from the same pool, without a storage object: size classes, bounded, statistics. */
void *tf_scratch_take(tenferro_context *context, int64_t bytes); /* NULL with the message set */
void tf_scratch_give(tenferro_context *context, void *pointer, int64_t bytes);

#endif
