/* The plan's life: made from a network and an order, asked for its cost, path and output. */

#include "einsum/plan.h"

#include <float.h>
#include <string.h>

#include "einsum/search.h"
#include "support/struct_size.h"

tenferro_status tf_plan_check_dtype(const tenferro_context *context, tenferro_dtype dtype)
{
    if (dtype >= TENFERRO_INT32 && dtype <= TENFERRO_COMPLEX128)
        return TENFERRO_OK;
    return tf_fail(TENFERRO_DTYPE_MISMATCH, "einsum: sums of products are not defined on %s",
                   tf_dtype_name(context, dtype));
}

/*
 * What an objective weighs.  The rates of SECONDS are nominal ones of a core; what matters is their
 * ratio.
 */
static tf_search search_for(const tenferro_einsum_plan *plan, const tenferro_einsum_options *o)
{
    static const double rates[TF_ISA_COUNT] = {
        [TF_ISA_PORTABLE] = 4e9, [TF_ISA_AVX2] = 3e10, [TF_ISA_AVX512] = 6e10, [TF_ISA_NEON] = 2e10};
    const double bandwidth = 2e10;
    int is_complex = tf_dtype_is_complex(plan->dtype);
    double size = (double)plan->element_size, bytes_a_number = is_complex ? size / 2 : size;
    double flop = (is_complex ? 4 : 1) * bytes_a_number / 8 / rates[tf_context_isa(plan->context)];
    double element = 2 * size / bandwidth;
    tf_search search = {.moves = (double)o->moves, .seconds = o->seconds, .seed = o->seed};
    switch (o->objective) {
    case TENFERRO_EINSUM_FLOPS:
        search.objective = (tf_objective){1, 0};
        search.seconds_per_score = flop;
        break;
    case TENFERRO_EINSUM_SIZE:
        search.objective = (tf_objective){0, 1};
        search.seconds_per_score = element;
        break;
    case TENFERRO_EINSUM_WEIGHTED:
        search.objective = (tf_objective){1, 64};
        search.seconds_per_score = flop;
        break;
    default:
        search.objective = (tf_objective){flop, element};
        search.seconds_per_score = 1;
    }
    if (o->order == TENFERRO_EINSUM_AUTO) {
        search.moves = search.seconds = 0;
        search.exact_most = TF_AUTO_EXACT_MOST;
    } else {
        search.exact_most = TF_EXACT_MOST;
        if (o->moves == 0 && o->seconds <= 0)
            search.moves = TF_SEARCH_MOST_MOVES;
    }
    return search;
}

static tenferro_status
choose_order(const tenferro_einsum_plan *plan, const tenferro_einsum_options *options,
             const int *parenthesised, int *pairs)
{
    static const tenferro_einsum_options defaults = TENFERRO_EINSUM_OPTIONS_INIT;
    const tf_network *n = &plan->network;
    options = options ? options : &defaults;
    if (options->order == TENFERRO_EINSUM_GIVEN)
        return tf_order_given(n->context, n->count, options->path, options->path_length, pairs);
    if (options->order == TENFERRO_EINSUM_LEFT_TO_RIGHT || n->count <= 2) {
        tf_order_left(n->count, pairs);
        return TENFERRO_OK;
    }
    if (options->order == TENFERRO_EINSUM_AUTO && parenthesised) {
        memcpy(pairs, parenthesised, 2 * (size_t)(n->count - 1) * sizeof *pairs);
        return TENFERRO_OK;
    }
    if (options->order == TENFERRO_EINSUM_GREEDY || n->empty)
        return tf_order_greedy(n, pairs);
    tf_search search = search_for(plan, options);
    return tf_order_search(n, &search, pairs);
}

static double add(double a, double b)
{
    return TF_MIN(a + b, DBL_MAX);
}

static void sum_cost(tenferro_einsum_plan *plan)
{
    tenferro_einsum_cost *cost = &plan->cost;
    double scratch = 0, output = (double)plan->element_size;
    tf_engine engine;
    tf_context_engine(plan->context, &engine);
    int runs = plan->overflow < 0 && !plan->network.empty && !plan->network.symbolic;
    cost->struct_size = sizeof *cost;
    cost->steps = plan->steps;
    for (int i = 0; i < plan->network.out_rank; i++)
        output = TF_MIN(output * tf_extent_estimate(plan->network.out_extents[i]), DBL_MAX);
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        int contracts = 0;
        for (int64_t e = s->at; e < s->at + s->labels; e++)
            contracts |= plan->summed[e];
        cost->multiply_adds = add(cost->multiply_adds, s->multiply_adds);
        cost->flops = add(cost->flops, contracts ? 2 * s->multiply_adds : s->multiply_adds);
        cost->largest_step = TF_MAX(cost->largest_step, s->multiply_adds);
        cost->largest_intermediate = TF_MAX(cost->largest_intermediate, s->elements);
        if (runs) {
            tf_contraction contraction = tf_plan_contraction(plan, s);
            scratch = TF_MAX(scratch,
                             (double)tf_contract_scratch(&engine, &contraction, TF_ROUTE_AUTO));
        }
    }
    if (plan->overflow < 0)
        cost->peak_bytes = (double)plan->arena + output + scratch;
    else
        cost->peak_bytes = tf_plan_live_peak(plan);
}

