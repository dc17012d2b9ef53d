/*
 * The inner loops that need no packing.  Parameters: T, NAME, ADD, MUL, CONJ (of T), ZERO.
 */
#if !defined(T) || !defined(NAME) || !defined(ADD) || !defined(MUL) || !defined(CONJ) || \
    !defined(ZERO)
#error "rows.inc.h needs T, NAME, ADD, MUL, CONJ and ZERO"
#endif

#define FETCH_AHEAD 4096 /* bytes: long rows are fetched before the processor would */

/* With the conjugations known, so that the compiler drops them. */
TF_INLINE void NAME(accumulate_as)(int64_t n, const T *a, int64_t sa, int conj_a, const T *b,
                                   int64_t sb, int conj_b, int first, T *restrict acc)
{
    enum { LINE = 64 / sizeof(T) };
    for (int64_t at = 0; at < n; at += LINE) {
        int64_t end = TF_MIN(at + LINE, n);
        if (sa == 1)
            TF_PREFETCH((const char *)(a + at) + FETCH_AHEAD);
        if (sb == 1)
            TF_PREFETCH((const char *)(b + at) + FETCH_AHEAD);
        if (first)
            for (int64_t i = at; i < end; i++)
                acc[i] = MUL(CONJ(a[i * sa], conj_a), CONJ(b[i * sb], conj_b));
        else
            for (int64_t i = at; i < end; i++)
                acc[i] = ADD(acc[i], MUL(CONJ(a[i * sa], conj_a), CONJ(b[i * sb], conj_b)));
    }
}

static void NAME(accumulate)(int64_t n, const void *pa, int64_t sa, int conj_a, const void *pb,
                             int64_t sb, int conj_b, int first, void *result)
{
    const T *a = pa, *b = pb;
    T *acc = result;
    if (conj_a || conj_b)
        NAME(accumulate_as)(n, a, sa, conj_a, b, sb, conj_b, first, acc);
    else if (sa == 1 && sb == 1)
        NAME(accumulate_as)(n, a, 1, 0, b, 1, 0, first, acc);
    else if (sa == 1 && sb == 0)
        NAME(accumulate_as)(n, a, 1, 0, b, 0, 0, first, acc);
    else if (sa == 0 && sb == 1)
        NAME(accumulate_as)(n, a, 0, 0, b, 1, 0, first, acc);
    else
        NAME(accumulate_as)(n, a, sa, 0, b, sb, 0, first, acc);
}

/* Sixteen accumulators in a fixed order. */
TF_INLINE T NAME(dot_as)(int64_t n, const T *a, int64_t sa, int conj_a, const T *b, int64_t sb,
                         int conj_b)
{
    enum { WIDTH = 16 };
    T sum[WIDTH], total = ZERO;
    int64_t i = 0;
    if (n >= WIDTH) {
        for (int j = 0; j < WIDTH; j++)
            sum[j] = MUL(CONJ(a[j * sa], conj_a), CONJ(b[j * sb], conj_b));
        for (i = WIDTH; i + WIDTH <= n; i += WIDTH) {
            if (sa == 1)
                for (size_t at = 0; at < WIDTH * sizeof(T); at += 64)
                    TF_PREFETCH((const char *)(a + i) + FETCH_AHEAD + at);
            for (int j = 0; j < WIDTH; j++)
                sum[j] = ADD(sum[j],
                             MUL(CONJ(a[(i + j) * sa], conj_a), CONJ(b[(i + j) * sb], conj_b)));
        }
        for (int width = WIDTH / 2; width > 0; width /= 2)
            for (int j = 0; j < width; j++)
                sum[j] = ADD(sum[j], sum[j + width]);
        total = sum[0];
    }
    for (; i < n; i++)
        total = ADD(total, MUL(CONJ(a[i * sa], conj_a), CONJ(b[i * sb], conj_b)));
    return total;
}

static void NAME(dot)(int64_t n, const void *pa, int64_t sa, int conj_a, const void *pb, int64_t sb,
                      int conj_b, int first, void *result)
{
    const T *a = pa, *b = pb;
    T *acc = result;
    T sum = sa == 1 && sb == 1 && !conj_a && !conj_b
                ? NAME(dot_as)(n, a, 1, 0, b, 1, 0)
                : NAME(dot_as)(n, a, sa, conj_a, b, sb, conj_b);
    *acc = first ? sum : ADD(*acc, sum);
}

static void NAME(finish)(int64_t n, const void *values, const void *palpha, const void *pbeta,
                         void *pc, int64_t sc)
{
    const T *acc = values;
    const T alpha = *(const T *)palpha;
    T *c = pc;
    if (pbeta == NULL) {
        if (sc == 1)
            for (int64_t i = 0; i < n; i++)
                c[i] = MUL(alpha, acc[i]);
        else
            for (int64_t i = 0; i < n; i++)
                c[i * sc] = MUL(alpha, acc[i]);
        return;
    }
    const T beta = *(const T *)pbeta;
    for (int64_t i = 0; i < n; i++)
        c[i * sc] = ADD(MUL(alpha, acc[i]), MUL(beta, c[i * sc]));
}

#undef FETCH_AHEAD
