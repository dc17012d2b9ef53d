/*
 * Questions about whole tensors: whether all elements are equal, or close.
 *
 * Rows of the two operands are compared in blocks that stay in the L1 cache; the first difference
 * found stops every thread.
 */

#include <math.h>
#include <string.h>

#include "ops/op.h"
#include "prims/rows.h"

/* Elements compared at once. */
enum { BLOCK = 256 };

typedef struct comparison {
    const tf_kernels *kernels;
    const tf_loop *loop;
    tenferro_dtype dtype[2];
    int64_t size[2]; /* of an element, in bytes */
    double rtol, atol;
    int equal_nan;
    tenferro_dtype wide; /* that both are compared in: i64, f64 or c128 */
    atomic_int *differs;
} comparison;

/* A block of a row: 1 if all its n <= BLOCK elements agree. */
typedef int (*block_test)(const comparison *c, int64_t n, const void *const data[2],
                          const int64_t strides[2]);

static void compare_row(const comparison *c, int64_t n, const void *a, int64_t a_stride,
                        const void *b, int64_t b_stride, block_test agree)
{
    const int64_t strides[2] = {a_stride, b_stride};
    for (int64_t i = 0; i < n; i += BLOCK) {
        if (atomic_load_explicit(c->differs, memory_order_relaxed))
            return;
        const void *const data[2] = {(const char *)a + i * strides[0] * c->size[0],
                                     (const char *)b + i * strides[1] * c->size[1]};
        if (!agree(c, TF_MIN(n - i, BLOCK), data, strides))
            atomic_store_explicit(c->differs, 1, memory_order_relaxed);
    }
}

/* Two tensors seen with one shape; *out = 1 if every row agrees. */
static tenferro_status
compare(tenferro_context *context, comparison *c, int rank, const int64_t *extents,
        const int64_t *const strides[2], const tenferro_tensor *a, const tenferro_tensor *b,
        tf_loop_row row, int *out)
{
    tf_engine engine;
    tf_loop loop;
    atomic_int differs;
    atomic_init(&differs, 0);
    tf_context_engine(context, &engine);
    TF_TRY(tf_loop_init(&loop, rank, extents, 2, strides));
    c->kernels = engine.kernels;
    c->loop = &loop;
    c->differs = &differs;
    for (int i = 0; i < 2; i++) {
        c->dtype[i] = i ? b->dtype : a->dtype;
        c->size[i] = tf_dtype_size(context, c->dtype[i]);
    }
    const void *second = b->data;
    tenferro_status status = TENFERRO_OK;
    if (loop.count > 0) /* a loop's first operand is its output; these rows write to neither */
        status = tf_loop_run(&engine, &loop, c->size, a->data, &second, 2.0, 0, row, c);
    c->loop = NULL;
    c->differs = NULL;
    *out = status == TENFERRO_OK && !atomic_load(&differs);
    return status;
}

