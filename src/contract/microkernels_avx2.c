/* The contraction's inner loops with AVX2 and FMA; part of the library on x86-64 only. */
#define TABLE tf_microkernels_avx2
#include "contract/microkernels.inc.h"
