/*
 * C = alpha op(A) op(B) + beta C0 over labels.
 *
 * Inputs: A, then B if word[3], then C0 if number2 (beta) is not 0.  word[0], word[1]: conjugate A,
 * B; word[2]: the rank of C; number: alpha.  list: the labels of A, B and C.
 */

#include <string.h>

#include "ops/op.h"
#include "ops/table.h"

/* ---- reading the attributes ---- */

typedef struct operand {
    int rank;
    const int64_t *labels;
} operand;

typedef struct parts {
    int has_b, has_c0;
    operand a, b, c;
} parts;

static int is_zero(const tenferro_number *x)
{
    return x->kind == 2 ? x->integer == 0 : x->re == 0.0 && x->im == 0.0;
}

static parts parts_of(const tf_attributes *attributes, int a_rank)
{
    parts p = {.has_b = attributes->word[3] != 0, .has_c0 = !is_zero(&attributes->number2)};
    p.c.rank = (int)attributes->word[2];
    p.a = (operand){a_rank, attributes->list};
    p.b = (operand){(int)attributes->count - a_rank - p.c.rank, attributes->list + a_rank};
    p.c.labels = attributes->list + attributes->count - p.c.rank;
    return p;
}

static int find(const operand *x, int64_t label)
{
    for (int i = 0; i < x->rank; i++)
        if (x->labels[i] == label)
            return i;
    return -1;
}

/* ---- shape rule ---- */

/* Of a product: operands have one dtype, or one is real and the other complex.  Else 0. */
static tenferro_dtype product_dtype(tenferro_dtype a, tenferro_dtype b)
{
    return a == b || a == tf_dtype_real(b) ? b : b == tf_dtype_real(a) ? a : 0;
}

/* The extent of a label: those of both operands broadcast together. */
static tenferro_status
label_extent(tenferro_infer *x, const parts *p, int64_t label, tenferro_extent *out)
{
    const operand *operands[2] = {&p->a, &p->b};
    *out = 1;
    for (int i = 0; i < 1 + p->has_b; i++)
        for (int j = 0; j < operands[i]->rank; j++) {
            tenferro_extent e = x->in[i].extents[j];
            if (operands[i]->labels[j] != label)
                continue;
            /* on a diagonal nothing broadcasts */
            TF_TRY(tenferro_infer_equal(x, x->in[i].extents[find(operands[i], label)], e,
                                        "extents of a diagonal"));
            if (*out >= 0 && *out != 1 && e >= 0 && e != 1 && e != *out)
                return tf_fail(TENFERRO_SHAPE_MISMATCH,
                               "contract: label %lld has extents %lld and %lld (axis %d of operand "
                               "%d; shapes %s and %s)",
                               (long long)label, (long long)*out, (long long)e, j, i,
                               tf_shape_text(x->in[0].rank, x->in[0].extents).chars,
                               p->has_b ? tf_shape_text(x->in[1].rank, x->in[1].extents).chars
                                        : "none");
            TF_TRY(tenferro_infer_broadcast(x, *out, e, "extents of one label", out));
        }
    return TENFERRO_OK;
}

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *attributes = x->attributes;
    parts p = parts_of(attributes, x->in[0].rank);
    tenferro_dtype dtype = product_dtype(x->in[0].dtype, p.has_b ? x->in[1].dtype : x->in[0].dtype);
    if (x->inputs != 1 + p.has_b + p.has_c0 || p.b.rank < 0 ||
        (p.has_b ? x->in[1].rank : 0) != p.b.rank)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "contract: %d operands do not fit the labels",
                       x->inputs);
    for (int i = 1; i < x->inputs; i++)
        if (dtype == 0 || (i == 1 + p.has_b && x->in[i].dtype != dtype))
            return tf_fail(TENFERRO_DTYPE_MISMATCH, "contract: operands are %s and %s",
                           tf_dtype_name(x->context, x->in[0].dtype),
                           tf_dtype_name(x->context, x->in[i].dtype));
    if (dtype == TENFERRO_BOOL || dtype >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "contract: not defined for %s",
                       tf_dtype_name(x->context, dtype));
    tenferro_extent *extents;
    TF_TRY(tenferro_infer_output(x, 0, dtype, p.c.rank, &extents));
    for (int i = 0; i < p.c.rank; i++) {
        int64_t label = p.c.labels[i];
        if (find(&p.a, label) < 0 && find(&p.b, label) < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "contract: label %lld of the result is in no operand", (long long)label);
        if (find(&p.c, label) < i)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "contract: label %lld is twice in the result",
                           (long long)label);
        TF_TRY(label_extent(x, &p, label, &extents[i]));
        if (p.has_c0 && (x->in[x->inputs - 1].rank != p.c.rank ||
                         x->in[x->inputs - 1].extents[i] != extents[i]))
            return tf_fail(
                TENFERRO_SHAPE_MISMATCH, "contract: the tensor that is added to has shape %s",
                tf_shape_text(x->in[x->inputs - 1].rank, x->in[x->inputs - 1].extents).chars);
    }
    for (int i = 0; i < 1 + p.has_b; i++) { /* the summed labels must fit too */
        const operand *o = i ? &p.b : &p.a;
        for (int j = 0; j < o->rank; j++) {
            tenferro_extent ignored;
            if (find(&p.c, o->labels[j]) < 0)
                TF_TRY(label_extent(x, &p, o->labels[j], &ignored));
        }
    }
    return TENFERRO_OK;
}

