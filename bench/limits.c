/*
 * The limits that measurements are compared with: each is the best of several kernels over the same arrays, so that no one
 * instruction, prefetcher or C library decides what is possible.
 */

#include "limits.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512dq")))
#endif

#include "bench.h"

enum { MOST_THREADS = 256 };

/* ---- the kernels: one pass over the arrays, or that many rounds of arithmetic ---- */

typedef void kernel(const limit_arrays *x);

static void copy_libc(const limit_arrays *x)
{
    memcpy(x->dst, x->a, x->bytes);
}

static void fill_libc(const limit_arrays *x)
{
    memset(x->dst, x->a[0], x->bytes);
}

static void read_plain(const limit_arrays *x)
{
    uint64_t sum[8] = {0}, word[8];
    for (size_t i = 0; i < x->bytes; i += sizeof word) {
        memcpy(word, x->a + i, sizeof word);
        for (size_t k = 0; k < 8; k++)
            sum[k] ^= word[k];
    }
    memcpy(x->dst, sum, sizeof sum);
}

static void triad_plain(const limit_arrays *x)
{
    uint64_t a[8], b[8];
    for (size_t i = 0; i < x->bytes; i += sizeof a) {
        memcpy(a, x->a + i, sizeof a);
        memcpy(b, x->b + i, sizeof b);
        for (size_t k = 0; k < 8; k++)
            a[k] += b[k];
        memcpy(x->dst + i, a, sizeof a);
    }
}

#if defined(__x86_64__)
AVX2 static inline __m256i load_256(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX512 static inline __m512i load_512(const char *p)
{
    return _mm512_loadu_si512(p);
}

AVX2 static void read_256(const limit_arrays *x)
{
    __m256i sum[4] = {load_256(x->a), load_256(x->a), load_256(x->a), load_256(x->a)};
    for (size_t i = 0; i < x->bytes; i += 128)
#pragma GCC unroll 4
        for (size_t k = 0; k < 4; k++)
            sum[k] = _mm256_xor_si256(sum[k], load_256(x->a + i + 32 * k));
    memcpy(x->dst, sum, sizeof sum);
}

AVX512 static void read_512(const limit_arrays *x)
{
    __m512i sum[8] = {load_512(x->a)};
    for (size_t i = 0; i < x->bytes; i += 512)
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            sum[k] = _mm512_xor_si512(sum[k], load_512(x->a + i + 64 * k));
    memcpy(x->dst, sum, sizeof sum);
}

/* The same from four places at once, as the hardware may follow more streams than one. */
AVX512 static void read_512_streams(const limit_arrays *x)
{
    __m512i sum[8] = {load_512(x->a)};
    size_t quarter = x->bytes / 4;
    for (size_t i = 0; i < quarter; i += 128)
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            sum[k] = _mm512_xor_si512(sum[k], load_512(x->a + k / 2 * quarter + i + 64 * (k % 2)));
    memcpy(x->dst, sum, sizeof sum);
}

AVX2 static void fill_nt_256(const limit_arrays *x)
{
    __m256i value = _mm256_set1_epi8(x->a[0]);
    for (size_t i = 0; i < x->bytes; i += 32)
        _mm256_stream_si256((__m256i *)(void *)(x->dst + i), value);
    _mm_sfence();
}

AVX512 static void fill_512(const limit_arrays *x)
{
    __m512i value = _mm512_set1_epi32(x->a[0]);
    for (size_t i = 0; i < x->bytes; i += 64)
        _mm512_storeu_si512(x->dst + i, value);
}

AVX512 static void fill_nt_512(const limit_arrays *x)
{
    __m512i value = _mm512_set1_epi32(x->a[0]);
    for (size_t i = 0; i < x->bytes; i += 64)
        _mm512_stream_si512((__m512i *)(void *)(x->dst + i), value);
    _mm_sfence();
}

AVX2 static void copy_256(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(x->dst + i), load_256(x->a + i));
}

static void copy_nt_128(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 16)
        _mm_stream_si128((__m128i *)(void *)(x->dst + i),
                         _mm_loadu_si128((const __m128i *)(const void *)(x->a + i)));
    _mm_sfence();
}

AVX512 static void copy_nt_512(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 64)
        _mm512_stream_si512((__m512i *)(void *)(x->dst + i), load_512(x->a + i));
    _mm_sfence();
}

AVX2 static void triad_256(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(x->dst + i),
                            _mm256_add_epi32(load_256(x->a + i), load_256(x->b + i)));
}

