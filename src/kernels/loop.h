/* Loop nests over strided operands: normalised once, then run in rows over the threads. */
#ifndef TF_KERNELS_LOOP_H
#define TF_KERNELS_LOOP_H

#include "kernels/kernels.h"

/* Axis 0 is the innermost.  Offsets are in elements. */
typedef struct tf_loop {
    int rank; /* at least 1, unless count is 0 */
    int operands;
    int64_t count; /* iterations; 0: nothing to do */
    int64_t extents[TF_MAX_AXES];
    int64_t strides[TF_MAX_OPERANDS][TF_MAX_AXES];
    int64_t shift[TF_MAX_OPERANDS]; /* where an operand's first element went when its axes were flipped */
} tf_loop;

/*
 * Drops extents of 1, makes the strides of operand 0 nonnegative, sorts the axes by them (then by
 * those of the other operands), fuses what is contiguous together in all operands.  OVERFLOW if the
 * iterations cannot be counted.
 */
tenferro_status tf_loop_init(tf_loop *loop, int rank, const int64_t *extents, int operands,
                             const int64_t *const *strides);

/*
 * Operand offsets of iteration `index` of the axes from `axis` up, axis `axis` running fastest;
 * fills counters[axis ..].
 */
void tf_loop_seek(const tf_loop *loop, int axis, int64_t index, int64_t *counters, int64_t *offsets);
/* Moves on by one iteration of the axes from `axis` up. */
void tf_loop_step(const tf_loop *loop, int axis, int64_t *counters, int64_t *offsets);

/* Outputs of more bytes than this bypass the caches: about what one core can call its own. */
#define TF_STREAM_BYTES 16777216

/* 1 if an output of so many bytes should. */
int tf_streams(const tf_engine *engine, int64_t bytes);

/* One row along axis 0 (or a part of one): n elements from out and in[0], in[1] ... */
typedef void (*tf_loop_row)(const void *user, int64_t n, void *out, int64_t out_stride,
                            const void *const *in, const int64_t *in_strides);

/*
 * The rows, over the threads if they take long enough.  sizes: bytes of an element of each operand.
 * moves: the rows only write `out`, and do not mind where their operands are: blocks may stand for them.
 */
tenferro_status tf_loop_run(const tf_engine *engine, const tf_loop *loop, const int64_t *sizes,
                            void *out, const void *const *in, double nanoseconds_each, int moves,
                            tf_loop_row row, const void *user);

/* Threads for that much predicted work: 1 below about 20 us. */
int tf_threads_for(const tf_engine *engine, double nanoseconds);

/*
 * A loop that stops early when the engine is cancelled: body(user, begin, end, worker) over chunks
 * of `grain`.
 */
tenferro_status tf_run_chunks(const tf_engine *engine, int threads, int64_t count, int64_t grain,
                              tf_parallel_body body, void *user);

#endif
