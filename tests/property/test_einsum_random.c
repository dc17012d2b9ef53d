/*
 * Random networks against a loop over all labels: hyperedges, repeated and one-sided labels,
 * scalars, disconnected parts, extents from 0, broadcasting, any strides, every dtype, every
 * order.  Values are small integers, so results are exact.
 */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenferro.h>

#include "einsum/plan.h"

enum { MOST_OPERANDS = 8, MOST_RANK = 4, LABELS = 6, MOST_ELEMENTS = 4096 };

typedef struct number {
    double re, im;
} number;

/* A strided array in a buffer of its own, and the tensor over it. */
typedef struct operand {
    tenferro_dtype dtype; /* the network's, or the real one within */
    int rank;
    int64_t labels[LABELS], extents[LABELS], strides[LABELS];
    double buffer[2 * MOST_ELEMENTS]; /* room for any dtype */
    char *data;
    tenferro_tensor *tensor;
} operand;

typedef struct network {
    tenferro_dtype dtype;
    int count;
    operand operands[MOST_OPERANDS];
    int64_t extents[LABELS]; /* of each label, over all operands */
    int out_rank;
    int64_t out_labels[LABELS];
    int64_t out_extents[LABELS];
} network;

static int64_t size_of(tenferro_dtype dtype)
{
    static const int64_t sizes[] = {0, 1, 4, 8, 4, 8, 8, 16};
    return sizes[dtype];
}

static void store(tenferro_dtype dtype, char *p, number v)
{
    int32_t i = (int32_t)v.re;
    int64_t l = (int64_t)v.re;
    float f[2] = {(float)v.re, (float)v.im};
    double d[2] = {v.re, v.im};
    const void *from = dtype == TENFERRO_INT32                                    ? (void *)&i
                       : dtype == TENFERRO_INT64                                  ? (void *)&l
                       : dtype == TENFERRO_FLOAT32 || dtype == TENFERRO_COMPLEX64 ? (void *)f
                                                                                  : (void *)d;
    memcpy(p, from, (size_t)size_of(dtype));
}

static number load(tenferro_dtype dtype, const char *p)
{
    int32_t i = 0;
    int64_t l = 0;
    float f[2] = {0, 0};
    double d[2] = {0, 0};
    void *to = dtype == TENFERRO_INT32                                    ? (void *)&i
               : dtype == TENFERRO_INT64                                  ? (void *)&l
               : dtype == TENFERRO_FLOAT32 || dtype == TENFERRO_COMPLEX64 ? (void *)f
                                                                          : (void *)d;
    memcpy(to, p, (size_t)size_of(dtype));
    return (number){d[0] + (double)f[0] + (double)l + (double)i, d[1] + (double)f[1]};
}

/* Axes in any order in memory, with padding, backwards, sometimes all on one element. */
static void random_strides(test_rng *rng, operand *o, int may_repeat, int64_t element)
{
    int order[LABELS];
    int64_t stride = 1, lowest = 0;
    for (int i = 0; i < o->rank; i++) {
        int at = (int)test_rng_range(rng, 0, i);
        order[i] = order[at];
        order[at] = i;
    }
    for (int i = 0; i < o->rank; i++) {
        int axis = order[i];
        int64_t extent = TF_MAX(o->extents[axis], 1);
        int64_t kind = test_rng_range(rng, 0, 9);
        o->strides[axis] = kind == 0 && may_repeat ? 0 : kind < 3 ? -stride : stride;
        lowest += o->strides[axis] < 0 ? o->strides[axis] * (extent - 1) : 0;
        stride *= extent;
        stride += kind == 9 && stride < 100;
    }
    o->data = (char *)o->buffer - lowest * element;
}

static void fill(test_rng *rng, operand *o)
{
    tenferro_dtype dtype = o->dtype;
    int is_complex = dtype >= TENFERRO_COMPLEX64;
    int64_t count = (int64_t)sizeof o->buffer / size_of(dtype);
    for (int64_t i = 0; i < count; i++) {
        number v = {(double)test_rng_range(rng, -2, 2), 0};
        if (is_complex)
            v = (number){(double)test_rng_range(rng, -1, 1), (double)test_rng_range(rng, -1, 1)};
        store(dtype, (char *)o->buffer + i * size_of(dtype), v);
    }
}

