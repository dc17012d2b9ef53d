/*
 * Products of small matrices from operands where they lie, a batch of them in one call.  Parameters:
 * those of microkernel.inc.h.  A complex number stays a pair: a vector of A times the real parts of B
 * goes to one accumulator, times the imaginary parts to another, and the two meet at the end.
 */
#define PARTS (1 + KIND_IS_COMPLEX)
#define LOAD_PART TF_JOIN(LOAD_PART, BYTES)
#define STORE_PART TF_JOIN(STORE_PART, BYTES)
#define SWAP TF_JOIN(SWAP, BYTES)

/* What becomes of a sum, in vectors.  Complex: `by` for z, `turned` for z with its parts exchanged. */
typedef struct NAME(ending) {
    V alpha_by, beta_by;
#if KIND_IS_COMPLEX
    V conj_by, conj_turned, alpha_turned, beta_turned;
#endif
} NAME(ending);

/* The next matrices, fetched while these are multiplied: too short for the processor to foresee. */
typedef struct NAME(ahead) {
    const char *at[3];
    int64_t lines[3]; /* for each tile */
} NAME(ahead);

TF_INLINE void NAME(fetch)(NAME(ahead) * ahead)
{
    for (int operand = 0; operand < 3; operand++)
        for (int64_t i = 0; i < ahead->lines[operand]; i++, ahead->at[operand] += 64)
            TF_PREFETCH(ahead->at[operand]);
}

static void NAME(set_ending)(const tf_in_place *s, NAME(ending) * e)
{
    const V zero = {0};
    const T *alpha = s->alpha, *beta = s->beta != NULL ? s->beta : s->alpha;
#if KIND_IS_COMPLEX
    const V one = zero + 1;
    V alternating = one;
    UNROLL for (int i = 0; i < LANES; i += 2) alternating[i] = -1;
    /* conj(a) b = conj(a conj(b)), and so on */
    e->conj_by = s->conj_a ? -alternating : one;
    e->conj_turned = s->conj_a ? one : alternating;
    if (s->conj_b)
        e->conj_turned = -e->conj_turned;
    e->alpha_by = zero + alpha->re;
    e->alpha_turned = alternating * alpha->im;
    e->beta_by = zero + beta->re;
    e->beta_turned = alternating * beta->im;
#else
    e->alpha_by = zero + *alpha;
    e->beta_by = zero + *beta;
#endif
}

#if KIND_IS_COMPLEX
#define SCALED(v, by, turned) FMA(SWAP(v) * (turned), v, by)
#else
#define SCALED(v, by, turned) ((v) * (by))
#endif

/* From sums to C, where that takes more than a store. */
static TF_NOINLINE void NAME(settle)(const tf_in_place *s, const NAME(ending) * e, const E *tile,
                                     int64_t m, int64_t n, E *c)
{
    const int64_t height = m * PARTS;
    _Alignas(64) E spread[MR];
    for (int64_t j = 0; j < n; j++, tile += MR, c += s->c_column * PARTS) {
        E *to = s->c_row == 1 ? c : spread;
        if (s->c_row != 1 && s->beta != NULL)
            for (int64_t i = 0; i < m; i++)
                memcpy(spread + i * PARTS, c + i * s->c_row * PARTS, sizeof(T));
        for (int64_t i = 0; i < height; i += LANES) {
            int64_t count = TF_MIN(LANES, height - i);
            V z = SCALED(LOAD(tile + i), e->alpha_by, e->alpha_turned);
            if (s->beta != NULL) {
                V old = (V)LOAD_PART(count, to + i);
                z += SCALED(old, e->beta_by, e->beta_turned);
            }
            STORE_PART(count, to + i, z);
        }
        if (s->c_row != 1)
            for (int64_t i = 0; i < m; i++)
                memcpy(c + i * s->c_row * PARTS, spread + i * PARTS, sizeof(T));
    }
}

/* mv and nr are constants once this is inlined.  `last`: elements of the last vector. */
TF_INLINE void NAME(place)(const int mv, const int nr, const tf_in_place *s, const NAME(ending) * e,
                           int64_t last, const E *a, const E *b, E *c)
{
    V acc[NR][MV];
#if KIND_IS_COMPLEX
    V turned[NR][MV];
#endif
    const int64_t a_step = s->a_step * PARTS, b_step = s->b_step * PARTS,
                  b_column = s->b_column * PARTS, far = 4 * b_column;
    const int64_t columns[4] = {0, b_column, 2 * b_column, 3 * b_column};
    const int64_t lines = s->lines, k = s->k;
    const int64_t *a_lines = s->a_lines, *b_lines = s->b_lines;
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++)
        {
            acc[j][i] = (V){0};
#if KIND_IS_COMPLEX
            turned[j][i] = (V){0};
#endif
        }
    }
    for (int64_t line = 0; line < lines; line++) {
        const E *x_at = a + a_lines[line] * PARTS, *y_at = b + b_lines[line] * PARTS;
        for (int64_t p = 0; p < k; p++, x_at += a_step, y_at += b_step) {
            V x[MV];
            const E *y_far = y_at + far;
            UNROLL for (int i = 0; i < mv; i++)
                x[i] = i == mv - 1 ? (V)LOAD_PART(last, x_at + i * LANES) : LOAD(x_at + i * LANES);
            UNROLL for (int j = 0; j < nr; j++)
            {
                const E *y = (j < 4 ? y_at : y_far) + columns[j % 4];
                UNROLL for (int i = 0; i < mv; i++)
                {
                    acc[j][i] = MULADD(acc[j][i], x[i], y[0]);
#if KIND_IS_COMPLEX
                    turned[j][i] = MULADD(turned[j][i], x[i], y[1]);
#endif
                }
            }
        }
    }
