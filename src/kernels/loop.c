/* Normalising and running loop nests. */
#include "kernels/loop.h"

#include "kernels/table.h"
#include "support/checked.h"

/*
 * Elements of one piece of work: large enough to hide the cost of handing it out, small enough to
 * cancel soon.
 */
#define CHUNK 16384
/* Rows of long loops go in pieces of so many bytes, with what comes so many bytes later fetched meanwhile: the
 * processor's own prefetching stops at pages and uses too few of its buffers. */
#define PIECE 1024
#define AHEAD 2048
#define WORTH_FETCHING 65536 /* bytes */

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* 1 if axis a of the loop belongs outside of axis b */
static int is_outer(const tf_loop *loop, int a, int b)
{
    for (int i = 0; i < loop->operands; i++) {
        int64_t x = magnitude(loop->strides[i][a]), y = magnitude(loop->strides[i][b]);
        if (x != y)
            return x > y;
    }
    return 0;
}

static void swap_axes(tf_loop *loop, int a, int b)
{
    int64_t extent = loop->extents[a];
    loop->extents[a] = loop->extents[b];
    loop->extents[b] = extent;
    for (int i = 0; i < loop->operands; i++) {
        int64_t stride = loop->strides[i][a];
        loop->strides[i][a] = loop->strides[i][b];
        loop->strides[i][b] = stride;
    }
}

static int fusible(const tf_loop *loop, int inner, int outer)
{
    for (int i = 0; i < loop->operands; i++)
        if (loop->strides[i][outer] != loop->strides[i][inner] * loop->extents[inner])
            return 0;
    return 1;
}

static void fuse(tf_loop *loop)
{
    int last = 0;
    for (int axis = 1; axis < loop->rank; axis++) {
        if (fusible(loop, last, axis)) {
            loop->extents[last] *= loop->extents[axis];
        } else if (++last != axis) {
            loop->extents[last] = loop->extents[axis];
            for (int i = 0; i < loop->operands; i++)
                loop->strides[i][last] = loop->strides[i][axis];
        }
    }
    loop->rank = last + 1;
}

tenferro_status tf_loop_init(tf_loop *loop, int rank, const int64_t *extents, int operands,
                             const int64_t *const *strides)
{
    loop->rank = 0;
    loop->operands = operands;
    loop->count = 1;
    for (int i = 0; i < operands; i++)
        loop->shift[i] = 0;
    for (int axis = 0; axis < rank; axis++)
        if (extents[axis] == 0) {
            loop->count = 0;
            return TENFERRO_OK;
        }
    for (int axis = 0; axis < rank; axis++) {
        int64_t extent = extents[axis];
        if (extent == 1)
            continue;
        if (loop->rank == TF_MAX_AXES || tf_mul_overflows(loop->count, extent, &loop->count))
            return tf_fail(TENFERRO_OVERFLOW,
                           "a loop over %d axes has more iterations than int64 holds", rank);
        int at = loop->rank++;
        int flip = strides[0][axis] < 0;
        loop->extents[at] = extent;
        for (int i = 0; i < operands; i++) {
            int64_t stride = strides[i][axis];
            if (flip)
                loop->shift[i] += stride * (extent - 1);
            loop->strides[i][at] = flip ? -stride : stride;
        }
        for (; at > 0 && is_outer(loop, at - 1, at); at--)
            swap_axes(loop, at - 1, at);
    }
    if (loop->rank == 0) {
        loop->rank = 1;
        loop->extents[0] = 1;
        for (int i = 0; i < operands; i++)
            loop->strides[i][0] = 1;
    }
    fuse(loop);
    return TENFERRO_OK;
}

void tf_loop_seek(const tf_loop *loop, int axis, int64_t index, int64_t *counters, int64_t *offsets)
{
    for (int i = 0; i < loop->operands; i++)
        offsets[i] = loop->shift[i];
    for (; axis < loop->rank; axis++) {
        counters[axis] = index % loop->extents[axis];
        index /= loop->extents[axis];
        for (int i = 0; i < loop->operands; i++)
            offsets[i] += counters[axis] * loop->strides[i][axis];
    }
}

