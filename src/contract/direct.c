/*
 * Contractions with little to reuse, straight from memory: products element by element, outer
 * products, dot products, matrix times vector, batches of tiny matrices.  The vector runs along C's
 * innermost label (rows) or along K (dots).
 */
#include "contract/nest.h"
#include "contract/route.h"
#include "kernels/table.h"

#define ROW_BYTES 32768  /* of a row's accumulator */
#define ONE_TERM 8192    /* of it where nothing is summed: it is passed over twice more */
#define TILE_BYTES 32768 /* of a tile of B that is turned */
#define DOT 8192         /* elements of one call of dot */
#define DOT_CHUNK 65536  /* elements of a partial result of a long dot product */

typedef struct direct_job {
    const tf_problem *problem;
    const tf_operands *operands;
    const tf_microkernel *kernel;
    tf_copy_runs runs; /* for C past the caches */
    tf_copy_tile turn;
    const tf_loop *out, *sum;
    int64_t row; /* rows: elements of a segment */
    int alpha_is_one;
    int streams;                       /* rows: C goes past the caches */
    const tf_loop *rest;               /* dots: the axes of K that are not in tiles */
    int turned;                        /* dots: the axis of K along which B lies, 0: no tiles */
    int64_t side;                      /* dots: of a tile */
    int64_t segments;                  /* of out's axis 0 (rows) or of sum's (dots) */
    int64_t units, units_each, chunks; /* dots: segments of K, those of one chunk */
    char *partials;                    /* [out][chunk] */
} direct_job;

/* ---- along C ---- */

static void run_rows(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const direct_job *job = user;
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    const tf_loop *out = job->out, *sum = job->sum;
    _Alignas(64) char acc[ROW_BYTES];
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], k_counters[TF_MAX_AXES],
        k_offsets[TF_MAX_OPERANDS];
    int64_t segment = begin % job->segments, size = p->size;
    int64_t sc = out->strides[0][0], sa = out->strides[1][0], sb = out->strides[2][0];
    tf_loop_seek(out, 1, begin / job->segments, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        int64_t first = segment * job->row, n = TF_MIN(job->row, out->extents[0] - first);
        const char *a = o->in[TF_A] + (offsets[1] + first * sa) * size;
        const char *b = o->in[TF_B] + (offsets[2] + first * sb) * size;
        if (sum->count == 0)
            memset(acc, 0, (size_t)(n * size));
        tf_loop_seek(sum, 0, 0, k_counters, k_offsets);
        for (int64_t k = 0; k < sum->count; k++) {
            job->kernel->accumulate(n, a + k_offsets[0] * size, sa, p->conj[TF_A],
                                    b + k_offsets[1] * size, sb, p->conj[TF_B], k == 0, acc);
            tf_loop_step(sum, 0, k_counters, k_offsets);
        }
        char *c = o->c + (offsets[0] + first * sc) * size;
        if (job->streams) {
            static const int64_t one[2] = {1, 1}, zero = 0;
            if (!job->alpha_is_one)
                job->kernel->finish(n, acc, o->alpha, NULL, acc, 1);
            job->runs(one, n * size, 1, acc, &zero, &zero, c, &zero, &zero, 1);
        } else {
            job->kernel->finish(n, acc, o->alpha, o->beta, c, sc);
        }
        if (++segment == job->segments) {
            segment = 0;
            tf_loop_step(out, 1, counters, offsets);
        }
    }
}

/* ---- along K ---- */

static void dot_units(const direct_job *job, const char *a, const char *b, int64_t begin,
                      int64_t end, void *acc)
{
    const tf_problem *p = job->problem;
    const tf_loop *sum = job->sum;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], segment = begin % job->segments;
    int64_t sa = sum->strides[0][0], sb = sum->strides[1][0];
    tf_loop_seek(sum, 1, begin / job->segments, counters, offsets);
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t first = segment * DOT, n = TF_MIN(DOT, sum->extents[0] - first);
        job->kernel->dot(n, a + (offsets[0] + first * sa) * p->size, sa, p->conj[TF_A],
                         b + (offsets[1] + first * sb) * p->size, sb, p->conj[TF_B], unit == begin,
                         acc);
        if (++segment == job->segments) {
            segment = 0;
            tf_loop_step(sum, 1, counters, offsets);
        }
    }
}

