/* CRC-32 as zip has it (polynomial 0x04c11db7, reflected), eight bytes at a time. */
#ifndef TF_IO_CRC32_H
#define TF_IO_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* table[k][b]: the checksum's change by byte b followed by k zero bytes. */
typedef struct tf_crc32 {
    uint32_t table[8][256];
} tf_crc32;

void tf_crc32_init(tf_crc32 *crc32);

/* The checksum of what `crc` is the checksum of (0: nothing), followed by these bytes. */
uint32_t tf_crc32_update(const tf_crc32 *crc32, uint32_t crc, const void *bytes, size_t count);

#endif
