/*
 * One small contraction through the public symbols: a plan executed, and the call that finds its plan in the context's
 * cache.  Eight plans with labels and data of their own in rotation, so that no branch predictor learns one by heart.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro.h>

#include "bench.h"
#include "limits.h"

enum { PLANS = 8, APART = 16 * 16 * 16 /* bytes from one plan's array to the next */ };

typedef struct shape {
    const char *name, *a, *b, *d; /* i, j and k have the extent n, x and y have 2 */
    int n;
    double target; /* seconds of an execution */
} shape;

#define LOOKUP 100e-9 /* more, for a call through the cache */
static const shape shapes[] = {
    {"n=2", "ik", "kj", "ij", 2, 40e-9},
    {"n=4", "ik", "kj", "ij", 4, 50e-9},
    {"n=8", "ik", "kj", "ij", 8, 80e-9},
    {"n=16", "ik", "kj", "ij", 16, 250e-9},
    {"ixy,yxj->ij n=4", "ixy", "yxj", "ij", 4, 50e-9},
};

typedef struct kind {
    tenferro_dtype dtype;
    const char *name;
    size_t components; /* doubles an element */
} kind;

static const kind kinds[] = {{TENFERRO_FLOAT64, "f64", 1}, {TENFERRO_COMPLEX128, "c128", 2}};

typedef struct operand {
    int64_t extents[3], labels[3];
    tenferro_operand described;
} operand;

typedef struct subject {
    tenferro_context *context;
    char *data; /* A, B, D, and D by the naive route, PLANS of each */
    operand a[PLANS], b[PLANS], d[PLANS];
    tenferro_plan *plans[PLANS];
} subject;

static char *array(const subject *s, int which, int i)
{
    return s->data + (size_t)(which * PLANS + i) * APART;
}

static void describe(const kind *k, const char *labels, int n, int i, operand *out)
{
    int rank = 0;
    for (; labels[rank]; rank++) {
        out->labels[rank] = labels[rank] + 256 * i;
        out->extents[rank] = labels[rank] >= 'x' ? 2 : n;
    }
    out->described = tenferro_operand_make(k->dtype, rank, out->extents, NULL, out->labels);
}

/* ---- the two calls: those of all plans; 0 if one failed ---- */

typedef int call(const subject *s);

static int execute(const subject *s)
{
    int ok = 1;
    for (int i = 0; i < PLANS; i++) {
        const void *inputs[] = {array(s, 0, i), array(s, 1, i)};
        ok &= tenferro_plan_execute(s->plans[i], inputs, array(s, 2, i), NULL, NULL, NULL, 0) ==
              TENFERRO_OK;
    }
    return ok;
}

static int contract(const subject *s)
{
    int ok = 1;
    for (int i = 0; i < PLANS; i++)
        ok &= tenferro_prims_contract(s->context, NULL, &s->a[i].described, array(s, 0, i),
                                      &s->b[i].described, array(s, 1, i), NULL, NULL, NULL,
                                      &s->d[i].described, array(s, 2, i)) == TENFERRO_OK;
    return ok;
}

/* Leaves the naive route's results beside ours. */
static int agrees(const subject *s, const kind *k, int n)
{
    tenferro_plan_options options = TENFERRO_PLAN_OPTIONS_INIT;
    options.route = TENFERRO_ROUTE_NAIVE;
    int ok = 1;
    for (int i = 0; i < PLANS && ok; i++) {
        tenferro_plan *plan = NULL;
        const void *inputs[] = {array(s, 0, i), array(s, 1, i)};
        ok = tenferro_plan_contraction(s->context, &s->a[i].described, &s->b[i].described, NULL,
                                       &s->d[i].described, &options, &plan) == TENFERRO_OK &&
             tenferro_plan_execute(plan, inputs, array(s, 3, i), NULL, NULL, NULL, 0) == TENFERRO_OK;
        tenferro_plan_release(plan);
        for (size_t e = 0; e < (size_t)(n * n) * k->components && ok; e++) {
            double x, y;
            memcpy(&x, array(s, 2, i) + 8 * e, 8);
            memcpy(&y, array(s, 3, i) + 8 * e, 8);
            ok = fabs(x - y) <= 1e-13 * fabs(y) + 1e-13;
        }
    }
    return ok;
}

static int
measure(bench *b, const subject *s, const char *name, const char *dtype, call *calls, double target)
{
    double ours[BENCH_SAMPLES], targets[BENCH_SAMPLES];
    int rounds = b->quick ? 2000 : 10000;
    for (int i = -1; i < BENCH_SAMPLES; i++) { /* the first one warms up */
        double start = bench_seconds();
        for (int r = 0; r < rounds; r++)
            if (!calls(s))
                return 0;
        ours[i < 0 ? 0 : i] = (bench_seconds() - start) / (rounds * PLANS);
        targets[i < 0 ? 0 : i] = target;
    }
    bench_compare(b, name, dtype, BENCH_SAMPLES, ours, "target", targets, 1);
    return 1;
}

static int run(bench *b, subject *s, const kind *k, const shape *h)
{
    int ok = 1;
    for (int i = 0; i < PLANS && ok; i++) {
        describe(k, h->a, h->n, i, &s->a[i]);
        describe(k, h->b, h->n, i, &s->b[i]);
        describe(k, h->d, h->n, i, &s->d[i]);
        ok = tenferro_plan_contraction(s->context, &s->a[i].described, &s->b[i].described, NULL,
                                       &s->d[i].described, NULL, &s->plans[i]) == TENFERRO_OK;
    }
    char name[64];
    if (ok)
        ok = execute(s) && agrees(s, k, h->n);
    snprintf(name, sizeof name, "%s, planned", h->name);
    ok = ok && measure(b, s, name, k->name, execute, h->target);
    snprintf(name, sizeof name, "%s, cached", h->name);
    ok = ok && measure(b, s, name, k->name, contract, h->target + LOOKUP);
    if (!ok)
        fprintf(stderr, "small: %s %s failed: %s\n", h->name, k->name, tenferro_error_message());
    for (int i = 0; i < PLANS; i++) {
        tenferro_plan_release(s->plans[i]);
        s->plans[i] = NULL;
    }
    return ok;
}

int main(int argc, char **argv)
{
    bench b;
    if (!bench_open(&b, "small", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    subject s = {.data = limit_pages((size_t)4 * PLANS * APART, 1)};
    int ok = s.data && tenferro_context_create(&options, &s.context) == TENFERRO_OK;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && ok; k++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes && ok; i++)
            ok = run(&b, &s, &kinds[k], &shapes[i]);
    tenferro_context_release(s.context);
    free(s.data);
    int status = bench_close(&b);
    return ok ? status : 2;
}
