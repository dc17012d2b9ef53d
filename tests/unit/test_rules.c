/*
 * Every derivative rule of every primitive: jvp against fourth-order differences, vjp against jvp
 * (<v, J u> = <J^H v, u>), and both once more under a forward level (second order).
 *
 * The walk goes over the table of primitives, so one that the cases below do not reach fails it.
 */

#include "arrays.h"
#include "levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/attributes.h"
#include "support/compat.h"
#include "tensor/tensor.h"

/* ---- the cases ---- */

typedef enum domain {
    ANY,     /* [-1, 1), in both parts */
    AWAY,    /* real numbers in +-[0.5, 1.5); a complex one is turned by some angle */
    RIGHT,   /* real part in [0.5, 1.5) */
    DISTINCT /* multiples of 0.1, no two alike */
} domain;

/* in the last two one input alone is real */
typedef enum dtypes { BOTH, REAL, COMPLEX, REAL_A, REAL_B } dtypes;

typedef struct shape {
    int rank;
    int64_t extents[4];
} shape;

enum { MAX_INPUTS = 3 };

typedef struct rule_case {
    const char *name;
    int inputs;
    shape in[MAX_INPUTS];
    domain domain;
    dtypes dtypes;
    int predicate; /* the first input is bool */
    tf_attributes a;
} rule_case;

/* clang-format off */
#define LIST(...)                                                      \
    .count = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .list = (const int64_t[]){__VA_ARGS__}
#define RE(x) {0, (x), 0.0, 0}
#define IM(x, y) {1, (x), (y), 0}
#define UNARY(NAME, DOMAIN) \
    {NAME, 1, {{2, {3, 2}}}, DOMAIN, BOTH, 0, {.count = 0}}, {NAME, 1, {{0, {0}}}, DOMAIN, BOTH, 0, {.count = 0}}
#define BINARY(NAME, DOMAIN, DTYPES)                                                   \
    {NAME, 2, {{2, {3, 2}}, {2, {3, 2}}}, DOMAIN, DTYPES, 0, {.count = 0}},            \
        {NAME, 2, {{2, {3, 1}}, {1, {2}}}, DOMAIN, DTYPES, 0, {.count = 0}},           \
        {NAME, 2, {{0, {0}}, {2, {1, 4}}}, DOMAIN, DTYPES, 0, {.count = 0}},           \
        {NAME, 2, {{2, {0, 2}}, {1, {2}}}, DOMAIN, DTYPES, 0, {.count = 0}}
/* word: conj a, conj b, rank of c, has b */
#define CONTRACT(DTYPES, A, B, CONJ_A, CONJ_B, C_RANK, ALPHA, ...) \
    {"contract", 2, {A, B}, ANY, DTYPES, 0, {.word = {CONJ_A, CONJ_B, C_RANK, 1}, .number = ALPHA, LIST(__VA_ARGS__)}}
#define CONTRACT_TO(DTYPES, A, B, C, CONJ_A, CONJ_B, C_RANK, ALPHA, BETA, ...) \
    {"contract", 3, {A, B, C}, ANY, DTYPES, 0,                                 \
     {.word = {CONJ_A, CONJ_B, C_RANK, 1}, .number = ALPHA, .number2 = BETA, LIST(__VA_ARGS__)}}
#define CONTRACT_ONE(DTYPES, A, CONJ_A, C_RANK, ALPHA, ...) \
    {"contract", 1, {A}, ANY, DTYPES, 0, {.word = {CONJ_A, 0, C_RANK, 0}, .number = ALPHA, LIST(__VA_ARGS__)}}
#define S0 {0, {0}}
#define S1(a) {1, {a}}
#define S2(a, b) {2, {a, b}}
#define S3(a, b, c) {3, {a, b, c}}
#define REDUCE(NAME, DOMAIN, DTYPES)                                                      \
    {NAME, 1, {S3(2, 3, 4)}, DOMAIN, DTYPES, 0, {.word = {0}, LIST(1)}},                  \
        {NAME, 1, {S3(2, 3, 4)}, DOMAIN, DTYPES, 0, {.word = {1}, LIST(0, 2)}},           \
        {NAME, 1, {S2(2, 3)}, DOMAIN, DTYPES, 0, {.word = {0}, LIST(0, 1)}},              \
        {NAME, 1, {S2(2, 3)}, DOMAIN, DTYPES, 0, {.word = {0}, .count = 0}}, {            \
        NAME, 1, {S1(1)}, DOMAIN, DTYPES, 0, {.word = {0}, LIST(0) }                      \
    }

