/*
 * Permutations of tensors into a given destination, huge pages where the system has them: bytes read and written, against
 * a copy of the same bytes with non-temporal stores (the limit) and memcpy, all in turn.  The cases are those of HPTT and
 * TTC (f32 and f64; about 200 MiB in f32) and patterns of tensor networks (f64).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tenferro.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "bench.h"

enum { MAX_RANK = 32, QUICK_SAMPLES = 3 };
#define HUGE_PAGE ((size_t)2 << 20)
#define LEAST 0.3 /* of the limit, each */
#define MEAN 0.6  /* geometric */

/* "extents of the source > permutation": axis i of the result is axis permutation[i] of the column-major source. */
static const char *const hptt[] = {
    "7264x7264 > 1,0",
    "43408x1216 > 1,0",
    "1216x43408 > 1,0",
    "368x384x384 > 0,2,1",
    "2144x64x384 > 0,2,1",
    "368x64x2307 > 0,2,1",
    "384x384x355 > 1,0,2",
    "2320x384x59 > 1,0,2",
    "384x2320x59 > 1,0,2",
    "384x355x384 > 2,1,0",
    "2320x59x384 > 2,1,0",
    "384x59x2320 > 2,1,0",
    "80x96x75x96 > 0,3,2,1",
    "464x16x75x96 > 0,3,2,1",
    "80x16x75x582 > 0,3,2,1",
    "96x75x96x75 > 2,1,3,0",
    "608x12x96x75 > 2,1,3,0",
    "96x12x608x75 > 2,1,3,0",
    "96x75x96x75 > 2,0,3,1",
    "608x12x96x75 > 2,0,3,1",
    "96x12x608x75 > 2,0,3,1",
    "96x96x75x75 > 1,0,3,2",
    "608x96x12x75 > 1,0,3,2",
    "96x608x12x75 > 1,0,3,2",
    "96x75x75x96 > 3,2,1,0",
    "608x12x75x96 > 3,2,1,0",
    "96x12x75x608 > 3,2,1,0",
    "32x48x28x28x48 > 0,4,2,1,3",
    "176x8x28x28x48 > 0,4,2,1,3",
    "32x8x28x28x298 > 0,4,2,1,3",
    "48x28x28x48x28 > 3,2,1,4,0",
    "352x4x28x48x28 > 3,2,1,4,0",
    "48x4x28x352x28 > 3,2,1,4,0",
    "48x28x48x28x28 > 2,0,4,1,3",
    "352x4x48x28x28 > 2,0,4,1,3",
    "48x4x352x28x28 > 2,0,4,1,3",
    "48x48x28x28x28 > 1,3,0,4,2",
    "352x48x4x28x28 > 1,3,0,4,2",
    "48x352x4x28x28 > 1,3,0,4,2",
    "48x28x28x28x48 > 4,3,2,1,0",
    "352x4x28x28x48 > 4,3,2,1,0",
    "48x4x28x28x352 > 4,3,2,1,0",
    "16x32x15x32x15x15 > 0,3,2,5,4,1",
    "48x10x15x32x15x15 > 0,3,2,5,4,1",
    "16x10x15x103x15x15 > 0,3,2,5,4,1",
    "32x15x15x32x15x15 > 3,2,0,5,1,4",
    "112x5x15x32x15x15 > 3,2,0,5,1,4",
    "32x5x15x112x15x15 > 3,2,0,5,1,4",
    "32x15x32x15x15x15 > 2,0,4,1,5,3",
    "112x5x32x15x15x15 > 2,0,4,1,5,3",
    "32x5x112x15x15x15 > 2,0,4,1,5,3",
    "32x15x15x32x15x15 > 3,2,5,1,0,4",
    "112x5x15x32x15x15 > 3,2,5,1,0,4",
    "32x5x15x112x15x15 > 3,2,5,1,0,4",
    "32x15x15x15x15x32 > 5,4,3,2,1,0",
    "112x5x15x15x15x32 > 5,4,3,2,1,0",
    "32x5x15x15x15x112 > 5,4,3,2,1,0",
};

/* 2^23: twenty-three axes of 2.  "scattered": the source's axis i has stride 2^permutation[i] besides. */
#define LATE_STEP "0,1,2,3,22,4,23,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21"
static const char *const patterns[] = {
    "4096x4096 > 1,0",
    "2048x2048 > 1,0",
    "256x256x256 > 2,0,1",
    "256x256x256 > 1,0,2",
    "32x32x32x32x16x16 > 5,0,4,1,3,2",
    "2^23 > reversed",
    "3^15 > reversed",
    "3^15 > cyclic",
    "2^24 > scattered " LATE_STEP,
    "2^24 > " LATE_STEP,
    "16x16x16x16x16x16 > reversed",
    "24x16x20x18x16x8 > 4,1,5,3,0,2",
};

