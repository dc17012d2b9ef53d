/* The rates of a context: those built in, until others are measured or set. */

#include <math.h>
#include <stdatomic.h>

#include "contract/calibrate.h"
#include "contract/cost.h"
#include "prims/engine.h"
#include "support/struct_size.h"
#include "support/text.h"

/* Plans point at the rates that they were made with, so none go before the context does. */
typedef struct entry {
    tenferro_rates rates;
    struct entry *older;
} entry;

typedef struct history {
    _Atomic(entry *) newest;
} history;

static tenferro_status create(tenferro_context *context, void **object)
{
    *object = tf_calloc(context, 1, sizeof(history));
    return *object ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}

static void destroy(tenferro_context *context, void *object)
{
    history *h = object;
    for (entry *e = atomic_load(&h->newest), *older; e; e = older) {
        older = e->older;
        tf_free(context, e);
    }
    tf_free(context, h);
}

const tenferro_rates *tf_context_rates(const tenferro_context *context)
{
    tenferro_context *same = (tenferro_context *)(uintptr_t)context; /* is only looked at */
    void *object;
    if (tf_context_slot(same, TF_SLOT_RATES, NULL, destroy, &object) != TENFERRO_OK || !object)
        return NULL;
    entry *newest = atomic_load_explicit(&((history *)object)->newest, memory_order_acquire);
    return newest ? &newest->rates : NULL;
}

static tenferro_status keep(tenferro_context *context, const tenferro_rates *rates)
{
    void *object;
    TF_TRY(tf_context_slot(context, TF_SLOT_RATES, create, destroy, &object));
    history *h = object;
    entry *e = tf_malloc(context, 1, sizeof *e);
    if (!e)
        return TENFERRO_OUT_OF_MEMORY;
    e->rates = *rates;
    e->older = atomic_load(&h->newest);
    while (!atomic_compare_exchange_weak(&h->newest, &e->older, e)) {
    }
    return TENFERRO_OK;
}

static const tenferro_rates *rates_of(const tenferro_context *context)
{
    tf_engine engine;
    tf_context_engine((tenferro_context *)(uintptr_t)context, &engine);
    return tf_rates_of(&engine);
}

/* ---- the doors ---- */

tenferro_status tenferro_context_rates(const tenferro_context *context, tenferro_rates *out)
{
    if (!context || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "rates: NULL argument");
    return tf_struct_write("rates", out, rates_of(context), sizeof *out);
}

static int are_numbers(const double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i]) || x[i] < 0)
            return 0;
    return 1;
}

tenferro_status tenferro_context_set_rates(tenferro_context *context, const tenferro_rates *rates)
{
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "set_rates: the context is NULL");
    tf_engine engine;
    tf_context_engine(context, &engine);
    tenferro_rates own = *tf_rates_built_in(engine.kernels);
    if (rates)
        TF_TRY(tf_struct_read("rates", &own, sizeof own, rates));
    if (!are_numbers(own.bandwidth, TF_COUNT(own.bandwidth)) || !are_numbers(&own.packing, 1) ||
        !are_numbers(own.call, TF_COUNT(own.call)) || !are_numbers(own.item, TF_COUNT(own.item)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "set_rates: a number is negative or not finite");
    for (size_t route = 0; route < TF_COUNT(own.gflops); route++)
        if (!are_numbers(own.gflops[route], TF_COUNT(own.gflops[route])))
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "set_rates: a number is negative or not finite");
    return keep(context, &own);
}

tenferro_status tenferro_context_calibrate(tenferro_context *context)
{
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "calibrate: the context is NULL");
    if (tf_context_deterministic(context))
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "calibrate: a deterministic context does not choose by the clock");
    tf_engine engine;
    tf_context_engine(context, &engine);
    tenferro_rates measured;
    TF_TRY(tf_calibrate(&engine, &measured));
    return keep(context, &measured);
}

static void add_row(tf_text *text, const char *what, size_t count, const double *x)
{
    tf_text_add(text, "%s", what);
    for (size_t i = 0; i < count; i++)
        tf_text_add(text, " %.3g", x[i]);
    tf_text_add(text, "\n");
}

tenferro_status tenferro_context_describe_rates(const tenferro_context *context, char *buffer,
                                                size_t size, size_t *needed)
{
    if (!context || (!buffer && size > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "describe_rates: NULL argument");
    const tenferro_rates *r = rates_of(context);
    tf_text text;
    tf_text_init(&text, buffer, size);
    tf_text_add(&text, "rates: %s\n", r->measured ? "measured" : "built in");
    add_row(&text, "bandwidth: GB/s in L1 L2 L3 memory", TF_COUNT(r->bandwidth), r->bandwidth);
    add_row(&text, "packing: GB/s", 1, &r->packing);
    for (int route = TF_ROUTE_NAIVE; route < TF_ROUTE_COUNT; route++) {
        tf_text_add(&text, "route %s: ns a call %.3g, ns an item %.3g",
                    tf_route_name((tf_contract_route)route), r->call[route], r->item[route]);
        add_row(&text, ", GFLOP/s (i32 i64 f32 f64 c64 c128)", TF_COUNT(r->gflops[route]),
                r->gflops[route]);
    }
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}
