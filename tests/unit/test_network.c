/* The network file of the command line tool, and what else of its command line is parsed. */

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "options.h"
#include "order.h"
#include "shapes.h"
#include "units.h"

static tenferro_status parse(const char *text, network *out)
{
    return network_parse(text, strlen(text), "net.json", out);
}

static void network__list_of_extents__read(void **state)
{
    network n;
    (void)state;
    CHECK_OK(parse("{\"ixs\": [[0,1],[1,2,2]], \"iy\": [2,0], \"size\": [2,3,4]}", &n));
    assert_int_equal(n.count, 2);
    assert_int_equal(n.ranks[0], 2);
    assert_int_equal(n.ranks[1], 3);
    assert_int_equal(n.labels[1][0], 1);
    assert_int_equal(n.labels[1][2], 2);
    assert_int_equal(n.extents[0][0], 2);
    assert_int_equal(n.extents[1][0], 3);
    assert_int_equal(n.extents[1][1], 4);
    assert_int_equal(n.out_rank, 2);
    assert_int_equal(n.out_labels[0], 2);
    assert_int_equal(n.dtype, TENFERRO_FLOAT64);
    assert_null(network_operand_name(&n, 0));
    assert_true(network_bytes(&n, TENFERRO_FLOAT32) == 4.0 * (6 + 48));
    network_free(&n);
    network_free(&n); /* harmless */
}

static void network__object_of_extents__read(void **state)
{
    network n;
    (void)state;
    CHECK_OK(parse("{\"ixs\": [[7,-3],[],[7]], \"iy\": [], \"size\": {\"7\": 2, \"*\": 5}, "
                   "\"dtype\": \"complex64\","
                   " \"operands\": [\"a\", \"b\", \"c\"], \"unknown\": {}}",
                   &n));
    assert_int_equal(n.count, 3);
    assert_int_equal(n.ranks[1], 0);
    assert_int_equal(n.extents[0][0], 2);
    assert_int_equal(n.extents[0][1], 5);
    assert_int_equal(n.dtype, TENFERRO_COMPLEX64);
    assert_string_equal(network_operand_name(&n, 2), "c");
    network_free(&n);
}

static void network__wrong_documents__refused_with_the_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"ixs\": [[0],[0,1.5]], \"iy\": [], \"size\": [2,3]}",
         "ixs[1][1]: the label 1.5 is not an integer"},
        {"{\"ixs\": [[\"a\"]], \"iy\": [], \"size\": {\"*\": 2}}",
         "ixs[0][0]: the label \"a\" is not an integer"},
        {"{\"ixs\": [[0]], \"iy\": [null], \"size\": [2]}",
         "iy[0]: the label null is not an integer"},
        {"{\"ixs\": [[2]], \"iy\": [], \"size\": [2, 3]}", "no extent for label 2"},
        {"{\"ixs\": [[-1]], \"iy\": [], \"size\": [2, 3]}", "no extent for label -1"},
        {"{\"ixs\": [[0]], \"iy\": [], \"size\": [-2]}", "the extent -2 of label 0"},
        {"{\"ixs\": [[0]], \"iy\": [], \"size\": [2.0]}", "the extent 2.0 of label 0"},
        {"{\"ixs\": [0], \"iy\": [], \"size\": [2]}", "ixs[0] is not a list"},
        {"{\"ixs\": [], \"iy\": [], \"size\": [2]}", "\"ixs\" must be"},
        {"{\"iy\": [], \"size\": [2]}", "\"ixs\" must be"},
        {"{\"ixs\": [[0]], \"size\": [2]}", "\"iy\" must be"},
        {"{\"ixs\": [[0]], \"iy\": []}", "\"size\" must be"},
        {"[1]", "must be an object"},
        {"{\"ixs\": [[0]], \"iy\": [], \"size\": [2], \"dtype\": \"f8\"}", "the dtype \"f8\""},
        {"{\"ixs\": [[0]], \"iy\": [], \"size\": [2], \"operands\": []}", "list of 1 names"},
        {"{\"ixs\": [[0]], \"iy\": [], \"size\": [2], \"operands\": [1]}",
         "operands[0] is not a name"},
        {"{\"ixs\": [[0]], \"ixs\": [[0]], \"iy\": [], \"size\": [2]}", "not JSON: line 1"},
        {"{\"ixs\":\n [[0]", "not JSON: line 2"},
        {"", "not JSON"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        network n;
        assert_int_not_equal(parse(cases[i].text, &n), TENFERRO_OK);
        CHECK_MESSAGE("net.json: ");
        CHECK_MESSAGE(cases[i].message);
        assert_null(n.root);
    }
}

