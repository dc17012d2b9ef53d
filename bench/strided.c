/*
 * Reductions, elementwise operations, conversions and copies over any strides, huge pages where the system has them: time
 * against the best probe that only reads the same inputs and writes the same output, in turn.  TENFERRO_BENCH_ONLY=text
 * runs the rows whose name holds the text.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tenferro.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#endif

#include "bench.h"
#include "kernels/element.h"
#include "kernels/kernels.h"
#include "prims/engine.h"

enum { MAX_RANK = 24, LONGEST = 1 << 10, AHEAD = 2048, MAX_INPUTS = 3 };
#define HUGE_PAGE ((size_t)2 << 20)
#define ROOM ((size_t)288 << 20) /* of an operand */

/*
 * "operation axes": the axes of the inputs and of the output, each array column-major in that order.  An axis that the
 * output lacks is reduced, one that an input lacks is repeated; -a: a runs backwards; 2a: every second element.
 */
typedef struct row {
    const char *name, *types, *extents; /* of a, b, c ... */
    double target;                      /* 0: none */
} row;

static const row rows[] = {
    {"sum ab>b", "f64", "4000,4000", 0.9},
    {"sum ab>a", "f64", "4000,4000", 0.9},
    {"sum ab>", "f64", "4000,4000", 0.9},
    {"sum acegikmoqsuw", "f64", "2^23", 0.6}, /* alternating: of a .. w, those named stay */
    {"sum bdfhjlnprtv", "f64", "2^23", 0.6},
    {"sum abc>bc", "f64", "216,216,216", 0.6},
    {"sum abc>ac", "f64", "216,216,216", 0.6},
    {"sum abc>ab", "f64", "216,216,216", 0.6},
    {"sum abc>a", "f64", "216,216,216", 0.6},
    {"sum abc>b", "f64", "216,216,216", 0.6},
    {"sum abc>c", "f64", "216,216,216", 0.6},
    {"sum abc>cb", "f64", "216,216,216", 0.6},
    {"sum ab>b", "f64", "3,4000000", 0.6},
    {"sum ab>a", "f64", "3,4000000", 0.6},
    {"sum ab>b", "f64", "4000000,3", 0.6},
    {"sum ab>a", "f64", "4000000,3", 0.6},
    {"sum ab>b", "f64", "20,600000", 0.6},
    {"sum abc>b", "f64", "2,1000000,6", 0.6},
    {"sum -ab>b", "f64", "4000,4000", 0.6},
    {"sum -ab>a", "f64", "4000,4000", 0.6},
    {"sum 2ab>b", "f64", "4000,4000", 0.6},
    {"sum 2ab>a", "f64", "4000,4000", 0.6},
    {"sum ab>b", "f32", "4000,4000", 0.9},
    {"sum ab>a", "f32", "4000,4000", 0.9},
    {"sum ab>b", "c64", "4000,4000", 0.9},
    {"sum ab>a", "c64", "4000,4000", 0.9},
    {"sum ab>b", "c128", "4000,3000", 0.9},
    {"sum ab>a", "c128", "4000,3000", 0.9},
    {"sum ab>b", "i32", "4000,4000", 0.9},
    {"sum ab>a", "i64", "4000,4000", 0.9},
    {"prod ab>b", "f64", "4000,4000", 0.6},
    {"max ab>b", "f64", "4000,4000", 0.6},
    {"max ab>a", "f64", "4000,4000", 0.6},
    {"max ab>b", "f32", "4000,4000", 0.6},
    {"max ab>b", "i32", "4000,4000", 0.6},
    {"min ab>", "i64", "4000,4000", 0.6},
    {"argmax ab>b", "f64", "4000,4000", 0.6},
    {"argmax ab>a", "f64", "4000,4000", 0.6},
    {"argmax ab>", "f32", "4000,4000", 0.6},
    {"any ab>b", "bool", "8000,8000", 0.6},
    {"all ab>a", "bool", "8000,8000", 0.6},
    {"fill >ab", "f64", "4000,4000", 0.9},
    {"fill >2ab", "f64", "2000,4000", 0.9},
    {"neg ab>ab", "f64", "4000,4000", 0.9},
    {"neg 2ab>ab", "f64", "4000,4000", 0.9},
    {"neg -ab>ab", "f64", "4000,4000", 0.9},
    {"neg ab>ba", "f64", "4000,4000", 0.5},
    {"add ab,ab>ab", "f64", "4000,4000", 0.9},
    {"add ab,ab>ab", "f32", "4000,4000", 0.9},
    {"mul ab,ab>ab", "c128", "3000,4000", 0.9},
    {"less ab,ab>ab", "f64>bool", "4000,4000", 0.9},
    {"add ab,a>ab", "f64", "4000,4000", 0.9},
    {"add ab,b>ab", "f64", "4000,4000", 0.9},
    {"add a,b>ab", "f64", "4000,4000", 0.9},
    {"add ab,2ab>ab", "f64", "4000,4000", 0.9},
    {"add ab,ba>ab", "f64", "4000,4000", 0.5},
    {"add ba,ba>ab", "f64", "4000,4000", 0.5},
    {"add abc,cba>bca", "f64", "216,216,216", 0.5},
    {"add abc,cb>bca", "f64", "216,216,216", 0.5},
    {"add ab,ab>ab", "f64", "3,4000000", 0.9},
    {"add ab,b>ab", "f64", "3,4000000", 0.5},
    {"add ab,a>ab", "f64", "3,4000000", 0.5},
    {"add ab,ba>ab", "f64", "3,4000000", 0.5},
    {"add ab,ba>ba", "f64", "3,4000000", 0.5},
    {"neg ab>ba", "f64", "3,4000000", 0.5},
    {"select ab,ba,ab>ab", "f64", "4000,4000", 0.5},
    {"select ab,ab,ab>ab", "f64", "4000,4000", 0.9},
    {"conj ab>ab", "c128", "3000,4000", 0.9},
    {"conj ab>ba", "c128", "3000,4000", 0.5},
    {"conj ab>ba", "c64", "3000,4000", 0.5},
    {"cast ab>ab", "f32>f64", "4000,4000", 0.9},
    {"cast ab>ab", "f64>f32", "4000,4000", 0.9},
    {"cast ab>ba", "f32>f64", "4000,4000", 0.5},
    {"cast ab>ba", "f64>f32", "4000,4000", 0.5},
    {"cast ab>ba", "f64>c128", "4000,3000", 0.5},
    {"cast ab>ba", "i32>f64", "4000,4000", 0.5},
    {"copy ab>ba", "f64", "3,4000000", 0.5},
    {"copy ab>ba", "f64", "4000000,3", 0.5},
    {"copy ab>ba", "f32", "3,4000000", 0.5},
    {"copy ab>ba", "f64", "32,32", 0},
    {"copy ab>ba", "f64", "64,64", 0},
    {"copy ab>ba", "f64", "128,128", 0},
    {"copy ab>ba", "f64", "256,256", 0},
    {"copy ab>ba", "f64", "512,512", 0},
    {"copy ab>ba", "f32", "64,64", 0},
    {"copy ab>ba", "f64", "3,3", 0},
    {"copy ab>ba", "f64", "8,8", 0},
    {"add ab,b>ab", "f64", "3,4000", 0},
    {"add ab,a>ab", "f64", "3,4000", 0},
    {"add ab,ba>ab", "f64", "3,4000", 0},
    {"copy ab>ba", "f64", "3,4000", 0},
    {"copy ab>ba", "f64", "4000,3", 0},
    {"copy 2ab>ab", "f64", "40,30", 0},
    {"neg ab>ba", "f64", "8,8", 0},
    {"neg ab>ba", "f64", "64,64", 0},
    {"add ab,ba>ab", "f64", "64,64", 0},
    {"add ab,ab>ab", "f64", "64,64", 0},
    {"sum ab>b", "f64", "64,64", 0},
    {"sum ab>a", "f64", "64,64", 0},
    {"argmax ab>a", "f64", "64,64", 0},
};

