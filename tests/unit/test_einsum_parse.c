/* Einsum notation: what it means, and that each mistake is told with its place. */

#include "testing.h"

#include <string.h>

#include "einsum/letters.h"
#include "einsum/notation.h"

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

/* Reads it back: labels as text, '0' + i for the ellipsis' i-th axis from the end. */
static void check_parse(const char *equation, int count, const int *ranks, const char *expected)
{
    tf_notation n;
    char text[256], *end = text;
    CHECK_OK(tf_notation_parse(context, equation, count, ranks, &n));
    for (int i = 0; i <= count; i++) {
        const int64_t *names = i < count ? n.names + n.first[i] : n.out_names;
        int64_t rank = i < count ? n.first[i + 1] - n.first[i] : n.out_rank;
        if (i > 0)
            *end++ = i < count ? ',' : '>';
        for (int64_t k = 0; k < rank; k++) {
            char character[5] = {(char)('0' + (names[k] - TF_ELLIPSIS_NAME)), '\0'};
            if (names[k] < TF_ELLIPSIS_NAME)
                tf_utf8_write((uint32_t)names[k], character);
            strcpy(end, character);
            end += strlen(character);
        }
    }
    *end = '\0';
    assert_string_equal(text, expected);
    tf_notation_free(context, &n);
}

#define RANKS(...) ((const int[]){__VA_ARGS__})

static void parse__plain_equations__labels_and_output(void **state)
{
    (void)state;
    check_parse("ij,jk->ik", 2, RANKS(2, 2), "ij,jk>ik");
    check_parse(" i j ,\tjk -> i k ", 2, RANKS(2, 2), "ij,jk>ik");
    check_parse("ii->i", 1, RANKS(2), "ii>i");
    check_parse("ii->", 1, RANKS(2), "ii>");
    check_parse("", 1, RANKS(0), ">");
    check_parse("->", 1, RANKS(0), ">");
    check_parse(",", 2, RANKS(0, 0), ",>");
    check_parse(",,->", 3, RANKS(0, 0, 0), ",,>");
    check_parse("a,->a", 2, RANKS(1, 0), "a,>a");
}

static void parse__no_arrow__once_only_labels_in_order(void **state)
{
    (void)state;
    check_parse("ba", 1, RANKS(2), "ba>ab");
    check_parse("ij,jk", 2, RANKS(2, 2), "ij,jk>ik");
    check_parse("ii", 1, RANKS(2), "ii>");
    check_parse("bA,a", 2, RANKS(2, 1), "bA,a>Aab"); /* upper case first, as code points go */
    check_parse("b...a", 1, RANKS(4), "b10a>10ab");
    check_parse("iij,jjk", 2, RANKS(3, 3), "iij,jjk>k");
}

static void parse__ellipsis__aligned_at_the_last_axis(void **state)
{
    (void)state;
    check_parse("...ij,...jk->...ik", 2, RANKS(4, 3), "10ij,0jk>10ik");
    check_parse("...ij,...jk->...ik", 2, RANKS(2, 2), "ij,jk>ik");
    check_parse("i...j->j...i", 1, RANKS(4), "i10j>j10i");
    check_parse("a...->...", 1, RANKS(2), "a0>0");
    check_parse("...,...", 2, RANKS(1, 3), "0,210>210");
    check_parse("i...->i", 1, RANKS(1), "i>i"); /* it stands for nothing */
    check_parse("i->...i", 1, RANKS(1), "i>i");
}

static void parse__letters_of_any_script__are_labels(void **state)
{
    (void)state;
    check_parse("αβ,βγ->αγ", 2, RANKS(2, 2), "αβ,βγ>αγ");
    check_parse("μ漢,漢ж", 2, RANKS(2, 2), "μ漢,漢ж>μж");
    check_parse("𝔞𝔟->𝔟𝔞", 1, RANKS(2), "𝔞𝔟>𝔟𝔞");
    assert_true(tf_is_letter('z') && tf_is_letter(0xAA) && tf_is_letter(0xDF) &&
                tf_is_letter(0x3B1));
    assert_true(tf_is_letter(0x4E00) && tf_is_letter(0xAC00) && tf_is_letter(0x5D0) &&
                tf_is_letter(0x2080 + 0x10));
    assert_false(tf_is_letter('0') || tf_is_letter('_') || tf_is_letter(0xD7) || tf_is_letter(0xF7));
    assert_false(tf_is_letter(0xA0) || tf_is_letter(0x2026) || tf_is_letter(0x2192) ||
                 tf_is_letter(0x1F600));
    assert_false(tf_is_letter(0xE000) || tf_is_letter(0xFEFF) || tf_is_letter(0x10FFFF) ||
                 tf_is_letter(0x300));
}