AVX2 static void triad_nt_256(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 32)
        _mm256_stream_si256((__m256i *)(void *)(x->dst + i),
                            _mm256_add_epi32(load_256(x->a + i), load_256(x->b + i)));
    _mm_sfence();
}

AVX512 static void triad_nt_512(const limit_arrays *x)
{
    for (size_t i = 0; i < x->bytes; i += 64)
        _mm512_stream_si512((__m512i *)(void *)(x->dst + i),
                            _mm512_add_epi32(load_512(x->a + i), load_512(x->b + i)));
    _mm_sfence();
}

/* Independent chains, enough to hide the latency of two units; they fit into 16 registers. */
#define CHAINS 10

AVX2 static void fma_256(const limit_arrays *arrays)
{
    __m256d acc[CHAINS], x = _mm256_set1_pd(0.999), y = _mm256_set1_pd((double)arrays->a[0]);
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm256_set1_pd(i);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm256_fmadd_pd(acc[i], x, y);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm256_add_pd(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}

AVX512 static void fma_512(const limit_arrays *arrays)
{
    __m512d acc[CHAINS], x = _mm512_set1_pd(0.999), y = _mm512_set1_pd((double)arrays->a[0]);
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm512_set1_pd(i);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm512_fmadd_pd(acc[i], x, y);
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_pd(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}

/* The product, as in a matrix product, is not part of the chain.  The empty statement hides that x is always the same. */
AVX2 static void madd_i32_256(const limit_arrays *arrays)
{
    __m256i acc[CHAINS] = {load_256(arrays->a)}, x = load_256(arrays->a),
            y = load_256(arrays->a + 32);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            __asm__ volatile("" : "+x"(x));
            acc[i] = _mm256_add_epi32(acc[i], _mm256_mullo_epi32(x, y));
        }
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm256_add_epi32(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}

AVX512 static void madd_i32_512(const limit_arrays *arrays)
{
    __m512i acc[CHAINS] = {load_512(arrays->a)}, x = load_512(arrays->a),
            y = load_512(arrays->a + 64);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            __asm__ volatile("" : "+x"(x));
            acc[i] = _mm512_add_epi32(acc[i], _mm512_mullo_epi32(x, y));
        }
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_epi32(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}

/* AVX2 has no such product: three of 32 bits, the upper halves of both factors at hand. */
AVX2 static void madd_i64_256(const limit_arrays *arrays)
{
    __m256i acc[8] = {load_256(arrays->a)}, x = load_256(arrays->a), y = load_256(arrays->a + 32);
    __m256i x_high = _mm256_srli_epi64(x, 32), y_high = _mm256_srli_epi64(y, 32);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            __asm__ volatile("" : "+x"(x), "+x"(x_high));
            __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(x, y_high),
                                             _mm256_mul_epu32(x_high, y));
            acc[i] = _mm256_add_epi64(acc[i], _mm256_add_epi64(_mm256_mul_epu32(x, y),
                                                               _mm256_slli_epi64(cross, 32)));
        }
    }
    for (int i = 1; i < 8; i++)
        acc[0] = _mm256_add_epi64(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}

AVX512 static void madd_i64_512(const limit_arrays *arrays)
{
    __m512i acc[CHAINS] = {load_512(arrays->a)}, x = load_512(arrays->a),
            y = load_512(arrays->a + 64);
    for (size_t r = 0; r < arrays->bytes; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            __asm__ volatile("" : "+x"(x));
            acc[i] = _mm512_add_epi64(acc[i], _mm512_mullo_epi64(x, y));
        }
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_epi64(acc[0], acc[i]);
    memcpy(arrays->dst, acc, sizeof acc[0]);
}
#endif

/* ---- the table ---- */

enum { ANY, HAS_AVX2, HAS_AVX512, ARITHMETIC_ROUNDS = 100000 };

typedef struct limit {
    const char *kind;
    kernel *run;
    double amount; /* bytes moved for each byte of `bytes`, or operations a round */
    int needs, is_arithmetic;
} limit;

