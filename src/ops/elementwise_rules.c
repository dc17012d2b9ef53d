/* Derivatives of the elementwise operations.  ẋ is a tangent, x̄ a cotangent; missing ones are NULL. */

#include "ops/elementwise.h"

/* x̄ = the cotangent summed back to the operand's shape, where it is wanted */
static void give(tenferro_scope *s, const tenferro_rule *r, int i, tenferro_tensor *cotangent)
{
    r->out[i] = s_sum_to_like(s, cotangent, r->in[i]);
}

/* a tangent that may still have an operand's shape */
static void give_tangent(tenferro_scope *s, const tenferro_rule *r, tenferro_tensor *tangent)
{
    r->out[0] = s_broadcast_like(s, tangent, r->result[0]);
}

/* ---- holomorphic unary functions: ẏ = f'(x) ẋ, x̄ = conj(f'(x)) ȳ ---- */

static tenferro_tensor *one_over(tenferro_scope *s, tenferro_tensor *x)
{
    return s_div(s, s_number(s, tenferro_real(1.0), x), x);
}

static tenferro_tensor *exp_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)s;
    (void)x;
    return y;
}

static tenferro_tensor *log_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)y;
    return one_over(s, x);
}

static tenferro_tensor *sqrt_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)x;
    return one_over(s, s_scale(s, tenferro_real(2.0), y));
}

static tenferro_tensor *sin_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)y;
    return s_unary(s, tenferro_cos, x);
}

static tenferro_tensor *cos_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)y;
    return s_neg(s, s_unary(s, tenferro_sin, x));
}

static tenferro_tensor *tanh_derivative(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y)
{
    (void)x;
    return s_sub(s, s_number(s, tenferro_real(1.0), y), s_mul(s, y, y));
}

tf_derivative tf_unary_derivative(tf_map_op op)
{
    switch (op) {
    case TF_MAP_EXP:
        return exp_derivative;
    case TF_MAP_LOG:
        return log_derivative;
    case TF_MAP_SQRT:
        return sqrt_derivative;
    case TF_MAP_SIN:
        return sin_derivative;
    case TF_MAP_COS:
        return cos_derivative;
    case TF_MAP_TANH:
        return tanh_derivative;
    default:
        return NULL;
    }
}

void tf_unary_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->tangent[0])
        r->out[0] = s_mul(s,
                          tf_unary_derivative((tf_map_op)(uintptr_t)r->user)(s, r->in[0],
                                                                             r->result[0]),
                          r->tangent[0]);
}

void tf_unary_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->wanted[0] && r->cotangent[0])
        r->out[0] = s_mul(s,
                          s_conj(s, tf_unary_derivative(
                                        (tf_map_op)(uintptr_t)r->user)(s, r->in[0], r->result[0])),
                          r->cotangent[0]);
}

/* ---- other unary ones ---- */

void tf_neg_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_neg(s, r->tangent[0]);
}

void tf_neg_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_neg(s, r->cotangent[0]);
}

void tf_conj_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_conj(s, r->tangent[0]);
}

void tf_conj_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_conj(s, r->cotangent[0]);
}

/* sgn x = x/|x|, and 0 at 0 */
static tenferro_tensor *sign_of(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *modulus)
{
    tenferro_tensor *is_zero = s_binary(s, tenferro_equal, modulus,
                                        s_number(s, tenferro_real(0.0), modulus));
    return s_div(s, x, s_select(s, is_zero, s_number(s, tenferro_real(1.0), modulus), modulus));
}

/* ẏ = Re(conj(sgn x) ẋ) */
void tf_abs_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->tangent[0])
        r->out[0] = s_unary(s, tenferro_real_part,
                            s_mul(s, s_conj(s, sign_of(s, r->in[0], r->result[0])), r->tangent[0]));
}

/* x̄ = ȳ sgn x */
void tf_abs_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->wanted[0] && r->cotangent[0])
        r->out[0] = s_mul(s, sign_of(s, r->in[0], r->result[0]), r->cotangent[0]);
}

/* ---- binary ones ---- */

void tf_add_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    give_tangent(s, r, s_add(s, r->tangent[0], r->tangent[1]));
}

void tf_add_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    for (int i = 0; i < 2; i++)
        if (r->wanted[i])
            give(s, r, i, r->cotangent[0]);
}

void tf_sub_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    give_tangent(s, r, s_sub(s, r->tangent[0], r->tangent[1]));
}

void tf_sub_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->wanted[0])
        give(s, r, 0, r->cotangent[0]);
    if (r->wanted[1])
        give(s, r, 1, s_neg(s, r->cotangent[0]));
}

/* ż = ȧ b + a ḃ */
void tf_mul_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_add(s, s_mul(s, r->tangent[0], r->in[1]), s_mul(s, r->in[0], r->tangent[1]));
}

