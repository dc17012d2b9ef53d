/* Making plans: from a description to labels, strides and spans in one block of memory. */

#include "prims/plan.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/element.h"
#include "support/checked.h"
#include "support/struct_size.h"

const tf_plan_rules *tf_plan_rules_of(tf_plan_kind kind)
{
    static const tf_plan_rules *const rules[] = {
        [TF_PLAN_CONTRACTION] = &tf_contraction_rules,
        [TF_PLAN_PERMUTATION] = &tf_permutation_rules,
        [TF_PLAN_EMBEDDING] = &tf_embedding_rules,
        [TF_PLAN_REDUCTION] = &tf_reduction_rules,
        [TF_PLAN_ELEMENTWISE] = &tf_elementwise_rules,
    };
    return rules[kind];
}

/* ---- rules that several kinds share ---- */

tenferro_status tf_check_same_dtypes(const tf_description *description, const char *name)
{
    for (int role = 0; role < TF_ROLE_D; role++) {
        const tenferro_operand *o = description->operand[role];
        if (o && o->dtype != description->operand[TF_ROLE_D]->dtype)
            return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: operand %c is %s, D is %s", name,
                           "ABC"[role], tf_dtype_name(NULL, o->dtype),
                           tf_dtype_name(NULL, description->operand[TF_ROLE_D]->dtype));
    }
    return TENFERRO_OK;
}

tenferro_status tf_check_output(const tf_description *description, const tf_labels *labels,
                                const char *name, unsigned sources)
{
    const unsigned c = 1u << TF_ROLE_C, d = 1u << TF_ROLE_D;
    int has_c = description->operand[TF_ROLE_C] && !(sources & c);
    for (int i = 0; i < labels->count; i++) {
        const tf_label *l = &labels->list[i];
        if (l->twice & d)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: D has a label twice", name);
        if ((l->in & d) && !(l->in & sources))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: a label of D is in no input", name);
        if (has_c && ((l->twice & c) || !(l->in & c) != !(l->in & d)))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: C has not D's labels, each once", name);
    }
    return TENFERRO_OK;
}

/* ---- memory of an operand ---- */

static tenferro_status span(tf_plan_operand *o, const char *name, int role)
{
    int64_t low = 0, high = 1;
    o->low = o->high = 0;
    for (int i = 0; i < o->rank; i++)
        if (o->axis_extents[i] == 0)
            return TENFERRO_OK;
    for (int i = 0; i < o->rank; i++) {
        int64_t reach;
        if (tf_mul_overflows(o->axis_extents[i] - 1, o->axis_strides[i], &reach) ||
            (reach < 0 ? tf_add_overflows(low, reach, &low) : tf_add_overflows(high, reach, &high)))
            return tf_fail(TENFERRO_OVERFLOW, "%s: operand %c spans more than int64 counts", name,
                           "ABCD"[role]);
    }
    int64_t bytes;
    if (tf_mul_overflows(low, o->size, &o->low) || tf_mul_overflows(high, o->size, &o->high) ||
        tf_sub_overflows(o->high, o->low, &bytes))
        return tf_fail(TENFERRO_OVERFLOW, "%s: operand %c spans more than int64 counts", name,
                       "ABCD"[role]);
    return TENFERRO_OK;
}

typedef struct reach {
    int64_t stride, extent;
} reach;

static int by_stride(const void *x, const void *y)
{
    int64_t a = ((const reach *)x)->stride, b = ((const reach *)y)->stride;
    return a < b ? -1 : a > b;
}

/* Each stride exceeds what the smaller ones reach.  The operand's span is known to fit. */
static tenferro_status check_distinct(tf_arena *arena, const tf_plan_operand *d, const char *name)
{
    reach *axes = tf_arena_take(arena, d->rank, sizeof *axes);
    if (!axes)
        return TENFERRO_OUT_OF_MEMORY;
    int n = 0;
    for (int i = 0; i < d->rank; i++)
        if (d->axis_extents[i] > 1)
            axes[n++] = (reach){d->axis_strides[i] < 0 ? -d->axis_strides[i] : d->axis_strides[i],
                                d->axis_extents[i]};
    if (n > 1)
        qsort(axes, (size_t)n, sizeof *axes, by_stride);
    int64_t reached = 0;
    for (int i = 0; i < n; i++) {
        if (axes[i].stride <= reached)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "%s: elements of D share memory (stride %lld over an extent of %lld)",
                           name, (long long)axes[i].stride, (long long)axes[i].extent);
        reached += axes[i].stride * (axes[i].extent - 1);
    }
    return TENFERRO_OK;
}

