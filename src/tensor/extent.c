/*
 * Symbolic extents: expressions interned in the context.
 *
 * An expression is a polynomial with integer coefficients over atoms, in a normal form, so that equal polynomials get
 * the same id.  An atom is a symbol, a fresh symbol with an upper bound, or floordiv, min or max of two extents that do
 * not simplify further.  Arguments of an atom are interned before it: atoms in the order of their numbers can be evaluated
 * without recursion.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory/arena.h"
#include "support/checked.h"
#include "support/hash.h"
#include "support/text.h"
#include "tensor/tensor.h"

typedef enum atom_kind { ATOM_SYMBOL, ATOM_FRESH, ATOM_FLOORDIV, ATOM_MIN, ATOM_MAX } atom_kind;

typedef struct atom {
    atom_kind kind;
    char *name;           /* of a symbol */
    tenferro_extent a, b; /* arguments; a: a fresh symbol's upper bound */
} atom;

/* A polynomial as words: for each term the coefficient, the number of factors, then the factors (atom numbers, ascending).
 * Terms are sorted by factors; the constant term has none and comes first. */
typedef struct expression {
    int64_t count; /* words */
    int64_t *words;
    uint64_t hash;
    int64_t next; /* in its hash chain, -1 ends */
} expression;

typedef struct table {
    tenferro_context *context; /* not held: the table is the context's own */
    pthread_mutex_t lock;
    atom *atoms;
    int64_t atom_count, atom_room;
    expression *expressions;
    int64_t expression_count, expression_room;
    int64_t *buckets; /* heads of hash chains, a power of two of them */
    int64_t bucket_count;
} table;

/* ---- the table ---- */

static tenferro_status table_create(tenferro_context *context, void **object)
{
    table *t = tf_calloc(context, 1, sizeof *t);
    if (!t)
        return TENFERRO_OUT_OF_MEMORY;
    t->context = context;
    t->bucket_count = 64;
    t->buckets = tf_malloc(context, t->bucket_count, sizeof *t->buckets);
    if (!t->buckets) {
        tf_free(context, t);
        return TENFERRO_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < t->bucket_count; i++)
        t->buckets[i] = -1;
    pthread_mutex_init(&t->lock, NULL);
    *object = t;
    return TENFERRO_OK;
}

static void table_destroy(tenferro_context *context, void *object)
{
    table *t = object;
    for (int64_t i = 0; i < t->atom_count; i++)
        tf_free(context, t->atoms[i].name);
    for (int64_t i = 0; i < t->expression_count; i++)
        tf_free(context, t->expressions[i].words);
    tf_free(context, t->atoms);
    tf_free(context, t->expressions);
    tf_free(context, t->buckets);
    pthread_mutex_destroy(&t->lock);
    tf_free(context, t);
}

/* Locks the context's table. */
static tenferro_status table_lock(const tenferro_context *context, table **out)
{
    void *object;
    /* interning does not change what a const context means to its caller */
    TF_TRY(tf_context_slot((tenferro_context *)(uintptr_t)context, TF_SLOT_EXTENTS, table_create, table_destroy,
                           &object));
    *out = object;
    pthread_mutex_lock(&(*out)->lock);
    return TENFERRO_OK;
}

/* Room for one more element of an array of the table. */
static tenferro_status grow(table *t, void **array, int64_t count, int64_t *room, size_t size)
{
    if (count < *room)
        return TENFERRO_OK;
    int64_t wanted = *room ? 2 * *room : 16;
    void *grown = tf_realloc(t->context, *array, wanted, size);
    if (!grown)
        return TENFERRO_OUT_OF_MEMORY;
    *array = grown;
    *room = wanted;
    return TENFERRO_OK;
}

static tenferro_extent id_of(int64_t index)
{
    return TENFERRO_EXTENT_SYMBOL_MAX - index;
}

int tf_extent_is_valid(tenferro_extent e)
{
    return e >= 0 || tenferro_extent_is_symbol(e);
}

static tenferro_status find_expression(const table *t, tenferro_extent e, const expression **out)
{
    if (!tenferro_extent_is_symbol(e) || TENFERRO_EXTENT_SYMBOL_MAX - e >= t->expression_count)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%lld is no extent of this context", (long long)e);
    *out = &t->expressions[TENFERRO_EXTENT_SYMBOL_MAX - e];
    return TENFERRO_OK;
}

/* ---- polynomials ---- */

