/* out[i + j*out_stride] = in[i*in_stride + j], eight by eight.  Parameters: T, NAME. */
#if !defined(T) || !defined(NAME)
#error "transpose.inc.h needs T and NAME"
#endif

static inline void
NAME(transpose)(const T *x, int64_t in_stride, T *z, int64_t out_stride, int stream)
{
    (void)stream;
    T block[8][8];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            block[j][i] = x[i * in_stride + j];
    for (int j = 0; j < 8; j++)
        for (int i = 0; i < 8; i++)
            z[i + j * out_stride] = block[j][i];
}

/* After the last block of a tile that was streamed. */
static inline void NAME(transposed)(void)
{
}
