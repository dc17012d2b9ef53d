/* Sizes and counts as people write and read them. */
#ifndef TENFERRO_CLI_UNITS_H
#define TENFERRO_CLI_UNITS_H

#include <tenferro/base.h>

/* "2GiB", "1.5MiB", "500MB", "1000000", "64 B": bytes.  INVALID_ARGUMENT or OVERFLOW, without a message. */
tenferro_status parse_bytes(const char *text, int64_t *out);

/* A number as text of its own, so that several can stand in one call of printf. */
typedef struct number_text {
    char chars[32];
} number_text;

number_text bytes_text(double bytes);  /* "512 B", "1.5 MiB" */
number_text count_text(double count);  /* "42", "1234567", "6.71e+09" */
number_text time_text(double seconds); /* "4.87 us", "12.3 s" */

#endif
