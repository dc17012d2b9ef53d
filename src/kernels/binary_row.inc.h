/* out = OP(x, y) along a row.  Parameters: ROW (name), T (inputs), OUT (output type), OP(x, y). */
#if !defined(ROW) || !defined(T) || !defined(OUT) || !defined(OP)
#error "binary_row.inc.h needs ROW, T, OUT and OP"
#endif

static void NAME(ROW)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                      int64_t out_stride)
{
    const T *x = in[0], *y = in[1];
    OUT *z = out;
    int64_t sx = in_strides[0], sy = in_strides[1];
    if (out_stride == 1 && sx == 1 && sy == 1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = OP(x[i], y[i]);
        return;
    }
    if (out_stride == 1 && sx == 1 && sy == 0) {
        const T scalar = *y;
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = OP(x[i], scalar);
        return;
    }
    if (out_stride == 1 && sx == 0 && sy == 1) {
        const T scalar = *x;
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = OP(scalar, y[i]);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        z[i * out_stride] = OP(x[i * sx], y[i * sy]);
}

#undef ROW
#undef OUT
#undef OP
