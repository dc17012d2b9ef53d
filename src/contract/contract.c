/* The doors of the contraction engine: the table of routes, and plans that have chosen one. */
#include "contract/contract.h"

#include "contract/route.h"

static const tf_route routes[TF_ROUTE_COUNT] = {
    [TF_ROUTE_AUTO] = {.name = "auto"},
    [TF_ROUTE_NAIVE] = {.name = "naive", .seconds = tf_naive_seconds, .run = tf_contract_naive},
    [TF_ROUTE_PACKED] = {.name = "packed",
                         .seconds = tf_packed_seconds,
                         .run = tf_contract_packed,
                         .scratch = tf_packed_scratch},
    [TF_ROUTE_BLAS] = {.name = "blas",
                       .refuses = tf_blas_refuses,
                       .seconds = tf_blas_seconds,
                       .run = tf_contract_blas},
    [TF_ROUTE_SMALL] = {.name = "small",
                        .refuses = tf_small_refuses,
                        .seconds = tf_small_seconds,
                        .prepare = tf_small_prepare,
                        .run = tf_contract_small,
                        .scratch = tf_small_scratch},
    [TF_ROUTE_DIRECT] = {.name = "direct",
                         .seconds = tf_direct_seconds,
                         .run = tf_contract_direct,
                         .scratch = tf_direct_scratch},
};

struct tf_contract_plan {
    tf_contract_route route;
    int is_automatic;
    tf_problem problem;
    tf_presum presum[2]; /* taken first */
    tf_prepared prepared;
};

/* Words that follow a plan. */
#define WORDS(labels) (TF_PROBLEM_WORDS(labels) + 2 * TF_PRESUM_WORDS(labels))

/* A plan for one call. */
typedef struct brief_plan {
    tf_contract_plan plan;
    int64_t words[WORDS(TF_MAX_LABELS)];
} brief_plan;

/* Of routes that are about as fast an own one is taken: a guest has threads that must be parked. */
#define GUEST_MARGIN 1.1

/* All but the naive one. */
static const tf_contract_route others[] = {TF_ROUTE_SMALL, TF_ROUTE_DIRECT, TF_ROUTE_PACKED,
                                           TF_ROUTE_BLAS};

/* The one that is predicted to be fastest.  Whether it serves is asked last: a guest is loaded then. */
static tf_contract_route choose(const tf_engine *engine, const tf_problem *p)
{
    tf_shape shape;
    tf_shape_of_problem(engine, p, &shape);
    tf_contract_route best = TF_ROUTE_NAIVE;
    double least = routes[best].seconds(engine, &shape);
    for (size_t i = 0; i < TF_COUNT(others); i++) {
        const tf_route *route = &routes[others[i]];
        double seconds = route->seconds(engine, &shape);
        if (others[i] == TF_ROUTE_BLAS)
            seconds *= GUEST_MARGIN;
        if (seconds < least && (route->refuses == NULL || route->refuses(engine, p) == NULL)) {
            best = others[i];
            least = seconds;
        }
    }
    return best;
}

/* A handful of terms: the naive route takes sums of one operand as they are. */
static int prefers_naive(const tf_engine *engine, const tf_problem *p)
{
    tf_shape shape;
    if (p->only[0].count == 0 && p->only[1].count == 0)
        return 0;
    tf_shape_of_problem(engine, p, &shape);
    return tf_naive_seconds(engine, &shape) < 1e-6;
}

