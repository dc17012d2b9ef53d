/* Primitives registered from outside, apply and apply_into, scopes. */

#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { F8 = TENFERRO_FLOAT64 };

/* ---- a primitive with attributes that own a tensor, and a user pointer ---- */

typedef struct shift {
    tenferro_tensor *by; /* rank 0, f64 */
    double factor;
} shift;

typedef struct library {
    double scale;
    int calls, copies, releases;
} library;

static tenferro_status shift_copy(void *user, tenferro_context *context, const void *from, void *to)
{
    (void)context;
    ((library *)user)->copies++;
    *(shift *)to = *(const shift *)from;
    tenferro_tensor_retain(((const shift *)from)->by);
    return TENFERRO_OK;
}

static void shift_release(void *user, tenferro_context *context, void *attributes)
{
    (void)context;
    ((library *)user)->releases++;
    tenferro_tensor_release(((shift *)attributes)->by);
}

static tenferro_status same_shape(tenferro_infer *x)
{
    tenferro_extent *extents;
    tenferro_status status = tenferro_infer_output(x, 0, x->in[0].dtype, x->in[0].rank, &extents);
    for (int i = 0; status == TENFERRO_OK && i < x->in[0].rank; i++)
        extents[i] = x->in[0].extents[i];
    return status;
}

/* out = scale * factor * x + by */
static tenferro_status shift_execute(tenferro_exec *x)
{
    library *l = x->user;
    const shift *a = x->attributes;
    double by;
    l->calls++;
    tenferro_status status = tenferro_tensor_item(a->by, &by, NULL);
    if (status != TENFERRO_OK)
        return status;
    if (x->in[0].dtype != F8 || x->in[0].rank != 1)
        return tenferro_error_set(TENFERRO_DTYPE_MISMATCH, "shift: takes vectors of float64");
    const double *in = x->in[0].data;
    double *out = x->out[0].data;
    for (int64_t i = 0; i < x->out[0].extents[0]; i++)
        out[i * x->out[0].strides[0]] = l->scale * a->factor * in[i * x->in[0].strides[0]] + by;
    return TENFERRO_OK;
}

static tenferro_primitive shift_primitive(library *l)
{
    tenferro_primitive p = {
        .struct_size = sizeof p,
        .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
        .user = l,
        .name = "test.shift",
        .version = 1,
        .inputs_min = 1,
        .inputs_max = 1,
        .outputs = 1,
        .attributes_size = sizeof(shift),
        .attributes_copy = shift_copy,
        .attributes_release = shift_release,
        .infer = same_shape,
        .execute = {shift_execute},
    };
    return p;
}

static void registered__attributes_with_tensor_and_user__run(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    library l = {.scale = 2.0};
    tenferro_primitive p = shift_primitive(&l);
    const tenferro_primitive *mine, *found;
    CHECK_OK(tenferro_primitive_register(context, &p, &mine));
    assert_ptr_not_equal(mine, &p);
    assert_ptr_not_equal(mine->name, p.name); /* copied */
    CHECK_OK(tenferro_primitive_find(context, "test.shift", &found));
    assert_ptr_equal(found, mine);
    shift a = {test_tensor_of(context, F8, 0, NULL, (test_value[]){100}), 3.0};
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){3}, (test_value[]){1, 2, 3}), *y;
    CHECK_OK(tenferro_apply(NULL, mine, &a, 1, (const tenferro_tensor *const *)&x, 1, &y));
    test_check_elements(y, (test_value[]){106, 112, 118}, 0.0, "shift");
    tenferro_tensor_release(y);
    /* into its own operand: not elementwise, so through a temporary */
    CHECK_OK(tenferro_apply_into(mine, &a, 1, (const tenferro_tensor *const *)&x, 1, &x));
    test_check_elements(x, (test_value[]){106, 112, 118}, 0.0, "shift");
    assert_int_equal(l.calls, 2);
    assert_int_equal(l.copies, l.releases);
    /* its own failure comes through, with its message */
    tenferro_tensor *matrix = test_tensor_of(context, F8, 2, (int64_t[]){1, 1}, (test_value[]){1});
    y = x;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_apply(NULL, mine, &a, 1, (const tenferro_tensor *const *)&matrix, 1, &y));
    CHECK_MESSAGE("takes vectors");
    assert_null(y);
    TEST_RELEASE(x, a.by, matrix);
    tenferro_context_release(context);
}

