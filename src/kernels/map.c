/* Elementwise operations: the driver and the operations' names. */
#include "kernels/loop.h"
#include "kernels/table.h"

typedef struct map_info {
    const char *name;
    int arity;
    int nanoseconds; /* a rough figure per element, to decide about threads */
} map_info;

static const map_info infos[TF_MAP_COUNT] = {
    [TF_MAP_NEG] = {"neg", 1, 1},
    [TF_MAP_CONJ] = {"conj", 1, 1},
    [TF_MAP_ABS] = {"abs", 1, 1},
    [TF_MAP_SQRT] = {"sqrt", 1, 2},
    [TF_MAP_EXP] = {"exp", 1, 4},
    [TF_MAP_LOG] = {"log", 1, 4},
    [TF_MAP_SIN] = {"sin", 1, 5},
    [TF_MAP_COS] = {"cos", 1, 5},
    [TF_MAP_TANH] = {"tanh", 1, 8},
    [TF_MAP_LOGICAL_NOT] = {"logical_not", 1, 1},
    [TF_MAP_ADD] = {"add", 2, 1},
    [TF_MAP_SUB] = {"sub", 2, 1},
    [TF_MAP_MUL] = {"mul", 2, 1},
    [TF_MAP_DIV] = {"div", 2, 1},
    [TF_MAP_POW] = {"pow", 2, 12},
    [TF_MAP_MAXIMUM] = {"maximum", 2, 1},
    [TF_MAP_MINIMUM] = {"minimum", 2, 1},
    [TF_MAP_EQUAL] = {"equal", 2, 1},
    [TF_MAP_NOT_EQUAL] = {"not_equal", 2, 1},
    [TF_MAP_LESS] = {"less", 2, 1},
    [TF_MAP_LESS_EQUAL] = {"less_equal", 2, 1},
    [TF_MAP_GREATER] = {"greater", 2, 1},
    [TF_MAP_GREATER_EQUAL] = {"greater_equal", 2, 1},
    [TF_MAP_LOGICAL_AND] = {"logical_and", 2, 1},
    [TF_MAP_LOGICAL_OR] = {"logical_or", 2, 1},
    [TF_MAP_LOGICAL_XOR] = {"logical_xor", 2, 1},
    [TF_MAP_SELECT] = {"select", 3, 1},
};

static int is_operation(tf_map_op op)
{
    return (unsigned)op < TF_MAP_COUNT;
}

int tf_map_arity(tf_map_op op)
{
    return is_operation(op) ? infos[op].arity : 0;
}

const char *tf_map_name(tf_map_op op)
{
    return is_operation(op) ? infos[op].name : "?";
}

int tf_map_supports(tf_map_op op, tenferro_dtype dtype)
{
    return is_operation(op) && dtype < TF_DTYPE_SLOTS && tf_kernels_portable.map[op][dtype] != NULL;
}

const char *tf_kernels_name(const tf_kernels *kernels)
{
    return kernels->name;
}

/* What the output holds, given the input's dtype. */
static tenferro_dtype output_dtype(tf_map_op op, tenferro_dtype dtype)
{
    if (op >= TF_MAP_EQUAL && op <= TF_MAP_GREATER_EQUAL)
        return TENFERRO_BOOL;
    if (op == TF_MAP_ABS && dtype == TENFERRO_COMPLEX64)
        return TENFERRO_FLOAT32;
    if (op == TF_MAP_ABS && dtype == TENFERRO_COMPLEX128)
        return TENFERRO_FLOAT64;
    return dtype;
}

typedef struct map_job {
    tf_row row;
    int64_t in_strides[TF_MAX_OPERANDS];
    int64_t out_stride;
} map_job;

static void map_row(const void *user, int64_t n, void *out, const void *const *in)
{
    const map_job *job = user;
    job->row(n, in, job->in_strides, out, job->out_stride);
}

/* Shared by map and cast, which differ in where the row comes from. */
static tenferro_status
run(const tf_engine *engine, tf_row row, int inputs, const int64_t *sizes, double nanoseconds,
    int rank, const int64_t *extents, const void *const *in, const int64_t *const *in_strides,
    void *out, const int64_t *out_strides)
{
    const int64_t *strides[TF_MAX_OPERANDS] = {out_strides};
    for (int i = 0; i < inputs; i++)
        strides[i + 1] = in_strides[i];
    tf_loop loop;
    TF_TRY(tf_loop_init(&loop, rank, extents, inputs + 1, strides));
    if (loop.count == 0)
        return TENFERRO_OK;
    map_job job = {.row = row, .out_stride = loop.strides[0][0]};
    for (int i = 0; i < inputs; i++)
        job.in_strides[i] = loop.strides[i + 1][0];
    return tf_loop_run(engine, &loop, sizes, out, in, nanoseconds, map_row, &job);
}

tenferro_status tf_map(const tf_engine *engine, tf_map_op op, tenferro_dtype dtype, int rank,
                       const int64_t *extents, const void *const *in,
                       const int64_t *const *in_strides, void *out, const int64_t *out_strides)
{
    if (!tf_map_supports(op, dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s is not defined for dtype %u", tf_map_name(op),
                       (unsigned)dtype);
    int64_t size = tf_element_size(dtype);
    int64_t sizes[TF_MAX_OPERANDS] = {tf_element_size(output_dtype(op, dtype)), size, size, size};
    if (op == TF_MAP_SELECT)
        sizes[1] = 1;
    double nanoseconds = infos[op].nanoseconds * (tf_is_complex(dtype) ? 4.0 : 1.0);
    return run(engine, engine->kernels->map[op][dtype], infos[op].arity, sizes, nanoseconds, rank,
               extents, in, in_strides, out, out_strides);
}

tenferro_status tf_cast(const tf_engine *engine, tenferro_dtype from, tenferro_dtype to, int rank,
                        const int64_t *extents, const void *in, const int64_t *in_strides,
                        void *out, const int64_t *out_strides)
{
    int64_t sizes[TF_MAX_OPERANDS] = {tf_element_size(to), tf_element_size(from)};
    if (sizes[0] == 0 || sizes[1] == 0)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "cast: dtype %u is not a built-in one",
                       (unsigned)(sizes[0] == 0 ? to : from));
    if (from == to)
        return tf_copy(engine, sizes[0], rank, extents, in, in_strides, out, out_strides);
    return run(engine, engine->kernels->cast[from][to], 1, sizes, 1.0, rank, extents, &in,
               &in_strides, out, out_strides);
}
