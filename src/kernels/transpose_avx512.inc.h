/* Blocks of a transpose in registers, a cache line each way: z[i + zo[j]] = x[xo[i] + j]. */
#ifndef TF_TRANSPOSE_AVX512
#define TF_TRANSPOSE_AVX512

#include "kernels/transpose_avx2.inc.h" /* elements of 1 and 2 bytes */

static inline void stream_line(char *z, const char *x)
{
    _mm512_stream_si512((void *)z, _mm512_loadu_si512(x));
}

static inline void store_line(void *z, __m512d line, int stream)
{
    if (stream)
        _mm512_stream_pd(z, line);
    else
        _mm512_storeu_pd(z, line);
}

/* z[zo[L * step]] = the L-th quarters of a, b, c and d */
#define STORE_QUARTERS(z, zo, step, a, b, c, d, stream)                                           \
    do {                                                                                          \
        __m512d ab01 = _mm512_shuffle_f64x2(a, b, 0x44), ab23 = _mm512_shuffle_f64x2(a, b, 0xee); \
        __m512d cd01 = _mm512_shuffle_f64x2(c, d, 0x44), cd23 = _mm512_shuffle_f64x2(c, d, 0xee); \
        store_line((z) + (zo)[0], _mm512_shuffle_f64x2(ab01, cd01, 0x88), stream);                \
        store_line((z) + (zo)[(step)], _mm512_shuffle_f64x2(ab01, cd01, 0xdd), stream);           \
        store_line((z) + (zo)[2 * (step)], _mm512_shuffle_f64x2(ab23, cd23, 0x88), stream);       \
        store_line((z) + (zo)[3 * (step)], _mm512_shuffle_f64x2(ab23, cd23, 0xdd), stream);       \
    } while (0)

/* 4 x 4 */
static inline void
transpose_16(const raw16 *x, const int64_t *xo, raw16 *z, const int64_t *zo, int stream)
{
    __m512d r[4];
    for (int i = 0; i < 4; i++)
        r[i] = _mm512_loadu_pd(x + xo[i]);
    STORE_QUARTERS(z, zo, 1, r[0], r[1], r[2], r[3], stream);
}

/* 8 x 8 */
static inline void
transpose_8(const raw8 *x, const int64_t *xo, raw8 *z, const int64_t *zo, int stream)
{
    __m512d pairs[2][4]; /* of rows; even columns, odd columns */
    for (int i = 0; i < 4; i++) {
        __m512d even = _mm512_loadu_pd(x + xo[2 * i]), odd = _mm512_loadu_pd(x + xo[2 * i + 1]);
        pairs[0][i] = _mm512_unpacklo_pd(even, odd);
        pairs[1][i] = _mm512_unpackhi_pd(even, odd);
    }
    for (int c = 0; c < 2; c++)
        STORE_QUARTERS(z, zo + c, 2, pairs[c][0], pairs[c][1], pairs[c][2], pairs[c][3], stream);
}

/* 16 x 16 */
static inline void
transpose_4(const raw4 *x, const int64_t *xo, raw4 *z, const int64_t *zo, int stream)
{
    __m512d fours[4][4]; /* of rows; by the column modulo 4 */
    for (int i = 0; i < 4; i++) {
        __m512d pairs[4];
        for (int k = 0; k < 2; k++) {
            __m512 even = _mm512_loadu_ps(x + xo[4 * i + 2 * k]);
            __m512 odd = _mm512_loadu_ps(x + xo[4 * i + 2 * k + 1]);
            pairs[2 * k] = _mm512_castps_pd(_mm512_unpacklo_ps(even, odd));
            pairs[2 * k + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(even, odd));
        }
        for (int k = 0; k < 2; k++) {
            fours[2 * k][i] = _mm512_unpacklo_pd(pairs[k], pairs[k + 2]);
            fours[2 * k + 1][i] = _mm512_unpackhi_pd(pairs[k], pairs[k + 2]);
        }
    }
    for (int c = 0; c < 4; c++)
        STORE_QUARTERS(z, zo + c, 4, fours[c][0], fours[c][1], fours[c][2], fours[c][3], stream);
}

#undef STORE_QUARTERS

#endif
