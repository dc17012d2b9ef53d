/*
 * One reduction: rows, columns, combining.  Parameters: REDUCE (name), T, OP(x, y).  Sixteen
 * accumulators in a fixed order, so that the loop vectorises and the rounding error of a row of n
 * is about n/16 + 4 units.
 */
#if !defined(REDUCE) || !defined(T) || !defined(OP)
#error "reduce_row.inc.h needs REDUCE, T and OP"
#endif

static void NAME(TF_JOIN(REDUCE, row))(int64_t n, const void *in, int64_t stride, void *result)
{
    enum { WIDTH = 16 };
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
        for (; i + WIDTH <= n; i += WIDTH)
            for (int j = 0; j < WIDTH; j++)
                acc[j] = OP(acc[j], x[i + j]);
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

static void NAME(TF_JOIN(REDUCE, columns))(int64_t n, int64_t rows, const void *in, int64_t stride,
                                           int64_t row_stride, void *result)
{
    const T *x = in;
    T *acc = result;
    for (int64_t i = 0; i < n; i++)
        acc[i] = x[i * stride];
    for (int64_t row = 1; row < rows; row++) {
        x += row_stride;
        if (stride == 1) {
            NAME(TF_JOIN(REDUCE, combine))(n, x, acc);
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            acc[i] = OP(acc[i], x[i * stride]);
    }
}

#undef REDUCE
#undef OP
