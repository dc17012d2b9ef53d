/* A tracing level for tests: see levels.h. */

#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "ops/infer.h"
#include "support/status.h"
#include "support/text.h"

enum { MOST_NODES = 256, MOST_OPERANDS = 4, MOST_SYMBOLS = 16 };

typedef struct node {
    const tenferro_primitive *primitive; /* NULL: an input */
    void *attributes;
    int inputs;
    int from[MOST_OPERANDS]; /* value numbers; -1: a captured constant */
    tenferro_tensor *constant[MOST_OPERANDS];
    tenferro_dtype dtype;
    int rank;
    tenferro_extent *extents;
} node;

typedef struct guard {
    tenferro_extent a, b;
    char what[96];
} guard;

typedef struct trace {
    tf_level head;
    int count, input_count, guard_count;
    node nodes[MOST_NODES];
    guard guards[MOST_NODES];
} trace;

static int number_of(const tf_level *level, const tenferro_tensor *x)
{
    return (int)(intptr_t)tf_level_payload(level, x) - 1;
}

static tenferro_status add_guard(void *user, tenferro_extent a, tenferro_extent b, const char *what)
{
    trace *t = user;
    guard *g = &t->guards[t->guard_count++];
    g->a = a;
    g->b = b;
    snprintf(g->what, sizeof g->what, "%s", what);
    return TENFERRO_OK;
}

static tenferro_status add_value(trace *t, const tenferro_aval *aval, tenferro_tensor **out)
{
    node *n = &t->nodes[t->count];
    TF_TRY(tf_level_wrap(&t->head, (void *)(intptr_t)(t->count + 1), NULL, aval->dtype, aval->rank,
                         aval->extents, out));
    n->dtype = aval->dtype;
    n->rank = aval->rank;
    n->extents = calloc((size_t)aval->rank + 1, sizeof *n->extents);
    for (int i = 0; i < aval->rank; i++)
        n->extents[i] = aval->extents[i];
    t->count++;
    return TENFERRO_OK;
}

static tenferro_status
apply(tf_level *level, const tenferro_primitive *primitive, const void *attributes, int inputs,
      const tenferro_tensor *const *in, int outputs, tenferro_tensor **out)
{
    trace *t = (trace *)level;
    tenferro_aval avals[MOST_OPERANDS], result;
    if (inputs > MOST_OPERANDS || outputs != 1 || t->count == MOST_NODES)
        return tf_fail(TENFERRO_UNSUPPORTED, "the test trace takes %d operands", MOST_OPERANDS);
    for (int i = 0; i < inputs; i++)
        avals[i] = tf_aval(in[i]);
    tf_arena arena;
    tf_arena_init(&arena, level->context);
    node *n = &t->nodes[t->count];
    *n = (node){.primitive = primitive, .inputs = inputs};
    tenferro_status status = tf_infer(&arena, primitive, attributes, inputs, avals, 1, &result,
                                      add_guard, t);
    if (status == TENFERRO_OK)
        status = tf_attributes_copy(level->context, primitive, attributes, &n->attributes);
    if (status == TENFERRO_OK)
        status = add_value(t, &result, &out[0]);
    for (int i = 0; status == TENFERRO_OK && i < inputs; i++) {
        n->from[i] = number_of(level, in[i]);
        n->constant[i] = n->from[i] < 0 ? tenferro_tensor_retain(in[i]) : NULL;
    }
    tf_arena_release(&arena);
    return status;
}

static void destroy(tf_level *level)
{
    trace *t = (trace *)level;
    for (int i = 0; i < t->count; i++) {
        node *n = &t->nodes[i];
        if (n->primitive)
            tf_attributes_release(level->context, n->primitive, n->attributes);
        for (int j = 0; j < n->inputs; j++)
            tenferro_tensor_release(n->constant[j]);
        free(n->extents);
    }
    free(t);
}

static const tf_level_type trace_type = {"tracing", apply, NULL, destroy};

tenferro_status trace_open(tenferro_context *context, tf_level **out)
{
    trace *t = calloc(1, sizeof *t);
    *out = &t->head;
    return tf_level_open(*out, &trace_type, context);
}

tenferro_status trace_input(tf_level *level, tenferro_dtype dtype, int rank,
                            const tenferro_extent *extents, tenferro_tensor **out)
{
    trace *t = (trace *)level;
    t->nodes[t->count] = (node){.primitive = NULL};
    t->input_count++;
    return add_value(t, &(tenferro_aval){dtype, rank, extents}, out);
}

static void print_shape(tf_text *text, tenferro_context *context, const node *n)
{
    tf_text_add(text, " : %s (", tf_dtype_name(context, n->dtype));
    for (int i = 0; i < n->rank; i++) {
        char extent[96];
        if (tenferro_extent_format(context, n->extents[i], extent, sizeof extent, NULL) ==
            TENFERRO_OK)
            tf_text_add(text, "%s%s", i ? ", " : "", extent);
    }
    tf_text_add(text, ")\n");
}

