/*
 * tf_tree_sweep, compiled once an instruction set: SWEEP names it.
 */
#ifndef SWEEP
#error "SWEEP"
#endif

#include "einsum/tree.h"

/* What the steps would score if p paired r with a first, and with b then. */
typedef struct rotation {
    double written, lower, upper;
} rotation;

TF_INLINE rotation rotate(const tf_tree *t, const uint64_t *a, const uint64_t *b, const uint64_t *r,
                          const uint64_t *p, int low, int high, double written)
{
    double lower = 1, upper = 1, open = 1;
    uint64_t lower_sums = 0, upper_sums = 0;
    int by_size = t->objective.per_element > 0;
    int k = 0, w = low;
    while (w < high && w >= t->class_end[k])
        k++;
    for (; w < high; k++) {
        int end = TF_MIN(t->class_end[k], high);
        int lower_labels = 0, upper_labels = 0, open_labels = 0;
        for (; w < end; w++) {
            uint64_t ar = a[w] | r[w], x = ar & (b[w] | p[w]), xb = x | b[w];
            lower_sums |= ar & ~x;
            upper_sums |= xb & ~p[w];
            lower_labels += __builtin_popcountll(ar);
            upper_labels += __builtin_popcountll(xb);
            if (by_size)
                open_labels += __builtin_popcountll(x);
        }
        lower *= t->powers[k][lower_labels];
        upper *= t->powers[k][upper_labels];
        open *= t->powers[k][open_labels];
    }
    rotation result;
    result.written = open * t->objective.per_element;
    result.lower = lower * t->objective.per_flop * (lower_sums ? 2 : 1) + result.written;
    result.upper = upper * t->objective.per_flop * (upper_sums ? 2 : 1) + written;
    return result;
}

void SWEEP(tf_tree *t, const double *limits, tf_random *random)
{
    tf_tree_node *nodes = t->nodes;
    for (int x = t->count; x < 2 * t->count - 2; x++) {
        uint64_t bits = tf_random_next(random);
        int side = bits & 1, p = nodes[x].parent, x_side = nodes[p].child[1] == x;
        int r = nodes[p].child[!x_side], a = nodes[x].child[side], b = nodes[x].child[!side];
        const uint64_t *as = tf_tree_set(t, a), *bs = tf_tree_set(t, b), *rs = tf_tree_set(t, r);
        const uint64_t *ps = tf_tree_set(t, p);
        int low = TF_MIN(nodes[a].low, nodes[r].low), high = TF_MAX(nodes[a].high, nodes[r].high);
        rotation made = rotate(t, as, bs, rs, ps, TF_MIN(low, nodes[b].low),
                               TF_MAX(high, nodes[b].high), nodes[p].written);
        double limit = limits[(bits >> 1) % TF_LIMITS];
        if (made.lower + made.upper > limit * (nodes[x].score + nodes[p].score))
            continue;
        uint64_t *xs = tf_tree_set(t, x);
        for (int w = nodes[x].low; w < nodes[x].high; w++)
            xs[w] = 0;
        for (int w = low; w < high; w++)
            xs[w] = (as[w] | rs[w]) & (bs[w] | ps[w]);
        while (low < high && !xs[high - 1])
            high--;
        while (low < high && !xs[low])
            low++;
        nodes[x].low = low;
        nodes[x].high = high;
        nodes[x].child[!side] = r;
        nodes[r].parent = x;
        nodes[p].child[!x_side] = b;
        nodes[b].parent = p;
        nodes[x].written = made.written;
        nodes[x].score = made.lower;
        nodes[p].score = made.upper;
    }
}

#undef SWEEP