#if KIND_IS_COMPLEX
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++)
            acc[j][i] = FMA(SWAP(turned[j][i]) * e->conj_turned, acc[j][i], e->conj_by);
    }
#endif
    if (s->beta == NULL && s->c_row == 1) {
        const int64_t column = s->c_column * PARTS;
        UNROLL for (int j = 0; j < nr; j++)
        {
            UNROLL for (int i = 0; i < mv; i++)
            {
                V z = SCALED(acc[j][i], e->alpha_by, e->alpha_turned);
                if (i == mv - 1)
                    STORE_PART(last, c + j * column + i * LANES, z);
                else
                    STORE(c + j * column + i * LANES, z);
            }
        }
        return;
    }
    _Alignas(64) E tile[MR * NR];
    UNROLL for (int j = 0; j < nr; j++)
    {
        UNROLL for (int i = 0; i < mv; i++) STORE(tile + j * MR + i * LANES, acc[j][i]);
    }
    NAME(settle)(s, e, tile, ((mv - 1) * LANES + last) / PARTS, nr, c);
}

/* Every width exactly: a column that is not there must not be read. */
TF_INLINE void NAME(place_rows)(const int mv, const tf_in_place *s, const NAME(ending) * e,
                                int64_t last, const E *a, const E *b, E *c, NAME(ahead) * ahead)
{
    for (int64_t j = 0, width; j < s->n; j += width) {
        const E *from = b + j * s->b_column * PARTS;
        E *to = c + j * s->c_column * PARTS;
        width = s->n - j;
        NAME(fetch)(ahead);
        if (NR > 4 && width >= NR && (NR == 8 || width != 8)) { /* 4 + 4 rather than 6 + 2 */
            width = NR;
            NAME(place)(mv, NR, s, e, last, a, from, to);
        } else if (width >= 4) {
            width = 4;
            NAME(place)(mv, 4, s, e, last, a, from, to);
        } else if (width >= 2) {
            width = 2;
            NAME(place)(mv, 2, s, e, last, a, from, to);
        } else {
            NAME(place)(mv, 1, s, e, last, a, from, to);
        }
    }
}

static void
NAME(multiply_in_place)(const tf_in_place *s, int64_t count, const void *a, const int64_t *a_at,
                        const void *b, const int64_t *b_at, void *c, const int64_t *c_at)
{
    /* even panels: four vectors as 2 + 2, which load less than 3 + 1 */
    const int64_t height = s->m * PARTS, vectors = (height - 1) / LANES + 1,
                  panels = (vectors - 1) / MV + 1, panel = ((vectors - 1) / panels + 1) * LANES;
    const int64_t tiles = panels * ((s->n - 1) / NR + 1);
    int64_t lines[3];
    for (int operand = 0; operand < 3; operand++)
        lines[operand] = s->ahead > 0 ? (s->lines_ahead[operand] + tiles - 1) / tiles : 0;
    NAME(ending) e;
    NAME(set_ending)(s, &e);
    for (int64_t q = 0; q < count; q++) {
        const E *x = (const E *)a + a_at[q] * PARTS, *y = (const E *)b + b_at[q] * PARTS;
        E *z = (E *)c + c_at[q] * PARTS;
        int64_t next = q + s->ahead;
        NAME(ahead)
        ahead = {{(const char *)((const E *)a + a_at[next] * PARTS),
                  (const char *)((const E *)b + b_at[next] * PARTS),
                  (const char *)((const E *)c + c_at[next] * PARTS)},
                 {lines[0], lines[1], lines[2]}};
        for (int64_t i = 0, left; i < height; i += left) {
            left = TF_MIN(panel, height - i);
            int64_t last = (left - 1) % LANES + 1;
            const E *rows = x + i;
            E *to = z + i * s->c_row;
#if MV > 2
            if (left > 2 * LANES) {
                NAME(place_rows)(3, s, &e, last, rows, y, to, &ahead);
                continue;
            }
#endif
#if MV > 1
            if (left > LANES) {
                NAME(place_rows)(2, s, &e, last, rows, y, to, &ahead);
                continue;
            }
#endif
            NAME(place_rows)(1, s, &e, last, rows, y, to, &ahead);
        }
    }
}

#undef PARTS
#undef LOAD_PART
#undef STORE_PART
#undef SWAP
#undef SCALED
