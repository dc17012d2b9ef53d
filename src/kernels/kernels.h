/*
 * The strided kernels: map, copy, cast, fill, reduce, arg-reduce over pointers, extents and
 * strides.
 *
 * Strides are in elements and signed; any rank (after dropping extents of 1 a nonempty loop has at
 * most 62 axes, so fixed arrays always suffice).  Every entry normalises first: extents of 1
 * dropped, axes that are contiguous together in every operand fused, axes ordered for locality
 * (negative strides of the output flipped where all operands allow).  The output may be the same as
 * an input with the same strides (elementwise in place); any other overlap is the caller's to
 * exclude (tf_regions_overlap).  Results do not depend on the number of threads.
 */
#ifndef TF_KERNELS_KERNELS_H
#define TF_KERNELS_KERNELS_H

#include <stdatomic.h>
#include <tenferro/dtype.h>

#include "support/parallel.h"
#include "support/status.h"

#define TF_MAX_OPERANDS 4
#define TF_MAX_AXES 64

/* Elementwise operations.  All inputs have one dtype (select: its first input is bool); the
 * output's dtype is the input's unless said. */
typedef enum tf_map_op {
    /* unary */
    TF_MAP_NEG, /* wraps on integers */
    TF_MAP_CONJ,
    TF_MAP_ABS,  /* complex: real output, hypot without overflow */
    TF_MAP_SQRT, /* from here: floats and complex (C99 Annex G branch cuts) */
    TF_MAP_EXP,
    TF_MAP_LOG,
    TF_MAP_SIN,
    TF_MAP_COS,
    TF_MAP_TANH,
    TF_MAP_LOGICAL_NOT, /* bool */
    /* binary */
    TF_MAP_ADD, /* bool: or */
    TF_MAP_SUB, /* not bool */
    TF_MAP_MUL, /* bool: and */
    TF_MAP_DIV, /* floats and complex (Smith's or better); integers are promoted before */
    TF_MAP_POW, /* floats and complex; integers: by squaring, negative exponent gives 0 (1, -1 to themselves) */
    TF_MAP_MAXIMUM, /* NaN in either operand gives NaN; not complex */
    TF_MAP_MINIMUM,
    TF_MAP_EQUAL, /* bool output; complex only equal and not_equal */
    TF_MAP_NOT_EQUAL,
    TF_MAP_LESS,
    TF_MAP_LESS_EQUAL,
    TF_MAP_GREATER,
    TF_MAP_GREATER_EQUAL,
    TF_MAP_LOGICAL_AND, /* bool */
    TF_MAP_LOGICAL_OR,
    TF_MAP_LOGICAL_XOR,
    /* ternary */
    TF_MAP_SELECT, /* in[0] ? in[1] : in[2] */
    TF_MAP_COUNT
} tf_map_op;

/* One row: n elements; strides in elements of each operand's own dtype. */
typedef void (*tf_row)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                       int64_t out_stride);

typedef enum tf_reduce_op {
    TF_REDUCE_SUM, /* floats: pairwise or blocked, error O(eps log n) */
    TF_REDUCE_PROD,
    TF_REDUCE_MIN, /* NaN wins; not complex */
    TF_REDUCE_MAX,
    TF_REDUCE_ANY, /* bool */
    TF_REDUCE_ALL,
    TF_REDUCE_COUNT
} tf_reduce_op;

/* A table of kernels for one ISA, const, defined in kernels_<isa>.c. */
typedef struct tf_kernels tf_kernels;
extern const tf_kernels tf_kernels_portable;
#if defined(__x86_64__)
extern const tf_kernels tf_kernels_avx2;   /* same functions, compiled with -mavx2 -mfma */
extern const tf_kernels tf_kernels_avx512; /* and with AVX-512 F, DQ, BW, VL */
#elif defined(__aarch64__)
extern const tf_kernels tf_kernels_neon;
#endif

