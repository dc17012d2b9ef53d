/* From operands with labels to one list of labels with a stride in each operand. */

#include <stdlib.h>
#include <string.h>

#include "kernels/element.h"
#include "prims/plan.h"
#include "support/checked.h"
#include "support/struct_size.h"
#include "support/text.h"

#define MOST_AXES (1 << 24)

static const char *const names[TF_ROLES] = {"A", "B", "C", "D"};

/* One axis of one operand. */
typedef struct axis {
    int64_t label, extent, stride;
    int position; /* among all axes, in the order of the operands */
    int role;
    int leader; /* the position of the label's first axis */
} axis;

static int by_label(const void *x, const void *y)
{
    const axis *a = x, *b = y;
    if (a->label != b->label)
        return a->label < b->label ? -1 : 1;
    return a->position - b->position;
}

static int by_position(const void *x, const void *y)
{
    return ((const axis *)x)->position - ((const axis *)y)->position;
}

tenferro_status tf_operand_check(const tenferro_operand *o, int role)
{
    if (o->struct_size < sizeof *o)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "operand %s: struct_size is %zu; start from its _INIT", names[role],
                       o->struct_size);
    if (tf_element_size(o->dtype) == 0)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "operand %s: dtype %u is not a built-in one",
                       names[role], (unsigned)o->dtype);
    if (o->rank < 0 || (o->rank > 0 && (!o->extents || !o->labels)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "operand %s: rank %d, or its axes are NULL",
                       names[role], o->rank);
    for (int i = 0; i < o->rank; i++)
        if (o->extents[i] < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "operand %s: extent %lld of axis %d is negative", names[role],
                           (long long)o->extents[i], i);
    return TENFERRO_OK;
}

const int64_t *tf_operand_strides(const tenferro_operand *operand, int64_t *room)
{
    int64_t stride = 1;
    if (operand->strides)
        return operand->strides;
    for (int i = 0; i < operand->rank; i++) {
        room[i] = stride;
        if (tf_mul_overflows(stride, TF_MAX(operand->extents[i], 1), &stride))
            stride = 0; /* its axes are then empty, or its span overflows: both are found later */
    }
    return room;
}

/* Compact strides that do not fit belong to an array that has no elements, or to no array at all. */
static tenferro_status check_compact(const tenferro_operand *o, int role)
{
    int64_t count;
    if (!o->strides && tf_product_overflows(o->rank, o->extents, &count))
        return tf_fail(TENFERRO_OVERFLOW, "operand %s: more elements than int64 counts: %s",
                       names[role], tf_shape_text(o->rank, o->extents).chars);
    return TENFERRO_OK;
}

static tenferro_status collect(tf_arena *arena, const tf_description *d, axis *axes)
{
    static const unsigned char order[TF_ROLES] = {TF_ROLE_A, TF_ROLE_B, TF_ROLE_C, TF_ROLE_D};
    int n = 0;
    for (int k = 0; k < TF_ROLES; k++) {
        const tenferro_operand *o = d->operand[order[k]];
        if (!o)
            continue;
        int64_t *room = tf_arena_take(arena, o->rank, sizeof *room);
        if (!room)
            return TENFERRO_OUT_OF_MEMORY;
        const int64_t *strides = tf_operand_strides(o, room);
        for (int i = 0; i < o->rank; i++, n++)
            axes[n] = (axis){o->labels[i], o->extents[i], strides[i], n, order[k], n};
    }
    return TENFERRO_OK;
}

static tenferro_status add_axis(tf_label *label, const axis *a)
{
    unsigned bit = 1u << a->role;
    if (label->in & bit)
        label->twice |= (unsigned char)bit;
    label->in |= (unsigned char)bit;
    if (tf_add_overflows(label->stride[a->role], a->stride, &label->stride[a->role]))
        return tf_fail(TENFERRO_OVERFLOW, "operand %s: strides of label %lld overflow",
                       names[a->role], (long long)a->label);
    return TENFERRO_OK;
}

/* Makes the list from axes in order of position whose leaders are known. */
static tenferro_status number_labels(const axis *axes, int n, int *index, tf_labels *out)
{
    for (int i = 0; i < n; i++) {
        const axis *a = &axes[i], *leader = &axes[a->leader];
        if (a->extent != leader->extent)
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "label %lld has extent %lld in %s and %lld in %s", (long long)a->label,
                           (long long)leader->extent, names[leader->role], (long long)a->extent,
                           names[a->role]);
        if (a->leader == i) {
            index[i] = out->count++;
            out->list[index[i]] = (tf_label){.extent = a->extent};
        }
        TF_TRY(add_axis(&out->list[index[a->leader]], a));
    }
    return TENFERRO_OK;
}

/* The output's labels first; else the order stays. */
static void output_first(tf_labels *labels, tf_label *room)
{
    int n = 0;
    for (int kept = 1; kept >= 0; kept--) {
        for (int i = 0; i < labels->count; i++)
            if ((labels->list[i].in >> TF_ROLE_D & 1) == kept)
                room[n++] = labels->list[i];
        if (kept)
            labels->kept = n;
    }
    labels->list = room;
}

tenferro_status tf_labels_make(tf_arena *arena, const tf_description *description, tf_labels *out)
{
    int64_t total = 0;
    for (int role = 0; role < TF_ROLES; role++) {
        const tenferro_operand *o = description->operand[role];
        if (!o)
            continue;
        TF_TRY(tf_operand_check(o, role));
        TF_TRY(check_compact(o, role));
        total += o->rank;
    }
    if (total > MOST_AXES)
        return tf_fail(TENFERRO_OVERFLOW, "%lld axes are too many", (long long)total);
    axis *axes = tf_arena_take(arena, total, sizeof *axes);
    int *index = tf_arena_take(arena, total, sizeof *index);
    tf_label *list = tf_arena_take(arena, total, sizeof *list),
             *sorted = tf_arena_take(arena, total, sizeof *sorted);
    if (!axes || !index || !list || !sorted)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(collect(arena, description, axes));
    int n = (int)total;
    if (n > 1)
        qsort(axes, (size_t)n, sizeof *axes, by_label);
    for (int i = 1; i < n; i++)
        axes[i].leader = axes[i].label == axes[i - 1].label ? axes[i - 1].leader : axes[i].position;
    if (n > 1)
        qsort(axes, (size_t)n, sizeof *axes, by_position);
    *out = (tf_labels){.list = list};
    TF_TRY(number_labels(axes, n, index, out));
    output_first(out, sorted);
    return TENFERRO_OK;
}
