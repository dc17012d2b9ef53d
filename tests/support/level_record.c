/* A recording level for tests: see levels.h.  It keeps primals and node numbers, never its own
 * handles. */

#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "ops/infer.h"
#include "support/status.h"

enum { MOST_NODES = 256, MOST_OPERANDS = 4 };

typedef struct node {
    const tenferro_primitive *primitive; /* NULL: a leaf */
    void *attributes;
    int inputs;
    int from[MOST_OPERANDS]; /* node numbers; -1: a constant */
    tenferro_tensor *in[MOST_OPERANDS],
        *result; /* primals; shape only or NULL where `save` says so */
} node;

typedef struct tape {
    tf_level head;
    int count;
    node nodes[MOST_NODES];
} tape;

/* payloads are node numbers from 1 */
static int number_of(const tf_level *level, const tenferro_tensor *x)
{
    return (int)(intptr_t)tf_level_payload(level, x) - 1;
}

static tenferro_status add_handle(tape *t, const tenferro_tensor *primal, tenferro_tensor **out)
{
    if (t->count == MOST_NODES)
        return tf_fail(TENFERRO_UNSUPPORTED, "the test tape is full");
    TF_TRY(tf_level_wrap(&t->head, (void *)(intptr_t)(t->count + 1), primal, 0, 0, NULL, out));
    t->count++;
    return TENFERRO_OK;
}

/* What the rule asked to keep of a primal. */
static tenferro_tensor *saved(const tenferro_tensor *x, tenferro_save save)
{
    tenferro_tensor *shape = NULL;
    if (save == TENFERRO_SAVE_VALUE)
        return tenferro_tensor_retain(x);
    if (save == TENFERRO_SAVE_SHAPE &&
        tf_tensor_shape_only(tenferro_tensor_context(x), tenferro_tensor_dtype(x),
                             tenferro_tensor_rank(x), tenferro_tensor_extents(x),
                             &shape) != TENFERRO_OK)
        return NULL;
    return shape;
}

static tenferro_status
apply(tf_level *level, const tenferro_primitive *primitive, const void *attributes, int inputs,
      const tenferro_tensor *const *in, int outputs, tenferro_tensor **out)
{
    tape *t = (tape *)level;
    const tenferro_tensor *primals[MOST_OPERANDS];
    unsigned char active_in[MOST_OPERANDS];
    if (inputs > MOST_OPERANDS || outputs != 1 || t->count == MOST_NODES)
        return tf_fail(TENFERRO_UNSUPPORTED, "the test tape takes %d operands", MOST_OPERANDS);
    node *n = &t->nodes[t->count];
    *n = (node){.primitive = primitive, .inputs = inputs};
    tenferro_active active = {
        .struct_size = sizeof active,
        .user = primitive->user,
        .attributes = attributes,
        .inputs = inputs,
        .outputs = outputs,
        .in = active_in,
    };
    for (int i = 0; i < inputs; i++) {
        primals[i] = tf_level_primal(level, in[i]);
        n->from[i] = number_of(level, in[i]);
        active_in[i] = n->from[i] >= 0;
    }
    tenferro_tensor *result = NULL;
    TF_TRY(tenferro_apply(level->context, primitive, attributes, inputs, primals, 1, &result));
    if (primitive->flags & TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE) {
        out[0] = result;
        return TENFERRO_OK;
    }
    tenferro_status status = tf_attributes_copy(level->context, primitive, attributes,
                                                &n->attributes);
    if (status == TENFERRO_OK)
        status = add_handle(t, result, &out[0]);
    if (status == TENFERRO_OK) {
        for (int i = 0; i < inputs; i++)
            n->in[i] = saved(primals[i], primitive->save ? primitive->save(&active, 0, i)
                                                         : TENFERRO_SAVE_VALUE);
        n->result = saved(result,
                          primitive->save ? primitive->save(&active, 1, 0) : TENFERRO_SAVE_VALUE);
    }
    tenferro_tensor_release(result);
    return status;
}

static void destroy(tf_level *level)
{
    tape *t = (tape *)level;
    for (int i = 0; i < t->count; i++) {
        node *n = &t->nodes[i];
        if (n->primitive)
            tf_attributes_release(level->context, n->primitive, n->attributes);
        for (int j = 0; j < n->inputs; j++)
            tenferro_tensor_release(n->in[j]);
        tenferro_tensor_release(n->result);
    }
    free(t);
}

static const tf_level_type record_type = {"recording", apply, NULL, destroy};

tenferro_status record_open(tenferro_context *context, tf_level **out)
{
    tape *t = calloc(1, sizeof *t);
    *out = &t->head;
    return tf_level_open(*out, &record_type, context);
}

tenferro_status record_leaf(tf_level *level, const tenferro_tensor *primal, tenferro_tensor **out)
{
    tape *t = (tape *)level;
    t->nodes[t->count] = (node){.primitive = NULL};
    return add_handle(t, primal, out);
}

void record_names(const tf_level *level, char *buffer, size_t size)
{
    const tape *t = (const tape *)level;
    buffer[0] = 0;
    for (int i = 0; i < t->count; i++)
        if (t->nodes[i].primitive)
            snprintf(buffer + strlen(buffer), size - strlen(buffer), "%s%s", buffer[0] ? " " : "",
                     t->nodes[i].primitive->name);
}

static void pull_back(const node *n, tenferro_scope *scope, tenferro_tensor **cotangents, int at)
{
    tenferro_tensor *bars[MOST_OPERANDS] = {NULL};
    unsigned char wanted[MOST_OPERANDS];
    for (int i = 0; i < n->inputs; i++)
        wanted[i] = n->from[i] >= 0;
    tenferro_rule rule = {
        .struct_size = sizeof rule,
        .user = n->primitive->user,
        .attributes = n->attributes,
        .inputs = n->inputs,
        .outputs = 1,
        .in = n->in,
        .result = &n->result,
        .cotangent = &cotangents[at],
        .wanted = wanted,
        .out = bars,
    };
    n->primitive->vjp(scope, &rule);
    for (int i = 0; i < n->inputs; i++)
        if (wanted[i])
            cotangents[n->from[i]] = tenferro_scope_add(scope, cotangents[n->from[i]], bars[i]);
}

tenferro_status record_gradient(tf_level *level, const tenferro_tensor *root,
                                const tenferro_tensor *leaf, tenferro_tensor **out)
{
    const tape *t = (const tape *)level;
    tenferro_tensor *cotangents[MOST_NODES] = {NULL}, *one = NULL;
    tenferro_scope *scope;
    int last = number_of(level, root);
    *out = NULL;
    TF_TRY(tenferro_scope_create(level->context, &scope));
    tenferro_status status = tenferro_ones(level->context, tenferro_tensor_dtype(root),
                                           tenferro_tensor_rank(root),
                                           tenferro_tensor_extents(root), &one);
    cotangents[last] = tenferro_scope_take(scope, status, one);
    for (int i = last; i >= 0 && tenferro_scope_ok(scope); i--) {
        const node *n = &t->nodes[i];
        if (!n->primitive || !cotangents[i])
            continue;
        if (n->primitive->vjp)
            pull_back(n, scope, cotangents, i);
        else
            tenferro_scope_fail(scope, tf_fail(TENFERRO_NO_RULE, "%s has no vjp rule",
                                               n->primitive->name));
    }
    if (tenferro_scope_ok(scope))
        *out = tenferro_tensor_retain(cotangents[number_of(level, leaf)]);
    status = tenferro_scope_close(scope);
    return status;
}
