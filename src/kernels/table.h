/* A table of kernels for one ISA: what kernels_<isa>.c exports and the drivers call. */
#ifndef TF_KERNELS_TABLE_H
#define TF_KERNELS_TABLE_H

#include "kernels/element.h"
#include "kernels/kernels.h"

/* Element sizes 1, 2, 4, 8, 16 have kernels of their own. */
#define TF_SIZE_CLASSES 5

/* Most results of one piece of a reduction, and their bytes. */
#define TF_REDUCE_LENGTH 512
#define TF_REDUCE_BYTES 4096

typedef struct tf_reduce_kernels {
    /* acc[0] = reduction of n >= 1 elements */
    void (*row)(int64_t n, const void *in, int64_t stride, void *acc);
    /* acc[i] = reduction over `rows` >= 1 of in[kept[i] + reduced[row]], for i < n; kept NULL: i */
    void (*columns)(int64_t n, int64_t rows, const void *in, const int64_t *kept,
                    const int64_t *reduced, void *acc);
    /* acc[i] = acc[i] op x[i] */
    void (*combine)(int64_t n, const void *x, void *acc);
} tf_reduce_kernels;

/*
 * Index of the first best element of a row if it beats *best (always if `first`), which it
 * replaces; otherwise -1.
 */
typedef int64_t (*tf_arg_row)(int64_t n, const void *in, int64_t stride, int first, void *best);

/*
 * The same for each of n <= TF_REDUCE_LENGTH columns of in[i + reduced[row]]; where it wins,
 * found[i] = base + row.
 */
typedef void (*tf_arg_columns)(int64_t n, int64_t rows, const void *in, const int64_t *reduced,
                               int first, int64_t base, void *best, int64_t *found);

/*
 * out[i + out_offsets[j]] = in[in_offsets[i] + j] for i < n[0], j < n[1].  ahead: where the next
 * tile's input begins, to be fetched meanwhile; NULL: no need.  stream: past the caches; the runs of
 * the output must begin at cache lines then.
 */
typedef void (*tf_copy_tile)(const int64_t *n, const void *in, const int64_t *in_offsets, void *out,
                             const int64_t *out_offsets, const void *ahead, int stream);

/* out[i + j*n[0]] = in[in0[i] + in1[j]] for i < n[0], j < n[1] */
typedef void (*tf_copy_gather)(const int64_t *n, const void *in, const int64_t *in0,
                               const int64_t *in1, void *out);

/* out[out0[i] + out1[j]] = in[i + j*n[0]] */
typedef void (*tf_copy_scatter)(const int64_t *n, const void *in, void *out, const int64_t *out0,
                                const int64_t *out1);

/* out[out0[i] + out1[j]] = in[in0[i] + in1[j]] for runs of `bytes`, `size` being the unit of the
 * offsets. */
typedef void (*tf_copy_runs)(const int64_t *n, int64_t bytes, int64_t size, const void *in,
                             const int64_t *in0, const int64_t *in1, void *out, const int64_t *out0,
                             const int64_t *out1, int stream);

struct tf_kernels {
    const char *name;
    tf_row map[TF_MAP_COUNT][TF_DTYPE_SLOTS]; /* by the input's dtype; NULL: not supported */
    tf_row cast[TF_DTYPE_SLOTS][TF_DTYPE_SLOTS];
    tf_reduce_kernels reduce[TF_REDUCE_COUNT][TF_DTYPE_SLOTS];
    tf_arg_row arg[2][TF_DTYPE_SLOTS]; /* minimum, maximum */
    tf_arg_columns arg_columns[2][TF_DTYPE_SLOTS];
    tf_row copy[TF_SIZE_CLASSES];
    tf_copy_tile tile[TF_SIZE_CLASSES];
    tf_copy_gather gather[TF_SIZE_CLASSES];
    tf_copy_scatter scatter[TF_SIZE_CLASSES];
    tf_copy_runs runs;
    void (*fence)(void); /* after the last streaming store of a thread */
    int streams; /* tiles of elements of at least so many bytes can be streamed; 0: nothing can */
    void (*fill[TF_SIZE_CLASSES])(int64_t n, const void *value, void *out, int64_t stride);
};

/* 0 .. 4, or -1 for another size */
static inline int tf_size_class(int64_t size)
{
    switch (size) {
    case 1:
        return 0;
    case 2:
        return 1;
    case 4:
        return 2;
    case 8:
        return 3;
    case 16:
        return 4;
    default:
        return -1;
    }
}

#endif
