/* Polynomials with integer coefficients over numbered atoms, in a normal form: what symbolic
 * extents are made of. */
#ifndef TF_TENSOR_POLYNOMIAL_H
#define TF_TENSOR_POLYNOMIAL_H

#include "memory/arena.h"

/*
 * As words: for each term the coefficient, the number of factors, then the factors (atom numbers,
 * ascending).  Terms are sorted by their factors and no coefficient is 0, so equal polynomials have
 * equal words; the constant term has no factors and comes first.  The words live in an arena.
 */
typedef struct tf_polynomial {
    int64_t count; /* of words; 0: the polynomial 0 */
    const int64_t *words;
} tf_polynomial;

/* Words of a term. */
static inline int64_t tf_term_words(const int64_t *term)
{
    return 2 + term[1];
}

/* a + scale*b */
tenferro_status tf_polynomial_add(tf_arena *arena, tf_polynomial a, int64_t scale, tf_polynomial b,
                                  tf_polynomial *out);
tenferro_status
tf_polynomial_mul(tf_arena *arena, tf_polynomial a, tf_polynomial b, tf_polynomial *out);
/* a / b when b is one term that divides every term of a; *exact tells whether it is. */
tenferro_status tf_polynomial_div(tf_arena *arena, tf_polynomial a, tf_polynomial b,
                                  tf_polynomial *out, int *exact);

#endif
