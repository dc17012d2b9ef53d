/*
 * What the machine can do: the peak of fused multiply-adds, and the best rates of copying and filling memory over several
 * working sets.  These are the limits that measurements are compared with, so each is the best of several kernels.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
#endif

#include "bench.h"

enum { MOST_THREADS = 256 };
#define HUGE_PAGE ((size_t)2 << 20)

/* One pass over `bytes` (a multiple of 256) from src to dst, or of that many rounds of arithmetic. */
typedef void kernel(char *dst, const char *src, size_t bytes);

/* ---- the kernels ---- */

static void copy_libc(char *dst, const char *src, size_t bytes)
{
    memcpy(dst, src, bytes);
}

static void fill_libc(char *dst, const char *src, size_t bytes)
{
    memset(dst, src[0], bytes);
}

#if defined(__x86_64__)
AVX2 static void copy_streaming(char *dst, const char *src, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(src + i));
        __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(src + i + 32));
        _mm256_stream_si256((__m256i *)(void *)(dst + i), x);
        _mm256_stream_si256((__m256i *)(void *)(dst + i + 32), y);
    }
    _mm_sfence();
}

AVX2 static void copy_vectors(char *dst, const char *src, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(src + i));
        __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(src + i + 32));
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), x);
        _mm256_storeu_si256((__m256i *)(void *)(dst + i + 32), y);
    }
}

AVX2 static void fill_streaming(char *dst, const char *src, size_t bytes)
{
    __m256i x = _mm256_set1_epi8(src[0]);
    for (size_t i = 0; i < bytes; i += 64) {
        _mm256_stream_si256((__m256i *)(void *)(dst + i), x);
        _mm256_stream_si256((__m256i *)(void *)(dst + i + 32), x);
    }
    _mm_sfence();
}

#define CHAINS \
    10 /* independent ones, enough to hide the latency of two units; they fit into 16 registers */
AVX2 static void fma_256(char *dst, const char *src, size_t rounds)
{
    __m256d acc[CHAINS], x = _mm256_set1_pd(0.999), y = _mm256_set1_pd((double)src[0]);
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm256_set1_pd(i);
    for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm256_fmadd_pd(acc[i], x, y);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm256_add_pd(acc[0], acc[i]);
    memcpy(dst, acc, sizeof acc[0]);
}

AVX512 static void fma_512(char *dst, const char *src, size_t rounds)
{
    __m512d acc[CHAINS], x = _mm512_set1_pd(0.999), y = _mm512_set1_pd((double)src[0]);
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm512_set1_pd(i);
    for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm512_fmadd_pd(acc[i], x, y);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_pd(acc[0], acc[i]);
    memcpy(dst, acc, sizeof acc[0]);
}
#endif

/* ---- running one on all threads ---- */

typedef struct job {
    pthread_barrier_t *start;
    kernel *run;
    char *dst, *src;
    size_t bytes, passes;
    double began, ended;
} job;

static void *work(void *argument)
{
    job *j = argument;
    j->run(j->dst, j->src, j->bytes);
    pthread_barrier_wait(j->start);
    j->began = bench_seconds();
    for (size_t i = 0; i < j->passes; i++) {
        j->run(j->dst, j->src, j->bytes);
        __asm__ volatile("" ::: "memory"); /* each pass is done */
    }
    j->ended = bench_seconds();
    return NULL;
}

/* Seconds of one pass, each thread over its own `bytes` of dst and src; negative if threads cannot be had. */
static double run_on_threads(int threads, kernel *run, char *dst, char *src, size_t bytes,
                             size_t passes, size_t apart)
{
    pthread_t handle[MOST_THREADS];
    job jobs[MOST_THREADS];
    pthread_barrier_t start;
    double began = 0, ended = 0;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int t = 0; t < threads; t++) {
        size_t at = (size_t)t * apart;
        jobs[t] = (job){&start, run, dst + at, src + at, bytes, passes, 0, 0};
        if (pthread_create(&handle[t], NULL, work, &jobs[t]) != 0)
            return -1; /* those that wait end with the process */
    }
    for (int t = 0; t < threads; t++) {
        pthread_join(handle[t], NULL);
        began = t == 0 || jobs[t].began < began ? jobs[t].began : began;
        ended = jobs[t].ended > ended ? jobs[t].ended : ended;
    }
    pthread_barrier_destroy(&start);
    return (ended - began) / (double)passes;
}

