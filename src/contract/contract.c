/* The doors of the contraction engine: which route, and what it needs. */
#include "contract/contract.h"

#include "contract/microkernel.h"
#include "contract/small.h"

/* Below this many multiply-adds the loops of the naive route beat anything with a set-up. */
#define TINY 256.0
/* From here on a guest's gemm is worth its call. */
#define GUEST_WORK 8192.0

static int is_tiny(const tf_problem *p)
{
    return tf_problem_work(p) <= TINY;
}

/* Too little reuse for packing to pay: bound by memory, or a batch of tiny matrices. */
static int is_direct(const tf_problem *p)
{
    double matrix = (double)p->m.size * (double)p->n.size * (double)p->k.size;
    if (p->m.size == 1 || p->n.size == 1 || p->k.size <= 2 || matrix <= 256.0)
        return 1;
    /* vectors run across a batch that is innermost */
    return matrix <= 4096.0 && p->batch.size >= 16 && p->batch.strides[TF_C][0] == 1;
}

static int wants_guest(const tf_engine *engine, const tf_problem *p)
{
    double matrix = (double)p->m.size * (double)p->n.size * (double)p->k.size;
    return engine->gemm != NULL && matrix >= GUEST_WORK && p->m.size >= 4 && p->n.size >= 4 &&
           p->k.size >= 4 && engine->has_gemm != NULL && engine->has_gemm(engine->user, p->dtype) &&
           tf_contract_blas_fits(p);
}

/* For a fused problem whose sums have been taken. */
static tf_contract_route choose(const tf_engine *engine, const tf_problem *p)
{
    return !is_direct(p) && wants_guest(engine, p) ? TF_ROUTE_BLAS : TF_ROUTE_PACKED;
}

/* The own loops, which serve everything. */
static tenferro_status run_packed(const tf_engine *engine, tf_problem *p, int automatic)
{
    tf_small small;
    if (tf_small_init(engine, p, &small)) {
        tf_operands operands = {.in = {p->in[0], p->in[1]},
                                .c = p->c,
                                .alpha = &p->alpha,
                                .beta = p->beta_is_zero ? NULL : &p->beta};
        return tf_contract_small(engine, p, &small, &operands);
    }
    if (automatic && is_tiny(p))
        return tf_contract_naive(p);
    return is_direct(p) ? tf_contract_direct(engine, p) : tf_contract_packed(engine, p);
}

static tenferro_status run_route(const tf_engine *engine, tf_problem *p, tf_contract_route route)
{
    tf_problem_fuse(p);
    int automatic = route == TF_ROUTE_AUTO;
    if (automatic)
        route = choose(engine, p);
    if (route == TF_ROUTE_PACKED)
        return run_packed(engine, p, automatic);
    if (engine->gemm == NULL || engine->has_gemm == NULL ||
        !engine->has_gemm(engine->user, p->dtype) || p->dtype < TENFERRO_FLOAT32)
        return tf_fail(TENFERRO_UNSUPPORTED, "contraction: no guest gemm for dtype %u",
                       (unsigned)p->dtype);
    tenferro_status status = tf_contract_blas(engine, p);
    if (automatic && status == TENFERRO_UNSUPPORTED) /* its integers are too small */
        return run_packed(engine, p, automatic);
    return status;
}

/* Sums over labels of one operand alone, then the contraction proper. */
static tenferro_status run_with_sums(const tf_engine *engine, tf_problem *p, tf_contract_route route)
{
    void *scratch[2] = {NULL, NULL};
    int64_t bytes[2] = {0, 0};
    tenferro_status status = TENFERRO_OK;
    for (int which = 0; which < 2 && status == TENFERRO_OK; which++) {
        tf_presum presum;
        if (p->only[which].count == 0 || !tf_problem_presum(p, which, &presum))
            continue;
        bytes[which] = presum.bytes;
        scratch[which] = engine->scratch_take(engine->user, presum.bytes);
        if (scratch[which] == NULL)
            status = TENFERRO_OUT_OF_MEMORY;
        else
            status = tf_reduce(engine, TF_REDUCE_SUM, p->dtype, presum.rank, presum.extents,
                               presum.reduced, p->in[which], presum.in_strides, scratch[which],
                               presum.out_strides);
        p->in[which] = scratch[which];
    }
    if (status == TENFERRO_OK)
        status = run_route(engine, p, route);
    for (int which = 0; which < 2; which++)
        if (scratch[which] != NULL)
            engine->scratch_give(engine->user, scratch[which], bytes[which]);
    return status;
}

