/* Open addressing, at most half full. */

#include "io/names.h"

#include <string.h>

#include "memory/context.h"
#include "support/hash.h"

tenferro_status tf_names_create(tenferro_context *context, int64_t count, tf_names *out)
{
    int64_t slots = 2;
    while (slots / 2 < count && slots <= INT64_MAX / 2)
        slots *= 2;
    out->mask = (uint64_t)slots - 1;
    out->slots = tf_calloc(context, slots, sizeof *out->slots);
    return out->slots ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}

void tf_names_free(tenferro_context *context, tf_names *names)
{
    tf_free(context, names->slots);
    names->slots = NULL;
}

tf_name *tf_names_find(const tf_names *names, const char *text)
{
    /* Seeded by an address, which the author of a hostile file does not know. */
    uint64_t i = tf_hash_bytes(text, strlen(text), (uint64_t)(uintptr_t)names->slots);
    while (names->slots[i & names->mask].text && strcmp(names->slots[i & names->mask].text, text))
        i++;
    return &names->slots[i & names->mask];
}