/* A tile of K whose axis 0 is dense in A, `turned` in B: B's part is turned in registers first. */
static void dot_tile(const direct_job *job, const char *a, const char *b, const int64_t *n,
                     const char *ahead, int first, void *acc)
{
    const tf_problem *p = job->problem;
    const tf_loop *sum = job->sum;
    _Alignas(64) char tile[TILE_BYTES];
    int64_t in_offsets[TILE_BYTES / 64], out_offsets[TILE_BYTES / 64];
    for (int64_t i = 0; i < job->side; i++) {
        in_offsets[i] = i * sum->strides[1][0];
        out_offsets[i] = i * job->side;
    }
    job->turn(n, b, in_offsets, tile, out_offsets, ahead, 0);
    for (int64_t j = 0; j < n[1]; j++)
        job->kernel->dot(n[0], a + j * sum->strides[0][job->turned] * p->size, 1, p->conj[TF_A],
                         tile + j * job->side * p->size, 1, p->conj[TF_B], first && j == 0, acc);
}

/* Tiles along axis 0 first. */
static void dot_tiles(const direct_job *job, const char *a, const char *b, int64_t begin,
                      int64_t end, void *acc)
{
    const tf_problem *p = job->problem;
    const tf_loop *sum = job->sum;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], side = job->side;
    int64_t tiles[2] = {job->segments, (sum->extents[job->turned] - 1) / side + 1};
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t i = unit % tiles[0] * side, j = unit / tiles[0] % tiles[1] * side;
        const int64_t n[] = {TF_MIN(side, sum->extents[0] - i),
                             TF_MIN(side, sum->extents[job->turned] - j)};
        tf_loop_seek(job->rest, 0, unit / (tiles[0] * tiles[1]), counters, offsets);
        for (int operand = 0; operand < 2; operand++)
            offsets[operand] += i * sum->strides[operand][0] +
                                j * sum->strides[operand][job->turned];
        const char *x = a + offsets[0] * p->size, *y = b + offsets[1] * p->size,
                   *ahead = i + side < sum->extents[0] ? y + side * sum->strides[1][0] * p->size
                                                       : NULL;
        dot_tile(job, x, y, n, ahead, unit == begin, acc);
    }
}

static void run_dots(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const direct_job *job = user;
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    tf_scalar acc;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], chunk = begin % job->chunks;
    tf_loop_seek(job->out, 0, begin / job->chunks, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        int64_t first = chunk * job->units_each;
        const char *a = o->in[TF_A] + offsets[1] * p->size, *b = o->in[TF_B] + offsets[2] * p->size;
        (job->turned > 0 ? dot_tiles : dot_units)(job, a, b, first,
                                                  TF_MIN(first + job->units_each, job->units), &acc);
        if (job->partials != NULL)
            memcpy(job->partials + item * p->size, &acc, (size_t)p->size);
        else
            job->kernel->finish(1, &acc, o->alpha, o->beta, o->c + offsets[0] * p->size, 1);
        if (++chunk == job->chunks) {
            chunk = 0;
            tf_loop_step(job->out, 0, counters, offsets);
        }
    }
}

/* Adds up each output's partial results, in order. */
static void combine_partials(const direct_job *job)
{
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    tf_scalar acc;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    tf_loop_seek(job->out, 0, 0, counters, offsets);
    for (int64_t i = 0; i < job->out->count; i++) {
        job->kernel->dot(job->chunks, job->partials + i * job->chunks * p->size, 1, 0,
                         tf_one(p->dtype), 0, 0, 1, &acc);
        job->kernel->finish(1, &acc, o->alpha, o->beta, o->c + offsets[0] * p->size, 1);
        tf_loop_step(job->out, 0, counters, offsets);
    }
}

/*
 * B's dense axis of K, if A has another and both are long: sum->strides[0][0] is 1.  0: none.
 */
static int turned_axis(const tf_loop *sum)
{
    if (sum->strides[0][0] != 1 || sum->strides[1][0] == 1 || sum->extents[0] < 16)
        return 0;
    for (int axis = 1; axis < sum->rank; axis++)
        if (sum->strides[1][axis] == 1 && sum->extents[axis] >= 16)
            return axis;
    return 0;
}

/* The other axes, to be counted through. */
static void leave_out(const tf_loop *sum, int axis, tf_loop *rest)
{
    *rest = *sum;
    rest->rank = 0;
    for (int i = 1; i < sum->rank; i++) {
        if (i == axis)
            continue;
        rest->extents[rest->rank] = sum->extents[i];
        for (int operand = 0; operand < 2; operand++)
            rest->strides[operand][rest->rank] = sum->strides[operand][i];
        rest->rank++;
    }
}

/*
 * Sets units and chunks; borders depend on the shape alone.  Returns the bytes of the partial
 * results.
 */
