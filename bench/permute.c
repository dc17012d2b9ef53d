/*
 * Permutations of tensors into a given destination, huge pages where the system has them: bytes read and written, against
 * a copy of the same bytes with non-temporal stores (the limit), in turn.  The cases are those of HPTT and
 * TTC (f32 and f64; about 200 MiB in f32) and patterns of tensor networks (f64).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro.h>

#include "bench.h"
#include "limits.h"

enum { MAX_RANK = 32, QUICK_SAMPLES = 3 };
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
    double logarithms;         /* of the ratios to the limit */
    int cases, is_small_pages; /* those are reported, without a target */
} stage;

enum { OURS, LIMIT, MEASURED };

/* Seconds of each in turn. */
static tenferro_status measure(stage *s, const problem *p, tenferro_dtype dtype, int samples,
                               double seconds[MEASURED][BENCH_SAMPLES])
{
    int64_t extents[MAX_RANK];
    limit_arrays whole = {s->to, s->from, NULL, p->bytes};
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
        int at = i < 0 ? 0 : i;
        double rate = limit_rate("copy_streaming", s->b->threads, &whole, 1);
        seconds[LIMIT][at] = 2 * (double)p->bytes / rate;
        double start = bench_seconds();
        status = tenferro_copy_into(view, to);
        seconds[OURS][at] = bench_seconds() - start;
    }
    tenferro_tensor_release(from);
    tenferro_tensor_release(view);
    tenferro_tensor_release(to);
    return status;
}

static int run(stage *s, const char *text, tenferro_dtype dtype)
{
    size_t size = dtype == TENFERRO_FLOAT32 ? 4 : 8;
    int samples = s->b->quick ? QUICK_SAMPLES : BENCH_SAMPLES;
    double seconds[MEASURED][BENCH_SAMPLES];
    problem p;
    if (!parse(text, size, &p) || measure(s, &p, dtype, samples, seconds) != TENFERRO_OK ||
        !is_right(&p, size, s->to, s->from)) {
        fprintf(stderr, "permute: %s failed: %s\n", text, tenferro_error_message());
        return 0;
    }
    char name[160];
    snprintf(name, sizeof name, "%s%s", text, s->is_small_pages ? " (4K pages)" : "");
    const char *short_name = size == 4 ? "f32" : "f64";
    double limit = bench_compare(s->b, name, short_name, samples, seconds[OURS], "streaming copy",
                                 seconds[LIMIT], s->is_small_pages ? 0 : LEAST);
    if (!s->is_small_pages) {
        s->logarithms += log(limit);
        s->cases++;
    }
    return 1;
}

int main(int argc, char **argv)
{
    bench b;
    if (!bench_open(&b, "permute", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    size_t small = (size_t)450 << 20, room = b.quick ? small : (size_t)2200 << 20;
    stage s = {.b = &b, .to = limit_pages(room, 1), .from = limit_pages(room, 1)};
    int ok = s.to && s.from && tenferro_context_create(&options, &s.context) == TENFERRO_OK;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && ok; i++)
        if (!b.quick || strncmp(patterns[i], "32x", 3) != 0) /* 2 GiB a tensor */
            ok = run(&s, patterns[i], TENFERRO_FLOAT64);
    for (size_t i = 0; i < sizeof hptt / sizeof *hptt && ok; i += b.quick ? 3 : 1) {
        ok = run(&s, hptt[i], TENFERRO_FLOAT32);
        ok = ok && run(&s, hptt[i], TENFERRO_FLOAT64);
    }
    free(s.to);
    free(s.from);
    s.to = limit_pages(small, 0);
    s.from = limit_pages(small, 0);
    s.is_small_pages = 1;
    ok = ok && s.to && s.from;
    for (size_t i = 0; i < sizeof hptt / sizeof *hptt && ok; i += b.quick ? 18 : 6)
        ok = run(&s, hptt[i], TENFERRO_FLOAT32);
    double mean = s.cases ? exp(s.logarithms / s.cases) : 0;
    printf("permute: geometric mean %.2f of the limit (target %.1f), %d of %d cases below %.1f\n",
           mean, MEAN, b.missed, s.cases, LEAST);
    tenferro_context_release(s.context);
    free(s.to);
    free(s.from);
    b.missed += mean < MEAN;
    int status = bench_close(&b);
    return ok ? status : 2;
}
