/* Orders, costs, memory: what a plan says, and that execution keeps to it. */

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include <tenferro.h>

#include "einsum/order.h"
#include "einsum/plan.h"

static tenferro_context *context;

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

#define EXTENTS(...) ((const int64_t[]){__VA_ARGS__})
#define LISTS(...) ((const int64_t *const[]){__VA_ARGS__})
#define RANKS(...) ((const int[]){__VA_ARGS__})

static void check_number(double got, double expected)
{
    if (!(got >= expected && got <= expected))
        fail_msg("%.17g instead of %.17g", got, expected);
}

static tenferro_einsum_plan *
plan_with(tenferro_einsum_order order, int64_t pairs, const int64_t *path, const char *equation,
          int count, const int *ranks, const int64_t *const *extents)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    tenferro_einsum_plan *plan;
    options.order = order;
    options.path = path;
    options.path_length = pairs;
    CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, count, ranks, extents,
                                         &options, &plan));
    return plan;
}

static tenferro_einsum_cost cost_of(const tenferro_einsum_plan *plan)
{
    tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
    CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
    return cost;
}

static void check_path(const tenferro_einsum_plan *plan, int64_t pairs, const int64_t *expected)
{
    int64_t path[64], got = -1;
    CHECK_OK(tenferro_einsum_plan_path(plan, 64, path, &got));
    assert_int_equal(got, pairs);
    if (pairs > 0)
        assert_memory_equal(path, expected, (size_t)pairs * 2 * sizeof *path);
}

/* a: 10 x 1000, b: 1000 x 10, c: 10 x 1000 */
static const int64_t tall[2] = {1000, 10}, flat[2] = {10, 1000};

static void order__each_kind__its_path_and_cost(void **state)
{
    (void)state;
    const int64_t *const extents[] = {flat, tall, flat};
    static const struct {
        tenferro_einsum_order order;
        const char *equation;
        int64_t path[4];
        double multiply_adds;
    } cases[] = {
        {TENFERRO_EINSUM_AUTO, "ab,bc,cd->ad", {0, 1, 0, 1}, 2e5}, /* greedy finds the 10 x 10 */
        {TENFERRO_EINSUM_GREEDY, "ab,(bc,cd)->ad", {0, 1, 0, 1}, 2e5}, /* whatever the parentheses */
        {TENFERRO_EINSUM_AUTO, "ab,(bc,cd)->ad", {1, 2, 0, 1}, 2e7},   /* they are obeyed */
        {TENFERRO_EINSUM_LEFT_TO_RIGHT, "ab,(bc,cd)->ad", {0, 1, 1, 0}, 2e5},
        {TENFERRO_EINSUM_GIVEN, "ab,bc,cd->ad", {0, 2, 1, 0}, 1e8 + 1e8}, /* an outer product first */
        {TENFERRO_EINSUM_GIVEN, "ab,bc,cd->ad", {2, 1, 1, 0}, 2e7},
    };
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        int given = cases[i].order == TENFERRO_EINSUM_GIVEN;
        tenferro_einsum_plan *plan = plan_with(cases[i].order, given ? 2 : 0,
                                               given ? cases[i].path : NULL, cases[i].equation, 3,
                                               RANKS(2, 2, 2), extents);
        check_path(plan, 2, cases[i].path);
        check_number(cost_of(plan).multiply_adds, cases[i].multiply_adds);
        tenferro_einsum_plan_release(plan);
    }
}

static void order__wrong_paths__refused(void **state)
{
    (void)state;
    static const struct {
        int64_t pairs, path[6];
        const char *message;
    } cases[] = {
        {1, {0, 1}, "a path of 1 pairs for 3 operands; there must be 2"},
        {3, {0, 1, 0, 1, 0, 1}, "a path of 3 pairs"},
        {2, {0, 3, 0, 1}, "pair 0 of the path is (0, 3), with 3 operands left"},
        {2, {0, 1, 1, 1}, "pair 1 of the path is (1, 1), with 2 operands left"},
        {2, {-1, 1, 0, 1}, "pair 0"},
    };
    tenferro_einsum_plan *plan;
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
        options.order = TENFERRO_EINSUM_GIVEN;
        options.path = cases[i].path;
        options.path_length = cases[i].pairs;
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                     tenferro_einsum_plan_create(context, "ab,bc,cd->ad", TENFERRO_FLOAT64, 3,
                                                 RANKS(2, 2, 2), LISTS(flat, tall, flat), &options,
                                                 &plan));
        CHECK_MESSAGE(cases[i].message);
    }
}