void trace_print(const tf_level *level, char *buffer, size_t size)
{
    const trace *t = (const trace *)level;
    tf_text text;
    tf_text_init(&text, buffer, size);
    for (int i = 0; i < t->count; i++) {
        const node *n = &t->nodes[i];
        tf_text_add(&text, "%%%d = %s", i, n->primitive ? n->primitive->name : "input");
        if (n->primitive && n->primitive->attributes_format) {
            char attributes[256];
            if (n->primitive->attributes_format(n->primitive->user, level->context, n->attributes,
                                                attributes, sizeof attributes, NULL) == TENFERRO_OK)
                tf_text_add(&text, " {%s}", attributes);
        }
        for (int j = 0; j < n->inputs; j++)
            if (n->from[j] >= 0)
                tf_text_add(&text, " %%%d", n->from[j]);
            else
                tf_text_add(&text, " constant");
        print_shape(&text, level->context, n);
    }
}

/* Binds the symbols that stand alone as an input's extent, then checks every input's extents. */
static tenferro_status
bind_inputs(const trace *t, const tenferro_tensor *const *in, tenferro_extent_binding *binding,
            tenferro_extent *symbols, int64_t *values)
{
    tenferro_context *context = t->head.context;
    binding->symbols = symbols;
    binding->values = values;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < t->input_count; i++)
            for (int axis = 0; axis < t->nodes[i].rank; axis++) {
                tenferro_extent e = t->nodes[i].extents[axis];
                int64_t have = tenferro_tensor_extents(in[i])[axis], expected;
                int known = tenferro_extent_evaluate(context, e, binding, &expected) == TENFERRO_OK;
                if (pass == 0 && !known && binding->count < MOST_SYMBOLS) {
                    symbols[binding->count] = e;
                    values[binding->count++] = have;
                } else if (pass == 1 && expected != have) {
                    return tf_fail(TENFERRO_SHAPE_MISMATCH,
                                   "input %d, axis %d: extent %lld, not %lld", i, axis,
                                   (long long)have, (long long)expected);
                }
            }
    return TENFERRO_OK;
}

static tenferro_status check_guards(const trace *t, const tenferro_extent_binding *binding)
{
    tenferro_context *context = t->head.context;
    for (int i = 0; i < t->guard_count; i++) {
        const guard *g = &t->guards[i];
        int64_t a, b;
        char x[96], y[96];
        TF_TRY(tenferro_extent_evaluate(context, g->a, binding, &a));
        TF_TRY(tenferro_extent_evaluate(context, g->b, binding, &b));
        if (a == b)
            continue;
        TF_TRY(tenferro_extent_format(context, g->a, x, sizeof x, NULL));
        TF_TRY(tenferro_extent_format(context, g->b, y, sizeof y, NULL));
        return tf_fail(TENFERRO_GUARD, "%s: '%s' is %lld and '%s' is %lld", g->what, x,
                       (long long)a, y, (long long)b);
    }
    return TENFERRO_OK;
}

static tenferro_status
run_node(const trace *t, int i, const tenferro_extent_binding *binding, tenferro_tensor **values)
{
    const node *n = &t->nodes[i];
    const tenferro_tensor *operands[MOST_OPERANDS];
    void *attributes;
    for (int j = 0; j < n->inputs; j++)
        operands[j] = n->from[j] >= 0 ? values[n->from[j]] : n->constant[j];
    TF_TRY(
        tf_attributes_evaluate(t->head.context, n->primitive, n->attributes, binding, &attributes));
    tenferro_status status = tenferro_apply(t->head.context, n->primitive, attributes, n->inputs,
                                            operands, 1, &values[i]);
    tf_attributes_release(t->head.context, n->primitive, attributes);
    return status;
}

tenferro_status trace_run(const tf_level *level, int inputs, const tenferro_tensor *const *in,
                          const tenferro_tensor *result, tenferro_tensor **out)
{
    const trace *t = (const trace *)level;
    tenferro_extent symbols[MOST_SYMBOLS];
    int64_t numbers[MOST_SYMBOLS];
    tenferro_extent_binding binding = {.struct_size = sizeof binding};
    *out = NULL;
    if (inputs != t->input_count)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%d inputs, not %d", t->input_count, inputs);
    TF_TRY(bind_inputs(t, in, &binding, symbols, numbers));
    TF_TRY(check_guards(t, &binding));
    tenferro_tensor *values[MOST_NODES] = {NULL};
    tenferro_status status = TENFERRO_OK;
    for (int i = 0, next = 0; i < t->count && status == TENFERRO_OK; i++)
        if (t->nodes[i].primitive)
            status = run_node(t, i, &binding, values);
        else
            values[i] = tenferro_tensor_retain(in[next++]);
    if (status == TENFERRO_OK)
        *out = tenferro_tensor_retain(values[number_of(level, result)]);
    for (int i = 0; i < t->count; i++)
        tenferro_tensor_release(values[i]);
    return status;
}
