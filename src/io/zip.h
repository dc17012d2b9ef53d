/* Reading zip archives: PKWARE's APPNOTE 6.3, stored and deflated members, zip64. */
#ifndef TF_IO_ZIP_H
#define TF_IO_ZIP_H

#include "io/crc32.h"
#include "io/inflate.h"
#include "io/input.h"
#include "io/zip_format.h"

typedef struct tf_zip_entry {
    char *name; /* NUL-terminated, in the archive's directory */
    int64_t name_length;
    int64_t offset; /* of its local header */
    int64_t limit;  /* where the next member or the directory begins */
    int64_t compressed, size;
    uint32_t crc;
    int flags, method;
} tf_zip_entry;

typedef struct tf_zip {
    tf_input input;
    int64_t count;
    tf_zip_entry *entries; /* in the directory's order */
    unsigned char *directory;
    tf_zlib zlib; /* opened if a member needs it */
    tf_crc32 crc32;
} tf_zip;

/* Reads the directory.  Takes the input, which is closed if this fails. */
tenferro_status tf_zip_open(tf_input input, tf_zip *out);
void tf_zip_close(tf_zip *zip); /* closing twice does no harm */

/* A member being read, front to back.  Threads may read members of one archive at the same time. */
typedef struct tf_zip_member {
    tf_stream stream;
    const tf_zip *zip;
    const tf_zip_entry *entry;
    int64_t position; /* in the archive: the next byte to fetch */
    int64_t end;      /* in the archive: behind the member's data */
    uint32_t crc;
    unsigned char *buffer; /* deflated data; NULL for a stored member */
    int ended;             /* the deflated data have come to their end */
    tf_z_stream z;
    char name[512];
} tf_zip_member;

/* Not to be moved once it is open. */
tenferro_status tf_zip_member_open(const tf_zip *zip, int64_t index, tf_zip_member *out);
/* When all was read: checks that it was all, and the checksum. */
tenferro_status tf_zip_member_finish(tf_zip_member *member);
void tf_zip_member_close(tf_zip_member *member);

#endif
