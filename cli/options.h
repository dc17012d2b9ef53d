/* The command line of a subcommand, read into one struct. */
#ifndef TENFERRO_CLI_OPTIONS_H
#define TENFERRO_CLI_OPTIONS_H

#include <tenferro/einsum.h>

/* Which options a subcommand takes; --help is always one. */
enum {
    OPTION_OUTPUT = 1 << 0,
    OPTION_THREADS = 1 << 1,
    OPTION_MEMORY_LIMIT = 1 << 2,
    OPTION_DTYPE = 1 << 3,
    OPTION_ORDER = 1 << 4,
    OPTION_JSON = 1 << 5,
    OPTION_QUIET = 1 << 6,
    OPTION_RANDOM = 1 << 7,
    OPTION_DATA = 1 << 8,
    OPTION_SAVE_DATA = 1 << 9,
    OPTION_SHAPES = 1 << 10,
    OPTION_FORMAT = 1 << 11,
    OPTION_CALIBRATE = 1 << 12,
    OPTION_OBJECTIVE = 1 << 13,
    OPTION_MOVES = 1 << 14,
    OPTION_SECONDS = 1 << 15,
    OPTION_SEED = 1 << 16
};

/* Strings are the argument vector's; absent ones are NULL. */
typedef struct options {
    int help;
    const char *output;
    int threads;          /* 0: not given */
    int64_t memory_limit; /* bytes; 0: not given */
    const char *memory_limit_text;
    tenferro_dtype dtype; /* 0: not given */
    const char *order;
    int json;
    int calibrate;
    int quiet;
    int random;
    uint64_t seed; /* of --random */
    const char *data;
    const char *save_data;
    const char *shapes;
    const char *format;
    tenferro_einsum_objective objective;
    int64_t moves;        /* 0: not given */
    double seconds;       /* 0: not given */
    uint64_t search_seed; /* of --seed */
    int count;            /* arguments that are no options */
    char **arguments;
} options;

/*
 * Reads argv[0 .. argc-1], what follows the subcommand's name.  An option begins with '-' and a letter, or with "--": an
 * equation may begin with "->".  Options and arguments mix; "--" ends the options.  argv is reordered.
 * INVALID_ARGUMENT, with a message for the user, for what cannot be read.
 */
tenferro_status
options_parse(const char *command, unsigned accepted, int argc, char **argv, options *out);

#endif
