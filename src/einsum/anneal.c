/*
 * Tree annealing: random rotations, worse ones accepted ever more rarely (the moves of Kalachev,
 * Panteleev, Yung, arXiv 2108.05665).  A rotation is judged by the ratio of its two steps' scores,
 * not by the tree's: so every part of the tree is annealed at once, whatever it costs.
 */

#include <math.h>
#include <time.h>

#include "einsum/search.h"

enum { LEVELS = 300 }; /* of beta */

double tf_budget_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int tf_budget_lasts(const tf_budget *budget)
{
    return budget->moves > 0 && (budget->deadline <= 0 || tf_budget_now() < budget->deadline);
}

void tf_best_offer(tf_best *best, const tf_tree *tree)
{
    double score = tf_tree_score(tree);
    if (score < best->score) {
        best->score = score;
        tf_tree_store(tree, best->pairs);
    }
}

/* exp(e / beta) for e at the middle of equal parts of an exponential distribution. */
static void set_limits(double beta, double *limits)
{
    for (int i = 0; i < TF_LIMITS; i++)
        limits[i] = exp2(-log((i + 0.5) / TF_LIMITS) / beta);
}

tenferro_status tf_tree_anneal(tf_tree *tree, double from, double to, int64_t sweeps,
                               tf_random *random, tf_budget *budget, tf_best *best)
{
    double limits[TF_LIMITS];
    tf_tree_sweep *sweep = tf_tree_sweep_portable;
#if defined(__x86_64__)
    if (tf_context_isa(tree->context) != TF_ISA_PORTABLE)
        sweep = tf_tree_sweep_avx2;
#endif
    int64_t levels = TF_MIN(sweeps, LEVELS);
    for (int64_t level = 0; level < levels; level++) {
        int64_t begin = sweeps * level / levels, end = sweeps * (level + 1) / levels;
        set_limits(from + (to - from) * (double)level / (double)TF_MAX(levels - 1, 1), limits);
        for (int64_t i = begin; i < end; i++) {
            sweep(tree, limits, random);
            budget->moves -= tree->count - 2;
            if (!tf_budget_lasts(budget))
                return TENFERRO_OK;
        }
        TF_TRY(tf_check_cancel(tree->context));
        tf_best_offer(best, tree);
    }
    return TENFERRO_OK;
}
