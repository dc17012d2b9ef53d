/*
 * Blocks of a transpose in registers: z[i + zo[j]] = x[xo[i] + j].  Elements of 4 bytes and more
 * write whole cache lines (see transpose.inc.h for the names), which can be streamed: a transpose of
 * large matrices is bound by the lines that it would otherwise read before overwriting them.
 */
#ifndef TF_TRANSPOSE_AVX2
#define TF_TRANSPOSE_AVX2

#include <immintrin.h>

static inline void stream_fence(void)
{
    _mm_sfence();
}

#if !defined(__AVX512F__)
static inline void stream_line(char *z, const char *x)
{
    __m256i low = _mm256_loadu_si256((const void *)x);
    __m256i high = _mm256_loadu_si256((const void *)(x + 32));
    _mm256_stream_si256((void *)z, low);
    _mm256_stream_si256((void *)(z + 32), high);
}

static inline void store_line(void *z, __m256d low, __m256d high, int stream)
{
    if (stream) {
        _mm256_stream_pd(z, low);
        _mm256_stream_pd((double *)z + 4, high);
    } else {
        _mm256_storeu_pd(z, low);
        _mm256_storeu_pd((double *)z + 4, high);
    }
}

/* 4 x 2 */
static inline void
transpose_16(const raw16 *x, const int64_t *xo, raw16 *z, const int64_t *zo, int stream)
{
    __m256d r[4];
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_loadu_pd((const void *)(x + xo[i]));
    store_line(z + zo[0], _mm256_permute2f128_pd(r[0], r[1], 0x20),
               _mm256_permute2f128_pd(r[2], r[3], 0x20), stream);
    store_line(z + zo[1], _mm256_permute2f128_pd(r[0], r[1], 0x31),
               _mm256_permute2f128_pd(r[2], r[3], 0x31), stream);
}

/* Four rows of four to four columns. */
static inline void transpose4_8(const raw8 *x, const int64_t *xo, __m256d *column)
{
    __m256d r[4];
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_loadu_pd((const void *)(x + xo[i]));
    __m256d low01 = _mm256_unpacklo_pd(r[0], r[1]), high01 = _mm256_unpackhi_pd(r[0], r[1]);
    __m256d low23 = _mm256_unpacklo_pd(r[2], r[3]), high23 = _mm256_unpackhi_pd(r[2], r[3]);
    column[0] = _mm256_permute2f128_pd(low01, low23, 0x20);
    column[1] = _mm256_permute2f128_pd(high01, high23, 0x20);
    column[2] = _mm256_permute2f128_pd(low01, low23, 0x31);
    column[3] = _mm256_permute2f128_pd(high01, high23, 0x31);
}

/* 8 x 4 */
static inline void
transpose_8(const raw8 *x, const int64_t *xo, raw8 *z, const int64_t *zo, int stream)
{
    __m256d low[4], high[4];
    transpose4_8(x, xo, low);
    transpose4_8(x, xo + 4, high);
    for (int j = 0; j < 4; j++)
        store_line(z + zo[j], low[j], high[j], stream);
}

/* Eight rows of eight to eight columns. */
static inline void transpose8_4(const raw4 *x, const int64_t *xo, __m256d *column)
{
    __m256d pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        __m256 even = _mm256_loadu_ps((const void *)(x + xo[i]));
        __m256 odd = _mm256_loadu_ps((const void *)(x + xo[i + 1]));
        pairs[i] = _mm256_castps_pd(_mm256_unpacklo_ps(even, odd));
        pairs[i + 1] = _mm256_castps_pd(_mm256_unpackhi_ps(even, odd));
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            fours[i + 2 * k] = _mm256_unpacklo_pd(pairs[i + k], pairs[i + k + 2]);
            fours[i + 2 * k + 1] = _mm256_unpackhi_pd(pairs[i + k], pairs[i + k + 2]);
        }
    for (int j = 0; j < 4; j++) {
        column[j] = _mm256_permute2f128_pd(fours[j], fours[j + 4], 0x20);
        column[j + 4] = _mm256_permute2f128_pd(fours[j], fours[j + 4], 0x31);
    }
}

/* 16 x 8 */
static inline void
transpose_4(const raw4 *x, const int64_t *xo, raw4 *z, const int64_t *zo, int stream)
{
    __m256d low[8], high[8];
    transpose8_4(x, xo, low);
    transpose8_4(x, xo + 8, high);
    for (int j = 0; j < 8; j++)
        store_line(z + zo[j], low[j], high[j], stream);
}
#endif

/* 8 x 8 */
static inline void
transpose_2(const raw2 *x, const int64_t *xo, raw2 *z, const int64_t *zo, int stream)
{
    (void)stream;
    __m128i r[8], pairs[8], fours[8];
    for (int i = 0; i < 8; i++)
        r[i] = _mm_loadu_si128((const void *)(x + xo[i]));
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm_unpacklo_epi16(r[i], r[i + 1]);
        pairs[i + 1] = _mm_unpackhi_epi16(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            fours[i + 2 * k] = _mm_unpacklo_epi32(pairs[i + k], pairs[i + k + 2]);
            fours[i + 2 * k + 1] = _mm_unpackhi_epi32(pairs[i + k], pairs[i + k + 2]);
        }
    for (int j = 0; j < 4; j++) {
        _mm_storeu_si128((void *)(z + zo[2 * j]), _mm_unpacklo_epi64(fours[j], fours[j + 4]));
        _mm_storeu_si128((void *)(z + zo[2 * j + 1]), _mm_unpackhi_epi64(fours[j], fours[j + 4]));
    }
}

/* 16 x 8 */
static inline void
transpose_1(const raw1 *x, const int64_t *xo, raw1 *z, const int64_t *zo, int stream)
{
    (void)stream;
    __m128i pairs[8], fours[8], eights[8];
    for (int i = 0; i < 8; i++)
        pairs[i] = _mm_unpacklo_epi8(_mm_loadl_epi64((const void *)(x + xo[2 * i])),
                                     _mm_loadl_epi64((const void *)(x + xo[2 * i + 1])));
    for (int i = 0; i < 8; i += 2) { /* four rows: columns 0-3, columns 4-7 */
        fours[i] = _mm_unpacklo_epi16(pairs[i], pairs[i + 1]);
        fours[i + 1] = _mm_unpackhi_epi16(pairs[i], pairs[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) /* eight rows: columns 0-1, 2-3, 4-5, 6-7 */
        for (int k = 0; k < 2; k++) {
            eights[i + 2 * k] = _mm_unpacklo_epi32(fours[i + k], fours[i + k + 2]);
            eights[i + 2 * k + 1] = _mm_unpackhi_epi32(fours[i + k], fours[i + k + 2]);
        }
    for (int j = 0; j < 4; j++) {
        _mm_storeu_si128((void *)(z + zo[2 * j]), _mm_unpacklo_epi64(eights[j], eights[j + 4]));
        _mm_storeu_si128((void *)(z + zo[2 * j + 1]), _mm_unpackhi_epi64(eights[j], eights[j + 4]));
    }
}

#endif
