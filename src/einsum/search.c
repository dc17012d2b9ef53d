/*
 * The search for a good order: what is simple is contracted at once; from the best of greedy and
 * elimination on, trials of tree annealing, hot and warm, ever longer, and exact improvements of
 * small subtrees, as long as the budget lasts.
 */

#include "einsum/search.h"

#include <math.h>

#define FIRST_SWEEPS 100.0            /* of the first trial */
#define COLD 15.0                     /* the beta where a trial ends */
#define GROWTH 1.3                    /* of a trial's length from one to the next */
#define PART 20.0                     /* of what is left of the budget, at least a 1/PART each */
#define ELIMINATION_MOVES 0.05        /* that one elimination is worth, by the labels' square */
#define REFINING 0.25                 /* of the budget, for the network as it was given */
#define SMALL 512                     /* operands: then refining may forget what was simplified */
#define MOST_BYTES (INT64_C(1) << 30) /* of a tree's sets */
#define EXACT_LEAVES 8                /* of the subtrees improved in between */
#define EXACT_MOVES 1000.0            /* that one such improvement is worth */

typedef struct search {
    const tf_search *wanted;
    tf_tree tree;
    tf_exact *exact;
    tf_random random;
    tf_budget budget;
    tf_best best;
    double reserved; /* moves kept for later */
    double rate;     /* moves a second, as seen so far */
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
        double spent = TF_SEARCH_MOST_MOVES - s->budget.moves - s->reserved;
        double rate = TF_SEARCH_RATE / dearness(s);
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
        if (moves_left(s) <= 0)
            break;
        if (node % 64 == 0)
            TF_TRY(tf_check_cancel(t->context));
    }
    tf_best_offer(&s->best, t);
    return TENFERRO_OK;
}

static double elimination_moves(const search *s)
{
    double labels = 64.0 * s->tree.words;
    return ELIMINATION_MOVES * labels * labels;
}

/* Offers the orders that come from eliminating labels. */
static tenferro_status try_eliminations(search *s, const tf_network *network)
{
    int *pairs = tf_malloc(network->context, 2 * (int64_t)network->count, sizeof *pairs);
    tenferro_status status = pairs ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
    for (int by_fill = 0; by_fill < 2 && status == TENFERRO_OK && tf_budget_lasts(&s->budget);
         by_fill++) {
        status = tf_order_eliminate(network, by_fill, &s->random, MOST_BYTES / 16, pairs);
        if (status == TENFERRO_OK) {
            tf_tree_load(&s->tree, pairs);
            tf_best_offer(&s->best, &s->tree);
        }
        s->budget.moves -= elimination_moves(s);
    }
    tf_free(network->context, pairs);
    return status == TENFERRO_UNSUPPORTED ? TENFERRO_OK : status;
}

/* The beta from which a trial starts: forgets most of the order, much of it, or little. */
static double begin_at(search *s, int kind)
{
    static const double least[3] = {0.01, 0.4, 1};
    return kind == 0 ? least[0] : least[kind] * exp2(2 * tf_random_unit(&s->random));
}

/*
 * Improves the order in best.pairs.  from_scratch: with hot trials too; else the order is good and
 * only refined.
 */
static tenferro_status improve_order(search *s, const tf_network *network, int from_scratch)
{
    tf_tree *t = &s->tree;
    tenferro_status status = tf_tree_create(network, s->wanted->objective, MOST_BYTES, t);
    if (status != TENFERRO_OK)
        return status == TENFERRO_UNSUPPORTED ? TENFERRO_OK : status;
    tf_tree_load(t, s->best.pairs);
    s->best.score = INFINITY;
    tf_best_offer(&s->best, t);
    if (t->count <= s->wanted->exact_most) {
        tf_exact_improve(s->exact, t, 2 * t->count - 2, t->count, &s->random);
        tf_best_offer(&s->best, t);
    } else {
        double moves = FIRST_SWEEPS * t->count;
        if (from_scratch && moves_left(s) >= 2 * elimination_moves(s))
            status = try_eliminations(s, network);
        for (int trial = from_scratch ? 0 : 1;
             moves_left(s) >= t->count && status == TENFERRO_OK && tf_budget_lasts(&s->budget);
             trial++) {
            if (trial % 4 == 3)
                status = improve(s);
            moves *= GROWTH;
            tf_tree_load(t, s->best.pairs);
            if (status == TENFERRO_OK)
                status = anneal(s, begin_at(s, from_scratch ? trial % 3 : 2),
                                trial < 2 ? moves : TF_MAX(moves, moves_left(s) / PART));
        }
    }
    tf_tree_free(t);
    return status;
}

/* Searches the simplified network, then refines the order of the whole with what is left. */
static tenferro_status run(search *s, const tf_network *network, int *pairs)
{
    tf_network rest = {.context = network->context};
    int *nodes = NULL, *inner = NULL;
    tenferro_status status;
    TF_TRY_CLEANUP(tf_order_simplify(network, pairs, &rest, &nodes));
    int steps = network->count - rest.count;
    status = TENFERRO_OUT_OF_MEMORY;
    inner = tf_malloc(network->context, 2 * (int64_t)rest.count, sizeof *inner);
    if (!inner)
        goto cleanup;
    TF_TRY_CLEANUP(tf_order_greedy(&rest, inner));
    s->best.pairs = inner;
    double deadline = s->budget.deadline;
    s->reserved = steps > 0 ? REFINING * s->budget.moves : 0;
    s->budget.moves -= s->reserved;
    if (steps > 0 && deadline > 0)
        s->budget.deadline -= REFINING * s->wanted->seconds;
    if (rest.count > 2)
        TF_TRY_CLEANUP(improve_order(s, &rest, 1));
    s->budget.moves += s->reserved;
    s->budget.deadline = deadline;
    s->reserved = 0;
    for (int i = 0; i < 2 * (rest.count - 1); i++)
        pairs[2 * steps + i] = inner[i] < rest.count
                                   ? nodes[inner[i]]
                                   : inner[i] - rest.count + network->count + steps;
    s->best.pairs = pairs;
    s->rate = 0;
    if (steps > 0)
        status = improve_order(s, network, network->count <= SMALL);

cleanup:
    tf_free(network->context, inner);
    tf_free(network->context, nodes);
    tf_free(network->context, rest.set_first);
    tf_free(network->context, rest.sets);
    return status;
}

tenferro_status tf_order_search(const tf_network *network, const tf_search *wanted, int *pairs)
{
    search s = {.wanted = wanted, .random = {wanted->seed}, .best = {INFINITY, pairs}};
    s.budget.moves = wanted->moves > 0     ? wanted->moves
                     : wanted->seconds > 0 ? 1e18
                                           : TF_SEARCH_MOST_MOVES;
    s.budget.deadline = wanted->seconds > 0 ? tf_budget_now() + wanted->seconds : 0;
    if (network->count < 3 || network->count <= wanted->exact_most)
        TF_TRY(tf_order_greedy(network, pairs));
    if (network->count < 3)
        return TENFERRO_OK;
    TF_TRY(tf_exact_create(network->context, TF_MAX(EXACT_LEAVES, wanted->exact_most), &s.exact));
    tenferro_status status = network->count <= wanted->exact_most ? improve_order(&s, network, 1)
                                                                  : run(&s, network, pairs);
    tf_exact_free(s.exact);
    return status;
}
