/* Many plans at once: large ones one after another with all threads, small ones side by side. */

#include <stdlib.h>

#include "prims/plan.h"

/* From this many flops (about 50 us) on a plan is better off with the threads to itself. */
#define LARGE 1e6
/* Flops that are worth handing to another thread. */
#define CHUNK 2e5
/* What starting a plan costs, in flops. */
#define OVERHEAD 1e3

typedef struct item {
    uintptr_t low, high; /* bytes that the output spans */
    int64_t call;
    int64_t chain; /* calls of one chain run in order, on one thread */
} item;

typedef struct group {
    const tenferro_plan_call *calls;
    const item *items;     /* sorted by chain, then call */
    const int64_t *chains; /* where each begins; one more at the end */
    int threads;           /* at most so many; 0: as planned */
    atomic_int failed;     /* a tenferro_status */
    tf_saved_error error;
} group;

static int by_low(const void *x, const void *y)
{
    const item *a = x, *b = y;
    return a->low != b->low ? (a->low < b->low ? -1 : 1) : a->call < b->call ? -1 : 1;
}

static int by_chain(const void *x, const void *y)
{
    const item *a = x, *b = y;
    return a->chain != b->chain ? (a->chain < b->chain ? -1 : 1) : a->call < b->call ? -1 : 1;
}

static tenferro_status init(tf_run *run, const tenferro_plan_call *call)
{
    return tf_run_init(run, call->plan, call->inputs, call->output, call->alpha, call->beta, NULL,
                       0);
}

/* Everything that can be refused is refused before anything runs. */
static tenferro_status check(int64_t count, const tenferro_plan_call *calls)
{
    for (int64_t i = 0; i < count; i++) {
        tf_run run;
        if (!calls[i].plan || calls[i].plan->context != calls[0].plan->context)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "execute_group: the plan of call %lld is NULL or of another context",
                           (long long)i);
        tenferro_status status = init(&run, &calls[i]);
        if (status != TENFERRO_OK)
            return tf_fail_context(status, "execute_group: call %lld", (long long)i);
    }
    return TENFERRO_OK;
}

/* Outputs that overlap belong to one chain.  Returns the number of chains. */
static int64_t
make_chains(int64_t count, const tenferro_plan_call *calls, item *items, int64_t *chains)
{
    for (int64_t i = 0; i < count; i++) {
        const tf_plan_operand *d = &calls[i].plan->operand[TF_ROLE_D];
        uintptr_t data = (uintptr_t)calls[i].output;
        items[i] = (item){data + (uintptr_t)d->low, data + (uintptr_t)d->high, i, 0};
    }
    qsort(items, (size_t)count, sizeof *items, by_low);
    uintptr_t reach = 0;
    int64_t first = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i == 0 || items[i].low >= reach)
            first = items[i].call;
        items[i].chain = first;
        reach = items[i].high > reach ? items[i].high : reach;
    }
    qsort(items, (size_t)count, sizeof *items, by_chain);
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || items[i].chain != items[i - 1].chain)
            chains[n++] = i;
    chains[n] = count;
    return n;
}

static void run_chain(group *g, int64_t chain)
{
    for (int64_t i = g->chains[chain]; i < g->chains[chain + 1]; i++) {
        if (atomic_load_explicit(&g->failed, memory_order_relaxed) != TENFERRO_OK)
            return;
        tf_run run;
        tenferro_status status = init(&run, &g->calls[g->items[i].call]);
        if (status == TENFERRO_OK)
            status = tf_run_start(&run, g->threads);
        int none = TENFERRO_OK;
        if (status != TENFERRO_OK && atomic_compare_exchange_strong(&g->failed, &none, (int)status))
            tf_error_save(&g->error);
    }
}

static void run_chains(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    for (int64_t chain = begin; chain < end; chain++)
        run_chain(user, chain);
}

static double work_of(const group *g, int64_t chain)
{
    double flops = 0;
    for (int64_t i = g->chains[chain]; i < g->chains[chain + 1]; i++) {
        const tenferro_plan *plan = g->calls[g->items[i].call].plan;
        flops += plan->flops + plan->bytes + OVERHEAD;
    }
    return flops;
}

/* Chains [begin, end) are small. */
static void run_small(group *g, tenferro_context *context, int64_t begin, int64_t end, double flops)
{
    if (begin == end)
        return;
    const int64_t *chains = g->chains;
    int64_t grain = (int64_t)(CHUNK / (flops / (double)(end - begin))) + 1;
    int threads = g->threads;
    g->chains = chains + begin;
    g->threads = 1;
    tf_parallel_for(tf_context_pool(context), threads, end - begin, grain, run_chains, g);
    g->chains = chains;
    g->threads = threads;
}

tenferro_status tf_execute_group(int64_t count, const tenferro_plan_call *calls, int threads)
{
    if (count == 0)
        return TENFERRO_OK;
    TF_TRY(check(count, calls));
    tenferro_context *context = calls[0].plan->context;
    item *items = tf_malloc(context, count, sizeof *items);
    int64_t *chains = tf_malloc(context, count, 2 * sizeof *chains);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (items && chains) {
        group g = {.calls = calls, .items = items, .chains = chains, .threads = threads};
        atomic_init(&g.failed, TENFERRO_OK);
        int64_t n = make_chains(count, calls, items, chains), small = 0;
        double flops = 0;
        for (int64_t chain = 0; chain < n; chain++) {
            double work = work_of(&g, chain);
            if (work < LARGE) {
                flops += work;
                continue;
            }
            run_small(&g, context, small, chain, flops);
            run_chain(&g, chain);
            small = chain + 1;
            flops = 0;
        }
        run_small(&g, context, small, n, flops);
        status = (tenferro_status)atomic_load(&g.failed);
        if (status != TENFERRO_OK)
            tf_error_restore(&g.error);
    }
    tf_free(context, items);
    tf_free(context, chains);
    return status;
}

tenferro_status tenferro_plan_execute_group(int64_t count, const tenferro_plan_call *calls)
{
    if (count < 0 || (count > 0 && !calls))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "execute_group: %lld calls", (long long)count);
    return tf_execute_group(count, calls, 0);
}
