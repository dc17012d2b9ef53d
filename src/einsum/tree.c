/* Making a tree from operands and an order, and an order from a tree. */

#include "einsum/tree.h"

#include <stdlib.h>
#include <string.h>

#include "support/checked.h"

static const double huge = 1e300; /* scores stay numbers */

typedef struct label_extent {
    double extent;
    int label;
} label_extent;

static int by_extent(const void *x, const void *y)
{
    const label_extent *a = x, *b = y;
    if (a->extent < b->extent || a->extent > b->extent)
        return a->extent < b->extent ? -1 : 1;
    return (a->label > b->label) - (a->label < b->label);
}

/*
 * Gives each label its bit; labels of one extent fill words of their own, the rest of their last
 * word stays empty.
 */
static tenferro_status place_labels(const tf_network *n, tf_tree *t)
{
    tenferro_context *c = n->context;
    label_extent *sorted = tf_malloc(c, n->labels, sizeof *sorted);
    t->label_bits = sorted ? tf_malloc(c, n->labels, sizeof *t->label_bits) : NULL;
    if (!t->label_bits) {
        tf_free(c, sorted);
        return TENFERRO_OUT_OF_MEMORY;
    }
    for (int i = 0; i < n->labels; i++)
        t->label_bits[i] = -1;
    int labels = 0; /* that the operands have */
    for (int64_t i = 0; i < n->set_first[n->count]; i++) {
        int label = n->sets[i];
        if (t->label_bits[label] < 0)
            sorted[labels++] = (label_extent){tf_extent_estimate(n->extents[label]), label};
        t->label_bits[label] = 0;
    }
    if (labels > 1)
        qsort(sorted, (size_t)labels, sizeof *sorted, by_extent);
    int64_t powers = 0;
    for (int i = 0, end; i < labels; i = end, t->classes++) {
        for (end = i + 1; end < labels && sorted[end].extent <= sorted[i].extent;)
            end++;
        powers += end - i + 1;
    }
    int ok = (t->class_end = tf_malloc(c, t->classes, sizeof *t->class_end)) != NULL;
    ok = ok && (t->powers = tf_malloc(c, t->classes, sizeof *t->powers)) != NULL;
    ok = ok && (t->all_powers = tf_malloc(c, powers, sizeof *t->all_powers)) != NULL;
    if (ok) {
        double *power = t->all_powers;
        int k = 0, bit = 0;
        for (int i = 0, end; i < labels; i = end, k++) {
            t->powers[k] = power;
            *power++ = 1;
            for (end = i; end < labels && sorted[end].extent <= sorted[i].extent; end++) {
                *power = TF_MIN(power[-1] * sorted[i].extent, huge);
                power++;
                t->label_bits[sorted[end].label] = bit++;
            }
            bit = (bit + 63) / 64 * 64;
            t->class_end[k] = bit / 64;
        }
        t->words = bit / 64;
    }
    tf_free(c, sorted);
    return ok ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}

void tf_tree_find_range(tf_tree *t, int node)
{
    const uint64_t *set = tf_tree_set(t, node);
    int low = 0, high = t->words;
    while (high > 0 && !set[high - 1])
        high--;
    while (low < high && !set[low])
        low++;
    t->nodes[node].low = low;
    t->nodes[node].high = high;
}

static void fill_operands(const tf_network *n, tf_tree *t)
{
    for (int i = 0; i < n->labels; i++)
        if (t->label_bits[i] >= 0)
            t->bit_holders[t->label_bits[i]] = n->in_output[i];
    for (int i = 0; i < n->count; i++) {
        uint64_t *set = tf_tree_set(t, i);
        for (int64_t k = n->set_first[i]; k < n->set_first[i + 1]; k++) {
            int bit = t->label_bits[n->sets[k]];
            set[bit / 64] |= UINT64_C(1) << bit % 64;
            t->bit_holders[bit]++;
        }
        t->nodes[i] = (tf_tree_node){.parent = -1, .child = {-1, -1}};
        tf_tree_find_range(t, i);
    }
}

tenferro_status
tf_tree_create(const tf_network *n, tf_objective objective, int64_t most_bytes, tf_tree *out)
{
    tenferro_context *c = n->context;
    int64_t nodes = 2 * (int64_t)n->count - 1, set_words;
    *out = (tf_tree){.context = c, .objective = objective, .count = n->count, .labels = n->labels};
    tf_tree *t = out;
    tenferro_status status;
    TF_TRY_CLEANUP(place_labels(n, t));
    status = TENFERRO_UNSUPPORTED;
    if (tf_mul_overflows(nodes, t->words, &set_words) || set_words > most_bytes / 8)
        goto cleanup;
    status = TENFERRO_OUT_OF_MEMORY;
    int ok = (t->bit_holders = tf_calloc(c, 64 * (int64_t)t->words, sizeof *t->bit_holders)) != NULL;
    ok = ok && (t->live = tf_malloc(c, 64 * (int64_t)t->words, sizeof *t->live)) != NULL;
    ok = ok && (t->sets = tf_calloc(c, set_words, sizeof *t->sets)) != NULL;
    ok = ok && (t->nodes = tf_malloc(c, nodes, sizeof *t->nodes)) != NULL;
    ok = ok && (t->stack = tf_malloc(c, 2 * nodes, sizeof *t->stack)) != NULL;
    if (ok) {
        fill_operands(n, t);
        status = TENFERRO_OK;
    }
cleanup:
    if (status != TENFERRO_OK)
        tf_tree_free(t);
    return status;
}

