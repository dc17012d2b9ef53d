/* The tensor handle: strided, reference-counted, concrete or belonging to a level. */
#ifndef TENFERRO_TENSOR_H
#define TENFERRO_TENSOR_H

#include <tenferro/dtype.h>
#include <tenferro/extent.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tenferro_order {
    TENFERRO_COLUMN_MAJOR = 0, /**< the first axis is contiguous (Fortran, Julia) */
    TENFERRO_ROW_MAJOR = 1     /**< the last axis is contiguous (C, NumPy's default) */
} tenferro_order;

/**
 * A new compact tensor with unspecified contents.
 *
 * @param rank    0 or more; not bounded by a constant
 * @param extents `rank` numbers >= 0; may be NULL for rank 0
 * @param out     receives one reference; NULL on failure
 *
 * Storage is aligned to 64 bytes and comes from the context's pool.
 * Errors: INVALID_ARGUMENT, SYMBOLIC (a symbolic extent), OVERFLOW, OUT_OF_MEMORY (or the memory
 * limit).
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_tensor_create(tenferro_context *context, tenferro_dtype dtype, int rank,
                       const tenferro_extent *extents, tenferro_order order, tenferro_tensor **out);

/**
 * A new compact column-major tensor with a copy of the caller's data.
 *
 * @param strides in elements, signed; `data` points at the element with all indices 0; NULL:
 *                compact column-major
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_from_data(
    tenferro_context *context, tenferro_dtype dtype, int rank, const tenferro_extent *extents,
    const int64_t *strides, const void *data, tenferro_tensor **out);

typedef enum tenferro_wrap_flags {
    TENFERRO_WRAP_DEFAULT = 0,
    TENFERRO_WRAP_READ_ONLY = 1 /**< never written: _into and mutable data fail with INVALID_ARGUMENT */
} tenferro_wrap_flags;

/**
 * A tensor over foreign memory, without a copy.
 *
 * @param data    the element with all indices 0, aligned to the dtype; NULL only if the tensor has
 *                no elements
 * @param strides in elements, signed, zero allowed; NULL: compact column-major
 * @param release called once with `user` when the last view of the memory is gone, from whichever
 *                thread that is; may be NULL.  If this function fails it is not called: the memory
 *                stays the caller's.
 *
 * The caller must keep the memory alive until then.  Writes through the caller's own pointer are
 * not seen by tenferro_tensor_version().
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_wrap(
    tenferro_context *context, tenferro_dtype dtype, int rank, const tenferro_extent *extents,
    const int64_t *strides, void *data, uint32_t flags, void (*release)(void *user), void *user,
    tenferro_tensor **out);

/** A handle of `context` over the storage of another context's tensor, without a copy; the storage
 * keeps its own allocator alive.  Errors: LEVEL_MISMATCH (not concrete), DTYPE_MISMATCH (a dtype
 * registered elsewhere). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_adopt(tenferro_context *context,
                                                                      const tenferro_tensor *tensor,
                                                                      tenferro_tensor **out);

/** Adds a reference; returns its argument (NULL stays NULL).  Counts are atomic. */
TENFERRO_API tenferro_tensor *tenferro_tensor_retain(const tenferro_tensor *tensor);

/** Returns one reference; NULL is fine. */
TENFERRO_API void tenferro_tensor_release(tenferro_tensor *tensor);

TENFERRO_API tenferro_context *
tenferro_tensor_context(const tenferro_tensor *tensor); /**< borrowed */
TENFERRO_API tenferro_dtype tenferro_tensor_dtype(const tenferro_tensor *tensor);
TENFERRO_API int tenferro_tensor_rank(const tenferro_tensor *tensor);
/** `rank` extents, borrowed, valid as long as the handle. */
TENFERRO_API const tenferro_extent *tenferro_tensor_extents(const tenferro_tensor *tensor);
/** `rank` strides in elements, borrowed; all zero and meaningless for a tensor without data of its own. */
TENFERRO_API const int64_t *tenferro_tensor_strides(const tenferro_tensor *tensor);
/** Number of elements; SYMBOLIC if an extent is symbolic. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_size(const tenferro_tensor *tensor,
                                                                     int64_t *out);
/** 1 if the tensor has data, 0 if it belongs to a level (a tape, a trace ...). */
TENFERRO_API int tenferro_tensor_is_concrete(const tenferro_tensor *tensor);
/** 1 if the elements lie compactly in the given order (axes of extent 1 do not matter). */
TENFERRO_API int tenferro_tensor_is_contiguous(const tenferro_tensor *tensor, tenferro_order order);

/** The element with all indices 0.  Borrowed, valid as long as the handle.  NULL: no elements, or
 * not concrete. */
TENFERRO_API const void *tenferro_tensor_data(const tenferro_tensor *tensor);

/** The same, for writing: raises the storage's version.  INVALID_ARGUMENT for read-only or
 * broadcast storage (a stride of 0 over more than one element), SYMBOLIC or UNSUPPORTED for a
 * tensor of a level. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_data_mutable(tenferro_tensor *tensor,
                                                                             void **out);

/** The storage's version number: raised by every write through the library and by
 * tenferro_tensor_data_mutable(). */
TENFERRO_API uint64_t tenferro_tensor_version(const tenferro_tensor *tensor);

/** Copies all elements to the caller's memory, converting nothing.  strides: as
 * tenferro_tensor_wrap(). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_read(const tenferro_tensor *tensor,
                                                                     void *data,
                                                                     const int64_t *strides);

/** The one element of a tensor of size 1, as a double (real part), *imaginary (may be NULL) its
 * imaginary part. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_tensor_item(const tenferro_tensor *tensor,
                                                                     double *real,
                                                                     double *imaginary);

typedef struct tenferro_format_options {
    size_t struct_size;
    int precision;     /**< significant digits; 0: 8 */
    int64_t threshold; /**< above this many elements the middle is elided; 0: 1000; negative: never */
    int64_t edge;      /**< elements shown on each side of an elision; 0: 3 */
} tenferro_format_options;
#define TENFERRO_FORMAT_OPTIONS_INIT             \
    {                                            \
        sizeof(tenferro_format_options), 0, 0, 0 \
    }

/**
 * Writes the tensor as NumPy would print it (rows are the last axis), after a line with dtype,
 * shape and memory order: float64 2x3, column-major
 *     [[1. 3. 5.]
 *      [2. 4. 6.]]
 * snprintf's manner: see tenferro_context_describe().  options may be NULL.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_tensor_format(const tenferro_tensor *tensor, const tenferro_format_options *options,
                       char *buffer, size_t size, size_t *needed);

#ifdef __cplusplus
}
#endif
#endif
