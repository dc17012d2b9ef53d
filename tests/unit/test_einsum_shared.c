/*
 * Reference data: equations and rejects collected by opt_einsum, costs of published contraction
 * paths.
 */

#include "testing.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <tenferro.h>

enum { MOST_OPERANDS = 512, MOST_RANK = 32 };

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

/* What an equation is applied to. */
typedef struct shapes {
    int count;
    int ranks[MOST_OPERANDS];
    int64_t extents[MOST_OPERANDS][MOST_RANK];
    const int64_t *lists[MOST_OPERANDS];
} shapes;

static shapes *new_shapes(void)
{
    shapes *s = calloc(1, sizeof *s);
    assert_non_null(s);
    for (int i = 0; i < MOST_OPERANDS; i++)
        s->lists[i] = s->extents[i];
    return s;
}

static json_t *load(const char *name)
{
    char path[128];
    json_error_t error;
    snprintf(path, sizeof path, "einsum/%s", name);
    const char *full = test_shared_data(path);
    if (!full)
        return NULL;
    json_t *root = json_load_file(full, 0, &error);
    if (!root)
        fail_msg("%s: line %d: %s", full, error.line, error.text);
    return root;
}

static json_t *field(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!value)
        fail_msg("the reference data lack \"%s\"", name);
    return value;
}

static void append(shapes *s, int64_t extent)
{
    assert_true(s->ranks[s->count] < MOST_RANK);
    s->extents[s->count][s->ranks[s->count]++] = extent;
}

/*
 * Shapes of the operands from the extents of their labels; an ellipsis stands for one axis of
 * extent 3.
 */
static void shapes_from_sizes(shapes *s, const char *equation, const json_t *sizes, int64_t all)
{
    s->count = 0;
    s->ranks[0] = 0;
    for (const char *c = equation; *c && *c != '-'; c++) {
        char name[2] = {*c, '\0'};
        if (*c == ',')
            s->ranks[++s->count] = 0;
        else if (*c == '.')
            append(s, 3), c += 2;
        else
            append(s, sizes ? json_integer_value(field(sizes, name)) : all);
    }
    s->count++;
}

static void shapes_from_lists(shapes *s, const json_t *lists)
{
    s->count = 0;
    for (size_t i = 0; i < json_array_size(lists); i++) {
        const json_t *list = json_array_get(lists, i);
        s->ranks[s->count] = 0;
        for (size_t k = 0; k < json_array_size(list); k++)
            append(s, json_integer_value(json_array_get(list, k)));
        s->count++;
    }
}

static void make_operands(const shapes *s, tenferro_tensor **operands)
{
    test_rng rng = test_rng_make(3);
    for (int i = 0; i < s->count; i++) {
        void *data;
        int64_t size;
        CHECK_OK(tenferro_tensor_create(context, TENFERRO_FLOAT64, s->ranks[i], s->extents[i],
                                        i % 2 ? TENFERRO_ROW_MAJOR : TENFERRO_COLUMN_MAJOR,
                                        &operands[i]));
        CHECK_OK(tenferro_tensor_size(operands[i], &size));
        CHECK_OK(tenferro_tensor_data_mutable(operands[i], &data));
        for (int64_t k = 0; k < size; k++)
            ((double *)data)[k] = test_rng_real(&rng);
    }
}

static void release_operands(const shapes *s, tenferro_tensor **operands)
{
    for (int i = 0; i < s->count; i++)
        tenferro_tensor_release(operands[i]);
}

/* Relative to the largest element, since sums of numbers of either sign cancel. */
static void check_close(const char *what, const tenferro_tensor *x, const tenferro_tensor *y)
{
    int64_t size;
    const double *a = tenferro_tensor_data(x), *b = tenferro_tensor_data(y);
    double largest = 0;
    CHECK_OK(tenferro_tensor_size(x, &size));
    for (int64_t i = 0; i < size; i++)
        largest = fmax(largest, fabs(a[i]));
    for (int64_t i = 0; i < size; i++)
        if (!(fabs(a[i] - b[i]) <= 1e-10 * largest))
            fail_msg("%s: element %d is %.17g by one order and %.17g by another", what, (int)i,
                     a[i], b[i]);
}

