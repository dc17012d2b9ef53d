/*
 * out[i + j*out_stride] = in[i*in_stride + j], eight by eight elements of 8 bytes, in four by four
 * register blocks. Streamed blocks write whole cache lines past the caches: a transpose of large
 * matrices is bound by the lines that it would otherwise read before overwriting them.
 */
static inline void transpose4_8(const raw8 *x, int64_t in_stride, raw8 *z, int64_t out_stride)
{
    __m256d r0 = _mm256_loadu_pd((const double *)x);
    __m256d r1 = _mm256_loadu_pd((const double *)(x + in_stride));
    __m256d r2 = _mm256_loadu_pd((const double *)(x + 2 * in_stride));
    __m256d r3 = _mm256_loadu_pd((const double *)(x + 3 * in_stride));
    __m256d low01 = _mm256_unpacklo_pd(r0, r1), high01 = _mm256_unpackhi_pd(r0, r1);
    __m256d low23 = _mm256_unpacklo_pd(r2, r3), high23 = _mm256_unpackhi_pd(r2, r3);
    _mm256_storeu_pd((double *)z, _mm256_permute2f128_pd(low01, low23, 0x20));
    _mm256_storeu_pd((double *)(z + out_stride), _mm256_permute2f128_pd(high01, high23, 0x20));
    _mm256_storeu_pd((double *)(z + 2 * out_stride), _mm256_permute2f128_pd(low01, low23, 0x31));
    _mm256_storeu_pd((double *)(z + 3 * out_stride), _mm256_permute2f128_pd(high01, high23, 0x31));
}

static inline void
transpose_8(const raw8 *x, int64_t in_stride, raw8 *z, int64_t out_stride, int stream)
{
    _Alignas(64) raw8 block[64];
    int through = stream && ((uintptr_t)z | (uintptr_t)(out_stride * 8)) % 64 == 0;
    raw8 *to = through ? block : z;
    int64_t to_stride = through ? 8 : out_stride;
    for (int j = 0; j < 8; j += 4)
        for (int i = 0; i < 8; i += 4)
            transpose4_8(x + i * in_stride + j, in_stride, to + i + j * to_stride, to_stride);
    if (!through)
        return;
    for (int j = 0; j < 8; j++) {
        _mm256_stream_pd((double *)(z + j * out_stride),
                         _mm256_load_pd((const double *)(block + 8 * j)));
        _mm256_stream_pd((double *)(z + j * out_stride + 4),
                         _mm256_load_pd((const double *)(block + 8 * j + 4)));
    }
}

/* Streamed stores become visible to other threads. */
static inline void transposed_8(void)
{
    _mm_sfence();
}
