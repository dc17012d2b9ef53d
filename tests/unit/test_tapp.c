/* The TAPP interface: what a program that knows only <tapp.h> sees. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include <tapp.h>

static TAPP_handle handle;
static TAPP_executor executor;

static void check(TAPP_error error, int line)
{
    char text[256];
    if (TAPP_check_success(error))
        return;
    TAPP_explain_error(error, sizeof text, text);
    fail_msg("line %d: %s", line, text);
}
#define GOOD(call) check((call), __LINE__)

static TAPP_tensor_info
info(TAPP_datatype type, int modes, const int64_t *extents, const int64_t *strides)
{
    TAPP_tensor_info made;
    GOOD(TAPP_create_tensor_info(&made, type, modes, extents, strides));
    return made;
}

#define E(...) ((const int64_t[]){__VA_ARGS__})

/* D_ij = alpha A_ik B_kj + beta C_ij, 2 x 2 matrices, column-major */
static TAPP_tensor_product matmul(TAPP_datatype type, TAPP_element_op op_a, TAPP_element_op op_d)
{
    TAPP_tensor_info m = info(type, 2, E(2, 2), E(1, 2));
    TAPP_tensor_product plan;
    GOOD(TAPP_create_tensor_product(&plan, handle, op_a, m, E('i', 'k'), TAPP_IDENTITY, m,
                                    E('k', 'j'), TAPP_IDENTITY, m, E('i', 'j'), op_d, m,
                                    E('i', 'j'), TAPP_DEFAULT_PREC));
    GOOD(TAPP_destroy_tensor_info(m)); /* not needed any more */
    return plan;
}

static void product__real__with_c_in_place_and_apart(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4}, b[] = {1, 0, 0, 1}, c[] = {10, 20, 30, 40}, one = 1, two = 2,
                 zero = 0;
    double d[] = {1, 1, 1, 1};
    TAPP_tensor_product plan = matmul(TAPP_F64, TAPP_IDENTITY, TAPP_IDENTITY);
    TAPP_status status = 77;
    GOOD(TAPP_execute_product(plan, executor, &status, &two, a, b, &one, c, d));
    GOOD(TAPP_destroy_status(status));
    assert_true(d[0] == 12 && d[1] == 24 && d[2] == 36 && d[3] == 48);
    GOOD(TAPP_execute_product(plan, 0, NULL, &one, a, b, &one, d, d));
    assert_true(d[0] == 13 && d[3] == 52);
    GOOD(TAPP_execute_product(plan, 0, NULL, &one, a, b, &one, TAPP_IN_PLACE, d));
    assert_true(d[0] == 14 && d[3] == 56);
    GOOD(TAPP_execute_product(plan, 0, NULL, &one, a, b, &zero, NULL, d));
    assert_memory_equal(d, a, sizeof d);
    GOOD(TAPP_destroy_tensor_product(plan));
}

static void product__complex__conjugates(void **state)
{
    (void)state;
    const float a[] = {0, 1, 0, 0, 0, 0, 0, 1}, b[] = {1, 2, 0, 0, 0, 0, 1, 2}, one[] = {1, 0},
                i[] = {0, 1}, zero[] = {0, 0};
    float d[8];
    TAPP_tensor_product plan = matmul(TAPP_C32, TAPP_CONJUGATE, TAPP_IDENTITY);
    GOOD(TAPP_execute_product(plan, executor, NULL, one, a, b, zero, NULL, d)); /* -i (1+2i) */
    assert_true(d[0] == 2 && d[1] == -1);
    GOOD(TAPP_destroy_tensor_product(plan));
    plan = matmul(TAPP_C32, TAPP_CONJUGATE, TAPP_CONJUGATE);
    GOOD(TAPP_execute_product(plan, executor, NULL, i, a, b, zero, NULL, d)); /* conj(i (2-i)) */
    assert_true(d[0] == 1 && d[1] == -2);
    GOOD(TAPP_destroy_tensor_product(plan));
}