static const rule_case cases[] = {
    UNARY("neg", ANY),
    UNARY("conj", ANY),
    UNARY("abs", AWAY),
    UNARY("sqrt", RIGHT),
    UNARY("exp", ANY),
    UNARY("log", RIGHT),
    UNARY("sin", ANY),
    UNARY("cos", ANY),
    UNARY("tanh", ANY),
    UNARY("copy", ANY),
    BINARY("add", ANY, BOTH),
    BINARY("sub", ANY, BOTH),
    BINARY("mul", ANY, BOTH),
    BINARY("div", AWAY, BOTH),
    BINARY("pow", RIGHT, BOTH),
    BINARY("maximum", DISTINCT, REAL),
    BINARY("minimum", DISTINCT, REAL),
    {"select", 3, {S2(3, 2), S2(3, 2), S2(3, 2)}, ANY, BOTH, 1, {.count = 0}},
    {"select", 3, {S1(2), S2(3, 1), S0}, ANY, BOTH, 1, {.count = 0}},
    {"select", 3, {S0, S1(2), S2(3, 2)}, ANY, BOTH, 1, {.count = 0}},
    {"cast", 1, {S2(3, 2)}, ANY, BOTH, 0, {.word = {TENFERRO_FLOAT64}}},
    {"cast", 1, {S2(3, 2)}, ANY, BOTH, 0, {.word = {TENFERRO_COMPLEX128}}},
    {"permute", 1, {S3(2, 3, 4)}, ANY, BOTH, 0, {LIST(2, 0, 1)}},
    {"permute", 1, {S0}, ANY, BOTH, 0, {.count = 0}},
    {"reshape", 1, {S3(2, 3, 4)}, ANY, BOTH, 0, {LIST(4, 1, 6), .extents = 3}},
    {"reshape", 1, {S2(0, 3)}, ANY, BOTH, 0, {LIST(0), .extents = 1}},
    {"slice", 1, {S2(5, 3)}, ANY, BOTH, 0, {LIST(4, 1, 2, 1, -3, 1), .extents = 4}},
    {"slice", 1, {S2(5, 3)}, ANY, BOTH, 0, {LIST(1, 3, 2, 0, 1, 1), .extents = 4}},
    {"embed_slice", 1, {S2(2, 2)}, ANY, BOTH, 0, {LIST(3, 0, 2, 2, 5, 3, -2, 2), .extents = 6}},
    {"broadcast", 1, {S2(3, 1)}, ANY, BOTH, 0, {LIST(2, 3, 4, 1, 2), .extents = 3}},
    {"broadcast", 1, {S2(3, 1)}, ANY, BOTH, 0, {LIST(3, 5, 1, 2, 0, 2), .extents = 4}},
    {"broadcast", 1, {S0}, ANY, BOTH, 0, {LIST(2, 2), .extents = 2}},
    {"diagonal", 1, {S3(3, 2, 4)}, ANY, BOTH, 0, {.word = {1, 0, 2}}},
    {"diagonal", 1, {S3(3, 2, 4)}, ANY, BOTH, 0, {.word = {-1, 2, 0}}},
    {"diagonal", 1, {S2(3, 2)}, ANY, BOTH, 0, {.word = {7, 0, 1}}},
    {"embed_diagonal", 1, {S2(2, 3)}, ANY, BOTH, 0, {.word = {1, 0, 2}, LIST(3, 4), .extents = 2}},
    {"embed_diagonal", 1, {S2(2, 2)}, ANY, BOTH, 0, {.word = {-1, 1, 0}, LIST(3, 4), .extents = 2}},
    {"real_part", 1, {S2(3, 2)}, ANY, COMPLEX, 0, {.count = 0}},
    {"imag_part", 1, {S2(3, 2)}, ANY, COMPLEX, 0, {.count = 0}},
    REDUCE("sum", ANY, BOTH),
    {"sum", 1, {S2(0, 3)}, ANY, BOTH, 0, {.word = {0}, LIST(0)}},
    REDUCE("max", DISTINCT, REAL),
    REDUCE("min", DISTINCT, REAL),
    {"concatenate", 3, {S2(2, 3), S2(2, 0), S2(2, 1)}, ANY, BOTH, 0, {.word = {1}}},
    {"concatenate", 1, {S2(2, 3)}, ANY, BOTH, 0, {.word = {0}}},
    {"pad", 1, {S2(2, 3)}, ANY, BOTH, 0, {LIST(1, 0, 0, 2), .extents = 4, .number = RE(3.0)}},
    {"tri", 1, {S3(3, 4, 2)}, ANY, BOTH, 0, {.word = {1, 0}}},
    {"tri", 1, {S3(3, 4, 2)}, ANY, BOTH, 0, {.word = {-1, 1}}},
    /* ik,kj->ij */
    CONTRACT(BOTH, S2(2, 3), S2(3, 4), 0, 0, 2, RE(1.5), 0, 1, 1, 2, 0, 2),
    CONTRACT(COMPLEX, S2(2, 3), S2(3, 4), 1, 0, 2, IM(1.5, -0.5), 0, 1, 1, 2, 2, 0),
    CONTRACT(COMPLEX, S2(2, 3), S2(3, 4), 0, 1, 2, IM(0.25, 2.0), 0, 1, 1, 2, 0, 2),
    CONTRACT(COMPLEX, S2(2, 3), S2(3, 4), 1, 1, 2, IM(0.0, 1.0), 0, 1, 1, 2, 0, 2),
    CONTRACT(REAL_A, S2(2, 3), S2(3, 4), 0, 0, 2, RE(1.5), 0, 1, 1, 2, 0, 2),
    CONTRACT(REAL_A, S2(2, 3), S2(3, 4), 1, 1, 2, IM(1.5, -0.5), 0, 1, 1, 2, 2, 0),
    CONTRACT(REAL_B, S2(2, 3), S2(3, 4), 0, 1, 2, IM(0.5, 2.0), 0, 1, 1, 2, 0, 2),
    CONTRACT(REAL_B, S2(2, 3), S2(3, 4), 1, 0, 2, RE(-1.0), 0, 1, 1, 2, 0, 2),
    CONTRACT_TO(REAL_B, S2(2, 3), S2(3, 4), S2(2, 4), 1, 0, 2, IM(0.5, 1.0), IM(0.5, -1.0), 0, 1, 1, 2, 0, 2),
    /* batch: ijb,jkb->bik */
    CONTRACT(BOTH, S3(2, 3, 2), S3(3, 2, 2), 0, 0, 3, RE(1.0), 0, 1, 9, 1, 2, 9, 9, 0, 2),
    /* diagonals: iij,jjk->k; ii,i->i; iii,->i */
    CONTRACT(BOTH, S3(2, 2, 3), S3(3, 3, 2), 1, 0, 1, RE(1.0), 5, 5, 6, 6, 6, 7, 7),
    CONTRACT(BOTH, S2(3, 3), S1(3), 0, 0, 1, RE(-1.0), 4, 4, 4, 4),
    CONTRACT(BOTH, S3(2, 2, 2), S0, 0, 1, 1, RE(1.0), 4, 4, 4, 4),
    /* labels of one operand only, summed there: ij,kl->jk, and all of them */
    CONTRACT(BOTH, S2(2, 3), S2(4, 2), 0, 0, 2, RE(1.0), 0, 1, 2, 3, 1, 2),
    CONTRACT(BOTH, S2(2, 3), S2(4, 2), 0, 1, 0, RE(1.0), 0, 1, 2, 3),
    /* 1 against n: free, contracted, shared */
    CONTRACT(BOTH, S2(1, 3), S2(4, 3), 0, 0, 1, RE(1.0), 0, 1, 0, 1, 0),
    CONTRACT(BOTH, S2(2, 1), S2(3, 4), 0, 0, 2, RE(1.0), 0, 1, 1, 2, 0, 2),
    CONTRACT(BOTH, S2(2, 3), S2(1, 4), 0, 0, 2, RE(1.0), 0, 1, 1, 2, 0, 2),
    CONTRACT(BOTH, S2(1, 1), S2(2, 2), 0, 0, 1, RE(1.0), 0, 0, 0, 0, 0),
    /* a scalar, an outer product, an empty sum */
    {"contract", 2, {S0, S0}, ANY, BOTH, 0, {.word = {0, 0, 0, 1}, .number = RE(2.0)}},
    CONTRACT(BOTH, S1(2), S1(3), 0, 0, 2, RE(1.0), 0, 1, 1, 0),
    CONTRACT(BOTH, S2(2, 0), S2(0, 3), 0, 0, 2, RE(1.0), 0, 1, 1, 2, 0, 2),
    /* added to C */
    CONTRACT_TO(BOTH, S2(2, 3), S2(3, 4), S2(2, 4), 0, 0, 2, RE(1.5), RE(-0.5), 0, 1, 1, 2, 0, 2),
    CONTRACT_TO(COMPLEX, S2(2, 3), S2(3, 4), S2(4, 2), 1, 1, 2, IM(1.0, 2.0), IM(0.5, 0.25), 0, 1, 1, 2, 2, 0),
    /* one operand: ij->ji, ii->i, iij->j, ij-> */
    CONTRACT_ONE(BOTH, S2(2, 3), 0, 2, RE(2.0), 0, 1, 1, 0),
    CONTRACT_ONE(COMPLEX, S2(2, 2), 1, 1, IM(2.0, 1.0), 0, 0, 0),
    CONTRACT_ONE(BOTH, S3(2, 2, 3), 1, 1, RE(1.0), 0, 0, 1, 1),
    CONTRACT_ONE(BOTH, S2(2, 3), 0, 0, RE(1.0), 0, 1),
};

