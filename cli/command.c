/* How a subcommand ends: its exit status and its one line of error. */

#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

/* One line, whatever is in the message: file names and equations are the user's. */
static void complain(const char *message)
{
    fputs("tenferro: ", stderr);
    for (const char *c = message; *c; c++)
        fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, stderr);
    fputc('\n', stderr);
}

static int flush_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "tenferro: cannot write to standard output: %s\n", strerror(errno));
    return 1;
}

int command_help(const char *text)
{
    fputs(text, stdout);
    return flush_output();
}

int command_end(tenferro_status status)
{
    if (status == TENFERRO_OK)
        return flush_output();
    if (session_signal()) {
        complain("cancelled");
        return 128 + session_signal();
    }
    complain(tenferro_error_message());
    return 1;
}

int command_usage(void)
{
    complain(tenferro_error_message());
    return 2;
}
