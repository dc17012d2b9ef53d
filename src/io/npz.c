/* The public doors to .npz: zip archives whose members are .npy files. */

#include <string.h>
#include <tenferro/io.h>

#include "io/names.h"
#include "io/npy.h"
#include "io/zip.h"
#include "io/zip_writer.h"
#include "memory/context.h"
#include "support/text.h"

#define ENDING ".npy"
#define ENDING_LENGTH ((int64_t)sizeof ENDING - 1)
#define LONGEST_NAME (65535 - ENDING_LENGTH)

struct tenferro_npz {
    tenferro_context *context; /* held */
    char *file_name;
    tf_zip zip;
    char **names; /* without their ending; inside `text` */
    char *text;
    tf_names index; /* of names with and without ending: the member */
};

/* ---- reading ---- */

static int has_ending(const char *name, int64_t length)
{
    return length >= ENDING_LENGTH && strcmp(name + length - ENDING_LENGTH, ENDING) == 0;
}

static tenferro_status make_names(tenferro_npz *npz)
{
    const tf_zip *zip = &npz->zip;
    int64_t length = 0;
    for (int64_t i = 0; i < zip->count; i++)
        length += zip->entries[i].name_length + 1;
    npz->names = tf_malloc(npz->context, zip->count, sizeof *npz->names);
    npz->text = npz->names ? tf_malloc(npz->context, length, 1) : NULL;
    if (!npz->text)
        return TENFERRO_OUT_OF_MEMORY;
    char *p = npz->text;
    for (int64_t i = 0; i < zip->count; i++) {
        const tf_zip_entry *entry = &zip->entries[i];
        int64_t stem = entry->name_length;
        if (has_ending(entry->name, stem))
            stem -= ENDING_LENGTH;
        memcpy(p, entry->name, (size_t)stem);
        p[stem] = '\0';
        npz->names[i] = p;
        p += stem + 1;
    }
    return TENFERRO_OK;
}

/* Of two members of a name the last counts, as for NumPy; a whole name counts before one without
 * its ending. */
static tenferro_status make_index(tenferro_npz *npz)
{
    int64_t count = npz->zip.count;
    TF_TRY(tf_names_create(npz->context, 2 * count, &npz->index));
    for (int whole = 0; whole < 2; whole++)
        for (int64_t i = 0; i < count; i++) {
            const char *name = whole ? npz->zip.entries[i].name : npz->names[i];
            *tf_names_find(&npz->index, name) = (tf_name){name, i};
        }
    return TENFERRO_OK;
}

/* Over memory if `bytes` is not NULL, else over the file called `name`. */
static tenferro_status open_archive(tenferro_context *context, const void *bytes, size_t count,
                                    const char *name, tenferro_npz **out)
{
    tenferro_npz *npz = tf_calloc(context, 1, sizeof *npz);
    if (!npz)
        return TENFERRO_OUT_OF_MEMORY;
    npz->context = tenferro_context_retain(context);
    npz->zip.input = (tf_input){.context = context, .fd = -1};
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    tf_input input;
    npz->file_name = tf_strdup(context, name);
    if (!npz->file_name)
        goto cleanup;
    if (bytes)
        input = tf_input_memory(context, bytes, count, npz->file_name);
    else
        TF_TRY_CLEANUP(tf_input_open(context, npz->file_name, &input));
    TF_TRY_CLEANUP(tf_zip_open(input, &npz->zip));
    TF_TRY_CLEANUP(make_names(npz));
    TF_TRY_CLEANUP(make_index(npz));
    *out = npz;
    return TENFERRO_OK;
cleanup:
    tenferro_npz_close(npz);
    return status;
}

tenferro_status tenferro_npz_open(tenferro_context *context, const char *path, tenferro_npz **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_open: out is NULL");
    *out = NULL;
    if (!context || !path)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_open: %s is NULL",
                       context ? "path" : "context");
    return open_archive(context, NULL, 0, path, out);
}

