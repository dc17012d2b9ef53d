/*
 * Do two strided arrays share bytes?
 *
 * The spans tell most pairs apart.  Interleaved ones (blocks of one matrix, real and imaginary
 * parts) are told apart modulo a stride S: if every larger stride of both is a multiple of S, what
 * remains of each is an interval, and the intervals are disjoint modulo S or not.
 */

#include "prims/plan.h"

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/*
 * What remains of an array modulo `step` bytes: its first byte (from its pointer) and their number;
 * 0 if a larger stride is no multiple.  Spans are known to fit in int64_t.
 */
static int remainder_of(const tf_plan_operand *o, int64_t step, int64_t *low, int64_t *bytes)
{
    *low = 0;
    *bytes = o->size;
    for (int i = 0; i < o->rank; i++) {
        if (o->axis_extents[i] <= 1)
            continue;
        int64_t stride = o->axis_strides[i] * o->size;
        if (magnitude(stride) >= step) {
            if (stride % step != 0)
                return 0;
            continue;
        }
        int64_t reach = (o->axis_extents[i] - 1) * stride;
        *low += reach < 0 ? reach : 0;
        *bytes += magnitude(reach);
    }
    return *bytes <= step;
}

/* 1 if the arrays are disjoint modulo `step`. */
static int separates(int64_t step, const tf_plan_operand *a, uintptr_t a_data,
                     const tf_plan_operand *b, uintptr_t b_data)
{
    int64_t a_low, a_bytes, b_low, b_bytes;
    if (!remainder_of(a, step, &a_low, &a_bytes) || !remainder_of(b, step, &b_low, &b_bytes))
        return 0;
    /* the spans meet, so the distance of the pointers is no larger than they are */
    int64_t distance = ((int64_t)(b_data - a_data) + b_low - a_low) % step;
    if (distance < 0)
        distance += step;
    return distance >= a_bytes && distance + b_bytes <= step;
}

int tf_operands_overlap(const tf_plan_operand *a, const void *a_data, const tf_plan_operand *b,
                        const void *b_data)
{
    uintptr_t x = (uintptr_t)a_data, y = (uintptr_t)b_data;
    if (a->low == a->high || b->low == b->high || x + (uintptr_t)a->high <= y + (uintptr_t)b->low ||
        y + (uintptr_t)b->high <= x + (uintptr_t)a->low)
        return 0;
    const tf_plan_operand *both[2] = {a, b};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < both[k]->rank; i++)
            if (both[k]->axis_extents[i] > 1 && both[k]->axis_strides[i] != 0 &&
                separates(magnitude(both[k]->axis_strides[i]) * both[k]->size, a, x, b, y))
                return 0;
    return 1;
}
