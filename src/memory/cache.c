/* A bounded cache: see cache.h. */

#include "memory/cache.h"

#include <string.h>

enum { SETS = 128, WAYS = 4, TRIES = 4096 };
static const int64_t most_bytes = INT64_C(16) << 20;

typedef struct entry {
    uint64_t hash;
    uint64_t used; /* when; 0: free */
    size_t count;
    void *key;
    void *object;
    int64_t bytes;
    void (*release)(void *object);
} entry;

struct tf_cache {
    tenferro_context *context; /* not held: the cache is the context's own */
    atomic_flag busy;
    uint64_t clock;
    tf_cache_statistics statistics;
    entry entries[SETS * WAYS];
};

static void drop(tenferro_context *context, const entry *e)
{
    if (e->used) {
        tf_free(context, e->key);
        e->release(e->object);
    }
}

static tenferro_status create(tenferro_context *context, void **object)
{
    tf_cache *c = tf_calloc(context, 1, sizeof *c);
    if (!c)
        return TENFERRO_OUT_OF_MEMORY;
    c->context = context;
    atomic_flag_clear(&c->busy);
    *object = c;
    return TENFERRO_OK;
}

static void destroy(tenferro_context *context, void *object)
{
    tf_cache *c = object;
    for (int i = 0; i < SETS * WAYS; i++)
        drop(context, &c->entries[i]);
    tf_free(context, c);
}

tf_cache *tf_cache_of(tenferro_context *context, tf_slot slot)
{
    void *object;
    tf_saved_error saved;
    tf_error_save(&saved);
    if (tf_context_slot(context, slot, create, destroy, &object) == TENFERRO_OK)
        return object;
    tf_error_restore(&saved);
    return NULL;
}

static int enter(tf_cache *c)
{
    for (int i = 0; i < TRIES; i++)
        if (!atomic_flag_test_and_set_explicit(&c->busy, memory_order_acquire))
            return 1;
    return 0;
}

static void leave(tf_cache *c)
{
    atomic_flag_clear_explicit(&c->busy, memory_order_release);
}

void *tf_cache_find(tf_cache *cache, const tf_cache_key *key, void (*retain)(void *object))
{
    void *found = NULL;
    if (!enter(cache))
        return NULL;
    entry *set = cache->entries + key->hash % SETS * WAYS;
    for (int i = 0; i < WAYS && !found; i++) {
        entry *e = &set[i];
        if (e->used && e->hash == key->hash && e->count == key->count &&
            memcmp(e->key, key->bytes, key->count) == 0) {
            e->used = ++cache->clock;
            found = e->object;
            retain(found);
        }
    }
    if (found)
        cache->statistics.hits++;
    else
        cache->statistics.misses++;
    leave(cache);
    return found;
}

/* The oldest of some entries: a free one if there is any; of those in use only, if asked. */
static entry *oldest(entry *entries, int count, int in_use)
{
    entry *found = NULL;
    for (int i = 0; i < count; i++)
        if ((!in_use || entries[i].used) && (!found || entries[i].used < found->used))
            found = &entries[i];
    return found;
}

/*
 * One round under the lock: frees a place or takes it.  What is thrown out comes back in *out; 1
 * when done.
 */
static int insert(tf_cache *c, const entry *new_entry, entry *out)
{
    int full = c->statistics.bytes > most_bytes - new_entry->bytes;
    entry *place = full ? oldest(c->entries, SETS * WAYS, 1)
                        : oldest(c->entries + new_entry->hash % SETS * WAYS, WAYS, 0);
    *out = *place;
    c->statistics.bytes -= place->bytes;
    c->statistics.objects -= place->used != 0;
    c->statistics.evictions += place->used != 0;
    *place = (entry){0};
    if (full)
        return 0;
    *place = *new_entry;
    place->used = ++c->clock;
    c->statistics.bytes += place->bytes;
    c->statistics.objects++;
    return 1;
}

void tf_cache_add(tf_cache *cache, const tf_cache_key *key, void *object, int64_t bytes,
                  void (*release)(void *object))
{
    tenferro_context *context = cache->context;
    entry mine = {.hash = key->hash,
                  .used = 1,
                  .count = key->count,
                  .object = object,
                  .bytes = bytes + (int64_t)key->count,
                  .release = release};
    tf_saved_error saved;
    tf_error_save(&saved);
    if (mine.bytes <= most_bytes / 4)
        mine.key = tf_malloc(context, (int64_t)key->count, 1);
    if (!mine.key) {
        tf_error_restore(&saved);
        release(object);
        return;
    }
    memcpy(mine.key, key->bytes, key->count);
    for (int done = 0; !done;) {
        entry gone;
        if (!enter(cache)) {
            drop(context, &mine);
            return;
        }
        done = insert(cache, &mine, &gone);
        leave(cache);
        drop(context, &gone);
    }
}

int tf_cache_read_statistics(tf_cache *cache, tf_cache_statistics *out)
{
    if (!enter(cache))
        return 0;
    *out = cache->statistics;
    leave(cache);
    return 1;
}