/* Samples of a rate: amount / seconds of one pass.  With several kernels the best of them, sample by sample. */
static int measure(bench *b, const char *name, const char *dtype, const char *unit, int kernels,
                   kernel *const *run, char *dst, char *src, size_t bytes, double amount)
{
    double samples[BENCH_SAMPLES], budget = b->quick ? 2e-3 : 10e-3;
    size_t apart = bytes < HUGE_PAGE ? HUGE_PAGE : bytes; /* small slices on pages of their own */
    for (int i = 0; i < BENCH_SAMPLES; i++) {
        samples[i] = 0;
        for (int k = 0; k < kernels; k++) {
            double once = run_on_threads(b->threads, run[k], dst, src, bytes, 1, apart);
            size_t passes = once <= 0 ? 1 : (size_t)(budget / once) + 1;
            double seconds = run_on_threads(b->threads, run[k], dst, src, bytes, passes, apart);
            if (once < 0 || seconds < 0)
                return 0;
            samples[i] = amount / seconds > samples[i] ? amount / seconds : samples[i];
        }
    }
    bench_report(b, name, dtype, unit, BENCH_SAMPLES, samples);
    return 1;
}

static int measure_arithmetic(bench *b, char *dst, char *src)
{
    int ok = 1;
#if defined(__x86_64__)
    size_t rounds = 100000;
    double flops = 2.0 * CHAINS * (double)rounds * b->threads * 1e-9;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        ok &= measure(b, "fma_avx2", "f64", "GFLOP/s", 1, (kernel *[]){fma_256}, dst, src, rounds,
                      4 * flops);
    if (__builtin_cpu_supports("avx512f"))
        ok &= measure(b, "fma_avx512", "f64", "GFLOP/s", 1, (kernel *[]){fma_512}, dst, src, rounds,
                      8 * flops);
#else
    (void)b, (void)dst, (void)src;
#endif
    return ok;
}

/* The working set is source and destination of all threads together; the rates count bytes read and bytes written. */
static int measure_memory(bench *b, char *dst, char *src, size_t largest)
{
    kernel *copies[] = {
        copy_libc,
#if defined(__x86_64__)
        copy_vectors,
        copy_streaming
#endif
    };
    kernel *fills[] = {
        fill_libc,
#if defined(__x86_64__)
        fill_streaming
#endif
    };
    int vectors = 0, ok = 1;
#if defined(__x86_64__)
    vectors = __builtin_cpu_supports("avx2");
#endif
    for (size_t set = (size_t)32 << 10; set <= 2 * largest; set *= 4) {
        char name[64];
        size_t half = set / 2 / (size_t)b->threads / 256 * 256;
        double moved = (double)half * b->threads * 1e-9;
        snprintf(name, sizeof name, "copy_%zuKiB", set >> 10);
        ok &= measure(b, name, "-", "GB/s", vectors ? 3 : 1, copies, dst, src, half, 2 * moved);
        snprintf(name, sizeof name, "fill_%zuKiB", set >> 10);
        ok &= measure(b, name, "-", "GB/s", vectors ? 2 : 1, fills, dst, src, half, moved);
    }
    return ok;
}

static char *pages(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, HUGE_PAGE, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* only a hint */
#endif
    memset(p, 1, bytes);
    return p;
}

int main(int argc, char **argv)
{
    bench b;
    if (!bench_open(&b, "probe", argc, argv))
        return 2;
    if (b.threads > MOST_THREADS) {
        fprintf(stderr, "probe: at most %d threads\n", MOST_THREADS);
        return 2;
    }
    size_t largest = (size_t)64 << 20, room = largest + (size_t)b.threads * HUGE_PAGE;
    char *dst = pages(room), *src = pages(room);
    int ok = dst && src && measure_arithmetic(&b, dst, src) && measure_memory(&b, dst, src, largest);
    free(dst);
    free(src);
    if (!ok)
        fprintf(stderr, "probe: out of memory or threads\n");
    return bench_close(&b) == 0 && ok ? 0 : 1;
}
