/* tenferro info: what this installation has found and chosen. */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro/rates.h>

#include "command.h"
#include "options.h"
#include "session.h"

const char info_help
    [] = "usage: tenferro info [--json] [--calibrate] [--threads N]\n"
         "\n"
         "Shows the version, the processor's features and the kernels chosen, the threads, and "
         "which guest\n"
         "libraries were found and where.  TENFERRO_ISA and TENFERRO_BLAS override the choice.\n"
         "Then the rates that routes of contractions are chosen by.\n"
         "\n"
         "  --calibrate            measures the rates first\n"
         "  --json                 as a JSON object\n"
         "  --threads N            as it would be with --threads N\n";

/* The lines "key: value" as an object. */
static tenferro_status print_json(char *text)
{
    json_t *object = json_object();
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        json_object_set_new(object, line, json_string(colon + 1 + strspn(colon + 1, " ")));
    }
    char *json = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (!json)
        return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    puts(json);
    free(json);
    return TENFERRO_OK;
}

static tenferro_status print(const tenferro_context *context, int as_json)
{
    size_t facts = 0, rates = 0;
    tenferro_status status = tenferro_context_describe(context, NULL, 0, &facts);
    if (status == TENFERRO_OK)
        status = tenferro_context_describe_rates(context, NULL, 0, &rates);
    size_t needed = facts + rates;
    char *text = status == TENFERRO_OK ? malloc(needed + 1) : NULL;
    if (status == TENFERRO_OK && !text)
        status = tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (status == TENFERRO_OK)
        status = tenferro_context_describe(context, text, facts + 1, NULL);
    if (status == TENFERRO_OK)
        status = tenferro_context_describe_rates(context, text + facts, rates + 1, NULL);
    if (status == TENFERRO_OK && as_json)
        status = print_json(text);
    else if (status == TENFERRO_OK)
        printf("%s%s", text, needed > 0 && text[needed - 1] == '\n' ? "" : "\n");
    free(text);
    return status;
}

int command_info(int argc, char **argv)
{
    options o;
    tenferro_context *context = NULL;
    tenferro_status status = options_parse("info", OPTION_JSON | OPTION_THREADS | OPTION_CALIBRATE,
                                           argc, argv, &o);
    if (status == TENFERRO_OK && o.help)
        return command_help(info_help);
    if (status == TENFERRO_OK && o.count > 0)
        status = tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "info takes no argument '%s'",
                                    o.arguments[0]);
    if (status != TENFERRO_OK)
        return command_usage();
    status = session_open(&o, NULL, &context);
    if (status == TENFERRO_OK && o.calibrate)
        status = tenferro_context_calibrate(context);
    if (status == TENFERRO_OK)
        status = print(context, o.json);
    session_close(context);
    return command_end(status);
}
