/* Any bytes as a .npy file: an array whose elements can be read, or an error. */
#include <stdint.h>
#include <tenferro/io.h>

#define LONGEST_INPUT (1 << 20)
#define MEMORY_LIMIT (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static tenferro_context *context;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.memory_limit = MEMORY_LIMIT;
    options.blas = "none";
    if (count > LONGEST_INPUT ||
        (!context && tenferro_context_create(&options, &context) != TENFERRO_OK))
        return 0;
    tenferro_tensor *t;
    int64_t size;
    tenferro_status status = tenferro_npy_read_memory(context, bytes, count, "fuzz", &t);
    if ((status == TENFERRO_OK) != (t != NULL))
        __builtin_trap();
    if (t && tenferro_tensor_size(t, &size) == TENFERRO_OK && size > (int64_t)count)
        __builtin_trap(); /* more elements than bytes */
    tenferro_tensor_release(t);
    return 0;
}