/* What a kernel may use. */
typedef struct tf_engine {
    const tf_kernels *kernels;
    tf_pool *pool; /* NULL: serial */
    int threads;
    int64_t l1_bytes, l2_bytes, l3_bytes; /* data caches of one core; 0: unknown */
    const struct tenferro_rates *rates;   /* contract/cost.h; NULL: built in */
    void *user;                           /* for the callbacks below */
    int (*cancelled)(void *user);         /* NULL: never */
    void *(*scratch_take)(void *user,
                          int64_t bytes); /* 64-byte aligned; NULL with the message set on failure */
    void (*scratch_give)(void *user, void *pointer, int64_t bytes);
    /* a guest's gemm, see memory/blas.h; NULL: none.  has_gemm tells for which dtype. */
    int (*has_gemm)(void *user, tenferro_dtype dtype);
    tenferro_status (*gemm)(void *user, tenferro_dtype dtype, char ta, char tb, int64_t m,
                            int64_t n, int64_t k, const void *alpha, const void *a, int64_t lda,
                            const void *b, int64_t ldb, const void *beta, void *c, int64_t ldc);
} tf_engine;

/* "portable", "avx2", "avx512" */
const char *tf_kernels_name(const tf_kernels *kernels);

/* 1 if the operation exists for that input dtype. */
int tf_map_supports(tf_map_op op, tenferro_dtype dtype);
int tf_reduce_supports(tf_reduce_op op, tenferro_dtype dtype);
/* Number of inputs, 1 to 3; its textbook name ("maximum"). */
int tf_map_arity(tf_map_op op);
const char *tf_map_name(tf_map_op op);

/* out[i] = op(in[0][i], ...).  TENFERRO_DTYPE_MISMATCH if !tf_map_supports; TENFERRO_CANCELLED. */
tenferro_status tf_map(const tf_engine *engine, tf_map_op op, tenferro_dtype dtype, int rank,
                       const int64_t *extents, const void *const *in,
                       const int64_t *const *in_strides, void *out, const int64_t *out_strides);

/*
 * Copies elements of any size in bytes (1, 2, 4, 8, 16 have their own kernels; the rest memcpy).
 * Permutations are tiled.
 */
tenferro_status
tf_copy(const tf_engine *engine, int64_t element_size, int rank, const int64_t *extents,
        const void *in, const int64_t *in_strides, void *out, const int64_t *out_strides);

/* Converts between built-in dtypes.  float to integer truncates towards zero and saturates, NaN
 * gives 0; complex to real drops the imaginary part; to bool: x != 0. */
tenferro_status tf_cast(const tf_engine *engine, tenferro_dtype from, tenferro_dtype to, int rank,
                        const int64_t *extents, const void *in, const int64_t *in_strides,
                        void *out, const int64_t *out_strides);

/* Every element = the element_size bytes at value. */
tenferro_status tf_fill(const tf_engine *engine, int64_t element_size, const void *value, int rank,
                        const int64_t *extents, void *out, const int64_t *out_strides);

/* out[kept] = reduction over the axes with reduced[axis] != 0.  out_strides has `rank` entries,
 * those of reduced axes ignored.  Empty reductions give 0, 1, false, true; MIN and MAX of nothing
 * give TENFERRO_SHAPE_MISMATCH. */
tenferro_status tf_reduce(const tf_engine *engine, tf_reduce_op op, tenferro_dtype dtype, int rank,
                          const int64_t *extents, const unsigned char *reduced, const void *in,
                          const int64_t *in_strides, void *out, const int64_t *out_strides);

/*
 * Index (int64, column-major linear index over the reduced axes) of the first maximum (or minimum);
 * the first NaN wins.
 */
tenferro_status tf_arg_reduce(const tf_engine *engine, int maximum, tenferro_dtype dtype, int rank,
                              const int64_t *extents, const unsigned char *reduced, const void *in,
                              const int64_t *in_strides, int64_t *out, const int64_t *out_strides);

/*
 * 1 if the byte regions spanned by two strided arrays intersect (conservative: spans, not
 * elements).
 */
int tf_regions_overlap(int64_t a_size, int a_rank, const int64_t *a_extents,
                       const int64_t *a_strides, const void *a, int64_t b_size, int b_rank,
                       const int64_t *b_extents, const int64_t *b_strides, const void *b);

#endif
