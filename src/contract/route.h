/* What a route is, and the functions of each; contract.c has the table. */
#ifndef TF_CONTRACT_ROUTE_H
#define TF_CONTRACT_ROUTE_H

#include "contract/cost.h"
#include "contract/small.h"

/* What a route has found out when planning. */
typedef union tf_prepared {
    tf_small small;
} tf_prepared;

/*
 * Problems are fused and oriented (tf_problem_fuse, tf_problem_orient), have no sums of one operand
 * and no extent of 0; but the naive route takes them as they come.
 */
typedef struct tf_route {
    const char *name;
    /* Why it cannot serve the problem; NULL: it can. */
    const char *(*refuses)(const tf_engine *engine, const tf_problem *problem);
    /* Predicted, on one thread: choices do not depend on the number of threads. */
    double (*seconds)(const tf_engine *engine, const tf_shape *shape);
    /* NULL: nothing to prepare. */
    void (*prepare)(const tf_engine *engine, const tf_problem *problem, tf_prepared *prepared);
    tenferro_status (*run)(const tf_engine *engine, const tf_problem *problem,
                           const tf_prepared *prepared, const tf_operands *operands);
    /* Upper bound of the scratch that a run takes; NULL: it takes none. */
    int64_t (*scratch)(const tf_engine *engine, const tf_problem *problem);
} tf_route;

tenferro_status tf_contract_naive(const tf_engine *engine, const tf_problem *problem,
                                  const tf_prepared *prepared, const tf_operands *operands);

/* Why there is no kind for the problem, or NULL. */
const char *
tf_small_find_kind(const tf_microkernel *kernel, const tf_problem *problem, tf_small_kind *kind);
const char *tf_small_refuses(const tf_engine *engine, const tf_problem *problem);
void tf_small_prepare(const tf_engine *engine, const tf_problem *problem, tf_prepared *prepared);
tenferro_status tf_contract_small(const tf_engine *engine, const tf_problem *problem,
                                  const tf_prepared *prepared, const tf_operands *operands);
int64_t tf_small_scratch(const tf_engine *engine, const tf_problem *problem);

tenferro_status tf_contract_direct(const tf_engine *engine, const tf_problem *problem,
                                   const tf_prepared *prepared, const tf_operands *operands);
int64_t tf_direct_scratch(const tf_engine *engine, const tf_problem *problem);

tenferro_status tf_contract_packed(const tf_engine *engine, const tf_problem *problem,
                                   const tf_prepared *prepared, const tf_operands *operands);
int64_t tf_packed_scratch(const tf_engine *engine, const tf_problem *problem);
void tf_packed_blocks(const tf_engine *engine, const tf_problem *problem, int64_t *mc, int64_t *kc,
                      int64_t *nc);

/* A run is UNSUPPORTED if the guest then refuses it, with nothing written. */
const char *tf_blas_refuses(const tf_engine *engine, const tf_problem *problem);
tenferro_status tf_contract_blas(const tf_engine *engine, const tf_problem *problem,
                                 const tf_prepared *prepared, const tf_operands *operands);

#endif