static void check_pairs(const char *equation, int count, const int *ranks, const int *pairs)
{
    tf_notation n;
    CHECK_OK(tf_notation_parse(context, equation, count, ranks, &n));
    if (pairs)
        assert_memory_equal(n.pairs, pairs, 2 * (size_t)(count - 1) * sizeof *pairs);
    else
        assert_null(n.pairs);
    tf_notation_free(context, &n);
}

static void parse__parentheses__fix_the_order(void **state)
{
    (void)state;
    check_pairs("ab,bc,cd->ad", 3, RANKS(2, 2, 2), NULL);
    check_pairs("(ab,bc),cd->ad", 3, RANKS(2, 2, 2), RANKS(0, 1, 3, 2));
    check_pairs("ab , ( bc , cd ) -> ad", 3, RANKS(2, 2, 2), RANKS(1, 2, 0, 3));
    check_pairs("((a,b),(c,d))->abcd", 4, RANKS(1, 1, 1, 1), RANKS(0, 1, 2, 3, 4, 5));
    check_pairs("(a,b,c),d->", 4, RANKS(1, 1, 1, 1), RANKS(0, 1, 4, 2, 5, 3));
    check_pairs("a,((b)),(c,())", 4, RANKS(1, 1, 1, 0), RANKS(0, 1, 2, 3, 4, 5));
    check_pairs("(...a,b)", 2, RANKS(3, 1), RANKS(0, 1));
}

static void parse__deep_parentheses__need_no_recursion(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    static char equation[2 * DEPTH + 8];
    memset(equation, '(', DEPTH);
    equation[DEPTH] = 'a';
    memset(equation + DEPTH + 1, ')', DEPTH);
    equation[2 * DEPTH + 1] = '\0';
    check_pairs(equation, 1, RANKS(1), RANKS(0));
}

