/*
 * Moving runs of bytes, for every ISA.  Defines STREAMS, the smallest element whose transposed
 * blocks are whole cache lines that can be written past the caches (0: there are no such stores).
 */
#if defined(__AVX512F__)
#include "kernels/transpose_avx512.inc.h"
#define STREAMS 4
#elif defined(__AVX2__)
#include "kernels/transpose_avx2.inc.h"
#define STREAMS 4
#else
#if defined(WITH_NEON)
#include "kernels/transpose_neon.inc.h"
#endif
#define STREAMS 0
#endif

/* Fixed sizes become single instructions; the last piece overlaps the one before. */
static inline void move_run(char *z, const char *x, int64_t bytes)
{
    if (bytes > 1024) {
        memcpy(z, x, (size_t)bytes);
    } else if (bytes >= 32) {
        for (int64_t i = 0; i < bytes - 32; i += 32)
            memcpy(z + i, x + i, 32);
        memcpy(z + bytes - 32, x + bytes - 32, 32);
    } else if (bytes >= 16) {
        memcpy(z, x, 16);
        memcpy(z + bytes - 16, x + bytes - 16, 16);
    } else if (bytes >= 8) {
        memcpy(z, x, 8);
        memcpy(z + bytes - 8, x + bytes - 8, 8);
    } else {
        for (int64_t i = 0; i < bytes; i++)
            z[i] = x[i];
    }
}

/* Whole cache lines go past the caches, what is left at both ends does not. */
static inline void stream_run(char *z, const char *x, int64_t bytes)
{
#if STREAMS
    int64_t head = TF_MIN((int64_t)(-(uintptr_t)z % 64), bytes);
    move_run(z, x, head);
    int64_t i = head;
    for (; i + 64 <= bytes; i += 64)
        stream_line(z + i, x + i);
    move_run(z + i, x + i, bytes - i);
#else
    move_run(z, x, bytes);
#endif
}

static void runs(const int64_t *n, int64_t bytes, int64_t size, const void *in, const int64_t *in0,
                 const int64_t *in1, void *out, const int64_t *out0, const int64_t *out1, int stream)
{
    for (int64_t j = 0; j < n[1]; j++) {
        const char *x = (const char *)in + in1[j] * size;
        char *z = (char *)out + out1[j] * size;
        if (stream)
            for (int64_t i = 0; i < n[0]; i++)
                stream_run(z + out0[i] * size, x + in0[i] * size, bytes);
        else
            for (int64_t i = 0; i < n[0]; i++)
                move_run(z + out0[i] * size, x + in0[i] * size, bytes);
    }
}

static void fence(void)
{
#if STREAMS
    stream_fence();
#endif
}
