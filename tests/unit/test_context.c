/* The context: options, allocator accounting, slots, cancel and progress, log, description. */

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "memory/context.h"
#include "memory/storage.h"

static void create__defaults__works(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    assert_true(tenferro_context_threads(context) >= 1);
    assert_ptr_equal(tenferro_context_retain(context), context);
    tenferro_context_release(context);
    tenferro_context_release(context);
    tenferro_context_release(NULL);
    assert_null(tenferro_context_retain(NULL));
}

static void create__bad_options__are_named(void **state)
{
    (void)state;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    tenferro_context *context = (tenferro_context *)1;
    options.threads = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    assert_null(context);
    options.threads = 1;
    options.memory_limit = -5;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    options.memory_limit = 0;
    options.isa = "sse9";
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    CHECK_MESSAGE("portable");
    CHECK_MESSAGE("avx2");
    options.isa = NULL;
    options.blas = "/nonexistent/libblas.so";
    CHECK_STATUS(TENFERRO_IO, tenferro_context_create(&options, &context));
    CHECK_MESSAGE("/nonexistent/libblas.so");
    options.blas = "none";
    options.struct_size = 0;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    CHECK_MESSAGE("struct_size");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(NULL, NULL));
    tenferro_allocator empty = TENFERRO_ALLOCATOR_INIT;
    options.struct_size = sizeof options;
    options.allocator = &empty;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    CHECK_MESSAGE("allocate");
    assert_null(context);
}

static void create__older_struct__takes_defaults_for_the_rest(void **state)
{
    (void)state;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = 3;
    options.isa = "not looked at";
    options.struct_size = offsetof(tenferro_context_options, memory_limit);
    tenferro_context *context;
    CHECK_OK(tenferro_context_create(&options, &context));
    assert_int_equal(tenferro_context_threads(context), 3);
    tenferro_context_release(context);
}

static void create__isa__option_and_environment(void **state)
{
    (void)state;
    tf_cpu cpu;
    tf_cpu_detect(&cpu);
    const char *before = getenv("TENFERRO_ISA");
    char kept[64] = "";
    if (before)
        strncpy(kept, before, sizeof kept - 1);
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    tenferro_context *context = NULL;

    unsetenv("TENFERRO_ISA");
    CHECK_OK(tenferro_context_create(&options, &context));
    assert_int_equal(tf_context_isa(context), cpu.neon       ? TF_ISA_NEON
                                              : cpu.avx512   ? TF_ISA_AVX512
                                              : cpu.avx2_fma ? TF_ISA_AVX2
                                                             : TF_ISA_PORTABLE);
    tenferro_context_release(context);

    setenv("TENFERRO_ISA", "portable", 1);
    CHECK_OK(tenferro_context_create(&options, &context));
    assert_int_equal(tf_context_isa(context), TF_ISA_PORTABLE);
    tenferro_context_release(context);

    options.isa = "avx2"; /* wins over the environment */
    CHECK_STATUS(cpu.avx2_fma ? TENFERRO_OK : TENFERRO_UNSUPPORTED,
                 tenferro_context_create(&options, &context));
    assert_true(!context || tf_context_isa(context) == TF_ISA_AVX2);
    tenferro_context_release(context);

    options.isa = NULL;
    setenv("TENFERRO_ISA", "avx512", 1);
    CHECK_STATUS(cpu.avx512 ? TENFERRO_OK : TENFERRO_UNSUPPORTED,
                 tenferro_context_create(&options, &context));
    assert_true(!context || tf_context_isa(context) == TF_ISA_AVX512);
    tenferro_context_release(context);

    setenv("TENFERRO_ISA", "neon", 1);
    CHECK_STATUS(cpu.neon ? TENFERRO_OK : TENFERRO_UNSUPPORTED,
                 tenferro_context_create(&options, &context));
    assert_true(!context || tf_context_isa(context) == TF_ISA_NEON);
    tenferro_context_release(context);

    setenv("TENFERRO_ISA", "mmx", 1);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_create(&options, &context));
    CHECK_MESSAGE("TENFERRO_ISA");
    if (before)
        setenv("TENFERRO_ISA", kept, 1);
    else
        unsetenv("TENFERRO_ISA");
}

static void touch(void *user, int64_t begin, int64_t end, int worker)
{
    (void)user, (void)begin, (void)end, (void)worker;
}

