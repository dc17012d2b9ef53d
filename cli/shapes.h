/* Shapes of operands as --shapes gives them. */
#ifndef TENFERRO_CLI_SHAPES_H
#define TENFERRO_CLI_SHAPES_H

#include <tenferro/base.h>

typedef struct shapes {
    int count;
    int *ranks;
    const int64_t **extents;
    int64_t *axis_extents; /* what extents points into */
} shapes;

/* "2x3,3x4": operands separated by commas, extents by 'x'; nothing between commas is a scalar. */
tenferro_status shapes_parse(const char *text, shapes *out);
void shapes_free(shapes *s);

#endif
