/* D = map(op(A), ...): the kernels take no conjugate, so a conjugated input is copied first. */

#include "kernels/element.h"
#include "prims/plan.h"
#include "support/checked.h"

/* The kernels' operation; TF_MAP_COUNT if there is none. */
static tf_map_op engine_op(int op)
{
    static const tf_map_op unary[] = {TF_MAP_NEG, TF_MAP_ABS,  TF_MAP_SQRT,
                                      TF_MAP_EXP, TF_MAP_LOG,  TF_MAP_SIN,
                                      TF_MAP_COS, TF_MAP_TANH, TF_MAP_LOGICAL_NOT};
    static const tf_map_op binary[] = {TF_MAP_ADD,           TF_MAP_SUB,         TF_MAP_MUL,
                                       TF_MAP_DIV,           TF_MAP_POW,         TF_MAP_MAXIMUM,
                                       TF_MAP_MINIMUM,       TF_MAP_EQUAL,       TF_MAP_NOT_EQUAL,
                                       TF_MAP_LESS,          TF_MAP_LESS_EQUAL,  TF_MAP_GREATER,
                                       TF_MAP_GREATER_EQUAL, TF_MAP_LOGICAL_AND, TF_MAP_LOGICAL_OR,
                                       TF_MAP_LOGICAL_XOR};
    if (op >= TENFERRO_MAP_NEG && op < TENFERRO_MAP_NEG + (int)TF_COUNT(unary))
        return unary[op];
    if (op >= TENFERRO_MAP_ADD && op < TENFERRO_MAP_ADD + (int)TF_COUNT(binary))
        return binary[op - TENFERRO_MAP_ADD];
    return op == TENFERRO_MAP_SELECT ? TF_MAP_SELECT : TF_MAP_COUNT;
}

static tenferro_dtype output_dtype(int op, tenferro_dtype dtype)
{
    if (op >= TENFERRO_MAP_EQUAL && op <= TENFERRO_MAP_GREATER_EQUAL)
        return TENFERRO_BOOL;
    if (op == TENFERRO_MAP_ABS && dtype == TENFERRO_COMPLEX64)
        return TENFERRO_FLOAT32;
    if (op == TENFERRO_MAP_ABS && dtype == TENFERRO_COMPLEX128)
        return TENFERRO_FLOAT64;
    return dtype;
}

static tenferro_status check(const tf_description *d, const tf_labels *labels)
{
    tf_map_op op = engine_op(d->op);
    int count = 0;
    while (count < TF_ROLE_D && d->operand[count])
        count++;
    if (op == TF_MAP_COUNT || tf_map_arity(op) != count)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "elementwise: operation %d does not take %d inputs", d->op, count);
    const tenferro_operand *last = d->operand[count - 1], *out = d->operand[TF_ROLE_D];
    unsigned sources = 0;
    for (int i = 0; i < count; i++) {
        sources |= 1u << i;
        tenferro_dtype want = op == TF_MAP_SELECT && i == 0 ? TENFERRO_BOOL : last->dtype;
        if (d->operand[i]->dtype != want)
            return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: operand %c is %s, expected %s",
                           tf_map_name(op), "ABC"[i], tf_dtype_name(NULL, d->operand[i]->dtype),
                           tf_dtype_name(NULL, want));
    }
    if (!tf_map_supports(op, last->dtype) || out->dtype != output_dtype(d->op, last->dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s is not defined from %s to %s", tf_map_name(op),
                       tf_dtype_name(NULL, last->dtype), tf_dtype_name(NULL, out->dtype));
    if (out->conj)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: conj is the inputs', not D's",
                       tf_map_name(op));
    if (labels->count > labels->kept)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: a label of an input is not in D",
                       tf_map_name(op));
    return tf_check_output(d, labels, tf_map_name(op), sources);
}

/* The strides of an input's compact copy; what it repeats stays repeated.  Returns its elements. */
static int64_t compact(const tenferro_plan *plan, int role, int64_t *extents, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = 0; i < plan->labels; i++) {
        int repeats = plan->operand[role].strides[i] == 0;
        extents[i] = repeats ? 1 : plan->extents[i];
        strides[i] = repeats ? 0 : stride;
        stride *= extents[i];
    }
    return stride;
}

static tenferro_status run_elementwise(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    const void *in[TF_ROLE_D] = {run->in[0], run->in[1], run->in[2]};
    const int64_t *strides[TF_ROLE_D];
    int64_t extents[TF_MAX_AXES], copied[TF_ROLE_D][TF_MAX_AXES];
    void *scratch[TF_ROLE_D] = {NULL, NULL, NULL};
    tenferro_status status = TENFERRO_OK;
    for (int i = 0; i < TF_ROLE_D; i++) {
        const tf_plan_operand *o = &plan->operand[i];
        strides[i] = o->strides;
        if (plan->scratch[i] == 0 || status != TENFERRO_OK)
            continue;
        (void)compact(plan, i, extents, copied[i]);
        scratch[i] = run->engine.scratch_take(run, plan->scratch[i]);
        status = scratch[i] ? tf_map(&run->engine, TF_MAP_CONJ, o->dtype, plan->labels, extents,
                                     &in[i], &o->strides, scratch[i], copied[i])
                            : TENFERRO_OUT_OF_MEMORY;
        in[i] = scratch[i];
        strides[i] = copied[i];
    }
    const tf_plan_operand *d = &plan->operand[TF_ROLE_D];
    if (status == TENFERRO_OK)
        status = tf_map(&run->engine, plan->map, plan->operand[tf_map_arity(plan->map) - 1].dtype,
                        plan->labels, plan->extents, in, strides, run->out, d->strides);
    for (int i = TF_ROLE_D - 1; i >= 0; i--)
        if (scratch[i])
            run->engine.scratch_give(run, scratch[i], plan->scratch[i]);
    return status;
}

static tenferro_status prepare(tenferro_plan *plan)
{
    int64_t extents[TF_MAX_AXES], strides[TF_MAX_AXES];
    plan->run = run_elementwise;
    plan->map = engine_op(plan->op);
    plan->flops = 1;
    for (int i = 0; i < plan->labels; i++)
        plan->flops *= (double)plan->extents[i];
    for (int i = 0; i < TF_ROLE_D; i++) {
        const tf_plan_operand *o = &plan->operand[i];
        if (!o->present || !o->conj)
            continue;
        plan->scratch[i] = compact(plan, i, extents, strides) * o->size;
        plan->workspace += plan->scratch[i] + 64;
    }
    return TENFERRO_OK;
}

const tf_plan_rules tf_elementwise_rules = {"elementwise", check, prepare};
