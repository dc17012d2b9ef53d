/* The one way into every operation: find the level, or infer, allocate and execute. */

#include <string.h>

#include "memory/arena.h"
#include "ops/infer.h"
#include "prims/engine.h"
#include "support/text.h"
#include "tensor/tensor.h"

/* ---- what a kernel may ask of us ---- */

/* What a tenferro_exec's engine points at. */
typedef struct exec_engine {
    const tenferro_primitive *primitive;
    const tenferro_aval *avals; /* of the outputs */
    tenferro_tensor *
        *created; /* handles of the outputs; NULL where extents were fresh, until the kernel says */
} exec_engine;

tenferro_status tenferro_exec_output(tenferro_exec *exec, int slot, const int64_t *extents)
{
    exec_engine *engine = exec->engine;
    const char *name = engine->primitive->name;
    if (slot < 0 || slot >= exec->outputs || engine->created[slot])
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: output %d is not the kernel's to create",
                       name, slot);
    const tenferro_aval *aval = &engine->avals[slot];
    for (int i = 0; i < aval->rank; i++)
        if (!tenferro_extent_is_symbol(aval->extents[i]) && aval->extents[i] != extents[i])
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "%s: output %d has extent %lld at axis %d, its shape rule said %lld",
                           name, slot, (long long)extents[i], i, (long long)aval->extents[i]);
    TF_TRY(tenferro_tensor_create(exec->context, aval->dtype, aval->rank, extents,
                                  TENFERRO_COLUMN_MAJOR, &engine->created[slot]));
    exec->out[slot] = tf_array(engine->created[slot]);
    return TENFERRO_OK;
}

tenferro_status tenferro_exec_check(const tenferro_exec *exec)
{
    return tf_check_cancel(exec->context);
}

typedef struct plain_body {
    void (*body)(void *user, int64_t begin, int64_t end);
    void *user;
} plain_body;

static void run_plain_body(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    plain_body *plain = user;
    plain->body(plain->user, begin, end);
}

void tenferro_exec_parallel(const tenferro_exec *exec, int64_t count, int64_t grain,
                            void (*body)(void *user, int64_t begin, int64_t end), void *user)
{
    plain_body plain = {body, user};
    tf_parallel_for(tf_context_pool(exec->context), exec->threads, count, grain, run_plain_body,
                    &plain);
}

/* ---- common checks ---- */

static tenferro_status
check_operands(const tenferro_primitive *primitive, int inputs, const tenferro_tensor *const *in,
               tenferro_context **context, tf_level **level)
{
    if (!primitive)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "apply: primitive is NULL");
    if (inputs < 0 || (inputs > 0 && !in))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: operands are NULL", primitive->name);
    *level = NULL;
    for (int i = 0; i < inputs; i++) {
        if (!in[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: operand %d is NULL", primitive->name, i);
        if (i == 0 && !*context)
            *context = in[0]->context;
        if (in[i]->context != *context)
            return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                           "%s: operand %d belongs to another context (see tenferro_tensor_adopt)",
                           primitive->name, i);
        if (in[i]->level && (!*level || in[i]->level->depth > (*level)->depth))
            *level = in[i]->level;
    }
    if (!*context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: context is NULL", primitive->name);
    if (*level && atomic_load_explicit(&(*level)->closed, memory_order_relaxed))
        return tf_fail(TENFERRO_LEVEL_MISMATCH,
                       "%s: an operand belongs to a %s level that has been closed", primitive->name,
                       (*level)->type->kind);
    return TENFERRO_OK;
}

static tenferro_status
require_data(const tenferro_primitive *primitive, int inputs, const tenferro_tensor *const *in)
{
    if (primitive->flags & TENFERRO_PRIMITIVE_SHAPE_ONLY)
        return TENFERRO_OK;
    for (int i = 0; i < inputs; i++)
        TF_TRY(tf_tensor_require_data(in[i], primitive->name));
    return TENFERRO_OK;
}

static int is_symbolic(const tenferro_aval *aval)
{
    for (int i = 0; i < aval->rank; i++)
        if (tenferro_extent_is_symbol(aval->extents[i]))
            return 1;
    return 0;
}

/* ---- execution ---- */

/* Everything one eager call needs, in one arena. */
typedef struct call {
    tf_arena arena;
    tenferro_context *context;
    const tenferro_primitive *primitive;
    const void *attributes;
    int inputs, outputs;
    tenferro_array *in;
    tenferro_aval *in_avals, *out_avals;
} call;

static tenferro_status
call_prepare(call *c, tenferro_context *context, const tenferro_primitive *primitive,
             const void *attributes, int inputs, const tenferro_tensor *const *in, int outputs)
{
    tf_arena_init(&c->arena, context);
    c->context = context;
    c->primitive = primitive;
    c->attributes = attributes;
    c->inputs = inputs;
    c->outputs = outputs;
    c->in = tf_arena_take(&c->arena, inputs, sizeof *c->in);
    c->in_avals = tf_arena_take(&c->arena, inputs, sizeof *c->in_avals);
    c->out_avals = tf_arena_take(&c->arena, outputs, sizeof *c->out_avals);
    if (!c->in || !c->in_avals || !c->out_avals)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < inputs; i++) {
        c->in[i] = tf_array(in[i]);
        c->in_avals[i] = tf_aval(in[i]);
    }
    TF_TRY(tf_infer(&c->arena, primitive, attributes, inputs, c->in_avals, outputs, c->out_avals,
                    NULL, NULL));
    return require_data(primitive, inputs, in);
}