/* ---- what a row means ---- */

typedef struct operand {
    tenferro_dtype dtype;
    int64_t strides[MAX_RANK], bytes; /* of the cache lines that are touched */
    int gaps;                         /* some of their bytes are not */
    char *first;
} operand;

typedef struct problem {
    char op[16];
    int rank, inputs;
    int64_t extents[MAX_RANK];
    operand in[MAX_INPUTS], out;
} problem;

static tenferro_dtype dtype_named(const char *text, const char **end)
{
    static const struct {
        const char *name;
        tenferro_dtype dtype;
    } names[] = {{"f32", TENFERRO_FLOAT32},   {"f64", TENFERRO_FLOAT64},
                 {"c64", TENFERRO_COMPLEX64}, {"c128", TENFERRO_COMPLEX128},
                 {"i32", TENFERRO_INT32},     {"i64", TENFERRO_INT64},
                 {"bool", TENFERRO_BOOL}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i].name);
        if (strncmp(text, names[i].name, length) == 0) {
            *end = text + length;
            return names[i].dtype;
        }
    }
    return TENFERRO_BOOL;
}

/* One operand's axes; returns where they end. */
static const char *
parse_axes(const char *text, const problem *p, operand *o, tenferro_dtype dtype, char *memory)
{
    int64_t size = tf_element_size(dtype), stride = 1;
    *o = (operand){.dtype = dtype, .bytes = size, .first = memory};
    for (; *text && *text != ',' && *text != '>'; text++) {
        int reversed = *text == '-', step = *text == '2' ? 2 : 1;
        text += reversed || step == 2;
        int axis = *text - 'a';
        o->strides[axis] = reversed ? -stride : stride * step;
        o->first += reversed ? (p->extents[axis] - 1) * stride * size : 0;
        o->gaps |= step > 1;
        o->bytes *= p->extents[axis] * (stride * step * size <= 64 ? step : 1);
        stride *= p->extents[axis] * step;
    }
    return text;
}

