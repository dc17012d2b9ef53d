/*
 * One conversion along a row.  Parameters: T and KIND (from), TO, TO_KIND, TO_NAME (the row's
 * name), TO_SATURATE(x).
 */
#if !defined(TO) || !defined(TO_KIND) || !defined(TO_NAME)
#error "cast_row.inc.h needs TO, TO_KIND and TO_NAME"
#endif

#if KIND == KIND_COMPLEX && TO_KIND == KIND_COMPLEX
#define CONVERT(x)                       \
    {                                    \
        (TO_REAL)(x).re, (TO_REAL)(x).im \
    }
#elif KIND == KIND_COMPLEX && TO_KIND == KIND_BOOL
#define CONVERT(x) (((x).re != 0) | ((x).im != 0))
#elif KIND == KIND_COMPLEX && TO_KIND == KIND_INTEGER
#define CONVERT(x) TO_SATURATE((x).re)
#elif KIND == KIND_COMPLEX
#define CONVERT(x) (TO)(x).re
#elif TO_KIND == KIND_COMPLEX
#define CONVERT(x)      \
    {                   \
        (TO_REAL)(x), 0 \
    }
#elif TO_KIND == KIND_BOOL
#define CONVERT(x) ((x) != 0)
#elif TO_KIND == KIND_INTEGER && KIND == KIND_REAL
#define CONVERT(x) TO_SATURATE(x)
#else
#define CONVERT(x) (TO)(x)
#endif

static void NAME(TO_NAME)(int64_t n, const void *const *in, const int64_t *in_strides, void *out,
                          int64_t out_stride)
{
    const T *x = in[0];
    TO *z = out;
    int64_t stride = in_strides[0];
    if (stride == 1 && out_stride == 1) {
        TF_INDEPENDENT
        for (int64_t i = 0; i < n; i++) {
            const TO converted = CONVERT(x[i]);
            z[i] = converted;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const TO converted = CONVERT(x[i * stride]);
        z[i * out_stride] = converted;
    }
}

#undef CONVERT
#undef TO
#undef TO_KIND
#undef TO_NAME
#undef TO_REAL
#undef TO_SATURATE