static tenferro_status
build(tenferro_einsum_plan *plan, const tenferro_einsum_options *options, const int *parenthesised)
{
    const tf_network *n = &plan->network;
    int *pairs = tf_malloc(plan->context, 2 * (int64_t)n->count, sizeof *pairs);
    if (!pairs)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = choose_order(plan, options, parenthesised, pairs);
    if (status == TENFERRO_OK)
        status = tf_plan_make_steps(plan, pairs);
    tf_free(plan->context, pairs);
    if (status != TENFERRO_OK)
        return status;
    if (!options || options->order != TENFERRO_EINSUM_GIVEN) /* a given path is kept as it is */
        TF_TRY(tf_plan_sort_steps(plan));
    if (!n->symbolic) {
        TF_TRY(tf_plan_make_strides(plan));
        TF_TRY(tf_plan_place(plan));
    }
    sum_cost(plan);
    int64_t limit = options ? options->memory_limit : 0;
    if (limit > 0 && plan->cost.peak_bytes > (double)limit)
        return tf_fail(TENFERRO_OUT_OF_MEMORY,
                       "einsum: the plan needs %.6g bytes at once, the limit is %lld (largest "
                       "tensor: %.6g elements)",
                       plan->cost.peak_bytes, (long long)limit, plan->cost.largest_intermediate);
    return TENFERRO_OK;
}

static void destroy(tenferro_einsum_plan *plan)
{
    tenferro_context *c = plan->context;
    int holds = plan->holds_context;
    tf_network_free(&plan->network);
    tf_free(c, plan->step);
    tf_free(c, plan->labels);
    tf_free(c, plan->sides);
    tf_free(c, plan->summed);
    tf_free(c, plan->extents);
    tf_free(c, plan->a_strides);
    tf_free(c, plan->b_strides);
    tf_free(c, plan->c_strides);
    tf_free(c, plan->slots);
    tf_free(c, plan->out_slots);
    tf_free(c, plan);
    if (holds)
        tenferro_context_release(c);
}

tenferro_status
tf_plan_create(tf_network *network, tenferro_dtype dtype, const tenferro_einsum_options *options,
               const int *parenthesised, int holds_context, tenferro_einsum_plan **out)
{
    tenferro_context *c = network->context;
    tenferro_einsum_plan *plan = tf_calloc(c, 1, sizeof *plan);
    if (!plan) {
        tf_network_free(network);
        return TENFERRO_OUT_OF_MEMORY;
    }
    atomic_init(&plan->references, 1);
    plan->context = c;
    plan->holds_context = holds_context;
    if (holds_context)
        tenferro_context_retain(c);
    plan->dtype = dtype;
    plan->element_size = tf_dtype_size(c, dtype);
    plan->overflow = -1;
    plan->network = *network;
    *network = (tf_network){.context = c};
    tenferro_status status = build(plan, options, parenthesised);
    if (status == TENFERRO_OK) {
        *out = plan;
        return status;
    }
    destroy(plan);
    return status;
}

tenferro_einsum_plan *tenferro_einsum_plan_retain(tenferro_einsum_plan *plan)
{
    if (plan)
        atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void tenferro_einsum_plan_release(tenferro_einsum_plan *plan)
{
    if (plan && atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) == 1)
        destroy(plan);
}

tenferro_status
tenferro_einsum_plan_cost(const tenferro_einsum_plan *plan, tenferro_einsum_cost *out)
{
    if (!plan || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_cost: an argument is NULL");
    return tf_struct_write("einsum_plan_cost", out, &plan->cost, sizeof plan->cost);
}

tenferro_status
tenferro_einsum_plan_output(const tenferro_einsum_plan *plan, int *rank, const int64_t **extents)
{
    if (!plan || !rank || !extents)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_output: an argument is NULL");
    *rank = plan->network.out_rank;
    *extents = plan->network.out_extents;
    return TENFERRO_OK;
}

tenferro_status tenferro_einsum_plan_path(const tenferro_einsum_plan *plan, int64_t capacity,
                                          int64_t *path, int64_t *pairs)
{
    if (!plan || !pairs || (!path && capacity > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_path: an argument is NULL");
    int count = plan->network.count;
    if (!path) {
        *pairs = count - 1;
        return TENFERRO_OK;
    }
    if (capacity < 2 * ((int64_t)count - 1))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum_plan_path: room for %lld numbers, the path has %lld",
                       (long long)capacity, 2 * ((long long)count - 1));
    int *nodes = tf_malloc(plan->context, 2 * (int64_t)count, sizeof *nodes);
    if (!nodes)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i + 1 < count; i++) {
        nodes[2 * i] = plan->step[i].a;
        nodes[2 * i + 1] = plan->step[i].b;
    }
    tenferro_status status = tf_order_to_path(plan->context, count, nodes, path);
    tf_free(plan->context, nodes);
    if (status == TENFERRO_OK)
        *pairs = count - 1;
    return status;
}
