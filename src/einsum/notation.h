/* Einsum notation as text, read into labels, one an axis. */
#ifndef TF_EINSUM_NOTATION_H
#define TF_EINSUM_NOTATION_H

#include "memory/context.h"

/*
 * A label is named by its code point; an axis of an ellipsis by this plus its distance from the
 * ellipsis' last axis.
 */
#define TF_ELLIPSIS_NAME INT64_C(0x110000)

typedef struct tf_notation {
    int count;      /* operands */
    int64_t *first; /* count + 1: operand i's axes are names[first[i]] .. names[first[i + 1] - 1] */
    int64_t *names;
    int64_t out_rank;
    int64_t *out_names; /* distinct, each in an operand */
    int *pairs;         /* the order that parentheses fix, as tf_order_left()'s; NULL without any */
} tf_notation;

/*
 * Reads the equation for `count` operands of the given ranks. INVALID_ARGUMENT: the notation, with
 * the position in characters from 1, or another number of operands; SHAPE_MISMATCH: an operand has
 * another rank than its labels.  On failure *out is empty.
 */
tenferro_status tf_notation_parse(tenferro_context *context, const char *equation, int count,
                                  const int *ranks, tf_notation *out);
void tf_notation_free(tenferro_context *context, tf_notation *notation);

/*
 * The next character of UTF-8 text: its length in bytes, 0 if it is malformed (overlong and
 * surrogates included).
 */
int tf_utf8_read(const char *text, uint32_t *code);
/* Writes the character and a final NUL; returns its length. */
int tf_utf8_write(uint32_t code, char out[5]);

#endif
