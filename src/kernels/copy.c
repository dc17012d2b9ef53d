/* Copies, permutations and fills of elements of any size. */
#include "kernels/table.h"
#include "kernels/tile.h"

#define TILE_AREA 65536   /* bytes of a tile */
#define TILE_RUN 256      /* bytes of a tile along the output's runs */
#define RAGGED_RUN 2048   /* the same where these do not begin at cache lines, or fit into caches */
#define RUNS_AREA 262144  /* bytes of a tile of runs */
#define LONGEST_RUN 32768 /* longer runs are rows of their own */
/* Outputs of more bytes than this bypass the caches; inputs of more are fetched ahead. */
#define STREAM 16777216
#define AHEAD 1048576
#define SMALL 32 /* copies of fewer elements are not worth a table */

/* ---- rows: small copies, and those that no tile makes faster ---- */

typedef struct row_job {
    const tf_engine *engine;
    int64_t size, in_stride, out_stride;
    int size_class, stream;
} row_job;

static void copy_row(const void *user, int64_t n, void *out, const void *const *in)
{
    static const int64_t one[2] = {1, 1}, zero[1] = {0};
    const row_job *job = user;
    if (job->stream) {
        job->engine->kernels->runs(one, n * job->size, 1, in[0], zero, zero, out, zero, zero, 1);
        return;
    }
    if (job->size_class >= 0) {
        job->engine->kernels->copy[job->size_class](n, in, &job->in_stride, out, job->out_stride);
        return;
    }
    char *to = out;
    const char *from = in[0];
    if (job->out_stride == 1 && job->in_stride == 1) {
        memmove(to, from, (size_t)(n * job->size));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memmove(to + i * job->out_stride * job->size, from + i * job->in_stride * job->size,
                (size_t)job->size);
}

static tenferro_status run_rows(const tf_engine *engine, const tf_loop *loop, int64_t size,
                                double nanoseconds, const void *in, void *out)
{
    int64_t sizes[] = {size, size}, to = loop->strides[0][0], from = loop->strides[1][0];
    int stream = to == 1 && from == 1 && loop->count * size > STREAM;
    row_job job = {engine, size, from, to, tf_size_class(size), stream};
    return tf_loop_run(engine, loop, sizes, out, &in, nanoseconds, copy_row, &job);
}

/* ---- tiles ---- */

typedef enum tile_kind {
    TRANSPOSED, /* the first group has unit stride in the output, the second one in the input */
    RUNS,       /* every "element" is a run of bytes */
    SCATTERED   /* anything else */
} tile_kind;

typedef struct tile_job {
    const tf_kernels *kernels;
    const tf_tiles *tiles;
    tile_kind kind;
    int64_t size, run; /* bytes of an element, of a run */
    int size_class, stream, aligned, ahead;
    char *out;
    const char *in;
} tile_job;

/* Runs of the output that do not begin at cache lines are made whole in L1 and leave from there. */
static void
stream_through(const tile_job *job, const int64_t *n, const char *in, char *out, const char *ahead)
{
    static const int64_t zero[1] = {0};
    _Alignas(64) char block[TILE_AREA];
    const tf_tiles *t = job->tiles;
    int64_t offsets[TF_TILE_LENGTH], one_run[2] = {1, n[1]};
    for (int64_t j = 0; j < n[1]; j++)
        offsets[j] = j * n[0];
    job->kernels->tile[job->size_class](n, in, t->offsets[1][0], block, offsets, ahead, 0);
    job->kernels->runs(one_run, n[0] * job->size, job->size, block, zero, offsets, out, zero,
                       t->offsets[0][1], 1);
}

static void
copy_tile(const tile_job *job, const int64_t *n, const char *in, char *out, const char *ahead)
{
    const tf_tiles *t = job->tiles;
    if (job->kind == RUNS)
        job->kernels->runs(n, job->run, job->size, in, t->offsets[1][0], t->offsets[1][1], out,
                           t->offsets[0][0], t->offsets[0][1], job->stream);
    else if (job->kind == SCATTERED)
        job->kernels->scatter[job->size_class](n, in, t->offsets[1][0], t->offsets[1][1], out,
                                               t->offsets[0][0], t->offsets[0][1]);
    else if (job->stream && !job->aligned)
        stream_through(job, n, in, out, ahead);
    else
        job->kernels->tile[job->size_class](n, in, t->offsets[1][0], out, t->offsets[0][1], ahead,
                                            job->stream);
}

static void copy_tiles(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const tile_job *job = user;
    const tf_loop *outer = &job->tiles->outer;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], n[2];
    tf_loop_seek(outer, 0, begin, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        char *out = job->out + offsets[0] * job->size;
        const char *in = job->in + offsets[1] * job->size;
        tf_tile_extents(job->tiles, counters, n);
        tf_loop_step(outer, 0, counters, offsets);
        copy_tile(job, n, in, out, job->ahead ? job->in + offsets[1] * job->size : NULL);
    }
}

