/* tenferro, the command line tool: finds the subcommand. */

#include <stdio.h>
#include <string.h>

#include "command.h"

static const char help[] =
    "usage: tenferro COMMAND [arguments]\n"
    "\n"
    "  einsum    contract arrays:            tenferro einsum 'ij,jk->ik' a.npy b.npy -o c.npy\n"
    "  contract  contract a tensor network:  tenferro contract network.json --random 42\n"
    "  path      show order, cost, memory:   tenferro path 'ij,jk,kl->il' --shapes 2x3,3x4,4x5\n"
    "  info      show what was found:        tenferro info\n"
    "\n"
    "  tenferro COMMAND --help               all options of a command\n"
    "  tenferro --version\n"
    "\n"
    "Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 cancelled by "
    "Ctrl-C.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"einsum", command_einsum, einsum_help},
    {"contract", command_contract, contract_help},
    {"path", command_path, path_help},
    {"info", command_info, info_help},
};

static int find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return (int)i;
    tenferro_error_set(
        TENFERRO_INVALID_ARGUMENT,
        "unknown command '%s': one of einsum, contract, path, info (see 'tenferro --help')", name);
    return -1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                           "a command is missing (see 'tenferro --help')");
        return command_usage();
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("tenferro %s\n", tenferro_version());
        return command_end(TENFERRO_OK);
    }
    int wants_help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
                     strcmp(name, "help") == 0;
    if (wants_help && argc == 2)
        return command_help(help);
    int command = find_command(wants_help ? argv[2] : name);
    if (command < 0)
        return command_usage();
    return wants_help ? command_help(commands[command].help)
                      : commands[command].run(argc - 2, argv + 2);
}