/* ---- execution ---- */

typedef struct table {
    int count;
    int64_t *labels, *extents, *strides[3];
    unsigned char *summed;
} table;

static void add_operand(table *t, int which, const operand *o, const tenferro_array *x)
{
    for (int j = 0; j < o->rank; j++) {
        int i = 0;
        while (i < t->count && t->labels[i] != o->labels[j])
            i++;
        if (i == t->count) {
            t->labels[i] = o->labels[j];
            t->extents[i] = 1;
            t->summed[i] = 1;
            t->strides[0][i] = t->strides[1][i] = t->strides[2][i] = 0;
            t->count++;
        }
        if (x->extents[j] != 1) {
            t->extents[i] = x->extents[j];
            t->strides[which][i] += x->strides[j];
        }
        if (which == 2)
            t->summed[i] = 0;
    }
}

/* alpha and beta as elements of the dtype */
typedef union element {
    double aligned[2];
    unsigned char bytes[16];
} element;

static tenferro_status execute(tenferro_exec *x)
{
    const tf_attributes *attributes = x->attributes;
    const tenferro_array *a = &x->in[0], *c = &x->out[0];
    parts p = parts_of(attributes, a->rank);
    const tenferro_array *b = p.has_b ? &x->in[1] : NULL,
                         *c0 = p.has_c0 ? &x->in[x->inputs - 1] : NULL;
    int room = a->rank + p.b.rank + p.c.rank;
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    tf_arena arena;
    tf_arena_init(&arena, x->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int64_t *words = tf_arena_take(&arena, 5 * (int64_t)room, sizeof *words);
    table t = {.summed = tf_arena_take(&arena, room, 1)};
    element alpha, beta;
    if (!words || !t.summed)
        goto cleanup;
    t.labels = words;
    t.extents = words + room;
    for (int i = 0; i < 3; i++)
        t.strides[i] = words + (2 + i) * room;
    add_operand(&t, 0, &p.a, a);
    if (b)
        add_operand(&t, 1, &p.b, b);
    add_operand(&t, 2, &p.c, c);
    TF_TRY_CLEANUP(tf_number_store(attributes->number, c->dtype, alpha.bytes));
    TF_TRY_CLEANUP(tf_number_store(attributes->number2, c->dtype, beta.bytes));
    if (c0 && c0->data != c->data)
        TF_TRY_CLEANUP(tf_copy(&engine, tf_dtype_size(x->context, c->dtype), c->rank, c->extents,
                               c0->data, c0->strides, c->data, c->strides));
    tf_contraction contraction = {
        .dtype = c->dtype,
        .labels = t.count,
        .extents = t.extents,
        .a_strides = t.strides[0],
        .b_strides = t.strides[1],
        .c_strides = t.strides[2],
        .summed = t.summed,
        .conj_a = attributes->word[0] != 0,
        .conj_b = attributes->word[1] != 0,
        .real_a = a->dtype != c->dtype,
        .real_b = b && b->dtype != c->dtype,
    };
    status = tf_contract_cached(x->context, &engine, &contraction, alpha.bytes, beta.bytes, a->data,
                                b ? b->data : NULL, c->data);
cleanup:
    tf_arena_release(&arena);
    return status;
}

/* ---- derivatives ---- */

/* Linear in each operand: Ċ = contract(Ȧ, B) + contract(A, Ḃ) + beta Ċ0, from one primitive applied
 * with parts missing. */
static void contract_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tf_attributes product = *(const tf_attributes *)r->attributes;
    parts p = parts_of(&product, r->in[0]->rank);
    tenferro_number beta = product.number2;
    product.number2 = tenferro_real(0.0);
    tenferro_tensor *sum = NULL;
    for (int i = 0; i < 1 + p.has_b; i++) {
        tenferro_tensor *in[2] = {i == 0 ? r->tangent[0] : r->in[0],
                                  i == 1 ? r->tangent[1] : r->in[p.has_b]};
        sum = s_add(s, sum,
                    tenferro_scope_apply(s, &tf_contract_primitive, &product, 1 + p.has_b, in));
    }
    if (p.has_c0)
        sum = s_add(s, sum, s_scale(s, beta, r->tangent[r->inputs - 1]));
    r->out[0] = sum;
}

