/* Status codes, this thread's error message, versions: what every other header needs. */
#ifndef TENFERRO_BASE_H
#define TENFERRO_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENFERRO_VERSION_MAJOR 0
#define TENFERRO_VERSION_MINOR 1
#define TENFERRO_VERSION_PATCH 0

#if defined(_WIN32)
#define TENFERRO_API
#elif defined(__GNUC__)
#define TENFERRO_API __attribute__((visibility("default")))
#else
#define TENFERRO_API
#endif

#if defined(__GNUC__)
#define TENFERRO_NODISCARD __attribute__((warn_unused_result))
#define TENFERRO_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define TENFERRO_NODISCARD
#define TENFERRO_PRINTF(string, first)
#endif

/** What went wrong.  Every fallible function returns one; the details are in tenferro_error_message(). */
typedef enum tenferro_status {
    TENFERRO_OK = 0,
    TENFERRO_INVALID_ARGUMENT = 1, /**< a NULL, a bad axis, an unreadable equation: the caller's
                                      mistake */
    TENFERRO_SHAPE_MISMATCH = 2,   /**< ranks or extents that do not fit together */
    TENFERRO_DTYPE_MISMATCH = 3, /**< dtypes that do not meet, or that the operation does not take */
    TENFERRO_OVERFLOW = 4,       /**< a size or a product of sizes does not fit in int64_t */
    TENFERRO_OUT_OF_MEMORY = 5, /**< the allocator returned NULL, or a memory limit would be exceeded */
    TENFERRO_UNSUPPORTED = 6, /**< not available here: a missing guest library, a case not offered */
    TENFERRO_NUMERICAL = 7,   /**< no convergence, singular, not finite where that is demanded */
    TENFERRO_DEVICE = 8,      /**< a device or its driver failed */
    TENFERRO_IO = 9,          /**< a file cannot be read or written, or its contents are broken */
    TENFERRO_NO_RULE = 10,    /**< the primitive has no derivative or batching rule for this mode */
    TENFERRO_STALE = 11,      /**< a saved value was overwritten before it was used */
    TENFERRO_CANCELLED = 12, /**< the progress callback or tenferro_context_cancel() asked to stop */
    TENFERRO_CONTEXT_MISMATCH = 13, /**< operands of different contexts; see tenferro_tensor_adopt() */
    TENFERRO_LEVEL_MISMATCH = 14, /**< levels that do not nest, or a level that has been closed */
    TENFERRO_SYMBOLIC = 15, /**< a number was asked of a symbolic extent, or data of a symbolic tensor */
    TENFERRO_GUARD = 16,   /**< extents that a program required to be equal were not */
    TENFERRO_INTERNAL = 17 /**< a defect of the library itself */
} tenferro_status;

/** The code's name without its prefix, "SHAPE_MISMATCH"; "UNKNOWN" for a number that is none. Never NULL. */
TENFERRO_API const char *tenferro_status_name(tenferro_status status);

/**
 * This thread's last message: what, where, which operand, which shapes.  Empty before the first
 * failure.
 *
 * Ownership: the library's; valid until this thread's next failing call.  A successful call leaves
 * it as it is.
 */
TENFERRO_API const char *tenferro_error_message(void);

/**
 * Sets this thread's message and returns the status, for callbacks and primitives written outside
 * the library: return tenferro_error_set(TENFERRO_SHAPE_MISMATCH, "my_op: rank %d, expected 2",
 * rank); Messages longer than 1023 bytes are cut.
 */
TENFERRO_API tenferro_status tenferro_error_set(tenferro_status status, const char *format, ...)
    TENFERRO_PRINTF(2, 3);

/** The version of the library at run time, "0.1.0". */
TENFERRO_API const char *tenferro_version(void);

typedef struct tenferro_context tenferro_context;
typedef struct tenferro_tensor tenferro_tensor;

#ifdef __cplusplus
}
#endif
#endif
