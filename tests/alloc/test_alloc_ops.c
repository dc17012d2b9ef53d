/*
 * The failing-allocation sweep: for every public function the n-th allocation fails, n = 0, 1, 2
 * ..., until none does.  After each failure the status is OUT_OF_MEMORY, results are NULL, operands
 * and destinations are as they were, and nothing is left once everything is released.
 *
 * The public headers are read: a function that neither has a row here nor is listed as one that
 * cannot allocate fails the test.
 */

#include "arrays.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/compat.h"

/* Ranks are so high that temporaries do not fit on the stack. */
enum { R = 60, F8 = TENFERRO_FLOAT64, OPERANDS = 13 };

static int64_t shape23[R], shape33[R], ones[R], zeros[R], wide[R + 1];
static int axes_up[R];
static int32_t labels_a[R], labels_b[R], labels_c[R], labels_d[R];
static int64_t wide_labels_a[R], wide_labels_b[R];

/* What a call may use.  The tensors of `all` are compared before and after. */
typedef struct world {
    test_allocator allocator;
    tenferro_context *context, *other;
    union {
        tenferro_tensor *all[OPERANDS];
        struct {
            tenferro_tensor *x, *y, *square, *matrix, *z, *b, *v, *scalar, *i; /* operands */
            tenferro_tensor *d, *dz, *db, *back; /* destinations; back is d reversed */
        };
    };
    tenferro_einsum_plan *plan;
    tenferro_extent n, m;
    const tenferro_primitive *mine;
    /* made by a call */
    tenferro_context *made_context;
    tenferro_einsum_plan *made_plan;
} world;

/* ---- a primitive from outside, whose kernel creates its output ---- */

static tenferro_status fresh_infer(tenferro_infer *x)
{
    tenferro_extent *extents;
    tenferro_extent same;
    tenferro_status status = tenferro_infer_output(x, 0, F8, R, &extents);
    for (int i = 0; status == TENFERRO_OK && i < R; i++) {
        status = tenferro_infer_equal(x, x->in[0].extents[i], x->in[1].extents[i], "extents");
        if (status == TENFERRO_OK)
            status = tenferro_infer_broadcast(x, x->in[0].extents[i], 1, "extents", &same);
        extents[i] = same;
    }
    return status == TENFERRO_OK ? tenferro_extent_fresh(x->context, 6, &extents[0]) : status;
}

static void nothing(void *user, int64_t begin, int64_t end)
{
    (void)user, (void)begin, (void)end;
}

static tenferro_status fresh_workspace(const tenferro_infer *x, int64_t *bytes)
{
    (void)x;
    *bytes = 1000;
    return TENFERRO_OK;
}

static tenferro_status fresh_execute(tenferro_exec *x)
{
    tenferro_status status = tenferro_exec_check(x);
    tenferro_exec_parallel(x, 10, 1, nothing, NULL);
    return status == TENFERRO_OK ? tenferro_exec_output(x, 0, shape23) : status;
}

static tenferro_primitive fresh_primitive(const char *name)
{
    tenferro_primitive p = {.struct_size = sizeof p,
                            .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
                            .name = name,
                            .inputs_min = 2,
                            .inputs_max = 2,
                            .outputs = 1,
                            .infer = fresh_infer,
                            .workspace = fresh_workspace,
                            .execute = {fresh_execute}};
    return p;
}

/* ---- the world ---- */

static void fill_shapes(void)
{
    for (int i = 0; i < R; i++) {
        shape23[i] = i == 0 ? 2 : i == 1 ? 3 : 1;
        shape33[i] = i < 2 ? 3 : 1;
        wide[i + 1] = shape23[i];
        ones[i] = 1;
        axes_up[i] = i;
        wide_labels_a[i] = labels_a[i] = labels_c[i] = i;
        wide_labels_b[i] = labels_b[i] = i == 0 ? 1 : i == 1 ? 1000 : i; /* j, new, shared */
        labels_d[i] = i == 1 ? 1000 : i;
    }
    wide[0] = 2;
}

