/*
 * Random networks, hyperedges, output labels, extents of 1 and disconnected parts included: every
 * kind of order is a tree, costs what the search says, and gives the sum over all labels; the exact
 * order is the best of all trees; a seed reproduces its order.
 */

#include "testing.h"

#include <math.h>
#include <string.h>

#include <tenferro.h>

#include "einsum/order.h"
#include "einsum/search.h"

enum { MOST = 12, LABELS = 7, MOST_RANK = 4, ELEMENTS = 81 };

static tenferro_context *context;

typedef struct network {
    int count, ranks[MOST], out_rank;
    int64_t labels[MOST][MOST_RANK], extents[MOST][MOST_RANK], out_labels[LABELS];
    int64_t sizes[LABELS];
    const int64_t *label_lists[MOST], *extent_lists[MOST];
    double data[MOST][ELEMENTS];
} network;

static void make_network(test_rng *rng, int most, network *n)
{
    int used[LABELS] = {0};
    n->count = (int)test_rng_range(rng, 3, most);
    n->out_rank = 0;
    for (int i = 0; i < LABELS; i++)
        n->sizes[i] = test_rng_range(rng, 1, 3);
    for (int i = 0; i < n->count; i++) {
        int taken[LABELS] = {0};
        n->ranks[i] = (int)test_rng_range(rng, 0, MOST_RANK);
        for (int k = 0; k < n->ranks[i]; k++) {
            int label;
            do
                label = (int)test_rng_range(rng, 0, LABELS - 1);
            while (taken[label]);
            taken[label] = used[label] = 1;
            n->labels[i][k] = label;
            n->extents[i][k] = n->sizes[label];
        }
        n->label_lists[i] = n->labels[i];
        n->extent_lists[i] = n->extents[i];
        for (int k = 0; k < ELEMENTS; k++)
            n->data[i][k] = (double)test_rng_range(rng, -2, 2);
    }
    for (int i = 0; i < LABELS; i++)
        if (used[i] && test_rng_range(rng, 0, 3) == 0)
            n->out_labels[n->out_rank++] = i;
}

/* Where an element lies: operands and output are column-major. */
static int64_t place(int rank, const int64_t *labels, const network *n, const int64_t *index)
{
    int64_t at = 0, stride = 1;
    for (int k = 0; k < rank; k++) {
        at += stride * index[labels[k]];
        stride *= n->sizes[labels[k]];
    }
    return at;
}

/* The sum over all labels; those in no operand have one value. */
static void sum(const network *n, double *out, int64_t *elements)
{
    int64_t index[LABELS] = {0};
    int used[LABELS] = {0}, k;
    *elements = 1;
    for (int i = 0; i < n->count; i++)
        for (int axis = 0; axis < n->ranks[i]; axis++)
            used[n->labels[i][axis]] = 1;
    for (int i = 0; i < n->out_rank; i++)
        *elements *= n->sizes[n->out_labels[i]];
    memset(out, 0, (size_t)*elements * sizeof *out);
    do {
        double product = 1;
        for (int i = 0; i < n->count; i++)
            product *= n->data[i][place(n->ranks[i], n->labels[i], n, index)];
        out[place(n->out_rank, n->out_labels, n, index)] += product;
        for (k = 0; k < LABELS; k++) {
            if (used[k] && ++index[k] < n->sizes[k])
                break;
            index[k] = 0;
        }
    } while (k < LABELS);
}

static tenferro_einsum_plan *make_plan(const network *n, const tenferro_einsum_options *options)
{
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, n->count, n->ranks,
                                         n->label_lists, n->extent_lists, n->out_rank,
                                         n->out_labels, options, &plan));
    return plan;
}

static void check_result(const network *n, const tenferro_einsum_plan *plan, const double *expected,
                         int64_t elements)
{
    tenferro_tensor *operands[MOST], *out;
    for (int i = 0; i < n->count; i++)
        CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, n->ranks[i], n->extents[i],
                                           NULL, n->data[i], &operands[i]));
    CHECK_OK(
        tenferro_einsum_execute(plan, n->count, (const tenferro_tensor *const *)operands, &out));
    const double *data = tenferro_tensor_data(out);
    for (int64_t i = 0; i < elements; i++)
        if (!(data[i] >= expected[i] && data[i] <= expected[i]))
            fail_msg("element %lld is %g instead of %g", (long long)i, data[i], expected[i]);
    tenferro_tensor_release(out);
    for (int i = 0; i < n->count; i++)
        tenferro_tensor_release(operands[i]);
}

