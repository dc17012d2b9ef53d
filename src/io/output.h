/* A file that appears whole or not at all: written beside its place, renamed when it is complete. */
#ifndef TF_IO_OUTPUT_H
#define TF_IO_OUTPUT_H

#include <limits.h>
#include <tenferro/context.h>

#include "io/crc32.h"
#include "support/status.h"

typedef struct tf_output {
    tenferro_context *context; /* whose cancel flag stops it; NULL: nobody's */
    const char *path;          /* for messages, and where the file goes */
    int64_t position;
    const tf_crc32 *crc32; /* not NULL: crc is kept up to date */
    uint32_t crc;
    int fd;
    char temporary[PATH_MAX]; /* "": written in place, because `path` is a pipe or a device */
} tf_output;

/* `path` must outlive the output. */
tenferro_status tf_output_open(tenferro_context *context, const char *path, tf_output *out);
tenferro_status tf_output_write(tf_output *output, const void *bytes, int64_t count);
/* Replaces bytes that were written before. */
tenferro_status tf_output_patch(tf_output *output, int64_t offset, const void *bytes, int64_t count);
/* Puts the file in its place if status is TENFERRO_OK, else removes it; returns what became of it. */
tenferro_status tf_output_close(tf_output *output, tenferro_status status);

#endif
