/*
 * The buffer pool: blocks for tensors and scratch, kept for reuse in size classes, within limits.
 */
#ifndef TF_MEMORY_BUFFERS_H
#define TF_MEMORY_BUFFERS_H

#include <tenferro/context.h>

#include "support/status.h"

typedef struct tf_buffers tf_buffers;

/*
 * memory_limit: bytes alive at once, 0: none.  pool_limit: bytes of free blocks kept.  huge_pages:
 * align large blocks so that the default allocator asks for huge pages.  The allocator is copied.
 */
tenferro_status tf_buffers_create(const tenferro_allocator *allocator, int huge_pages,
                                  int64_t memory_limit, int64_t pool_limit, tf_buffers **out);
/* NULL is fine; blocks that are still out are not its to free. */
void tf_buffers_destroy(tf_buffers *buffers);

/*
 * 64-byte aligned, bytes >= 0; NULL with the thread's message set.  Give back with the same number
 * of bytes.
 */
void *tf_buffers_take(tf_buffers *buffers, int64_t bytes);
void tf_buffers_give(tf_buffers *buffers, void *block, int64_t bytes);

void tf_buffers_trim(tf_buffers *buffers);
void tf_buffers_set_memory_limit(tf_buffers *buffers, int64_t bytes);
int64_t tf_buffers_memory_limit(tf_buffers *buffers);
void tf_buffers_statistics(tf_buffers *buffers, tenferro_memory_statistics *out);
void tf_buffers_reset_peak(tf_buffers *buffers);

#endif
