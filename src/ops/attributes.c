/* The attributes of our own primitives: see attributes.h. */

#include "ops/attributes.h"

#include <string.h>

#include "memory/context.h"
#include "support/hash.h"
#include "support/text.h"

static tenferro_status
copy_list(tenferro_context *context, const tf_attributes *from, tf_attributes *to, int64_t **list)
{
    *list = tf_malloc(context, from->count, sizeof **list);
    if (!*list)
        return TENFERRO_OUT_OF_MEMORY;
    if (from->count)
        memcpy(*list, from->list, (size_t)from->count * sizeof **list);
    *to = *from;
    to->list = *list;
    return TENFERRO_OK;
}

tenferro_status
tf_attributes_copy_list(void *user, tenferro_context *context, const void *from, void *to)
{
    (void)user;
    int64_t *list;
    return copy_list(context, from, to, &list);
}

void tf_attributes_release_list(void *user, tenferro_context *context, void *attributes)
{
    (void)user;
    /* a copy owns its list; const protects the calls that only borrow one */
    tf_free(context, (void *)(uintptr_t)((tf_attributes *)attributes)->list);
}

uint64_t tf_attributes_hash_list(void *user, const void *attributes)
{
    (void)user;
    const tf_attributes *a = attributes;
    const int64_t numbers[] = {a->number.kind, a->number.integer, a->number2.kind,
                               a->number2.integer, a->count};
    const double values[] = {a->number.re, a->number.im, a->number2.re, a->number2.im};
    uint64_t hash = tf_hash_bytes(a->word, sizeof a->word, 0);
    hash = tf_hash_bytes(numbers, sizeof numbers, hash);
    hash = tf_hash_bytes(values, sizeof values, hash);
    return tf_hash_bytes(a->list, (size_t)a->count * sizeof *a->list, hash);
}

static int numbers_equal(const tenferro_number *a, const tenferro_number *b)
{
    return a->kind == b->kind && a->integer == b->integer &&
           memcmp(&a->re, &b->re, sizeof a->re) == 0 && memcmp(&a->im, &b->im, sizeof a->im) == 0;
}

int tf_attributes_equal_list(void *user, const void *a, const void *b)
{
    (void)user;
    const tf_attributes *x = a, *y = b;
    return memcmp(x->word, y->word, sizeof x->word) == 0 && numbers_equal(&x->number, &y->number) &&
           numbers_equal(&x->number2, &y->number2) && x->count == y->count &&
           x->extents == y->extents &&
           (x->count == 0 || memcmp(x->list, y->list, (size_t)x->count * sizeof *x->list) == 0);
}

tenferro_status tf_attributes_evaluate_list(void *user, tenferro_context *context, const void *from,
                                            const tenferro_extent_binding *binding, void *to)
{
    (void)user;
    int64_t *list;
    TF_TRY(copy_list(context, from, to, &list));
    for (int64_t i = 0; i < ((tf_attributes *)to)->extents; i++) {
        tenferro_status status = tenferro_extent_evaluate(context, list[i], binding, &list[i]);
        if (status != TENFERRO_OK) {
            tf_free(context, list);
            return status;
        }
    }
    return TENFERRO_OK;
}

tenferro_status
tf_attributes_format_list(void *user, tenferro_context *context, const void *attributes,
                          char *buffer, size_t size, size_t *needed)
{
    (void)user;
    const tf_attributes *a = attributes;
    tf_text text;
    tf_text_init(&text, buffer, size);
    for (size_t i = 0; i < TF_COUNT(a->word); i++)
        if (a->word[i])
            tf_text_add(&text, "%s%zu: %lld", text.length ? ", " : "", i, (long long)a->word[i]);
    if (a->number.re != 0.0 || a->number.im != 0.0 || a->number.integer)
        tf_text_add(&text, "%snumber: %g%+gi", text.length ? ", " : "",
                    a->number.kind == 2 ? (double)a->number.integer : a->number.re, a->number.im);
    for (int64_t i = 0; i < a->count; i++) {
        char extent[96];
        extent[0] = 0;
        if (i < a->extents)
            TF_TRY(tenferro_extent_format(context, a->list[i], extent, sizeof extent, NULL));
        tf_text_add(&text, "%s", i ? ", " : text.length ? ", [" : "[");
        if (i < a->extents)
            tf_text_add(&text, "%s", extent);
        else
            tf_text_add(&text, "%lld", (long long)a->list[i]);
    }
    tf_text_add(&text, "%s", a->count ? "]" : "");
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}
