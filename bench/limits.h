/* What the machine can do: kernels that do nothing but move bytes or multiply and add, alone or on several threads. */
#ifndef TENFERRO_LIMITS_H
#define TENFERRO_LIMITS_H

#include <stddef.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* What a kernel works on: reads a (and b), writes dst.  `bytes` is a multiple of 512; for arithmetic it counts rounds. */
typedef struct limit_arrays {
    char *dst;
    const char *a, *b;
    size_t bytes;
} limit_arrays;

/*
 * The best rate of the kernels of one kind that this CPU can run: of bytes read and written a second, or of operations.
 *     read      a                        fill    dst
 *     copy      a to dst                 triad   a and b to dst
 *     copy_streaming  the same with non-temporal stores only
 *     fma_ISA   f64                      madd_i32_ISA, madd_i64_ISA (ISA: avx2, avx512)
 * The bytes are shared among the threads; each array has room for that share, or for 2 MiB a thread if that is more.
 * Every kernel runs `passes` times (0: for about 5 ms, warmed up).  The rate is 0 if no kernel can run, or no thread.
 */
double limit_rate(const char *kind, int threads, const limit_arrays *arrays, size_t passes);

/* Random bytes (no NaN when read as floating-point numbers) on pages of that kind; NULL if there are none.  free() it. */
char *limit_pages(size_t bytes, int huge);

#endif
