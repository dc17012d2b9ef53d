/*
 * Calls so small that only their overhead counts, in nanoseconds, and what bounds them: a BLAS's gemm called directly, and
 * the allocator (a new tensor is three blocks).
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <tenferro.h>

#include "bench.h"

enum {
    PLANS = 8,
    OPERANDS = 2 * PLANS
}; /* in rotation, so that no branch predictor learns the one case by heart */

typedef void dgemm_function(const char *, const char *, const int *, const int *, const int *,
                            const double *, const double *, const int *, const double *,
                            const int *, const double *, double *, const int *, size_t, size_t);

typedef struct subject {
    tenferro_context *context;
    tenferro_tensor *threes[OPERANDS];                 /* of 3 elements */
    tenferro_tensor *matrices[OPERANDS], *into[PLANS]; /* 2x2 */
    tenferro_einsum_plan *plans[PLANS];
    dgemm_function *dgemm;
    double raw[OPERANDS][4], result[4];
} subject;

/* ---- the cases: one call with the i-th operands; 0 if it failed ---- */

static int release_made(tenferro_status status, tenferro_tensor *made)
{
    tenferro_tensor_release(made);
    return status == TENFERRO_OK;
}

static int add_3(subject *s, int i)
{
    tenferro_tensor *out;
    tenferro_status status = tenferro_add(s->threes[2 * i], s->threes[2 * i + 1], &out);
    return release_made(status, out);
}

static const tenferro_tensor *const *pair(const subject *s, int i)
{
    return (const tenferro_tensor *const *)&s->matrices[2 * i];
}

static int execute_into(subject *s, int i)
{
    return tenferro_einsum_execute_into(s->plans[i], 2, pair(s, i), s->into[i]) == TENFERRO_OK;
}

static int execute(subject *s, int i)
{
    tenferro_tensor *out;
    tenferro_status status = tenferro_einsum_execute(s->plans[i], 2, pair(s, i), &out);
    return release_made(status, out);
}

static int unplanned(subject *s, int i)
{
    tenferro_tensor *out;
    tenferro_status status = tenferro_einsum("ij,jk->ik", 2, pair(s, i), &out);
    return release_made(status, out);
}

static int gemm_directly(subject *s, int i)
{
    static const int two = 2;
    static const double one = 1, zero = 0;
    s->dgemm("N", "N", &two, &two, &two, &one, s->raw[2 * i], &two, s->raw[2 * i + 1], &two, &zero,
             s->result, &two, 1, 1);
    return 1;
}

static int three_blocks(subject *s, int i)
{
    (void)s;
    void *volatile handle = malloc(112 + (size_t)i), *volatile storage = malloc(96),
                   *volatile data = malloc(64);
    int ok = handle && storage && data;
    free(data);
    free(storage);
    free(handle);
    return ok;
}

typedef struct named_case {
    const char *name;
    int (*call)(subject *s, int i);
} named_case;

static const named_case cases[] = {
    {"add_3", add_3},
    {"einsum_2x2_execute_into", execute_into},
    {"einsum_2x2_execute", execute},
    {"einsum_2x2_unplanned", unplanned},
    {"limit_dgemm_2x2", gemm_directly},
    {"limit_three_blocks", three_blocks},
};

/* Nanoseconds a call, over `rounds` rounds of all plans; negative if one failed. */
static double nanoseconds(subject *s, int (*call)(subject *, int), int rounds)
{
    double start = bench_seconds();
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < PLANS; i++)
            if (!call(s, i))
                return -1;
    return (bench_seconds() - start) * 1e9 / (double)(rounds * PLANS);
}

static int measure(bench *b, subject *s, const named_case *c)
{
    double samples[BENCH_SAMPLES];
    int rounds = b->quick ? 2000 : 10000;
    for (int i = -1; i < BENCH_SAMPLES; i++) { /* the first one warms up */
        double ns = nanoseconds(s, c->call, rounds);
        if (ns < 0) {
            fprintf(stderr, "micro: %s: %s\n", c->name, tenferro_error_message());
            return 0;
        }
        if (i >= 0)
            samples[i] = ns;
    }
    bench_report(b, c->name, "f64", "ns", BENCH_SAMPLES, samples);
    return 1;
}

/* ---- set-up ---- */

static tenferro_status make_all(subject *s)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    const int64_t three[] = {3}, two[] = {2, 2}, *const shapes[] = {two, two};
    const int ranks[] = {2, 2};
    options.threads = 1;
    tenferro_status status = tenferro_context_create(&options, &s->context);
    for (int i = 0; i < OPERANDS && status == TENFERRO_OK; i++) {
        status = tenferro_random_uniform(s->context, TENFERRO_FLOAT64, 1, three, 1, (uint64_t)i, 0,
                                         1, &s->threes[i]);
        if (status == TENFERRO_OK)
            status = tenferro_random_uniform(s->context, TENFERRO_FLOAT64, 2, two, 2, (uint64_t)i,
                                             0, 1, &s->matrices[i]);
        if (status == TENFERRO_OK)
            status = tenferro_tensor_read(s->matrices[i], s->raw[i], NULL);
    }
    for (int i = 0; i < PLANS && status == TENFERRO_OK; i++) {
        status = tenferro_einsum_plan_create(s->context, "ij,jk->ik", TENFERRO_FLOAT64, 2, ranks,
                                             shapes, NULL, &s->plans[i]);
        if (status == TENFERRO_OK)
            status = tenferro_tensor_create(s->context, TENFERRO_FLOAT64, 2, two,
                                            TENFERRO_COLUMN_MAJOR, &s->into[i]);
    }
    return status;
}

static void release_all(subject *s)
{
    for (int i = 0; i < OPERANDS; i++) {
        tenferro_tensor_release(s->threes[i]);
        tenferro_tensor_release(s->matrices[i]);
    }
    for (int i = 0; i < PLANS; i++) {
        tenferro_tensor_release(s->into[i]);
        tenferro_einsum_plan_release(s->plans[i]);
    }
    tenferro_context_release(s->context);
}

static dgemm_function *find_dgemm(void)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    union {
        void *object;
        dgemm_function *function;
    } symbol = {library ? dlsym(library, "dgemm_") : NULL};
    return symbol.function;
}

int main(int argc, char **argv)
{
    bench b;
    subject s = {0};
    int ok = 1;
    if (!bench_open(&b, "micro", argc, argv))
        return 2;
    s.dgemm = find_dgemm();
    if (make_all(&s) != TENFERRO_OK) {
        fprintf(stderr, "micro: %s\n", tenferro_error_message());
        ok = 0;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases && ok; i++)
        if (cases[i].call != gemm_directly || s.dgemm)
            ok = measure(&b, &s, &cases[i]);
    release_all(&s);
    return bench_close(&b) == 0 && ok ? 0 : 1;
}