/* One that is being computed: words in an arena. */
typedef struct polynomial {
    int64_t count;
    const int64_t *words;
} polynomial;

static int64_t term_words(const int64_t *term)
{
    return 2 + term[1];
}

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

static tenferro_status polynomial_of(const table *t, tf_arena *arena, tenferro_extent e, polynomial *out)
{
    if (e >= 0) {
        int64_t *words = tf_arena_take(arena, 2, sizeof *words);
        if (!words)
            return TENFERRO_OUT_OF_MEMORY;
        words[0] = e;
        words[1] = 0;
        *out = (polynomial){e ? 2 : 0, words};
        return TENFERRO_OK;
    }
    const expression *x;
    TF_TRY(find_expression(t, e, &x));
    /* copied: the table's array may move while more is interned */
    int64_t *words = tf_arena_take(arena, x->count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(words, x->words, (size_t)x->count * sizeof *words);
    *out = (polynomial){x->count, words};
    return TENFERRO_OK;
}

/* a + scale*b: a merge of two sorted lists */
static tenferro_status polynomial_add(tf_arena *arena, polynomial a, int64_t scale, polynomial b, polynomial *out)
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
            memcpy(words + n, term, (size_t)term_words(term) * sizeof *words);
            words[n] = coefficient;
            n += term_words(term);
        }
        i += order <= 0 ? term_words(x) : 0;
        j += order >= 0 ? term_words(y) : 0;
    }
    *out = (polynomial){n, words};
    return TENFERRO_OK;
}

static tenferro_status polynomial_mul(tf_arena *arena, polynomial a, polynomial b, polynomial *out)
{
    *out = (polynomial){0, NULL};
    for (int64_t i = 0; i < a.count; i += term_words(a.words + i))
        for (int64_t j = 0; j < b.count; j += term_words(b.words + j)) {
            const int64_t *x = a.words + i, *y = b.words + j;
            int64_t *term = tf_arena_take(arena, 2 + x[1] + y[1], sizeof *term);
            if (!term)
                return TENFERRO_OUT_OF_MEMORY;
            if (tf_mul_overflows(x[0], y[0], &term[0]))
                return overflow();
            term[1] = x[1] + y[1];
            for (int64_t p = 0, q = 0, n = 0; n < term[1]; n++)
                term[2 + n] = q == y[1] || (p < x[1] && x[2 + p] <= y[2 + q]) ? x[2 + p++] : y[2 + q++];
            TF_TRY(polynomial_add(arena, *out, 1, (polynomial){term_words(term), term}, out));
        }
    return TENFERRO_OK;
}

