/* Extents: plain numbers, or symbolic expressions whose value is known only when a program runs. */
#ifndef TENFERRO_EXTENT_H
#define TENFERRO_EXTENT_H

#include <tenferro/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * From 0 up a literal; at or below TENFERRO_EXTENT_SYMBOL_MAX the id of an expression interned in
 * the context; between them invalid.  So a plain int64_t array of sizes is valid wherever extents
 * are taken.
 *
 * Expressions are kept in a normal form (a polynomial with integer coefficients over atoms:
 * symbols, floor divisions, minima, maxima), so that n*m + m and m*(n + 1) are the same id and are
 * known to be equal.
 */
typedef int64_t tenferro_extent;
#define TENFERRO_EXTENT_SYMBOL_MAX (INT64_MIN / 2)

/** 1 if e is an expression, 0 if it is a number. */
static inline int tenferro_extent_is_symbol(tenferro_extent e)
{
    return e <= TENFERRO_EXTENT_SYMBOL_MAX;
}

/** The symbol of that name (letters, digits, '_', '.', "#"); the same name is the same symbol.
 * Values are >= 0. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_symbol(tenferro_context *context,
                                                                       const char *name,
                                                                       tenferro_extent *out);

/**
 * A fresh symbol, distinct from all others, with an upper bound (an extent, literal or symbolic):
 * the size of something that is decided at run time, such as the number of nonzeros.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_fresh(tenferro_context *context,
                                                                      tenferro_extent upper_bound,
                                                                      tenferro_extent *out);

/**
 * Arithmetic.  Literals give literals; anything else gives an expression of the context.
 *
 * floordiv rounds towards minus infinity.  Errors: OVERFLOW, INVALID_ARGUMENT (division by a
 * literal zero, an operand that is no extent, an id of another context), OUT_OF_MEMORY.  A literal
 * result below zero is an error (sub) except inside an expression.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_add(tenferro_context *context,
                                                                    tenferro_extent a,
                                                                    tenferro_extent b,
                                                                    tenferro_extent *out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_sub(tenferro_context *context,
                                                                    tenferro_extent a,
                                                                    tenferro_extent b,
                                                                    tenferro_extent *out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_mul(tenferro_context *context,
                                                                    tenferro_extent a,
                                                                    tenferro_extent b,
                                                                    tenferro_extent *out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_floordiv(tenferro_context *context,
                                                                         tenferro_extent a,
                                                                         tenferro_extent b,
                                                                         tenferro_extent *out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_min(tenferro_context *context,
                                                                    tenferro_extent a,
                                                                    tenferro_extent b,
                                                                    tenferro_extent *out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_max(tenferro_context *context,
                                                                    tenferro_extent a,
                                                                    tenferro_extent b,
                                                                    tenferro_extent *out);

/** The number, if e is one; TENFERRO_SYMBOLIC, naming the expression, if it is not. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_extent_value(const tenferro_context *context, tenferro_extent e, int64_t *out);

/** Values for symbols: symbols[i] (from tenferro_extent_symbol or _fresh) is values[i] >= 0. */
typedef struct tenferro_extent_binding {
    size_t struct_size;
    int64_t count;
    const tenferro_extent *symbols;
    const int64_t *values;
} tenferro_extent_binding;

/**
 * The value of e under a binding.
 * Errors: SYMBOLIC (a symbol that the binding lacks, named), OVERFLOW, INVALID_ARGUMENT (division
 * by zero), SHAPE_MISMATCH (the value is negative).
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_extent_evaluate(const tenferro_context *context, tenferro_extent e,
                         const tenferro_extent_binding *binding, int64_t *out);

/** Writes e as text, "2*n + 1"; snprintf's manner (see tenferro_context_describe()). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_extent_format(
    const tenferro_context *context, tenferro_extent e, char *buffer, size_t size, size_t *needed);

#ifdef __cplusplus
}
#endif
#endif
