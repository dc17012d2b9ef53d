/*
 * The guest BLAS in use.  Calls into it share a read lock, a new guest takes the write lock; the
 * system's BLAS is looked up at the first need (opening it costs milliseconds).
 */

#include "memory/blas.h"

#include <string.h>

#include "memory/context_private.h"

struct tf_blas {
    tenferro_context *context; /* whose part this is */
    pthread_rwlock_t lock;
    tf_guest_blas guest; /* name NULL: none */
    atomic_int settled;  /* 0: the system's has not been looked for */
    atomic_uint offered; /* bit per gemm, so that asking takes no lock */

    pthread_mutex_t threads_mutex; /* the guest's thread count is one for all callers */
    int callers, threads_before, threads_set;
};

tenferro_status tf_blas_create(tenferro_context *context, tf_blas **out)
{
    tf_blas *blas = tf_calloc(context, 1, sizeof *blas);
    *out = NULL;
    if (!blas)
        return TENFERRO_OUT_OF_MEMORY;
    blas->context = context;
    if (pthread_rwlock_init(&blas->lock, NULL) != 0) {
        tf_free(context, blas);
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "blas: the system gives no lock");
    }
    if (pthread_mutex_init(&blas->threads_mutex, NULL) != 0) {
        pthread_rwlock_destroy(&blas->lock);
        tf_free(context, blas);
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "blas: the system gives no lock");
    }
    *out = blas;
    return TENFERRO_OK;
}

void tf_blas_destroy(tenferro_context *context, tf_blas *blas)
{
    if (!blas)
        return;
    tf_free(context, blas->guest.name);
    pthread_mutex_destroy(&blas->threads_mutex);
    pthread_rwlock_destroy(&blas->lock);
    tf_free(context, blas);
}

/* With the write lock held; returns the old guest's name. */
static char *replace(tf_blas *blas, const tf_guest_blas *guest)
{
    char *old_name = blas->guest.name;
    unsigned offered = 0;
    for (int i = 0; i < TF_GEMM_COUNT; i++)
        if (guest->gemm[i])
            offered |= 1u << i;
    blas->guest = *guest;
    blas->threads_set = 0;
    atomic_store(&blas->offered, offered);
    atomic_store(&blas->settled, 1);
    return old_name;
}

void tf_blas_install(tenferro_context *context, const tf_guest_blas *guest)
{
    static const tf_guest_blas none;
    tf_blas *blas = context->blas;
    pthread_rwlock_wrlock(&blas->lock);
    char *old_name = replace(blas, guest ? guest : &none);
    pthread_rwlock_unlock(&blas->lock);
    tf_free(context, old_name);
}

static void settle(tf_blas *blas)
{
    if (TF_LIKELY(atomic_load_explicit(&blas->settled, memory_order_acquire)))
        return;
    pthread_rwlock_wrlock(&blas->lock);
    if (!atomic_load(&blas->settled)) {
        tf_guest_blas found;
        tf_guest_find(blas->context, &found);
        (void)replace(blas, &found);
    }
    pthread_rwlock_unlock(&blas->lock);
}

int tf_blas_has_gemm(tenferro_context *context, tenferro_dtype dtype)
{
    if (context->deterministic || dtype < TENFERRO_FLOAT32 || dtype > TENFERRO_COMPLEX128)
        return 0;
    settle(context->blas);
    return atomic_load_explicit(&context->blas->offered, memory_order_acquire) >>
               (dtype - TENFERRO_FLOAT32) &
           1;
}

/* ---- the guest's threads ---- */

static int64_t get_threads(const tf_guest_blas *guest)
{
    if (guest->get_threads)
        return guest->get_threads();
    return guest->get_threads_wide ? guest->get_threads_wide() : 0;
}

static void set_threads(const tf_guest_blas *guest, int threads)
{
    if (guest->set_threads)
        guest->set_threads(threads);
    else if (guest->set_threads_wide)
        guest->set_threads_wide(threads);
}

/*
 * Sets the guest's count if it is another; the last of concurrent callers puts back what the first
 * found, because the host may use the same library.  A guest that does not tell its count keeps
 * ours.
 */
static void hold_threads(tf_blas *blas, int threads)
{
    pthread_mutex_lock(&blas->threads_mutex);
    int before = (int)get_threads(&blas->guest);
    if (blas->callers++ == 0)
        blas->threads_before = before;
    if ((before > 0 ? before : blas->threads_set) != threads) {
        set_threads(&blas->guest, threads);
        blas->threads_set = threads;
    }
    pthread_mutex_unlock(&blas->threads_mutex);
}

