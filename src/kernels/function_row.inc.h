/*
 * out = f(x) or f(x, y) along a row, for a function that wants contiguous blocks.  Parameters: ROW
 * (name), T, ARITY, BLOCK(n, x, z) or BLOCK(n, x, y, z).  Strided operands pass through small
 * blocks on the stack.
 */
#if !defined(ROW) || !defined(T) || !defined(ARITY) || !defined(BLOCK)
#error "function_row.inc.h needs ROW, T, ARITY and BLOCK"
#endif

static void NAME(ROW)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                      int64_t out_stride)
{
    enum { LENGTH = 64 };
    const T *operand[ARITY];
    T gathered[ARITY][LENGTH], result[LENGTH];
    T *z = out;
    int contiguous = out_stride == 1;
    for (int k = 0; k < ARITY; k++) {
        operand[k] = in[k];
        contiguous &= in_strides[k] == 1;
    }
#if ARITY == 1
    if (contiguous) {
        BLOCK(n, operand[0], z);
        return;
    }
#else
    if (contiguous) {
        BLOCK(n, operand[0], operand[1], z);
        return;
    }
#endif
    for (int64_t done = 0; done < n; done += LENGTH) {
        int64_t count = n - done < LENGTH ? n - done : LENGTH;
        for (int k = 0; k < ARITY; k++)
            for (int64_t i = 0; i < count; i++)
                gathered[k][i] = operand[k][(done + i) * in_strides[k]];
#if ARITY == 1
        BLOCK(count, gathered[0], result);
#else
        BLOCK(count, gathered[0], gathered[1], result);
#endif
        for (int64_t i = 0; i < count; i++)
            z[(done + i) * out_stride] = result[i];
    }
}

#undef ROW
#undef ARITY
#undef BLOCK
