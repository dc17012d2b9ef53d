/* The walls: operations reach nested levels, records and traces without knowing them. */

#include <string.h>

#include "levels.h"
#include "testing.h"

/* ---- small helpers: one context a test, scalars as tensors of rank 0 ---- */

static tenferro_tensor *scalar(tenferro_context *context, double value)
{
    tenferro_tensor *out;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 0, NULL, NULL, &value, &out));
    return out;
}

static tenferro_tensor *
random_matrix(tenferro_context *context, int64_t rows, int64_t columns, uint64_t stream)
{
    tenferro_tensor *out;
    CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT64, 2, (int64_t[]){rows, columns}, 7,
                                     stream, -1.0, 1.0, &out));
    return out;
}

static double value_of(const tenferro_tensor *x)
{
    double value;
    CHECK_OK(tenferro_tensor_item(x, &value, NULL));
    return value;
}

static void assert_close(const tenferro_tensor *a, const tenferro_tensor *b)
{
    int close;
    CHECK_OK(tenferro_all_close(a, b, 1e-14, 1e-14, 0, &close));
    assert_true(close);
}

#define RELEASE(...)                                                                \
    do {                                                                            \
        tenferro_tensor *release_these[] = {__VA_ARGS__};                           \
        for (size_t i = 0; i < sizeof release_these / sizeof release_these[0]; i++) \
            tenferro_tensor_release(release_these[i]);                              \
    } while (0)

/* ---- forward mode ---- */

/* d/dx [x · d/dy (x + y)] = 1: the inner derivative is 1 and does not depend on x. */
static void forward__nested__does_not_confuse_perturbations(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = scalar(context, 3.0), *y0 = scalar(context, 5.0),
                    *one = scalar(context, 1.0);
    tf_level *outer, *inner;
    tenferro_tensor *x, *y, *sum, *product;
    CHECK_OK(forward_open(context, &outer));
    CHECK_OK(forward_pack(outer, x0, one, &x));
    CHECK_OK(forward_open(context, &inner));
    CHECK_OK(forward_pack(inner, y0, one, &y));
    CHECK_OK(tenferro_add(x, y, &sum));
    assert_ptr_equal(tf_tensor_level(sum), inner);
    assert_ptr_equal(tf_tensor_level(tf_tensor_primal(sum)), outer);
    tenferro_tensor *dy = forward_tangent(inner, sum);
    assert_non_null(dy);
    CHECK_OK(tenferro_mul(x, dy, &product));
    tenferro_tensor *dx = forward_tangent(outer, product);
    assert_non_null(dx);
    assert_float_equal(value_of(dx), 1.0, 0.0);
    RELEASE(x0, y0, one, x, y, sum, dy, product, dx);
    tf_level_release(inner);
    tf_level_release(outer);
    tenferro_context_release(context);
}

/* d²/dx² of x³ = 6x, by forward over forward on one variable */
static void forward__twice_on_one_variable__gives_second_derivative(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = scalar(context, 1.5), *one = scalar(context, 1.0), *x, *xx, *square, *cube;
    tf_level *outer, *inner;
    CHECK_OK(forward_open(context, &outer));
    CHECK_OK(forward_open(context, &inner));
    CHECK_OK(forward_pack(outer, x0, one, &x));
    CHECK_OK(forward_pack(inner, x, one, &xx));
    CHECK_OK(tenferro_mul(xx, xx, &square));
    CHECK_OK(tenferro_mul(square, xx, &cube));
    tenferro_tensor *first = forward_tangent(inner, cube);
    tenferro_tensor *second = forward_tangent(outer, first);
    assert_float_equal(value_of(second), 6.0 * 1.5, 1e-14);
    RELEASE(x0, one, x, xx, square, cube, first, second);
    tf_level_release(inner);
    tf_level_release(outer);
    tenferro_context_release(context);
}

static void level__handle_of_higher_level__cannot_be_packed_lower(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = scalar(context, 1.0), *y, *z;
    tf_level *outer, *inner;
    CHECK_OK(forward_open(context, &outer));
    CHECK_OK(forward_open(context, &inner));
    CHECK_OK(forward_pack(inner, x0, NULL, &y));
    CHECK_STATUS(TENFERRO_LEVEL_MISMATCH, forward_pack(outer, y, NULL, &z));
    atomic_store(&inner->closed, 1);
    CHECK_STATUS(TENFERRO_LEVEL_MISMATCH, tenferro_neg(y, &z));
    CHECK_MESSAGE("closed");
    assert_null(z);
    RELEASE(x0, y);
    tf_level_release(inner);
    tf_level_release(outer);
    tenferro_context_release(context);
}

