/*
 * The public doors: einsum by equation through the plan cache, plans by equation or labels, their
 * execution.
 */

#include <string.h>
#include <tenferro/ops.h>

#include "einsum/notation.h"
#include "einsum/plan.h"
#include "memory/cache.h"
#include "support/hash.h"
#include "support/struct_size.h"
#include "support/text.h"

enum { MOST_OPERANDS = INT32_MAX / 4 };

/* ---- operands -------------------------------------------------------------------------------- */

/* What a call's operands have in common. */
typedef struct operand_facts {
    tenferro_context *context;
    tenferro_dtype dtype; /* where they meet */
    int mixed;            /* some have another dtype */
    int concrete;         /* all have data */
    int64_t axes;
} operand_facts;

static tenferro_status
examine(const char *what, int count, const tenferro_tensor *const *operands, operand_facts *facts)
{
    if (count < 1 || count > MOST_OPERANDS || !operands)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: %d operands%s", what, count,
                       operands ? "" : ", and NULL");
    *facts = (operand_facts){.concrete = 1};
    for (int i = 0; i < count; i++) {
        const tenferro_tensor *t = operands[i];
        if (!t)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: operand %d is NULL", what, i);
        tenferro_dtype dtype = tenferro_tensor_dtype(t);
        if (i == 0) {
            facts->context = tenferro_tensor_context(t);
            facts->dtype = dtype;
        }
        if (tenferro_tensor_context(t) != facts->context)
            return tf_fail(TENFERRO_CONTEXT_MISMATCH, "%s: operand %d is of another context", what,
                           i);
        tenferro_status status = tf_plan_check_dtype(facts->context, dtype);
        if (status == TENFERRO_OK && dtype != facts->dtype) {
            facts->mixed = 1;
            status = tenferro_dtype_promote(facts->dtype, dtype, &facts->dtype);
        }
        if (status != TENFERRO_OK)
            return tf_fail_context(status, "%s: operand %d", what, i);
        facts->concrete &= tenferro_tensor_is_concrete(t);
        facts->axes += tenferro_tensor_rank(t);
    }
    return TENFERRO_OK;
}

/*
 * Operands of one dtype: those that have another are cast, but real ones stay real among complex
 * ones.  (*cast)[i] is NULL or to be released.
 */
static tenferro_status
meet_dtypes(const operand_facts *facts, int count, const tenferro_tensor *const *operands,
            tenferro_tensor ***cast, const tenferro_tensor ***all)
{
    *cast = tf_calloc(facts->context, count, sizeof **cast);
    *all = *cast ? tf_malloc(facts->context, count, sizeof **all) : NULL;
    if (!*all)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < count; i++) {
        tenferro_dtype dtype = tenferro_tensor_dtype(operands[i]), wanted = facts->dtype;
        if (!tf_dtype_is_complex(dtype))
            wanted = tf_dtype_real(wanted);
        if (dtype != wanted)
            TF_TRY(tenferro_cast(operands[i], wanted, &(*cast)[i]));
        (*all)[i] = (*cast)[i] ? (*cast)[i] : operands[i];
    }
    return TENFERRO_OK;
}

static void release_cast(const operand_facts *facts, int count, tenferro_tensor **cast,
                         const tenferro_tensor **all)
{
    for (int i = 0; cast && i < count; i++)
        tenferro_tensor_release(cast[i]);
    tf_free(facts->context, cast);
    tf_free(facts->context, all);
}

/* ---- planning -------------------------------------------------------------------------------- */

static tenferro_status
plan_equation(tenferro_context *context, const char *equation, tenferro_dtype dtype, int count,
              const int *ranks, const int64_t *const *extents,
              const tenferro_einsum_options *options, int holds_context, tenferro_einsum_plan **out)
{
    tf_notation notation;
    tf_network network;
    TF_TRY(tf_notation_parse(context, equation, count, ranks, &notation));
    tenferro_status status = tf_network_create(context, 1, count, ranks, notation.names, extents,
                                               notation.out_rank, notation.out_names, &network);
    if (status == TENFERRO_OK)
        status = tf_plan_create(&network, dtype, options, notation.pairs, holds_context, out);
    tf_notation_free(context, &notation);
    return status;
}