static world *world_open(void)
{
    world *w = calloc(1, sizeof *w);
    test_rng rng = test_rng_make(1);
    assert_non_null(w);
    test_allocator_init(&w->allocator);
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.allocator = &w->allocator.allocator;
    options.threads = 1;
    options.pool_limit = -1; /* so that every block comes from the allocator */
    options.blas = "none";
    CHECK_OK(tenferro_context_create(&options, &w->context));
    CHECK_OK(tenferro_context_create(&options, &w->other));
    w->x = test_random_tensor(w->context, &rng, F8, R, shape23, TEST_STRIDED);
    w->y = test_random_tensor(w->context, &rng, F8, R, shape23, TEST_STRIDED);
    w->square = test_random_tensor(w->context, &rng, F8, R, shape33, TEST_STRIDED);
    w->matrix = test_random_tensor(w->context, &rng, F8, 2, shape33, TEST_STRIDED);
    w->z = test_random_tensor(w->context, &rng, TENFERRO_COMPLEX128, R, shape23, TEST_STRIDED);
    w->b = test_random_tensor(w->context, &rng, TENFERRO_BOOL, R, shape23, TEST_STRIDED);
    w->v = test_random_tensor(w->context, &rng, F8, 1, (int64_t[]){3}, TEST_STRIDED);
    w->scalar = test_random_tensor(w->context, &rng, F8, 0, NULL, TEST_STRIDED);
    w->i = test_random_tensor(w->context, &rng, TENFERRO_INT32, R, shape23, TEST_STRIDED);
    w->d = test_random_tensor(w->context, &rng, F8, R, shape23, TEST_STRIDED);
    w->dz = test_random_tensor(w->context, &rng, TENFERRO_COMPLEX128, R, shape23, TEST_STRIDED);
    w->db = test_random_tensor(w->context, &rng, TENFERRO_BOOL, R, shape23, TEST_STRIDED);
    CHECK_OK(tenferro_reverse(w->d, 0, NULL, &w->back));
    CHECK_OK(tenferro_extent_symbol(w->other, "n", &w->n));
    CHECK_OK(tenferro_extent_symbol(w->other, "m", &w->m));
    tenferro_primitive p = fresh_primitive("test.fresh");
    CHECK_OK(tenferro_primitive_register(w->context, &p, &w->mine));
    CHECK_OK(tenferro_einsum_plan_create(w->context, "ij,jk,k->i", F8, 3, (int[]){2, 2, 1},
                                         (const int64_t *[]){(int64_t[]){3, 3}, (int64_t[]){3, 3},
                                                             (int64_t[]){3}},
                                         NULL, &w->plan));
    return w;
}

static void world_close(world *w)
{
    for (int i = 0; i < OPERANDS; i++)
        tenferro_tensor_release(w->all[i]);
    tenferro_einsum_plan_release(w->plan);
    tenferro_einsum_plan_release(w->made_plan);
    tenferro_context_release(w->made_context);
    tenferro_context_release(w->context);
    tenferro_context_release(w->other);
    test_allocator_check_empty(&w->allocator);
    free(w);
}

/* ---- the calls: name of the function, its arguments ---- */

#define PAIR(A, B) ((const tenferro_tensor *const[]){(A), (B)})

