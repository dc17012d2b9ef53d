/*
 * tile = packed A times packed B.  Parameters: E (element, real), NAME, V (vector of E), LANES, MV
 * (vectors along M), NR, MULADD(c, x, y) = c + x*y and, for complex, MULSUB(c, x, y) = c - x*y with
 * V x and scalar y, KIND_IS_COMPLEX.  The accumulators stay in registers once the loops with
 * constant bounds are unrolled.
 */
#if !defined(E) || !defined(NAME) || !defined(V) || !defined(LANES) || !defined(MV) || \
    !defined(NR) || !defined(MULADD)
#error "microkernel.inc.h needs E, NAME, V, LANES, MV, NR, MULADD and KIND_IS_COMPLEX"
#endif
#define MR (MV * LANES)

#include "contract/pack.inc.h"

#if KIND_IS_COMPLEX

static void NAME(multiply)(int64_t k, const void *pa, const void *pb, void *ptile)
{
    const E *a = pa, *b = pb;
    V *tile = ptile;
    V re[NR][MV], im[NR][MV];
    for (int j = 0; j < NR; j++)
        for (int i = 0; i < MV; i++)
            re[j][i] = im[j][i] = (V){0};
    for (; k > 0; k--, a += 2 * MR, b += 2 * NR) {
        V x[MV], y[MV];
        UNROLL for (int i = 0; i < MV; i++)
        {
            x[i] = *(const V *)(a + i * LANES);
            y[i] = *(const V *)(a + MR + i * LANES);
        }
        UNROLL for (int j = 0; j < NR; j++)
        {
            UNROLL for (int i = 0; i < MV; i++)
            {
                re[j][i] = MULADD(re[j][i], x[i], b[j]);
                im[j][i] = MULADD(im[j][i], y[i], b[j]);
                re[j][i] = MULSUB(re[j][i], y[i], b[NR + j]);
                im[j][i] = MULADD(im[j][i], x[i], b[NR + j]);
            }
        }
    }
    for (int j = 0; j < NR; j++)
        for (int i = 0; i < MV; i++) {
            tile[j * MV + i] = re[j][i];
            tile[(NR + j) * MV + i] = im[j][i];
        }
}

#else

static void NAME(multiply)(int64_t k, const void *pa, const void *pb, void *ptile)
{
    const E *a = pa, *b = pb;
    V *tile = ptile;
    V acc[NR][MV];
    for (int j = 0; j < NR; j++)
        for (int i = 0; i < MV; i++)
            acc[j][i] = (V){0};
    for (; k > 0; k--, a += MR, b += NR) {
        V x[MV];
        UNROLL for (int i = 0; i < MV; i++) x[i] = *(const V *)(a + i * LANES);
        UNROLL for (int j = 0; j < NR; j++)
        {
            UNROLL for (int i = 0; i < MV; i++) acc[j][i] = MULADD(acc[j][i], x[i], b[j]);
        }
    }
    for (int j = 0; j < NR; j++)
        for (int i = 0; i < MV; i++)
            tile[j * MV + i] = acc[j][i];
}

#endif

#undef MR
