/* A small pthread pool.  Workers start at the first parallel work and are started afresh in a
 * forked child. */
#ifndef TF_SUPPORT_PARALLEL_H
#define TF_SUPPORT_PARALLEL_H

#include <stdint.h>

#include "support/status.h"

typedef struct tf_pool tf_pool;

/* Memory comes from malloc-like callbacks so that the context's allocator serves it. */
typedef struct tf_pool_memory {
    void *user;
    void *(*allocate)(void *user, size_t size);
    void (*deallocate)(void *user, void *pointer);
} tf_pool_memory;

tenferro_status tf_pool_create(const tf_pool_memory *memory, int threads, tf_pool **out);
void tf_pool_destroy(tf_pool *pool); /* joins the workers; NULL is fine */
int tf_pool_threads(const tf_pool *pool);
void tf_pool_set_threads(tf_pool *pool, int threads);

/* Body of a parallel loop: does [begin, end); `worker` is 0 .. threads-1 and distinct among
 * concurrent calls. */
typedef void (*tf_parallel_body)(void *user, int64_t begin, int64_t end, int worker);

/*
 * Runs body over [0, count) in chunks of at most `grain` (>= 1) on up to `threads` threads (0: the
 * pool's).  Chunks are [k*grain, (k+1)*grain): their borders depend on count and grain only, so
 * that results do not depend on threads. Runs serially if there is one chunk, one thread, a call
 * from inside another parallel loop, or the pool is busy with another thread's loop.  Never fails:
 * if workers cannot be started the calling thread does the work.  Workers spin at most 20 us, then
 * sleep.  pool may be NULL (serial).
 */
void tf_parallel_for(tf_pool *pool, int threads, int64_t count, int64_t grain,
                     tf_parallel_body body, void *user);

/* Waits until no worker spins: before a guest with threads of its own runs. */
void tf_pool_park(tf_pool *pool);

#endif
