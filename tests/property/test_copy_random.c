/*
 * Permutations, and elementwise operations over operands in different orders, against loops over
 * indices: sizes around the tiles' edges, bytes at any address, outputs large enough to be streamed,
 * ranks of 20 and more, every ISA, 1 and 2 threads.
 */
#include "../engine_fixture.h"

static const tf_kernels *isas[8];
static int isa_count;

enum { GUARD = 64 };

/* A permutation of a compact array; both ends begin `skew` bytes after a cache line. */
typedef struct permutation {
    int64_t size, count;
    int rank;
    int64_t extents[TF_MAX_AXES], in_strides[TF_MAX_AXES],
        out_strides[TF_MAX_AXES]; /* of the output */
} permutation;

static void
permutation_make(permutation *p, int64_t size, int rank, const int64_t *extents, const int *axes)
{
    int64_t strides[TF_MAX_AXES];
    *p = (permutation){.size = size, .count = 1, .rank = rank};
    for (int i = 0; i < rank; i++) {
        strides[i] = p->count;
        p->count *= extents[i];
    }
    int64_t stride = 1;
    for (int i = 0; i < rank; i++) {
        p->extents[i] = extents[axes[i]];
        p->in_strides[i] = strides[axes[i]];
        p->out_strides[i] = stride;
        stride *= p->extents[i];
    }
}

static void check_moved(const permutation *p, const char *in, const char *out)
{
    int64_t counters[TF_MAX_AXES] = {0}, at = 0;
    for (int64_t i = 0; i < p->count; i++) {
        if (memcmp(out + i * p->size, in + at * p->size, (size_t)p->size) != 0)
            fail_msg(
                "element %lld of %lld, %lld bytes each, rank %d, extents %lld %lld ..., seed %llu",
                (long long)i, (long long)p->count, (long long)p->size, p->rank,
                (long long)p->extents[0], (long long)p->extents[1], (unsigned long long)seed);
        for (int axis = 0; axis < p->rank; axis++) {
            at += p->in_strides[axis];
            if (++counters[axis] < p->extents[axis])
                break;
            at -= p->extents[axis] * p->in_strides[axis];
            counters[axis] = 0;
        }
    }
}

static void check_permutation(const permutation *p, int64_t skew)
{
    size_t bytes = (size_t)(p->count * p->size), room = (bytes + 4 * GUARD + 63) / 64 * 64;
    char *from = aligned_alloc(64, room), *to = aligned_alloc(64, room);
    assert_true(from != NULL && to != NULL);
    char *in = from + skew, *out = to + GUARD + skew;
    for (size_t i = 0; i + 8 <= room; i += 8) {
        uint64_t bits = random_bits();
        memcpy(from + i, &bits, 8);
    }
    for (int isa = 0; isa < isa_count; isa++)
        for (int threads = 1; threads <= 2; threads++) {
            fixture f;
            fixture_open(&f, isas[isa]);
            f.engine.threads = threads;
            memset(to, POISON, room);
            assert_int_equal(tf_copy(&f.engine, p->size, p->rank, p->extents, in, p->in_strides,
                                     out, p->out_strides),
                             TENFERRO_OK);
            check_moved(p, in, out);
            for (char *g = to; g < out; g++)
                assert_int_equal((unsigned char)*g, POISON);
            for (char *g = out + bytes; g < to + room; g++)
                assert_int_equal((unsigned char)*g, POISON);
            fixture_close(&f);
        }
    free(from);
    free(to);
}

static void shuffle(int n, int *values)
{
    for (int i = 0; i < n; i++)
        values[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)random_below(i + 1), t = values[i];
        values[i] = values[j];
        values[j] = t;
    }
}

static const int64_t sizes[] = {1, 2, 4, 8, 16, 3, 12, 32};

static void copy__around_tile_edges__transposes(void **state)
{
    (void)state;
    static const int64_t edges[] = {2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 129, 257};
    static const int swapped[] = {1, 0}, cycled[] = {1, 2, 0}, inner[] = {0, 2, 1};
    for (size_t s = 0; s < TF_COUNT(sizes); s++)
        for (size_t i = 0; i < TF_COUNT(edges); i++)
            for (int n = 0; n < 4; n++) {
                int64_t extents[3] = {edges[i], edges[random_below(TF_COUNT(edges))],
                                      1 + random_below(5)};
                permutation p;
                permutation_make(&p, sizes[s], 2, extents, swapped);
                check_permutation(&p, random_below(2) ? 0 : random_below(64));
                permutation_make(&p, sizes[s], 3, extents, n % 2 ? cycled : inner);
                check_permutation(&p, random_below(2) ? 0 : random_below(64));
            }
}