/* Through the cache, and left to right: the same numbers. */
static void check_equation(const char *equation, const shapes *s)
{
    tenferro_tensor *operands[MOST_OPERANDS], *one, *other;
    const tenferro_tensor *const *inputs = (const tenferro_tensor *const *)operands;
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    tenferro_einsum_plan *plan;
    make_operands(s, operands);
    options.order = TENFERRO_EINSUM_LEFT_TO_RIGHT;
    CHECK_OK(tenferro_einsum(equation, s->count, inputs, &one));
    CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, s->count, s->ranks,
                                         s->lists, &options, &plan));
    CHECK_OK(tenferro_einsum_execute(plan, s->count, inputs, &other));
    check_close(equation, one, other);
    tenferro_tensor_release(one);
    tenferro_tensor_release(other);
    tenferro_einsum_plan_release(plan);
    release_operands(s, operands);
}

static void opt_einsum__equations__every_one_works(void **state)
{
    (void)state;
    json_t *root = load("opt_einsum_tests.json");
    if (!root)
        skip();
    static const char *const lists[] = {"equations_with_default_sizes", "sharing_equations",
                                        "ellipsis_ok"};
    shapes *s = new_shapes();
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        const json_t *list = field(root, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *equation = json_string_value(json_array_get(list, i));
            shapes_from_sizes(s, equation, field(root, "default_sizes"), 0);
            check_equation(equation, s);
        }
    }
    const json_t *classes = field(root, "blas_classification_[inputs,output,class]");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *row = json_array_get(classes, i), *inputs = json_array_get(row, 0);
        char equation[64];
        snprintf(equation, sizeof equation, "%s,%s->%s",
                 json_string_value(json_array_get(inputs, 0)),
                 json_string_value(json_array_get(inputs, 1)),
                 json_string_value(json_array_get(row, 1)));
        shapes_from_sizes(s, equation, field(root, "default_sizes"), 0);
        check_equation(equation, s);
    }
    free(s);
    json_decref(root);
}

static void opt_einsum__broadcasts_and_edges__work(void **state)
{
    (void)state;
    json_t *root = load("opt_einsum_tests.json");
    if (!root)
        skip();
    static const char *const lists[] = {"broadcast_1_vs_N_[eq,shapes]", "dp_edge"};
    shapes *s = new_shapes();
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        const json_t *list = field(root, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *row = json_array_get(list, i);
            const char *equation = json_string_value(json_array_get(row, 0));
            if (json_is_array(json_array_get(row, 1)))
                shapes_from_lists(s, json_array_get(row, 1));
            else
                shapes_from_sizes(s, equation, NULL, 2);
            check_equation(equation, s);
        }
    }
    const json_t *scalars = field(root, "path_scalar_tests_[eq,nsteps]");
    for (size_t i = 0; i < json_array_size(scalars); i++) {
        const char *equation = json_string_value(json_array_get(json_array_get(scalars, i), 0));
        tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
        tenferro_einsum_plan *plan;
        shapes_from_sizes(s, equation, NULL, 2);
        CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, s->count,
                                             s->ranks, s->lists, NULL, &plan));
        CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
        assert_int_equal(cost.steps,
                         json_integer_value(json_array_get(json_array_get(scalars, i), 1)));
        tenferro_einsum_plan_release(plan);
    }
    free(s);
    json_decref(root);
}

