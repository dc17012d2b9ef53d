/* What a context lends to the engines: kernels of its ISA, threads, scratch, the guest's gemm. */
#ifndef TF_PRIMS_ENGINE_H
#define TF_PRIMS_ENGINE_H

#include <tenferro/rates.h>

#include "contract/contract.h"
#include "memory/context.h"

/* Those that were set or measured; NULL: the built-in ones serve.  They live as long as the context. */
const tenferro_rates *tf_context_rates(const tenferro_context *context);

void tf_context_engine(tenferro_context *context, tf_engine *out);

/*
 * tf_contract(), analysed once for each layout: through the context's plan cache.  alpha and beta as
 * tf_contract_run()'s; the contraction's own are NULL.
 */
tenferro_status tf_contract_cached(tenferro_context *context, const tf_engine *engine,
                                   const tf_contraction *contraction, const void *alpha,
                                   const void *beta, const void *a, const void *b, void *c);

#endif
