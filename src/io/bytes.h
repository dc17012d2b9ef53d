/* Little-endian numbers in byte strings, whatever the machine's order. */
#ifndef TF_IO_BYTES_H
#define TF_IO_BYTES_H

#include <stdint.h>

static inline uint16_t tf_get16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t tf_get32(const unsigned char *p)
{
    return (uint32_t)tf_get16(p) | (uint32_t)tf_get16(p + 2) << 16;
}
static inline uint64_t tf_get64(const unsigned char *p)
{
    return (uint64_t)tf_get32(p) | (uint64_t)tf_get32(p + 4) << 32;
}

/* Each returns the place behind what it wrote. */
static inline unsigned char *tf_put16(unsigned char *p, unsigned value)
{
    *p++ = (unsigned char)(value & 0xff);
    *p++ = (unsigned char)(value >> 8 & 0xff);
    return p;
}
static inline unsigned char *tf_put32(unsigned char *p, uint32_t value)
{
    return tf_put16(tf_put16(p, value & 0xffff), value >> 16);
}
static inline unsigned char *tf_put64(unsigned char *p, uint64_t value)
{
    return tf_put32(tf_put32(p, (uint32_t)value), (uint32_t)(value >> 32));
}

#endif
