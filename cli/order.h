/* The order of a contraction as --order gives it. */
#ifndef TENFERRO_CLI_ORDER_H
#define TENFERRO_CLI_ORDER_H

#include <jansson.h>
#include <tenferro/einsum.h>

typedef struct order {
    tenferro_einsum_order kind;
    int64_t *path; /* 2*pairs positions; NULL unless kind is GIVEN */
    int64_t pairs;
} order;

/*
 * "auto", "greedy", "left"; a path as JSON, "[[0,1],[0,1]]"; a file ending in .json that holds such a path, alone or as the
 * member "path" or "path_linear" of an object; "path:NAME", a path that came with the network.
 *
 * @param text    NULL means "auto"
 * @param network the network's document; NULL if there is none
 */
tenferro_status order_parse(const char *text, const json_t *network, order *out);
void order_free(order *o);

/* The planner's options for it. */
tenferro_einsum_options order_options(const order *o);

#endif