/* clang-format on */

/* Primitives that should have rules and do not yet. */
static const char *const without_rules[] = {"prod"};

/* ---- numbers ---- */

static tenferro_tensor *draw(tenferro_context *context, test_rng *rng, tenferro_dtype dtype,
                             const shape *s, domain d, const int *shuffled, int *next)
{
    tenferro_tensor *x = test_random_tensor(context, rng, dtype, s->rank, s->extents, TEST_STRIDED);
    if (d == ANY || dtype == TENFERRO_BOOL)
        return x;
    test_value *values = test_elements(x);
    for (int64_t i = 0; i < test_count(s->rank, s->extents); i++) {
        double re = creal(values[i]), im = cimag(values[i]);
        if (d == RIGHT)
            values[i] = test_complex(1.0 + 0.5 * re, im);
        else if (d == AWAY)
            values[i] = (re < 0.0 ? re - 0.5 : re + 0.5) *
                        (test_is_complex(dtype) ? cexp(test_complex(0.0, 3.0 * im)) : 1.0);
        else
            values[i] = 0.1 * shuffled[(*next)++];
    }
    tenferro_tensor_release(x);
    x = test_tensor_of(context, dtype, s->rank, s->extents, values);
    free(values);
    return x;
}

static int64_t size_of(const tenferro_tensor *x)
{
    int64_t size;
    CHECK_OK(tenferro_tensor_size(x, &size));
    return size;
}

