/* Names to dense label numbers, extents of labels (broadcasting), sets of labels. */

#include "einsum/network.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "einsum/notation.h"
#include "support/hash.h"

/* Names seen so far, with open addressing: room for twice as many. */
typedef struct name_map {
    int64_t mask;
    int64_t *keys;
    int *values; /* -1: free */
} name_map;

static tenferro_status name_map_create(tenferro_context *context, int64_t names, name_map *map)
{
    int64_t room = 4;
    while (room < 2 * names)
        room *= 2;
    map->mask = room - 1;
    map->keys = tf_malloc(context, room, sizeof *map->keys);
    map->values = map->keys ? tf_malloc(context, room, sizeof *map->values) : NULL;
    if (!map->values)
        return TENFERRO_OUT_OF_MEMORY;
    memset(map->values, 0xff, (size_t)room * sizeof *map->values);
    return TENFERRO_OK;
}

static void name_map_free(tenferro_context *context, name_map *map)
{
    tf_free(context, map->keys);
    tf_free(context, map->values);
}

/* The slot of a name: its value, or -1 to be filled in. */
static int *name_map_at(name_map *map, int64_t name)
{
    int64_t i = (int64_t)(tf_hash_u64((uint64_t)name) & (uint64_t)map->mask);
    while (map->values[i] >= 0 && map->keys[i] != name)
        i = (i + 1) & map->mask;
    map->keys[i] = name;
    return &map->values[i];
}

tf_label_text tf_label_name(const tf_network *network, int label)
{
    tf_label_text text;
    int64_t name = network->names[label];
    if (!network->spelled)
        snprintf(text.chars, sizeof text.chars, "%lld", (long long)name);
    else if (name >= TF_ELLIPSIS_NAME)
        snprintf(text.chars, sizeof text.chars, "...-%lld",
                 (long long)(name - TF_ELLIPSIS_NAME + 1));
    else
        tf_utf8_write((uint32_t)name, text.chars);
    return text;
}

/* Gives label `label` of axis `axis` of operand `operand` its extent, or checks that it has it. */
static tenferro_status meet(tf_network *n, int *owners, int label, int operand, int64_t extent)
{
    int64_t have = n->extents[label];
    if (have == 1 ||
        (extent != 1 && tenferro_extent_is_symbol(have) && !tenferro_extent_is_symbol(extent))) {
        n->extents[label] = extent;
        owners[label] = operand;
    } else if (extent != 1 && extent != have && !tenferro_extent_is_symbol(extent)) {
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "einsum: label %s has extent %lld in operand %d but %lld in operand %d",
                       tf_label_name(n, label).chars, (long long)have, owners[label],
                       (long long)extent, operand);
    }
    return TENFERRO_OK;
}

/*
 * A label repeated in one operand is a diagonal: there an extent of 1 does not broadcast (NumPy's
 * rule).
 */
static tenferro_status check_diagonals(const tf_network *n, int operand, int64_t *seen, int *stamp)
{
    for (int64_t i = n->first[operand]; i < n->first[operand + 1]; i++) {
        int label = n->axis_labels[i];
        int64_t extent = n->axis_extents[i];
        if (stamp[label] != operand) {
            stamp[label] = operand;
            seen[label] = extent;
        } else if (seen[label] != extent && !tenferro_extent_is_symbol(extent) &&
                   !tenferro_extent_is_symbol(seen[label])) {
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "einsum: label %s is repeated in operand %d with extents %lld and %lld",
                           tf_label_name(n, label).chars, operand, (long long)seen[label],
                           (long long)extent);
        }
    }
    return TENFERRO_OK;
}

static int compare_labels(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Which label each axis has, before any is dropped. */
static tenferro_status number_labels(tf_network *n, name_map *map, const int64_t *names)
{
    for (int64_t i = 0; i < n->first[n->count]; i++) {
        int *value = name_map_at(map, names[i]);
        if (*value < 0) {
            if (n->labels == INT_MAX)
                return tf_fail(TENFERRO_OVERFLOW, "einsum: more than 2^31 - 1 labels");
            n->names[n->labels] = names[i];
            n->extents[n->labels] = 1;
            *value = n->labels++;
        }
        n->axis_labels[i] = *value;
    }
    return TENFERRO_OK;
}

static tenferro_status resolve_output(tf_network *n, name_map *map, const int64_t *out_names)
{
    for (int i = 0; i < n->out_rank; i++) {
        int label = *name_map_at(map, out_names[i]);
        if (label < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "einsum: label %lld of the output occurs in no operand",
                           (long long)out_names[i]);
        if (n->in_output[label])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: label %s occurs twice in the output",
                           tf_label_name(n, label).chars);
        n->in_output[label] = 1;
        n->out_extents[i] = n->extents[label];
        n->out_labels[i] = n->extents[label] == 1 ? -1 : label;
    }
    return TENFERRO_OK;
}

