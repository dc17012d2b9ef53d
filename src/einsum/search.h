/*
 * The parts of the search for a good order.  They work on the fields of a network that orders need:
 * context, count, labels, set_first, sets, extents, in_output; the search makes smaller networks of
 * that kind.
 */
#ifndef TF_EINSUM_SEARCH_H
#define TF_EINSUM_SEARCH_H

#include "einsum/order.h"
#include "einsum/tree.h"

/*
 * Without a budget a search may take TF_SEARCH_SHARE of what the order that it has found will run,
 * at TF_SEARCH_RATE moves a second, and at most TF_SEARCH_MOST_MOVES.
 */
#define TF_SEARCH_SHARE 0.02
#define TF_SEARCH_RATE 1e7
#define TF_SEARCH_MOST_MOVES 1e7

typedef struct tf_search {
    tf_objective objective;
    double seconds_per_score; /* about what a run takes */
    double moves, seconds;    /* budgets; 0: none given */
    uint64_t seed;
    int exact_most; /* operands, at most TF_EXACT_MOST: so many are solved exactly */
} tf_search;

/* The best order found; deterministic unless there is a time limit. */
tenferro_status tf_order_search(const tf_network *network, const tf_search *search, int *pairs);

/* What a search may still do. */
typedef struct tf_budget {
    double moves;    /* left: rotations tried, or as much other work */
    double deadline; /* on tf_budget_now()'s clock; 0: none */
} tf_budget;

double tf_budget_now(void);
/* 0 when moves or time are used up. */
int tf_budget_lasts(const tf_budget *budget);

/* The best order so far. */
typedef struct tf_best {
    double score; /* infinite at first */
    int *pairs;
} tf_best;
/* Keeps the tree if it is better. */
void tf_best_offer(tf_best *best, const tf_tree *tree);

/*
 * anneal.c: `sweeps` sweeps of random rotations, beta (how much a worse score is disliked: a step
 * twice as dear is accepted with probability 2^-beta or so) growing from `from` to `to`.
 */
tenferro_status tf_tree_anneal(tf_tree *tree, double from, double to, int64_t sweeps,
                               tf_random *random, tf_budget *budget, tf_best *best);

/*
 * greedy.c: contracts only pairs that share a label and whose result is no larger than the larger
 * of them.  What is left is a network with the fields that orders need, and its operand i the node
 * (*nodes)[i].  The caller frees rest->set_first, rest->sets and *nodes, also on failure; the rest
 * is borrowed.
 */
tenferro_status
tf_order_simplify(const tf_network *network, int *pairs, tf_network *rest, int **nodes);

/*
 * eliminate.c: label by label, by minimum fill or minimum degree, ties by chance.  UNSUPPORTED
 * without a message if the labels' neighbourhoods would take more than most_bytes.
 */
tenferro_status tf_order_eliminate(const tf_network *network, int by_fill, tf_random *random,
                                   int64_t most_bytes, int *pairs);

/* exact.c: the best tree over a few subtrees of a node; work for up to `most` of them. */
enum { TF_EXACT_MOST = 12, TF_AUTO_EXACT_MOST = 8 };
typedef struct tf_exact tf_exact;
tenferro_status tf_exact_create(tenferro_context *context, int most, tf_exact **out);
void tf_exact_free(tf_exact *exact); /* NULL is fine */
/*
 * Rearranges what lies between `root` and up to `most` of its subtrees, if that is better.  All of
 * a tree that has no more operands than that.
 */
void tf_exact_improve(tf_exact *exact, tf_tree *tree, int root, int most, tf_random *random);

#endif
