/*
 * Symbolic extents: arithmetic, printing, evaluation.
 *
 * An expression is a polynomial with integer coefficients over atoms, in a normal form, so that
 * equal polynomials get the same id (polynomial.h, extent_table.h).
 */

#include <string.h>

#include "support/checked.h"
#include "support/text.h"
#include "tensor/extent_table.h"
#include "tensor/tensor.h"

int tf_extent_is_valid(tenferro_extent e)
{
    return e >= 0 || tenferro_extent_is_symbol(e);
}

/* ---- public: making ---- */

tenferro_status
tenferro_extent_symbol(tenferro_context *context, const char *name, tenferro_extent *out)
{
    if (!context || !name || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_symbol: an argument is NULL");
    size_t length = strspn(name,
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.#");
    if (length == 0 || name[length] || (name[0] >= '0' && name[0] <= '9'))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_symbol: '%.40s' is no name of a symbol",
                       name);
    tf_extent_table *t;
    TF_TRY(tf_extent_table_lock(context, &t));
    tenferro_status status = TENFERRO_OK;
    int64_t i = 0;
    while (i < t->atom_count &&
           !(t->atoms[i].kind == TF_ATOM_SYMBOL && strcmp(t->atoms[i].name, name) == 0))
        i++;
    status = i < t->atom_count ? tf_extent_intern_atom(t, i, out)
                               : tf_extent_add_atom(t, TF_ATOM_SYMBOL, name, 0, 0, out);
    pthread_mutex_unlock(&t->lock);
    return status;
}

tenferro_status
tenferro_extent_fresh(tenferro_context *context, tenferro_extent upper_bound, tenferro_extent *out)
{
    if (!context || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_fresh: an argument is NULL");
    tf_extent_table *t;
    TF_TRY(tf_extent_table_lock(context, &t));
    const tf_extent_expression *x;
    tenferro_status status = upper_bound >= 0 ? TENFERRO_OK : tf_extent_find(t, upper_bound, &x);
    if (status == TENFERRO_OK)
        status = tf_extent_add_atom(t, TF_ATOM_FRESH, NULL, upper_bound, 0, out);
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
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld + %lld does not fit in 64 bits",
                           (long long)a, (long long)b);
        break;
    case OP_SUB:
        if (tf_sub_overflows(a, b, &value))
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld - %lld does not fit in 64 bits",
                           (long long)a, (long long)b);
        break;
    case OP_MUL:
        if (tf_mul_overflows(a, b, &value))
            return tf_fail(TENFERRO_OVERFLOW, "the extent %lld * %lld does not fit in 64 bits",
                           (long long)a, (long long)b);
        break;
    case OP_FLOORDIV:
        if (b == 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "the extent %lld is divided by zero",
                           (long long)a);
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
static tenferro_status symbolic_operation(tf_extent_table *t, tf_arena *arena, operation op,
                                          tenferro_extent a, tenferro_extent b, tenferro_extent *out)
{
    tf_polynomial x, y, result;
    int exact;
    TF_TRY(tf_extent_polynomial(t, arena, a, &x));
    TF_TRY(tf_extent_polynomial(t, arena, b, &y));
    switch (op) {
    case OP_ADD:
    case OP_SUB:
        TF_TRY(tf_polynomial_add(arena, x, op == OP_ADD ? 1 : -1, y, &result));
        return tf_extent_intern(t, result, out);
    case OP_MUL:
        TF_TRY(tf_polynomial_mul(arena, x, y, &result));
        return tf_extent_intern(t, result, out);
    case OP_FLOORDIV:
        if (b == 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "a symbolic extent is divided by zero");
        TF_TRY(tf_polynomial_div(arena, x, y, &result, &exact));
        return exact ? tf_extent_intern(t, result, out)
                     : tf_extent_function(t, TF_ATOM_FLOORDIV, a, b, out);
    case OP_MIN:
    case OP_MAX:
        if (a == b) {
            *out = a;
            return TENFERRO_OK;
        }
        return tf_extent_function(t, op == OP_MIN ? TF_ATOM_MIN : TF_ATOM_MAX, a, b, out);
    }
    return tf_fail(TENFERRO_INTERNAL, "extent: unknown operation %d", (int)op);
}

static tenferro_status combine(tenferro_context *context, operation op, tenferro_extent a,
                               tenferro_extent b, tenferro_extent *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent: out is NULL");
    if (!tf_extent_is_valid(a) || !tf_extent_is_valid(b))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%lld is no extent",
                       (long long)(tf_extent_is_valid(a) ? b : a));
    if (a >= 0 && b >= 0) {
        int64_t value;
        TF_TRY(literal_operation(op, a, b, &value));
        if (value < 0)
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "the extent %lld - %lld is negative",
                           (long long)a, (long long)b);
        *out = value;
        return TENFERRO_OK;
    }
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent: context is NULL");
    tf_extent_table *t;
    TF_TRY(tf_extent_table_lock(context, &t));
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

