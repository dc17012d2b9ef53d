/* Slicing by 8: Kounavis and Berry, "A systematic approach to building high performance
 * software-based CRC generators", 2005. */

#include "io/crc32.h"

#include "io/bytes.h"

#define POLYNOMIAL 0xedb88320u /* 0x04c11db7 with its bits reversed */

void tf_crc32_init(tf_crc32 *crc32)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        crc32->table[0][byte] = crc;
    }
    for (int k = 1; k < 8; k++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = crc32->table[k - 1][byte];
            crc32->table[k][byte] = crc >> 8 ^ crc32->table[0][crc & 0xff];
        }
}

uint32_t tf_crc32_update(const tf_crc32 *crc32, uint32_t crc, const void *bytes, size_t count)
{
    const uint32_t(*table)[256] = crc32->table;
    const unsigned char *p = bytes;
    crc = ~crc;
    for (; count >= 8; count -= 8, p += 8) {
        uint32_t low = crc ^ tf_get32(p);
        uint32_t high = tf_get32(p + 4);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
              table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; count > 0; count--, p++)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
    return ~crc;
}