static void product__repeated_and_one_sided_indices__summed(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4}, b[] = {5, 7}, one = 1, zero = 0;
    double d[1];
    TAPP_tensor_info m = info(TAPP_F64, 2, E(2, 2), E(1, 2)), v = info(TAPP_F64, 1, E(2), E(1)),
                     s = info(TAPP_F64, 0, NULL, NULL);
    TAPP_tensor_product plan;
    GOOD(TAPP_create_tensor_product(&plan, handle, TAPP_IDENTITY, m, E(-3, -3), TAPP_IDENTITY, v,
                                    E(9), TAPP_IDENTITY, s, NULL, TAPP_IDENTITY, s, NULL,
                                    TAPP_F64F64_ACCUM_F64));
    GOOD(TAPP_execute_product(plan, executor, NULL, &one, a, b, &zero, NULL, d));
    assert_true(d[0] == 5 * 12);
    GOOD(TAPP_destroy_tensor_product(plan));
    GOOD(TAPP_destroy_tensor_info(m));
    GOOD(TAPP_destroy_tensor_info(v));
    GOOD(TAPP_destroy_tensor_info(s));
}

static void batched__some_entries_without_c__each_executed(void **state)
{
    (void)state;
    enum { BATCHES = 40 };
    double a[BATCHES][4], b[] = {1, 0, 0, 1}, c[4] = {1, 1, 1, 1}, d[BATCHES][4];
    const void *as[BATCHES], *bs[BATCHES], *cs[BATCHES];
    void *ds[BATCHES];
    const double one = 1;
    for (int i = 0; i < BATCHES; i++) {
        for (int j = 0; j < 4; j++) {
            a[i][j] = 4 * i + j;
            d[i][j] = 100;
        }
        as[i] = a[i];
        bs[i] = b;
        cs[i] = i % 2 ? c : NULL;
        ds[i] = d[i];
    }
    TAPP_tensor_product plan = matmul(TAPP_F64, TAPP_IDENTITY, TAPP_IDENTITY);
    GOOD(TAPP_execute_batched_product(plan, executor, NULL, BATCHES, &one, as, bs, &one, cs, ds));
    for (int i = 0; i < BATCHES; i++)
        for (int j = 0; j < 4; j++)
            assert_true(d[i][j] == a[i][j] + (i % 2 ? 1 : 100));
    GOOD(TAPP_execute_batched_product(plan, 0, NULL, BATCHES, &one, as, bs, NULL, NULL, ds));
    assert_memory_equal(a, d, sizeof d);
    GOOD(TAPP_execute_batched_product(plan, 0, NULL, 0, &one, NULL, NULL, NULL, NULL, NULL));
    GOOD(TAPP_destroy_tensor_product(plan));
}

static void errors__explained(void **state)
{
    (void)state;
    char text[256], cut[8];
    TAPP_tensor_info a = info(TAPP_F64, 2, E(2, 3), E(1, 2)),
                     b = info(TAPP_F64, 2, E(4, 2), E(1, 4)), none;
    TAPP_tensor_product plan = 5;
    TAPP_error error = TAPP_create_tensor_product(&plan, handle, TAPP_IDENTITY, a, E('i', 'k'),
                                                  TAPP_IDENTITY, b, E('k', 'j'), TAPP_IDENTITY, a,
                                                  E('i', 'j'), TAPP_IDENTITY, a, E('i', 'j'),
                                                  TAPP_DEFAULT_PREC);
    assert_false(TAPP_check_success(error));
    assert_true(plan == 0);
    size_t length = TAPP_explain_error(error, sizeof text, text);
    assert_int_equal(length, strlen(text));
    assert_non_null(strstr(text, "extent 3 in A and 4 in B"));
    assert_int_equal(TAPP_explain_error(error, 0, NULL), length);
    assert_int_equal(TAPP_explain_error(error, sizeof cut, cut), sizeof cut - 1);
    assert_memory_equal(cut, text, sizeof cut - 1);
    assert_int_equal(cut[sizeof cut - 1], 0);
    assert_true(TAPP_explain_error(0, sizeof text, text) > 0);
    assert_false(TAPP_check_success(TAPP_create_tensor_info(&none, TAPP_F16, 0, NULL, NULL)));
    assert_false(TAPP_check_success(TAPP_create_tensor_info(&none, TAPP_F64, 1, E(-1), E(1))));
    assert_false(TAPP_check_success(TAPP_create_tensor_info(&none, TAPP_F64, -1, NULL, NULL)));
    assert_false(TAPP_check_success(TAPP_destroy_handle(a))); /* not a handle */
    assert_false(TAPP_check_success(TAPP_destroy_executor(0)));
    assert_false(
        TAPP_check_success(TAPP_execute_product(0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL)));
    GOOD(TAPP_destroy_tensor_info(a));
    GOOD(TAPP_destroy_tensor_info(b));
}

