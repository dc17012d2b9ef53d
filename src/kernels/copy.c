/* Copies, permutations and fills of elements of any size. */
#include "kernels/table.h"
#include "kernels/tile.h"

#define TILE_AREA 65536   /* bytes of a tile */
#define TILE_RUN 256      /* bytes of a tile along the output's runs */
#define RAGGED_RUN 2048   /* the same where these do not begin at cache lines, or fit into caches */
#define RUNS_AREA 262144  /* bytes of a tile of runs */
#define LONGEST_RUN 32768 /* longer runs are rows of their own */
#define AHEAD 1048576     /* inputs of more bytes than this are fetched ahead */
#define SMALL 32          /* copies of fewer elements are not worth a table */

/* ---- rows: small copies, and those that no tile makes faster ---- */

typedef struct row_job {
    const tf_kernels *kernels;
    int64_t size;
    int size_class;
} row_job;

static void copy_row(const void *user, int64_t n, void *out, int64_t out_stride,
                     const void *const *in, const int64_t *in_strides)
{
    const row_job *job = user;
    if (job->size_class >= 0) {
        job->kernels->copy[job->size_class](n, in, in_strides, out, out_stride);
        return;
    }
    char *to = out;
    const char *from = in[0];
    if (out_stride == 1 && in_strides[0] == 1) {
        memmove(to, from, (size_t)(n * job->size));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memmove(to + i * out_stride * job->size, from + i * in_strides[0] * job->size,
                (size_t)job->size);
}

static tenferro_status run_rows(const tf_engine *engine, const tf_loop *loop, int64_t size,
                                double nanoseconds, const void *in, void *out)
{
    int64_t sizes[] = {size, size};
    row_job job = {engine->kernels, size, tf_size_class(size)};
    return tf_loop_run(engine, loop, sizes, out, &in, nanoseconds, 1, copy_row, &job);
}

/* ---- tiles ---- */

typedef struct tile_job {
    const tf_kernels *kernels;
    const tf_tiles *tiles;
    int64_t size, run; /* bytes of an element; of a run that takes its place, or 0 */
    int size_class, ahead;
    int in_unit,
        out_unit; /* the second group has unit steps in the input, the first one in the output */
    int stream, aligned, joined; /* the output's runs begin at cache lines, follow one another */
    char *out;
    const char *in;
} tile_job;

/* A tile is made whole in L1 if its runs of the output are not whole cache lines, or its elements not side by side. */
static void
copy_through(const tile_job *job, const int64_t *n, const char *in, char *out, const char *ahead)
{
    static const int64_t zero[1] = {0};
    _Alignas(64) char block[TILE_AREA];
    const tf_tiles *t = job->tiles;
    int64_t offsets[TF_TILE_LENGTH], joined[2] = {1, 1}, runs[2] = {1, n[1]};
    for (int64_t j = 0; j < n[1]; j++)
        offsets[j] = j * n[0];
    if (job->in_unit)
        job->kernels->tile[job->size_class](n, in, t->offsets[1][0], block, offsets, ahead, 0);
    else
        job->kernels->gather[job->size_class](n, in, t->offsets[1][0], t->offsets[1][1], block);
    if (!job->out_unit)
        job->kernels->scatter[job->size_class](n, block, out, t->offsets[0][0], t->offsets[0][1]);
    else if (job->joined && n[0] == t->length[0])
        job->kernels->runs(joined, n[0] * n[1] * job->size, job->size, block, zero, zero, out, zero,
                           zero, job->stream);
    else
        job->kernels->runs(runs, n[0] * job->size, job->size, block, zero, offsets, out, zero,
                           t->offsets[0][1], job->stream);
}

static void
copy_tile(const tile_job *job, const int64_t *n, const char *in, char *out, const char *ahead)
{
    const tf_tiles *t = job->tiles;
    if (job->run > 0)
        job->kernels->runs(n, job->run, job->size, in, t->offsets[1][0], t->offsets[1][1], out,
                           t->offsets[0][0], t->offsets[0][1], job->stream);
    else if (job->in_unit && job->out_unit && (!job->stream || job->aligned))
        job->kernels->tile[job->size_class](n, in, t->offsets[1][0], out, t->offsets[0][1], ahead,
                                            job->stream);
    else
        copy_through(job, n, in, out, ahead);
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
    if (job->stream)
        job->kernels->fence();
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
    int64_t unit = run > 0 ? run : size, bytes = loop->count * unit;
    int short_runs = bytes > AHEAD && tf_is_aligned(loop, out, size, TILE_RUN);
    int64_t along = run > 0 ? RUNS_AREA / 64 : short_runs ? TILE_RUN : RAGGED_RUN;
    along = TF_MIN(TF_MAX(along / unit, 1), TF_TILE_LENGTH);
    tf_tiles_init(&tiles, loop, 1, along,
                  TF_MIN((run > 0 ? RUNS_AREA : TILE_AREA) / unit, along * TF_TILE_LENGTH));
    tile_job job = {.kernels = engine->kernels,
                    .tiles = &tiles,
                    .size = size,
                    .run = run,
                    .size_class = tf_size_class(size),
                    .ahead = bytes > AHEAD,
                    .in_unit = has_unit_steps(&tiles, 1, 1),
                    .out_unit = has_unit_steps(&tiles, 0, 0),
                    .stream = tf_streams(engine, bytes),
                    .aligned = tf_tiles_are_aligned(&tiles, out, size),
                    .joined = tf_tile_is_joined(&tiles, 0, 1),
                    .out = out,
                    .in = in};
    if (run > 0) /* a partial line costs as much as a whole one */
        job.stream &= run >= 512 || (run % 64 == 0 && job.aligned);
    else {
        job.stream &= job.out_unit && (job.joined || job.aligned || tiles.length[0] * size >= 512);
        job.aligned &= size >= engine->kernels->streams && tiles.length[0] * size >= 64 &&
                       tiles.length[1] * size >= 64;
    }
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
    const tf_kernels *kernels;
    const char *value;
    int64_t size;
    int size_class;
} fill_job;

static void fill_row(const void *user, int64_t n, void *out, int64_t out_stride,
                     const void *const *in, const int64_t *in_strides)
{
    (void)in, (void)in_strides;
    const fill_job *job = user;
    if (job->size_class >= 0) {
        job->kernels->fill[job->size_class](n, job->value, out, out_stride);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)out + i * out_stride * job->size, job->value, (size_t)job->size);
}

tenferro_status tf_fill(const tf_engine *engine, int64_t element_size, const void *value, int rank,
                        const int64_t *extents, void *out, const int64_t *out_strides)
{
    tf_loop loop;
    TF_TRY(tf_loop_init(&loop, rank, extents, 1, &out_strides));
    if (loop.count == 0)
        return TENFERRO_OK;
    fill_job job = {engine->kernels, value, element_size, tf_size_class(element_size)};
    return tf_loop_run(engine, &loop, &element_size, out, NULL, 0.12 * (double)element_size, 1,
                       fill_row, &job);
}
