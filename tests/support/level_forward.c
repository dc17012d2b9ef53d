/* A forward-mode level for tests: see levels.h. */

#include <stdlib.h>

#include "levels.h"
#include "support/status.h"

static void release_payload(tf_level *level, void *payload)
{
    (void)level;
    tenferro_tensor_release(payload);
}

static void destroy(tf_level *level)
{
    free(level);
}

/* Runs the jvp rule and pairs each result with its tangent. */
static tenferro_status
push_forward(tf_level *level, const tenferro_primitive *primitive, const void *attributes,
             int inputs, tenferro_tensor *const *primals, tenferro_tensor *const *tangents,
             int outputs, tenferro_tensor *const *results, tenferro_tensor **out)
{
    tenferro_tensor *dots[8] = {NULL};
    tenferro_scope *scope;
    TF_TRY(tenferro_scope_create(level->context, &scope));
    tenferro_rule rule = {
        .struct_size = sizeof rule,
        .user = primitive->user,
        .attributes = attributes,
        .inputs = inputs,
        .outputs = outputs,
        .in = primals,
        .result = results,
        .tangent = tangents,
        .out = dots,
    };
    primitive->jvp(scope, &rule);
    for (int i = 0; i < outputs && tenferro_scope_ok(scope); i++) {
        tenferro_tensor *dot = tenferro_tensor_retain(dots[i]);
        tenferro_status status = tf_level_wrap(level, dot, results[i], 0, 0, NULL, &out[i]);
        if (status != TENFERRO_OK) {
            tenferro_tensor_release(dot);
            tenferro_scope_fail(scope, status);
        }
    }
    return tenferro_scope_close(scope);
}

static tenferro_status
apply(tf_level *level, const tenferro_primitive *primitive, const void *attributes, int inputs,
      const tenferro_tensor *const *in, int outputs, tenferro_tensor **out)
{
    tenferro_tensor *primals[16], *tangents[16], *results[8] = {NULL};
    if (inputs > 16 || outputs > 8)
        return tf_fail(TENFERRO_UNSUPPORTED, "the test level takes 16 operands");
    for (int i = 0; i < inputs; i++) {
        primals[i] = (tenferro_tensor *)(uintptr_t)tf_level_primal(level, in[i]);
        tangents[i] = tf_level_payload(level, in[i]);
    }
    TF_TRY(tenferro_apply(level->context, primitive, attributes, inputs,
                          (const tenferro_tensor *const *)primals, outputs, results));
    tenferro_status status = TENFERRO_OK;
    if (primitive->flags & TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE) {
        for (int i = 0; i < outputs; i++)
            out[i] = results[i];
        return TENFERRO_OK;
    }
    status = primitive->jvp ? push_forward(level, primitive, attributes, inputs, primals, tangents,
                                           outputs, results, out)
                            : tf_fail(TENFERRO_NO_RULE, "%s has no jvp rule", primitive->name);
    for (int i = 0; i < outputs; i++)
        tenferro_tensor_release(results[i]);
    return status;
}

static const tf_level_type forward_type = {"forward", apply, release_payload, destroy};

tenferro_status forward_open(tenferro_context *context, tf_level **out)
{
    *out = calloc(1, sizeof **out);
    return tf_level_open(*out, &forward_type, context);
}

tenferro_status forward_pack(tf_level *level, const tenferro_tensor *primal,
                             const tenferro_tensor *tangent, tenferro_tensor **out)
{
    tenferro_tensor *dot = tenferro_tensor_retain(tangent);
    tenferro_status status = tf_level_wrap(level, dot, primal, 0, 0, NULL, out);
    if (status != TENFERRO_OK)
        tenferro_tensor_release(dot);
    return status;
}

tenferro_tensor *forward_tangent(const tf_level *level, const tenferro_tensor *x)
{
    return tenferro_tensor_retain(tf_level_payload(level, x));
}
