/* The bridge from a context to the engines, which know neither contexts nor tensors. */

#include "prims/engine.h"

#include "memory/blas.h"
#include "memory/storage.h"

static int cancelled(void *user)
{
    return tf_is_cancelled(user);
}

static void *scratch_take(void *user, int64_t bytes)
{
    return tf_scratch_take(user, bytes);
}

static void scratch_give(void *user, void *pointer, int64_t bytes)
{
    tf_scratch_give(user, pointer, bytes);
}

static int has_gemm(void *user, tenferro_dtype dtype)
{
    return tf_blas_has_gemm(user, dtype);
}

static tenferro_status gemm(void *user, tenferro_dtype dtype, char ta, char tb, int64_t m,
                            int64_t n, int64_t k, const void *alpha, const void *a, int64_t lda,
                            const void *b, int64_t ldb, const void *beta, void *c, int64_t ldc)
{
    return tf_blas_gemm(user, dtype, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc,
                        tenferro_context_threads(user));
}

void tf_context_engine(tenferro_context *context, tf_engine *out)
{
    static const tf_kernels *const kernels[TF_ISA_COUNT] = {
        [TF_ISA_PORTABLE] = &tf_kernels_portable,
#if defined(__x86_64__)
        [TF_ISA_AVX2] = &tf_kernels_avx2,
        [TF_ISA_AVX512] = &tf_kernels_avx512,
#elif defined(__aarch64__)
        [TF_ISA_NEON] = &tf_kernels_neon,
#endif
    };
    const tf_cpu *cpu = tf_context_cpu(context);
    *out = (tf_engine){
        .kernels = kernels[tf_context_isa(context)],
        .pool = tf_context_pool(context),
        .threads = tenferro_context_threads(context),
        .l1_bytes = cpu->l1_bytes,
        .l2_bytes = cpu->l2_bytes,
        .l3_bytes = cpu->l3_bytes,
        .rates = tf_context_rates(context),
        .user = context,
        .cancelled = cancelled,
        .scratch_take = scratch_take,
        .scratch_give = scratch_give,
        .has_gemm = has_gemm,
        .gemm = gemm,
    };
}
