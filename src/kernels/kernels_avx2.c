/*
 * The kernels with AVX2 and FMA.  Elsewhere than on x86-64 the same functions are compiled without
 * them.
 */
#define TABLE tf_kernels_avx2
#define ISA_NAME "avx2"
#include "kernels/kernels.inc.h"
