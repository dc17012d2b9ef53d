/*
 * One reduction: rows, columns, combining.  Parameters: REDUCE (name), T, OP(x, y).  A row has at least sixteen
 * accumulators in a fixed order, so that the loop vectorises and the rounding error of a row of n is about n/16 + 4
 * units.
 */
#if !defined(REDUCE) || !defined(T) || !defined(OP)
#error "reduce_row.inc.h needs REDUCE, T and OP"
#endif

static void NAME(TF_JOIN(REDUCE, row))(int64_t n, const void *in, int64_t stride, void *result)
{
    enum { WIDTH = sizeof(T) < 8 ? 128 / sizeof(T) : 16 };
    const T *x = in;
    if (n < 2 * WIDTH) {
        T sum = x[0];
        for (int64_t i = 1; i < n; i++)
            sum = OP(sum, x[i * stride]);
        *(T *)result = sum;
        return;
    }
    T acc[WIDTH];
    int64_t i = WIDTH;
    if (stride == 1) {
        for (int j = 0; j < WIDTH; j++)
            acc[j] = x[j];
        for (; i + WIDTH <= n; i += WIDTH) {
            for (int j = 0; j < WIDTH; j += 64 / (int)sizeof(T))
                FETCH_AHEAD(x + i + j);
            TF_ROLLED
            for (int j = 0; j < WIDTH; j++)
                acc[j] = OP(acc[j], x[i + j]);
        }
    } else {
        for (int j = 0; j < WIDTH; j++)
            acc[j] = x[j * stride];
        for (; i + WIDTH <= n; i += WIDTH)
            for (int j = 0; j < WIDTH; j++)
                acc[j] = OP(acc[j], x[(i + j) * stride]);
    }
    for (int j = 0; i + j < n; j++)
        acc[j] = OP(acc[j], x[(i + j) * stride]);
    for (int width = WIDTH / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++)
            acc[j] = OP(acc[j], acc[j + width]);
    *(T *)result = acc[0];
}

static void NAME(TF_JOIN(REDUCE, combine))(int64_t n, const void *in, void *result)
{
    const T *x = in;
    T *acc = result;
    TF_INDEPENDENT
    for (int64_t i = 0; i < n; i++)
        acc[i] = OP(acc[i], x[i]);
}

/* Four rows at a time save three quarters of the traffic with the accumulators. */
static void
NAME(TF_JOIN(REDUCE, rows))(int64_t n, int64_t rows, const T *x, const int64_t *reduced, T *acc)
{
    enum { LINES = 4, WIDTH = LINES * 64 / sizeof(T) };
    for (int64_t i = 0; i < n; i++)
        acc[i] = x[reduced[0] + i];
    int64_t row = 1;
    for (; row + 4 <= rows; row += 4) {
        const T *a = x + reduced[row], *b = x + reduced[row + 1], *c = x + reduced[row + 2],
                *d = x + reduced[row + 3];
        int64_t i = 0;
        for (; i + WIDTH <= n; i += WIDTH) {
            for (int64_t j = row + 4; j < TF_MIN(row + 8, rows); j++)
                for (int line = 0; line < LINES; line++)
                    TF_PREFETCH_L2(x + reduced[j] + i + line * (WIDTH / LINES));
            TF_INDEPENDENT
            for (int j = 0; j < WIDTH; j++) {
                T p = a[i + j], q = b[i + j], r = c[i + j], s = d[i + j], old = acc[i + j];
                T pq = OP(p, q), rs = OP(r, s), all = OP(pq, rs);
                acc[i + j] = OP(old, all);
            }
        }
        for (; i < n; i++) {
            T pq = OP(a[i], b[i]), rs = OP(c[i], d[i]), all = OP(pq, rs);
            acc[i] = OP(acc[i], all);
        }
    }
    for (; row < rows; row++)
        NAME(TF_JOIN(REDUCE, combine))(n, x + reduced[row], acc);
}

static void NAME(TF_JOIN(REDUCE, columns))(int64_t n, int64_t rows, const void *in,
                                           const int64_t *kept, const int64_t *reduced, void *result)
{
    enum { CHAINS = 8 };
    const T *x = in;
    T *acc = result;
    if (kept == NULL) {
        NAME(TF_JOIN(REDUCE, rows))(n, rows, x, reduced, acc);
        return;
    }
    int64_t i = 0;
    for (; i + CHAINS <= n; i += CHAINS) {
        T part[CHAINS];
        for (int k = 0; k < CHAINS; k++)
            part[k] = x[reduced[0] + kept[i + k]];
        for (int64_t row = 1; row < rows; row++) {
            TF_SCALAR(row);
            const T *y = x + reduced[row];
            for (int k = 0; k < CHAINS; k++)
                part[k] = OP(part[k], y[kept[i + k]]);
        }
        for (int k = 0; k < CHAINS; k++)
            acc[i + k] = part[k];
    }
    for (; i < n; i++) {
        acc[i] = x[reduced[0] + kept[i]];
        for (int64_t row = 1; row < rows; row++)
            acc[i] = OP(acc[i], x[reduced[row] + kept[i]]);
    }
}

#undef REDUCE
#undef OP
