/*
 * A contraction tree that can be changed step by step: every node knows which labels its tensor
 * has (a set of bits) and what its step costs.
 *
 * Let a node's *open* labels be those of its tensor: an operand's own, and of a result those that
 * the output or an operand outside its subtree has.  For a node p over x and r, and x over a and b,
 * the tree with a and r paired instead has open(x') = (a | r) & (b | p), and nothing else changes:
 * what is outside of x' is b and what is outside of p.  That is exact with hyperedges, batch and
 * output labels, and costs two steps' worth of popcounts.
 */
#ifndef TF_EINSUM_TREE_H
#define TF_EINSUM_TREE_H

#include "einsum/network.h"
#include "einsum/random.h"
#include "support/compat.h"

/* What a step costs: its flops (2 a multiply-add if it sums, else 1) and the elements it writes. */
typedef struct tf_objective {
    double per_flop, per_element;
} tf_objective;

typedef struct tf_tree_node {
    int parent, child[2]; /* -1: none */
    int low, high;        /* the set's words outside of low .. high - 1 are 0 */
    double written;       /* what the elements of its tensor cost */
    double score;         /* of its step, `written` included; 0 for an operand */
} tf_tree_node;

typedef struct tf_tree {
    tenferro_context *context;
    tf_objective objective;
    int count;       /* operands, at least 2: nodes 0 .. count - 1; the root is 2 * count - 2 */
    int words;       /* of a set */
    int classes;     /* labels of one extent have words of their own */
    int *class_end;  /* of each class the word after its last */
    double **powers; /* of each class: powers of its extent */
    double *all_powers;
    int labels;
    int *label_bits;  /* of each label its bit */
    int *bit_holders; /* of each bit: operands that have it, and 1 for the output */
    int *live;        /* work of loading: the same, of what is left */
    uint64_t *sets;   /* words a node */
    tf_tree_node *nodes;
    int *stack; /* work of walks: 2 * count */
} tf_tree;

/*
 * Operands without a tree yet.  UNSUPPORTED without a message if the sets would take more than
 * most_bytes.
 */
tenferro_status
tf_tree_create(const tf_network *network, tf_objective objective, int64_t most_bytes, tf_tree *out);
void tf_tree_free(tf_tree *tree);

/* From and to an order (see order.h).  Both number the inner nodes by their steps. */
void tf_tree_load(tf_tree *tree, const int *pairs);
void tf_tree_store(const tf_tree *tree, int *pairs);

/* The sum of the steps' scores, finite. */
double tf_tree_score(const tf_tree *tree);

static inline uint64_t *tf_tree_set(const tf_tree *tree, int node)
{
    return tree->sets + (int64_t)node * tree->words;
}

/* Finds low and high. */
void tf_tree_find_range(tf_tree *tree, int node);

/* Computes an inner node's scores from its set and its children's. */
void tf_tree_score_node(tf_tree *tree, int node);

/*
 * Tries one random rotation below each inner node.  It is made if the two steps' score does not
 * grow by more than a factor drawn from limits[TF_LIMITS].
 */
enum { TF_LIMITS = 1024 };
typedef void tf_tree_sweep(tf_tree *tree, const double *limits, tf_random *random);
tf_tree_sweep tf_tree_sweep_portable, tf_tree_sweep_avx2;

#endif
