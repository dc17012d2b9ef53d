/*
 * The elementwise operations: one table of primitives, one shape rule, one kernel call, and their
 * public doors.
 *
 * A new one is a tf_map_op with its kernel, a row of the table here, and a door.  A primitive's `user`
 * is its tf_map_op. The primitives take operands of one dtype (select: bool first); the doors promote.
 */

#include "ops/elementwise.h"

#include "ops/table.h"

/* ---- shape rule and kernel ---- */

static tf_map_op op_of(const void *user)
{
    return (tf_map_op)(uintptr_t)user;
}

static int is_comparison(tf_map_op op)
{
    return op >= TF_MAP_EQUAL && op <= TF_MAP_GREATER_EQUAL;
}

static tenferro_status check_dtypes(const tenferro_infer *x, tenferro_dtype *dtype)
{
    tf_map_op op = op_of(x->user);
    int first = op == TF_MAP_SELECT; /* where the operands proper begin */
    *dtype = x->in[first].dtype;
    if (first && x->in[0].dtype != TENFERRO_BOOL)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "select: the predicate is %s, not bool",
                       tf_dtype_name(x->context, x->in[0].dtype));
    for (int i = first + 1; i < x->inputs; i++)
        if (x->in[i].dtype != *dtype)
            return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: operands are %s and %s", tf_map_name(op),
                           tf_dtype_name(x->context, *dtype),
                           tf_dtype_name(x->context, x->in[i].dtype));
    if (!tf_map_supports(op, *dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: not defined for %s", tf_map_name(op),
                       tf_dtype_name(x->context, *dtype));
    return TENFERRO_OK;
}

/* The extent of operand i at `axis` of a result of that rank: operands are aligned at the last axis. */
static tenferro_extent aligned_extent(const tenferro_aval *in, int rank, int axis)
{
    int missing = rank - in->rank;
    return axis < missing ? 1 : in->extents[axis - missing];
}

static tenferro_status infer(tenferro_infer *x)
{
    tf_map_op op = op_of(x->user);
    tenferro_dtype dtype;
    TF_TRY(check_dtypes(x, &dtype));
    int rank = 0;
    for (int i = 0; i < x->inputs; i++)
        rank = TF_MAX(rank, x->in[i].rank);
    tenferro_extent *extents;
    tenferro_dtype result = is_comparison(op)  ? TENFERRO_BOOL
                            : op == TF_MAP_ABS ? tf_dtype_real(dtype)
                                               : dtype;
    TF_TRY(tenferro_infer_output(x, 0, result, rank, &extents));
    for (int axis = 0; axis < rank; axis++) {
        int giver = 0; /* the operand whose extent this is so far */
        extents[axis] = 1;
        for (int i = 0; i < x->inputs; i++) {
            tenferro_extent e = aligned_extent(&x->in[i], rank, axis);
            if (e == extents[axis] || e == 1)
                continue;
            if (e >= 0 && extents[axis] >= 0 && extents[axis] != 1)
                return tf_fail(TENFERRO_SHAPE_MISMATCH,
                               "%s: shapes %s and %s do not broadcast together (axis %d)",
                               tf_map_name(op),
                               tf_shape_text(x->in[giver].rank, x->in[giver].extents).chars,
                               tf_shape_text(x->in[i].rank, x->in[i].extents).chars, axis);
            TF_TRY(tenferro_infer_broadcast(x, extents[axis], e, "extents of the operands",
                                            &extents[axis]));
            giver = i;
        }
    }
    return TENFERRO_OK;
}

static tenferro_status execute(tenferro_exec *x)
{
    tf_map_op op = op_of(x->user);
    const tenferro_array *out = &x->out[0];
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    const void *data[3];
    const int64_t *strides[3];
    tenferro_status status = TENFERRO_OK;
    for (int i = 0; i < x->inputs; i++) {
        int64_t *room = tf_arena_take(&arena, out->rank, sizeof *room);
        if (!room) {
            status = TENFERRO_OUT_OF_MEMORY;
            goto cleanup;
        }
        tf_broadcast_strides(&x->in[i], out->rank, out->extents, room);
        data[i] = x->in[i].data;
        strides[i] = room;
    }
    status = tf_map(&engine, op, x->in[op == TF_MAP_SELECT].dtype, out->rank, out->extents, data,
                    strides, out->data, out->strides);
cleanup:
    tf_arena_release(&arena);
    return status;
}

