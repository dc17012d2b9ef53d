/*
 * A bounded cache of plans or the like, for a slot of the context: sets of 4 objects, bounded in
 * number and bytes, the oldest go first.
 *
 * Its lock is only ever tried, for a bounded time: a thread that does not get it goes without.  So
 * a child forked while another thread was inside is not stuck.  Nothing here fails or touches the
 * thread's message: a cache that cannot be had is merely no help.
 */
#ifndef TF_MEMORY_CACHE_H
#define TF_MEMORY_CACHE_H

#include "memory/context.h"

typedef struct tf_cache tf_cache;

typedef struct tf_cache_statistics {
    int64_t hits, misses, evictions;
    int64_t objects, bytes; /* held now */
} tf_cache_statistics;

/* What an object was made for: its bytes and their hash. */
typedef struct tf_cache_key {
    const void *bytes;
    size_t count;
    uint64_t hash;
} tf_cache_key;

/* The context's cache in that slot, made at the first use; NULL if it cannot be had. */
tf_cache *tf_cache_of(tenferro_context *context, tf_slot slot);

/* The object with a reference of the caller's, through retain(object), or NULL. */
void *tf_cache_find(tf_cache *cache, const tf_cache_key *key, void (*retain)(void *object));

/*
 * Keeps an object that takes about `bytes`, key apart, if there is room for it at all.  The cache
 * takes over the caller's reference, which release(object) returns: at once if it is not kept.
 */
void tf_cache_add(tf_cache *cache, const tf_cache_key *key, void *object, int64_t bytes,
                  void (*release)(void *object));

/* 0 if the cache is busy. */
int tf_cache_read_statistics(tf_cache *cache, tf_cache_statistics *out);

#endif
