/*
 * C = alpha A B + beta C for one tile, from packed panels or from operands where they lie; packing
 * (docs/microkernels.md).  Parameters: T (element), E (its real part's type), NAME, V and U (vectors of E,
 * aligned and not), BYTES (of E), MV (vectors along M), NR >= 4, MULADD(c, x, y) = c + x*y and, for
 * complex, MULSUB(c, x, y) = c - x*y with vectors c, x and a scalar y, SPLIT, MERGE, KIND_IS_COMPLEX.  The
 * accumulators stay in registers once the loops with constant bounds are unrolled.
 */
#if !defined(T) || !defined(E) || !defined(NAME) || !defined(V) || !defined(U) || \
    !defined(BYTES) || !defined(MV) || !defined(NR) || !defined(MULADD)
#error "microkernel.inc.h needs T, E, NAME, V, U, BYTES, MV, NR, MULADD and KIND_IS_COMPLEX"
#endif
#define LANES (VECTOR_BYTES / BYTES)
#define MR (MV * LANES)
#define AHEAD 16 /* k that A is fetched ahead of its use, from L2 to L1 */
#define LOAD(p) ((V) * (const U *)(p))
#define STORE(p, v) ((void)(*(U *)(p) = (U)(v)))
#if HAS_MASKS
#define MASK(count) ((uint32_t)((UINT64_C(1) << (count)) - 1))
#define LOAD_FIRST(mask, p) ((V)TF_JOIN(LOAD_FIRST, BYTES)(mask, p))
#define STORE_FIRST TF_JOIN(STORE_FIRST, BYTES)
#else
/* without masks the number of elements stands for the mask */
#define MASK(count) ((size_t)(count))
#define LOAD_FIRST NAME(load_first)
static inline V NAME(load_first)(size_t count, const E *p)
{
    V x = {0};
    memcpy(&x, p, count * sizeof(E));
    return x;
}
#endif

#include "contract/pack.inc.h"

/* The tile from memory to C, element by element. */
static TF_NOINLINE void NAME(scatter)(const E *tile, const tf_tile *t)
{
    const T alpha = *(const T *)t->alpha, beta = t->beta != NULL ? *(const T *)t->beta : alpha;
    for (int64_t j = 0; j < t->n; j++) {
        T *c = (T *)t->c + t->columns[j];
        const E *from = tile + j * MR;
        for (int64_t i = 0; i < t->m; i++) {
#if KIND_IS_COMPLEX
            T x = MUL(alpha, ((T){from[i], from[i + MR * NR]}));
#else
            T x = MUL(alpha, from[i]);
#endif
            c[t->rows[i]] = t->beta != NULL ? ADD(x, MUL(beta, c[t->rows[i]])) : x;
        }
    }
}

#if KIND_IS_COMPLEX

#if HAS_TURN

/* (re, im) times a complex scalar */
TF_INLINE void NAME(scale)(T by, V *re, V *im)
{
    V x = *re * by.re - *im * by.im;
    *im = *re * by.im + *im * by.re;
    *re = x;
}

/* One column of `count` rows, at most a vector of them, to unit-stride memory. */
TF_INLINE void NAME(update)(V re, V im, int64_t count, const tf_tile *t, E *c)
{
    V lo, hi, x, y;
    NAME(scale)(*(const T *)t->alpha, &re, &im);
#if HAS_MASKS
    /* two vectors hold the pairs: 2*count elements */
    uint32_t mask = MASK(2 * count), high = mask >> LANES;
    mask &= (UINT32_C(1) << LANES) - 1;
#else
    (void)count;
#endif
    if (t->beta != NULL) {
#if HAS_MASKS
        SPLIT(LOAD_FIRST(mask, c), LOAD_FIRST(high, c + LANES), &x, &y);
#else
        SPLIT(LOAD(c), LOAD(c + LANES), &x, &y);
#endif
        NAME(scale)(*(const T *)t->beta, &x, &y);
        re += x;
        im += y;
    }
    MERGE(re, im, &lo, &hi);
#if HAS_MASKS
    STORE_FIRST(mask, c, lo);
    STORE_FIRST(high, c + LANES, hi);
#else
    STORE(c, lo);
    STORE(c + LANES, hi);
#endif
}

#endif

/* mv and nr are constants once this is inlined.  b: packed. */
TF_INLINE void
NAME(tile)(const int mv, const int nr, int64_t k, const E *a, const E *b, const tf_tile *t)
{
    V re[NR][MV], im[NR][MV];
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++) re[j][i] = im[j][i] = (V){0};
    }
    for (; k > 0; k--, a += 2 * mv * LANES, b += 2 * NR) {
        V x[MV], y[MV];
        UNROLL for (int i = 0; i < mv; i++)
        {
            x[i] = LOAD(a + i * LANES);
            y[i] = LOAD(a + (mv + i) * LANES);
        }
        UNROLL for (int j = 0; j < nr; j++)
        {
            UNROLL for (int i = 0; i < mv; i++)
            {
                re[j][i] = MULADD(re[j][i], x[i], b[j]);
                im[j][i] = MULADD(im[j][i], y[i], b[j]);
            }
            UNROLL for (int i = 0; i < mv; i++)
            {
                re[j][i] = MULSUB(re[j][i], y[i], b[NR + j]);
                im[j][i] = MULADD(im[j][i], x[i], b[NR + j]);
            }
        }
    }
