/* The command line of a subcommand, read into one struct. */

#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"

#define MOST_THREADS 4096

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Found out before the work, not after it: the folder must exist and be writable. */
static tenferro_status check_writable(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    char *folder = malloc(length + 2);
    if (!folder)
        return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (!slash || length == 0)
        strcpy(folder, slash ? "/" : ".");
    else {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    tenferro_status status = TENFERRO_OK;
    if (access(folder, W_OK | X_OK) != 0)
        status = tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "cannot write %s: folder '%s': %s",
                                    path, folder, strerror(errno));
    free(folder);
    return status;
}

static tenferro_status set_output(options *o, const char *value)
{
    o->output = value;
    if (!ends_with(value, ".npy"))
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "the output '%s' must be a .npy file",
                                  value);
    return check_writable(value);
}

static tenferro_status set_threads(options *o, const char *value)
{
    char *end;
    errno = 0;
    long threads = strtol(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno || threads < 1 || threads > MOST_THREADS)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--threads takes a number from 1 to %d, not '%s'", MOST_THREADS,
                                  value);
    o->threads = (int)threads;
    return TENFERRO_OK;
}

static tenferro_status set_memory_limit(options *o, const char *value)
{
    o->memory_limit_text = value;
    tenferro_status status = parse_bytes(value, &o->memory_limit);
    if (status == TENFERRO_OVERFLOW)
        return tenferro_error_set(status, "--memory-limit '%s' is more than 2^63 bytes", value);
    if (status != TENFERRO_OK || o->memory_limit == 0)
        return tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "--memory-limit takes a size such as 2GiB, 500MB or 1000000, not '%s'", value);
    return TENFERRO_OK;
}

static tenferro_status set_dtype(options *o, const char *value)
{
    if (tenferro_dtype_from_name(value, &o->dtype) != TENFERRO_OK)
        return tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "--dtype takes i32, i64, f32, f64, c64 or c128 (or float64 and so on), "
            "not '%s'",
            value);
    return TENFERRO_OK;
}

static tenferro_status set_order(options *o, const char *value)
{
    o->order = value;
    return TENFERRO_OK;
}

static tenferro_status set_json(options *o, const char *value)
{
    (void)value;
    o->json = 1;
    return TENFERRO_OK;
}

static tenferro_status set_calibrate(options *o, const char *value)
{
    (void)value;
    o->calibrate = 1;
    return TENFERRO_OK;
}

static tenferro_status set_quiet(options *o, const char *value)
{
    (void)value;
    o->quiet = 1;
    return TENFERRO_OK;
}

static tenferro_status set_random(options *o, const char *value)
{
    char *end;
    errno = 0;
    unsigned long long seed = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--random takes a seed, a number from 0 to 2^64-1, not '%s'",
                                  value);
    o->random = 1;
    o->seed = seed;
    return TENFERRO_OK;
}

static tenferro_status set_data(options *o, const char *value)
{
    o->data = value;
    return TENFERRO_OK;
}

static tenferro_status set_save_data(options *o, const char *value)
{
    o->save_data = value;
    if (!ends_with(value, ".npz"))
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "--save-data '%s' must be a .npz file",
                                  value);
    return check_writable(value);
}

static tenferro_status set_shapes(options *o, const char *value)
{
    o->shapes = value;
    return TENFERRO_OK;
}

static tenferro_status set_format(options *o, const char *value)
{
    o->format = value;
    if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0 && strcmp(value, "dot") != 0)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--format takes text, json or dot, not '%s'", value);
    return TENFERRO_OK;
}

static tenferro_status set_objective(options *o, const char *value)
{
    static const char *const names[] = {"seconds", "flops", "size", "weighted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0) {
            o->objective = (tenferro_einsum_objective)i;
            return TENFERRO_OK;
        }
    return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                              "--objective takes seconds, flops, size or weighted, not '%s'", value);
}

static tenferro_status set_moves(options *o, const char *value)
{
    char *end;
    double moves = strtod(value, &end);
    if (*end || !(moves >= 1 && moves <= 1e18))
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--moves takes a number from 1 to 1e18, not '%s'", value);
    o->moves = (int64_t)moves;
    return TENFERRO_OK;
}

