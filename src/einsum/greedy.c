/*
 * The greedy order: contract the pair that shrinks the memory most, size(out) - size(a) - size(b),
 * until one is left (the rule of Smith and Gray, opt_einsum, JOSS 3 (2018) 753).
 *
 * Candidates are pairs that share a label.  They wait in a heap; those of which a node is gone are
 * dropped when they come up.  A label in many operands would give a square of candidates, so each
 * new node looks only at the latest NEIGHBOURS of a label's nodes; when the heap runs dry, the
 * nodes that are left look at each other again, and when no two share a label any more, the
 * smallest are multiplied first.
 */

#include <stdint.h>
#include <string.h>

#include "einsum/search.h"

enum { NEIGHBOURS = 32 };

typedef struct candidate {
    double cost;
    int a, b;
} candidate;

/*
 * Entry of a label's list of nodes, latest first.  Nodes that are gone are unlinked when they are
 * met.
 */
typedef struct link {
    int node;
    int64_t next; /* -1 ends */
} link;

typedef struct greedy {
    const tf_network *network;
    tenferro_context *context;
    int *pairs;
    int nodes;           /* made so far, operands included */
    unsigned char *gone; /* of each node */
    int simplifies;      /* only pairs whose result is no larger than the larger of them */
    double *sizes;       /* of each node, in elements */
    int *seen;           /* of each node: the last one that looked at it */
    int64_t *set_first;  /* of each node: its labels are sets[set_first] .. */
    int *set_size;
    int *sets;
    int64_t sets_used, sets_room;
    int *references; /* of each label: nodes that have it, and 1 for the output */
    int64_t *heads;  /* of each label: its latest link */
    link *links;
    int64_t links_used, links_room;
    candidate *heap;
    int64_t heap_used, heap_room;
} greedy;

/* The array with room for `more` further elements, maybe elsewhere; NULL if there is no memory. */
static void *
grow(const greedy *g, void *array, int64_t used, int64_t more, int64_t *room, size_t size)
{
    if (array && more <= *room - used)
        return array;
    int64_t wanted = 2 * (used + more);
    void *bigger = tf_realloc(g->context, array, wanted, size);
    if (bigger)
        *room = wanted;
    return bigger;
}

