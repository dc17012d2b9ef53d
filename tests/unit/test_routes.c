/* Routes: what AUTO takes over a grid, forced ones that agree, and the rates that decide. */
#include "../engine_fixture.h"

#include <tenferro.h>

#include "contract/contract.h"
#include "contract/cost.h"

#define CHECK_OK(call) assert_int_equal((call), TENFERRO_OK)

/* C = A B for a batch of column-major matrices, one after another or side by side. */
typedef struct product {
    tf_contraction c;
    int64_t extents[4], strides[3][4];
    unsigned char summed[4];
} product;

static void product_make(product *p, tenferro_dtype dtype, int64_t m, int64_t n, int64_t k,
                         int64_t batch, int is_inner)
{
    int64_t b = is_inner ? batch : 1; /* step of a matrix's elements */
    *p = (product){.extents = {m, k, n, batch}, .summed = {0, 1, 0, 0}};
    const int64_t strides[3][4] = {{b, b * m, 0, is_inner ? 1 : m * k},
                                   {0, b, b * k, is_inner ? 1 : k * n},
                                   {b, 0, b * m, is_inner ? 1 : m * n}};
    memcpy(p->strides, strides, sizeof strides);
    p->c = (tf_contraction){.dtype = dtype,
                            .labels = 4,
                            .extents = p->extents,
                            .a_strides = p->strides[0],
                            .b_strides = p->strides[1],
                            .c_strides = p->strides[2],
                            .summed = p->summed};
}

static tf_contract_route
chosen(const tf_engine *engine, int64_t m, int64_t n, int64_t k, int64_t batch)
{
    product p;
    product_make(&p, TENFERRO_FLOAT64, m, n, k, batch, 0);
    return tf_contract_choose(engine, &p.c);
}

static const tf_kernels *isas[3];
static int isa_count;

static void choose__plain_cases__sane(void **state)
{
    (void)state;
    for (int i = 0; i < isa_count; i++) {
        fixture f;
        fixture_open(&f, isas[i]);
        assert_int_equal(chosen(&f.engine, 1, 1, 1, 1), TF_ROUTE_NAIVE);
        assert_int_equal(chosen(&f.engine, 16, 16, 16, 1), TF_ROUTE_SMALL);
        assert_int_equal(chosen(&f.engine, 8, 8, 8, 1000), TF_ROUTE_SMALL);
        assert_int_equal(chosen(&f.engine, 500, 500, 500, 1), TF_ROUTE_PACKED);
        assert_int_equal(chosen(&f.engine, 2000, 1, 2000, 1), TF_ROUTE_DIRECT);
        assert_int_equal(chosen(&f.engine, 1, 1, 1, 100000), TF_ROUTE_DIRECT);
        f.engine.threads = 2; /* does not matter */
        assert_int_equal(chosen(&f.engine, 500, 500, 500, 1), TF_ROUTE_PACKED);
        fixture_close(&f);
    }
}

/* The chosen route is the one with the least prediction, among those that serve. */
static void choose__grid__least_prediction_wins(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 7, 16, 60, 300, 2048};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (int i = 0; i < COUNT * COUNT * COUNT * 4; i++) {
            product p;
            int64_t m = sizes[i % COUNT], n = sizes[i / COUNT % COUNT],
                    k = sizes[i / COUNT / COUNT % COUNT];
            int layout = i / COUNT / COUNT / COUNT;
            product_make(&p, (tenferro_dtype)(2 + i % 6), m, n, k, layout & 1 ? 40 : 1, layout / 2);
            double least = tf_contract_predict(&f.engine, &p.c, TF_ROUTE_AUTO);
            assert_true(least > 0 && least < 1e4);
            for (int route = TF_ROUTE_NAIVE; route < TF_ROUTE_COUNT; route++) {
                double seconds = tf_contract_predict(&f.engine, &p.c, (tf_contract_route)route);
                assert_true(seconds >= least || seconds == 0); /* 0: does not serve */
                assert_true(seconds > 0 || route == TF_ROUTE_BLAS || route == TF_ROUTE_SMALL);
            }
        }
        fixture_close(&f);
    }
}

