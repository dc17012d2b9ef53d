/* D = alpha reduction(op(A)) + beta op(C). */

#include "kernels/element.h"
#include "prims/plan.h"
#include "support/checked.h"

static const char *const names[] = {"sum", "prod", "min", "max", "any", "all", "argmin", "argmax"};

static int is_arg(int op)
{
    return op == TENFERRO_REDUCE_ARGMIN || op == TENFERRO_REDUCE_ARGMAX;
}

static tf_reduce_op engine_op(int op)
{
    static const tf_reduce_op ops[] = {TF_REDUCE_SUM, TF_REDUCE_PROD, TF_REDUCE_MIN,
                                       TF_REDUCE_MAX, TF_REDUCE_ANY,  TF_REDUCE_ALL};
    return ops[op];
}

static tenferro_status check(const tf_description *d, const tf_labels *labels)
{
    const tenferro_operand *a = d->operand[TF_ROLE_A], *out = d->operand[TF_ROLE_D];
    if ((unsigned)d->op > TENFERRO_REDUCE_ARGMAX)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "reduction: no operation has the number %d",
                       d->op);
    if (out->conj)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "reduction: conj is A's, not D's");
    /* argmax exists where max does */
    tf_reduce_op op = is_arg(d->op) ? TF_REDUCE_MAX : engine_op(d->op);
    if (!tf_reduce_supports(op, a->dtype) ||
        (is_arg(d->op) ? out->dtype != TENFERRO_INT64 || d->operand[TF_ROLE_C] != NULL
                       : out->dtype != a->dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s is not defined from %s to %s%s", names[d->op],
                       tf_dtype_name(NULL, a->dtype), tf_dtype_name(NULL, out->dtype),
                       is_arg(d->op) ? " (it gives int64, and takes no C)" : "");
    if (!is_arg(d->op))
        TF_TRY(tf_check_same_dtypes(d, "reduction"));
    return tf_check_output(d, labels, "reduction", 1u << TF_ROLE_A);
}

/* To `out` with those strides, in A's dtype. */
static tenferro_status reduce(tf_run *run, void *out, const int64_t *strides)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *a = &plan->operand[TF_ROLE_A];
    const void *in = run->in[TF_ROLE_A];
    if (is_arg(plan->op))
        return tf_arg_reduce(&run->engine, plan->op == TENFERRO_REDUCE_ARGMAX, a->dtype,
                             plan->labels, plan->extents, plan->summed, in, a->strides, out,
                             strides);
    TF_TRY(tf_reduce(&run->engine, engine_op(plan->op), a->dtype, plan->labels, plan->extents,
                     plan->summed, in, a->strides, out, strides));
    if (!a->conj) /* the conjugate of a sum or a product is that of its terms */
        return TENFERRO_OK;
    const void *result = out;
    return tf_map(&run->engine, TF_MAP_CONJ, a->dtype, plan->kept, plan->extents, &result, &strides,
                  out, strides);
}

/* Through scratch: D = alpha result + beta D. */
static tenferro_status reduce_and_add(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *d = &plan->operand[TF_ROLE_D];
    int64_t strides[TF_MAX_AXES], zeros[TF_MAX_AXES] = {0}, stride = 1;
    for (int i = 0; i < plan->kept; i++) { /* D has elements, so there are at most 62 */
        strides[i] = stride;
        stride *= plan->extents[i];
    }
    if (run->beta)
        TF_TRY(tf_run_copy_c(run));
    void *result = run->engine.scratch_take(run, plan->scratch[TF_ROLE_D]);
    if (!result)
        return TENFERRO_OUT_OF_MEMORY;
    tf_contraction sum = {
        .dtype = d->dtype,
        .labels = plan->kept,
        .extents = plan->extents,
        .a_strides = strides,
        .b_strides = zeros,
        .c_strides = d->strides,
        .summed = plan->summed,
        .alpha = run->alpha,
        .beta = run->beta,
    };
    tenferro_status status = reduce(run, result, strides);
    if (status == TENFERRO_OK)
        status = tf_contract(&run->engine, &sum, TF_ROUTE_AUTO, result, NULL, run->out);
    run->engine.scratch_give(run, result, plan->scratch[TF_ROLE_D]);
    return status;
}

static tenferro_status run_reduction(tf_run *run)
{
    if (run->alpha || run->beta)
        return reduce_and_add(run);
    return reduce(run, run->out, run->plan->operand[TF_ROLE_D].strides);
}

static tenferro_status prepare(tenferro_plan *plan)
{
    const tf_plan_operand *d = &plan->operand[TF_ROLE_D];
    plan->run = run_reduction;
    plan->scales = plan->adds = plan->op <= TENFERRO_REDUCE_MAX && d->dtype != TENFERRO_BOOL;
    if (plan->terms == 0 &&
        (is_arg(plan->op) || plan->op == TENFERRO_REDUCE_MIN || plan->op == TENFERRO_REDUCE_MAX))
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s of no elements has no value", names[plan->op]);
    int64_t outputs;
    (void)tf_product_overflows(plan->kept, plan->extents, &outputs); /* D's span fits */
    int64_t bytes = outputs * d->size;
    plan->scratch[TF_ROLE_D] = bytes;
    /* partial results: at least one in 64 elements for every output, and those of them */
    double partials = is_arg(plan->op) ? 0 : (double)bytes * (4.0 + (double)plan->terms / 32.0);
    double all = partials + (double)(plan->scales ? bytes : 0) + INT64_C(4) * 64;
    plan->workspace = (int64_t)TF_MIN(all, 1e18);
    plan->flops = (double)outputs * (double)plan->terms;
    return TENFERRO_OK;
}

const tf_plan_rules tf_reduction_rules = {"reduction", check, prepare};
