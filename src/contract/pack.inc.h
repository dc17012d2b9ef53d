/*
 * Packing from scattered elements.  Parameters: those of microkernel.inc.h.
 *
 * A panel holds for each k `height` elements side by side; complex ones as that many real parts,
 * then as many imaginary parts.
 */
#define PARTS (1 + KIND_IS_COMPLEX)

/* One element into its panel. */
TF_INLINE void NAME(put)(T x, int conj, int64_t height, E *packed)
{
#if KIND_IS_COMPLEX
    packed[0] = x.re;
    packed[height] = conj ? -x.im : x.im;
#else
    (void)conj, (void)height;
    packed[0] = x;
#endif
}

static inline int NAME(is_run)(int64_t n, const int64_t *offsets)
{
    for (int64_t i = 1; i < n; i++)
        if (offsets[i] != offsets[0] + i)
            return 0;
    return 1;
}

/* `count` consecutive elements for each k. */
TF_INLINE void NAME(pack_rows)(int64_t count, int64_t height, int64_t k, const T *x,
                               const int64_t *columns, int conj, E *packed)
{
    for (int64_t p = 0; p < k; p++, packed += PARTS * height) {
        const T *from = x + columns[p];
        int64_t i = 0;
        if (p + 8 < k) /* strides are often large: nothing else fetches the next pages */
            for (int64_t ahead = 0; ahead < count; ahead += 64 / (int64_t)sizeof(T))
                TF_PREFETCH(x + columns[p + 8] + ahead);
#if HAS_MASKS
        for (; i < height; i += LANES) {
            uint32_t live = MASK(PARTS * TF_MIN(LANES, TF_MAX(count - i, 0)));
            uint32_t wide = MASK(TF_MIN(LANES, height - i));
            const E *at = (const E *)(from + i);
#if KIND_IS_COMPLEX
            V re, im;
            SPLIT(LOAD_FIRST(live & MASK(LANES), at), LOAD_FIRST(live >> LANES, at + LANES), &re,
                  &im);
            STORE_FIRST(wide, packed + height + i, conj ? -im : im);
#else
            V re = LOAD_FIRST(live, at);
#endif
            STORE_FIRST(wide, packed + i, re);
        }
#elif !KIND_IS_COMPLEX
        for (; i + LANES <= count; i += LANES)
            STORE(packed + i, LOAD(from + i));
#elif HAS_TURN
        for (; i + LANES <= count; i += LANES) {
            V re, im;
            const E *pairs = (const E *)(from + i);
            SPLIT(LOAD(pairs), LOAD(pairs + LANES), &re, &im);
            STORE(packed + i, re);
            STORE(packed + height + i, conj ? -im : im);
        }
#endif
        for (; i < count; i++)
            NAME(put)(from[i], conj, height, packed + i);
        for (; i < height; i++)
            for (int part = 0; part < PARTS; part++)
                packed[part * height + i] = 0;
    }
}

/*
 * Unit stride along K: square blocks are turned in registers.  A complex number is a row of two
 * reals, so that turning also takes it apart.
 */
TF_INLINE void NAME(pack_columns)(int64_t count, int64_t height, int64_t k, const T *x,
                                  const int64_t *rows, int conj, E *packed)
{
    int64_t done = 0;
#if HAS_TURN
    enum { W = TF_JOIN(TURN, BYTES) };
    done = k / W * W;
    for (int64_t i = 0; i < height; i += W) {
        int64_t live = TF_MIN(W, count - i), wide = TF_MIN(W, height - i);
        for (int64_t p = 0; p < done * PARTS; p += W) {
            TF_JOIN(turn, BYTES) block[W];
            E *to = packed + p * height + i;
            UNROLL for (int j = 0; j < W; j++)
                block[j] = j < live ? TF_JOIN(TURN_LOAD, BYTES)(
                                          (const void *)((const E *)(x + rows[i + j]) + p))
                                    : TF_JOIN(TURN_ZERO, BYTES);
            TF_JOIN(turn_block, BYTES)(block);
#if KIND_IS_COMPLEX
            if (conj)
                UNROLL for (int j = 1; j < W; j += 2) block[j] = -block[j];
#endif
            if (wide == W) {
                UNROLL for (int j = 0; j < W; j++)
                    TF_JOIN(TURN_STORE, BYTES)((void *)(to + j * height), block[j]);
            } else {
                UNROLL for (int j = 0; j < W; j++)
                    TF_JOIN(TURN_STORE_FIRST, BYTES)(wide, (void *)(to + j * height), block[j]);
            }
        }
    }
#endif
    for (int64_t p = done; p < k; p++)
        for (int64_t i = 0; i < height; i++)
            NAME(put)
    (i < count ? x[rows[i] + p] : ZERO, conj, height, packed + p * PARTS * height + i);
}

/* `panel` rows a panel; the last one's height is the rows that are left, rounded up to `unit`. */
TF_INLINE void NAME(pack)(const int panel, const int unit, int64_t n, int64_t k, const T *x,
                          const int64_t *rows, const int64_t *columns, int conj, E *packed)
{
    int column_run = NAME(is_run)(k, columns);
    for (int64_t first = 0; first < n; first += panel, rows += panel, packed += PARTS * panel * k) {
        int64_t count = TF_MIN(panel, n - first), height = (count + unit - 1) / unit * unit;
        if (NAME(is_run)(count, rows) && count > 1) {
            if (count == panel)
                NAME(pack_rows)(panel, panel, k, x + rows[0], columns, conj, packed);
            else
                NAME(pack_rows)(count, height, k, x + rows[0], columns, conj, packed);
        } else if (column_run) {
            NAME(pack_columns)(count, height, k, x + columns[0], rows, conj, packed);
        } else {
            for (int64_t p = 0; p < k; p++)
                for (int64_t i = 0; i < height; i++)
                    NAME(put)
            (i < count ? x[rows[i] + columns[p]] : ZERO, conj, height,
             packed + p * PARTS * height + i);
        }
    }
}

static void NAME(pack_a)(int64_t m, int64_t k, const void *a, const int64_t *rows,
                         const int64_t *columns, int conj, void *packed)
{
    NAME(pack)(MR, LANES, m, k, a, rows, columns, conj, packed);
}

static void NAME(pack_b)(int64_t n, int64_t k, const void *b, const int64_t *rows,
                         const int64_t *columns, int conj, void *packed)
{
    NAME(pack)(NR, NR, n, k, b, rows, columns, conj, packed);
}

#undef PARTS
