/* Text in snprintf's manner, and shapes for messages. */

#include "support/text.h"

#include <tenferro/extent.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tf_text_init(tf_text *text, char *buffer, size_t size)
{
    text->buffer = buffer;
    text->size = size;
    text->length = 0;
    if (size > 0)
        buffer[0] = '\0';
}

void tf_text_add(tf_text *text, const char *format, ...)
{
    size_t used = TF_MIN(text->length, text->size);
    char *end = text->size > 0 ? text->buffer + used : NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(end, text->size - used, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length;
}

void tf_text_add_extents(tf_text *text, int rank, const int64_t *extents)
{
    tf_text_add(text, "(");
    for (int i = 0; i < rank; i++) {
        tf_text_add(text, i > 0 ? ", " : "");
        if (tenferro_extent_is_symbol(extents[i]))
            tf_text_add(text, "?"); /* its name is the context's to know */
        else
            tf_text_add(text, "%lld", (long long)extents[i]);
    }
    tf_text_add(text, ")");
}

void tf_text_finish(const tf_text *text, size_t *needed)
{
    if (needed)
        *needed = text->length;
}

tf_shape_chars tf_shape_text(int rank, const int64_t *extents)
{
    tf_shape_chars shape;
    tf_text text;
    tf_text_init(&text, shape.chars, sizeof shape.chars);
    tf_text_add_extents(&text, rank, extents);
    if (text.length >= sizeof shape.chars)
        memcpy(shape.chars + sizeof shape.chars - 6, " ...)", 6);
    return shape;
}