/* Runs the kernel over outputs that exist (or that it creates, where created[i] is NULL). */
static tenferro_status call_execute(call *c, tenferro_tensor **created)
{
    const tenferro_primitive *primitive = c->primitive;
    if (!primitive->execute[TENFERRO_DEVICE_CPU])
        return tf_fail(TENFERRO_UNSUPPORTED, "%s: no kernel for this device", primitive->name);
    TF_TRY(tf_check_cancel(c->context));
    tenferro_array *out = tf_arena_take(&c->arena, c->outputs, sizeof *out);
    if (!out)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < c->outputs; i++)
        out[i] = created[i] ? tf_array(created[i])
                            : (tenferro_array){NULL, c->out_avals[i].dtype, c->out_avals[i].rank,
                                               NULL, NULL};
    int64_t scratch_bytes = 0;
    if (primitive->workspace) {
        tenferro_infer infer = {
            .struct_size = sizeof infer,
            .user = primitive->user,
            .context = c->context,
            .attributes = c->attributes,
            .inputs = c->inputs,
            .in = c->in_avals,
            .outputs = c->outputs,
            .out = c->out_avals,
        };
        TF_TRY(primitive->workspace(&infer, &scratch_bytes));
    }
    void *scratch = NULL;
    if (scratch_bytes > 0 && !(scratch = tf_scratch_take(c->context, scratch_bytes)))
        return TENFERRO_OUT_OF_MEMORY;
    exec_engine engine = {primitive, c->out_avals, created};
    tenferro_exec exec = {
        .struct_size = sizeof exec,
        .user = primitive->user,
        .context = c->context,
        .attributes = c->attributes,
        .inputs = c->inputs,
        .in = c->in,
        .outputs = c->outputs,
        .out = out,
        .threads = tenferro_context_threads(c->context),
        .scratch = scratch,
        .scratch_bytes = scratch_bytes,
        .engine = &engine,
    };
    tenferro_status status = primitive->execute[TENFERRO_DEVICE_CPU](&exec);
    if (scratch)
        tf_scratch_give(c->context, scratch, scratch_bytes);
    TF_TRY(status);
    for (int i = 0; i < c->outputs; i++)
        if (!created[i])
            return tf_fail(TENFERRO_INTERNAL, "%s: its kernel did not create output %d",
                           primitive->name, i);
    return TENFERRO_OK;
}