/* ---- registration ---- */

static void register__bad_structs__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    library l = {.scale = 1.0};
    const tenferro_primitive good = shift_primitive(&l), *out = &good;
    tenferro_primitive p;
#define REFUSED(STATUS, CHANGE)                                               \
    do {                                                                      \
        p = good;                                                             \
        CHANGE;                                                               \
        out = &good;                                                          \
        CHECK_STATUS(STATUS, tenferro_primitive_register(context, &p, &out)); \
        assert_null(out);                                                     \
    } while (0)
    REFUSED(TENFERRO_UNSUPPORTED, p.abi_version = 99);
    CHECK_MESSAGE("99");
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.struct_size = 8);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.name = NULL);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.name = "");
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.infer = NULL);
    CHECK_MESSAGE("test.shift");
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.execute[0] = NULL);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.inputs_min = -1);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.inputs_max = 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.outputs = 0);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.outputs = -2);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.attributes_release = NULL);
    REFUSED(TENFERRO_INVALID_ARGUMENT, p.name = "add");
    CHECK_MESSAGE("taken");
#undef REFUSED
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_register(NULL, &good, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_register(context, NULL, &out));
    CHECK_OK(tenferro_primitive_register(context, &good, NULL)); /* out may be NULL */
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_register(context, &good, &out));
    CHECK_MESSAGE("taken");
    /* names belong to a context */
    tenferro_context *other = test_context();
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_find(other, "test.shift", &out));
    CHECK_MESSAGE("test.shift");
    assert_null(out);
    CHECK_OK(tenferro_primitive_register(other, &good, &out));
    CHECK_OK(tenferro_primitive_find(other, "add", &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_find(other, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_find(NULL, "add", &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_primitive_find(other, "add", NULL));
    tenferro_context_release(context);
    tenferro_context_release(other);
}

/* A caller compiled against a shorter struct: what lies behind struct_size is not read. */
static void register__smaller_struct__later_members_null(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    library l = {.scale = 1.0};
    tenferro_primitive p = shift_primitive(&l);
    const tenferro_primitive *mine;
    p.struct_size = offsetof(tenferro_primitive, jvp);
    memset((char *)&p + p.struct_size, 0x5a, sizeof p - p.struct_size);
    CHECK_OK(tenferro_primitive_register(context, &p, &mine));
    assert_true(!mine->jvp && !mine->vjp && !mine->save && !mine->batch && !mine->lower &&
                !mine->aliases);
    assert_int_equal(mine->struct_size, sizeof p);
    shift a = {test_tensor_of(context, F8, 0, NULL, (test_value[]){0}), 1.0};
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){1}, (test_value[]){5}), *y;
    CHECK_OK(tenferro_apply(NULL, mine, &a, 1, (const tenferro_tensor *const *)&x, 1, &y));
    test_check_elements(y, (test_value[]){5}, 0.0, "shift");
    TEST_RELEASE(x, y, a.by);
    tenferro_context_release(context);
}

static void builtin__table__well_formed(void **state)
{
    (void)state;
    const tenferro_primitive *p, *q;
    assert_null(tenferro_primitive_builtin(-1));
    int count = 0;
    for (; (p = tenferro_primitive_builtin(count)); count++) {
        assert_int_equal(p->struct_size, sizeof *p);
        assert_int_equal(p->abi_version, TENFERRO_PRIMITIVE_ABI_VERSION);
        assert_true(p->name && *p->name && p->infer && (p->view || p->execute[TENFERRO_DEVICE_CPU]));
        assert_true(!p->attributes_copy == !p->attributes_release);
        for (int i = 0; (q = tenferro_primitive_builtin(i)) != p; i++)
            assert_string_not_equal(p->name, q->name);
    }
    assert_true(count > 40);
    assert_null(tenferro_primitive_builtin(count));
}