/* a / b when b is one term that divides every term of a; *exact tells. */
static tenferro_status polynomial_div(tf_arena *arena, polynomial a, polynomial b, polynomial *out, int *exact)
{
    *exact = 0;
    if (b.count == 0 || b.count != term_words(b.words))
        return TENFERRO_OK;
    int64_t *words = tf_arena_take(arena, a.count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    int64_t n = 0;
    const int64_t *y = b.words;
    for (int64_t i = 0; i < a.count; i += term_words(a.words + i)) {
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
    *out = (polynomial){n, words};
    return TENFERRO_OK;
}

/* ---- interning ---- */

static tenferro_status rehash(table *t)
{
    int64_t count = 2 * t->bucket_count;
    int64_t *buckets = tf_malloc(t->context, count, sizeof *buckets);
    if (!buckets)
        return TENFERRO_OUT_OF_MEMORY;
    for (int64_t i = 0; i < count; i++)
        buckets[i] = -1;
    for (int64_t i = 0; i < t->expression_count; i++) {
        int64_t *head = &buckets[t->expressions[i].hash & (uint64_t)(count - 1)];
        t->expressions[i].next = *head;
        *head = i;
    }
    tf_free(t->context, t->buckets);
    t->buckets = buckets;
    t->bucket_count = count;
    return TENFERRO_OK;
}

static tenferro_status intern(table *t, polynomial p, tenferro_extent *out)
{
    if (p.count == 0 || (p.count == 2 && p.words[1] == 0)) {
        int64_t value = p.count ? p.words[0] : 0;
        if (value < 0)
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "an extent of %lld is negative", (long long)value);
        *out = value;
        return TENFERRO_OK;
    }
    size_t bytes = (size_t)p.count * sizeof *p.words;
    uint64_t hash = tf_hash_bytes(p.words, bytes, 0);
    for (int64_t i = t->buckets[hash & (uint64_t)(t->bucket_count - 1)]; i >= 0; i = t->expressions[i].next)
        if (t->expressions[i].hash == hash && t->expressions[i].count == p.count &&
            memcmp(t->expressions[i].words, p.words, bytes) == 0) {
            *out = id_of(i);
            return TENFERRO_OK;
        }
    TF_TRY(grow(t, (void **)&t->expressions, t->expression_count, &t->expression_room, sizeof *t->expressions));
    if (t->expression_count >= t->bucket_count)
        TF_TRY(rehash(t));
    int64_t *words = tf_malloc(t->context, p.count, sizeof *words);
    if (!words)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(words, p.words, bytes);
    int64_t *head = &t->buckets[hash & (uint64_t)(t->bucket_count - 1)];
    t->expressions[t->expression_count] = (expression){p.count, words, hash, *head};
    *head = t->expression_count++;
    *out = id_of(*head);
    return TENFERRO_OK;
}

/* The expression that is one atom alone. */
static tenferro_status intern_atom(table *t, int64_t index, tenferro_extent *out)
{
    int64_t words[3] = {1, 1, index};
    return intern(t, (polynomial){3, words}, out);
}

static tenferro_status add_atom(table *t, atom_kind kind, const char *name, tenferro_extent a, tenferro_extent b,
                                tenferro_extent *out)
{
    TF_TRY(grow(t, (void **)&t->atoms, t->atom_count, &t->atom_room, sizeof *t->atoms));
    char *copy = NULL;
    if (name && !(copy = tf_strdup(t->context, name)))
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = intern_atom(t, t->atom_count, out);
    if (status != TENFERRO_OK) {
        tf_free(t->context, copy);
        return status;
    }
    t->atoms[t->atom_count++] = (atom){kind, copy, a, b};
    return TENFERRO_OK;
}

/* The atom for a function of two extents; found by search: programs have few of them. */
static tenferro_status function_atom(table *t, atom_kind kind, tenferro_extent a, tenferro_extent b,
                                     tenferro_extent *out)
{
    if (kind != ATOM_FLOORDIV && a < b) {
        tenferro_extent swap = a;
        a = b;
        b = swap;
    }
    for (int64_t i = 0; i < t->atom_count; i++)
        if (t->atoms[i].kind == kind && t->atoms[i].a == a && t->atoms[i].b == b)
            return intern_atom(t, i, out);
    return add_atom(t, kind, NULL, a, b, out);
}

/* ---- public: making ---- */

tenferro_status tenferro_extent_symbol(tenferro_context *context, const char *name, tenferro_extent *out)
{
    if (!context || !name || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_symbol: an argument is NULL");
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.#");
    if (length == 0 || name[length] || (name[0] >= '0' && name[0] <= '9'))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_symbol: '%.40s' is no name of a symbol", name);
    table *t;
    TF_TRY(table_lock(context, &t));
    tenferro_status status = TENFERRO_OK;
    int64_t i = 0;
    while (i < t->atom_count && !(t->atoms[i].kind == ATOM_SYMBOL && strcmp(t->atoms[i].name, name) == 0))
        i++;
    status = i < t->atom_count ? intern_atom(t, i, out) : add_atom(t, ATOM_SYMBOL, name, 0, 0, out);
    pthread_mutex_unlock(&t->lock);
    return status;
}

tenferro_status tenferro_extent_fresh(tenferro_context *context, tenferro_extent upper_bound, tenferro_extent *out)
{
    if (!context || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_fresh: an argument is NULL");
    table *t;
    TF_TRY(table_lock(context, &t));
    const expression *x;
    tenferro_status status = upper_bound >= 0 ? TENFERRO_OK : find_expression(t, upper_bound, &x);
    if (status == TENFERRO_OK)
        status = add_atom(t, ATOM_FRESH, NULL, upper_bound, 0, out);
    pthread_mutex_unlock(&t->lock);
    return status;
}

typedef enum operation { OP_ADD, OP_SUB, OP_MUL, OP_FLOORDIV, OP_MIN, OP_MAX } operation;

static tenferro_status literal_operation(operation op, int64_t a, int64_t b, int64_t *out)
{
    int64_t value = 0;
    switch (op) {
    case OP_ADD:
        if (tf_add_overflows(a, b, &value))
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld + %lld does not fit in 64 bits", (long long)a,
                           (long long)b);
        break;
    case OP_SUB:
        if (tf_sub_overflows(a, b, &value))
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld - %lld does not fit in 64 bits", (long long)a,
                           (long long)b);
        break;
    case OP_MUL:
        if (tf_mul_overflows(a, b, &value))
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld * %lld does not fit in 64 bits", (long long)a,
                           (long long)b);
        break;
    case OP_FLOORDIV:
        if (b == 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "the extent %lld is divided by zero", (long long)a);
        if (a == INT64_MIN && b == -1)
            return tf_fail(TENFERRO_OVERFLOW, "the extent quotient does not fit in 64 bits");
        value = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
        break;
    case OP_MIN:
        value = TF_MIN(a, b);
        break;
    case OP_MAX:
        value = TF_MAX(a, b);
        break;
    }
    *out = value;
    return TENFERRO_OK;
}

