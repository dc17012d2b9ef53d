/*
 * Reductions over any axes.
 *
 * The input is cut into leaves: a piece of a row, or a tile of kept by reduced elements that lie close together, so that
 * every cache line is used whole.  The results of leaves meet pairwise: like the carries of a binary counter, two results
 * of 2^k leaves make one of 2^(k+1).  Long reductions are cut into chunks whose partial results are reduced again.  All
 * borders depend on the shape and strides alone, so the bits do not depend on the number of threads.
 */
#include "kernels/loop.h"
#include "kernels/table.h"

#define ROW_LEAF 2048  /* elements of a leaf along a row */
#define SHORT_ROW 32   /* shorter rows are tiles */
#define MOST_ROWS 128  /* reduced elements of a tile, at most */
#define ENOUGH_KEPT 64 /* a tile with fewer elements takes another axis */
#define ENOUGH_ROWS 16
#define PERIODS 16 /* rows of fewer elements that follow one another are taken so many at a time */
#define PERIOD_LEAF 2048 /* of them in a leaf */
#define CHUNK 131072     /* elements of a chunk */
#define LEVELS 18        /* it has at most 2^17 leaves */

/* The kept or the reduced elements of a leaf, and the loop over the leaves. */
typedef struct group {
    tf_loop outer;  /* axis 0: the pieces of the axis that was cut */
    int64_t length; /* of a whole leaf */
    int64_t last;   /* of the one at the end of outer axis 0 */
    int closed;
    int64_t offsets[TF_MAX_OPERANDS][TF_REDUCE_LENGTH];
} group;

typedef struct reduce_job {
    const tf_reduce_kernels *kernels;
    tf_copy_scatter scatter;
    int64_t size;
    group kept;    /* operands: in, out, an array of all results */
    group reduced; /* operand: in */
    int rows;      /* leaves are pieces of rows, not tiles */
    int64_t row_stride;
    int is_unit,
        periods; /* a tile's kept elements are contiguous; its rows follow one another, too */
    int64_t leaves_each, chunks, results;
    const char *in;
    char *out, *partials; /* [chunk][result], if there are several chunks */
} reduce_job;

/* ---- leaves ---- */

/* PERIODS rows at a time as a long one, which is then folded. */
static void
reduce_periods(const reduce_job *job, int64_t n, int64_t rows, const char *in, char *value)
{
    int64_t wide = n * PERIODS, whole = rows / PERIODS, rest = rows % PERIODS;
    int64_t offsets[PERIOD_LEAF / PERIODS];
    for (int64_t i = 0; i < whole; i++)
        offsets[i] = i * wide;
    job->kernels->columns(wide, whole, in, NULL, offsets, value);
    job->kernels->combine(rest * n, in + whole * wide * job->size, value);
    for (int64_t half = PERIODS / 2; half > 0; half /= 2)
        job->kernels->combine(half * n, value + half * n * job->size, value);
}

/* n kept by `rows` reduced elements. */
static void reduce_leaf(const reduce_job *job, int64_t n, int64_t rows, const char *in, char *value)
{
    if (job->rows)
        job->kernels->row(rows, in, job->row_stride, value);
    else if (job->periods && rows >= PERIODS)
        reduce_periods(job, n, rows, in, value);
    else
        job->kernels->columns(n, rows, in, job->is_unit ? NULL : job->kept.offsets[0],
                              job->reduced.offsets[0], value);
}

/* Pairwise combination of results of up to TF_REDUCE_BYTES. */
typedef struct cascade {
    uint64_t count;
    char *levels; /* LEVELS blocks of TF_REDUCE_BYTES */
} cascade;

static void cascade_push(cascade *c, const reduce_job *job, int64_t n, char *value)
{
    int level = 0;
    for (; c->count >> level & 1; level++)
        job->kernels->combine(n, c->levels + level * TF_REDUCE_BYTES, value);
    memcpy(c->levels + level * TF_REDUCE_BYTES, value, (size_t)(n * job->size));
    c->count++;
}

