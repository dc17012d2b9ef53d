/*
 * A hash of bytes for tables of our own (not for adversaries): eight bytes a step, mixed by
 * tf_hash_u64.
 */

#include "support/hash.h"

#include <string.h>

uint64_t tf_hash_bytes(const void *bytes, size_t count, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t hash = tf_hash_u64(seed ^ ((uint64_t)count * 0x9e3779b97f4a7c15u));
    for (; count >= 8; p += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        hash = tf_hash_u64(hash * 0x9e3779b97f4a7c15u + word);
    }
    if (count > 0) {
        uint64_t word = 0;
        memcpy(&word, p, count);
        hash = tf_hash_u64(hash * 0x9e3779b97f4a7c15u + word);
    }
    return hash;
}
