/* The operations.  Each is a thin door to a primitive: it computes, records, pushes forward or
 * traces, as its operands say. */
#ifndef TENFERRO_OPS_H
#define TENFERRO_OPS_H

#include <tenferro/primitive.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Common to all of them.
 *
 * Ownership: inputs are borrowed; *out receives one reference, and is NULL on failure.  Operands
 * may be the same tensor.  Results are new compact column-major tensors, except those of "views",
 * which share their operand's storage.
 * Dtypes: two operands meet by tenferro_dtype_promote().
 * Broadcasting: shapes are aligned at the last axis (NumPy's rule, the array-API standard's); an
 * axis of literal extent 1, or a missing one, is repeated.
 * Axes: from 0; negative ones count from the end.  An array of axes may be NULL with a count of 0.
 * Errors of all: INVALID_ARGUMENT (NULL, bad axis), SHAPE_MISMATCH, DTYPE_MISMATCH (both shapes or
 * dtypes in the message), OVERFLOW, OUT_OF_MEMORY, CONTEXT_MISMATCH, LEVEL_MISMATCH, CANCELLED.
 * _into: writes to a given tensor of the result's shape and dtype (any strides); it may overlap
 * operands.
 * Threads: the context's, above about 20 us of work; results do not depend on their number.
 */

/* ---- elementwise: out[i] = f(x[i]), one pass over memory ---- */

/** -x; wraps on integers; not bool. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_neg(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_neg_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Complex conjugate; the identity on real dtypes; not bool. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_conj(const tenferro_tensor *x,
                                                              tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_conj_into(const tenferro_tensor *x,
                                                                   tenferro_tensor *out);
/** |x|; of a complex tensor a real one, sqrt(re^2 + im^2) without overflow. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_abs(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_abs_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Square root, principal branch (cut along the negative reals); bool and i32 give float64 (i64:
 * DTYPE_MISMATCH). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sqrt(const tenferro_tensor *x,
                                                              tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sqrt_into(const tenferro_tensor *x,
                                                                   tenferro_tensor *out);
/** e^x. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_exp(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_exp_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Natural logarithm, principal branch (cut along the negative reals). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_log(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_log_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Sine, radians. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sin(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sin_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Cosine, radians. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_cos(const tenferro_tensor *x,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_cos_into(const tenferro_tensor *x,
                                                                  tenferro_tensor *out);
/** Hyperbolic tangent. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tanh(const tenferro_tensor *x,
                                                              tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tanh_into(const tenferro_tensor *x,
                                                                   tenferro_tensor *out);
/** not x; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_not(const tenferro_tensor *x,
                                                                     tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_not_into(const tenferro_tensor *x,
                                                                          tenferro_tensor *out);

/* ---- elementwise on two operands, with promotion and broadcasting ---- */

