/* A user's program in C, built against the installed library only: 2x2 matrix times vector. */
#include <stdio.h>
#include <string.h>
#include <tenferro.h>

#define CHECK(call)                                            \
    do {                                                       \
        if ((call) != TENFERRO_OK) {                           \
            fprintf(stderr, "%s\n", tenferro_error_message()); \
            return 1;                                          \
        }                                                      \
    } while (0)

int main(void)
{
    const int64_t extents[] = {2, 2};
    const double a_data[] = {1.0, 2.0, 3.0, 4.0}; /* column-major: [[1, 3], [2, 4]] */
    const double b_data[] = {10.0, 100.0};
    double c_data[2];
    tenferro_context *context = NULL;
    tenferro_tensor *a = NULL, *b = NULL, *c = NULL;

    if (strcmp(tenferro_version(), TENFERRO_EXPECTED_VERSION) != 0) {
        fprintf(stderr, "version %s\n", tenferro_version());
        return 1;
    }
    CHECK(tenferro_context_create(NULL, &context));
    CHECK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 2, extents, NULL, a_data, &a));
    CHECK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, extents, NULL, b_data, &b));
    CHECK(tenferro_einsum("ij,j->i", 2, (const tenferro_tensor *[]){a, b}, &c));
    CHECK(tenferro_tensor_read(c, c_data, NULL));
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_tensor_release(c);
    tenferro_context_release(context);
    if (c_data[0] != 310.0 || c_data[1] != 420.0) {
        fprintf(stderr, "wrong result: %g %g\n", c_data[0], c_data[1]);
        return 1;
    }
    return 0;
}
