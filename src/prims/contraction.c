/* D = op_D(alpha op_A(A) op_B(B) + beta op_C(C)): the engine's contraction after C has gone to D. */

#include <string.h>

#include "contract/mixed.h"
#include "kernels/element.h"
#include "prims/plan.h"

/* One of A and B may be real where the others are complex. */
static int is_mixed(const tf_description *d)
{
    const tenferro_operand *a = d->operand[TF_ROLE_A], *b = d->operand[TF_ROLE_B],
                           *c = d->operand[TF_ROLE_C];
    tenferro_dtype dtype = d->operand[TF_ROLE_D]->dtype, real = tf_dtype_real(dtype);
    return tf_is_complex(dtype) && b && (!c || c->dtype == dtype) &&
           ((a->dtype == real && b->dtype == dtype) || (a->dtype == dtype && b->dtype == real));
}

static tenferro_status check(const tf_description *description, const tf_labels *labels)
{
    tenferro_dtype dtype = description->operand[TF_ROLE_D]->dtype;
    if (!is_mixed(description))
        TF_TRY(tf_check_same_dtypes(description, "contraction"));
    if (dtype == TENFERRO_BOOL)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "contraction: not defined for bool");
    const unsigned sources = 1u << TF_ROLE_A | 1u << TF_ROLE_B;
    return tf_check_output(description, labels, "contraction", sources);
}

/* A part: a route that was forced on the whole may not serve it. */
static tenferro_status contract_parts(void *user, const tf_contraction *real, const void *alpha,
                                      const void *beta, const void *a, const void *b, void *c)
{
    tf_run *run = user;
    tf_contraction scaled = *real;
    scaled.alpha = alpha;
    scaled.beta = beta;
    tf_contract_route route = run->plan->route == TF_ROUTE_NAIVE ? TF_ROUTE_NAIVE : TF_ROUTE_AUTO;
    return tf_contract(&run->engine, &scaled, route, a, b, c);
}

static tenferro_status run_contraction(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    if (run->beta)
        TF_TRY(tf_run_copy_c(run));
    const tf_contraction *c = &plan->contraction;
    const void *a = run->in[TF_ROLE_A], *b = run->in[TF_ROLE_B];
    if (tf_is_mixed(c) && !tf_mixed_is_whole(c, run->alpha, run->beta))
        return tf_contract_mixed(&run->engine, c, contract_parts, run, run->alpha, run->beta, a, b,
                                 run->out);
    return tf_contract_run(&run->engine, plan->prepared, run->alpha, run->beta, a, b, run->out);
}

/* What runs from the plan: of a mixed contraction the whole one. */
static tenferro_status prepare_run(tenferro_plan *plan)
{
    const tf_contraction *c = &plan->contraction;
    tf_mixed_room room;
    tf_contraction real;
    int64_t parts = 0;
    if (tf_is_mixed(c)) {
        TF_TRY(tf_mixed_parts(c, &room, &real));
        parts = tf_contract_scratch(&plan->engine, &real, TF_ROUTE_AUTO);
        TF_TRY(tf_mixed_whole(c, &room, &real));
        c = &real;
    }
    TF_TRY(tf_contract_plan_init(&plan->engine, c, plan->route, plan->prepared));
    int64_t whole = tf_contract_plan_scratch(&plan->engine, plan->prepared);
    if (TF_MAX(whole, parts) > 0) /* at most four blocks at once, each rounded up to cache lines */
        plan->workspace = TF_MAX(whole, parts) + INT64_C(4) * 64;
    return TENFERRO_OK;
}

static tenferro_status prepare(tenferro_plan *plan)
{
    tf_plan_operand *o = plan->operand;
    plan->run = run_contraction;
    plan->scales = plan->adds = 1;
    plan->flips = o[TF_ROLE_D].conj;
    for (int role = 0; role < TF_ROLE_D; role++)
        if (o[role].present && tf_is_complex(o[role].dtype))
            o[role].conj ^= plan->flips;
    plan->contraction = (tf_contraction){
        .dtype = o[TF_ROLE_D].dtype,
        .labels = plan->labels,
        .extents = plan->extents,
        .a_strides = o[TF_ROLE_A].strides,
        .b_strides = o[TF_ROLE_B].strides,
        .c_strides = o[TF_ROLE_D].strides,
        .summed = plan->summed,
        .conj_a = o[TF_ROLE_A].conj,
        .conj_b = o[TF_ROLE_B].conj,
        .real_a = o[TF_ROLE_A].dtype != o[TF_ROLE_D].dtype,
        .real_b = o[TF_ROLE_B].present && o[TF_ROLE_B].dtype != o[TF_ROLE_D].dtype,
    };
    TF_TRY(prepare_run(plan));
    double iterations = 1;
    for (int i = 0; i < plan->labels; i++)
        iterations *= (double)plan->extents[i];
    int is_complex = tf_is_complex(o[TF_ROLE_D].dtype);
    plan->flops = iterations * (tf_is_mixed(&plan->contraction) ? 4 : is_complex ? 8 : 2);
    return TENFERRO_OK;
}

const tf_plan_rules tf_contraction_rules = {"contraction", check, prepare};
