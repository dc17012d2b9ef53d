/* What a context lends to the engines: kernels of its ISA, threads, scratch, the guest's gemm. */
#ifndef TF_PRIMS_ENGINE_H
#define TF_PRIMS_ENGINE_H

#include "contract/contract.h"
#include "memory/context.h"

void tf_context_engine(tenferro_context *context, tf_engine *out);

#endif
