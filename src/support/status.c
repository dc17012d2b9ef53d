/* Status names and this thread's error message. */

#include "support/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[1024];

#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *tenferro_version(void)
{
    return VERSION(TENFERRO_VERSION_MAJOR, TENFERRO_VERSION_MINOR, TENFERRO_VERSION_PATCH);
}

const char *tenferro_status_name(tenferro_status status)
{
    static const char *const names[] = {
        [TENFERRO_OK] = "OK",
        [TENFERRO_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
        [TENFERRO_SHAPE_MISMATCH] = "SHAPE_MISMATCH",
        [TENFERRO_DTYPE_MISMATCH] = "DTYPE_MISMATCH",
        [TENFERRO_OVERFLOW] = "OVERFLOW",
        [TENFERRO_OUT_OF_MEMORY] = "OUT_OF_MEMORY",
        [TENFERRO_UNSUPPORTED] = "UNSUPPORTED",
        [TENFERRO_NUMERICAL] = "NUMERICAL",
        [TENFERRO_DEVICE] = "DEVICE",
        [TENFERRO_IO] = "IO",
        [TENFERRO_NO_RULE] = "NO_RULE",
        [TENFERRO_STALE] = "STALE",
        [TENFERRO_CANCELLED] = "CANCELLED",
        [TENFERRO_CONTEXT_MISMATCH] = "CONTEXT_MISMATCH",
        [TENFERRO_LEVEL_MISMATCH] = "LEVEL_MISMATCH",
        [TENFERRO_SYMBOLIC] = "SYMBOLIC",
        [TENFERRO_GUARD] = "GUARD",
        [TENFERRO_INTERNAL] = "INTERNAL",
    };
    int number = (int)status;
    return number >= 0 && number < (int)TF_COUNT(names) ? names[number] : "UNKNOWN";
}

const char *tenferro_error_message(void)
{
    return message;
}

/* Formats aside first: an argument may be the message itself. */
static void set_message(const char *format, va_list arguments)
{
    char text[sizeof message];
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    memcpy(message, text, sizeof text);
}

tenferro_status tenferro_error_set(tenferro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_message(format, arguments);
    va_end(arguments);
    return status;
}

tenferro_status(tf_fail)(tenferro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_message(format, arguments);
    va_end(arguments);
    return status;
}

tenferro_status tf_fail_context(tenferro_status status, const char *format, ...)
{
    char prefix[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(prefix, sizeof prefix, format, arguments) < 0)
        prefix[0] = '\0';
    va_end(arguments);
    return tf_fail(status, "%s: %s", prefix, message);
}

void tf_error_save(tf_saved_error *saved)
{
    memcpy(saved->message, message, sizeof message);
}

void tf_error_restore(const tf_saved_error *saved)
{
    memcpy(message, saved->message, sizeof message);
}