static int64_t plan_dots(direct_job *job)
{
    const tf_loop *sum = job->sum;
    int64_t unit = TF_MIN(DOT, sum->extents[0]);
    job->turned = turned_axis(sum);
    job->segments = (sum->extents[0] - 1) / DOT + 1;
    job->units = sum->count / sum->extents[0] * job->segments;
    if (job->turned > 0) {
        int64_t extent = sum->extents[job->turned];
        job->side = job->problem->size == 16 ? 32 : 64;
        job->segments = (sum->extents[0] - 1) / job->side + 1;
        job->units = sum->count / sum->extents[0] / extent * job->segments *
                     ((extent - 1) / job->side + 1);
        unit = job->side * job->side;
    }
    job->units_each = job->units;
    if (job->out->count < 64)
        job->units_each = TF_MAX(1, DOT_CHUNK / unit);
    job->chunks = (job->units - 1) / job->units_each + 1;
    return job->chunks > 1 ? job->out->count * job->chunks * job->problem->size : 0;
}

static int is_dense(const tf_loop *loop, int operand)
{
    return loop->strides[operand][0] == 0 || loop->strides[operand][0] == 1;
}

/* Rows if C's innermost label is good for vectors, or K's is not better. */
static int prefers_dots(const tf_loop *out, const tf_loop *sum)
{
    if (sum->count <= 1)
        return 0;
    int rows_good = out->extents[0] >= 8 && is_dense(out, 1) && is_dense(out, 2);
    int dots_good = sum->extents[0] >= 8 && is_dense(sum, 0) && is_dense(sum, 1);
    return rows_good != dots_good ? dots_good : !rows_good && sum->extents[0] > out->extents[0];
}

int64_t tf_direct_scratch(const tf_engine *engine, const tf_problem *problem)
{
    (void)engine;
    tf_loop out, sum;
    if (tf_nest_init(problem, &out, &sum) != TENFERRO_OK || !prefers_dots(&out, &sum))
        return 0;
    direct_job job = {.problem = problem, .out = &out, .sum = &sum};
    return plan_dots(&job);
}

tenferro_status tf_contract_direct(const tf_engine *engine, const tf_problem *problem,
                                   const tf_prepared *prepared, const tf_operands *operands)
{
    (void)prepared;
    tf_loop out, sum;
    TF_TRY(tf_nest_init(problem, &out, &sum));
    direct_job job = {.problem = problem,
                      .operands = operands,
                      .kernel = tf_microkernel_for(engine, problem->dtype),
                      .out = &out,
                      .sum = &sum};
    int threads = tf_threads_of(engine, problem, tf_direct_seconds);
    if (!prefers_dots(&out, &sum)) {
        /* something for each thread; whole vectors, so that the borders do not show in the bits */
        int64_t share = TF_MAX(512, (out.extents[0] / threads + 63) / 64 * 64);
        job.row = TF_MIN((sum.count > 1 ? ROW_BYTES : ONE_TERM) / problem->size, share);
        job.alpha_is_one = !tf_is_complex(problem->dtype) &&
                           memcmp(operands->alpha, tf_one(problem->dtype), (size_t)problem->size) ==
                               0;
        job.runs = engine->kernels->runs;
        job.streams = operands->beta == NULL && out.strides[0][0] == 1 &&
                      out.extents[0] * problem->size >= 512 &&
                      tf_streams(engine, out.count * problem->size);
        job.segments = (out.extents[0] - 1) / job.row + 1;
        int64_t items = out.count / out.extents[0] * job.segments;
        int64_t each = TF_MIN(job.row, out.extents[0]) * TF_MAX(1, TF_MIN(sum.count, 32768));
        return tf_run_chunks(engine, threads, items, TF_MAX(1, 32768 / each), run_rows, &job);
    }
    tf_loop rest;
    int64_t bytes = plan_dots(&job);
    job.turn = engine->kernels->tile[tf_size_class(problem->size)];
    leave_out(&sum, job.turned, &rest);
    job.rest = &rest;
    if (bytes > 0) {
        job.partials = engine->scratch_take(engine->user, bytes);
        if (job.partials == NULL)
            return TENFERRO_OUT_OF_MEMORY;
    }
    int64_t each = TF_MIN(sum.count, DOT_CHUNK);
    tenferro_status status = tf_run_chunks(engine, threads, out.count * job.chunks,
                                           TF_MAX(1, 32768 / each), run_dots, &job);
    if (bytes > 0) {
        if (status == TENFERRO_OK)
            combine_partials(&job);
        engine->scratch_give(engine->user, job.partials, bytes);
    }
    return status;
}
