/* Copies, permutations and fills of elements of any size. */
#include "kernels/loop.h"
#include "kernels/table.h"

/*
 * Elements of a tile along the output's and the input's rows: a long run of writes, two cache lines
 * of each row read.
 */
#define TILE_OUT 512
#define TILE_IN 16
/* Outputs of more bytes than this bypass the caches. */
#define STREAM 16777216
/* Rows at least this long are copied as they are; shorter ones go through offset tables. */
#define LONG_ROW 16
#define TABLE_LENGTH 512

typedef struct copy_job {
    const tf_engine *engine;
    const tf_loop *loop;
    int64_t size;
    int size_class;
    char *out;
    const char *in;
    /* tiles: axis 0 and axis `across`; tables: the first `block` axes */
    int across, block, stream;
    int64_t tiles0, tiles1, table_length;
    const int64_t *out_offsets, *in_offsets;
} copy_job;

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* ---- rows ---- */

static void copy_row(const void *user, int64_t n, void *out, const void *const *in)
{
    const copy_job *job = user;
    int64_t out_stride = job->loop->strides[0][0], in_stride = job->loop->strides[1][0];
    if (job->size_class >= 0) {
        job->engine->kernels->copy[job->size_class](n, in, &in_stride, out, out_stride);
        return;
    }
    char *to = out;
    const char *from = in[0];
    if (out_stride == 1 && in_stride == 1) {
        memmove(to, from, (size_t)(n * job->size));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memmove(to + i * out_stride * job->size, from + i * in_stride * job->size,
                (size_t)job->size);
}

/* ---- tiles: the output's innermost axis against the input's ---- */

static void copy_tiles(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const copy_job *job = user;
    const tf_loop *loop = job->loop;
    tf_copy_tile tile = job->engine->kernels->tile[job->size_class];
    int64_t os0 = loop->strides[0][0], os1 = loop->strides[0][job->across];
    int64_t is0 = loop->strides[1][0], is1 = loop->strides[1][job->across];
    for (int64_t item = begin; item < end; item++) {
        int64_t first0 = item % job->tiles0 * TILE_OUT, rest = item / job->tiles0;
        int64_t first1 = rest % job->tiles1 * TILE_IN, to = loop->shift[0], from = loop->shift[1];
        rest /= job->tiles1;
        for (int axis = 1; axis < loop->rank; axis++)
            if (axis != job->across) {
                int64_t at = rest % loop->extents[axis];
                rest /= loop->extents[axis];
                to += at * loop->strides[0][axis];
                from += at * loop->strides[1][axis];
            }
        to += first0 * os0 + first1 * os1;
        from += first0 * is0 + first1 * is1;
        tile(TF_MIN(TILE_OUT, loop->extents[0] - first0),
             TF_MIN(TILE_IN, loop->extents[job->across] - first1), job->in + from * job->size, is0,
             is1, job->out + to * job->size, os0, os1, job->stream);
    }
}

static tenferro_status run_tiles(copy_job *job, int across, int threads)
{
    job->across = across;
    job->tiles0 = (job->loop->extents[0] - 1) / TILE_OUT + 1;
    job->tiles1 = (job->loop->extents[across] - 1) / TILE_IN + 1;
    job->stream = job->loop->count * job->size > STREAM;
    int64_t outer = job->loop->count / job->loop->extents[0] / job->loop->extents[across];
    return tf_run_chunks(job->engine, threads, outer * job->tiles0 * job->tiles1, 8, copy_tiles,
                         job);
}

/* ---- tables: many short axes (extents of 2 and 3), a block of them precomputed ---- */

static void copy_tables(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const copy_job *job = user;
    const tf_loop *loop = job->loop;
    tf_copy_table scatter = job->engine->kernels->scatter[job->size_class];
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    tf_loop_seek(loop, job->block, begin, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        scatter(job->table_length, job->in + offsets[1] * job->size, job->in_offsets,
                job->out + offsets[0] * job->size, job->out_offsets);
        tf_loop_step(loop, job->block, counters, offsets);
    }
}

/* Moves axis `from` to place `to` <= from, keeping the order of the others. */
static void move_axis(tf_loop *loop, int from, int to)
{
    int64_t extent = loop->extents[from], out = loop->strides[0][from], in = loop->strides[1][from];
    for (int axis = from; axis > to; axis--) {
        loop->extents[axis] = loop->extents[axis - 1];
        loop->strides[0][axis] = loop->strides[0][axis - 1];
        loop->strides[1][axis] = loop->strides[1][axis - 1];
    }
    loop->extents[to] = extent;
    loop->strides[0][to] = out;
    loop->strides[1][to] = in;
}

/*
 * Chooses the block's axes, moving them to the front: first those that make the output's runs
 * (about 16 elements), then those that use up the input's cache lines.
 */
static int choose_block(tf_loop *loop, int64_t *length)
{
    int block = 0;
    *length = 1;
    while (block < loop->rank && *length < 16 && *length * loop->extents[block] <= TABLE_LENGTH)
        *length *= loop->extents[block++];
    for (int64_t limit = *length * 16; *length < limit && block < loop->rank;) {
        int best = block;
        for (int axis = block + 1; axis < loop->rank; axis++)
            if (magnitude(loop->strides[1][axis]) < magnitude(loop->strides[1][best]))
                best = axis;
        if (*length * loop->extents[best] > TABLE_LENGTH)
            break;
        *length *= loop->extents[best];
        move_axis(loop, best, block++);
    }
    return block;
}

static tenferro_status run_tables(copy_job *job, tf_loop *loop, int threads)
{
    int64_t out_offsets[TABLE_LENGTH], in_offsets[TABLE_LENGTH], filled = 1;
    job->block = choose_block(loop, &job->table_length);
    out_offsets[0] = in_offsets[0] = 0;
    for (int axis = 0; axis < job->block; axis++) {
        int64_t whole = filled * loop->extents[axis];
        for (int64_t i = filled; i < whole; i++) {
            out_offsets[i] = out_offsets[i - filled] + loop->strides[0][axis];
            in_offsets[i] = in_offsets[i - filled] + loop->strides[1][axis];
        }
        filled = whole;
    }
    job->out_offsets = out_offsets;
    job->in_offsets = in_offsets;
    return tf_run_chunks(job->engine, threads, loop->count / job->table_length,
                         32768 / job->table_length, copy_tables, job);
}

/* ---- the doors ---- */

/* The axis along which the input is densest. */
static int densest_axis(const tf_loop *loop)
{
    int best = 0;
    for (int axis = 1; axis < loop->rank; axis++) {
        int64_t stride = magnitude(loop->strides[1][axis]);
        if (stride != 0 && stride < magnitude(loop->strides[1][best]))
            best = axis;
    }
    return best;
}

tenferro_status
tf_copy(const tf_engine *engine, int64_t element_size, int rank, const int64_t *extents,
        const void *in, const int64_t *in_strides, void *out, const int64_t *out_strides)
{
    const int64_t *strides[] = {out_strides, in_strides};
    int64_t sizes[] = {element_size, element_size};
    tf_loop loop;
    TF_TRY(tf_loop_init(&loop, rank, extents, 2, strides));
    if (loop.count == 0)
        return TENFERRO_OK;
    copy_job job = {.engine = engine,
                    .loop = &loop,
                    .size = element_size,
                    .size_class = tf_size_class(element_size),
                    .out = out,
                    .in = in};
    double nanoseconds = 0.25 + 0.12 * (double)element_size;
    if (job.size_class >= 0 && loop.rank > 1) {
        int across = densest_axis(&loop),
            threads = tf_threads_for(engine, nanoseconds * (double)loop.count);
        if (across != 0 && loop.extents[0] >= 8 && loop.extents[across] >= 8)
            return run_tiles(&job, across, threads);
        if (loop.extents[0] < LONG_ROW && loop.count >= 64)
            return run_tables(&job, &loop, threads);
    }
    return tf_loop_run(engine, &loop, sizes, out, &in, nanoseconds, copy_row, &job);
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
