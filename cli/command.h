/* The subcommands, and how each ends. */
#ifndef TENFERRO_CLI_COMMAND_H
#define TENFERRO_CLI_COMMAND_H

#include <tenferro/base.h>

/* Each takes what follows its name and returns the exit status of the process. */
int command_einsum(int argc, char **argv);
int command_contract(int argc, char **argv);
int command_path(int argc, char **argv);
int command_info(int argc, char **argv);

extern const char einsum_help[], contract_help[], path_help[], info_help[];

/* Prints the help; 0, or 1 if it cannot be written. */
int command_help(const char *text);

/* 0 for OK if all output could be written; else one line on stderr and 1, or 128 + the signal that cancelled. */
int command_end(tenferro_status status);

/* One line on stderr, this thread's message; 2. */
int command_usage(void);

#endif
