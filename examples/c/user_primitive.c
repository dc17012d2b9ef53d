/*
 * An operation of your own, registered from outside the library: a tabulated function.
 *
 * y = f(x), where f is given by its values at 0, 1, ..., n-1 and linear between them.  The table is
 * a tensor that the attributes own; the primitive's user pointer is the caller's state, here a
 * counter of points outside the table.  With its jvp and vjp rules it is a full citizen: they are
 * written with public operations only.
 */

#include <math.h>
#include <stdio.h>
#include <tenferro.h>

#define CHECK(call)                                                       \
    do {                                                                  \
        if ((call) != TENFERRO_OK) {                                      \
            fprintf(stderr, "%s: %s\n", #call, tenferro_error_message()); \
            return 1;                                                     \
        }                                                                 \
    } while (0)

typedef struct attributes {
    tenferro_tensor *table; /* float64, rank 1, at least 2 values; owned */
    int slope;              /* 1: f' instead of f */
} attributes;

/* what the primitive's user pointer is */
typedef struct state {
    const tenferro_primitive *self; /* as registered */
    long long outside;              /* points outside the table so far */
} state;

/* ---- attributes own a tensor: a copy holds a reference ---- */

static tenferro_status
attributes_copy(void *user, tenferro_context *context, const void *from, void *to)
{
    (void)user;
    (void)context;
    *(attributes *)to = *(const attributes *)from;
    (void)tenferro_tensor_retain(((attributes *)to)->table);
    return TENFERRO_OK;
}

static void attributes_release(void *user, tenferro_context *context, void *a)
{
    (void)user;
    (void)context;
    tenferro_tensor_release(((attributes *)a)->table);
}

/* ---- the shape rule: y has x's shape ---- */

static tenferro_status infer(tenferro_infer *call)
{
    const attributes *a = call->attributes;
    const tenferro_aval *x = &call->in[0];
    if (x->dtype != TENFERRO_FLOAT64 || tenferro_tensor_dtype(a->table) != TENFERRO_FLOAT64)
        return tenferro_error_set(TENFERRO_DTYPE_MISMATCH,
                                  "example.tabulated: x and its table must be float64");
    if (tenferro_tensor_rank(a->table) != 1 || tenferro_tensor_extents(a->table)[0] < 2)
        return tenferro_error_set(TENFERRO_SHAPE_MISMATCH,
                                  "example.tabulated: the table needs 2 values or more");
    tenferro_extent *extents;
    tenferro_status status = tenferro_infer_output(call, 0, TENFERRO_FLOAT64, x->rank, &extents);
    for (int i = 0; status == TENFERRO_OK && i < x->rank; i++)
        extents[i] = x->extents[i];
    return status;
}

/* ---- the kernel: any strides, one column at a time ---- */

static double lookup(const attributes *a, double x, state *s)
{
    const double *f = tenferro_tensor_data(a->table);
    long long n = tenferro_tensor_extents(a->table)[0], step = tenferro_tensor_strides(a->table)[0];
    if (!(x >= 0.0 && x <= (double)(n - 1)))
        s->outside++;
    double cell = fmin(fmax(floor(x), 0.0), (double)(n - 2));
    double left = f[(long long)cell * step], right = f[((long long)cell + 1) * step];
    return a->slope ? right - left : left + (right - left) * (x - cell);
}

static tenferro_status execute(tenferro_exec *call)
{
    const tenferro_array *x = &call->in[0], *y = &call->out[0];
    const double *from = x->data;
    double *to = y->data;
    int64_t count = 1;
    for (int i = 0; i < y->rank; i++)
        count *= y->extents[i];
    for (int64_t n = 0; n < count; n++) {
        int64_t rest = n, at = 0, put = 0;
        for (int i = 0; i < y->rank; i++) {
            at += rest % y->extents[i] * x->strides[i];
            put += rest % y->extents[i] * y->strides[i];
            rest /= y->extents[i];
        }
        to[put] = lookup(call->attributes, from[at], call->user);
    }
    return TENFERRO_OK;
}

/* ---- derivatives: the same primitive gives the slope ---- */

static tenferro_tensor *slope(tenferro_scope *scope, const tenferro_rule *rule)
{
    attributes a = *(const attributes *)rule->attributes;
    a.slope = 1;
    return tenferro_scope_apply(scope, ((const state *)rule->user)->self, &a, 1, rule->in);
}

/* ẏ = f'(x) ẋ; f' is constant between the points, so its own derivative is zero */
static void jvp(tenferro_scope *scope, const tenferro_rule *rule)
{
    if (rule->tangent[0] && !((const attributes *)rule->attributes)->slope)
        rule->out[0] = tenferro_scope_mul(scope, slope(scope, rule), rule->tangent[0]);
}

/* x̄ = f'(x) ȳ */
static void vjp(tenferro_scope *scope, const tenferro_rule *rule)
{
    if (rule->wanted[0] && rule->cotangent[0] && !((const attributes *)rule->attributes)->slope)
        rule->out[0] = tenferro_scope_mul(scope, slope(scope, rule), rule->cotangent[0]);
}

int main(void)
{
    tenferro_context *context;
    tenferro_tensor *table, *x, *y;
    state user = {NULL, 0};
    const double squares[] = {0.0, 1.0, 4.0, 9.0, 16.0};
    const double points[] = {0.5, 1.0, 2.25, 5.0};
    CHECK(tenferro_context_create(NULL, &context));
    CHECK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, (int64_t[]){5}, NULL, squares,
                                    &table));
    CHECK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 1, (int64_t[]){4}, NULL, points, &x));

    tenferro_primitive primitive = {
        .struct_size = sizeof primitive,
        .abi_version = TENFERRO_PRIMITIVE_ABI_VERSION,
        .user = &user,
        .name = "example.tabulated",
        .version = 1,
        .flags = TENFERRO_PRIMITIVE_ELEMENTWISE,
        .inputs_min = 1,
        .inputs_max = 1,
        .outputs = 1,
        .attributes_size = sizeof(attributes),
        .attributes_copy = attributes_copy,
        .attributes_release = attributes_release,
        .infer = infer,
        .execute = {execute},
        .jvp = jvp,
        .vjp = vjp,
    };
    CHECK(tenferro_primitive_register(context, &primitive, &user.self));

    attributes a = {table, 0};
    CHECK(tenferro_apply(NULL, user.self, &a, 1, (const tenferro_tensor *const *)&x, 1, &y));
    char text[256];
    CHECK(tenferro_tensor_format(y, NULL, text, sizeof text, NULL));
    printf("f(x) = %s\n%lld point(s) outside the table\n", text, user.outside);

    const double *values = tenferro_tensor_data(y);
    int right = values[0] == 0.5 && values[1] == 1.0 && values[2] == 5.25 && values[3] == 23.0;
    tenferro_tensor_release(y);
    tenferro_tensor_release(x);
    tenferro_tensor_release(table);
    tenferro_context_release(context);
    return right && user.outside == 1 ? 0 : 1;
}
