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

/* Columns p .. p + count*step are a run. */
TF_INLINE int NAME(is_run_by)(int64_t count, int64_t step, const int64_t *columns)
{
    for (int64_t j = 1; j < count; j++)
        if (columns[j * step] != columns[0] + j)
            return 0;
    return 1;
}

#if HAS_TURN
enum { NAME(turn_rows) = TF_JOIN(TURN, BYTES), NAME(turn_depth) = NAME(turn_rows) / PARTS };
#else
enum { NAME(turn_rows) = LANES, NAME(turn_depth) = 1 };
#endif

/*
 * Rows i.. of a panel, a vector of them, at columns p, p + step, ...: if these are a run, the square
 * block is turned in registers.  A complex number is a row of two reals, so that turning also takes
 * it apart.
 */
TF_INLINE void
NAME(pack_square)(int64_t i, int64_t count, int64_t height, int64_t p, int64_t k, const T *x,
                  const int64_t *rows, const int64_t *columns, int64_t step, int conj, E *packed)
{
    enum { W = NAME(turn_rows), DEPTH = NAME(turn_depth) };
    int64_t live = TF_MIN(W, count - i), wide = TF_MIN(W, height - i);
    E *to = packed + p * PARTS * height + i;
#if HAS_TURN
    if (p + (DEPTH - 1) * step < k && NAME(is_run_by)(DEPTH, step, columns + p)) {
        TF_JOIN(turn, BYTES) block[W];
        const T *from = x + columns[p];
        UNROLL for (int j = 0; j < W; j++)
            block[j] = j < live ? TF_JOIN(TURN_LOAD, BYTES)((const void *)(from + rows[i + j]))
                                : TF_JOIN(TURN_ZERO, BYTES);
        TF_JOIN(turn_block, BYTES)(block);
#if KIND_IS_COMPLEX
        if (conj)
            UNROLL for (int j = 1; j < W; j += 2) block[j] = -block[j];
#endif
        UNROLL for (int j = 0; j < W; j++)
        {
            E *at = to + (j / PARTS * step * PARTS + j % PARTS) * height;
            if (wide == W)
                TF_JOIN(TURN_STORE, BYTES)((void *)at, block[j]);
            else
                TF_JOIN(TURN_STORE_FIRST, BYTES)(wide, (void *)at, block[j]);
        }
        return;
    }
#endif
    for (int64_t q = p, j = 0; q < k && j < DEPTH; q += step, j++, to += step * PARTS * height)
        for (int64_t r = 0; r < wide; r++)
            NAME(put)
    (r < live ? x[rows[i + r] + columns[q]] : ZERO, conj, height, to + r);
}

/* The distance in K between neighbours in memory; 0: there are none. */
static inline int64_t NAME(run_step)(int64_t k, const int64_t *columns)
{
    for (int64_t step = 1; step < k; step++)
        if (columns[step] == columns[0] + 1)
            return step;
    return 0;
}

/* All of a run of `length` columns from p on, for rows i.. of a panel. */
TF_INLINE void NAME(pack_run)(int64_t i, int64_t count, int64_t height, int64_t p, int64_t length,
                              int64_t k, const T *x, const int64_t *rows, const int64_t *columns,
                              int64_t step, int conj, E *packed)
{
    int64_t end = TF_MIN(p + length * step, k);
    for (; p < end; p += NAME(turn_depth) * step)
        NAME(pack_square)(i, count, height, p, end, x, rows, columns, step, conj, packed);
}

/*
 * `panel` rows a panel; the last one's height is the rows that are left, rounded up to `unit`.
 * Memory is read along runs; the next run is the nearer one of the next rows or columns.
 */
TF_INLINE void NAME(pack)(const int panel, const int unit, int64_t n, int64_t k, const T *x,
                          const int64_t *rows, const int64_t *columns, int conj, E *packed)
{
    enum { W = NAME(turn_rows), PAGE = 4096 };
    int64_t step = TF_MAX(1, NAME(run_step)(k, columns)), length = 1;
    while (length * step < k && columns[length * step] == columns[0] + length)
        length++;
    int64_t apart = (n > 1 ? rows[1] - rows[0] : 0) * (int64_t)sizeof(T);
    if (apart > (int64_t)sizeof(T) && apart * W < PAGE) {
        for (int64_t base = 0; base < k; base += length * step)
            for (int64_t p = base; p < TF_MIN(base + step, k); p++)
                for (int64_t first = 0; first < n; first += panel) {
                    int64_t count = TF_MIN(panel, n - first),
                            height = (count + unit - 1) / unit * unit;
                    for (int64_t i = 0; i < height; i += W)
                        NAME(pack_run)
                    (i, count, height, p, length, k, x, rows + first, columns, step, conj,
                     packed + PARTS * first * k);
                }
        return;
    }
    for (int64_t first = 0; first < n; first += panel, rows += panel, packed += PARTS * panel * k) {
        int64_t count = TF_MIN(panel, n - first), height = (count + unit - 1) / unit * unit;
        if (NAME(is_run)(count, rows) && count > 1) {
            if (count == panel)
                NAME(pack_rows)(panel, panel, k, x + rows[0], columns, conj, packed);
            else
                NAME(pack_rows)(count, height, k, x + rows[0], columns, conj, packed);
            continue;
        }
        for (int64_t i = 0; i < height; i += W)
            for (int64_t base = 0; base < k; base += length * step)
                for (int64_t p = base; p < TF_MIN(base + step, k); p++)
                    NAME(pack_run)
        (i, count, height, p, length, k, x, rows, columns, step, conj, packed);
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
