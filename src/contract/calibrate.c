/*
 * Measuring the rates of the cost model: each from a contraction in which it weighs most.  A measured
 * time tells one rate once the others are known; a few sweeps over all of them settle.
 */
#include "contract/calibrate.h"

#include <math.h>
#include <time.h>

#include "contract/contract.h"

enum { REPEATS = 3, SWEEPS = 4, STEPS = 16, PLAN_LABELS = 4 };
#define SAMPLE 2e-5     /* seconds of one measurement, at least */
#define BYTES (4 << 20) /* of each operand */
#define FAR 8.0         /* a rate so many times off the built-in one is noise */

/* m x k times k x n, `batch` of them one after another, by a forced route. */
typedef struct experiment {
    tf_contract_route route;
    tenferro_dtype dtype;
    int64_t m, n, k, batch;
    size_t rate;    /* where in tenferro_rates is what it tells */
    double seconds; /* measured; 0: not */
} experiment;

#define CALL(route) (offsetof(tenferro_rates, call) + (route) * sizeof(double))
#define ITEM(route) (offsetof(tenferro_rates, item) + (route) * sizeof(double))
#define BANDWIDTH(level) (offsetof(tenferro_rates, bandwidth) + (level) * sizeof(double))
#define GFLOPS(route, dtype)            \
    (offsetof(tenferro_rates, gflops) + \
     ((route) * (size_t)6 + (size_t)(dtype)-TENFERRO_INT32) * sizeof(double))

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *rate_at(tenferro_rates *rates, size_t offset)
{
    return (double *)(void *)((char *)rates + offset);
}

/* ---- measuring ---- */

static void describe(const experiment *x, int64_t *words, unsigned char *summed, tf_contraction *out)
{
    const int64_t extents[PLAN_LABELS] = {x->m, x->k, x->n, x->batch},
                  strides[3][PLAN_LABELS] = {{1, x->m, 0, x->m * x->k},
                                             {0, 1, x->k, x->k * x->n},
                                             {1, 0, x->m, x->m * x->n}};
    memcpy(words, extents, sizeof extents);
    memcpy(words + PLAN_LABELS, strides, sizeof strides);
    memset(summed, 0, PLAN_LABELS);
    summed[1] = 1;
    *out = (tf_contraction){.dtype = x->dtype,
                            .labels = PLAN_LABELS,
                            .extents = words,
                            .a_strides = words + 1 * PLAN_LABELS,
                            .b_strides = words + 2 * PLAN_LABELS,
                            .c_strides = words + 3 * PLAN_LABELS,
                            .summed = summed};
}

/* The fastest of a few; 0 if the route does not serve. */
static double seconds_of(const tf_engine *engine, const tf_contract_plan *plan, char *memory)
{
    double best = 0;
    int64_t calls = 1;
    for (int repeat = 0; repeat < REPEATS;) {
        double start = now();
        for (int64_t i = 0; i < calls; i++)
            if (tf_contract_run(engine, plan, NULL, NULL, memory, memory + BYTES,
                                memory + INT64_C(2) * BYTES) != TENFERRO_OK)
                return 0;
        double taken = now() - start;
        if (taken < SAMPLE) { /* that also warms up */
            calls *= taken < SAMPLE / 8 ? 8 : 2;
            continue;
        }
        taken /= (double)calls;
        best = repeat == 0 ? taken : TF_MIN(best, taken);
        repeat++;
    }
    return best;
}

static tenferro_status measure(const tf_engine *engine, char *memory, experiment *x)
{
    tf_contraction contraction;
    int64_t words[4 * PLAN_LABELS];
    unsigned char summed[PLAN_LABELS];
    describe(x, words, summed, &contraction);
    int64_t bytes = tf_contract_plan_bytes(&contraction);
    tf_contract_plan *plan = engine->scratch_take(engine->user, bytes);
    if (plan == NULL)
        return TENFERRO_OUT_OF_MEMORY;
    tf_saved_error saved; /* a route that does not serve is no error here */
    tf_error_save(&saved);
    if (tf_contract_plan_init(engine, &contraction, x->route, plan) == TENFERRO_OK)
        x->seconds = seconds_of(engine, plan, memory);
    tf_error_restore(&saved);
    engine->scratch_give(engine->user, plan, bytes);
    return TENFERRO_OK;
}

/* ---- solving ---- */

static double predicted(const tf_engine *engine, const experiment *x, const tenferro_rates *rates)
{
    tf_engine with = *engine;
    tf_contraction contraction;
    int64_t words[4 * PLAN_LABELS];
    unsigned char summed[PLAN_LABELS];
    with.rates = rates;
    describe(x, words, summed, &contraction);
    return tf_contract_predict(&with, &contraction, x->route);
}