/* A tensor whose axes are known by labels, while a cotangent is put together. */
typedef struct labelled {
    tenferro_tensor *x;
    int rank;
    int32_t *labels;
} labelled;

/* Moves the axis of `label` to the end and doubles it: x'[.., l, l'] = x[.., l] where l = l', else 0. */
static void
double_label(tenferro_scope *s, tf_arena *arena, labelled *t, int32_t label, tenferro_extent extent)
{
    int *axes = tf_arena_take(arena, t->rank, sizeof *axes), at = 0, n = 0;
    int32_t *labels = tf_arena_take(arena, (int64_t)t->rank + 1, sizeof *labels);
    if (!axes || !labels || !t->x || !tenferro_scope_ok(s)) {
        t->x = NULL;
        return;
    }
    while (t->labels[at] != label)
        at++;
    for (int i = 0; i < t->rank; i++)
        if (i != at) {
            labels[n] = t->labels[i];
            axes[n++] = i;
        }
    axes[n] = at;
    labels[n] = labels[n + 1] = label;
    tenferro_tensor *moved = NULL;
    tenferro_status status = tenferro_permute(t->x, axes, &moved);
    moved = tenferro_scope_take(s, status, moved);
    const int64_t extents[2] = {extent, extent};
    tf_attributes embed = {.word = {0, t->rank - 1, t->rank},
                           .count = 2,
                           .extents = 2,
                           .list = extents};
    t->x = tenferro_scope_apply(s, &tf_embed_diagonal_primitive, &embed, 1, &moved);
    t->rank++;
    t->labels = labels;
}

/* Permutes t to the labels of an operand (the same multiset). */
static tenferro_tensor *
in_order(tenferro_scope *s, tf_arena *arena, const labelled *t, const operand *o)
{
    int *axes = tf_arena_take(arena, t->rank, sizeof *axes);
    unsigned char *used = tf_arena_take(arena, t->rank, 1);
    if (!axes || !used) {
        tenferro_scope_fail(s, TENFERRO_OUT_OF_MEMORY);
        return NULL;
    }
    if (!t->x || !tenferro_scope_ok(s))
        return NULL;
    memset(used, 0, (size_t)t->rank);
    for (int i = 0; i < t->rank; i++) {
        int j = 0;
        while (used[j] || t->labels[j] != (int32_t)o->labels[i])
            j++;
        used[j] = 1;
        axes[i] = j;
    }
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_permute(t->x, axes, &out);
    return tenferro_scope_take(s, status, out);
}

/*
 * Ā of C = alpha op(A) op(B): the contraction of C̄ with conj(op(B)) to the labels that A shares
 * with them, repeated over the labels that A alone has, and put on the diagonal where A repeats a
 * label.  `which`: A's number; the other may be absent.
 */