static tenferro_status
check(const char *name, const tenferro_tensor *a, const tenferro_tensor *b, int *out)
{
    if (!a || !b || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: an argument is NULL", name);
    *out = 0;
    if (a->context != b->context)
        return tf_fail(TENFERRO_CONTEXT_MISMATCH,
                       "%s: the operands belong to different contexts (see tenferro_tensor_adopt)",
                       name);
    TF_TRY(tf_tensor_require_data(a, name));
    return tf_tensor_require_data(b, name);
}

/* ---- equal ---- */

static int
equal_block(const comparison *c, int64_t n, const void *const data[2], const int64_t strides[2])
{
    tf_row equal_to = c->dtype[0] < TF_DTYPE_SLOTS ? c->kernels->map[TF_MAP_EQUAL][c->dtype[0]]
                                                   : NULL;
    if (!equal_to) { /* a registered dtype: its bytes */
        int same = 1;
        for (int64_t i = 0; i < n && same; i++)
            same = memcmp((const char *)data[0] + i * strides[0] * c->size[0],
                          (const char *)data[1] + i * strides[1] * c->size[1],
                          (size_t)c->size[0]) == 0;
        return same;
    }
    unsigned char equal[BLOCK];
    equal_to(n, data, strides, equal, 1);
    return memchr(equal, 0, (size_t)n) == NULL;
}

static void equal_row(const void *user, int64_t n, void *a, int64_t a_stride, const void *const *b,
                      const int64_t *b_strides)
{
    compare_row(user, n, a, a_stride, b[0], b_strides[0], equal_block);
}

tenferro_status tenferro_array_equal(const tenferro_tensor *a, const tenferro_tensor *b, int *out)
{
    TF_TRY(check("array_equal", a, b, out));
    if (a->dtype != b->dtype || a->rank != b->rank)
        return TENFERRO_OK;
    for (int i = 0; i < a->rank; i++)
        if (tf_extents(a)[i] != tf_extents(b)[i])
            return TENFERRO_OK;
    const int64_t *const strides[2] = {tf_strides(a), tf_strides(b)};
    comparison c = {.equal_nan = 0};
    return compare(a->context, &c, a->rank, tf_extents(a), strides, a, b, equal_row, out);
}

/* ---- close ---- */

/* A block of both operands in the wide dtype. */
typedef union wide_block {
    int64_t integer[BLOCK];
    double real[BLOCK];
    tf_c128 complex[BLOCK];
} wide_block;

/* difference = |a - b|; infinite ones are far from everything but what equals them */
static int within(const comparison *c, double difference, double magnitude)
{
    return isfinite(difference) && difference <= c->atol + c->rtol * magnitude;
}

static int close_integers(const comparison *c, int64_t a, int64_t b)
{
    /* exact: the difference of two int64 fits in uint64 */
    uint64_t difference = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
    return difference == 0 || within(c, (double)difference, fabs((double)b));
}

static int close_reals(const comparison *c, double a, double b)
{
    return a == b || within(c, fabs(a - b), fabs(b)) || (c->equal_nan && isnan(a) && isnan(b));
}

static int is_nan(tf_c128 z)
{
    return isnan(z.re) || isnan(z.im);
}

static int close_complex(const comparison *c, tf_c128 a, tf_c128 b)
{
    return (a.re == b.re && a.im == b.im) ||
           within(c, hypot(a.re - b.re, a.im - b.im), hypot(b.re, b.im)) ||
           (c->equal_nan && is_nan(a) && is_nan(b));
}

static int
close_block(const comparison *c, int64_t n, const void *const data[2], const int64_t strides[2])
{
    wide_block a, b;
    c->kernels->cast[c->dtype[0]][c->wide](n, &data[0], &strides[0], &a, 1);
    c->kernels->cast[c->dtype[1]][c->wide](n, &data[1], &strides[1], &b, 1);
    int close = 1;
    if (c->wide == TENFERRO_INT64)
        for (int64_t i = 0; i < n; i++)
            close &= close_integers(c, a.integer[i], b.integer[i]);
    else if (c->wide == TENFERRO_FLOAT64)
        for (int64_t i = 0; i < n; i++)
            close &= close_reals(c, a.real[i], b.real[i]);
    else
        for (int64_t i = 0; i < n; i++)
            close &= close_complex(c, a.complex[i], b.complex[i]);
    return close;
}

static void close_row(const void *user, int64_t n, void *a, int64_t a_stride, const void *const *b,
                      const int64_t *b_strides)
{
    compare_row(user, n, a, a_stride, b[0], b_strides[0], close_block);
}

/* The broadcast shape, aligned at the last axis. */
static tenferro_status
broadcast_extents(const tenferro_tensor *a, const tenferro_tensor *b, int rank, int64_t *extents)
{
    for (int i = 0; i < rank; i++) {
        int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
        int64_t ea = ia < 0 ? 1 : tf_extents(a)[ia], eb = ib < 0 ? 1 : tf_extents(b)[ib];
        if (ea != eb && ea != 1 && eb != 1)
            return tf_fail(TENFERRO_SHAPE_MISMATCH,
                           "all_close: shapes %s and %s do not broadcast together (axis %d)",
                           tf_shape_text(a->rank, tf_extents(a)).chars,
                           tf_shape_text(b->rank, tf_extents(b)).chars, i);
        extents[i] = ea == 1 ? eb : ea;
    }
    return TENFERRO_OK;
}

static tenferro_status all_close(tf_arena *arena, const tenferro_tensor *a,
                                 const tenferro_tensor *b, comparison *c, int *out)
{
    int rank = TF_MAX(a->rank, b->rank);
    int64_t *shape = tf_arena_take(arena, 3 * (int64_t)rank, sizeof *shape);
    if (!shape)
        return TENFERRO_OUT_OF_MEMORY;
    TF_TRY(broadcast_extents(a, b, rank, shape));
    tenferro_array x = tf_array(a), y = tf_array(b);
    tf_broadcast_strides(&x, rank, shape, shape + rank);
    tf_broadcast_strides(&y, rank, shape, shape + 2 * rank);
    const int64_t *const strides[2] = {shape + rank, shape + 2 * rank};
    return compare(a->context, c, rank, shape, strides, a, b, close_row, out);
}

tenferro_status tenferro_all_close(const tenferro_tensor *a, const tenferro_tensor *b, double rtol,
                                   double atol, int equal_nan, int *out)
{
    TF_TRY(check("all_close", a, b, out));
    if (!(rtol >= 0.0) || !(atol >= 0.0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "all_close: rtol %g and atol %g must not be negative", rtol, atol);
    tenferro_dtype common;
    TF_TRY(tenferro_dtype_promote(a->dtype, b->dtype, &common));
    if (common >= TENFERRO_DTYPE_USER)
        return tf_fail(TENFERRO_DTYPE_MISMATCH,
                       "all_close: the registered dtype '%s' has no distance",
                       tf_dtype_name(a->context, common));
    comparison c = {
        .rtol = rtol,
        .atol = atol,
        .equal_nan = equal_nan,
        .wide = tf_dtype_is_complex(common)    ? TENFERRO_COMPLEX128
                : tf_dtype_is_floating(common) ? TENFERRO_FLOAT64
                                               : TENFERRO_INT64,
    };
    tf_arena arena;
    tf_arena_init(&arena, a->context);
    tenferro_status status = all_close(&arena, a, b, &c, out);
    tf_arena_release(&arena);
    return status;
}
