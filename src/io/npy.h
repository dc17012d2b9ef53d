/* One array in .npy form, from any stream and to any output. */
#ifndef TF_IO_NPY_H
#define TF_IO_NPY_H

#include <tenferro/tensor.h>

#include "io/input.h"
#include "io/output.h"

/* Reads the array that begins here; what follows it stays in the stream. */
tenferro_status tf_npy_read(tf_stream *stream, tenferro_tensor **out);

/* A tensor about to be written: its header, and how long everything is. */
typedef struct tf_npy_image {
    const tenferro_tensor *tensor;
    tenferro_order order;
    char *header;
    int64_t header_bytes, element_bytes;
} tf_npy_image;

tenferro_status tf_npy_image_create(const tenferro_tensor *tensor, tf_npy_image *out);
tenferro_status tf_npy_image_write(const tf_npy_image *image, tf_output *output);
void tf_npy_image_free(tf_npy_image *image);

#endif
