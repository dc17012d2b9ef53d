/* A program that knows TAPP and nothing else: a batch of matrices times a vector, z conj(A) x. */
#include <stdio.h>

#include <tapp.h>

static int good(TAPP_error error)
{
    char text[256];
    if (TAPP_check_success(error))
        return 1;
    TAPP_explain_error(error, sizeof text, text);
    fprintf(stderr, "%s\n", text);
    return 0;
}

int main(void)
{
    enum { M = 2, K = 3, BATCH = 4 };
    const int64_t a_extents[] = {M, K, BATCH}, a_strides[] = {1, M, M * K},
                  a_index[] = {'m', 'k', 'b'};
    const int64_t x_extents[] = {K, BATCH}, x_strides[] = {1, K}, x_index[] = {'k', 'b'};
    const int64_t d_extents[] = {BATCH, M}, d_strides[] = {1, BATCH}, d_index[] = {'b', 'm'};
    double a[2 * M * K * BATCH], x[2 * K * BATCH], d[2 * M * BATCH];
    const double alpha[] = {0.0, 1.0}, beta[] = {0.0, 0.0};
    TAPP_handle handle = 0;
    TAPP_executor executor = 0;
    TAPP_tensor_info a_info = 0, x_info = 0, d_info = 0;
    TAPP_tensor_product product = 0;
    int threads = 1;

    for (int i = 0; i < 2 * M * K * BATCH; i++)
        a[i] = i % 7 - 3;
    for (int i = 0; i < 2 * K * BATCH; i++)
        x[i] = i % 5 - 2;
    if (!good(TAPP_create_handle(&handle)) || !good(TAPP_create_executor(&executor)) ||
        !good(TAPP_attr_set(executor, TAPP_TENFERRO_THREADS, &threads)) ||
        !good(TAPP_create_tensor_info(&a_info, TAPP_C64, 3, a_extents, a_strides)) ||
        !good(TAPP_create_tensor_info(&x_info, TAPP_C64, 2, x_extents, x_strides)) ||
        !good(TAPP_create_tensor_info(&d_info, TAPP_C64, 2, d_extents, d_strides)) ||
        !good(TAPP_create_tensor_product(&product, handle, TAPP_CONJUGATE, a_info, a_index,
                                         TAPP_IDENTITY, x_info, x_index, TAPP_IDENTITY, d_info,
                                         d_index, TAPP_IDENTITY, d_info, d_index,
                                         TAPP_DEFAULT_PREC)) ||
        !good(TAPP_execute_product(product, executor, NULL, alpha, a, x, beta, NULL, d)))
        return 1;
    for (int b = 0; b < BATCH; b++)
        for (int m = 0; m < M; m++) {
            double re = 0.0, im = 0.0;
            for (int k = 0; k < K; k++) {
                const double *p = a + 2 * (m + k * M + b * M * K), *q = x + 2 * (k + b * K);
                re += p[0] * q[0] + p[1] * q[1];
                im += p[0] * q[1] - p[1] * q[0];
            }
            const double *z = d + 2 * (b + m * BATCH);
            if (z[0] != -im || z[1] != re) {
                fprintf(stderr, "wrong result at %d, %d\n", b, m);
                return 1;
            }
        }
    return good(TAPP_destroy_tensor_product(product)) && good(TAPP_destroy_tensor_info(a_info)) &&
                   good(TAPP_destroy_tensor_info(x_info)) &&
                   good(TAPP_destroy_tensor_info(d_info)) &&
                   good(TAPP_destroy_executor(executor)) && good(TAPP_destroy_handle(handle))
               ? 0
               : 1;
}
