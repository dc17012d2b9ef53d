/* out = OP(x) along a row.  Parameters: ROW (name), T (input), OUT (output type), OP(x). */
#if !defined(ROW) || !defined(T) || !defined(OUT) || !defined(OP)
#error "unary_row.inc.h needs ROW, T, OUT and OP"
#endif

static void NAME(ROW)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                      int64_t out_stride)
{
    const T *x = in[0];
    OUT *z = out;
    int64_t sx = in_strides[0];
    if (sx == 1 && out_stride == 1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++)
            z[i] = OP(x[i]);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        z[i * out_stride] = OP(x[i * sx]);
}

#undef ROW
#undef OUT
#undef OP
