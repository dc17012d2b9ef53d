/* What was done, as text for people or as JSON for programs. */
#ifndef TENFERRO_CLI_REPORT_H
#define TENFERRO_CLI_REPORT_H

#include "contraction.h"

/* Two lines on stderr, none with --quiet. */
tenferro_status report_text(const contraction *c);

/* One line of JSON on stdout.  The elements of a small result that is not written to a file are in it. */
tenferro_status report_json(const contraction *c);

#endif