/* clang-format off */
#define SIMPLE_CALLS(X) \
    X(neg, w->x, out) X(neg_into, w->x, w->d) X(conj, w->z, out) X(conj_into, w->z, w->dz) \
    X(abs, w->z, out) X(abs_into, w->z, w->d) X(sqrt, w->i, out) X(sqrt_into, w->i, w->d) \
    X(exp, w->x, out) X(exp_into, w->back, w->d) X(log, w->z, out) X(log_into, w->x, w->d) \
    X(sin, w->x, out) X(sin_into, w->x, w->d) X(cos, w->x, out) X(cos_into, w->x, w->d) \
    X(tanh, w->x, out) X(tanh_into, w->x, w->d) X(logical_not, w->b, out) \
    X(logical_not_into, w->b, w->db) X(add, w->x, w->i, out) X(add_into, w->back, w->d, w->d) \
    X(sub, w->x, w->v, out) X(sub_into, w->x, w->y, w->back) X(mul, w->x, w->z, out) \
    X(mul_into, w->x, w->z, w->dz) X(div, w->i, w->i, out) X(div_into, w->i, w->i, w->d) \
    X(pow, w->z, w->x, out) X(pow_into, w->x, w->y, w->d) X(maximum, w->x, w->i, out) \
    X(maximum_into, w->x, w->y, w->d) X(minimum, w->x, w->y, out) \
    X(minimum_into, w->x, w->y, w->d) X(equal, w->x, w->z, out) X(equal_into, w->x, w->y, w->db) \
    X(not_equal, w->x, w->y, out) X(not_equal_into, w->x, w->y, w->db) X(less, w->x, w->i, out) \
    X(less_into, w->x, w->y, w->db) X(less_equal, w->x, w->y, out) \
    X(less_equal_into, w->x, w->y, w->db) X(greater, w->x, w->y, out) \
    X(greater_into, w->x, w->y, w->db) X(greater_equal, w->x, w->y, out) \
    X(greater_equal_into, w->x, w->y, w->db) X(logical_and, w->b, w->b, out) \
    X(logical_and_into, w->b, w->b, w->db) X(logical_or, w->b, w->b, out) \
    X(logical_or_into, w->b, w->b, w->db) X(logical_xor, w->b, w->b, out) \
    X(logical_xor_into, w->b, w->b, w->db) X(select, w->b, w->x, w->z, out) \
    X(select_into, w->b, w->x, w->back, w->d) X(cast, w->x, TENFERRO_FLOAT32, out) \
    X(number_like, w->z, tenferro_complex_number(1.0, 2.0), out) \
    X(copy, w->x, TENFERRO_ROW_MAJOR, out) X(copy_into, w->back, w->d) \
    X(permute, w->x, axes_up, out) X(reshape, w->x, 2, ((int64_t[]){-1, 2}), out) \
    X(reshape_view, w->scalar, R, ones, out) X(slice, w->x, zeros, ones, ones, out) \
    X(slice_axis, w->x, 1, 2, INT64_MIN, -1, out) X(reverse, w->x, 0, NULL, out) \
    X(broadcast, w->x, R + 1, wide, out) \
    X(broadcast_axes, w->x, R + 1, shape_and_one(), axes_up, out) \
    X(diagonal, w->x, 1, 0, 1, out) X(squeeze, w->x, 0, NULL, out) X(expand, w->x, 3, out) \
    X(real_part, w->z, out) X(imag_part, w->z, out) X(sum, w->i, 0, NULL, 1, out) \
    X(sum_into, w->y, 0, NULL, 0, w->scalar) X(prod, w->x, 2, axes_up, 0, out) \
    X(mean, w->i, 1, axes_up, 0, out) X(max, w->x, 1, axes_up, 0, out) \
    X(min, w->x, 0, NULL, 1, out) X(any, w->b, 1, axes_up, 0, out) \
    X(all, w->b, 1, axes_up, 0, out) X(argmax, w->x, 1, axes_up, 0, out) \
    X(argmin, w->x, 0, NULL, 0, out) X(concatenate, 2, PAIR(w->x, w->i), 1, out) \
    X(stack, 2, PAIR(w->x, w->z), -1, out) X(pad, w->x, zeros, zeros, tenferro_real(2.0), out) \
    X(tril, w->x, 0, out) X(triu, w->x, 1, out) \
    X(contract, w->x, labels_a, 1, w->square, labels_b, 0, R, labels_d, out) \
    X(contract_into, tenferro_real(2.0), w->x, labels_a, 0, w->y, labels_a, 0, tenferro_real(1.0), labels_c, w->back) \
    X(matmul, w->x, w->square, out) X(tensordot, w->x, w->v, 1, ((int[]){1}), ((int[]){0}), out) \
    X(outer, w->v, w->z, out) X(trace_axes, w->square, 0, 0, 1, out) \
    X(full, w->context, F8, R, shape23, tenferro_real(1.0), out) \
    X(full_like, w->x, R, shape23, tenferro_real(1.0), out) \
    X(zeros, w->context, F8, R, shape23, out) X(ones, w->context, F8, R, shape23, out) \
    X(eye, w->context, F8, 3, 4, 1, out) \
    X(arange, w->context, F8, tenferro_real(0.0), tenferro_real(1.0), 5, out) \
    X(linspace, w->context, F8, tenferro_real(0.0), tenferro_real(1.0), 5, out) \
    X(random_uniform, w->context, F8, R, shape23, 1, 2, 0.0, 1.0, out) \
    X(tensor_create, w->context, F8, R, shape23, TENFERRO_ROW_MAJOR, out) \
    X(tensor_from_data, w->context, F8, 1, ((int64_t[]){3}), NULL, three_numbers, out) \
    X(tensor_wrap, w->context, F8, 1, ((int64_t[]){3}), NULL, three_numbers, 0, NULL, NULL, out) \
    X(tensor_adopt, w->other, w->x, out) X(tensor_read, w->x, room, NULL) \
    X(tensor_item, w->scalar, room, NULL) X(tensor_size, w->x, (int64_t *)whole_number) \
    X(tensor_data_mutable, w->d, &some_pointer) \
    X(tensor_format, w->x, NULL, text, sizeof text, NULL) \
    X(einsum, "...ij,...jk->...ik", 2, PAIR(w->square, w->square), out) \
    X(einsum_into, "i,i->", 2, PAIR(w->v, w->v), w->scalar) \
    X(einsum_execute, w->plan, 3, triple(w), out) \
    X(einsum_plan_cost, w->plan, &(tenferro_einsum_cost)TENFERRO_EINSUM_COST_INIT) \
    X(einsum_plan_path, w->plan, 8, whole_number, whole_number + 16) \
    X(einsum_plan_format, w->plan, TENFERRO_EINSUM_JSON, text, sizeof text, NULL) \
    X(dtype_promote, F8, F8, &some_dtype) X(dtype_from_name, "f64", &some_dtype) \
    X(extent_symbol, w->context, "rows", whole_number) \
    X(extent_fresh, w->context, 5, whole_number) \
    X(extent_add, w->other, w->n, w->m, whole_number) \
    X(extent_sub, w->other, w->n, 3, whole_number) \
    X(extent_mul, w->other, w->n, w->m, whole_number) \
    X(extent_floordiv, w->other, w->n, 2, whole_number) \
    X(extent_min, w->other, w->n, w->m, whole_number) \
    X(extent_max, w->other, w->n, 7, whole_number) \
    X(extent_format, w->other, w->n, text, sizeof text, NULL) \
    X(apply, NULL, w->mine, NULL, 2, PAIR(w->x, w->y), 1, out) \
    X(primitive_find, w->other, "add", &some_primitive) \
    X(context_describe, w->context, text, sizeof text, NULL) \
    X(context_set_threads, w->context, 1) X(context_set_memory_limit, w->context, 0) \
    X(context_memory_statistics, w->context, &(tenferro_memory_statistics)TENFERRO_MEMORY_STATISTICS_INIT) \
    X(array_equal, w->x, w->y, &some_int) X(all_close, w->x, w->z, 0.1, 0.1, 0, &some_int)