tenferro_status tenferro_npz_open_memory(tenferro_context *context, const void *bytes, size_t count,
                                         const char *name, tenferro_npz **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_open_memory: out is NULL");
    *out = NULL;
    if (!context || !name || (!bytes && count > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_open_memory: %s is NULL",
                       !context ? "context"
                       : name   ? "bytes"
                                : "name");
    return open_archive(context, bytes ? bytes : "", count, name, out);
}

void tenferro_npz_close(tenferro_npz *npz)
{
    if (!npz)
        return;
    tenferro_context *context = npz->context;
    tf_zip_close(&npz->zip);
    tf_names_free(context, &npz->index);
    tf_free(context, npz->names);
    tf_free(context, npz->text);
    tf_free(context, npz->file_name);
    tf_free(context, npz);
    tenferro_context_release(context);
}

int64_t tenferro_npz_count(const tenferro_npz *npz)
{
    return npz ? npz->zip.count : 0;
}

const char *tenferro_npz_name(const tenferro_npz *npz, int64_t index)
{
    return npz && index >= 0 && index < npz->zip.count ? npz->names[index] : NULL;
}

static tenferro_status no_member(const tenferro_npz *npz, const char *name)
{
    char list[512];
    tf_text text;
    tf_text_init(&text, list, sizeof list);
    int64_t i = 0;
    for (; i < npz->zip.count && text.length + strlen(npz->names[i]) + 16 < sizeof list; i++)
        tf_text_add(&text, i > 0 ? ", %s" : "%s", npz->names[i]);
    if (i < npz->zip.count)
        tf_text_add(&text, i > 0 ? ", ..." : "...");
    return tf_fail(TENFERRO_INVALID_ARGUMENT, "%.255s: no member called '%.128s'; there are: %s",
                   npz->file_name, name, npz->zip.count > 0 ? list : "none");
}

tenferro_status tenferro_npz_read(const tenferro_npz *npz, const char *name, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_read: out is NULL");
    *out = NULL;
    if (!npz || !name)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_read: %s is NULL", npz ? "name" : "npz");
    const tf_name *found = tf_names_find(&npz->index, name);
    if (!found->text)
        return no_member(npz, name);
    tf_zip_member member;
    tenferro_tensor *tensor = NULL;
    TF_TRY(tf_zip_member_open(&npz->zip, found->number, &member));
    tenferro_status status = tf_npy_read(&member.stream, &tensor);
    if (status == TENFERRO_OK)
        status = tf_zip_member_finish(&member);
    tf_zip_member_close(&member);
    if (status == TENFERRO_OK)
        *out = tensor;
    else
        tenferro_tensor_release(tensor);
    return status;
}

/* ---- writing ---- */

/* UTF-8 as RFC 3629 has it: readers refuse whole archives for a name that is not. */
static int is_utf8(const char *name)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        int more = *p < 0x80 ? 0 : *p < 0xc0 ? 4 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        if (more == 4 || *p >= 0xf8)
            return 0;
        uint32_t code = more ? *p & 0x3fu >> more : *p;
        for (int i = 0; i < more; i++) {
            if ((*++p & 0xc0) != 0x80) /* a NUL ends the loop here */
                return 0;
            code = code << 6 | (*p & 0x3fu);
        }
        if (code < smallest[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return 0;
    }
    return 1;
}

static tenferro_status check_name(const char *name, int64_t number, tf_names *seen)
{
    const char *wrong = !name || !*name               ? "empty"
                        : strlen(name) > LONGEST_NAME ? "too long"
                        : !is_utf8(name)              ? "not UTF-8"
                                                      : NULL;
    if (wrong)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_write: name %lld is %s", (long long)number,
                       wrong);
    tf_name *slot = tf_names_find(seen, name);
    if (slot->text)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_write: '%.255s' is there twice", name);
    *slot = (tf_name){name, number};
    return TENFERRO_OK;
}

