/* Arrays in .npy form: the elements go straight between the file and the tensor's storage. */

#include "io/npy.h"

#include <string.h>
#include <tenferro/io.h>

#include "io/npy_header.h"
#include "memory/context.h"
#include "memory/storage.h"
#include "support/checked.h"

#define FIRST_PIECE ((int64_t)1 << 20)
#define BUFFER ((int64_t)256 << 10) /* a multiple of every element's size */

/* ---- reading ---- */

static void swap_bytes(unsigned char *p, int64_t bytes, int component)
{
    for (const unsigned char *end = p + bytes; p < end; p += component)
        for (int i = 0, j = component - 1; i < j; i++, j--) {
            unsigned char byte = p[i];
            p[i] = p[j];
            p[j] = byte;
        }
}

/* What came is made what the library means: our byte order, and 1 for every true. */
static void normalise(const tf_npy_header *header, unsigned char *p)
{
    if (header->swapped)
        swap_bytes(p, header->bytes, header->component);
    if (header->dtype == TENFERRO_BOOL)
        for (int64_t i = 0; i < header->bytes; i++)
            p[i] = p[i] != 0;
}

/* A pipe cannot vouch for what the header promises: the memory grows with what has come. */
static tenferro_status read_growing(tf_stream *stream, int64_t bytes, unsigned char **out)
{
    unsigned char *data = NULL;
    int64_t have = 0;
    tenferro_status status = TENFERRO_OK;
    while (have < bytes && status == TENFERRO_OK) {
        int64_t room = have <= bytes / 2 ? TF_MIN(bytes, TF_MAX(2 * have, FIRST_PIECE)) : bytes;
        unsigned char *larger = tf_scratch_take(stream->context, room);
        if (larger && have > 0)
            memcpy(larger, data, (size_t)have);
        if (have > 0)
            tf_scratch_give(stream->context, data, have);
        data = larger;
        status = larger ? tf_stream_read(stream, larger + have, room - have)
                        : TENFERRO_OUT_OF_MEMORY;
        have = room;
    }
    if (status != TENFERRO_OK && data)
        tf_scratch_give(stream->context, data, have);
    *out = status == TENFERRO_OK ? data : NULL;
    return status;
}

/* All elements of the tensor, which is compact in the file's order. */
static tenferro_status read_elements(tf_stream *stream, const tf_npy_header *header,
                                     tenferro_tensor *tensor, const unsigned char *received)
{
    void *data;
    TF_TRY(tenferro_tensor_data_mutable(tensor, &data));
    if (header->bytes == 0)
        return TENFERRO_OK;
    if (received)
        memcpy(data, received, (size_t)header->bytes);
    else
        TF_TRY(tf_stream_read(stream, data, header->bytes));
    normalise(header, data);
    return TENFERRO_OK;
}

tenferro_status tf_npy_read(tf_stream *stream, tenferro_tensor **out)
{
    tf_npy_header header;
    tenferro_tensor *tensor = NULL;
    unsigned char *received = NULL;
    TF_TRY(tf_npy_header_read(stream, &header));
    tenferro_status status = TENFERRO_OK;
    if (stream->remaining >= 0 && header.bytes > stream->remaining)
        status = tf_fail(
            TENFERRO_IO,
            "%.512s: truncated: its header promises %lld bytes of elements, it has %lld",
            stream->name, (long long)header.bytes, (long long)stream->remaining);
    else if (stream->remaining < 0)
        status = read_growing(stream, header.bytes, &received);
    TF_TRY_CLEANUP(status);
    status = tenferro_tensor_create(stream->context, header.dtype, header.rank, header.extents,
                                    header.order, &tensor);
    if (status != TENFERRO_OK)
        (void)tf_fail_context(status, "%.512s", stream->name);
    TF_TRY_CLEANUP(status);
    TF_TRY_CLEANUP(read_elements(stream, &header, tensor, received));
    *out = tensor;
    tensor = NULL;
cleanup:
    tenferro_tensor_release(tensor);
    if (received)
        tf_scratch_give(stream->context, received, header.bytes);
    tf_npy_header_free(stream->context, &header);
    return status;
}

/* ---- writing ---- */

tenferro_status tf_npy_image_create(const tenferro_tensor *tensor, tf_npy_image *out)
{
    if (!tensor)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy: the tensor is NULL");
    if (!tenferro_tensor_is_concrete(tensor))
        return tf_fail(TENFERRO_LEVEL_MISMATCH, "npy: a tensor of a level has no data to write");
    tenferro_context *context = tenferro_tensor_context(tensor);
    int64_t count;
    TF_TRY(tenferro_tensor_size(tensor, &count));
    *out = (tf_npy_image){.tensor = tensor, .order = TENFERRO_ROW_MAJOR};
    if (tenferro_tensor_is_contiguous(tensor, TENFERRO_COLUMN_MAJOR) &&
        !tenferro_tensor_is_contiguous(tensor, TENFERRO_ROW_MAJOR))
        out->order = TENFERRO_COLUMN_MAJOR;
    tenferro_dtype dtype = tenferro_tensor_dtype(tensor);
    if (tf_mul_overflows(count, tf_dtype_size(context, dtype), &out->element_bytes))
        return tf_fail(TENFERRO_OVERFLOW, "npy: the elements take more than 64 bits of bytes");
    return tf_npy_header_format(context, dtype, out->order, tenferro_tensor_rank(tensor),
                                tenferro_tensor_extents(tensor), &out->header, &out->header_bytes);
}