/* clang-format on */

static double three_numbers[3] = {1, 2, 3}, room[64];
static int64_t whole_number[32];
static char text[65536];
static void *some_pointer;
static tenferro_dtype some_dtype;
static const tenferro_primitive *some_primitive;
static int some_int;

static const int64_t *shape_and_one(void)
{
    static int64_t extents[R + 1];
    for (int i = 0; i < R; i++)
        extents[i] = shape23[i];
    extents[R] = 4;
    return extents;
}

static const tenferro_tensor *const *triple(world *w)
{
    static const tenferro_tensor *operands[3];
    operands[0] = operands[1] = w->matrix;
    operands[2] = w->v;
    return operands;
}

typedef tenferro_status (*call)(world *w, tenferro_tensor **out);

#define DEFINE(NAME, ...)                                               \
    static tenferro_status call_##NAME(world *w, tenferro_tensor **out) \
    {                                                                   \
        (void)w;                                                        \
        (void)out;                                                      \
        return tenferro_##NAME(__VA_ARGS__);                            \
    }
SIMPLE_CALLS(DEFINE)

/* ---- calls that need more than one line ---- */

static tenferro_status plan_create(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_status status = tenferro_einsum_plan_create(
        w->context, "ab,bc,cd,de->ae", F8, 4, (int[]){2, 2, 2, 2},
        (const int64_t *[]){(int64_t[]){2, 3}, (int64_t[]){3, 4}, (int64_t[]){4, 5},
                            (int64_t[]){5, 6}},
        NULL, &w->made_plan);
    assert_true((status == TENFERRO_OK) == (w->made_plan != NULL));
    return status;
}

