/* The kernels for any machine. */
#define TABLE tf_kernels_portable
#define ISA_NAME "portable"
#include "kernels/kernels.inc.h"
