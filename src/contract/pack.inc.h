/*
 * Packing from scattered elements and storing tiles.  Parameters: T, E (its real part's type),
 * NAME, MR, NR, ADD, MUL, KIND_IS_COMPLEX (0 or 1).
 */
#if !defined(T) || !defined(E) || !defined(NAME) || !defined(MR) || !defined(NR) || \
    !defined(KIND_IS_COMPLEX)
#error "pack.inc.h needs T, E, NAME, MR, NR and KIND_IS_COMPLEX"
#endif

/* One element into its panel. */
TF_INLINE void NAME(put)(T x, int conj, int panel, E *packed)
{
#if KIND_IS_COMPLEX
    packed[0] = x.re;
    packed[panel] = conj ? -x.im : x.im;
#else
    (void)conj, (void)panel;
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

TF_INLINE void NAME(pack)(int panel, int64_t n, int64_t k, const T *x, const int64_t *rows,
                          const int64_t *columns, int conj, E *packed)
{
    const int step = panel * (1 + KIND_IS_COMPLEX);
    int column_run = NAME(is_run)(k, columns);
    for (int64_t first = 0; first < n; first += panel, rows += panel, packed += step * k) {
        int count = n - first < panel ? (int)(n - first) : panel;
        if (count == panel && NAME(is_run)(panel, rows)) {
            for (int64_t p = 0; p < k; p++) {
                const T *from = x + rows[0] + columns[p];
                for (int i = 0; i < panel; i++)
                    NAME(put)(from[i], conj, panel, packed + p * step + i);
            }
            continue;
        }
        if (count < panel)
            memset(packed, 0, (size_t)(step * k) * sizeof(E));
        for (int i = 0; i < count; i++) {
            const T *from = x + rows[i];
            if (column_run)
                for (int64_t p = 0; p < k; p++)
                    NAME(put)(from[columns[0] + p], conj, panel, packed + p * step + i);
            else
                for (int64_t p = 0; p < k; p++)
                    NAME(put)(from[columns[p]], conj, panel, packed + p * step + i);
        }
    }
}

static void NAME(pack_a)(int64_t m, int64_t k, const void *a, const int64_t *rows,
                         const int64_t *columns, int conj, void *packed)
{
    NAME(pack)(MR, m, k, a, rows, columns, conj, packed);
}

static void NAME(pack_b)(int64_t n, int64_t k, const void *b, const int64_t *rows,
                         const int64_t *columns, int conj, void *packed)
{
    NAME(pack)(NR, n, k, b, rows, columns, conj, packed);
}

TF_INLINE T NAME(get)(const E *tile, int64_t i)
{
#if KIND_IS_COMPLEX
    return (T){tile[i], tile[i + MR * NR]};
#else
    return tile[i];
#endif
}

static void NAME(store)(int64_t m, int64_t n, const void *ptile, const void *palpha,
                        const void *pbeta, void *pc, const int64_t *rows, const int64_t *columns)
{
    const E *tile = ptile;
    const T alpha = *(const T *)palpha, beta = pbeta != NULL ? *(const T *)pbeta : alpha;
    int run = NAME(is_run)(m, rows);
    for (int64_t j = 0; j < n; j++, tile += MR) {
        T *c = (T *)pc + columns[j];
        if (run && pbeta == NULL)
            for (int64_t i = 0; i < m; i++)
                c[rows[0] + i] = MUL(alpha, NAME(get)(tile, i));
        else if (run)
            for (int64_t i = 0; i < m; i++)
                c[rows[0] + i] = ADD(MUL(alpha, NAME(get)(tile, i)), MUL(beta, c[rows[0] + i]));
        else if (pbeta == NULL)
            for (int64_t i = 0; i < m; i++)
                c[rows[i]] = MUL(alpha, NAME(get)(tile, i));
        else
            for (int64_t i = 0; i < m; i++)
                c[rows[i]] = ADD(MUL(alpha, NAME(get)(tile, i)), MUL(beta, c[rows[i]]));
    }
}
