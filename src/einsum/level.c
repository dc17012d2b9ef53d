/*
 * Runs a plan on operands of a level, step by step through the public operations: each is recorded,
 * traced ... there.
 */

#include <limits.h>
#include <tenferro/ops.h>

#include "einsum/plan.h"

typedef struct level_run {
    const tenferro_einsum_plan *plan;
    const tenferro_tensor *const *operands;
    tenferro_tensor **results; /* of each step, until it is read */
    int32_t *a_labels, *b_labels, *c_labels;
} level_run;

/* The labels of a node's axes.  An axis of extent 1 gets a label of its own and is summed away. */
static const tenferro_tensor *bind(const level_run *r, int node, int32_t apart, int32_t *labels)
{
    const tf_network *n = &r->plan->network;
    if (node >= n->count) {
        const tf_step *s = &r->plan->step[node - n->count];
        int axis = 0;
        for (int64_t e = s->at; e < s->at + s->labels; e++)
            if (!r->plan->summed[e])
                labels[axis++] = r->plan->labels[e];
        return r->results[node - n->count];
    }
    for (int64_t i = n->first[node]; i < n->first[node + 1]; i++)
        labels[i - n->first[node]] = n->axis_labels[i] >= 0 ? n->axis_labels[i]
                                                            : apart + (int32_t)(i - n->first[node]);
    return r->operands[node];
}

/*
 * Result axes of a step: ascending, of the last one as the output has them (without axes of extent
 * 1).
 */
static int result_labels(const level_run *r, int step, int32_t *labels)
{
    const tenferro_einsum_plan *plan = r->plan;
    const tf_step *s = &plan->step[step];
    int rank = 0;
    if (step + 1 == plan->steps) {
        for (int i = 0; i < plan->network.out_rank; i++)
            if (plan->network.out_labels[i] >= 0)
                labels[rank++] = plan->network.out_labels[i];
        return rank;
    }
    for (int64_t e = s->at; e < s->at + s->labels; e++)
        if (!plan->summed[e])
            labels[rank++] = plan->labels[e];
    return rank;
}

static void drop(level_run *r, int node)
{
    int step = node - r->plan->network.count;
    if (step >= 0) {
        tenferro_tensor_release(r->results[step]);
        r->results[step] = NULL;
    }
}

static tenferro_status run_step(level_run *r, int step, int32_t most)
{
    const tf_step *s = &r->plan->step[step];
    int32_t apart = r->plan->network.labels;
    const tenferro_tensor *a = bind(r, s->a, apart, r->a_labels);
    const tenferro_tensor *b = s->b < 0 ? NULL : bind(r, s->b, apart + most, r->b_labels);
    int rank = result_labels(r, step, r->c_labels);
    TF_TRY(tenferro_contract(a, r->a_labels, 0, b, b ? r->b_labels : NULL, 0, rank, r->c_labels,
                             &r->results[step]));
    drop(r, s->a);
    drop(r, s->b);
    return TENFERRO_OK;
}

/* Puts the output's axes of extent 1 back. */
static tenferro_status expand(const level_run *r, tenferro_tensor **result)
{
    const tf_network *n = &r->plan->network;
    for (int i = 0; i < n->out_rank; i++) {
        if (n->out_labels[i] >= 0)
            continue;
        tenferro_tensor *expanded;
        TF_TRY(tenferro_expand(*result, i, &expanded));
        tenferro_tensor_release(*result);
        *result = expanded;
    }
    return TENFERRO_OK;
}

tenferro_status tf_plan_run_on_level(const tenferro_einsum_plan *plan,
                                     const tenferro_tensor *const *operands, tenferro_tensor **out)
{
    const tf_network *n = &plan->network;
    tenferro_context *c = plan->context;
    tenferro_status status = TENFERRO_OK;
    level_run r = {plan, operands, NULL, NULL, NULL, NULL};
    int64_t most = n->out_rank;
    for (int i = 0; i < n->count; i++)
        most = TF_MAX(most, n->first[i + 1] - n->first[i]);
    for (int i = 0; i < plan->steps; i++)
        most = TF_MAX(most, plan->step[i].labels);
    if (most > (INT_MAX - n->labels) / 2)
        return tf_fail(TENFERRO_OVERFLOW, "einsum: more than 2^31 - 1 labels");
    r.results = tf_calloc(c, plan->steps, sizeof *r.results);
    r.a_labels = r.results ? tf_malloc(c, most, sizeof *r.a_labels) : NULL;
    r.b_labels = r.a_labels ? tf_malloc(c, most, sizeof *r.b_labels) : NULL;
    r.c_labels = r.b_labels ? tf_malloc(c, most, sizeof *r.c_labels) : NULL;
    if (!r.c_labels)
        status = TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < plan->steps && status == TENFERRO_OK; i++)
        status = run_step(&r, i, (int32_t)most);
    tenferro_tensor **last = r.c_labels ? &r.results[plan->steps - 1] : NULL;
    if (status == TENFERRO_OK)
        status = expand(&r, last);
    if (status == TENFERRO_OK) {
        *out = *last;
        *last = NULL;
    }
    for (int i = 0; r.results && i < plan->steps; i++)
        tenferro_tensor_release(r.results[i]);
    tf_free(c, r.results);
    tf_free(c, r.a_labels);
    tf_free(c, r.b_labels);
    tf_free(c, r.c_labels);
    return status;
}
