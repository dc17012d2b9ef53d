/* vectors.inc.h for AVX2 and FMA */
#include <immintrin.h>

#define FMA_F64(c, x, y) ((v_f64)_mm256_fmadd_pd((__m256d)(x), (__m256d)(y), (__m256d)(c)))
#define FMA_F32(c, x, y) ((v_f32)_mm256_fmadd_ps((__m256)(x), (__m256)(y), (__m256)(c)))

#define MULADD_F64(c, x, y) ((v_f64)_mm256_fmadd_pd((__m256d)(x), _mm256_set1_pd(y), (__m256d)(c)))
#define MULSUB_F64(c, x, y) ((v_f64)_mm256_fnmadd_pd((__m256d)(x), _mm256_set1_pd(y), (__m256d)(c)))
#define MULADD_F32(c, x, y) ((v_f32)_mm256_fmadd_ps((__m256)(x), _mm256_set1_ps(y), (__m256)(c)))
#define MULSUB_F32(c, x, y) ((v_f32)_mm256_fnmadd_ps((__m256)(x), _mm256_set1_ps(y), (__m256)(c)))

/* Past the caches. */
#define STREAM(p, v) _mm256_stream_si256((void *)(p), (__m256i)(v))

/* lo, hi = re0 im0 re1 im1 ...: apart, and together again */
TF_INLINE void split_f64(v_f64 lo, v_f64 hi, v_f64 *re, v_f64 *im)
{
    __m256d x = _mm256_permute2f128_pd((__m256d)lo, (__m256d)hi, 0x20);
    __m256d y = _mm256_permute2f128_pd((__m256d)lo, (__m256d)hi, 0x31);
    *re = (v_f64)_mm256_unpacklo_pd(x, y);
    *im = (v_f64)_mm256_unpackhi_pd(x, y);
}

TF_INLINE void merge_f64(v_f64 re, v_f64 im, v_f64 *lo, v_f64 *hi)
{
    __m256d x = _mm256_unpacklo_pd((__m256d)re, (__m256d)im);
    __m256d y = _mm256_unpackhi_pd((__m256d)re, (__m256d)im);
    *lo = (v_f64)_mm256_permute2f128_pd(x, y, 0x20);
    *hi = (v_f64)_mm256_permute2f128_pd(x, y, 0x31);
}

TF_INLINE void split_f32(v_f32 lo, v_f32 hi, v_f32 *re, v_f32 *im)
{
    __m256 x = _mm256_permute2f128_ps((__m256)lo, (__m256)hi, 0x20);
    __m256 y = _mm256_permute2f128_ps((__m256)lo, (__m256)hi, 0x31);
    *re = (v_f32)_mm256_shuffle_ps(x, y, 0x88);
    *im = (v_f32)_mm256_shuffle_ps(x, y, 0xdd);
}

TF_INLINE void merge_f32(v_f32 re, v_f32 im, v_f32 *lo, v_f32 *hi)
{
    __m256 x = _mm256_unpacklo_ps((__m256)re, (__m256)im);
    __m256 y = _mm256_unpackhi_ps((__m256)re, (__m256)im);
    *lo = (v_f32)_mm256_permute2f128_ps(x, y, 0x20);
    *hi = (v_f32)_mm256_permute2f128_ps(x, y, 0x31);
}

/* x[j][i] becomes x[i][j]: 4 x 4 elements of 8 bytes */
#define TURN_8 4
typedef __m256d turn_8;
#define TURN_LOAD_8 _mm256_loadu_pd
#define TURN_STORE_8 _mm256_storeu_pd
#define TURN_STORE_FIRST_8(n, p, v) memcpy(p, &(v), (size_t)(n)*8)
#define TURN_ZERO_8 _mm256_setzero_pd()

TF_INLINE void turn_block_8(turn_8 x[4])
{
    turn_8 y0 = _mm256_unpacklo_pd(x[0], x[1]), y1 = _mm256_unpackhi_pd(x[0], x[1]);
    turn_8 y2 = _mm256_unpacklo_pd(x[2], x[3]), y3 = _mm256_unpackhi_pd(x[2], x[3]);
    x[0] = _mm256_permute2f128_pd(y0, y2, 0x20);
    x[1] = _mm256_permute2f128_pd(y1, y3, 0x20);
    x[2] = _mm256_permute2f128_pd(y0, y2, 0x31);
    x[3] = _mm256_permute2f128_pd(y1, y3, 0x31);
}

#define TURN_STORE_FIRST_4(n, p, v) memcpy(p, &(v), (size_t)(n)*4)
#include "contract/turn_avx.inc.h"