/* Leaves the whole in `value`, which holds the last leaf (not pushed). */
static void cascade_finish(const cascade *c, const reduce_job *job, int64_t n, char *value)
{
    for (int level = 0; level < LEVELS; level++)
        if (c->count >> level & 1)
            job->kernels->combine(n, c->levels + level * TF_REDUCE_BYTES, value);
}

static int64_t leaf_extent(const group *g, const int64_t *counters)
{
    return counters[0] + 1 == g->outer.extents[0] ? g->last : g->length;
}

/* The leaves [begin, end) of n kept elements, whose input begins at `in`. */
static void reduce_leaves(const reduce_job *job, int64_t n, const char *in, int64_t begin,
                          int64_t end, char *value)
{
    _Alignas(64) char levels[LEVELS * TF_REDUCE_BYTES];
    cascade c = {.count = 0, .levels = levels};
    const group *reduced = &job->reduced;
    int64_t counters[TF_MAX_AXES], offset;
    tf_loop_seek(&reduced->outer, 0, begin, counters, &offset);
    for (int64_t leaf = begin; leaf < end; leaf++) {
        reduce_leaf(job, n, leaf_extent(reduced, counters), in + offset * job->size, value);
        if (leaf + 1 == end)
            break;
        cascade_push(&c, job, n, value);
        tf_loop_step(&reduced->outer, 0, counters, &offset);
    }
    cascade_finish(&c, job, n, value);
}

/* Items: leaves of kept elements times chunks. */
static void reduce_items(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    static const int64_t zero[1] = {0};
    const reduce_job *job = user;
    const group *kept = &job->kept;
    _Alignas(64) char value[TF_REDUCE_BYTES];
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], chunk = begin % job->chunks;
    tf_loop_seek(&kept->outer, 0, begin / job->chunks, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        int64_t n[2] = {leaf_extent(kept, counters), 1}, leaf = chunk * job->leaves_each;
        reduce_leaves(job, n[0], job->in + offsets[0] * job->size, leaf,
                      TF_MIN(leaf + job->leaves_each, job->reduced.outer.count), value);
        if (job->chunks > 1)
            job->scatter(n, value, job->partials + (chunk * job->results + offsets[2]) * job->size,
                         kept->offsets[2], zero);
        else
            job->scatter(n, value, job->out + offsets[1] * job->size, kept->offsets[1], zero);
        if (++chunk == job->chunks) {
            chunk = 0;
            tf_loop_step(&kept->outer, 0, counters, offsets);
        }
    }
}

/* ---- cutting ---- */

static void open_group(group *g, const tf_loop *loop)
{
    g->outer = (tf_loop){.rank = 1, .operands = loop->operands, .count = 1, .extents = {1}};
    memcpy(g->outer.shift, loop->shift, sizeof loop->shift);
    g->length = g->last = 1;
    g->closed = 0;
    for (int k = 0; k < loop->operands; k++)
        g->offsets[k][0] = 0;
}

static void add_outer(group *g, const tf_loop *loop, int axis, int at, int64_t block)
{
    g->outer.extents[at] = (loop->extents[axis] - 1) / block + 1;
    g->outer.count *= g->outer.extents[at];
    for (int k = 0; k < loop->operands; k++)
        g->outer.strides[k][at] = loop->strides[k][axis] * block;
}

/* The leaves take an axis, or as much of it as they have room for; the rest is the loop's. */
static void take_axis(group *g, const tf_loop *loop, int axis, int64_t most)
{
    int64_t extent = loop->extents[axis], block = TF_MIN(extent, most / g->length);
    if (g->closed || block < 2) {
        add_outer(g, loop, axis, g->outer.rank++, 1);
        return;
    }
    int64_t whole = g->length * block;
    for (int k = 0; k < loop->operands; k++)
        for (int64_t i = g->length; i < TF_MIN(whole, TF_REDUCE_LENGTH); i++)
            g->offsets[k][i] = g->offsets[k][i - g->length] + loop->strides[k][axis];
    g->last = whole;
    if (block < extent) {
        g->last = g->length * ((extent - 1) % block + 1);
        g->closed = 1;
        add_outer(g, loop, axis, 0, block);
    }
    g->length = whole;
}