/* `labels` words of each kind lie at `words`. */
static tenferro_status
plan_init(const tf_engine *engine, const tf_contraction *contraction, tf_contract_route route,
          int labels, int64_t *words, tf_contract_plan *plan)
{
    tf_problem *p = &plan->problem;
    TF_TRY(tf_problem_init(p, contraction, labels, words));
    plan->is_automatic = route == TF_ROUTE_AUTO;
    plan->route = TF_ROUTE_NAIVE;
    plan->presum[0].rank = plan->presum[1].rank = 0;
    if (p->is_empty)
        return TENFERRO_OK;
    if (route == TF_ROUTE_NAIVE || p->k.size == 0 ||
        (plan->is_automatic && prefers_naive(engine, p)))
        return tf_problem_join_sums(p);
    words += TF_PROBLEM_WORDS(labels);
    for (int which = 0; which < 2; which++, words += TF_PRESUM_WORDS(labels))
        TF_TRY(tf_problem_presum(p, which, labels, words, &plan->presum[which]));
    tf_problem_fuse(p);
    tf_problem_orient(p);
    plan->route = plan->is_automatic ? choose(engine, p) : route;
    const tf_route *chosen = &routes[plan->route];
    const char *refusal = plan->is_automatic || chosen->refuses == NULL
                              ? NULL
                              : chosen->refuses(engine, p);
    if (refusal != NULL)
        return tf_fail(TENFERRO_UNSUPPORTED, "contraction: route %s: %s", chosen->name, refusal);
    if (chosen->prepare != NULL)
        chosen->prepare(engine, p, &plan->prepared);
    return TENFERRO_OK;
}

static tenferro_status brief_init(const tf_engine *engine, const tf_contraction *contraction,
                                  tf_contract_route route, brief_plan *brief)
{
    return plan_init(engine, contraction, route, TF_MAX_LABELS, brief->words, &brief->plan);
}

int64_t tf_contract_plan_bytes(const tf_contraction *contraction)
{
    return (int64_t)sizeof(tf_contract_plan) + WORDS(contraction->labels) * (int64_t)sizeof(int64_t);
}

tenferro_status tf_contract_plan_init(const tf_engine *engine, const tf_contraction *contraction,
                                      tf_contract_route route, tf_contract_plan *plan)
{
    return plan_init(engine, contraction, route, contraction->labels, (int64_t *)(plan + 1), plan);
}

static tenferro_status
run_route(const tf_engine *engine, const tf_contract_plan *plan, const tf_operands *operands)
{
    tenferro_status status = routes[plan->route].run(engine, &plan->problem, &plan->prepared,
                                                     operands);
    if (status == TENFERRO_UNSUPPORTED &&
        plan->is_automatic) /* a guest: its integers are too small */
        status = tf_contract_packed(engine, &plan->problem, NULL, operands);
    return status;
}

/* Sums over labels of one operand alone, then the contraction proper. */
static tenferro_status
run_with_sums(const tf_engine *engine, const tf_contract_plan *plan, tf_operands *operands)
{
    void *scratch[2] = {NULL, NULL};
    tenferro_status status = TENFERRO_OK;
    for (int which = 0; which < 2 && status == TENFERRO_OK; which++) {
        const tf_presum *presum = &plan->presum[which];
        const char **in = &operands->in[which ^ plan->problem.is_swapped];
        if (presum->rank == 0)
            continue;
        scratch[which] = engine->scratch_take(engine->user, presum->bytes);
        if (scratch[which] == NULL)
            status = TENFERRO_OUT_OF_MEMORY;
        else
            status = tf_reduce(engine, TF_REDUCE_SUM, plan->problem.dtype, presum->rank,
                               presum->extents, presum->reduced, *in, presum->in_strides,
                               scratch[which], presum->out_strides);
        *in = scratch[which];
    }
    if (status == TENFERRO_OK)
        status = run_route(engine, plan, operands);
    for (int which = 0; which < 2; which++)
        if (scratch[which] != NULL)
            engine->scratch_give(engine->user, scratch[which], plan->presum[which].bytes);
    return status;
}

tenferro_status
tf_contract_run(const tf_engine *engine, const tf_contract_plan *plan, const void *alpha,
                const void *beta, const void *a, const void *b, void *c)
{
    if (plan->problem.is_empty)
        return TENFERRO_OK;
    tf_operands operands;
    tf_problem_operands(&plan->problem, alpha, beta, a, b, c, &operands);
    return plan->presum[0].rank == 0 && plan->presum[1].rank == 0
               ? run_route(engine, plan, &operands)
               : run_with_sums(engine, plan, &operands);
}

