/* The tensors that a contraction works on: from files, from an archive, or drawn at random. */

#include "operands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro/io.h>
#include <tenferro/ops.h>

static tenferro_status out_of_memory(void)
{
    return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
}

/* ---- texts ---- */

const char *dtype_text(tenferro_dtype dtype)
{
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    return tenferro_dtype_describe(NULL, dtype, &info) == TENFERRO_OK ? info.name : "unknown";
}

shape_text text_of_shape(int rank, const int64_t *extents)
{
    shape_text text;
    size_t used = 0;
    snprintf(text.chars, sizeof text.chars, "scalar");
    for (int k = 0; k < rank; k++) {
        if (used > sizeof text.chars - 30) {
            snprintf(text.chars + used, sizeof text.chars - used, "x...");
            break;
        }
        used += (size_t)snprintf(text.chars + used, sizeof text.chars - used,
                                 k == 0 ? "%lld" : "x%lld", (long long)extents[k]);
    }
    return text;
}

/* ---- the list ---- */

static tenferro_status allocate(int count, operands *out)
{
    size_t n = count > 0 ? (size_t)count : 1;
    *out = (operands){.count = count};
    out->tensors = calloc(n, sizeof *out->tensors);
    out->names = calloc(n, sizeof *out->names);
    out->ranks = calloc(n, sizeof *out->ranks);
    out->extents = calloc(n, sizeof *out->extents);
    return out->tensors && out->names && out->ranks && out->extents ? TENFERRO_OK : out_of_memory();
}

void operands_free(operands *o)
{
    for (int i = 0; i < o->count; i++) {
        if (o->tensors)
            tenferro_tensor_release(o->tensors[i]);
        if (o->names)
            free(o->names[i]);
    }
    free(o->tensors);
    free(o->names);
    free(o->ranks);
    free(o->extents);
    *o = (operands){.count = 0};
}

/* Takes the tensor's reference. */
static void put(operands *o, int i, tenferro_tensor *tensor)
{
    tenferro_tensor_release(o->tensors[i]);
    o->tensors[i] = tensor;
    o->ranks[i] = tenferro_tensor_rank(tensor);
    o->extents[i] = tenferro_tensor_extents(tensor);
}

static tenferro_status set_name(operands *o, int i, const char *file, const char *member)
{
    size_t length = strlen(file) + (member ? strlen(member) : 0) + 2;
    o->names[i] = malloc(length);
    if (!o->names[i])
        return out_of_memory();
    snprintf(o->names[i], length, "%s%s%s", file, member ? ":" : "", member ? member : "");
    return TENFERRO_OK;
}

double operands_bytes(const operands *o)
{
    double sum = 0;
    for (int i = 0; i < o->count; i++) {
        tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
        int64_t size = 0;
        if (tenferro_dtype_describe(NULL, tenferro_tensor_dtype(o->tensors[i]), &info) ==
                TENFERRO_OK &&
            tenferro_tensor_size(o->tensors[i], &size) == TENFERRO_OK)
            sum += (double)size * (double)info.size;
    }
    return sum;
}

/* ---- files ---- */

/* The member's name in "file.npz:name", or NULL. */
static const char *member_of(const char *argument)
{
    const char *member = NULL;
    for (const char *at = argument; (at = strstr(at, ".npz:")) != NULL; at++)
        member = at + 5;
    return member;
}

static int names_archive(const char *argument)
{
    size_t length = strlen(argument);
    return length >= 4 && strcmp(argument + length - 4, ".npz") == 0;
}

static tenferro_status
read_member(tenferro_context *context, const char *path, const char *member, tenferro_tensor **out)
{
    tenferro_npz *archive = NULL;
    tenferro_status status = tenferro_npz_open(context, path, &archive);
    if (status != TENFERRO_OK)
        return status;
    if (member)
        status = tenferro_npz_read(archive, member, out);
    else if (tenferro_npz_count(archive) == 1)
        status = tenferro_npz_read(archive, tenferro_npz_name(archive, 0), out);
    else
        status = tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                    "%s holds %lld arrays: choose one by name, as in %s:%s", path,
                                    (long long)tenferro_npz_count(archive), path,
                                    tenferro_npz_count(archive) ? tenferro_npz_name(archive, 0)
                                                                : "NAME");
    tenferro_npz_close(archive);
    return status;
}

