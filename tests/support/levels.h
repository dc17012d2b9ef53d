/*
 * Small levels of each kind, written against the internal headers: they prove that operations reach
 * a level without knowing it, and that every rule is written once.
 */
#ifndef TENFERRO_TEST_LEVELS_H
#define TENFERRO_TEST_LEVELS_H

#include <stdio.h>
#include <tenferro.h>

#include "tensor/level.h"

/* ---- forward mode: a handle carries a tangent ---- */

tenferro_status forward_open(tenferro_context *context, tf_level **out);
/* A handle with that tangent (NULL: zero). */
tenferro_status forward_pack(tf_level *level, const tenferro_tensor *primal,
                             const tenferro_tensor *tangent, tenferro_tensor **out);
/* The tangent (one reference), NULL if it is zero or the tensor is not of this level. */
tenferro_tensor *forward_tangent(const tf_level *level, const tenferro_tensor *x);

/* ---- a tape: a handle carries the number of its node ---- */

tenferro_status record_open(tenferro_context *context, tf_level **out);
tenferro_status record_leaf(tf_level *level, const tenferro_tensor *primal, tenferro_tensor **out);
/* Names of the recorded operations in order, separated by spaces, into a buffer. */
void record_names(const tf_level *level, char *buffer, size_t size);
/* The gradient of a root of one element with respect to a leaf; NULL: zero. */
tenferro_status record_gradient(tf_level *level, const tenferro_tensor *root,
                                const tenferro_tensor *leaf, tenferro_tensor **out);

/* ---- a trace: a handle carries the number of a value that has no data yet ---- */

tenferro_status trace_open(tenferro_context *context, tf_level **out);
tenferro_status trace_input(tf_level *level, tenferro_dtype dtype, int rank,
                            const tenferro_extent *extents, tenferro_tensor **out);
/* The program as text. */
void trace_print(const tf_level *level, char *buffer, size_t size);
/* Runs the trace on concrete inputs; TENFERRO_GUARD names both expressions of a violated guard. */
tenferro_status trace_run(const tf_level *level, int inputs, const tenferro_tensor *const *in,
                          const tenferro_tensor *result, tenferro_tensor **out);

#endif
