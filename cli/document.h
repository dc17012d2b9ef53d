/* JSON documents: read, with a message that names the file and the place. */
#ifndef TENFERRO_CLI_DOCUMENT_H
#define TENFERRO_CLI_DOCUMENT_H

#include <jansson.h>
#include <tenferro/base.h>

/* The caller gives *out back with json_decref(); NULL on failure. */
tenferro_status document_read(const char *path, json_t **out);

/* The same from memory; `name` is used in messages. */
tenferro_status document_parse(const char *text, size_t length, const char *name, json_t **out);

#endif
