/* A child forked after use goes on using what it inherited: context, tensors, threads, guest. */

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tenferro.h>

#include "testing.h"

/* Work on several threads: a product large enough for the guest or the packed route, and a sum. */
static tenferro_status work(const tenferro_tensor *a, double *out)
{
    tenferro_tensor *product = NULL, *sum = NULL;
    tenferro_status status = tenferro_einsum("ij,jk->ik", 2, (const tenferro_tensor *const[]){a, a},
                                             &product);
    if (status == TENFERRO_OK)
        status = tenferro_sum(product, 0, NULL, 0, &sum);
    if (status == TENFERRO_OK)
        status = tenferro_tensor_item(sum, out, NULL);
    tenferro_tensor_release(product);
    tenferro_tensor_release(sum);
    return status;
}

/* a guest makes no promise about bits */
static void child_agrees(const char *blas, double tolerance)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    tenferro_context *context;
    tenferro_tensor *a;
    double before, after = 0.0;
    options.threads = 2;
    options.blas = blas;
    CHECK_OK(tenferro_context_create(&options, &context));
    CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT64, 2, (int64_t[]){300, 300}, 1, 0, -1,
                                     1, &a));
    CHECK_OK(work(a, &before));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int same = work(a, &after) == TENFERRO_OK && fabs(after - before) <= tolerance;
        tenferro_tensor_release(a);
        tenferro_context_release(context);
        _exit(same ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(work(a, &after)); /* and the parent goes on too */
    assert_true(fabs(after - before) <= tolerance);
    tenferro_tensor_release(a);
    tenferro_context_release(context);
}

static void fork__own_kernels__child_computes_the_same(void **state)
{
    (void)state;
    if (TEST_UNDER_TSAN || test_is_emulated())
        skip(); /* they do not follow a fork of a process with threads */
    child_agrees("none", 0.0);
}

static void fork__guest_blas__child_computes_the_same(void **state)
{
    (void)state;
    if (TEST_UNDER_TSAN || test_is_emulated())
        skip();
    child_agrees(NULL, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fork__own_kernels__child_computes_the_same),
        cmocka_unit_test(fork__guest_blas__child_computes_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
