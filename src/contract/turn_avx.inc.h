/* x[j][i] becomes x[i][j]: 8 x 8 elements of 4 bytes */
#define TURN_4 8
typedef __m256 turn_4;
#define TURN_LOAD_4 _mm256_loadu_ps
#define TURN_STORE_4 _mm256_storeu_ps
#define TURN_ZERO_4 _mm256_setzero_ps()

TF_INLINE void turn_block_4(turn_4 x[8])
{
    turn_4 y[8], z[8];
    UNROLL for (int i = 0; i < 8; i += 2)
    {
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
    {
        UNROLL for (int j = 0; j < 2; j++)
        {
            z[i + 2 * j] = _mm256_shuffle_ps(y[i + j], y[i + 2 + j], 0x44);
            z[i + 2 * j + 1] = _mm256_shuffle_ps(y[i + j], y[i + 2 + j], 0xee);
        }
    }
    UNROLL for (int j = 0; j < 4; j++)
    {
        x[j] = _mm256_permute2f128_ps(z[j], z[4 + j], 0x20);
        x[4 + j] = _mm256_permute2f128_ps(z[j], z[4 + j], 0x31);
    }
}
