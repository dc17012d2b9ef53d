/* The thread pool: coverage, chunk borders, nesting, several callers, settings, fork. */

#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/parallel.h"

static void *plain_allocate(void *user, size_t size)
{
    return user ? NULL : malloc(size); /* a user of any kind: an allocator that fails */
}

static void plain_deallocate(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static tf_pool *pool_of(int threads)
{
    const tf_pool_memory memory = {NULL, plain_allocate, plain_deallocate};
    tf_pool *pool = NULL;
    CHECK_OK(tf_pool_create(&memory, threads, &pool));
    return pool;
}

typedef struct coverage {
    tf_pool *pool;
    int64_t count, grain;
    int threads;
    int nested; /* each chunk runs a loop of its own over `nested` indices */
    atomic_int *hits;
    atomic_int bad;
    atomic_int in_use[16]; /* by worker */
    atomic_int nested_hits;
} coverage;

static void count_nested(void *user, int64_t begin, int64_t end, int worker)
{
    coverage *c = user;
    if (worker != 0)
        atomic_store(&c->bad, 1); /* nested loops are serial */
    atomic_fetch_add(&c->nested_hits, (int)(end - begin));
}

static void count_chunk(void *user, int64_t begin, int64_t end, int worker)
{
    coverage *c = user;
    int right = begin % c->grain == 0 &&
                end == (begin + c->grain < c->count ? begin + c->grain : c->count);
    if (!right || worker < 0 || worker >= c->threads || atomic_exchange(&c->in_use[worker], 1))
        atomic_store(&c->bad, 1);
    for (int64_t i = begin; i < end; i++)
        atomic_fetch_add(&c->hits[i], 1);
    if (c->nested)
        tf_parallel_for(c->pool, 0, c->nested, 1, count_nested, c);
    atomic_store(&c->in_use[worker & 15], 0);
}

/* 1 if every index was visited once, in chunks with the right borders. */
static int covers(tf_pool *pool, int threads, int64_t count, int64_t grain, int nested)
{
    coverage c;
    memset(&c, 0, sizeof c);
    c.pool = pool;
    c.count = count;
    c.grain = grain;
    c.threads = threads;
    c.nested = nested;
    c.hits = calloc((size_t)count + 1, sizeof *c.hits);
    tf_parallel_for(pool, 0, count, grain, count_chunk, &c);
    int right = !atomic_load(&c.bad);
    for (int64_t i = 0; i < count; i++)
        right = right && atomic_load(&c.hits[i]) == 1;
    int64_t chunks = count > 0 ? (count - 1) / grain + 1 : 0;
    right = right && atomic_load(&c.nested_hits) == chunks * nested;
    free(c.hits);
    return right;
}

static void for__any_count_and_grain__every_index_once(void **state)
{
    (void)state;
    test_rng rng = test_rng_make(2);
    for (int threads = 1; threads <= 4; threads++) {
        tf_pool *pool = pool_of(threads);
        assert_int_equal(tf_pool_threads(pool), threads);
        for (int i = 0; i < 300; i++)
            assert_true(covers(pool, threads, test_rng_range(&rng, 0, 300),
                               test_rng_range(&rng, 1, 40), 0));
        tf_pool_destroy(pool);
    }
    assert_true(covers(NULL, 1, 100, 7, 0));
    assert_int_equal(tf_pool_threads(NULL), 1);
    tf_pool_destroy(NULL);
    tf_pool_park(NULL);
}

static void for__nested__runs_serially(void **state)
{
    (void)state;
    tf_pool *pool = pool_of(3);
    for (int i = 0; i < 50; i++)
        assert_true(covers(pool, 3, 40, 3, 11));
    tf_pool_destroy(pool);
}

static void sum_chunk(void *user, int64_t begin, int64_t end, int worker)
{
    double *partial = user, sum = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        sum += 1.0 / (double)(i + 1);
    partial[begin / 100] = sum;
}

static void for__partial_sums__do_not_depend_on_threads(void **state)
{
    (void)state;
    double first[100];
    for (int threads = 1; threads <= 4; threads++) {
        double partial[100] = {0};
        tf_pool *pool = pool_of(threads);
        tf_parallel_for(pool, 0, 9950, 100, sum_chunk, partial);
        tf_pool_destroy(pool);
        if (threads == 1)
            memcpy(first, partial, sizeof first);
        assert_memory_equal(first, partial, sizeof first);
    }
}

static void *hammer(void *user)
{
    intptr_t right = 1;
    for (int i = 0; i < 200; i++)
        right = right && covers(user, 3, 100, 9, i % 2);
    return (void *)right;
}

static void for__several_threads_at_once__all_are_served(void **state)
{
    (void)state;
    tf_pool *pool = pool_of(3);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, pool), 0);
    for (int i = 0; i < 4; i++) {
        void *right = NULL;
        pthread_join(threads[i], &right);
        assert_non_null(right);
    }
    tf_pool_destroy(pool);
}

