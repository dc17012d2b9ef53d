/*
 * Real times complex without promoting the real operand: the contraction of the real numbers that
 * complex ones consist of, half the arithmetic of complex times complex.
 */
#ifndef TF_CONTRACT_MIXED_H
#define TF_CONTRACT_MIXED_H

#include "contract/contract.h"

/* One of A and B is of the real dtype that C's complex one is made of. */
static inline int tf_is_mixed(const tf_contraction *contraction)
{
    return contraction->real_a || contraction->real_b;
}

/* The arrays of a contraction made from another one. */
typedef struct tf_mixed_room {
    int64_t extents[TF_MAX_LABELS], strides[3][TF_MAX_LABELS];
    unsigned char summed[TF_MAX_LABELS];
} tf_mixed_room;

/*
 * The same with the real and the imaginary parts as a label of their own, of extent 2: what is
 * computed if alpha and beta are real and nothing is conjugated.  Without alpha and beta.
 * Errors: DTYPE_MISMATCH (both operands are real, or C is not complex), OVERFLOW (strides, labels).
 */
tenferro_status
tf_mixed_whole(const tf_contraction *contraction, tf_mixed_room *room, tf_contraction *out);
/* The same for one part of the complex operand and one of C. */
tenferro_status
tf_mixed_parts(const tf_contraction *contraction, tf_mixed_room *room, tf_contraction *out);

/* 1 if that is so; alpha and beta may be NULL.  Their real parts then stand where they do. */
int tf_mixed_is_whole(const tf_contraction *contraction, const void *alpha, const void *beta);

/* Computes a real contraction; `user` as given. */
typedef tenferro_status
tf_contract_function(void *user, const tf_contraction *real, const void *alpha, const void *beta,
                     const void *a, const void *b, void *c);

/*
 * Any mixed contraction as one to four real ones, each through `contract`.  alpha, beta: elements of
 * C's dtype or NULL, in place of the contraction's own.
 */
tenferro_status tf_contract_mixed(const tf_engine *engine, const tf_contraction *contraction,
                                  tf_contract_function *contract, void *user, const void *alpha,
                                  const void *beta, const void *a, const void *b, void *c);

#endif