static void opt_einsum__rejects__typed_errors(void **state)
{
    (void)state;
    json_t *root = load("opt_einsum_tests.json");
    if (!root)
        skip();
    const json_t *list = field(root, "must_reject_[eq,shapes]");
    shapes *s = new_shapes();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const char *equation = json_string_value(json_array_get(row, 0));
        tenferro_tensor *operands[MOST_OPERANDS], *out;
        shapes_from_lists(s, json_array_get(row, 1));
        make_operands(s, operands);
        tenferro_status status = tenferro_einsum(equation, s->count,
                                                 (const tenferro_tensor *const *)operands, &out);
        if (status != TENFERRO_INVALID_ARGUMENT && status != TENFERRO_SHAPE_MISMATCH)
            fail_msg("\"%s\" gave %s", equation, tenferro_status_name(status));
        assert_null(out);
        release_operands(s, operands);
    }
    free(s);
    json_decref(root);
}

/* Executed where it takes little; the others are planned. */
static void opt_einsum__regressions__planned_or_run(void **state)
{
    (void)state;
    json_t *root = load("opt_einsum_tests.json");
    if (!root)
        skip();
    const json_t *list = field(root, "issue_regressions");
    shapes *s = new_shapes();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const char *equation = json_string_value(field(row, "eq"));
        const json_t *dims = json_object_get(row, "dims");
        if (json_object_get(row, "shapes"))
            shapes_from_lists(s, json_object_get(row, "shapes"));
        else
            shapes_from_sizes(s, equation, json_object_get(row, "sizes"),
                              dims ? json_integer_value(dims) : 3);
        tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
        tenferro_einsum_options left = TENFERRO_EINSUM_OPTIONS_INIT;
        tenferro_einsum_plan *plan;
        left.order = TENFERRO_EINSUM_LEFT_TO_RIGHT;
        CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, s->count,
                                             s->ranks, s->lists, &left, &plan));
        CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
        tenferro_einsum_plan_release(plan);
        if (cost.multiply_adds < 1e7 && cost.peak_bytes < 1e7)
            check_equation(equation, s);
        CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, s->count,
                                             s->ranks, s->lists, NULL, &plan));
        tenferro_einsum_plan_release(plan);
    }
    free(s);
    json_decref(root);
}

/* ---- networks with published paths ----------------------------------------------------------- */

typedef struct instance {
    shapes *s;
    int64_t labels[MOST_OPERANDS][MOST_RANK];
    const int64_t *lists[MOST_OPERANDS];
    int out_rank;
    int64_t out_labels[MOST_RANK];
    int64_t path[2 * MOST_OPERANDS];
    int64_t pairs;
} instance;

/* most: extents above are cut to it. */
static void read_instance(instance *n, const json_t *root, int64_t most)
{
    const json_t *operands = field(root, "ixs"), *sizes = field(root, "size"),
                 *output = field(root, "iy");
    n->s->count = 0;
    assert_true(json_array_size(operands) <= MOST_OPERANDS && json_array_size(output) <= MOST_RANK);
    for (size_t i = 0; i < json_array_size(operands); i++) {
        const json_t *list = json_array_get(operands, i);
        n->s->ranks[i] = 0;
        n->lists[i] = n->labels[i];
        for (size_t k = 0; k < json_array_size(list); k++) {
            int64_t label = json_integer_value(json_array_get(list, k));
            int64_t extent = json_integer_value(json_array_get(sizes, (size_t)label));
            append(n->s, extent < most ? extent : most);
            n->labels[i][k] = label;
        }
        n->s->count++;
    }
    n->out_rank = (int)json_array_size(output);
    for (size_t k = 0; k < json_array_size(output); k++)
        n->out_labels[k] = json_integer_value(json_array_get(output, k));
}

static void read_path(instance *n, const json_t *path)
{
    const json_t *list = field(path, "path_linear");
    n->pairs = (int64_t)json_array_size(list);
    assert_true(n->pairs < MOST_OPERANDS);
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t k = 0; k < 2; k++)
            n->path[2 * i + k] = json_integer_value(json_array_get(json_array_get(list, i), k));
}

