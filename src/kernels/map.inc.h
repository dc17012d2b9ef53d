/*
 * The elementwise rows of one dtype.  Parameters: T, NAME(x) (adds the dtype to a name), KIND
 * (KIND_BOOL, KIND_INTEGER, KIND_REAL, KIND_COMPLEX); integers: U, the unsigned type; complex: R,
 * the real type, F(x) (adds c64 or c128), FN(x) (libm's name).
 */
#if !defined(T) || !defined(NAME) || !defined(KIND)
#error "map.inc.h needs T, NAME and KIND"
#endif

#if KIND == KIND_REAL
static inline int NAME(is_nan)(T x)
{
    return x != x;
}
#elif KIND != KIND_COMPLEX
static inline int NAME(is_nan)(T x)
{
    (void)x;
    return 0;
}
#endif

/* ---- comparisons and select: every kind ---- */

#if KIND == KIND_COMPLEX
#define ROW equal
#define OUT uint8_t
#define OP(x, y) (uint8_t) F(tf_equal)(x, y)
#include "kernels/binary_row.inc.h"
#define ROW not_equal
#define OUT uint8_t
#define OP(x, y) (uint8_t) !F(tf_equal)(x, y)
#include "kernels/binary_row.inc.h"
#else
#define ROW equal
#define OUT uint8_t
#define OP(x, y) ((x) == (y))
#include "kernels/binary_row.inc.h"
#define ROW not_equal
#define OUT uint8_t
#define OP(x, y) ((x) != (y))
#include "kernels/binary_row.inc.h"
#define ROW less
#define OUT uint8_t
#define OP(x, y) ((x) < (y))
#include "kernels/binary_row.inc.h"
#define ROW less_equal
#define OUT uint8_t
#define OP(x, y) ((x) <= (y))
#include "kernels/binary_row.inc.h"
#define ROW greater
#define OUT uint8_t
#define OP(x, y) ((x) > (y))
#include "kernels/binary_row.inc.h"
#define ROW greater_equal
#define OUT uint8_t
#define OP(x, y) ((x) >= (y))
#include "kernels/binary_row.inc.h"
/* NaN in either operand wins: the comparison is false if y is NaN. */
#define ROW maximum
#define OUT T
#define OP(x, y) ((((x) > (y)) | NAME(is_nan)(x)) ? (x) : (y))
#include "kernels/binary_row.inc.h"
#define ROW minimum
#define OUT T
#define OP(x, y) ((((x) < (y)) | NAME(is_nan)(x)) ? (x) : (y))
#include "kernels/binary_row.inc.h"
#endif

static void NAME(select)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                         int64_t out_stride)
{
    const uint8_t *which = in[0];
    const T *x = in[1], *y = in[2];
    T *z = out;
    if (in_strides[0] == 1 && in_strides[1] == 1 && in_strides[2] == 1 && out_stride == 1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++) {
            T first = x[i], second = y[i];
            z[i] = which[i] ? first : second;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++)
        z[i * out_stride] = which[i * in_strides[0]] ? x[i * in_strides[1]] : y[i * in_strides[2]];
}

/* ---- arithmetic ---- */

#if KIND == KIND_BOOL

#define ROW logical_not
#define OUT uint8_t
#define OP(x) ((x) == 0)
#include "kernels/unary_row.inc.h"
#define ROW logical_and
#define OUT uint8_t
#define OP(x, y) (((x) != 0) & ((y) != 0))
#include "kernels/binary_row.inc.h"
#define ROW logical_or
#define OUT uint8_t
#define OP(x, y) (((x) != 0) | ((y) != 0))
#include "kernels/binary_row.inc.h"
#define ROW logical_xor
#define OUT uint8_t
#define OP(x, y) (((x) != 0) ^ ((y) != 0))
#include "kernels/binary_row.inc.h"

#elif KIND == KIND_INTEGER

