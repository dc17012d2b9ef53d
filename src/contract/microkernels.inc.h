/* All microkernels of one ISA.  Parameter: TABLE. */
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

#include "contract/vectors.inc.h"

#include "contract/part.inc.h"

/* Register tiles: vectors along M, columns.  They fill the registers but for a few. */
#if VECTOR_BYTES == 64
#define MV_REAL 3
#define NR_REAL 8
#define MV_F32 3
#define NR_F32 8
#define MV_COMPLEX 2
#define NR_COMPLEX 6
#elif VECTOR_BYTES == 32
#define MV_REAL 3
#define NR_REAL 4
#define MV_F32 2
#define NR_F32 6
#define MV_COMPLEX 1
#define NR_COMPLEX 6
#elif defined(WITH_NEON)
#define MV_REAL 3
#define NR_REAL 8
#define MV_F32 3
#define NR_F32 8
#define MV_COMPLEX 2
#define NR_COMPLEX 6
#else
#define MV_REAL 2
#define NR_REAL 4
#define MV_F32 2
#define NR_F32 4
#define MV_COMPLEX 1
#define NR_COMPLEX 4
#endif

#define KIND_IS_COMPLEX 0
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0

#define T uint32_t /* wraps */
#define E uint32_t
#define NAME(x) TF_JOIN(x, i32)
#define HAS_IN_PLACE 0
#define HAS_ACROSS 0
#define V v_i32
#define U u_i32
#define BYTES 4
#define MV MV_REAL
#define NR NR_REAL
#define MULADD MULADD_INTEGER
#define FMA MULADD_INTEGER
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA

#define T uint64_t
#define E uint64_t
#define NAME(x) TF_JOIN(x, i64)
#define HAS_IN_PLACE 0
#define HAS_ACROSS 0
#define V v_i64
#define U u_i64
#define BYTES 8
#define MV MV_REAL
#define NR NR_REAL
#define MULADD MULADD_I64
#define FMA MULADD_INTEGER
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA

#define T float
#define E float
#define NAME(x) TF_JOIN(x, f32)
#define HAS_IN_PLACE 1
#define HAS_ACROSS 1
#define V v_f32
#define U u_f32
#define BYTES 4
#define MV MV_F32
#define NR NR_F32
#define MULADD MULADD_F32
#define FMA FMA_F32
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA

#define T double
#define E double
#define NAME(x) TF_JOIN(x, f64)
#define HAS_IN_PLACE 1
#define HAS_ACROSS 1
#define V v_f64
#define U u_f64
#define BYTES 8
#define MV MV_REAL
#define NR NR_REAL
#define MULADD MULADD_F64
#define FMA FMA_F64
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA

#undef KIND_IS_COMPLEX
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO
#define KIND_IS_COMPLEX 1

#define T tf_c64
#define E float
#define NAME(x) TF_JOIN(x, c64)
#define HAS_IN_PLACE 1
#define HAS_ACROSS 0
#define V v_f32
#define U u_f32
#define BYTES 4
#define MV MV_COMPLEX
#define NR NR_COMPLEX
#define MULADD MULADD_F32
#define FMA FMA_F32
#define MULSUB MULSUB_F32
#define SPLIT split_f32
#define MERGE merge_f32
#define ADD tf_add_c64
#define MUL tf_mul_c64
#define CONJ(x, conj) ((conj) ? tf_conj_c64(x) : (x))
#define ZERO ((tf_c64){0, 0})
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA
#undef MULSUB
#undef SPLIT
#undef MERGE
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO

#define T tf_c128
#define E double
#define NAME(x) TF_JOIN(x, c128)
#define HAS_IN_PLACE 1
#define HAS_ACROSS 0
#define V v_f64
#define U u_f64
#define BYTES 8
#define MV MV_COMPLEX
#define NR NR_COMPLEX
#define MULADD MULADD_F64
#define FMA FMA_F64
#define MULSUB MULSUB_F64
#define SPLIT split_f64
#define MERGE merge_f64
#define ADD tf_add_c128
#define MUL tf_mul_c128
#define CONJ(x, conj) ((conj) ? tf_conj_c128(x) : (x))
#define ZERO ((tf_c128){0, 0})
#include "contract/microkernel.inc.h"
#include "contract/rows.inc.h"
#undef T
#undef E
#undef NAME
#undef HAS_IN_PLACE
#undef HAS_ACROSS
#undef V
#undef U
#undef BYTES
#undef MV
#undef NR
#undef MULADD
#undef FMA
#undef MULSUB
#undef SPLIT
#undef MERGE
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO

#define ROW(DTYPE, name, tile, bytes, in_place_, across_)  \
    [DTYPE] = {.mr = MV_##tile * (VECTOR_BYTES / (bytes)), \
               .nr = NR_##tile,                            \
               .lanes = VECTOR_BYTES / (bytes),            \
               .pack_a = pack_a_##name,                    \
               .pack_b = pack_b_##name,                    \
               .multiply = multiply_##name,                \
               .multiply_in_place = in_place_,             \
               .across = across_,                          \
               .accumulate = accumulate_##name,            \
               .dot = dot_##name,                          \
               .finish = finish_##name}

const tf_microkernel TABLE[TF_DTYPE_SLOTS] = {
    ROW(TENFERRO_INT32, i32, REAL, 4, NULL, NULL),
    ROW(TENFERRO_INT64, i64, REAL, 8, NULL, NULL),
    ROW(TENFERRO_FLOAT32, f32, F32, 4, multiply_in_place_f32, across_f32),
    ROW(TENFERRO_FLOAT64, f64, REAL, 8, multiply_in_place_f64, across_f64),
    ROW(TENFERRO_COMPLEX64, c64, COMPLEX, 4, multiply_in_place_c64, NULL),
    ROW(TENFERRO_COMPLEX128, c128, COMPLEX, 8, multiply_in_place_c128, NULL),
};
