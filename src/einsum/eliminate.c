/*
 * Orders from eliminating labels one by one: all tensors that have the label are contracted, so
 * their labels become neighbours of each other.  The next label is the one that has the smallest
 * neighbourhood (minimum degree) or that adds the fewest new neighbours (minimum fill); good where
 * labels are in many operands, and on lattices.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "einsum/search.h"

typedef struct eliminate {
    const tf_network *network;
    tf_random *random;
    int by_fill;
    int words;            /* a row of neighbours */
    uint64_t *neighbours; /* a row a label */
    double *logs;         /* of each label's extent */
    double *keys;         /* of each label: the least is next; infinite: never */
    int64_t *first;       /* of each label its operands: operands[first[label]] .. */
    int *operands;
    int *tops;     /* of each node the one that it went into, or itself */
    double *sizes; /* of each node, a logarithm */
    int *bucket;   /* what is contracted together */
    int *seen;     /* of each node: the last label that took it up */
    int *pairs;
    int nodes;
} eliminate;

static uint64_t *row(const eliminate *e, int label)
{
    return e->neighbours + (int64_t)label * e->words;
}

static int count_bits(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

static double key_of(const eliminate *e, int label)
{
    const uint64_t *own = row(e, label);
    double key = 0;
    for (int w = 0; w < e->words; w++)
        for (uint64_t bits = own[w]; bits; bits &= bits - 1) {
            int other = 64 * w + __builtin_ctzll(bits);
            if (!e->by_fill) {
                key += e->logs[other];
                continue;
            }
            const uint64_t *others = row(e, other);
            for (int k = 0; k < e->words; k++)
                key += count_bits(own[k] & ~others[k]);
        }
    return key + tf_random_unit(e->random) * (e->by_fill ? 0.9 : 0.01);
}

static void make_neighbours(eliminate *e)
{
    const tf_network *n = e->network;
    memset(e->first, 0, ((size_t)n->labels + 1) * sizeof *e->first);
    for (int64_t i = 0; i < n->set_first[n->count]; i++)
        e->first[n->sets[i] + 1]++;
    for (int i = 0; i < n->labels; i++)
        e->first[i + 1] += e->first[i];
    for (int i = n->count - 1; i >= 0; i--) {
        double size = 0;
        for (int64_t k = n->set_first[i]; k < n->set_first[i + 1]; k++) {
            int label = n->sets[k];
            uint64_t *own = row(e, label);
            for (int64_t j = n->set_first[i]; j < n->set_first[i + 1]; j++)
                own[n->sets[j] / 64] |= UINT64_C(1) << n->sets[j] % 64;
            own[label / 64] &= ~(UINT64_C(1) << label % 64);
            e->operands[--e->first[label + 1]] = i; /* its end becomes its beginning */
            size += e->logs[label];
        }
        e->tops[i] = i;
        e->sizes[i] = size;
    }
    memmove(e->first, e->first + 1, (size_t)n->labels * sizeof *e->first);
    e->first[n->labels] = n->set_first[n->count];
}

static int top_of(const eliminate *e, int node)
{
    while (e->tops[node] != node) {
        e->tops[node] = e->tops[e->tops[node]];
        node = e->tops[node];
    }
    return node;
}

/* The smallest first; the result has the size given. */
static void contract(eliminate *e, int count, double size)
{
    for (int i = 1; i < count; i++) { /* sorts: few as a rule */
        int node = e->bucket[i], k = i;
        for (; k > 0 && e->sizes[e->bucket[k - 1]] > e->sizes[node]; k--)
            e->bucket[k] = e->bucket[k - 1];
        e->bucket[k] = node;
    }
    for (int i = 1; i < count; i++) {
        int a = e->bucket[i - 1], b = e->bucket[i], made = e->nodes++;
        int *pair = e->pairs + 2 * (int64_t)(made - e->network->count);
        pair[0] = TF_MIN(a, b);
        pair[1] = TF_MAX(a, b);
        e->tops[a] = e->tops[b] = e->tops[made] = made;
        e->seen[made] = -1;
        e->sizes[made] = size;
        e->bucket[i] = made;
    }
}

static void eliminate_label(eliminate *e, int label)
{
    uint64_t *own = row(e, label);
    double size = 0;
    int count = 0;
    for (int64_t i = e->first[label]; i < e->first[label + 1]; i++) {
        int top = top_of(e, e->operands[i]);
        if (e->seen[top] != label)
            e->bucket[count++] = top;
        e->seen[top] = label;
    }
    for (int w = 0; w < e->words; w++)
        for (uint64_t bits = own[w]; bits; bits &= bits - 1) {
            int other = 64 * w + __builtin_ctzll(bits);
            uint64_t *others = row(e, other);
            for (int k = 0; k < e->words; k++)
                others[k] |= own[k];
            others[other / 64] &= ~(UINT64_C(1) << other % 64);
            others[label / 64] &= ~(UINT64_C(1) << label % 64);
            size += e->logs[other];
        }
    contract(e, count, size);
    e->keys[label] = INFINITY;
    for (int w = 0; w < e->words; w++)
        for (uint64_t bits = own[w]; bits; bits &= bits - 1) {
            int other = 64 * w + __builtin_ctzll(bits);
            if (!e->network->in_output[other])
                e->keys[other] = key_of(e, other);
        }
}

static tenferro_status eliminate_all(eliminate *e)
{
    const tf_network *n = e->network;
    for (int i = 0; i < n->labels; i++)
        e->logs[i] = log2(tf_extent_estimate(n->extents[i]));
    for (int i = 0; i < 2 * n->count; i++)
        e->seen[i] = -1;
    make_neighbours(e);
    for (int i = 0; i < n->labels; i++) {
        int is_summed = e->first[i] < e->first[i + 1] && !n->in_output[i];
        e->keys[i] = is_summed ? key_of(e, i) : INFINITY;
    }
    for (int round = 0;; round++) {
        int next = 0;
        for (int i = 1; i < n->labels; i++)
            if (e->keys[i] < e->keys[next])
                next = i;
        if (n->labels == 0 || !(e->keys[next] < INFINITY))
            break;
        eliminate_label(e, next);
        if (round % 256 == 0)
            TF_TRY(tf_check_cancel(n->context));
    }
    int left = 0;
    for (int i = 0; i < e->nodes; i++)
        if (e->tops[i] == i)
            e->bucket[left++] = i;
    contract(e, left, 0);
    return TENFERRO_OK;
}

tenferro_status tf_order_eliminate(const tf_network *n, int by_fill, tf_random *random,
                                   int64_t most_bytes, int *pairs)
{
    tenferro_context *c = n->context;
    eliminate e = {.network = n, .by_fill = by_fill, .random = random, .pairs = pairs};
    e.nodes = n->count;
    e.words = (n->labels + 63) / 64;
    int64_t labels = n->labels, nodes = 2 * (int64_t)n->count;
    if (labels * e.words > most_bytes / 8)
        return TENFERRO_UNSUPPORTED;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int ok = (e.neighbours = tf_calloc(c, labels * e.words, sizeof *e.neighbours)) != NULL;
    ok = ok && (e.logs = tf_malloc(c, labels, sizeof *e.logs)) != NULL;
    ok = ok && (e.keys = tf_malloc(c, labels, sizeof *e.keys)) != NULL;
    ok = ok && (e.first = tf_malloc(c, labels + 1, sizeof *e.first)) != NULL;
    ok = ok && (e.operands = tf_malloc(c, n->set_first[n->count], sizeof *e.operands)) != NULL;
    ok = ok && (e.tops = tf_malloc(c, nodes, sizeof *e.tops)) != NULL;
    ok = ok && (e.sizes = tf_malloc(c, nodes, sizeof *e.sizes)) != NULL;
    ok = ok && (e.bucket = tf_malloc(c, nodes, sizeof *e.bucket)) != NULL;
    ok = ok && (e.seen = tf_malloc(c, nodes, sizeof *e.seen)) != NULL;
    if (ok)
        status = eliminate_all(&e);
    tf_free(c, e.neighbours);
    tf_free(c, e.logs);
    tf_free(c, e.keys);
    tf_free(c, e.first);
    tf_free(c, e.operands);
    tf_free(c, e.tops);
    tf_free(c, e.sizes);
    tf_free(c, e.bucket);
    tf_free(c, e.seen);
    return status;
}
