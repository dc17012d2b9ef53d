/*
 * The default allocator, and the library's own objects: blocks that remember their size, from the
 * context's allocator.
 */

#include "memory/allocator.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "memory/context_private.h"
#include "support/checked.h"

#define ALIGNMENT 16
#define HEADER 16 /* holds the size of the whole block, and keeps what follows aligned */

static void *default_allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (alignment <= _Alignof(max_align_t))
        return malloc(size);
    void *pointer = NULL;
    if (posix_memalign(&pointer, alignment, size) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (alignment >= TF_HUGE_PAGE)
        (void)madvise(pointer, size, MADV_HUGEPAGE); /* only a hint */
#endif
    return pointer;
}

static void default_deallocate(void *user, void *pointer, size_t size, size_t alignment)
{
    (void)user, (void)size, (void)alignment;
    free(pointer);
}

tenferro_allocator tf_allocator_default(void)
{
    tenferro_allocator allocator = TENFERRO_ALLOCATOR_INIT;
    allocator.allocate = default_allocate;
    allocator.deallocate = default_deallocate;
    return allocator;
}

void *tf_block_allocate(const tenferro_allocator *allocator, size_t size)
{
    if (size > PTRDIFF_MAX - HEADER)
        return NULL;
    size_t whole = HEADER + TF_MAX(size, 1);
    char *block = allocator->allocate(allocator->user, whole, ALIGNMENT);
    if (!block)
        return NULL;
    memcpy(block, &whole, sizeof whole);
    return block + HEADER;
}

void tf_block_free(const tenferro_allocator *allocator, void *block)
{
    if (block)
        allocator->deallocate(allocator->user, (char *)block - HEADER,
                              tf_block_size(block) + HEADER, ALIGNMENT);
}

size_t tf_block_size(const void *block)
{
    size_t whole;
    memcpy(&whole, (const char *)block - HEADER, sizeof whole);
    return whole - HEADER;
}

/* ---- the context's ---- */

void *tf_malloc(tenferro_context *context, int64_t count, size_t size)
{
    int64_t bytes = 0;
    if (count < 0 || size > INT64_MAX || tf_mul_overflows(count, (int64_t)size, &bytes)) {
        (void)tf_fail(TENFERRO_OUT_OF_MEMORY, "out of memory: %lld times %zu bytes",
                      (long long)count, size);
        return NULL;
    }
    void *block = tf_block_allocate(&context->allocator, (size_t)bytes);
    if (!block)
        (void)tf_fail(TENFERRO_OUT_OF_MEMORY, "out of memory: the allocator has no %lld bytes",
                      (long long)bytes);
    return block;
}

void *tf_calloc(tenferro_context *context, int64_t count, size_t size)
{
    void *block = tf_malloc(context, count, size);
    if (block)
        memset(block, 0, tf_block_size(block));
    return block;
}

void *tf_realloc(tenferro_context *context, void *pointer, int64_t count, size_t size)
{
    void *block = tf_malloc(context, count, size);
    if (block && pointer) {
        memcpy(block, pointer, TF_MIN(tf_block_size(block), tf_block_size(pointer)));
        tf_free(context, pointer);
    }
    return block;
}

void tf_free(tenferro_context *context, void *pointer)
{
    tf_block_free(&context->allocator, pointer);
}

char *tf_strdup(tenferro_context *context, const char *text)
{
    size_t length = strlen(text);
    char *copy = tf_malloc(context, 1, length + 1);
    if (copy)
        memcpy(copy, text, length + 1);
    return copy;
}