static void random_network(test_rng *rng, network *n)
{
    n->dtype = (tenferro_dtype)test_rng_range(rng, TENFERRO_INT32, TENFERRO_COMPLEX128);
    n->count = (int)test_rng_range(rng, 1, MOST_OPERANDS);
    int seen[LABELS] = {0};
    int64_t zero = test_rng_range(rng, 0, 9) == 0;
    for (int l = 0; l < LABELS; l++)
        n->extents[l] = zero && l == 0 ? 0 : test_rng_range(rng, 1, 3);
    for (int i = 0; i < n->count; i++) {
        operand *o = &n->operands[i];
        o->rank = (int)test_rng_range(rng, 0, MOST_RANK);
        int shrunk = (int)test_rng_range(rng, 0, 11); /* this label has extent 1 here */
        for (int k = 0; k < o->rank; k++) {
            o->labels[k] = test_rng_range(rng, 0, LABELS - 1);
            o->extents[k] = o->labels[k] == shrunk ? 1 : n->extents[o->labels[k]];
            seen[o->labels[k]] |= o->extents[k] == 1 ? 1 : 2;
        }
        o->dtype = n->dtype;
        if (n->dtype >= TENFERRO_COMPLEX64 && i + 1 < n->count && test_rng_range(rng, 0, 3) == 0)
            o->dtype = n->dtype == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32 : TENFERRO_FLOAT64;
        random_strides(rng, o, 1, size_of(o->dtype));
        fill(rng, o);
    }
    n->out_rank = 0;
    for (int l = 0; l < LABELS; l++) {
        if (seen[l] < 2)
            n->extents[l] = 1;
        if (!seen[l] || test_rng_range(rng, 0, 1))
            continue;
        int at = (int)test_rng_range(rng, 0, n->out_rank);
        memmove(n->out_labels + at + 1, n->out_labels + at,
                (size_t)(n->out_rank - at) * sizeof *n->out_labels);
        n->out_labels[at] = l;
        n->out_rank++;
    }
    for (int i = 0; i < n->out_rank; i++)
        n->out_extents[i] = n->extents[n->out_labels[i]];
}

/* result[i...], column-major, by a loop over all labels. */
static void naive(const network *n, number *result)
{
    int64_t index[LABELS] = {0}, total = 1, elements = 1;
    for (int i = 0; i < n->out_rank; i++)
        elements *= n->out_extents[i];
    memset(result, 0, (size_t)elements * sizeof *result);
    for (int l = 0; l < LABELS; l++) {
        int used = 0;
        for (int i = 0; i < n->count; i++)
            for (int k = 0; k < n->operands[i].rank; k++)
                used |= n->operands[i].labels[k] == l;
        total *= used ? n->extents[l] : 1;
        index[l] = used ? 0 : -1;
    }
    for (int64_t at = 0; at < total; at++) {
        int64_t left = at, place = 0, stride = 1;
        for (int l = 0; l < LABELS; l++)
            if (index[l] >= 0) {
                index[l] = left % n->extents[l];
                left /= n->extents[l];
            }
        number product = {1, 0};
        for (int i = 0; i < n->count; i++) {
            const operand *o = &n->operands[i];
            int64_t offset = 0;
            for (int k = 0; k < o->rank; k++)
                offset += (o->extents[k] == 1 ? 0 : index[o->labels[k]]) * o->strides[k];
            number v = load(o->dtype, o->data + offset * size_of(o->dtype));
            product = (number){product.re * v.re - product.im * v.im,
                               product.re * v.im + product.im * v.re};
        }
        for (int i = 0; i < n->out_rank; i++) {
            place += index[n->out_labels[i]] * stride;
            stride *= n->out_extents[i];
        }
        result[place].re += product.re;
        result[place].im += product.im;
    }
}

static void print_network(const network *n, const char *how)
{
    print_error("case (dtype %u, %s): ", (unsigned)n->dtype, how);
    for (int i = 0; i < n->count; i++) {
        for (int k = 0; k < n->operands[i].rank; k++)
            print_error("%c%d/%d ", (char)('a' + n->operands[i].labels[k]),
                        (int)n->operands[i].extents[k], (int)n->operands[i].strides[k]);
        print_error(i + 1 < n->count ? ", " : "-> ");
    }
    for (int i = 0; i < n->out_rank; i++)
        print_error("%c", (char)('a' + n->out_labels[i]));
    print_error("\n");
}

static void
check(const network *n, const tenferro_tensor *got, const number *expected, const char *how)
{
    char *data = malloc(MOST_ELEMENTS * 16);
    int64_t elements = 1;
    assert_non_null(data);
    assert_int_equal(tenferro_tensor_rank(got), n->out_rank);
    for (int i = 0; i < n->out_rank; i++) {
        assert_int_equal(tenferro_tensor_extents(got)[i], n->out_extents[i]);
        elements *= n->out_extents[i];
    }
    CHECK_OK(tenferro_tensor_read(got, data, NULL));
    for (int64_t i = 0; i < elements; i++) {
        number v = load(n->dtype, data + i * size_of(n->dtype));
        if (v.re < expected[i].re || v.re > expected[i].re || v.im < expected[i].im ||
            v.im > expected[i].im) {
            print_network(n, how);
            fail_msg("element %d: %g%+gi instead of %g%+gi", (int)i, v.re, v.im, expected[i].re,
                     expected[i].im);
        }
    }
    free(data);
}

