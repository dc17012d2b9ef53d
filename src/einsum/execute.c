/*
 * Runs a plan over pointers: each step is one binary contraction, intermediates lie in one block of
 * scratch.
 */

#include <string.h>

#include "einsum/plan.h"
#include "memory/storage.h"

/* The steps of a longer program would drive everything else out of the context's plan cache. */
enum { CACHED_STEPS = 64 };
/* Above this many multiply-adds the progress callback is worth a call. */
static const double long_work = 1e7;

tf_contraction tf_plan_contraction(const tenferro_einsum_plan *plan, const tf_step *step)
{
    return (tf_contraction){
        .dtype = plan->dtype,
        .labels = step->labels,
        .extents = plan->extents + step->at,
        .a_strides = plan->a_strides + step->at,
        .b_strides = plan->b_strides + step->at,
        .c_strides = plan->c_strides + step->at,
        .summed = plan->summed + step->at,
    };
}

/* Strides of one operand by loop label: a repeated one has the sum. */
static void
scatter_strides(int labels, int64_t axes, const int *slots, const int64_t *strides, int64_t *out)
{
    memset(out, 0, (size_t)labels * sizeof *out);
    for (int64_t i = 0; i < axes; i++)
        if (slots[i] >= 0)
            out[slots[i]] += strides[i];
}

/* Where a node's elements are; strides of an operand replace the planned ones. */
static const void *
bind(const tenferro_einsum_plan *plan, const tenferro_tensor *const *operands, const char *arena,
     const tf_step *s, int node, int64_t *buffer, const int64_t **strides)
{
    const tf_network *n = &plan->network;
    if (node >= n->count)
        return arena + plan->step[node - n->count].offset;
    scatter_strides(s->labels, n->first[node + 1] - n->first[node], plan->slots + n->first[node],
                    tenferro_tensor_strides(operands[node]), buffer);
    *strides = buffer;
    return tenferro_tensor_data(operands[node]);
}

/* Which nodes are real where the plan is complex; NULL: none. */
static tenferro_status find_real(const tenferro_einsum_plan *plan,
                                 const tenferro_tensor *const *operands, unsigned char **out)
{
    int count = plan->network.count, any = 0;
    *out = NULL;
    for (int i = 0; i < count && !any; i++)
        any = tenferro_tensor_dtype(operands[i]) != plan->dtype;
    if (!any)
        return TENFERRO_OK;
    unsigned char *real = tf_malloc(plan->context, (int64_t)count + plan->steps, 1);
    if (!real)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < count; i++)
        real[i] = tenferro_tensor_dtype(operands[i]) != plan->dtype;
    for (int i = 0; i < plan->steps; i++)
        real[count + i] = real[plan->step[i].a] && real[plan->step[i].b];
    *out = real;
    return TENFERRO_OK;
}

static tenferro_status
run_steps(const tenferro_einsum_plan *plan, const tenferro_tensor *const *operands,
          const unsigned char *real, char *arena, void *out, const int64_t *out_strides)
{
    /* a step whose operands fit in memory has at most 62 labels in each: see TF_MAX_LABELS */
    int64_t a_strides[TF_MAX_LABELS], b_strides[TF_MAX_LABELS], c_strides[TF_MAX_LABELS];
    double done = 0, total = plan->cost.multiply_adds;
    tf_engine engine;
    tf_context_engine(plan->context, &engine);
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        tf_contraction c = tf_plan_contraction(plan, s);
        const void *a = bind(plan, operands, arena, s, s->a, a_strides, &c.a_strides);
        const void *b = s->b < 0 ? NULL
                                 : bind(plan, operands, arena, s, s->b, b_strides, &c.b_strides);
        if (real) {
            int is_real = real[plan->network.count + i];
            c.dtype = is_real ? tf_dtype_real(plan->dtype) : plan->dtype;
            c.real_a = real[s->a] && !is_real;
            c.real_b = real[s->b] && !is_real;
        }
        void *result = out;
        if (i + 1 < plan->steps) {
            result = arena + s->offset;
        } else {
            scatter_strides(s->labels, plan->network.out_rank, plan->out_slots, out_strides,
                            c_strides);
            c.c_strides = c_strides;
        }
        TF_TRY(total > long_work ? tf_report_progress(plan->context, "einsum", done, total)
                                 : tf_check_cancel(plan->context));
        TF_TRY(c.real_a || c.real_b || plan->steps <= CACHED_STEPS
                   ? tf_contract_cached(plan->context, &engine, &c, NULL, NULL, a, b, result)
                   : tf_contract(&engine, &c, TF_ROUTE_AUTO, a, b, result));
        done += s->multiply_adds;
    }
    return total > long_work ? tf_report_progress(plan->context, "einsum", total, total)
                             : TENFERRO_OK;
}

tenferro_status tf_plan_run(const tenferro_einsum_plan *plan, const tenferro_tensor *const *operands,
                            void *out, const int64_t *out_strides)
{
    if (plan->network.empty) { /* sums of nothing */
        static const unsigned char zero[16] = {0};
        tf_engine engine;
        tf_context_engine(plan->context, &engine);
        return tf_fill(&engine, plan->element_size, zero, plan->network.out_rank,
                       plan->network.out_extents, out, out_strides);
    }
    if (plan->overflow >= 0)
        return tf_fail(TENFERRO_OVERFLOW,
                       "einsum: step %d of %d meets tensors too large to count in bytes (its "
                       "result: %.6g elements)",
                       plan->overflow + 1, plan->steps, plan->step[plan->overflow].elements);
    char *arena = NULL;
    if (plan->arena > 0) {
        arena = tf_scratch_take(plan->context, plan->arena);
        if (!arena)
            return TENFERRO_OUT_OF_MEMORY;
    }
    unsigned char *real;
    tenferro_status status = find_real(plan, operands, &real);
    if (status == TENFERRO_OK)
        status = run_steps(plan, operands, real, arena, out, out_strides);
    tf_free(plan->context, real);
    if (arena)
        tf_scratch_give(plan->context, arena, plan->arena);
    return status;
}
