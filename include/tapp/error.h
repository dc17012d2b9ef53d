/* TAPP: error codes.  0 is success; the others are tenferro_status (tenferro/base.h). */
#ifndef TAPP_ERROR_H_
#define TAPP_ERROR_H_

#include <stdbool.h>
#include <stddef.h>

#include <tapp/util.h>

typedef int TAPP_error;

/** true if the code stands for success. */
TAPP_EXPORT bool TAPP_check_success(TAPP_error error);

/**
 * Writes at most maxlen - 1 characters and a NUL that explain the code, and returns how many
 * characters; with maxlen 0 writes nothing and returns the length of the whole text.
 *
 * If the code is that of this thread's last failure, the text says what, where and which extents.
 */
TAPP_EXPORT size_t TAPP_explain_error(TAPP_error error, size_t maxlen, char *message);

#endif
