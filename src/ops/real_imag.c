/* Views: the real and the imaginary parts of a complex tensor. */

#include "ops/op.h"
#include "ops/table.h"

/* user: 0 the real part, 1 the imaginary part */
static tenferro_status infer(tenferro_infer *x)
{
    const tenferro_aval *in = &x->in[0];
    if (!tf_dtype_is_complex(in->dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: %s is not a complex dtype",
                       x->user ? "imag_part" : "real_part", tf_dtype_name(x->context, in->dtype));
    return tf_infer_like(x, tf_dtype_real(in->dtype));
}

static tenferro_status view(tenferro_view *v, int *possible)
{
    for (int i = 0; i < v->in->rank; i++)
        v->strides[i] = 2 * v->in->strides[i];
    v->byte_offset = v->user ? v->element_size / 2 : 0;
    *possible = 1;
    return TENFERRO_OK;
}

static void real_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_unary(s, tenferro_real_part, r->tangent[0]);
}

static void imag_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_unary(s, tenferro_imag_part, r->tangent[0]);
}

static tenferro_tensor *as_complex(tenferro_scope *s, tenferro_tensor *x)
{
    if (!x || !tenferro_scope_ok(s))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_cast(x, tf_dtype_complex(x->dtype), &out);
    return tenferro_scope_take(s, status, out);
}

static void real_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = as_complex(s, r->cotangent[0]);
}

/* x̄ = i ȳ */
static void imag_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = s_scale(s, tenferro_complex_number(0.0, 1.0), as_complex(s, r->cotangent[0]));
}

const tenferro_primitive tf_real_part_primitive = {
    TF_PRIMITIVE("real_part"),
    TF_INPUTS(1, 1),
    .flags = TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .view = view,
    .jvp = real_jvp,
    .vjp = real_vjp,
    .save = tf_save_shapes,
};

const tenferro_primitive tf_imag_part_primitive = {
    TF_PRIMITIVE("imag_part"),
    TF_INPUTS(1, 1),
    .user = (void *)1,
    .flags = TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .view = view,
    .jvp = imag_jvp,
    .vjp = imag_vjp,
    .save = tf_save_shapes,
};

tenferro_status tenferro_real_part(const tenferro_tensor *x, tenferro_tensor **out)
{
    TF_TRY(tf_door("real_part", x, out));
    if (!tf_dtype_is_complex(x->dtype) && x->dtype < TENFERRO_DTYPE_USER) {
        *out = tenferro_tensor_retain(x);
        return TENFERRO_OK;
    }
    return tf_apply(&tf_real_part_primitive, NULL, 1, &x, out);
}

tenferro_status tenferro_imag_part(const tenferro_tensor *x, tenferro_tensor **out)
{
    TF_TRY(tf_door("imag_part", x, out));
    return tf_apply(&tf_imag_part_primitive, NULL, 1, &x, out);
}