static int has_unit_steps(const group *g)
{
    for (int64_t i = 0; i < g->length; i++)
        if (g->offsets[0][i] != i)
            return 0;
    return 1;
}

/* Tiles grow by the axes in order of their strides in the input. */
static void cut(reduce_job *job, const tf_loop *kept, const tf_loop *reduced)
{
    int k = 0, r = 0;
    int64_t most_kept = TF_MIN(TF_REDUCE_LENGTH, TF_REDUCE_BYTES / job->size);
    job->rows = job->periods = 0;
    open_group(&job->kept, kept);
    open_group(&job->reduced, reduced);
    if (reduced->extents[0] >= SHORT_ROW &&
        (kept->count == 1 || reduced->strides[0][0] <= kept->strides[0][0])) {
        job->rows = 1;
        job->row_stride = reduced->strides[0][0];
        take_axis(&job->reduced, reduced, r++, ROW_LEAF);
        job->kept.closed = job->reduced.closed = 1;
    }
    while (k < kept->rank || r < reduced->rank) {
        if (r == reduced->rank ||
            (k < kept->rank && kept->strides[0][k] <= reduced->strides[0][r])) {
            job->kept.closed |= job->kept.length >= ENOUGH_KEPT;
            take_axis(&job->kept, kept, k++, most_kept);
            continue;
        }
        job->reduced.closed |= job->reduced.length >= ENOUGH_ROWS;
        job->periods |= r == 0 && !job->rows && job->kept.length > 1 &&
                        job->kept.length < PERIODS && has_unit_steps(&job->kept) &&
                        reduced->strides[0][0] == job->kept.length &&
                        reduced->extents[0] >= PERIODS;
        take_axis(&job->reduced, reduced, r++, job->periods ? PERIOD_LEAF : MOST_ROWS);
        if (job->periods)
            job->kept.closed = job->reduced.closed = 1;
    }
    job->is_unit = has_unit_steps(&job->kept);
}

/* Reduces the partial results over the chunks: the same problem, at least a hundred times smaller. */
static tenferro_status
reduce_partials(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype,
                const reduce_job *job, const tf_loop *kept)
{
    int64_t extents[TF_MAX_AXES + 1], in_strides[TF_MAX_AXES + 1], out_strides[TF_MAX_AXES + 1];
    unsigned char reduced[TF_MAX_AXES + 1] = {0};
    for (int axis = 0; axis < kept->rank; axis++) {
        extents[axis] = kept->extents[axis];
        in_strides[axis] = kept->strides[2][axis];
        out_strides[axis] = kept->strides[1][axis];
    }
    extents[kept->rank] = job->chunks;
    in_strides[kept->rank] = job->results;
    out_strides[kept->rank] = 0;
    reduced[kept->rank] = 1;
    return tf_reduce(engine, op, dtype, kept->rank + 1, extents, reduced, job->partials, in_strides,
                     job->out + kept->shift[1] * job->size, out_strides);
}

static tenferro_status run(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype,
                           reduce_job *job, const tf_loop *kept, const tf_loop *reduced)
{
    cut(job, kept, reduced);
    int64_t leaf_elements = job->kept.length * job->reduced.length, bytes = 0;
    int64_t leaves = job->reduced.outer.count;
    job->leaves_each = TF_MAX(1, CHUNK / leaf_elements);
    job->chunks = (leaves - 1) / job->leaves_each + 1;
    job->results = kept->count;
    if (job->chunks > 1) {
        bytes = job->chunks * job->results * job->size;
        job->partials = engine->scratch_take(engine->user, bytes);
        if (job->partials == NULL)
            return TENFERRO_OUT_OF_MEMORY;
    }
    int64_t items = job->kept.outer.count * job->chunks;
    int64_t item_elements = leaf_elements * TF_MIN(leaves, job->leaves_each);
    int threads = tf_threads_for(engine, 0.5 * (double)items * (double)item_elements);
    tenferro_status status = tf_run_chunks(engine, threads, items, TF_MAX(1, CHUNK / item_elements),
                                           reduce_items, job);
    if (job->partials != NULL) {
        if (status == TENFERRO_OK)
            status = reduce_partials(engine, op, dtype, job, kept);
        engine->scratch_give(engine->user, job->partials, bytes);
    }
    return status;
}

