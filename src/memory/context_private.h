/* What a context is made of; only src/memory includes this. */
#ifndef TF_MEMORY_CONTEXT_PRIVATE_H
#define TF_MEMORY_CONTEXT_PRIVATE_H

#include <pthread.h>

#include "memory/buffers.h"
#include "memory/context.h"
#include "memory/guest_blas.h"

typedef struct tf_user_dtype tf_user_dtype;

typedef struct tf_slot_entry {
    _Atomic(void *) object;
    void (*destroy)(tenferro_context *context, void *object);
} tf_slot_entry;

struct tenferro_context {
    atomic_size_t references;
    tenferro_allocator allocator;
    void (*log)(void *user, tenferro_log_level level, const char *message);
    int (*progress)(void *user, const tenferro_progress *progress);
    void *user;
    int deterministic;
    tf_cpu cpu;
    tf_isa isa;
    tf_pool *pool;
    tf_buffers *buffers;
    tf_blas *blas;
    atomic_int cancelled;
    _Atomic int64_t last_report; /* monotonic nanoseconds */
    pthread_mutex_t mutex;       /* slots and the registration of dtypes */
    tf_slot_entry slots[TF_SLOT_COUNT];
    _Atomic(tf_user_dtype *) dtypes; /* the newest; entries live as long as the context */
};

/* dtype.c */
void tf_dtypes_destroy(tenferro_context *context);

/* isa.c: from the option, else the environment, else the best. */
tenferro_status tf_isa_choose(const char *wanted, const tf_cpu *cpu, tf_isa *out);
const char *tf_isa_name(tf_isa isa);

#endif
