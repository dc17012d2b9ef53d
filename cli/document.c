/* JSON documents: read, with a message that names the file and the place. */

#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static tenferro_status check(const json_t *document, const char *name, const json_error_t *error)
{
    if (document)
        return TENFERRO_OK;
    return tenferro_error_set(TENFERRO_IO, "%s: not JSON: line %d, column %d: %s", name,
                              error->line < 1 ? 1 : error->line,
                              error->column < 0 ? 0 : error->column, error->text);
}

tenferro_status document_read(const char *path, json_t **out)
{
    json_error_t error;
    FILE *file = fopen(path, "rb");
    *out = NULL;
    if (!file)
        return tenferro_error_set(TENFERRO_IO, "%s: %s", path, strerror(errno));
    *out = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    int failed = ferror(file);
    fclose(file);
    if (failed && !*out)
        return tenferro_error_set(TENFERRO_IO, "%s: cannot be read", path);
    return check(*out, path, &error);
}

tenferro_status document_parse(const char *text, size_t length, const char *name, json_t **out)
{
    json_error_t error;
    *out = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    return check(*out, name, &error);
}
