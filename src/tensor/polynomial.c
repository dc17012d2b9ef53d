/* Arithmetic on polynomials: see polynomial.h. */

#include "tensor/polynomial.h"

#include <string.h>

#include "support/checked.h"

static int compare_factors(const int64_t *a, const int64_t *b)
{
    for (int64_t i = 0; i < a[1] && i < b[1]; i++)
        if (a[2 + i] != b[2 + i])
            return a[2 + i] < b[2 + i] ? -1 : 1;
    return (a[1] > b[1]) - (a[1] < b[1]);
}

static tenferro_status overflow(void)
{
    return tf_fail(TENFERRO_OVERFLOW, "a coefficient of a symbolic extent does not fit in 64 bits");
}

/* A merge of two sorted lists. */
tenferro_status tf_polynomial_add(tf_arena *arena, tf_polynomial a, int64_t scale, tf_polynomial b,
                                  tf_polynomial *out)
{
    int64_t *words = tf_arena_take(arena, a.count + b.count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    int64_t n = 0, i = 0, j = 0;
    while (i < a.count || j < b.count) {
        const int64_t *x = i < a.count ? a.words + i : NULL, *y = j < b.count ? b.words + j : NULL;
        int order = !x ? 1 : !y ? -1 : compare_factors(x, y);
        int64_t coefficient = order <= 0 ? x[0] : 0, scaled = 0;
        if (order >= 0 && (tf_mul_overflows(scale, y[0], &scaled) ||
                           tf_add_overflows(coefficient, scaled, &coefficient)))
            return overflow();
        const int64_t *term = order <= 0 ? x : y;
        if (coefficient) {
            memcpy(words + n, term, (size_t)tf_term_words(term) * sizeof *words);
            words[n] = coefficient;
            n += tf_term_words(term);
        }
        i += order <= 0 ? tf_term_words(x) : 0;
        j += order >= 0 ? tf_term_words(y) : 0;
    }
    *out = (tf_polynomial){n, words};
    return TENFERRO_OK;
}

tenferro_status
tf_polynomial_mul(tf_arena *arena, tf_polynomial a, tf_polynomial b, tf_polynomial *out)
{
    *out = (tf_polynomial){0, NULL};
    for (int64_t i = 0; i < a.count; i += tf_term_words(a.words + i))
        for (int64_t j = 0; j < b.count; j += tf_term_words(b.words + j)) {
            const int64_t *x = a.words + i, *y = b.words + j;
            int64_t *term = tf_arena_take(arena, 2 + x[1] + y[1], sizeof *term);
            if (!term)
                return TENFERRO_OUT_OF_MEMORY;
            if (tf_mul_overflows(x[0], y[0], &term[0]))
                return overflow();
            term[1] = x[1] + y[1];
            for (int64_t p = 0, q = 0, n = 0; n < term[1]; n++)
                term[2 + n] = q == y[1] || (p < x[1] && x[2 + p] <= y[2 + q]) ? x[2 + p++]
                                                                              : y[2 + q++];
            TF_TRY(
                tf_polynomial_add(arena, *out, 1, (tf_polynomial){tf_term_words(term), term}, out));
        }
    return TENFERRO_OK;
}

tenferro_status
tf_polynomial_div(tf_arena *arena, tf_polynomial a, tf_polynomial b, tf_polynomial *out, int *exact)
{
    *exact = 0;
    if (b.count == 0 || b.count != tf_term_words(b.words))
        return TENFERRO_OK;
    int64_t *words = tf_arena_take(arena, a.count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    int64_t n = 0;
    const int64_t *y = b.words;
    for (int64_t i = 0; i < a.count; i += tf_term_words(a.words + i)) {
        const int64_t *x = a.words + i;
        /* INT64_MIN / -1 does not fit; coefficients of divisors are rarely negative, so refuse them */
        if (y[0] <= 0 || x[0] % y[0] || x[1] < y[1])
            return TENFERRO_OK;
        words[n] = x[0] / y[0];
        words[n + 1] = x[1] - y[1];
        int64_t q = 0, kept = 0;
        for (int64_t p = 0; p < x[1]; p++)
            if (q < y[1] && x[2 + p] == y[2 + q])
                q++;
            else if (kept < x[1] - y[1])
                words[n + 2 + kept++] = x[2 + p];
            else
                return TENFERRO_OK;
        if (q < y[1])
            return TENFERRO_OK;
        n += 2 + kept;
    }
    *exact = 1;
    *out = (tf_polynomial){n, words};
    return TENFERRO_OK;
}