static void copy__many_short_axes__permutes(void **state)
{
    (void)state;
    for (size_t s = 0; s < TF_COUNT(sizes); s++)
        for (int n = 0; n < 24; n++) {
            int64_t extents[24];
            int axes[24], rank = n % 2 ? 24 : 2 + (int)random_below(12);
            int64_t count = 1;
            for (int i = 0; i < rank; i++) {
                extents[i] = count > 4000 ? 1 : 1 + random_below(3);
                count *= extents[i];
            }
            permutation p;
            shuffle(rank, axes);
            permutation_make(&p, sizes[s], rank, extents, axes);
            check_permutation(&p, random_below(64));
        }
}

/* More than 16 MiB leave past the caches, whole lines or through a block. */
static void copy__large_outputs__are_streamed(void **state)
{
    (void)state;
    static const int swapped[] = {1, 0}, middle[] = {0, 2, 1}, straight[] = {0};
    const int64_t matrix8[] = {1504, 1600}, odd8[] = {1501, 1499}, odd4[] = {2203, 2111};
    const int64_t odd16[] = {1031, 1100}, bytes[] = {4100, 4297}, thin[] = {3, 800001};
    const int64_t rows[] = {16, 371, 400}, long_rows[] = {75, 160, 210}, flat[] = {2200001};
    int64_t twos[22], threes[14];
    int axes[22];
    permutation p;
    for (int64_t skew = 0; skew <= 24; skew += 24) {
        permutation_make(&p, 8, 2, matrix8, swapped);
        check_permutation(&p, skew);
        permutation_make(&p, 8, 2, odd8, swapped);
        check_permutation(&p, skew);
        permutation_make(&p, 4, 2, odd4, swapped);
        check_permutation(&p, skew);
        permutation_make(&p, 16, 2, odd16, swapped);
        check_permutation(&p, skew);
    }
    permutation_make(&p, 1, 2, bytes, swapped);
    check_permutation(&p, 1);
    permutation_make(&p, 8, 2, thin, swapped);
    check_permutation(&p, 0);
    permutation_make(&p, 8, 3, rows, middle);
    check_permutation(&p, 0);
    permutation_make(&p, 8, 3, long_rows, middle);
    check_permutation(&p, 8);
    permutation_make(&p, 8, 1, flat, straight);
    check_permutation(&p, 40);
    for (int i = 0; i < 22; i++) {
        twos[i] = 2;
        threes[i % 14] = 3;
        axes[i] = 21 - i;
    }
    permutation_make(&p, 8, 22, twos, axes);
    check_permutation(&p, 0);
    shuffle(14, axes);
    permutation_make(&p, 4, 14, threes, axes);
    check_permutation(&p, 4);
}

/* z = x + y, where all three have orders of their own; exact, being sums of small integers. */
static void check_sum(int rank, const int64_t *extents)
{
    permutation p[3];
    double *data[3];
    int64_t strides[3][TF_MAX_AXES], at[3];
    for (int k = 0; k < 3; k++) {
        int axes[TF_MAX_AXES];
        int64_t stride = 1;
        shuffle(rank, axes);
        for (int i = 0; i < rank; i++) {
            strides[k][axes[i]] = stride;
            stride *= extents[axes[i]];
        }
        p[k].count = stride;
        data[k] = malloc((size_t)stride * sizeof(double));
        assert_non_null(data[k]);
        for (int64_t i = 0; i < stride; i++)
            data[k][i] = (double)random_below(1000);
    }
    const void *in[] = {data[1], data[2]};
    const int64_t *in_strides[] = {strides[1], strides[2]};
    for (int isa = 0; isa < isa_count; isa++)
        for (int threads = 1; threads <= 2; threads++) {
            fixture f;
            fixture_open(&f, isas[isa]);
            f.engine.threads = threads;
            memset(data[0], POISON, (size_t)p[0].count * sizeof(double));
            assert_int_equal(tf_map(&f.engine, TF_MAP_ADD, TENFERRO_FLOAT64, rank, extents, in,
                                    in_strides, data[0], strides[0]),
                             TENFERRO_OK);
            for (int64_t i = 0; i < p[0].count; i++) {
                int64_t rest = i;
                memset(at, 0, sizeof at);
                for (int axis = 0; axis < rank; axis++) {
                    for (int k = 0; k < 3; k++)
                        at[k] += rest % extents[axis] * strides[k][axis];
                    rest /= extents[axis];
                }
                if (data[0][at[0]] != data[1][at[1]] + data[2][at[2]])
                    fail_msg("sum, rank %d, element %lld, seed %llu", rank, (long long)i,
                             (unsigned long long)seed);
            }
            fixture_close(&f);
        }
    for (int k = 0; k < 3; k++)
        free(data[k]);
}

