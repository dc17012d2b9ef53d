/* The kernels with AVX-512 (F, DQ, BW, VL); part of the library on x86-64 only. */
#define TABLE tf_kernels_avx512
#define ISA_NAME "avx512"
#include "kernels/kernels.inc.h"
