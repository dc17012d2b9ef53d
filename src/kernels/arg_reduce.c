/*
 * Where the first maximum or minimum is.  Blocks are searched in index order, so the first one
 * wins.
 */
#include "kernels/loop.h"
#include "kernels/table.h"
#include "support/checked.h"

#define BLOCK 512

typedef struct arg_job {
    tf_arg_row row;
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

static void search_items(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const arg_job *job = user;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    tf_loop_seek(job->kept, 0, begin, counters, offsets);
    for (int64_t item = begin; item < end; item++) {
        job->out[offsets[0]] = search(job, job->in + offsets[1] * job->size);
        tf_loop_step(job->kept, 0, counters, offsets);
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
    int threads = tf_threads_for(engine, (double)kept.count * (double)reduced.count);
    return tf_run_chunks(engine, threads, kept.count, TF_MAX(1, 16384 / reduced.count),
                         search_items, &job);
}