/* ---- extents decided by the kernel ---- */

/* The positive elements of a vector, and how many they are. */
static tenferro_status positive_infer(tenferro_infer *x)
{
    tenferro_extent *extents, *none, found;
    tenferro_status status = tenferro_infer_output(x, 0, F8, 1, &extents);
    if (status == TENFERRO_OK)
        status = tenferro_infer_output(x, 1, TENFERRO_INT64, 0, &none);
    if (status == TENFERRO_OK)
        status = tenferro_extent_fresh(x->context, x->in[0].extents[0], &found);
    if (status == TENFERRO_OK)
        extents[0] = found;
    return status;
}

static tenferro_status positive_execute(tenferro_exec *x)
{
    const double *in = x->in[0].data;
    int64_t n = 0, stride = x->in[0].strides[0];
    const int *mode = x->user;
    if (x->out[0].data || !x->out[1].data)
        return tenferro_error_set(TENFERRO_INTERNAL, "outputs are not as the shape rule said");
    for (int64_t i = 0; i < x->in[0].extents[0]; i++)
        n += in[i * stride] > 0.0;
    if (*mode == 1)
        return TENFERRO_OK; /* forgets its output */
    if (*mode == 2)
        return tenferro_exec_output(x, 1, &n); /* not its to create */
    if (*mode == 3)
        return tenferro_exec_output(x, 5, &n);
    tenferro_status status = tenferro_exec_output(x, 0, &n);
    if (status != TENFERRO_OK)
        return status;
    if (*mode == 4)
        return tenferro_error_set(TENFERRO_NUMERICAL, "fails after creating");
    if (*mode == 5)
        return tenferro_exec_output(x, 0, &n); /* twice */
    double *out = x->out[0].data;
    for (int64_t i = 0; i < x->in[0].extents[0]; i++)
        if (in[i * stride] > 0.0)
            *out++ = in[i * stride];
    *(int64_t *)x->out[1].data = n;
    return TENFERRO_OK;
}

static void fresh_extents__kernel_creates_its_output(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    int mode = 0;
    tenferro_primitive p = {.struct_size = sizeof p,
                            .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
                            .user = &mode,
                            .name = "test.positive",
                            .inputs_min = 1,
                            .inputs_max = 1,
                            .outputs = 2,
                            .infer = positive_infer,
                            .execute = {positive_execute}};
    const tenferro_primitive *mine;
    CHECK_OK(tenferro_primitive_register(context, &p, &mine));
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){4},
                                        (test_value[]){1, -2, 3, -4}),
                    *out[2];
    const tenferro_tensor *const *in = (const tenferro_tensor *const *)&x;
    CHECK_OK(tenferro_apply(NULL, mine, NULL, 1, in, 2, out));
    test_check_shape(out[0], F8, 1, (int64_t[]){2});
    test_check_elements(out[0], (test_value[]){1, 3}, 0.0, "positive");
    test_check_elements(out[1], (test_value[]){2}, 0.0, "positive");
    TEST_RELEASE(out[0], out[1]);
    static const tenferro_status expected[] = {TENFERRO_OK,
                                               TENFERRO_INTERNAL,
                                               TENFERRO_INVALID_ARGUMENT,
                                               TENFERRO_INVALID_ARGUMENT,
                                               TENFERRO_NUMERICAL,
                                               TENFERRO_INVALID_ARGUMENT};
    for (mode = 1; mode <= 5; mode++) {
        out[0] = out[1] = x;
        CHECK_STATUS(expected[mode], tenferro_apply(NULL, mine, NULL, 1, in, 2, out));
        assert_null(out[0]);
        assert_null(out[1]);
    }
    tenferro_tensor *to[2] = {x, x};
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_apply_into(mine, NULL, 1, in, 2, to));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