/* Re sum conj(a) b; a missing tensor is zero */
static double inner(const tenferro_tensor *a, const tenferro_tensor *b)
{
    if (!a || !b)
        return 0.0;
    test_value *x = test_elements(a), *y = test_elements(b);
    double sum = 0.0;
    for (int64_t i = 0; i < size_of(a); i++)
        sum += creal(x[i]) * creal(y[i]) + cimag(x[i]) * cimag(y[i]);
    free(x);
    free(y);
    return sum;
}

/* x + t u */
static tenferro_tensor *moved(const tenferro_tensor *x, const tenferro_tensor *u, double t)
{
    if (!u)
        return tenferro_tensor_retain(x);
    test_value *a = test_elements(x), *b = test_elements(u);
    for (int64_t i = 0; i < size_of(x); i++)
        a[i] += t * b[i];
    tenferro_tensor *out = test_tensor_of(tenferro_tensor_context(x), tenferro_tensor_dtype(x),
                                          tenferro_tensor_rank(x), tenferro_tensor_extents(x), a);
    free(a);
    free(b);
    return out;
}

/* ---- one case ---- */

typedef struct instance {
    const rule_case *of;
    const tenferro_primitive *p;
    tenferro_context *context;
    tenferro_tensor *in[MAX_INPUTS], *u[MAX_INPUTS],
        *w[MAX_INPUTS];     /* operands, tangents, other tangents */
    tenferro_tensor *y, *v; /* result, cotangent */
    char what[96];
} instance;

static tenferro_tensor *run_case(const instance *it, tenferro_tensor *const *in)
{
    tenferro_tensor *out = NULL;
    CHECK_OK(tenferro_apply(it->context, it->p, &it->of->a, it->of->inputs,
                            (const tenferro_tensor *const *)in, 1, &out));
    return out;
}

/* J u at `in`, as a handle of its own; NULL is zero */
static tenferro_tensor *
jvp(const instance *it, tenferro_tensor *const *in, tenferro_tensor *const *tangents)
{
    tenferro_tensor *result = run_case(it, in), *out = NULL;
    tenferro_scope *scope;
    CHECK_OK(tenferro_scope_create(it->context, &scope));
    tenferro_rule rule = {
        .struct_size = sizeof rule,
        .user = it->p->user,
        .attributes = &it->of->a,
        .inputs = it->of->inputs,
        .outputs = 1,
        .in = in,
        .result = &result,
        .tangent = tangents,
        .out = &out,
    };
    it->p->jvp(scope, &rule);
    tenferro_tensor_retain(out);
    CHECK_OK(tenferro_scope_close(scope));
    tenferro_tensor_release(result);
    return out;
}

