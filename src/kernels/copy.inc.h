/*
 * Moving elements of one size.  Parameters: T (an unaligned type that may alias any other), BYTES.
 */
#if !defined(T) || !defined(BYTES)
#error "copy.inc.h needs T and BYTES"
#endif
#define NAME(x) TF_JOIN(x, BYTES)

#if defined(__AVX2__) && BYTES == 8
#include "kernels/transpose_avx2.inc.h"
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
    } else if (out_stride == 1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = x[i * stride];
    } else {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i * out_stride] = x[i * stride];
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

static void NAME(scatter)(int64_t n, const void *in, const int64_t *in_offsets, void *out,
                          const int64_t *out_offsets)
{
    const T *x = in;
    T *z = out;
    TF_INDEPENDENT
    for (int64_t i = 0; i < n; i++)
        z[out_offsets[i]] = x[in_offsets[i]];
}

/*
 * Eight by eight blocks, eight rows of the output at a time from end to end; the rest element by
 * element.
 */
static void NAME(tile)(int64_t n0, int64_t n1, const void *in, int64_t is0, int64_t is1, void *out,
                       int64_t os0, int64_t os1, int stream)
{
    enum { BLOCK = 8 };
    const T *x = in;
    T *z = out;
    int64_t full1 = n1 - n1 % BLOCK, full0 = is1 == 1 && os0 == 1 ? n0 - n0 % BLOCK : 0;
    for (int64_t j = 0; j < full1; j += BLOCK)
        for (int64_t i = 0; i < full0; i += BLOCK)
            NAME(transpose)(x + i * is0 + j, is0, z + i + j * os1, os1, stream);
    if (stream)
        NAME(transposed)();
    for (int64_t j = 0; j < n1; j++)
        for (int64_t i = j < full1 ? full0 : 0; i < n0; i++)
            z[i * os0 + j * os1] = x[i * is0 + j * is1];
}

#undef NAME