static int same_layout(const tf_plan_operand *x, const tf_plan_operand *d)
{
    if (x->size != d->size || x->rank != d->rank)
        return 0;
    for (int i = 0; i < d->rank; i++)
        if (x->axis_extents[i] != d->axis_extents[i] || x->axis_strides[i] != d->axis_strides[i])
            return 0;
    return 1;
}

/* ---- making ---- */

/* Which labels matter: not those of extent 1; of an empty sum one label; of nothing none. */
static int select_labels(tenferro_plan *plan, const tf_labels *labels, tf_label *out)
{
    int n = 0, zero = -1;
    for (int i = 0; i < labels->count; i++)
        if (labels->list[i].extent == 0) {
            plan->is_empty |= i < labels->kept;
            zero = i;
        }
    if (plan->is_empty)
        return 0;
    for (int i = 0; i < labels->kept; i++)
        if (labels->list[i].extent != 1)
            out[n++] = labels->list[i];
    plan->kept = n;
    for (int i = labels->kept; i < labels->count; i++)
        if (zero >= 0 ? i == zero : labels->list[i].extent != 1)
            out[n++] = labels->list[i];
    return n;
}

static tenferro_status count_iterations(tenferro_plan *plan, const char *name)
{
    int64_t all;
    if (tf_product_overflows(plan->labels, plan->extents, &all) ||
        tf_product_overflows(plan->kept, plan->extents, &all) ||
        tf_product_overflows(plan->labels - plan->kept, plan->extents + plan->kept, &plan->terms))
        return tf_fail(TENFERRO_OVERFLOW, "%s: more iterations than int64 counts", name);
    return TENFERRO_OK;
}

/* Elements that an operand holds, as a double; a repeated one counts once. */
static double elements_of(const tf_plan_operand *o)
{
    double n = 1;
    for (int i = 0; i < o->rank; i++)
        n *= o->axis_strides[i] != 0 ? (double)o->axis_extents[i] : 1.0;
    return n;
}

static tenferro_status
set_operands(tenferro_plan *plan, const tf_description *d, tf_arena *arena, const char *name)
{
    for (int role = TF_ROLE_D; role >= 0; role--) {
        tf_plan_operand *o = &plan->operand[role];
        const tenferro_operand *given = d->operand[role];
        if (!given)
            continue;
        o->present = 1;
        o->conj = given->conj != 0 && tf_is_complex(given->dtype);
        o->dtype = given->dtype;
        o->size = tf_element_size(given->dtype);
        o->alignment = tf_is_complex(given->dtype) ? o->size / 2 : o->size;
        TF_TRY(span(o, name, role));
        if (role == TF_ROLE_D && !plan->is_empty)
            TF_TRY(check_distinct(arena, o, name));
        o->in_place = same_layout(o, &plan->operand[TF_ROLE_D]);
        plan->bytes += elements_of(o) * (double)o->size;
    }
    return TENFERRO_OK;
}

/* An embedding's C and D keep their axes: a label is a diagonal there. */
static void set_axes(tenferro_plan *plan, const tf_description *d, int64_t **next)
{
    for (int role = TF_ROLE_A; role < TF_ROLES; role++) {
        tf_plan_operand *o = &plan->operand[role];
        const tenferro_operand *given = d->operand[role];
        o->rank = role < TF_ROLE_C || plan->kind == TF_PLAN_ELEMENTWISE ? plan->labels : plan->kept;
        o->axis_extents = plan->extents;
        o->axis_strides = o->strides;
        if (plan->kind != TF_PLAN_EMBEDDING || role < TF_ROLE_C || !given)
            continue;
        int64_t *extents = *next, *strides = extents + given->rank;
        *next += 2 * given->rank;
        const int64_t *known = tf_operand_strides(given, strides);
        o->rank = 0;
        for (int i = 0; i < given->rank; i++) {
            if (given->extents[i] == 1)
                continue;
            extents[o->rank] = given->extents[i];
            strides[o->rank++] = known[i];
        }
        o->axis_extents = extents;
        o->axis_strides = strides;
    }
}

