/* Reading one member of a zip archive: stored or deflated, its size and checksum proven. */

#include <stdio.h>
#include <string.h>

#include "io/bytes.h"
#include "io/zip.h"
#include "memory/context.h"

#define BUFFER ((int64_t)64 << 10)
/* Deflate's best: 258 bytes for 2 bits (a length and a distance of one bit each). */
#define BEST_RATIO 1032

static tenferro_status broken(const tf_zip_member *m, const char *what)
{
    return tf_fail(TENFERRO_IO, "%s: broken member: %s", m->name, what);
}

static tenferro_status fetch_stored(tf_zip_member *m, void *buffer, int64_t count)
{
    if (count > m->end - m->position)
        return broken(m, "its data end too early");
    TF_TRY(tf_input_read(&m->zip->input, m->position, buffer, count));
    m->position += count;
    return TENFERRO_OK;
}

/* Inflates until z has no more room or the data have ended. */
static tenferro_status inflate_some(tf_zip_member *m)
{
    tf_z_stream *z = &m->z;
    while (z->avail_out > 0 && !m->ended) {
        if (z->avail_in == 0) {
            int64_t count = TF_MIN(BUFFER, m->end - m->position);
            TF_TRY(fetch_stored(m, m->buffer, count));
            z->next_in = m->buffer;
            z->avail_in = (unsigned)count;
        }
        int code = m->zip->zlib.inflate(z, 0);
        m->ended = code == TF_Z_STREAM_END;
        if (code == TF_Z_MEMORY_ERROR)
            return tf_fail(TENFERRO_OUT_OF_MEMORY, "%s: zlib is out of memory", m->name);
        if (code == TF_Z_BUFFER_ERROR)
            return broken(m, "its deflated data end too early");
        if (code != TF_Z_OK && !m->ended)
            return broken(m, z->message ? z->message : "its deflated data make no sense");
    }
    return TENFERRO_OK;
}

static tenferro_status fetch_deflated(tf_zip_member *m, void *buffer, int64_t count)
{
    m->z.next_out = buffer;
    while (count > 0) {
        unsigned chunk = (unsigned)TF_MIN(count, TF_IO_CHUNK);
        m->z.avail_out = chunk;
        TF_TRY(tf_check_cancel(m->stream.context));
        TF_TRY(inflate_some(m));
        if (m->z.avail_out > 0)
            return broken(m, "it is shorter than the directory says");
        count -= chunk;
    }
    return TENFERRO_OK;
}

static tenferro_status read_member(tf_stream *stream, void *buffer, int64_t count)
{
    tf_zip_member *m = (tf_zip_member *)stream;
    TF_TRY(m->buffer ? fetch_deflated(m, buffer, count) : fetch_stored(m, buffer, count));
    m->crc = tf_crc32_update(&m->zip->crc32, m->crc, buffer, (size_t)count);
    return TENFERRO_OK;
}

/* The local header repeats what the directory says; it alone tells where the data begin. */
static tenferro_status read_local_header(tf_zip_member *m)
{
    const tf_zip_entry *entry = m->entry;
    unsigned char header[TF_ZIP_LOCAL_SIZE];
    TF_TRY(tf_input_read(&m->zip->input, entry->offset, header, sizeof header));
    if (tf_get32(header) != TF_ZIP_LOCAL || tf_get16(header + 8) != entry->method ||
        tf_get16(header + 26) != entry->name_length)
        return broken(m, "its own header differs from the directory");
    char *name = tf_malloc(m->stream.context, entry->name_length, 1);
    if (!name)
        return TENFERRO_OUT_OF_MEMORY;
    int64_t name_at = entry->offset + TF_ZIP_LOCAL_SIZE;
    tenferro_status status = tf_input_read(&m->zip->input, name_at, name, entry->name_length);
    int same = status == TENFERRO_OK && memcmp(name, entry->name, (size_t)entry->name_length) == 0;
    tf_free(m->stream.context, name);
    TF_TRY(status);
    if (!same)
        return broken(m, "its own header has another name than the directory");
    m->position = name_at + entry->name_length + tf_get16(header + 28);
    m->end = m->position + entry->compressed;
    return m->end <= entry->limit ? TENFERRO_OK : broken(m, "it overlaps what follows");
}

static tenferro_status check_method(const tf_zip_member *m)
{
    const tf_zip_entry *entry = m->entry;
    if (entry->flags & TF_ZIP_FLAG_ENCRYPTED)
        return tf_fail(TENFERRO_UNSUPPORTED, "%s: the member is encrypted", m->name);
    if (entry->method != TF_ZIP_STORED && entry->method != TF_ZIP_DEFLATED)
        return tf_fail(TENFERRO_UNSUPPORTED, "%s: compression method %d is not supported", m->name,
                       entry->method);
    if (entry->method == TF_ZIP_DEFLATED && !m->zip->zlib.library)
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "%s: compressed members need libz.so.1: install zlib1g", m->name);
    if (entry->method == TF_ZIP_STORED ? entry->size != entry->compressed
                                       : entry->size / BEST_RATIO > entry->compressed)
        return broken(m, "its size cannot come from so few bytes");
    return TENFERRO_OK;
}

tenferro_status tf_zip_member_open(const tf_zip *zip, int64_t index, tf_zip_member *out)
{
    const tf_zip_entry *entry = &zip->entries[index];
    tenferro_context *context = zip->input.context;
    memset(out, 0, sizeof *out);
    (void)snprintf(out->name, sizeof out->name, "%.255s:%.255s", zip->input.name, entry->name);
    out->stream = (tf_stream){context, out->name, entry->size, read_member};
    out->zip = zip;
    out->entry = entry;
    TF_TRY(check_method(out));
    TF_TRY(read_local_header(out));
    if (entry->method == TF_ZIP_STORED)
        return TENFERRO_OK;
    out->buffer = tf_malloc(context, BUFFER, 1);
    if (!out->buffer)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = tf_inflate_begin(context, &zip->zlib, &out->z);
    if (status != TENFERRO_OK) {
        tf_free(context, out->buffer);
        out->buffer = NULL;
    }
    return status;
}

tenferro_status tf_zip_member_finish(tf_zip_member *m)
{
    if (m->stream.remaining > 0)
        return tf_fail(TENFERRO_IO, "%s: %lld bytes follow the array", m->name,
                       (long long)m->stream.remaining);
    if (m->buffer) {
        unsigned char more;
        m->z.next_out = &more;
        m->z.avail_out = 1;
        TF_TRY(inflate_some(m));
        if (m->z.avail_out == 0)
            return broken(m, "it is longer than the directory says");
        if (m->z.avail_in > 0)
            return broken(m, "something follows its deflated data");
    }
    if (m->position != m->end)
        return broken(m, "something follows its data");
    if (m->crc != m->entry->crc)
        return broken(m, "its checksum (CRC-32) is wrong");
    return TENFERRO_OK;
}

void tf_zip_member_close(tf_zip_member *m)
{
    if (!m->buffer)
        return;
    (void)m->zip->zlib.end(&m->z);
    tf_free(m->stream.context, m->buffer);
    m->buffer = NULL;
}
