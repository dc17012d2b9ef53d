/* The kernels with NEON; part of the library on aarch64 only. */
#define WITH_NEON 1
#define TABLE tf_kernels_neon
#define ISA_NAME "neon"
#include "kernels/kernels.inc.h"
