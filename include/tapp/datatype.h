/* TAPP: how elements are stored, and in which precision they are multiplied. */
#ifndef TAPP_DATATYPE_H_
#define TAPP_DATATYPE_H_

#include <tapp/util.h>

typedef int TAPP_datatype;

enum {
    TAPP_F32 = 0,
    TAPP_F64 = 1,
    TAPP_C32 = 2,  /**< two floats: tenferro's complex64 */
    TAPP_C64 = 3,  /**< two doubles: tenferro's complex128 */
    TAPP_F16 = 4,  /**< not offered */
    TAPP_BF16 = 5, /**< not offered */
    TAPP_FLOAT = TAPP_F32,
    TAPP_DOUBLE = TAPP_F64,
    TAPP_SCOMPLEX = TAPP_C32,
    TAPP_DCOMPLEX = TAPP_C64
};

/** A least precision; tenferro computes in that of the operands, and refuses a higher one. */
typedef int TAPP_prectype;

enum {
    TAPP_DEFAULT_PREC = -1,
    TAPP_F32F32_ACCUM_F32 = TAPP_F32,
    TAPP_F64F64_ACCUM_F64 = TAPP_F64,
    TAPP_F16F16_ACCUM_F16 = TAPP_F16,
    TAPP_F16F16_ACCUM_F32 = 5,
    TAPP_BF16BF16_ACCUM_F32 = 6
};

#endif
