/* D = op_D(alpha op_A(A) op_B(B) + beta op_C(C)): the engine's contraction after C has gone to D. */

#include <string.h>

#include "kernels/element.h"
#include "prims/plan.h"

static tenferro_status check(const tf_description *description, const tf_labels *labels)
{
    tenferro_dtype dtype = description->operand[TF_ROLE_D]->dtype;
    TF_TRY(tf_check_same_dtypes(description, "contraction"));
    if (dtype == TENFERRO_BOOL)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "contraction: not defined for bool");
    const unsigned sources = 1u << TF_ROLE_A | 1u << TF_ROLE_B;
    return tf_check_output(description, labels, "contraction", sources);
}

static tenferro_status run_contraction(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    if (run->beta)
        TF_TRY(tf_run_copy_c(run));
    return tf_contract_run(&run->engine, plan->prepared, run->alpha, run->beta, run->in[TF_ROLE_A],
                           run->in[TF_ROLE_B], run->out);
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
    };
    TF_TRY(tf_contract_plan_init(&plan->engine, &plan->contraction, plan->route, plan->prepared));
    int64_t scratch = tf_contract_plan_scratch(&plan->engine, plan->prepared);
    if (scratch > 0) /* at most four blocks at once, each rounded up to cache lines */
        plan->workspace = scratch + INT64_C(4) * 64;
    double iterations = 1;
    for (int i = 0; i < plan->labels; i++)
        iterations *= (double)plan->extents[i];
    plan->flops = iterations * (tf_is_complex(o[TF_ROLE_D].dtype) ? 8 : 2);
    return TENFERRO_OK;
}

const tf_plan_rules tf_contraction_rules = {"contraction", check, prepare};