typedef struct problem {
    int rank;
    int64_t extents[MAX_RANK], strides[MAX_RANK]; /* the source's */
    int axes[MAX_RANK];
    size_t bytes;
} problem;

/* 0 if the text is not a case. */
static int parse(const char *text, size_t size, problem *p)
{
    char *end;
    int scattered = 0;
    *p = (problem){.bytes = size};
    do {
        long extent = strtol(text, &end, 10), times = 1;
        if (*end == '^')
            times = strtol(end + 1, &end, 10);
        for (long i = 0; i < times && p->rank < MAX_RANK; i++)
            p->extents[p->rank++] = extent;
        text = end + 1;
    } while (*end == 'x');
    text += strspn(text, "> ");
    if (strncmp(text, "scattered ", 10) == 0) {
        scattered = 1;
        text += 10;
    }
    for (int i = 0; i < p->rank; i++) {
        if (strcmp(text, "reversed") == 0)
            p->axes[i] = p->rank - 1 - i;
        else if (strcmp(text, "cyclic") == 0)
            p->axes[i] = (i + 1) % p->rank;
        else {
            p->axes[i] = (int)strtol(text, &end, 10);
            if (end == text || p->axes[i] >= p->rank)
                return 0;
            text = end + (*end == ',');
        }
        p->strides[i] = (int64_t)(p->bytes / size);
        p->bytes *= (size_t)p->extents[i];
    }
    for (int i = 0; i < p->rank && scattered; i++)
        p->strides[i] = (int64_t)1 << p->axes[i];
    return 1;
}

static void copy_streaming(char *to, const char *from, size_t bytes)
{
#if defined(__x86_64__)
    size_t i = 0;
    for (; i + 64 <= bytes; i += 64)
        for (size_t k = 0; k < 64; k += 16)
            _mm_stream_si128((__m128i *)(void *)(to + i + k),
                             _mm_loadu_si128((const __m128i *)(const void *)(from + i + k)));
    memcpy(to + i, from + i, bytes - i);
    _mm_sfence();
#else
    memcpy(to, from, bytes);
#endif
}

/* Element by element at a few places. */
static int is_right(const problem *p, size_t size, const char *to, const char *from)
{
    uint64_t state = 1, count = p->bytes / size;
    for (int n = 0; n < 1000; n++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t index = n == 0 ? count - 1 : (state >> 16) % count, rest = index;
        int64_t at = 0;
        for (int i = 0; i < p->rank; i++) {
            at += (int64_t)(rest % (uint64_t)p->extents[p->axes[i]]) * p->strides[p->axes[i]];
            rest /= (uint64_t)p->extents[p->axes[i]];
        }
        if (memcmp(to + index * size, from + (size_t)at * size, size) != 0)
            return 0;
    }
    return 1;
}

typedef struct stage {
    bench *b;
    tenferro_context *context;
    char *to, *from;
    double logarithms; /* of the ratios to the limit */
    int cases, low;
} stage;

