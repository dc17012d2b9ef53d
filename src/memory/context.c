/* The context: made from options, counted, described; slots for the layers above. */

#include <stdlib.h>
#include <string.h>

#include "memory/allocator.h"
#include "memory/context_private.h"
#include "support/struct_size.h"

#define DEFAULT_POOL_LIMIT ((int64_t)256 << 20)

/* ---- options ---- */

static tenferro_status read_allocator(const tenferro_allocator *given, tenferro_allocator *out)
{
    *out = tf_allocator_default();
    if (!given)
        return TENFERRO_OK;
    TF_TRY(tf_struct_read("allocator", out, sizeof *out, given));
    if (given->struct_size < sizeof *given || !out->allocate || !out->deallocate)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "allocator: allocate and deallocate are both needed");
    if (out->memory_space != TENFERRO_MEMORY_HOST)
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "allocator: memory space %d; only the host's (0) is known",
                       (int)out->memory_space);
    return TENFERRO_OK;
}

static tenferro_status
read_options(const tenferro_context_options *given, tenferro_context_options *out)
{
    const tenferro_context_options defaults = TENFERRO_CONTEXT_OPTIONS_INIT;
    *out = defaults;
    if (given)
        TF_TRY(tf_struct_read("context_create", out, sizeof *out, given));
    if (out->threads < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "context_create: %d threads", out->threads);
    if (out->memory_limit < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "context_create: memory limit of %lld bytes",
                       (long long)out->memory_limit);
    if (out->threads == 0)
        out->threads = tf_cpu_count();
    if (out->pool_limit == 0)
        out->pool_limit = DEFAULT_POOL_LIMIT;
    if (!out->blas)
        out->blas = getenv("TENFERRO_BLAS");
    return TENFERRO_OK;
}

/* ---- life ---- */

static void *pool_allocate(void *user, size_t size)
{
    return tf_block_allocate(user, size);
}

static void pool_deallocate(void *user, void *pointer)
{
    tf_block_free(user, pointer);
}

/* The last reference is gone, or creation failed half way. */
static void destroy(tenferro_context *context)
{
    for (int i = TF_SLOT_COUNT - 1; i >= 0; i--) {
        void *object = atomic_load(&context->slots[i].object);
        if (object)
            context->slots[i].destroy(context, object);
    }
    tf_blas_destroy(context, context->blas);
    tf_dtypes_destroy(context);
    tf_pool_destroy(context->pool);
    tf_buffers_destroy(context->buffers);
    pthread_mutex_destroy(&context->mutex);
    tenferro_allocator allocator = context->allocator;
    tf_block_free(&allocator, context);
}

/*
 * A guest named by the host is opened now, so that its absence shows; the system's own waits for
 * the first need.
 */
static tenferro_status set_up_blas(tenferro_context *context, const char *wanted)
{
    TF_TRY(tf_blas_create(context, &context->blas));
    if (!wanted || !*wanted)
        return TENFERRO_OK;
    if (strcmp(wanted, "none") == 0)
        return tenferro_provider_inject_blas(context, NULL);
    return tenferro_provider_load(context, TENFERRO_PROVIDER_BLAS, wanted);
}

static tenferro_status set_up(tenferro_context *context, const tenferro_context_options *options)
{
    tf_cpu_detect(&context->cpu);
    TF_TRY(tf_isa_choose(options->isa, &context->cpu, &context->isa));
    tf_pool_memory memory = {&context->allocator, pool_allocate, pool_deallocate};
    TF_TRY(tf_pool_create(&memory, options->threads, &context->pool));
    TF_TRY(tf_buffers_create(&context->allocator, options->allocator == NULL, options->memory_limit,
                             options->pool_limit, &context->buffers));
    return set_up_blas(context, options->blas);
}

tenferro_status
tenferro_context_create(const tenferro_context_options *options, tenferro_context **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "context_create: out is NULL");
    *out = NULL;
    tenferro_context_options own;
    tenferro_allocator allocator;
    TF_TRY(read_options(options, &own));
    TF_TRY(read_allocator(own.allocator, &allocator));

    tenferro_context *context = tf_block_allocate(&allocator, sizeof *context);
    if (!context)
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "context_create: out of memory");
    memset(context, 0, sizeof *context);
    if (pthread_mutex_init(&context->mutex, NULL) != 0) {
        tf_block_free(&allocator, context);
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "context_create: the system gives no lock");
    }
    atomic_init(&context->references, 1);
    context->allocator = allocator;
    context->log = own.log;
    context->progress = own.progress;
    context->user = own.user;
    context->deterministic = own.deterministic;
    tenferro_status status = set_up(context, &own);
    if (status != TENFERRO_OK) {
        destroy(context);
        return status;
    }
    *out = context;
    return TENFERRO_OK;
}