tenferro_status tenferro_extent_floordiv(tenferro_context *context, tenferro_extent a,
                                         tenferro_extent b, tenferro_extent *out)
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

tenferro_status
tenferro_extent_value(const tenferro_context *context, tenferro_extent e, int64_t *out)
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
    return tf_fail(TENFERRO_SYMBOLIC,
                   "the extent '%s' is symbolic: its number is known only when a program runs",
                   text);
}

/* ---- printing ---- */

enum { DEEPEST = 8 }; /* nested atoms printed in full */

static void print_extent(const tf_extent_table *t, tf_text *text, tenferro_extent e, int depth);

static void print_atom(const tf_extent_table *t, tf_text *text, int64_t index, int depth)
{
    static const char *const names[] = {"", "", "floordiv", "min", "max"};
    const tf_extent_atom *x = &t->atoms[index];
    if (x->kind == TF_ATOM_SYMBOL) {
        tf_text_add(text, "%s", x->name);
    } else if (x->kind == TF_ATOM_FRESH) {
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

static void
print_term(const tf_extent_table *t, tf_text *text, const int64_t *term, int first, int depth)
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
static void print_extent(const tf_extent_table *t, tf_text *text, tenferro_extent e, int depth)
{
    const tf_extent_expression *x;
    if (e >= 0 || tf_extent_find(t, e, &x) != TENFERRO_OK) {
        tf_text_add(text, "%lld", (long long)e);
        return;
    }
    int64_t constant = x->words[1] == 0 ? 2 : 0;
    for (int64_t i = constant; i < x->count; i += tf_term_words(x->words + i))
        print_term(t, text, x->words + i, i == constant, depth);
    if (constant)
        print_term(t, text, x->words, 0, depth);
}

tenferro_status tenferro_extent_format(const tenferro_context *context, tenferro_extent e,
                                       char *buffer, size_t size, size_t *needed)
{
    if (!buffer && size)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_format: buffer is NULL");
    tf_text text;
    tf_text_init(&text, buffer, size);
    if (e >= 0) {
        tf_text_add(&text, "%lld", (long long)e);
    } else {
        tf_extent_table *t;
        const tf_extent_expression *x;
        if (!context)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_format: context is NULL");
        TF_TRY(tf_extent_table_lock(context, &t));
        tenferro_status status = tf_extent_find(t, e, &x);
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
static tenferro_status mark_needed(const tf_extent_table *t, values *v, tenferro_extent e)
{
    const tf_extent_expression *x;
    if (e >= 0)
        return TENFERRO_OK;
    TF_TRY(tf_extent_find(t, e, &x));
    for (int64_t i = 0; i < x->count; i += tf_term_words(x->words + i))
        for (int64_t j = 0; j < x->words[i + 1]; j++)
            v->needed[x->words[i + 2 + j]] = 1;
    return TENFERRO_OK;
}

/* The value of an extent whose atoms have theirs; it may be negative. */
static tenferro_status
sum_terms(const tf_extent_table *t, const values *v, tenferro_extent e, int64_t *out)
{
    const tf_extent_expression *x;
    *out = e;
    if (e >= 0)
        return TENFERRO_OK;
    TF_TRY(tf_extent_find(t, e, &x));
    *out = 0;
    for (int64_t i = 0; i < x->count; i += tf_term_words(x->words + i)) {
        int64_t product = x->words[i];
        int overflow = 0;
        for (int64_t j = 0; j < x->words[i + 1]; j++)
            overflow |= tf_mul_overflows(product, v->value[x->words[i + 2 + j]], &product);
        if (overflow || tf_add_overflows(*out, product, out))
            return tf_fail(TENFERRO_OVERFLOW,
                           "the value of a symbolic extent does not fit in 64 bits");
    }
    return TENFERRO_OK;
}

static tenferro_status
bind(const tf_extent_table *t, const tenferro_extent_binding *binding, values *v)
{
    for (int64_t i = 0; i < binding->count; i++) {
        const tf_extent_expression *symbol;
        TF_TRY(tf_extent_find(t, binding->symbols[i], &symbol));
        if (symbol->count != 3 || symbol->words[0] != 1 ||
            t->atoms[symbol->words[2]].kind > TF_ATOM_FRESH)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "extent_evaluate: entry %lld of the binding is no symbol", (long long)i);
        if (binding->values[i] < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "extent_evaluate: symbol %lld is bound to %lld, below 0", (long long)i,
                           (long long)binding->values[i]);
        v->value[symbol->words[2]] = binding->values[i];
        v->known[symbol->words[2]] = 1;
    }
    return TENFERRO_OK;
}

static tenferro_status evaluate_atom(const tf_extent_table *t, int64_t index, values *v)
{
    const tf_extent_atom *x = &t->atoms[index];
    char name[96];
    tf_text text;
    tf_text_init(&text, name, sizeof name);
    if (x->kind <= TF_ATOM_FRESH) {
        if (v->known[index])
            return TENFERRO_OK;
        print_atom(t, &text, index, 0);
        return tf_fail(TENFERRO_SYMBOLIC, "the extent symbol '%s' has no value", name);
    }
    int64_t a, b;
    TF_TRY(sum_terms(t, v, x->a, &a));
    TF_TRY(sum_terms(t, v, x->b, &b));
    if (x->kind == TF_ATOM_FLOORDIV && b == 0) {
        print_atom(t, &text, index, 0);
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "the extent '%s' is divided by zero", name);
    }
    return literal_operation(x->kind == TF_ATOM_FLOORDIV ? OP_FLOORDIV
                             : x->kind == TF_ATOM_MIN    ? OP_MIN
                                                         : OP_MAX,
                             a, b, &v->value[index]);
}

/* Arguments of an atom have lower numbers: one pass down finds what is needed, one pass up computes it. */
static tenferro_status evaluate(const tf_extent_table *t, tf_arena *arena, tenferro_extent e,
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
        if (v.needed[i] && t->atoms[i].kind > TF_ATOM_FRESH) {
            TF_TRY(mark_needed(t, &v, t->atoms[i].a));
            TF_TRY(mark_needed(t, &v, t->atoms[i].b));
        }
    for (int64_t i = 0; i < v.count; i++)
        if (v.needed[i])
            TF_TRY(evaluate_atom(t, i, &v));
    int64_t value;
    TF_TRY(sum_terms(t, &v, e, &value));
    if (value < 0)
        return tf_fail(TENFERRO_SHAPE_MISMATCH, "a symbolic extent has the negative value %lld",
                       (long long)value);
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
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "extent_evaluate: %s is NULL",
                       context ? "binding" : "context");
    tf_extent_table *t;
    TF_TRY(tf_extent_table_lock(context, &t));
    tf_arena arena;
    tf_arena_init(&arena, (tenferro_context *)(uintptr_t)context);
    tenferro_status status = evaluate(t, &arena, e, binding, out);
    tf_arena_release(&arena);
    pthread_mutex_unlock(&t->lock);
    return status;
}
