/*
 * Every microkernel of every ISA against a plain sum, at every edge: 1 .. 2*MR+1 rows, 1 .. 2*NR+1
 * columns, operands packed from rows, from columns, from scattered elements or read in place, C in
 * runs or scattered.  The numbers are small integers, so that results are exact in every dtype.
 */
#include "../engine_fixture.h"

#include "contract/microkernel.h"

/* Elements of an operand at rows[i] + columns[j]; nothing else may be touched. */
typedef struct matrix {
    array storage;
    int64_t rows[256], columns[256];
} matrix;

enum { ROWS_RUN, COLUMNS_RUN, COLUMNS_CROSSED, SCATTERED, LAYOUTS };

static void matrix_make(matrix *x, tenferro_dtype dtype, int64_t m, int64_t n, int layout)
{
    int64_t row = layout == ROWS_RUN ? 1 : layout != SCATTERED ? n + random_below(3) : 2;
    int64_t column = layout == COLUMNS_RUN ? 1 : m * row + random_below(3);
    /* crossed: neighbours in memory are `step` columns apart */
    int64_t step = layout == COLUMNS_CROSSED ? 1 + random_below(5) : n;
    int64_t length = (m - 1) * row + (TF_MIN(step, n) - 1) * column + (n - 1) / step + 1;
    array_make(&x->storage, dtype, 0, 1, &length, LAYOUT_COMPACT);
    for (int64_t i = 0; i < m; i++)
        x->rows[i] = i * row;
    for (int64_t j = 0; j < n; j++)
        x->columns[j] = j % step * column + j / step;
    if (layout == SCATTERED) /* in no order at all */
        for (int64_t i = m - 1; i > 0; i--) {
            int64_t other = random_below(i + 1), kept = x->rows[i];
            x->rows[i] = x->rows[other];
            x->rows[other] = kept;
        }
    array_poison(&x->storage);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            number value = {(double)random_below(9) - 4, 0, random_below(9) - 4};
            if (tf_is_complex(dtype))
                value.im = (double)random_below(9) - 4;
            save(dtype, value, x->storage.buffer + (x->rows[i] + x->columns[j]) * x->storage.size);
        }
}

static number matrix_at(const matrix *x, int64_t i, int64_t j, int conj)
{
    number value = load(x->storage.dtype,
                        x->storage.buffer + (x->rows[i] + x->columns[j]) * x->storage.size);
    if (conj)
        value.im = -value.im;
    return value;
}

static number times(number x, number y)
{
    return (number){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re, x.i * y.i};
}

static number plus(number x, number y)
{
    return (number){x.re + y.re, x.im + y.im, x.i + y.i};
}

/* All tiles of C, as the packed route walks them. */
static void multiply(const tf_microkernel *kernel, int64_t m, int64_t n, int64_t k, const matrix *a,
                     const matrix *b, int conj_a, int conj_b, tf_tile tile, matrix *c)
{
    static _Alignas(64) char packed_a[1 << 17], packed_b[1 << 17];
    int64_t size = c->storage.size;
    memset(packed_a, POISON, sizeof packed_a);
    memset(packed_b, POISON, sizeof packed_b);
    kernel->pack_a(m, k, a->storage.buffer, a->rows, a->columns, conj_a, packed_a);
    kernel->pack_b(n, k, b->storage.buffer, b->rows, b->columns, conj_b, packed_b);
    for (int64_t j = 0; j < n; j += kernel->nr)
        for (int64_t i = 0; i < m; i += kernel->mr) {
            tile.m = TF_MIN(kernel->mr, m - i);
            tile.n = TF_MIN(kernel->nr, n - j);
            tile.rows = c->rows + i;
            tile.columns = c->columns + j;
            kernel->multiply(k, packed_a + i * k * size, packed_b + j * k * size, &tile);
        }
}

static int64_t step(const int64_t *offsets, int64_t count)
{
    return count > 1 ? offsets[1] - offsets[0] : 0;
}

/* The sum as two lines, the columns as a batch of two products, with what comes next fetched. */
static void
multiply_in_place(const tf_microkernel *kernel, int64_t m, int64_t n, int64_t k, const matrix *a,
                  const matrix *b, int conj_a, int conj_b, tf_tile tile, matrix *c)
{
    int64_t lines = k % 2 == 0 ? 2 : 1, products = n % 2 == 0 ? 2 : 1;
    const int64_t a_lines[] = {0, a->columns[k / 2]}, b_lines[] = {0, b->columns[k / 2]};
    const int64_t a_at[4] = {0}, b_at[] = {0, b->rows[n / 2], 0, b->rows[n / 2]},
                  c_at[] = {0, c->columns[n / 2], 0, c->columns[n / 2]};
    tf_in_place shape = {.m = m,
                         .n = n / products,
                         .k = k / lines,
                         .lines = lines,
                         .a_step = step(a->columns, k),
                         .b_step = step(b->columns, k),
                         .a_lines = a_lines,
                         .b_lines = b_lines,
                         .b_column = step(b->rows, n),
                         .c_row = step(c->rows, m),
                         .c_column = step(c->columns, n),
                         .conj_a = conj_a,
                         .conj_b = conj_b,
                         .alpha = tile.alpha,
                         .beta = tile.beta,
                         .ahead = 2,
                         .lines_ahead = {1, 2, 3}};
    if (m == 1)
        shape.c_row = tile.is_run;
    kernel->multiply_in_place(&shape, products, a->storage.buffer, a_at, b->storage.buffer, b_at,
                              c->storage.buffer, c_at);
}