static tenferro_einsum_plan *plan_instance(const instance *n, int given)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    tenferro_einsum_plan *plan;
    options.order = given ? TENFERRO_EINSUM_GIVEN : TENFERRO_EINSUM_GREEDY;
    options.path = given ? n->path : NULL;
    options.path_length = given ? n->pairs : 0;
    CHECK_OK(tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, n->s->count, n->s->ranks,
                                         n->lists, n->s->lists, n->out_rank, n->out_labels,
                                         &options, &plan));
    return plan;
}

/* Two paths of the network with extents cut to 2, if that takes little. */
static void run_small(const char *name, const instance *n)
{
    tenferro_einsum_plan *plans[2] = {plan_instance(n, 0), plan_instance(n, 1)};
    tenferro_einsum_cost costs[2] = {TENFERRO_EINSUM_COST_INIT, TENFERRO_EINSUM_COST_INIT};
    for (int i = 0; i < 2; i++)
        CHECK_OK(tenferro_einsum_plan_cost(plans[i], &costs[i]));
    if (costs[0].multiply_adds + costs[1].multiply_adds < 1e7) {
        tenferro_tensor *operands[MOST_OPERANDS], *out[2];
        make_operands(n->s, operands);
        for (int i = 0; i < 2; i++)
            CHECK_OK(tenferro_einsum_execute(plans[i], n->s->count,
                                             (const tenferro_tensor *const *)operands, &out[i]));
        check_close(name, out[0], out[1]);
        tenferro_tensor_release(out[0]);
        tenferro_tensor_release(out[1]);
        release_operands(n->s, operands);
    }
    tenferro_einsum_plan_release(plans[0]);
    tenferro_einsum_plan_release(plans[1]);
}

static void check_instance(const char *file, instance *n)
{
    static const char *const kinds[2] = {"opt_size", "opt_flops"};
    char name[256];
    snprintf(name, sizeof name, "tenferro_instances/%s", file);
    json_t *root = load(name);
    for (int k = 0; k < 2; k++) {
        const json_t *path = field(field(root, "paths"), kinds[k]);
        tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
        double expected = json_real_value(field(path, "verified_log10_macs"));
        read_path(n, path);
        read_instance(n, root, INT64_MAX);
        tenferro_einsum_plan *plan = plan_instance(n, 1);
        CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
        tenferro_einsum_plan_release(plan);
        if (!(fabs(log10(cost.multiply_adds) - expected) < 1e-3))
            fail_msg("%s, %s: 10^%.4f multiply-adds, published 10^%.4f", file, kinds[k],
                     log10(cost.multiply_adds), expected);
        expected = json_real_value(field(path, "verified_log2_size"));
        if (!(fabs(log2(cost.largest_intermediate) - expected) < 1e-3))
            fail_msg("%s, %s: largest intermediate 2^%.4f, published 2^%.4f", file, kinds[k],
                     log2(cost.largest_intermediate), expected);
        read_instance(n, root, 2);
        run_small(file, n);
    }
    json_decref(root);
}

static void instances__both_paths__published_costs(void **state)
{
    (void)state;
    const char *folder = test_shared_data("einsum/tenferro_instances");
    if (!folder)
        skip();
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    instance *n = calloc(1, sizeof *n);
    assert_non_null(n);
    n->s = new_shapes();
    int files = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strstr(entry->d_name, ".json")) {
            check_instance(entry->d_name, n);
            files++;
        }
    assert_int_equal(files, 19);
    closedir(entries);
    free(n->s);
    free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opt_einsum__equations__every_one_works),
        cmocka_unit_test(opt_einsum__broadcasts_and_edges__work),
        cmocka_unit_test(opt_einsum__rejects__typed_errors),
        cmocka_unit_test(opt_einsum__regressions__planned_or_run),
        cmocka_unit_test(instances__both_paths__published_costs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
