/* Permutations with scaling and conversion, and embeddings: the adjoints of traces and diagonals. */

#include "kernels/element.h"
#include "prims/plan.h"

/* D = alpha op(A) + beta D over the plan's labels; dtypes agree. */
static tenferro_status write_labels(tf_run *run, const void *alpha, const void *beta)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *a = &plan->operand[TF_ROLE_A], *d = &plan->operand[TF_ROLE_D];
    if (alpha || beta) {
        tf_contraction contraction = plan->contraction;
        contraction.alpha = alpha;
        contraction.beta = beta;
        return tf_contract(&run->engine, &contraction, TF_ROUTE_AUTO, run->in[TF_ROLE_A], NULL,
                           run->out);
    }
    if (a->conj)
        return tf_map(&run->engine, TF_MAP_CONJ, a->dtype, plan->labels, plan->extents,
                      &run->in[TF_ROLE_A], &a->strides, run->out, d->strides);
    return tf_copy(&run->engine, a->size, plan->labels, plan->extents, run->in[TF_ROLE_A],
                   a->strides, run->out, d->strides);
}

/* What write_labels needs, for dtypes that have arithmetic. */
static void prepare_write(tenferro_plan *plan)
{
    const tf_plan_operand *a = &plan->operand[TF_ROLE_A], *d = &plan->operand[TF_ROLE_D],
                          *b = &plan->operand[TF_ROLE_B]; /* absent: its strides are 0 */
    plan->scales = d->dtype != TENFERRO_BOOL;
    plan->contraction = (tf_contraction){
        .dtype = d->dtype,
        .labels = plan->labels,
        .extents = plan->extents,
        .a_strides = a->strides,
        .b_strides = b->strides,
        .c_strides = d->strides,
        .summed = plan->summed,
        .conj_a = a->conj,
    };
    if (plan->scales && a->dtype == d->dtype) {
        int64_t scratch = tf_contract_scratch(&plan->engine, &plan->contraction, TF_ROUTE_AUTO);
        if (scratch > 0)
            plan->workspace = scratch + INT64_C(4) * 64;
    }
}

static tenferro_status refuse_conj_d(const tf_description *d, const char *name)
{
    if (d->operand[TF_ROLE_D]->conj)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: conj is A's, not D's", name);
    return TENFERRO_OK;
}

/* ---- permutation ---- */

static tenferro_status check_permutation(const tf_description *d, const tf_labels *labels)
{
    if (labels->count > labels->kept)
        return tf_fail(
            TENFERRO_INVALID_ARGUMENT,
            "permutation: a label of A is not in D (a sum is a contraction or reduction)");
    TF_TRY(refuse_conj_d(d, "permutation"));
    return tf_check_output(d, labels, "permutation", 1u << TF_ROLE_A);
}

static tenferro_status run_permutation(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *a = &plan->operand[TF_ROLE_A], *d = &plan->operand[TF_ROLE_D];
    if (a->dtype == d->dtype)
        return write_labels(run, run->alpha, NULL);
    TF_TRY(tf_cast(&run->engine, a->dtype, d->dtype, plan->labels, plan->extents,
                   run->in[TF_ROLE_A], a->strides, run->out, d->strides));
    const void *out = run->out;
    if (a->conj && tf_is_complex(d->dtype))
        TF_TRY(tf_map(&run->engine, TF_MAP_CONJ, d->dtype, plan->labels, plan->extents, &out,
                      &d->strides, run->out, d->strides));
    if (!run->alpha)
        return TENFERRO_OK;
    return tf_run_scale(run, plan->labels, plan->extents, d->strides, run->alpha);
}

static tenferro_status prepare_permutation(tenferro_plan *plan)
{
    plan->run = run_permutation;
    prepare_write(plan);
    return TENFERRO_OK;
}

const tf_plan_rules tf_permutation_rules = {"permutation", check_permutation, prepare_permutation};

/* ---- embedding ---- */

static tenferro_status check_embedding(const tf_description *d, const tf_labels *labels)
{
    const tenferro_operand *c = d->operand[TF_ROLE_C], *out = d->operand[TF_ROLE_D];
    TF_TRY(tf_check_same_dtypes(d, "embedding"));
    TF_TRY(refuse_conj_d(d, "embedding"));
    if (labels->count > labels->kept)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "embedding: a label of A or C is not in D");
    if (c && c->rank != out->rank)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "embedding: C has rank %d, D has %d", c->rank,
                       out->rank);
    for (int i = 0; c && i < c->rank; i++)
        if (c->labels[i] != out->labels[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "embedding: C has not D's labels in D's order");
    return TENFERRO_OK;
}

static tenferro_status run_embedding(tf_run *run)
{
    static const unsigned char zero[16] = {0};
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *d = &plan->operand[TF_ROLE_D];
    if (!run->beta) {
        TF_TRY(tf_fill(&run->engine, d->size, zero, d->rank, d->axis_extents, run->out,
                       d->axis_strides));
        return write_labels(run, run->alpha, NULL);
    }
    TF_TRY(tf_run_copy_c(run));
    if (!tf_element_is(d->dtype, run->beta, 1))
        TF_TRY(tf_run_scale(run, d->rank, d->axis_extents, d->axis_strides, run->beta));
    return write_labels(run, run->alpha, tf_element_one(d->dtype));
}

static tenferro_status prepare_embedding(tenferro_plan *plan)
{
    plan->run = run_embedding;
    prepare_write(plan);
    plan->adds = plan->scales;
    return TENFERRO_OK;
}

const tf_plan_rules tf_embedding_rules = {"embedding", check_embedding, prepare_embedding};