static tenferro_status
plan_operands(const operand_facts *facts, const char *equation, int count,
              const tenferro_tensor *const *operands, tenferro_einsum_plan **out)
{
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int *ranks = tf_malloc(facts->context, count, sizeof *ranks);
    const int64_t **extents = ranks ? tf_malloc(facts->context, count, sizeof *extents) : NULL;
    if (extents) {
        for (int i = 0; i < count; i++) {
            ranks[i] = tenferro_tensor_rank(operands[i]);
            extents[i] = tenferro_tensor_extents(operands[i]);
        }
        status = plan_equation(facts->context, equation, facts->dtype, count, ranks, extents, NULL,
                               0, out);
    }
    tf_free(facts->context, ranks);
    tf_free(facts->context, extents);
    return status;
}

static void write_key(const operand_facts *facts, const char *equation, size_t length, int count,
                      const tenferro_tensor *const *operands, int64_t *words)
{
    int64_t *end = words;
    *end++ = (int64_t)facts->dtype;
    *end++ = count;
    for (int i = 0; i < count; i++) {
        int rank = tenferro_tensor_rank(operands[i]);
        const int64_t *extents = tenferro_tensor_extents(operands[i]);
        *end++ = rank;
        for (int k = 0; k < rank; k++)
            *end++ = extents[k];
    }
    memcpy(end, equation, length);
}

static void retain(void *plan)
{
    (void)tenferro_einsum_plan_retain(plan);
}

static void release(void *plan)
{
    tenferro_einsum_plan_release(plan);
}

/* About what a plan takes. */
static int64_t footprint(const tenferro_einsum_plan *plan)
{
    const tf_network *n = &plan->network;
    int64_t axes = n->first[n->count] + n->out_rank;
    return (int64_t)sizeof *plan + plan->steps * (int64_t)sizeof *plan->step +
           axes * 5 * (int64_t)sizeof(int64_t) + (int64_t)n->count * 16 + plan->room * 6 +
           plan->entries * 32;
}

/*
 * A plan from the context's cache, or a new one that is then kept there.  Operands have one dtype.
 * The key: dtype, ranks, extents, equation.  (Strides are no part of it: execution binds them.)
 */
static tenferro_status
cached_plan(const operand_facts *facts, const char *equation, int count,
            const tenferro_tensor *const *operands, tenferro_einsum_plan **out)
{
    int64_t small[96];
    size_t length = strlen(equation);
    int64_t words = 2 + count + facts->axes;
    int64_t *bytes = small;
    if (length > sizeof small || (size_t)words * sizeof *small > sizeof small - length) {
        bytes = tf_malloc(facts->context, words + (int64_t)(length / sizeof *small) + 1,
                          sizeof *small);
        if (!bytes)
            return TENFERRO_OUT_OF_MEMORY;
    }
    write_key(facts, equation, length, count, operands, bytes);
    tf_cache *cache = tf_cache_of(facts->context, TF_SLOT_EINSUM);
    tf_cache_key key = {bytes, (size_t)words * sizeof *bytes + length, 0};
    key.hash = tf_hash_bytes(key.bytes, key.count, 0);
    tenferro_status status = TENFERRO_OK;
    *out = cache ? tf_cache_find(cache, &key, retain) : NULL;
    if (!*out) {
        status = plan_operands(facts, equation, count, operands, out);
        if (status == TENFERRO_OK && cache)
            tf_cache_add(cache, &key, tenferro_einsum_plan_retain(*out), footprint(*out), release);
    }
    if (bytes != small)
        tf_free(facts->context, bytes);
    return status;
}

/* ---- execution ------------------------------------------------------------------------------- */

