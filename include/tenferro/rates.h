/* The measured rates that routes of contractions are chosen by.  The page: docs/prims.md. */
#ifndef TENFERRO_RATES_H
#define TENFERRO_RATES_H

#include <tenferro/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How fast one thread of this machine is: what predicted times are made of.
 *
 * The first index of `call`, `item` and `gflops` is a tenferro_route (0 unused), the second a dtype from
 * TENFERRO_INT32 on.  A multiply-add counts 2 flops, a complex one 8.
 */
typedef struct tenferro_rates {
    size_t struct_size;
    int measured;        /**< 0: built in for the instruction set; 1: on this machine */
    double bandwidth[4]; /**< GB/s read or written in the first, second and third cache, and memory */
    double packing;      /**< GB/s copied into panels */
    double call[6];      /**< ns of a call */
    /** ns of what a call repeats: an element of C (naive), a tile of C (packed, small), a matrix of a
     * batch (blas), a row or a dot product (direct) */
    double item[6];
    double gflops[6][6]; /**< at best */
} tenferro_rates;

/** The rates that the context goes by.  Errors: INVALID_ARGUMENT. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_context_rates(const tenferro_context *context, tenferro_rates *out);

/**
 * Makes the context go by other rates, such as those that an earlier calibration gave; NULL: the
 * built-in ones.
 *
 * Plans made before keep their routes.  Routes differ in the last bits of their results.
 * Threads: any.  Errors: INVALID_ARGUMENT (a negative number, or none), OUT_OF_MEMORY.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_context_set_rates(tenferro_context *context, const tenferro_rates *rates);

/**
 * Measures the rates on this machine, and goes by them: some 50 ms on one thread, best while nothing
 * else runs.  Nothing else ever measures: without this call equal calls take equal routes.
 *
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (a deterministic context), OUT_OF_MEMORY.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_context_calibrate(tenferro_context *context);

/** Writes the rates as lines "key: value".  snprintf's manner: see tenferro_context_describe(). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_context_describe_rates(
    const tenferro_context *context, char *buffer, size_t size, size_t *needed);

#ifdef __cplusplus
}
#endif
#endif