static tenferro_status plan_search(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    enum { COUNT = 14 }; /* too many for an exact order */
    const int ranks[COUNT] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    const int64_t *extents[COUNT];
    for (int i = 0; i < COUNT; i++)
        extents[i] = shape33;
    options.order = TENFERRO_EINSUM_SEARCH;
    options.moves = 5000;
    tenferro_status status = tenferro_einsum_plan_create(
        w->context, "ab,bc,cd,de,ef,fg,gh,hi,ij,jk,kl,lm,mn,na->", F8, COUNT, ranks, extents,
        &options, &w->made_plan);
    assert_true((status == TENFERRO_OK) == (w->made_plan != NULL));
    return status;
}

static tenferro_status plan_labels(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_status status = tenferro_einsum_plan_labels(
        w->context, F8, 2, (int[]){R, R}, (const int64_t *[]){wide_labels_a, wide_labels_b},
        (const int64_t *[]){shape23, shape33}, R - 1, wide_labels_a + 1, NULL, &w->made_plan);
    assert_true((status == TENFERRO_OK) == (w->made_plan != NULL));
    return status;
}

static tenferro_status execute_into(world *w, tenferro_tensor **out)
{
    (void)out;
    return tenferro_einsum_execute_into(w->plan, 3, triple(w), w->v);
}

static tenferro_status evaluate(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_extent e;
    int64_t value;
    tenferro_status status = tenferro_extent_floordiv(w->other, w->m, w->n, &e);
    if (status == TENFERRO_OK)
        status = tenferro_extent_mul(w->other, e, w->n, &e);
    tenferro_extent_binding binding = {sizeof binding, 2, (tenferro_extent[]){w->n, w->m},
                                       (int64_t[]){2, 7}};
    return status == TENFERRO_OK ? tenferro_extent_evaluate(w->other, e, &binding, &value) : status;
}

static tenferro_status intern_many(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_extent e = w->n;
    tenferro_status status = TENFERRO_OK;
    for (int i = 0; i < 80 && status == TENFERRO_OK; i++) /* the table grows */
        status = tenferro_extent_max(w->other, e, i + 1, &e);
    return status;
}

static tenferro_status into(world *w, tenferro_tensor **out)
{
    (void)out;
    const tenferro_primitive *p;
    tenferro_status status = tenferro_primitive_find(w->context, "sub", &p);
    return status == TENFERRO_OK ? tenferro_apply_into(p, NULL, 2, PAIR(w->x, w->back), 1, &w->d)
                                 : status;
}

static tenferro_status register_one(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_primitive p = fresh_primitive("test.another");
    const tenferro_primitive *made = &p;
    tenferro_status status = tenferro_primitive_register(w->other, &p, &made);
    assert_true((status == TENFERRO_OK) == (made != NULL));
    return status;
}

static tenferro_status register_dtype(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    info.name = "colour";
    info.size = 3;
    info.alignment = 1;
    tenferro_dtype dtype;
    tenferro_status status = tenferro_dtype_register(w->context, &info, &dtype);
    return status == TENFERRO_OK ? tenferro_dtype_describe(w->context, dtype, &info) : status;
}

static tenferro_status scope(world *w, tenferro_tensor **out)
{
    tenferro_scope *s = (tenferro_scope *)(uintptr_t)1;
    const tenferro_primitive *p;
    tenferro_status status = tenferro_scope_create(w->context, &s);
    if (status != TENFERRO_OK) {
        assert_null(s);
        return status;
    }
    tenferro_scope_fail(s, tenferro_primitive_find(w->context, "tanh", &p));
    tenferro_tensor *y = tenferro_scope_add(s, w->x, w->y), *copy = NULL;
    y = tenferro_scope_sub(s, y, w->v);
    y = tenferro_scope_mul(s, y, w->z);
    y = tenferro_scope_div(s, y, w->y);
    y = tenferro_scope_neg(s, tenferro_scope_conj(s, y));
    y = tenferro_scope_scale(s, tenferro_real(2.0), y);
    y = tenferro_scope_mul(s, y, tenferro_scope_number(s, tenferro_real(3.0), w->x));
    y = tenferro_scope_select(s, w->b, y, NULL);
    y = tenferro_scope_apply(s, p, NULL, 1, &y);
    for (int i = 0; i < 20; i++)
        y = tenferro_scope_add(s, y, y);
    y = tenferro_scope_broadcast_like(s, tenferro_scope_sum_to_like(s, y, w->scalar), w->x);
    if (y && tenferro_scope_ok(s)) {
        status = tenferro_copy(y, TENFERRO_COLUMN_MAJOR, &copy);
        y = tenferro_scope_take(s, status, copy);
    }
    *out = tenferro_tensor_retain(y);
    status = tenferro_scope_close(s);
    if (status != TENFERRO_OK) {
        tenferro_tensor_release(*out);
        *out = NULL;
    }
    return status;
}