/* What the rule may see of a value. */
static tenferro_tensor *saved(const instance *it, const tenferro_active *active, int is_output,
                              int slot, tenferro_tensor *x)
{
    tenferro_save save = it->p->save ? it->p->save(active, is_output, slot) : TENFERRO_SAVE_VALUE;
    tenferro_tensor *out = NULL;
    if (save == TENFERRO_SAVE_VALUE)
        return tenferro_tensor_retain(x);
    if (save == TENFERRO_SAVE_SHAPE)
        CHECK_OK(tf_tensor_shape_only(it->context, x->dtype, x->rank, tf_extents(x), &out));
    return out;
}

/* J^H v at `in` where wanted, as handles of their own */
static void vjp(const instance *it, tenferro_tensor *const *in, tenferro_tensor *cotangent,
                const unsigned char *wanted, tenferro_tensor **out)
{
    int inputs = it->of->inputs;
    tenferro_tensor *result = run_case(it, in), *kept[MAX_INPUTS], *kept_result;
    tenferro_active active = {sizeof active, it->p->user, &it->of->a, inputs, 1, wanted};
    for (int i = 0; i < inputs; i++) {
        kept[i] = saved(it, &active, 0, i, in[i]);
        out[i] = NULL;
    }
    kept_result = saved(it, &active, 1, 0, result);
    tenferro_scope *scope;
    CHECK_OK(tenferro_scope_create(it->context, &scope));
    tenferro_rule rule = {
        .struct_size = sizeof rule,
        .user = it->p->user,
        .attributes = &it->of->a,
        .inputs = inputs,
        .outputs = 1,
        .in = kept,
        .result = &kept_result,
        .cotangent = &cotangent,
        .wanted = wanted,
        .out = out,
    };
    it->p->vjp(scope, &rule);
    for (int i = 0; i < inputs; i++) {
        tenferro_tensor_retain(out[i]);
        tenferro_tensor_release(kept[i]);
    }
    CHECK_OK(tenferro_scope_close(scope));
    TEST_RELEASE(result, kept_result);
}

typedef tenferro_tensor *(*of_inputs)(const instance *it, tenferro_tensor *const *in,
                                      const void *user);

/* Fourth-order central difference of f along u, compared with `derivative` in norm. */
static void
check_difference(const instance *it, of_inputs f, const void *user, tenferro_tensor *const *in,
                 tenferro_tensor *const *u, const tenferro_tensor *derivative, const char *which)
{
    static const double at[4] = {-2.0, -1.0, 1.0, 2.0}, weight[4] = {1.0, -8.0, 8.0, -1.0};
    const double h = 1e-3;
    test_value *difference = NULL, *exact = derivative ? test_elements(derivative) : NULL;
    int64_t count = 0;
    double scale = 0.0;
    for (int k = 0; k < 4; k++) {
        tenferro_tensor *x[MAX_INPUTS];
        for (int i = 0; i < it->of->inputs; i++)
            x[i] = moved(in[i], u[i], at[k] * h);
        tenferro_tensor *y = f(it, x, user);
        for (int i = 0; i < it->of->inputs; i++)
            tenferro_tensor_release(x[i]);
        if (!y)
            continue;
        test_value *values = test_elements(y);
        if (!difference) {
            count = size_of(y);
            difference = calloc((size_t)count + 1, sizeof *difference);
        }
        for (int64_t i = 0; i < count; i++) {
            difference[i] += weight[k] * values[i] / (12.0 * h);
            scale += cabs(values[i]);
        }
        free(values);
        tenferro_tensor_release(y);
    }
    double error = 0.0, norm = 0.0;
    if (derivative && difference)
        assert_int_equal(size_of(derivative), count);
    if (!difference && derivative)
        count = 0;
    for (int64_t i = 0; i < count; i++) {
        error += pow(cabs(difference[i] - (exact ? exact[i] : 0.0)), 2.0);
        norm += pow(cabs(difference[i]), 2.0);
    }
    /* rounding of the difference itself: eps |y| / h */
    if (!(sqrt(error) <= 1e-8 * sqrt(norm) + 16.0 * test_epsilon(TENFERRO_FLOAT64) * scale / h)) {
        print_error("%s: %s is off by %g of %g\n", it->what, which, sqrt(error), sqrt(norm));
        fail();
    }
    free(difference);
    free(exact);
}

static tenferro_tensor *value_at(const instance *it, tenferro_tensor *const *in, const void *user)
{
    (void)user;
    return run_case(it, in);
}

static tenferro_tensor *jvp_at(const instance *it, tenferro_tensor *const *in, const void *user)
{
    return jvp(it, in, user);
}

typedef struct one_vjp {
    const unsigned char *wanted;
    int which;
} one_vjp;

