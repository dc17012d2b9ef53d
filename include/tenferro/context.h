/* The context: all state hangs off one.  Threads, allocator, buffer pool, limits, progress, cancel,
 * guests. */
#ifndef TENFERRO_CONTEXT_H
#define TENFERRO_CONTEXT_H

#include <tenferro/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where bytes live.  Only the host's memory exists today; devices fill in more. */
typedef enum tenferro_memory_space { TENFERRO_MEMORY_HOST = 0 } tenferro_memory_space;

/**
 * An allocator: every byte that the library allocates comes from the context's.
 *
 * allocate returns memory of at least `size` bytes (size > 0) aligned to `alignment` (a power of
 * two), or NULL; deallocate gets back the same size and alignment.  Both may be called from any
 * thread.  The struct is copied; `user` must outlive the context and every tensor made with it.
 */
typedef struct tenferro_allocator {
    size_t struct_size;
    void *user;
    tenferro_memory_space memory_space;
    void *(*allocate)(void *user, size_t size, size_t alignment);
    void (*deallocate)(void *user, void *pointer, size_t size, size_t alignment);
} tenferro_allocator;
#define TENFERRO_ALLOCATOR_INIT                                            \
    {                                                                      \
        sizeof(tenferro_allocator), NULL, TENFERRO_MEMORY_HOST, NULL, NULL \
    }

typedef enum tenferro_log_level {
    TENFERRO_LOG_ERROR = 0,
    TENFERRO_LOG_WARNING = 1,
    TENFERRO_LOG_INFO = 2,
    TENFERRO_LOG_DEBUG = 3
} tenferro_log_level;

/** How far long work has come.  done and total are in the unit of the work (for einsum:
 * multiply-adds). */
typedef struct tenferro_progress {
    size_t struct_size;
    const char *what; /**< "einsum", never NULL */
    double done;
    double total;
} tenferro_progress;

typedef struct tenferro_context_options {
    size_t struct_size;
    int threads;          /**< 0: as many as the process may run on */
    int64_t memory_limit; /**< bytes of tensor storage alive at once; 0: none */
    int64_t pool_limit;   /**< bytes of free blocks kept for reuse; 0: 256 MiB; negative: none */
    const tenferro_allocator *allocator; /**< NULL: the C library's */
    void (*log)(void *user, tenferro_log_level level, const char *message); /**< NULL: silent */
    int (*progress)(void *user,
                    const tenferro_progress *progress); /**< nonzero return cancels; may be NULL */
    void *user;                                         /**< passed to log and progress */
    int deterministic; /**< 1: never call a guest BLAS, whose results may depend on threads */
    const char *isa;   /**< "portable", "avx2", "avx512", "neon"; NULL: $TENFERRO_ISA, else the best
                        that the CPU has */
    const char *blas;  /**< path of a BLAS; NULL: $TENFERRO_BLAS if set, else the system's OpenBLAS;
                         "none": no guest */
} tenferro_context_options;
#define TENFERRO_CONTEXT_OPTIONS_INIT                                                    \
    {                                                                                    \
        sizeof(tenferro_context_options), 0, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, NULL \
    }

/**
 * Creates a context.
 *
 * @param options NULL for the defaults.  Copied.
 * @param out     receives one reference; NULL on failure
 *
 * A default BLAS that is not found is no error (our own loops serve); one named explicitly that
 * cannot be loaded is.
 * Threads: a context may be used from several threads at once.  Worker threads start at the first
 * parallel work.
 * Fork: a child may go on using a context that it inherited (its worker threads are started
 * afresh), provided that no other thread was inside a call on that context at the moment of the
 * fork.
 * Errors: INVALID_ARGUMENT (unknown isa, negative threads), OUT_OF_MEMORY, UNSUPPORTED, IO (blas).
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_context_create(const tenferro_context_options *options, tenferro_context **out);

/** Adds a reference; returns its argument (NULL stays NULL). */
TENFERRO_API tenferro_context *tenferro_context_retain(tenferro_context *context);

/** Returns one reference.  Tensors hold their context, so contexts and tensors may be released in
 * any order. */
TENFERRO_API void tenferro_context_release(tenferro_context *context);

/** Threads that parallel work may use, the calling one included. */
TENFERRO_API int tenferro_context_threads(const tenferro_context *context);

/** Changes the thread count for work that starts later; INVALID_ARGUMENT below 1. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_context_set_threads(tenferro_context *context, int threads);

/** Changes the limit on tensor storage (bytes; 0: none) for allocations that come later. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_context_set_memory_limit(tenferro_context *context, int64_t bytes);

/**
 * Asks all work of the context to stop: it fails with TENFERRO_CANCELLED at its next check, and so
 * does work that starts later, until tenferro_context_cancel_clear().  Safe in a signal handler and
 * from any thread.
 */
TENFERRO_API void tenferro_context_cancel(tenferro_context *context);
TENFERRO_API void tenferro_context_cancel_clear(tenferro_context *context);

/** Counters of tensor storage.  All sizes in bytes. */
typedef struct tenferro_memory_statistics {
    size_t struct_size;
    int64_t live;        /**< in use by tensors and scratch now */
    int64_t peak;        /**< the largest value of live since creation or the last reset */
    int64_t pooled;      /**< free blocks kept for reuse */
    int64_t allocations; /**< blocks taken from the allocator */
    int64_t reuses;      /**< blocks served from the pool */
} tenferro_memory_statistics;
#define TENFERRO_MEMORY_STATISTICS_INIT                   \
    {                                                     \
        sizeof(tenferro_memory_statistics), 0, 0, 0, 0, 0 \
    }

TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_context_memory_statistics(
    const tenferro_context *context, tenferro_memory_statistics *out);

/** Sets peak to live. */
TENFERRO_API void tenferro_context_reset_peak(tenferro_context *context);

/** Gives the pool's free blocks back to the allocator. */
TENFERRO_API void tenferro_context_trim(tenferro_context *context);

/**
 * Writes what the context chose as lines "key: value" (version, cpu, isa, kernels, threads, blas
 * and whence).
 *
 * snprintf's manner: at most `size` bytes including the final NUL are written; *needed (may be
 * NULL) receives the length of the whole text without it.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_context_describe(
    const tenferro_context *context, char *buffer, size_t size, size_t *needed);

#ifdef __cplusplus
}
#endif
#endif
