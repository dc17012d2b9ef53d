/*
 * Ten thousand small matrix products at once, the matrices one after another or the batch innermost, against a loop of a
 * BLAS's gemm calls over matrices one after another, split over the same threads.
 */

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro.h>

#include "bench.h"
#include "limits.h"

enum { BATCH = 10000, MOST_THREADS = 64, COLUMN_MAJOR = 102, NO_TRANSPOSE = 111 };

typedef void real32_gemm(int, int, int, int, int, int, float, const float *, int, const float *,
                         int, float, float *, int);
typedef void real64_gemm(int, int, int, int, int, int, double, const double *, int, const double *,
                         int, double, double *, int);
typedef void complex_gemm(int, int, int, int, int, int, const void *, const void *, int,
                          const void *, int, const void *, void *, int);

typedef union gemm {
    void *object;
    real32_gemm *f32;
    real64_gemm *f64;
    complex_gemm *complex;
} gemm;

typedef struct kind {
    tenferro_dtype dtype;
    const char *name, *symbol;
    size_t size;
} kind;

static const kind kinds[] = {{TENFERRO_FLOAT64, "f64", "cblas_dgemm", 8},
                             {TENFERRO_FLOAT32, "f32", "cblas_sgemm", 4},
                             {TENFERRO_COMPLEX128, "c128", "cblas_zgemm", 16},
                             {TENFERRO_COMPLEX64, "c64", "cblas_cgemm", 8}};

/* ---- the peer: threads that spin while a sample is taken, so that splitting the loop costs them nothing ---- */

typedef struct loop {
    const kind *kind;
    gemm call;
    int n, threads;
    const char *a, *b;
    char *c;
    atomic_int round, done, is_over;
} loop;

typedef struct worker {
    loop *loop;
    int index;
} worker;

static void multiply_share(const loop *l, int index)
{
    int n = l->n;
    size_t bytes = (size_t)n * (size_t)n * l->kind->size;
    size_t begin = (size_t)BATCH * (size_t)index / (size_t)l->threads;
    size_t end = (size_t)BATCH * ((size_t)index + 1) / (size_t)l->threads;
    const double one[2] = {1, 0}, zero[2] = {0, 0};
    const float one_single[2] = {1, 0}, zero_single[2] = {0, 0};
    for (size_t i = begin; i < end; i++) {
        const void *a = l->a + i * bytes, *b = l->b + i * bytes;
        void *c = l->c + i * bytes;
        switch (l->kind->dtype) {
        case TENFERRO_FLOAT32:
            l->call.f32(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, n, n, 1, a, n, b, n, 0, c, n);
            break;
        case TENFERRO_FLOAT64:
            l->call.f64(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, n, n, 1, a, n, b, n, 0, c, n);
            break;
        case TENFERRO_COMPLEX64:
            l->call.complex(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, n, n, one_single, a, n, b,
                            n, zero_single, c, n);
            break;
        default:
            l->call.complex(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, n, n, n, one, a, n, b, n,
                            zero, c, n);
        }
    }
}

static void *work(void *argument)
{
    const worker *w = argument;
    bench_pin_thread(w->index);
    for (int seen = 0;; seen++) {
        while (atomic_load(&w->loop->round) == seen)
            if (atomic_load(&w->loop->is_over))
                return NULL;
        multiply_share(w->loop, w->index);
        atomic_fetch_add(&w->loop->done, 1);
    }
}

/* Seconds of one product of all matrices, over `repeats`; negative if a thread cannot be had. */
static double peer_seconds(loop *l, int repeats)
{
    pthread_t threads[MOST_THREADS];
    worker workers[MOST_THREADS];
    int started = 1;
    atomic_store(&l->round, 0);
    atomic_store(&l->is_over, 0);
    for (; started < l->threads; started++) {
        workers[started] = (worker){l, started};
        if (pthread_create(&threads[started], NULL, work, &workers[started]) != 0)
            break;
    }
    double start = 0;
    for (int r = -1; r < repeats && started == l->threads; r++) { /* the first one wakes them */
        if (r == 0)
            start = bench_seconds();
        atomic_store(&l->done, 0);
        atomic_fetch_add(&l->round, 1);
        multiply_share(l, 0);
        while (atomic_load(&l->done) < l->threads - 1)
            continue;
    }
    double seconds = (bench_seconds() - start) / repeats;
    atomic_store(&l->is_over, 1);
    for (int t = 1; t < started; t++)
        (void)pthread_join(threads[t], NULL);
    return started == l->threads ? seconds : -1;
}

/* ---- ours ---- */

enum { I = 1, J, K, Q };

static tenferro_operand operand(const kind *k, const int64_t *extents, const int64_t *labels)
{
    return tenferro_operand_make(k->dtype, 3, extents, NULL, labels);
}

/* C[i,j,q] = sum over k of A[i,k,q] B[k,j,q], or q first. */
static tenferro_status
make_plan(tenferro_context *context, const kind *k, int n, int is_innermost, tenferro_plan **plan)
{
    const int64_t last[] = {n, n, BATCH}, first[] = {BATCH, n, n};
    const int64_t labels[2][3][3] = {{{I, K, Q}, {K, J, Q}, {I, J, Q}},
                                     {{Q, I, K}, {Q, K, J}, {Q, I, J}}};
    const int64_t *extents = is_innermost ? first : last;
    tenferro_operand a = operand(k, extents, labels[is_innermost][0]);
    tenferro_operand b = operand(k, extents, labels[is_innermost][1]);
    tenferro_operand c = operand(k, extents, labels[is_innermost][2]);
    return tenferro_plan_contraction(context, &a, &b, NULL, &c, NULL, plan);
}

