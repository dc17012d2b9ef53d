/*
 * Levels: a tape that records, a forward-mode pass, a batch, a trace being built.
 *
 * A level is a small vtable that an upper layer fills.  Operations reach it through tenferro_apply,
 * which hands an operation to the highest level among its operands without knowing what kind it is.
 * Levels are ordered by their depth, the order in which they were opened; a handle of a level holds
 * a primal handle of a strictly lower one.
 */
#ifndef TF_TENSOR_LEVEL_H
#define TF_TENSOR_LEVEL_H

#include <stdatomic.h>
#include <tenferro/primitive.h>

#include "support/status.h"

typedef struct tf_level tf_level;

typedef struct tf_level_type {
    const char *kind; /* "forward", for messages */
    /* An operation one of whose operands is of this level; operands of lower levels are constants to it. */
    tenferro_status (*apply)(tf_level *level, const tenferro_primitive *primitive,
                             const void *attributes, int inputs, const tenferro_tensor *const *in,
                             int outputs, tenferro_tensor **out);
    /* The payload of a handle that is being freed. */
    void (*release_payload)(tf_level *level, void *payload);
    /* The level itself, when its last reference goes. */
    void (*destroy)(tf_level *level);
} tf_level_type;

/* The head of every level; an upper layer's struct begins with it. */
struct tf_level {
    const tf_level_type *type;
    tenferro_context *context; /* held */
    int64_t depth;             /* 1, 2, ... in the order of opening; 0 is "no level" */
    atomic_int references;
    atomic_int closed; /* operations on a closed level are LEVEL_MISMATCH */
};

/* Fills the head: one reference, the context's next depth. */
tenferro_status tf_level_open(tf_level *level, const tf_level_type *type, tenferro_context *context);
tf_level *tf_level_retain(tf_level *level);
void tf_level_release(tf_level *level); /* NULL is fine */

/*
 * A handle of the level.  Takes the payload on success only.
 *
 * primal: of a strictly lower level (else LEVEL_MISMATCH), or NULL where the level has no values (a
 * trace); dtype and extents are primal's when it is given (the arguments are then ignored).
 */
tenferro_status
tf_level_wrap(tf_level *level, void *payload, const tenferro_tensor *primal, tenferro_dtype dtype,
              int rank, const tenferro_extent *extents, tenferro_tensor **out);

tf_level *tf_tensor_level(const tenferro_tensor *tensor);         /* NULL: concrete; borrowed */
void *tf_tensor_payload(const tenferro_tensor *tensor);           /* of its level */
tenferro_tensor *tf_tensor_primal(const tenferro_tensor *tensor); /* borrowed */
/* The payload if the tensor is of that level, else NULL; likewise the primal if it is, else the
 * tensor itself. */
void *tf_level_payload(const tf_level *level, const tenferro_tensor *tensor);
const tenferro_tensor *tf_level_primal(const tf_level *level, const tenferro_tensor *tensor);

#endif