static void slow_chunk(void *user, int64_t begin, int64_t end, int worker)
{
    (void)begin, (void)end, (void)worker;
    usleep(2000); /* longer than anybody spins */
    atomic_fetch_add((atomic_int *)user, 1);
}

static void for__long_chunks_and_pauses__sleepers_wake(void **state)
{
    (void)state;
    tf_pool *pool = pool_of(4);
    for (int i = 0; i < 10; i++) {
        atomic_int done = 0;
        tf_parallel_for(pool, 0, 6, 1, slow_chunk, &done);
        assert_int_equal(atomic_load(&done), 6);
        usleep(500);
        tf_pool_park(pool);
    }
    tf_pool_destroy(pool);
}

static void set_threads__later_loops_use_it(void **state)
{
    (void)state;
    tf_pool *pool = pool_of(1);
    assert_true(covers(pool, 1, 100, 3, 0));
    tf_pool_set_threads(pool, 4);
    assert_true(covers(pool, 4, 100, 3, 0));
    tf_pool_set_threads(pool, 2);
    assert_true(covers(pool, 2, 100, 3, 0));
    tf_pool_set_threads(pool, 0);
    assert_int_equal(tf_pool_threads(pool), 1);
    tf_pool_destroy(pool);
}

static void create__no_memory__is_an_error(void **state)
{
    (void)state;
    int anything;
    const tf_pool_memory memory = {&anything, plain_allocate, plain_deallocate};
    tf_pool *pool = NULL;
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, tf_pool_create(&memory, 2, &pool));
    assert_null(pool);
}

typedef struct stingy {
    int left;
} stingy;

static void *stingy_allocate(void *user, size_t size)
{
    stingy *s = user;
    return s->left-- > 0 ? malloc(size) : NULL;
}

static void for__no_memory_for_workers__caller_does_the_work(void **state)
{
    (void)state;
    stingy s = {1};
    const tf_pool_memory memory = {&s, stingy_allocate, plain_deallocate};
    tf_pool *pool = NULL;
    CHECK_OK(tf_pool_create(&memory, 4, &pool));
    assert_true(covers(pool, 4, 100, 3, 0));
    tf_pool_destroy(pool);
}

static void fork__child_goes_on_with_fresh_workers(void **state)
{
    (void)state;
    if (TEST_UNDER_TSAN || test_is_emulated())
        skip(); /* they forbid threads after a fork */
    tf_pool *pool = pool_of(3);
    for (int round = 0; round < 5; round++) {
        assert_true(covers(pool, 3, 1000, 3, 0));
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            int right = 1;
            tf_pool_park(pool);
            for (int i = 0; i < 20; i++)
                right = right && covers(pool, 3, 1000, 3, 1);
            tf_pool_destroy(pool);
            _exit(right ? 0 : 1);
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_true(covers(pool, 3, 1000, 3, 0));
    pid_t idle = fork(); /* a child that only destroys must not wait for workers that it has not */
    if (idle == 0) {
        tf_pool_destroy(pool);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(idle, &status, 0), idle);
    assert_int_equal(status, 0);
    tf_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for__any_count_and_grain__every_index_once),
        cmocka_unit_test(for__nested__runs_serially),
        cmocka_unit_test(for__partial_sums__do_not_depend_on_threads),
        cmocka_unit_test(for__several_threads_at_once__all_are_served),
        cmocka_unit_test(for__long_chunks_and_pauses__sleepers_wake),
        cmocka_unit_test(set_threads__later_loops_use_it),
        cmocka_unit_test(create__no_memory__is_an_error),
        cmocka_unit_test(for__no_memory_for_workers__caller_does_the_work),
        cmocka_unit_test(fork__child_goes_on_with_fresh_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
