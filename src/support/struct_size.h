/*
 * Option structs that only grow at the end: what an older or newer caller gave, read into ours, and
 * back.
 */
#ifndef TF_SUPPORT_STRUCT_SIZE_H
#define TF_SUPPORT_STRUCT_SIZE_H

#include <string.h>

#include "support/status.h"

/*
 * Both structs begin with size_t struct_size.  Copies the fields that the caller's struct has over
 * `ours` (which holds the defaults); INVALID_ARGUMENT if its struct_size does not even hold itself.
 */
static inline tenferro_status
tf_struct_read(const char *what, void *ours, size_t size, const void *given)
{
    size_t given_size;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: struct_size is %zu; start from its _INIT",
                       what, given_size);
    memcpy(ours, given, TF_MIN(size, given_size));
    memcpy(ours, &size, sizeof size);
    return TENFERRO_OK;
}

/* The other way: fills the fields that the caller's struct has and leaves its struct_size. */
static inline tenferro_status
tf_struct_write(const char *what, void *given, const void *ours, size_t size)
{
    size_t given_size;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: struct_size is %zu; start from its _INIT",
                       what, given_size);
    memcpy((char *)given + sizeof given_size, (const char *)ours + sizeof given_size,
           TF_MIN(size, given_size) - sizeof given_size);
    return TENFERRO_OK;
}

#endif