static tenferro_tensor *operand_cotangent(tenferro_scope *s, tf_arena *arena,
                                          const tenferro_rule *r, const parts *p, int which)
{
    const tf_attributes *attributes = r->attributes;
    const operand *o = which ? &p->b : &p->a, *other = which ? &p->a : &p->b;
    const tenferro_extent *extents = tf_extents(r->in[which]);
    int conj_o = attributes->word[which] && tf_dtype_is_complex(r->in[which]->dtype),
        conj_other = attributes->word[1 - which] != 0, rank = 0, kept = 0;
    int room = o->rank;
    int64_t *list = tf_arena_take(arena, (int64_t)p->c.rank + other->rank + room, sizeof *list);
    int32_t *labels = tf_arena_take(arena, room, sizeof *labels);
    tenferro_extent *unique = tf_arena_take(arena, room, sizeof *unique);
    int *axes = tf_arena_take(arena, room, sizeof *axes);
    if (!list || !labels || !unique || !axes) {
        tenferro_scope_fail(s, TENFERRO_OUT_OF_MEMORY);
        return NULL;
    }
    if (p->c.rank)
        memcpy(list, p->c.labels, (size_t)p->c.rank * sizeof *list);
    if (other->rank)
        memcpy(list + p->c.rank, other->labels, (size_t)other->rank * sizeof *list);
    for (int i = 0; i < o->rank; i++) {
        if (find(o, o->labels[i]) < i)
            continue;
        /* an extent of 1 was broadcast: its label is summed here */
        if (extents[i] != 1 && (find(&p->c, o->labels[i]) >= 0 || find(other, o->labels[i]) >= 0)) {
            list[p->c.rank + other->rank + kept] = o->labels[i];
            axes[kept++] = rank;
        }
        labels[rank] = (int32_t)o->labels[i];
        unique[rank++] = extents[i];
    }
    tf_attributes product = {
        .word = {conj_o, conj_o ? conj_other : !conj_other, kept, p->has_b},
        .number = attributes->number,
        .count = p->c.rank + other->rank + kept,
        .list = list,
    };
    if (!conj_o && product.number.kind == 1)
        product.number.im = -product.number.im;
    tenferro_tensor *in[2] = {r->cotangent[0], p->has_b ? r->in[1 - which] : NULL};
    labelled t = {tenferro_scope_apply(s, &tf_contract_primitive, &product, 1 + p->has_b, in), rank,
                  labels};
    if (t.x && tenferro_scope_ok(s)) {
        tenferro_tensor *wide = NULL;
        tenferro_status status = tenferro_broadcast_axes(t.x, rank, unique, axes, &wide);
        t.x = tenferro_scope_take(s, status, wide);
    }
    for (int i = 0; i < o->rank; i++)
        if (find(o, o->labels[i]) < i)
            double_label(s, arena, &t, (int32_t)o->labels[i], extents[i]);
    return in_order(s, arena, &t, o);
}

/* The cotangent of a real operand beside a complex one is real. */
static tenferro_tensor *
real_if(tenferro_scope *s, tenferro_tensor *cotangent, const tenferro_tensor *like)
{
    int drops = cotangent && tf_dtype_is_complex(cotangent->dtype) &&
                !tf_dtype_is_complex(like->dtype);
    return drops ? s_unary(s, tenferro_real_part, cotangent) : cotangent;
}

static void contract_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    const tf_attributes *attributes = r->attributes;
    if (!r->cotangent[0] || !tenferro_scope_ok(s))
        return;
    parts p = parts_of(attributes, r->in[0]->rank);
    tf_arena arena;
    tf_arena_init(&arena, r->cotangent[0]->context);
    for (int i = 0; i < 1 + p.has_b; i++)
        if (r->wanted[i])
            r->out[i] = real_if(s, operand_cotangent(s, &arena, r, &p, i), r->in[i]);
    if (p.has_c0 && r->wanted[r->inputs - 1]) {
        tenferro_number beta = attributes->number2;
        beta.im = -beta.im;
        r->out[r->inputs - 1] = s_scale(s, beta, r->cotangent[0]);
    }
    tf_arena_release(&arena);
}

