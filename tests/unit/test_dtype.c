/* dtypes: the table, names, promotion, the registry of users' types. */

#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "memory/context.h"

enum { FIRST = TENFERRO_BOOL, LAST = TENFERRO_COMPLEX128 };

static void describe__built_in__size_and_alignment(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 4, 8, 4, 8, 8, 16},
                         alignments[] = {0, 1, 4, 8, 4, 8, 4, 8};
    static const char *const names[] = {"",        "bool",    "int32",     "int64",
                                        "float32", "float64", "complex64", "complex128"};
    for (tenferro_dtype d = FIRST; d <= LAST; d++) {
        tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
        CHECK_OK(tenferro_dtype_describe(NULL, d, &info));
        assert_string_equal(info.name, names[d]);
        assert_int_equal(info.size, sizes[d]);
        assert_int_equal(info.alignment, alignments[d]);
        assert_int_equal(tf_dtype_size(NULL, d), sizes[d]);
        tenferro_dtype back = 0;
        CHECK_OK(tenferro_dtype_from_name(names[d], &back));
        assert_int_equal(back, d);
    }
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_describe(NULL, 0, &info));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_describe(NULL, 99, &info));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_describe(NULL, 256, &info));
    assert_int_equal(tf_dtype_size(NULL, 99), 0);
    assert_string_equal(tf_dtype_name(NULL, 99), "?");
}

static void from_name__short_and_unknown(void **state)
{
    (void)state;
    tenferro_dtype d = 77;
    CHECK_OK(tenferro_dtype_from_name("f64", &d));
    assert_int_equal(d, TENFERRO_FLOAT64);
    CHECK_OK(tenferro_dtype_from_name("c64", &d));
    assert_int_equal(d, TENFERRO_COMPLEX64);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_from_name("float16", &d));
    CHECK_MESSAGE("float16");
    assert_int_equal(d, TENFERRO_COMPLEX64);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_from_name(NULL, &d));
}

static void promote__whole_table(void **state)
{
    (void)state;
    enum { B = 1, I4, I8, F4, F8, C8, C16 };
    static const tenferro_dtype expected[8][8] = {
        {0},
        {0, B, I4, I8, F4, F8, C8, C16},
        {0, I4, I4, I8, F8, F8, C16, C16},
        {0, I8, I8, I8, 0, 0, 0, 0},
        {0, F4, F8, 0, F4, F8, C8, C16},
        {0, F8, F8, 0, F8, F8, C16, C16},
        {0, C8, C16, 0, C8, C16, C8, C16},
        {0, C16, C16, 0, C16, C16, C16, C16},
    };
    for (tenferro_dtype a = FIRST; a <= LAST; a++) {
        for (tenferro_dtype b = FIRST; b <= LAST; b++) {
            tenferro_dtype out = 0;
            tenferro_status status = tenferro_dtype_promote(a, b, &out);
            assert_int_equal(out, expected[a][b]);
            assert_int_equal(status, expected[a][b] ? TENFERRO_OK : TENFERRO_DTYPE_MISMATCH);
        }
    }
    tenferro_dtype out = 0;
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH,
                 tenferro_dtype_promote(TENFERRO_INT64, TENFERRO_FLOAT32, &out));
    CHECK_MESSAGE("tenferro_cast()");
    CHECK_MESSAGE("int64");
    CHECK_OK(tenferro_dtype_promote(300, 300, &out));
    assert_int_equal(out, 300);
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_dtype_promote(300, TENFERRO_BOOL, &out));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_dtype_promote(300, 301, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_promote(0, 0, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_promote(9, TENFERRO_BOOL, &out));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_promote(TENFERRO_BOOL, 9, &out));
}

static tenferro_dtype_info info_of(const char *name, int64_t size, int64_t alignment)
{
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    info.name = name;
    info.size = size;
    info.alignment = alignment;
    return info;
}

static void register__new_types__ids_from_256(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    char name[32] = "quaternion";
    tenferro_dtype_info info = info_of(name, 32, 8);
    tenferro_dtype a = 0, b = 0;
    CHECK_OK(tenferro_dtype_register(context, &info, &a));
    assert_int_equal(a, TENFERRO_DTYPE_USER);
    memset(name, 'x', 3); /* it was copied */
    tenferro_dtype_info got = TENFERRO_DTYPE_INFO_INIT;
    CHECK_OK(tenferro_dtype_describe(context, a, &got));
    assert_string_equal(got.name, "quaternion");
    assert_int_equal(got.size, 32);
    assert_int_equal(got.alignment, 8);
    info.name = "interval";
    CHECK_OK(tenferro_dtype_register(context, &info, &b));
    assert_int_equal(b, a + 1);
    assert_string_equal(tf_dtype_name(context, a), "quaternion");
    assert_string_equal(tf_dtype_name(context, b), "interval");
    assert_int_equal(tf_dtype_size(context, b), 32);
    assert_int_equal(tf_dtype_size(NULL, b), 0);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_register(context, &info, &b));
    CHECK_MESSAGE("interval");
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

static void register__bad_info__is_refused(void **state)
{
    (void)state;
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *context = test_context_with(&allocator, 1);
    const tenferro_dtype_info bad[] = {
        info_of(NULL, 8, 8),  info_of("", 8, 8),      info_of("a", 0, 1),       info_of("a", 8, 0),
        info_of("a", 24, 12), info_of("a", 256, 128), info_of("float64", 8, 8), info_of("a", 12, 8),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tenferro_dtype out = 5;
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_register(context, &bad[i], &out));
        assert_int_equal(out, 5);
    }
    tenferro_dtype_info info = info_of("a", 8, 8);
    tenferro_dtype out = 0;
    allocator.fail_after = 0;
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, tenferro_dtype_register(context, &info, &out));
    allocator.fail_after = -1;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_dtype_register(NULL, &info, &out));
    tenferro_context_release(context);
    test_allocator_check_empty(&allocator);
}

typedef struct registration {
    tenferro_context *context;
    tenferro_dtype ids[64];
} registration;

static void register_many(void *user, int64_t begin, int64_t end, int worker)
{
    registration *r = user;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        char name[32];
        snprintf(name, sizeof name, "type%d", (int)i);
        tenferro_dtype_info info = info_of(name, i + 1, 1);
        if (tenferro_dtype_register(r->context, &info, &r->ids[i]) != TENFERRO_OK)
            r->ids[i] = 0;
    }
}

static void register__from_several_threads__ids_are_distinct(void **state)
{
    (void)state;
    registration r = {test_context(), {0}};
    CHECK_OK(tenferro_context_set_threads(r.context, 4));
    tf_parallel_for(tf_context_pool(r.context), 4, 64, 1, register_many, &r);
    char seen[64] = {0};
    for (int i = 0; i < 64; i++) {
        assert_in_range(r.ids[i], 256, 256 + 63);
        assert_int_equal(seen[r.ids[i] - 256]++, 0);
        assert_int_equal(tf_dtype_size(r.context, r.ids[i]), i + 1);
    }
    tenferro_context_release(r.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describe__built_in__size_and_alignment),
        cmocka_unit_test(from_name__short_and_unknown),
        cmocka_unit_test(promote__whole_table),
        cmocka_unit_test(register__new_types__ids_from_256),
        cmocka_unit_test(register__bad_info__is_refused),
        cmocka_unit_test(register__from_several_threads__ids_are_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
