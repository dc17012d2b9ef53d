/* Sweeps of rotations for any processor. */
#define SWEEP tf_tree_sweep_portable
#include "einsum/sweep.inc.h"
