/*
 * The layout of each intermediate, compact, chosen from the output down to the operands.
 *
 * A step reads and writes fastest what falls apart into few contiguous groups: its free labels, its
 * contracted ones, its batch.  So the labels of a result are sorted first as its own step makes
 * them (those of a, those of b, the batch), and within each of these as the step that will read it
 * groups them, in the order of that step's result or of its other operand.
 */

#include <stdlib.h>

#include "einsum/plan.h"
#include "support/checked.h"

/* Where an entry of a result should lie; smaller is nearer to unit stride. */
typedef struct wish {
    int group;     /* of the step that makes it */
    int use;       /* group of the step that reads it */
    int64_t order; /* within that */
    int64_t entry;
} wish;

static int compare_wishes(const void *a, const void *b)
{
    const wish *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->use != y->use)
        return x->use < y->use ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* An entry by its label; the labels of a step ascend. */
static int find_entry(const tenferro_einsum_plan *plan, const tf_step *s, int label)
{
    int low = 0, high = s->labels;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (plan->labels[s->at + middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* stride * extent with a zero extent counting as 1; the first overflow is noted for the step. */
static int64_t next_stride(tenferro_einsum_plan *plan, int step, int64_t stride, int64_t extent)
{
    int64_t next;
    if (!tf_mul_overflows(stride, TF_MAX(extent, 1), &next))
        return next;
    if (plan->overflow < 0)
        plan->overflow = step;
    return stride;
}

static void bind_operand(tenferro_einsum_plan *plan, int step, int operand, int64_t *strides)
{
    const tf_network *n = &plan->network;
    const tf_step *s = &plan->step[step];
    int64_t stride = plan->element_size; /* in bytes, so that bytes are checked too */
    for (int64_t i = n->first[operand]; i < n->first[operand + 1]; i++) {
        int label = n->axis_labels[i];
        plan->slots[i] = label < 0 ? -1 : find_entry(plan, s, label);
        if (label >= 0)
            strides[s->at + plan->slots[i]] += stride / plan->element_size;
        stride = next_stride(plan, step, stride, n->axis_extents[i]);
    }
}

static void bind_output(tenferro_einsum_plan *plan)
{
    const tf_network *n = &plan->network;
    const tf_step *s = &plan->step[plan->steps - 1];
    int64_t stride = plan->element_size;
    for (int i = 0; i < n->out_rank; i++) {
        int label = n->out_labels[i];
        plan->out_slots[i] = label < 0 ? -1 : find_entry(plan, s, label);
        if (label >= 0)
            plan->c_strides[s->at + plan->out_slots[i]] = stride / plan->element_size;
        stride = next_stride(plan, plan->steps - 1, stride, n->out_extents[i]);
    }
}

/* The side of the step's result that has unit stride: TF_IN_A, TF_IN_B, both; 0 for a scalar. */
static int unit_side(const tenferro_einsum_plan *plan, const tf_step *s)
{
    int64_t least = INT64_MAX;
    int side = 0;
    for (int64_t e = s->at; e < s->at + s->labels; e++)
        if (!plan->summed[e] && plan->c_strides[e] < least) {
            least = plan->c_strides[e];
            side = plan->sides[e];
        }
    return side;
}

/* For each entry of the reader, its place in the operand beside: an axis, or just its number. */
static void
order_beside(const tenferro_einsum_plan *plan, const tf_step *reader, int beside, int64_t *places)
{
    const tf_network *n = &plan->network;
    for (int i = 0; i < reader->labels; i++)
        places[i] = i;
    if (beside < 0 || beside >= n->count)
        return;
    for (int64_t axis = n->first[beside + 1] - 1; axis >= n->first[beside]; axis--)
        if (plan->slots[axis] >= 0)
            places[plan->slots[axis]] = axis - n->first[beside];
}

/* Strides of a result that the step `reader` takes as operand `side`. */
static void lay_out(tenferro_einsum_plan *plan, int step, const tf_step *reader, int side,
                    wish *wishes, int64_t *places)
{
    const tf_step *s = &plan->step[step];
    int64_t *strides = side == TF_IN_A ? plan->a_strides : plan->b_strides;
    int unit = unit_side(plan, reader), count = 0, entry = 0;
    order_beside(plan, reader, side == TF_IN_A ? reader->b : reader->a, places);
    const wish *best = NULL;
    for (int64_t e = s->at; e < s->at + s->labels; e++) {
        if (plan->summed[e])
            continue;
        while (plan->labels[reader->at + entry] < plan->labels[e])
            entry++;
        int64_t at = reader->at + entry;
        wish *w = &wishes[count++];
        w->entry = e;
        if (plan->summed[at]) {
            w->use = 1;
            w->order = places[entry];
        } else {
            w->use = plan->sides[at] == unit ? 0 : plan->sides[at] == side ? 2 : 3;
            w->order = plan->c_strides[at];
        }
        w->group = 0;
        if (plan->sides[e] != (TF_IN_A | TF_IN_B) && (!best || compare_wishes(w, best) < 0))
            best = w;
    }
    int near = best ? plan->sides[best->entry] : TF_IN_A;
    for (int i = 0; i < count; i++) {
        int sides = plan->sides[wishes[i].entry];
        wishes[i].group = sides == (TF_IN_A | TF_IN_B) ? 2 : sides != near;
    }
    qsort(wishes, (size_t)count, sizeof *wishes, compare_wishes);
    int64_t stride = plan->element_size;
    for (int i = 0; i < count; i++) {
        int64_t e = wishes[i].entry;
        plan->c_strides[e] = stride / plan->element_size;
        stride = next_stride(plan, step, stride, plan->extents[e]);
    }
    entry = 0;
    for (int64_t e = s->at; e < s->at + s->labels; e++) {
        if (plan->summed[e])
            continue;
        while (plan->labels[reader->at + entry] < plan->labels[e])
            entry++;
        strides[reader->at + entry] = plan->c_strides[e];
    }
}

tenferro_status tf_plan_make_strides(tenferro_einsum_plan *plan)
{
    tenferro_context *c = plan->context;
    const tf_network *n = &plan->network;
    int most = 0;
    plan->overflow = -1;
    int ok = (plan->extents = tf_malloc(c, plan->entries, sizeof *plan->extents)) != NULL;
    ok = ok && (plan->a_strides = tf_calloc(c, plan->entries, sizeof *plan->a_strides)) != NULL;
    ok = ok && (plan->b_strides = tf_calloc(c, plan->entries, sizeof *plan->b_strides)) != NULL;
    ok = ok && (plan->c_strides = tf_calloc(c, plan->entries, sizeof *plan->c_strides)) != NULL;
    ok = ok && (plan->slots = tf_malloc(c, n->first[n->count], sizeof *plan->slots)) != NULL;
    ok = ok && (plan->out_slots = tf_malloc(c, n->out_rank, sizeof *plan->out_slots)) != NULL;
    if (!ok)
        return TENFERRO_OUT_OF_MEMORY;
    for (int64_t e = 0; e < plan->entries; e++)
        plan->extents[e] = n->extents[plan->labels[e]];
    for (int i = 0; i < plan->steps; i++)
        most = TF_MAX(most, plan->step[i].labels);

    wish *wishes = tf_malloc(c, most, sizeof *wishes);
    int64_t *places = wishes ? tf_malloc(c, most, sizeof *places) : NULL;
    if (!places) {
        tf_free(c, wishes);
        return TENFERRO_OUT_OF_MEMORY;
    }
    bind_output(plan);
    for (int i = plan->steps - 1; i >= 0; i--) { /* c_strides of step i are known here */
        const tf_step *s = &plan->step[i];
        if (s->a < n->count)
            bind_operand(plan, i, s->a, plan->a_strides);
        if (s->b >= 0 && s->b < n->count)
            bind_operand(plan, i, s->b, plan->b_strides);
        if (s->a >= n->count)
            lay_out(plan, s->a - n->count, s, TF_IN_A, wishes, places);
        if (s->b >= n->count)
            lay_out(plan, s->b - n->count, s, TF_IN_B, wishes, places);
    }
    tf_free(c, wishes);
    tf_free(c, places);
    return TENFERRO_OK;
}