static tenferro_status context_create(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.allocator = &w->allocator.allocator;
    options.threads = 2;
    options.blas = "none";
    w->made_context = (tenferro_context *)(uintptr_t)1;
    tenferro_status status = tenferro_context_create(&options, &w->made_context);
    assert_true((status == TENFERRO_OK) == (w->made_context != NULL));
    return status;
}

static void fake_gemm(void)
{
}

static tenferro_status inject(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_blas_functions functions = TENFERRO_BLAS_FUNCTIONS_INIT;
    functions.name = "fake";
    functions.integers = TENFERRO_INTEGERS_32;
    functions.sgemm = fake_gemm;
    return tenferro_provider_inject_blas(w->context, &functions);
}

/* Where there is no OpenBLAS that is the answer, and not this test's matter. */
static tenferro_status load(world *w, tenferro_tensor **out)
{
    (void)out;
    tenferro_status status = tenferro_provider_load(w->context, TENFERRO_PROVIDER_BLAS,
                                                    "libopenblas.so.0");
    return status == TENFERRO_IO ? TENFERRO_OK : status;
}

/* ---- the table ---- */

typedef struct row {
    const char *names; /* the functions that it covers, separated by spaces */
    call run;
} row;

#define ROW(NAME, ...) {"tenferro_" #NAME, call_##NAME},
static const row rows[] = {
    SIMPLE_CALLS(ROW){"tenferro_einsum_plan_create", plan_create},
    {"tenferro_einsum_plan_create of a search", plan_search},
    {"tenferro_einsum_plan_labels", plan_labels},
    {"tenferro_einsum_execute_into", execute_into},
    {"tenferro_extent_evaluate", evaluate},
    {"tenferro_extent_max", intern_many},
    {"tenferro_apply_into", into},
    {"tenferro_apply tenferro_infer_output tenferro_infer_equal tenferro_infer_broadcast "
     "tenferro_exec_output "
     "tenferro_exec_check tenferro_exec_parallel",
     call_apply},
    {"tenferro_primitive_register", register_one},
    {"tenferro_dtype_register tenferro_dtype_describe", register_dtype},
    {"tenferro_scope_create tenferro_scope_close tenferro_scope_apply tenferro_scope_take "
     "tenferro_scope_fail "
     "tenferro_scope_ok tenferro_scope_add tenferro_scope_sub tenferro_scope_mul "
     "tenferro_scope_div "
     "tenferro_scope_neg tenferro_scope_conj tenferro_scope_scale tenferro_scope_number "
     "tenferro_scope_select "
     "tenferro_scope_sum_to_like tenferro_scope_broadcast_like",
     scope},
    {"tenferro_context_create", context_create},
    {"tenferro_provider_inject_blas", inject},
    {"tenferro_provider_load", load},
};

/* Functions that only count, look or set. */
static const char *const cannot_allocate[] = {
    "tenferro_status_name",
    "tenferro_error_message",
    "tenferro_error_set",
    "tenferro_version",
    "tenferro_context_retain",
    "tenferro_context_release",
    "tenferro_context_threads",
    "tenferro_context_cancel",
    "tenferro_context_cancel_clear",
    "tenferro_context_reset_peak",
    "tenferro_context_trim",
    "tenferro_tensor_retain",
    "tenferro_tensor_release",
    "tenferro_tensor_context",
    "tenferro_tensor_dtype",
    "tenferro_tensor_rank",
    "tenferro_tensor_extents",
    "tenferro_tensor_strides",
    "tenferro_tensor_is_concrete",
    "tenferro_tensor_is_contiguous",
    "tenferro_tensor_data",
    "tenferro_tensor_version",
    "tenferro_primitive_builtin",
    "tenferro_einsum_plan_retain",
    "tenferro_einsum_plan_release",
    "tenferro_einsum_plan_output",
    "tenferro_extent_value",
};

