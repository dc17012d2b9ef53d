/*
 * Einsum through its public doors: what is computed, what is refused, plans, limits, threads,
 * failures.
 */

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include <tenferro.h>

#include "support/compat.h"

static tenferro_context *context;

static int set_up(void **state)
{
    (void)state;
    context = test_context();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tenferro_context_release(context);
    return 0;
}

#define EXTENTS(...) ((const int64_t[]){__VA_ARGS__})
#define TENSORS(...) ((const tenferro_tensor *[]){__VA_ARGS__})

/* A tensor of ones, or of 1, 2, 3 ... */
static tenferro_tensor *
counting(tenferro_context *c, tenferro_dtype dtype, int rank, const int64_t *extents, int step)
{
    tenferro_tensor *t, *converted;
    void *data;
    int64_t size;
    CHECK_OK(tenferro_tensor_create(c, TENFERRO_INT32, rank, extents, TENFERRO_COLUMN_MAJOR, &t));
    CHECK_OK(tenferro_tensor_size(t, &size));
    CHECK_OK(tenferro_tensor_data_mutable(t, &data));
    for (int64_t i = 0; i < size; i++)
        ((int32_t *)data)[i] = (int32_t)(1 + i * step);
    CHECK_OK(tenferro_cast(t, dtype, &converted));
    tenferro_tensor_release(t);
    return converted;
}

static void check_number(double got, double expected)
{
    if (!(got >= expected && got <= expected))
        fail_msg("%.17g instead of %.17g", got, expected);
}

static const double *values(const tenferro_tensor *t)
{
    assert_int_equal(tenferro_tensor_dtype(t), TENFERRO_FLOAT64);
    return tenferro_tensor_data(t);
}

static void check_values(const tenferro_tensor *t, int64_t count, const double *expected)
{
    int64_t size;
    CHECK_OK(tenferro_tensor_size(t, &size));
    assert_int_equal(size, count);
    for (int64_t i = 0; i < count; i++)
        check_number(values(t)[i], expected[i]);
}
#define VALUES(t, ...) \
    check_values(t, TF_COUNT(((const double[]){__VA_ARGS__})), (const double[]){__VA_ARGS__})

/* ---- what is computed ------------------------------------------------------------------------ */

static void einsum__small_equations__known_values(void **state)
{
    (void)state;
    tenferro_tensor *a = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(2, 2), 1); /* 1 3 / 2 4 */
    tenferro_tensor *v = counting(context, TENFERRO_FLOAT64, 1, EXTENTS(2), 1);
    tenferro_tensor *s = counting(context, TENFERRO_FLOAT64, 0, NULL, 1);
    static const struct {
        const char *equation;
        int count; /* of a; then v where the equation has one letter, s where it has none */
        int64_t size;
        double expected[4];
    } cases[] = {
        {"ij,jk->ik", 2, 4, {7, 10, 15, 22}},
        {"ij,jk->ki", 2, 4, {7, 15, 10, 22}},
        {"ii", 1, 1, {5}},
        {"ii->i", 1, 2, {1, 4}},
        {"ij->", 1, 1, {10}},
        {"ij->j", 1, 2, {3, 7}},
        {"ji", 1, 4, {1, 3, 2, 4}},
        {"...ij->...ji", 1, 4, {1, 3, 2, 4}},
        {"ij,ij->", 2, 1, {30}},
        {"ij,jk,kl->il", 3, 4, {37, 54, 81, 118}},
        {"(ij,jk),kl->il", 3, 4, {37, 54, 81, 118}},
    };
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        tenferro_tensor *out;
        CHECK_OK(tenferro_einsum(cases[i].equation, cases[i].count, TENSORS(a, a, a), &out));
        check_values(out, cases[i].size, cases[i].expected);
        tenferro_tensor_release(out);
    }
    tenferro_tensor *out;
    CHECK_OK(tenferro_einsum("i,j->ij", 2, TENSORS(v, v), &out));
    VALUES(out, 1, 2, 2, 4);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum(",i,->i", 3, TENSORS(s, v, s), &out));
    VALUES(out, 1, 2);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum(",,->", 3, TENSORS(s, s, s), &out));
    VALUES(out, 1);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("", 1, TENSORS(s), &out));
    VALUES(out, 1);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("αβ,βγ->αγ", 2, TENSORS(a, a), &out));
    VALUES(out, 7, 10, 15, 22);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("i,i,i->i", 3, TENSORS(v, v, v), &out)); /* a hyperedge */
    VALUES(out, 1, 8);
    tenferro_tensor_release(out);
    tenferro_tensor_release(a);
    tenferro_tensor_release(v);
    tenferro_tensor_release(s);
}