static void path__random_trees__there_and_back(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    test_rng rng = test_rng_make(7);
    for (int round = 0; round < 100; round++) {
        int64_t path[2 * COUNT], back[2 * COUNT];
        int pairs[2 * COUNT];
        for (int step = 0; step + 1 < COUNT; step++) {
            path[2 * step] = test_rng_range(&rng, 0, COUNT - step - 1);
            do
                path[2 * step + 1] = test_rng_range(&rng, 0, COUNT - step - 1);
            while (path[2 * step + 1] == path[2 * step]);
        }
        CHECK_OK(tf_order_given(context, COUNT, path, COUNT - 1, pairs));
        CHECK_OK(tf_order_to_path(context, COUNT, pairs, back));
        assert_memory_equal(path, back, 2 * (COUNT - 1) * sizeof *path);
    }
}

static void greedy__disconnected_parts__smallest_first(void **state)
{
    (void)state;
    tenferro_einsum_plan *plan = plan_with(TENFERRO_EINSUM_GREEDY, 0, NULL, "a,b,c->abc", 3,
                                           RANKS(1, 1, 1),
                                           LISTS(EXTENTS(100), EXTENTS(3), EXTENTS(2)));
    check_number(cost_of(plan).multiply_adds, 6 + 600);
    check_number(cost_of(plan).flops, 6 + 600);
    tenferro_einsum_plan_release(plan);
}

/* A star: one label in all operands, more of them than a node looks at. */
static void greedy__hyperedge_of_many__all_contracted(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static char equation[2 * COUNT + 4];
    static int ranks[COUNT];
    static const int64_t *extents[COUNT];
    char *end = equation;
    for (int i = 0; i < COUNT; i++) {
        ranks[i] = 1;
        extents[i] = flat;
        *end++ = 'a';
        *end++ = i + 1 < COUNT ? ',' : '-';
    }
    memcpy(end, ">", 2);
    tenferro_einsum_plan *plan = plan_with(TENFERRO_EINSUM_GREEDY, 0, NULL, equation, COUNT, ranks,
                                           extents);
    check_number(cost_of(plan).multiply_adds, 10.0 * (COUNT - 1));
    check_number(cost_of(plan).largest_intermediate, 10);
    tenferro_einsum_plan_release(plan);
}

/* A square lattice of 100 x 100 tensors: two labels to the right and below of each. */
static void greedy__ten_thousand_operands__planned(void **state)
{
    (void)state;
    enum { SIDE = 100, COUNT = SIDE * SIDE };
    static const int64_t two[4] = {2, 2, 2, 2};
    static int64_t labels[COUNT][4];
    static int ranks[COUNT];
    static const int64_t *lists[COUNT], *extents[COUNT];
    for (int i = 0; i < COUNT; i++) {
        int x = i % SIDE, y = i / SIDE, rank = 0;
        if (x > 0)
            labels[i][rank++] = 2 * (i - 1);
        if (y > 0)
            labels[i][rank++] = 2 * (i - SIDE) + 1;
        if (x + 1 < SIDE)
            labels[i][rank++] = 2 * i;
        if (y + 1 < SIDE)
            labels[i][rank++] = 2 * i + 1;
        ranks[i] = rank;
        lists[i] = labels[i];
        extents[i] = two;
    }
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, COUNT, ranks, lists, extents, 0,
                                         NULL, NULL, &plan));
    tenferro_einsum_cost cost = cost_of(plan);
    assert_int_equal(cost.steps, COUNT - 1);
    assert_true(cost.multiply_adds >= cost.largest_step && cost.largest_step >= 1);
    tenferro_einsum_plan_release(plan);
}