static void level__into_and_data__are_refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = scalar(context, 1.0), *x, *out = scalar(context, 0.0);
    tf_level *level;
    void *data;
    double value;
    CHECK_OK(forward_open(context, &level));
    CHECK_OK(forward_pack(level, x0, NULL, &x));
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_neg_into(x, out));
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_neg_into(out, x));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_tensor_data_mutable(x, &data));
    CHECK_MESSAGE("forward");
    assert_int_not_equal(tenferro_tensor_item(x, &value, NULL), TENFERRO_OK);
    assert_null(tenferro_tensor_data(x));
    RELEASE(x0, x, out);
    tf_level_release(level);
    tenferro_context_release(context);
}

static tenferro_status only_infer(tenferro_infer *x)
{
    tenferro_extent *extents;
    return tenferro_infer_output(x, 0, x->in[0].dtype, 0, &extents);
}

static tenferro_status only_execute(tenferro_exec *x)
{
    *(double *)x->out[0].data = 1.0;
    return TENFERRO_OK;
}

static void forward__primitive_without_rule__is_an_error_that_names_it(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_primitive primitive = {
        .struct_size = sizeof primitive,
        .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
        .name = "test.no_rules",
        .inputs_min = 1,
        .inputs_max = 1,
        .outputs = 1,
        .infer = only_infer,
        .execute = {only_execute},
    };
    const tenferro_primitive *registered;
    CHECK_OK(tenferro_primitive_register(context, &primitive, &registered));
    tenferro_tensor *x0 = scalar(context, 1.0), *x, *y;
    tf_level *level;
    CHECK_OK(forward_open(context, &level));
    CHECK_OK(forward_pack(level, x0, x0, &x));
    CHECK_STATUS(TENFERRO_NO_RULE, tenferro_apply(NULL, registered, NULL, 1,
                                                  (const tenferro_tensor *const *)&x, 1, &y));
    CHECK_MESSAGE("test.no_rules");
    CHECK_MESSAGE("jvp");
    RELEASE(x0, x);
    tf_level_release(level);
    tenferro_context_release(context);
}

/* ---- recording ---- */

static void record__views__are_on_the_record_and_differentiate(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = random_matrix(context, 4, 3, 0), *x, *transposed, *part, *square, *sum;
    tenferro_tensor *gradient, *expected, *two;
    tf_level *level;
    char names[128];
    CHECK_OK(record_open(context, &level));
    CHECK_OK(record_leaf(level, x0, &x));
    CHECK_OK(tenferro_permute(x, NULL, &transposed));
    CHECK_OK(tenferro_slice(transposed, (int64_t[]){2, 0}, (int64_t[]){2, 2}, (int64_t[]){-2, 3},
                            &part));
    CHECK_OK(tenferro_mul(part, part, &square));
    CHECK_OK(tenferro_sum(square, 0, NULL, 0, &sum));
    record_names(level, names, sizeof names);
    assert_string_equal(names, "permute slice mul sum");
    CHECK_OK(record_gradient(level, sum, x, &gradient));
    /* 2 x at the elements taken, 0 elsewhere */
    const double *data = tenferro_tensor_data(x0);
    double wanted[12] = {0.0};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            wanted[3 * j + 4 * (2 - 2 * i)] = 2.0 * data[3 * j + 4 * (2 - 2 * i)];
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 2, (int64_t[]){4, 3}, NULL,
                                       wanted, &expected));
    assert_close(gradient, expected);
    CHECK_OK(tenferro_number_like(x0, tenferro_real(2.0), &two));
    RELEASE(x0, x, transposed, part, square, sum, gradient, expected, two);
    tf_level_release(level);
    tenferro_context_release(context);
}

/* d/dA of sum(A B) = 1 Bᵀ, with B a constant of a lower level */
static void record__einsum__differentiates_through_its_steps(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *a0 = random_matrix(context, 4, 3, 1), *b = random_matrix(context, 3, 5, 2);
    tenferro_tensor *a, *product, *sum, *gradient, *rows, *expected;
    tf_level *level;
    CHECK_OK(record_open(context, &level));
    CHECK_OK(record_leaf(level, a0, &a));
    CHECK_OK(tenferro_einsum("ij,jk->ik", 2, (const tenferro_tensor *const[]){a, b}, &product));
    CHECK_OK(tenferro_sum(product, 0, NULL, 0, &sum));
    CHECK_OK(record_gradient(level, sum, a, &gradient));
    CHECK_OK(tenferro_sum(b, 1, (int[]){1}, 0, &rows));
    CHECK_OK(tenferro_broadcast(rows, 2, (int64_t[]){4, 3}, &expected));
    assert_close(gradient, expected);
    RELEASE(a0, b, a, product, sum, gradient, rows, expected);
    tf_level_release(level);
    tenferro_context_release(context);
}

