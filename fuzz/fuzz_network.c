/* Any bytes as a network file: read or refused with a message, and what was read is consistent. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro/base.h>

#include "network.h"
#include "order.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    network n;
    order o;
    tenferro_status status = network_parse((const char *)bytes, count, "fuzz.json", &n);
    if (status != TENFERRO_OK) {
        if (strlen(tenferro_error_message()) == 0 || n.root)
            abort();
        return 0;
    }
    int64_t sum = 0;
    for (int i = 0; i < n.count; i++)
        for (int k = 0; k < n.ranks[i]; k++) {
            sum ^= n.labels[i][k];
            if (n.extents[i][k] < 0)
                abort();
        }
    for (int k = 0; k < n.out_rank; k++)
        sum ^= n.out_labels[k];
    volatile int64_t read_all = sum; /* so that the reads above are not optimised away */
    (void)read_all;
    if (!(network_bytes(&n, n.dtype) >= 0))
        abort();
    if (order_parse("path:opt_flops", n.root, &o) == TENFERRO_OK)
        order_free(&o);
    network_free(&n);
    return 0;
}
