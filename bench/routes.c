/*
 * The chosen route of contractions against the best forced one: over a grid of shapes, layouts and dtypes, the regret
 * (time of the chosen / time of the best), its geometric mean and worst.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro.h>

#include "bench.h"

enum { ROUTES = 6, SLOW = 8 }; /* a route that is so many times slower is not measured again */

static const char *const names[ROUTES] = {"auto", "naive", "packed", "blas", "small", "direct"};
static const double worst_allowed = 1.5, mean_allowed = 1.05;

/* How the matrices lie: one after another, A or B transposed, or element by element side by side. */
typedef enum layout { NN, TN, NT, INNER, LAYOUTS } layout;
static const char *const layouts[LAYOUTS] = {"nn", "tn", "nt", "inner"};

typedef struct shape {
    int64_t m, n, k, batch;
} shape;

static const shape shapes[] = {
    {2, 2, 2, 1},          {3, 3, 3, 1},        {4, 4, 4, 1},        {6, 5, 7, 1},
    {8, 8, 8, 1},          {12, 12, 12, 1},     {16, 16, 16, 1},     {24, 24, 24, 1},
    {32, 32, 32, 1},       {48, 48, 48, 1},     {64, 64, 64, 1},     {96, 96, 96, 1},
    {128, 128, 128, 1},    {192, 192, 192, 1},  {256, 256, 256, 1},  {512, 512, 512, 1},
    {1024, 1024, 1024, 1}, {2048, 2048, 64, 1}, {2048, 64, 2048, 1}, {64, 2048, 2048, 1},
    {2048, 2, 2, 1},       {2, 2048, 2, 1},     {2, 2, 2048, 1},     {2048, 2048, 2, 1},
    {2048, 2, 2048, 1},    {2, 2048, 2048, 1},  {2048, 1, 2048, 1},  {1, 2048, 2048, 1},
    {2048, 2048, 1, 1},    {1, 1, 2048, 1},     {100, 1, 100, 1},    {1, 100, 100, 1},
    {100, 100, 1, 1},      {16, 16, 512, 1},    {512, 512, 16, 1},   {512, 16, 512, 1},
    {128, 4, 128, 1},      {4, 128, 128, 1},    {8, 8, 2048, 1},     {2048, 8, 8, 1},
    {300, 300, 4, 1},      {1000, 16, 16, 1},   {16, 1000, 16, 1},   {16, 16, 1000, 1},
    {2, 2, 2, 64},         {4, 4, 4, 64},       {8, 8, 8, 64},       {16, 16, 16, 64},
    {32, 32, 32, 64},      {64, 64, 64, 64},    {2, 2, 2, 4096},     {3, 4, 5, 4096},
    {4, 4, 4, 4096},       {8, 8, 8, 4096},     {16, 16, 16, 2048},  {32, 32, 32, 512},
    {1, 1, 16, 4096},      {16, 1, 16, 4096},   {16, 16, 1, 1024},   {1, 1, 1, 100000},
    {128, 128, 128, 8},    {2, 64, 64, 64},     {64, 2, 64, 64},     {64, 64, 2, 64},
};

typedef struct subject {
    tenferro_context *context;
    char *a, *b, *c;
    double log_regret, worst;
    int count;
} subject;

/* Compact strides in the order of `axes` (fastest first). */
static void compact(const int64_t *extents, const int *axes, int64_t *strides)
{
    int64_t next = 1;
    for (int i = 0; i < 3; i++) {
        strides[axes[i]] = next;
        next *= extents[axes[i]];
    }
}

