/* Any bytes as a .npz archive, of which every member is read. */
#include <stdint.h>
#include <tenferro/io.h>

#define LONGEST_INPUT (1 << 20)
#define MEMBERS_READ 8
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
    tenferro_npz *npz;
    tenferro_status status = tenferro_npz_open_memory(context, bytes, count, "fuzz", &npz);
    if ((status == TENFERRO_OK) != (npz != NULL))
        __builtin_trap();
    for (int64_t i = 0; i < tenferro_npz_count(npz) && i < MEMBERS_READ; i++) {
        tenferro_tensor *t;
        status = tenferro_npz_read(npz, tenferro_npz_name(npz, i), &t);
        if ((status == TENFERRO_OK) != (t != NULL))
            __builtin_trap();
        tenferro_tensor_release(t);
    }
    tenferro_npz_close(npz);
    return 0;
}
