/*
 * The search for a good order: from the greedy one on, trials of tree annealing, hot and warm, ever
 * longer, and exact improvements of small subtrees, as long as the budget lasts.
 */

#include "einsum/search.h"

#include <math.h>

#define FIRST_SWEEPS 100.0 /* of the first trial */
#define HOT 0.01           /* the betas from which a trial starts ... */
#define WARM 1.0
#define COLD 15.0                     /* ... and where it ends */
#define MOST_BYTES (INT64_C(1) << 30) /* of a tree's sets */
#define EXACT_LEAVES 8                /* of the subtrees improved in between */
#define EXACT_MOVES 200.0             /* that one such improvement is worth */

typedef struct search {
    const tf_network *network;
    const tf_search *wanted;
    tf_tree tree;
    tf_exact *exact;
    tf_random random;
    tf_budget budget;
    tf_best best;
    double rate; /* moves a second, as seen so far */
} search;

/* How much longer a move takes than in a network of a thousand labels. */
static double dearness(const search *s)
{
    return 1 + s->tree.words / 16.0;
}

/*
 * Moves that may still be made: with a time limit about as many as will fit, without any budget
 * what the best order so far is worth.
 */
static double moves_left(const search *s)
{
    double moves = s->budget.moves;
    if (s->budget.deadline > 0 && s->rate > 0)
        moves = TF_MIN(moves, s->rate * (s->budget.deadline - tf_budget_now()));
    if (s->wanted->moves <= 0 && s->wanted->seconds <= 0) {
        double seconds = s->best.score * s->wanted->seconds_per_score;
        double spent = TF_SEARCH_MOST_MOVES - s->budget.moves, rate = TF_SEARCH_RATE / dearness(s);
        moves = TF_MIN(TF_SEARCH_MOST_MOVES / dearness(s), TF_SEARCH_SHARE * rate * seconds) - spent;
    }
    return moves;
}

static tenferro_status anneal(search *s, double from, double moves)
{
    double before = s->budget.moves, start = s->budget.deadline > 0 ? tf_budget_now() : 0;
    double sweep = TF_MAX(s->tree.count - 2, 1);
    double sweeps = TF_MIN(TF_MIN(moves, moves_left(s)) / sweep, 1e15);
    TF_TRY(tf_tree_anneal(&s->tree, from, COLD, (int64_t)TF_MAX(sweeps, 1), &s->random, &s->budget,
                          &s->best));
    if (s->budget.deadline > 0)
        s->rate = (before - s->budget.moves) / TF_MAX(tf_budget_now() - start, 1e-6);
    return TENFERRO_OK;
}

/* One pass of exact improvements over the best tree, from the dearest places down. */
static tenferro_status improve(search *s)
{
    tf_tree *t = &s->tree;
    tf_tree_load(t, s->best.pairs);
    for (int node = 2 * t->count - 2; node >= t->count; node--) {
        tf_exact_improve(s->exact, t, node, EXACT_LEAVES, &s->random);
        s->budget.moves -= EXACT_MOVES;
        if (!tf_budget_lasts(&s->budget))
            break;
        if (node % 64 == 0)
            TF_TRY(tf_check_cancel(t->context));
    }
    tf_best_offer(&s->best, t);
    return TENFERRO_OK;
}

static tenferro_status run(search *s)
{
    tf_tree *t = &s->tree;
    tf_tree_load(t, s->best.pairs);
    tf_best_offer(&s->best, t);
    if (t->count <= s->wanted->exact_most) {
        tf_exact_improve(s->exact, t, 2 * t->count - 2, t->count, &s->random);
        tf_best_offer(&s->best, t);
        return TENFERRO_OK;
    }
    double moves = FIRST_SWEEPS * t->count;
    for (int trial = 0; moves_left(s) >= t->count && tf_budget_lasts(&s->budget); trial++) {
        if (trial % 3 == 2) {
            TF_TRY(improve(s));
            moves *= 2;
        }
        tf_tree_load(t, s->best.pairs);
        TF_TRY(anneal(s, trial % 3 == 0 ? HOT : WARM, moves));
    }
    return TENFERRO_OK;
}

tenferro_status tf_order_search(const tf_network *network, const tf_search *wanted, int *pairs)
{
    search s = {.network = network, .wanted = wanted, .random = {wanted->seed}};
    s.best = (tf_best){INFINITY, pairs};
    s.budget.moves = wanted->moves > 0     ? wanted->moves
                     : wanted->seconds > 0 ? INFINITY
                                           : TF_SEARCH_MOST_MOVES;
    s.budget.deadline = wanted->seconds > 0 ? tf_budget_now() + wanted->seconds : 0;
    TF_TRY(tf_order_greedy(network, pairs));
    if (network->count < 3)
        return TENFERRO_OK;
    tenferro_status status = tf_tree_create(network, wanted->objective, MOST_BYTES, &s.tree);
    if (status == TENFERRO_UNSUPPORTED)
        return TENFERRO_OK;
    if (status == TENFERRO_OK)
        status = tf_exact_create(network->context, TF_MAX(EXACT_LEAVES, wanted->exact_most),
                                 &s.exact);
    if (status == TENFERRO_OK)
        status = run(&s);
    tf_exact_free(s.exact);
    tf_tree_free(&s.tree);
    return status;
}