static tenferro_tensor *vjp_at(const instance *it, tenferro_tensor *const *in, const void *user)
{
    const one_vjp *one = user;
    tenferro_tensor *out[MAX_INPUTS];
    vjp(it, in, it->v, one->wanted, out);
    for (int i = 0; i < it->of->inputs; i++)
        if (i != one->which)
            tenferro_tensor_release(out[i]);
    return out[one->which];
}

static void check_like(const instance *it, const tenferro_tensor *x, const tenferro_tensor *like)
{
    (void)it;
    if (x)
        test_check_shape(x, tenferro_tensor_dtype(like), tenferro_tensor_rank(like),
                         tenferro_tensor_extents(like));
}

/* First order with the inputs of `mask` active. */
static void check_first_order(const instance *it, unsigned mask)
{
    tenferro_tensor *u[MAX_INPUTS] = {NULL}, *back[MAX_INPUTS];
    unsigned char wanted[MAX_INPUTS] = {0};
    double norm_v = sqrt(inner(it->v, it->v)), right = 0.0;
    for (int i = 0; i < it->of->inputs; i++) {
        wanted[i] = (mask >> i) & 1;
        u[i] = wanted[i] ? it->u[i] : NULL;
    }
    tenferro_tensor *forward = jvp(it, it->in, u);
    check_like(it, forward, it->y);
    check_difference(it, value_at, NULL, it->in, u, forward, "jvp against differences");
    vjp(it, it->in, it->v, wanted, back);
    for (int i = 0; i < it->of->inputs; i++) {
        check_like(it, back[i], it->in[i]);
        if (!wanted[i])
            assert_null(back[i]);
        else
            right += inner(back[i], u[i]);
    }
    double left = inner(it->v, forward), norm_ju = forward ? sqrt(inner(forward, forward)) : 0.0;
    double bound = 1e3 * test_epsilon(TENFERRO_FLOAT64) * norm_v * norm_ju;
    if (!(fabs(left - right) <= bound)) {
        print_error("%s, active inputs 0x%x: <v, Ju> = %.17g, <J^H v, u> = %.17g\n", it->what, mask,
                    left, right);
        fail();
    }
    tenferro_tensor_release(forward);
    for (int i = 0; i < it->of->inputs; i++)
        tenferro_tensor_release(back[i]);
}

/* Zero tangents give a zero (or NULL) tangent, a zero cotangent gives zeros. */
static void check_zeros(const instance *it)
{
    tenferro_tensor *none[MAX_INPUTS] = {NULL}, *back[MAX_INPUTS];
    unsigned char wanted[MAX_INPUTS] = {0};
    for (int i = it->of->predicate; i < it->of->inputs; i++)
        wanted[i] = 1;
    tenferro_tensor *forward = jvp(it, it->in, none);
    assert_float_equal(inner(forward, forward), 0.0, 0.0);
    vjp(it, it->in, NULL, wanted, back);
    for (int i = 0; i < it->of->inputs; i++) {
        assert_float_equal(inner(back[i], back[i]), 0.0, 0.0);
        tenferro_tensor_release(back[i]);
    }
    tenferro_tensor_release(forward);
}

/* The rules run on operands of a forward level: their results' tangents are second derivatives. */
static void check_second_order(const instance *it)
{
    tf_level *level;
    tenferro_tensor *packed[MAX_INPUTS], *u[MAX_INPUTS] = {NULL}, *back[MAX_INPUTS];
    unsigned char wanted[MAX_INPUTS] = {0};
    CHECK_OK(forward_open(it->context, &level));
    for (int i = 0; i < it->of->inputs; i++) {
        if (i >= it->of->predicate) {
            wanted[i] = 1;
            u[i] = it->u[i];
            CHECK_OK(forward_pack(level, it->in[i], it->w[i], &packed[i]));
        } else {
            packed[i] = tenferro_tensor_retain(it->in[i]);
        }
    }
    tenferro_tensor *forward = jvp(it, packed, u);
    if (forward) {
        tenferro_tensor *second = forward_tangent(level, forward);
        check_difference(it, jvp_at, u, it->in, it->w, second, "jvp of the jvp");
        tenferro_tensor_release(second);
    }
    vjp(it, packed, it->v, wanted, back);
    for (int i = 0; i < it->of->inputs; i++) {
        if (!back[i])
            continue;
        tenferro_tensor *second = forward_tangent(level, back[i]);
        check_difference(it, vjp_at, &(one_vjp){wanted, i}, it->in, it->w, second, "jvp of the vjp");
        TEST_RELEASE(second, back[i]);
    }
    tenferro_tensor_release(forward);
    for (int i = 0; i < it->of->inputs; i++)
        tenferro_tensor_release(packed[i]);
    tf_level_release(level);
}

