/* The typed inner loops of the contraction engine, a table for each ISA. */
#ifndef TF_CONTRACT_MICROKERNEL_H
#define TF_CONTRACT_MICROKERNEL_H

#include "contract/problem.h"

/* Where a tile of C lies, and what becomes of it: C = alpha A B + beta C. */
typedef struct tf_tile {
    void *c;
    const int64_t *rows, *columns; /* offsets in C */
    int64_t m, n;                  /* 1 .. mr, 1 .. nr */
    int is_run;                    /* the rows are consecutive */
    const void *alpha, *beta;      /* beta NULL: C is not read */
} tf_tile;

#define TF_ACROSS_SIDE 4 /* rows of A, columns of B in a panel */

/*
 * Products of small matrices that lie side by side, with alpha and beta as above.  `at` is where
 * the elements of the first matrices lie: A's in panels of TF_ACROSS_SIDE rows, from k to k the
 * rows of a panel one after another, then B's in panels of columns, then C's.
 */
typedef struct tf_across {
    int64_t m, n, k;
    const char *const *at;
    const int64_t *c_rows, *c_columns;
    const void *alpha, *beta;
    int64_t lines;   /* cache lines of each element in a block */
    int64_t fetched; /* that many of `at` while the block before is multiplied, */
    int64_t rate;    /* so many lines at each k of a tile */
    int streams;     /* C goes past the caches: its lines are whole, beta is NULL */
} tf_across;

#define TF_ACROSS_INPUTS(t) (((t)->m + (t)->n) * (t)->k) /* elements of A and B */

/* Cache lines that are still to be fetched: `bytes` of each element, of this one `done`. */
typedef struct tf_fetch {
    const char *const *at, *const *end;
    int64_t offset, done, bytes, rate;
} tf_fetch;

/*
 * C = alpha op(A) op(B) + beta C for m x n matrices that lie at regular distances, the rows of A one
 * after another.  The sum runs over `lines` lines of k elements each.
 */
typedef struct tf_in_place {
    int64_t m, n, k, lines;
    int64_t a_step, b_step;           /* from k to k */
    const int64_t *a_lines, *b_lines; /* offsets where the lines begin */
    int64_t b_column, c_row, c_column;
    int conj_a, conj_b;
    const void *alpha, *beta; /* beta NULL: C is not read */
    int64_t ahead;            /* the offsets go on for so many matrices, which are fetched: */
    int64_t lines_ahead[3];   /* so many cache lines of each operand */
} tf_in_place;

/* The contract of each function is in docs/microkernels.md. */
typedef struct tf_microkernel {
    int mr, nr, lanes; /* mr is a multiple of lanes */
    void (*pack_a)(int64_t m, int64_t k, const void *a, const int64_t *rows, const int64_t *columns,
                   int conj, void *packed);
    void (*pack_b)(int64_t n, int64_t k, const void *b, const int64_t *rows, const int64_t *columns,
                   int conj, void *packed);
    void (*multiply)(int64_t k, const void *a, const void *b, const tf_tile *tile);
    /* `count` products of operands where they lie, at these offsets; NULL: none */
    void (*multiply_in_place)(const tf_in_place *shape, int64_t count, const void *a,
                              const int64_t *a_at, const void *b, const int64_t *b_at, void *c,
                              const int64_t *c_at);
    /* `count` matrices, the same element of each next to one another; NULL: none */
    void (*across)(int64_t first, int64_t count, void *c, const tf_across *across, void *scratch);

    /* acc[i] (+)= a[i*sa] b[i*sb], the first time without reading acc */
    void (*accumulate)(int64_t n, const void *a, int64_t sa, int conj_a, const void *b, int64_t sb,
                       int conj_b, int first, void *acc);
    /* *acc (+)= sum of a[i*sa] b[i*sb] */
    void (*dot)(int64_t n, const void *a, int64_t sa, int conj_a, const void *b, int64_t sb,
                int conj_b, int first, void *acc);
    /* c[i*sc] = alpha acc[i] + beta c[i*sc] */
    void (*finish)(int64_t n, const void *acc, const void *alpha, const void *beta, void *c,
                   int64_t sc);
} tf_microkernel;

extern const tf_microkernel tf_microkernels_portable[TF_DTYPE_SLOTS];
#if defined(__x86_64__)
extern const tf_microkernel tf_microkernels_avx2[TF_DTYPE_SLOTS];
extern const tf_microkernel tf_microkernels_avx512[TF_DTYPE_SLOTS];
#elif defined(__aarch64__)
extern const tf_microkernel tf_microkernels_neon[TF_DTYPE_SLOTS];
#endif

static inline const tf_microkernel *tf_microkernel_for(const tf_engine *engine, tenferro_dtype dtype)
{
#if defined(__x86_64__)
    if (engine->kernels == &tf_kernels_avx512)
        return &tf_microkernels_avx512[dtype];
    if (engine->kernels == &tf_kernels_avx2)
        return &tf_microkernels_avx2[dtype];
#elif defined(__aarch64__)
    if (engine->kernels == &tf_kernels_neon)
        return &tf_microkernels_neon[dtype];
#endif
    return &tf_microkernels_portable[dtype];
}

#endif
