/* Where bytes come from: a file or memory, by position, and streams that are read front to back. */
#ifndef TF_IO_INPUT_H
#define TF_IO_INPUT_H

#include <tenferro/context.h>

#include "support/status.h"

/* What is moved between two looks at the context's cancel flag. */
#define TF_IO_CHUNK ((int64_t)16 << 20)

typedef struct tf_input {
    tenferro_context *context;
    const char *name; /* for messages */
    int64_t size;     /* -1: not known; it can only be read front to back (a pipe) */
    const unsigned char *memory;
    int fd; /* -1: memory */
} tf_input;

/* `path` and `name` must outlive the input. */
tenferro_status tf_input_open(tenferro_context *context, const char *path, tf_input *out);
tf_input
tf_input_memory(tenferro_context *context, const void *bytes, size_t count, const char *name);
void tf_input_close(tf_input *input);

/* Reads exactly `count` bytes from `offset` (a pipe: from where it is), else fails with IO.
 * Threads may share an input that knows its size. */
tenferro_status tf_input_read(const tf_input *input, int64_t offset, void *buffer, int64_t count);

/* ---- front to back ---- */

typedef struct tf_stream tf_stream;
struct tf_stream {
    tenferro_context *context;
    const char *name;  /* for messages */
    int64_t remaining; /* bytes still to come; -1: not known */
    /* exactly `count` bytes; remaining is the caller's business */
    tenferro_status (*read)(tf_stream *stream, void *buffer, int64_t count);
};

/* Reads exactly `count` bytes, else fails with IO. */
tenferro_status tf_stream_read(tf_stream *stream, void *buffer, int64_t count);

typedef struct tf_input_stream {
    tf_stream stream;
    const tf_input *input;
    int64_t position;
} tf_input_stream;

tf_input_stream tf_input_stream_begin(const tf_input *input);

#endif
