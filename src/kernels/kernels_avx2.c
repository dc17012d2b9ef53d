/* The kernels with AVX2 and FMA; part of the library on x86-64 only. */
#define TABLE tf_kernels_avx2
#define ISA_NAME "avx2"
#include "kernels/kernels.inc.h"
