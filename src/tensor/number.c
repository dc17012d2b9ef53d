/* Host numbers as elements. */

#include <math.h>
#include <string.h>

#include "tensor/tensor.h"

/* The number as an integer, if it is one that fits in [low, high]. */
static int integer_value(tenferro_number number, int64_t low, int64_t high, int64_t *out)
{
    if (number.kind == 2) {
        *out = number.integer;
    } else {
        /* 2^63 as a double is the first that does not fit */
        if (number.im != 0.0 || number.re != trunc(number.re) ||
            !(fabs(number.re) < 9223372036854775808.0))
            return 0;
        *out = (int64_t)number.re;
    }
    return *out >= low && *out <= high;
}

tenferro_status tf_number_store(tenferro_number number, tenferro_dtype dtype, void *element)
{
    if (number.kind < 0 || number.kind > 2)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "a tenferro_number of unknown kind %d",
                       number.kind);
    double re = number.kind == 2 ? (double)number.integer : number.re;
    double im = number.kind == 1 ? number.im : 0.0;
    number.re = re;
    number.im = im;
    int64_t integer;
    if (im != 0.0 && !tf_dtype_is_complex(dtype))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "the complex number %g%+gi does not fit in %s", re,
                       im, tf_dtype_name(NULL, dtype));
    switch (dtype) {
    case TENFERRO_BOOL:
        if (!integer_value(number, 0, 1, &integer))
            break;
        *(unsigned char *)element = (unsigned char)integer;
        return TENFERRO_OK;
    case TENFERRO_INT32:
        if (!integer_value(number, INT32_MIN, INT32_MAX, &integer))
            break;
        *(int32_t *)element = (int32_t)integer;
        return TENFERRO_OK;
    case TENFERRO_INT64:
        if (!integer_value(number, INT64_MIN, INT64_MAX, &integer))
            break;
        *(int64_t *)element = integer;
        return TENFERRO_OK;
    case TENFERRO_FLOAT32:
        *(float *)element = (float)re;
        return TENFERRO_OK;
    case TENFERRO_FLOAT64:
        *(double *)element = re;
        return TENFERRO_OK;
    case TENFERRO_COMPLEX64:
        ((float *)element)[0] = (float)re;
        ((float *)element)[1] = (float)im;
        return TENFERRO_OK;
    case TENFERRO_COMPLEX128:
        ((double *)element)[0] = re;
        ((double *)element)[1] = im;
        return TENFERRO_OK;
    default:
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "a host number has no meaning in the registered dtype %u", (unsigned)dtype);
    }
    return tf_fail(TENFERRO_DTYPE_MISMATCH, "the number %.17g does not fit in %s", re,
                   tf_dtype_name(NULL, dtype));
}
