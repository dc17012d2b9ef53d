/* Elementwise operations: the driver and the operations' names. */
#include "kernels/table.h"
#include "kernels/tile.h"

/* Operands that run across the output pass through blocks of so many bytes. */
#define BLOCK_BYTES 16384
#define BLOCK_RUN 512 /* bytes of them along the output */
#define SHORT_ROW 16  /* rows too short to be called one by one */

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

static void map_row(const void *user, int64_t n, void *out, int64_t out_stride,
                    const void *const *in, const int64_t *in_strides)
{
    const tf_row *row = user;
    (*row)(n, in, in_strides, out, out_stride);
}

/* ---- operands that disagree about the order of the axes ---- */

typedef enum access {
    DIRECT,  /* rows along the output */
    ACROSS,  /* transposed into a block */
    GATHERED /* element by element into a block */
} access;

typedef struct tiled_job {
    const tf_kernels *kernels;
    const tf_tiles *tiles;
    tf_row row;
    const int64_t *sizes;
    char *out;
    const void *const *in;
    access access[TF_MAX_OPERANDS]; /* of the output: DIRECT or scattered from a block */
    int64_t steps[TF_MAX_OPERANDS]; /* along the rows */
    int one_row;        /* the rows of a whole tile follow one another in every operand */
    int stream, joined; /* the output's runs, past the caches; they follow one another */
} tiled_job;

/* Rows of a tile are too short for the processor to see them coming. */
static void
fetch_rows(const tf_tiles *t, const int64_t *n, int operand, int64_t size, const char *tile)
{
    for (int64_t j = 0; j < n[1]; j++)
        for (int64_t i = 0; i < n[0] * size; i += 64)
            TF_PREFETCH_L2(tile + t->offsets[operand][1][j] * size + i);
}

/* The inputs' blocks of the tile at `origin`, while the next tile's memory is fetched. */
static void fill_blocks(const tiled_job *job, const int64_t *n, const int64_t *origin,
                        const int64_t *next, const int64_t *rows, char (*blocks)[BLOCK_BYTES])
{
    const tf_tiles *t = job->tiles;
    for (int k = 1; k < t->outer.operands; k++) {
        const char *base = job->in[k - 1];
        const char *in = base + origin[k] * job->sizes[k], *ahead = base + next[k] * job->sizes[k];
        int size_class = tf_size_class(job->sizes[k]);
        if (job->access[k] == ACROSS)
            job->kernels->tile[size_class](n, in, t->offsets[k][0], blocks[k], rows, ahead, 0);
        else if (job->access[k] == GATHERED)
            job->kernels->gather[size_class](n, in, t->offsets[k][0], t->offsets[k][1], blocks[k]);
        else if (job->steps[k] == 1)
            fetch_rows(t, n, k, job->sizes[k], ahead);
    }
    if (job->access[0] == DIRECT && !job->stream)
        fetch_rows(t, n, 0, job->sizes[0], job->out + next[0] * job->sizes[0]);
}

static void flush_block(const tiled_job *job, const int64_t *n, const int64_t *rows,
                        const char *block, char *out)
{
    static const int64_t zero[1] = {0};
    const tf_tiles *t = job->tiles;
    int64_t one[2] = {1, 1}, each[2] = {1, n[1]}, size = job->sizes[0];
    if (job->access[0] != DIRECT)
        job->kernels->scatter[tf_size_class(size)](n, block, out, t->offsets[0][0],
                                                   t->offsets[0][1]);
    else if (job->joined && n[0] == t->length[0])
        job->kernels->runs(one, n[0] * n[1] * size, size, block, zero, zero, out, zero, zero, 1);
    else
        job->kernels->runs(each, n[0] * size, size, block, zero, rows, out, zero, t->offsets[0][1],
                           1);
}

/* One tile, whose operands begin at `origin` (the next one's at `next`). */
static void
map_tile(const tiled_job *job, const int64_t *n, const int64_t *origin, const int64_t *next)
{
    _Alignas(64) char blocks[TF_MAX_OPERANDS][BLOCK_BYTES];
    const tf_tiles *t = job->tiles;
    int64_t rows[TF_TILE_LENGTH]; /* of a block */
    for (int64_t j = 0; j < n[1]; j++)
        rows[j] = j * n[0];
    fill_blocks(job, n, origin, next, rows, blocks);
    int through = job->stream || job->access[0] != DIRECT;
    int one_row = job->one_row && n[0] == t->length[0];
    char *out = job->out + origin[0] * job->sizes[0];
    for (int64_t j = 0; j < (one_row ? 1 : n[1]); j++) {
        const void *in[TF_MAX_OPERANDS];
        for (int k = 1; k < t->outer.operands; k++)
            in[k - 1] = job->access[k] == DIRECT
                            ? (const char *)job->in[k - 1] +
                                  (origin[k] + t->offsets[k][1][j]) * job->sizes[k]
                            : blocks[k] + rows[j] * job->sizes[k];
        char *to = through ? blocks[0] + rows[j] * job->sizes[0]
                           : out + t->offsets[0][1][j] * job->sizes[0];
        job->row(one_row ? n[0] * n[1] : n[0], in, job->steps + 1, to, through ? 1 : job->steps[0]);
    }
    if (through)
        flush_block(job, n, rows, blocks[0], out);
}