/* The zero-copy result, if the primitive has one here; *out stays NULL if not. */
static tenferro_status call_view(call *c, const tenferro_tensor *x, tenferro_tensor **out)
{
    const tenferro_aval *aval = &c->out_avals[0];
    int64_t size, bytes;
    /* a view takes no memory, but its size must be a number too */
    TF_TRY(tf_layout_size(c->context, aval->rank, aval->extents,
                          tf_dtype_size(c->context, aval->dtype), &size, &bytes));
    int64_t *strides = tf_arena_take(&c->arena, aval->rank, sizeof *strides);
    if (!strides)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_view view = {
        .struct_size = sizeof view,
        .user = c->primitive->user,
        .attributes = c->attributes,
        .in = c->in,
        .element_size = tf_dtype_size(c->context, c->in->dtype),
        .out = aval,
        .strides = strides,
    };
    int possible = 0;
    TF_TRY(c->primitive->view(&view, &possible));
    if (!possible)
        return TENFERRO_OK;
    char *data = x->data ? (char *)x->data + view.byte_offset : NULL;
    return tf_tensor_over(c->context, x->storage, data, aval->dtype, aval->rank, aval->extents,
                          strides, out);
}

static tenferro_status apply_eager(call *c, const tenferro_tensor *const *in, tenferro_tensor **out)
{
    if (c->primitive->view) {
        TF_TRY(call_view(c, in[0], &out[0]));
        if (out[0])
            return TENFERRO_OK;
    }
    for (int i = 0; i < c->outputs; i++) {
        const tenferro_aval *aval = &c->out_avals[i];
        if (!is_symbolic(aval))
            TF_TRY(tenferro_tensor_create(c->context, aval->dtype, aval->rank, aval->extents,
                                          TENFERRO_COLUMN_MAJOR, &out[i]));
    }
    return call_execute(c, out);
}

tenferro_status tenferro_apply(tenferro_context *context, const tenferro_primitive *primitive,
                               const void *attributes, int inputs, const tenferro_tensor *const *in,
                               int outputs, tenferro_tensor **out)
{
    if (outputs < 0 || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "apply: out is NULL");
    for (int i = 0; i < outputs; i++)
        out[i] = NULL;
    tf_level *level;
    TF_TRY(check_operands(primitive, inputs, in, &context, &level));
    call c;
    tenferro_status status;
    if (level) {
        status = level->type->apply(level, primitive, attributes, inputs, in, outputs, out);
    } else {
        status = call_prepare(&c, context, primitive, attributes, inputs, in, outputs);
        if (status == TENFERRO_OK)
            status = apply_eager(&c, in, out);
        tf_arena_release(&c.arena);
    }
    for (int i = 0; status != TENFERRO_OK && i < outputs; i++) {
        tenferro_tensor_release(out[i]);
        out[i] = NULL;
    }
    return status;
}

/* ---- into given tensors ---- */

static int same_elements(const tenferro_tensor *a, const tenferro_tensor *b)
{
    return a->data == b->data && a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, 2 * (size_t)a->rank * sizeof *a->shape) == 0;
}

static int overlap(const tenferro_tensor *a, const tenferro_tensor *b)
{
    return a->data && b->data &&
           tf_regions_overlap(tf_dtype_size(a->context, a->dtype), a->rank, tf_extents(a),
                              tf_strides(a), a->data, tf_dtype_size(b->context, b->dtype), b->rank,
                              tf_extents(b), tf_strides(b), b->data);
}

static tenferro_status check_destination(const call *c, int slot, tenferro_tensor *destination)
{
    const tenferro_aval *aval = &c->out_avals[slot];
    const char *name = c->primitive->name;
    if (destination->dtype != aval->dtype)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: destination %d is %s, the result is %s", name,
                       slot, tf_dtype_name(c->context, destination->dtype),
                       tf_dtype_name(c->context, aval->dtype));
    int same = destination->rank == aval->rank;
    for (int i = 0; same && i < aval->rank; i++)
        same = tf_extents(destination)[i] == aval->extents[i];
    if (!same)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s: destination %d has shape %s, the result %s",
                       name, slot, tf_shape_text(destination->rank, tf_extents(destination)).chars,
                       tf_shape_text(aval->rank, aval->extents).chars);
    if (tf_layout_self_overlaps(destination->rank, tf_extents(destination), tf_strides(destination)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "%s: elements of destination %d may lie on one another", name, slot);
    void *data;
    return tenferro_tensor_data_mutable(destination, &data);
}