static void einsum__extents_of_one_and_zero__broadcast(void **state)
{
    (void)state;
    tenferro_tensor *one = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(1, 2), 1);
    tenferro_tensor *three = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(3, 2), 0);
    tenferro_tensor *none = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(0, 2), 1);
    tenferro_tensor *out;
    CHECK_OK(tenferro_einsum("ij,ij->j", 2, TENSORS(three, one), &out)); /* 1 against n, contracted */
    VALUES(out, 3, 6);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("ij,ij->i", 2, TENSORS(one, three), &out)); /* and free */
    VALUES(out, 3, 3, 3);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("ij,ij->ji", 2, TENSORS(one, one), &out)); /* 1 everywhere */
    assert_int_equal(tenferro_tensor_rank(out), 2);
    VALUES(out, 1, 4);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("ij,ij->j", 2, TENSORS(none, one),
                             &out)); /* 1 against 0: sums of nothing */
    VALUES(out, 0, 0);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("ij,ik->ijk", 2, TENSORS(one, none), &out));
    assert_int_equal(tenferro_tensor_extents(out)[0], 0);
    tenferro_tensor_release(out);
    CHECK_OK(tenferro_einsum("ij,kl->", 2, TENSORS(none, three), &out));
    VALUES(out, 0);
    tenferro_tensor_release(out);
    tenferro_tensor_release(one);
    tenferro_tensor_release(three);
    tenferro_tensor_release(none);
}

static void einsum__mixed_dtypes__promoted(void **state)
{
    (void)state;
    tenferro_tensor *i32 = counting(context, TENFERRO_INT32, 1, EXTENTS(3), 1);
    tenferro_tensor *f32 = counting(context, TENFERRO_FLOAT32, 1, EXTENTS(3), 1);
    tenferro_tensor *i64 = counting(context, TENFERRO_INT64, 1, EXTENTS(3), 1);
    tenferro_tensor *boolean = counting(context, TENFERRO_BOOL, 1, EXTENTS(3), 1);
    tenferro_tensor *out;
    CHECK_OK(tenferro_einsum("i,i->", 2, TENSORS(i32, f32), &out));
    VALUES(out, 14);
    tenferro_tensor_release(out);
    tenferro_tensor *c64 = counting(context, TENFERRO_COMPLEX64, 1, EXTENTS(3), 1);
    CHECK_OK(tenferro_einsum("i,i,i->", 3, TENSORS(i32, c64, f32), &out)); /* i32 to f64 */
    assert_int_equal(tenferro_tensor_dtype(out), TENFERRO_COMPLEX128);
    tenferro_tensor_release(out);
    /* a plan for complex operands takes real ones, but not only */
    const int one[] = {1, 1};
    const int64_t *three[] = {EXTENTS(3), EXTENTS(3)};
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_create(context, "i,i->", TENFERRO_COMPLEX64, 2, one, three, NULL,
                                         &plan));
    CHECK_OK(tenferro_einsum_execute(plan, 2, TENSORS(f32, c64), &out));
    assert_int_equal(tenferro_tensor_dtype(out), TENFERRO_COMPLEX64);
    assert_true(*(const float *)tenferro_tensor_data(out) > 13.5f);
    tenferro_tensor_release(out);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_einsum_execute(plan, 2, TENSORS(f32, f32), &out));
    CHECK_MESSAGE("operand 1 is float32, the plan is for complex64");
    tenferro_einsum_plan_release(plan);
    tenferro_tensor_release(c64);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_einsum("i,i->", 2, TENSORS(f32, i64), &out));
    CHECK_MESSAGE("operand 1");
    assert_null(out);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_einsum("i,i->", 2, TENSORS(f32, boolean), &out));
    tenferro_tensor_release(i32);
    tenferro_tensor_release(f32);
    tenferro_tensor_release(i64);
    tenferro_tensor_release(boolean);
}

