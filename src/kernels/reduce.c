/*
 * Reductions over any axes.
 *
 * The reduced space is cut into leaves (a piece of a row, or a few rows under a block of columns),
 * whose results meet pairwise: like the carries of a binary counter, two results of 2^k leaves make
 * one of 2^(k+1).  Long reductions are cut into chunks whose partial results are reduced again.
 * All borders depend on the shape and strides alone, so the bits do not depend on the number of
 * threads.
 */
#include "kernels/loop.h"
#include "kernels/table.h"

#define ROW_LEAF 1024  /* elements of a leaf along a row */
#define COLUMN_LEAF 16 /* rows of a leaf under columns */
#define CHUNK 65536    /* elements of a chunk */
#define LEVELS 40      /* 2^40 leaves; beyond, the last level takes all */

typedef struct reduce_job {
    const tf_engine *engine;
    const tf_reduce_kernels *kernels;
    int64_t size;
    const tf_loop *kept;    /* operands: in, out */
    const tf_loop *reduced; /* operand: in */
    const char *in;
    char *out;
    char *partials;          /* [chunk][kept]; NULL if there is one chunk */
    int columns;             /* leaves lie under `width` kept elements of axis 0 */
    int64_t width, segments; /* blocks of kept axis 0 */
    int64_t leaf, leaf_segments, leaves, leaves_each, chunks;
} reduce_job;

/* Pairwise combination of results of up to TF_REDUCE_BYTES. */
typedef struct cascade {
    uint64_t count;
    char *levels; /* LEVELS blocks of TF_REDUCE_BYTES */
} cascade;

static void cascade_push(cascade *c, const reduce_job *job, int64_t n, char *value)
{
    int level = 0;
    for (; level < LEVELS - 1 && (c->count >> level & 1); level++)
        job->kernels->combine(n, c->levels + level * TF_REDUCE_BYTES, value);
    char *slot = c->levels + level * TF_REDUCE_BYTES;
    if (level == LEVELS - 1 && c->count >> level != 0)
        job->kernels->combine(n, slot, value);
    memcpy(slot, value, (size_t)(n * job->size));
    c->count++;
}

/* Leaves the whole in `value`, which holds the last leaf (not pushed). */
static void cascade_finish(const cascade *c, const reduce_job *job, int64_t n, char *value)
{
    for (int level = 0; level < LEVELS; level++)
        if (level == LEVELS - 1 ? c->count >> level != 0 : (c->count >> level & 1) != 0)
            job->kernels->combine(n, c->levels + level * TF_REDUCE_BYTES, value);
}

static void reduce_leaf(const reduce_job *job, int64_t n, int64_t first, const char *in, void *value)
{
    const tf_loop *reduced = job->reduced;
    int64_t stride = reduced->strides[0][0], length = TF_MIN(job->leaf, reduced->extents[0] - first);
    in += first * stride * job->size;
    if (job->columns)
        job->kernels->columns(n, length, in, job->kept->strides[0][0], stride, value);
    else
        job->kernels->row(length, in, stride, value);
}

/* The leaves [begin, end) of one block of outputs, whose input begins at `in`. */
static void reduce_leaves(const reduce_job *job, int64_t n, const char *in, int64_t begin,
                          int64_t end, char *value)
{
    _Alignas(64) char levels[LEVELS * TF_REDUCE_BYTES];
    cascade c = {.count = 0, .levels = levels};
    int64_t counters[TF_MAX_AXES], offset;
    int64_t segment = begin % job->leaf_segments;
    tf_loop_seek(job->reduced, 1, begin / job->leaf_segments, counters, &offset);
    for (int64_t leaf = begin; leaf < end; leaf++) {
        reduce_leaf(job, n, segment * job->leaf, in + offset * job->size, value);
        if (leaf + 1 == end)
            break;
        cascade_push(&c, job, n, value);
        if (++segment == job->leaf_segments) {
            segment = 0;
            tf_loop_step(job->reduced, 1, counters, &offset);
        }
    }
    cascade_finish(&c, job, n, value);
}

static void store(const reduce_job *job, int64_t n, const void *value, char *out, int64_t stride)
{
    const int64_t one = 1;
    job->engine->kernels->copy[tf_size_class(job->size)](n, &value, &one, out, stride);
}