/* Integers, so that the sums are exact whatever their order. */
static void every_order__same_result__seed_reproduces(void **state)
{
    (void)state;
    static network n;
    test_rng rng = test_rng_make(11);
    for (long round = test_cases(3000); round > 0; round--) {
        double expected[3 * 3 * 3 * 3 * 3 * 3 * 3];
        int64_t elements, path[2 * MOST], again[2 * MOST], pairs;
        make_network(&rng, round % 8 == 0 ? MOST : 6, &n);
        sum(&n, expected, &elements);
        for (int objective = TENFERRO_EINSUM_SECONDS; objective <= TENFERRO_EINSUM_WEIGHTED;
             objective++) {
            tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
            options.order = round % 2 ? TENFERRO_EINSUM_SEARCH : TENFERRO_EINSUM_AUTO;
            options.objective = (tenferro_einsum_objective)objective;
            options.moves = 2000;
            options.seed = (uint64_t)round;
            tenferro_einsum_plan *plan = make_plan(&n, &options), *twin = make_plan(&n, &options);
            check_result(&n, plan, expected, elements);
            CHECK_OK(tenferro_einsum_plan_path(plan, 2 * MOST, path, &pairs));
            CHECK_OK(tenferro_einsum_plan_path(twin, 2 * MOST, again, &pairs));
            assert_memory_equal(path, again, 2 * (size_t)pairs * sizeof *path);
            tenferro_einsum_plan_release(plan);
            tenferro_einsum_plan_release(twin);
        }
    }
}

static void make_tf_network(const network *n, tf_network *out)
{
    int64_t names[MOST * MOST_RANK];
    int axes = 0;
    for (int i = 0; i < n->count; i++)
        for (int k = 0; k < n->ranks[i]; k++)
            names[axes++] = n->labels[i][k];
    CHECK_OK(tf_network_create(context, 0, n->count, n->ranks, names, n->extent_lists, n->out_rank,
                               n->out_labels, out));
}

static tenferro_einsum_plan *plan_given(const network *n, const int *pairs)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    int64_t path[2 * MOST];
    CHECK_OK(tf_order_to_path(context, n->count, pairs, path));
    options.order = TENFERRO_EINSUM_GIVEN;
    options.path = path;
    options.path_length = n->count - 1;
    return make_plan(n, &options);
}

/* What a plan says that the order costs. */
static double flops_of(const network *n, const int *pairs)
{
    tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
    tenferro_einsum_plan *plan = plan_given(n, pairs);
    CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
    tenferro_einsum_plan_release(plan);
    return cost.flops;
}

/* What small networks hide behind the exact order: simplifying, eliminating, annealing. */
static void search__without_exact__same_result(void **state)
{
    (void)state;
    static network n;
    test_rng rng = test_rng_make(14);
    for (long round = test_cases(500); round > 0; round--) {
        double expected[3 * 3 * 3 * 3 * 3 * 3 * 3];
        int64_t elements;
        int pairs[3][2 * MOST];
        tf_network numbered;
        tf_random random = {(uint64_t)round};
        const tf_search wanted = {.objective = {1, 1}, .moves = 3000, .seed = (uint64_t)round};
        make_network(&rng, MOST, &n);
        make_tf_network(&n, &numbered);
        sum(&n, expected, &elements);
        CHECK_OK(tf_order_search(&numbered, &wanted, pairs[0]));
        CHECK_OK(tf_order_eliminate(&numbered, 0, &random, 1 << 20, pairs[1]));
        CHECK_OK(tf_order_eliminate(&numbered, 1, &random, 1 << 20, pairs[2]));
        assert_int_equal(tf_order_eliminate(&numbered, 1, &random, 0, pairs[2]),
                         numbered.labels > 0 ? TENFERRO_UNSUPPORTED : TENFERRO_OK);
        for (int i = 0; i < 3; i++) {
            tenferro_einsum_plan *plan = plan_given(&n, pairs[i]);
            check_result(&n, plan, expected, elements);
            tenferro_einsum_plan_release(plan);
        }
        tf_network_free(&numbered);
    }
}