tenferro_status tf_contract(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route, const void *a, const void *b, void *c)
{
    brief_plan brief;
    TF_TRY(brief_init(engine, contraction, route, &brief));
    return tf_contract_run(engine, &brief.plan, NULL, NULL, a, b, c);
}

double tf_contract_predict(const tf_engine *engine, const tf_contraction *contraction,
                           tf_contract_route route)
{
    brief_plan brief;
    tf_contract_report report;
    if (brief_init(engine, contraction, route, &brief) != TENFERRO_OK)
        return 0;
    tf_contract_plan_report(engine, &brief.plan, &report);
    return report.seconds;
}

double tf_contract_predict_sizes(const tf_engine *engine, tenferro_dtype dtype, double batch,
                                 double m, double n, double k)
{
    tf_shape shape;
    tf_shape_of_sizes(dtype, batch, m, n, k, &shape);
    double least = routes[TF_ROUTE_NAIVE].seconds(engine, &shape);
    for (size_t i = 0; i < TF_COUNT(others); i++) {
        int serves = others[i] != TF_ROUTE_BLAS &&
                     (others[i] != TF_ROUTE_SMALL || TF_MAX(m, TF_MAX(n, k)) <= TF_SMALL);
        if (serves)
            least = TF_MIN(least, routes[others[i]].seconds(engine, &shape));
    }
    return least;
}

tf_contract_route tf_contract_choose(const tf_engine *engine, const tf_contraction *contraction)
{
    brief_plan brief;
    return brief_init(engine, contraction, TF_ROUTE_AUTO, &brief) == TENFERRO_OK ? brief.plan.route
                                                                                 : TF_ROUTE_NAIVE;
}

void tf_contract_plan_report(const tf_engine *engine, const tf_contract_plan *plan,
                             tf_contract_report *out)
{
    const tf_problem *p = &plan->problem;
    const tf_microkernel *kernel = tf_microkernel_for(engine, p->dtype);
    *out = (tf_contract_report){.route = plan->route};
    if (p->is_empty)
        return;
    tf_shape shape;
    tf_shape_of_problem(engine, p, &shape);
    out->seconds = routes[plan->route].seconds(engine, &shape);
    if (plan->route == TF_ROUTE_SMALL || plan->route == TF_ROUTE_PACKED) {
        out->mr = kernel->mr;
        out->nr = kernel->nr;
    }
    if (plan->route == TF_ROUTE_PACKED)
        tf_packed_blocks(engine, p, &out->mc, &out->kc, &out->nc);
}

const char *tf_route_name(tf_contract_route route)
{
    return (unsigned)route < TF_ROUTE_COUNT ? routes[route].name : "?";
}

int64_t tf_contract_plan_scratch(const tf_engine *engine, const tf_contract_plan *plan)
{
    int64_t bytes = 0;
    if (plan->problem.is_empty)
        return 0;
    for (int which = 0; which < 2; which++) {
        const tf_presum *presum = &plan->presum[which];
        double terms = 1;
        for (int i = 0; i < presum->rank; i++)
            terms *= presum->reduced[i] ? (double)presum->extents[i] : 1.0;
        if (presum->rank > 0) /* tf_reduce keeps one result in 2^15 columns of up to 2^8 */
            bytes += presum->bytes +
                     (int64_t)TF_MIN((double)presum->bytes * (4.0 + terms / 64.0), 1e18);
    }
    /* where a guest refuses, the packed route serves */
    tf_contract_route last = plan->is_automatic && plan->route == TF_ROUTE_BLAS ? TF_ROUTE_PACKED
                                                                                : plan->route;
    return bytes + (routes[last].scratch != NULL ? routes[last].scratch(engine, &plan->problem) : 0);
}

int64_t tf_contract_scratch(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route)
{
    brief_plan brief;
    return brief_init(engine, contraction, route, &brief) == TENFERRO_OK
               ? tf_contract_plan_scratch(engine, &brief.plan)
               : 0;
}
