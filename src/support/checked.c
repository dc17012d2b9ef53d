/* Checked products of extents. */

#include "support/checked.h"

int tf_product_overflows(int rank, const int64_t *extents, int64_t *out)
{
    int64_t product = 1;
    int overflows = 0;
    for (int i = 0; i < rank; i++) {
        if (extents[i] == 0) {
            *out = 0;
            return 0;
        }
        overflows = overflows || tf_mul_overflows(product, extents[i], &product);
    }
    *out = product;
    return overflows;
}