static int before(const candidate *x, const candidate *y)
{
    if (x->cost < y->cost || x->cost > y->cost)
        return x->cost < y->cost;
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static tenferro_status push(greedy *g, candidate c)
{
    candidate *heap = grow(g, g->heap, g->heap_used, 1, &g->heap_room, sizeof c);
    if (!heap)
        return TENFERRO_OUT_OF_MEMORY;
    g->heap = heap;
    int64_t i = g->heap_used++;
    for (; i > 0 && before(&c, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = c;
    return TENFERRO_OK;
}

static candidate pop(greedy *g)
{
    candidate *heap = g->heap;
    candidate top = heap[0], last = heap[--g->heap_used];
    int64_t i = 0;
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= g->heap_used)
            break;
        if (child + 1 < g->heap_used && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* A size that stays comparable: differences of infinities are not. */
static double times(double size, double extent)
{
    double product = size * extent;
    return product < 1e300 ? product : 1e300;
}

/*
 * The labels that contracting a and b leaves, ascending, into `out` (may be NULL), and the size of
 * the result.  A label stays if another node or the output has it.
 */
static int merge(const greedy *g, int a, int b, int *out, double *size)
{
    const int *x = g->sets + g->set_first[a], *x_end = x + g->set_size[a];
    const int *y = g->sets + g->set_first[b], *y_end = y + g->set_size[b];
    int kept = 0;
    *size = 1;
    while (x < x_end || y < y_end) {
        int in_x = y == y_end || (x < x_end && *x <= *y);
        int in_y = x == x_end || (y < y_end && *y <= *x);
        int label = in_x ? *x : *y;
        x += in_x;
        y += in_y;
        if (g->references[label] > in_x + in_y) {
            *size = times(*size, tf_extent_estimate(g->network->extents[label]));
            if (out)
                out[kept] = label;
            kept++;
        }
    }
    return kept;
}

/*
 * Pushes a candidate for each node that shares a label with `node` (of a long list only the
 * latest).
 */
static tenferro_status look_around(greedy *g, int node)
{
    for (int i = 0; i < g->set_size[node]; i++) {
        int64_t *from = &g->heads[g->sets[g->set_first[node] + i]];
        for (int found = 0; *from >= 0 && found < NEIGHBOURS;) {
            link *entry = &g->links[*from];
            int other = entry->node;
            if (g->gone[other]) {
                *from = entry->next;
                continue;
            }
            from = &entry->next;
            found++;
            if (other == node || g->seen[other] == node)
                continue;
            g->seen[other] = node;
            candidate c = {0, TF_MIN(node, other), TF_MAX(node, other)};
            double size;
            merge(g, c.a, c.b, NULL, &size);
            c.cost = size - g->sizes[c.a] - g->sizes[c.b];
            if (g->simplifies && size > TF_MAX(g->sizes[c.a], g->sizes[c.b]))
                continue;
            TF_TRY(push(g, c));
        }
    }
    return TENFERRO_OK;
}

/* Enters the node into the lists of its labels. */
static tenferro_status enter(greedy *g, int node)
{
    link *links = grow(g, g->links, g->links_used, g->set_size[node], &g->links_room, sizeof *links);
    if (!links)
        return TENFERRO_OUT_OF_MEMORY;
    g->links = links;
    for (int i = 0; i < g->set_size[node]; i++) {
        int64_t *head = &g->heads[g->sets[g->set_first[node] + i]];
        links[g->links_used] = (link){node, *head};
        *head = g->links_used++;
    }
    return TENFERRO_OK;
}

/* All nodes that are left look at each other. */
static tenferro_status seed(greedy *g)
{
    for (int i = 0; i < g->network->labels; i++)
        g->heads[i] = -1;
    g->links_used = 0;
    for (int i = 0; i < g->nodes; i++)
        g->seen[i] = -1;
    for (int i = 0; i < g->nodes; i++) {
        if (g->gone[i])
            continue;
        TF_TRY(look_around(g, i));
        TF_TRY(enter(g, i));
    }
    return TENFERRO_OK;
}

static tenferro_status contract(greedy *g, int a, int b)
{
    int node = g->nodes;
    int64_t most = (int64_t)g->set_size[a] + g->set_size[b];
    int *sets = grow(g, g->sets, g->sets_used, most, &g->sets_room, sizeof *sets);
    if (!sets)
        return TENFERRO_OUT_OF_MEMORY;
    g->sets = sets;
    g->set_first[node] = g->sets_used;
    g->set_size[node] = merge(g, a, b, sets + g->sets_used, &g->sizes[node]);
    g->sets_used += g->set_size[node];
    for (int i = 0; i < g->set_size[a]; i++)
        g->references[sets[g->set_first[a] + i]]--;
    for (int i = 0; i < g->set_size[b]; i++)
        g->references[sets[g->set_first[b] + i]]--;
    for (int i = 0; i < g->set_size[node]; i++)
        g->references[sets[g->set_first[node] + i]]++;
    g->gone[a] = g->gone[b] = 1;
    int step = node - g->network->count;
    g->pairs[2 * step] = a;
    g->pairs[2 * step + 1] = b;
    g->seen[node] = -1;
    g->nodes++;
    return TENFERRO_OK;
}

/* Products of what shares no label: the two smallest first. */
static tenferro_status multiply_rest(greedy *g, int all)
{
    for (int i = 0; i < g->nodes; i++)
        if (!g->gone[i])
            TF_TRY(push(g, (candidate){g->sizes[i], i, -1}));
    while (g->nodes < all) {
        int a = pop(g).a, b = pop(g).a;
        TF_TRY(contract(g, TF_MIN(a, b), TF_MAX(a, b)));
        TF_TRY(push(g, (candidate){g->sizes[g->nodes - 1], g->nodes - 1, -1}));
    }
    return TENFERRO_OK;
}

static tenferro_status run(greedy *g)
{
    int all = 2 * g->network->count - 1;
    while (g->nodes < all) {
        TF_TRY(seed(g));
        if (g->heap_used == 0)
            return g->simplifies ? TENFERRO_OK : multiply_rest(g, all);
        while (g->heap_used > 0) {
            candidate c = pop(g);
            if (g->gone[c.a] || g->gone[c.b])
                continue;
            if (g->nodes % 256 == 0)
                TF_TRY(tf_check_cancel(g->context));
            TF_TRY(contract(g, c.a, c.b));
            TF_TRY(look_around(g, g->nodes - 1));
            TF_TRY(enter(g, g->nodes - 1));
        }
    }
    return TENFERRO_OK;
}

static void start(greedy *g)
{
    const tf_network *n = g->network;
    for (int i = 0; i < n->labels; i++)
        g->references[i] = n->in_output[i];
    for (int i = 0; i < n->count; i++) {
        g->set_first[i] = n->set_first[i];
        g->set_size[i] = (int)(n->set_first[i + 1] - n->set_first[i]);
        g->sizes[i] = 1;
        for (int64_t k = n->set_first[i]; k < n->set_first[i + 1]; k++) {
            g->sets[k] = n->sets[k];
            g->references[n->sets[k]]++;
            g->sizes[i] = times(g->sizes[i], tf_extent_estimate(n->extents[n->sets[k]]));
        }
    }
    g->nodes = n->count;
}

/* The nodes that are left, as a network of their own; *nodes: which they are. */
static tenferro_status extract(const greedy *g, tf_network *out, int **nodes)
{
    const tf_network *n = g->network;
    tenferro_context *c = g->context;
    int left = 2 * n->count - g->nodes;
    int64_t entries = 0;
    *out = (tf_network){.context = c, .count = left, .labels = n->labels};
    out->extents = n->extents;
    out->in_output = n->in_output;
    for (int i = 0; i < g->nodes; i++)
        entries += g->gone[i] ? 0 : g->set_size[i];
    int ok = (*nodes = tf_malloc(c, left, sizeof **nodes)) != NULL;
    ok = ok && (out->set_first = tf_malloc(c, left + INT64_C(1), sizeof *out->set_first)) != NULL;
    ok = ok && (out->sets = tf_malloc(c, entries, sizeof *out->sets)) != NULL;
    if (!ok)
        return TENFERRO_OUT_OF_MEMORY;
    int made = 0;
    int64_t used = 0;
    for (int i = 0; i < g->nodes; i++) {
        if (g->gone[i])
            continue;
        (*nodes)[made] = i;
        out->set_first[made++] = used;
        memcpy(out->sets + used, g->sets + g->set_first[i],
               (size_t)g->set_size[i] * sizeof *out->sets);
        used += g->set_size[i];
    }
    out->set_first[left] = used;
    return TENFERRO_OK;
}

/* All of it, or (rest is not NULL) only what simplifies. */
static tenferro_status
contract_all(const tf_network *network, int *pairs, tf_network *rest, int **nodes)
{
    tenferro_context *c = network->context;
    int64_t all = 2 * (int64_t)network->count, labels = network->labels;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    greedy g = {.network = network, .context = c, .pairs = pairs, .simplifies = rest != NULL};
    g.sets_used = g.sets_room = network->set_first[network->count];
    int ok = (g.gone = tf_calloc(c, all, sizeof *g.gone)) != NULL;
    ok = ok && (g.sizes = tf_malloc(c, all, sizeof *g.sizes)) != NULL;
    ok = ok && (g.seen = tf_malloc(c, all, sizeof *g.seen)) != NULL;
    ok = ok && (g.set_first = tf_malloc(c, all, sizeof *g.set_first)) != NULL;
    ok = ok && (g.set_size = tf_malloc(c, all, sizeof *g.set_size)) != NULL;
    ok = ok && (g.sets = tf_malloc(c, g.sets_room, sizeof *g.sets)) != NULL;
    ok = ok && (g.references = tf_malloc(c, labels, sizeof *g.references)) != NULL;
    ok = ok && (g.heads = tf_malloc(c, labels, sizeof *g.heads)) != NULL;
    if (ok) {
        start(&g);
        status = run(&g);
        if (status == TENFERRO_OK && rest)
            status = extract(&g, rest, nodes);
    }
    tf_free(c, g.gone);
    tf_free(c, g.sizes);
    tf_free(c, g.seen);
    tf_free(c, g.set_first);
    tf_free(c, g.set_size);
    tf_free(c, g.sets);
    tf_free(c, g.references);
    tf_free(c, g.heads);
    tf_free(c, g.links);
    tf_free(c, g.heap);
    return status;
}

tenferro_status tf_order_greedy(const tf_network *network, int *pairs)
{
    return contract_all(network, pairs, NULL, NULL);
}

tenferro_status
tf_order_simplify(const tf_network *network, int *pairs, tf_network *rest, int **nodes)
{
    *nodes = NULL;
    return contract_all(network, pairs, rest, nodes);
}
