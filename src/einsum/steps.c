/*
 * The tree as steps: which labels each contraction runs over and which it sums, and in which order
 * the steps go.
 */

#include <float.h>
#include <string.h>

#include "einsum/plan.h"

/* Walks the labels of a node, ascending: an operand's set, or what a step did not sum. */
typedef struct label_walk {
    const int *next, *end;
    const unsigned char *summed; /* NULL: of an operand */
} label_walk;

static void skip_summed(label_walk *w)
{
    while (w->summed && w->next < w->end && *w->summed) {
        w->next++;
        w->summed++;
    }
}

static label_walk walk(const tenferro_einsum_plan *plan, int node)
{
    const tf_network *n = &plan->network;
    if (node < 0)
        return (label_walk){NULL, NULL, NULL};
    if (node < n->count)
        return (label_walk){n->sets + n->set_first[node], n->sets + n->set_first[node + 1], NULL};
    const tf_step *s = &plan->step[node - n->count];
    label_walk w = {plan->labels + s->at, plan->labels + s->at + s->labels, plan->summed + s->at};
    skip_summed(&w);
    return w;
}

static int most_labels(const tenferro_einsum_plan *plan, int node)
{
    const tf_network *n = &plan->network;
    if (node < 0)
        return 0;
    return node < n->count ? (int)(n->set_first[node + 1] - n->set_first[node])
                           : plan->step[node - n->count].labels;
}

static void walk_on(label_walk *w)
{
    w->next++;
    if (w->summed)
        w->summed++;
    skip_summed(w);
}

static tenferro_status reserve(tenferro_einsum_plan *plan, int64_t more)
{
    if (more <= plan->room - plan->entries)
        return TENFERRO_OK;
    int64_t room = 2 * (plan->entries + more);
    int *labels = tf_realloc(plan->context, plan->labels, room, sizeof *labels);
    if (!labels)
        return TENFERRO_OUT_OF_MEMORY;
    plan->labels = labels;
    unsigned char *sides = tf_realloc(plan->context, plan->sides, room, 1);
    if (!sides)
        return TENFERRO_OUT_OF_MEMORY;
    plan->sides = sides;
    unsigned char *summed = tf_realloc(plan->context, plan->summed, room, 1);
    if (!summed)
        return TENFERRO_OUT_OF_MEMORY;
    plan->summed = summed;
    plan->room = room;
    return TENFERRO_OK;
}

static double times(double size, double extent)
{
    return TF_MIN(size * extent, DBL_MAX); /* a cost that stays a number */
}

/* references: of each label, the nodes not yet contracted that have it, and 1 for the output. */
static tenferro_status make_step(tenferro_einsum_plan *plan, tf_step *s, int *references)
{
    TF_TRY(reserve(plan, (int64_t)most_labels(plan, s->a) + most_labels(plan, s->b)));
    label_walk x = walk(plan, s->a), y = walk(plan, s->b);
    int64_t entry = s->at = plan->entries;
    s->multiply_adds = s->elements = 1;
    while (x.next < x.end || y.next < y.end) {
        int in_a = y.next == y.end || (x.next < x.end && *x.next <= *y.next);
        int in_b = x.next == x.end || (y.next < y.end && *y.next <= *x.next);
        int label = in_a ? *x.next : *y.next;
        double extent = tf_extent_estimate(plan->network.extents[label]);
        int summed = references[label] == in_a + in_b;
        plan->labels[entry] = label;
        plan->sides[entry] = (unsigned char)((in_a ? TF_IN_A : 0) | (in_b ? TF_IN_B : 0));
        plan->summed[entry++] = (unsigned char)summed;
        references[label] -= in_a + in_b - !summed;
        s->multiply_adds = times(s->multiply_adds, extent);
        if (!summed)
            s->elements = times(s->elements, extent);
        if (in_a)
            walk_on(&x);
        if (in_b)
            walk_on(&y);
    }
    s->labels = (int)(entry - s->at);
    plan->entries = entry;
    return TENFERRO_OK;
}