void tf_loop_step(const tf_loop *loop, int axis, int64_t *counters, int64_t *offsets)
{
    for (; axis < loop->rank; axis++) {
        if (++counters[axis] < loop->extents[axis]) {
            for (int i = 0; i < loop->operands; i++)
                offsets[i] += loop->strides[i][axis];
            return;
        }
        counters[axis] = 0;
        for (int i = 0; i < loop->operands; i++)
            offsets[i] -= (loop->extents[axis] - 1) * loop->strides[i][axis];
    }
}

typedef struct guarded {
    const tf_engine *engine;
    tf_parallel_body body;
    void *user;
    atomic_int cancelled;
} guarded;

static void run_guarded(void *user, int64_t begin, int64_t end, int worker)
{
    guarded *work = user;
    if (atomic_load_explicit(&work->cancelled, memory_order_relaxed))
        return;
    if (work->engine->cancelled(work->engine->user))
        atomic_store_explicit(&work->cancelled, 1, memory_order_relaxed);
    else
        work->body(work->user, begin, end, worker);
}

tenferro_status tf_run_chunks(const tf_engine *engine, int threads, int64_t count, int64_t grain,
                              tf_parallel_body body, void *user)
{
    if (engine->cancelled == NULL) {
        tf_parallel_for(engine->pool, threads, count, grain, body, user);
        return TENFERRO_OK;
    }
    guarded work = {.engine = engine, .body = body, .user = user};
    atomic_init(&work.cancelled, 0);
    tf_parallel_for(engine->pool, threads, count, grain, run_guarded, &work);
    if (atomic_load(&work.cancelled))
        return tf_fail(TENFERRO_CANCELLED, "cancelled");
    return TENFERRO_OK;
}

int tf_threads_for(const tf_engine *engine, double nanoseconds)
{
    return engine->pool == NULL || nanoseconds < 20000.0 || engine->threads < 1 ? 1
                                                                                : engine->threads;
}

typedef struct rows_job {
    const tf_loop *loop;
    const int64_t *sizes;
    char *out;
    const void *const *in;
    tf_loop_row row;
    const void *user;
    const tf_kernels *kernels;
    int64_t segments; /* of axis 0, each of at most CHUNK elements */
    int64_t piece;    /* elements of one; 0: no need for pieces */
    int moves, stream;
} rows_job;

/* Of n elements `step` bytes apart, what lies AHEAD of them. */
static void fetch_ahead(const void *first, int64_t step, int64_t n)
{
    int64_t length = magnitude(step) * n;
    uintptr_t at = (uintptr_t)first + (uintptr_t)(step < 0 ? -AHEAD - length : AHEAD);
    for (int64_t i = 0; i < length && magnitude(step) <= 64; i += 64)
        TF_PREFETCH_L2((const void *)(at + (uintptr_t)i)); /* perhaps beyond the array: never read */
}

