/* Files, memory and streams: see input.h. */

#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory/context.h"

static tenferro_status fail_with_errno(const char *name)
{
    return tf_fail(TENFERRO_IO, "%.512s: %s", name, strerror(errno));
}

static tenferro_status fail_truncated(const char *name, int64_t missing)
{
    return tf_fail(TENFERRO_IO, "%.512s: truncated: it ends %lld bytes too early", name,
                   (long long)missing);
}

tenferro_status tf_input_open(tenferro_context *context, const char *path, tf_input *out)
{
    int fd;
    /* Opening a named pipe waits for its writer, and may be interrupted. */
    while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        if (errno != EINTR)
            return fail_with_errno(path);
        TF_TRY(tf_check_cancel(context));
    }
    struct stat info;
    tenferro_status status = TENFERRO_OK;
    if (fstat(fd, &info) != 0)
        status = fail_with_errno(path);
    else if (S_ISDIR(info.st_mode))
        status = tf_fail(TENFERRO_IO, "%.512s: %s", path, strerror(EISDIR));
    if (status != TENFERRO_OK) {
        (void)close(fd);
        return status;
    }
    *out = (tf_input){.context = context, .name = path, .fd = fd};
    out->size = S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
    return TENFERRO_OK;
}

tf_input
tf_input_memory(tenferro_context *context, const void *bytes, size_t count, const char *name)
{
    return (tf_input){context, name, (int64_t)count, bytes, -1};
}

void tf_input_close(tf_input *input)
{
    if (input->fd >= 0)
        (void)close(input->fd);
    input->fd = -1;
}

tenferro_status tf_input_read(const tf_input *input, int64_t offset, void *buffer, int64_t count)
{
    char *to = buffer;
    if (input->size >= 0 && (offset > input->size || count > input->size - offset))
        return fail_truncated(input->name, count - (input->size - offset));
    while (count > 0) {
        int64_t chunk = TF_MIN(count, TF_IO_CHUNK);
        TF_TRY(tf_check_cancel(input->context));
        if (input->fd < 0)
            memcpy(to, input->memory + offset, (size_t)chunk);
        else if (input->size >= 0)
            chunk = pread(input->fd, to, (size_t)chunk, (off_t)offset);
        else
            chunk = read(input->fd, to, (size_t)chunk);
        if (chunk < 0 && errno == EINTR)
            continue;
        if (chunk < 0)
            return fail_with_errno(input->name);
        if (chunk == 0) /* a pipe, or a file that was cut after it was opened */
            return fail_truncated(input->name, count);
        to += chunk;
        offset += chunk;
        count -= chunk;
    }
    return TENFERRO_OK;
}

/* ---- front to back ---- */

tenferro_status tf_stream_read(tf_stream *stream, void *buffer, int64_t count)
{
    if (stream->remaining >= 0 && count > stream->remaining)
        return fail_truncated(stream->name, count - stream->remaining);
    TF_TRY(stream->read(stream, buffer, count));
    if (stream->remaining >= 0)
        stream->remaining -= count;
    return TENFERRO_OK;
}

static tenferro_status read_input(tf_stream *stream, void *buffer, int64_t count)
{
    tf_input_stream *s = (tf_input_stream *)stream;
    TF_TRY(tf_input_read(s->input, s->position, buffer, count));
    s->position += count;
    return TENFERRO_OK;
}

tf_input_stream tf_input_stream_begin(const tf_input *input)
{
    tf_input_stream s = {{input->context, input->name, input->size, read_input}, input, 0};
    return s;
}
