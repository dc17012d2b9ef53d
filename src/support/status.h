/* The error path: one status, one message a thread. */
#ifndef TF_SUPPORT_STATUS_H
#define TF_SUPPORT_STATUS_H

#include <tenferro/base.h>

#include "support/compat.h"

/* Sets this thread's message and returns the status. */
tenferro_status tf_fail(tenferro_status status, const char *format, ...) TENFERRO_PRINTF(2, 3);
/* Shows the compiler that the status is the one given, so that it can tell which paths fail. */
#define tf_fail(status, ...) ((void)tf_fail(status, __VA_ARGS__), (status))

/* Puts "prefix: " before this thread's message (a caller adds where it happened); returns the
 * status unchanged. */
tenferro_status
tf_fail_context(tenferro_status status, const char *format, ...) TENFERRO_PRINTF(2, 3);

/* Cleaning up and recovered fallbacks must not overwrite the message: save before, restore after. */
typedef struct tf_saved_error {
    char message[1024];
} tf_saved_error;
void tf_error_save(tf_saved_error *saved);
void tf_error_restore(const tf_saved_error *saved);

/* The only control-flow macro: returns from the enclosing function on failure. */
#define TF_TRY(expr)                                   \
    do {                                               \
        tenferro_status tf_try_status = (expr);        \
        if (TF_UNLIKELY(tf_try_status != TENFERRO_OK)) \
            return tf_try_status;                      \
    } while (0)

/* As TF_TRY, in a function that has `tenferro_status status` and a label `cleanup`. */
#define TF_TRY_CLEANUP(expr)                    \
    do {                                        \
        status = (expr);                        \
        if (TF_UNLIKELY(status != TENFERRO_OK)) \
            goto cleanup;                       \
    } while (0)

#endif
