/* The guest BLAS, as the contraction engine sees it. */
#ifndef TF_MEMORY_BLAS_H
#define TF_MEMORY_BLAS_H

#include "memory/context.h"

/* 1 if the guest has a gemm for that dtype (f32 f64 c64 c128) and may be used (not deterministic). */
int tf_blas_has_gemm(tenferro_context *context, tenferro_dtype dtype);

/*
 * C = alpha op(A) op(B) + beta C, column-major, ta/tb one of 'N' 'T' 'C'; alpha and beta point at
 * elements of the dtype. Sizes must fit the guest's integers (UNSUPPORTED if not: the caller uses
 * its own loops). The guest's threads are set to `threads` around the call where it offers that;
 * our workers are parked.
 */
tenferro_status
tf_blas_gemm(tenferro_context *context, tenferro_dtype dtype, char ta, char tb, int64_t m,
             int64_t n, int64_t k, const void *alpha, const void *a, int64_t lda, const void *b,
             int64_t ldb, const void *beta, void *c, int64_t ldc, int threads);

#endif
