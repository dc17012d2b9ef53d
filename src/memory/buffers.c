/*
 * The buffer pool.
 *
 * Size classes are powers of two with four steps in between (at most a quarter of a block is
 * waste), multiples of 64. Free blocks carry their own list node.  When the pool is full the block
 * that has lain longest goes back.  `live` counts what was asked for, `pooled` what the free blocks
 * really occupy.
 */

#include "memory/buffers.h"

#include <pthread.h>
#include <string.h>

#include "memory/allocator.h"

#if TF_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(pointer, size) ASAN_POISON_MEMORY_REGION(pointer, size)
#define UNPOISON(pointer, size) ASAN_UNPOISON_MEMORY_REGION(pointer, size)
#else
#define POISON(pointer, size) ((void)0)
#define UNPOISON(pointer, size) ((void)0)
#endif

#define ALIGNMENT ((size_t)64)
#define LARGEST ((int64_t)1 << 60)
#define CLASSES 220

typedef struct free_block {
    struct free_block *next, *previous; /* of its class */
    struct free_block *newer, *older;   /* of all */
    int64_t size;
} free_block;

_Static_assert(sizeof(free_block) <= ALIGNMENT, "a node must fit into the smallest block");

struct tf_buffers {
    tenferro_allocator allocator;
    int huge_pages;
    pthread_mutex_t mutex;
    int64_t memory_limit, pool_limit;
    tenferro_memory_statistics statistics;
    free_block *newest, *oldest;
    free_block *classes[CLASSES];
};

/* The class that serves `bytes` (0 .. LARGEST), and the size of its blocks. */
static int class_of(int64_t bytes, int64_t *size)
{
    if (bytes <= 256) {
        int64_t steps = TF_MAX((bytes + 63) / 64, 1);
        *size = steps * 64;
        return (int)steps - 1;
    }
    int power = 8; /* 2^power < bytes <= 2^(power + 1) */
    while ((bytes - 1) >> (power + 1))
        power++;
    int64_t step = (int64_t)1 << (power - 2);
    int64_t steps = (bytes - 1) / step + 1; /* 5 .. 8 */
    *size = steps * step;
    return 4 * (power - 8) + (int)steps - 1;
}

static size_t alignment_of(const tf_buffers *buffers, int64_t size)
{
    return buffers->huge_pages && size >= (int64_t)TF_HUGE_PAGE ? TF_HUGE_PAGE : ALIGNMENT;
}

static void return_block(tf_buffers *buffers, void *block, int64_t size)
{
    const tenferro_allocator *a = &buffers->allocator;
    UNPOISON(block, (size_t)size);
    a->deallocate(a->user, block, (size_t)size, alignment_of(buffers, size));
}

/* ---- the lists; nodes lie in memory that is poisoned for everybody else ---- */

TF_NO_ASAN static void attach(tf_buffers *buffers, void *memory, int class, int64_t size)
{
    free_block *block = memory;
    block->size = size;
    block->previous = NULL;
    block->next = buffers->classes[class];
    if (block->next)
        block->next->previous = block;
    buffers->classes[class] = block;
    block->newer = NULL;
    block->older = buffers->newest;
    if (block->older)
        block->older->newer = block;
    else
        buffers->oldest = block;
    buffers->newest = block;
    buffers->statistics.pooled += size;
}

/* Returns the block's size. */
TF_NO_ASAN static int64_t detach(tf_buffers *buffers, free_block *block)
{
    int64_t size = block->size;
    if (block->next)
        block->next->previous = block->previous;
    if (block->previous)
        block->previous->next = block->next;
    else
        buffers->classes[class_of(size, &size)] = block->next;
    if (block->newer)
        block->newer->older = block->older;
    else
        buffers->newest = block->older;
    if (block->older)
        block->older->newer = block->newer;
    else
        buffers->oldest = block->newer;
    buffers->statistics.pooled -= size;
    return size;
}

/*
 * Gives free blocks back, the oldest first, until at most `bytes` of them are left.  With the mutex
 * held.
 */
static void shrink(tf_buffers *buffers, int64_t bytes)
{
    while (buffers->oldest && buffers->statistics.pooled > bytes) {
        free_block *block = buffers->oldest;
        return_block(buffers, block, detach(buffers, block));
    }
}

/* ---- the doors ---- */

tenferro_status tf_buffers_create(const tenferro_allocator *allocator, int huge_pages,
                                  int64_t memory_limit, int64_t pool_limit, tf_buffers **out)
{
    *out = NULL;
    tf_buffers *buffers = tf_block_allocate(allocator, sizeof *buffers);
    if (!buffers)
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "buffer pool: out of memory");
    memset(buffers, 0, sizeof *buffers);
    if (pthread_mutex_init(&buffers->mutex, NULL) != 0) {
        tf_block_free(allocator, buffers);
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "buffer pool: the system gives no lock");
    }
    buffers->allocator = *allocator;
    buffers->huge_pages = huge_pages;
    buffers->memory_limit = memory_limit;
    buffers->pool_limit = pool_limit;
    buffers->statistics.struct_size = sizeof buffers->statistics;
    *out = buffers;
    return TENFERRO_OK;
}

