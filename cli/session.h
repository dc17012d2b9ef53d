/* A context with a progress bar, that Ctrl-C cancels. */
#ifndef TENFERRO_CLI_SESSION_H
#define TENFERRO_CLI_SESSION_H

#include <tenferro/context.h>

#include "options.h"

/*
 * Creates the context for a command.  Until session_close() the first SIGINT or SIGTERM cancels the context's work, a second
 * one ends the process; and long work draws a bar on stderr, if that is a terminal.
 *
 * @param blas as in tenferro_context_options: "none" for commands that do not compute
 */
tenferro_status session_open(const options *o, const char *blas, tenferro_context **out);
/* Takes the bar off the screen. */
void session_clear_bar(void);
void session_close(tenferro_context *context);

/* The signal that came, or 0. */
int session_signal(void);

#endif
