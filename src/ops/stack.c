/* Tensors of one shape joined along a new axis: each gets the axis, then they are concatenated. */

#include "ops/op.h"

static tenferro_status stack(int count, const tenferro_tensor *const *tensors, int axis,
                             tenferro_tensor **in, tenferro_tensor **out)
{
    tenferro_status status = TENFERRO_OK;
    int made = 0;
    while (made < count && status == TENFERRO_OK) {
        in[made] = NULL;
        status = tenferro_expand(tensors[made], axis, &in[made]);
        made++;
    }
    if (status == TENFERRO_OK)
        status = tenferro_concatenate(count, (const tenferro_tensor *const *)in, axis, out);
    while (made > 0)
        tenferro_tensor_release(in[--made]);
    return status;
}

tenferro_status
tenferro_stack(int count, const tenferro_tensor *const *tensors, int axis, tenferro_tensor **out)
{
    if (out)
        *out = NULL;
    if (count < 1 || !tensors)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "stack: %d tensors given", count);
    for (int i = 0; i < count; i++) {
        TF_TRY(tf_door("stack", tensors[i], out));
        if (tensors[i]->rank != tensors[0]->rank)
            return tf_fail(TENFERRO_SHAPE_MISMATCH, "stack: shapes %s and %s differ in rank",
                           tf_shape_text(tensors[0]->rank, tf_extents(tensors[0])).chars,
                           tf_shape_text(tensors[i]->rank, tf_extents(tensors[i])).chars);
    }
    int at;
    TF_TRY(tf_axis("stack", tensors[0]->rank + 1, axis, &at));
    tf_arena arena;
    tf_arena_init(&arena, tensors[0]->context);
    tenferro_tensor **in = tf_arena_take(&arena, count, sizeof *in);
    tenferro_status status = in ? stack(count, tensors, at, in, out) : TENFERRO_OUT_OF_MEMORY;
    tf_arena_release(&arena);
    return status;
}