static void network__missing_file__named(void **state)
{
    network n;
    (void)state;
    CHECK_STATUS(TENFERRO_IO, network_read("/nowhere/net.json", &n));
    CHECK_MESSAGE("/nowhere/net.json");
}

static void order__all_forms__read(void **state)
{
    network n;
    order o;
    (void)state;
    CHECK_OK(parse("{\"ixs\": [[0],[0],[0]], \"iy\": [], \"size\": [2], \"best\": "
                   "{\"path_linear\": [[1,2],[0,1]]},"
                   " \"paths\": {\"short\": {\"path_linear\": [[0,1],[0,1]]}, \"bad\": [[0]]}}",
                   &n));
    CHECK_OK(order_parse(NULL, NULL, &o));
    assert_int_equal(o.kind, TENFERRO_EINSUM_AUTO);
    CHECK_OK(order_parse("greedy", NULL, &o));
    assert_int_equal(o.kind, TENFERRO_EINSUM_GREEDY);
    CHECK_OK(order_parse("left", NULL, &o));
    assert_int_equal(o.kind, TENFERRO_EINSUM_LEFT_TO_RIGHT);
    CHECK_OK(order_parse("[[1, 2], [0, 1]]", NULL, &o));
    assert_int_equal(o.kind, TENFERRO_EINSUM_GIVEN);
    assert_int_equal(o.pairs, 2);
    assert_int_equal(o.path[1], 2);
    order_free(&o);
    CHECK_OK(order_parse("path:short", n.root, &o));
    assert_int_equal(o.path[0], 0);
    order_free(&o);
    CHECK_OK(order_parse("path:best", n.root, &o));
    assert_int_equal(o.path[0], 1);
    tenferro_einsum_options planning = order_options(&o);
    assert_int_equal(planning.path_length, 2);
    order_free(&o);

    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("path:none", n.root, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("path:bad", n.root, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("path:short", NULL, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("best", NULL, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("[[0,1,2]]", NULL, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("[[0,0.5]]", NULL, &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, order_parse("[5]", NULL, &o));
    CHECK_STATUS(TENFERRO_IO, order_parse("[[0,1]", NULL, &o));
    CHECK_STATUS(TENFERRO_IO, order_parse("/nowhere/path.json", NULL, &o));
    network_free(&n);
}

static void bytes__units__read_exactly(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {{"0", 0},
                 {"123", 123},
                 {"64 B", 64},
                 {"500MB", 500000000},
                 {"2GiB", INT64_C(2) << 30},
                 {"1.5KiB", 1536},
                 {"9223372036854775807", INT64_MAX},
                 {"8388607TiB", INT64_C(8388607) << 40}};
    int64_t bytes;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse_bytes(cases[i].text, &bytes), TENFERRO_OK);
        assert_int_equal(bytes, cases[i].bytes);
    }
    static const char *const wrong[] = {"",     "GiB",   "-1",    "+1",  "2 GiB ", "2G",
                                        "2gib", "1.GiB", ".5GiB", "1e9", "0x10"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse_bytes(wrong[i], &bytes), TENFERRO_INVALID_ARGUMENT);
    assert_int_equal(parse_bytes("9223372036854775808", &bytes), TENFERRO_OVERFLOW);
    assert_int_equal(parse_bytes("8388608TiB", &bytes), TENFERRO_OVERFLOW);
    assert_int_equal(parse_bytes("99999999999999999999999GiB", &bytes), TENFERRO_OVERFLOW);
}

static void texts__of_numbers__rounded(void **state)
{
    (void)state;
    assert_string_equal(bytes_text(0).chars, "0 B");
    assert_string_equal(bytes_text(1023).chars, "1023 B");
    assert_string_equal(bytes_text(1536).chars, "1.5 KiB");
    assert_string_equal(bytes_text(0x1p31).chars, "2.0 GiB");
    assert_string_equal(bytes_text(0x1p90).chars, "1.07e+09 EiB");
    assert_string_equal(time_text(4.871e-6).chars, "4.87 us");
    assert_string_equal(time_text(0.5).chars, "500 ms");
    assert_string_equal(time_text(61.25).chars, "61.2 s");
    assert_string_equal(count_text(24).chars, "24");
    assert_string_equal(count_text(1e12).chars, "1e+12");
}

static void shapes__forms__read(void **state)
{
    shapes s;
    (void)state;
    CHECK_OK(shapes_parse(",2x3,,0,10x1x1", &s));
    assert_int_equal(s.count, 5);
    assert_int_equal(s.ranks[0], 0);
    assert_int_equal(s.ranks[1], 2);
    assert_int_equal(s.ranks[2], 0);
    assert_int_equal(s.ranks[3], 1);
    assert_int_equal(s.ranks[4], 3);
    assert_int_equal(s.extents[1][1], 3);
    assert_int_equal(s.extents[3][0], 0);
    assert_int_equal(s.extents[4][0], 10);
    shapes_free(&s);
    CHECK_OK(shapes_parse("", &s));
    assert_int_equal(s.count, 1);
    assert_int_equal(s.ranks[0], 0);
    shapes_free(&s);
    static const char *const wrong[] = {
        "2x", "x2", "2xx3", "-2", "2 x3", "2y3", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, shapes_parse(wrong[i], &s));
}

/* Parses a copy of the words, which must be writable. */
static tenferro_status parse_words(int count, const char *const *words, options *out)
{
    static char texts[8][64];
    static char *argv[8];
    for (int i = 0; i < count; i++) {
        strcpy(texts[i], words[i]);
        argv[i] = texts[i];
    }
    return options_parse("einsum",
                         OPTION_THREADS | OPTION_JSON | OPTION_OUTPUT | OPTION_MEMORY_LIMIT, count,
                         argv, out);
}
#define WORDS(...)                                                                            \
    (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), (const char *const[]) \
    {                                                                                         \
        __VA_ARGS__                                                                           \
    }

static void options__mixed_with_arguments__read(void **state)
{
    options o;
    (void)state;
    CHECK_OK(
        parse_words(WORDS("->", "--threads=3", "a.npy", "--json", "-o", "c.npy", "--", "-b.npy"),
                    &o));
    assert_int_equal(o.count, 3);
    assert_string_equal(o.arguments[0], "->");
    assert_string_equal(o.arguments[1], "a.npy");
    assert_string_equal(o.arguments[2], "-b.npy");
    assert_int_equal(o.threads, 3);
    assert_int_equal(o.json, 1);
    assert_string_equal(o.output, "c.npy");
    CHECK_OK(parse_words(WORDS("->", "--help", "--wrong"), &o));
    assert_int_equal(o.help, 1);
}

static void options__wrong__refused(void **state)
{
    options o;
    (void)state;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--wrong"), &o));
    CHECK_MESSAGE("unknown option '--wrong'");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--shapes", "2"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--threads"), &o));
    CHECK_MESSAGE("needs a value");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--threads", "0"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--threads", "2x"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                 parse_words(WORDS("--threads", "99999999999999999999"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--json=1"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--json", "--json"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("-o", "c.txt"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("-o", "/nowhere/c.npy"), &o));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, parse_words(WORDS("--memory-limit", "0"), &o));
    CHECK_STATUS(TENFERRO_OVERFLOW, parse_words(WORDS("--memory-limit", "9999999999TiB"), &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network__list_of_extents__read),
        cmocka_unit_test(network__object_of_extents__read),
        cmocka_unit_test(network__wrong_documents__refused_with_the_place),
        cmocka_unit_test(network__missing_file__named),
        cmocka_unit_test(order__all_forms__read),
        cmocka_unit_test(bytes__units__read_exactly),
        cmocka_unit_test(texts__of_numbers__rounded),
        cmocka_unit_test(shapes__forms__read),
        cmocka_unit_test(options__mixed_with_arguments__read),
        cmocka_unit_test(options__wrong__refused),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