/* At least one operand is an expression. */
static tenferro_status symbolic_operation(table *t, tf_arena *arena, operation op, tenferro_extent a,
                                          tenferro_extent b, tenferro_extent *out)
{
    polynomial x, y, result;
    int exact;
    TF_TRY(polynomial_of(t, arena, a, &x));
    TF_TRY(polynomial_of(t, arena, b, &y));
    switch (op) {
    case OP_ADD:
    case OP_SUB:
        TF_TRY(polynomial_add(arena, x, op == OP_ADD ? 1 : -1, y, &result));
        return intern(t, result, out);
    case OP_MUL:
        TF_TRY(polynomial_mul(arena, x, y, &result));
        return intern(t, result, out);
    case OP_FLOORDIV:
        if (b == 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "a symbolic extent is divided by zero");
        TF_TRY(polynomial_div(arena, x, y, &result, &exact));
        return exact ? intern(t, result, out) : function_atom(t, ATOM_FLOORDIV, a, b, out);
    case OP_MIN:
    case OP_MAX:
        if (a == b) {
            *out = a;
            return TENFERRO_OK;
        }
        return function_atom(t, op == OP_MIN ? ATOM_MIN : ATOM_MAX, a, b, out);
    }
    return tf_fail(TENFERRO_INTERNAL, "extent: unknown operation %d", (int)op);
}

static tenferro_status combine(tenferro_context *context, operation op, tenferro_extent a, tenferro_extent b,
                               tenferro_extent *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent: out is NULL");
    if (!tf_extent_is_valid(a) || !tf_extent_is_valid(b))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%lld is no extent", (long long)(tf_extent_is_valid(a) ? b : a));
    if (a >= 0 && b >= 0) {
        int64_t value;
        TF_TRY(literal_operation(op, a, b, &value));
        if (value < 0)
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "the extent %lld - %lld is negative", (long long)a,
                           (long long)b);
        *out = value;
        return TENFERRO_OK;
    }
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent: context is NULL");
    table *t;
    TF_TRY(table_lock(context, &t));
    tf_arena arena;
    tf_arena_init(&arena, context);
    tenferro_status status = symbolic_operation(t, &arena, op, a, b, out);
    tf_arena_release(&arena);
    pthread_mutex_unlock(&t->lock);
    return status;
}

tenferro_status tenferro_extent_add(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                    tenferro_extent *out)
{
    return combine(context, OP_ADD, a, b, out);
}

tenferro_status tenferro_extent_sub(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                    tenferro_extent *out)
{
    return combine(context, OP_SUB, a, b, out);
}

tenferro_status tenferro_extent_mul(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                    tenferro_extent *out)
{
    return combine(context, OP_MUL, a, b, out);
}

tenferro_status tenferro_extent_floordiv(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                         tenferro_extent *out)
{
    return combine(context, OP_FLOORDIV, a, b, out);
}

tenferro_status tenferro_extent_min(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                    tenferro_extent *out)
{
    return combine(context, OP_MIN, a, b, out);
}

tenferro_status tenferro_extent_max(tenferro_context *context, tenferro_extent a, tenferro_extent b,
                                    tenferro_extent *out)
{
    return combine(context, OP_MAX, a, b, out);
}

/* ---- public: asking ---- */

tenferro_status tenferro_extent_value(const tenferro_context *context, tenferro_extent e, int64_t *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_value: out is NULL");
    if (e >= 0) {
        *out = e;
        return TENFERRO_OK;
    }
    if (!tenferro_extent_is_symbol(e))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent %lld is negative", (long long)e);
    char text[128] = "?";
    TF_TRY(tenferro_extent_format(context, e, text, sizeof text, NULL));
    return tf_fail(TENFERRO_SYMBOLIC, "the extent '%s' is symbolic: its number is known only when a program runs",
                   text);
}

