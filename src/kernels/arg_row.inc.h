/*
 * Where a row's first best element is: the block's best by the vectorised reduction, then a scan
 * only if it wins. Parameters: ARG (name), BEST (the reduction's row), T, BETTER(x, y).  The first
 * NaN wins over everything.
 */
#if !defined(ARG) || !defined(BEST) || !defined(T) || !defined(BETTER)
#error "arg_row.inc.h needs ARG, BEST, T and BETTER"
#endif

static int64_t NAME(ARG)(int64_t n, const void *in, int64_t stride, int first, void *best)
{
    const T *x = in;
    T mine, old = first ? x[0] : *(T *)best;
    BEST(n, in, stride, &mine);
    int is_nan = NAME(is_nan)(mine);
    if (!first && (NAME(is_nan)(old) || !(is_nan || BETTER(mine, old))))
        return -1;
    *(T *)best = mine;
    int64_t i = 0;
    while (i < n - 1 && !(is_nan ? NAME(is_nan)(x[i * stride]) : x[i * stride] == mine))
        i++;
    return i;
}

#undef ARG
#undef BEST
#undef BETTER