void tf_npy_image_free(tf_npy_image *image)
{
    if (image->header)
        tf_free(tenferro_tensor_context(image->tensor), image->header);
    image->header = NULL;
}

/* `step` in bytes; inlined with a constant size each copy is one move. */
TF_INLINE void copy_each(char *to, const char *from, int64_t step, int64_t count, size_t size)
{
    for (int64_t i = 0; i < count; i++, to += size)
        memcpy(to, from + i * step, size);
}

static void copy_elements(char *to, const char *from, int64_t step, int64_t count, int64_t size)
{
    if (step == size)
        memcpy(to, from, (size_t)(count * size));
    else if (size == 4)
        copy_each(to, from, step, count, 4);
    else if (size == 8)
        copy_each(to, from, step, count, 8);
    else
        copy_each(to, from, step, count, (size_t)size);
}

/* Moves *row to the next row in row-major order; 0 if there is none. */
static int next_row(const tenferro_tensor *tensor, int64_t size, int64_t *index, const char **row)
{
    const int64_t *extents = tenferro_tensor_extents(tensor);
    const int64_t *strides = tenferro_tensor_strides(tensor);
    for (int axis = tenferro_tensor_rank(tensor) - 2; axis >= 0; axis--) {
        if (++index[axis] < extents[axis]) {
            *row += strides[axis] * size;
            return 1;
        }
        index[axis] = 0;
        *row -= (extents[axis] - 1) * strides[axis] * size;
    }
    return 0;
}

/* Elements of any strides (at least one, rank at least 1) in row-major order, by way of `buffer`. */
static tenferro_status write_rows(const tenferro_tensor *tensor, int64_t size, int64_t *index,
                                  char *buffer, tf_output *output)
{
    int last = tenferro_tensor_rank(tensor) - 1;
    int64_t length = tenferro_tensor_extents(tensor)[last];
    int64_t step = tenferro_tensor_strides(tensor)[last] * size;
    const char *row = tenferro_tensor_data(tensor);
    int64_t used = 0;
    do {
        for (int64_t i = 0; i < length;) {
            int64_t count = TF_MIN(length - i, (BUFFER - used) / size);
            copy_elements(buffer + used, row + i * step, step, count, size);
            i += count;
            used += count * size;
            if (used == BUFFER) {
                TF_TRY(tf_output_write(output, buffer, used));
                used = 0;
            }
        }
    } while (next_row(tensor, size, index, &row));
    return tf_output_write(output, buffer, used);
}

tenferro_status tf_npy_image_write(const tf_npy_image *image, tf_output *output)
{
    const tenferro_tensor *tensor = image->tensor;
    tenferro_context *context = tenferro_tensor_context(tensor);
    TF_TRY(tf_output_write(output, image->header, image->header_bytes));
    if (image->element_bytes == 0)
        return TENFERRO_OK;
    if (tenferro_tensor_is_contiguous(tensor, image->order))
        return tf_output_write(output, tenferro_tensor_data(tensor), image->element_bytes);
    int64_t *index = tf_calloc(context, tenferro_tensor_rank(tensor), sizeof *index);
    char *buffer = index ? tf_malloc(context, BUFFER, 1) : NULL;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (buffer)
        status = write_rows(tensor, tf_dtype_size(context, tenferro_tensor_dtype(tensor)), index,
                            buffer, output);
    tf_free(context, buffer);
    tf_free(context, index);
    return status;
}

/* ---- the public doors ---- */

tenferro_status tenferro_npy_read(tenferro_context *context, const char *path, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy_read: out is NULL");
    *out = NULL;
    if (!context || !path)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy_read: %s is NULL",
                       context ? "path" : "context");
    tf_input input;
    TF_TRY(tf_input_open(context, path, &input));
    tf_input_stream stream = tf_input_stream_begin(&input);
    tenferro_status status = tf_npy_read(&stream.stream, out);
    tf_input_close(&input);
    return status;
}

tenferro_status tenferro_npy_read_memory(tenferro_context *context, const void *bytes, size_t count,
                                         const char *name, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy_read_memory: out is NULL");
    *out = NULL;
    if (!context || !name || (!bytes && count > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy_read_memory: %s is NULL",
                       !context ? "context"
                       : name   ? "bytes"
                                : "name");
    tf_input input = tf_input_memory(context, bytes, count, name);
    tf_input_stream stream = tf_input_stream_begin(&input);
    return tf_npy_read(&stream.stream, out);
}

tenferro_status tenferro_npy_write(const char *path, const tenferro_tensor *tensor)
{
    if (!path)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npy_write: path is NULL");
    tf_npy_image image;
    tf_output output;
    TF_TRY(tf_npy_image_create(tensor, &image));
    tenferro_status status = tf_output_open(tenferro_tensor_context(tensor), path, &output);
    if (status == TENFERRO_OK)
        status = tf_output_close(&output, tf_npy_image_write(&image, &output));
    tf_npy_image_free(&image);
    return status;
}
