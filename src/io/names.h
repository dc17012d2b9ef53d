/* Names and their numbers: a hash table of texts that others own. */
#ifndef TF_IO_NAMES_H
#define TF_IO_NAMES_H

#include <tenferro/context.h>

#include "support/status.h"

typedef struct tf_name {
    const char *text; /* NULL: free */
    int64_t number;
} tf_name;

typedef struct tf_names {
    tf_name *slots;
    uint64_t mask;
} tf_names;

/* Room for `count` names. */
tenferro_status tf_names_create(tenferro_context *context, int64_t count, tf_names *out);
void tf_names_free(tenferro_context *context, tf_names *names);

/* The slot of that name; if its text is NULL the name is not there, and may be put into it. */
tf_name *tf_names_find(const tf_names *names, const char *text);

#endif
