/* Files: NumPy's .npy (1.0, 2.0, 3.0) and .npz, read and written. */
#ifndef TENFERRO_IO_H
#define TENFERRO_IO_H

#include <tenferro/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads a .npy file, either memory order, either byte order.  A Fortran-ordered file becomes a
 * column-major tensor, a C-ordered one a row-major tensor: the shape is the file's, no element
 * moves.  Bytes after the array are left alone (NumPy appends arrays to one file): this reads the
 * first.  The path may be a pipe.
 *
 * dtypes: ?, i4, i8, f4, f8, c8, c16 with '<', '>', '=' or '|'.  Others (structured, strings,
 * objects, i2 ...): UNSUPPORTED.  Broken or hostile contents (bad magic, truncated, trailing junk
 * in the header, negative or overflowing shape, more than 1 MiB of header): IO, naming the file and
 * what is wrong; nothing is allocated beyond what the file's size can justify.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npy_read(tenferro_context *context,
                                                                  const char *path,
                                                                  tenferro_tensor **out);

/** The same from memory; `name` is used in messages. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npy_read_memory(tenferro_context *context,
                                                                         const void *bytes,
                                                                         size_t count,
                                                                         const char *name,
                                                                         tenferro_tensor **out);

/**
 * Writes a .npy file (version 1.0, or 2.0 if the header needs it) in the machine's byte order;
 * fortran_order True if the tensor is column-major contiguous (and not row-major too), else
 * row-major order is written.  The file appears whole or not at all: written beside it under a
 * temporary name, then renamed (over a symbolic link too).  If the path is a pipe or a device it is
 * written to as it is.
 * Errors: IO (with the system's words), DTYPE_MISMATCH (a registered dtype), LEVEL_MISMATCH (not
 * concrete), CANCELLED.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npy_write(const char *path,
                                                                   const tenferro_tensor *tensor);

/** An open .npz archive (a zip of .npy members, stored or deflated; zip64 included). */
typedef struct tenferro_npz tenferro_npz;

/** Opens an archive and reads its directory; no pipe can be one.  Deflated members need zlib at run
 * time (a guest: libz.so.1).  Threads may read from one archive at the same time. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npz_open(tenferro_context *context,
                                                                  const char *path,
                                                                  tenferro_npz **out);
/** The same over memory that must outlive the archive; `name` is copied, for messages. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npz_open_memory(tenferro_context *context,
                                                                         const void *bytes,
                                                                         size_t count,
                                                                         const char *name,
                                                                         tenferro_npz **out);
TENFERRO_API void tenferro_npz_close(tenferro_npz *npz); /**< NULL is fine */
TENFERRO_API int64_t tenferro_npz_count(const tenferro_npz *npz);
/** Member i's name without ".npy"; borrowed; NULL out of range. */
TENFERRO_API const char *tenferro_npz_name(const tenferro_npz *npz, int64_t index);
/** Reads a member by name (with or without ".npy"; of two of the same name, the last).  Checks its
 * CRC-32; nothing may follow the array.  INVALID_ARGUMENT if there is none: the message lists the
 * names that there are.  UNSUPPORTED: encryption, compression other than deflate, no zlib. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_npz_read(const tenferro_npz *npz,
                                                                  const char *name,
                                                                  tenferro_tensor **out);
/** Writes an archive of stored (uncompressed) members, whole or not at all; ".npy" is appended to
 * each name.  The same tensors give the same bytes.  INVALID_ARGUMENT: a name that is empty, there
 * twice, or not UTF-8. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_npz_write(const char *path, int64_t count, const char *const *names,
                   const tenferro_tensor *const *tensors);

#ifdef __cplusplus
}
#endif
#endif
