/* The directory of a zip archive.  Nothing in it is believed before it was compared with the file. */

#include "io/zip.h"

#include <string.h>

#include "io/bytes.h"
#include "memory/context.h"
#include "support/checked.h"

#define LONGEST_COMMENT 65535
#define IN_EXTRA64 0xffffffffu /* a 32-bit field that is too small: see the extra field */

static tenferro_status broken(const tf_zip *zip, const char *what)
{
    return tf_fail(TENFERRO_IO, "%.512s: broken archive: %s", zip->input.name, what);
}

/* ---- where the directory is ---- */

typedef struct directory {
    int64_t offset, size, count;
} directory;

static int to_int64(uint64_t value, int64_t *out)
{
    *out = (int64_t)value;
    return value <= INT64_MAX;
}

/* The end record is the last thing in the file, but for a comment that it counts. */
static tenferro_status find_end(const tf_zip *zip, unsigned char *end, int64_t *position)
{
    int64_t size = zip->input.size;
    int64_t tail = TF_MIN(size, TF_ZIP_END_SIZE + LONGEST_COMMENT);
    unsigned char *bytes = tf_malloc(zip->input.context, tail, 1);
    if (!bytes)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status;
    TF_TRY_CLEANUP(tf_input_read(&zip->input, size - tail, bytes, tail));
    int64_t at = tail - TF_ZIP_END_SIZE;
    while (at >= 0 && !(tf_get32(bytes + at) == TF_ZIP_END &&
                        tf_get16(bytes + at + 20) == tail - at - TF_ZIP_END_SIZE))
        at--;
    if (at < 0) {
        status = tf_fail(TENFERRO_IO, "%.512s: no zip archive, or a truncated one", zip->input.name);
        goto cleanup;
    }
    memcpy(end, bytes + at, TF_ZIP_END_SIZE);
    *position = size - tail + at;
cleanup:
    tf_free(zip->input.context, bytes);
    return status;
}

/* If there is a 64-bit end record its numbers count, and *position becomes where it is. */
static tenferro_status read_end64(const tf_zip *zip, int64_t *position, directory *out)
{
    unsigned char locator[TF_ZIP_LOCATOR64_SIZE];
    unsigned char end[TF_ZIP_END64_SIZE];
    int64_t at;
    if (*position < TF_ZIP_LOCATOR64_SIZE)
        return TENFERRO_OK;
    int64_t locator_at = *position - TF_ZIP_LOCATOR64_SIZE;
    TF_TRY(tf_input_read(&zip->input, locator_at, locator, sizeof locator));
    if (tf_get32(locator) != TF_ZIP_LOCATOR64)
        return TENFERRO_OK;
    if (!to_int64(tf_get64(locator + 8), &at) || at > locator_at - TF_ZIP_END64_SIZE)
        return broken(zip, "its 64-bit end record lies outside");
    TF_TRY(tf_input_read(&zip->input, at, end, sizeof end));
    if (tf_get32(end) != TF_ZIP_END64 || !to_int64(tf_get64(end + 32), &out->count) ||
        !to_int64(tf_get64(end + 40), &out->size) || !to_int64(tf_get64(end + 48), &out->offset))
        return broken(zip, "its 64-bit end record makes no sense");
    if (tf_get32(end + 16) != 0 || tf_get32(end + 20) != 0)
        return tf_fail(TENFERRO_UNSUPPORTED, "%.512s: archives in several parts are not supported",
                       zip->input.name);
    *position = at;
    return TENFERRO_OK;
}

static tenferro_status locate(const tf_zip *zip, directory *out)
{
    unsigned char end[TF_ZIP_END_SIZE];
    int64_t position;
    TF_TRY(find_end(zip, end, &position));
    *out = (directory){tf_get32(end + 16), tf_get32(end + 12), tf_get16(end + 10)};
    int one_disk = tf_get16(end + 4) == 0 && tf_get16(end + 6) == 0;
    int64_t end_at = position;
    TF_TRY(read_end64(zip, &position, out));
    if (position == end_at && !one_disk)
        return tf_fail(TENFERRO_UNSUPPORTED, "%.512s: archives in several parts are not supported",
                       zip->input.name);
    if (out->offset > position || out->size > position - out->offset)
        return broken(zip, "its directory lies outside");
    if (out->count > out->size / TF_ZIP_CENTRAL_SIZE)
        return broken(zip, "its directory is too small for its members");
    return TENFERRO_OK;
}

/* ---- the directory's entries ---- */

/* Fields that do not fit in 32 bits are in the extra field, in this order and only these. */
static tenferro_status
read_extra64(const tf_zip *zip, const unsigned char *extra, int64_t length, tf_zip_entry *entry)
{
    int64_t *const fields[] = {&entry->size, &entry->compressed, &entry->offset};
    const unsigned char *end = extra + length;
    const unsigned char *p = NULL;
    int64_t left = 0;
    while (end - extra >= 4 && !p) {
        left = tf_get16(extra + 2);
        if (left > end - extra - 4)
            return broken(zip, "an extra field is longer than its place");
        if (tf_get16(extra) == TF_ZIP_EXTRA64)
            p = extra + 4;
        extra += 4 + left;
    }
    for (size_t i = 0; i < TF_COUNT(fields); i++) {
        if (*fields[i] != IN_EXTRA64)
            continue;
        if (!p || left < 8 || !to_int64(tf_get64(p), fields[i]))
            return broken(zip, "a 64-bit size is missing or makes no sense");
        p += 8;
        left -= 8;
    }
    return TENFERRO_OK;
}