/* ---- printing ---- */

enum { DEEPEST = 32 }; /* nested atoms printed in full */

static void print_extent(const table *t, tf_text *text, tenferro_extent e, int depth);

static void print_atom(const table *t, tf_text *text, int64_t index, int depth)
{
    static const char *const names[] = {"", "", "floordiv", "min", "max"};
    const atom *x = &t->atoms[index];
    if (x->kind == ATOM_SYMBOL) {
        tf_text_add(text, "%s", x->name);
    } else if (x->kind == ATOM_FRESH) {
        tf_text_add(text, "?%lld", (long long)index);
    } else if (depth == DEEPEST) {
        tf_text_add(text, "%s(...)", names[x->kind]);
    } else {
        tf_text_add(text, "%s(", names[x->kind]);
        print_extent(t, text, x->a, depth + 1);
        tf_text_add(text, ", ");
        print_extent(t, text, x->b, depth + 1);
        tf_text_add(text, ")");
    }
}

static void print_term(const table *t, tf_text *text, const int64_t *term, int first, int depth)
{
    int negative = term[0] < 0;
    uint64_t magnitude = negative ? 0 - (uint64_t)term[0] : (uint64_t)term[0];
    tf_text_add(text, "%s", first ? (negative ? "-" : "") : negative ? " - " : " + ");
    if (magnitude != 1 || term[1] == 0)
        tf_text_add(text, "%llu%s", (unsigned long long)magnitude, term[1] ? "*" : "");
    for (int64_t i = 0; i < term[1]; i++) {
        tf_text_add(text, "%s", i ? "*" : "");
        print_atom(t, text, term[2 + i], depth);
    }
}

/* The constant term is stored first and printed last. */
static void print_extent(const table *t, tf_text *text, tenferro_extent e, int depth)
{
    const expression *x;
    if (e >= 0 || find_expression(t, e, &x) != TENFERRO_OK) {
        tf_text_add(text, "%lld", (long long)e);
        return;
    }
    int64_t constant = x->words[1] == 0 ? 2 : 0;
    for (int64_t i = constant; i < x->count; i += term_words(x->words + i))
        print_term(t, text, x->words + i, i == constant, depth);
    if (constant)
        print_term(t, text, x->words, 0, depth);
}

tenferro_status tenferro_extent_format(const tenferro_context *context, tenferro_extent e, char *buffer, size_t size,
                                       size_t *needed)
{
    if (!buffer && size)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_format: buffer is NULL");
    tf_text text;
    tf_text_init(&text, buffer, size);
    if (e >= 0) {
        tf_text_add(&text, "%lld", (long long)e);
    } else {
        table *t;
        const expression *x;
        if (!context)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_format: context is NULL");
        TF_TRY(table_lock(context, &t));
        tenferro_status status = find_expression(t, e, &x);
        if (status == TENFERRO_OK)
            print_extent(t, &text, e, 0);
        pthread_mutex_unlock(&t->lock);
        TF_TRY(status);
    }
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}

/* ---- evaluating ---- */

/* What an evaluation needs and knows of the atoms. */
typedef struct values {
    int64_t count;
    int64_t *value;
    unsigned char *needed; /* the extent depends on it */
    unsigned char *known;  /* of symbols: bound */
} values;

/* The atoms of e are needed. */
static tenferro_status mark_needed(const table *t, values *v, tenferro_extent e)
{
    const expression *x;
    if (e >= 0)
        return TENFERRO_OK;
    TF_TRY(find_expression(t, e, &x));
    for (int64_t i = 0; i < x->count; i += term_words(x->words + i))
        for (int64_t j = 0; j < x->words[i + 1]; j++)
            v->needed[x->words[i + 2 + j]] = 1;
    return TENFERRO_OK;
}

