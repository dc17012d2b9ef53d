/* Writing zip archives of stored members, the same bytes for the same members every time. */
#ifndef TF_IO_ZIP_WRITER_H
#define TF_IO_ZIP_WRITER_H

#include "io/output.h"

/* A member that has been written, for the directory at the end. */
typedef struct tf_zip_record {
    const char *name; /* with its ending; valid UTF-8 of at most 65535 bytes */
    int64_t offset, size;
    uint32_t crc;
} tf_zip_record;

/* Begins a member of known size; the output must count its checksum. */
tenferro_status
tf_zip_write_begin(tf_output *output, const char *name, int64_t size, tf_zip_record *out);
/* When its bytes have been written. */
tenferro_status tf_zip_write_end(tf_output *output, tf_zip_record *record);
tenferro_status
tf_zip_write_directory(tf_output *output, int64_t count, const tf_zip_record *records);

#endif