static void parse(const row *r, char *const *memory, problem *p)
{
    char *end;
    *p = (problem){0};
    if (strncmp(r->extents, "2^", 2) == 0)
        for (p->rank = 0; p->rank < atoi(r->extents + 2); p->rank++)
            p->extents[p->rank] = 2;
    else
        for (const char *text = r->extents; *text; text = end + (*end == ','))
            p->extents[p->rank++] = strtol(text, &end, 10);
    const char *types = r->types, *text = strchr(r->name, ' ');
    memcpy(p->op, r->name, (size_t)(text - r->name));
    text++;
    tenferro_dtype from = dtype_named(types, &types);
    tenferro_dtype to = *types == '>' ? dtype_named(types + 1, &types) : from;
    to = strncmp(p->op, "arg", 3) == 0 ? TENFERRO_INT64 : to;
    if (strchr(text, '>') == NULL) { /* of all axes, those named stay */
        char all[MAX_RANK + 1] = {0};
        for (int i = 0; i < p->rank; i++)
            all[i] = (char)('a' + i);
        p->inputs = 1;
        parse_axes(all, p, &p->in[0], from, memory[0]);
        parse_axes(text, p, &p->out, to, memory[MAX_INPUTS]);
        return;
    }
    while (*text != '>') {
        tenferro_dtype dtype = strcmp(p->op, "select") == 0 && p->inputs == 0 ? TENFERRO_BOOL : from;
        text = parse_axes(text, p, &p->in[p->inputs], dtype, memory[p->inputs]);
        p->inputs++;
        text += *text == ',';
    }
    parse_axes(text + 1, p, &p->out, to, memory[MAX_INPUTS]);
}

static tenferro_status execute(const tf_engine *engine, const problem *p)
{
    static const char *const reductions[] = {"sum", "prod", "min", "max", "any", "all"};
    static const double value[2] = {1.5, 2.5};
    const void *in[MAX_INPUTS] = {p->in[0].first, p->in[1].first, p->in[2].first};
    const int64_t *strides[MAX_INPUTS] = {p->in[0].strides, p->in[1].strides, p->in[2].strides};
    unsigned char reduced[MAX_RANK];
    for (int i = 0; i < p->rank; i++)
        reduced[i] = p->out.strides[i] == 0;
    for (int i = 0; i < TF_REDUCE_COUNT; i++)
        if (strcmp(p->op, reductions[i]) == 0)
            return tf_reduce(engine, (tf_reduce_op)i, p->in[0].dtype, p->rank, p->extents, reduced,
                             in[0], strides[0], p->out.first, p->out.strides);
    for (int i = 0; i < TF_MAP_COUNT; i++)
        if (strcmp(p->op, tf_map_name((tf_map_op)i)) == 0)
            return tf_map(engine, (tf_map_op)i, p->in[p->inputs - 1].dtype, p->rank, p->extents, in,
                          strides, p->out.first, p->out.strides);
    if (strcmp(p->op, "argmax") == 0)
        return tf_arg_reduce(engine, 1, p->in[0].dtype, p->rank, p->extents, reduced, in[0],
                             strides[0], (void *)p->out.first, p->out.strides);
    if (strcmp(p->op, "fill") == 0)
        return tf_fill(engine, tf_element_size(p->out.dtype), value, p->rank, p->extents,
                       p->out.first, p->out.strides);
    if (strcmp(p->op, "cast") == 0)
        return tf_cast(engine, p->in[0].dtype, p->out.dtype, p->rank, p->extents, in[0], strides[0],
                       p->out.first, p->out.strides);
    return tf_copy(engine, tf_element_size(p->out.dtype), p->rank, p->extents, in[0], strides[0],
                   p->out.first, p->out.strides);
}

