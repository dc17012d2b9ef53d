/*
 * The loop nests of a contraction without packing: over C (operands C, A, B) and over K (operands
 * A, B).
 */
#ifndef TF_CONTRACT_NEST_H
#define TF_CONTRACT_NEST_H

#include "contract/problem.h"
#include "kernels/loop.h"

/* sum->count is 0 for an empty sum; its rank is then 1. */
static inline tenferro_status tf_nest_init(const tf_problem *problem, tf_loop *out, tf_loop *sum)
{
    const tf_group *groups[] = {&problem->batch, &problem->m, &problem->n};
    int64_t extents[3 * TF_MAX_AXES], strides[3][3 * TF_MAX_AXES];
    int rank = 0;
    for (size_t g = 0; g < TF_COUNT(groups); g++)
        for (int i = 0; i < groups[g]->count; i++, rank++) {
            extents[rank] = groups[g]->extents[i];
            strides[0][rank] = groups[g]->strides[TF_C][i];
            strides[1][rank] = groups[g]->strides[TF_A][i];
            strides[2][rank] = groups[g]->strides[TF_B][i];
        }
    const int64_t *out_strides[] = {strides[0], strides[1], strides[2]};
    TF_TRY(tf_loop_init(out, rank, extents, 3, out_strides));
    const tf_group *k = &problem->k;
    const int64_t *sum_strides[] = {k->strides[TF_A], k->strides[TF_B]};
    TF_TRY(tf_loop_init(sum, k->count, k->extents, 2, sum_strides));
    if (k->size == 0)
        sum->count = 0;
    return TENFERRO_OK;
}

#endif
