/* Building text into a caller's buffer in snprintf's manner: keeps counting when the buffer is full. */
#ifndef TF_SUPPORT_TEXT_H
#define TF_SUPPORT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "support/status.h"

typedef struct tf_text {
    char *buffer;
    size_t size;
    size_t length;
} tf_text;

/* buffer may be NULL if size is 0. */
void tf_text_init(tf_text *text, char *buffer, size_t size);
void tf_text_add(tf_text *text, const char *format, ...) TENFERRO_PRINTF(2, 3);
/* "(2, 3, 4)" */
void tf_text_add_extents(tf_text *text, int rank, const int64_t *extents);
/* Stores the whole length; the text is always NUL-terminated if size > 0. */
void tf_text_finish(const tf_text *text, size_t *needed);

/* A shape for an error message, in a small fixed buffer: tf_shape_text(rank, extents).chars.  Long
 * shapes are cut. */
typedef struct tf_shape_chars {
    char chars[192];
} tf_shape_chars;
tf_shape_chars tf_shape_text(int rank, const int64_t *extents);

#endif