/* forward over reverse: the tape's saved primals are of the forward level; d²/dx² sum(x³) = 6x */
static void record__under_forward__gives_second_derivative(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x0 = scalar(context, 0.7), *one = scalar(context, 1.0), *x, *leaf, *square,
                    *cube;
    tenferro_tensor *gradient;
    tf_level *outer, *tape;
    CHECK_OK(forward_open(context, &outer));
    CHECK_OK(record_open(context, &tape));
    CHECK_OK(forward_pack(outer, x0, one, &x));
    CHECK_OK(record_leaf(tape, x, &leaf));
    CHECK_OK(tenferro_mul(leaf, leaf, &square));
    CHECK_OK(tenferro_mul(square, leaf, &cube));
    CHECK_OK(record_gradient(tape, cube, leaf, &gradient));
    tenferro_tensor *second = forward_tangent(outer, gradient);
    assert_float_equal(value_of(second), 6.0 * 0.7, 1e-14);
    RELEASE(x0, one, x, leaf, square, cube, gradient, second);
    tf_level_release(tape);
    tf_level_release(outer);
    tenferro_context_release(context);
}

/* ---- tracing ---- */

/* broadcast(pad(mean(reshape(x, (n*3)) over all axes), ...)): run eagerly and traced */
static tenferro_status program(const tenferro_tensor *x, tenferro_extent n, tenferro_tensor **out)
{
    tenferro_context *context = tenferro_tensor_context(x);
    tenferro_extent flat, wide;
    tenferro_tensor *reshaped = NULL, *mean = NULL, *centred = NULL, *padded = NULL, *column = NULL;
    CHECK_OK(tenferro_extent_mul(context, n, 3, &flat));
    CHECK_OK(tenferro_extent_add(context, flat, 3, &wide));
    CHECK_OK(tenferro_reshape(x, 1, &flat, &reshaped));
    CHECK_OK(tenferro_mean(reshaped, 0, NULL, 1, &mean));
    CHECK_OK(tenferro_sub(reshaped, mean, &centred));
    CHECK_OK(tenferro_pad(centred, (tenferro_extent[]){1}, (tenferro_extent[]){2},
                          tenferro_real(9.0), &padded));
    CHECK_OK(tenferro_expand(padded, -1, &column));
    tenferro_status status = tenferro_broadcast(column, 2, (tenferro_extent[]){wide, n}, out);
    RELEASE(reshaped, mean, centred, padded, column);
    return status;
}

static void trace__symbolic_extent__runs_at_three_sizes(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_extent n;
    tenferro_tensor *x, *y;
    tf_level *level;
    char text[2048];
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(trace_open(context, &level));
    CHECK_OK(trace_input(level, TENFERRO_FLOAT64, 2, (tenferro_extent[]){n, 3}, &x));
    CHECK_OK(program(x, n, &y));
    trace_print(level, text, sizeof text);
    assert_non_null(strstr(text, "%0 = input : float64 (n, 3)"));
    assert_non_null(strstr(text, "reshape"));
    assert_non_null(strstr(text, "pad"));
    assert_non_null(strstr(text, ": float64 (3*n + 3, n)"));
    for (int64_t size = 0; size < 12; size += 4) {
        tenferro_tensor *in = random_matrix(context, size, 3, (uint64_t)size), *traced, *eager;
        CHECK_OK(trace_run(level, 1, (const tenferro_tensor *const[]){in}, y, &traced));
        CHECK_OK(program(in, size, &eager));
        assert_int_equal(tenferro_tensor_extents(traced)[0], 3 * size + 3);
        assert_int_equal(tenferro_tensor_extents(traced)[1], size);
        assert_close(traced, eager);
        RELEASE(in, traced, eager);
    }
    RELEASE(x, y);
    tf_level_release(level);
    tenferro_context_release(context);
}

static void trace__violated_guard__names_both_expressions(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_extent n, m, twice;
    tenferro_tensor *x, *y, *z;
    tf_level *level;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(tenferro_extent_symbol(context, "m", &m));
    CHECK_OK(tenferro_extent_mul(context, n, 2, &twice));
    CHECK_OK(trace_open(context, &level));
    CHECK_OK(trace_input(level, TENFERRO_FLOAT64, 1, &n, &x));
    CHECK_OK(trace_input(level, TENFERRO_FLOAT64, 1, &m, &y));
    tenferro_tensor *both;
    CHECK_OK(tenferro_concatenate(2, (const tenferro_tensor *const[]){x, x}, 0, &both));
    assert_int_equal(tenferro_tensor_extents(both)[0], twice);
    CHECK_OK(tenferro_add(both, y, &z));
    double numbers[6] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
    tenferro_tensor *a, *b, *out;
    CHECK_OK(
        tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, (int64_t[]){2}, NULL, numbers, &a));
    CHECK_OK(
        tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, (int64_t[]){4}, NULL, numbers, &b));
    CHECK_OK(trace_run(level, 2, (const tenferro_tensor *const[]){a, b}, z, &out));
    assert_float_equal(((const double *)tenferro_tensor_data(out))[3], 6.0, 0.0);
    RELEASE(b, out);
    CHECK_OK(
        tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, (int64_t[]){6}, NULL, numbers, &b));
    CHECK_STATUS(TENFERRO_GUARD,
                 trace_run(level, 2, (const tenferro_tensor *const[]){a, b}, z, &out));
    CHECK_MESSAGE("'2*n' is 4");
    CHECK_MESSAGE("'m' is 6");
    assert_null(out);
    RELEASE(a, b, x, y, both, z);
    tf_level_release(level);
    tenferro_context_release(context);
}