/* Items: blocks of outputs times chunks. */
static void reduce_items(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const reduce_job *job = user;
    const tf_loop *kept = job->kept;
    _Alignas(64) char value[TF_REDUCE_BYTES];
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    for (int64_t item = begin; item < end; item++) {
        int64_t block = item / job->chunks, chunk = item % job->chunks;
        int64_t first = block % job->segments * job->width, row = block / job->segments;
        int64_t n = TF_MIN(job->width, kept->extents[0] - first);
        tf_loop_seek(kept, 1, row, counters, offsets);
        const char *in = job->in + (offsets[0] + first * kept->strides[0][0]) * job->size;
        int64_t leaf = chunk * job->leaves_each;
        if (job->leaves == 1)
            reduce_leaf(job, n, 0, in + job->reduced->shift[0] * job->size, value);
        else
            reduce_leaves(job, n, in, leaf, TF_MIN(leaf + job->leaves_each, job->leaves), value);
        if (job->partials != NULL)
            memcpy(job->partials +
                       (chunk * kept->count + row * kept->extents[0] + first) * job->size,
                   value, (size_t)(n * job->size));
        else
            store(job, n, value, job->out + (offsets[1] + first * kept->strides[1][0]) * job->size,
                  kept->strides[1][0]);
    }
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a - 1) / b + 1;
}

/* Reduces the partial results over the chunks: the same problem, 2^16 times smaller. */
static tenferro_status reduce_partials(const tf_engine *engine, tf_reduce_op op,
                                       tenferro_dtype dtype, const reduce_job *job)
{
    const tf_loop *kept = job->kept;
    int64_t extents[TF_MAX_AXES + 1], in_strides[TF_MAX_AXES + 1], out_strides[TF_MAX_AXES + 1],
        stride = 1;
    unsigned char reduced[TF_MAX_AXES + 1] = {0};
    for (int axis = 0; axis < kept->rank; axis++) {
        extents[axis] = kept->extents[axis];
        in_strides[axis] = stride;
        out_strides[axis] = kept->strides[1][axis];
        stride *= kept->extents[axis];
    }
    extents[kept->rank] = job->chunks;
    in_strides[kept->rank] = stride;
    out_strides[kept->rank] = 0;
    reduced[kept->rank] = 1;
    return tf_reduce(engine, op, dtype, kept->rank + 1, extents, reduced, job->partials, in_strides,
                     job->out + kept->shift[1] * job->size, out_strides);
}

static tenferro_status
run(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype, reduce_job *job)
{
    const tf_loop *kept = job->kept, *reduced = job->reduced;
    int64_t kept_stride = kept->strides[0][0], reduced_stride = reduced->strides[0][0];
    /*
     * Columns where the kept axis is the denser one, or rows would be too short to be worth a call
     * each.
     */
    job->columns = kept->extents[0] >= 4 &&
                   (kept_stride < reduced_stride ||
                    (reduced->extents[0] < 32 && kept->extents[0] > reduced->extents[0]));
    job->width = job->columns ? TF_MIN(TF_REDUCE_BYTES / job->size, kept->extents[0]) : 1;
    job->segments = ceil_div(kept->extents[0], job->width);
    job->leaf = job->columns ? COLUMN_LEAF : ROW_LEAF;
    job->leaf_segments = ceil_div(reduced->extents[0], job->leaf);
    job->leaves = reduced->count / reduced->extents[0] * job->leaf_segments;
    int64_t leaf_elements = job->width * TF_MIN(job->leaf, reduced->extents[0]);
    job->leaves_each = TF_MAX(1, CHUNK / leaf_elements);
    job->chunks = ceil_div(job->leaves, job->leaves_each);
    job->partials = NULL;

    int64_t items = kept->count / kept->extents[0] * job->segments * job->chunks, bytes = 0;
    int64_t item_elements = leaf_elements * TF_MIN(job->leaves, job->leaves_each);
    if (job->chunks > 1) {
        bytes = job->chunks * kept->count * job->size;
        job->partials = engine->scratch_take(engine->user, bytes);
        if (job->partials == NULL)
            return TENFERRO_OUT_OF_MEMORY;
    }
    int threads = tf_threads_for(engine, 0.5 * (double)items * (double)item_elements);
    tenferro_status status = tf_run_chunks(engine, threads, items, TF_MAX(1, CHUNK / item_elements),
                                           reduce_items, job);
    if (job->partials != NULL) {
        if (status == TENFERRO_OK)
            status = reduce_partials(engine, op, dtype, job);
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
    reduce_job job = {.engine = engine,
                      .kernels = &engine->kernels->reduce[op][dtype],
                      .size = tf_element_size(dtype),
                      .kept = &kept,
                      .reduced = &reduced,
                      .in = in,
                      .out = out};
    return run(engine, op, dtype, &job);
}