/* ---- apply ---- */

static void apply__bad_calls__refused(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    const tenferro_primitive *add, *permute, *full;
    CHECK_OK(tenferro_primitive_find(context, "add", &add));
    CHECK_OK(tenferro_primitive_find(context, "permute", &permute));
    CHECK_OK(tenferro_primitive_find(context, "full", &full));
    tenferro_tensor *x = test_tensor_of(context, F8, 0, NULL, (test_value[]){1}), *out[2] = {x, x};
    tenferro_tensor *foreign = test_tensor_of(other, F8, 0, NULL, (test_value[]){1});
    const tenferro_tensor *two[2] = {x, x}, *holes[2] = {x, NULL}, *mixed[2] = {x, foreign};
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, NULL, NULL, 2, two, 1, out));
    assert_null(out[0]);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, 1, two, 1, out));
    CHECK_MESSAGE("add");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, 2, holes, 1, out));
    CHECK_MESSAGE("operand 1");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, 2, NULL, 1, out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, -1, two, 1, out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, 2, two, 1, NULL));
    out[0] = out[1] = x;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, add, NULL, 2, two, 2, out));
    assert_true(!out[0] && !out[1]);
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_apply(NULL, add, NULL, 2, mixed, 1, out));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_apply(other, add, NULL, 2, two, 1, out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply(NULL, permute, NULL, 1, two, 1, out));
    CHECK_MESSAGE("attributes");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_apply(NULL, full, NULL, 0, NULL, 1, out)); /* no context */
    CHECK_OK(tenferro_apply(context, add, NULL, 2, two, 1, out));
    tenferro_tensor *none[1] = {NULL};
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply_into(add, NULL, 2, two, 1, none));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply_into(add, NULL, 2, two, 0, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_apply_into(add, NULL, 2, two, 1, NULL));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_apply_into(add, NULL, 2, two, 1, &foreign));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH, tenferro_apply_into(add, NULL, 2, mixed, 1, &x));
    TEST_RELEASE(x, foreign, out[0]);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

