/* What the small route decides beforehand. */
#ifndef TF_CONTRACT_SMALL_H
#define TF_CONTRACT_SMALL_H

#include "contract/microkernel.h"

#define TF_SMALL 128 /* largest M and N, and largest K that is packed */

typedef struct tf_small {
    const tf_microkernel *kernel;
    int is_across; /* a batch that is innermost: vectors run along it */
    int a_in_place, b_in_place, c_is_run;
    int64_t a_step, b_step, b_column; /* as multiply_in_place takes them */
    int64_t a_rows[TF_SMALL], a_columns[TF_SMALL], b_rows[TF_SMALL], b_columns[TF_SMALL];
    int64_t c_rows[TF_SMALL], c_columns[TF_SMALL];
} tf_small;

#endif
