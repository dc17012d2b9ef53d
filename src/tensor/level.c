/* Levels: see level.h. */

#include "tensor/level.h"

#include "tensor/tensor.h"

/* The context's counter of opened levels. */
static tenferro_status counter_create(tenferro_context *context, void **object)
{
    _Atomic int64_t *counter = tf_malloc(context, 1, sizeof *counter);
    if (!counter)
        return TENFERRO_OUT_OF_MEMORY;
    atomic_init(counter, 0);
    *object = counter;
    return TENFERRO_OK;
}

static void counter_destroy(tenferro_context *context, void *object)
{
    tf_free(context, object);
}

tenferro_status tf_level_open(tf_level *level, const tf_level_type *type, tenferro_context *context)
{
    void *counter;
    TF_TRY(tf_context_slot(context, TF_SLOT_LEVELS, counter_create, counter_destroy, &counter));
    level->type = type;
    level->context = tenferro_context_retain(context);
    level->depth = atomic_fetch_add((_Atomic int64_t *)counter, 1) + 1;
    atomic_init(&level->references, 1);
    atomic_init(&level->closed, 0);
    return TENFERRO_OK;
}

tf_level *tf_level_retain(tf_level *level)
{
    atomic_fetch_add_explicit(&level->references, 1, memory_order_relaxed);
    return level;
}

void tf_level_release(tf_level *level)
{
    if (!level || atomic_fetch_sub_explicit(&level->references, 1, memory_order_acq_rel) != 1)
        return;
    tenferro_context *context = level->context;
    level->type->destroy(level);
    tenferro_context_release(context);
}

tf_level *tf_tensor_level(const tenferro_tensor *tensor)
{
    return tensor->level;
}

void *tf_tensor_payload(const tenferro_tensor *tensor)
{
    return tensor->payload;
}

tenferro_tensor *tf_tensor_primal(const tenferro_tensor *tensor)
{
    return tensor->primal;
}

void *tf_level_payload(const tf_level *level, const tenferro_tensor *tensor)
{
    return tensor->level == level ? tensor->payload : NULL;
}

const tenferro_tensor *tf_level_primal(const tf_level *level, const tenferro_tensor *tensor)
{
    return tensor->level == level ? tensor->primal : tensor;
}
