/*
 * The buffer pool and storage: reuse, limits, statistics, versions, foreign memory, failing
 * allocators.
 */

#include "testing.h"

#include <string.h>

#include "memory/storage.h"

#if TF_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#endif

static tenferro_memory_statistics statistics_of(const tenferro_context *context)
{
    tenferro_memory_statistics s = TENFERRO_MEMORY_STATISTICS_INIT;
    CHECK_OK(tenferro_context_memory_statistics(context, &s));
    return s;
}

static tenferro_context *context_with_pool(test_allocator *allocator, int64_t pool_limit)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.allocator = &allocator->allocator;
    options.pool_limit = pool_limit;
    options.blas = "none";
    tenferro_context *context = NULL;
    CHECK_OK(tenferro_context_create(&options, &context));
    return context;
}

static void take__block_given_back__is_reused(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    void *a = tf_scratch_take(context, 1000);
    assert_non_null(a);
    assert_int_equal(statistics_of(context).live, 1000);
    tf_scratch_give(context, a, 1000);
    tenferro_memory_statistics s = statistics_of(context);
    assert_int_equal(s.live, 0);
    assert_int_equal(s.peak, 1000);
    assert_in_range(s.pooled, 1000, 1280);
    void *b = tf_scratch_take(context, 1010); /* of the same class */
    assert_ptr_equal(a, b);
    s = statistics_of(context);
    assert_int_equal(s.allocations, 1);
    assert_int_equal(s.reuses, 1);
    assert_int_equal(s.pooled, 0);
    tf_scratch_give(context, b, 1010);
    tenferro_context_trim(context);
    assert_int_equal(statistics_of(context).pooled, 0);
    tenferro_context_reset_peak(context);
    assert_int_equal(statistics_of(context).peak, 0);
    tenferro_context_release(context);
}

static void take__every_size__is_aligned_and_wastes_at_most_a_quarter(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = context_with_pool(&allocator, -1);
    int64_t idle = allocator.live_bytes;
    for (int64_t bytes = 0; bytes < (INT64_C(1) << 22); bytes += bytes / 7 + 1) {
        char *block = tf_scratch_take(context, bytes);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        int64_t size = allocator.live_bytes - idle;
        assert_in_range(size, bytes, bytes < 256 ? bytes + 64 : bytes + bytes / 4 + 1);
        memset(block, 7, (size_t)bytes);
        tf_scratch_give(context, block, bytes);
        assert_int_equal(allocator.live_bytes, idle); /* nothing is kept */
    }
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void take__large_block_of_default_allocator__is_aligned_to_huge_pages(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    int64_t bytes = INT64_C(3) << 20;
    char *block = tf_scratch_take(context, bytes);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % (2u << 20), 0);
    block[0] = block[bytes - 1] = 1;
    tf_scratch_give(context, block, bytes);
    tenferro_context_release(context);
}

static void give__pool_full__oldest_goes(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = context_with_pool(&allocator, 4096);
    char *a = tf_scratch_take(context, 2048), *b = tf_scratch_take(context, 1024);
    char *c = tf_scratch_take(context, 2048), *large = tf_scratch_take(context, 8192);
    tf_scratch_give(context, a, 2048);
    tf_scratch_give(context, b, 1024);
    tf_scratch_give(context, c, 2048); /* 5120 > 4096: a goes */
    assert_int_equal(statistics_of(context).pooled, 3072);
    tf_scratch_give(context, large, 8192); /* never fits */
    assert_int_equal(statistics_of(context).pooled, 3072);
    assert_ptr_equal(tf_scratch_take(context, 2048), c);
    assert_ptr_equal(tf_scratch_take(context, 1024), b);
    assert_int_equal(statistics_of(context).pooled, 0);
    tf_scratch_give(context, b, 1024);
    tf_scratch_give(context, c, 2048);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void take__memory_limit__names_requested_live_and_limit(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    CHECK_OK(tenferro_context_set_memory_limit(context, 10000));
    void *a = tf_scratch_take(context, 6000);
    assert_non_null(a);
    assert_null(tf_scratch_take(context, 4001));
    CHECK_MESSAGE("requested 4001");
    CHECK_MESSAGE("6000 bytes live");
    CHECK_MESSAGE("limit 10000");
    void *b = tf_scratch_take(context, 4000);
    assert_non_null(b);
    assert_int_equal(statistics_of(context).live, 10000);
    tf_storage *storage = (tf_storage *)1;
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, tf_storage_create(context, 1, &storage));
    assert_null(storage);
    CHECK_OK(tenferro_context_set_memory_limit(context, 5000)); /* below what lives: fine */
    assert_null(tf_scratch_take(context, 1));
    CHECK_OK(tenferro_context_set_memory_limit(context, 0));
    assert_null(tf_scratch_take(context, INT64_MAX));
    assert_null(tf_scratch_take(context, -1));
    tf_scratch_give(context, a, 6000);
    tf_scratch_give(context, b, 4000);
    tf_scratch_give(context, NULL, 10);
    tenferro_context_release(context);
}