/* ---- the sweep ---- */

static int same_values(const tenferro_tensor *x, const test_value *before)
{
    test_value *now = test_elements(x);
    size_t count = (size_t)test_count(tenferro_tensor_rank(x), tenferro_tensor_extents(x));
    int same = memcmp(now, before, count * sizeof *now) == 0;
    free(now);
    return same;
}

/* Allocation number n fails (once: only that one).  Returns 0 when no allocation had to fail. */
static int attempt(const row *r, int64_t n, int once)
{
    world *w = world_open();
    test_value *before[OPERANDS];
    for (int i = 0; i < OPERANDS; i++)
        before[i] = test_elements(w->all[i]);
    tenferro_tensor *out = NULL;
    int64_t start = w->allocator.count;
    w->allocator.fail_once = once;
    w->allocator.fail_after = start + n;
    tenferro_status status = r->run(w, &out);
    int failed = w->allocator.count > start + n;
    w->allocator.fail_after = -1;
    if (status != TENFERRO_OK && (status != TENFERRO_OUT_OF_MEMORY || !failed)) {
        print_error("%s, allocation %lld failing: %s: %s\n", r->names, (long long)n,
                    tenferro_status_name(status), tenferro_error_message());
        fail();
    }
    if (status != TENFERRO_OK) {
        assert_null(out);
        assert_true(*tenferro_error_message());
        for (int i = 0; i < OPERANDS; i++)
            if (!same_values(w->all[i], before[i]))
                fail_msg("%s, allocation %lld failing: operand %d was changed", r->names,
                         (long long)n, i);
    }
    tenferro_tensor_release(out);
    for (int i = 0; i < OPERANDS; i++)
        free(before[i]);
    world_close(w);
    return failed;
}

static void every_function__every_allocation_fails__nothing_lost(void **state)
{
    (void)state;
    int64_t failures = 0;
    for (size_t i = 0; i < TF_COUNT(rows); i++)
        for (int once = 0; once < 2; once++)
            for (int64_t n = 0; attempt(&rows[i], n, once); n++, failures++)
                if (n > 500)
                    fail_msg("%s: more than 500 allocations", rows[i].names);
    assert_true(failures > 500); /* else the calls do not reach the allocator that fails */
}

/* ---- nothing is forgotten ---- */

static int is_covered(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < TF_COUNT(cannot_allocate); i++)
        if (strcmp(cannot_allocate[i], name) == 0)
            return 1;
    for (size_t i = 0; i < TF_COUNT(rows); i++)
        for (const char *at = rows[i].names; (at = strstr(at, name)); at += length)
            if ((at == rows[i].names || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
                return 1;
    return 0;
}

/* The identifier before the first '(' after each TENFERRO_API. */
static int check_header(const char *header)
{
    char path[4096], name[128];
    int missing = 0;
    snprintf(path, sizeof path, "%s/include/tenferro/%s", TENFERRO_SOURCE_DIR, header);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot read %s", path);
    char *content = calloc(1, 1 << 20);
    assert_true(fread(content, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    for (const char *at = content; (at = strstr(at, "TENFERRO_API")); at++) {
        const char *end = strchr(at, '('), *begin = end;
        while (begin && begin > at && (isalnum((unsigned char)begin[-1]) || begin[-1] == '_'))
            begin--;
        if (!end || end - begin >= (long)sizeof name || strncmp(begin, "tenferro_", 9) != 0)
            continue;
        memcpy(name, begin, (size_t)(end - begin));
        name[end - begin] = 0;
        if (!is_covered(name)) {
            print_error("%s: %s has no row\n", header, name);
            missing++;
        }
    }
    free(content);
    return missing;
}

static void headers__every_function__is_swept_or_excused(void **state)
{
    (void)state;
    static const char *const headers[] = {"base.h",   "context.h", "dtype.h",
                                          "extent.h", "tensor.h",  "primitive.h",
                                          "ops.h",    "einsum.h",  "provider.h"};
    int missing = 0;
    for (size_t i = 0; i < TF_COUNT(headers); i++)
        missing += check_header(headers[i]);
    assert_int_equal(missing, 0);
}

int main(void)
{
    fill_shapes();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers__every_function__is_swept_or_excused),
        cmocka_unit_test(every_function__every_allocation_fails__nothing_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