static tenferro_status
read_file(tenferro_context *context, const char *argument, tenferro_tensor **out)
{
    const char *member = member_of(argument);
    if (!member)
        return names_archive(argument) ? read_member(context, argument, NULL, out)
                                       : tenferro_npy_read(context, argument, out);
    size_t length = (size_t)(member - argument) - 1;
    char *path = malloc(length + 1);
    if (!path)
        return out_of_memory();
    memcpy(path, argument, length);
    path[length] = '\0';
    tenferro_status status = read_member(context, path, member, out);
    free(path);
    return status;
}

tenferro_status
operands_from_files(tenferro_context *context, int count, char *const *files, operands *out)
{
    tenferro_status status = allocate(count, out);
    for (int i = 0; i < count && status == TENFERRO_OK; i++) {
        tenferro_tensor *tensor = NULL;
        status = set_name(out, i, files[i], NULL);
        if (status == TENFERRO_OK)
            status = read_file(context, files[i], &tensor);
        if (status == TENFERRO_OK)
            put(out, i, tensor);
    }
    if (status != TENFERRO_OK)
        operands_free(out);
    return status;
}

static int has_member(const tenferro_npz *archive, const char *name)
{
    for (int64_t i = 0; i < tenferro_npz_count(archive); i++)
        if (strcmp(tenferro_npz_name(archive, i), name) == 0)
            return 1;
    return 0;
}

static tenferro_status
check_shape(const tenferro_tensor *tensor, const network *n, int i, const char *name)
{
    int rank = tenferro_tensor_rank(tensor);
    const int64_t *extents = tenferro_tensor_extents(tensor);
    if (rank == n->ranks[i] &&
        (rank == 0 || memcmp(extents, n->extents[i], (size_t)rank * sizeof *extents) == 0))
        return TENFERRO_OK;
    return tenferro_error_set(TENFERRO_SHAPE_MISMATCH,
                              "operand %d (%s) is %s, but the network says %s", i, name,
                              text_of_shape(rank, extents).chars,
                              text_of_shape(n->ranks[i], n->extents[i]).chars);
}

static tenferro_status
read_members(const tenferro_npz *archive, const char *path, const network *n, operands *out)
{
    const char *format = has_member(archive, "arr_0") && !has_member(archive, "0") ? "arr_%d" : "%d";
    for (int i = 0; i < n->count; i++) {
        char number[24];
        const char *member = network_operand_name(n, i);
        tenferro_tensor *tensor = NULL;
        snprintf(number, sizeof number, format, i);
        tenferro_status status = set_name(out, i, path, member ? member : number);
        if (status == TENFERRO_OK)
            status = tenferro_npz_read(archive, member ? member : number, &tensor);
        if (status != TENFERRO_OK)
            return status;
        put(out, i, tensor);
        status = check_shape(tensor, n, i, out->names[i]);
        if (status != TENFERRO_OK)
            return status;
    }
    return TENFERRO_OK;
}

tenferro_status
operands_from_archive(tenferro_context *context, const char *path, const network *n, operands *out)
{
    tenferro_npz *archive = NULL;
    tenferro_status status = allocate(n->count, out);
    if (status == TENFERRO_OK)
        status = tenferro_npz_open(context, path, &archive);
    if (status == TENFERRO_OK)
        status = read_members(archive, path, n, out);
    tenferro_npz_close(archive);
    if (status != TENFERRO_OK)
        operands_free(out);
    return status;
}

/* ---- random numbers ---- */

/* A label as it occurs in one operand, counted once. */
typedef struct occurrence {
    int64_t label;
    int64_t extent;
    int operand; /* -1: the output */
} occurrence;

static int compare_occurrences(const void *a, const void *b)
{
    const occurrence *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return (x->operand > y->operand) - (x->operand < y->operand);
}

/* scale[i]: the half-width of operand i's distribution; see operands.h. */
static tenferro_status choose_scales(const network *n, double *scale)
{
    size_t total = (size_t)n->out_rank, used = 0;
    for (int i = 0; i < n->count; i++)
        total += (size_t)n->ranks[i];
    occurrence *all = calloc(total + 1, sizeof *all);
    if (!all)
        return out_of_memory();
    for (int k = 0; k < n->out_rank; k++)
        all[used++] = (occurrence){n->out_labels[k], 1, -1};
    for (int i = 0; i < n->count; i++) {
        scale[i] = sqrt(3.0); /* variance 1 */
        for (int k = 0; k < n->ranks[i]; k++)
            all[used++] = (occurrence){n->labels[i][k], n->extents[i][k], i};
    }
    qsort(all, total, sizeof *all, compare_occurrences);
    for (size_t from = 0, to; from < total; from = to) {
        int holders = 0;
        for (to = from; to < total && all[to].label == all[from].label; to++)
            holders += to == from || all[to].operand != all[to - 1].operand;
        if (all[from].operand < 0)
            continue;
        for (size_t at = from; at < to; at++)
            if (all[at].extent > 1 && (at == from || all[at].operand != all[at - 1].operand))
                scale[all[at].operand] *= pow((double)all[at].extent, -0.5 / holders);
    }
    free(all);
    return TENFERRO_OK;
}