/* ---- the limit ---- */

/* Some of each input is read, then some of the output written: `block` of `blocks`. */
typedef struct probe {
    const char *in[MAX_INPUTS];
    char *out;
    int64_t in_bytes[MAX_INPUTS], out_bytes, blocks;
    int inputs, streaming, fetching;
} probe;

typedef void probe_block(const probe *p, int64_t block);

static void probe_libc(const probe *p, int64_t block)
{
    int64_t length = p->out_bytes / p->blocks;
    if (p->inputs == 0)
        memset(p->out + block * length, 1, (size_t)length);
    else
        memcpy(p->out + block * length, p->in[0] + block * length, (size_t)length);
}

#if defined(__x86_64__)
AVX2 static void probe_vectors(const probe *p, int64_t block)
{
    __m256i acc[4];
    for (int i = 0; i < 4; i++)
        acc[i] = _mm256_set1_epi8(1);
    for (int k = 0; k < p->inputs; k++) {
        int64_t length = p->in_bytes[k] / p->blocks;
        const char *x = p->in[k] + block * length;
        for (int64_t i = 0; i + 128 <= length; i += 128) {
            if (p->fetching) /* the hardware alone leaves a quarter */
                for (int j = 0; j < 128; j += 64)
                    _mm_prefetch((const char *)((uintptr_t)(x + i + j) + AHEAD), _MM_HINT_T1);
            for (int j = 0; j < 4; j++)
                acc[j] = _mm256_xor_si256(acc[j],
                                          _mm256_loadu_si256(
                                              (const __m256i *)(const void *)(x + i + 32 * j)));
        }
    }
    acc[0] = _mm256_xor_si256(_mm256_xor_si256(acc[0], acc[1]), _mm256_xor_si256(acc[2], acc[3]));
    int64_t length = p->out_bytes / p->blocks / 64 * 64;
    __m256i *z = (__m256i *)(void *)(p->out + block * length);
    __asm__ volatile("" : : "x"(acc[0])); /* it was read, even if nothing is written */
    if (p->streaming) {
        for (int64_t i = 0; i < length / 32; i++)
            _mm256_stream_si256(z + i, acc[0]);
    } else {
        for (int64_t i = 0; i < length / 32; i++)
            _mm256_storeu_si256(z + i, acc[0]);
    }
}
#endif

typedef struct probe_run {
    const probe *probe;
    probe_block *block;
} probe_run;

