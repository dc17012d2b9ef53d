/*
 * All kernels of one ISA: included by kernels_<isa>.c, which ends in the table.  Parameters: TABLE
 * (the table's name), ISA_NAME (text).
 */
#if !defined(TABLE) || !defined(ISA_NAME)
#error "kernels.inc.h needs TABLE and ISA_NAME"
#endif

#include <complex.h>
#undef I /* complex.h's: we use the letter for nothing, and no name of ours should meet it */

#include "kernels/table.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* TF_INDEPENDENT where vectors do not pay */
#endif

#define KIND_BOOL 0
#define KIND_INTEGER 1
#define KIND_REAL 2
#define KIND_COMPLEX 3

/* What a loop over memory will need soon: the processor's own prefetching stops at pages.  Perhaps beyond the array: it
 * is not read. */
#define FETCH_AHEAD(p) TF_PREFETCH_L2((const void *)((uintptr_t)(p) + 2048))

#include "kernels/vector_math.inc.h"

#define C tf_c64
#define Z float _Complex
#define R float
#define SUFFIX c64
#define FN(name) name##f
#include "kernels/complex_math.inc.h"

#define C tf_c128
#define Z double _Complex
#define R double
#define SUFFIX c128
#define FN(name) name
#include "kernels/complex_math.inc.h"

/* ---- one section a dtype ---- */

#define T uint8_t
#define NAME(x) TF_JOIN(x, bool)
#define KIND KIND_BOOL
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef NAME
#undef KIND

#define T int32_t
#define U uint32_t
#define NAME(x) TF_JOIN(x, i32)
#define KIND KIND_INTEGER
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef U
#undef NAME
#undef KIND

#define T int64_t
#define U uint64_t
#define NAME(x) TF_JOIN(x, i64)
#define KIND KIND_INTEGER
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef U
#undef NAME
#undef KIND

#define T float
#define NAME(x) TF_JOIN(x, f32)
#define FN(x) x##f
#define KIND KIND_REAL
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef NAME
#undef FN
#undef KIND

#define T double
#define NAME(x) TF_JOIN(x, f64)
#define FN(x) x
#define KIND KIND_REAL
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef NAME
#undef FN
#undef KIND

#define T tf_c64
#define R float
#define NAME(x) TF_JOIN(x, c64)
#define F(x) TF_JOIN(x, c64)
#define FN(x) x##f
#define KIND KIND_COMPLEX
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef R
#undef NAME
#undef F
#undef FN
#undef KIND

#define T tf_c128
#define R double
#define NAME(x) TF_JOIN(x, c128)
#define F(x) TF_JOIN(x, c128)
#define FN(x) x
#define KIND KIND_COMPLEX
#include "kernels/cast.inc.h"
#include "kernels/map.inc.h"
#include "kernels/reduce.inc.h"
#undef T
#undef R
#undef NAME
#undef F
#undef FN
#undef KIND

/* ---- one section an element size ---- */

#if defined(__GNUC__)
#define RAW __attribute__((may_alias, aligned(1)))
#else
#define RAW
#endif
typedef uint8_t RAW raw1;
typedef uint16_t RAW raw2;
typedef uint32_t RAW raw4;
typedef uint64_t RAW raw8;
typedef struct RAW raw16 {
    raw8 low, high;
} raw16;
#undef RAW

#include "kernels/runs.inc.h"

#define T raw1
#define BYTES 1
#include "kernels/copy.inc.h"
#undef T
#undef BYTES

#define T raw2
#define BYTES 2
#include "kernels/copy.inc.h"
#undef T
#undef BYTES

#define T raw4
#define BYTES 4
#include "kernels/copy.inc.h"
#undef T
#undef BYTES

#define T raw8
#define BYTES 8
#include "kernels/copy.inc.h"
#undef T
#undef BYTES

#define T raw16
#define BYTES 16
#include "kernels/copy.inc.h"
#undef T
#undef BYTES

/* ---- the table ---- */

#define INTEGERS(name) [TENFERRO_INT32] = name##_i32, [TENFERRO_INT64] = name##_i64
#define REALS(name) [TENFERRO_FLOAT32] = name##_f32, [TENFERRO_FLOAT64] = name##_f64
#define COMPLEXES(name) [TENFERRO_COMPLEX64] = name##_c64, [TENFERRO_COMPLEX128] = name##_c128
#define FLOATS(name)                 \
    {                                \
        REALS(name), COMPLEXES(name) \
    }
#define NUMBERS(name)                                \
    {                                                \
        INTEGERS(name), REALS(name), COMPLEXES(name) \
    }
#define ORDERED(name)                                              \
    {                                                              \
        [TENFERRO_BOOL] = name##_bool, INTEGERS(name), REALS(name) \
    }
#define EVERY(name)                                                                 \
    {                                                                               \
        [TENFERRO_BOOL] = name##_bool, INTEGERS(name), REALS(name), COMPLEXES(name) \
    }
#define BOOLEAN(name)                 \
    {                                 \
        [TENFERRO_BOOL] = name##_bool \
    }