static tenferro_status cost(const tenferro_infer *x, tenferro_cost *out)
{
    double count = 1.0;
    for (int i = 0; i < x->out[0].rank; i++)
        count *= (double)x->out[0].extents[i];
    out->flops = count;
    out->bytes_written = count * (double)tf_dtype_size(x->context, x->out[0].dtype);
    out->bytes_read = 0.0;
    for (int i = 0; i < x->inputs; i++)
        out->bytes_read += count * (double)tf_dtype_size(x->context, x->in[i].dtype);
    return TENFERRO_OK;
}

/* ---- what a vjp needs ---- */

static tenferro_save save_input(const tenferro_active *active, int is_output, int slot)
{
    (void)active;
    (void)slot;
    return is_output ? TENFERRO_SAVE_NOTHING : TENFERRO_SAVE_VALUE;
}

static tenferro_save save_output(const tenferro_active *active, int is_output, int slot)
{
    (void)active;
    (void)slot;
    return is_output ? TENFERRO_SAVE_VALUE : TENFERRO_SAVE_SHAPE;
}

/* the other operand's values, only where that operand's partner is active */
static tenferro_save save_partner(const tenferro_active *active, int is_output, int slot)
{
    if (is_output)
        return TENFERRO_SAVE_NOTHING;
    return active->in[1 - slot] ? TENFERRO_SAVE_VALUE : TENFERRO_SAVE_SHAPE;
}

static tenferro_save save_divisor_and_output(const tenferro_active *active, int is_output, int slot)
{
    if (is_output)
        return active->in[1] ? TENFERRO_SAVE_VALUE : TENFERRO_SAVE_NOTHING;
    return slot == 1 ? TENFERRO_SAVE_VALUE : TENFERRO_SAVE_SHAPE;
}

static tenferro_save save_predicate(const tenferro_active *active, int is_output, int slot)
{
    (void)active;
    return is_output   ? TENFERRO_SAVE_NOTHING
           : slot == 0 ? TENFERRO_SAVE_VALUE
                       : TENFERRO_SAVE_SHAPE;
}

/* ---- the table ---- */

enum {
    EACH = TENFERRO_PRIMITIVE_ELEMENTWISE,
    LINEAR = EACH | TENFERRO_PRIMITIVE_LINEAR,
    SWAP = EACH | TENFERRO_PRIMITIVE_COMMUTATIVE,
    FLAT = EACH | TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE
};

#define ROW(ID, NAME, ARITY, FLAGS, JVP, VJP, SAVE)              \
    [ID] = {TF_PRIMITIVE(NAME), TF_INPUTS(ARITY, ARITY),         \
            TF_CPU(execute),    .user = (void *)(uintptr_t)(ID), \
            .flags = (FLAGS),   .infer = infer,                  \
            .cost = cost,       .jvp = (JVP),                    \
            .vjp = (VJP),       .save = (SAVE)}
#define FUNCTION(ID, NAME, SAVE) ROW(ID, NAME, 1, EACH, tf_unary_jvp, tf_unary_vjp, SAVE)

