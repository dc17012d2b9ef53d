/*
 * z[i] = CALL(x[i]) or CALL(x[i], y[i]) over contiguous data, a vector at a time.  The tail is
 * padded into a vector, so that an element's bits do not depend on where it lies.  Parameters:
 * FUNCTION (name), T, ARITY, CALL.  V, LANES, LOAD and STORE describe the vector.
 */
#if !defined(FUNCTION) || !defined(T) || !defined(ARITY) || !defined(CALL)
#error "vector_function.inc.h needs FUNCTION, T, ARITY and CALL"
#endif

#if ARITY == 1
static void FUNCTION(int64_t n, const T *x, T *z)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        STORE(z + i, CALL(LOAD(x + i)));
    if (i < n) {
        T tail[LANES];
        for (int j = 0; j < LANES; j++)
            tail[j] = i + j < n ? x[i + j] : 1;
        STORE(tail, CALL(LOAD(tail)));
        for (int j = 0; i + j < n; j++)
            z[i + j] = tail[j];
    }
}
#else
static void FUNCTION(int64_t n, const T *x, const T *y, T *z)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        STORE(z + i, CALL(LOAD(x + i), LOAD(y + i)));
    if (i < n) {
        T tail[LANES], other[LANES];
        for (int j = 0; j < LANES; j++) {
            tail[j] = i + j < n ? x[i + j] : 1;
            other[j] = i + j < n ? y[i + j] : 1;
        }
        STORE(tail, CALL(LOAD(tail), LOAD(other)));
        for (int j = 0; i + j < n; j++)
            z[i + j] = tail[j];
    }
}
#endif

#undef FUNCTION
#undef ARITY
#undef CALL
