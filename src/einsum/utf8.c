/* One character of UTF-8 (RFC 3629), in and out. */

#include "einsum/notation.h"

int tf_utf8_read(const char *text, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)text[0];
    int length = lead < 0x80   ? 1
                 : lead < 0xc0 ? 0
                 : lead < 0xe0 ? 2
                 : lead < 0xf0 ? 3
                 : lead < 0xf8 ? 4
                               : 0;
    if (length <= 1) {
        *code = lead;
        return length;
    }
    uint32_t value = lead & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text[i]; /* a NUL is no continuation: it ends there */
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3fu);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return length;
}

int tf_utf8_write(uint32_t code, char out[5])
{
    int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char mark[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (int i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(mark[length] | code);
    out[length] = '\0';
    return length;
}
