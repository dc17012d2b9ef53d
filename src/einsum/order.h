/*
 * Contraction orders as pairs: node i < count is operand i, node count + s is the result of step s,
 * which contracts nodes pairs[2*s] and pairs[2*s + 1].  count - 1 steps; none for one operand.
 */
#ifndef TF_EINSUM_ORDER_H
#define TF_EINSUM_ORDER_H

#include "einsum/network.h"

/* ((0, 1), 2), 3 ... */
void tf_order_left(int count, int *pairs);

/*
 * From a path of positions in a shrinking list: the pair is taken out, the result goes to the end.
 */
tenferro_status tf_order_given(tenferro_context *context, int count, const int64_t *path,
                               int64_t length, int *pairs);

/* The other way round: 2*(count - 1) positions. */
tenferro_status
tf_order_to_path(tenferro_context *context, int count, const int *pairs, int64_t *path);

/* Always the pair that shrinks the memory most; ties by node number. */
tenferro_status tf_order_greedy(const tf_network *network, int *pairs);

#endif
