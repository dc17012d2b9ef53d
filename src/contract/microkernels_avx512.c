/*
 * The contraction's inner loops with AVX-512.  Elsewhere than on x86-64 the same code is compiled
 * without it.
 */
#define TABLE tf_microkernels_avx512
#include "contract/microkernels.inc.h"
