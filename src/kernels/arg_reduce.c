/*
 * Where the first maximum or minimum is.  Blocks are searched in index order, so the first one
 * wins.
 */
#include "kernels/loop.h"
#include "kernels/table.h"
#include "support/checked.h"

#define BLOCK 512
#define ROWS 64 /* of a block of columns */

typedef struct arg_job {
    tf_arg_row row;
    tf_arg_columns columns;
    int64_t width; /* kept elements side by side that are searched together */
    int64_t size;
    const tf_loop *kept;    /* operands: out, in */
    const tf_loop *reduced; /* operand: in; axes in index order */
    const char *in;
    int64_t *out;
} arg_job;

static int64_t search(const arg_job *job, const char *in)
{
    const tf_loop *reduced = job->reduced;
    int64_t counters[TF_MAX_AXES], offset, stride = reduced->strides[0][0],
                                           extent = reduced->extents[0], found = 0;
    union {
        int64_t i64;
        double f64;
    } best;
    tf_loop_seek(reduced, 1, 0, counters, &offset);
    for (int64_t base = 0; base < reduced->count; base += extent) {
        for (int64_t first = 0; first < extent; first += BLOCK) {
            int64_t at = job->row(TF_MIN(BLOCK, extent - first),
                                  in + (offset + first * stride) * job->size, stride,
                                  base + first == 0, &best);
            if (at >= 0)
                found = base + first + at;
        }
        tf_loop_step(reduced, 1, counters, &offset);
    }
    return found;
}

/* Of n columns next to one another. */
static void search_columns(const arg_job *job, int64_t n, const char *in, int64_t *found)
{
    _Alignas(64) char best[TF_REDUCE_LENGTH * sizeof(int64_t)];
    const tf_loop *reduced = job->reduced;
    int64_t counters[TF_MAX_AXES], offset, rows[ROWS], stride = reduced->strides[0][0],
                                                       extent = reduced->extents[0];
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] = i * stride;
    tf_loop_seek(reduced, 1, 0, counters, &offset);
    for (int64_t base = 0; base < reduced->count; base += extent) {
        for (int64_t first = 0; first < extent; first += ROWS)
            job->columns(n, TF_MIN(ROWS, extent - first), in + (offset + first * stride) * job->size,
                         rows, base + first == 0, base + first, best, found);
        tf_loop_step(reduced, 1, counters, &offset);
    }
}

/* Items: blocks of kept elements. */
static void search_items(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const arg_job *job = user;
    const tf_loop *kept = job->kept;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS], found[TF_REDUCE_LENGTH] = {0};
    int64_t extent = kept->extents[0], blocks = (extent - 1) / job->width + 1;
    for (int64_t item = begin; item < end; item++) {
        int64_t first = item % blocks * job->width, n = TF_MIN(job->width, extent - first);
        tf_loop_seek(kept, 1, item / blocks, counters, offsets);
        const char *in = job->in + (offsets[1] + first * kept->strides[1][0]) * job->size;
        if (job->width > 1)
            search_columns(job, n, in, found);
        else
            found[0] = search(job, in);
        for (int64_t i = 0; i < n; i++)
            job->out[offsets[0] + (first + i) * kept->strides[0][0]] = found[i];
    }
}

tenferro_status
tf_arg_reduce(const tf_engine *engine, int maximum, tenferro_dtype dtype, int rank,
              const int64_t *extents, const unsigned char *reduced_axes, const void *in,
              const int64_t *in_strides, int64_t *out, const int64_t *out_strides)
{
    const char *name = maximum ? "argmax" : "argmin";
    arg_job job = {.row = dtype < TF_DTYPE_SLOTS ? engine->kernels->arg[maximum != 0][dtype] : NULL,
                   .size = tf_element_size(dtype),
                   .in = in,
                   .out = out};
    if (job.row == NULL)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s is not defined for dtype %u", name,
                       (unsigned)dtype);
    int64_t kept_extents[TF_MAX_AXES], kept_out[TF_MAX_AXES], kept_in[TF_MAX_AXES];
    int kept_rank = 0, empty = 0;
    tf_loop kept, reduced = {.operands = 1,
                             .count = 1}; /* in the given order: the loop's index is the answer */
    for (int axis = 0; axis < rank; axis++) {
        if (extents[axis] == 0 && !reduced_axes[axis])
            return TENFERRO_OK;
        empty |= extents[axis] == 0;
    }
    if (empty)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "%s of no elements has no value", name);
    for (int axis = 0; axis < rank; axis++) {
        if (extents[axis] == 1)
            continue;
        if (kept_rank == TF_MAX_AXES || reduced.rank == TF_MAX_AXES)
            return tf_fail(TENFERRO_OVERFLOW, "%s over %d axes: more elements than int64 holds",
                           name, rank);
        if (reduced_axes[axis]) {
            int last = reduced.rank - 1;
            if (tf_mul_overflows(reduced.count, extents[axis], &reduced.count))
                return tf_fail(TENFERRO_OVERFLOW, "%s over more elements than int64 holds", name);
            if (last >= 0 && in_strides[axis] == reduced.strides[0][last] * reduced.extents[last]) {
                reduced.extents[last] *= extents[axis];
                continue;
            }
            reduced.extents[reduced.rank] = extents[axis];
            reduced.strides[0][reduced.rank++] = in_strides[axis];
        } else {
            kept_extents[kept_rank] = extents[axis];
            kept_out[kept_rank] = out_strides[axis];
            kept_in[kept_rank++] = in_strides[axis];
        }
    }
    if (reduced.rank == 0) {
        reduced.rank = 1;
        reduced.extents[0] = 1;
    }
    const int64_t *strides[] = {kept_out, kept_in};
    TF_TRY(tf_loop_init(&kept, kept_rank, kept_extents, 2, strides));
    job.kept = &kept;
    job.reduced = &reduced;
    job.columns = engine->kernels->arg_columns[maximum != 0][dtype];
    job.width = kept.strides[1][0] == 1 && reduced.strides[0][0] != 1
                    ? TF_MIN(kept.extents[0], TF_REDUCE_LENGTH)
                    : 1;
    int64_t items = kept.count / kept.extents[0] * ((kept.extents[0] - 1) / job.width + 1);
    int threads = tf_threads_for(engine, (double)kept.count * (double)reduced.count);
    return tf_run_chunks(engine, threads, items, TF_MAX(1, 16384 / job.width / reduced.count),
                         search_items, &job);
}