/* The equation; grouped: with a random pair of neighbours in parentheses. */
static void spell(test_rng *rng, const network *n, int grouped, char *text)
{
    int at = grouped && n->count > 1 ? (int)test_rng_range(rng, 0, n->count - 2) : -2;
    for (int i = 0; i < n->count; i++) {
        if (i > 0)
            *text++ = ',';
        if (i == at)
            *text++ = '(';
        for (int k = 0; k < n->operands[i].rank; k++)
            *text++ = (char)('a' + n->operands[i].labels[k]);
        if (i == at + 1)
            *text++ = ')';
    }
    *text++ = '-';
    *text++ = '>';
    for (int i = 0; i < n->out_rank; i++)
        *text++ = (char)('a' + n->out_labels[i]);
    *text = '\0';
}

/* Repeated labels with different extents in one operand are an error. */
static int is_valid(const network *n)
{
    for (int i = 0; i < n->count; i++)
        for (int k = 0; k < n->operands[i].rank; k++)
            for (int j = 0; j < k; j++)
                if (n->operands[i].labels[j] == n->operands[i].labels[k] &&
                    n->operands[i].extents[j] != n->operands[i].extents[k])
                    return 0;
    return 1;
}

static void run_case(test_rng *rng, tenferro_context *context, network *n, number *expected)
{
    static const char *const names[] = {"auto", "left to right", "greedy", "given"};
    const tenferro_tensor *operands[MOST_OPERANDS];
    int ranks[MOST_OPERANDS];
    const int64_t *labels[MOST_OPERANDS], *extents[MOST_OPERANDS];
    int64_t path[2 * MOST_OPERANDS];
    char text[128];
    tenferro_tensor *out;
    for (int i = 0; i < n->count; i++) {
        operand *o = &n->operands[i];
        CHECK_OK(tenferro_tensor_wrap(context, o->dtype, o->rank, o->extents, o->strides, o->data,
                                      TENFERRO_WRAP_READ_ONLY, NULL, NULL, &o->tensor));
        operands[i] = o->tensor;
        ranks[i] = o->rank;
        labels[i] = o->labels;
        extents[i] = o->extents;
    }
    for (int grouped = 0; grouped < 2; grouped++) {
        spell(rng, n, grouped, text);
        CHECK_OK(tenferro_einsum(text, n->count, operands, &out));
        check(n, out, expected, text);
        tenferro_tensor_release(out);
    }
    for (int step = 0; step + 1 < n->count; step++) {
        path[2 * step] = test_rng_range(rng, 0, n->count - step - 1);
        path[2 * step + 1] = test_rng_range(rng, 0, n->count - step - 2);
        path[2 * step + 1] += path[2 * step + 1] >= path[2 * step];
    }

    operand destination = {.rank = n->out_rank};
    memcpy(destination.extents, n->out_extents, sizeof destination.extents);
    random_strides(rng, &destination, 0, size_of(n->dtype));
    CHECK_OK(tenferro_tensor_wrap(context, n->dtype, n->out_rank, n->out_extents,
                                  destination.strides, destination.data, 0, NULL, NULL,
                                  &destination.tensor));
    for (int order = TENFERRO_EINSUM_AUTO; order <= TENFERRO_EINSUM_GIVEN; order++) {
        tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
        tenferro_einsum_plan *plan;
        options.order = (tenferro_einsum_order)order;
        options.path = order == TENFERRO_EINSUM_GIVEN ? path : NULL;
        options.path_length = order == TENFERRO_EINSUM_GIVEN ? n->count - 1 : 0;
        CHECK_OK(tenferro_einsum_plan_labels(context, n->dtype, n->count, ranks, labels, extents,
                                             n->out_rank, n->out_labels, &options, &plan));
        CHECK_OK(tenferro_einsum_execute(plan, n->count, operands, &out));
        check(n, out, expected, names[order]);
        tenferro_tensor_release(out);
        CHECK_OK(tenferro_einsum_execute_into(plan, n->count, operands, destination.tensor));
        check(n, destination.tensor, expected, names[order]);
        CHECK_OK(tf_plan_run_on_level(plan, operands, &out)); /* what a level does, without one */
        check(n, out, expected, "steps through tenferro_contract");
        tenferro_tensor_release(out);
        tenferro_einsum_plan_release(plan);
    }
    tenferro_tensor_release(destination.tensor);
    for (int i = 0; i < n->count; i++)
        tenferro_tensor_release(n->operands[i].tensor);
}

static void einsum__random_networks__match_loop_over_labels(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    test_rng rng = test_rng_make(1);
    network *n = calloc(1, sizeof *n);
    number *expected = malloc(MOST_ELEMENTS * sizeof *expected);
    assert_true(n && expected);
    for (long i = test_cases(3000); i > 0; i--) {
        random_network(&rng, n);
        if (!is_valid(n))
            continue;
        naive(n, expected);
        run_case(&rng, context, n, expected);
    }
    free(n);
    free(expected);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(einsum__random_networks__match_loop_over_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
