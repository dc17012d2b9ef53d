/* The contraction's inner loops with AVX-512; part of the library on x86-64 only. */
#define TABLE tf_microkernels_avx512
#include "contract/microkernels.inc.h"