#define ROW neg
#define OUT T
#define OP(x) (T)((U)0 - (U)(x))
#include "kernels/unary_row.inc.h"
#define ROW identity
#define OUT T
#define OP(x) (x)
#include "kernels/unary_row.inc.h"
#define ROW abs
#define OUT T
#define OP(x) (T)((x) < 0 ? (U)0 - (U)(x) : (U)(x))
#include "kernels/unary_row.inc.h"
#define ROW add
#define OUT T
#define OP(x, y) (T)((U)(x) + (U)(y))
#include "kernels/binary_row.inc.h"
#define ROW sub
#define OUT T
#define OP(x, y) (T)((U)(x) - (U)(y))
#include "kernels/binary_row.inc.h"
#define ROW mul
#define OUT T
#define OP(x, y) (T)((U)(x) * (U)(y))
#include "kernels/binary_row.inc.h"
/* the low bits of the 64-bit power are the 32-bit one */
#define ROW pow
#define OUT T
#define OP(x, y) (T)(U) tf_ipow(x, y)
#include "kernels/binary_row.inc.h"

#elif KIND == KIND_REAL

#define ROW neg
#define OUT T
#define OP(x) (-(x))
#include "kernels/unary_row.inc.h"
#define ROW identity
#define OUT T
#define OP(x) (x)
#include "kernels/unary_row.inc.h"
#define ROW abs
#define OUT T
#define OP(x) FN(fabs)(x)
#include "kernels/unary_row.inc.h"
#define ROW add
#define OUT T
#define OP(x, y) ((x) + (y))
#include "kernels/binary_row.inc.h"
#define ROW sub
#define OUT T
#define OP(x, y) ((x) - (y))
#include "kernels/binary_row.inc.h"
#define ROW mul
#define OUT T
#define OP(x, y) ((x) * (y))
#include "kernels/binary_row.inc.h"
#define ROW div
#define OUT T
#define OP(x, y) ((x) / (y))
#include "kernels/binary_row.inc.h"
#define ROW sqrt
#define ARITY 1
#define BLOCK NAME(block_sqrt)
#include "kernels/function_row.inc.h"
#define ROW exp
#define ARITY 1
#define BLOCK NAME(block_exp)
#include "kernels/function_row.inc.h"
#define ROW log
#define ARITY 1
#define BLOCK NAME(block_log)
#include "kernels/function_row.inc.h"
#define ROW sin
#define ARITY 1
#define BLOCK NAME(block_sin)
#include "kernels/function_row.inc.h"
#define ROW cos
#define ARITY 1
#define BLOCK NAME(block_cos)
#include "kernels/function_row.inc.h"
#define ROW tanh
#define ARITY 1
#define BLOCK NAME(block_tanh)
#include "kernels/function_row.inc.h"
#define ROW pow
#define ARITY 2
#define BLOCK NAME(block_pow)
#include "kernels/function_row.inc.h"

#else

#define ROW neg
#define OUT T
#define OP(x) F(tf_neg)(x)
#include "kernels/unary_row.inc.h"
#define ROW conj
#define OUT T
#define OP(x) F(tf_conj)(x)
#include "kernels/unary_row.inc.h"
#define ROW abs
#define OUT R
#define OP(x) FN(hypot)((x).re, (x).im)
#include "kernels/unary_row.inc.h"
#define ROW add
#define OUT T
#define OP(x, y) F(tf_add)(x, y)
#include "kernels/binary_row.inc.h"
#define ROW sub
#define OUT T
#define OP(x, y) F(tf_sub)(x, y)
#include "kernels/binary_row.inc.h"
#define ROW mul
#define OUT T
#define OP(x, y) F(tf_mul)(x, y)
#include "kernels/binary_row.inc.h"
#define ROW div
#define OUT T
#define OP(x, y) F(tf_div)(x, y)
#include "kernels/binary_row.inc.h"
#define ROW sqrt
#define OUT T
#define OP(x) F(parts)(FN(csqrt)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW exp
#define OUT T
#define OP(x) F(parts)(FN(cexp)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW log
#define OUT T
#define OP(x) F(parts)(FN(clog)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW sin
#define OUT T
#define OP(x) F(parts)(FN(csin)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW cos
#define OUT T
#define OP(x) F(parts)(FN(ccos)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW tanh
#define OUT T
#define OP(x) F(parts)(FN(ctanh)(F(number)(x)))
#include "kernels/unary_row.inc.h"
#define ROW pow
#define OUT T
#define OP(x, y) F(power)(x, y)
#include "kernels/binary_row.inc.h"

#endif
