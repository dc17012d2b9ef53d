/* Running shape rules, and copies of attributes: see infer.h. */

#include "ops/infer.h"

#include <string.h>

#include "support/text.h"

/* What a tenferro_infer's engine points at. */
typedef struct infer_engine {
    tf_arena *arena;
    const char *name; /* the primitive's */
    tf_guard guard;
    void *guard_user;
} infer_engine;

tenferro_status tenferro_infer_output(tenferro_infer *infer, int slot, tenferro_dtype dtype,
                                      int rank, tenferro_extent **extents)
{
    infer_engine *engine = infer->engine;
    if (slot < 0 || slot >= infer->outputs)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: its shape rule declares output %d of %d",
                       engine->name, slot, infer->outputs);
    if (rank < 0 || !extents)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: its shape rule declares rank %d",
                       engine->name, rank);
    tenferro_extent *room = tf_arena_take(engine->arena, rank, sizeof *room);
    if (!room)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < rank; i++)
        room[i] = 0;
    infer->out[slot] = (tenferro_aval){dtype, rank, room};
    *extents = room;
    return TENFERRO_OK;
}

tenferro_status
tenferro_infer_equal(tenferro_infer *infer, tenferro_extent a, tenferro_extent b, const char *what)
{
    infer_engine *engine = infer->engine;
    if (a == b)
        return TENFERRO_OK;
    if (a >= 0 && b >= 0)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s: %s: %lld and %lld differ", engine->name, what,
                       (long long)a, (long long)b);
    if (engine->guard)
        return engine->guard(engine->guard_user, a, b, what);
    char x[96] = "?", y[96] = "?";
    TF_TRY(tenferro_extent_format(infer->context, a, x, sizeof x, NULL));
    TF_TRY(tenferro_extent_format(infer->context, b, y, sizeof y, NULL));
    return tf_fail(TENFERRO_SYMBOLIC, "%s: %s: whether %s equals %s can only be known in a program",
                   engine->name, what, x, y);
}

tenferro_status tenferro_infer_broadcast(tenferro_infer *infer, tenferro_extent a,
                                         tenferro_extent b, const char *what, tenferro_extent *out)
{
    if (a == 1 || b == 1) {
        *out = a == 1 ? b : a;
        return TENFERRO_OK;
    }
    TF_TRY(tenferro_infer_equal(infer, a, b, what));
    *out = a >= 0 ? a : b; /* a literal says more than an expression that equals it */
    return TENFERRO_OK;
}

tenferro_status
tf_infer(tf_arena *arena, const tenferro_primitive *primitive, const void *attributes, int inputs,
         const tenferro_aval *in, int outputs, tenferro_aval *out, tf_guard guard, void *guard_user)
{
    if (inputs < primitive->inputs_min ||
        (primitive->inputs_max >= 0 && inputs > primitive->inputs_max))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: %d operands given", primitive->name, inputs);
    if (outputs < 0 || (primitive->outputs >= 0 && outputs != primitive->outputs))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: %d results asked for, it has %d",
                       primitive->name, outputs, (int)primitive->outputs);
    if (primitive->attributes_size && !attributes)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: attributes are NULL", primitive->name);
    infer_engine engine = {arena, primitive->name, guard, guard_user};
    tenferro_infer infer = {
        .struct_size = sizeof infer,
        .user = primitive->user,
        .context = arena->context,
        .attributes = attributes,
        .inputs = inputs,
        .in = in,
        .outputs = outputs,
        .out = out,
        .engine = &engine,
    };
    for (int i = 0; i < outputs; i++)
        out[i] = (tenferro_aval){0, -1, NULL};
    TF_TRY(primitive->infer(&infer));
    for (int i = 0; i < outputs; i++)
        if (out[i].rank < 0)
            return tf_fail(TENFERRO_INTERNAL, "%s: its shape rule did not declare output %d",
                           primitive->name, i);
    return TENFERRO_OK;
}

/* ---- attributes ---- */

tenferro_status tf_attributes_copy(tenferro_context *context, const tenferro_primitive *primitive,
                                   const void *attributes, void **out)
{
    *out = NULL;
    if (!primitive->attributes_size)
        return TENFERRO_OK;
    void *copy = tf_malloc(context, 1, primitive->attributes_size);
    if (!copy)
        return TENFERRO_OUT_OF_MEMORY;
    if (primitive->attributes_copy) {
        tenferro_status status = primitive->attributes_copy(primitive->user, context, attributes,
                                                            copy);
        if (status != TENFERRO_OK) {
            tf_free(context, copy);
            return status;
        }
    } else {
        memcpy(copy, attributes, primitive->attributes_size);
    }
    *out = copy;
    return TENFERRO_OK;
}

tenferro_status
tf_attributes_evaluate(tenferro_context *context, const tenferro_primitive *primitive,
                       const void *attributes, const tenferro_extent_binding *binding, void **out)
{
    if (!primitive->attributes_size || !primitive->attributes_evaluate)
        return tf_attributes_copy(context, primitive, attributes, out);
    *out = NULL;
    void *copy = tf_malloc(context, 1, primitive->attributes_size);
    if (!copy)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = primitive->attributes_evaluate(primitive->user, context, attributes,
                                                            binding, copy);
    if (status != TENFERRO_OK) {
        tf_free(context, copy);
        return status;
    }
    *out = copy;
    return TENFERRO_OK;
}

void tf_attributes_release(tenferro_context *context, const tenferro_primitive *primitive,
                           void *attributes)
{
    if (attributes && primitive->attributes_release)
        primitive->attributes_release(primitive->user, context, attributes);
    tf_free(context, attributes);
}