/* One entry at *at, which moves to the next. */
static tenferro_status
read_entry(const tf_zip *zip, unsigned char **at, const unsigned char *end, tf_zip_entry *out)
{
    unsigned char *p = *at;
    if (end - p < TF_ZIP_CENTRAL_SIZE || tf_get32(p) != TF_ZIP_CENTRAL)
        return broken(zip, "an entry of its directory makes no sense");
    int64_t name_length = tf_get16(p + 28);
    int64_t extra_length = tf_get16(p + 30);
    int64_t comment_length = tf_get16(p + 32);
    if (name_length + extra_length + comment_length > end - p - TF_ZIP_CENTRAL_SIZE)
        return broken(zip, "an entry of its directory is longer than its place");
    unsigned char *name = p + TF_ZIP_CENTRAL_SIZE;
    *out = (tf_zip_entry){
        .name_length = name_length,
        .flags = tf_get16(p + 8),
        .method = tf_get16(p + 10),
        .crc = tf_get32(p + 16),
        .compressed = tf_get32(p + 20),
        .size = tf_get32(p + 24),
        .offset = tf_get32(p + 42),
    };
    TF_TRY(read_extra64(zip, name + name_length, extra_length, out));
    if (memchr(name, '\0', (size_t)name_length))
        return broken(zip, "a member's name has a NUL in it");
    *at = name + name_length + extra_length + comment_length;
    /* All numbers of the entry are out: its name moves down a byte to make room for a NUL. */
    out->name = (char *)name - 1;
    memmove(out->name, name, (size_t)name_length);
    out->name[name_length] = '\0';
    return TENFERRO_OK;
}

static void sift_down(tf_zip_entry **heap, int64_t root, int64_t count)
{
    for (int64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && heap[child + 1]->offset > heap[child]->offset)
            child++;
        if (heap[root]->offset >= heap[child]->offset)
            return;
        tf_zip_entry *larger = heap[child];
        heap[child] = heap[root];
        heap[root] = larger;
    }
}

/* Heap sort: qsort may take memory that is not the context's, and may recurse. */
static void sort_by_offset(tf_zip_entry **entries, int64_t count)
{
    for (int64_t root = count / 2; root-- > 0;)
        sift_down(entries, root, count);
    for (int64_t last = count; last-- > 1;) {
        tf_zip_entry *largest = entries[0];
        entries[0] = entries[last];
        entries[last] = largest;
        sift_down(entries, 0, last);
    }
}

/* Members lie apart from one another and before the directory: no byte is read for two of them. */
static tenferro_status set_limits(tf_zip *zip, int64_t directory_offset)
{
    tf_zip_entry **sorted = tf_malloc(zip->input.context, zip->count, sizeof *sorted);
    if (!sorted)
        return TENFERRO_OUT_OF_MEMORY;
    for (int64_t i = 0; i < zip->count; i++)
        sorted[i] = &zip->entries[i];
    sort_by_offset(sorted, zip->count);
    tenferro_status status = TENFERRO_OK;
    for (int64_t i = 0; i < zip->count && status == TENFERRO_OK; i++) {
        tf_zip_entry *entry = sorted[i];
        int64_t end;
        entry->limit = i + 1 < zip->count ? sorted[i + 1]->offset : directory_offset;
        if (tf_add_overflows(entry->offset, TF_ZIP_LOCAL_SIZE + entry->name_length, &end) ||
            tf_add_overflows(end, entry->compressed, &end) || end > entry->limit)
            status = broken(zip, "a member overlaps another or lies outside");
    }
    tf_free(zip->input.context, sorted);
    return status;
}

static tenferro_status read_directory(tf_zip *zip)
{
    tenferro_context *context = zip->input.context;
    directory where;
    TF_TRY(locate(zip, &where));
    zip->directory = tf_malloc(context, where.size, 1);
    zip->entries = zip->directory ? tf_malloc(context, where.count, sizeof *zip->entries) : NULL;
    if (!zip->entries)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(tf_input_read(&zip->input, where.offset, zip->directory, where.size));
    unsigned char *at = zip->directory;
    int deflated = 0;
    for (; zip->count < where.count; zip->count++) {
        tf_zip_entry *entry = &zip->entries[zip->count];
        TF_TRY(read_entry(zip, &at, zip->directory + where.size, entry));
        deflated |= entry->method == TF_ZIP_DEFLATED;
    }
    if (at != zip->directory + where.size)
        return broken(zip, "its directory is longer than its members need");
    TF_TRY(set_limits(zip, where.offset));
    if (deflated)
        tf_zlib_open(&zip->zlib);
    return TENFERRO_OK;
}

tenferro_status tf_zip_open(tf_input input, tf_zip *out)
{
    memset(out, 0, sizeof *out);
    out->input = input;
    tf_crc32_init(&out->crc32);
    tenferro_status status;
    if (input.size < 0)
        status = tf_fail(TENFERRO_UNSUPPORTED,
                         "%.512s: an archive is read by position, which a pipe does not offer",
                         input.name);
    else
        status = read_directory(out);
    if (status != TENFERRO_OK)
        tf_zip_close(out);
    return status;
}

void tf_zip_close(tf_zip *zip)
{
    tf_zlib_close(&zip->zlib);
    tf_free(zip->input.context, zip->entries);
    tf_free(zip->input.context, zip->directory);
    zip->entries = NULL;
    zip->directory = NULL;
    zip->count = 0;
    tf_input_close(&zip->input);
}
