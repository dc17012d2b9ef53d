/* Deflated data, through zlib as a guest: found at run time, never needed to build. */
#ifndef TF_IO_INFLATE_H
#define TF_IO_INFLATE_H

#include <tenferro/context.h>

#include "support/status.h"

/* zlib's z_stream: its layout is part of zlib's ABI, unchanged since 1.0. */
typedef struct tf_z_stream {
    const unsigned char *next_in;
    unsigned avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned avail_out;
    unsigned long total_out;
    const char *message;
    void *state;
    void *(*allocate)(void *user, unsigned count, unsigned size);
    void (*deallocate)(void *user, void *pointer);
    void *user;
    int data_type;
    unsigned long adler;
    unsigned long reserved;
} tf_z_stream;

/* zlib's return codes */
enum {
    TF_Z_OK = 0,
    TF_Z_STREAM_END = 1,
    TF_Z_MEMORY_ERROR = -4,
    TF_Z_BUFFER_ERROR = -5 /* no progress: out of input or of room */
};

typedef struct tf_zlib {
    void *library; /* NULL: zlib is not there */
    int (*init)(tf_z_stream *stream, int window_bits, const char *version, int stream_size);
    int (*inflate)(tf_z_stream *stream, int flush);
    int (*end)(tf_z_stream *stream);
} tf_zlib;

/* Leaves library NULL if there is no zlib. */
void tf_zlib_open(tf_zlib *out);
void tf_zlib_close(tf_zlib *zlib);

/* Starts on raw deflated data (no zlib or gzip header); memory comes from the context. */
tenferro_status
tf_inflate_begin(tenferro_context *context, const tf_zlib *zlib, tf_z_stream *stream);

#endif