static void apply__cancelled_context__says_so(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x = test_tensor_of(context, F8, 0, NULL, (test_value[]){1}), *y = x;
    tenferro_context_cancel(context);
    CHECK_STATUS(TENFERRO_CANCELLED, tenferro_exp(x, &y));
    assert_null(y);
    tenferro_context_cancel_clear(context);
    CHECK_OK(tenferro_exp(x, &y));
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

/* ---- what a kernel may ask for ---- */

static void square_chunk(void *user, int64_t begin, int64_t end)
{
    double *values = user;
    for (int64_t i = begin; i < end; i++)
        values[i] *= values[i];
}

static tenferro_status scratch_bytes(const tenferro_infer *x, int64_t *bytes)
{
    *bytes = x->in[0].extents[0] * (int64_t)sizeof(double);
    return TENFERRO_OK;
}

/* Squares in scratch, in parallel. */
static tenferro_status square_execute(tenferro_exec *x)
{
    tenferro_status status = tenferro_exec_check(x);
    if (status != TENFERRO_OK)
        return status;
    int64_t n = x->in[0].extents[0];
    if ((uintptr_t)x->scratch % 64 || x->scratch_bytes < n * (int64_t)sizeof(double) ||
        x->threads < 1)
        return tenferro_error_set(TENFERRO_INTERNAL, "scratch is not as asked");
    double *scratch = x->scratch;
    for (int64_t i = 0; i < n; i++)
        scratch[i] = ((const double *)x->in[0].data)[i * x->in[0].strides[0]];
    tenferro_exec_parallel(x, n, 100, square_chunk, scratch);
    for (int64_t i = 0; i < n; i++)
        ((double *)x->out[0].data)[i * x->out[0].strides[0]] = scratch[i];
    return TENFERRO_OK;
}

static void execute__scratch_and_threads(void **state)
{
    (void)state;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = 2;
    tenferro_context *context;
    CHECK_OK(tenferro_context_create(&options, &context));
    tenferro_primitive p = {.struct_size = sizeof p,
                            .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
                            .name = "test.square",
                            .inputs_min = 1,
                            .inputs_max = 1,
                            .outputs = 1,
                            .infer = same_shape,
                            .workspace = scratch_bytes,
                            .execute = {square_execute}};
    const tenferro_primitive *mine;
    CHECK_OK(tenferro_primitive_register(context, &p, &mine));
    test_rng rng = test_rng_make(1);
    tenferro_tensor *x = test_random_tensor(context, &rng, F8, 1, (int64_t[]){1001}, TEST_STRIDED),
                    *y;
    test_value *values = test_elements(x);
    for (int i = 0; i < 1001; i++)
        values[i] *= values[i];
    CHECK_OK(tenferro_apply(NULL, mine, NULL, 1, (const tenferro_tensor *const *)&x, 1, &y));
    test_check_elements(y, values, 0.0, "square");
    free(values);
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
}

/* ---- scopes ---- */

static void scope__null_is_zero(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){2}, (test_value[]){1, 4});
    tenferro_tensor *p = test_tensor_of(context, TENFERRO_BOOL, 1, (int64_t[]){2},
                                        (test_value[]){1, 0});
    const tenferro_primitive *add;
    CHECK_OK(tenferro_primitive_find(context, "add", &add));
    tenferro_scope *s;
    CHECK_OK(tenferro_scope_create(context, &s));
    assert_null(tenferro_scope_add(s, NULL, NULL));
    assert_ptr_equal(tenferro_scope_add(s, x, NULL), x);
    assert_ptr_equal(tenferro_scope_add(s, NULL, x), x);
    assert_ptr_equal(tenferro_scope_sub(s, x, NULL), x);
    assert_null(tenferro_scope_sub(s, NULL, NULL));
    test_check_elements(tenferro_scope_sub(s, NULL, x), (test_value[]){-1, -4}, 0.0, "0 - x");
    assert_null(tenferro_scope_mul(s, x, NULL));
    assert_null(tenferro_scope_mul(s, NULL, x));
    assert_null(tenferro_scope_div(s, NULL, x));
    assert_null(tenferro_scope_neg(s, NULL));
    assert_null(tenferro_scope_conj(s, NULL));
    assert_ptr_equal(tenferro_scope_conj(s, x), x); /* real */
    assert_null(tenferro_scope_scale(s, tenferro_real(2.0), NULL));
    assert_null(tenferro_scope_number(s, tenferro_real(2.0), NULL));
    assert_null(tenferro_scope_select(s, p, NULL, NULL));
    assert_null(tenferro_scope_sum_to_like(s, NULL, x));
    assert_null(tenferro_scope_broadcast_like(s, NULL, x));
    assert_null(tenferro_scope_apply(s, add, NULL, 2, (tenferro_tensor *[]){x, NULL}));
    test_check_elements(tenferro_scope_apply(s, add, NULL, 2, (tenferro_tensor *[]){x, x}),
                        (test_value[]){2, 8}, 0.0, "apply");
    test_check_elements(tenferro_scope_select(s, p, x, NULL), (test_value[]){1, 0}, 0.0, "select");
    test_check_elements(tenferro_scope_select(s, p, NULL, x), (test_value[]){0, 4}, 0.0, "select");
    test_check_elements(tenferro_scope_scale(s, tenferro_real(0.5), x), (test_value[]){0.5, 2}, 0.0,
                        "scale");
    assert_true(tenferro_scope_ok(s));
    CHECK_OK(tenferro_scope_close(s));
    CHECK_OK(tenferro_scope_close(NULL));
    TEST_RELEASE(x, p);
    tenferro_context_release(context);
}