static const char *const names[TF_REDUCE_COUNT] = {"sum", "prod", "min", "max", "any", "all"};

int tf_reduce_supports(tf_reduce_op op, tenferro_dtype dtype)
{
    return (unsigned)op < TF_REDUCE_COUNT && dtype < TF_DTYPE_SLOTS &&
           tf_kernels_portable.reduce[op][dtype].row != NULL;
}

/* The value of an empty reduction. */
static tenferro_status
fill_empty(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype, int rank,
           const int64_t *extents, void *out, const int64_t *strides)
{
    static const int32_t one_i32 = 1;
    static const int64_t one_i64 = 1;
    static const float one_c64[2] = {1, 0};
    static const double one_c128[2] = {1, 0};
    static const unsigned char true_bool = 1, zero[16] = {0};
    static const void *const ones[TF_DTYPE_SLOTS] = {NULL,    &true_bool, &one_i32, &one_i64,
                                                     one_c64, one_c128,   one_c64,  one_c128};
    if (op == TF_REDUCE_MIN || op == TF_REDUCE_MAX)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s of no elements has no value", names[op]);
    const void *value = op == TF_REDUCE_PROD || op == TF_REDUCE_ALL ? ones[dtype] : zero;
    return tf_fill(engine, tf_element_size(dtype), value, rank, extents, out, strides);
}

tenferro_status tf_reduce(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype, int rank,
                          const int64_t *extents, const unsigned char *reduced_axes, const void *in,
                          const int64_t *in_strides, void *out, const int64_t *out_strides)
{
    if (!tf_reduce_supports(op, dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s is not defined for dtype %u",
                       (unsigned)op < TF_REDUCE_COUNT ? names[op] : "?", (unsigned)dtype);
    int64_t kept_extents[TF_MAX_AXES], kept_in[TF_MAX_AXES], kept_out[TF_MAX_AXES];
    int64_t reduced_extents[TF_MAX_AXES], reduced_in[TF_MAX_AXES];
    int kept_rank = 0, reduced_rank = 0, empty = 0;
    for (int axis = 0; axis < rank; axis++) {
        if (extents[axis] == 0 && !reduced_axes[axis])
            return TENFERRO_OK;
        empty |= extents[axis] == 0;
    }
    for (int axis = 0; axis < rank; axis++) {
        if (extents[axis] <= 1)
            continue;
        int at = reduced_axes[axis] ? reduced_rank++ : kept_rank++;
        if (at >= TF_MAX_AXES)
            return tf_fail(TENFERRO_OVERFLOW, "%s over %d axes: more elements than int64 holds",
                           names[op], rank);
        if (reduced_axes[axis]) {
            reduced_extents[at] = extents[axis];
            reduced_in[at] = in_strides[axis];
        } else {
            kept_extents[at] = extents[axis];
            kept_in[at] = in_strides[axis];
            kept_out[at] = out_strides[axis];
        }
    }
    if (empty)
        return fill_empty(engine, op, dtype, kept_rank, kept_extents, out, kept_out);
    tf_loop kept, reduced;
    const int64_t *kept_strides[] = {kept_in, kept_out}, *reduced_strides[] = {reduced_in};
    TF_TRY(tf_loop_init(&kept, kept_rank, kept_extents, 2, kept_strides));
    TF_TRY(tf_loop_init(&reduced, reduced_rank, reduced_extents, 1, reduced_strides));
    kept.operands = 3; /* the third one: compact */
    kept.shift[2] = 0;
    for (int axis = 0; axis < kept.rank; axis++)
        kept.strides[2][axis] = axis == 0 ? 1 : kept.strides[2][axis - 1] * kept.extents[axis - 1];
    int64_t size = tf_element_size(dtype);
    reduce_job job; /* too large to be cleared each time */
    job.kernels = &engine->kernels->reduce[op][dtype];
    job.scatter = engine->kernels->scatter[tf_size_class(size)];
    job.size = size;
    job.in = in;
    job.out = out;
    job.partials = NULL;
    return run(engine, op, dtype, &job, &kept, &reduced);
}