static void einsum__integers__wrap(void **state)
{
    (void)state;
    const int32_t big[2] = {INT32_MAX, 2};
    tenferro_tensor *t, *out;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_INT32, 1, EXTENTS(2), NULL, big, &t));
    CHECK_OK(tenferro_einsum("i,i->", 2, TENSORS(t, t), &out));
    assert_int_equal(*(const int32_t *)tenferro_tensor_data(out),
                     1 + 4); /* (2^31 - 1)^2 = 1 modulo 2^32 */
    tenferro_tensor_release(out);
    tenferro_tensor_release(t);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void einsum__wrong_arguments__typed_errors(void **state)
{
    (void)state;
    tenferro_context *other = test_context();
    tenferro_tensor *a = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(5, 2), 1);
    tenferro_tensor *stranger = counting(other, TENFERRO_FLOAT64, 2, EXTENTS(5, 2), 1);
    tenferro_tensor *out = a;
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_einsum("ij,jk->ik", 2, TENSORS(a, a), &out));
    CHECK_MESSAGE("label j has extent 2 in operand 0 but 5 in operand 1");
    assert_null(out);
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_einsum("ii", 1, TENSORS(a), &out));
    CHECK_MESSAGE("label i is repeated in operand 0 with extents 5 and 2");
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_einsum("i...,...i->...", 2, TENSORS(a, a), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum("ij->z", 1, TENSORS(a), &out));
    CHECK_STATUS(TENFERRO_CONTEXT_MISMATCH,
                 tenferro_einsum("ij,ij->", 2, TENSORS(a, stranger), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum(NULL, 1, TENSORS(a), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum("ij", 0, TENSORS(a), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum("ij", 1, NULL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum("ij,ij", 2, TENSORS(a, NULL), &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum("ij", 1, TENSORS(a), NULL));
    tenferro_tensor_release(stranger);
    tenferro_tensor_release(a);
    tenferro_context_release(other);
}

static void einsum_into__destinations__checked_and_overlap_handled(void **state)
{
    (void)state;
    tenferro_tensor *a = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(2, 2), 1);
    tenferro_tensor *wide = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(2, 3), 1);
    tenferro_tensor *f32 = counting(context, TENFERRO_FLOAT32, 2, EXTENTS(2, 2), 1);
    double data[4] = {0};
    tenferro_tensor *fixed, *turned;
    CHECK_OK(tenferro_tensor_wrap(context, TENFERRO_FLOAT64, 2, EXTENTS(2, 2), NULL, data,
                                  TENFERRO_WRAP_READ_ONLY, NULL, NULL, &fixed));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_einsum_into("ij,jk->ik", 2, TENSORS(a, a), wide));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_einsum_into("ij,jk->ik", 2, TENSORS(a, a), f32));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_into("ij,jk->ik", 2, TENSORS(a, a), fixed));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_into("ij,jk->ik", 2, TENSORS(a, a), NULL));
    uint64_t version = tenferro_tensor_version(a);
    CHECK_OK(tenferro_einsum_into("ij,jk->ik", 2, TENSORS(a, a), a));
    VALUES(a, 7, 10, 15, 22);
    assert_true(tenferro_tensor_version(a) > version);
    CHECK_OK(tenferro_permute(a, NULL, &turned));
    CHECK_OK(tenferro_einsum_into("ij->ij", 1, TENSORS(a), turned)); /* a onto its own transpose */
    VALUES(a, 7, 15, 10, 22);
    tenferro_tensor_release(turned);
    tenferro_tensor_release(fixed);
    tenferro_tensor_release(f32);
    tenferro_tensor_release(wide);
    tenferro_tensor_release(a);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static tenferro_einsum_plan *
plan_of(const char *equation, int count, const int *ranks, const int64_t *const *extents)
{
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_create(context, equation, TENFERRO_FLOAT64, count, ranks, extents,
                                         NULL, &plan));
    return plan;
}

static const int64_t square[2] = {2, 2};
static const int64_t *const squares[3] = {square, square, square};
static const int twos[3] = {2, 2, 2};

