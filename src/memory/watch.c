/* Cancel, progress and log: how the host follows and stops long work. */

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "memory/context_private.h"

#define REPORT_NANOSECONDS 50000000

void tenferro_context_cancel(tenferro_context *context)
{
    if (context)
        atomic_store(&context->cancelled, 1); /* lock-free, so safe in a signal handler */
}

void tenferro_context_cancel_clear(tenferro_context *context)
{
    if (context)
        atomic_store(&context->cancelled, 0);
}

int tf_is_cancelled(const tenferro_context *context)
{
    return atomic_load_explicit(&context->cancelled, memory_order_relaxed);
}

tenferro_status tf_check_cancel(tenferro_context *context)
{
    if (TF_UNLIKELY(tf_is_cancelled(context)))
        return tf_fail(TENFERRO_CANCELLED, "cancelled by tenferro_context_cancel()");
    return TENFERRO_OK;
}

/* 1 for one caller at most every REPORT_NANOSECONDS. */
static int is_due(tenferro_context *context)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    int64_t last = atomic_load(&context->last_report);
    return (last == 0 || now - last >= REPORT_NANOSECONDS) &&
           atomic_compare_exchange_strong(&context->last_report, &last, now);
}

tenferro_status
tf_report_progress(tenferro_context *context, const char *what, double done, double total)
{
    if (context->progress && (done >= total || is_due(context))) {
        tenferro_progress progress = {sizeof progress, what, done, total};
        if (context->progress(context->user, &progress) != 0)
            return tf_fail(TENFERRO_CANCELLED, "%s: cancelled by the progress callback", what);
    }
    return tf_check_cancel(context);
}

void tf_log(tenferro_context *context, tenferro_log_level level, const char *format, ...)
{
    if (!context->log)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0)
        context->log(context->user, level, text);
}
