/* Running a primitive's shape rule: for eager execution, for traces, for anyone who asks before
 * computing. */
#ifndef TF_OPS_INFER_H
#define TF_OPS_INFER_H

#include "memory/arena.h"
#include "tensor/tensor.h"

/* Called for two different expressions that must be equal; NULL: such a demand is TENFERRO_SYMBOLIC. */
typedef tenferro_status (*tf_guard)(void *user, tenferro_extent a, tenferro_extent b,
                                    const char *what);

/*
 * Checks the number of inputs and outputs, runs infer, checks that every output was declared.  out:
 * `outputs` avals whose extents live in the arena.
 */
tenferro_status tf_infer(tf_arena *arena, const tenferro_primitive *primitive,
                         const void *attributes, int inputs, const tenferro_aval *in, int outputs,
                         tenferro_aval *out, tf_guard guard, void *guard_user);

/* A copy of attributes, in memory of the context; released by tf_attributes_release.  *out is NULL
 * if there are none. */
tenferro_status tf_attributes_copy(tenferro_context *context, const tenferro_primitive *primitive,
                                   const void *attributes, void **out);
/* The same with extents replaced by their values. */
tenferro_status
tf_attributes_evaluate(tenferro_context *context, const tenferro_primitive *primitive,
                       const void *attributes, const tenferro_extent_binding *binding, void **out);
void tf_attributes_release(tenferro_context *context, const tenferro_primitive *primitive,
                           void *attributes);

#endif