static void plan__reused__new_data_and_strides(void **state)
{
    (void)state;
    tenferro_einsum_plan *plan = plan_of("ij,jk,kl->il", 3, twos, squares);
    static double data[4] = {1, 2, 3, 4};
    static const int64_t strides[][2] = {{1, 2}, {2, 1}, {-1, 2}, {-1, -2}, {0, 1}, {0, 0}, {1, 0}};
    static const int starts[] = {0, 0, 1, 3, 0, 2, 1};
    for (size_t i = 0; i < TF_COUNT(strides); i++) {
        tenferro_tensor *t, *out;
        double m[2][2], square_of[2][2], cube[4];
        for (int r = 0; r < 2; r++)
            for (int c = 0; c < 2; c++)
                m[r][c] = data[starts[i] + r * strides[i][0] + c * strides[i][1]];
        for (int r = 0; r < 2; r++)
            for (int c = 0; c < 2; c++)
                square_of[r][c] = m[r][0] * m[0][c] + m[r][1] * m[1][c];
        for (int r = 0; r < 2; r++)
            for (int c = 0; c < 2; c++)
                cube[r + 2 * c] = square_of[r][0] * m[0][c] + square_of[r][1] * m[1][c];
        CHECK_OK(tenferro_tensor_wrap(context, TENFERRO_FLOAT64, 2, square, strides[i],
                                      data + starts[i], TENFERRO_WRAP_READ_ONLY, NULL, NULL, &t));
        CHECK_OK(tenferro_einsum_execute(plan, 3, TENSORS(t, t, t), &out));
        check_values(out, 4, cube);
        tenferro_tensor_release(out);
        CHECK_OK(tenferro_einsum("ij,jk,kl->il", 3, TENSORS(t, t, t),
                                 &out)); /* through the cache: one plan for all */
        check_values(out, 4, cube);
        tenferro_tensor_release(out);
        tenferro_tensor_release(t);
    }
    tenferro_einsum_plan_release(plan);
}

static void plan__wrong_operands__refused(void **state)
{
    (void)state;
    tenferro_einsum_plan *plan = plan_of("ij,jk->ik", 2, twos, squares);
    tenferro_tensor *a = counting(context, TENFERRO_FLOAT64, 2, square, 1), *out;
    tenferro_tensor *f32 = counting(context, TENFERRO_FLOAT32, 2, square, 1);
    tenferro_tensor *wide = counting(context, TENFERRO_FLOAT64, 2, EXTENTS(2, 3), 1);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum_execute(plan, 1, TENSORS(a), &out));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_einsum_execute(plan, 2, TENSORS(a, f32), &out));
    CHECK_STATUS(TENFERRO_SHAPE_MISMATCH, tenferro_einsum_execute(plan, 2, TENSORS(a, wide), &out));
    CHECK_MESSAGE("operand 1 has shape (2, 3)");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_einsum_execute(NULL, 2, TENSORS(a, a), &out));
    assert_null(out);
    tenferro_tensor_release(a);
    tenferro_tensor_release(f32);
    tenferro_tensor_release(wide);
    tenferro_einsum_plan_release(plan);
    tenferro_einsum_plan_release(NULL);
    assert_null(tenferro_einsum_plan_retain(NULL));
}

static void plan__outlives_its_context_handle(void **state)
{
    (void)state;
    tenferro_context *c = test_context();
    tenferro_tensor *a = counting(c, TENFERRO_FLOAT64, 2, square, 1), *out;
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_create(c, "ij,jk->ik", TENFERRO_FLOAT64, 2, twos, squares, NULL,
                                         &plan));
    tenferro_context_release(c);
    CHECK_OK(tenferro_einsum_execute(plan, 2, TENSORS(a, a), &out));
    VALUES(out, 7, 10, 15, 22);
    tenferro_tensor_release(out);
    tenferro_tensor_release(a);
    tenferro_einsum_plan_release(plan);
}

typedef struct worker {
    tenferro_einsum_plan *plan;
    tenferro_tensor *operand;
    int wrong;
} worker;

static void *work(void *user)
{
    worker *w = user;
    for (int i = 0; i < 500; i++) {
        tenferro_tensor *out[2] = {NULL, NULL};
        const tenferro_tensor *operands[3] = {w->operand, w->operand, w->operand};
        w->wrong |= tenferro_einsum_execute(w->plan, 3, operands, &out[0]) != TENFERRO_OK;
        w->wrong |= tenferro_einsum(i % 2 ? "ij,jk,kl->il" : "ab,bc,cd->ad", 3, operands,
                                    &out[1]) != TENFERRO_OK;
        for (int k = 0; k < 2; k++) {
            w->wrong |= !out[k] ||
                        memcmp(tenferro_tensor_data(out[k]), (double[4]){37, 54, 81, 118}, 32) != 0;
            tenferro_tensor_release(out[k]);
        }
    }
    return NULL;
}