static void run_probe(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const probe_run *run = user;
    for (int64_t i = begin; i < end; i++)
        run->block(run->probe, i);
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

static double probe_seconds(const tf_engine *engine, const probe *p, probe_block *block, int repeats)
{
    probe_run run = {p, block};
    double start = bench_seconds();
    for (int i = 0; i < repeats; i++) {
        tf_parallel_for(engine->pool, engine->threads, p->blocks, TF_MAX(p->blocks / 256, 1),
                        run_probe, &run);
        __asm__ volatile("" ::: "memory"); /* each pass is done */
    }
    return (bench_seconds() - start) / repeats;
}

/* Of the best probe. */
static double limit_seconds(const tf_engine *engine, const problem *q, int repeats)
{
    probe p = {.out = q->out.first, .inputs = q->inputs};
    p.out_bytes = q->out.bytes;
    int64_t most = p.out_bytes;
    for (int k = 0; k < p.inputs; k++) {
        p.in[k] = q->in[k].first;
        p.in_bytes[k] = q->in[k].bytes;
        if (q->in[k].strides[0] < 0)
            p.in[k] -= (q->extents[0] - 1) * tf_element_size(q->in[k].dtype);
        most = TF_MAX(most, p.in_bytes[k]);
    }
    p.blocks = TF_MAX(most / LONGEST, 1);
    double best = 1e9;
    if ((p.inputs == 0 && !q->out.gaps) || (p.inputs == 1 && p.in_bytes[0] == p.out_bytes))
        best = probe_seconds(engine, &p, probe_libc, repeats);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        for (int way = 0; way < 4; way++) {
            p.streaming = way & 1 && !q->out.gaps;
            p.fetching = way >> 1;
            best = TF_MIN(best, probe_seconds(engine, &p, probe_vectors, repeats));
        }
#endif
    return best;
}

/* ---- one row ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

/* -1: failed; 1: slower than the target. */
static int run(bench *b, const tf_engine *engine, const row *r, char *const *memory)
{
    problem p;
    double ours[BENCH_SAMPLES], limits[BENCH_SAMPLES], ratios[BENCH_SAMPLES];
    parse(r, memory, &p);
    double bytes = (double)p.out.bytes;
    for (int k = 0; k < p.inputs; k++)
        bytes += (double)p.in[k].bytes;
    int repeats = (int)TF_MAX(1, 1e7 / bytes), samples = b->quick ? 5 : BENCH_SAMPLES;
    for (int i = -1; i < samples; i++) { /* the first one warms up */
        int at = TF_MAX(i, 0);
        limits[at] = limit_seconds(engine, &p, repeats);
        double start = bench_seconds();
        for (int k = 0; k < repeats; k++)
            if (execute(engine, &p) != TENFERRO_OK) {
                fprintf(stderr, "strided: %s: %s\n", r->name, tenferro_error_message());
                return -1;
            }
        ours[at] = (bench_seconds() - start) / repeats;
        ratios[at] = limits[at] / ours[at];
    }
    double ratio = median(ratios, samples), limit = bytes / median(limits, samples) * 1e-9;
    char name[64], target[16] = "-";
    snprintf(name, sizeof name, "%s %s", r->name, r->extents);
    if (r->target > 0)
        snprintf(target, sizeof target, "%.2f", r->target);
    printf("%-10s %-34s %-9s %d %10.4g us  limit %6.4g GB/s %6.2f %6s%s\n", b->suite, name,
           r->types, b->threads, 1e6 * median(ours, samples), limit, ratio, target,
           ratio < r->target ? "  MISS" : "");
    fflush(stdout);
    if (b->json) {
        fprintf(b->json,
                "%s\n{\"case\": \"%s\", \"dtype\": \"%s\", \"unit\": \"s\", \"of_limit\": %.4g, "
                "\"limit_GB/s\": %.4g, \"target\": %g, \"samples\": [",
                b->rows++ ? "," : "", name, r->types, ratio, limit, r->target);
        for (int i = 0; i < samples; i++)
            fprintf(b->json, "%s%.6g", i ? ", " : "", ours[i]);
        fprintf(b->json, "]}");
    }
    return ratio < r->target;
}

static char *pages(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, HUGE_PAGE, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* only a hint */
#endif
    double *numbers = p; /* near 1, so that no product overflows */
    uint32_t state = 1;
    for (size_t i = 0; i < bytes / sizeof *numbers; i++) {
        state = state * 1664525u + 1013904223u;
        numbers[i] = 1 + 1e-12 * (double)state;
    }
    return p;
}

int main(int argc, char **argv)
{
    bench b;
    if (!bench_open(&b, "strided", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    tenferro_context *context = NULL;
    tf_engine engine;
    char *memory[MAX_INPUTS + 1];
    int ok = tenferro_context_create(&options, &context) == TENFERRO_OK, missed = 0, count = 0;
    for (int k = 0; k <= MAX_INPUTS; k++)
        ok &= (memory[k] = pages(ROOM)) != NULL;
    const char *only = getenv("TENFERRO_BENCH_ONLY");
    if (ok)
        tf_context_engine(context, &engine);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && ok; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s %s %s", rows[i].name, rows[i].extents, rows[i].types);
        if (only && strstr(name, only) == NULL)
            continue;
        int outcome = run(&b, &engine, &rows[i], memory);
        ok = outcome >= 0;
        missed += outcome > 0;
        count++;
    }
    printf("strided: %d of %d rows below their targets\n", missed, count);
    tenferro_context_release(context);
    for (int k = 0; k <= MAX_INPUTS; k++)
        free(memory[k]);
    return bench_close(&b) == 0 && ok && missed == 0 ? 0 : 1;
}
