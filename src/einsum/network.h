/*
 * A tensor network: operands whose axes carry labels, numbered densely, and the axes of the output.
 *
 * An axis of literal extent 1 never counts: it either broadcasts against a label that is longer
 * elsewhere, or is summed or kept without any work.  So it has no label here, and every label has
 * an extent other than 1.
 */
#ifndef TF_EINSUM_NETWORK_H
#define TF_EINSUM_NETWORK_H

#include <tenferro/extent.h>

#include "memory/context.h"

typedef struct tf_network {
    tenferro_context *context;
    int count;                /* operands, at least 1 */
    int labels;               /* numbered in the order of their first occurrence */
    int64_t *first;           /* count + 1: operand i has the axes first[i] .. first[i + 1] - 1 */
    int *axis_labels;         /* of each axis its label, or -1 */
    int64_t *axis_extents;    /* of each axis, as given */
    int64_t *set_first;       /* count + 1: into sets */
    int *sets;                /* of each operand its labels, each once, ascending */
    int64_t *extents;         /* of each label; maybe symbolic */
    int64_t *names;           /* of each label: what the user called it */
    unsigned char *in_output; /* of each label */
    int out_rank;
    int *out_labels; /* of each output axis its label, or -1 */
    int64_t *out_extents;
    int spelled;  /* names are code points and TF_ELLIPSIS_NAME + i; else the user's integers */
    int empty;    /* an extent is 0: the output is empty or all zeros */
    int symbolic; /* an extent is symbolic */
} tf_network;

/* names: one an axis, operand after operand.  Everything is copied.  On failure *out is empty. */
tenferro_status
tf_network_create(tenferro_context *context, int spelled, int count, const int *ranks,
                  const int64_t *names, const int64_t *const *extents, int64_t out_rank,
                  const int64_t *out_names, tf_network *out);
void tf_network_free(tf_network *network);

/*
 * A label for a message or a listing: the letter, "...-1" (the ellipsis' last axis), or the
 * integer.
 */
typedef struct tf_label_text {
    char chars[24];
} tf_label_text;
tf_label_text tf_label_name(const tf_network *network, int label);

/* The extent as a number for estimates: a symbol counts as 64. */
static inline double tf_extent_estimate(int64_t extent)
{
    return tenferro_extent_is_symbol(extent) ? 64.0 : (double)extent;
}

#endif