/* The least score over all trees: every pair of what is left, then every pair of the rest ... */
static double least_score(tf_tree *tree)
{
    int choice[MOST] = {0}, pairs[2 * MOST], left[MOST], count = tree->count, step = 0;
    double least = INFINITY;
    while (step >= 0) {
        for (int i = 0; i < count; i++)
            left[i] = i;
        for (int s = 0; s + 1 < count; s++) { /* choice[s]: which of the pairs of what is left */
            int rest = count - s, a = 0, b = choice[s] + 1;
            for (; b >= rest; a++)
                b += a + 2 - rest;
            pairs[2 * s] = left[a];
            pairs[2 * s + 1] = left[b];
            left[a] = count + s;
            left[b] = left[rest - 1];
        }
        tf_tree_load(tree, pairs);
        least = fmin(least, tf_tree_score(tree));
        for (step = count - 2; step >= 0; step--) {
            int rest = count - step;
            if (++choice[step] < rest * (rest - 1) / 2)
                break;
            choice[step] = 0;
        }
    }
    return least;
}

static void exact__all_trees__none_better(void **state)
{
    (void)state;
    static network n;
    test_rng rng = test_rng_make(12);
    for (long round = test_cases(300); round > 0; round--) {
        const tf_objective objective = {(double)test_rng_range(&rng, 0, 3), 1};
        const tf_search wanted = {.objective = objective, .moves = 1, .exact_most = 6};
        int pairs[2 * MOST];
        tf_network numbered;
        tf_tree tree;
        make_network(&rng, 6, &n);
        make_tf_network(&n, &numbered);
        CHECK_OK(tf_tree_create(&numbered, objective, 1 << 20, &tree));
        double least = least_score(&tree);
        CHECK_OK(tf_order_search(&numbered, &wanted, pairs));
        tf_tree_load(&tree, pairs);
        if (!(fabs(tf_tree_score(&tree) - least) <= 1e-9 * least))
            fail_msg("%.17g instead of %.17g", tf_tree_score(&tree), least);
        tf_tree_free(&tree);
        tf_network_free(&numbered);
    }
}

/* Rotations and exact improvements keep the tree's scores as they would be if it were made anew. */
static void search__its_score__the_plans_cost(void **state)
{
    (void)state;
    static network n;
    test_rng rng = test_rng_make(13);
    for (long round = test_cases(1000); round > 0; round--) {
        int pairs[2 * MOST];
        tf_network numbered;
        tf_tree tree;
        tf_exact *exact;
        tf_best best = {INFINITY, pairs};
        tf_budget budget = {1e9, 0};
        tf_random random = {(uint64_t)round};
        make_network(&rng, MOST, &n);
        make_tf_network(&n, &numbered);
        CHECK_OK(tf_tree_create(&numbered, (tf_objective){1, 0}, 1 << 20, &tree));
        CHECK_OK(tf_exact_create(context, 5, &exact));
        tf_order_left(n.count, pairs);
        tf_tree_load(&tree, pairs);
        CHECK_OK(tf_tree_anneal(&tree, 1, 3, 3, &random, &budget, &best));
        for (int node = tree.count; node < 2 * tree.count - 1; node++)
            tf_exact_improve(exact, &tree, node, 5, &random);
        tf_best_offer(&best, &tree);
        double cost = flops_of(&n, best.pairs);
        if (!(fabs(best.score - cost) <= 1e-9 * cost))
            fail_msg("%.17g instead of %.17g", best.score, cost);
        tf_exact_free(exact);
        tf_tree_free(&tree);
        tf_network_free(&numbered);
    }
}

static int set_up(void **state)
{
    (void)state;
    context = test_context();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tenferro_context_release(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order__same_result__seed_reproduces),
        cmocka_unit_test(search__without_exact__same_result),
        cmocka_unit_test(exact__all_trees__none_better),
        cmocka_unit_test(search__its_score__the_plans_cost),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
