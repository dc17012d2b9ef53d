/* Conversions of one dtype to all of them.  Parameters: T, NAME, KIND as in map.inc.h. */
#define TO uint8_t
#define TO_KIND KIND_BOOL
#define TO_NAME to_bool
#include "kernels/cast_row.inc.h"
#define TO int32_t
#define TO_KIND KIND_INTEGER
#define TO_NAME to_i32
#define TO_SATURATE tf_saturate_i32
#include "kernels/cast_row.inc.h"
#define TO int64_t
#define TO_KIND KIND_INTEGER
#define TO_NAME to_i64
#define TO_SATURATE tf_saturate_i64
#include "kernels/cast_row.inc.h"
#define TO float
#define TO_KIND KIND_REAL
#define TO_NAME to_f32
#include "kernels/cast_row.inc.h"
#define TO double
#define TO_KIND KIND_REAL
#define TO_NAME to_f64
#include "kernels/cast_row.inc.h"
#define TO tf_c64
#define TO_REAL float
#define TO_KIND KIND_COMPLEX
#define TO_NAME to_c64
#include "kernels/cast_row.inc.h"
#define TO tf_c128
#define TO_REAL double
#define TO_KIND KIND_COMPLEX
#define TO_NAME to_c128
#include "kernels/cast_row.inc.h"
