/* Local headers, the directory and the end of a zip archive: see zip_writer.h. */

#include "io/zip_writer.h"

#include <string.h>

#include "io/bytes.h"
#include "io/zip_format.h"
#include "support/compat.h"

#define LARGEST32 0xffffffff /* stands for "see the 64-bit field" */
#define LARGEST16 0xffff
#define VERSION 20 /* 4.4.3: what a reader must know */
#define VERSION64 45
#define UNIX (3 << 8) /* 4.4.2: whose attributes these are */
#define DATE 0x21     /* 1980-01-01, the first that there is; the time is 00:00 */
#define PERMISSIONS (0100644u << 16)
#define CRC_AT 14 /* in the local header */

static int is_ascii(const char *name)
{
    while (*name > 0)
        name++;
    return *name == '\0';
}

static uint32_t clamp32(int64_t value)
{
    return (uint32_t)TF_MIN(value, LARGEST32);
}

/* What a local header and a directory entry have in common, from the version to the name's length. */
static unsigned char *put_common(unsigned char *p, const tf_zip_record *r, int wide)
{
    p = tf_put16(p, wide ? VERSION64 : VERSION);
    p = tf_put16(p, is_ascii(r->name) ? 0 : TF_ZIP_FLAG_UTF8);
    p = tf_put16(p, TF_ZIP_STORED);
    p = tf_put16(p, 0);
    p = tf_put16(p, DATE);
    p = tf_put32(p, r->crc);
    p = tf_put32(p, clamp32(r->size));
    p = tf_put32(p, clamp32(r->size));
    return tf_put16(p, (unsigned)strlen(r->name));
}

tenferro_status
tf_zip_write_begin(tf_output *output, const char *name, int64_t size, tf_zip_record *out)
{
    unsigned char header[TF_ZIP_LOCAL_SIZE];
    unsigned char extra[20];
    int wide = size >= LARGEST32;
    *out = (tf_zip_record){name, output->position, size, 0};
    unsigned char *p = put_common(tf_put32(header, TF_ZIP_LOCAL), out, wide);
    p = tf_put16(p, wide ? sizeof extra : 0);
    TF_TRY(tf_output_write(output, header, p - header));
    TF_TRY(tf_output_write(output, name, (int64_t)strlen(name)));
    if (wide) {
        p = tf_put16(tf_put16(extra, TF_ZIP_EXTRA64), 16);
        p = tf_put64(tf_put64(p, (uint64_t)size), (uint64_t)size);
        TF_TRY(tf_output_write(output, extra, p - extra));
    }
    output->crc = 0;
    return TENFERRO_OK;
}

tenferro_status tf_zip_write_end(tf_output *output, tf_zip_record *record)
{
    unsigned char crc[4];
    record->crc = output->crc;
    (void)tf_put32(crc, record->crc);
    return tf_output_patch(output, record->offset + CRC_AT, crc, sizeof crc);
}

static tenferro_status write_entry(tf_output *output, const tf_zip_record *r)
{
    unsigned char entry[TF_ZIP_CENTRAL_SIZE];
    unsigned char extra[28];
    /* Only what does not fit in 32 bits is in the extra field. */
    unsigned char *e = extra + 4;
    if (r->size >= LARGEST32)
        e = tf_put64(tf_put64(e, (uint64_t)r->size), (uint64_t)r->size);
    if (r->offset >= LARGEST32)
        e = tf_put64(e, (uint64_t)r->offset);
    unsigned wide = (unsigned)(e - extra - 4);
    (void)tf_put16(tf_put16(extra, TF_ZIP_EXTRA64), wide);

    unsigned char *p = tf_put16(tf_put32(entry, TF_ZIP_CENTRAL), UNIX | VERSION64);
    p = put_common(p, r, wide > 0);
    p = tf_put16(p, wide > 0 ? 4 + wide : 0);
    p = tf_put16(p, 0); /* no comment */
    p = tf_put16(p, 0); /* on the first disk */
    p = tf_put16(p, 0); /* binary */
    p = tf_put32(p, PERMISSIONS);
    p = tf_put32(p, clamp32(r->offset));
    TF_TRY(tf_output_write(output, entry, p - entry));
    TF_TRY(tf_output_write(output, r->name, (int64_t)strlen(r->name)));
    return tf_output_write(output, extra, wide > 0 ? 4 + (int64_t)wide : 0);
}

/* The 64-bit end record and the place where it is. */
static tenferro_status write_end64(tf_output *output, int64_t count, int64_t offset, int64_t size)
{
    unsigned char end[TF_ZIP_END64_SIZE + TF_ZIP_LOCATOR64_SIZE];
    unsigned char *p = tf_put32(end, TF_ZIP_END64);
    p = tf_put64(p, TF_ZIP_END64_SIZE - 12); /* of what follows this number */
    p = tf_put16(p, UNIX | VERSION64);
    p = tf_put16(p, VERSION64);
    p = tf_put32(p, 0);
    p = tf_put32(p, 0);
    p = tf_put64(p, (uint64_t)count);
    p = tf_put64(p, (uint64_t)count);
    p = tf_put64(p, (uint64_t)size);
    p = tf_put64(p, (uint64_t)offset);
    p = tf_put32(p, TF_ZIP_LOCATOR64);
    p = tf_put32(p, 0);
    p = tf_put64(p, (uint64_t)output->position);
    p = tf_put32(p, 1);
    return tf_output_write(output, end, p - end);
}

tenferro_status
tf_zip_write_directory(tf_output *output, int64_t count, const tf_zip_record *records)
{
    int64_t offset = output->position;
    for (int64_t i = 0; i < count; i++)
        TF_TRY(write_entry(output, &records[i]));
    int64_t size = output->position - offset;
    if (count >= LARGEST16 || size >= LARGEST32 || offset >= LARGEST32)
        TF_TRY(write_end64(output, count, offset, size));
    unsigned members = (unsigned)TF_MIN(count, LARGEST16);
    unsigned char end[TF_ZIP_END_SIZE];
    unsigned char *p = tf_put32(end, TF_ZIP_END);
    p = tf_put16(tf_put16(p, 0), 0);
    p = tf_put16(tf_put16(p, members), members);
    p = tf_put32(tf_put32(p, clamp32(size)), clamp32(offset));
    p = tf_put16(p, 0);
    return tf_output_write(output, end, p - end);
}