/* each operand's values where the other is active */
static tenferro_save save(const tenferro_active *active, int is_output, int slot)
{
    const tf_attributes *attributes = active->attributes;
    if (is_output)
        return TENFERRO_SAVE_NOTHING;
    if (slot > 1 || !attributes->word[3])
        return TENFERRO_SAVE_SHAPE;
    return active->in[1 - slot] ? TENFERRO_SAVE_VALUE : TENFERRO_SAVE_SHAPE;
}

static tenferro_status cost(const tenferro_infer *x, tenferro_cost *out)
{
    const tf_attributes *attributes = x->attributes;
    parts p = parts_of(attributes, x->in[0].rank);
    double multiply_adds = 1.0;
    for (int i = 0; i < p.a.rank; i++)
        if (find(&p.a, p.a.labels[i]) == i)
            multiply_adds *= (double)x->in[0].extents[i];
    for (int i = 0; i < p.b.rank; i++) {
        int j = find(&p.a, p.b.labels[i]);
        if (find(&p.b, p.b.labels[i]) == i && (j < 0 || x->in[0].extents[j] == 1))
            multiply_adds *= (double)x->in[1].extents[i];
    }
    out->flops = 2.0 * multiply_adds;
    for (int i = 0; i < 1 + p.has_b; i++)
        out->flops *= tf_dtype_is_complex(x->in[i].dtype) ? 2.0 : 1.0;
    out->bytes_written = (double)tf_dtype_size(x->context, x->out[0].dtype);
    for (int i = 0; i < x->out[0].rank; i++)
        out->bytes_written *= (double)x->out[0].extents[i];
    out->bytes_read = 0.0;
    for (int i = 0; i < x->inputs; i++) {
        double bytes = (double)tf_dtype_size(x->context, x->in[i].dtype);
        for (int j = 0; j < x->in[i].rank; j++)
            bytes *= (double)x->in[i].extents[j];
        out->bytes_read += bytes;
    }
    return TENFERRO_OK;
}

/* alpha op(A) op(B) + beta C0 may be put where C0 is: C0 is the last input, and only there when
 * there are three */
static const int8_t aliases[1] = {2};

const tenferro_primitive tf_contract_primitive = {
    TF_PRIMITIVE("contract"),
    TF_INPUTS(1, 3),
    TF_CPU(execute),
    TF_ATTRIBUTES,
    .flags = TENFERRO_PRIMITIVE_LINEAR_IN_EACH,
    .infer = infer,
    .cost = cost,
    .jvp = contract_jvp,
    .vjp = contract_vjp,
    .save = save,
    .aliases = aliases,
};

/* ---- doors ---- */

/* op(A) op(B), where the operands have met at one dtype.  b NULL: A alone. */
typedef struct product {
    const tenferro_tensor *a, *b;
    const int32_t *a_labels, *b_labels, *c_labels;
    int conj_a, conj_b, c_rank;
} product;

static tenferro_status fill(tf_arena *arena, const product *p, tf_attributes *out)
{
    int b_rank = p->b ? p->b->rank : 0;
    int64_t count = (int64_t)p->a->rank + b_rank + p->c_rank, n = 0;
    int64_t *list = tf_arena_take(arena, count, sizeof *list);
    if (!list)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < p->a->rank; i++)
        list[n++] = p->a_labels[i];
    for (int i = 0; i < b_rank; i++)
        list[n++] = p->b_labels[i];
    for (int i = 0; i < p->c_rank; i++)
        list[n++] = p->c_labels[i];
    *out = (tf_attributes){
        .word = {p->conj_a != 0, p->conj_b != 0, p->c_rank, p->b != NULL},
        .number = tenferro_real(1.0),
        .count = count,
        .list = list,
    };
    return TENFERRO_OK;
}

static tenferro_status check(const product *p)
{
    if (!p->a || (p->a->rank && !p->a_labels) || (p->b && p->b->rank && !p->b_labels) ||
        (p->c_rank && !p->c_labels) || p->c_rank < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "contract: an operand or its labels are NULL");
    return TENFERRO_OK;
}

/*
 * The operands at their common dtype, with references of their own; where that is complex, a real one
 * stays real.
 */
