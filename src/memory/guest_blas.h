/* A guest BLAS: what a library or the host gave us, and the one that a context uses now. */
#ifndef TF_MEMORY_GUEST_BLAS_H
#define TF_MEMORY_GUEST_BLAS_H

#include <tenferro/dtype.h>
#include <tenferro/provider.h>

#include "support/text.h"

enum {
    TF_GEMM_COUNT = TENFERRO_COMPLEX128 - TENFERRO_FLOAT32 + 1
}; /* gemm[dtype - TENFERRO_FLOAT32] */

typedef struct tf_guest_blas {
    char *name; /* from tf_malloc: what it is and whence */
    tenferro_integer_width integers;
    void (*gemm[TF_GEMM_COUNT])(void); /* NULL: that dtype is not offered */
    /* Thread control, each may be NULL; BLIS takes 64-bit integers. */
    void (*set_threads)(int threads);
    int (*get_threads)(void);
    void (*set_threads_wide)(int64_t threads);
    int64_t (*get_threads_wide)(void);
} tf_guest_blas;

/*
 * provider.c: opens a library (IO, UNSUPPORTED); the first of the system's BLAS that serves, or
 * none (name NULL).
 */
tenferro_status tf_guest_open(tenferro_context *context, const char *path, tf_guest_blas *out);
void tf_guest_find(tenferro_context *context, tf_guest_blas *out);

/* blas.c: the context's guest. */
typedef struct tf_blas tf_blas;
tenferro_status tf_blas_create(tenferro_context *context, tf_blas **out);
void tf_blas_destroy(tenferro_context *context, tf_blas *blas); /* NULL is fine */
/* Waits for calls into the old guest to end.  Takes over the name; guest NULL: none. */
void tf_blas_install(tenferro_context *context, const tf_guest_blas *guest);
/* One line. */
void tf_blas_describe(const tenferro_context *context, tf_text *text);

#endif
