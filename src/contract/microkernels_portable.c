/* The contraction's inner loops for any machine. */
#define TABLE tf_microkernels_portable
#include "contract/microkernels.inc.h"