static void cost__counts__as_documented(void **state)
{
    (void)state;
    tenferro_einsum_plan *plan = plan_with(TENFERRO_EINSUM_LEFT_TO_RIGHT, 0, NULL, "ab,bc,d->acd",
                                           3, RANKS(2, 2, 1),
                                           LISTS(EXTENTS(2, 3), EXTENTS(3, 5), EXTENTS(7)));
    tenferro_einsum_cost cost = cost_of(plan);
    int rank;
    const int64_t *extents;
    check_number(cost.multiply_adds, 30 + 70);
    check_number(cost.flops, 60 + 70);
    check_number(cost.largest_step, 70);
    check_number(cost.largest_intermediate, 70);
    assert_true(cost.peak_bytes >= 8 * (10 + 70));
    CHECK_OK(tenferro_einsum_plan_output(plan, &rank, &extents));
    assert_int_equal(rank, 3);
    assert_memory_equal(extents, EXTENTS(2, 5, 7), 3 * sizeof *extents);
    tenferro_einsum_plan_release(plan);

    plan = plan_with(TENFERRO_EINSUM_AUTO, 0, NULL, "ii->i", 1, RANKS(2), LISTS(EXTENTS(4, 4)));
    cost = cost_of(plan);
    assert_int_equal(cost.steps, 1);
    check_number(cost.multiply_adds, 4);
    check_number(cost.flops, 4);
    check_path(plan, 0, NULL);
    tenferro_einsum_plan_release(plan);
}

/*
 * A symbol counts as 64, broadcasts with nothing but a literal 1, and meets other extents without
 * an error here.
 */
static void plan__symbolic_extents__order_chosen(void **state)
{
    (void)state;
    tenferro_extent n, m;
    tf_network network;
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(tenferro_extent_symbol(context, "m", &m));
    CHECK_OK(tf_network_create(context, 0, 3, RANKS(2, 2, 2), EXTENTS(0, 1, 1, 2, 2, 3),
                               LISTS(EXTENTS(5, n), EXTENTS(m, n), EXTENTS(1, 7)), 2, EXTENTS(0, 3),
                               &network));
    assert_true(network.symbolic);
    CHECK_OK(tf_plan_create(&network, TENFERRO_FLOAT64, NULL, NULL, 1, &plan));
    check_number(cost_of(plan).multiply_adds,
                 5 * 64 * 64 + 5 * 7); /* label 2 is summed with label 1 */
    tenferro_einsum_plan_release(plan);
}

/* Executes the plan on tensors of ones and compares the memory that it took with what it said. */
static void check_peak(const tenferro_einsum_plan *plan, int count, const int *ranks,
                       const int64_t *const *extents)
{
    tenferro_memory_statistics before = TENFERRO_MEMORY_STATISTICS_INIT,
                               after = TENFERRO_MEMORY_STATISTICS_INIT;
    const tenferro_tensor *operands[8];
    tenferro_tensor *owned[8], *out;
    for (int i = 0; i < count; i++) {
        CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, ranks[i], extents[i], &owned[i]));
        operands[i] = owned[i];
    }
    tenferro_context_reset_peak(context);
    CHECK_OK(tenferro_context_memory_statistics(context, &before));
    CHECK_OK(tenferro_einsum_execute(plan, count, operands, &out));
    CHECK_OK(tenferro_context_memory_statistics(context, &after));
    double taken = (double)(after.peak - before.live), said = cost_of(plan).peak_bytes;
    assert_true(taken >= (double)plan->arena);
    assert_true(taken <= 1.3 * said + 4096); /* the pool rounds blocks up to its size classes */
    tenferro_tensor_release(out);
    for (int i = 0; i < count; i++)
        tenferro_tensor_release(owned[i]);
}

static void peak__predicted__kept_when_executed(void **state)
{
    (void)state;
    static const int64_t m[2] = {100, 100};
    const int64_t *const extents[6] = {m, m, m, m, m, m};
    const int ranks[6] = {2, 2, 2, 2, 2, 2};
    tenferro_einsum_plan *plan;
    plan = plan_with(TENFERRO_EINSUM_LEFT_TO_RIGHT, 0, NULL, "ab,bc,cd,de,ef,fg->ag", 6, ranks,
                     extents);
    assert_int_equal(plan->arena, 2 * ((80000 + 63) / 64 * 64)); /* two intermediates take turns */
    check_peak(plan, 6, ranks, extents);
    tenferro_einsum_plan_release(plan);

    plan = plan_with(TENFERRO_EINSUM_AUTO, 0, NULL, "(ab,bc),((cd,de),(ef,fg))->ag", 6, ranks,
                     extents);
    check_peak(plan, 6, ranks, extents);
    tenferro_einsum_plan_release(plan);
}

