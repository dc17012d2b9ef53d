/* Hashing of bytes and words. */
#ifndef TF_SUPPORT_HASH_H
#define TF_SUPPORT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "support/status.h"

uint64_t tf_hash_bytes(const void *bytes, size_t count, uint64_t seed);
static inline uint64_t tf_hash_u64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x;
}

#endif