const tenferro_primitive tf_elementwise[TF_MAP_COUNT] = {
    ROW(TF_MAP_NEG, "neg", 1, LINEAR, tf_neg_jvp, tf_neg_vjp, tf_save_shapes),
    ROW(TF_MAP_CONJ, "conj", 1, EACH, tf_conj_jvp, tf_conj_vjp, tf_save_shapes),
    ROW(TF_MAP_ABS, "abs", 1, EACH, tf_abs_jvp, tf_abs_vjp, NULL),
    FUNCTION(TF_MAP_SQRT, "sqrt", save_output),
    FUNCTION(TF_MAP_EXP, "exp", save_output),
    FUNCTION(TF_MAP_LOG, "log", save_input),
    FUNCTION(TF_MAP_SIN, "sin", save_input),
    FUNCTION(TF_MAP_COS, "cos", save_input),
    FUNCTION(TF_MAP_TANH, "tanh", save_output),
    ROW(TF_MAP_LOGICAL_NOT, "logical_not", 1, FLAT, NULL, NULL, NULL),
    ROW(TF_MAP_ADD, "add", 2, LINEAR | SWAP, tf_add_jvp, tf_add_vjp, tf_save_shapes),
    ROW(TF_MAP_SUB, "sub", 2, LINEAR, tf_sub_jvp, tf_sub_vjp, tf_save_shapes),
    ROW(TF_MAP_MUL, "mul", 2, SWAP | TENFERRO_PRIMITIVE_LINEAR_IN_EACH, tf_mul_jvp, tf_mul_vjp,
        save_partner),
    ROW(TF_MAP_DIV, "div", 2, EACH, tf_div_jvp, tf_div_vjp, save_divisor_and_output),
    ROW(TF_MAP_POW, "pow", 2, EACH, tf_pow_jvp, tf_pow_vjp, NULL),
    ROW(TF_MAP_MAXIMUM, "maximum", 2, SWAP, tf_maximum_jvp, tf_maximum_vjp, save_input),
    ROW(TF_MAP_MINIMUM, "minimum", 2, SWAP, tf_minimum_jvp, tf_minimum_vjp, save_input),
    ROW(TF_MAP_EQUAL, "equal", 2, FLAT | SWAP, NULL, NULL, NULL),
    ROW(TF_MAP_NOT_EQUAL, "not_equal", 2, FLAT | SWAP, NULL, NULL, NULL),
    ROW(TF_MAP_LESS, "less", 2, FLAT, NULL, NULL, NULL),
    ROW(TF_MAP_LESS_EQUAL, "less_equal", 2, FLAT, NULL, NULL, NULL),
    ROW(TF_MAP_GREATER, "greater", 2, FLAT, NULL, NULL, NULL),
    ROW(TF_MAP_GREATER_EQUAL, "greater_equal", 2, FLAT, NULL, NULL, NULL),
    ROW(TF_MAP_LOGICAL_AND, "logical_and", 2, FLAT | SWAP, NULL, NULL, NULL),
    ROW(TF_MAP_LOGICAL_OR, "logical_or", 2, FLAT | SWAP, NULL, NULL, NULL),
    ROW(TF_MAP_LOGICAL_XOR, "logical_xor", 2, FLAT | SWAP, NULL, NULL, NULL),
    ROW(TF_MAP_SELECT, "select", 3, EACH, tf_select_jvp, tf_select_vjp, save_predicate),
};

/* ---- doors ---- */

/* The dtype that an operation computes in, for operands that have met at `dtype`. */
static tenferro_status computing_dtype(tf_map_op op, tenferro_dtype dtype, tenferro_dtype *out)
{
    int floats_only = (op >= TF_MAP_SQRT && op <= TF_MAP_TANH) || op == TF_MAP_DIV;
    *out = dtype;
    if (!floats_only || !(dtype == TENFERRO_BOOL || tf_dtype_is_integer(dtype)))
        return TENFERRO_OK;
    return tenferro_dtype_promote(dtype, TENFERRO_FLOAT64, out);
}

/* Operands from `first` on as one dtype, each with a reference of its own. */
static tenferro_status
meet(tf_map_op op, int inputs, int first, const tenferro_tensor *const *in, tenferro_tensor **met)
{
    tenferro_dtype dtype = in[first]->dtype;
    for (int i = first + 1; i < inputs; i++)
        if (tenferro_dtype_promote(dtype, in[i]->dtype, &dtype) != TENFERRO_OK)
            return tf_fail_context(TENFERRO_DTYPE_MISMATCH, "%s", tf_map_name(op));
    if (computing_dtype(op, dtype, &dtype) != TENFERRO_OK)
        return tf_fail_context(TENFERRO_DTYPE_MISMATCH, "%s", tf_map_name(op));
    for (int i = 0; i < inputs; i++)
        TF_TRY(tf_as_dtype(in[i], i < first ? in[i]->dtype : dtype, &met[i]));
    return TENFERRO_OK;
}

