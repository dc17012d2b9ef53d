/*
 * The contraction's inner loops with AVX2 and FMA.  Elsewhere than on x86-64 the same code is
 * compiled without them.
 */
#define TABLE tf_microkernels_avx2
#include "contract/microkernels.inc.h"
