/* The order of a contraction as --order gives it. */

#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"

static tenferro_status read_path(const json_t *list, const char *name, order *out)
{
    size_t pairs = json_array_size(list);
    out->kind = TENFERRO_EINSUM_GIVEN;
    out->pairs = (int64_t)pairs;
    out->path = calloc(pairs > 0 ? 2 * pairs : 1, sizeof *out->path);
    if (!out->path)
        return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "%s: out of memory", name);
    for (size_t i = 0; i < pairs; i++) {
        const json_t *pair = json_array_get(list, i);
        for (size_t side = 0; side < 2; side++) {
            const json_t *position = json_array_get(pair, side);
            if (json_array_size(pair) != 2 || !json_is_integer(position))
                return tenferro_error_set(
                    TENFERRO_INVALID_ARGUMENT,
                    "%s: entry %zu of the path is not a pair of positions, [i, j]", name, i);
            out->path[2 * i + side] = json_integer_value(position);
        }
    }
    return TENFERRO_OK;
}

/* The list of pairs in a document: itself, or a member of an object; NULL if there is none. */
static const json_t *path_in(const json_t *document)
{
    static const char *const names[] = {"path", "path_linear"};
    if (json_is_array(document))
        return document;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *path = json_object_get(document, names[i]);
        if (json_is_array(path))
            return path;
    }
    return NULL;
}

/* Takes the document. */
static tenferro_status read_document(json_t *document, const char *name, order *out)
{
    const json_t *path = path_in(document);
    tenferro_status status = path ? read_path(path, name, out)
                                  : tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                                       "%s holds no path [[i, j], ...]", name);
    json_decref(document);
    return status;
}

static tenferro_status named_path(const char *name, const json_t *network, order *out)
{
    if (!network)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--order path:%s needs a network file that has paths", name);
    const json_t *path = path_in(json_object_get(json_object_get(network, "paths"), name));
    if (!path)
        path = path_in(json_object_get(network, name));
    if (!path)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "the network has no path named '%s'",
                                  name);
    return read_path(path, name, out);
}

static int is_file(const char *text)
{
    size_t length = strlen(text);
    return length > 5 && strcmp(text + length - 5, ".json") == 0;
}

tenferro_status order_parse(const char *text, const json_t *network, order *out)
{
    tenferro_status status = TENFERRO_OK;
    json_t *document = NULL;
    *out = (order){TENFERRO_EINSUM_AUTO, NULL, 0};
    if (!text || strcmp(text, "auto") == 0)
        return TENFERRO_OK;
    if (strcmp(text, "greedy") == 0)
        out->kind = TENFERRO_EINSUM_GREEDY;
    else if (strcmp(text, "left") == 0)
        out->kind = TENFERRO_EINSUM_LEFT_TO_RIGHT;
    else if (strcmp(text, "search") == 0)
        out->kind = TENFERRO_EINSUM_SEARCH;
    else if (text[0] == '[')
        status = document_parse(text, strlen(text), "--order", &document);
    else if (strncmp(text, "path:", 5) == 0)
        status = named_path(text + 5, network, out);
    else if (is_file(text))
        status = document_read(text, &document);
    else
        status = tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "--order takes auto, greedy, left, search, a path such as [[0,1],[0,1]], a .json "
            "file or path:NAME, not '%s'",
            text);
    if (document)
        status = read_document(document, text[0] == '[' ? "--order" : text, out);
    if (status != TENFERRO_OK)
        order_free(out);
    return status;
}

void order_free(order *o)
{
    free(o->path);
    *o = (order){TENFERRO_EINSUM_AUTO, NULL, 0};
}

tenferro_einsum_options order_options(const order *o)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    options.order = o->kind;
    options.path = o->path;
    options.path_length = o->pairs;
    return options;
}
