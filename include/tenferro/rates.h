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
    double item[6]; /**< ns of what a call repeats: an element of C (naive), a tile of C (packed,
                             small), a matrix of a batch (blas), a row or a dot product (direct) */
    double gflops[6][6]; /**< at best */
} tenferro_rates;

#ifdef __cplusplus
}
#endif
#endif
