/*
 * The vectors of one ISA: types, fused multiply-adds, masked access, complex numbers taken apart
 * into real and imaginary vectors, square blocks turned in registers.  What an ISA lacks its
 * kernels do without: HAS_TURN (turning and taking apart), HAS_MASKS.
 */
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define VECTOR_BYTES 64
#define HAS_TURN 1
#define HAS_MASKS 1
#elif defined(__AVX2__) && defined(__FMA__)
#define VECTOR_BYTES 32
#define HAS_TURN 1
#define HAS_MASKS 0
#elif defined(WITH_NEON)
#define VECTOR_BYTES 16
#define HAS_TURN 1
#define HAS_MASKS 0
#else
#define VECTOR_BYTES 16
#define HAS_TURN 0
#define HAS_MASKS 0
#endif

typedef double v_f64 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef float v_f32 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint64_t v_i64 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t v_i32 __attribute__((vector_size(VECTOR_BYTES), may_alias));
/* The same anywhere in memory. */
typedef double u_f64 __attribute__((vector_size(VECTOR_BYTES), may_alias, aligned(1)));
typedef float u_f32 __attribute__((vector_size(VECTOR_BYTES), may_alias, aligned(1)));
typedef uint64_t u_i64 __attribute__((vector_size(VECTOR_BYTES), may_alias, aligned(1)));
typedef uint32_t u_i32 __attribute__((vector_size(VECTOR_BYTES), may_alias, aligned(1)));

/*
 * Of the ISA: FMA(c, x, y) = c + x*y of vectors; MULADD(c, x, y) = c + x*y and MULSUB(c, x, y) =
 * c - x*y with a scalar y.
 */
#define MULADD_INTEGER(c, x, y) ((c) + (x) * (y))
#if VECTOR_BYTES == 64
#include "contract/vectors_avx512.inc.h"
#elif VECTOR_BYTES == 32
#include "contract/vectors_avx2.inc.h"
#elif defined(WITH_NEON)
#include "contract/vectors_neon.inc.h"
#else
#include "contract/vectors_portable.inc.h"
#endif
#if !defined(STREAM)
#define STREAM(p, v) memcpy(p, &(v), VECTOR_BYTES)
#endif
#if !defined(MULADD_I64)
#define MULADD_I64 MULADD_INTEGER
#endif