static tenferro_status run_new(const tenferro_einsum_plan *plan, int concrete,
                               const tenferro_tensor *const *operands, tenferro_tensor **out)
{
    if (!concrete)
        return tf_plan_run_on_level(plan, operands, out);
    tenferro_tensor *made = NULL;
    void *data;
    TF_TRY(tenferro_tensor_create(plan->context, plan->dtype, plan->network.out_rank,
                                  plan->network.out_extents, TENFERRO_COLUMN_MAJOR, &made));
    tenferro_status status = tenferro_tensor_data_mutable(made, &data);
    if (status == TENFERRO_OK)
        status = tf_plan_run(plan, operands, data, tenferro_tensor_strides(made));
    if (status != TENFERRO_OK) {
        tenferro_tensor_release(made);
        return status;
    }
    *out = made;
    return TENFERRO_OK;
}

static tenferro_status
check_destination(const tenferro_einsum_plan *plan, const tenferro_tensor *out)
{
    const tf_network *n = &plan->network;
    if (!tenferro_tensor_is_concrete(out))
        return tf_fail(TENFERRO_UNSUPPORTED, "einsum_into: the destination belongs to a level");
    if (tenferro_tensor_context(out) != plan->context)
        return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                       "einsum_into: the destination is of another context");
    if (tenferro_tensor_dtype(out) != plan->dtype)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "einsum_into: the destination is %s, the result %s",
                       tf_dtype_name(plan->context, tenferro_tensor_dtype(out)),
                       tf_dtype_name(plan->context, plan->dtype));
    int rank = tenferro_tensor_rank(out);
    const int64_t *extents = tenferro_tensor_extents(out);
    int same = rank == n->out_rank;
    for (int i = 0; same && i < rank; i++)
        same = extents[i] == n->out_extents[i];
    if (!same)
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "einsum_into: the destination has shape %s, the result %s",
                       tf_shape_text(rank, extents).chars,
                       tf_shape_text(n->out_rank, n->out_extents).chars);
    return TENFERRO_OK;
}

static int64_t size_of(const tenferro_tensor *t)
{
    return tf_dtype_size(tenferro_tensor_context(t), tenferro_tensor_dtype(t));
}

static int overlaps(const tenferro_tensor *a, const tenferro_tensor *b)
{
    return tf_regions_overlap(size_of(a), tenferro_tensor_rank(a), tenferro_tensor_extents(a),
                              tenferro_tensor_strides(a), tenferro_tensor_data(a), size_of(b),
                              tenferro_tensor_rank(b), tenferro_tensor_extents(b),
                              tenferro_tensor_strides(b), tenferro_tensor_data(b));
}

static tenferro_status run_into(const tenferro_einsum_plan *plan, int concrete, int count,
                                const tenferro_tensor *const *operands, tenferro_tensor *out)
{
    void *data;
    if (!concrete)
        return tf_fail(TENFERRO_UNSUPPORTED, "einsum_into: an operand belongs to a level");
    TF_TRY(check_destination(plan, out));
    TF_TRY(tenferro_tensor_data_mutable(out, &data));
    int apart = 1;
    for (int i = 0; i < count && apart; i++)
        apart = !overlaps(operands[i], out);
    if (apart)
        return tf_plan_run(plan, operands, data, tenferro_tensor_strides(out));
    tenferro_tensor *temporary = NULL;
    TF_TRY(run_new(plan, concrete, operands, &temporary));
    tenferro_status status = tenferro_copy_into(temporary, out);
    tenferro_tensor_release(temporary);
    return status;
}

/* ---- doors ----------------------------------------------------------------------------------- */

/* Into *made, or into `given` if made is NULL. */
static tenferro_status
einsum(const char *what, const char *equation, int count, const tenferro_tensor *const *operands,
       tenferro_tensor *given, tenferro_tensor **made)
{
    operand_facts facts;
    tenferro_tensor **cast = NULL;
    const tenferro_tensor **all = NULL;
    tenferro_einsum_plan *plan = NULL;
    tenferro_status status;
    if (!equation)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: the equation is NULL", what);
    TF_TRY(examine(what, count, operands, &facts));
    if (facts.mixed) {
        TF_TRY_CLEANUP(meet_dtypes(&facts, count, operands, &cast, &all));
        operands = all;
    }
    TF_TRY_CLEANUP(cached_plan(&facts, equation, count, operands, &plan));
    status = made ? run_new(plan, facts.concrete, operands, made)
                  : run_into(plan, facts.concrete, count, operands, given);

cleanup:
    tenferro_einsum_plan_release(plan);
    if (facts.mixed)
        release_cast(&facts, count, cast, all);
    return status;
}

