/* A bump arena for the temporaries of one call: a first block on the caller's stack, then blocks of
 * the context. */
#ifndef TF_MEMORY_ARENA_H
#define TF_MEMORY_ARENA_H

#include <stdalign.h>

#include "memory/context.h"

typedef struct tf_arena {
    tenferro_context *context;
    char *next, *end;
    struct tf_arena_block *blocks; /* of the context; freed by tf_arena_release */
    alignas(16) char first[1024];
} tf_arena;

void tf_arena_init(tf_arena *arena, tenferro_context *context);
void tf_arena_release(tf_arena *arena);
/* count * size bytes, 16-byte aligned, uninitialised; NULL with the message set.  count 0 gives a
 * valid pointer. */
void *tf_arena_take(tf_arena *arena, int64_t count, size_t size);

#endif
