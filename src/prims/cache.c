/*
 * The plan cache of a context: 128 sets of 4 plans, bounded in bytes, the oldest of a set goes
 * first.
 *
 * Its lock is only ever tried, for a bounded time: a thread that does not get it plans anew.  So a
 * child forked while another thread was inside is not stuck; it merely goes without a cache.
 */

#include <string.h>

#include "prims/plan.h"
#include "support/hash.h"
#include "support/struct_size.h"

enum { SETS = 128, WAYS = 4, TRIES = 4096, KEY_WORDS = 160 };
static const int64_t most_bytes = INT64_C(16) << 20;

typedef struct entry {
    uint64_t hash;
    uint64_t used;       /* when */
    tenferro_plan *plan; /* NULL: free */
} entry;

typedef struct cache {
    atomic_flag busy;
    uint64_t clock;
    tenferro_plan_cache_statistics statistics;
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

static void destroy(tenferro_context *context, void *object)
{
    cache *c = object;
    for (int i = 0; i < SETS * WAYS; i++)
        tenferro_plan_release(c->entries[i].plan);
    tf_free(context, c);
}

static cache *cache_of(tenferro_context *context)
{
    void *object;
    return tf_context_slot(context, TF_SLOT_PLANS, create, destroy, &object) == TENFERRO_OK ? object
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

/* ---- keys ---- */

size_t tf_description_key(const tf_description *d, int64_t *room)
{
    size_t words = 2 + TF_ROLES;
    for (int role = 0; role < TF_ROLES; role++)
        words += d->operand[role] ? 3 * (size_t)d->operand[role]->rank : 0;
    if (!room)
        return words * sizeof *room;
    *room++ = (int64_t)d->kind << 32 | (uint32_t)d->op;
    *room++ = (int64_t)d->options.route << 32 | (uint32_t)d->options.threads;
    for (int role = 0; role < TF_ROLES; role++) {
        const tenferro_operand *o = d->operand[role];
        if (!o) {
            *room++ = -1;
            continue;
        }
        *room++ = (int64_t)o->rank << 16 | (int64_t)o->dtype << 1 | (o->conj != 0);
        const int64_t *strides = tf_operand_strides(o, room);
        for (int i = 0; i < o->rank; i++) {
            room[i] = strides[i];
            room[o->rank + i] = o->extents[i];
            room[2 * o->rank + i] = o->labels[i];
        }
        room += 3 * o->rank;
    }
    return words * sizeof *room;
}

/* Keys are short and always whole words: two chains of multiplications side by side. */
static uint64_t hash_words(const int64_t *words, size_t count)
{
    uint64_t x = count, y = 0x9e3779b97f4a7c15u;
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        x = (x ^ (uint64_t)words[i]) * 0xd6e8feb86659fd93u;
        y = (y ^ (uint64_t)words[i + 1]) * 0xc2b2ae3d27d4eb4fu;
        x ^= x >> 32;
        y ^= y >> 29;
    }
    if (i < count)
        x ^= (uint64_t)words[i];
    return tf_hash_u64(x + y * 31);
}

/* ---- finding and keeping ---- */

static tenferro_plan *find(cache *c, uint64_t hash, const void *key, size_t bytes)
{
    if (!enter(c))
        return NULL;
    tenferro_plan *found = NULL;
    entry *set = c->entries + hash % SETS * WAYS;
    for (int i = 0; i < WAYS && !found; i++) {
        entry *e = &set[i];
        if (e->plan && e->hash == hash && e->plan->key_bytes == bytes &&
            memcmp(e->plan->key, key, bytes) == 0) {
            e->used = ++c->clock;
            found = tenferro_plan_retain(e->plan);
        }
    }
    if (found)
        c->statistics.hits++;
    else
        c->statistics.misses++;
    leave(c);
    return found;
}

static void keep(cache *c, uint64_t hash, tenferro_plan *plan)
{
    int64_t bytes = (int64_t)plan->footprint;
    if (bytes > most_bytes / (SETS * WAYS) * 8 || !enter(c))
        return;
    tenferro_plan *gone = NULL;
    entry *set = c->entries + hash % SETS * WAYS, *place = set;
    for (int i = 1; i < WAYS; i++)
        if (place->plan && (!set[i].plan || set[i].used < place->used))
            place = &set[i];
    int64_t freed = place->plan ? (int64_t)place->plan->footprint : 0;
    if (c->statistics.bytes - freed + bytes <= most_bytes) {
        gone = place->plan;
        *place = (entry){hash, ++c->clock, tenferro_plan_retain(plan)};
        c->statistics.bytes += bytes - freed;
        c->statistics.plans += gone == NULL;
        c->statistics.evictions += gone != NULL;
    }
    leave(c);
    tenferro_plan_release(gone);
}

tenferro_status
tf_plan_cached(tenferro_context *context, const tf_description *description, tenferro_plan **out)
{
    int64_t room[KEY_WORDS];
    for (int role = 0; role < TF_ROLES; role++)
        if (description->operand[role])
            TF_TRY(tf_operand_check(description->operand[role], role));
    size_t bytes = tf_description_key(description, NULL);
    cache *c = bytes <= sizeof room ? cache_of(context) : NULL;
    if (!c)
        return tf_plan_make(context, description, 0, out);
    (void)tf_description_key(description, room);
    uint64_t hash = hash_words(room, bytes / sizeof *room);
    *out = find(c, hash, room, bytes);
    if (TF_LIKELY(*out != NULL))
        return TENFERRO_OK;
    TF_TRY(tf_plan_make(context, description, 0, out));
    keep(c, hash, *out);
    return TENFERRO_OK;
}

/* ---- the doors ---- */

tenferro_status
tenferro_prims_contract(tenferro_context *context, const void *alpha, const tenferro_operand *a,
                        const void *a_data, const tenferro_operand *b, const void *b_data,
                        const void *beta, const tenferro_operand *c, const void *c_data,
                        const tenferro_operand *d, void *d_data)
{
    if (!context || !a || !d)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "contraction: the context, A or D is NULL");
    const tf_description description = {.kind = TF_PLAN_CONTRACTION,
                                        .operand = {a, b, c, d},
                                        .options = TENFERRO_PLAN_OPTIONS_INIT};
    tenferro_plan *plan = NULL;
    TF_TRY(tf_plan_cached(context, &description, &plan));
    const void *inputs[TF_ROLE_D];
    int n = 0;
    inputs[n++] = a_data;
    if (b)
        inputs[n++] = b_data;
    if (c)
        inputs[n++] = c_data;
    tenferro_status status = tenferro_plan_execute(plan, inputs, d_data, alpha, beta, NULL, 0);
    tenferro_plan_release(plan);
    return status;
}

tenferro_status
tenferro_prims_cache_statistics(tenferro_context *context, tenferro_plan_cache_statistics *out)
{
    if (!context || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "prims_cache_statistics: NULL argument");
    tenferro_plan_cache_statistics now = TENFERRO_PLAN_CACHE_STATISTICS_INIT;
    cache *c = cache_of(context);
    if (c) {
        if (!enter(c))
            return tf_fail(TENFERRO_UNSUPPORTED, "prims_cache_statistics: the cache is busy");
        now = c->statistics;
        leave(c);
    }
    return tf_struct_write("prims_cache_statistics", out, &now, sizeof now);
}
