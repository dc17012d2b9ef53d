/* All microkernels of one ISA.  Parameters: TABLE; VECTOR_BYTES. */
#if !defined(TABLE)
#error "microkernels.inc.h needs TABLE"
#endif

#include "contract/microkernel.h"

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 16")
#else
#error "the microkernels need the vector extensions of GCC or Clang"
#endif

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define VECTOR_BYTES 32
#define MULADD_F64(c, x, y) ((v_f64)_mm256_fmadd_pd((__m256d)(x), _mm256_set1_pd(y), (__m256d)(c)))
#define MULSUB_F64(c, x, y) ((v_f64)_mm256_fnmadd_pd((__m256d)(x), _mm256_set1_pd(y), (__m256d)(c)))
#define MULADD_F32(c, x, y) ((v_f32)_mm256_fmadd_ps((__m256)(x), _mm256_set1_ps(y), (__m256)(c)))
#define MULSUB_F32(c, x, y) ((v_f32)_mm256_fnmadd_ps((__m256)(x), _mm256_set1_ps(y), (__m256)(c)))
#define MV_F64 3
#define NR_F64 4
#define MV_F32 2
#define NR_F32 6
#define NR_COMPLEX 6
#else
#define VECTOR_BYTES 16
#define MULADD_F64(c, x, y) ((c) + (x) * (y))
#define MULSUB_F64(c, x, y) ((c) - (x) * (y))
#define MULADD_F32 MULADD_F64
#define MULSUB_F32 MULSUB_F64
#define MV_F64 2
#define NR_F64 4
#define MV_F32 2
#define NR_F32 4
#define NR_COMPLEX 4
#endif

/* Vectors of packed panels, which need no alignment beyond their elements'. */
typedef double v_f64 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef float v_f32 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint64_t v_i64 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t v_i32 __attribute__((vector_size(VECTOR_BYTES), may_alias));

#define KIND_IS_COMPLEX 0
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0

#define T uint32_t /* wraps */
#define E uint32_t
#define NAME(x) TF_JOIN(x, i32)
#define V v_i32
#define LANES (VECTOR_BYTES / 4)
#define MV 2
#define NR 4
#define MULADD(c, x, y) ((c) + (x) * (y))
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef V
#undef LANES
#undef MV
#undef NR
#undef MULADD

#define T uint64_t
#define E uint64_t
#define NAME(x) TF_JOIN(x, i64)
#define V v_i64
#define LANES (VECTOR_BYTES / 8)
#define MV 2
#define NR 4
#define MULADD(c, x, y) ((c) + (x) * (y))
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef V
#undef LANES
#undef MV
#undef NR
#undef MULADD

#define T float
#define E float
#define NAME(x) TF_JOIN(x, f32)
#define V v_f32
#define LANES (VECTOR_BYTES / 4)
#define MV MV_F32
#define NR NR_F32
#define MULADD MULADD_F32
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef V
#undef LANES
#undef MV
#undef NR
#undef MULADD

#define T double
#define E double
#define NAME(x) TF_JOIN(x, f64)
#define V v_f64
#define LANES (VECTOR_BYTES / 8)
#define MV MV_F64
#define NR NR_F64
#define MULADD MULADD_F64
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef V
#undef LANES
#undef MV
#undef NR
#undef MULADD

#undef KIND_IS_COMPLEX
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO
#define KIND_IS_COMPLEX 1

#define T tf_c64
#define E float
#define NAME(x) TF_JOIN(x, c64)
#define ADD tf_add_c64
#define MUL tf_mul_c64
#define CONJ(x, conj) ((conj) ? tf_conj_c64(x) : (x))
#define ZERO ((tf_c64){0, 0})
#define V v_f32
#define LANES (VECTOR_BYTES / 4)
#define MV 1
#define NR NR_COMPLEX
#define MULADD MULADD_F32
#define MULSUB MULSUB_F32
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO
#undef V
#undef LANES
#undef MV
#undef NR
#undef MULADD
#undef MULSUB

#define T tf_c128
#define E double
#define NAME(x) TF_JOIN(x, c128)
#define ADD tf_add_c128
#define MUL tf_mul_c128
#define CONJ(x, conj) ((conj) ? tf_conj_c128(x) : (x))
#define ZERO ((tf_c128){0, 0})
#define V v_f64
#define LANES (VECTOR_BYTES / 8)
#define MV 1
#define NR NR_COMPLEX
#define MULADD MULADD_F64
#define MULSUB MULSUB_F64
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"

#define ROW(DTYPE, name, mv, lanes, n, mc_, kc_, nc_) \
    [DTYPE] = {.mr = (mv) * (lanes),                  \
               .nr = (n),                             \
               .mc = (mc_),                           \
               .kc = (kc_),                           \
               .nc = (nc_),                           \
               .pack_a = pack_a_##name,               \
               .pack_b = pack_b_##name,               \
               .multiply = multiply_##name,           \
               .store = store_##name,                 \
               .accumulate = accumulate_##name,       \
               .dot = dot_##name,                     \
               .finish = finish_##name}

/* A block of A (mc x kc) takes at most half of a 1 MiB L2, a panel of B (kc x nr) a third of L1. */
const tf_microkernel TABLE[TF_DTYPE_SLOTS] = {
    ROW(TENFERRO_INT32, i32, 2, VECTOR_BYTES / 4, 4, 192, 256, 2048),
    ROW(TENFERRO_INT64, i64, 2, VECTOR_BYTES / 8, 4, 192, 256, 2048),
    ROW(TENFERRO_FLOAT32, f32, MV_F32, VECTOR_BYTES / 4, NR_F32, 256, 384, 3072),
    ROW(TENFERRO_FLOAT64, f64, MV_F64, VECTOR_BYTES / 8, NR_F64, 192, 256, 2048),
    ROW(TENFERRO_COMPLEX64, c64, 1, VECTOR_BYTES / 4, NR_COMPLEX, 192, 256, 1536),
    ROW(TENFERRO_COMPLEX128, c128, 1, VECTOR_BYTES / 8, NR_COMPLEX, 128, 192, 1536),
};