void tf_buffers_destroy(tf_buffers *buffers)
{
    if (!buffers)
        return;
    tf_buffers_trim(buffers);
    pthread_mutex_destroy(&buffers->mutex);
    tenferro_allocator allocator = buffers->allocator;
    tf_block_free(&allocator, buffers);
}

/* From the allocator, without the lock; a second try after the free blocks went back. */
static void *allocate_block(tf_buffers *buffers, int64_t size)
{
    const tenferro_allocator *a = &buffers->allocator;
    size_t alignment = alignment_of(buffers, size);
    void *block = a->allocate(a->user, (size_t)size, alignment);
    if (!block) {
        tf_buffers_trim(buffers);
        block = a->allocate(a->user, (size_t)size, alignment);
    }
    return block;
}

void *tf_buffers_take(tf_buffers *buffers, int64_t bytes)
{
    tenferro_memory_statistics *s = &buffers->statistics;
    int64_t size = 0;
    pthread_mutex_lock(&buffers->mutex);
    int64_t live = s->live, limit = buffers->memory_limit;
    if (bytes < 0 || bytes > LARGEST || (limit > 0 && bytes > limit - live)) {
        pthread_mutex_unlock(&buffers->mutex);
        if (limit > 0)
            (void)tf_fail(TENFERRO_OUT_OF_MEMORY,
                          "out of memory: requested %lld bytes, %lld bytes live, limit %lld bytes",
                          (long long)bytes, (long long)live, (long long)limit);
        else
            (void)tf_fail(TENFERRO_OUT_OF_MEMORY, "out of memory: requested %lld bytes",
                          (long long)bytes);
        return NULL;
    }
    int class = class_of(bytes, &size);
    void *block = buffers->classes[class];
    s->live += bytes;
    if (block) {
        detach(buffers, block);
        s->reuses++;
    } else {
        pthread_mutex_unlock(&buffers->mutex);
        block = allocate_block(buffers, size);
        pthread_mutex_lock(&buffers->mutex);
        if (block)
            s->allocations++;
        else
            s->live -= bytes;
    }
    live = s->live;
    s->peak = TF_MAX(s->peak, live);
    pthread_mutex_unlock(&buffers->mutex);

    if (!block) {
        (void)tf_fail(
            TENFERRO_OUT_OF_MEMORY,
            "out of memory: requested %lld bytes, %lld bytes live, the allocator has no more",
            (long long)bytes, (long long)live);
        return NULL;
    }
    UNPOISON(block, (size_t)bytes);
    POISON((char *)block + bytes, (size_t)(size - bytes));
    return block;
}

void tf_buffers_give(tf_buffers *buffers, void *block, int64_t bytes)
{
    if (!block)
        return;
    int64_t size;
    int class = class_of(bytes, &size);
    POISON(block, (size_t)size);
    pthread_mutex_lock(&buffers->mutex);
    buffers->statistics.live -= bytes;
    int keep = size <= buffers->pool_limit;
    if (keep) {
        shrink(buffers, buffers->pool_limit - size);
        attach(buffers, block, class, size);
    }
    pthread_mutex_unlock(&buffers->mutex);
    if (!keep)
        return_block(buffers, block, size);
}

void tf_buffers_trim(tf_buffers *buffers)
{
    pthread_mutex_lock(&buffers->mutex);
    shrink(buffers, 0);
    pthread_mutex_unlock(&buffers->mutex);
}

void tf_buffers_set_memory_limit(tf_buffers *buffers, int64_t bytes)
{
    pthread_mutex_lock(&buffers->mutex);
    buffers->memory_limit = bytes;
    pthread_mutex_unlock(&buffers->mutex);
}

int64_t tf_buffers_memory_limit(tf_buffers *buffers)
{
    pthread_mutex_lock(&buffers->mutex);
    int64_t limit = buffers->memory_limit;
    pthread_mutex_unlock(&buffers->mutex);
    return limit;
}

void tf_buffers_statistics(tf_buffers *buffers, tenferro_memory_statistics *out)
{
    pthread_mutex_lock(&buffers->mutex);
    *out = buffers->statistics;
    pthread_mutex_unlock(&buffers->mutex);
}

void tf_buffers_reset_peak(tf_buffers *buffers)
{
    pthread_mutex_lock(&buffers->mutex);
    buffers->statistics.peak = buffers->statistics.live;
    pthread_mutex_unlock(&buffers->mutex);
}
