/* The default allocator, and blocks that remember their size, from any allocator. */
#ifndef TF_MEMORY_ALLOCATOR_H
#define TF_MEMORY_ALLOCATOR_H

#include <tenferro/context.h>

#include "support/status.h"

/* From this alignment on the default allocator asks the system for huge pages. */
#define TF_HUGE_PAGE ((size_t)2 << 20)

/* The C library's. */
tenferro_allocator tf_allocator_default(void);

/* malloc and free over an allocator: 16-byte aligned, never 0 bytes; NULL without a message. */
void *tf_block_allocate(const tenferro_allocator *allocator, size_t size);
void tf_block_free(const tenferro_allocator *allocator, void *block); /* NULL is fine */
size_t tf_block_size(const void *block);

#endif
