/* The built-in dtypes, their promotion, and the types that users register with a context. */

#include <string.h>

#include "memory/context_private.h"
#include "support/struct_size.h"

typedef enum dtype_kind { TF_KIND_BOOL, TF_KIND_SIGNED, TF_KIND_FLOAT, TF_KIND_COMPLEX } dtype_kind;

typedef struct dtype_row {
    const char *name, *short_name;
    int64_t size, alignment;
    dtype_kind kind;
    int digits;
} dtype_row;

static const dtype_row rows[] = {
#define TF_DTYPE(NAME, name, short_name, kind, digits, component, components)                      \
    [TENFERRO_##                                                                                   \
        NAME] = {name, short_name, (int64_t)sizeof(component) * (components), _Alignof(component), \
                 kind, digits},
#include "support/dtypes.def"
#undef TF_DTYPE
};

struct tf_user_dtype {
    struct tf_user_dtype *older;
    tenferro_dtype id;
    int64_t size, alignment;
    char name[]; /* with its NUL */
};

static const dtype_row *find_row(tenferro_dtype dtype)
{
    return dtype < TF_COUNT(rows) && rows[dtype].name ? &rows[dtype] : NULL;
}

static const dtype_row *find_row_by_name(const char *name)
{
    for (size_t i = 0; i < TF_COUNT(rows); i++)
        if (rows[i].name &&
            (strcmp(name, rows[i].name) == 0 || strcmp(name, rows[i].short_name) == 0))
            return &rows[i];
    return NULL;
}

static const tf_user_dtype *find_user(const tenferro_context *context, tenferro_dtype dtype)
{
    const tf_user_dtype *entry = NULL;
    if (context && dtype >= TENFERRO_DTYPE_USER)
        entry = atomic_load_explicit(&context->dtypes, memory_order_acquire);
    while (entry && entry->id != dtype)
        entry = entry->older;
    return entry;
}

int64_t tf_dtype_size(const tenferro_context *context, tenferro_dtype dtype)
{
    const dtype_row *row = find_row(dtype);
    if (TF_LIKELY(row != NULL))
        return row->size;
    const tf_user_dtype *entry = find_user(context, dtype);
    return entry ? entry->size : 0;
}

const char *tf_dtype_name(const tenferro_context *context, tenferro_dtype dtype)
{
    const dtype_row *row = find_row(dtype);
    if (row)
        return row->name;
    const tf_user_dtype *entry = find_user(context, dtype);
    return entry ? entry->name : "?";
}

tenferro_status tenferro_dtype_describe(const tenferro_context *context, tenferro_dtype dtype,
                                        tenferro_dtype_info *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_describe: out is NULL");
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    const dtype_row *row = find_row(dtype);
    const tf_user_dtype *entry = find_user(context, dtype);
    if (!row && !entry)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_describe: unknown dtype %u",
                       (unsigned)dtype);
    info.name = row ? row->name : entry->name;
    info.size = row ? row->size : entry->size;
    info.alignment = row ? row->alignment : entry->alignment;
    return tf_struct_write("dtype_describe", out, &info, sizeof info);
}

tenferro_status tenferro_dtype_from_name(const char *name, tenferro_dtype *out)
{
    if (!name || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_from_name: NULL argument");
    const dtype_row *row = find_row_by_name(name);
    if (!row)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_from_name: no dtype is called \"%.64s\"",
                       name);
    *out = (tenferro_dtype)(row - rows);
    return TENFERRO_OK;
}

/* The first (smallest) dtype of the larger kind that has the digits of both. */
tenferro_status tenferro_dtype_promote(tenferro_dtype a, tenferro_dtype b, tenferro_dtype *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_promote: out is NULL");
    if (a == b && (find_row(a) || a >= TENFERRO_DTYPE_USER)) {
        *out = a;
        return TENFERRO_OK;
    }
    const dtype_row *x = find_row(a), *y = find_row(b);
    if ((!x && a < TENFERRO_DTYPE_USER) || (!y && b < TENFERRO_DTYPE_USER))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_promote: unknown dtype %u",
                       (unsigned)(x ? b : a));
    if (!x || !y)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "a registered dtype (%u) meets only itself, not %u",
                       (unsigned)(x ? b : a), (unsigned)(x ? a : b));
    dtype_kind kind = TF_MAX(x->kind, y->kind);
    int digits = TF_MAX(x->digits, y->digits);
    for (size_t i = 0; i < TF_COUNT(rows); i++) {
        if (rows[i].name && rows[i].kind == kind && rows[i].digits >= digits) {
            *out = (tenferro_dtype)i;
            return TENFERRO_OK;
        }
    }
    return tf_fail(TENFERRO_DTYPE_MISMATCH,
                   "no dtype holds the values of both %s and %s; convert one with tenferro_cast()",
                   x->name, y->name);
}

