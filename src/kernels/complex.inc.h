/*
 * Complex arithmetic by explicit real and imaginary parts.  Parameters: C, R, SUFFIX, ABS (of R).
 */
#if !defined(C) || !defined(R) || !defined(SUFFIX) || !defined(ABS)
#error "complex.inc.h needs C, R, SUFFIX and ABS"
#endif

static inline C TF_JOIN(tf_neg, SUFFIX)(C x)
{
    return (C){-x.re, -x.im};
}

static inline C TF_JOIN(tf_conj, SUFFIX)(C x)
{
    return (C){x.re, -x.im};
}

static inline C TF_JOIN(tf_add, SUFFIX)(C x, C y)
{
    return (C){x.re + y.re, x.im + y.im};
}

static inline C TF_JOIN(tf_sub, SUFFIX)(C x, C y)
{
    return (C){x.re - y.re, x.im - y.im};
}

static inline C TF_JOIN(tf_mul, SUFFIX)(C x, C y)
{
    return (C){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}

/*
 * Smith, CACM 5 (1962) 435: no overflow where the quotient is in range.  A real divisor divides
 * both parts.
 */
static inline C TF_JOIN(tf_div, SUFFIX)(C x, C y)
{
    if (y.im == 0)
        return (C){x.re / y.re, x.im / y.re};
    if (ABS(y.re) >= ABS(y.im)) {
        R ratio = y.im / y.re, scale = y.re + y.im * ratio;
        return (C){(x.re + x.im * ratio) / scale, (x.im - x.re * ratio) / scale};
    }
    R ratio = y.re / y.im, scale = y.re * ratio + y.im;
    return (C){(x.re * ratio + x.im) / scale, (x.im * ratio - x.re) / scale};
}

static inline int TF_JOIN(tf_equal, SUFFIX)(C x, C y)
{
    return (x.re == y.re) & (x.im == y.im);
}

#undef C
#undef R
#undef SUFFIX
#undef ABS