static const limit limits[] = {
    {"read", read_plain, 1, ANY, 0},
    {"fill", fill_libc, 1, ANY, 0},
    {"copy", copy_libc, 2, ANY, 0},
    {"triad", triad_plain, 3, ANY, 0},
#if defined(__x86_64__)
    {"read", read_256, 1, HAS_AVX2, 0},
    {"read", read_512, 1, HAS_AVX512, 0},
    {"read", read_512_streams, 1, HAS_AVX512, 0},
    {"fill", fill_nt_256, 1, HAS_AVX2, 0},
    {"fill", fill_512, 1, HAS_AVX512, 0},
    {"fill", fill_nt_512, 1, HAS_AVX512, 0},
    {"copy", copy_256, 2, HAS_AVX2, 0},
    {"copy", copy_nt_128, 2, ANY, 0},
    {"copy_streaming", copy_nt_128, 2, ANY, 0},
    {"copy_streaming", copy_nt_512, 2, HAS_AVX512, 0},
    {"copy", copy_nt_512, 2, HAS_AVX512, 0},
    {"triad", triad_256, 3, HAS_AVX2, 0},
    {"triad", triad_nt_256, 3, HAS_AVX2, 0},
    {"triad", triad_nt_512, 3, HAS_AVX512, 0},
    {"fma_avx2", fma_256, 2 * CHAINS * 4, HAS_AVX2, 1},
    {"fma_avx512", fma_512, 2 * CHAINS * 8, HAS_AVX512, 1},
    {"madd_i32_avx2", madd_i32_256, 2 * CHAINS * 8, HAS_AVX2, 1},
    {"madd_i32_avx512", madd_i32_512, 2 * CHAINS * 16, HAS_AVX512, 1},
    {"madd_i64_avx2", madd_i64_256, 2 * 8 * 4, HAS_AVX2, 1},
    {"madd_i64_avx512", madd_i64_512, 2 * CHAINS * 8, HAS_AVX512, 1},
#else
    {"copy_streaming", copy_libc, 2, ANY, 0},
#endif
};

static int can_run(const limit *l)
{
#if defined(__x86_64__)
    if (l->needs == HAS_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (l->needs == HAS_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
#endif
    return l->needs == ANY;
}

/* ---- running one on all threads ---- */

typedef struct job {
    pthread_barrier_t *start;
    kernel *run;
    limit_arrays arrays;
    size_t passes;
    int index;
    double began, ended;
} job;

static void *work(void *argument)
{
    job *j = argument;
    bench_pin_thread(j->index);
    pthread_barrier_wait(j->start);
    j->began = bench_seconds();
    for (size_t i = 0; i < j->passes; i++) {
        j->run(&j->arrays);
        __asm__ volatile("" ::: "memory"); /* each pass is done */
    }
    j->ended = bench_seconds();
    return NULL;
}

/* Seconds of one pass, every thread over a slice of its own; negative if threads cannot be had. */
static double seconds_of(const limit *l, int threads, const limit_arrays *whole, size_t passes)
{
    pthread_t handle[MOST_THREADS];
    job jobs[MOST_THREADS];
    pthread_barrier_t start;
    size_t share = l->is_arithmetic ? whole->bytes : whole->bytes / (size_t)threads / 512 * 512;
    size_t apart = l->is_arithmetic || share < HUGE_PAGE
                       ? HUGE_PAGE
                       : share; /* small slices on pages of their own */
    double began = 0, ended = 0;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int t = 0; t < threads; t++) {
        size_t at = (size_t)t * apart;
        limit_arrays slice = {whole->dst + at, whole->a + at, whole->b ? whole->b + at : NULL,
                              share};
        jobs[t] = (job){&start, l->run, slice, passes, t, 0, 0};
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

double limit_rate(const char *kind, int threads, const limit_arrays *arrays, size_t passes)
{
    double best = 0;
    if (threads < 1 || threads > MOST_THREADS)
        return 0;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const limit *l = &limits[i];
        limit_arrays over = *arrays;
        if (strcmp(l->kind, kind) != 0 || !can_run(l))
            continue;
        if (l->is_arithmetic)
            over.bytes = ARITHMETIC_ROUNDS;
        size_t count = passes;
        if (count == 0) {
            double once = seconds_of(l, threads, &over, 1);
            count = once <= 0 ? 1 : (size_t)(5e-3 / once) + 1;
        }
        double seconds = seconds_of(l, threads, &over, count);
        if (seconds <= 0)
            return 0;
        size_t parts = l->is_arithmetic
                           ? (size_t)threads * over.bytes
                           : over.bytes / (size_t)threads / 512 * 512 * (size_t)threads;
        double rate = l->amount * (double)parts / seconds;
        best = rate > best ? rate : best;
    }
    return best;
}

char *limit_pages(size_t bytes, int huge)
{
    void *p = NULL;
    if (posix_memalign(&p, HUGE_PAGE, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE); /* only a hint */
#endif
    uint32_t *words = p, state = 1;
    for (size_t i = 0; i < bytes / 4; i++) {
        state = state * 1664525u + 1013904223u;
        words[i] = (state >> 2 & 0x003fffff) | 0x3f800000 |
                   (state & 0x80000000); /* +-1 to 1.5 as f32 */
    }
    return p;
}
