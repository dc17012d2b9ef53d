/* Vector mathematics over contiguous data: SLEEF (at most 1 ulp) with AVX-512, AVX2 or NEON, libm otherwise. */
#if defined(__AVX512F__)
#include <immintrin.h>
#include <sleef.h>
#define LANES_F64 8
#define LANES_F32 16
#define LOAD_F64(p) _mm512_loadu_pd(p)
#define LOAD_F32(p) _mm512_loadu_ps(p)
#define STORE_F64(p, v) _mm512_storeu_pd(p, v)
#define STORE_F32(p, v) _mm512_storeu_ps(p, v)
#define SQRT_F64 _mm512_sqrt_pd
#define SQRT_F32 _mm512_sqrt_ps
#define MATH_F64(name) Sleef_##name##d8_u10avx512f
#define MATH_F32(name) Sleef_##name##f16_u10avx512f
#elif defined(__AVX2__)
#include <immintrin.h>
#include <sleef.h>
#define LANES_F64 4
#define LANES_F32 8
#define LOAD_F64(p) _mm256_loadu_pd(p)
#define LOAD_F32(p) _mm256_loadu_ps(p)
#define STORE_F64(p, v) _mm256_storeu_pd(p, v)
#define STORE_F32(p, v) _mm256_storeu_ps(p, v)
#define SQRT_F64 _mm256_sqrt_pd
#define SQRT_F32 _mm256_sqrt_ps
#define MATH_F64(name) Sleef_##name##d4_u10avx2
#define MATH_F32(name) Sleef_##name##f8_u10avx2
#elif defined(WITH_NEON)
#include <arm_neon.h>
#include <sleef.h>
#define LANES_F64 2
#define LANES_F32 4
#define LOAD_F64(p) vld1q_f64(p)
#define LOAD_F32(p) vld1q_f32(p)
#define STORE_F64(p, v) vst1q_f64(p, v)
#define STORE_F32(p, v) vst1q_f32(p, v)
#define SQRT_F64 vsqrtq_f64
#define SQRT_F32 vsqrtq_f32
#define MATH_F64(name) Sleef_##name##d2_u10advsimd
#define MATH_F32(name) Sleef_##name##f4_u10advsimd
#else
#define LANES_F64 1
#define LANES_F32 1
#define LOAD_F64(p) (*(p))
#define LOAD_F32(p) (*(p))
#define STORE_F64(p, v) (*(p) = (v))
#define STORE_F32(p, v) (*(p) = (v))
#define SQRT_F64 sqrt
#define SQRT_F32 sqrtf
#define MATH_F64(name) name
#define MATH_F32(name) name##f
#endif

#define T double
#define LANES LANES_F64
#define LOAD LOAD_F64
#define STORE STORE_F64

#define FUNCTION block_sqrt_f64
#define ARITY 1
#define CALL SQRT_F64
#include "kernels/vector_function.inc.h"
#define FUNCTION block_exp_f64
#define ARITY 1
#define CALL MATH_F64(exp)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_log_f64
#define ARITY 1
#define CALL MATH_F64(log)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_sin_f64
#define ARITY 1
#define CALL MATH_F64(sin)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_cos_f64
#define ARITY 1
#define CALL MATH_F64(cos)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_tanh_f64
#define ARITY 1
#define CALL MATH_F64(tanh)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_pow_f64
#define ARITY 2
#define CALL MATH_F64(pow)
#include "kernels/vector_function.inc.h"

#undef T
#undef LANES
#undef LOAD
#undef STORE

#define T float
#define LANES LANES_F32
#define LOAD LOAD_F32
#define STORE STORE_F32

#define FUNCTION block_sqrt_f32
#define ARITY 1
#define CALL SQRT_F32
#include "kernels/vector_function.inc.h"
#define FUNCTION block_exp_f32
#define ARITY 1
#define CALL MATH_F32(exp)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_log_f32
#define ARITY 1
#define CALL MATH_F32(log)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_sin_f32
#define ARITY 1
#define CALL MATH_F32(sin)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_cos_f32
#define ARITY 1
#define CALL MATH_F32(cos)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_tanh_f32
#define ARITY 1
#define CALL MATH_F32(tanh)
#include "kernels/vector_function.inc.h"
#define FUNCTION block_pow_f32
#define ARITY 2
#define CALL MATH_F32(pow)
#include "kernels/vector_function.inc.h"

#undef T
#undef LANES
#undef LOAD
#undef STORE