static void predict__sizes__grow_with_the_work(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, &tf_kernels_portable);
    double before = 0;
    for (double n = 1; n < 1e5; n *= 2) {
        double seconds = tf_contract_predict_sizes(&f.engine, TENFERRO_COMPLEX64, 1, n, n, n);
        assert_true(seconds > before);
        before = seconds;
    }
    assert_true(before > 1 && before < 1e9);
    /* astronomical sizes stay numbers */
    assert_true(
        isfinite(tf_contract_predict_sizes(&f.engine, TENFERRO_FLOAT64, 1, 1e30, 1e30, 1e30)));
    fixture_close(&f);
}

static void forced__grid__routes_agree(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{1, 1, 1, 1},   {5, 3, 7, 1},   {33, 1, 40, 1},
                                        {1, 33, 40, 3}, {17, 19, 2, 4}, {9, 8, 1, 20},
                                        {65, 30, 70, 1}};
    static double a[10000], b[10000], c[2][10000];
    for (int i = 0; i < 10000; i++) { /* small integers: every order of summation is exact */
        a[i] = (double)(i * 7919 % 17 - 8);
        b[i] = (double)(i * 104729 % 13 - 6);
    }
    for (int isa = 0; isa < isa_count; isa++) {
        fixture f;
        fixture_open(&f, isas[isa]);
        for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
            const int64_t *s = shapes[i / 2];
            product p;
            product_make(&p, TENFERRO_FLOAT64, s[0], s[1], s[2], s[3], i % 2 == 1);
            size_t bytes = (size_t)(s[0] * s[1] * s[3]) * sizeof(double);
            CHECK_OK(tf_contract(&f.engine, &p.c, TF_ROUTE_NAIVE, a, b, c[0]));
            for (int route = TF_ROUTE_AUTO; route < TF_ROUTE_COUNT; route++) {
                memset(c[1], 0xff, bytes);
                tenferro_status status = tf_contract(&f.engine, &p.c, (tf_contract_route)route, a,
                                                     b, c[1]);
                if (status == TENFERRO_UNSUPPORTED) {
                    assert_true(route == TF_ROUTE_BLAS || route == TF_ROUTE_SMALL);
                    assert_non_null(strstr(tenferro_error_message(), "contraction: route "));
                    continue;
                }
                CHECK_OK(status);
                for (size_t e = 0; e < bytes / sizeof(double); e++)
                    assert_true(c[0][e] == c[1][e]); /* 0 and -0 are equal */
            }
        }
        fixture_close(&f);
    }
}

/* ---- rates of a context ---- */

static tenferro_context *open_context(int deterministic)
{
    tenferro_context *context;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.deterministic = deterministic;
    options.threads = 1;
    CHECK_OK(tenferro_context_create(&options, &context));
    return context;
}

static void route_of(tenferro_context *context, int64_t n, char *route)
{
    const int64_t extents[] = {n, n}, ik[] = {0, 1}, kj[] = {1, 2}, ij[] = {0, 2};
    tenferro_operand a = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, ik),
                     b = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, kj),
                     d = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, ij);
    tenferro_plan *plan;
    char text[1024];
    CHECK_OK(tenferro_plan_contraction(context, &a, &b, NULL, &d, NULL, &plan));
    CHECK_OK(tenferro_plan_describe(plan, text, sizeof text, NULL));
    assert_int_equal(sscanf(strstr(text, "route: "), "route: %15s", route), 1);
    tenferro_plan_release(plan);
}

