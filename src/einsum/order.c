/* Orders that need no thought: left to right, and a given path. */

#include "einsum/order.h"

#include <string.h>

void tf_order_left(int count, int *pairs)
{
    for (int step = 0; step + 1 < count; step++) {
        pairs[2 * step] = step == 0 ? 0 : count + step - 1;
        pairs[2 * step + 1] = step + 1;
    }
}

/*
 * The list that a path speaks of: the nodes not yet contracted, in the order of their numbers
 * (results are appended and have the next number).  A Fenwick tree counts them: positions to nodes
 * and back in O(log n).
 */
typedef struct node_list {
    int size;    /* of the tree, a power of two */
    int *counts; /* 1 .. size */
} node_list;

static void list_add(const node_list *list, int node, int change)
{
    for (int i = node + 1; i <= list->size; i += i & -i)
        list->counts[i] += change;
}

static int list_position(const node_list *list, int node)
{
    int position = 0;
    for (int i = node; i > 0; i -= i & -i)
        position += list->counts[i];
    return position;
}

static int list_node(const node_list *list, int position)
{
    int node = 0;
    for (int half = list->size; half > 0; half /= 2)
        if (node + half <= list->size && list->counts[node + half] <= position) {
            node += half;
            position -= list->counts[node];
        }
    return node;
}

/* Holds the operands. */
static tenferro_status list_create(tenferro_context *context, int count, node_list *list)
{
    int64_t size = 1;
    while (size < 2 * (int64_t)count)
        size *= 2;
    if (size >= INT32_MAX)
        return tf_fail(TENFERRO_OVERFLOW, "einsum: %d operands are too many", count);
    list->size = (int)size;
    list->counts = tf_calloc(context, size + 1, sizeof *list->counts);
    if (!list->counts)
        return TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < count; i++)
        list_add(list, i, 1);
    return TENFERRO_OK;
}

tenferro_status tf_order_given(tenferro_context *context, int count, const int64_t *path,
                               int64_t length, int *pairs)
{
    node_list list;
    if (length != count - 1)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: a path of %lld pairs for %d operands; there must be %d",
                       (long long)length, count, count - 1);
    if (length > 0 && !path)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: options.path is NULL");
    TF_TRY(list_create(context, count, &list));
    for (int step = 0; step < count - 1; step++) {
        int left = count - step;
        int64_t a = path[2 * step], b = path[2 * step + 1];
        if (a < 0 || a >= left || b < 0 || b >= left || a == b) {
            tf_free(context, list.counts);
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "einsum: pair %d of the path is (%lld, %lld), with %d operands left",
                           step, (long long)a, (long long)b, left);
        }
        pairs[2 * step] = list_node(&list, (int)a);
        pairs[2 * step + 1] = list_node(&list, (int)b);
        list_add(&list, pairs[2 * step], -1);
        list_add(&list, pairs[2 * step + 1], -1);
        list_add(&list, count + step, 1);
    }
    tf_free(context, list.counts);
    return TENFERRO_OK;
}

tenferro_status
tf_order_to_path(tenferro_context *context, int count, const int *pairs, int64_t *path)
{
    node_list list;
    TF_TRY(list_create(context, count, &list));
    for (int step = 0; step < count - 1; step++) {
        for (int side = 0; side < 2; side++)
            path[2 * step + side] = list_position(&list, pairs[2 * step + side]);
        for (int side = 0; side < 2; side++)
            list_add(&list, pairs[2 * step + side], -1);
        list_add(&list, count + step, 1);
    }
    tf_free(context, list.counts);
    return TENFERRO_OK;
}
