/* concatenate, stack, pad, tril, triu: naive oracles, and their derivative rules. */

#include "testing.h"

#include <stdlib.h>
#include <string.h>
#include <tenferro/ops.h>

#include "ops/attributes.h"
#include "ops/table.h"
#include "tensor/tensor.h"

static const tenferro_dtype dtypes[] = {TENFERRO_BOOL,      TENFERRO_INT32,   TENFERRO_INT64,
                                        TENFERRO_FLOAT32,   TENFERRO_FLOAT64, TENFERRO_COMPLEX64,
                                        TENFERRO_COMPLEX128};
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))
#define MAX_RANK 4

/* Random elements, numbers that every dtype but bool holds. */
static tenferro_tensor *random_tensor(tenferro_context *context, test_rng *rng,
                                      tenferro_dtype dtype, int rank, const int64_t *extents)
{
    tenferro_tensor *wide = NULL, *t = NULL;
    CHECK_OK(tenferro_tensor_create(context, TENFERRO_COMPLEX128, rank, extents,
                                    TENFERRO_COLUMN_MAJOR, &wide));
    double *data = NULL;
    int64_t count;
    void *pointer;
    CHECK_OK(tenferro_tensor_size(wide, &count));
    CHECK_OK(tenferro_tensor_data_mutable(wide, &pointer));
    data = pointer;
    for (int64_t i = 0; i < 2 * count; i++)
        data[i] = (double)test_rng_range(rng, -9, 9);
    CHECK_OK(tenferro_cast(wide, dtype, &t));
    tenferro_tensor_release(wide);
    return t;
}

/* The same kind of tensor as a view with reversed and permuted axes. */
static tenferro_tensor *random_view(tenferro_context *context, test_rng *rng, tenferro_dtype dtype,
                                    int rank, const int64_t *extents)
{
    int64_t turned[MAX_RANK];
    int axes[MAX_RANK];
    for (int i = 0; i < rank; i++) {
        turned[i] = extents[rank - 1 - i];
        axes[i] = rank - 1 - i;
    }
    tenferro_tensor *base = random_tensor(context, rng, dtype, rank, turned), *permuted = NULL,
                    *t = NULL;
    CHECK_OK(tenferro_permute(base, axes, &permuted));
    CHECK_OK(tenferro_reverse(permuted, 0, NULL, &t));
    tenferro_tensor_release(base);
    tenferro_tensor_release(permuted);
    return t;
}

/* Element by index, as the bytes of its dtype. */
static const char *at(const tenferro_tensor *t, const int64_t *index)
{
    int64_t offset = 0;
    for (int i = 0; i < t->rank; i++)
        offset += index[i] * tf_strides(t)[i];
    return (const char *)t->data + offset * tf_dtype_size(t->context, t->dtype);
}

/* The index of column-major element number n. */
static void index_of(const tenferro_tensor *t, int64_t n, int64_t *index)
{
    for (int i = 0; i < t->rank; i++) {
        index[i] = n % tf_extents(t)[i];
        n /= tf_extents(t)[i];
    }
}

static int64_t size_of(const tenferro_tensor *t)
{
    int64_t count;
    CHECK_OK(tenferro_tensor_size(t, &count));
    return count;
}

