/* Sizes and counts as people write and read them. */

#include "units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t bytes;
} units[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"TiB", INT64_C(1) << 40},
};

tenferro_status parse_bytes(const char *text, int64_t *out)
{
    int64_t whole = 0;
    double fraction = 0, place = 1;
    int digits = 0;
    for (; isdigit((unsigned char)*text); text++, digits++) {
        int digit = *text - '0';
        if (whole > (INT64_MAX - digit) / 10)
            return TENFERRO_OVERFLOW;
        whole = 10 * whole + digit;
    }
    if (digits > 0 && *text == '.') {
        for (text++, digits = 0; isdigit((unsigned char)*text); text++, digits++)
            fraction += (*text - '0') * (place /= 10);
    }
    if (digits == 0)
        return TENFERRO_INVALID_ARGUMENT;
    if (*text == ' ')
        text++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        int64_t rest = (int64_t)(fraction * (double)units[i].bytes);
        if (whole > (INT64_MAX - rest) / units[i].bytes)
            return TENFERRO_OVERFLOW;
        *out = whole * units[i].bytes + rest;
        return TENFERRO_OK;
    }
    return TENFERRO_INVALID_ARGUMENT;
}

number_text bytes_text(double bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    number_text text;
    int unit = 0;
    for (; bytes >= 1024 && unit < 6; unit++)
        bytes /= 1024;
    snprintf(text.chars, sizeof text.chars,
             unit == 0     ? "%.0f %s"
             : bytes < 1e6 ? "%.1f %s"
                           : "%.3g %s",
             bytes, names[unit]);
    return text;
}

number_text count_text(double count)
{
    number_text text;
    snprintf(text.chars, sizeof text.chars, count < 1e7 ? "%.0f" : "%.3g", count);
    return text;
}

number_text time_text(double seconds)
{
    number_text text;
    if (seconds < 1e-3)
        snprintf(text.chars, sizeof text.chars, "%.3g us", 1e6 * seconds);
    else if (seconds < 1)
        snprintf(text.chars, sizeof text.chars, "%.3g ms", 1e3 * seconds);
    else
        snprintf(text.chars, sizeof text.chars, "%.1f s", seconds);
    return text;
}
