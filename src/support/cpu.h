/* What the processor can do, operating system support included. */
#ifndef TF_SUPPORT_CPU_H
#define TF_SUPPORT_CPU_H

#include <stdint.h>

typedef struct tf_cpu {
    int avx2_fma;                         /* AVX2, FMA3 and the OS saves YMM state */
    int avx512;                           /* F, DQ, BW, VL and the OS saves ZMM state */
    int neon;                             /* Advanced SIMD with FMA: every aarch64 */
    int64_t l1_bytes, l2_bytes, l3_bytes; /* data caches as one core sees them; 0: unknown */
    char name[64];
} tf_cpu;

void tf_cpu_detect(tf_cpu *out);

/* CPUs that this process may run on, at least 1. */
int tf_cpu_count(void);

#endif