static void parse__mistakes__typed_error_with_place(void **state)
{
    (void)state;
    static const struct {
        const char *equation;
        int count, ranks[3];
        tenferro_status status;
        const char *message;
    } cases[] = {
        {"&,a->", 2, {0, 0}, TENFERRO_INVALID_ARGUMENT, "character 1, '&'"},
        {"ij,j1->i", 2, {2, 2}, TENFERRO_INVALID_ARGUMENT, "character 5, '1'"},
        {"αβ,β%->α", 2, {2, 1}, TENFERRO_INVALID_ARGUMENT, "character 5, '%'"},
        {"i..", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 2, '.': a dot"},
        {".i...", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 1, '.'"},
        {". . .i", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 1, '.'"},
        {"...i...", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 5, '.': a second"},
        {"....i", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, '.': a second"},
        {"j->..j", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, '.'"},
        {"j->.j...", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, '.'"},
        {"j->...j...", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 8, '.'"},
        {"i->ij",
         1,
         {1},
         TENFERRO_INVALID_ARGUMENT,
         "character 5, 'j': this label of the output occurs in no"},
        {"ij->jij", 1, {2}, TENFERRO_INVALID_ARGUMENT, "character 7, 'j': this label occurs twice"},
        {"i->&", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, '&'"},
        {"ij->i,j", 1, {2}, TENFERRO_INVALID_ARGUMENT, "character 6, ','"},
        {"->,->", 2, {0, 0}, TENFERRO_INVALID_ARGUMENT, "1 operands, but 2"},
        {"i->i->i", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 5, '-'"},
        {"i- >i", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 2, '-'"},
        {"i-", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 2, '-'"},
        {"i>i", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 2, '>'"},
        {"i...->i", 1, {2}, TENFERRO_INVALID_ARGUMENT, "at the end"},
        {"i,j", 1, {1}, TENFERRO_INVALID_ARGUMENT, "2 operands, but 1"},
        {"i,j", 3, {1, 1, 1}, TENFERRO_INVALID_ARGUMENT, "2 operands, but 3"},
        {"i", 1, {0}, TENFERRO_SHAPE_MISMATCH, "operand 0 has rank 0"},
        {"ij", 1, {1}, TENFERRO_SHAPE_MISMATCH, "operand 0 has rank 1, but the equation names 2"},
        {"i", 1, {2}, TENFERRO_SHAPE_MISMATCH, "operand 0 has rank 2"},
        {"...ij", 1, {1}, TENFERRO_SHAPE_MISMATCH, "names 2 or more"},
        {"(ij", 1, {2}, TENFERRO_INVALID_ARGUMENT, "not closed"},
        {"ij)", 1, {2}, TENFERRO_INVALID_ARGUMENT, "character 3, ')'"},
        {"i(j)", 1, {2}, TENFERRO_INVALID_ARGUMENT, "character 2, '('"},
        {"(i)j", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, 'j'"},
        {"i->(i)", 1, {1}, TENFERRO_INVALID_ARGUMENT, "character 4, '('"},
        {"i\x01", 1, {1}, TENFERRO_INVALID_ARGUMENT, "U+0001"},
        {"i\xff", 1, {1}, TENFERRO_INVALID_ARGUMENT, "not UTF-8"},
        {"i\xc3", 1, {1}, TENFERRO_INVALID_ARGUMENT, "not UTF-8"},            /* cut off */
        {"\xc0\xaf", 1, {1}, TENFERRO_INVALID_ARGUMENT, "not UTF-8"},         /* overlong */
        {"\xed\xa0\x80", 1, {1}, TENFERRO_INVALID_ARGUMENT, "not UTF-8"},     /* a surrogate */
        {"\xf4\x90\x80\x80", 1, {1}, TENFERRO_INVALID_ARGUMENT, "not UTF-8"}, /* beyond U+10FFFF */
        {"i…", 1, {1}, TENFERRO_INVALID_ARGUMENT, "'…'"},
    };
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        tf_notation n;
        CHECK_STATUS(cases[i].status, tf_notation_parse(context, cases[i].equation, cases[i].count,
                                                        cases[i].ranks, &n));
        CHECK_MESSAGE(cases[i].message);
        assert_null(n.names);
    }
}

static void utf8__every_code_point__there_and_back(void **state)
{
    (void)state;
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        char text[5];
        uint32_t back = 0;
        int length = tf_utf8_write(code, text);
        if (code >= 0xd800 && code <= 0xdfff) {
            assert_int_equal(tf_utf8_read(text, &back), 0);
        } else {
            assert_int_equal(tf_utf8_read(text, &back), length);
            assert_int_equal(back, code);
        }
    }
}

static void parse__every_allocation_fails__nothing_leaks(void **state)
{
    (void)state;
    test_allocator a;
    for (int64_t i = 0;; i++) {
        test_allocator_init(&a);
        tenferro_context *c = test_context_with(&a, 1);
        tf_notation n;
        a.fail_after = a.count + i;
        tenferro_status status = tf_notation_parse(c, "(ab,bc),cd->ad", 3, RANKS(2, 2, 2), &n);
        a.fail_after = -1;
        if (status == TENFERRO_OK)
            tf_notation_free(c, &n);
        else
            assert_int_equal(status, TENFERRO_OUT_OF_MEMORY);
        tenferro_context_release(c);
        test_allocator_check_empty(&a);
        if (status == TENFERRO_OK)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__plain_equations__labels_and_output),
        cmocka_unit_test(parse__no_arrow__once_only_labels_in_order),
        cmocka_unit_test(parse__ellipsis__aligned_at_the_last_axis),
        cmocka_unit_test(parse__letters_of_any_script__are_labels),
        cmocka_unit_test(parse__parentheses__fix_the_order),
        cmocka_unit_test(parse__deep_parentheses__need_no_recursion),
        cmocka_unit_test(parse__mistakes__typed_error_with_place),
        cmocka_unit_test(utf8__every_code_point__there_and_back),
        cmocka_unit_test(parse__every_allocation_fails__nothing_leaks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