static void check_extents(const tenferro_tensor *t, int rank, const int64_t *extents)
{
    assert_int_equal(tenferro_tensor_rank(t), rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(tenferro_tensor_extents(t)[i], extents[i]);
}

static void check_element(const tenferro_tensor *got, const int64_t *index,
                          const tenferro_tensor *want, const int64_t *want_index)
{
    static const char zero[16];
    size_t size = (size_t)tf_dtype_size(got->context, got->dtype);
    const char *expected = want ? at(want, want_index) : zero;
    if (memcmp(at(got, index), expected, size) != 0)
        fail_msg("dtype %u: element (%lld, %lld ...) differs", (unsigned)got->dtype,
                 (long long)(got->rank > 0 ? index[0] : 0),
                 (long long)(got->rank > 1 ? index[1] : 0));
}

/* ---- concatenate and stack ---- */

static void concatenate__random_views__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    for (int trial = 0; trial < 300; trial++) {
        int rank = (int)test_rng_range(&rng, 1, MAX_RANK), count = (int)test_rng_range(&rng, 1, 4);
        int axis = (int)test_rng_range(&rng, 0, rank - 1);
        tenferro_dtype dtype = dtypes[trial % COUNT(dtypes)];
        int64_t extents[MAX_RANK], index[MAX_RANK], starts[5] = {0};
        tenferro_tensor *in[4], *out = NULL;
        for (int i = 0; i < rank; i++)
            extents[i] = test_rng_range(&rng, trial % 9 ? 1 : 0, 4);
        for (int i = 0; i < count; i++) {
            extents[axis] = test_rng_range(&rng, 0, 3);
            in[i] = random_view(context, &rng, dtype, rank, extents);
            starts[i + 1] = starts[i] + extents[axis];
        }
        extents[axis] = starts[count];
        CHECK_OK(tenferro_concatenate(count, (const tenferro_tensor *const *)in,
                                      trial % 2 ? axis : axis - rank, &out));
        check_extents(out, rank, extents);
        assert_true(tenferro_tensor_is_contiguous(out, TENFERRO_COLUMN_MAJOR));
        for (int64_t n = 0; n < size_of(out); n++) {
            int64_t from[MAX_RANK];
            index_of(out, n, index);
            memcpy(from, index, sizeof from);
            int i = 0;
            while (index[axis] >= starts[i + 1])
                i++;
            from[axis] -= starts[i];
            check_element(out, index, in[i], from);
        }
        tenferro_tensor_release(out);
        for (int i = 0; i < count; i++)
            tenferro_tensor_release(in[i]);
    }
    tenferro_context_release(context);
}

static void concatenate__mixed_dtypes__are_promoted(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int32_t whole[] = {1, -2};
    const float part[] = {0.5f};
    const int64_t two = 2, one = 1;
    tenferro_tensor *in[2], *out = NULL, *big = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_INT32, 1, &two, NULL, whole, &in[0]));
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT32, 1, &one, NULL, part, &in[1]));
    CHECK_OK(tenferro_concatenate(2, (const tenferro_tensor *const *)in, 0, &out));
    assert_int_equal(tenferro_tensor_dtype(out), TENFERRO_FLOAT64);
    const double *x = tenferro_tensor_data(out);
    assert_true(x[0] == 1.0 && x[1] == -2.0 && x[2] == 0.5);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_cast(in[0], TENFERRO_INT64, &big));
    const tenferro_tensor *unlike[] = {big, in[1]};
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_concatenate(2, unlike, 0, &out));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_stack(2, unlike, 0, &out));
    assert_null(out);
    tenferro_tensor_release(big);
    tenferro_tensor_release(in[0]);
    tenferro_tensor_release(in[1]);
    tenferro_context_release(context);
}

static void concatenate__registered_dtype__moves_bytes(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    tenferro_dtype dtype;
    info.name = "triple";
    info.size = 3;
    info.alignment = 1;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    const int64_t two = 2;
    char got[12];
    tenferro_tensor *t = NULL, *out = NULL;
    CHECK_OK(tenferro_tensor_from_data(context, dtype, 1, &two, NULL, "abcdef", &t));
    CHECK_OK(tenferro_concatenate(2, (const tenferro_tensor *const[]){t, t}, 0, &out));
    CHECK_OK(tenferro_tensor_read(out, got, NULL));
    assert_memory_equal(got, "abcdefabcdef", 12);
    tenferro_tensor_release(out);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_pad(t, &two, &two, tenferro_real(0), &out));
    tenferro_tensor_release(t);
    tenferro_context_release(context);
}

