/* vectors.inc.h for AVX-512 */
#include <immintrin.h>

#define FMA_F64(c, x, y) ((v_f64)_mm512_fmadd_pd((__m512d)(x), (__m512d)(y), (__m512d)(c)))
#define FMA_F32(c, x, y) ((v_f32)_mm512_fmadd_ps((__m512)(x), (__m512)(y), (__m512)(c)))

#define MULADD_F64(c, x, y) ((v_f64)_mm512_fmadd_pd((__m512d)(x), _mm512_set1_pd(y), (__m512d)(c)))
#define MULSUB_F64(c, x, y) ((v_f64)_mm512_fnmadd_pd((__m512d)(x), _mm512_set1_pd(y), (__m512d)(c)))
#define MULADD_F32(c, x, y) ((v_f32)_mm512_fmadd_ps((__m512)(x), _mm512_set1_ps(y), (__m512)(c)))
#define MULSUB_F32(c, x, y) ((v_f32)_mm512_fnmadd_ps((__m512)(x), _mm512_set1_ps(y), (__m512)(c)))

/* The first elements of a vector, as many as `mask` has bits; nothing else is touched. */
#define LOAD_FIRST_8(mask, p) _mm512_maskz_loadu_epi64((__mmask8)(mask), p)
#define LOAD_FIRST_4(mask, p) _mm512_maskz_loadu_epi32((__mmask16)(mask), p)
#define STORE_FIRST_8(mask, p, v) _mm512_mask_storeu_epi64(p, (__mmask8)(mask), (__m512i)(v))
#define STORE_FIRST_4(mask, p, v) _mm512_mask_storeu_epi32(p, (__mmask16)(mask), (__m512i)(v))

/* Past the caches. */
#define STREAM(p, v) _mm512_stream_si512((void *)(p), (__m512i)(v))

/* lo, hi = re0 im0 re1 im1 ...: apart, and together again */
TF_INLINE void split_f64(v_f64 lo, v_f64 hi, v_f64 *re, v_f64 *im)
{
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    *re = (v_f64)_mm512_permutex2var_pd((__m512d)lo, even, (__m512d)hi);
    *im = (v_f64)_mm512_permutex2var_pd((__m512d)lo, odd, (__m512d)hi);
}

TF_INLINE void merge_f64(v_f64 re, v_f64 im, v_f64 *lo, v_f64 *hi)
{
    const __m512i low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    *lo = (v_f64)_mm512_permutex2var_pd((__m512d)re, low, (__m512d)im);
    *hi = (v_f64)_mm512_permutex2var_pd((__m512d)re, high, (__m512d)im);
}

TF_INLINE void split_f32(v_f32 lo, v_f32 hi, v_f32 *re, v_f32 *im)
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28,
                                           30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    *re = (v_f32)_mm512_permutex2var_ps((__m512)lo, even, (__m512)hi);
    *im = (v_f32)_mm512_permutex2var_ps((__m512)lo, odd, (__m512)hi);
}

TF_INLINE void merge_f32(v_f32 re, v_f32 im, v_f32 *lo, v_f32 *hi)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                           31);
    *lo = (v_f32)_mm512_permutex2var_ps((__m512)re, low, (__m512)im);
    *hi = (v_f32)_mm512_permutex2var_ps((__m512)re, high, (__m512)im);
}

/* x[j][i] becomes x[i][j]: 8 x 8 elements of 8 bytes */
#define TURN_8 8
typedef __m512d turn_8;
#define TURN_LOAD_8 _mm512_loadu_pd
#define TURN_STORE_8 _mm512_storeu_pd
#define TURN_STORE_FIRST_8(n, p, v) _mm512_mask_storeu_pd(p, (__mmask8)((1u << (n)) - 1), v)
#define TURN_ZERO_8 _mm512_setzero_pd()

TF_INLINE void turn_block_8(turn_8 x[8])
{
    turn_8 y[8], z[8];
    UNROLL for (int i = 0; i < 8; i += 2)
    {
        y[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
    {
        UNROLL for (int j = 0; j < 2; j++)
        {
            z[i + j] = _mm512_shuffle_f64x2(y[i + j], y[i + 2 + j], 0x88);
            z[i + 2 + j] = _mm512_shuffle_f64x2(y[i + j], y[i + 2 + j], 0xdd);
        }
    }
    UNROLL for (int j = 0; j < 4; j++)
    {
        x[j] = _mm512_shuffle_f64x2(z[j], z[4 + j], 0x88);
        x[4 + j] = _mm512_shuffle_f64x2(z[j], z[4 + j], 0xdd);
    }
}

#define TURN_STORE_FIRST_4(n, p, v) _mm256_mask_storeu_ps(p, (__mmask8)((1u << (n)) - 1), v)
#include "contract/turn_avx.inc.h"
