/* A tensor network read from JSON: {"ixs": [[0,1],[1,2]], "iy": [0,2], "size": [2,3,4]}.  See docs/cli.md. */
#ifndef TENFERRO_CLI_NETWORK_H
#define TENFERRO_CLI_NETWORK_H

#include <jansson.h>
#include <tenferro/dtype.h>

typedef struct network {
    int count;              /* operands, at least 1 */
    int *ranks;             /* one an operand */
    const int64_t **labels; /* labels[i] and extents[i] have ranks[i] entries */
    const int64_t **extents;
    int out_rank;
    int64_t *out_labels;
    tenferro_dtype dtype;
    json_t *root;         /* the whole document, for orders and names of operands */
    int64_t *axis_labels; /* what labels and extents point into */
    int64_t *axis_extents;
} network;

/* Reads text; `name` is used in messages.  On failure *out is empty and a message is set. */
tenferro_status network_parse(const char *text, size_t length, const char *name, network *out);
tenferro_status network_read(const char *path, network *out);
void network_free(network *n);

/* The name of operand i's data: "operands"[i] of the document, or NULL if it has no such list. */
const char *network_operand_name(const network *n, int operand);

/* Bytes of all operands if their elements have that dtype; a double, for it may be huge. */
double network_bytes(const network *n, tenferro_dtype dtype);

#endif
