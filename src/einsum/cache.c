/*
 * The plan cache: 64 sets of 4 plans.
 *
 * Its lock is only ever tried, for a bounded time: a thread that does not get it plans anew.  So a
 * child forked while another thread was inside is not stuck; it merely goes without a cache.
 */

#include "einsum/cache.h"

#include <string.h>

enum { SETS = 64, WAYS = 4, TRIES = 4096 };
static const int64_t most_bytes = INT64_C(16) << 20;

typedef struct entry {
    uint64_t hash;
    uint64_t used; /* when; 0: free */
    size_t count;
    void *key;
    tenferro_einsum_plan *plan;
    int64_t bytes;
} entry;

typedef struct cache {
    atomic_flag busy;
    uint64_t clock;
    int64_t bytes;
    entry entries[SETS * WAYS];
} cache;

/* A cache that cannot be had is no failure: the message is put back. */
static tenferro_status create(tenferro_context *context, void **object)
{
    tf_saved_error saved;
    tf_error_save(&saved);
    cache *c = tf_calloc(context, 1, sizeof *c);
    if (!c) {
        tf_error_restore(&saved);
        return TENFERRO_OUT_OF_MEMORY;
    }
    atomic_flag_clear(&c->busy);
    *object = c;
    return TENFERRO_OK;
}

static void drop(tenferro_context *context, const entry *e)
{
    if (e->used) {
        tf_free(context, e->key);
        tenferro_einsum_plan_release(e->plan);
    }
}

static void destroy(tenferro_context *context, void *object)
{
    cache *c = object;
    for (int i = 0; i < SETS * WAYS; i++)
        drop(context, &c->entries[i]);
    tf_free(context, c);
}

static cache *cache_of(tenferro_context *context)
{
    void *object;
    return tf_context_slot(context, TF_SLOT_EINSUM, create, destroy, &object) == TENFERRO_OK
               ? object
               : NULL;
}

static int enter(cache *c)
{
    for (int i = 0; c && i < TRIES; i++)
        if (!atomic_flag_test_and_set_explicit(&c->busy, memory_order_acquire))
            return 1;
    return 0;
}

static void leave(cache *c)
{
    atomic_flag_clear_explicit(&c->busy, memory_order_release);
}

tenferro_einsum_plan *tf_plan_cache_find(tenferro_context *context, const tf_plan_key *key)
{
    cache *c = cache_of(context);
    tenferro_einsum_plan *found = NULL;
    if (!enter(c))
        return NULL;
    entry *set = c->entries + key->hash % SETS * WAYS;
    for (int i = 0; i < WAYS && !found; i++) {
        entry *e = &set[i];
        if (e->used && e->hash == key->hash && e->count == key->count &&
            memcmp(e->key, key->bytes, key->count) == 0) {
            e->used = ++c->clock;
            found = tenferro_einsum_plan_retain(e->plan);
        }
    }
    leave(c);
    return found;
}

/* About what a plan takes, its key included. */
static int64_t footprint(const tenferro_einsum_plan *plan, const tf_plan_key *key)
{
    const tf_network *n = &plan->network;
    int64_t axes = n->first[n->count] + n->out_rank;
    return (int64_t)sizeof *plan + (int64_t)key->count + plan->steps * (int64_t)sizeof *plan->step +
           axes * 5 * (int64_t)sizeof(int64_t) + (int64_t)n->count * 16 + plan->room * 6 +
           plan->entries * 32;
}

static entry *oldest(entry *entries, int count)
{
    entry *found = entries;
    for (int i = 1; i < count; i++)
        if (entries[i].used < found->used)
            found = &entries[i];
    return found;
}

/* The oldest of all that is in use. */
static entry *oldest_used(cache *c)
{
    entry *found = NULL;
    for (int i = 0; i < SETS * WAYS; i++) {
        entry *e = &c->entries[i];
        if (e->used && (!found || e->used < found->used))
            found = e;
    }
    return found;
}

/*
 * One round under the lock: frees a place or takes it.  What is thrown out comes back in *out; 1
 * when done.
 */
static int insert(cache *c, const entry *new_entry, entry *out)
{
    int full = c->bytes > most_bytes - new_entry->bytes;
    entry *place = full ? oldest_used(c) : oldest(c->entries + new_entry->hash % SETS * WAYS, WAYS);
    *out = *place;
    c->bytes -= place->bytes;
    *place = (entry){0};
    if (full)
        return 0;
    *place = *new_entry;
    place->used = ++c->clock;
    c->bytes += place->bytes;
    return 1;
}

void tf_plan_cache_add(tenferro_context *context, const tf_plan_key *key, tenferro_einsum_plan *plan)
{
    cache *c = cache_of(context);
    entry mine = {.hash = key->hash, .used = 1, .count = key->count, .bytes = footprint(plan, key)};
    if (!c || mine.bytes > most_bytes / 4)
        return;
    tf_saved_error saved;
    tf_error_save(&saved);
    mine.key = tf_malloc(context, (int64_t)key->count, 1);
    if (!mine.key) {
        tf_error_restore(&saved);
        return;
    }
    memcpy(mine.key, key->bytes, key->count);
    mine.plan = tenferro_einsum_plan_retain(plan);
    for (int done = 0; !done;) {
        entry gone;
        if (!enter(c)) {
            drop(context, &mine);
            return;
        }
        done = insert(c, &mine, &gone);
        leave(c);
        drop(context, &gone);
    }
}