static void map_tiles(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const tiled_job *job = user;
    int64_t counters[TF_MAX_AXES], origin[TF_MAX_OPERANDS], next[TF_MAX_OPERANDS], n[2];
    tf_loop_seek(&job->tiles->outer, 0, begin, counters, next);
    for (int64_t item = begin; item < end; item++) {
        tf_tile_extents(job->tiles, counters, n);
        memcpy(origin, next, sizeof origin);
        tf_loop_step(&job->tiles->outer, 0, counters, next);
        map_tile(job, n, origin, next);
    }
    if (job->stream)
        job->kernels->fence();
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* The first input that is denser along another axis than the output's; 0: none. */
static int crossing_operand(const tf_loop *loop)
{
    for (int k = 1; k < loop->operands; k++)
        for (int axis = 1; axis < loop->rank; axis++) {
            int64_t stride = magnitude(loop->strides[k][axis]);
            if (stride != 0 && stride < magnitude(loop->strides[k][0]))
                return k;
        }
    return 0;
}

static tenferro_status
run_tiled(const tf_engine *engine, const tf_loop *loop, int crossing, tf_row row,
          const int64_t *sizes, double nanoseconds, const void *const *in, void *out)
{
    tf_tiles tiles;
    tiled_job job = {.kernels = engine->kernels,
                     .tiles = &tiles,
                     .row = row,
                     .sizes = sizes,
                     .out = out,
                     .in = in};
    int64_t largest = 1;
    for (int k = 0; k < loop->operands; k++)
        largest = TF_MAX(largest, sizes[k]);
    largest = TF_MAX(largest, 1); /* as clang's analyzer does not see */
    tf_tiles_init(&tiles, loop, crossing, BLOCK_RUN / largest, BLOCK_BYTES / largest);
    for (int k = 0; k < loop->operands; k++) {
        int64_t step, across;
        int regular = tf_tile_is_regular(&tiles, k, 0, &step);
        job.access[k] = regular && (k == 0 || step == 0 || step == 1)              ? DIRECT
                        : tf_tile_is_regular(&tiles, k, 1, &across) && across == 1 ? ACROSS
                                                                                   : GATHERED;
        job.steps[k] = job.access[k] == DIRECT ? step : 1;
    }
    job.joined = tf_tile_is_joined(&tiles, 0, job.steps[0]);
    job.stream = job.access[0] == DIRECT && job.steps[0] == 1 &&
                 tf_streams(engine, loop->count * sizes[0]) &&
                 (job.joined || tiles.length[0] * sizes[0] >= 512 ||
                  (tiles.length[0] * sizes[0] % 64 == 0 &&
                   tf_tiles_are_aligned(&tiles, out, sizes[0])));
    job.one_row = job.stream || job.access[0] != DIRECT || job.joined;
    for (int k = 1; k < loop->operands; k++) {
        job.stream &= in[k - 1] != out;
        job.one_row &= job.access[k] != DIRECT || tf_tile_is_joined(&tiles, k, job.steps[k]);
    }
    if (!job.stream && job.access[0] == DIRECT)
        job.one_row &= job.joined;
    return tf_run_chunks(engine, tf_threads_for(engine, nanoseconds), tiles.outer.count,
                         TF_MAX(1, 16384 / TF_MAX(1, tiles.length[0] * tiles.length[1])), map_tiles,
                         &job);
}

/* ---- the doors ---- */

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
    int crossing = crossing_operand(&loop);
    if (loop.rank > 1 && loop.count >= 64 && (crossing != 0 || loop.extents[0] < SHORT_ROW))
        return run_tiled(engine, &loop, crossing, row, sizes, nanoseconds * (double)loop.count, in,
                         out);
    return tf_loop_run(engine, &loop, sizes, out, in, nanoseconds, 1, map_row, &row);
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