static void info__getters_and_setters__agree(void **state)
{
    (void)state;
    int64_t room[3] = {0};
    TAPP_tensor_info t = info(TAPP_C64, 2, E(4, 5), E(1, 4));
    assert_int_equal(TAPP_get_nmodes(t), 2);
    GOOD(TAPP_set_nmodes(t, 3));
    TAPP_get_extents(t, room);
    assert_memory_equal(room, E(4, 5, 1), sizeof room);
    TAPP_get_strides(t, room);
    assert_memory_equal(room, E(1, 4, 0), sizeof room);
    GOOD(TAPP_set_extents(t, E(2, 3, 4)));
    GOOD(TAPP_set_strides(t, E(-1, 2, 6)));
    TAPP_get_extents(t, room);
    assert_memory_equal(room, E(2, 3, 4), sizeof room);
    TAPP_get_strides(t, room);
    assert_memory_equal(room, E(-1, 2, 6), sizeof room);
    GOOD(TAPP_set_nmodes(t, 0));
    assert_int_equal(TAPP_get_nmodes(t), 0);
    assert_false(TAPP_check_success(TAPP_set_nmodes(t, -1)));
    GOOD(TAPP_destroy_tensor_info(t));
}

static void attributes__threads__set_read_cleared(void **state)
{
    (void)state;
    int two = 2, zero = 0;
    void *value;
    GOOD(TAPP_attr_set(handle, TAPP_TENFERRO_THREADS, &two));
    GOOD(TAPP_attr_get(handle, TAPP_TENFERRO_THREADS, &value));
    assert_int_equal(*(int *)value, 2);
    assert_false(TAPP_check_success(TAPP_attr_set(handle, TAPP_TENFERRO_THREADS, &zero)));
    GOOD(TAPP_attr_clear(handle, TAPP_TENFERRO_THREADS));
    GOOD(TAPP_attr_set(executor, TAPP_TENFERRO_THREADS, &two));
    GOOD(TAPP_attr_get(executor, TAPP_TENFERRO_THREADS, &value));
    assert_int_equal(*(int *)value, 2);
    GOOD(TAPP_attr_clear(executor, TAPP_TENFERRO_THREADS));
    assert_int_equal(*(int *)value, 0);
    assert_false(TAPP_check_success(TAPP_attr_set(handle, 1, &two)));
    assert_false(TAPP_check_success(TAPP_attr_get(0, TAPP_TENFERRO_THREADS, &value)));
}

static int open_all(void **state)
{
    (void)state;
    return TAPP_create_handle(&handle) || TAPP_create_executor(&executor);
}

static int close_all(void **state)
{
    (void)state;
    return TAPP_destroy_executor(executor) || TAPP_destroy_handle(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product__real__with_c_in_place_and_apart),
        cmocka_unit_test(product__complex__conjugates),
        cmocka_unit_test(product__repeated_and_one_sided_indices__summed),
        cmocka_unit_test(batched__some_entries_without_c__each_executed),
        cmocka_unit_test(errors__explained),
        cmocka_unit_test(info__getters_and_setters__agree),
        cmocka_unit_test(attributes__threads__set_read_cleared),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