static void plan__two_threads__share_it(void **state)
{
    (void)state;
    worker workers[2];
    pthread_t threads[2];
    tenferro_einsum_plan *plan = plan_of("ij,jk,kl->il", 3, twos, squares);
    tenferro_tensor *a = counting(context, TENFERRO_FLOAT64, 2, square, 1);
    for (int i = 0; i < 2; i++) {
        workers[i] = (worker){plan, a, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_false(workers[i].wrong);
    }
    tenferro_tensor_release(a);
    tenferro_einsum_plan_release(plan);
}

static void cache__many_equations__bounded_and_right(void **state)
{
    (void)state;
    tenferro_tensor *out;
    for (int round = 0; round < 2; round++)
        for (int64_t n = 1; n < 600; n++) {
            tenferro_tensor *v = counting(context, TENFERRO_FLOAT64, 1, &n, 0);
            CHECK_OK(tenferro_einsum("i,i->", 2, TENSORS(v, v), &out));
            VALUES(out, (double)n);
            tenferro_tensor_release(out);
            tenferro_tensor_release(v);
        }
}

/* ---- many labels, many operands -------------------------------------------------------------- */

static void einsum__rank_beyond_64__works(void **state)
{
    (void)state;
    enum { RANK = 100 };
    int64_t extents[RANK], labels[RANK], out_labels[RANK];
    int64_t size = 1;
    for (int i = 0; i < RANK; i++) {
        extents[i] = i % 10 == 3 ? 2 : 1; /* ten of 2, ninety of 1 */
        labels[i] = INT64_MIN + 1000 * (int64_t)i;
        out_labels[RANK - 1 - i] = labels[i];
        size *= extents[i];
    }
    tenferro_tensor *t = counting(context, TENFERRO_FLOAT64, RANK, extents, 1), *out;
    tenferro_einsum_plan *plan;
    CHECK_OK(tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, 2, (const int[]){RANK, RANK},
                                         (const int64_t *const[]){labels, labels},
                                         (const int64_t *const[]){extents, extents}, RANK,
                                         out_labels, NULL, &plan));
    CHECK_OK(tenferro_einsum_execute(plan, 2, TENSORS(t, t), &out));
    assert_int_equal(tenferro_tensor_rank(out), RANK);
    for (int64_t i = 0; i < size; i++) { /* the ten bits reversed */
        int64_t reversed = 0;
        for (int bit = 0; bit < 10; bit++)
            reversed |= (i >> bit & 1) << (9 - bit);
        check_number(values(out)[i], (double)((reversed + 1) * (reversed + 1)));
    }
    tenferro_tensor_release(out);
    tenferro_tensor_release(t);
    tenferro_einsum_plan_release(plan);
}

/*
 * A chain of matrices of ones, 2 x 2 with every second entry halved: M = [1/2 1/2; 1/2 1/2], so
 * that M^n = M.
 */
static void einsum__hundred_thousand_operands__any_order(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    const double half[4] = {0.5, 0.5, 0.5, 0.5};
    tenferro_tensor *m, *out;
    CHECK_OK(tenferro_tensor_from_data(context, TENFERRO_FLOAT64, 2, square, NULL, half, &m));
    const tenferro_tensor **operands = malloc(COUNT * sizeof *operands);
    int *ranks = malloc(COUNT * sizeof *ranks);
    int64_t *labels = malloc((COUNT + 1) * sizeof *labels);
    const int64_t **operand_labels = malloc(COUNT * sizeof *operand_labels);
    const int64_t **extents = malloc(COUNT * sizeof *extents);
    assert_true(operands && ranks && labels && operand_labels && extents);
    for (int i = 0; i <= COUNT; i++)
        labels[i] = i; /* 100001 of them */
    for (int i = 0; i < COUNT; i++) {
        operands[i] = m;
        ranks[i] = 2;
        operand_labels[i] = labels + i;
        extents[i] = square;
    }
    for (int order = TENFERRO_EINSUM_AUTO; order <= TENFERRO_EINSUM_LEFT_TO_RIGHT; order++) {
        tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
        tenferro_einsum_plan *plan;
        options.order = (tenferro_einsum_order)order;
        CHECK_OK(tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, COUNT, ranks, operand_labels,
                                             extents, 2, EXTENTS(0, COUNT), &options, &plan));
        tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
        CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
        assert_int_equal(cost.steps, COUNT - 1);
        check_number(cost.multiply_adds, 8.0 * (COUNT - 1));
        CHECK_OK(tenferro_einsum_execute(plan, COUNT, operands, &out));
        VALUES(out, 0.5, 0.5, 0.5, 0.5);
        tenferro_tensor_release(out);
        tenferro_einsum_plan_release(plan);
    }
    free(operands);
    free(ranks);
    free(labels);
    free(operand_labels);
    free(extents);
    tenferro_tensor_release(m);
}