/* Seconds of ours, of the limit and of memcpy, sample by sample. */
static tenferro_status
measure(stage *s, const problem *p, tenferro_dtype dtype, int samples, double (*seconds)[3])
{
    int64_t extents[MAX_RANK];
    tenferro_tensor *from = NULL, *view = NULL, *to = NULL;
    for (int i = 0; i < p->rank; i++)
        extents[i] = p->extents[p->axes[i]];
    tenferro_status status = tenferro_tensor_wrap(s->context, dtype, p->rank, p->extents,
                                                  p->strides, s->from, 0, NULL, NULL, &from);
    if (status == TENFERRO_OK)
        status = tenferro_permute(from, p->axes, &view);
    if (status == TENFERRO_OK)
        status = tenferro_tensor_wrap(s->context, dtype, p->rank, extents, NULL, s->to, 0, NULL,
                                      NULL, &to);
    for (int i = -1; i < samples && status == TENFERRO_OK; i++) { /* the first one warms up */
        double start = bench_seconds(), now;
        copy_streaming(s->to, s->from, p->bytes);
        now = bench_seconds();
        seconds[i < 0 ? 0 : i][1] = now - start;
        start = now;
        memcpy(s->to, s->from, p->bytes);
        now = bench_seconds();
        seconds[i < 0 ? 0 : i][2] = now - start;
        start = now;
        status = tenferro_copy_into(view, to);
        seconds[i < 0 ? 0 : i][0] = bench_seconds() - start;
    }
    tenferro_tensor_release(from);
    tenferro_tensor_release(view);
    tenferro_tensor_release(to);
    return status;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ratio(int samples, double (*seconds)[3], int peer)
{
    double ratios[BENCH_SAMPLES];
    for (int i = 0; i < samples; i++)
        ratios[i] = seconds[i][peer] / seconds[i][0];
    qsort(ratios, (size_t)samples, sizeof *ratios, by_value);
    return ratios[samples / 2];
}

static void report(bench *b, const char *name, const char *dtype, int samples, double *rates,
                   double limit, double libc)
{
    qsort(rates, (size_t)samples, sizeof *rates, by_value);
    double rate = rates[samples / 2];
    printf("%-10s %-40s %-4s %d  %8.4g GB/s  limit %-8.4g %6.2f %6.2f  memcpy %.2f\n", b->suite,
           name, dtype, b->threads, rate, rate / limit, limit, LEAST, libc);
    fflush(stdout);
    if (!b->json)
        return;
    fprintf(b->json,
            "%s\n{\"case\": \"%s\", \"dtype\": \"%s\", \"unit\": \"GB/s\", \"of_limit\": %.4g, "
            "\"of_memcpy\": %.4g, \"samples\": [",
            b->rows++ ? "," : "", name, dtype, limit, libc);
    for (int i = 0; i < samples; i++)
        fprintf(b->json, "%s%.6g", i ? ", " : "", rates[i]);
    fprintf(b->json, "]}");
}

static int run(stage *s, const char *text, tenferro_dtype dtype)
{
    size_t size = dtype == TENFERRO_FLOAT32 ? 4 : 8;
    int samples = s->b->quick ? QUICK_SAMPLES : BENCH_SAMPLES;
    double seconds[BENCH_SAMPLES][3], rates[BENCH_SAMPLES];
    problem p;
    if (!parse(text, size, &p) || measure(s, &p, dtype, samples, seconds) != TENFERRO_OK ||
        !is_right(&p, size, s->to, s->from)) {
        fprintf(stderr, "permute: %s failed: %s\n", text, tenferro_error_message());
        return 0;
    }
    double limit = median_ratio(samples, seconds, 1), libc = median_ratio(samples, seconds, 2);
    for (int i = 0; i < samples; i++)
        rates[i] = 2e-9 * (double)p.bytes / seconds[i][0];
    char name[160];
    snprintf(name, sizeof name, "%s", text);
    if (strlen(name) > 40)
        memcpy(name + 37, "...", 4);
    report(s->b, name, size == 4 ? "f32" : "f64", samples, rates, limit, libc);
    s->logarithms += log(limit);
    s->cases++;
    s->low += limit < LEAST;
    return 1;
}

static char *pages(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, HUGE_PAGE, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* only a hint */
#endif
    uint32_t *words = p, state = 1;
    for (size_t i = 0; i < bytes / 4; i++)
        words[i] = state = state * 1664525u + 1013904223u;
    return p;
}

int main(int argc, char **argv)
{
    bench b;
    if (!bench_open(&b, "permute", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    size_t room = (size_t)(b.quick ? 450 : 2200) << 20;
    stage s = {.b = &b, .to = pages(room), .from = pages(room)};
    int ok = s.to && s.from && tenferro_context_create(&options, &s.context) == TENFERRO_OK;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && ok; i++)
        if (!b.quick || strncmp(patterns[i], "32x", 3) != 0) /* 2 GiB a tensor */
            ok = run(&s, patterns[i], TENFERRO_FLOAT64);
    for (size_t i = 0; i < sizeof hptt / sizeof *hptt && ok; i += b.quick ? 3 : 1) {
        ok = run(&s, hptt[i], TENFERRO_FLOAT32);
        ok = ok && run(&s, hptt[i], TENFERRO_FLOAT64);
    }
    double mean = s.cases ? exp(s.logarithms / s.cases) : 0;
    printf("permute: geometric mean %.2f of the limit (target %.1f), %d of %d cases below %.1f\n",
           mean, MEAN, s.low, s.cases, LEAST);
    tenferro_context_release(s.context);
    free(s.to);
    free(s.from);
    return bench_close(&b) == 0 && ok && mean >= MEAN && s.low == 0 ? 0 : 1;
}
