/*
 * First steps: write two arrays as .npy files, read them back, contract them, write the result.
 *
 *     first_steps [FOLDER]
 */
#include <stdio.h>
#include <tenferro.h>

/* Every fallible function returns a status; what went wrong is in this thread's message. */
#define CHECK(call)                                                         \
    do {                                                                    \
        if ((call) != TENFERRO_OK) {                                        \
            fprintf(stderr, "first_steps: %s\n", tenferro_error_message()); \
            goto cleanup;                                                   \
        }                                                                   \
    } while (0)

/* Prints a tensor: asked once for the length, once for the text; this one surely fits. */
static tenferro_status print(const char *name, const tenferro_tensor *tensor)
{
    char text[4096];
    tenferro_status status = tenferro_tensor_format(tensor, NULL, text, sizeof text, NULL);
    if (status == TENFERRO_OK)
        printf("%s: %s\n\n", name, text);
    return status;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    char a_path[1024], b_path[1024], c_path[1024];
    int failed = 1;
    tenferro_context *ctx = NULL;
    tenferro_tensor *a = NULL, *b = NULL, *c = NULL;
    snprintf(a_path, sizeof a_path, "%s/a.npy", folder);
    snprintf(b_path, sizeof b_path, "%s/b.npy", folder);
    snprintf(c_path, sizeof c_path, "%s/c.npy", folder);

    /* All state hangs off a context: threads, memory, caches.  NULL: the defaults. */
    CHECK(tenferro_context_create(NULL, &ctx));

    /* Two arrays of random numbers, 2x3x4 and 4x3x2, into files that NumPy can read too. */
    CHECK(tenferro_random_uniform(ctx, TENFERRO_FLOAT64, 3, (const int64_t[]){2, 3, 4}, 42, 0, -1,
                                  1, &a));
    CHECK(tenferro_random_uniform(ctx, TENFERRO_FLOAT64, 3, (const int64_t[]){4, 3, 2}, 42, 1, -1,
                                  1, &b));
    CHECK(tenferro_npy_write(a_path, a));
    CHECK(tenferro_npy_write(b_path, b));
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    a = b = NULL;

    /* Read them, contract over j and k, write the result. */
    CHECK(tenferro_npy_read(ctx, a_path, &a));
    CHECK(tenferro_npy_read(ctx, b_path, &b));
    CHECK(tenferro_einsum("ijk,kjl->il", 2, (const tenferro_tensor *[]){a, b}, &c));
    CHECK(tenferro_npy_write(c_path, c));
    CHECK(print("a", a));
    CHECK(print("c = einsum(\"ijk,kjl->il\", a, b)", c));
    printf("written: %s, %s, %s\n", a_path, b_path, c_path);
    failed = 0;

cleanup:
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_tensor_release(c);
    tenferro_context_release(ctx);
    return failed;
}
