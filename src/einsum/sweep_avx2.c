/* Sweeps of rotations where there is a popcount instruction (every processor with AVX2). */
#define SWEEP tf_tree_sweep_avx2
#include "einsum/sweep.inc.h"