#if HAS_TURN
    if (t->is_run && (HAS_MASKS || t->m == mv * LANES)) {
        UNROLL for (int j = 0; j < nr; j++)
        {
            if (j < t->n) {
                E *c = (E *)t->c + 2 * (t->columns[j] + t->rows[0]);
                UNROLL for (int i = 0; i < mv; i++)
                    NAME(update)(re[j][i], im[j][i], i < mv - 1 ? LANES : t->m - (mv - 1) * LANES,
                                 t, c + 2 * i * LANES);
            }
        }
        return;
    }
#endif
    _Alignas(64) E tile[2 * MR * NR];
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++)
        {
            STORE(tile + j * MR + i * LANES, re[j][i]);
            STORE(tile + (NR + j) * MR + i * LANES, im[j][i]);
        }
    }
    NAME(scatter)(tile, t);
}

#else

/* To unit-stride memory; the last vector of a column may be a part of one. */
TF_INLINE void
NAME(update)(const int mv, const int nr, const int has_beta, V acc[NR][MV], const tf_tile *t)
{
    const E alpha = *(const E *)t->alpha, beta = has_beta ? *(const E *)t->beta : alpha;
#if HAS_MASKS
    const uint32_t mask = MASK(t->m - (mv - 1) * LANES);
#endif
    UNROLL for (int j = 0; j < nr; j++)
    {
        if (j < t->n) {
            E *c = (E *)t->c + t->columns[j] + t->rows[0];
            UNROLL for (int i = 0; i < mv; i++)
            {
                V x = acc[j][i] * alpha;
#if HAS_MASKS
                if (i == mv - 1) {
                    if (has_beta)
                        x += LOAD_FIRST(mask, c + i * LANES) * beta;
                    STORE_FIRST(mask, c + i * LANES, x);
                    continue;
                }
#endif
                if (has_beta)
                    x += LOAD(c + i * LANES) * beta;
                STORE(c + i * LANES, x);
            }
        }
    }
}

/*
 * mv, nr and is_packed are constants once this is inlined.  A vector of A every a_step elements; B
 * at b[p*b_step + j*b_column].
 */
TF_INLINE void
NAME(tile)(const int mv, const int nr, const int is_packed, int64_t k, const E *a, int64_t a_step,
           const E *b, int64_t b_step, int64_t b_column, const tf_tile *t)
{
    V acc[NR][MV];
    const int64_t last = t->m - (mv - 1) * LANES; /* in the last vector */
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++) acc[j][i] = (V){0};
    }
    for (; k > 0; k--, a += a_step, b += b_step) {
        V x[MV];
        if (is_packed)
            UNROLL for (int i = 0; i < mv * LANES * BYTES; i += 64)
                TF_PREFETCH((const char *)(a + AHEAD * mv * LANES) + i);
        UNROLL for (int i = 0; i < mv; i++)
        {
            if (!is_packed && i == mv - 1 && (HAS_MASKS || last < LANES)) {
                x[i] = LOAD_FIRST(MASK(last), a + i * LANES);
                continue;
            }
            x[i] = LOAD(a + i * LANES);
        }
        UNROLL for (int j = 0; j < nr; j++)
        {
            UNROLL for (int i = 0; i < mv; i++) acc[j][i] = MULADD(acc[j][i], x[i], b[j * b_column]);
        }
    }
    if (t->is_run && (HAS_MASKS || t->m == mv * LANES)) {
        if (t->beta != NULL)
            NAME(update)(mv, nr, 1, acc, t);
        else
            NAME(update)(mv, nr, 0, acc, t);
        return;
    }
    _Alignas(64) E tile[MR * NR];
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++) STORE(tile + j * MR + i * LANES, acc[j][i]);
    }
    NAME(scatter)(tile, t);
}

#endif

/* ---- a tile as high and as wide as needed ---- */

#if KIND_IS_COMPLEX
#define TILE(mv, nr) NAME(tile)(mv, nr, k, a, b, t)
#else
#define TILE(mv, nr) NAME(tile)(mv, nr, 1, k, a, (mv)*LANES, b, NR, 1, t)
#endif

TF_INLINE void NAME(of_height)(const int mv, int64_t k, const E *a, const E *b, const tf_tile *t)
{
    if (NR > 4 && t->n > 4)
        TILE(mv, NR);
    else if (t->n > 2)
        TILE(mv, 4);
    else
        TILE(mv, 2);
}

static void NAME(multiply)(int64_t k, const void *a, const void *b, const tf_tile *t)
{
#if MV > 2
    if (t->m > 2 * LANES) {
        NAME(of_height)(3, k, a, b, t);
        return;
    }
#endif
#if MV > 1
    if (t->m > LANES) {
        NAME(of_height)(2, k, a, b, t);
        return;
    }
#endif
    NAME(of_height)(1, k, a, b, t);
}

#undef TILE

#if HAS_ACROSS
#include "contract/across.inc.h"
#endif
#if HAS_IN_PLACE
#include "contract/in_place.inc.h"
#endif

#undef LANES
#undef MR
#undef LOAD
#undef STORE
#undef MASK
#undef LOAD_FIRST
#undef AHEAD
#if HAS_MASKS
#undef STORE_FIRST
#endif