static void allocator__everything_comes_back_with_its_size(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 4);
    assert_true(allocator.live_blocks > 0);
    void *block = tf_malloc(context, 3, 7);
    assert_int_equal((uintptr_t)block % 16, 0);
    memset(block, 1, 21);
    char *text = tf_strdup(context, "hello");
    assert_string_equal(text, "hello");
    block = tf_realloc(context, block, 10, 100);
    assert_int_equal(((unsigned char *)block)[20], 1);
    block = tf_realloc(context, block, 1, 5);
    unsigned char *zeros = tf_calloc(context, 5, 10);
    for (int i = 0; i < 50; i++)
        assert_int_equal(zeros[i], 0);
    void *empty = tf_malloc(context, 0, 8), *again = tf_realloc(context, NULL, 2, 8);
    assert_non_null(empty);
    assert_non_null(again);
    void *scratch = tf_scratch_take(context, 5000000);
    assert_non_null(scratch);
    tf_parallel_for(tf_context_pool(context), 0, 100, 1, touch, NULL);
    tf_free(context, block);
    tf_free(context, text);
    tf_free(context, zeros);
    tf_free(context, empty);
    tf_free(context, again);
    tf_free(context, NULL);
    tf_scratch_give(context, scratch, 5000000);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void malloc__overflow_or_failure__is_NULL_with_a_message(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    assert_null(tf_malloc(context, INT64_MAX, 16));
    CHECK_MESSAGE("out of memory");
    assert_null(tf_malloc(context, -1, 16));
    assert_null(tf_malloc(context, INT64_MAX, 1));
    char *block = tf_strdup(context, "stays");
    allocator.fail_after = 0;
    assert_null(tf_malloc(context, 1, 16));
    CHECK_MESSAGE("16 bytes");
    assert_null(tf_realloc(context, block, 1, 100));
    assert_string_equal(block, "stays");
    allocator.fail_after = -1;
    tf_free(context, block);
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void create__every_allocation_failing__leaks_nothing(void **state)
{
    (void)state;
    int64_t n = 0;
    for (;; n++) {
        test_allocator allocator;
        test_allocator_init(&allocator);
        allocator.fail_after = n;
        tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
        options.allocator = &allocator.allocator;
        tenferro_context *context = NULL;
        tenferro_status status = tenferro_context_create(&options, &context);
        tenferro_context_release(context);
        test_allocator_check_empty(&allocator);
        if (status == TENFERRO_OK)
            break;
        assert_int_equal(status, TENFERRO_OUT_OF_MEMORY);
        assert_null(context);
    }
    assert_true(n > 2);
}

/* ---- slots ---- */

static int slot_log[8], slot_log_count;

static tenferro_status make_object(tenferro_context *context, void **object)
{
    *object = tf_malloc(context, 1, 64);
    return *object ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}
static tenferro_status make_nothing(tenferro_context *context, void **object)
{
    (void)context;
    *object = NULL;
    return tf_fail(TENFERRO_UNSUPPORTED, "no object today");
}
static void destroy_first(tenferro_context *context, void *object)
{
    slot_log[slot_log_count++] = 1;
    tf_free(context, object);
}
static void destroy_last(tenferro_context *context, void *object)
{
    slot_log[slot_log_count++] = 2;
    tf_free(context, object);
}

static void slot__made_once__destroyed_last_first(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    void *a = NULL, *b = NULL, *c = NULL;
    slot_log_count = 0;
    CHECK_STATUS(TENFERRO_UNSUPPORTED,
                 tf_context_slot(context, TF_SLOT_EXTENTS, make_nothing, destroy_first, &a));
    assert_null(a);
    CHECK_OK(tf_context_slot(context, TF_SLOT_EXTENTS, make_object, destroy_first, &a));
    CHECK_OK(tf_context_slot(context, TF_SLOT_EINSUM, make_object, destroy_last, &b));
    CHECK_OK(tf_context_slot(context, TF_SLOT_EXTENTS, make_object, destroy_first, &c));
    assert_ptr_equal(a, c);
    assert_ptr_not_equal(a, b);
    tenferro_context_release(context);
    assert_int_equal(slot_log_count, 2);
    assert_int_equal(slot_log[0], 2);
    assert_int_equal(slot_log[1], 1);
    test_allocator_check_empty(&allocator);
}

typedef struct slot_race {
    tenferro_context *context;
    void *got[8];
} slot_race;

static void take_slot(void *user, int64_t begin, int64_t end, int worker)
{
    slot_race *race = user;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        if (tf_context_slot(race->context, TF_SLOT_LEVELS, make_object, tf_free, &race->got[i]) !=
            TENFERRO_OK)
            race->got[i] = NULL;
}

static void slot__threads_race__one_object(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        test_allocator allocator;
        test_allocator_init(&allocator);
        slot_race race = {test_context_with(&allocator, 4), {0}};
        tf_parallel_for(tf_context_pool(race.context), 4, 8, 1, take_slot, &race);
        for (int i = 0; i < 8; i++) {
            assert_non_null(race.got[i]);
            assert_ptr_equal(race.got[i], race.got[0]);
        }
        tenferro_context_release(race.context);
        test_allocator_check_empty(&allocator);
    }
}

