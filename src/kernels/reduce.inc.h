/* Reductions of one dtype.  Parameters: as map.inc.h. */
#if !defined(T) || !defined(NAME) || !defined(KIND)
#error "reduce.inc.h needs T, NAME and KIND"
#endif

#if KIND == KIND_BOOL
#define REDUCE any
#define OP(x, y) (((x) | (y)) != 0)
#include "kernels/reduce_row.inc.h"
#define REDUCE all
#define OP(x, y) (((x) != 0) & ((y) != 0))
#include "kernels/reduce_row.inc.h"
#elif KIND == KIND_INTEGER
#define REDUCE sum
#define OP(x, y) (T)((U)(x) + (U)(y))
#include "kernels/reduce_row.inc.h"
#define REDUCE prod
#define OP(x, y) (T)((U)(x) * (U)(y))
#include "kernels/reduce_row.inc.h"
#elif KIND == KIND_REAL
#define REDUCE sum
#define OP(x, y) ((x) + (y))
#include "kernels/reduce_row.inc.h"
#define REDUCE prod
#define OP(x, y) ((x) * (y))
#include "kernels/reduce_row.inc.h"
#else
#define REDUCE sum
#define OP(x, y) F(tf_add)(x, y)
#include "kernels/reduce_row.inc.h"
#define REDUCE prod
#define OP(x, y) F(tf_mul)(x, y)
#include "kernels/reduce_row.inc.h"
#endif

#if KIND != KIND_COMPLEX
/* NaN wins; in two steps, as compilers vectorise chains of them then. */
static inline T NAME(smaller)(T x, T y)
{
    T least = x < y ? x : y;
    return NAME(is_nan)(x) ? x : least;
}

static inline T NAME(larger)(T x, T y)
{
    T most = x > y ? x : y;
    return NAME(is_nan)(x) ? x : most;
}

#define REDUCE min
#define OP(x, y) NAME(smaller)(x, y)
#include "kernels/reduce_row.inc.h"
#define REDUCE max
#define OP(x, y) NAME(larger)(x, y)
#include "kernels/reduce_row.inc.h"
#define ARG arg_min
#define BEST min
#define BETTER(x, y) ((x) < (y))
#include "kernels/arg_row.inc.h"
#define ARG arg_max
#define BEST max
#define BETTER(x, y) ((x) > (y))
#include "kernels/arg_row.inc.h"
#endif