tenferro_status tenferro_einsum(const char *equation, int count,
                                const tenferro_tensor *const *operands, tenferro_tensor **out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: out is NULL");
    *out = NULL;
    return einsum("einsum", equation, count, operands, NULL, out);
}

tenferro_status tenferro_einsum_into(const char *equation, int count,
                                     const tenferro_tensor *const *operands, tenferro_tensor *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_into: out is NULL");
    return einsum("einsum_into", equation, count, operands, out, NULL);
}

/* The options, or the defaults, whatever version of the struct the caller has. */
static tenferro_status
read_options(const tenferro_einsum_options *given, tenferro_einsum_options *options)
{
    *options = (tenferro_einsum_options)TENFERRO_EINSUM_OPTIONS_INIT;
    if (given)
        TF_TRY(tf_struct_read("einsum options", options, sizeof *options, given));
    if (options->order < TENFERRO_EINSUM_AUTO || options->order > TENFERRO_EINSUM_SEARCH)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: options.order is %d",
                       (int)options->order);
    if (options->memory_limit < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: options.memory_limit is negative");
    if (options->objective < TENFERRO_EINSUM_SECONDS ||
        options->objective > TENFERRO_EINSUM_WEIGHTED)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: options.objective is %d",
                       (int)options->objective);
    if (options->moves < 0 || !(options->seconds >= 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: options.moves or options.seconds is negative");
    return TENFERRO_OK;
}

static tenferro_status
check_plan_arguments(const char *what, const tenferro_context *context, tenferro_dtype dtype,
                     int count, const int *ranks, const int64_t *const *extents)
{
    if (!context || !ranks || !extents)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: an argument is NULL", what);
    if (count < 1 || count > MOST_OPERANDS)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: %d operands", what, count);
    for (int i = 0; i < count; i++) {
        if (ranks[i] < 0 || (ranks[i] > 0 && !extents[i]))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: operand %d has rank %d%s", what, i,
                           ranks[i], ranks[i] < 0 ? "" : ", and its extents are NULL");
        for (int k = 0; k < ranks[i]; k++)
            if (tenferro_extent_is_symbol(extents[i][k]))
                return tf_fail(TENFERRO_SYMBOLIC, "%s: axis %d of operand %d is symbolic", what, k,
                               i);
    }
    return tf_plan_check_dtype(context, dtype);
}

tenferro_status
tenferro_einsum_plan_create(tenferro_context *context, const char *equation, tenferro_dtype dtype,
                            int count, const int *ranks, const int64_t *const *extents,
                            const tenferro_einsum_options *options, tenferro_einsum_plan **out)
{
    tenferro_einsum_options o;
    if (!out || !equation)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_create: an argument is NULL");
    *out = NULL;
    TF_TRY(check_plan_arguments("einsum_plan_create", context, dtype, count, ranks, extents));
    TF_TRY(read_options(options, &o));
    return plan_equation(context, equation, dtype, count, ranks, extents, &o, 1, out);
}