/* Each name is a good one and there only once. */
static tenferro_status
check_names(tenferro_context *context, int64_t count, const char *const *names)
{
    tf_names seen;
    TF_TRY(tf_names_create(context, count, &seen));
    tenferro_status status = TENFERRO_OK;
    for (int64_t i = 0; i < count && status == TENFERRO_OK; i++)
        status = check_name(names[i], i, &seen);
    tf_names_free(context, &seen);
    return status;
}

static tenferro_status write_member(tf_output *output, const char *name,
                                    const tenferro_tensor *tensor, tf_zip_record *record)
{
    tf_npy_image image;
    TF_TRY(tf_npy_image_create(tensor, &image));
    tenferro_status status;
    TF_TRY_CLEANUP(
        tf_zip_write_begin(output, name, image.header_bytes + image.element_bytes, record));
    TF_TRY_CLEANUP(tf_npy_image_write(&image, output));
    TF_TRY_CLEANUP(tf_zip_write_end(output, record));
cleanup:
    tf_npy_image_free(&image);
    return status;
}

static tenferro_status write_members(tf_output *output, int64_t count, const char *const *full_names,
                                     const tenferro_tensor *const *tensors, tf_zip_record *records)
{
    for (int64_t i = 0; i < count; i++)
        TF_TRY(write_member(output, full_names[i], tensors[i], &records[i]));
    return tf_zip_write_directory(output, count, records);
}

/* The names with their ending, in one block behind the pointers; NULL if there is no memory. */
static char **with_ending(tenferro_context *context, int64_t count, const char *const *names)
{
    int64_t length = 0;
    for (int64_t i = 0; i < count; i++)
        length += (int64_t)strlen(names[i]) + ENDING_LENGTH + 1;
    char **full = tf_malloc(context, count * (int64_t)sizeof *full + length, 1);
    char *p = full ? (char *)(full + count) : NULL;
    for (int64_t i = 0; i < count && p; i++) {
        size_t stem = strlen(names[i]);
        full[i] = p;
        memcpy(p, names[i], stem);
        memcpy(p + stem, ENDING, sizeof ENDING);
        p += stem + sizeof ENDING;
    }
    return full;
}

static tenferro_status write_archive(tenferro_context *context, const char *path, int64_t count,
                                     const char *const *names, const tenferro_tensor *const *tensors)
{
    tf_crc32 crc32;
    tf_output output;
    TF_TRY(check_names(context, count, names));
    tf_crc32_init(&crc32);
    char **full_names = with_ending(context, count, names);
    tf_zip_record *records = full_names ? tf_malloc(context, count, sizeof *records) : NULL;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (!records)
        goto cleanup;
    TF_TRY_CLEANUP(tf_output_open(context, path, &output));
    output.crc32 = &crc32;
    status = write_members(&output, count, (const char *const *)full_names, tensors, records);
    status = tf_output_close(&output, status);
cleanup:
    tf_free(context, full_names);
    tf_free(context, records);
    return status;
}

tenferro_status tenferro_npz_write(const char *path, int64_t count, const char *const *names,
                                   const tenferro_tensor *const *tensors)
{
    if (!path || count < 0 || (count > 0 && (!names || !tensors)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_write: %s",
                       !path       ? "path is NULL"
                       : count < 0 ? "a negative number of members"
                                   : "names or tensors is NULL");
    for (int64_t i = 0; i < count; i++)
        if (!tensors[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "npz_write: tensor %lld is NULL",
                           (long long)i);
    if (count > 0)
        return write_archive(tenferro_tensor_context(tensors[0]), path, count, names, tensors);
    tf_output output; /* an empty archive, with no context to ask for memory */
    TF_TRY(tf_output_open(NULL, path, &output));
    return tf_output_close(&output, tf_zip_write_directory(&output, 0, NULL));
}
