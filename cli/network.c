/* A tensor network read from JSON. */

#include "network.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define TRY(call)                            \
    do {                                     \
        tenferro_status try_status = (call); \
        if (try_status != TENFERRO_OK)       \
            return try_status;               \
    } while (0)

static tenferro_status out_of_memory(const char *name)
{
    return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "%s: out of memory", name);
}

static tenferro_status wrong(const char *name, const char *what)
{
    return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "%s: %s", name, what);
}

/* Room for `count` elements, at least one. */
static void *allocate(size_t count, size_t size)
{
    return calloc(count > 0 ? count : 1, size);
}

/* A short text of a JSON value, for messages. */
static void show(const json_t *value, char out[48])
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    snprintf(out, 48, strlen(text ? text : "?") < 48 ? "%s" : "%.44s...", text ? text : "?");
    free(text);
}

static tenferro_status
read_label(const json_t *value, const char *name, const char *where, int64_t *out)
{
    if (!json_is_integer(value)) {
        char shown[48];
        show(value, shown);
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "%s: %s: the label %s is not an integer", name, where, shown);
    }
    *out = json_integer_value(value);
    return TENFERRO_OK;
}

/* The extent of a label: an entry of a list, of an object by the label's number, or the object's "*". */
static tenferro_status find_extent(const json_t *size, int64_t label, const char *name, int64_t *out)
{
    const json_t *value = NULL;
    if (json_is_array(size)) {
        if (label >= 0)
            value = json_array_get(size, (size_t)label);
    } else {
        char key[24];
        snprintf(key, sizeof key, "%lld", (long long)label);
        value = json_object_get(size, key);
        if (!value)
            value = json_object_get(size, "*");
    }
    if (!value)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "%s: \"size\" has no extent for label %lld", name,
                                  (long long)label);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        char shown[48];
        show(value, shown);
        return tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "%s: \"size\": the extent %s of label %lld is not a number from 0 up", name, shown,
            (long long)label);
    }
    *out = json_integer_value(value);
    return TENFERRO_OK;
}

static tenferro_status
read_operands(const json_t *ixs, const json_t *size, const char *name, network *n)
{
    size_t axes = 0, used = 0;
    size_t count = json_array_size(ixs);
    if (count == 0)
        return wrong(name, "\"ixs\" must be a list of label lists, one an operand");
    for (size_t i = 0; i < count; i++) {
        const json_t *labels = json_array_get(ixs, i);
        if (!json_is_array(labels))
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                      "%s: ixs[%zu] is not a list of labels", name, i);
        axes += json_array_size(labels);
    }
    if (count > INT_MAX || axes > INT_MAX)
        return tenferro_error_set(TENFERRO_OVERFLOW, "%s: too many operands", name);
    n->count = (int)count;
    n->ranks = allocate(count, sizeof *n->ranks);
    n->labels = allocate(count, sizeof *n->labels);
    n->extents = allocate(count, sizeof *n->extents);
    n->axis_labels = allocate(axes, sizeof *n->axis_labels);
    n->axis_extents = allocate(axes, sizeof *n->axis_extents);
    if (!n->ranks || !n->labels || !n->extents || !n->axis_labels || !n->axis_extents)
        return out_of_memory(name);
    for (size_t i = 0; i < count; i++) {
        const json_t *labels = json_array_get(ixs, i);
        n->ranks[i] = (int)json_array_size(labels);
        n->labels[i] = n->axis_labels + used;
        n->extents[i] = n->axis_extents + used;
        for (size_t k = 0; k < json_array_size(labels); k++, used++) {
            char where[64];
            snprintf(where, sizeof where, "ixs[%zu][%zu]", i, k);
            TRY(read_label(json_array_get(labels, k), name, where, &n->axis_labels[used]));
            TRY(find_extent(size, n->axis_labels[used], name, &n->axis_extents[used]));
        }
    }
    return TENFERRO_OK;
}