static void release_threads(tf_blas *blas)
{
    pthread_mutex_lock(&blas->threads_mutex);
    int before = blas->threads_before;
    if (--blas->callers == 0 && before > 0 && before != (int)get_threads(&blas->guest))
        set_threads(&blas->guest, before);
    pthread_mutex_unlock(&blas->threads_mutex);
}

/* ---- gemm: Fortran's convention, with the hidden lengths of the two characters last ---- */

typedef void (*gemm32)(const char *ta, const char *tb, const int32_t *m, const int32_t *n,
                       const int32_t *k, const void *alpha, const void *a, const int32_t *lda,
                       const void *b, const int32_t *ldb, const void *beta, void *c,
                       const int32_t *ldc, size_t ta_length, size_t tb_length);
typedef void (*gemm64)(const char *ta, const char *tb, const int64_t *m, const int64_t *n,
                       const int64_t *k, const void *alpha, const void *a, const int64_t *lda,
                       const void *b, const int64_t *ldb, const void *beta, void *c,
                       const int64_t *ldc, size_t ta_length, size_t tb_length);

static int fit_int32(const int64_t *sizes, int count)
{
    for (int i = 0; i < count; i++)
        if (sizes[i] > INT32_MAX)
            return 0;
    return 1;
}

/* With the read lock held. */
static tenferro_status
call_gemm(tf_blas *blas, tenferro_dtype dtype, char ta, char tb, const int64_t size[6],
          const void *alpha, const void *a, const void *b, const void *beta, void *c, int threads)
{
    void (*gemm)(void) = blas->guest.gemm[dtype - TENFERRO_FLOAT32];
    if (!gemm)
        return tf_fail(TENFERRO_UNSUPPORTED, "blas: no gemm for %s", tf_dtype_name(NULL, dtype));
    int wide = blas->guest.integers == TENFERRO_INTEGERS_64;
    if (!wide && !fit_int32(size, 6))
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "blas: %lld x %lld x %lld is too large for its 32-bit integers",
                       (long long)size[0], (long long)size[1], (long long)size[2]);
    hold_threads(blas, TF_MAX(threads, 1));
    if (wide) {
        ((gemm64)gemm)(&ta, &tb, &size[0], &size[1], &size[2], alpha, a, &size[3], b, &size[4],
                       beta, c, &size[5], 1, 1);
    } else {
        int32_t s[6];
        for (int i = 0; i < 6; i++)
            s[i] = (int32_t)size[i];
        ((gemm32)gemm)(&ta, &tb, &s[0], &s[1], &s[2], alpha, a, &s[3], b, &s[4], beta, c, &s[5], 1,
                       1);
    }
    release_threads(blas);
    return TENFERRO_OK;
}

tenferro_status
tf_blas_gemm(tenferro_context *context, tenferro_dtype dtype, char ta, char tb, int64_t m,
             int64_t n, int64_t k, const void *alpha, const void *a, int64_t lda, const void *b,
             int64_t ldb, const void *beta, void *c, int64_t ldc, int threads)
{
    if (!tf_blas_has_gemm(context, dtype))
        return tf_fail(TENFERRO_UNSUPPORTED, "blas: no guest with a gemm for %s",
                       tf_dtype_name(context, dtype));
    const int64_t size[6] = {m, n, k, lda, ldb, ldc};
    if (threads > 1)
        tf_pool_park(context->pool);
    pthread_rwlock_rdlock(&context->blas->lock);
    tenferro_status status = call_gemm(context->blas, dtype, ta, tb, size, alpha, a, b, beta, c,
                                       threads);
    pthread_rwlock_unlock(&context->blas->lock);
    return status;
}

void tf_blas_describe(const tenferro_context *context, tf_text *text)
{
    if (context->deterministic) {
        tf_text_add(text, "blas: not used (deterministic)\n");
        return;
    }
    tf_blas *blas = context->blas;
    settle(blas);
    pthread_rwlock_rdlock(&blas->lock);
    if (blas->guest.name)
        tf_text_add(text, "blas: %s\n", blas->guest.name);
    else
        tf_text_add(text, "blas: none (install libopenblas0 or load one)\n");
    pthread_rwlock_unlock(&blas->lock);
}
