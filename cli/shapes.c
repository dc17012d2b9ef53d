/* Shapes of operands as --shapes gives them. */

#include "shapes.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static tenferro_status wrong(const char *text)
{
    return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                              "--shapes takes one shape an operand, such as '2x3,3x4', not '%s'",
                              text);
}

/* Reads an extent and moves on; -1 if there is none. */
static int64_t read_extent(const char **at)
{
    int64_t extent = 0;
    if (!isdigit((unsigned char)**at))
        return -1;
    for (; isdigit((unsigned char)**at); ++*at) {
        int digit = **at - '0';
        if (extent > (INT64_MAX - digit) / 10)
            return -1;
        extent = 10 * extent + digit;
    }
    return extent;
}

static tenferro_status read_shapes(const char *text, shapes *out)
{
    size_t used = 0;
    const char *at = text;
    for (int i = 0; i < out->count; i++, at++) {
        out->extents[i] = out->axis_extents + used;
        while (*at && *at != ',') {
            int64_t extent = read_extent(&at);
            if (extent < 0)
                return wrong(text);
            out->axis_extents[used++] = extent;
            out->ranks[i]++;
            if (*at == 'x' && isdigit((unsigned char)at[1]))
                at++;
            else if (*at && *at != ',')
                return wrong(text);
        }
    }
    return TENFERRO_OK;
}

tenferro_status shapes_parse(const char *text, shapes *out)
{
    size_t length = strlen(text);
    *out = (shapes){.count = 1};
    if (length >= INT_MAX)
        return wrong("(very long)");
    for (const char *c = text; *c; c++)
        out->count += *c == ',';
    out->ranks = calloc((size_t)out->count, sizeof *out->ranks);
    out->extents = calloc((size_t)out->count, sizeof *out->extents);
    out->axis_extents = calloc(length + 1,
                               sizeof *out->axis_extents); /* fewer axes than characters */
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    if (out->ranks && out->extents && out->axis_extents)
        status = read_shapes(text, out);
    else
        tenferro_error_set(status, "out of memory");
    if (status != TENFERRO_OK)
        shapes_free(out);
    return status;
}

void shapes_free(shapes *s)
{
    free(s->ranks);
    free(s->extents);
    free(s->axis_extents);
    *s = (shapes){.count = 0};
}