/* 1 if the output, and all of its strides of at least so many bytes, keep to cache lines. */
static int is_aligned(const tf_loop *loop, const char *out, int64_t size, int64_t least)
{
    uintptr_t bits = (uintptr_t)(out + loop->shift[0] * size);
    for (int axis = 0; axis < loop->rank; axis++)
        if (loop->extents[axis] > 1 && loop->strides[0][axis] * size >= least)
            bits |= (uintptr_t)(loop->strides[0][axis] * size);
    return bits % 64 == 0;
}

static int has_unit_steps(const tf_tiles *tiles, int operand, int which)
{
    int64_t stride;
    return tf_tile_is_regular(tiles, operand, which, &stride) && stride == 1;
}

/* The loop is over elements of `size` bytes, or over runs of `run` bytes (0: there are none). */
static tenferro_status run_tiles(const tf_engine *engine, const tf_loop *loop, int64_t size,
                                 int64_t run, double nanoseconds, const void *in, void *out)
{
    tf_tiles tiles;
    int64_t unit = run > 0 ? run : size, bytes = loop->count * unit,
            least = engine->kernels->streams;
    int short_runs = bytes > AHEAD && is_aligned(loop, out, size, TILE_RUN);
    int64_t along = run > 0 ? RUNS_AREA / 64 : short_runs ? TILE_RUN : RAGGED_RUN;
    along = TF_MIN(TF_MAX(along / unit, 1), TF_TILE_LENGTH);
    tf_tiles_init(&tiles, loop, 1, along,
                  TF_MIN((run > 0 ? RUNS_AREA : TILE_AREA) / unit, along * TF_TILE_LENGTH));
    tile_job job = {.kernels = engine->kernels,
                    .tiles = &tiles,
                    .kind = run > 0 ? RUNS
                            : has_unit_steps(&tiles, 0, 0) && has_unit_steps(&tiles, 1, 1)
                                ? TRANSPOSED
                                : SCATTERED,
                    .size = size,
                    .run = run,
                    .size_class = tf_size_class(size),
                    .stream = bytes > STREAM && least > 0,
                    .ahead = bytes > AHEAD,
                    .out = out,
                    .in = in};
    uintptr_t bits = 0;
    for (int64_t j = 1; j < tiles.length[1]; j++)
        bits |= (uintptr_t)(tiles.offsets[0][1][j] * size);
    job.aligned = bits % 64 == 0 && is_aligned(&tiles.outer, out, size, 0);
    if (job.kind == TRANSPOSED)
        job.aligned &= size >= least;
    else if (job.kind == RUNS) /* a partial line costs as much as a whole one */
        job.stream &= run >= 512 || (run % 64 == 0 && job.aligned);
    int64_t each = TF_MAX(bytes / tiles.outer.count, 1);
    return tf_run_chunks(engine, tf_threads_for(engine, nanoseconds), tiles.outer.count,
                         TF_MAX(1, 2 * TILE_AREA / each), copy_tiles, &job);
}

