/* y = a compact copy of x.  word[0]: the memory order.  Results are column-major: a row-major copy
 * is one of x transposed, viewed transposed. */

#include "ops/op.h"
#include "ops/table.h"

static tenferro_status infer(tenferro_infer *x)
{
    return tf_infer_like(x, x->in[0].dtype);
}

static tenferro_status execute(tenferro_exec *x)
{
    const tenferro_array *in = &x->in[0], *out = &x->out[0];
    tf_engine engine;
    tf_context_engine(x->context, &engine);
    return tf_copy(&engine, tf_dtype_size(x->context, in->dtype), out->rank, out->extents, in->data,
                   in->strides, out->data, out->strides);
}

static void copy_jvp(tenferro_scope *s, const tenferro_rule *r)
{
    (void)s;
    r->out[0] = r->tangent[0];
}

static void copy_vjp(tenferro_scope *s, const tenferro_rule *r)
{
    (void)s;
    r->out[0] = r->cotangent[0];
}

const tenferro_primitive tf_copy_primitive = {
    TF_PRIMITIVE("copy"),
    TF_INPUTS(1, 1),
    TF_CPU(execute),
    .flags = TENFERRO_PRIMITIVE_ELEMENTWISE | TENFERRO_PRIMITIVE_LINEAR |
             TENFERRO_PRIMITIVE_STRUCTURAL,
    .infer = infer,
    .jvp = copy_jvp,
    .vjp = copy_vjp,
    .save = tf_save_shapes,
};

tenferro_status tenferro_copy(const tenferro_tensor *x, tenferro_order order, tenferro_tensor **out)
{
    TF_TRY(tf_door("copy", x, out));
    if (order == TENFERRO_COLUMN_MAJOR)
        return tf_apply(&tf_copy_primitive, NULL, 1, &x, out);
    if (order != TENFERRO_ROW_MAJOR)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "copy: %d is no memory order", (int)order);
    tenferro_tensor *transposed = NULL, *copied = NULL;
    tenferro_status status;
    TF_TRY_CLEANUP(tenferro_permute(x, NULL, &transposed));
    TF_TRY_CLEANUP(tf_apply(&tf_copy_primitive, NULL, 1,
                            (const tenferro_tensor *const *)&transposed, &copied));
    TF_TRY_CLEANUP(tenferro_permute(copied, NULL, out));
cleanup:
    tenferro_tensor_release(transposed);
    tenferro_tensor_release(copied);
    return status;
}

tenferro_status tenferro_copy_into(const tenferro_tensor *x, tenferro_tensor *out)
{
    if (!x || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "copy_into: an argument is NULL");
    tenferro_tensor *wide = NULL;
    TF_TRY(tenferro_broadcast(x, out->rank, tf_extents(out), &wide));
    tenferro_status status = tenferro_apply_into(&tf_copy_primitive, NULL, 1,
                                                 (const tenferro_tensor *const *)&wide, 1, &out);
    tenferro_tensor_release(wide);
    return status;
}