static void plan__integer_labels__mistakes_named(void **state)
{
    (void)state;
    tenferro_einsum_plan *plan;
    const int64_t labels[2] = {-7, 9};
    const int64_t *const both[1] = {labels};
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, 1, twos, both, squares, 1,
                                             EXTENTS(8), NULL, &plan));
    CHECK_MESSAGE("label 8 of the output");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, 1, twos, both, squares, 2,
                                             EXTENTS(-7, -7), NULL, &plan));
    CHECK_MESSAGE("label -7 occurs twice");
    assert_null(plan);
    CHECK_STATUS(TENFERRO_SYMBOLIC,
                 tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, 1, twos, both,
                                             (const int64_t *const[]){
                                                 EXTENTS(2, TENFERRO_EXTENT_SYMBOL_MAX)},
                                             0, NULL, NULL, &plan));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_labels(context, TENFERRO_FLOAT64, 1, twos, both,
                                             (const int64_t *const[]){EXTENTS(2, -1)}, 0, NULL,
                                             NULL, &plan));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_einsum_plan_labels(context, TENFERRO_BOOL, 1, twos, both, squares, 0,
                                             NULL, NULL, &plan));
}

/* ---- limits, cancelling, failures ------------------------------------------------------------ */

static void plan__memory_limit__told_before_anything_runs(void **state)
{
    (void)state;
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    tenferro_einsum_plan *plan;
    options.memory_limit = 16;
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY,
                 tenferro_einsum_plan_create(context, "ij,jk->ik", TENFERRO_FLOAT64, 2, twos,
                                             squares, &options, &plan));
    CHECK_MESSAGE("limit is 16");
    assert_null(plan);
    options.memory_limit = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tenferro_einsum_plan_create(context, "ij,jk->ik", TENFERRO_FLOAT64, 2, twos,
                                             squares, &options, &plan));
}