static void take__allocator_fails_once__pool_is_trimmed_and_it_tries_again(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    void *small = tf_scratch_take(context, 100);
    tf_scratch_give(context, small, 100);
    allocator.fail_once = 1;
    allocator.fail_after = allocator.count;
    void *block = tf_scratch_take(context, 5000);
    assert_non_null(block);
    assert_int_equal(statistics_of(context).pooled, 0);
    allocator.fail_once = 0;
    allocator.fail_after = 0;
    assert_null(tf_scratch_take(context, 7000));
    CHECK_MESSAGE("7000 bytes");
    assert_int_equal(statistics_of(context).live, 5000);
    assert_int_equal(statistics_of(context).peak, 5000);
    allocator.fail_after = -1;
    tf_scratch_give(context, block, 5000);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void random_traffic__blocks_never_overlap(void **state)
{
    (void)state;
    enum { SLOTS = 40 };
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = context_with_pool(&allocator, 50000);
    test_rng rng = test_rng_make(1);
    unsigned char *blocks[SLOTS] = {0};
    int64_t sizes[SLOTS] = {0}, live = 0;
    for (int step = 0; step < 5000; step++) {
        int i = (int)test_rng_range(&rng, 0, SLOTS - 1);
        if (blocks[i]) {
            for (int64_t k = 0; k < sizes[i]; k++)
                assert_int_equal(blocks[i][k], i);
            tf_scratch_give(context, blocks[i], sizes[i]);
            live -= sizes[i];
            blocks[i] = NULL;
        } else {
            sizes[i] = test_rng_range(&rng, 0, INT64_C(1) << test_rng_range(&rng, 0, 13));
            blocks[i] = tf_scratch_take(context, sizes[i]);
            assert_non_null(blocks[i]);
            memset(blocks[i], i, (size_t)sizes[i]);
            live += sizes[i];
        }
        tenferro_memory_statistics s = statistics_of(context);
        assert_int_equal(s.live, live);
        assert_in_range(s.pooled, 0, 50000);
    }
    for (int i = 0; i < SLOTS; i++)
        tf_scratch_give(context, blocks[i], sizes[i]);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void give__under_asan__block_and_slack_are_poisoned(void **state)
{
    (void)state;
#if TF_UNDER_ASAN
    tenferro_context *context = test_context();
    char *block = tf_scratch_take(context, 1000); /* of a class of 1024 */
    assert_null(__asan_region_is_poisoned(block, 1000));
    assert_ptr_equal(__asan_region_is_poisoned(block, 1010), block + 1000);
    tf_scratch_give(context, block, 1000);
    for (int i = 0; i < 1024; i++)
        assert_true(__asan_address_is_poisoned(block + i));
    tenferro_context_release(context);
#else
    skip();
#endif
}

static void traffic(void *user, int64_t begin, int64_t end, int worker)
{
    for (int64_t i = begin; i < end; i++) {
        int64_t bytes = 64 << (i % 8);
        unsigned char *block = tf_scratch_take(user, bytes);
        if (!block)
            continue;
        memset(block, worker, (size_t)bytes);
        tf_scratch_give(user, block, bytes);
    }
}

static void threads__share_the_pool(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 4);
    tf_parallel_for(tf_context_pool(context), 4, 2000, 10, traffic, context);
    tenferro_memory_statistics s = statistics_of(context);
    assert_int_equal(s.live, 0);
    assert_int_equal(s.allocations + s.reuses, 2000);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

/* ---- storage ---- */

static void storage__outlives_its_context(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    tf_storage *storage;
    CHECK_OK(tf_storage_create(context, 100, &storage));
    tenferro_context_release(context);
    assert_ptr_equal(tf_storage_context(storage), context);
    assert_int_equal(tf_storage_bytes(storage), 100);
    assert_int_equal((uintptr_t)tf_storage_data(storage) % 64, 0);
    assert_true(tf_storage_is_unique(storage));
    assert_ptr_equal(tf_storage_retain(storage), storage);
    assert_false(tf_storage_is_unique(storage));
    tf_storage_release(storage);
    uint64_t version = tf_storage_version(storage);
    tf_storage_touch(storage);
    assert_true(tf_storage_version(storage) > version);
    assert_false(tf_storage_read_only(storage));
    tf_storage_release(storage);
    tf_storage_release(NULL);
    assert_null(tf_storage_retain(NULL));
    test_allocator_check_empty(&allocator);
}

static void storage__zero_bytes__is_ordinary(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    tf_storage *storage;
    CHECK_OK(tf_storage_create(context, 0, &storage));
    assert_non_null(tf_storage_data(storage));
    tf_storage_release(storage);
    tenferro_context_release(context);
}

static void count_release(void *user)
{
    ++*(int *)user;
}

static void wrap__release_runs_exactly_once(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    double data[4] = {1, 2, 3, 4};
    int released = 0;
    tf_storage *storage;
    CHECK_OK(tf_storage_wrap(context, data, sizeof data, 1, count_release, &released, &storage));
    assert_ptr_equal(tf_storage_data(storage), data);
    assert_true(tf_storage_read_only(storage));
    assert_int_equal(statistics_of(context).live, 0);
    (void)tf_storage_retain(storage);
    tf_storage_release(storage);
    assert_int_equal(released, 0);
    tf_storage_release(storage);
    assert_int_equal(released, 1);

    allocator.fail_after = 0; /* on failure the memory stays the caller's */
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, tf_storage_wrap(context, data, sizeof data, 0,
                                                         count_release, &released, &storage));
    assert_null(storage);
    assert_int_equal(released, 1);
    allocator.fail_after = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 tf_storage_wrap(context, NULL, 8, 0, NULL, NULL, &storage));
    CHECK_OK(tf_storage_wrap(context, NULL, 0, 0, NULL, NULL, &storage));
    tf_storage_release(storage);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void storage__every_allocation_failing__leaks_nothing(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 4; n++) {
        test_allocator allocator;
        test_allocator_init(&allocator);
        tenferro_context *context = test_context_with(&allocator, 1);
        allocator.fail_after = allocator.count + n;
        tf_storage *storage = NULL;
        tenferro_status status = tf_storage_create(context, 1000, &storage);
        assert_int_equal(status, n < 2 ? TENFERRO_OUT_OF_MEMORY : TENFERRO_OK);
        assert_true((storage == NULL) == (n < 2));
        tf_storage_release(storage);
        tenferro_context_release(context);
        test_allocator_check_empty(&allocator);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take__block_given_back__is_reused),
        cmocka_unit_test(take__every_size__is_aligned_and_wastes_at_most_a_quarter),
        cmocka_unit_test(take__large_block_of_default_allocator__is_aligned_to_huge_pages),
        cmocka_unit_test(give__pool_full__oldest_goes),
        cmocka_unit_test(take__memory_limit__names_requested_live_and_limit),
        cmocka_unit_test(take__allocator_fails_once__pool_is_trimmed_and_it_tries_again),
        cmocka_unit_test(random_traffic__blocks_never_overlap),
        cmocka_unit_test(give__under_asan__block_and_slack_are_poisoned),
        cmocka_unit_test(threads__share_the_pool),
        cmocka_unit_test(storage__outlives_its_context),
        cmocka_unit_test(storage__zero_bytes__is_ordinary),
        cmocka_unit_test(wrap__release_runs_exactly_once),
        cmocka_unit_test(storage__every_allocation_failing__leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