static tenferro_status
meet(const char *name, const tenferro_tensor *a, const tenferro_tensor *b, tenferro_tensor *met[2])
{
    tenferro_dtype dtype = a->dtype;
    if (b && tenferro_dtype_promote(a->dtype, b->dtype, &dtype) != TENFERRO_OK)
        return tf_fail_context(TENFERRO_DTYPE_MISMATCH, "%s", name);
    const tenferro_tensor *operands[] = {a, b};
    for (int i = 0; i < 1 + (b != NULL); i++) {
        int is_real = b && a->dtype != b->dtype && !tf_dtype_is_complex(operands[i]->dtype);
        TF_TRY(tf_as_dtype(operands[i], is_real ? tf_dtype_real(dtype) : dtype, &met[i]));
    }
    return TENFERRO_OK;
}

static tenferro_status contract(const char *name, product p, tenferro_tensor **out)
{
    tf_attributes attributes;
    tenferro_tensor *met[2] = {NULL, NULL};
    tf_arena arena;
    tf_arena_init(&arena, p.a->context);
    tenferro_status status;
    TF_TRY_CLEANUP(meet(name, p.a, p.b, met));
    TF_TRY_CLEANUP(fill(&arena, &p, &attributes));
    status = tf_apply(&tf_contract_primitive, &attributes, 1 + (p.b != NULL),
                      (const tenferro_tensor *const *)met, out);
cleanup:
    tenferro_tensor_release(met[0]);
    tenferro_tensor_release(met[1]);
    tf_arena_release(&arena);
    return status;
}

tenferro_status tenferro_contract(const tenferro_tensor *a, const int32_t *a_labels, int conj_a,
                                  const tenferro_tensor *b, const int32_t *b_labels, int conj_b,
                                  int c_rank, const int32_t *c_labels, tenferro_tensor **out)
{
    TF_TRY(tf_door("contract", a, out));
    product p = {a, b, a_labels, b_labels, c_labels, conj_a, conj_b, c_rank};
    TF_TRY(check(&p));
    return contract("contract", p, out);
}

tenferro_status
tenferro_contract_into(tenferro_number alpha, const tenferro_tensor *a, const int32_t *a_labels,
                       int conj_a, const tenferro_tensor *b, const int32_t *b_labels, int conj_b,
                       tenferro_number beta, const int32_t *c_labels, tenferro_tensor *out)
{
    if (!out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "contract_into: out is NULL");
    product p = {a, b, a_labels, b_labels, c_labels, conj_a, conj_b, out->rank};
    TF_TRY(check(&p));
    tf_attributes attributes;
    tenferro_tensor *met[2] = {NULL, NULL};
    tf_arena arena;
    tf_arena_init(&arena, a->context);
    tenferro_status status;
    TF_TRY_CLEANUP(meet("contract_into", a, b, met));
    TF_TRY_CLEANUP(fill(&arena, &p, &attributes));
    attributes.number = alpha;
    attributes.number2 = beta;
    const tenferro_tensor *in[3] = {met[0], met[1], NULL};
    int inputs = 1 + (b != NULL);
    if (!is_zero(&beta))
        in[inputs++] = out;
    status = tenferro_apply_into(&tf_contract_primitive, &attributes, inputs, in, 1, &out);
cleanup:
    tenferro_tensor_release(met[0]);
    tenferro_tensor_release(met[1]);
    tf_arena_release(&arena);
    return status;
}

/* Axes that a matrix product contracts are of one extent: 1 does not broadcast there, as it does
 * over labels. */
static tenferro_status same_extent(const char *name, const tenferro_tensor *a, int a_axis,
                                   const tenferro_tensor *b, int b_axis)
{
    tenferro_extent x = tf_extents(a)[a_axis], y = tf_extents(b)[b_axis];
    if (x == y || (x != 1 && y != 1 && (x < 0 || y < 0)))
        return TENFERRO_OK; /* different symbols are the contraction's to guard */
    return tf_fail(TENFERRO_SHAPE_MISMATCH,
                   "%s: axis %d of shape %s does not fit axis %d of shape %s", name, a_axis,
                   tf_shape_text(a->rank, tf_extents(a)).chars, b_axis,
                   tf_shape_text(b->rank, tf_extents(b)).chars);
}

/* [m, k, batch...] x [k, n, batch...]: labels 0, 1, 2 for m, k, n; 3 and up for the batch, aligned
 * at the last axis */