/* Axes of extent 1 lose their label; what remains, sorted and each once, is the operand's set. */
static void collect_sets(tf_network *n)
{
    int64_t used = 0;
    for (int i = 0; i < n->count; i++) {
        n->set_first[i] = used;
        for (int64_t k = n->first[i]; k < n->first[i + 1]; k++) {
            if (n->axis_extents[k] == 1)
                n->axis_labels[k] = -1;
            else
                n->sets[used++] = n->axis_labels[k];
        }
        int *set = n->sets + n->set_first[i];
        int64_t size = used - n->set_first[i], kept = 0;
        if (size > 1)
            qsort(set, (size_t)size, sizeof *set, compare_labels);
        for (int64_t k = 0; k < size; k++)
            if (kept == 0 || set[kept - 1] != set[k])
                set[kept++] = set[k];
        used = n->set_first[i] + kept;
    }
    n->set_first[n->count] = used;
}

static tenferro_status resolve(tf_network *n, name_map *map, int *owners, int64_t *seen,
                               const int64_t *names, const int64_t *out_names)
{
    TF_TRY(number_labels(n, map, names));
    int *stamp = owners; /* of each label the operand seen last; then whose extent it has */
    for (int i = 0; i < n->labels; i++)
        stamp[i] = -1;
    for (int i = 0; i < n->count; i++)
        TF_TRY(check_diagonals(n, i, seen, stamp));
    for (int i = 0; i < n->count; i++)
        for (int64_t k = n->first[i]; k < n->first[i + 1]; k++) {
            int64_t extent = n->axis_extents[k];
            if (extent < 0 && !tenferro_extent_is_symbol(extent))
                return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: operand %d has the extent %lld",
                               i, (long long)extent);
            TF_TRY(meet(n, owners, n->axis_labels[k], i, extent));
            n->empty |= extent == 0;
            n->symbolic |= tenferro_extent_is_symbol(extent);
        }
    TF_TRY(resolve_output(n, map, out_names));
    collect_sets(n);
    return TENFERRO_OK;
}

/* Room for everything; labels number at most the axes. */
static tenferro_status allocate(tf_network *n, int64_t axes)
{
    tenferro_context *c = n->context;
    int ok = (n->first = tf_malloc(c, (int64_t)n->count + 1, sizeof *n->first)) != NULL;
    ok = ok && (n->set_first = tf_malloc(c, (int64_t)n->count + 1, sizeof *n->set_first)) != NULL;
    ok = ok && (n->axis_labels = tf_malloc(c, axes, sizeof *n->axis_labels)) != NULL;
    ok = ok && (n->axis_extents = tf_malloc(c, axes, sizeof *n->axis_extents)) != NULL;
    ok = ok && (n->sets = tf_malloc(c, axes, sizeof *n->sets)) != NULL;
    ok = ok && (n->extents = tf_malloc(c, axes, sizeof *n->extents)) != NULL;
    ok = ok && (n->names = tf_malloc(c, axes, sizeof *n->names)) != NULL;
    ok = ok && (n->in_output = tf_calloc(c, axes, sizeof *n->in_output)) != NULL;
    ok = ok && (n->out_labels = tf_malloc(c, n->out_rank, sizeof *n->out_labels)) != NULL;
    ok = ok && (n->out_extents = tf_malloc(c, n->out_rank, sizeof *n->out_extents)) != NULL;
    return ok ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}

tenferro_status
tf_network_create(tenferro_context *context, int spelled, int count, const int *ranks,
                  const int64_t *names, const int64_t *const *extents, int64_t out_rank,
                  const int64_t *out_names, tf_network *out)
{
    tenferro_status status;
    name_map map = {0, NULL, NULL};
    int *owners = NULL;
    int64_t *seen = NULL;
    int64_t axes = 0;
    for (int i = 0; i < count; i++)
        axes += ranks[i];
    *out = (tf_network){.context = context, .count = count, .spelled = spelled};
    if (out_rank > axes)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: the output has %lld labels, the operands only %lld",
                       (long long)out_rank, (long long)axes);
    if (out_rank > INT_MAX)
        return tf_fail(TENFERRO_OVERFLOW, "einsum: the output has %lld labels", (long long)out_rank);
    out->out_rank = (int)out_rank;
    TF_TRY_CLEANUP(allocate(out, axes));
    out->first[0] = 0;
    for (int i = 0; i < count; i++) {
        out->first[i + 1] = out->first[i] + ranks[i];
        if (ranks[i] > 0)
            memcpy(out->axis_extents + out->first[i], extents[i],
                   (size_t)ranks[i] * sizeof **extents);
    }
    TF_TRY_CLEANUP(name_map_create(context, axes, &map));
    status = TENFERRO_OUT_OF_MEMORY;
    owners = tf_malloc(context, axes, sizeof *owners);
    seen = owners ? tf_malloc(context, axes, sizeof *seen) : NULL;
    if (seen)
        status = resolve(out, &map, owners, seen, names, out_names);

cleanup:
    name_map_free(context, &map);
    tf_free(context, owners);
    tf_free(context, seen);
    if (status != TENFERRO_OK)
        tf_network_free(out);
    return status;
}

void tf_network_free(tf_network *network)
{
    tenferro_context *c = network->context;
    tf_free(c, network->first);
    tf_free(c, network->set_first);
    tf_free(c, network->axis_labels);
    tf_free(c, network->axis_extents);
    tf_free(c, network->sets);
    tf_free(c, network->extents);
    tf_free(c, network->names);
    tf_free(c, network->in_output);
    tf_free(c, network->out_labels);
    tf_free(c, network->out_extents);
    *network = (tf_network){.context = c};
}