static int64_t room_for_axes(const tf_description *d)
{
    int64_t words = 0;
    if (d->kind == TF_PLAN_EMBEDDING)
        for (int role = TF_ROLE_C; role < TF_ROLES; role++)
            words += d->operand[role] ? 2 * (int64_t)d->operand[role]->rank : 0;
    return words;
}

static tenferro_status build(tenferro_context *context, const tf_description *d, tf_arena *arena,
                             const tf_plan_rules *rules, tenferro_plan **out)
{
    tf_labels labels;
    TF_TRY(tf_labels_make(arena, d, &labels));
    TF_TRY(rules->check(d, &labels));
    tf_label *list = tf_arena_take(arena, labels.count, sizeof *list);
    if (!list)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_plan head = {.context = context, .kind = d->kind, .op = d->op};
    int n = head.labels = select_labels(&head, &labels, list);
    int64_t words = (1 + TF_ROLES) * (int64_t)n + room_for_axes(d);
    size_t own = sizeof head + (size_t)words * 8 + 2 * (size_t)n;
    own = (own + 15) / 16 * 16;
    head.footprint = own;
    if (d->kind == TF_PLAN_CONTRACTION && !head.is_empty)
        head.footprint += (size_t)tf_contract_plan_bytes(
            &(tf_contraction){.labels = n + 1}); /* and the parts of complex numbers */
    tenferro_plan *plan = tf_calloc(context, 1, head.footprint);
    if (!plan)
        return TENFERRO_OUT_OF_MEMORY;
    *out = plan;
    memcpy(plan, &head, sizeof head);
    atomic_init(&plan->references, 1);
    int64_t *extents = (int64_t *)(void *)(plan + 1), *next = extents + n;
    for (int i = 0; i < n; i++)
        extents[i] = list[i].extent;
    plan->extents = extents;
    for (int role = 0; role < TF_ROLES; role++, next += n) {
        for (int i = 0; i < n; i++)
            next[i] = list[i].stride[role];
        plan->operand[role].strides = next;
    }
    set_axes(plan, d, &next);
    unsigned char *summed = (unsigned char *)next, *in = summed + n;
    for (int i = 0; i < n; i++) {
        summed[i] = i >= plan->kept;
        in[i] = list[i].in;
    }
    plan->summed = summed;
    plan->in = in;
    if (head.footprint > own)
        plan->prepared = (tf_contract_plan *)(void *)((char *)plan + own);

    tf_context_engine(context, &plan->engine);
    plan->route = (tf_contract_route)d->options.route;
    plan->threads = d->options.threads;
    if (plan->threads > 0)
        plan->engine.threads = TF_MIN(plan->engine.threads, plan->threads);
    TF_TRY(count_iterations(plan, rules->name));
    TF_TRY(set_operands(plan, d, arena, rules->name));
    return plan->is_empty ? TENFERRO_OK : rules->prepare(plan);
}

tenferro_status tf_plan_make(tenferro_context *context, const tf_description *description,
                             int holds_context, tenferro_plan **out)
{
    const tf_plan_rules *rules = tf_plan_rules_of(description->kind);
    tf_arena arena;
    tf_arena_init(&arena, context);
    tenferro_plan *plan = NULL;
    tenferro_status status = build(context, description, &arena, rules, &plan);
    tf_arena_release(&arena);
    if (status != TENFERRO_OK) {
        tf_free(context, plan);
        return status;
    }
    plan->holds_context = holds_context;
    if (holds_context)
        tenferro_context_retain(context);
    if (plan->workspace > 0)
        plan->workspace += 64; /* for a workspace that is not aligned */
    *out = plan;
    return TENFERRO_OK;
}