static void check_case(tenferro_context *context, const tenferro_primitive *p, const rule_case *of,
                       tenferro_dtype dtype, test_rng *rng)
{
    instance it = {.of = of, .p = p, .context = context};
    int shuffled[64], next = 0, inputs = of->inputs, first = of->predicate;
    for (int i = 0; i < 64; i++)
        shuffled[i] = i;
    for (int i = 63; i > 0; i--) {
        int j = (int)test_rng_range(rng, 0, i), swap = shuffled[i];
        shuffled[i] = shuffled[j];
        shuffled[j] = swap;
    }
    snprintf(it.what, sizeof it.what, "%s (case %d, %s)", p->name, (int)(of - cases),
             test_dtype_name(dtype));
    for (int i = 0; i < inputs; i++) {
        int is_real = of->dtypes == (i == 0 ? REAL_A : REAL_B) && i < 2;
        tenferro_dtype d = i < first ? TENFERRO_BOOL : is_real ? TENFERRO_FLOAT64 : dtype;
        it.in[i] = draw(context, rng, d, &of->in[i], of->domain, shuffled, &next);
        it.u[i] = i < first ? NULL : draw(context, rng, d, &of->in[i], ANY, NULL, NULL);
        it.w[i] = i < first ? NULL : draw(context, rng, d, &of->in[i], ANY, NULL, NULL);
    }
    it.y = run_case(&it, it.in);
    shape result = {tenferro_tensor_rank(it.y), {0}};
    memcpy(result.extents, tenferro_tensor_extents(it.y),
           (size_t)result.rank * sizeof *result.extents);
    it.v = draw(context, rng, tenferro_tensor_dtype(it.y), &result, ANY, NULL, NULL);
    for (unsigned mask = 1; mask < 1u << inputs; mask++)
        if (!(mask & ((1u << first) - 1u)))
            check_first_order(&it, mask);
    check_zeros(&it);
    check_second_order(&it);
    for (int i = 0; i < inputs; i++)
        TEST_RELEASE(it.in[i], it.u[i], it.w[i]);
    TEST_RELEASE(it.y, it.v);
}

/* ---- the walk ---- */

static int is_without_rules(const char *name)
{
    for (size_t i = 0; i < TF_COUNT(without_rules); i++)
        if (strcmp(without_rules[i], name) == 0)
            return 1;
    return 0;
}

static void table__every_primitive__has_rules_that_agree(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    const tenferro_primitive *p;
    for (int n = 0; (p = tenferro_primitive_builtin(n)); n++) {
        if (p->flags & TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE)
            continue;
        if (!p->jvp && !p->vjp && is_without_rules(p->name))
            continue;
        if (!p->jvp || !p->vjp)
            fail_msg("%s has no %s", p->name, p->jvp ? "vjp" : "jvp");
        int reached = 0;
        for (size_t i = 0; i < TF_COUNT(cases); i++) {
            if (strcmp(cases[i].name, p->name) != 0)
                continue;
            reached = 1;
            if (cases[i].dtypes <= REAL)
                check_case(context, p, &cases[i], TENFERRO_FLOAT64, &rng);
            if (cases[i].dtypes != REAL)
                check_case(context, p, &cases[i], TENFERRO_COMPLEX128, &rng);
        }
        if (!reached)
            fail_msg("no case reaches the rules of %s", p->name);
    }
    tenferro_context_release(context);
}

static void table__cases_and_exceptions__name_primitives(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_primitive *p;
    for (size_t i = 0; i < TF_COUNT(cases); i++)
        CHECK_OK(tenferro_primitive_find(context, cases[i].name, &p));
    for (size_t i = 0; i < TF_COUNT(without_rules); i++) {
        CHECK_OK(tenferro_primitive_find(context, without_rules[i], &p));
        assert_true(!p->jvp && !p->vjp); /* else it belongs into the cases */
    }
    tenferro_context_release(context);
}

/* ---- points where a derivative is a convention ---- */

