/* The header of a .npy file: NEP 1, and numpy/lib/format.py for versions 2.0 and 3.0. */
#ifndef TF_IO_NPY_HEADER_H
#define TF_IO_NPY_HEADER_H

#include <tenferro/tensor.h>

#include "io/input.h"

/* The longest description that is read; it has room for ranks in the ten thousands. */
#define TF_NPY_HEADER_LIMIT ((int64_t)1 << 20)

typedef struct tf_npy_header {
    tenferro_dtype dtype;
    int component; /* bytes that a byte order applies to: half an element if it is complex */
    int swapped;   /* 1: not in the byte order of this machine */
    tenferro_order order;
    int rank;
    int64_t *extents; /* tf_npy_header_free */
    int64_t bytes;    /* of all elements */
} tf_npy_header;

/* Reads up to the first element. */
tenferro_status tf_npy_header_read(tf_stream *stream, tf_npy_header *out);
void tf_npy_header_free(tenferro_context *context, tf_npy_header *header);

/* Header of elements in this machine's byte order; *out is the caller's to tf_free.
 * DTYPE_MISMATCH if NumPy has no such dtype. */
tenferro_status
tf_npy_header_format(tenferro_context *context, tenferro_dtype dtype, tenferro_order order,
                     int rank, const int64_t *extents, char **out, int64_t *length);

#endif