/* a symbol is never assumed to be 1, and its number cannot be asked */
static void trace__symbolic_tensor__has_no_number(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_extent n;
    tenferro_tensor *x, *out;
    int64_t size;
    tf_level *level;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(trace_open(context, &level));
    CHECK_OK(trace_input(level, TENFERRO_FLOAT64, 1, &n, &x));
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_tensor_size(x, &size));
    CHECK_MESSAGE("'n'");
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_zeros(context, TENFERRO_FLOAT64, 1, &n, &out));
    CHECK_OK(tenferro_full_like(x, 1, &n, tenferro_real(1.0), &out));
    assert_ptr_equal(tf_tensor_level(out), level);
    RELEASE(x, out);
    tf_level_release(level);
    tenferro_context_release(context);
}

/* a derivative rule traced at symbolic sizes: forward mode over a trace */
static void forward__over_trace__traces_the_rule(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_extent n;
    tenferro_tensor *x, *dual, *dot, *y, *sum, *tangent, *out;
    tf_level *trace, *forward;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(trace_open(context, &trace));
    CHECK_OK(forward_open(context, &forward));
    CHECK_OK(trace_input(trace, TENFERRO_FLOAT64, 1, &n, &x));
    CHECK_OK(trace_input(trace, TENFERRO_FLOAT64, 1, &n, &dot));
    CHECK_OK(forward_pack(forward, x, dot, &dual));
    CHECK_OK(tenferro_exp(dual, &y));
    CHECK_OK(tenferro_mean(y, 0, NULL, 0, &sum));
    tangent = forward_tangent(forward, sum);
    for (int64_t size = 1; size < 4; size++) {
        tenferro_tensor *a, *b, *scaled, *e, *expected;
        CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &size, 1, 0, -1, 1, &a));
        CHECK_OK(tenferro_random_uniform(context, TENFERRO_FLOAT64, 1, &size, 1, 1, -1, 1, &b));
        CHECK_OK(trace_run(trace, 2, (const tenferro_tensor *const[]){a, b}, tangent, &out));
        CHECK_OK(tenferro_exp(a, &e));
        CHECK_OK(tenferro_mul(e, b, &scaled));
        CHECK_OK(tenferro_mean(scaled, 0, NULL, 0, &expected));
        assert_close(out, expected);
        RELEASE(a, b, scaled, e, expected, out);
    }
    RELEASE(x, dot, dual, y, sum, tangent);
    tf_level_release(forward);
    tf_level_release(trace);
    tenferro_context_release(context);
}

/* ---- lifetimes ---- */

static void context__released_before_tensors_and_levels__is_safe(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    tenferro_tensor *x0 = scalar(context, 2.0), *x, *y;
    tf_level *level;
    CHECK_OK(record_open(context, &level));
    CHECK_OK(record_leaf(level, x0, &x));
    tenferro_context_release(context);
    CHECK_OK(tenferro_exp(x, &y));
    tenferro_tensor_release(x0);
    tf_level_release(level);
    tenferro_tensor_release(x);
    tenferro_tensor_release(y);
    test_allocator_check_empty(&allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward__nested__does_not_confuse_perturbations),
        cmocka_unit_test(forward__twice_on_one_variable__gives_second_derivative),
        cmocka_unit_test(level__handle_of_higher_level__cannot_be_packed_lower),
        cmocka_unit_test(level__into_and_data__are_refused),
        cmocka_unit_test(forward__primitive_without_rule__is_an_error_that_names_it),
        cmocka_unit_test(record__views__are_on_the_record_and_differentiate),
        cmocka_unit_test(record__einsum__differentiates_through_its_steps),
        cmocka_unit_test(record__under_forward__gives_second_derivative),
        cmocka_unit_test(trace__symbolic_extent__runs_at_three_sizes),
        cmocka_unit_test(trace__violated_guard__names_both_expressions),
        cmocka_unit_test(trace__symbolic_tensor__has_no_number),
        cmocka_unit_test(forward__over_trace__traces_the_rule),
        cmocka_unit_test(context__released_before_tensors_and_levels__is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
