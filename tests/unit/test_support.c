/* Statuses and messages, checked arithmetic, text, hashing, the CPU. */

#include "testing.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/checked.h"
#include "support/cpu.h"
#include "support/hash.h"
#include "support/status.h"
#include "support/struct_size.h"
#include "support/text.h"

static void status_name__every_code__is_its_name(void **state)
{
    (void)state;
    assert_string_equal(tenferro_status_name(TENFERRO_OK), "OK");
    assert_string_equal(tenferro_status_name(TENFERRO_SHAPE_MISMATCH), "SHAPE_MISMATCH");
    for (int i = 0; i <= (int)TENFERRO_INTERNAL; i++)
        assert_string_not_equal(tenferro_status_name((tenferro_status)i), "UNKNOWN");
    assert_string_equal(tenferro_status_name((tenferro_status)18), "UNKNOWN");
    assert_string_equal(tenferro_status_name((tenferro_status)99999), "UNKNOWN");
}

static void version__matches_header(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", TENFERRO_VERSION_MAJOR, TENFERRO_VERSION_MINOR,
             TENFERRO_VERSION_PATCH);
    assert_string_equal(tenferro_version(), text);
}

static void error_set__formats_and_returns_status(void **state)
{
    (void)state;
    assert_int_equal(tenferro_error_set(TENFERRO_IO, "file %s line %d", "a", 3), TENFERRO_IO);
    assert_string_equal(tenferro_error_message(), "file a line 3");
}

static void fail__message_as_argument__is_safe(void **state)
{
    (void)state;
    (void)tf_fail(TENFERRO_IO, "inner");
    (void)tf_fail(TENFERRO_IO, "outer: %s", tenferro_error_message());
    assert_string_equal(tenferro_error_message(), "outer: inner");
    assert_int_equal(tf_fail_context(TENFERRO_GUARD, "op %d", 7), TENFERRO_GUARD);
    assert_string_equal(tenferro_error_message(), "op 7: outer: inner");
}

static void fail__long_message__is_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)tf_fail(TENFERRO_IO, "%s", text);
    assert_int_equal(strlen(tenferro_error_message()), 1023);
    (void)tf_fail_context(TENFERRO_IO, "%s", text);
    assert_int_equal(strlen(tenferro_error_message()), 1023);
}

static void error_save__restore__brings_the_message_back(void **state)
{
    (void)state;
    tf_saved_error saved;
    (void)tf_fail(TENFERRO_IO, "first");
    tf_error_save(&saved);
    (void)tf_fail(TENFERRO_IO, "second");
    tf_error_restore(&saved);
    assert_string_equal(tenferro_error_message(), "first");
}

static void *message_of_new_thread(void *user)
{
    *(int *)user = tenferro_error_message()[0] == '\0';
    (void)tf_fail(TENFERRO_IO, "theirs");
    return NULL;
}

static void error_message__is_per_thread(void **state)
{
    (void)state;
    int was_empty = 0;
    pthread_t thread;
    (void)tf_fail(TENFERRO_IO, "ours");
    assert_int_equal(pthread_create(&thread, NULL, message_of_new_thread, &was_empty), 0);
    pthread_join(thread, NULL);
    assert_true(was_empty);
    assert_string_equal(tenferro_error_message(), "ours");
}

typedef struct options_v2 {
    size_t struct_size;
    int a, b;
} options_v2;

static void struct_size__older_caller__gets_the_defaults(void **state)
{
    (void)state;
    options_v2 given = {offsetof(options_v2, b), 7, 8}, ours = {sizeof ours, 1, 2};
    CHECK_OK(tf_struct_read("t", &ours, sizeof ours, &given));
    assert_int_equal(ours.a, 7);
    assert_int_equal(ours.b, 2);
    assert_int_equal(ours.struct_size, sizeof ours);
    options_v2 result = {sizeof result, 30, 40};
    CHECK_OK(tf_struct_write("t", &given, &result, sizeof result));
    assert_int_equal(given.a, 30);
    assert_int_equal(given.b, 8);
    given.struct_size = 0;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tf_struct_read("t", &ours, sizeof ours, &given));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tf_struct_write("t", &given, &ours, sizeof ours));
}

static void checked__borders__tell_overflow(void **state)
{
    (void)state;
    int64_t r;
    assert_true(tf_add_overflows(INT64_MAX, 1, &r));
    assert_false(tf_add_overflows(INT64_MAX, 0, &r));
    assert_true(tf_sub_overflows(INT64_MIN, 1, &r));
    assert_true(tf_mul_overflows(INT64_MIN, -1, &r));
    assert_false(tf_mul_overflows(INT64_C(3037000499), INT64_C(3037000499), &r));
    assert_true(tf_mul_overflows(INT64_C(3037000500), INT64_C(3037000500), &r));
}