/* ---- cancel, progress, log ---- */

static void cancel__until_cleared(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    CHECK_OK(tf_check_cancel(context));
    tenferro_context_cancel(context);
    assert_true(tf_is_cancelled(context));
    CHECK_STATUS(TENFERRO_CANCELLED, tf_check_cancel(context));
    CHECK_STATUS(TENFERRO_CANCELLED, tf_report_progress(context, "t", 1, 2));
    tenferro_context_cancel_clear(context);
    CHECK_OK(tf_check_cancel(context));
    tenferro_context_cancel(NULL);
    tenferro_context_cancel_clear(NULL);
    tenferro_context_release(context);
}

typedef struct watcher {
    int calls, stop, logs;
    double last_done;
    char text[64];
} watcher;

static int on_progress(void *user, const tenferro_progress *progress)
{
    watcher *w = user;
    w->calls++;
    w->last_done = progress->done;
    assert_string_equal(progress->what, "einsum");
    return w->stop;
}

static void on_log(void *user, tenferro_log_level level, const char *message)
{
    watcher *w = user;
    w->logs += level == TENFERRO_LOG_WARNING;
    strncpy(w->text, message, sizeof w->text - 1);
}

static void progress__throttled_but_the_end_is_told(void **state)
{
    (void)state;
    watcher w = {0};
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.progress = on_progress;
    options.log = on_log;
    options.user = &w;
    tenferro_context *context;
    CHECK_OK(tenferro_context_create(&options, &context));
    for (int i = 0; i < 1000; i++)
        CHECK_OK(tf_report_progress(context, "einsum", i, 1000));
    assert_in_range(w.calls, 1, 900);
    CHECK_OK(tf_report_progress(context, "einsum", 1000, 1000));
    assert_true(w.last_done == 1000);
    w.stop = 1;
    CHECK_STATUS(TENFERRO_CANCELLED, tf_report_progress(context, "einsum", 1000, 1000));
    CHECK_MESSAGE("einsum");
    CHECK_OK(tf_check_cancel(context)); /* only that work was cancelled */
    tf_log(context, TENFERRO_LOG_WARNING, "%d blocks", 3);
    assert_int_equal(w.logs, 1);
    assert_string_equal(w.text, "3 blocks");
    tenferro_context_release(context);
    context = test_context();
    tf_log(context, TENFERRO_LOG_ERROR, "nobody listens");
    tenferro_context_release(context);
}

static void describe__tells_what_was_chosen(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 3);
    CHECK_OK(tenferro_context_set_memory_limit(context, 12345));
    char text[2048], small[8];
    size_t needed = 0, same = 0;
    CHECK_OK(tenferro_context_describe(context, text, sizeof text, &needed));
    assert_int_equal(needed, strlen(text));
    CHECK_OK(tenferro_context_describe(context, small, sizeof small, &same));
    assert_int_equal(needed, same);
    assert_string_equal(small, "tenferr");
    CHECK_OK(tenferro_context_describe(context, NULL, 0, NULL));
    assert_non_null(strstr(text, "tenferro: 0."));
    assert_non_null(strstr(text, "\nisa: "));
    assert_non_null(strstr(text, "\nthreads: 3\n"));
    assert_non_null(strstr(text, "\nblas: none"));
    assert_non_null(strstr(text, "\nmemory limit: 12345 bytes\n"));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_describe(NULL, text, 5, NULL));
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void settings__checked(void **state)
{
    (void)state;
    tenferro_context *context = test_context();
    CHECK_OK(tenferro_context_set_threads(context, 5));
    assert_int_equal(tenferro_context_threads(context), 5);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_set_threads(context, 0));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_set_threads(NULL, 1));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_set_memory_limit(context, -1));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_context_memory_statistics(context, NULL));
    assert_int_equal(tf_context_deterministic(context), 0);
    assert_true(tf_context_cpu(context)->l1_bytes >= 0);
    tenferro_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create__defaults__works),
        cmocka_unit_test(create__bad_options__are_named),
        cmocka_unit_test(create__older_struct__takes_defaults_for_the_rest),
        cmocka_unit_test(create__isa__option_and_environment),
        cmocka_unit_test(allocator__everything_comes_back_with_its_size),
        cmocka_unit_test(malloc__overflow_or_failure__is_NULL_with_a_message),
        cmocka_unit_test(create__every_allocation_failing__leaks_nothing),
        cmocka_unit_test(slot__made_once__destroyed_last_first),
        cmocka_unit_test(slot__threads_race__one_object),
        cmocka_unit_test(cancel__until_cleared),
        cmocka_unit_test(progress__throttled_but_the_end_is_told),
        cmocka_unit_test(describe__tells_what_was_chosen),
        cmocka_unit_test(settings__checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
