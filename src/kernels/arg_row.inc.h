/*
 * Where the first best element is: the block's best by the vectorised reduction, then a scan only if it wins.
 * Parameters: ARG (name), BEST (the reduction), T, BETTER(x, y).  The first NaN wins over everything.
 */
#if !defined(ARG) || !defined(BEST) || !defined(T) || !defined(BETTER)
#error "arg_row.inc.h needs ARG, BEST, T and BETTER"
#endif

static int NAME(TF_JOIN(ARG, wins))(T x, T old)
{
    return !NAME(is_nan)(old) && (NAME(is_nan)(x) || BETTER(x, old));
}

static int64_t
NAME(TF_JOIN(ARG, row))(int64_t n, const void *in, int64_t stride, int first, void *best)
{
    const T *x = in;
    T mine;
    NAME(TF_JOIN(BEST, row))(n, in, stride, &mine);
    if (!first && !NAME(TF_JOIN(ARG, wins))(mine, *(T *)best))
        return -1;
    *(T *)best = mine;
    int64_t i = 0;
    while (i < n - 1 && !(NAME(is_nan)(mine) ? NAME(is_nan)(x[i * stride]) : x[i * stride] == mine))
        i++;
    return i;
}

static void
NAME(TF_JOIN(ARG, columns))(int64_t n, int64_t rows, const void *in, const int64_t *reduced,
                            int first, int64_t base, void *best, int64_t *found)
{
    const T *x = in;
    T mine[TF_REDUCE_LENGTH], *old = best;
    NAME(TF_JOIN(BEST, columns))(n, rows, in, NULL, reduced, mine);
    for (int64_t i = 0; i < n; i++) {
        if (!first && !NAME(TF_JOIN(ARG, wins))(mine[i], old[i]))
            continue;
        T value = old[i] = mine[i];
        int64_t row = 0;
        while (row < rows - 1 && !(NAME(is_nan)(value) ? NAME(is_nan)(x[i + reduced[row]])
                                                       : x[i + reduced[row]] == value))
            row++;
        found[i] = base + row;
    }
}

#undef ARG
#undef BEST
#undef BETTER