/*
 * (xa,ay) leaves 2000 x 2000.  ((yb,bz),zc) needs as much but leaves 2000 x 3.  The second must go
 * first: then one such tensor is alive at a time, not two.
 */
static void peak__steps_sorted__less_alive(void **state)
{
    (void)state;
    static const int64_t row[2] = {2, 2000}, column[2] = {2000, 2}, wide[2] = {2000, 3};
    const int64_t *const extents[5] = {column, row, column, row, wide};
    const int ranks[5] = {2, 2, 2, 2, 2};
    const int64_t path[8] = {0, 1, 0, 1, 0, 2, 0, 1};
    tenferro_einsum_plan *sorted, *given;
    sorted = plan_with(TENFERRO_EINSUM_AUTO, 0, NULL, "(xa,ay),((yb,bz),zc)->xc", 5, ranks, extents);
    given = plan_with(TENFERRO_EINSUM_GIVEN, 4, path, "xa,ay,yb,bz,zc->xc", 5, ranks, extents);
    check_number(cost_of(sorted).multiply_adds, cost_of(given).multiply_adds);
    assert_int_equal(given->arena, 2 * 32000000 + 48000);
    assert_int_equal(sorted->arena, 32000000 + 48000);
    tenferro_einsum_plan_release(sorted);
    tenferro_einsum_plan_release(given);
}

static void format__three_forms__snprintf_manner(void **state)
{
    (void)state;
    char text[4096], small[16];
    size_t needed = 0;
    tenferro_einsum_plan *plan = plan_with(TENFERRO_EINSUM_LEFT_TO_RIGHT, 0, NULL,
                                           "αb,bc,...c->...α", 3, RANKS(2, 2, 2),
                                           LISTS(EXTENTS(2, 3), EXTENTS(3, 4), EXTENTS(5, 4)));
    CHECK_OK(tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_TEXT, text, sizeof text, &needed));
    assert_int_equal(needed, strlen(text));
    assert_non_null(strstr(text, "einsum of 3 operands, float64, in 2 steps"));
    assert_non_null(strstr(text, "αb,bc->αc"));
    assert_non_null(strstr(text, "->...-1α"));
    CHECK_OK(tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_TEXT, small, sizeof small, &needed));
    assert_int_equal(needed, strlen(text));
    assert_memory_equal(small, text, sizeof small - 1);
    assert_int_equal(small[15], '\0');
    CHECK_OK(tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_JSON, text, sizeof text, NULL));
    assert_non_null(strstr(text, "\"path\": [[0, 1], [1, 0]]"));
    assert_non_null(strstr(text, "\"labels\": [[\"α\", \"b\"], [\"b\", \"c\"]]"));
    CHECK_OK(tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_DOT, text, sizeof text, NULL));
    assert_non_null(strstr(text, "n3 -> n4;"));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_format(plan, (tenferro_einsum_format)9, text, sizeof text,
                                             NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_TEXT, NULL, 1, NULL));
    tenferro_einsum_plan_release(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order__each_kind__its_path_and_cost),
        cmocka_unit_test(order__wrong_paths__refused),
        cmocka_unit_test(path__random_trees__there_and_back),
        cmocka_unit_test(greedy__disconnected_parts__smallest_first),
        cmocka_unit_test(greedy__hyperedge_of_many__all_contracted),
        cmocka_unit_test(greedy__ten_thousand_operands__planned),
        cmocka_unit_test(cost__counts__as_documented),
        cmocka_unit_test(plan__symbolic_extents__order_chosen),
        cmocka_unit_test(peak__predicted__kept_when_executed),
        cmocka_unit_test(peak__steps_sorted__less_alive),
        cmocka_unit_test(format__three_forms__snprintf_manner),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
