/* Vector mathematics over contiguous data: SLEEF (at most 1 ulp) with AVX2, libm otherwise. */
#if defined(__AVX2__)
#include <immintrin.h>
#include <sleef.h>
#define MATH_F32(sleef, libm) sleef
#define MATH_F64(sleef, libm) sleef
#else
#define MATH_F32(sleef, libm) libm
#define MATH_F64(sleef, libm) libm
#endif

#define T double
#if defined(__AVX2__)
#define LANES 4
#define LOAD(p) _mm256_loadu_pd(p)
#define STORE(p, v) _mm256_storeu_pd(p, v)
#else
#define LANES 1
#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
#endif

#define FUNCTION block_sqrt_f64
#define ARITY 1
#define CALL MATH_F64(_mm256_sqrt_pd, sqrt)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_exp_f64
#define ARITY 1
#define CALL MATH_F64(Sleef_expd4_u10avx2, exp)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_log_f64
#define ARITY 1
#define CALL MATH_F64(Sleef_logd4_u10avx2, log)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_sin_f64
#define ARITY 1
#define CALL MATH_F64(Sleef_sind4_u10avx2, sin)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_cos_f64
#define ARITY 1
#define CALL MATH_F64(Sleef_cosd4_u10avx2, cos)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_tanh_f64
#define ARITY 1
#define CALL MATH_F64(Sleef_tanhd4_u10avx2, tanh)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_pow_f64
#define ARITY 2
#define CALL MATH_F64(Sleef_powd4_u10avx2, pow)
#include "kernels/vector_function.inc.h"

#undef T
#undef LANES
#undef LOAD
#undef STORE

#define T float
#if defined(__AVX2__)
#define LANES 8
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#else
#define LANES 1
#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
#endif

#define FUNCTION block_sqrt_f32
#define ARITY 1
#define CALL MATH_F32(_mm256_sqrt_ps, sqrtf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_exp_f32
#define ARITY 1
#define CALL MATH_F32(Sleef_expf8_u10avx2, expf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_log_f32
#define ARITY 1
#define CALL MATH_F32(Sleef_logf8_u10avx2, logf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_sin_f32
#define ARITY 1
#define CALL MATH_F32(Sleef_sinf8_u10avx2, sinf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_cos_f32
#define ARITY 1
#define CALL MATH_F32(Sleef_cosf8_u10avx2, cosf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_tanh_f32
#define ARITY 1
#define CALL MATH_F32(Sleef_tanhf8_u10avx2, tanhf)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_pow_f32
#define ARITY 2
#define CALL MATH_F32(Sleef_powf8_u10avx2, powf)
#include "kernels/vector_function.inc.h"

#undef T
#undef LANES
#undef LOAD
#undef STORE