static void rates__set__change_choice_and_come_back(void **state)
{
    (void)state;
    tenferro_context *context = open_context(1);
    tenferro_rates rates = {.struct_size = sizeof rates}, again = rates;
    char route[16], text[2048];
    size_t needed;
    CHECK_OK(tenferro_context_rates(context, &rates));
    assert_int_equal(rates.measured, 0);
    route_of(context, 400, route);
    assert_string_equal(route, "packed");
    rates.gflops[TENFERRO_ROUTE_PACKED][TENFERRO_FLOAT64 - TENFERRO_INT32] = 1e-3;
    CHECK_OK(tenferro_context_set_rates(context, &rates));
    route_of(context, 400, route);
    assert_string_not_equal(route, "packed");
    CHECK_OK(tenferro_context_rates(context, &again));
    assert_memory_equal(&rates, &again, sizeof rates);
    CHECK_OK(tenferro_context_describe_rates(context, text, sizeof text, &needed));
    assert_int_equal(needed, strlen(text));
    assert_non_null(strstr(text, "route packed: "));
    CHECK_OK(tenferro_context_set_rates(context, NULL));
    route_of(context, 400, route);
    assert_string_equal(route, "packed");

    rates.call[2] = -1;
    assert_int_equal(tenferro_context_set_rates(context, &rates), TENFERRO_INVALID_ARGUMENT);
    rates.call[2] = NAN;
    assert_int_equal(tenferro_context_set_rates(context, &rates), TENFERRO_INVALID_ARGUMENT);
    assert_int_equal(tenferro_context_set_rates(NULL, NULL), TENFERRO_INVALID_ARGUMENT);
    assert_int_equal(tenferro_context_rates(context, NULL), TENFERRO_INVALID_ARGUMENT);
    tenferro_context_release(context);
}

/* After other rates the cached plan of an equal call is not used. */
static void rates__set__cached_plans_are_made_anew(void **state)
{
    (void)state;
    tenferro_context *context = open_context(0);
    static double a[100], b[100], c[100];
    const int64_t extents[] = {10, 10}, ik[] = {0, 1}, kj[] = {1, 2}, ij[] = {0, 2};
    tenferro_operand A = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, ik),
                     B = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, kj),
                     D = tenferro_operand_make(TENFERRO_FLOAT64, 2, extents, NULL, ij);
    tenferro_plan_cache_statistics s = TENFERRO_PLAN_CACHE_STATISTICS_INIT;
    for (int i = 0; i < 4; i++) {
        if (i == 2)
            CHECK_OK(tenferro_context_set_rates(context, NULL));
        CHECK_OK(tenferro_prims_contract(context, NULL, &A, a, &B, b, NULL, NULL, NULL, &D, c));
    }
    CHECK_OK(tenferro_prims_cache_statistics(context, &s));
    assert_int_equal(s.misses, 2);
    assert_int_equal(s.hits, 2);
    tenferro_context_release(context);
}

static void calibrate__measures__unless_deterministic(void **state)
{
    (void)state;
    tenferro_context *context = open_context(0);
    tenferro_rates rates = {.struct_size = sizeof rates};
    CHECK_OK(tenferro_context_calibrate(context));
    CHECK_OK(tenferro_context_rates(context, &rates));
    assert_int_equal(rates.measured, 1);
    for (int route = TENFERRO_ROUTE_NAIVE; route <= TENFERRO_ROUTE_DIRECT; route++) {
        assert_true(rates.call[route] > 0 && rates.item[route] > 0);
        for (int dtype = TENFERRO_FLOAT32 - TENFERRO_INT32; dtype < 6; dtype++)
            assert_true(rates.gflops[route][dtype] > 0);
    }
    tenferro_context_release(context);
    context = open_context(1);
    assert_int_equal(tenferro_context_calibrate(context), TENFERRO_UNSUPPORTED);
    assert_int_equal(tenferro_context_calibrate(NULL), TENFERRO_INVALID_ARGUMENT);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choose__plain_cases__sane),
        cmocka_unit_test(choose__grid__least_prediction_wins),
        cmocka_unit_test(predict__sizes__grow_with_the_work),
        cmocka_unit_test(forced__grid__routes_agree),
        cmocka_unit_test(rates__set__change_choice_and_come_back),
        cmocka_unit_test(rates__set__cached_plans_are_made_anew),
        cmocka_unit_test(calibrate__measures__unless_deterministic),
    };
    isa_count = fixture_isas(isas);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