tenferro_status tf_plan_make_steps(tenferro_einsum_plan *plan, const int *pairs)
{
    const tf_network *n = &plan->network;
    tenferro_status status;
    plan->steps = TF_MAX(n->count - 1, 1);
    plan->step = tf_calloc(plan->context, plan->steps, sizeof *plan->step);
    int *references = plan->step ? tf_malloc(plan->context, n->labels, sizeof *references) : NULL;
    if (!references)
        return TENFERRO_OUT_OF_MEMORY;
    status = reserve(plan, 1); /* so that the arrays exist when no operand has a label */
    for (int i = 0; i < n->labels; i++)
        references[i] = n->in_output[i];
    for (int64_t i = 0; i < n->set_first[n->count]; i++)
        references[n->sets[i]]++;
    for (int i = 0; i < plan->steps && status == TENFERRO_OK; i++) {
        tf_step *s = &plan->step[i];
        s->a = n->count == 1 ? 0 : pairs[2 * i];
        s->b = n->count == 1 ? -1 : pairs[2 * i + 1];
        status = make_step(plan, s, references);
    }
    tf_free(plan->context, references);
    return status;
}

/*
 * What is alive at most while the subtree of a node is contracted, in elements, and what stays: its
 * result.
 */
typedef struct need {
    double peak, result;
} need;

static need need_of(const tenferro_einsum_plan *plan, const double *peaks, int node)
{
    if (node < plan->network.count)
        return (need){0, 0}; /* operands are the caller's */
    int s = node - plan->network.count;
    return (need){peaks[s], plan->step[s].elements};
}

static double peak_in_order(need first, need second, double result)
{
    double peak = TF_MAX(first.peak, first.result + second.peak);
    return TF_MAX(peak, first.result + second.result + result);
}

/*
 * Depth first, of two subtrees the one first that makes the peak smaller (Sethi and Ullman, J. ACM
 * 17 (1970) 715, with sizes for registers).  `stack` and `order` have room for one node a step;
 * order receives the old step numbers.
 */
static void depth_first(const tenferro_einsum_plan *plan, double *peaks, int *stack, int *order)
{
    int count = plan->network.count, depth = 0, made = plan->steps;
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        need a = need_of(plan, peaks, s->a), b = need_of(plan, peaks, s->b);
        peaks[i] = TF_MIN(peak_in_order(a, b, s->elements), peak_in_order(b, a, s->elements));
    }
    stack[depth++] = plan->steps - 1;
    while (depth > 0) { /* backwards: a step, its second subtree, its first */
        int i = stack[--depth];
        const tf_step *s = &plan->step[i];
        need a = need_of(plan, peaks, s->a), b = need_of(plan, peaks, s->b);
        int b_first = peak_in_order(b, a, s->elements) < peak_in_order(a, b, s->elements);
        int first = b_first ? s->b : s->a, second = b_first ? s->a : s->b;
        order[--made] = i;
        if (first >= count)
            stack[depth++] = first - count;
        if (second >= count)
            stack[depth++] = second - count;
    }
}

tenferro_status tf_plan_sort_steps(tenferro_einsum_plan *plan)
{
    int steps = plan->steps, count = plan->network.count;
    if (steps < 3)
        return TENFERRO_OK;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    double *peaks = tf_malloc(plan->context, steps, sizeof *peaks);
    int *order = peaks ? tf_malloc(plan->context, steps, sizeof *order) : NULL;
    int *places = order ? tf_malloc(plan->context, steps, sizeof *places)
                        : NULL; /* first the stack */
    tf_step *sorted = places ? tf_malloc(plan->context, steps, sizeof *sorted) : NULL;
    if (sorted) {
        depth_first(plan, peaks, places, order);
        for (int i = 0; i < steps; i++)
            places[order[i]] = i;
        for (int i = 0; i < steps; i++) {
            tf_step *s = &sorted[i];
            *s = plan->step[order[i]];
            s->a = s->a < count ? s->a : count + places[s->a - count];
            s->b = s->b < count ? s->b : count + places[s->b - count];
        }
        memcpy(plan->step, sorted, (size_t)steps * sizeof *sorted);
        status = TENFERRO_OK;
    }
    tf_free(plan->context, peaks);
    tf_free(plan->context, order);
    tf_free(plan->context, places);
    tf_free(plan->context, sorted);
    return status;
}