tenferro_plan *tenferro_plan_retain(const tenferro_plan *plan)
{
    tenferro_plan *counted = (tenferro_plan *)(uintptr_t)plan; /* only its count changes */
    if (counted)
        atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return counted;
}

void tenferro_plan_release(tenferro_plan *plan)
{
    if (!plan || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) != 1)
        return;
    tenferro_context *context = plan->context;
    int holds_context = plan->holds_context;
    tf_free(context, plan);
    if (holds_context)
        tenferro_context_release(context);
}

/* ---- the doors ---- */

static tenferro_status open_door(tenferro_context *context, const tenferro_plan_options *options,
                                 tf_description *d, tenferro_plan **out)
{
    const char *name = tf_plan_rules_of(d->kind)->name;
    const tenferro_plan_options defaults = TENFERRO_PLAN_OPTIONS_INIT;
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: out is NULL", name);
    *out = NULL;
    if (!context || !d->operand[TF_ROLE_A] || !d->operand[TF_ROLE_D])
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: the context, A or D is NULL", name);
    d->options = defaults;
    if (options)
        TF_TRY(tf_struct_read(name, &d->options, sizeof d->options, options));
    if ((unsigned)d->options.route >= TF_ROUTE_COUNT || d->options.threads < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: route %d or %d threads", name,
                       (int)d->options.route, d->options.threads);
    return tf_plan_make(context, d, 1, out);
}

tenferro_status tenferro_plan_contraction(tenferro_context *context, const tenferro_operand *a,
                                          const tenferro_operand *b, const tenferro_operand *c,
                                          const tenferro_operand *d,
                                          const tenferro_plan_options *options, tenferro_plan **out)
{
    tf_description description = {.kind = TF_PLAN_CONTRACTION, .operand = {a, b, c, d}};
    return open_door(context, options, &description, out);
}

tenferro_status tenferro_plan_permutation(tenferro_context *context, const tenferro_operand *a,
                                          const tenferro_operand *d,
                                          const tenferro_plan_options *options, tenferro_plan **out)
{
    tf_description description = {.kind = TF_PLAN_PERMUTATION, .operand = {a, NULL, NULL, d}};
    return open_door(context, options, &description, out);
}

tenferro_status tenferro_plan_embedding(tenferro_context *context, const tenferro_operand *a,
                                        const tenferro_operand *c, const tenferro_operand *d,
                                        const tenferro_plan_options *options, tenferro_plan **out)
{
    tf_description description = {.kind = TF_PLAN_EMBEDDING, .operand = {a, NULL, c, d}};
    return open_door(context, options, &description, out);
}

tenferro_status tenferro_plan_reduction(tenferro_context *context, tenferro_reduction reduction,
                                        const tenferro_operand *a, const tenferro_operand *c,
                                        const tenferro_operand *d,
                                        const tenferro_plan_options *options, tenferro_plan **out)
{
    tf_description description = {.kind = TF_PLAN_REDUCTION,
                                  .op = (int)reduction,
                                  .operand = {a, NULL, c, d}};
    return open_door(context, options, &description, out);
}

tenferro_status
tenferro_plan_elementwise(tenferro_context *context, tenferro_map map, int count,
                          const tenferro_operand *const *inputs, const tenferro_operand *d,
                          const tenferro_plan_options *options, tenferro_plan **out)
{
    tf_description description = {.kind = TF_PLAN_ELEMENTWISE, .op = (int)map};
    for (int i = 0; inputs && i < count && i < TF_ROLE_D; i++)
        description.operand[i] = inputs[i];
    description.operand[TF_ROLE_D] = d;
    if (out)
        *out = NULL;
    if (count < 1 || count > TF_ROLE_D)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "elementwise: %d inputs", count);
    return open_door(context, options, &description, out);
}

tenferro_status tenferro_plan_workspace(const tenferro_plan *plan, int64_t *bytes)
{
    if (!plan || !bytes)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "plan_workspace: NULL argument");
    *bytes = plan->workspace;
    return TENFERRO_OK;
}