static tenferro_status plan_of(subject *s, tenferro_dtype dtype, const shape *x, layout lies,
                               tenferro_route route, tenferro_plan **out)
{
    enum { I, J, K, Q };
    static const int plain[] = {0, 1, 2}, turned[] = {1, 0, 2}, inner[] = {2, 0, 1};
    static const int64_t a_labels[] = {I, K, Q}, b_labels[] = {K, J, Q}, c_labels[] = {I, J, Q};
    const int64_t a[] = {x->m, x->k, x->batch}, b[] = {x->k, x->n, x->batch},
                  c[] = {x->m, x->n, x->batch};
    int64_t a_strides[3], b_strides[3], c_strides[3];
    compact(a, lies == INNER ? inner : lies == TN ? turned : plain, a_strides);
    compact(b, lies == INNER ? inner : lies == NT ? turned : plain, b_strides);
    compact(c, lies == INNER ? inner : plain, c_strides);
    tenferro_operand A = tenferro_operand_make(dtype, 3, a, a_strides, a_labels),
                     B = tenferro_operand_make(dtype, 3, b, b_strides, b_labels),
                     C = tenferro_operand_make(dtype, 3, c, c_strides, c_labels);
    tenferro_plan_options options = TENFERRO_PLAN_OPTIONS_INIT;
    options.route = route;
    return tenferro_plan_contraction(s->context, &A, &B, NULL, &C, &options, out);
}

static double nanoseconds(const subject *s, const tenferro_plan *plan, int calls)
{
    const void *inputs[] = {s->a, s->b};
    double start = bench_seconds();
    for (int i = 0; i < calls; i++)
        if (tenferro_plan_execute(plan, inputs, s->c, NULL, NULL, NULL, 0) != TENFERRO_OK)
            return -1;
    return (bench_seconds() - start) * 1e9 / calls;
}