/* Exactly one of made and destination is given. */
static tenferro_status call(tf_map_op op, int inputs, const tenferro_tensor *const *in,
                            tenferro_tensor **made, tenferro_tensor *destination)
{
    if (!made && !destination)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: out is NULL", tf_map_name(op));
    if (made)
        *made = NULL;
    for (int i = 0; i < inputs; i++)
        if (!in[i])
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: operand %d is NULL", tf_map_name(op), i);
    tenferro_tensor *met[3] = {NULL, NULL, NULL};
    tenferro_status status = meet(op, inputs, op == TF_MAP_SELECT, in, met);
    const tenferro_tensor *const *operands = (const tenferro_tensor *const *)met;
    if (status == TENFERRO_OK)
        status = made ? tf_apply(&tf_elementwise[op], NULL, inputs, operands, made)
                      : tenferro_apply_into(&tf_elementwise[op], NULL, inputs, operands, 1,
                                            &destination);
    for (int i = 0; i < inputs; i++)
        tenferro_tensor_release(met[i]);
    return status;
}

#define UNARY_DOOR(NAME, ID)                                                               \
    tenferro_status tenferro_##NAME(const tenferro_tensor *x, tenferro_tensor **out)       \
    {                                                                                      \
        return call(ID, 1, &x, out, NULL);                                                 \
    }                                                                                      \
    tenferro_status tenferro_##NAME##_into(const tenferro_tensor *x, tenferro_tensor *out) \
    {                                                                                      \
        return call(ID, 1, &x, NULL, out);                                                 \
    }
#define BINARY_DOOR(NAME, ID)                                                                  \
    tenferro_status tenferro_##NAME(const tenferro_tensor *a, const tenferro_tensor *b,        \
                                    tenferro_tensor **out)                                     \
    {                                                                                          \
        return call(ID, 2, (const tenferro_tensor *const[]){a, b}, out, NULL);                 \
    }                                                                                          \
    tenferro_status tenferro_##NAME##_into(const tenferro_tensor *a, const tenferro_tensor *b, \
                                           tenferro_tensor *out)                               \
    {                                                                                          \
        return call(ID, 2, (const tenferro_tensor *const[]){a, b}, NULL, out);                 \
    }

UNARY_DOOR(neg, TF_MAP_NEG)
UNARY_DOOR(conj, TF_MAP_CONJ)
UNARY_DOOR(abs, TF_MAP_ABS)
UNARY_DOOR(sqrt, TF_MAP_SQRT)
UNARY_DOOR(exp, TF_MAP_EXP)
UNARY_DOOR(log, TF_MAP_LOG)
UNARY_DOOR(sin, TF_MAP_SIN)
UNARY_DOOR(cos, TF_MAP_COS)
UNARY_DOOR(tanh, TF_MAP_TANH)
UNARY_DOOR(logical_not, TF_MAP_LOGICAL_NOT)
BINARY_DOOR(add, TF_MAP_ADD)
BINARY_DOOR(sub, TF_MAP_SUB)
BINARY_DOOR(mul, TF_MAP_MUL)
BINARY_DOOR(div, TF_MAP_DIV)
BINARY_DOOR(pow, TF_MAP_POW)
BINARY_DOOR(maximum, TF_MAP_MAXIMUM)
BINARY_DOOR(minimum, TF_MAP_MINIMUM)
BINARY_DOOR(equal, TF_MAP_EQUAL)
BINARY_DOOR(not_equal, TF_MAP_NOT_EQUAL)
BINARY_DOOR(less, TF_MAP_LESS)
BINARY_DOOR(less_equal, TF_MAP_LESS_EQUAL)
BINARY_DOOR(greater, TF_MAP_GREATER)
BINARY_DOOR(greater_equal, TF_MAP_GREATER_EQUAL)
BINARY_DOOR(logical_and, TF_MAP_LOGICAL_AND)
BINARY_DOOR(logical_or, TF_MAP_LOGICAL_OR)
BINARY_DOOR(logical_xor, TF_MAP_LOGICAL_XOR)

tenferro_status tenferro_select(const tenferro_tensor *predicate, const tenferro_tensor *a,
                                const tenferro_tensor *b, tenferro_tensor **out)
{
    return call(TF_MAP_SELECT, 3, (const tenferro_tensor *const[]){predicate, a, b}, out, NULL);
}

tenferro_status tenferro_select_into(const tenferro_tensor *predicate, const tenferro_tensor *a,
                                     const tenferro_tensor *b, tenferro_tensor *out)
{
    return call(TF_MAP_SELECT, 3, (const tenferro_tensor *const[]){predicate, a, b}, NULL, out);
}