/** a + b; bool: or.  Example: tests/unit/test_ops_elementwise.c */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_add(const tenferro_tensor *a,
                                                             const tenferro_tensor *b,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_add_into(const tenferro_tensor *a,
                                                                  const tenferro_tensor *b,
                                                                  tenferro_tensor *out);
/** a - b; not bool. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sub(const tenferro_tensor *a,
                                                             const tenferro_tensor *b,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sub_into(const tenferro_tensor *a,
                                                                  const tenferro_tensor *b,
                                                                  tenferro_tensor *out);
/** a * b; bool: and. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_mul(const tenferro_tensor *a,
                                                             const tenferro_tensor *b,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_mul_into(const tenferro_tensor *a,
                                                                  const tenferro_tensor *b,
                                                                  tenferro_tensor *out);
/** a / b; bool and i32 give float64; i64: DTYPE_MISMATCH (cast first). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_div(const tenferro_tensor *a,
                                                             const tenferro_tensor *b,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_div_into(const tenferro_tensor *a,
                                                                  const tenferro_tensor *b,
                                                                  tenferro_tensor *out);
/** a to the power b, principal branch; integers by squaring, negative exponents give 0 (except of 1
 * and -1). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_pow(const tenferro_tensor *a,
                                                             const tenferro_tensor *b,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_pow_into(const tenferro_tensor *a,
                                                                  const tenferro_tensor *b,
                                                                  tenferro_tensor *out);
/** The larger; NaN if either is NaN; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_maximum(const tenferro_tensor *a,
                                                                 const tenferro_tensor *b,
                                                                 tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_maximum_into(const tenferro_tensor *a,
                                                                      const tenferro_tensor *b,
                                                                      tenferro_tensor *out);
/** The smaller; NaN if either is NaN; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_minimum(const tenferro_tensor *a,
                                                                 const tenferro_tensor *b,
                                                                 tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_minimum_into(const tenferro_tensor *a,
                                                                      const tenferro_tensor *b,
                                                                      tenferro_tensor *out);
/** a == b as a bool tensor; NaN compares as IEEE 754 says. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_equal(const tenferro_tensor *a,
                                                               const tenferro_tensor *b,
                                                               tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_equal_into(const tenferro_tensor *a,
                                                                    const tenferro_tensor *b,
                                                                    tenferro_tensor *out);
/** a != b as a bool tensor; NaN compares as IEEE 754 says. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_not_equal(const tenferro_tensor *a,
                                                                   const tenferro_tensor *b,
                                                                   tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_not_equal_into(const tenferro_tensor *a,
                                                                        const tenferro_tensor *b,
                                                                        tenferro_tensor *out);
/** a < b as a bool tensor; NaN compares as IEEE 754 says; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_less(const tenferro_tensor *a,
                                                              const tenferro_tensor *b,
                                                              tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_less_into(const tenferro_tensor *a,
                                                                   const tenferro_tensor *b,
                                                                   tenferro_tensor *out);
/** a <= b as a bool tensor; NaN compares as IEEE 754 says; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_less_equal(const tenferro_tensor *a,
                                                                    const tenferro_tensor *b,
                                                                    tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_less_equal_into(const tenferro_tensor *a,
                                                                         const tenferro_tensor *b,
                                                                         tenferro_tensor *out);
/** a > b as a bool tensor; NaN compares as IEEE 754 says; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_greater(const tenferro_tensor *a,
                                                                 const tenferro_tensor *b,
                                                                 tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_greater_into(const tenferro_tensor *a,
                                                                      const tenferro_tensor *b,
                                                                      tenferro_tensor *out);
/** a >= b as a bool tensor; NaN compares as IEEE 754 says; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_greater_equal(const tenferro_tensor *a,
                                                                       const tenferro_tensor *b,
                                                                       tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_greater_equal_into(
    const tenferro_tensor *a, const tenferro_tensor *b, tenferro_tensor *out);
/** a and b; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_and(const tenferro_tensor *a,
                                                                     const tenferro_tensor *b,
                                                                     tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_and_into(const tenferro_tensor *a,
                                                                          const tenferro_tensor *b,
                                                                          tenferro_tensor *out);
/** a or b; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_or(const tenferro_tensor *a,
                                                                    const tenferro_tensor *b,
                                                                    tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_or_into(const tenferro_tensor *a,
                                                                         const tenferro_tensor *b,
                                                                         tenferro_tensor *out);
/** a xor b; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_xor(const tenferro_tensor *a,
                                                                     const tenferro_tensor *b,
                                                                     tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_logical_xor_into(const tenferro_tensor *a,
                                                                          const tenferro_tensor *b,
                                                                          tenferro_tensor *out);

/** predicate ? a : b elementwise, all three broadcast; predicate is bool.  The branch not taken
 * never matters (no NaN leaks). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_select(const tenferro_tensor *predicate,
                                                                const tenferro_tensor *a,
                                                                const tenferro_tensor *b,
                                                                tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_select_into(const tenferro_tensor *predicate, const tenferro_tensor *a,
                     const tenferro_tensor *b, tenferro_tensor *out);
/** Converts.  Float to integer truncates and saturates (NaN gives 0); complex to real drops the
 * imaginary part; to bool: x != 0. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_cast(const tenferro_tensor *x,
                                                              tenferro_dtype dtype,
                                                              tenferro_tensor **out);
/** A host number as a tensor of rank 0 with `like`'s dtype and context: tenferro_number_like(x,
 * tenferro_real(2), &two). DTYPE_MISMATCH if the dtype cannot hold it (0.5 as an integer, a complex
 * number as a real). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_number_like(const tenferro_tensor *like,
                                                                     tenferro_number number,
                                                                     tenferro_tensor **out);

/* ---- views and copies ---- */

/** A compact copy in the given order. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_copy(const tenferro_tensor *x,
                                                              tenferro_order order,
                                                              tenferro_tensor **out);
/** Copies x, broadcast to out's shape, into out; out's dtype must be x's. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_copy_into(const tenferro_tensor *x,
                                                                   tenferro_tensor *out);
/** View: axis i of the result is axis axes[i] of x.  axes: rank(x) of them, a permutation; NULL
 * reverses all (transpose). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_permute(const tenferro_tensor *x,
                                                                 const int *axes,
                                                                 tenferro_tensor **out);
/**
 * The same elements in column-major order under new extents: a view when the strides allow it, else
 * a copy.  One extent may be -1: it becomes what the others leave.  SHAPE_MISMATCH if the numbers
 * of elements differ.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_reshape(const tenferro_tensor *x, int rank,
                                                                 const tenferro_extent *extents,
                                                                 tenferro_tensor **out);
/** The same, but UNSUPPORTED instead of a copy. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_reshape_view(
    const tenferro_tensor *x, int rank, const tenferro_extent *extents, tenferro_tensor **out);
/**
 * View: out[i...] = x[start + step*i ...], per axis `counts` elements.  Arrays of rank(x); steps
 * NULL: all 1, negative steps walk backwards, 0 is an error.  SHAPE_MISMATCH if an element lies
 * outside x.  Starts and counts may be symbolic.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_slice(const tenferro_tensor *x,
                                                               const tenferro_extent *starts,
                                                               const tenferro_extent *counts,
                                                               const int64_t *steps,
                                                               tenferro_tensor **out);
/** View of one axis with Python's meaning of x[start:stop:step]: out-of-range bounds are clamped,
 * negative ones count from the end; INT64_MIN and INT64_MAX as stop or start mean "to the end" in
 * their direction.  Literal extent only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_slice_axis(const tenferro_tensor *x,
                                                                    int axis, int64_t start,
                                                                    int64_t stop, int64_t step,
                                                                    tenferro_tensor **out);
/** View: the axes backwards. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_reverse(const tenferro_tensor *x,
                                                                 int count, const int *axes,
                                                                 tenferro_tensor **out);
/** View: x repeated along axes of literal extent 1 and new leading axes to the given shape (stride
 * 0, read-only). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_broadcast(const tenferro_tensor *x,
                                                                   int rank,
                                                                   const tenferro_extent *extents,
                                                                   tenferro_tensor **out);
/** View: as above with axis i of x becoming axis axes[i] of the result (ascending); the other axes
 * are new. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_broadcast_axes(const tenferro_tensor *x, int rank, const tenferro_extent *extents,
                        const int *axes, tenferro_tensor **out);
/** View: the diagonal of two axes, x[.., i, .., i + offset, ..], as a new last axis (an offset
 * below 0 goes under the diagonal). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_diagonal(const tenferro_tensor *x,
                                                                  int64_t offset, int axis1,
                                                                  int axis2, tenferro_tensor **out);
/** View: without the given axes of extent 1; count 0: without all of them. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_squeeze(const tenferro_tensor *x,
                                                                 int count, const int *axes,
                                                                 tenferro_tensor **out);
/** View: with a new axis of extent 1 before axis `axis` (0 .. rank; negative: from the end of the
 * result). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_expand(const tenferro_tensor *x, int axis,
                                                                tenferro_tensor **out);
/** View: the real parts of a complex tensor; a real tensor itself. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_real_part(const tenferro_tensor *x,
                                                                   tenferro_tensor **out);
/** View: the imaginary parts of a complex tensor; DTYPE_MISMATCH for a real one. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_imag_part(const tenferro_tensor *x,
                                                                   tenferro_tensor **out);

/* ---- reductions ---- */

/*
 * Over `count` axes (count 0 with axes NULL: over all).  keep = 1 leaves them with extent 1.  sum
 * and prod of bool and i32 are i64; mean of integers is f64.  max and min of no elements:
 * SHAPE_MISMATCH; NaN wins.  Floating sums are pairwise.
 */

/** Sum; of nothing 0. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sum(const tenferro_tensor *x, int count,
                                                             const int *axes, int keep,
                                                             tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_sum_into(const tenferro_tensor *x,
                                                                  int count, const int *axes,
                                                                  int keep, tenferro_tensor *out);
/** Product; of nothing 1. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_prod(const tenferro_tensor *x, int count,
                                                              const int *axes, int keep,
                                                              tenferro_tensor **out);
/** Arithmetic mean; of nothing NaN. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_mean(const tenferro_tensor *x, int count,
                                                              const int *axes, int keep,
                                                              tenferro_tensor **out);
/** Largest element; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_max(const tenferro_tensor *x, int count,
                                                             const int *axes, int keep,
                                                             tenferro_tensor **out);
/** Smallest element; not complex. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_min(const tenferro_tensor *x, int count,
                                                             const int *axes, int keep,
                                                             tenferro_tensor **out);
/** Whether any is true; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_any(const tenferro_tensor *x, int count,
                                                             const int *axes, int keep,
                                                             tenferro_tensor **out);
/** Whether all are true; bool only. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_all(const tenferro_tensor *x, int count,
                                                             const int *axes, int keep,
                                                             tenferro_tensor **out);
/** Index (int64, column-major linear over the reduced axes) of the first largest element; the first
 * NaN wins. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_argmax(const tenferro_tensor *x, int count,
                                                                const int *axes, int keep,
                                                                tenferro_tensor **out);
/** Index of the first smallest element. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_argmin(const tenferro_tensor *x, int count,
                                                                const int *axes, int keep,
                                                                tenferro_tensor **out);

/* ---- putting together ---- */

/** Tensors of one rank joined along an axis; the other extents agree; dtypes meet by promotion. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_concatenate(
    int count, const tenferro_tensor *const *tensors, int axis, tenferro_tensor **out);
/** Tensors of one shape joined along a new axis. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_stack(int count,
                                                               const tenferro_tensor *const *tensors,
                                                               int axis, tenferro_tensor **out);
/** x with before[i] elements of `value` put before and after[i] behind along axis i.  Arrays of
 * rank(x), entries >= 0 or symbolic. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_pad(const tenferro_tensor *x,
                                                             const tenferro_extent *before,
                                                             const tenferro_extent *after,
                                                             tenferro_number value,
                                                             tenferro_tensor **out);
/** x[i, j, ...] where j - i <= offset, else 0, over the first two axes (batch axes come last). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tril(const tenferro_tensor *x,
                                                              int64_t offset, tenferro_tensor **out);
/** x[i, j, ...] where j - i >= offset, else 0. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_triu(const tenferro_tensor *x,
                                                              int64_t offset, tenferro_tensor **out);

/* ---- contraction ---- */

/**
 * C = alpha op(A) op(B), summed over the labels that are not in c_labels; op is the conjugate where
 * asked.
 *
 * @param a_labels rank(a) labels, any int32; likewise b_labels
 * @param c_labels c_rank distinct labels, each in A or B
 *
 * A label may be free, contracted, shared (batch), repeated in an operand (its diagonal) or in one
 * operand only (summed there).  An extent of literal 1 broadcasts, but not on a diagonal.  b and
 * b_labels may be NULL: a contraction of A alone.
 * dtypes: i32 i64 f32 f64 c64 c128.  Cost: the product of all extents, in multiply-adds.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_contract(
    const tenferro_tensor *a, const int32_t *a_labels, int conj_a, const tenferro_tensor *b,
    const int32_t *b_labels, int conj_b, int c_rank, const int32_t *c_labels, tenferro_tensor **out);
/** out = alpha op(A) op(B) + beta out; with beta 0 out is not read. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_contract_into(tenferro_number alpha, const tenferro_tensor *a, const int32_t *a_labels,
                       int conj_a, const tenferro_tensor *b, const int32_t *b_labels, int conj_b,
                       tenferro_number beta, const int32_t *c_labels, tenferro_tensor *out);
/**
 * Matrix product over the first two axes; the rest are batch axes and broadcast: [m,k,...] x
 * [k,n,...] -> [m,n,...].  A vector on the left is a row, on the right a column, and its axis is
 * dropped from the result.  The two k must be equal: 1 does not broadcast here.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_matmul(const tenferro_tensor *a,
                                                                const tenferro_tensor *b,
                                                                tenferro_tensor **out);
/** Contracts axis a_axes[i] of a with axis b_axes[i] of b, of equal extents; the result has a's other
 * axes, then b's. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensordot(const tenferro_tensor *a,
                                                                   const tenferro_tensor *b,
                                                                   int count, const int *a_axes,
                                                                   const int *b_axes,
                                                                   tenferro_tensor **out);
/** out[i..., j...] = a[i...] b[j...] */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_outer(const tenferro_tensor *a,
                                                               const tenferro_tensor *b,
                                                               tenferro_tensor **out);
/** The sum of the diagonal of two axes. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_trace_axes(const tenferro_tensor *x,
                                                                    int64_t offset, int axis1,
                                                                    int axis2,
                                                                    tenferro_tensor **out);

/* ---- creation ---- */

/** Every element is the number. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_full(tenferro_context *context,
                                                              tenferro_dtype dtype, int rank,
                                                              const tenferro_extent *extents,
                                                              tenferro_number value,
                                                              tenferro_tensor **out);
/** The same on `like`'s level and context: extents may be symbolic when like is being traced. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_full_like(const tenferro_tensor *like,
                                                                   int rank,
                                                                   const tenferro_extent *extents,
                                                                   tenferro_number value,
                                                                   tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_zeros(tenferro_context *context,
                                                               tenferro_dtype dtype, int rank,
                                                               const tenferro_extent *extents,
                                                               tenferro_tensor **out);
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_ones(tenferro_context *context,
                                                              tenferro_dtype dtype, int rank,
                                                              const tenferro_extent *extents,
                                                              tenferro_tensor **out);
/** rows x columns, 1 where column - row == offset, else 0. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_eye(tenferro_context *context,
                                                             tenferro_dtype dtype,
                                                             tenferro_extent rows,
                                                             tenferro_extent columns,
                                                             int64_t offset, tenferro_tensor **out);
/** out[i] = start + i*step, i < count.  Numeric dtypes. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_arange(tenferro_context *context, tenferro_dtype dtype, tenferro_number start,
                tenferro_number step, tenferro_extent count, tenferro_tensor **out);
/** `count` values from start to stop, both included (count 1: start).  Floating and complex dtypes. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_linspace(tenferro_context *context, tenferro_dtype dtype, tenferro_number start,
                  tenferro_number stop, tenferro_extent count, tenferro_tensor **out);
/**
 * Uniform numbers in [low, high) (f32, f64), real and imaginary parts apart (c64, c128), or
 * integers in [low, high) (i32, i64).
 *
 * Element number i (column-major) depends on seed, stream and i only: Philox4x32-10 (Salmon et al.,
 * SC'11) with key = seed and counter = (i's block, stream).  The same numbers for any number of
 * threads, strides and device.  A c64 tensor has a f32 tensor's numbers in its real and imaginary
 * parts in turn.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_random_uniform(
    tenferro_context *context, tenferro_dtype dtype, int rank, const tenferro_extent *extents,
    uint64_t seed, uint64_t stream, double low, double high, tenferro_tensor **out);

/* ---- whole-tensor questions (concrete operands) ---- */

/** *out = 1 if shapes and dtypes are the same and all elements compare equal (NaN does not). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_array_equal(const tenferro_tensor *a,
                                                                     const tenferro_tensor *b,
                                                                     int *out);
/** *out = 1 if everywhere |a - b| <= atol + rtol*|b| after broadcasting (equal infinities are
 * close; NaN only with equal_nan). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_all_close(const tenferro_tensor *a,
                                                                   const tenferro_tensor *b,
                                                                   double rtol, double atol,
                                                                   int equal_nan, int *out);

#ifdef __cplusplus
}
#endif
#endif
