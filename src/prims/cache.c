/* Plans through the context's cache: the key of a description, and the doors that need no plan. */

#include "memory/cache.h"
#include "contract/mixed.h"
#include "prims/plan.h"
#include "support/hash.h"
#include "support/struct_size.h"

enum { KEY_WORDS = 160 }; /* of a longer key nothing is cached */

/* ---- keys ---- */

/*
 * Bytes of a description's key; writes it unless `room` is NULL.  The context's own choices (ISA,
 * deterministic) are the same for all of its plans; threads are read at execution.
 */
static size_t description_key(const tf_description *d, int64_t *room)
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

/* Plans that were made with other rates are not found again. */
static uint64_t rates_of(const tenferro_context *context)
{
    return (uint64_t)(uintptr_t)tf_context_rates(context);
}

/* ---- finding and keeping ---- */

static void retain(void *plan)
{
    (void)tenferro_plan_retain(plan);
}

static void release(void *plan)
{
    tenferro_plan_release(plan);
}

tenferro_status
tf_plan_cached(tenferro_context *context, const tf_description *description, tenferro_plan **out)
{
    int64_t room[KEY_WORDS];
    for (int role = 0; role < TF_ROLES; role++)
        if (description->operand[role])
            TF_TRY(tf_operand_check(description->operand[role], role));
    size_t bytes = description_key(description, NULL);
    tf_cache *cache = bytes <= sizeof room ? tf_cache_of(context, TF_SLOT_PLANS) : NULL;
    if (!cache)
        return tf_plan_make(context, description, 0, out);
    (void)description_key(description, room);
    const tf_cache_key key = {room, bytes,
                              hash_words(room, bytes / sizeof *room) ^ rates_of(context)};
    *out = tf_cache_find(cache, &key, retain);
    if (TF_LIKELY(*out != NULL))
        return TENFERRO_OK;
    TF_TRY(tf_plan_make(context, description, 0, out));
    tf_cache_add(cache, &key, tenferro_plan_retain(*out), (int64_t)(*out)->footprint, release);
    return TENFERRO_OK;
}

/* ---- contractions of the layers above, which have their labels sorted out ---- */

typedef struct prepared {
    atomic_int references;
    tenferro_context *context;
    _Alignas(16) char plan[]; /* a tf_contract_plan */
} prepared;

static void retain_prepared(void *object)
{
    prepared *p = object;
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
}

static void release_prepared(void *object)
{
    prepared *p = object;
    if (atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) == 1)
        tf_free(p->context, p);
}

/* 0: the key is too long. */
static size_t contraction_key(const tf_contraction *c, int64_t *room)
{
    size_t n = (size_t)c->labels, at = 1;
    if (1 + 4 * n > KEY_WORDS)
        return 0;
    room[0] = -(int64_t)c->dtype * 4 - (c->conj_a != 0) * 2 - (c->conj_b != 0); /* no plan's */
    for (size_t i = 0; i < n; i++, at += 4) {
        room[at] = c->summed[i] ? -1 - c->extents[i] : c->extents[i];
        room[at + 1] = c->a_strides[i];
        room[at + 2] = c->b_strides[i];
        room[at + 3] = c->c_strides[i];
    }
    return at * sizeof *room;
}

/* What was prepared, with a reference; NULL: there is no cache, or *status is the failure. */
static prepared *find_prepared(tenferro_context *context, const tf_engine *engine,
                               const tf_contraction *contraction, tenferro_status *status)
{
    int64_t room[KEY_WORDS];
    size_t bytes = contraction_key(contraction, room);
    tf_cache *cache = bytes ? tf_cache_of(context, TF_SLOT_PLANS) : NULL;
    if (!cache)
        return NULL;
    const tf_cache_key key = {room, bytes,
                              hash_words(room, bytes / sizeof *room) ^ rates_of(context)};
    prepared *p = tf_cache_find(cache, &key, retain_prepared);
    if (TF_LIKELY(p != NULL))
        return p;
    int64_t size = (int64_t)sizeof *p + tf_contract_plan_bytes(contraction);
    p = tf_malloc(context, size, 1);
    if (!p) {
        *status = TENFERRO_OUT_OF_MEMORY;
        return NULL;
    }
    atomic_init(&p->references, 1);
    p->context = context;
    *status = tf_contract_plan_init(engine, contraction, TF_ROUTE_AUTO, (void *)p->plan);
    if (*status != TENFERRO_OK) {
        release_prepared(p);
        return NULL;
    }
    retain_prepared(p);
    tf_cache_add(cache, &key, p, size, release_prepared);
    return p;
}

typedef struct lookup {
    tenferro_context *context;
    const tf_engine *engine;
} lookup;

static tenferro_status contract_parts(void *user, const tf_contraction *real, const void *alpha,
                                      const void *beta, const void *a, const void *b, void *c)
{
    const lookup *l = user;
    return tf_contract_cached(l->context, l->engine, real, alpha, beta, a, b, c);
}

tenferro_status tf_contract_cached(tenferro_context *context, const tf_engine *engine,
                                   const tf_contraction *contraction, const void *alpha,
                                   const void *beta, const void *a, const void *b, void *c)
{
    if (tf_is_mixed(contraction))
        return tf_contract_mixed(engine, contraction, contract_parts, &(lookup){context, engine},
                                 alpha, beta, a, b, c);
    tenferro_status status = TENFERRO_OK;
    prepared *p = find_prepared(context, engine, contraction, &status);
    if (p) {
        status = tf_contract_run(engine, (void *)p->plan, alpha, beta, a, b, c);
        release_prepared(p);
    } else if (status == TENFERRO_OK) {
        tf_contraction whole = *contraction;
        whole.alpha = alpha;
        whole.beta = beta;
        status = tf_contract(engine, &whole, TF_ROUTE_AUTO, a, b, c);
    }
    return status;
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
    tf_cache *cache = tf_cache_of(context, TF_SLOT_PLANS);
    tf_cache_statistics counts = {0};
    if (cache && !tf_cache_read_statistics(cache, &counts))
        return tf_fail(TENFERRO_UNSUPPORTED, "prims_cache_statistics: the cache is busy");
    now.hits = counts.hits;
    now.misses = counts.misses;
    now.evictions = counts.evictions;
    now.plans = counts.objects;
    now.bytes = counts.bytes;
    return tf_struct_write("prims_cache_statistics", out, &now, sizeof now);
}
