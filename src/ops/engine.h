/* What a context lends to the engines: kernels of its ISA, threads, scratch, the guest's gemm. */
#ifndef TF_OPS_ENGINE_H
#define TF_OPS_ENGINE_H

#include "kernels/kernels.h"
#include "memory/context.h"

void tf_context_engine(tenferro_context *context, tf_engine *out);

#endif