static void concatenate__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context(), *other = test_context();
    tenferro_tensor *a = NULL, *b = NULL, *c = NULL, *d = NULL, *out = NULL;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, (const int64_t[]){2, 3}, &a));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, (const int64_t[]){3, 2}, &b));
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 0, NULL, &c));
    CHECK_OK(tenferro_ones(other, TENFERRO_FLOAT64, 2, (const int64_t[]){2, 3}, &d));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_concatenate(2, (const tenferro_tensor *const[]){a, b}, 0, &out));
    CHECK_MESSAGE("(2, 3) and (3, 2)");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_concatenate(2, (const tenferro_tensor *const[]){a, c}, 0, &out));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_stack(2, (const tenferro_tensor *const[]){a, c}, 0, &out));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH,
                 tenferro_stack(2, (const tenferro_tensor *const[]){a, b}, 0, &out));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH,
                 tenferro_concatenate(2, (const tenferro_tensor *const[]){a, d}, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_concatenate(1, (const tenferro_tensor *const[]){a}, 2, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_concatenate(1, (const tenferro_tensor *const[]){a}, -3, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_concatenate(1, (const tenferro_tensor *const[]){c}, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_stack(1, (const tenferro_tensor *const[]){a}, 3, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_concatenate(2, (const tenferro_tensor *const[]){a, NULL}, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_stack(2, (const tenferro_tensor *const[]){a, NULL}, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_concatenate(0, NULL, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_stack(0, NULL, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_concatenate(1, (const tenferro_tensor *const[]){a}, 0, NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_stack(1, (const tenferro_tensor *const[]){a}, 0, NULL));
    assert_null(out);
    tenferro_tensor_release(a);
    tenferro_tensor_release(b);
    tenferro_tensor_release(c);
    tenferro_tensor_release(d);
    tenferro_context_release(context);
    tenferro_context_release(other);
}

static void stack__every_axis__matches_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(2);
    for (int rank = 0; rank < MAX_RANK; rank++)
        for (int axis = -rank - 1; axis <= rank; axis++) {
            const int64_t extents[] = {2, 3, 1};
            int64_t index[MAX_RANK], from[MAX_RANK];
            tenferro_tensor *in[3], *out = NULL;
            int place = axis < 0 ? axis + rank + 1 : axis;
            for (int i = 0; i < 3; i++)
                in[i] = random_view(context, &rng, TENFERRO_FLOAT32, rank, extents);
            CHECK_OK(tenferro_stack(3, (const tenferro_tensor *const *)in, axis, &out));
            assert_int_equal(tenferro_tensor_rank(out), rank + 1);
            assert_int_equal(tenferro_tensor_extents(out)[place], 3);
            for (int64_t n = 0; n < size_of(out); n++) {
                index_of(out, n, index);
                for (int i = 0; i < rank; i++)
                    from[i] = index[i < place ? i : i + 1];
                check_element(out, index, in[index[place]], from);
            }
            tenferro_tensor_release(out);
            for (int i = 0; i < 3; i++)
                tenferro_tensor_release(in[i]);
        }
    tenferro_context_release(context);
}

/* ---- pad ---- */

static void pad__random_views__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(3);
    for (int trial = 0; trial < 300; trial++) {
        int rank = (int)test_rng_range(&rng, 0, MAX_RANK);
        tenferro_dtype dtype = dtypes[trial % COUNT(dtypes)];
        int64_t extents[MAX_RANK], before[MAX_RANK], after[MAX_RANK], whole[MAX_RANK],
            index[MAX_RANK] = {0};
        for (int i = 0; i < rank; i++) {
            extents[i] = test_rng_range(&rng, trial % 5 ? 1 : 0, 4);
            before[i] = test_rng_range(&rng, 0, 2);
            after[i] = test_rng_range(&rng, 0, 2);
            whole[i] = before[i] + extents[i] + after[i];
        }
        tenferro_tensor *x = random_view(context, &rng, dtype, rank, extents), *out = NULL,
                        *one = NULL;
        CHECK_OK(tenferro_number_like(x, tenferro_real(1.0), &one));
        CHECK_OK(tenferro_pad(x, before, after, tenferro_real(1.0), &out));
        check_extents(out, rank, whole);
        for (int64_t n = 0; n < size_of(out); n++) {
            int64_t from[MAX_RANK];
            int inside = 1;
            index_of(out, n, index);
            for (int i = 0; i < rank; i++) {
                from[i] = index[i] - before[i];
                inside &= from[i] >= 0 && from[i] < extents[i];
            }
            check_element(out, index, inside ? x : one, from);
        }
        tenferro_tensor_release(x);
        tenferro_tensor_release(one);
        tenferro_tensor_release(out);
    }
    tenferro_context_release(context);
}

static void pad__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2, negative = -1, huge = INT64_MAX;
    tenferro_extent n;
    tenferro_tensor *x = NULL, *out = NULL;
    CHECK_OK(tenferro_extent_symbol(context, "n", &n));
    CHECK_OK(tenferro_ones(context, TENFERRO_INT32, 1, &two, &x));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_pad(x, &negative, &two, tenferro_real(0), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_pad(x, NULL, &two, tenferro_real(0), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_pad(x, &two, NULL, tenferro_real(0), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_pad(NULL, &two, &two, tenferro_real(0), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_pad(x, &two, &two, tenferro_real(0), NULL));
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_pad(x, &two, &huge, tenferro_real(0), &out));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_pad(x, &two, &two, tenferro_real(0.5), &out));
    CHECK_MESSAGE("pad");
    CHECK_STATUS(TENFERRO_SYMBOLIC, tenferro_pad(x, &n, &two, tenferro_real(0), &out));
    assert_null(out);
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- tril and triu ---- */

static void tri__random_views__match_naive(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(4);
    const int64_t offsets[] = {INT64_MIN, -4, -2, -1, 0, 1, 3, 30, INT64_MAX};
    for (int trial = 0; trial < 500; trial++) {
        int rank = (int)test_rng_range(&rng, 2, MAX_RANK);
        tenferro_dtype dtype = dtypes[trial % COUNT(dtypes)];
        int64_t offset = offsets[trial % COUNT(offsets)], extents[MAX_RANK], index[MAX_RANK];
        for (int i = 0; i < rank; i++)
            extents[i] = test_rng_range(&rng, trial % 7 ? 1 : 0, 4);
        if (trial % 3 == 0)
            extents[1] = 40; /* wide: cut along the rows */
        tenferro_tensor *x = random_view(context, &rng, dtype, rank, extents), *lower = NULL,
                        *upper = NULL;
        CHECK_OK(tenferro_tril(x, offset, &lower));
        CHECK_OK(tenferro_triu(x, offset, &upper));
        check_extents(lower, rank, extents);
        for (int64_t n = 0; n < size_of(x); n++) {
            index_of(x, n, index);
            check_element(lower, index, index[1] - index[0] <= offset ? x : NULL, index);
            check_element(upper, index, index[1] - index[0] >= offset ? x : NULL, index);
        }
        tenferro_tensor_release(x);
        tenferro_tensor_release(lower);
        tenferro_tensor_release(upper);
    }
    tenferro_context_release(context);
}

static void tri__bad_input__typed_errors(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t two = 2;
    tenferro_tensor *x = NULL, *out = NULL;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 1, &two, &x));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_tril(x, 0, &out));
    CHECK_MESSAGE("tril");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_triu(x, 0, &out));
    CHECK_MESSAGE("triu");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_triu(NULL, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_tril(x, 0, NULL));
    tenferro_tensor_release(x);
    tenferro_context_release(context);
}

/* ---- derivatives: <w, J v> = <J^H w, v>, and J v against the operation's own difference ---- */

/* Re sum conj(a) b */
static double inner(const tenferro_tensor *a, const tenferro_tensor *b)
{
    int64_t index[MAX_RANK];
    double sum = 0.0;
    if (!a || !b)
        return 0.0;
    assert_int_equal(size_of(a), size_of(b));
    for (int64_t n = 0; n < size_of(a); n++) {
        index_of(a, n, index);
        const double *x = (const double *)(const void *)at(a, index),
                     *y = (const double *)(const void *)at(b, index);
        sum += x[0] * y[0] + x[1] * y[1];
    }
    return sum;
}

/* All subsets of active inputs; elements are small integers, so that sums are exact. */
static void
check_rules(tenferro_context *context, const tenferro_primitive *primitive, const tf_attributes *a,
            int inputs, int rank, const int64_t (*extents)[MAX_RANK])
{
    test_rng rng = test_rng_make(5);
    tenferro_tensor *in[3], *shape[3], *plus[3], *v[3], *y = NULL, *moved = NULL, *difference = NULL;
    for (int i = 0; i < inputs; i++) {
        in[i] = random_view(context, &rng, TENFERRO_COMPLEX128, rank, extents[i]);
        v[i] = random_view(context, &rng, TENFERRO_COMPLEX128, rank, extents[i]);
        CHECK_OK(tf_tensor_shape_only(context, TENFERRO_COMPLEX128, rank, extents[i], &shape[i]));
    }
    CHECK_OK(tenferro_apply(NULL, primitive, a, inputs, (const tenferro_tensor *const *)in, 1, &y));
    tenferro_tensor *w = random_view(context, &rng, TENFERRO_COMPLEX128, y->rank, tf_extents(y));
    for (unsigned subset = 0; subset < 1u << inputs; subset++) {
        tenferro_scope *scope = NULL;
        tenferro_tensor *tangent[3], *out = NULL, *back[3] = {NULL, NULL, NULL};
        unsigned char wanted[3];
        double forward = 0.0, backward = 0.0;
        CHECK_OK(tenferro_scope_create(context, &scope));
        for (int i = 0; i < inputs; i++) {
            wanted[i] = subset >> i & 1;
            tangent[i] = wanted[i] ? v[i] : NULL;
            plus[i] = NULL;
            if (wanted[i])
                CHECK_OK(tenferro_add(in[i], v[i], &plus[i]));
            else
                plus[i] = tenferro_tensor_retain(in[i]);
        }
        tenferro_rule jvp = {.struct_size = sizeof jvp,
                             .attributes = a,
                             .inputs = inputs,
                             .outputs = 1,
                             .in = in,
                             .result = &y,
                             .tangent = tangent,
                             .out = &out};
        primitive->jvp(scope, &jvp);
        CHECK_OK(tenferro_apply(NULL, primitive, a, inputs, (const tenferro_tensor *const *)plus, 1,
                                &moved));
        CHECK_OK(tenferro_sub(moved, y, &difference));
        if (subset == 0) {
            assert_null(out);
        } else { /* affine: the difference is the derivative */
            int equal = 0;
            CHECK_OK(tenferro_array_equal(out, difference, &equal));
            assert_true(equal);
            forward = inner(w, out);
        }
        tenferro_rule vjp = {.struct_size = sizeof vjp,
                             .attributes = a,
                             .inputs = inputs,
                             .outputs = 1,
                             .in = shape,
                             .result = (tenferro_tensor *[]){NULL},
                             .cotangent = &w,
                             .wanted = wanted,
                             .out = back};
        if (subset)
            primitive->vjp(scope, &vjp);
        for (int i = 0; i < inputs; i++) {
            assert_int_equal(back[i] != NULL, wanted[i]);
            backward += inner(back[i], v[i]);
        }
        assert_true(forward == backward);
        /* a zero cotangent gives zeros */
        memset(back, 0, sizeof back);
        vjp.cotangent = (tenferro_tensor *[]){NULL};
        primitive->vjp(scope, &vjp);
        for (int i = 0; i < inputs; i++)
            assert_null(back[i]);
        CHECK_OK(tenferro_scope_close(scope));
        for (int i = 0; i < inputs; i++)
            tenferro_tensor_release(plus[i]);
        tenferro_tensor_release(moved);
        tenferro_tensor_release(difference);
    }
    for (int i = 0; i < inputs; i++) {
        tenferro_tensor_release(in[i]);
        tenferro_tensor_release(shape[i]);
        tenferro_tensor_release(v[i]);
    }
    tenferro_tensor_release(w);
    tenferro_tensor_release(y);
}

static void rules__jvp_and_vjp__are_adjoint(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    const int64_t joined[][MAX_RANK] = {{3, 2, 4}, {3, 1, 4}, {3, 0, 4}},
                  single[][MAX_RANK] = {{3, 2, 4}}, wide[][MAX_RANK] = {{2, 20}};
    const int64_t border[] = {1, 0, 2, 0, 3, 1};
    check_rules(context, &tf_concatenate_primitive, &(tf_attributes){.word = {1}}, 3, 3, joined);
    check_rules(context, &tf_concatenate_primitive, &(tf_attributes){.word = {0}}, 1, 3, single);
    check_rules(context, &tf_pad_primitive,
                &(tf_attributes){.number = tenferro_complex_number(3, 1),
                                 .count = 6,
                                 .extents = 6,
                                 .list = border},
                1, 3, single);
    for (int upper = 0; upper < 2; upper++) {
        check_rules(context, &tf_tri_primitive, &(tf_attributes){.word = {-1, upper}}, 1, 3, single);
        check_rules(context, &tf_tri_primitive, &(tf_attributes){.word = {1, upper}}, 1, 2, wide);
    }
    tenferro_context_release(context);
}

/* ---- memory ---- */

static tenferro_status join_everything(tenferro_tensor *x, tenferro_tensor *y, tenferro_tensor **out)
{
    tenferro_tensor *stacked = NULL, *padded = NULL;
    const int64_t border[] = {1, 2, 1};
    *out = NULL;
    tenferro_status status = tenferro_stack(2, (const tenferro_tensor *const[]){x, y}, 0, &stacked);
    if (status == TENFERRO_OK)
        status = tenferro_pad(stacked, border, border, tenferro_real(1), &padded);
    if (status == TENFERRO_OK)
        status = tenferro_triu(padded, 0, out);
    tenferro_tensor_release(stacked);
    tenferro_tensor_release(padded);
    return status;
}

static void join__failing_allocation__no_leak(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    const int64_t extents[] = {9, 7};
    tenferro_tensor *x = NULL, *y = NULL;
    CHECK_OK(tenferro_ones(context, TENFERRO_FLOAT64, 2, extents, &x));
    CHECK_OK(tenferro_ones(context, TENFERRO_INT32, 2, extents, &y));
    for (int64_t n = 0;; n++) {
        tenferro_tensor *out = NULL;
        tenferro_context_trim(context);
        allocator.fail_after = allocator.count + n;
        tenferro_status status = join_everything(x, y, &out);
        allocator.fail_after = -1;
        if (status == TENFERRO_OK) {
            assert_true(n > 5);
            tenferro_tensor_release(out);
            break;
        }
        CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, status);
        assert_null(out);
    }
    tenferro_tensor_release(x);
    tenferro_tensor_release(y);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concatenate__random_views__match_naive),
        cmocka_unit_test(concatenate__mixed_dtypes__are_promoted),
        cmocka_unit_test(concatenate__registered_dtype__moves_bytes),
        cmocka_unit_test(concatenate__bad_input__typed_errors),
        cmocka_unit_test(stack__every_axis__matches_naive),
        cmocka_unit_test(pad__random_views__match_naive),
        cmocka_unit_test(pad__bad_input__typed_errors),
        cmocka_unit_test(tri__random_views__match_naive),
        cmocka_unit_test(tri__bad_input__typed_errors),
        cmocka_unit_test(rules__jvp_and_vjp__are_adjoint),
        cmocka_unit_test(join__failing_allocation__no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
