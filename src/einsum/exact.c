/*
 * The best tree over up to TF_EXACT_MOST nodes of a tree, by dynamic programming over their
 * subsets: for each subset the cheapest pair of disjoint parts, outer products included.
 */

#include "einsum/search.h"

#include <math.h>

enum { WORDS = 4, BYTES = 8 * WORDS };

typedef struct label_set {
    uint64_t words[WORDS];
} label_set;

/* The last arrays have an entry a subset of the leaves, as a mask. */
struct tf_exact {
    tenferro_context *context;
    int count; /* leaves */
    int leaves[TF_EXACT_MOST], inner[TF_EXACT_MOST - 1];
    int bytes;                /* of a set, in use: the leaves' labels are numbered anew */
    double (*products)[256];  /* of each byte of a set and its value: the product of extents */
    label_set *inside, *open; /* the labels of the leaves; those that the rest has, too */
    double *best, *written;
    int *part; /* the part of the subset that is contracted with the rest of it */
};

tenferro_status tf_exact_create(tenferro_context *c, int most, tf_exact **out)
{
    int64_t subsets = INT64_C(1) << most;
    tf_exact *e = tf_calloc(c, 1, sizeof *e);
    if (!e)
        return TENFERRO_OUT_OF_MEMORY;
    e->context = c;
    int ok = (e->products = tf_malloc(c, BYTES, sizeof *e->products)) != NULL;
    ok = ok && (e->inside = tf_malloc(c, subsets, sizeof *e->inside)) != NULL;
    ok = ok && (e->open = tf_malloc(c, subsets, sizeof *e->open)) != NULL;
    ok = ok && (e->best = tf_malloc(c, subsets, sizeof *e->best)) != NULL;
    ok = ok && (e->written = tf_malloc(c, subsets, sizeof *e->written)) != NULL;
    ok = ok && (e->part = tf_malloc(c, subsets, sizeof *e->part)) != NULL;
    if (!ok) {
        tf_exact_free(e);
        return TENFERRO_OUT_OF_MEMORY;
    }
    *out = e;
    return TENFERRO_OK;
}

void tf_exact_free(tf_exact *e)
{
    if (!e)
        return;
    tf_free(e->context, e->products);
    tf_free(e->context, e->inside);
    tf_free(e->context, e->open);
    tf_free(e->context, e->best);
    tf_free(e->context, e->written);
    tf_free(e->context, e->part);
    tf_free(e->context, e);
}

/* The subtrees of `root` that are the leaves: the dearest is opened, now and then any. */
static void choose_leaves(tf_exact *e, const tf_tree *t, int root, int most, tf_random *random)
{
    int count = 2;
    e->inner[0] = root;
    e->leaves[0] = t->nodes[root].child[0];
    e->leaves[1] = t->nodes[root].child[1];
    while (count < most) {
        int open = -1, any = tf_random_below(random, 4) == 0;
        double highest = -1;
        for (int i = 0; i < count; i++) {
            int leaf = e->leaves[i];
            double rank = any ? tf_random_unit(random) : t->nodes[leaf].score;
            if (leaf >= t->count && rank > highest) {
                highest = rank;
                open = i;
            }
        }
        if (open < 0)
            break;
        int node = e->leaves[open];
        e->inner[count - 1] = node;
        e->leaves[open] = t->nodes[node].child[0];
        e->leaves[count++] = t->nodes[node].child[1];
    }
    e->count = count;
}

/* Numbers the leaves' labels, fills their sets and the tables of products; 0 if they are too many. */
static int number_labels(tf_exact *e, const tf_tree *t, label_set *outside)
{
    int labels = 0, k = 0;
    double extents[64 * WORDS];
    *outside = (label_set){{0}};
    for (int i = 0; i < e->count; i++)
        e->inside[1 << i] = (label_set){{0}};
    for (int w = 0; w < t->words; w++) {
        uint64_t any = 0;
        while (w >= t->class_end[k])
            k++;
        for (int i = 0; i < e->count; i++)
            any |= tf_tree_set(t, e->leaves[i])[w];
        for (; any; any &= any - 1, labels++) {
            uint64_t bit = any & -any, number = UINT64_C(1) << labels % 64;
            if (labels == 64 * WORDS)
                return 0;
            extents[labels] = t->powers[k][1];
            for (int i = 0; i < e->count; i++)
                if (tf_tree_set(t, e->leaves[i])[w] & bit)
                    e->inside[1 << i].words[labels / 64] |= number;
            if (tf_tree_set(t, e->inner[0])[w] & bit)
                outside->words[labels / 64] |= number;
        }
    }
    e->bytes = (labels + 7) / 8;
    for (int byte = 0; byte < e->bytes; byte++) {
        double *products = e->products[byte];
        products[0] = 1;
        for (int value = 1; value < 256; value++) {
            int label = 8 * byte + __builtin_ctz((unsigned)value);
            products[value] = products[value & (value - 1)] * (label < labels ? extents[label] : 1);
        }
    }
    return 1;
}

