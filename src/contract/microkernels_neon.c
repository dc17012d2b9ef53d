/* The contraction's inner loops with NEON; part of the library on aarch64 only. */
#define WITH_NEON 1
#define TABLE tf_microkernels_neon
#include "contract/microkernels.inc.h"