/* The labels of all operands in one array. */
static tenferro_status gather_labels(tenferro_context *context, int count, const int *ranks,
                                     const int64_t *const *labels, int64_t **out)
{
    int64_t axes = 0;
    for (int i = 0; i < count; i++)
        axes += ranks[i];
    int64_t *names = tf_malloc(context, axes, sizeof *names);
    if (!names)
        return TENFERRO_OUT_OF_MEMORY;
    *out = names;
    for (int i = 0; i < count; i++) {
        if (ranks[i] > 0 && !labels[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "einsum_plan_labels: the labels of operand %d are NULL", i);
        if (ranks[i] > 0)
            memcpy(names, labels[i], (size_t)ranks[i] * sizeof *names);
        names += ranks[i];
    }
    return TENFERRO_OK;
}

tenferro_status
tenferro_einsum_plan_labels(tenferro_context *context, tenferro_dtype dtype, int count,
                            const int *ranks, const int64_t *const *labels,
                            const int64_t *const *extents, int out_rank, const int64_t *out_labels,
                            const tenferro_einsum_options *options, tenferro_einsum_plan **out)
{
    tenferro_einsum_options o;
    tf_network network;
    if (!out || !labels || out_rank < 0 || (out_rank > 0 && !out_labels))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum_plan_labels: an argument is NULL, or a negative rank");
    *out = NULL;
    TF_TRY(check_plan_arguments("einsum_plan_labels", context, dtype, count, ranks, extents));
    TF_TRY(read_options(options, &o));
    int64_t *names = NULL;
    tenferro_status status = gather_labels(context, count, ranks, labels, &names);
    if (status == TENFERRO_OK)
        status = tf_network_create(context, 0, count, ranks, names, extents, out_rank, out_labels,
                                   &network);
    if (status == TENFERRO_OK)
        status = tf_plan_create(&network, dtype, &o, NULL, 1, out);
    tf_free(context, names);
    return status;
}

/* Operands must be what the plan was made for. */
static tenferro_status check_operands(const tenferro_einsum_plan *plan, int count,
                                      const tenferro_tensor *const *operands, int *concrete)
{
    const tf_network *n = &plan->network;
    if (count != n->count || !operands)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum_execute: %d operands given, the plan is for %d", count, n->count);
    *concrete = 1;
    int all_real = 1; /* among complex ones, real operands stay real */
    for (int i = 0; i < count; i++) {
        const tenferro_tensor *t = operands[i];
        if (!t)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_execute: operand %d is NULL", i);
        if (tenferro_tensor_context(t) != plan->context)
            return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                           "einsum_execute: operand %d is of another context", i);
        int is_real = tenferro_tensor_dtype(t) == tf_dtype_real(plan->dtype);
        all_real &= is_real;
        if (tenferro_tensor_dtype(t) != plan->dtype && (!is_real || (all_real && i + 1 == count)))
            return tf_fail(TENFERRO_DTYPE_MISMATCH,
                           "einsum_execute: operand %d is %s, the plan is for %s", i,
                           tf_dtype_name(plan->context, tenferro_tensor_dtype(t)),
                           tf_dtype_name(plan->context, plan->dtype));
        int rank = tenferro_tensor_rank(t);
        int planned = (int)(n->first[i + 1] - n->first[i]);
        const int64_t *extents = tenferro_tensor_extents(t);
        int same = rank == planned;
        for (int k = 0; same && k < rank; k++)
            same = extents[k] == n->axis_extents[n->first[i] + k];
        if (!same)
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "einsum_execute: operand %d has shape %s, the plan is for %s", i,
                           tf_shape_text(rank, extents).chars,
                           tf_shape_text(planned, n->axis_extents + n->first[i]).chars);
        *concrete &= tenferro_tensor_is_concrete(t);
    }
    return TENFERRO_OK;
}

tenferro_status
tenferro_einsum_execute(const tenferro_einsum_plan *plan, int count,
                        const tenferro_tensor *const *operands, tenferro_tensor **out)
{
    int concrete;
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_execute: out is NULL");
    *out = NULL;
    if (!plan)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_execute: the plan is NULL");
    TF_TRY(check_operands(plan, count, operands, &concrete));
    return run_new(plan, concrete, operands, out);
}

tenferro_status
tenferro_einsum_execute_into(const tenferro_einsum_plan *plan, int count,
                             const tenferro_tensor *const *operands, tenferro_tensor *out)
{
    int concrete;
    if (!plan || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_execute_into: the plan or out is NULL");
    TF_TRY(check_operands(plan, count, operands, &concrete));
    return run_into(plan, concrete, count, operands, out);
}
