/*
 * Complex functions: libm's, which have the branch cuts of C99 Annex G.  Parameters: C, Z (the
 * _Complex type of the same layout), R, SUFFIX, FN(name) (libm's name for the type).
 */
#if !defined(C) || !defined(Z) || !defined(R) || !defined(SUFFIX) || !defined(FN)
#error "complex_math.inc.h needs C, Z, R, SUFFIX and FN"
#endif

/* C11 6.2.5: a complex number is laid out as an array of its two parts. */
typedef union TF_JOIN(pun, SUFFIX) {
    C parts;
    Z number;
} TF_JOIN(pun, SUFFIX);

static inline Z TF_JOIN(number, SUFFIX)(C x)
{
    return (TF_JOIN(pun, SUFFIX)){.parts = x}.number;
}

static inline C TF_JOIN(parts, SUFFIX)(Z x)
{
    return (TF_JOIN(pun, SUFFIX)){.number = x}.parts;
}

/* x^0 is 1 and 0^y is 0 for Re y > 0, as for reals; libm's exp(y log x) would give NaN.  Small
 * whole exponents are multiplied out: exact where products are. */
static inline C TF_JOIN(power, SUFFIX)(C x, C y)
{
    if (y.re == 0 && y.im == 0)
        return (C){1, 0};
    if (x.re == 0 && x.im == 0 && y.re > 0)
        return (C){0, 0};
    int whole = y.im == 0 && y.re >= 1 && y.re <= 8 ? (int)y.re : 0;
    if (whole != 0 && y.re == (R)whole) {
        C product = x;
        for (int i = 1; i < whole; i++)
            product = TF_JOIN(tf_mul, SUFFIX)(product, x);
        return product;
    }
    return TF_JOIN(parts, SUFFIX)(FN(cpow)(TF_JOIN(number, SUFFIX)(x), TF_JOIN(number, SUFFIX)(y)));
}

#undef C
#undef Z
#undef R
#undef SUFFIX
#undef FN