static void product__zero_extent__is_zero_wherever_it_stands(void **state)
{
    (void)state;
    const int64_t big = INT64_C(1) << 40;
    int64_t r = -1;
    assert_false(tf_product_overflows(3, (const int64_t[]){big, big, 0}, &r));
    assert_int_equal(r, 0);
    assert_false(tf_product_overflows(3, (const int64_t[]){0, big, big}, &r));
    assert_int_equal(r, 0);
    assert_true(tf_product_overflows(2, (const int64_t[]){big, big}, &r));
    assert_false(tf_product_overflows(0, NULL, &r));
    assert_int_equal(r, 1);
    assert_false(tf_product_overflows(3, (const int64_t[]){2, 3, 4}, &r));
    assert_int_equal(r, 24);
}

static void text__full_buffer__keeps_counting(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 12; size++) {
        char buffer[13];
        memset(buffer, '#', sizeof buffer);
        tf_text text;
        size_t needed = 0;
        tf_text_init(&text, size ? buffer : NULL, size);
        tf_text_add(&text, "ab%d", 12);
        tf_text_add_extents(&text, 2, (const int64_t[]){3, 4});
        tf_text_finish(&text, &needed);
        assert_int_equal(needed, 10);
        if (size > 0) {
            assert_int_equal(strlen(buffer), size - 1 < 10 ? size - 1 : 10);
            assert_memory_equal(buffer, "ab12(3, 4)", strlen(buffer));
        }
        assert_int_equal(buffer[size], '#');
    }
}

static void shape_text__long_shape__is_cut_visibly(void **state)
{
    (void)state;
    int64_t extents[60];
    for (int i = 0; i < 60; i++)
        extents[i] = 1000000;
    assert_string_equal(tf_shape_text(3, (const int64_t[]){2, 3, 4}).chars, "(2, 3, 4)");
    assert_string_equal(tf_shape_text(0, NULL).chars, "()");
    tf_shape_chars cut = tf_shape_text(60, extents);
    assert_int_equal(strlen(cut.chars), sizeof cut.chars - 1);
    assert_string_equal(cut.chars + strlen(cut.chars) - 5, " ...)");
}

static void hash__every_byte_and_the_length_count(void **state)
{
    (void)state;
    unsigned char bytes[33] = {0};
    uint64_t zero = tf_hash_bytes(bytes, sizeof bytes, 1);
    assert_true(zero == tf_hash_bytes(bytes, sizeof bytes, 1));
    assert_true(zero != tf_hash_bytes(bytes, sizeof bytes, 2));
    assert_true(zero != tf_hash_bytes(bytes, sizeof bytes - 1, 1));
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_true(zero != tf_hash_bytes(bytes, sizeof bytes, 1));
        bytes[i] = 0;
    }
}

static void cpu__detect__is_consistent(void **state)
{
    (void)state;
    tf_cpu cpu;
    tf_cpu_detect(&cpu);
    assert_true(cpu.avx2_fma || !cpu.avx512);
    assert_true(cpu.l1_bytes >= 0 && cpu.l2_bytes >= 0 && cpu.l3_bytes >= 0);
    assert_true(strlen(cpu.name) < sizeof cpu.name);
#if defined(__AVX2__)
    assert_true(cpu.avx2_fma);
#elif defined(__aarch64__)
    assert_true(cpu.neon);
#endif
    assert_true(tf_cpu_count() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_name__every_code__is_its_name),
        cmocka_unit_test(version__matches_header),
        cmocka_unit_test(error_set__formats_and_returns_status),
        cmocka_unit_test(fail__message_as_argument__is_safe),
        cmocka_unit_test(fail__long_message__is_cut),
        cmocka_unit_test(error_save__restore__brings_the_message_back),
        cmocka_unit_test(error_message__is_per_thread),
        cmocka_unit_test(struct_size__older_caller__gets_the_defaults),
        cmocka_unit_test(checked__borders__tell_overflow),
        cmocka_unit_test(product__zero_extent__is_zero_wherever_it_stands),
        cmocka_unit_test(text__full_buffer__keeps_counting),
        cmocka_unit_test(shape_text__long_shape__is_cut_visibly),
        cmocka_unit_test(hash__every_byte_and_the_length_count),
        cmocka_unit_test(cpu__detect__is_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
