/*
 * The plans of tenferro_einsum(), kept in the context: bounded in number and bytes, the oldest go
 * first.
 */
#ifndef TF_EINSUM_CACHE_H
#define TF_EINSUM_CACHE_H

#include <stddef.h>

#include "einsum/plan.h"

/*
 * What a plan was made for, as bytes: equation, dtype, ranks and extents.  (Strides are no part of
 * it: execution binds them. An einsum conjugates nothing and its algebra is plus-times.)
 */
typedef struct tf_plan_key {
    const void *bytes;
    size_t count;
    uint64_t hash;
} tf_plan_key;

/*
 * The plan with a reference of the caller's, or NULL.  Never fails and leaves this thread's message
 * alone.
 */
tenferro_einsum_plan *tf_plan_cache_find(tenferro_context *context, const tf_plan_key *key);
/*
 * Keeps a plan that does not hold its context, if there is room for it at all; takes a reference of
 * its own.
 */
void tf_plan_cache_add(tenferro_context *context, const tf_plan_key *key,
                       tenferro_einsum_plan *plan);

#endif