static tenferro_status read_output(const json_t *iy, const char *name, network *n)
{
    size_t rank = json_array_size(iy);
    if (rank > INT_MAX)
        return tenferro_error_set(TENFERRO_OVERFLOW, "%s: too many output labels", name);
    n->out_rank = (int)rank;
    n->out_labels = allocate(rank, sizeof *n->out_labels);
    if (!n->out_labels)
        return out_of_memory(name);
    for (size_t k = 0; k < rank; k++) {
        char where[64];
        snprintf(where, sizeof where, "iy[%zu]", k);
        TRY(read_label(json_array_get(iy, k), name, where, &n->out_labels[k]));
    }
    return TENFERRO_OK;
}

static tenferro_status read_names(const json_t *names, const char *name, const network *n)
{
    if (!names)
        return TENFERRO_OK;
    if (!json_is_array(names) || json_array_size(names) != (size_t)n->count)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "%s: \"operands\" must be a list of %d names, one an operand",
                                  name, n->count);
    for (size_t i = 0; i < (size_t)n->count; i++)
        if (!json_is_string(json_array_get(names, i)))
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "%s: operands[%zu] is not a name",
                                      name, i);
    return TENFERRO_OK;
}

static tenferro_status read_document(const char *name, network *n)
{
    const json_t *ixs = json_object_get(n->root, "ixs");
    const json_t *iy = json_object_get(n->root, "iy");
    const json_t *size = json_object_get(n->root, "size");
    const json_t *dtype = json_object_get(n->root, "dtype");
    if (!json_is_object(n->root))
        return wrong(name, "not a network: it must be an object with \"ixs\", \"iy\" and \"size\"");
    if (!json_is_array(ixs))
        return wrong(name, "not a network: \"ixs\" must be a list of label lists, one an operand");
    if (!json_is_array(iy))
        return wrong(name, "not a network: \"iy\" must be the list of output labels");
    if (!json_is_array(size) && !json_is_object(size))
        return wrong(
            name,
            "not a network: \"size\" must be a list of extents, or an object {label: extent}");
    n->dtype = TENFERRO_FLOAT64;
    if (dtype && (!json_is_string(dtype) ||
                  tenferro_dtype_from_name(json_string_value(dtype), &n->dtype) != TENFERRO_OK)) {
        char shown[48];
        show(dtype, shown);
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "%s: the dtype %s is none that tenferro knows", name, shown);
    }
    TRY(read_operands(ixs, size, name, n));
    TRY(read_output(iy, name, n));
    return read_names(json_object_get(n->root, "operands"), name, n);
}

tenferro_status network_parse(const char *text, size_t length, const char *name, network *out)
{
    *out = (network){.count = 0};
    tenferro_status status = document_parse(text, length, name, &out->root);
    if (status == TENFERRO_OK)
        status = read_document(name, out);
    if (status != TENFERRO_OK)
        network_free(out);
    return status;
}

tenferro_status network_read(const char *path, network *out)
{
    *out = (network){.count = 0};
    tenferro_status status = document_read(path, &out->root);
    if (status == TENFERRO_OK)
        status = read_document(path, out);
    if (status != TENFERRO_OK)
        network_free(out);
    return status;
}

void network_free(network *n)
{
    free(n->ranks);
    free(n->labels);
    free(n->extents);
    free(n->axis_labels);
    free(n->axis_extents);
    free(n->out_labels);
    json_decref(n->root);
    *n = (network){.count = 0};
}

const char *network_operand_name(const network *n, int operand)
{
    return json_string_value(json_array_get(json_object_get(n->root, "operands"), (size_t)operand));
}

double network_bytes(const network *n, tenferro_dtype dtype)
{
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    double sum = 0;
    if (tenferro_dtype_describe(NULL, dtype, &info) != TENFERRO_OK)
        return 0;
    for (int i = 0; i < n->count; i++) {
        double size = (double)info.size;
        for (int k = 0; k < n->ranks[i]; k++)
            size *= (double)n->extents[i][k];
        sum += size;
    }
    return sum;
}