static void check(const tf_microkernel *kernel, tenferro_dtype dtype, int64_t m, int64_t n)
{
    int64_t k = 1 + random_below(50), size = tf_element_size(dtype);
    int in_place = kernel->multiply_in_place != NULL && random_below(2),
        c_layout = random_below(2) ? ROWS_RUN
                   : in_place      ? COLUMNS_RUN
                                   : SCATTERED;
    int conj_a = random_below(2) && tf_is_complex(dtype),
        conj_b = random_below(2) && tf_is_complex(dtype);
    matrix a, b, c;
    matrix_make(&a, dtype, m, k, in_place ? ROWS_RUN : (int)random_below(LAYOUTS));
    matrix_make(&b, dtype, n, k, (int)random_below(in_place ? COLUMNS_CROSSED : LAYOUTS));
    matrix_make(&c, dtype, m, n, c_layout);
    number alpha = {2, 0, 2}, beta = {-3, 0, -3};
    if (tf_is_complex(dtype))
        alpha.im = 1, beta.im = 2;
    char alpha_bytes[16], beta_bytes[16];
    save(dtype, alpha, alpha_bytes);
    save(dtype, beta, beta_bytes);
    int has_beta = (int)random_below(2);
    array before;
    array_copy_layout(&before, &c.storage);
    if (!has_beta)
        array_poison(&c.storage);
    tf_tile tile = {.c = c.storage.buffer,
                    .is_run = c_layout == ROWS_RUN,
                    .alpha = alpha_bytes,
                    .beta = has_beta ? beta_bytes : NULL};
    if (in_place)
        multiply_in_place(kernel, m, n, k, &a, &b, conj_a, conj_b, tile, &c);
    else
        multiply(kernel, m, n, k, &a, &b, conj_a, conj_b, tile, &c);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            number want = {0, 0, 0};
            char *at = before.buffer + (c.rows[i] + c.columns[j]) * size, expected[16];
            for (int64_t p = 0; p < k; p++)
                want = plus(want, times(matrix_at(&a, i, p, conj_a), matrix_at(&b, j, p, conj_b)));
            want = times(alpha, want);
            if (has_beta)
                want = plus(want, times(beta, load(dtype, at)));
            save(dtype, want, expected);
            number got = matrix_at(&c, i, j, 0);
            if (got.re != want.re || got.im != want.im || got.i != want.i)
                if (!is_integer(dtype) ||
                    memcmp(expected, c.storage.buffer + (at - before.buffer), (size_t)size) != 0)
                    fail_msg("dtype %u, %lld x %lld x %lld, element %lld %lld: got %g %g %lld, "
                             "expected %g %g %lld",
                             (unsigned)dtype, (long long)m, (long long)n, (long long)k,
                             (long long)i, (long long)j, got.re, got.im, (long long)got.i, want.re,
                             want.im, (long long)want.i);
            memset(c.storage.buffer + (at - before.buffer), POISON, (size_t)size);
        }
    for (int64_t i = 0; i < c.storage.bytes; i++) /* between the elements */
        assert_int_equal((unsigned char)c.storage.buffer[i], POISON);
    array_free(&a.storage);
    array_free(&b.storage);
    array_free(&c.storage);
    array_free(&before);
}

static void microkernel__every_edge__is_exact(void **state)
{
    (void)state;
    const tf_kernels *isas[3];
    int count = fixture_isas(isas);
    for (int isa = 0; isa < count; isa++)
        for (tenferro_dtype dtype = TENFERRO_INT32; dtype <= TENFERRO_COMPLEX128; dtype++) {
            tf_engine engine = {.kernels = isas[isa]};
            const tf_microkernel *kernel = tf_microkernel_for(&engine, dtype);
            assert_int_equal(kernel->mr % kernel->lanes, 0);
            for (int64_t m = 1; m <= 2 * kernel->mr + 1; m++)
                for (int repeat = 0; repeat < 20; repeat++)
                    check(kernel, dtype, m, 1 + random_below(2 * kernel->nr + 1));
            for (int64_t n = 1; n <= 2 * kernel->nr + 1; n++)
                for (int repeat = 0; repeat < 60; repeat++)
                    check(kernel, dtype, 1 + random_below(2 * kernel->mr + 1), n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(microkernel__every_edge__is_exact),
    };
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
