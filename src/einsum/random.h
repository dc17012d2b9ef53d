/* A small generator of random numbers for searches: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
#ifndef TF_EINSUM_RANDOM_H
#define TF_EINSUM_RANDOM_H

#include <stdint.h>

typedef struct tf_random {
    uint64_t state;
} tf_random;

static inline uint64_t tf_random_next(tf_random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Uniform in (0, 1). */
static inline double tf_random_unit(tf_random *random)
{
    return ((double)(tf_random_next(random) >> 11) + 0.5) * 0x1p-53;
}

/* Uniform in 0 .. count - 1; count is small, so the bias is none to speak of. */
static inline int tf_random_below(tf_random *random, int count)
{
    return (int)((tf_random_next(random) >> 32) * (uint64_t)count >> 32);
}

#endif