static double
our_seconds(const tenferro_plan *plan, const char *a, const char *b, char *c, int repeats)
{
    const void *inputs[] = {a, b};
    double start = bench_seconds();
    for (int r = 0; r < repeats; r++)
        if (tenferro_plan_execute(plan, inputs, c, NULL, NULL, NULL, 0) != TENFERRO_OK)
            return -1;
    return (bench_seconds() - start) / repeats;
}

/* From matrices one after another to the batch first. */
static void move_batch_first(const kind *k, int n, const char *from, char *to)
{
    size_t elements = (size_t)n * (size_t)n, size = k->size;
    for (size_t q = 0; q < BATCH; q++)
        for (size_t e = 0; e < elements; e++)
            memcpy(to + (e * BATCH + q) * size, from + (q * elements + e) * size, size);
}

/* Real and imaginary parts: sums of 2n products of numbers within 1.5, so of an error within 9 n^2 roundings. */
static int is_close(const kind *k, int n, const char *x, const char *y)
{
    int is_single = k->dtype == TENFERRO_FLOAT32 || k->dtype == TENFERRO_COMPLEX64;
    size_t count = (size_t)BATCH * (size_t)n * (size_t)n * k->size / (is_single ? 4 : 8);
    double allowed = (is_single ? 6e-8 : 1.2e-16) * 9 * n * n;
    for (size_t i = 0; i < count; i++) {
        float single[2];
        double parts[2];
        if (is_single) {
            memcpy(&single[0], x + 4 * i, 4);
            memcpy(&single[1], y + 4 * i, 4);
            parts[0] = single[0], parts[1] = single[1];
        } else {
            memcpy(&parts[0], x + 8 * i, 8);
            memcpy(&parts[1], y + 8 * i, 8);
        }
        if (!(fabs(parts[0] - parts[1]) <= allowed))
            return 0;
    }
    return 1;
}

/* ---- the cases ---- */

typedef struct stage {
    bench *b;
    tenferro_context *context;
    void *blas;
    char *a, *b_, *c, *expected, *a_first, *b_first;
} stage;

static int run(stage *s, const kind *k, int n)
{
    loop peer = {.kind = k,
                 .call = {dlsym(s->blas, k->symbol)},
                 .n = n,
                 .threads = s->b->threads,
                 .a = s->a,
                 .b = s->b_,
                 .c = s->expected};
    int ok = peer.call.object != NULL;
    if (ok) {
        move_batch_first(k, n, s->a, s->a_first);
        move_batch_first(k, n, s->b_, s->b_first);
    }
    for (int is_innermost = 0; is_innermost < 2 && ok; is_innermost++) {
        const char *a = is_innermost ? s->a_first : s->a, *b = is_innermost ? s->b_first : s->b_;
        double ours[BENCH_SAMPLES], theirs[BENCH_SAMPLES];
        tenferro_plan *plan = NULL;
        ok = make_plan(s->context, k, n, is_innermost, &plan) == TENFERRO_OK;
        double once = ok ? our_seconds(plan, a, b, s->c, 1) : -1;
        ok = once >= 0 && peer_seconds(&peer, 1) > 0;
        if (ok &&
            is_innermost) { /* compare in the innermost order; `expected` is written again below */
            char *first = malloc((size_t)BATCH * (size_t)n * (size_t)n * k->size);
            ok = first != NULL;
            if (ok) {
                move_batch_first(k, n, s->expected, first);
                ok = is_close(k, n, s->c, first);
            }
            free(first);
        } else if (ok) {
            ok = is_close(k, n, s->c, s->expected);
        }
        int repeats = 1 + (int)(4e-3 / (once > 0 ? once : 1));
        for (int i = 0; i < BENCH_SAMPLES && ok; i++) {
            ours[i] = our_seconds(plan, a, b, s->c, repeats);
            theirs[i] = peer_seconds(&peer, repeats);
            ok = ours[i] > 0 && theirs[i] > 0;
        }
        char name[64];
        snprintf(name, sizeof name, "n=%d %s", n, is_innermost ? "batch innermost" : "contiguous");
        if (ok)
            bench_compare(s->b, name, k->name, BENCH_SAMPLES, ours, "loop of gemm", theirs,
                          n <= 8 ? 1.5 : 0.97);
        else
            fprintf(stderr, "batched: %s %s failed: %s\n", name, k->name, tenferro_error_message());
        tenferro_plan_release(plan);
    }
    return ok;
}

int main(int argc, char **argv)
{
    static const int sizes[] = {4, 8, 16, 32};
    bench b;
    if (!bench_open(&b, "batched", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    size_t room = (size_t)BATCH * 32 * 32 * 16;
    stage s = {.b = &b, .blas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL)};
    char **arrays[] = {&s.a, &s.b_, &s.c, &s.expected, &s.a_first, &s.b_first};
    int ok = b.threads <= MOST_THREADS;
    for (size_t i = 0; i < 6 && ok; i++)
        ok = (*arrays[i] = limit_pages(room, 1)) != NULL;
    ok = ok && tenferro_context_create(&options, &s.context) == TENFERRO_OK;
    if (!s.blas) {
        printf("batched: no OpenBLAS here: skipped\n");
    } else if (ok) {
        union {
            void *object;
            void (*function)(int);
        } set_threads = {dlsym(s.blas, "openblas_set_num_threads")};
        if (set_threads.object)
            set_threads.function(1); /* each of the loop's threads calls it for itself */
        for (size_t k = 0; k < (b.quick ? 1 : sizeof kinds / sizeof *kinds) && ok; k++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes && ok; i++)
                ok = run(&s, &kinds[k], sizes[i]);
    }
    tenferro_context_release(s.context);
    for (size_t i = 0; i < 6; i++)
        free(*arrays[i]);
    int status = bench_close(&b);
    return ok ? status : 2;
}