void tf_tree_free(tf_tree *t)
{
    tenferro_context *c = t->context;
    tf_free(c, t->class_end);
    tf_free(c, t->powers);
    tf_free(c, t->all_powers);
    tf_free(c, t->label_bits);
    tf_free(c, t->bit_holders);
    tf_free(c, t->live);
    tf_free(c, t->sets);
    tf_free(c, t->nodes);
    tf_free(c, t->stack);
    *t = (tf_tree){.context = c};
}

/* The product of the extents of a set. */
static double size_of(const tf_tree *t, const uint64_t *set)
{
    double size = 1;
    for (int k = 0, w = 0; k < t->classes; k++) {
        int labels = 0;
        for (; w < t->class_end[k]; w++)
            for (uint64_t bits = set[w]; bits; bits &= bits - 1)
                labels++;
        size *= t->powers[k][labels];
    }
    return TF_MIN(size, huge);
}

/* The open labels of a new step, when `live` says what is not yet contracted. */
static void close_labels(tf_tree *t, int node)
{
    const uint64_t *a = tf_tree_set(t, t->nodes[node].child[0]);
    const uint64_t *b = tf_tree_set(t, t->nodes[node].child[1]);
    uint64_t *set = tf_tree_set(t, node);
    for (int w = 0; w < t->words; w++) {
        set[w] = a[w] | b[w];
        for (uint64_t both = a[w] & b[w]; both; both &= both - 1)
            t->live[64 * w + __builtin_ctzll(both)]--;
        for (uint64_t any = set[w]; any; any &= any - 1)
            if (t->live[64 * w + __builtin_ctzll(any)] == 1)
                set[w] &= ~(any & -any);
    }
}

void tf_tree_score_node(tf_tree *t, int node)
{
    tf_tree_node *x = &t->nodes[node];
    const uint64_t *a = tf_tree_set(t, x->child[0]), *b = tf_tree_set(t, x->child[1]);
    const uint64_t *open = tf_tree_set(t, node);
    double size = 1;
    uint64_t sums = 0;
    for (int k = 0, w = 0; k < t->classes; k++) {
        int labels = 0;
        for (; w < t->class_end[k]; w++) {
            uint64_t any = a[w] | b[w];
            sums |= any & ~open[w];
            for (; any; any &= any - 1)
                labels++;
        }
        size *= t->powers[k][labels];
    }
    x->written = size_of(t, open) * t->objective.per_element;
    x->score = TF_MIN(size, huge) * t->objective.per_flop * (sums ? 2 : 1) + x->written;
}

void tf_tree_load(tf_tree *t, const int *pairs)
{
    memcpy(t->live, t->bit_holders, 64 * (size_t)t->words * sizeof *t->live);
    for (int s = 0; s + 1 < t->count; s++) {
        int node = t->count + s, a = pairs[2 * s], b = pairs[2 * s + 1];
        t->nodes[node] = (tf_tree_node){.parent = -1, .child = {a, b}};
        t->nodes[a].parent = t->nodes[b].parent = node;
        close_labels(t, node);
        tf_tree_find_range(t, node);
        tf_tree_score_node(t, node);
    }
}

void tf_tree_store(const tf_tree *t, int *pairs)
{
    int depth = 0, made = 2 * t->count - 2;
    int *stack = t->stack, *number = t->stack + 2 * t->count - 1;
    stack[depth++] = made;
    while (depth > 0) { /* backwards: a node, its second subtree, its first */
        int node = stack[--depth];
        const int *child = t->nodes[node].child;
        number[node] = made--;
        for (int side = 0; side < 2; side++) {
            if (child[side] >= t->count)
                stack[depth++] = child[side];
            else
                number[child[side]] = child[side];
        }
    }
    for (int node = t->count; node < 2 * t->count - 1; node++)
        for (int side = 0; side < 2; side++)
            pairs[2 * (number[node] - t->count) + side] = number[t->nodes[node].child[side]];
}

double tf_tree_score(const tf_tree *t)
{
    double sum = 0;
    for (int node = t->count; node < 2 * t->count - 1; node++)
        sum += t->nodes[node].score;
    return TF_MIN(sum, huge);
}