static double size_of(const tf_exact *e, const label_set *set)
{
    double size = 1;
    for (int byte = 0; byte < e->bytes; byte++)
        size *= e->products[byte][set->words[byte / 8] >> byte % 8 * 8 & 255];
    return size;
}

static void fill_sets(tf_exact *e, const tf_objective *objective, const label_set *outside)
{
    int all = (1 << e->count) - 1;
    for (int subset = 1; subset <= all; subset++) {
        int rest = subset & (subset - 1);
        if (rest)
            for (int w = 0; w < WORDS; w++)
                e->inside[subset].words[w] = e->inside[rest].words[w] |
                                             e->inside[subset ^ rest].words[w];
    }
    e->inside[0] = (label_set){{0}};
    for (int subset = 1; subset <= all; subset++) {
        for (int w = 0; w < WORDS; w++) {
            uint64_t others = outside->words[w] | e->inside[all ^ subset].words[w];
            if (!(subset & (subset - 1)))
                others = ~UINT64_C(0); /* a leaf has its own labels, whoever else has them */
            e->open[subset].words[w] = e->inside[subset].words[w] & others;
        }
        e->written[subset] = size_of(e, &e->open[subset]) * objective->per_element;
    }
}

/* Subsets that cost `limit` or more are not looked at. */
static void find_best(tf_exact *e, const tf_objective *objective, double limit)
{
    for (int subset = 1; subset < 1 << e->count; subset++) {
        int first = subset & -subset, others = subset ^ first;
        e->best[subset] = others ? limit : 0;
        e->part[subset] = 0;
        if (!others)
            continue;
        for (int with = (others - 1) & others;; with = (with - 1) & others) {
            int a = first | with, b = subset ^ a;
            double score = e->best[a] + e->best[b] + e->written[subset];
            if (score < e->best[subset]) {
                label_set any;
                uint64_t sums = 0;
                for (int w = 0; w < WORDS; w++) {
                    any.words[w] = e->open[a].words[w] | e->open[b].words[w];
                    sums |= any.words[w] & ~e->open[subset].words[w];
                }
                score += size_of(e, &any) * objective->per_flop * (sums ? 2 : 1);
                if (score < e->best[subset]) {
                    e->best[subset] = score;
                    e->part[subset] = a;
                }
            }
            if (with == 0)
                break;
        }
    }
}

/* The node's set from those of the leaves below it, when the root's is right. */
static void set_open(const tf_exact *e, tf_tree *t, int node, int subset)
{
    uint64_t *set = tf_tree_set(t, node);
    const uint64_t *root = tf_tree_set(t, e->inner[0]);
    for (int w = 0; w < t->words; w++) {
        uint64_t below = 0, others = root[w];
        for (int i = 0; i < e->count; i++)
            *(subset >> i & 1 ? &below : &others) |= tf_tree_set(t, e->leaves[i])[w];
        set[w] = below & others;
    }
    tf_tree_find_range(t, node);
}

static void rebuild(const tf_exact *e, tf_tree *t)
{
    int subsets[TF_EXACT_MOST - 1], made = 1;
    subsets[0] = (1 << e->count) - 1;
    for (int i = 0; i < made; i++) {
        int node = e->inner[i], parts[2] = {e->part[subsets[i]], subsets[i] ^ e->part[subsets[i]]};
        for (int side = 0; side < 2; side++) {
            int subset = parts[side], child;
            if (subset & (subset - 1)) {
                child = e->inner[made];
                subsets[made++] = subset;
                set_open(e, t, child, subset);
            } else {
                child = e->leaves[__builtin_ctz((unsigned)subset)];
            }
            t->nodes[node].child[side] = child;
            t->nodes[child].parent = node;
        }
    }
    for (int i = made - 1; i >= 0; i--)
        tf_tree_score_node(t, e->inner[i]);
}

void tf_exact_improve(tf_exact *e, tf_tree *t, int root, int most, tf_random *random)
{
    label_set outside;
    double limit = 0;
    choose_leaves(e, t, root, most, random);
    for (int i = 0; i + 1 < e->count; i++)
        limit += t->nodes[e->inner[i]].score;
    if (e->count < 3 || !number_labels(e, t, &outside))
        return;
    fill_sets(e, &t->objective, &outside);
    find_best(e, &t->objective, limit * (1 - 1e-12));
    if (e->part[(1 << e->count) - 1])
        rebuild(e, t);
}
