/*
 * npy_roundtrip [--spread] IN OUT [IN OUT]...: reads a .npy file, or all members of a .npz archive,
 * and writes the same to OUT.  --spread: .npy files only, through a view with gaps, so that the
 * writer has to gather.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenferro/io.h>

#define CHECK(expr)                                                         \
    do {                                                                    \
        tenferro_status check_status = (expr);                              \
        if (check_status != TENFERRO_OK) {                                  \
            fprintf(stderr, "%s: %s\n", tenferro_status_name(check_status), \
                    tenferro_error_message());                              \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

static void copy_npy(tenferro_context *context, const char *from, const char *to)
{
    tenferro_tensor *t;
    CHECK(tenferro_npy_read(context, from, &t));
    CHECK(tenferro_npy_write(to, t));
    tenferro_tensor_release(t);
}

/* A view that skips every second element of a copy twice as long has no order of its own. */
static void copy_spread(tenferro_context *context, const char *from, const char *to)
{
    tenferro_tensor *t, *view;
    CHECK(tenferro_npy_read(context, from, &t));
    int rank = tenferro_tensor_rank(t);
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    int64_t count;
    CHECK(tenferro_dtype_describe(context, tenferro_tensor_dtype(t), &info));
    CHECK(tenferro_tensor_size(t, &count));
    size_t size = (size_t)info.size;
    char *spread = malloc(2 * (size_t)count * size + 1);
    int64_t *strides = malloc(((size_t)rank + 1) * sizeof *strides);
    if (!spread || !strides)
        exit(1);
    for (int64_t i = 0; i < count; i++)
        memcpy(spread + 2 * (size_t)i * size,
               (const char *)tenferro_tensor_data(t) + (size_t)i * size, size);
    for (int i = 0; i < rank; i++)
        strides[i] = 2 * tenferro_tensor_strides(t)[i];
    CHECK(tenferro_tensor_wrap(context, tenferro_tensor_dtype(t), rank, tenferro_tensor_extents(t),
                               strides, spread, TENFERRO_WRAP_READ_ONLY, NULL, NULL, &view));
    CHECK(tenferro_npy_write(to, view));
    tenferro_tensor_release(view);
    tenferro_tensor_release(t);
    free(strides);
    free(spread);
}

static void copy_npz(tenferro_context *context, const char *from, const char *to)
{
    tenferro_npz *npz;
    CHECK(tenferro_npz_open(context, from, &npz));
    size_t count = (size_t)tenferro_npz_count(npz);
    const char **names = malloc((count + 1) * sizeof *names);
    tenferro_tensor **tensors = malloc((count + 1) * sizeof *tensors);
    if (!names || !tensors)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        names[i] = tenferro_npz_name(npz, (int64_t)i);
        CHECK(tenferro_npz_read(npz, names[i], &tensors[i]));
    }
    CHECK(tenferro_npz_write(to, (int64_t)count, names, (const tenferro_tensor *const *)tensors));
    for (size_t i = 0; i < count; i++)
        tenferro_tensor_release(tensors[i]);
    free(tensors);
    free(names);
    tenferro_npz_close(npz);
}

int main(int argc, char **argv)
{
    int spread = argc > 1 && strcmp(argv[1], "--spread") == 0;
    int first = 1 + spread;
    if (argc <= first || (argc - first) % 2 != 0) {
        fprintf(stderr, "usage: npy_roundtrip [--spread] IN OUT [IN OUT]...\n");
        return 2;
    }
    tenferro_context *context;
    CHECK(tenferro_context_create(NULL, &context));
    for (int i = first; i < argc; i += 2) {
        size_t length = strlen(argv[i]);
        if (spread)
            copy_spread(context, argv[i], argv[i + 1]);
        else if (length > 4 && strcmp(argv[i] + length - 4, ".npz") == 0)
            copy_npz(context, argv[i], argv[i + 1]);
        else
            copy_npy(context, argv[i], argv[i + 1]);
    }
    tenferro_context_release(context);
    return 0;
}