/* A predicted time is monotone in every rate: bisection, within a factor of the built-in one. */
static void solve(const tf_engine *engine, const experiment *x, tenferro_rates *rates)
{
    tenferro_rates built_in = *tf_rates_built_in(engine->kernels);
    double *rate = rate_at(rates, x->rate), old = *rate;
    double low = *rate_at(&built_in, x->rate) / FAR, high = low * FAR * FAR;
    if (x->seconds <= 0)
        return;
    *rate = low;
    double at_low = predicted(engine, x, rates);
    *rate = high;
    double at_high = predicted(engine, x, rates);
    for (int step = 0; step < STEPS; step++) {
        *rate = sqrt(low * high);
        if ((predicted(engine, x, rates) < x->seconds) == (at_low < at_high))
            low = *rate;
        else
            high = *rate;
    }
    if (at_low == at_high) /* it does not tell */
        *rate = old;
}

/* ---- all of them ---- */

static int list(const tf_engine *engine, experiment *x)
{
    static const struct {
        tf_contract_route route;
        int64_t rate[3], item[4], call[3]; /* m, n, k (, batch) of what tells them */
    } shapes[] = {
        {TF_ROUTE_NAIVE, {12, 12, 12}, {20, 20, 1, 1}, {2, 2, 2}},
        {TF_ROUTE_SMALL, {16, 16, 32}, {4, 4, 4, 256}, {2, 2, 2}},
        {TF_ROUTE_DIRECT, {512, 24, 48}, {8, 64, 16, 1}, {8, 2, 1}},
        {TF_ROUTE_PACKED, {96, 96, 192}, {8, 8, 8, 64}, {8, 8, 8}},
        {TF_ROUTE_BLAS, {64, 64, 64}, {4, 4, 4, 256}, {4, 4, 4}},
    };
    const tenferro_dtype f64 = TENFERRO_FLOAT64;
    int count = 0;
    for (size_t i = 0; i < TF_COUNT(shapes); i++) {
        tf_contract_route route = shapes[i].route;
        const int64_t *s = shapes[i].rate;
        for (tenferro_dtype d = TENFERRO_INT32; d <= TENFERRO_COMPLEX128; d++)
            x[count++] = (experiment){route, d, s[0], s[1], s[2], 1, GFLOPS(route, d), 0};
        s = shapes[i].item;
        x[count++] = (experiment){route, f64, s[0], s[1], s[2], s[3], ITEM(route), 0};
        s = shapes[i].call;
        x[count++] = (experiment){route, f64, s[0], s[1], s[2], 1, CALL(route), 0};
    }
    size_t packing = offsetof(tenferro_rates, packing);
    x[count++] = (experiment){TF_ROUTE_PACKED, f64, 48, 8, 1024, 1, packing, 0};
    /* elementwise products */
    int64_t l2 = engine->l2_bytes > 0 ? engine->l2_bytes : 512 << 10;
    x[count++] = (experiment){TF_ROUTE_DIRECT,        f64,          1, 1, 1,
                              TF_MIN(l2, BYTES) / 48, BANDWIDTH(1), 0};
    x[count++] = (experiment){TF_ROUTE_DIRECT, f64, 1, 1, 1, BYTES / 8, BANDWIDTH(2), 0};
    return count;
}

tenferro_status tf_calibrate(const tf_engine *engine, tenferro_rates *out)
{
    experiment experiments[64];
    tf_engine serial = *engine;
    serial.pool = NULL;
    serial.threads = 1;
    const int64_t bytes = INT64_C(3) * BYTES;
    char *memory = engine->scratch_take(engine->user, bytes);
    if (memory == NULL)
        return TENFERRO_OUT_OF_MEMORY;
    const double one = 1; /* a number in every dtype */
    for (int64_t i = 0; i < bytes; i += (int64_t)sizeof one)
        memcpy(memory + i, &one, sizeof one);
    *out = *tf_rates_built_in(engine->kernels);
    int count = list(engine, experiments);
    tenferro_status status = TENFERRO_OK;
    for (int i = 0; i < count && status == TENFERRO_OK; i++)
        status = measure(&serial, memory, &experiments[i]);
    engine->scratch_give(engine->user, memory, bytes);
    if (status != TENFERRO_OK)
        return status;
    double l3 = out->bandwidth[2];
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int i = 0; i < count; i++)
            solve(&serial, &experiments[i], out);
    out->bandwidth[3] *= out->bandwidth[2] / l3; /* would take too long to measure */
    out->measured = 1;
    return TENFERRO_OK;
}
