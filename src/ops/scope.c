/* Scopes: what derivative rules are written with.  NULL is "symbolically zero". */

#include "ops/op.h"

struct tenferro_scope {
    tenferro_context *context; /* held */
    tenferro_status status;    /* the first failure */
    tf_saved_error error;      /* and its message */
    int64_t count, room;
    tenferro_tensor **held;
};

tenferro_status tenferro_scope_create(tenferro_context *context, tenferro_scope **out)
{
    if (!out || !context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "scope_create: an argument is NULL");
    *out = tf_calloc(context, 1, sizeof **out);
    if (!*out)
        return TENFERRO_OUT_OF_MEMORY;
    (*out)->context = tenferro_context_retain(context);
    return TENFERRO_OK;
}

tenferro_status tenferro_scope_close(tenferro_scope *scope)
{
    if (!scope)
        return TENFERRO_OK;
    tenferro_context *context = scope->context;
    tenferro_status status = scope->status;
    for (int64_t i = 0; i < scope->count; i++)
        tenferro_tensor_release(scope->held[i]);
    if (status != TENFERRO_OK)
        tf_error_restore(&scope->error);
    tf_free(context, scope->held);
    tf_free(context, scope);
    tenferro_context_release(context);
    return status;
}

int tenferro_scope_ok(const tenferro_scope *scope)
{
    return scope->status == TENFERRO_OK;
}

void tenferro_scope_fail(tenferro_scope *scope, tenferro_status status)
{
    if (scope->status != TENFERRO_OK || status == TENFERRO_OK)
        return;
    scope->status = status;
    tf_error_save(&scope->error);
}

tenferro_tensor *
tenferro_scope_take(tenferro_scope *scope, tenferro_status status, tenferro_tensor *tensor)
{
    if (status != TENFERRO_OK) {
        tenferro_scope_fail(scope, status);
        return NULL;
    }
    if (!tensor)
        return NULL;
    if (scope->count == scope->room) {
        int64_t room = scope->room ? 2 * scope->room : 16;
        tenferro_tensor **held = tf_realloc(scope->context, scope->held, room, sizeof *held);
        if (!held) {
            tenferro_scope_fail(scope, TENFERRO_OUT_OF_MEMORY);
            tenferro_tensor_release(tensor);
            return NULL;
        }
        scope->held = held;
        scope->room = room;
    }
    return scope->held[scope->count++] = tensor;
}

tenferro_tensor *tenferro_scope_apply(tenferro_scope *scope, const tenferro_primitive *primitive,
                                      const void *attributes, int inputs, tenferro_tensor *const *in)
{
    if (!tenferro_scope_ok(scope))
        return NULL;
    for (int i = 0; i < inputs; i++)
        if (!in[i])
            return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_apply(scope->context, primitive, attributes, inputs,
                                            (const tenferro_tensor *const *)in, 1, &out);
    return tenferro_scope_take(scope, status, out);
}

tenferro_tensor *tenferro_scope_add(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b)
{
    return !a ? b : !b ? a : s_binary(scope, tenferro_add, a, b);
}

tenferro_tensor *tenferro_scope_neg(tenferro_scope *scope, tenferro_tensor *a)
{
    return s_unary(scope, tenferro_neg, a);
}

tenferro_tensor *tenferro_scope_sub(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b)
{
    return !b ? a : !a ? tenferro_scope_neg(scope, b) : s_binary(scope, tenferro_sub, a, b);
}

tenferro_tensor *tenferro_scope_mul(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b)
{
    return s_binary(scope, tenferro_mul, a, b);
}

tenferro_tensor *tenferro_scope_div(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b)
{
    return s_binary(scope, tenferro_div, a, b);
}

tenferro_tensor *tenferro_scope_conj(tenferro_scope *scope, tenferro_tensor *a)
{
    return a && !tf_dtype_is_complex(a->dtype) ? a : s_unary(scope, tenferro_conj, a);
}

tenferro_tensor *
tenferro_scope_number(tenferro_scope *scope, tenferro_number number, tenferro_tensor *like)
{
    if (!like || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_number_like(like, number, &out);
    return tenferro_scope_take(scope, status, out);
}

tenferro_tensor *
tenferro_scope_scale(tenferro_scope *scope, tenferro_number number, tenferro_tensor *a)
{
    return tenferro_scope_mul(scope, tenferro_scope_number(scope, number, a), a);
}

tenferro_tensor *tenferro_scope_select(tenferro_scope *scope, tenferro_tensor *predicate,
                                       tenferro_tensor *a, tenferro_tensor *b)
{
    if ((!a && !b) || !predicate || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *zero = a && b ? NULL
                                   : tenferro_scope_number(scope, tenferro_real(0.0), a ? a : b);
    tenferro_tensor *out = NULL;
    if (!tenferro_scope_ok(scope))
        return NULL;
    tenferro_status status = tenferro_select(predicate, a ? a : zero, b ? b : zero, &out);
    return tenferro_scope_take(scope, status, out);
}

tenferro_tensor *
tenferro_scope_broadcast_like(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *like)
{
    if (!a || !like || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_broadcast(a, like->rank, tf_extents(like), &out);
    return tenferro_scope_take(scope, status, out);
}

/* a, of the broadcast shape, summed to like's shape */
static tenferro_status
sum_to_shape(const tenferro_tensor *a, const tenferro_tensor *like, tenferro_tensor **out)
{
    int missing = a->rank - like->rank, count = 0, same = missing == 0;
    if (missing < 0)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "sum_to_like: rank %d is below %d", a->rank,
                       like->rank);
    tf_arena arena;
    tf_arena_init(&arena, a->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    tenferro_tensor *sum = NULL;
    int *axes = tf_arena_take(&arena, a->rank, sizeof *axes);
    if (!axes)
        goto cleanup;
    for (int i = 0; i < a->rank; i++)
        if (i < missing || (tf_extents(like)[i - missing] == 1 && tf_extents(a)[i] != 1))
            axes[count++] = i;
    if (count == 0 && same) {
        *out = tenferro_tensor_retain(a);
        status = TENFERRO_OK;
        goto cleanup;
    }
    TF_TRY_CLEANUP(tenferro_sum(a, count, axes, 1, &sum));
    status = tenferro_reshape(sum, like->rank, tf_extents(like), out);
cleanup:
    tenferro_tensor_release(sum);
    tf_arena_release(&arena);
    return status;
}

tenferro_tensor *
tenferro_scope_sum_to_like(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *like)
{
    if (!a || !like || !tenferro_scope_ok(scope))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = sum_to_shape(a, like, &out);
    tenferro_tensor *sum = tenferro_scope_take(scope, status, out);
    if (!sum || sum->dtype == like->dtype)
        return sum;
    out = NULL;
    status = tenferro_cast(sum, like->dtype, &out);
    return tenferro_scope_take(scope, status, out);
}
