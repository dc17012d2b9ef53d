/*
 * The table behind symbolic extents: expressions and atoms interned in the context.
 *
 * An atom is a symbol, a fresh symbol with an upper bound, or floordiv, min or max of two extents
 * that do not simplify further.  Arguments of an atom are interned before it, so atoms can be
 * evaluated in the order of their numbers, without recursion.
 */
#ifndef TF_TENSOR_EXTENT_TABLE_H
#define TF_TENSOR_EXTENT_TABLE_H

#include <pthread.h>
#include <tenferro/extent.h>

#include "tensor/polynomial.h"

typedef enum tf_atom_kind {
    TF_ATOM_SYMBOL,
    TF_ATOM_FRESH,
    TF_ATOM_FLOORDIV,
    TF_ATOM_MIN,
    TF_ATOM_MAX
} tf_atom_kind;

typedef struct tf_extent_atom {
    tf_atom_kind kind;
    char *name;           /* of a symbol */
    tenferro_extent a, b; /* arguments; a: a fresh symbol's upper bound */
} tf_extent_atom;

/* An interned polynomial. */
typedef struct tf_extent_expression {
    int64_t count; /* words */
    int64_t *words;
    uint64_t hash;
    int64_t next; /* in its hash chain, -1 ends */
} tf_extent_expression;

typedef struct tf_extent_table {
    tenferro_context *context; /* not held: the table is the context's own */
    pthread_mutex_t lock;
    tf_extent_atom *atoms;
    int64_t atom_count, atom_room;
    tf_extent_expression *expressions;
    int64_t expression_count, expression_room;
    int64_t *buckets; /* heads of hash chains, a power of two of them */
    int64_t bucket_count;
} tf_extent_table;

/* The context's table, locked: the caller unlocks table->lock. */
tenferro_status tf_extent_table_lock(const tenferro_context *context, tf_extent_table **out);

/* The expression of an id; INVALID_ARGUMENT if it is none of this table's. */
tenferro_status
tf_extent_find(const tf_extent_table *t, tenferro_extent e, const tf_extent_expression **out);
/* A literal or an expression as a polynomial, copied into the arena. */
tenferro_status tf_extent_polynomial(const tf_extent_table *t, tf_arena *arena, tenferro_extent e,
                                     tf_polynomial *out);
/* The extent that a polynomial is: a literal if it is constant (SHAPE_MISMATCH below 0), else an id. */
tenferro_status tf_extent_intern(tf_extent_table *t, tf_polynomial p, tenferro_extent *out);
/* The expression that is one atom alone. */
tenferro_status tf_extent_intern_atom(tf_extent_table *t, int64_t index, tenferro_extent *out);
tenferro_status tf_extent_add_atom(tf_extent_table *t, tf_atom_kind kind, const char *name,
                                   tenferro_extent a, tenferro_extent b, tenferro_extent *out);
/* The atom for a function of two extents; the same arguments give the same atom. */
tenferro_status tf_extent_function(tf_extent_table *t, tf_atom_kind kind, tenferro_extent a,
                                   tenferro_extent b, tenferro_extent *out);

#endif
