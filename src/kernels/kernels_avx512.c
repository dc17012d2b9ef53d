/*
 * The kernels with AVX-512 (F, DQ, BW, VL).  Elsewhere than on x86-64 the same functions are
 * compiled without it.
 */
#define TABLE tf_kernels_avx512
#define ISA_NAME "avx512"
#include "kernels/kernels.inc.h"