/* Operands that are not side by side pass through blocks. */
static void run_pieces(const rows_job *job, int64_t n, char *out, const void *const *in)
{
    static const int64_t one[2] = {1, 1}, zero[1] = {0};
    const tf_loop *loop = job->loop;
    _Alignas(64) char blocks[TF_MAX_OPERANDS][PIECE];
    int64_t out_step = loop->strides[0][0] * job->sizes[0];
    for (int64_t done = 0; done < n; done += job->piece) {
        int64_t m = TF_MIN(job->piece, n - done), strides[TF_MAX_OPERANDS];
        const void *at[TF_MAX_OPERANDS];
        for (int i = 1; i < loop->operands; i++) {
            int64_t step = loop->strides[i][0] * job->sizes[i];
            at[i - 1] = (const char *)in[i - 1] + done * step;
            strides[i - 1] = loop->strides[i][0];
            fetch_ahead(at[i - 1], step, m);
            if (job->moves && strides[i - 1] != 0 && strides[i - 1] != 1) {
                job->kernels->copy[tf_size_class(job->sizes[i])](m, &at[i - 1], &strides[i - 1],
                                                                 blocks[i], 1);
                at[i - 1] = blocks[i];
                strides[i - 1] = 1;
            }
        }
        char *to = out + done * out_step;
        if (job->stream) {
            job->row(job->user, m, blocks[0], 1, at, strides);
            job->kernels->runs(one, m * out_step, 1, blocks[0], zero, zero, to, zero, zero, 1);
        } else {
            fetch_ahead(to, out_step, m);
            job->row(job->user, m, to, loop->strides[0][0], at, strides);
        }
    }
}

static void run_rows(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const rows_job *job = user;
    const tf_loop *loop = job->loop;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    int64_t extent = loop->extents[0], segment = begin % job->segments;
    int64_t strides[TF_MAX_OPERANDS];
    for (int i = 1; i < loop->operands; i++)
        strides[i - 1] = loop->strides[i][0];
    tf_loop_seek(loop, 1, begin / job->segments, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        int64_t first = segment * CHUNK;
        const void *in[TF_MAX_OPERANDS];
        for (int i = 1; i < loop->operands; i++)
            in[i - 1] = (const char *)job->in[i - 1] +
                        (offsets[i] + first * loop->strides[i][0]) * job->sizes[i];
        char *out = job->out + (offsets[0] + first * loop->strides[0][0]) * job->sizes[0];
        int64_t n = TF_MIN(extent - first, CHUNK);
        if (job->piece > 0)
            run_pieces(job, n, out, in);
        else
            job->row(job->user, n, out, loop->strides[0][0], in, strides);
        if (++segment == job->segments) {
            segment = 0;
            tf_loop_step(loop, 1, counters, offsets);
        }
    }
    if (job->stream)
        job->kernels->fence();
}

int tf_streams(const tf_engine *engine, int64_t bytes)
{
    return engine->kernels->streams > 0 && bytes > TF_STREAM_BYTES;
}

tenferro_status tf_loop_run(const tf_engine *engine, const tf_loop *loop, const int64_t *sizes,
                            void *out, const void *const *in, double nanoseconds_each, int moves,
                            tf_loop_row row, const void *user)
{
    if (loop->count == 0)
        return TENFERRO_OK;
    rows_job job = {.loop = loop,
                    .sizes = sizes,
                    .out = out,
                    .in = in,
                    .row = row,
                    .user = user,
                    .kernels = engine->kernels};
    int64_t extent = loop->extents[0], largest = 1;
    job.moves = moves;
    for (int i = 0; i < loop->operands; i++) {
        largest = TF_MAX(largest, sizes[i]);
        job.moves &= tf_size_class(sizes[i]) >= 0;
    }
    if (loop->count * largest > WORTH_FETCHING && extent * largest > PIECE)
        job.piece = TF_MAX(PIECE / largest, 1);
    job.stream = job.moves && job.piece > 0 && loop->strides[0][0] == 1 &&
                 tf_streams(engine, loop->count * sizes[0]);
    for (int i = 1; i < loop->operands; i++)
        job.stream &= in[i - 1] != out; /* its lines are in the caches already */
    job.segments = (extent - 1) / CHUNK + 1;
    int64_t items = loop->count / extent * job.segments;
    int64_t grain = extent >= CHUNK ? 1 : CHUNK / extent;
    if (items <= grain) { /* small calls pay for nothing else */
        run_rows(&job, 0, items, 0);
        return TENFERRO_OK;
    }
    int threads = tf_threads_for(engine, (double)loop->count * nanoseconds_each);
    return tf_run_chunks(engine, threads, items, grain, run_rows, &job);
}
