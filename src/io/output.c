/* Writing a file whole or not at all: see output.h. */

#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/input.h"
#include "memory/context.h"

#define ATTEMPTS 100 /* other threads and forgotten files may have a name already */

static tenferro_status fail_with_errno(const tf_output *output)
{
    return tf_fail(TENFERRO_IO, "%.512s: %s", output->path, strerror(errno));
}

static tenferro_status check_cancel(const tf_output *output)
{
    return output->context ? tf_check_cancel(output->context) : TENFERRO_OK;
}

/* Not mkstemp: open gives the file the permissions that the umask says. */
static int create_beside(tf_output *output)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        int length = snprintf(output->temporary, sizeof output->temporary, "%s.%ld-%d.tmp",
                              output->path, (long)getpid(), i);
        if (length < 0 || (size_t)length >= sizeof output->temporary) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || (errno != EEXIST && errno != EINTR))
            return fd;
    }
    return -1;
}

tenferro_status tf_output_open(tenferro_context *context, const char *path, tf_output *out)
{
    struct stat info;
    out->context = context;
    out->path = path;
    out->position = 0;
    out->crc32 = NULL;
    out->crc = 0;
    out->temporary[0] = '\0';
    TF_TRY(check_cancel(out));
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        while ((out->fd = open(path, O_WRONLY | O_CLOEXEC)) < 0 && errno == EINTR)
            TF_TRY(check_cancel(out));
    else
        out->fd = create_beside(out);
    return out->fd >= 0 ? TENFERRO_OK : fail_with_errno(out);
}

tenferro_status tf_output_write(tf_output *output, const void *bytes, int64_t count)
{
    const char *from = bytes;
    while (count > 0) {
        TF_TRY(check_cancel(output));
        int64_t written = write(output->fd, from, (size_t)TF_MIN(count, TF_IO_CHUNK));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_with_errno(output);
        if (output->crc32)
            output->crc = tf_crc32_update(output->crc32, output->crc, from, (size_t)written);
        from += written;
        count -= written;
        output->position += written;
    }
    return TENFERRO_OK;
}

tenferro_status tf_output_patch(tf_output *output, int64_t offset, const void *bytes, int64_t count)
{
    const char *from = bytes;
    while (count > 0) {
        int64_t written = pwrite(output->fd, from, (size_t)count, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_with_errno(output);
        from += written;
        offset += written;
        count -= written;
    }
    return TENFERRO_OK;
}

tenferro_status tf_output_close(tf_output *output, tenferro_status status)
{
    if (status == TENFERRO_OK)
        status = check_cancel(output);
    if (close(output->fd) != 0 && errno != EINTR && status == TENFERRO_OK)
        status = fail_with_errno(output);
    if (output->temporary[0] == '\0')
        return status;
    if (status == TENFERRO_OK && rename(output->temporary, output->path) != 0)
        status = fail_with_errno(output);
    if (status != TENFERRO_OK)
        (void)unlink(output->temporary);
    return status;
}
