/*
 * Moving elements of one size.  Parameters: T (an unaligned type that may alias any other), BYTES.
 */
#if !defined(T) || !defined(BYTES)
#error "copy.inc.h needs T and BYTES"
#endif
#define NAME(x) TF_JOIN(x, BYTES)

/* Blocks of BLOCK_I x BLOCK_J elements: a cache line each way, where there are registers enough. */
#if defined(__AVX512F__) && BYTES >= 4
#define BLOCK_I (64 / BYTES)
#define BLOCK_J (64 / BYTES)
#elif defined(__AVX2__) && BYTES >= 4
#define BLOCK_I (64 / BYTES)
#define BLOCK_J (32 / BYTES)
#elif defined(__AVX2__)
#define BLOCK_I (BYTES == 1 ? 16 : 8)
#define BLOCK_J 8
#elif defined(WITH_NEON)
#define BLOCK_I (BYTES == 2 ? 8 : BYTES == 1 ? 16 : 64 / BYTES)
#define BLOCK_J (BYTES == 4 || BYTES == 16 ? 4 : 8)
#else
#include "kernels/transpose.inc.h"
#endif

static void NAME(copy)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                       int64_t out_stride)
{
    const T *x = in[0];
    T *z = out;
    int64_t stride = in_strides[0];
    if (out_stride == 1 && stride == 1) {
        if (z != x)
            memcpy(z, x, (size_t)n * sizeof(T));
    } else if (out_stride == 1 && stride == -1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = x[-i];
    } else {
        for (int64_t i = 0; i < n; i++) {
            TF_SCALAR(i);
            z[i * out_stride] = x[i * stride];
        }
    }
}

static void NAME(fill)(int64_t n, const void *value, void *out, int64_t stride)
{
    T element;
    T *z = out;
    memcpy(&element, value, sizeof element);
    if (stride == 1)
        for (int64_t i = 0; i < n; i++)
            z[i] = element;
    else
        for (int64_t i = 0; i < n; i++)
            z[i * stride] = element;
}

static void
NAME(gather)(const int64_t *n, const void *in, const int64_t *in0, const int64_t *in1, void *out)
{
    T *z = out;
    for (int64_t j = 0; j < n[1]; j++, z += n[0]) {
        const T *x = (const T *)in + in1[j];
        for (int64_t i = 0; i < n[0]; i++) {
            TF_SCALAR(i);
            z[i] = x[in0[i]];
        }
    }
}

static void
NAME(scatter)(const int64_t *n, const void *in, void *out, const int64_t *out0, const int64_t *out1)
{
    const T *x = in;
    for (int64_t j = 0; j < n[1]; j++, x += n[0]) {
        T *z = (T *)out + out1[j];
        for (int64_t i = 0; i < n[0]; i++) {
            TF_SCALAR(i);
            z[out0[i]] = x[i];
        }
    }
}

/* Blocks that would reach over the border overlap the ones before; what is too narrow for one goes
 * element by element. */
static void NAME(tile)(const int64_t *n, const void *in, const int64_t *in_offsets, void *out,
                       const int64_t *out_offsets, const void *ahead, int stream)
{
    const T *x = in;
    T *z = out;
    if (n[0] < BLOCK_I || n[1] < BLOCK_J) {
        if (ahead != NULL)
            for (int64_t i = 0; i < n[0]; i++)
                TF_PREFETCH_L2((const T *)ahead + in_offsets[i]);
        if (n[0] < n[1]) {
            for (int64_t i = 0; i < n[0]; i++)
                for (int64_t j = 0; j < n[1]; j++) {
                    TF_SCALAR(j);
                    z[i + out_offsets[j]] = x[in_offsets[i] + j];
                }
        } else {
            for (int64_t j = 0; j < n[1]; j++)
                for (int64_t i = 0; i < n[0]; i++) {
                    TF_SCALAR(i);
                    z[i + out_offsets[j]] = x[in_offsets[i] + j];
                }
        }
        return;
    }
    for (int64_t i = 0; i < n[0]; i += BLOCK_I) {
        int64_t first = TF_MIN(i, n[0] - BLOCK_I), next = i + BLOCK_I;
        int within = next + BLOCK_I <= n[0]; /* the tile itself, else the one after it */
        const T *soon = within ? x : ahead;
        const int64_t *rows = in_offsets + (within ? next : 0);
        for (int64_t j = 0; j < n[1]; j += BLOCK_J) {
            int64_t column = TF_MIN(j, n[1] - BLOCK_J);
            if (ahead != NULL && j * BYTES % 64 == 0)
                for (int k = 0; k < BLOCK_I; k++)
                    TF_PREFETCH_L2(soon + rows[k] + column);
            NAME(transpose)
            (x + column, in_offsets + first, z + first, out_offsets + column, stream && first == i);
        }
    }
}

#undef BLOCK_I
#undef BLOCK_J
#undef NAME