static tenferro_status draw(tenferro_context *context, const network *n, tenferro_dtype dtype,
                            uint64_t seed, const double *scale, operands *out)
{
    for (int i = 0; i < n->count; i++) {
        tenferro_tensor *tensor = NULL;
        double low = -scale[i], high = scale[i];
        if (dtype == TENFERRO_INT32 || dtype == TENFERRO_INT64) {
            low = -1;
            high = 2;
        } else if (dtype == TENFERRO_COMPLEX64 || dtype == TENFERRO_COMPLEX128) {
            low /= sqrt(2.0);
            high /= sqrt(2.0);
        }
        tenferro_status status = set_name(out, i, "random", NULL);
        if (status == TENFERRO_OK)
            status = tenferro_random_uniform(context, dtype, n->ranks[i], n->extents[i], seed,
                                             (uint64_t)i, low, high, &tensor);
        if (status != TENFERRO_OK)
            return status;
        put(out, i, tensor);
    }
    return TENFERRO_OK;
}

tenferro_status operands_random(tenferro_context *context, const network *n, tenferro_dtype dtype,
                                uint64_t seed, operands *out)
{
    double *scale = calloc((size_t)n->count, sizeof *scale);
    tenferro_status status = allocate(n->count, out);
    if (status == TENFERRO_OK)
        status = scale ? choose_scales(n, scale) : out_of_memory();
    if (status == TENFERRO_OK)
        status = draw(context, n, dtype, seed, scale, out);
    free(scale);
    if (status != TENFERRO_OK)
        operands_free(out);
    return status;
}

/* ---- dtypes ---- */

/* As NumPy's "same kind": bool, integer, real, complex; a cast must not go down. */
static int kind_of(tenferro_dtype dtype)
{
    switch (dtype) {
    case TENFERRO_BOOL:
        return 0;
    case TENFERRO_INT32:
    case TENFERRO_INT64:
        return 1;
    case TENFERRO_FLOAT32:
    case TENFERRO_FLOAT64:
        return 2;
    default:
        return 3;
    }
}

static tenferro_status common_dtype(const operands *o, tenferro_dtype *out)
{
    tenferro_dtype common = tenferro_tensor_dtype(o->tensors[0]);
    for (int i = 1; i < o->count; i++) {
        tenferro_dtype dtype = tenferro_tensor_dtype(o->tensors[i]);
        tenferro_status status = tenferro_dtype_promote(common, dtype, &common);
        if (status != TENFERRO_OK)
            return tenferro_error_set(
                status,
                "operand %d (%s) is %s, which meets the %s of those before in no dtype "
                "without loss: choose one with --dtype",
                i, o->names[i], dtype_text(dtype), dtype_text(common));
    }
    *out = common;
    return TENFERRO_OK;
}

tenferro_status operands_convert(operands *o, tenferro_dtype dtype, tenferro_dtype *out)
{
    tenferro_status status = TENFERRO_OK;
    *out = dtype;
    if (dtype == 0)
        status = common_dtype(o, out);
    for (int i = 0; i < o->count && status == TENFERRO_OK; i++) {
        tenferro_tensor *converted = NULL;
        tenferro_dtype has = tenferro_tensor_dtype(o->tensors[i]);
        if (has == *out)
            continue;
        if (kind_of(has) > kind_of(*out))
            return tenferro_error_set(TENFERRO_DTYPE_MISMATCH,
                                      "operand %d (%s) is %s: as %s it would lose its values", i,
                                      o->names[i], dtype_text(has), dtype_text(*out));
        status = tenferro_cast(o->tensors[i], *out, &converted);
        if (status == TENFERRO_OK)
            put(o, i, converted);
    }
    return status;
}

tenferro_status operands_save(const operands *o, const char *path)
{
    char(*numbers)[24] = calloc((size_t)o->count, sizeof *numbers);
    const char **names = calloc((size_t)o->count, sizeof *names);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (!numbers || !names) {
        status = out_of_memory();
    } else {
        for (int i = 0; i < o->count; i++) {
            snprintf(numbers[i], sizeof numbers[i], "%d", i);
            names[i] = numbers[i];
        }
        status = tenferro_npz_write(path, o->count, names,
                                    (const tenferro_tensor *const *)o->tensors);
    }
    free(numbers);
    free(names);
    return status;
}