static tenferro_status set_seconds(options *o, const char *value)
{
    char *end;
    o->seconds = strtod(value, &end);
    if (*end || !(o->seconds > 0 && o->seconds <= 1e9))
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--seconds takes a positive number, not '%s'", value);
    return TENFERRO_OK;
}

static tenferro_status set_seed(options *o, const char *value)
{
    char *end;
    errno = 0;
    o->search_seed = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno)
        return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                  "--seed takes a number from 0 to 2^64-1, not '%s'", value);
    return TENFERRO_OK;
}

typedef struct option_kind {
    const char *name;
    const char *letter; /* short form, or NULL */
    unsigned bit;
    int has_value;
    tenferro_status (*set)(options *o, const char *value);
} option_kind;

static const option_kind kinds[] = {
    {"--output", "-o", OPTION_OUTPUT, 1, set_output},
    {"--threads", NULL, OPTION_THREADS, 1, set_threads},
    {"--memory-limit", NULL, OPTION_MEMORY_LIMIT, 1, set_memory_limit},
    {"--dtype", NULL, OPTION_DTYPE, 1, set_dtype},
    {"--order", NULL, OPTION_ORDER, 1, set_order},
    {"--json", NULL, OPTION_JSON, 0, set_json},
    {"--calibrate", NULL, OPTION_CALIBRATE, 0, set_calibrate},
    {"--quiet", "-q", OPTION_QUIET, 0, set_quiet},
    {"--random", NULL, OPTION_RANDOM, 1, set_random},
    {"--data", NULL, OPTION_DATA, 1, set_data},
    {"--save-data", NULL, OPTION_SAVE_DATA, 1, set_save_data},
    {"--shapes", NULL, OPTION_SHAPES, 1, set_shapes},
    {"--format", NULL, OPTION_FORMAT, 1, set_format},
    {"--objective", NULL, OPTION_OBJECTIVE, 1, set_objective},
    {"--moves", NULL, OPTION_MOVES, 1, set_moves},
    {"--seconds", NULL, OPTION_SECONDS, 1, set_seconds},
    {"--seed", NULL, OPTION_SEED, 1, set_seed},
};

/* The option that an argument names, "--name" or "--name=value" or "-n"; NULL if there is none. */
static const option_kind *find_kind(const char *argument, unsigned accepted, const char **value)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    *value = equals ? equals + 1 : NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const option_kind *kind = &kinds[i];
        int is_long = strlen(kind->name) == length && strncmp(argument, kind->name, length) == 0;
        int is_short = kind->letter && strcmp(argument, kind->letter) == 0;
        if ((kind->bit & accepted) && (is_long || is_short))
            return kind;
    }
    return NULL;
}

static int is_option(const char *argument)
{
    return argument[0] == '-' && (argument[1] == '-' || isalpha((unsigned char)argument[1]));
}

tenferro_status
options_parse(const char *command, unsigned accepted, int argc, char **argv, options *out)
{
    memset(out, 0, sizeof *out);
    out->arguments = argv;
    unsigned given = 0;
    int only_arguments = 0;
    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i], *value;
        if (only_arguments || !is_option(argument)) {
            out->arguments[out->count++] = argv[i];
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            only_arguments = 1;
            continue;
        }
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            out->help = 1;
            return TENFERRO_OK;
        }
        const option_kind *kind = find_kind(argument, accepted, &value);
        if (!kind)
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                      "unknown option '%s' (see 'tenferro %s --help')", argument,
                                      command);
        if (given & kind->bit)
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "%s is given twice", kind->name);
        given |= kind->bit;
        if (kind->has_value && !value && i + 1 < argc)
            value = argv[++i];
        if (kind->has_value && !value)
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "%s needs a value", argument);
        if (!kind->has_value && value)
            return tenferro_error_set(TENFERRO_INVALID_ARGUMENT, "%s takes no value", kind->name);
        tenferro_status status = kind->set(out, value);
        if (status != TENFERRO_OK)
            return status;
    }
    return TENFERRO_OK;
}
