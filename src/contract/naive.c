/* The reference route, and the one for a handful of multiply-adds. */
#include "contract/nest.h"
#include "contract/route.h"

#define T uint32_t /* wraps */
#define NAME(x) TF_JOIN(x, i32)
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0
#include "contract/naive.inc.h"

#define T uint64_t
#define NAME(x) TF_JOIN(x, i64)
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0
#include "contract/naive.inc.h"

#define T float
#define NAME(x) TF_JOIN(x, f32)
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0
#include "contract/naive.inc.h"

#define T double
#define NAME(x) TF_JOIN(x, f64)
#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
#define CONJ(x, conj) ((void)(conj), (x))
#define ZERO 0
#include "contract/naive.inc.h"

#define T tf_c64
#define NAME(x) TF_JOIN(x, c64)
#define ADD tf_add_c64
#define MUL tf_mul_c64
#define CONJ(x, conj) ((conj) ? tf_conj_c64(x) : (x))
#define ZERO \
    {        \
        0, 0 \
    }
#include "contract/naive.inc.h"

#define T tf_c128
#define NAME(x) TF_JOIN(x, c128)
#define ADD tf_add_c128
#define MUL tf_mul_c128
#define CONJ(x, conj) ((conj) ? tf_conj_c128(x) : (x))
#define ZERO \
    {        \
        0, 0 \
    }
#include "contract/naive.inc.h"

tenferro_status tf_contract_naive(const tf_engine *engine, const tf_problem *problem,
                                  const tf_prepared *prepared, const tf_operands *operands)
{
    (void)engine, (void)prepared;
    tf_loop out, sum;
    TF_TRY(tf_nest_init(problem, &out, &sum));
    switch (problem->dtype) {
    case TENFERRO_INT32:
        naive_i32(problem, operands, &out, &sum);
        break;
    case TENFERRO_INT64:
        naive_i64(problem, operands, &out, &sum);
        break;
    case TENFERRO_FLOAT32:
        naive_f32(problem, operands, &out, &sum);
        break;
    case TENFERRO_FLOAT64:
        naive_f64(problem, operands, &out, &sum);
        break;
    case TENFERRO_COMPLEX64:
        naive_c64(problem, operands, &out, &sum);
        break;
    default:
        naive_c128(problem, operands, &out, &sum);
        break;
    }
    return TENFERRO_OK;
}
