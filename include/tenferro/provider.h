/* Guests: libraries that are loaded or injected at run time.  Today: a BLAS, for its gemm. */
#ifndef TENFERRO_PROVIDER_H
#define TENFERRO_PROVIDER_H

#include <tenferro/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tenferro_provider_kind { TENFERRO_PROVIDER_BLAS = 0 } tenferro_provider_kind;

/** The integers that a Fortran-style library takes. */
typedef enum tenferro_integer_width {
    TENFERRO_INTEGERS_PROBE = 0, /**< find out by calling (needs the library's isamax) */
    TENFERRO_INTEGERS_32 = 32,   /**< LP64 */
    TENFERRO_INTEGERS_64 = 64    /**< ILP64 */
} tenferro_integer_width;

/**
 * Loads a guest library from `path` (a file or a soname) and uses it in place of the one before.
 *
 * Symbols are searched with the suffixes "_", "", "__", "64_", "_64_", "_64", "64"; the integer
 * width is probed.
 * Errors: IO (cannot be opened; the loader's words are in the message), UNSUPPORTED (no gemm in it,
 * or the probe gave no answer).  On failure the guest before stays.  Threads: waits for calls into
 * the old guest to end; the old library stays mapped.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_provider_load(tenferro_context *context,
                                                                       tenferro_provider_kind kind,
                                                                       const char *path);

/** Function pointers that the host already has, in Fortran's calling convention (all arguments by
 * address). */
typedef struct tenferro_blas_functions {
    size_t struct_size;
    const char *name; /**< shown by tenferro_context_describe(); copied; may be NULL */
    tenferro_integer_width integers; /**< 32 or 64; PROBE needs isamax */
    void (*sgemm)(void);             /**< sgemm_ and so on, cast to this type; each may be NULL */
    void (*dgemm)(void);
    void (*cgemm)(void);
    void (*zgemm)(void);
    void (*isamax)(void);                 /**< only for the probe */
    void (*set_num_threads)(int threads); /**< openblas_set_num_threads or alike; may be NULL */
    int (*get_num_threads)(void);
} tenferro_blas_functions;
#define TENFERRO_BLAS_FUNCTIONS_INIT                                                            \
    {                                                                                           \
        sizeof(tenferro_blas_functions), NULL, TENFERRO_INTEGERS_PROBE, NULL, NULL, NULL, NULL, \
            NULL, NULL, NULL                                                                    \
    }

/**
 * Uses function pointers of the host as the guest BLAS (Julia: dlsym(libblastrampoline,
 * :dgemm_64_); SciPy: scipy.linalg.cython_blas).  A dtype whose gemm is NULL is served by our own
 * loops.
 *
 * @param functions NULL removes the guest.
 * Errors: INVALID_ARGUMENT (no gemm at all, probe without isamax), UNSUPPORTED (the probe gave no
 * answer).
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_provider_inject_blas(tenferro_context *context, const tenferro_blas_functions *functions);

#ifdef __cplusplus
}
#endif
#endif
