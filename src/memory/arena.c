/* A bump arena: see arena.h. */

#include "memory/arena.h"

#include "support/checked.h"

struct tf_arena_block {
    struct tf_arena_block *before;
    alignas(16) char bytes[];
};

enum { BLOCK_BYTES = 8192 };

void tf_arena_init(tf_arena *arena, tenferro_context *context)
{
    arena->context = context;
    arena->next = arena->first;
    arena->end = arena->first + sizeof arena->first;
    arena->blocks = NULL;
}

void tf_arena_release(tf_arena *arena)
{
    while (arena->blocks) {
        struct tf_arena_block *block = arena->blocks;
        arena->blocks = block->before;
        tf_free(arena->context, block);
    }
}

void *tf_arena_take(tf_arena *arena, int64_t count, size_t size)
{
    int64_t bytes;
    if (tf_mul_overflows(count, (int64_t)size, &bytes) || bytes > INT64_MAX - BLOCK_BYTES) {
        (void)tf_fail(TENFERRO_OVERFLOW, "%lld objects of %zu bytes are too many", (long long)count,
                      size);
        return NULL;
    }
    bytes = (bytes + 15) & ~(int64_t)15;
    if (bytes > arena->end - arena->next) {
        int64_t room = TF_MAX(bytes, BLOCK_BYTES);
        struct tf_arena_block *block = tf_malloc(arena->context,
                                                 room + (int64_t)sizeof(struct tf_arena_block), 1);
        if (!block)
            return NULL;
        block->before = arena->blocks;
        arena->blocks = block;
        arena->next = block->bytes;
        arena->end = block->bytes + room;
    }
    void *taken = arena->next;
    arena->next += bytes;
    return taken;
}