tenferro_context *tenferro_context_retain(tenferro_context *context)
{
    if (context)
        atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
    return context;
}

void tenferro_context_release(tenferro_context *context)
{
    if (context && atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) == 1)
        destroy(context);
}

/* ---- slots ---- */

tenferro_status
tf_context_slot(tenferro_context *context, tf_slot slot,
                tenferro_status (*create)(tenferro_context *context, void **object),
                void (*destroy_object)(tenferro_context *context, void *object), void **out)
{
    tf_slot_entry *entry = &context->slots[slot];
    *out = atomic_load_explicit(&entry->object, memory_order_acquire);
    if (TF_LIKELY(*out != NULL) || !create)
        return TENFERRO_OK;

    void *made = NULL;
    TF_TRY(create(context, &made));
    pthread_mutex_lock(&context->mutex);
    *out = atomic_load_explicit(&entry->object, memory_order_relaxed);
    if (!*out) {
        entry->destroy = destroy_object;
        atomic_store_explicit(&entry->object, made, memory_order_release);
        *out = made;
    }
    pthread_mutex_unlock(&context->mutex);
    if (*out != made)
        destroy_object(context, made);
    return TENFERRO_OK;
}

/* ---- settings ---- */

int tenferro_context_threads(const tenferro_context *context)
{
    return context ? tf_pool_threads(context->pool) : 1;
}

tenferro_status tenferro_context_set_threads(tenferro_context *context, int threads)
{
    if (!context || threads < 1)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "set_threads: %s",
                       context ? "below 1" : "context is NULL");
    tf_pool_set_threads(context->pool, threads);
    return TENFERRO_OK;
}

tenferro_status tenferro_context_set_memory_limit(tenferro_context *context, int64_t bytes)
{
    if (!context || bytes < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "set_memory_limit: %s",
                       context ? "below 0" : "context is NULL");
    tf_buffers_set_memory_limit(context->buffers, bytes);
    return TENFERRO_OK;
}

tenferro_status
tenferro_context_memory_statistics(const tenferro_context *context, tenferro_memory_statistics *out)
{
    if (!context || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "memory_statistics: NULL argument");
    tenferro_memory_statistics now;
    tf_buffers_statistics(context->buffers, &now);
    return tf_struct_write("memory_statistics", out, &now, sizeof now);
}

void tenferro_context_reset_peak(tenferro_context *context)
{
    if (context)
        tf_buffers_reset_peak(context->buffers);
}

void tenferro_context_trim(tenferro_context *context)
{
    if (context)
        tf_buffers_trim(context->buffers);
}

tf_isa tf_context_isa(const tenferro_context *context)
{
    return context->isa;
}

const tf_cpu *tf_context_cpu(const tenferro_context *context)
{
    return &context->cpu;
}

tf_pool *tf_context_pool(tenferro_context *context)
{
    return context->pool;
}

int tf_context_deterministic(const tenferro_context *context)
{
    return context->deterministic;
}

/* ---- description ---- */

static void describe_cpu(const tf_cpu *cpu, tf_text *text)
{
    tf_text_add(text, "cpu: %s\n", cpu->name[0] ? cpu->name : "unknown");
    tf_text_add(text, "features:%s%s%s%s\n", cpu->avx2_fma ? " avx2 fma" : "",
                cpu->avx512 ? " avx512" : "", cpu->neon ? " neon" : "",
                cpu->avx2_fma || cpu->neon ? "" : " baseline");
    tf_text_add(text, "caches: %lld KiB, %lld KiB, %lld KiB\n", (long long)(cpu->l1_bytes >> 10),
                (long long)(cpu->l2_bytes >> 10), (long long)(cpu->l3_bytes >> 10));
}

tenferro_status tenferro_context_describe(const tenferro_context *context, char *buffer,
                                          size_t size, size_t *needed)
{
    if (!context || (!buffer && size > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "describe: NULL argument");
    tf_text text;
    tf_text_init(&text, buffer, size);
    tf_text_add(&text, "tenferro: %s\n", tenferro_version());
    describe_cpu(&context->cpu, &text);
    tf_text_add(&text, "isa: %s\n", tf_isa_name(context->isa));
    tf_text_add(&text, "threads: %d\n", tf_pool_threads(context->pool));
    tf_blas_describe(context, &text);
    int64_t limit = tf_buffers_memory_limit(context->buffers);
    if (limit > 0)
        tf_text_add(&text, "memory limit: %lld bytes\n", (long long)limit);
    else
        tf_text_add(&text, "memory limit: none\n");
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}