/* The value of a line "key: value" of the plan's description. */
static const char *described(const tenferro_plan *plan, const char *key, char *buffer, size_t size)
{
    if (tenferro_plan_describe(plan, buffer, size, NULL) != TENFERRO_OK)
        return "?";
    char *at = strstr(buffer, key);
    if (!at)
        return "?";
    at += strlen(key);
    at[strcspn(at, "\n ")] = '\0';
    return at;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fills times[route] with medians, 0 for those that cannot serve.  Returns the chosen one; 0: an error. */
static int measure(subject *s, tenferro_dtype dtype, const shape *x, layout lies, double *times,
                   double *predicted)
{
    tenferro_plan *plans[ROUTES] = {NULL};
    double samples[ROUTES][BENCH_SAMPLES], first[ROUTES], best = 1e300;
    char text[1024];
    int chosen = 0;
    for (int route = 0; route < ROUTES; route++) {
        times[route] = 0;
        tenferro_status status = plan_of(s, dtype, x, lies, (tenferro_route)route, &plans[route]);
        if (status != TENFERRO_OK && (route == 0 || status != TENFERRO_UNSUPPORTED))
            return 0;
        if (status != TENFERRO_OK)
            continue;
        predicted[route] = atof(described(plans[route], "predicted: ", text, sizeof text)) * 1e3;
        if (route == 0) {
            const char *name = described(plans[route], "route: ", text, sizeof text);
            for (int i = 1; i < ROUTES; i++)
                if (strcmp(name, names[i]) == 0)
                    chosen = i;
            continue;
        }
        double work = (double)(x->m * x->n * x->k * x->batch);
        first[route] = route == TENFERRO_ROUTE_NAIVE && work > 1e7
                           ? 1e300
                           : nanoseconds(s, plans[route], 1);
        first[route] = first[route] < 1e9 ? nanoseconds(s, plans[route], 1) : first[route];
        best = first[route] < best ? first[route] : best;
    }
    for (int i = 0; i < BENCH_SAMPLES; i++)
        for (int route = 1; route < ROUTES; route++)
            if (plans[route] && first[route] < SLOW * best + 1e3) {
                double calls = 1e5 / first[route];
                samples[route][i] = nanoseconds(s, plans[route], calls < 1 ? 1 : (int)calls);
            }
    for (int route = 0; route < ROUTES; route++) {
        if (route && plans[route]) {
            times[route] = first[route];
            if (first[route] < SLOW * best + 1e3) {
                qsort(samples[route], BENCH_SAMPLES, sizeof(double), by_value);
                times[route] = samples[route][BENCH_SAMPLES / 2];
            }
        }
        tenferro_plan_release(plans[route]);
    }
    return chosen;
}

static int run_case(bench *b, subject *s, tenferro_dtype dtype, const char *dtype_name,
                    const shape *x, layout lies)
{
    double times[ROUTES], predicted[ROUTES];
    char name[96];
    int chosen = measure(s, dtype, x, lies, times, predicted), best = chosen;
    if (!chosen) {
        fprintf(stderr, "routes: %s\n", tenferro_error_message());
        return 0;
    }
    for (int route = 1; route < ROUTES; route++)
        if (times[route] > 0 && times[route] < times[best])
            best = route;
    double regret = times[chosen] / times[best];
    s->log_regret += log(regret);
    s->worst = regret > s->worst ? regret : s->worst;
    s->count++;
    snprintf(name, sizeof name, "%lldx%lldx%lld_b%lld_%s", (long long)x->m, (long long)x->n,
             (long long)x->k, (long long)x->batch, layouts[lies]);
    printf("%-10s %-28s %-4s %d  %10.4g %-8s %-6s %10.4g %6.2f %6.2f\n", b->suite, name, dtype_name,
           b->threads, times[chosen], names[chosen], names[best], times[best], regret,
           worst_allowed);
    fflush(stdout);
    if (!b->json)
        return 1;
    fprintf(b->json, "%s\n{\"case\": \"%s\", \"dtype\": \"%s\", \"chosen\": \"%s\", \"ns\": {",
            b->rows++ ? "," : "", name, dtype_name, names[chosen]);
    for (int route = 1, some = 0; route < ROUTES; route++)
        if (times[route] > 0 && times[route] < 1e299)
            fprintf(b->json, "%s\"%s\": [%.6g, %.6g]", some++ ? ", " : "", names[route],
                    times[route], predicted[route]);
    fprintf(b->json, "}}");
    return 1;
}

int main(int argc, char **argv)
{
    static const struct {
        tenferro_dtype dtype;
        const char *name;
    } dtypes[] = {
        {TENFERRO_FLOAT64, "f64"},   {TENFERRO_FLOAT32, "f32"}, {TENFERRO_COMPLEX128, "c128"},
        {TENFERRO_COMPLEX64, "c64"}, {TENFERRO_INT32, "i32"},   {TENFERRO_INT64, "i64"},
    };
    bench b;
    subject s = {0};
    if (!bench_open(&b, "routes", argc, argv))
        return 2;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = b.threads;
    const size_t bytes = (size_t)64 << 20;
    s.a = malloc(bytes);
    s.b = malloc(bytes);
    s.c = malloc(bytes);
    int ok = s.a && s.b && s.c && tenferro_context_create(&options, &s.context) == TENFERRO_OK;
    for (size_t i = 0; ok && i < bytes / 8; i++) { /* numbers in every dtype, none of them tiny */
        const double x = 1 + 0x1p-10 * (double)(i * 7919 % 1000);
        memcpy(s.a + 8 * i, &x, sizeof x);
        memcpy(s.b + 8 * i, &x, sizeof x);
        memcpy(s.c + 8 * i, &x, sizeof x);
    }
    for (size_t d = 0; ok && d < (b.quick ? 1 : sizeof dtypes / sizeof *dtypes); d++)
        for (size_t i = 0; ok && i < sizeof shapes / sizeof *shapes; i++)
            for (int lies = NN; ok && lies < (shapes[i].batch > 1 ? LAYOUTS : INNER); lies++)
                if (d == 0 || (i + (size_t)lies) % 3 == 0)
                    ok = run_case(&b, &s, dtypes[d].dtype, dtypes[d].name, &shapes[i], (layout)lies);
    double mean = s.count ? exp(s.log_regret / s.count) : 0;
    if (ok)
        printf("%-10s %d cases: geometric mean %.3f (at most %.2f), worst %.2f (at most %.2f)\n",
               b.suite, s.count, mean, mean_allowed, s.worst, worst_allowed);
    tenferro_context_release(s.context);
    free(s.a);
    free(s.b);
    free(s.c);
    return bench_close(&b) == 0 && ok && mean <= mean_allowed && s.worst <= worst_allowed ? 0 : 1;
}