static int has_sums(const tf_problem *p)
{
    return p->only[0].count > 0 || p->only[1].count > 0;
}

static tenferro_status run(const tf_engine *engine, tf_problem *p, tf_contract_route route)
{
    if (p->is_empty)
        return TENFERRO_OK;
    if (route == TF_ROUTE_NAIVE || p->k.size == 0 ||
        (route == TF_ROUTE_AUTO && has_sums(p) && is_tiny(p))) {
        TF_TRY(tf_problem_join_sums(p));
        return tf_contract_naive(p);
    }
    return run_with_sums(engine, p, route);
}

tenferro_status tf_contract(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route, const void *a, const void *b, void *c)
{
    tf_problem problem;
    TF_TRY(tf_problem_init(&problem, contraction, a, b, c));
    return run(engine, &problem, route);
}

struct tf_contract_plan {
    tf_contract_route route;
    int is_small;
    tf_small small;
    tf_problem problem;
};

int64_t tf_contract_plan_bytes(void)
{
    return (int64_t)sizeof(tf_contract_plan);
}

tenferro_status tf_contract_plan_init(const tf_engine *engine, const tf_contraction *contraction,
                                      tf_contract_route route, tf_contract_plan *plan)
{
    tf_problem *p = &plan->problem;
    TF_TRY(tf_problem_init(p, contraction, NULL, NULL, NULL));
    plan->route = route;
    plan->is_small = 0;
    if (p->is_empty || p->k.size == 0 || has_sums(p))
        return TENFERRO_OK;
    tf_problem_fuse(p);
    if (route == TF_ROUTE_PACKED || (route == TF_ROUTE_AUTO && choose(engine, p) == TF_ROUTE_PACKED))
        plan->is_small = tf_small_init(engine, p, &plan->small);
    return TENFERRO_OK;
}

tenferro_status
tf_contract_run(const tf_engine *engine, const tf_contract_plan *plan, const void *alpha,
                const void *beta, const void *a, const void *b, void *c)
{
    tf_operands operands;
    tf_problem_operands(&plan->problem, alpha, beta, a, b, c, &operands);
    if (plan->is_small)
        return tf_contract_small(engine, &plan->problem, &plan->small, &operands);
    tf_problem problem = plan->problem;
    tf_problem_bind(&problem, &operands);
    return run(engine, &problem, plan->route);
}

tf_contract_route tf_contract_choose(const tf_engine *engine, const tf_contraction *contraction)
{
    tf_problem problem;
    if (tf_problem_init(&problem, contraction, NULL, NULL, NULL) != TENFERRO_OK ||
        problem.is_empty || is_tiny(&problem) || problem.k.size == 0)
        return TF_ROUTE_NAIVE;
    for (int which = 0; which < 2; which++) {
        tf_presum presum;
        tf_problem_presum(&problem, which, &presum);
    }
    tf_problem_fuse(&problem);
    return choose(engine, &problem);
}

const char *tf_route_name(tf_contract_route route)
{
    static const char *const names[TF_ROUTE_COUNT] = {"auto", "naive", "packed", "blas"};
    return (unsigned)route < TF_ROUTE_COUNT ? names[route] : "?";
}

int64_t tf_contract_scratch(const tf_engine *engine, const tf_contraction *contraction,
                            tf_contract_route route)
{
    tf_problem problem;
    if (route == TF_ROUTE_NAIVE ||
        tf_problem_init(&problem, contraction, NULL, NULL, NULL) != TENFERRO_OK ||
        problem.is_empty || problem.k.size == 0)
        return 0;
    int64_t bytes = 0;
    for (int which = 0; which < 2; which++) {
        tf_presum presum;
        double terms = (double)problem.only[which].size;
        if (tf_problem_presum(&problem, which,
                              &presum)) /* tf_reduce keeps one result in 2^15 columns of up to 2^8 */
            bytes += presum.bytes +
                     (int64_t)TF_MIN((double)presum.bytes * (4.0 + terms / 64.0), 1e18);
    }
    tf_problem_fuse(&problem);
    return bytes + (is_direct(&problem) ? tf_contract_direct_scratch(&problem)
                                        : tf_contract_packed_scratch(engine, &problem));
}
