/* The table behind symbolic extents: see extent_table.h. */

#include "tensor/extent_table.h"

#include <string.h>

#include "support/hash.h"

/* ---- the table ---- */

static tenferro_status table_create(tenferro_context *context, void **object)
{
    tf_extent_table *t = tf_calloc(context, 1, sizeof *t);
    if (!t)
        return TENFERRO_OUT_OF_MEMORY;
    t->context = context;
    t->bucket_count = 64;
    t->buckets = tf_malloc(context, t->bucket_count, sizeof *t->buckets);
    if (!t->buckets) {
        tf_free(context, t);
        return TENFERRO_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < t->bucket_count; i++)
        t->buckets[i] = -1;
    pthread_mutex_init(&t->lock, NULL);
    *object = t;
    return TENFERRO_OK;
}

static void table_destroy(tenferro_context *context, void *object)
{
    tf_extent_table *t = object;
    for (int64_t i = 0; i < t->atom_count; i++)
        tf_free(context, t->atoms[i].name);
    for (int64_t i = 0; i < t->expression_count; i++)
        tf_free(context, t->expressions[i].words);
    tf_free(context, t->atoms);
    tf_free(context, t->expressions);
    tf_free(context, t->buckets);
    pthread_mutex_destroy(&t->lock);
    tf_free(context, t);
}

tenferro_status tf_extent_table_lock(const tenferro_context *context, tf_extent_table **out)
{
    void *object;
    /* interning does not change what a const context means to its caller */
    TF_TRY(tf_context_slot((tenferro_context *)(uintptr_t)context, TF_SLOT_EXTENTS, table_create,
                           table_destroy, &object));
    *out = object;
    pthread_mutex_lock(&(*out)->lock);
    return TENFERRO_OK;
}

/* Room for one more element of an array of the table. */
static tenferro_status
grow(tf_extent_table *t, void **array, int64_t count, int64_t *room, size_t size)
{
    if (count < *room)
        return TENFERRO_OK;
    int64_t wanted = *room ? 2 * *room : 16;
    void *grown = tf_realloc(t->context, *array, wanted, size);
    if (!grown)
        return TENFERRO_OUT_OF_MEMORY;
    *array = grown;
    *room = wanted;
    return TENFERRO_OK;
}

static tenferro_extent id_of(int64_t index)
{
    return TENFERRO_EXTENT_SYMBOL_MAX - index;
}

tenferro_status
tf_extent_find(const tf_extent_table *t, tenferro_extent e, const tf_extent_expression **out)
{
    if (!tenferro_extent_is_symbol(e) || TENFERRO_EXTENT_SYMBOL_MAX - e >= t->expression_count)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%lld is no extent of this context", (long long)e);
    *out = &t->expressions[TENFERRO_EXTENT_SYMBOL_MAX - e];
    return TENFERRO_OK;
}

tenferro_status tf_extent_polynomial(const tf_extent_table *t, tf_arena *arena, tenferro_extent e,
                                     tf_polynomial *out)
{
    if (e >= 0) {
        int64_t *words = tf_arena_take(arena, 2, sizeof *words);
        if (!words)
            return TENFERRO_OUT_OF_MEMORY;
        words[0] = e;
        words[1] = 0;
        *out = (tf_polynomial){e ? 2 : 0, words};
        return TENFERRO_OK;
    }
    const tf_extent_expression *x;
    TF_TRY(tf_extent_find(t, e, &x));
    /* copied: the table's array may move while more is interned */
    int64_t *words = tf_arena_take(arena, x->count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(words, x->words, (size_t)x->count * sizeof *words);
    *out = (tf_polynomial){x->count, words};
    return TENFERRO_OK;
}

/* ---- interning ---- */

static tenferro_status rehash(tf_extent_table *t)
{
    int64_t count = 2 * t->bucket_count;
    int64_t *buckets = tf_malloc(t->context, count, sizeof *buckets);
    if (!buckets)
        return TENFERRO_OUT_OF_MEMORY;
    for (int64_t i = 0; i < count; i++)
        buckets[i] = -1;
    for (int64_t i = 0; i < t->expression_count; i++) {
        int64_t *head = &buckets[t->expressions[i].hash & (uint64_t)(count - 1)];
        t->expressions[i].next = *head;
        *head = i;
    }
    tf_free(t->context, t->buckets);
    t->buckets = buckets;
    t->bucket_count = count;
    return TENFERRO_OK;
}

tenferro_status tf_extent_intern(tf_extent_table *t, tf_polynomial p, tenferro_extent *out)
{
    if (p.count == 0 || (p.count == 2 && p.words[1] == 0)) {
        int64_t value = p.count ? p.words[0] : 0;
        if (value < 0)
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "an extent of %lld is negative",
                           (long long)value);
        *out = value;
        return TENFERRO_OK;
    }
    size_t bytes = (size_t)p.count * sizeof *p.words;
    uint64_t hash = tf_hash_bytes(p.words, bytes, 0);
    for (int64_t i = t->buckets[hash & (uint64_t)(t->bucket_count - 1)]; i >= 0;
         i = t->expressions[i].next)
        if (t->expressions[i].hash == hash && t->expressions[i].count == p.count &&
            memcmp(t->expressions[i].words, p.words, bytes) == 0) {
            *out = id_of(i);
            return TENFERRO_OK;
        }
    TF_TRY(grow(t, (void **)&t->expressions, t->expression_count, &t->expression_room,
                sizeof *t->expressions));
    if (t->expression_count >= t->bucket_count)
        TF_TRY(rehash(t));
    int64_t *words = tf_malloc(t->context, p.count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(words, p.words, bytes);
    int64_t *head = &t->buckets[hash & (uint64_t)(t->bucket_count - 1)];
    t->expressions[t->expression_count] = (tf_extent_expression){p.count, words, hash, *head};
    *head = t->expression_count++;
    *out = id_of(*head);
    return TENFERRO_OK;
}

tenferro_status tf_extent_intern_atom(tf_extent_table *t, int64_t index, tenferro_extent *out)
{
    int64_t words[3] = {1, 1, index};
    return tf_extent_intern(t, (tf_polynomial){3, words}, out);
}

tenferro_status tf_extent_add_atom(tf_extent_table *t, tf_atom_kind kind, const char *name,
                                   tenferro_extent a, tenferro_extent b, tenferro_extent *out)
{
    TF_TRY(grow(t, (void **)&t->atoms, t->atom_count, &t->atom_room, sizeof *t->atoms));
    char *copy = NULL;
    if (name && !(copy = tf_strdup(t->context, name)))
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = tf_extent_intern_atom(t, t->atom_count, out);
    if (status != TENFERRO_OK) {
        tf_free(t->context, copy);
        return status;
    }
    t->atoms[t->atom_count++] = (tf_extent_atom){kind, copy, a, b};
    return TENFERRO_OK;
}

/* Found by search: programs have few atoms. */
tenferro_status tf_extent_function(tf_extent_table *t, tf_atom_kind kind, tenferro_extent a,
                                   tenferro_extent b, tenferro_extent *out)
{
    if (kind != TF_ATOM_FLOORDIV && a < b) {
        tenferro_extent swap = a;
        a = b;
        b = swap;
    }
    for (int64_t i = 0; i < t->atom_count; i++)
        if (t->atoms[i].kind == kind && t->atoms[i].a == a && t->atoms[i].b == b)
            return tf_extent_intern_atom(t, i, out);
    return tf_extent_add_atom(t, kind, NULL, a, b, out);
}
