/* Our own primitives.  A new operation is a file and a line here (or, if it is elementwise, a row
 * in elementwise.c). */
#ifndef TF_OPS_TABLE_H
#define TF_OPS_TABLE_H

#include <tenferro/primitive.h>

#include "prims/engine.h"

/* clang-format off */
#define TF_PRIMITIVES(X)                                                               \
    X(cast) X(copy)                                                                    \
    X(permute) X(reshape) X(slice) X(embed_slice) X(broadcast)                         \
    X(diagonal) X(embed_diagonal) X(real_part) X(imag_part)                            \
    X(sum) X(prod) X(max) X(min) X(any) X(all) X(argmax) X(argmin) X(axes_size)        \
    X(concatenate) X(pad) X(tri) X(contract)                                           \
    X(full) X(eye) X(arange) X(linspace) X(random_uniform)
/* clang-format on */

#define X(name) extern const tenferro_primitive tf_##name##_primitive;
TF_PRIMITIVES(X)
#undef X

/* One a tf_map_op: elementwise.c. */
extern const tenferro_primitive tf_elementwise[TF_MAP_COUNT];

#endif