tenferro_status
tenferro_matmul(const tenferro_tensor *a, const tenferro_tensor *b, tenferro_tensor **out)
{
    TF_TRY(tf_door("matmul", a, out));
    if (!b)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "matmul: an operand is NULL");
    if (a->rank < 1 || b->rank < 1)
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "matmul: operands of rank %d and %d; both need at least 1", a->rank, b->rank);
    TF_TRY(same_extent("matmul", a, a->rank > 1, b, 0));
    int a_batch = TF_MAX(a->rank - 2, 0), b_batch = TF_MAX(b->rank - 2, 0),
        batch = TF_MAX(a_batch, b_batch);
    tf_arena arena;
    tf_arena_init(&arena, a->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    int32_t *labels = tf_arena_take(&arena, (int64_t)a->rank + b->rank + batch + 2, sizeof *labels);
    if (labels) {
        int32_t *al = labels, *bl = al + a->rank, *cl = bl + b->rank;
        int n = 0;
        al[a->rank > 1] = 1;
        bl[0] = 1;
        if (a->rank > 1)
            al[0] = cl[n++] = 0;
        if (b->rank > 1)
            bl[1] = cl[n++] = 2;
        for (int i = 0; i < a_batch; i++)
            al[2 + i] = 3 + batch - a_batch + i;
        for (int i = 0; i < b_batch; i++)
            bl[2 + i] = 3 + batch - b_batch + i;
        for (int i = 0; i < batch; i++)
            cl[n++] = 3 + i;
        status = contract("matmul", (product){a, b, al, bl, cl, 0, 0, n}, out);
    }
    tf_arena_release(&arena);
    return status;
}

static tenferro_status
tensordot(tf_arena *arena, const tenferro_tensor *a, const tenferro_tensor *b, int count,
          const int *a_axes, const int *b_axes, tenferro_tensor **out)
{
    int32_t *al = tf_arena_take(arena, a->rank, sizeof *al),
            *bl = tf_arena_take(arena, b->rank, sizeof *bl);
    int32_t *cl = tf_arena_take(arena, (int64_t)a->rank + b->rank, sizeof *cl);
    if (!al || !bl || !cl)
        return TENFERRO_OUT_OF_MEMORY;
    int c_rank = 0;
    for (int i = 0; i < a->rank; i++)
        al[i] = -1;
    for (int i = 0; i < b->rank; i++)
        bl[i] = -1;
    for (int i = 0; i < count; i++) {
        int x, y;
        TF_TRY(tf_axis("tensordot", a->rank, a_axes[i], &x));
        TF_TRY(tf_axis("tensordot", b->rank, b_axes[i], &y));
        if (al[x] >= 0 || bl[y] >= 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "tensordot: axis %d of operand %d is given twice", al[x] >= 0 ? x : y,
                           al[x] >= 0 ? 0 : 1);
        TF_TRY(same_extent("tensordot", a, x, b, y));
        al[x] = bl[y] = i;
    }
    for (int i = 0; i < a->rank; i++)
        if (al[i] < 0)
            cl[c_rank] = al[i] = count + c_rank, c_rank++;
    for (int i = 0; i < b->rank; i++)
        if (bl[i] < 0)
            cl[c_rank] = bl[i] = count + c_rank, c_rank++;
    return contract("tensordot", (product){a, b, al, bl, cl, 0, 0, c_rank}, out);
}

tenferro_status tenferro_tensordot(const tenferro_tensor *a, const tenferro_tensor *b, int count,
                                   const int *a_axes, const int *b_axes, tenferro_tensor **out)
{
    TF_TRY(tf_door("tensordot", a, out));
    if (!b || count < 0 || (count > 0 && (!a_axes || !b_axes)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensordot: an operand or its axes are NULL");
    tf_arena arena;
    tf_arena_init(&arena, a->context);
    tenferro_status status = tensordot(&arena, a, b, count, a_axes, b_axes, out);
    tf_arena_release(&arena);
    return status;
}

tenferro_status
tenferro_outer(const tenferro_tensor *a, const tenferro_tensor *b, tenferro_tensor **out)
{
    return tenferro_tensordot(a, b, 0, NULL, NULL, out);
}
