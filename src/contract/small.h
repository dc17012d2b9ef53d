/* What the small route decides beforehand. */
#ifndef TF_CONTRACT_SMALL_H
#define TF_CONTRACT_SMALL_H

#include "contract/microkernel.h"

#define TF_SMALL 128 /* largest M and N, and largest K that is packed */

typedef enum tf_small_kind {
    TF_SMALL_IN_PLACE, /* operands are read where they lie */
    TF_SMALL_COPIED_A, /* A goes to the stack first */
    TF_SMALL_PANELS,   /* both do */
    TF_SMALL_ACROSS    /* a batch that is innermost: vectors run along it */
} tf_small_kind;

typedef struct tf_small {
    const tf_microkernel *kernel;
    tf_small_kind kind;
    tf_in_place shape;          /* in place: without what a run brings */
    int64_t blocks_m, blocks_n; /* in place: M and N are that many lines, products of their own */
    int64_t products, grain;    /* of all; of one piece of work */
    double nanoseconds;
    int64_t a_rows[TF_SMALL], a_columns[TF_SMALL], b_rows[TF_SMALL], b_columns[TF_SMALL];
    int64_t c_rows[TF_SMALL], c_columns[TF_SMALL];
} tf_small;

#endif
