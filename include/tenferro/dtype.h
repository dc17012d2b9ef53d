/* Element types: how one element is stored.  What an operation means by it is the operation's algebra. */
#ifndef TENFERRO_DTYPE_H
#define TENFERRO_DTYPE_H

#include <tenferro/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A dtype: one of the constants below, or from 256 up one registered with the context. */
typedef uint32_t tenferro_dtype;

enum {
    TENFERRO_BOOL = 1,  /**< one byte, 0 or 1 */
    TENFERRO_INT32 = 2, /**< two's complement */
    TENFERRO_INT64 = 3,
    TENFERRO_FLOAT32 = 4, /**< IEEE binary32 */
    TENFERRO_FLOAT64 = 5,
    TENFERRO_COMPLEX64 = 6, /**< two floats, real then imaginary (as NumPy, HDF5, DLPack; TAPP calls
                               it C32) */
    TENFERRO_COMPLEX128 = 7 /**< two doubles */
};
#define TENFERRO_DTYPE_USER 256

typedef struct tenferro_dtype_info {
    size_t struct_size;
    const char *name;  /**< "float64"; for a registered one, copied at registration */
    int64_t size;      /**< bytes of one element, at least 1 */
    int64_t alignment; /**< a power of two, at most 64 */
} tenferro_dtype_info;
#define TENFERRO_DTYPE_INFO_INIT                \
    {                                           \
        sizeof(tenferro_dtype_info), NULL, 0, 0 \
    }

/**
 * Registers an opaque element type with the context: tensors of it can be created, viewed, copied
 * and printed as bytes; operations without an algebra for it refuse it with DTYPE_MISMATCH.
 *
 * @param info name (unique in the context), size, alignment
 * @param out  receives the id, from 256
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_dtype_register(
    tenferro_context *context, const tenferro_dtype_info *info, tenferro_dtype *out);

/** Name, size and alignment.  The name lives as long as the context.  context may be NULL for the
 * built-in ones. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_dtype_describe(
    const tenferro_context *context, tenferro_dtype dtype, tenferro_dtype_info *out);

/** The built-in dtype of that name ("float64" or "f64"); INVALID_ARGUMENT if there is none. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_dtype_from_name(const char *name,
                                                                         tenferro_dtype *out);

/**
 * The smallest dtype that loses neither's values: bool with x is x, i32 with i64 is i64, i32 with
 * f32 is f64, f32 with c64 is c64, f64 with c64 is c128, i32 with c64 is c128.  i64 meets no float:
 * DTYPE_MISMATCH, use tenferro_cast().  A registered dtype meets only itself.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_dtype_promote(tenferro_dtype a,
                                                                       tenferro_dtype b,
                                                                       tenferro_dtype *out);

/** A number of the host.  It is weak: it takes the dtype of the tensor that it meets. */
typedef struct tenferro_number {
    int kind; /**< 0: real, 1: complex, 2: integer */
    double re, im;
    int64_t integer;
} tenferro_number;

static inline tenferro_number tenferro_real(double value)
{
    tenferro_number n = {0, 0.0, 0.0, 0};
    n.re = value;
    return n;
}
static inline tenferro_number tenferro_complex_number(double re, double im)
{
    tenferro_number n = {1, 0.0, 0.0, 0};
    n.re = re;
    n.im = im;
    return n;
}
static inline tenferro_number tenferro_integer(int64_t value)
{
    tenferro_number n = {2, 0.0, 0.0, 0};
    n.integer = value;
    return n;
}

#ifdef __cplusplus
}
#endif
#endif
