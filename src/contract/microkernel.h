/* The typed inner loops of the contraction engine, a table for each ISA. */
#ifndef TF_CONTRACT_MICROKERNEL_H
#define TF_CONTRACT_MICROKERNEL_H

#include "contract/problem.h"

/*
 * Packed panels: for each k, `mr` (or `nr`) elements; complex ones as that many real parts, then
 * imaginary parts.  Rows beyond the edge are 0.  A tile is mr x nr column-major; complex: the real
 * tile, then the imaginary one.
 */
typedef struct tf_microkernel {
    int mr, nr;
    int64_t mc, kc, nc; /* cache blocks: multiples of mr, 1, nr */
    void (*pack_a)(int64_t m, int64_t k, const void *a, const int64_t *rows, const int64_t *columns,
                   int conj, void *packed);
    void (*pack_b)(int64_t n, int64_t k, const void *b, const int64_t *rows, const int64_t *columns,
                   int conj, void *packed);
    void (*multiply)(int64_t k, const void *a, const void *b, void *tile);
    /* C = alpha tile + beta C for the first m x n of the tile; beta NULL: C is not read. */
    void (*store)(int64_t m, int64_t n, const void *tile, const void *alpha, const void *beta,
                  void *c, const int64_t *rows, const int64_t *columns);

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
extern const tf_microkernel tf_microkernels_avx2[TF_DTYPE_SLOTS];
extern const tf_microkernel tf_microkernels_avx512[TF_DTYPE_SLOTS];

static inline const tf_microkernel *tf_microkernel_for(const tf_engine *engine, tenferro_dtype dtype)
{
    return engine->kernels == &tf_kernels_avx512 ? &tf_microkernels_avx512[dtype]
           : engine->kernels == &tf_kernels_avx2 ? &tf_microkernels_avx2[dtype]
                                                 : &tf_microkernels_portable[dtype];
}

/* The routes. */
tenferro_status tf_contract_naive(const tf_problem *problem);
tenferro_status tf_contract_direct(const tf_engine *engine, const tf_problem *problem);
tenferro_status tf_contract_packed(const tf_engine *engine, tf_problem *problem);
/*
 * 1 if a gemm serves the problem; UNSUPPORTED if the guest then refuses it, with nothing written.
 */
int tf_contract_blas_fits(const tf_problem *problem);
tenferro_status tf_contract_blas(const tf_engine *engine, tf_problem *problem);

/* Upper bounds of their scratch. */
int64_t tf_contract_direct_scratch(const tf_problem *problem);
int64_t tf_contract_packed_scratch(const tf_engine *engine, const tf_problem *problem);

#endif
