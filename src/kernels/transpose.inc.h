/*
 * One block of a transpose: z[i + zo[j]] = x[xo[i] + j], for i < BLOCK_I, j < BLOCK_J.  Parameters:
 * T, NAME.
 */
#if !defined(T) || !defined(NAME)
#error "transpose.inc.h needs T and NAME"
#endif
#define BLOCK_I 8
#define BLOCK_J 8

static inline void
NAME(transpose)(const T *x, const int64_t *xo, T *z, const int64_t *zo, int stream)
{
    (void)stream;
    T block[BLOCK_J][BLOCK_I];
    for (int i = 0; i < BLOCK_I; i++)
        for (int j = 0; j < BLOCK_J; j++)
            block[j][i] = x[xo[i] + j];
    for (int j = 0; j < BLOCK_J; j++)
        for (int i = 0; i < BLOCK_I; i++)
            z[i + zo[j]] = block[j][i];
}