static void map__operands_in_different_orders__match(void **state)
{
    (void)state;
    for (int n = 0; n < 60; n++) {
        int64_t extents[20], count = 1;
        int rank = n % 3 == 0 ? 2 : n % 3 == 1 ? 3 : 4 + (int)random_below(14);
        for (int i = 0; i < rank; i++) {
            extents[i] = rank < 4 ? 1 + random_below(rank == 2 ? 150 : 40) : 1 + random_below(3);
            if (count * extents[i] > 60000)
                extents[i] = 1;
            count *= extents[i];
        }
        check_sum(rank, extents);
    }
}

static void map__large_outputs_in_different_orders__match(void **state)
{
    (void)state;
    const int64_t matrix[] = {1500, 1501}, thin[] = {3, 750001}, cube[] = {120, 131, 144};
    for (int n = 0; n < (TF_UNDER_ASAN || TF_UNDER_TSAN ? 1 : 3); n++) {
        check_sum(2, matrix);
        check_sum(2, thin);
        check_sum(3, cube);
    }
}

/* Long rows: streamed, fetched ahead, backwards, from a single element, in place, at any address. */
static void rows__beyond_the_caches__are_whole(void **state)
{
    (void)state;
    enum { COUNT = 2200000 };
    double *memory = malloc((2 * COUNT + 8) * sizeof(double)),
           *out = malloc((COUNT + 10) * sizeof(double));
    float *narrow = malloc((COUNT + 8) * sizeof(float));
    assert_true(memory && out && narrow);
    const int64_t count = COUNT, one = 1, strides[] = {1, -1, 2, 0};
    for (int64_t i = 0; i < 2 * COUNT + 8; i++)
        memory[i] = (double)random_below(1000);
    for (int64_t i = 0; i < COUNT; i++)
        narrow[i] = (float)i;
    for (int isa = 0; isa < isa_count; isa++)
        for (int n = 0; n < 4; n++) {
            fixture f;
            fixture_open(&f, isas[isa]);
            f.engine.threads = 1 + n % 2;
            int64_t stride = strides[n];
            double *to = out + 1 + random_below(8), *x = memory + (stride < 0 ? COUNT - 1 : n);
            const void *in[] = {x, memory + 3};
            const int64_t *in_strides[] = {&stride, &one};
            to[-1] = to[COUNT] = -1;
            assert_int_equal(tf_map(&f.engine, TF_MAP_ADD, TENFERRO_FLOAT64, 1, &count, in,
                                    in_strides, to, &one),
                             TENFERRO_OK);
            for (int64_t i = 0; i < COUNT; i++)
                assert_true(to[i] == x[i * stride] + memory[3 + i]);
            in[0] = to; /* in place */
            in_strides[0] = &one;
            assert_int_equal(tf_map(&f.engine, TF_MAP_SUB, TENFERRO_FLOAT64, 1, &count, in,
                                    in_strides, to, &one),
                             TENFERRO_OK);
            for (int64_t i = 0; i < COUNT; i++)
                assert_true(to[i] == x[i * stride]);
            assert_int_equal(tf_cast(&f.engine, TENFERRO_FLOAT32, TENFERRO_FLOAT64, 1, &count,
                                     narrow, &one, to, &one),
                             TENFERRO_OK);
            for (int64_t i = 0; i < COUNT; i++)
                assert_true(to[i] == (double)i);
            assert_int_equal(tf_fill(&f.engine, 8, x, 1, &count, to, &one), TENFERRO_OK);
            for (int64_t i = 0; i < COUNT; i++)
                assert_true(to[i] == x[0]);
            assert_true(to[-1] == -1 && to[COUNT] == -1);
            fixture_close(&f);
        }
    free(memory);
    free(out);
    free(narrow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy__around_tile_edges__transposes),
        cmocka_unit_test(copy__many_short_axes__permutes),
        cmocka_unit_test(copy__large_outputs__are_streamed),
        cmocka_unit_test(map__operands_in_different_orders__match),
        cmocka_unit_test(map__large_outputs_in_different_orders__match),
        cmocka_unit_test(rows__beyond_the_caches__are_whole),
    };
    isa_count = fixture_isas(isas);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
