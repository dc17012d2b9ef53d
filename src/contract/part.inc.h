/*
 * The first elements of a vector, and pairs exchanged within one, for an ISA of vectors.inc.h:
 * LOAD_PART_8(count, p), STORE_PART_8(count, p, v), SWAP_8(v), the same for elements of 4 bytes.
 * No byte beyond `count` elements is touched.
 */
#if VECTOR_BYTES == 64

#define PART(count) ((UINT32_C(1) << (count)) - 1)
#define LOAD_PART_8(count, p) ((v_f64)_mm512_maskz_loadu_pd((__mmask8)PART(count), p))
#define LOAD_PART_4(count, p) ((v_f32)_mm512_maskz_loadu_ps((__mmask16)PART(count), p))
#define STORE_PART_8(count, p, v) _mm512_mask_storeu_pd(p, (__mmask8)PART(count), (__m512d)(v))
#define STORE_PART_4(count, p, v) _mm512_mask_storeu_ps(p, (__mmask16)PART(count), (__m512)(v))
#define SWAP_8(v) ((v_f64)_mm512_permute_pd((__m512d)(v), 0x55))
#define SWAP_4(v) ((v_f32)_mm512_permute_ps((__m512)(v), 0xb1))

#elif VECTOR_BYTES == 32

/* `count` elements of all ones before zeros */
TF_INLINE __m256i part_8(int64_t count)
{
    static const int64_t ones[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
    return _mm256_loadu_si256((const void *)(ones + 4 - count));
}

TF_INLINE __m256i part_4(int64_t count)
{
    static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256((const void *)(ones + 8 - count));
}

#define LOAD_PART_8(count, p) ((v_f64)_mm256_maskload_pd(p, part_8(count)))
#define LOAD_PART_4(count, p) ((v_f32)_mm256_maskload_ps(p, part_4(count)))
#define STORE_PART_8(count, p, v) _mm256_maskstore_pd(p, part_8(count), (__m256d)(v))
#define STORE_PART_4(count, p, v) _mm256_maskstore_ps(p, part_4(count), (__m256)(v))
#define SWAP_8(v) ((v_f64)_mm256_permute_pd((__m256d)(v), 5))
#define SWAP_4(v) ((v_f32)_mm256_permute_ps((__m256)(v), 0xb1))

#else

TF_INLINE v_f64 load_part_8(int64_t count, const double *p)
{
    v_f64 x = {0};
    memcpy(&x, p, (size_t)count * 8);
    return x;
}

TF_INLINE v_f32 load_part_4(int64_t count, const float *p)
{
    v_f32 x = {0};
    memcpy(&x, p, (size_t)count * 4);
    return x;
}

#define LOAD_PART_8 load_part_8
#define LOAD_PART_4 load_part_4
#define STORE_PART_8(count, p, v) memcpy(p, &(v), (size_t)(count)*8)
#define STORE_PART_4(count, p, v) memcpy(p, &(v), (size_t)(count)*4)
#define SWAP_8(v) ((v_f64){(v)[1], (v)[0]})
#define SWAP_4(v) ((v_f32){(v)[1], (v)[0], (v)[3], (v)[2]})

#endif