#define CASTS(d)                                                                                     \
    {                                                                                                \
        [TENFERRO_BOOL] = to_bool_##d, [TENFERRO_INT32] = to_i32_##d, [TENFERRO_INT64] = to_i64_##d, \
        [TENFERRO_FLOAT32] = to_f32_##d, [TENFERRO_FLOAT64] = to_f64_##d,                            \
        [TENFERRO_COMPLEX64] = to_c64_##d, [TENFERRO_COMPLEX128] = to_c128_##d                       \
    }
#define REDUCERS(op, d)                                  \
    {                                                    \
        op##_row_##d, op##_columns_##d, op##_combine_##d \
    }
#define REDUCE_NUMBERS(op)                                                                   \
    {                                                                                        \
        [TENFERRO_INT32] = REDUCERS(op, i32), [TENFERRO_INT64] = REDUCERS(op, i64),          \
        [TENFERRO_FLOAT32] = REDUCERS(op, f32), [TENFERRO_FLOAT64] = REDUCERS(op, f64),      \
        [TENFERRO_COMPLEX64] = REDUCERS(op, c64), [TENFERRO_COMPLEX128] = REDUCERS(op, c128) \
    }
#define REDUCE_ORDERED(op)                                                            \
    {                                                                                 \
        [TENFERRO_BOOL] = REDUCERS(op, bool), [TENFERRO_INT32] = REDUCERS(op, i32),   \
        [TENFERRO_INT64] = REDUCERS(op, i64), [TENFERRO_FLOAT32] = REDUCERS(op, f32), \
        [TENFERRO_FLOAT64] = REDUCERS(op, f64)                                        \
    }
#define SIZES(name)                                       \
    {                                                     \
        name##_1, name##_2, name##_4, name##_8, name##_16 \
    }

const tf_kernels TABLE = {
    .name = ISA_NAME,
    .map =
        {
            [TF_MAP_NEG] = NUMBERS(neg),
            [TF_MAP_CONJ] = {INTEGERS(identity), REALS(identity), COMPLEXES(conj)},
            [TF_MAP_ABS] = NUMBERS(abs),
            [TF_MAP_SQRT] = FLOATS(sqrt),
            [TF_MAP_EXP] = FLOATS(exp),
            [TF_MAP_LOG] = FLOATS(log),
            [TF_MAP_SIN] = FLOATS(sin),
            [TF_MAP_COS] = FLOATS(cos),
            [TF_MAP_TANH] = FLOATS(tanh),
            [TF_MAP_LOGICAL_NOT] = BOOLEAN(logical_not),
            [TF_MAP_ADD] =
                {[TENFERRO_BOOL] = logical_or_bool, INTEGERS(add), REALS(add), COMPLEXES(add)},
            [TF_MAP_SUB] = NUMBERS(sub),
            [TF_MAP_MUL] =
                {[TENFERRO_BOOL] = logical_and_bool, INTEGERS(mul), REALS(mul), COMPLEXES(mul)},
            [TF_MAP_DIV] = FLOATS(div),
            [TF_MAP_POW] = NUMBERS(pow),
            [TF_MAP_MAXIMUM] = ORDERED(maximum),
            [TF_MAP_MINIMUM] = ORDERED(minimum),
            [TF_MAP_EQUAL] = EVERY(equal),
            [TF_MAP_NOT_EQUAL] = EVERY(not_equal),
            [TF_MAP_LESS] = ORDERED(less),
            [TF_MAP_LESS_EQUAL] = ORDERED(less_equal),
            [TF_MAP_GREATER] = ORDERED(greater),
            [TF_MAP_GREATER_EQUAL] = ORDERED(greater_equal),
            [TF_MAP_LOGICAL_AND] = BOOLEAN(logical_and),
            [TF_MAP_LOGICAL_OR] = BOOLEAN(logical_or),
            [TF_MAP_LOGICAL_XOR] = BOOLEAN(logical_xor),
            [TF_MAP_SELECT] = EVERY(select),
        },
    .cast =
        {
            [TENFERRO_BOOL] = CASTS(bool),
            [TENFERRO_INT32] = CASTS(i32),
            [TENFERRO_INT64] = CASTS(i64),
            [TENFERRO_FLOAT32] = CASTS(f32),
            [TENFERRO_FLOAT64] = CASTS(f64),
            [TENFERRO_COMPLEX64] = CASTS(c64),
            [TENFERRO_COMPLEX128] = CASTS(c128),
        },
    .reduce =
        {
            [TF_REDUCE_SUM] = REDUCE_NUMBERS(sum),
            [TF_REDUCE_PROD] = REDUCE_NUMBERS(prod),
            [TF_REDUCE_MIN] = REDUCE_ORDERED(min),
            [TF_REDUCE_MAX] = REDUCE_ORDERED(max),
            [TF_REDUCE_ANY] = {[TENFERRO_BOOL] = REDUCERS(any, bool)},
            [TF_REDUCE_ALL] = {[TENFERRO_BOOL] = REDUCERS(all, bool)},
        },
    .arg = {ORDERED(arg_min_row), ORDERED(arg_max_row)},
    .arg_columns = {ORDERED(arg_min_columns), ORDERED(arg_max_columns)},
    .copy = SIZES(copy),
    .tile = SIZES(tile),
    .gather = SIZES(gather),
    .scatter = SIZES(scatter),
    .runs = runs,
    .fence = fence,
    .streams = STREAMS,
    .fill = SIZES(fill),
};