/* The vjp of a primitive without attributes at given real operands, for a cotangent of ones. */
static void check_at_point(const char *name, int inputs, int n, const double (*operands)[4],
                           const double (*expected)[4])
{
    tenferro_context *context = test_context();
    const tenferro_primitive *p;
    CHECK_OK(tenferro_primitive_find(context, name, &p));
    rule_case of = {name, inputs, {{1, {n}}, {1, {n}}, {1, {n}}}, ANY, REAL, 0, {.count = 0}};
    instance it = {.of = &of, .p = p, .context = context};
    test_value values[4];
    for (int i = 0; i < inputs; i++) {
        for (int k = 0; k < n; k++)
            values[k] = operands[i][k];
        it.in[i] = test_tensor_of(context, TENFERRO_FLOAT64, 1, (int64_t[]){n}, values);
    }
    for (int k = 0; k < n; k++)
        values[k] = 1.0;
    tenferro_tensor *ones = test_tensor_of(context, TENFERRO_FLOAT64, 1, (int64_t[]){n}, values);
    tenferro_tensor *back[MAX_INPUTS];
    vjp(&it, it.in, ones, (const unsigned char[]){1, 1, 1}, back);
    for (int i = 0; i < inputs; i++) {
        tenferro_tensor *u[MAX_INPUTS] = {NULL};
        u[i] = ones;
        tenferro_tensor *forward = jvp(&it, it.in, u);
        for (int k = 0; k < n; k++)
            values[k] = expected[i][k];
        test_check_elements(back[i], values, 1e-15, name);
        test_check_elements(forward, values, 1e-15, name);
        TEST_RELEASE(back[i], forward);
    }
    TEST_RELEASE(ones, it.in[0], it.in[1]);
    tenferro_context_release(context);
}

static void maximum__ties__share_equally(void **state)
{
    (void)state;
    check_at_point("maximum", 2, 3, (const double[2][4]){{1, 2, 3}, {1, 3, 2}},
                   (const double[2][4]){{0.5, 0, 1}, {0.5, 1, 0}});
    check_at_point("minimum", 2, 3, (const double[2][4]){{1, 2, 3}, {1, 3, 2}},
                   (const double[2][4]){{0.5, 1, 0}, {0.5, 0, 1}});
}

static void abs__zero__has_derivative_zero(void **state)
{
    (void)state;
    check_at_point("abs", 1, 3, (const double[1][4]){{0, -2, 3}}, (const double[1][4]){{0, -1, 1}});
}

/* d/da a^b = b a^(b-1), also at a = 0 and b = 0; d/db 0^b = 0 */
static void pow__zero_base__has_finite_derivatives(void **state)
{
    (void)state;
    check_at_point("pow", 2, 4, (const double[2][4]){{0, 0, 0, -2}, {2, 1, 0, 3}},
                   (const double[2][4]){{0, 1, 0, 12}, {0, 0, 0, -8 * NAN}});
}

static void max__ties__share_equally(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_primitive *p;
    CHECK_OK(tenferro_primitive_find(context, "max", &p));
    rule_case of = {"max", 1, {{1, {4}}}, ANY, REAL, 0, {LIST(0)}};
    instance it = {.of = &of, .p = p, .context = context};
    it.in[0] = test_tensor_of(context, TENFERRO_FLOAT64, 1, (int64_t[]){4},
                              (test_value[]){3, 1, 3, 2});
    tenferro_tensor *one = test_tensor_of(context, TENFERRO_FLOAT64, 0, NULL, (test_value[]){1});
    tenferro_tensor *back[MAX_INPUTS];
    vjp(&it, it.in, one, (const unsigned char[]){1}, back);
    test_check_elements(back[0], (test_value[]){0.5, 0, 0.5, 0}, 0.0, "max");
    TEST_RELEASE(it.in[0], one, back[0]);
    tenferro_context_release(context);
}

/* A real operand that met a complex one gets a real cotangent: through the cast. */
static void cast__real_to_complex__vjp_is_the_real_part(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const tenferro_primitive *p;
    CHECK_OK(tenferro_primitive_find(context, "cast", &p));
    rule_case of = {"cast", 1, {{1, {2}}}, ANY, REAL, 0, {.word = {TENFERRO_COMPLEX64}}};
    instance it = {.of = &of, .p = p, .context = context};
    it.in[0] = test_tensor_of(context, TENFERRO_FLOAT32, 1, (int64_t[]){2}, (test_value[]){3, 1});
    tenferro_tensor *v = test_tensor_of(context, TENFERRO_COMPLEX64, 1, (int64_t[]){2},
                                        (test_value[]){test_complex(1, 2), test_complex(3, 4)});
    tenferro_tensor *back[MAX_INPUTS];
    vjp(&it, it.in, v, (const unsigned char[]){1}, back);
    test_check_shape(back[0], TENFERRO_FLOAT32, 1, (int64_t[]){2});
    test_check_elements(back[0], (test_value[]){1, 3}, 0.0, "cast");
    TEST_RELEASE(it.in[0], v, back[0]);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table__every_primitive__has_rules_that_agree),
        cmocka_unit_test(table__cases_and_exceptions__name_primitives),
        cmocka_unit_test(maximum__ties__share_equally),
        cmocka_unit_test(abs__zero__has_derivative_zero),
        cmocka_unit_test(pow__zero_base__has_finite_derivatives),
        cmocka_unit_test(max__ties__share_equally),
        cmocka_unit_test(cast__real_to_complex__vjp_is_the_real_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