/* Elements of one tensor into another of the same shape and dtype. */
static tenferro_status
copy_elements(tenferro_context *context, const tenferro_tensor *from, tenferro_tensor *to)
{
    tf_engine engine;
    tf_context_engine(context, &engine);
    return tf_copy(&engine, tf_dtype_size(context, to->dtype), to->rank, tf_extents(to), from->data,
                   tf_strides(from), to->data, tf_strides(to));
}

static tenferro_status into_through_temporaries(call *c, const tenferro_tensor *const *in,
                                                tenferro_tensor *const *destination)
{
    tenferro_tensor **made = tf_arena_take(&c->arena, c->outputs, sizeof *made);
    if (!made)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(tenferro_apply(c->context, c->primitive, c->attributes, c->inputs, in, c->outputs, made));
    tenferro_status status = TENFERRO_OK;
    for (int i = 0; i < c->outputs; i++) {
        tenferro_tensor *from = made[i], *compact = NULL;
        /* a view of an input may itself overlap the destination */
        if (status == TENFERRO_OK && overlap(from, destination[i]) &&
            !same_elements(from, destination[i])) {
            status = tenferro_tensor_create(c->context, from->dtype, from->rank, tf_extents(from),
                                            TENFERRO_COLUMN_MAJOR, &compact);
            if (status == TENFERRO_OK)
                status = copy_elements(c->context, from, compact);
        }
        if (status == TENFERRO_OK)
            status = copy_elements(c->context, compact ? compact : from, destination[i]);
        tenferro_tensor_release(compact);
        tenferro_tensor_release(from);
    }
    return status;
}

static int may_alias(const tenferro_primitive *primitive, int output, int input)
{
    int elementwise = (primitive->flags & TENFERRO_PRIMITIVE_ELEMENTWISE) && primitive->outputs == 1;
    return elementwise || (primitive->aliases && primitive->aliases[output] == input);
}

static tenferro_status
apply_into(call *c, const tenferro_tensor *const *in, tenferro_tensor *const *destination)
{
    int direct = c->primitive->execute[TENFERRO_DEVICE_CPU] != NULL && !c->primitive->view;
    for (int i = 0; i < c->outputs; i++) {
        if (is_symbolic(&c->out_avals[i]))
            return tf_fail(TENFERRO_UNSUPPORTED,
                           "%s: its result's extents are known only after it ran",
                           c->primitive->name);
        TF_TRY(check_destination(c, i, destination[i]));
        for (int j = 0; j < c->inputs; j++)
            if (overlap(destination[i], in[j]))
                direct &= may_alias(c->primitive, i, j) && same_elements(destination[i], in[j]);
        for (int j = 0; j < i; j++)
            direct &= !overlap(destination[i], destination[j]);
    }
    if (!direct)
        return into_through_temporaries(c, in, destination);
    tenferro_tensor **out = tf_arena_take(&c->arena, c->outputs, sizeof *out);
    if (!out)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(out, destination, (size_t)c->outputs * sizeof *out);
    return call_execute(c, out);
}

tenferro_status
tenferro_apply_into(const tenferro_primitive *primitive, const void *attributes, int inputs,
                    const tenferro_tensor *const *in, int outputs, tenferro_tensor *const *out)
{
    if (outputs < 1 || !out || !out[0])
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "apply_into: a destination is NULL");
    tenferro_context *context = out[0]->context;
    tf_level *level;
    TF_TRY(check_operands(primitive, inputs, in, &context, &level));
    for (int i = 0; i < outputs; i++) {
        if (!out[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: destination %d is NULL", primitive->name,
                           i);
        if (out[i]->context != context)
            return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                           "%s: destination %d belongs to another context", primitive->name, i);
        if (level || !out[i]->storage)
            return tf_fail(TENFERRO_UNSUPPORTED,
                           "%s: _into needs concrete tensors; %s belongs to a level",
                           primitive->name, level ? "an operand" : "a destination");
    }
    call c;
    tenferro_status status = call_prepare(&c, context, primitive, attributes, inputs, in, outputs);
    if (status == TENFERRO_OK)
        status = apply_into(&c, in, out);
    tf_arena_release(&c.arena);
    return status;
}