/* ---- families ---- */

int tf_dtype_is_complex(tenferro_dtype dtype)
{
    return dtype == TENFERRO_COMPLEX64 || dtype == TENFERRO_COMPLEX128;
}

int tf_dtype_is_floating(tenferro_dtype dtype)
{
    return dtype == TENFERRO_FLOAT32 || dtype == TENFERRO_FLOAT64;
}

int tf_dtype_is_integer(tenferro_dtype dtype)
{
    return dtype == TENFERRO_INT32 || dtype == TENFERRO_INT64;
}

tenferro_dtype tf_dtype_real(tenferro_dtype dtype)
{
    return dtype == TENFERRO_COMPLEX64    ? TENFERRO_FLOAT32
           : dtype == TENFERRO_COMPLEX128 ? TENFERRO_FLOAT64
                                          : dtype;
}

tenferro_dtype tf_dtype_complex(tenferro_dtype dtype)
{
    return dtype == TENFERRO_FLOAT32   ? TENFERRO_COMPLEX64
           : dtype == TENFERRO_FLOAT64 ? TENFERRO_COMPLEX128
                                       : dtype;
}

/* ---- registration ---- */

static tenferro_status check_info(const tenferro_dtype_info *info)
{
    if (!info->name || !*info->name)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_register: no name");
    if (info->size < 1)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_register: \"%.64s\" has size %lld",
                       info->name, (long long)info->size);
    if (info->alignment < 1 || info->alignment > 64 ||
        (info->alignment & (info->alignment - 1)) != 0)
        return tf_fail(
            TENFERRO_INVALID_ARGUMENT,
            "dtype_register: \"%.64s\" has alignment %lld; it must be a power of two up to 64",
            info->name, (long long)info->alignment);
    if (info->size % info->alignment != 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "dtype_register: \"%.64s\": size %lld is no multiple of alignment %lld",
                       info->name, (long long)info->size, (long long)info->alignment);
    if (find_row_by_name(info->name))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_register: \"%s\" is built in", info->name);
    return TENFERRO_OK;
}

/* Puts the entry into the context's list; 0 if the name is taken. */
static int publish(tenferro_context *context, tf_user_dtype *entry)
{
    int taken = 0;
    pthread_mutex_lock(&context->mutex);
    tf_user_dtype *newest = atomic_load_explicit(&context->dtypes, memory_order_relaxed);
    for (const tf_user_dtype *e = newest; e && !taken; e = e->older)
        taken = strcmp(e->name, entry->name) == 0;
    if (!taken) {
        entry->older = newest;
        entry->id = newest ? newest->id + 1 : TENFERRO_DTYPE_USER;
        atomic_store_explicit(&context->dtypes, entry, memory_order_release);
    }
    pthread_mutex_unlock(&context->mutex);
    return !taken;
}

tenferro_status tenferro_dtype_register(tenferro_context *context, const tenferro_dtype_info *info,
                                        tenferro_dtype *out)
{
    if (!context || !info || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_register: NULL argument");
    tenferro_dtype_info own = TENFERRO_DTYPE_INFO_INIT;
    TF_TRY(tf_struct_read("dtype_register", &own, sizeof own, info));
    TF_TRY(check_info(&own));
    size_t length = strlen(own.name);
    tf_user_dtype *entry = tf_malloc(context, 1, sizeof *entry + length + 1);
    if (!entry)
        return TENFERRO_OUT_OF_MEMORY;
    entry->size = own.size;
    entry->alignment = own.alignment;
    memcpy(entry->name, own.name, length + 1);
    if (!publish(context, entry)) {
        tf_free(context, entry);
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "dtype_register: \"%.64s\" is registered already",
                       own.name);
    }
    *out = entry->id;
    return TENFERRO_OK;
}

void tf_dtypes_destroy(tenferro_context *context)
{
    tf_user_dtype *entry = atomic_load(&context->dtypes);
    while (entry) {
        tf_user_dtype *older = entry->older;
        tf_free(context, entry);
        entry = older;
    }
}