/* ---- the doors ---- */

static void drop_axis_0(tf_loop *loop, int64_t divisor)
{
    loop->count /= loop->extents[0];
    loop->rank--;
    for (int axis = 0; axis < loop->rank; axis++) {
        loop->extents[axis] = loop->extents[axis + 1];
        for (int i = 0; i < 2; i++)
            loop->strides[i][axis] = loop->strides[i][axis + 1] / divisor;
    }
    for (int i = 0; i < 2; i++)
        loop->shift[i] /= divisor;
}

/* 1 if everything but axis 0 moves by multiples of it. */
static int divides_strides(const tf_loop *loop, int64_t n)
{
    int64_t rest = 0;
    for (int i = 0; i < 2; i++) {
        rest |= loop->shift[i] % n;
        for (int axis = 1; axis < loop->rank; axis++)
            rest |= loop->strides[i][axis] % n;
    }
    return rest == 0;
}

static int is_identity(const tf_loop *loop)
{
    for (int axis = 0; axis < loop->rank; axis++)
        if (loop->strides[0][axis] != loop->strides[1][axis])
            return 0;
    return loop->shift[0] == loop->shift[1];
}

tenferro_status
tf_copy(const tf_engine *engine, int64_t element_size, int rank, const int64_t *extents,
        const void *in, const int64_t *in_strides, void *out, const int64_t *out_strides)
{
    const int64_t *strides[] = {out_strides, in_strides};
    int64_t size = element_size;
    tf_loop loop;
    TF_TRY(tf_loop_init(&loop, rank, extents, 2, strides));
    if (loop.count == 0 || (in == out && is_identity(&loop)))
        return TENFERRO_OK;
    double nanoseconds = (0.25 + 0.12 * (double)size) * (double)loop.count;
    if (loop.rank == 1 || loop.count < SMALL)
        return run_rows(engine, &loop, size, nanoseconds / (double)loop.count, in, out);
    int64_t n = loop.extents[0];
    if (loop.strides[0][0] == 1 && loop.strides[1][0] == 1) {
        if (n * size > LONGEST_RUN)
            return run_rows(engine, &loop, size, nanoseconds / (double)loop.count, in, out);
        int widens = tf_size_class(n * size) >= 0 && divides_strides(&loop, n);
        drop_axis_0(&loop, widens ? n : 1);
        if (!widens)
            return run_tiles(engine, &loop, size, n * size, nanoseconds, in, out);
        size *= n;
    }
    return run_tiles(engine, &loop, size, tf_size_class(size) < 0 ? size : 0, nanoseconds, in, out);
}

typedef struct fill_job {
    const tf_engine *engine;
    const char *value;
    int64_t size, stride;
    int size_class;
} fill_job;

static void fill_row(const void *user, int64_t n, void *out, const void *const *in)
{
    (void)in;
    const fill_job *job = user;
    if (job->size_class >= 0) {
        job->engine->kernels->fill[job->size_class](n, job->value, out, job->stride);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)out + i * job->stride * job->size, job->value, (size_t)job->size);
}

tenferro_status tf_fill(const tf_engine *engine, int64_t element_size, const void *value, int rank,
                        const int64_t *extents, void *out, const int64_t *out_strides)
{
    tf_loop loop;
    TF_TRY(tf_loop_init(&loop, rank, extents, 1, &out_strides));
    if (loop.count == 0)
        return TENFERRO_OK;
    fill_job job = {.engine = engine,
                    .value = value,
                    .size = element_size,
                    .stride = loop.strides[0][0],
                    .size_class = tf_size_class(element_size)};
    return tf_loop_run(engine, &loop, &element_size, out, NULL, 0.12 * (double)element_size,
                       fill_row, &job);
}