static void plan__too_large_to_count__cost_known_execution_overflows(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    const int64_t extent = 1000000;
    int ranks[COUNT];
    const int64_t *extents[COUNT];
    const tenferro_tensor *operands[COUNT];
    char equation[2 * COUNT + 8 + COUNT];
    tenferro_tensor *v = counting(context, TENFERRO_FLOAT64, 1, &extent, 0), *out;
    char *end = equation;
    for (int i = 0; i < COUNT; i++) {
        ranks[i] = 1;
        extents[i] = &extent;
        operands[i] = v;
        *end++ = (char)(i < 26 ? 'a' + i : i < 52 ? 'A' + i - 26 : 'a' + i - 52);
        *end++ = i + 1 < COUNT ? ',' : '-';
    }
    strcpy(end, ">klmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    tenferro_einsum_plan *plan = plan_of(equation, COUNT, ranks, extents);
    tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT;
    CHECK_OK(tenferro_einsum_plan_cost(plan, &cost));
    assert_true(cost.largest_intermediate > 0.99e252 && cost.largest_intermediate < 1.01e252);
    assert_true(cost.peak_bytes > 7.9e252);
    CHECK_STATUS(TENFERRO_OVERFLOW, tenferro_einsum_execute(plan, COUNT, operands, &out));
    assert_null(out);
    tenferro_einsum_plan_release(plan);
    tenferro_tensor_release(v);
}

static int count_calls(void *user, const tenferro_progress *progress)
{
    int *calls = user;
    assert_string_equal(progress->what, "einsum");
    return ++*calls > 1000;
}

static void einsum__cancelled__stops(void **state)
{
    (void)state;
    int calls = 0;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    tenferro_context *c;
    options.progress = count_calls;
    options.user = &calls;
    CHECK_OK(tenferro_context_create(&options, &c));
    tenferro_tensor *a = counting(c, TENFERRO_FLOAT64, 2, EXTENTS(300, 300), 0), *out;
    CHECK_OK(tenferro_einsum("ij,jk->ik", 2, TENSORS(a, a), &out));
    assert_true(calls > 0);
    tenferro_tensor_release(out);
    tenferro_context_cancel(c);
    CHECK_STATUS(TENFERRO_CANCELLED, tenferro_einsum("ij,jk->ik", 2, TENSORS(a, a), &out));
    assert_null(out);
    tenferro_context_cancel_clear(c);
    CHECK_OK(tenferro_einsum("ij,jk->ik", 2, TENSORS(a, a), &out));
    tenferro_tensor_release(out);
    tenferro_tensor_release(a);
    tenferro_context_release(c);
}

/* What can fail for want of memory: by equation with promotion, by labels, into a given tensor. */
static tenferro_status everything(tenferro_context *c, const tenferro_tensor *a,
                                  const tenferro_tensor *f32, tenferro_tensor *given)
{
    const int64_t labels[3][2] = {{5, 6}, {6, 7}, {7, 8}};
    const int64_t *const operand_labels[3] = {labels[0], labels[1], labels[2]};
    tenferro_einsum_plan *plan = NULL;
    tenferro_tensor *out[2] = {NULL, NULL};
    char text[4096];
    tenferro_status status = tenferro_einsum("(ij,jk),kl,lm->im", 4, TENSORS(a, f32, a, a), &out[0]);
    if (status == TENFERRO_OK)
        status = tenferro_einsum_plan_labels(c, TENFERRO_FLOAT64, 3, twos, operand_labels, squares,
                                             2, EXTENTS(5, 8), NULL, &plan);
    if (status == TENFERRO_OK)
        status = tenferro_einsum_execute(plan, 3, TENSORS(a, a, a), &out[1]);
    if (status == TENFERRO_OK)
        status = tenferro_einsum_plan_format(plan, TENFERRO_EINSUM_JSON, text, sizeof text, NULL);
    if (status == TENFERRO_OK)
        status = tenferro_einsum_execute_into(plan, 3, TENSORS(a, a, given), given);
    tenferro_einsum_plan_release(plan);
    tenferro_tensor_release(out[0]);
    tenferro_tensor_release(out[1]);
    return status;
}

static void einsum__every_allocation_fails__typed_error_no_leak(void **state)
{
    (void)state;
    test_allocator allocator;
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    for (int64_t i = 0; status != TENFERRO_OK; i++) {
        test_allocator_init(&allocator);
        tenferro_context *c = test_context_with(&allocator, 1);
        tenferro_tensor *a = counting(c, TENFERRO_FLOAT64, 2, square, 1);
        tenferro_tensor *f32 = counting(c, TENFERRO_FLOAT32, 2, square, 1);
        tenferro_tensor *given = counting(c, TENFERRO_FLOAT64, 2, square, 1);
        tenferro_context_trim(c);
        allocator.fail_after = allocator.count + i;
        status = everything(c, a, f32, given);
        allocator.fail_after = -1;
        if (status != TENFERRO_OK) {
            assert_int_equal(status, TENFERRO_OUT_OF_MEMORY);
            VALUES(given, 1, 2, 3, 4);
        } else {
            VALUES(given, 37, 54, 81, 118);
        }
        tenferro_tensor_release(a);
        tenferro_tensor_release(f32);
        tenferro_tensor_release(given);
        tenferro_context_release(c);
        test_allocator_check_empty(&allocator);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(einsum__small_equations__known_values),
        cmocka_unit_test(einsum__extents_of_one_and_zero__broadcast),
        cmocka_unit_test(einsum__mixed_dtypes__promoted),
        cmocka_unit_test(einsum__integers__wrap),
        cmocka_unit_test(einsum__wrong_arguments__typed_errors),
        cmocka_unit_test(einsum_into__destinations__checked_and_overlap_handled),
        cmocka_unit_test(plan__reused__new_data_and_strides),
        cmocka_unit_test(plan__wrong_operands__refused),
        cmocka_unit_test(plan__outlives_its_context_handle),
        cmocka_unit_test(plan__two_threads__share_it),
        cmocka_unit_test(cache__many_equations__bounded_and_right),
        cmocka_unit_test(einsum__rank_beyond_64__works),
        cmocka_unit_test(einsum__hundred_thousand_operands__any_order),
        cmocka_unit_test(plan__integer_labels__mistakes_named),
        cmocka_unit_test(plan__memory_limit__told_before_anything_runs),
        cmocka_unit_test(plan__too_large_to_count__cost_known_execution_overflows),
        cmocka_unit_test(einsum__cancelled__stops),
        cmocka_unit_test(einsum__every_allocation_fails__typed_error_no_leak),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