static void scope__sum_to_like__shape_and_dtype(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_value values[12];
    for (int i = 0; i < 12; i++)
        values[i] = test_complex(i, -i);
    tenferro_tensor *x = test_tensor_of(context, TENFERRO_COMPLEX128, 3, (int64_t[]){2, 3, 2},
                                        values);
    tenferro_tensor *like = test_tensor_of(context, F8, 2, (int64_t[]){1, 2}, (test_value[]){0, 0});
    tenferro_tensor *scalar = test_tensor_of(context, TENFERRO_COMPLEX128, 0, NULL,
                                             (test_value[]){0});
    tenferro_scope *s;
    CHECK_OK(tenferro_scope_create(context, &s));
    tenferro_tensor *y = tenferro_scope_sum_to_like(s, x, like);
    test_check_shape(y, F8, 2, (int64_t[]){1, 2});
    test_check_elements(y, (test_value[]){15, 51}, 0.0, "sum_to_like");
    test_check_elements(tenferro_scope_sum_to_like(s, x, scalar),
                        (test_value[]){test_complex(66, -66)}, 0.0, "sum_to_like");
    assert_ptr_equal(tenferro_scope_sum_to_like(s, x, x), x);
    y = tenferro_scope_broadcast_like(s, like, x);
    test_check_shape(y, F8, 3, (int64_t[]){2, 3, 2});
    CHECK_OK(tenferro_scope_close(s));
    TEST_RELEASE(x, like, scalar);
    tenferro_context_release(context);
}

static void scope__first_failure__sticks_and_its_message_returns(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    tenferro_tensor *x = test_tensor_of(context, F8, 1, (int64_t[]){2}, (test_value[]){1, 4});
    tenferro_tensor *y = test_tensor_of(context, F8, 1, (int64_t[]){3}, (test_value[]){1, 2, 3});
    tenferro_scope *s;
    CHECK_OK(tenferro_scope_create(context, &s));
    for (int i = 0; i < 50; i++) /* more than its first room */
        assert_non_null(tenferro_scope_mul(s, x, x));
    assert_null(tenferro_scope_mul(s, x, y));
    assert_false(tenferro_scope_ok(s));
    assert_null(tenferro_scope_mul(s, x, x)); /* does nothing any more */
    tenferro_scope_fail(s, TENFERRO_IO);
    (void)tenferro_error_set(TENFERRO_IO, "something else");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_scope_close(s));
    CHECK_MESSAGE("mul");
    /* taking over a handle, and a failure */
    CHECK_OK(tenferro_scope_create(context, &s));
    assert_ptr_equal(tenferro_scope_take(s, TENFERRO_OK, tenferro_tensor_retain(x)), x);
    (void)tenferro_error_set(TENFERRO_NUMERICAL, "the first");
    assert_null(tenferro_scope_take(s, TENFERRO_NUMERICAL, NULL));
    CHECK_STATUS(TENFERRO_NUMERICAL, tenferro_scope_close(s));
    CHECK_MESSAGE("the first");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_scope_create(NULL, &s));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_scope_create(context, NULL));
    TEST_RELEASE(x, y);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered__attributes_with_tensor_and_user__run),
        cmocka_unit_test(register__bad_structs__refused),
        cmocka_unit_test(register__smaller_struct__later_members_null),
        cmocka_unit_test(builtin__table__well_formed),
        cmocka_unit_test(fresh_extents__kernel_creates_its_output),
        cmocka_unit_test(apply__bad_calls__refused),
        cmocka_unit_test(apply__cancelled_context__says_so),
        cmocka_unit_test(execute__scratch_and_threads),
        cmocka_unit_test(scope__null_is_zero),
        cmocka_unit_test(scope__sum_to_like__shape_and_dtype),
        cmocka_unit_test(scope__first_failure__sticks_and_its_message_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
