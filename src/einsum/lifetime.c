/*
 * Intermediates live in one block, each from the step that makes it to the step that reads it:
 * first fit.
 */

#include <float.h>
#include <string.h>

#include "einsum/plan.h"
#include "support/checked.h"

enum { ALIGNMENT = 64 };

/* A gap of the arena; gaps are kept in the order of their offsets and never touch. */
typedef struct gap {
    int64_t offset, bytes;
} gap;

typedef struct arena {
    gap *gaps; /* room for one more than there are intermediates */
    int count;
    int64_t end; /* of the arena so far */
} arena;

static void remove_gap(arena *a, int i)
{
    memmove(a->gaps + i, a->gaps + i + 1, (size_t)(a->count - i - 1) * sizeof *a->gaps);
    a->count--;
}

/* The lowest place for so many bytes; 1 if the arena's size overflows. */
static int take(arena *a, int64_t bytes, int64_t *offset)
{
    if (bytes == 0) {
        *offset = 0;
        return 0;
    }
    for (int i = 0; i < a->count; i++) {
        gap *g = &a->gaps[i];
        if (g->bytes < bytes)
            continue;
        *offset = g->offset;
        g->offset += bytes;
        g->bytes -= bytes;
        if (g->bytes == 0)
            remove_gap(a, i);
        return 0;
    }
    gap *last = a->count > 0 ? &a->gaps[a->count - 1] : NULL;
    if (last && last->offset + last->bytes == a->end) { /* a gap at the end grows */
        *offset = last->offset;
        a->count--;
    } else {
        *offset = a->end;
    }
    return tf_add_overflows(*offset, bytes, &a->end);
}

static void give(arena *a, int64_t offset, int64_t bytes)
{
    int i = 0;
    if (bytes == 0)
        return;
    while (i < a->count && a->gaps[i].offset < offset)
        i++;
    int joins_before = i > 0 && a->gaps[i - 1].offset + a->gaps[i - 1].bytes == offset;
    int joins_after = i < a->count && offset + bytes == a->gaps[i].offset;
    if (joins_before && joins_after) {
        a->gaps[i - 1].bytes += bytes + a->gaps[i].bytes;
        remove_gap(a, i);
    } else if (joins_before) {
        a->gaps[i - 1].bytes += bytes;
    } else if (joins_after) {
        a->gaps[i].offset = offset;
        a->gaps[i].bytes += bytes;
    } else {
        memmove(a->gaps + i + 1, a->gaps + i, (size_t)(a->count - i) * sizeof *a->gaps);
        a->gaps[i] = (gap){offset, bytes};
        a->count++;
    }
}

/* Bytes of a step's result, rounded up; 1 if that overflows. */
static int result_bytes(const tenferro_einsum_plan *plan, const tf_step *s, int64_t *bytes)
{
    *bytes = plan->element_size;
    for (int64_t e = s->at; e < s->at + s->labels; e++)
        if (!plan->summed[e] && tf_mul_overflows(*bytes, plan->extents[e], bytes))
            return 1;
    if (tf_add_overflows(*bytes, ALIGNMENT - 1, bytes))
        return 1;
    *bytes -= *bytes % ALIGNMENT;
    return 0;
}

static int place(tenferro_einsum_plan *plan, arena *a, int64_t *bytes, int *failed)
{
    int count = plan->network.count;
    for (*failed = 0; *failed < plan->steps; ++*failed) {
        tf_step *s = &plan->step[*failed];
        int64_t *own = &bytes[*failed];
        if (*failed + 1 < plan->steps && (result_bytes(plan, s, own) || take(a, *own, &s->offset)))
            return 1;
        for (int side = 0; side < 2; side++) {
            int node = side ? s->b : s->a;
            if (node >= count)
                give(a, plan->step[node - count].offset, bytes[node - count]);
        }
    }
    return 0;
}

tenferro_status tf_plan_place(tenferro_einsum_plan *plan)
{
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    arena a = {NULL, 0, 0};
    int failed = 0;
    if (plan->overflow >= 0 || plan->network.empty)
        return TENFERRO_OK;
    a.gaps = tf_malloc(plan->context, plan->steps, sizeof *a.gaps);
    int64_t *bytes = a.gaps ? tf_malloc(plan->context, plan->steps, sizeof *bytes) : NULL;
    if (bytes) {
        if (place(plan, &a, bytes, &failed))
            plan->overflow = failed;
        else
            plan->arena = a.end;
        status = TENFERRO_OK;
    }
    tf_free(plan->context, a.gaps);
    tf_free(plan->context, bytes);
    return status;
}

double tf_plan_live_peak(const tenferro_einsum_plan *plan)
{
    double live = 0, peak = 0;
    int count = plan->network.count;
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        live += s->elements;
        peak = TF_MAX(peak, live);
        live -= s->a >= count ? plan->step[s->a - count].elements : 0;
        live -= s->b >= count ? plan->step[s->b - count].elements : 0;
    }
    return TF_MIN(peak * (double)plan->element_size, DBL_MAX);
}
