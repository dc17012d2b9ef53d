/* What the elementwise table and its derivative rules share. */
#ifndef TF_OPS_ELEMENTWISE_H
#define TF_OPS_ELEMENTWISE_H

#include "ops/op.h"

/* f'(x) of a holomorphic unary f, from x or from y = f(x): the one that the row saves. */
typedef tenferro_tensor *(*tf_derivative)(tenferro_scope *s, tenferro_tensor *x, tenferro_tensor *y);
tf_derivative tf_unary_derivative(tf_map_op op);

void tf_unary_jvp(tenferro_scope *s, const tenferro_rule *r);
void tf_unary_vjp(tenferro_scope *s, const tenferro_rule *r);

#define TF_RULES(name)                                               \
    void tf_##name##_jvp(tenferro_scope *s, const tenferro_rule *r); \
    void tf_##name##_vjp(tenferro_scope *s, const tenferro_rule *r);
TF_RULES(neg)
TF_RULES(conj)
TF_RULES(abs)
TF_RULES(add)
TF_RULES(sub)
TF_RULES(mul)
TF_RULES(div)
TF_RULES(pow)
TF_RULES(maximum)
TF_RULES(minimum)
TF_RULES(select)
#undef TF_RULES

#endif
