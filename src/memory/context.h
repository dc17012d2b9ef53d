/* The context's inside, as the layers above see it. */
#ifndef TF_MEMORY_CONTEXT_H
#define TF_MEMORY_CONTEXT_H

#include <stdatomic.h>
#include <tenferro/context.h>
#include <tenferro/dtype.h>

#include "support/cpu.h"
#include "support/parallel.h"
#include "support/status.h"

/* ---- host memory for the library's own objects: through the context's allocator, not pooled, not
 * limited ---- */

/* count * size bytes, 16-byte aligned, checked; NULL with the thread's message set if it fails or
 * overflows. count * size == 0 gives a valid pointer.  The size is remembered in a header, so free
 * needs none. */
void *tf_malloc(tenferro_context *context, int64_t count, size_t size);
void *tf_calloc(tenferro_context *context, int64_t count, size_t size);
/* realloc's contract: on failure NULL, and the old block stays. */
void *tf_realloc(tenferro_context *context, void *pointer, int64_t count, size_t size);
void tf_free(tenferro_context *context, void *pointer); /* NULL is fine */
char *tf_strdup(tenferro_context *context, const char *text);

/* ---- cancel and progress ---- */

/* TENFERRO_CANCELLED with a message if the context was cancelled. */
tenferro_status tf_check_cancel(tenferro_context *context);
/* Calls the progress callback (if any), at most about 20 times a second unless done == total; then
 * tf_check_cancel. */
tenferro_status
tf_report_progress(tenferro_context *context, const char *what, double done, double total);
/* Only a load: for loops inside kernels. */
int tf_is_cancelled(const tenferro_context *context);

/* ---- log ---- */
void tf_log(tenferro_context *context, tenferro_log_level level, const char *format, ...)
    TENFERRO_PRINTF(3, 4);

/* ---- what the context chose ---- */
/* Of those that a CPU has the last is the best. */
typedef enum tf_isa {
    TF_ISA_PORTABLE = 0,
    TF_ISA_AVX2,
    TF_ISA_AVX512,
    TF_ISA_NEON,
    TF_ISA_COUNT
} tf_isa;
tf_isa tf_context_isa(const tenferro_context *context);
const tf_cpu *tf_context_cpu(const tenferro_context *context);
tf_pool *tf_context_pool(tenferro_context *context); /* the thread pool */
int tf_context_deterministic(const tenferro_context *context);

/* ---- opaque slots for upper layers: interned extents, the primitive registry, caches ---- */
typedef enum tf_slot {
    TF_SLOT_EXTENTS = 0,
    TF_SLOT_PRIMITIVES,
    TF_SLOT_LEVELS,
    TF_SLOT_EINSUM,
    TF_SLOT_PLANS,
    TF_SLOT_RATES,
    TF_SLOT_COUNT
} tf_slot;
/*
 * The slot's object, made by create(context, &object) at the first use (at most one wins if threads
 * race; a losing one is destroyed); create NULL: NULL if there is none yet.  destroy runs when the context is destroyed, last slot first.
 * A slot's object never holds a reference to its context or a tensor (no cycles).
 */
tenferro_status
tf_context_slot(tenferro_context *context, tf_slot slot,
                tenferro_status (*create)(tenferro_context *context, void **object),
                void (*destroy)(tenferro_context *context, void *object), void **out);

/* ---- dtypes registered by the user (ids from 256) ---- */
/* size in bytes, 0 if unknown */
int64_t tf_dtype_size(const tenferro_context *context, tenferro_dtype dtype);
const char *
tf_dtype_name(const tenferro_context *context, tenferro_dtype dtype); /* "?" if unknown */

/* Dtype families. */
int tf_dtype_is_complex(tenferro_dtype dtype);
int tf_dtype_is_floating(tenferro_dtype dtype);        /* f32 f64 */
int tf_dtype_is_integer(tenferro_dtype dtype);         /* i32 i64, not bool */
tenferro_dtype tf_dtype_real(tenferro_dtype dtype);    /* c64 -> f32, c128 -> f64, else itself */
tenferro_dtype tf_dtype_complex(tenferro_dtype dtype); /* f32 -> c64, f64 -> c128, else itself */

#endif
