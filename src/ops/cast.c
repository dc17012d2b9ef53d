/* y = x in another dtype.  word[0]: the dtype. */

#include "ops/op.h"
#include "ops/table.h"

static tenferro_status infer(tenferro_infer *x)
{
    const tf_attributes *a = x->attributes;
    tenferro_dtype dtype = (tenferro_dtype)a->word[0];
    if (dtype < TENFERRO_BOOL || dtype > TENFERRO_COMPLEX128)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "cast: dtype %u is not a built-in one",
                       (unsigned)dtype);
    if (x->in[0].dtype >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "cast: the registered dtype '%s' has no conversions",
                       tf_dtype_name(x->context, x->in[0].dtype));
    return tf_infer_like(x, dtype);
}

static tenferro_status execute(tenferro_exec *x)
{
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    return tf_cast(&engine, in->dtype, out->dtype, out->rank, out->extents, in->data, in->strides,
                   out->data, out->strides);
}

static int carries_derivative(tenferro_dtype dtype)
{
    return tf_dtype_is_floating(dtype) || tf_dtype_is_complex(dtype);
}

/* real to complex is an embedding, complex to real takes the real part: each is the other's adjoint */
static tenferro_tensor *convert(tenferro_scope *s, tenferro_tensor *t, tenferro_tensor *like)
{
    if (!t || !carries_derivative(like->dtype) || !tenferro_scope_ok(s))
        return NULL;
    tenferro_tensor *out = NULL;
    tenferro_status status = tenferro_cast(t, like->dtype, &out);
    return tenferro_scope_take(s, status, out);
}

static void cast_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = convert(s, r->tangent[0], r->result[0]);
}

static void cast_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    r->out[0] = convert(s, r->cotangent[0], r->in[0]);
}

const tenferro_primitive tf_cast_primitive = {
    TF_PRIMITIVE("cast"), TF_INPUTS(1, 1), TF_CPU(execute), TF_ATTRIBUTES,
    .infer = infer,       .jvp = cast_jvp, .vjp = cast_vjp, .save = tf_save_shapes,
};

tenferro_status tenferro_cast(const tenferro_tensor *x, tenferro_dtype dtype, tenferro_tensor **out)
{
    TF_TRY(tf_door("cast", x, out));
    return tf_apply(&tf_cast_primitive, &(tf_attributes){.word = {dtype}}, 1, &x, out);
}

tenferro_status
tenferro_number_like(const tenferro_tensor *like, tenferro_number number, tenferro_tensor **out)
{
    TF_TRY(tf_door("number_like", like, out));
    union {
        double aligned[2];
        unsigned char bytes[16];
    } element;
    TF_TRY(tf_number_store(number, like->dtype, element.bytes));
    return tenferro_tensor_from_data(like->context, like->dtype, 0, NULL, NULL, element.bytes, out);
}