/* The value of an extent whose atoms have theirs; it may be negative. */
static tenferro_status sum_terms(const table *t, const values *v, tenferro_extent e, int64_t *out)
{
    const expression *x;
    *out = e;
    if (e >= 0)
        return TENFERRO_OK;
    TF_TRY(find_expression(t, e, &x));
    *out = 0;
    for (int64_t i = 0; i < x->count; i += term_words(x->words + i)) {
        int64_t product = x->words[i];
        int overflow = 0;
        for (int64_t j = 0; j < x->words[i + 1]; j++)
            overflow |= tf_mul_overflows(product, v->value[x->words[i + 2 + j]], &product);
        if (overflow || tf_add_overflows(*out, product, out))
            return tf_fail(TENFERRO_OVERFLOW, "the value of a symbolic extent does not fit in 64 bits");
    }
    return TENFERRO_OK;
}

static tenferro_status bind(const table *t, const tenferro_extent_binding *binding, values *v)
{
    for (int64_t i = 0; i < binding->count; i++) {
        const expression *symbol;
        TF_TRY(find_expression(t, binding->symbols[i], &symbol));
        if (symbol->count != 3 || symbol->words[0] != 1 || t->atoms[symbol->words[2]].kind > ATOM_FRESH)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_evaluate: entry %lld of the binding is no symbol",
                           (long long)i);
        if (binding->values[i] < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_evaluate: symbol %lld is bound to %lld, below 0",
                           (long long)i, (long long)binding->values[i]);
        v->value[symbol->words[2]] = binding->values[i];
        v->known[symbol->words[2]] = 1;
    }
    return TENFERRO_OK;
}

static tenferro_status evaluate_atom(const table *t, int64_t index, values *v)
{
    const atom *x = &t->atoms[index];
    char name[96];
    tf_text text;
    tf_text_init(&text, name, sizeof name);
    if (x->kind <= ATOM_FRESH) {
        if (v->known[index])
            return TENFERRO_OK;
        print_atom(t, &text, index, 0);
        return tf_fail(TENFERRO_SYMBOLIC, "the extent symbol '%s' has no value", name);
    }
    int64_t a, b;
    TF_TRY(sum_terms(t, v, x->a, &a));
    TF_TRY(sum_terms(t, v, x->b, &b));
    if (x->kind == ATOM_FLOORDIV && b == 0) {
        print_atom(t, &text, index, 0);
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "the extent '%s' is divided by zero", name);
    }
    return literal_operation(x->kind == ATOM_FLOORDIV ? OP_FLOORDIV : x->kind == ATOM_MIN ? OP_MIN : OP_MAX, a, b,
                             &v->value[index]);
}

/* Arguments of an atom have lower numbers: one pass down finds what is needed, one pass up computes it. */
static tenferro_status evaluate(const table *t, tf_arena *arena, tenferro_extent e,
                                const tenferro_extent_binding *binding, int64_t *out)
{
    values v = {t->atom_count, tf_arena_take(arena, t->atom_count, sizeof *v.value),
                tf_arena_take(arena, t->atom_count, 1), tf_arena_take(arena, t->atom_count, 1)};
    if (!v.value || !v.needed || !v.known)
        return TENFERRO_OUT_OF_MEMORY;
    memset(v.needed, 0, (size_t)v.count);
    memset(v.known, 0, (size_t)v.count);
    TF_TRY(bind(t, binding, &v));
    TF_TRY(mark_needed(t, &v, e));
    for (int64_t i = v.count - 1; i >= 0; i--)
        if (v.needed[i] && t->atoms[i].kind > ATOM_FRESH) {
            TF_TRY(mark_needed(t, &v, t->atoms[i].a));
            TF_TRY(mark_needed(t, &v, t->atoms[i].b));
        }
    for (int64_t i = 0; i < v.count; i++)
        if (v.needed[i])
            TF_TRY(evaluate_atom(t, i, &v));
    int64_t value;
    TF_TRY(sum_terms(t, &v, e, &value));
    if (value < 0)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "a symbolic extent has the negative value %lld", (long long)value);
    *out = value;
    return TENFERRO_OK;
}

tenferro_status tenferro_extent_evaluate(const tenferro_context *context, tenferro_extent e,
                                         const tenferro_extent_binding *binding, int64_t *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_evaluate: out is NULL");
    if (!tenferro_extent_is_symbol(e))
        return tenferro_extent_value(context, e, out);
    if (!context || !binding)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_evaluate: %s is NULL", context ? "binding" : "context");
    table *t;
    TF_TRY(table_lock(context, &t));
    tf_arena arena;
    tf_arena_init(&arena, (tenferro_context *)(uintptr_t)context);
    tenferro_status status = evaluate(t, &arena, e, binding, out);
    tf_arena_release(&arena);
    pthread_mutex_unlock(&t->lock);
    return status;
}