/* ā = z̄ conj(b), b̄ = z̄ conj(a), each summed back to its operand's shape */
void tf_mul_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    for (int i = 0; i < 2; i++)
        if (r->wanted[i])
            give(s, r, i, s_mul(s, r->cotangent[0], s_conj(s, r->in[1 - i])));
}

/* ż = (ȧ - z ḃ) / b */
void tf_div_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *numerator = s_sub(s, r->tangent[0], s_mul(s, r->result[0], r->tangent[1]));
    r->out[0] = s_div(s, numerator, r->in[1]);
}

/* ā = z̄ / conj(b), b̄ = -ā conj(z) */
void tf_div_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *a = s_div(s, r->cotangent[0], s_conj(s, r->in[1]));
    if (r->wanted[0])
        give(s, r, 0, a);
    if (r->wanted[1])
        give(s, r, 1, s_neg(s, s_mul(s, a, s_conj(s, r->result[0]))));
}

/* b a^(b-1), 0 where b = 0 */
static tenferro_tensor *pow_by_base(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *a = r->in[0], *b = r->in[1];
    tenferro_tensor *is_zero = s_binary(s, tenferro_equal, b, s_number(s, tenferro_real(0.0), b));
    tenferro_tensor *power = s_binary(s, tenferro_pow, a,
                                      s_sub(s, b, s_number(s, tenferro_real(1.0), b)));
    return s_select(s, is_zero, NULL, s_mul(s, b, power));
}

/* a^b log a, 0 where a = 0 */
static tenferro_tensor *pow_by_exponent(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *a = r->in[0];
    tenferro_tensor *is_zero = s_binary(s, tenferro_equal, a, s_number(s, tenferro_real(0.0), a));
    return s_mul(s, r->result[0], s_select(s, is_zero, NULL, s_unary(s, tenferro_log, a)));
}

void tf_pow_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    tenferro_tensor *by_base = r->tangent[0] ? s_mul(s, pow_by_base(s, r), r->tangent[0]) : NULL;
    tenferro_tensor *by_exponent = r->tangent[1] ? s_mul(s, pow_by_exponent(s, r), r->tangent[1])
                                                 : NULL;
    give_tangent(s, r, s_add(s, by_base, by_exponent));
}

void tf_pow_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (!r->cotangent[0])
        return;
    if (r->wanted[0])
        give(s, r, 0, s_mul(s, r->cotangent[0], s_conj(s, pow_by_base(s, r))));
    if (r->wanted[1])
        give(s, r, 1, s_mul(s, r->cotangent[0], s_conj(s, pow_by_exponent(s, r))));
}

/* Ties are split equally.  wins: does the first operand win? */
typedef tenferro_status (*comparison)(const tenferro_tensor *, const tenferro_tensor *,
                                      tenferro_tensor **);

static void extremum_jvp(tenferro_scope *s, const tenferro_rule *r, comparison wins)
{
    if (!r->tangent[0] && !r->tangent[1])
        return;
    tenferro_tensor *tie = s_binary(s, tenferro_equal, r->in[0], r->in[1]);
    tenferro_tensor *first = s_binary(s, wins, r->in[0], r->in[1]);
    tenferro_tensor *middle = s_scale(s, tenferro_real(0.5), s_add(s, r->tangent[0], r->tangent[1]));
    give_tangent(s, r, s_select(s, first, r->tangent[0], s_select(s, tie, middle, r->tangent[1])));
}

static void extremum_vjp(tenferro_scope *s, const tenferro_rule *r, comparison wins)
{
    if (!r->cotangent[0])
        return;
    tenferro_tensor *tie = s_binary(s, tenferro_equal, r->in[0], r->in[1]);
    tenferro_tensor *half = s_scale(s, tenferro_real(0.5), r->cotangent[0]);
    for (int i = 0; i < 2; i++)
        if (r->wanted[i]) {
            tenferro_tensor *mine = s_binary(s, wins, r->in[i], r->in[1 - i]);
            give(s, r, i, s_select(s, mine, r->cotangent[0], s_select(s, tie, half, NULL)));
        }
}

void tf_maximum_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    extremum_jvp(s, r, tenferro_greater);
}

void tf_maximum_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    extremum_vjp(s, r, tenferro_greater);
}

void tf_minimum_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    extremum_jvp(s, r, tenferro_less);
}

void tf_minimum_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    extremum_vjp(s, r, tenferro_less);
}

void tf_select_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    give_tangent(s, r, s_select(s, r->in[0], r->tangent[1], r->tangent[2]));
}

void tf_select_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    if (r->wanted[1])
        give(s, r, 1, s_select(s, r->in[0], r->cotangent[0], NULL));
    if (r->wanted[2])
        give(s, r, 2, s_select(s, r->in[0], NULL, r->cotangent[0]));
}
