/* .npy files composed here byte by byte: what is read, and that everything broken is told with the file's name. */

#include "testing.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tenferro/io.h>

#include "support/compat.h"
#include "tensor/tensor.h"

static tenferro_context *context;
static char folder[] = "/tmp/test_npy.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    context = test_context();
    return mkdtemp(folder) == NULL;
}

/* Fails if a test or a failed write has left a file. */
static int tear_down(void **state)
{
    (void)state;
    tenferro_context_release(context);
    return rmdir(folder);
}

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- files in memory ---- */

typedef struct file {
    unsigned char bytes[4096];
    size_t count;
} file;

static file make_file(int major, const char *description, const void *data, size_t size)
{
    file f = {{0}, 0};
    size_t length = strlen(description);
    memcpy(f.bytes, "\x93NUMPY", 6);
    f.bytes[6] = (unsigned char)major;
    f.bytes[8] = (unsigned char)(length & 0xff);
    f.bytes[9] = (unsigned char)(length >> 8);
    f.count = major == 1 ? 10 : 12;
    memcpy(f.bytes + f.count, description, length);
    f.count += length;
    if (size > 0)
        memcpy(f.bytes + f.count, data, size);
    f.count += size;
    return f;
}

/* From memory of exactly that length, so that a sanitizer sees a byte too far. */
static tenferro_status
read_bytes(tenferro_context *c, const void *bytes, size_t count, tenferro_tensor **out)
{
    void *exact = malloc(count + (count == 0));
    memcpy(exact, bytes, count);
    tenferro_status status = tenferro_npy_read_memory(c, exact, count, "the file", out);
    free(exact);
    return status;
}

static tenferro_status read_file(const file *f, tenferro_tensor **out)
{
    return read_bytes(context, f->bytes, f->count, out);
}

static void check_shape(const tenferro_tensor *t, int rank, const int64_t *extents)
{
    assert_int_equal(tenferro_tensor_rank(t), rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(tenferro_tensor_extents(t)[i], extents[i]);
}

static void save(const char *path, const void *bytes, size_t count)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static size_t load(const char *path, void *bytes, size_t room)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, room, in);
    fclose(in);
    return count;
}

/* ---- headers ---- */

static void read__spellings_of_the_header__same_array(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }          \n",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)}",
        "{\"shape\": (2, 3), \"fortran_order\": False, \"descr\": \"<i4\"}\n",
        "  {'fortran_order':False,'shape':(2,3,),'descr':'<i4',}\n\n",
        "{'descr': 'i4', 'fortran_order': False, 'shape': (2L, 3L), }\n",
        "{ 'descr' : '=i4' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n",
        "{\n\t'descr': '|i4',\r\n\t'fortran_order': False,\n\t'shape': (2,\n3),\n}\n",
    };
    const int32_t data[] = {1, -2, 3, -4, 5, -6};
    for (size_t i = 0; i < TF_COUNT(spellings); i++)
        for (int major = 1; major <= 3; major++) {
            file f = make_file(major, spellings[i], data, sizeof data);
            tenferro_tensor *t;
            CHECK_OK(read_file(&f, &t));
            assert_int_equal(tenferro_tensor_dtype(t), TENFERRO_INT32);
            check_shape(t, 2, (const int64_t[]){2, 3});
            assert_true(tenferro_tensor_is_contiguous(t, TENFERRO_ROW_MAJOR));
            assert_memory_equal(tenferro_tensor_data(t), data, sizeof data);
            tenferro_tensor_release(t);
        }
}

static void read__fortran_order__column_major(void **state)
{
    (void)state;
    const double data[] = {1, 2, 3, 4, 5, 6};
    file f = make_file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n", data,
                       sizeof data);
    tenferro_tensor *t;
    CHECK_OK(read_file(&f, &t));
    assert_true(tenferro_tensor_is_contiguous(t, TENFERRO_COLUMN_MAJOR));
    assert_int_equal(tenferro_tensor_strides(t)[1], 2);
    assert_memory_equal(tenferro_tensor_data(t), data, sizeof data);
    tenferro_tensor_release(t);
}

static void read__every_dtype_in_either_byte_order__same_elements(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        tenferro_dtype dtype;
        size_t size, component;
    } types[] = {{"i4", TENFERRO_INT32, 4, 4},     {"i8", TENFERRO_INT64, 8, 8},
                 {"f4", TENFERRO_FLOAT32, 4, 4},   {"f8", TENFERRO_FLOAT64, 8, 8},
                 {"c8", TENFERRO_COMPLEX64, 8, 4}, {"c16", TENFERRO_COMPLEX128, 16, 8}};
    for (size_t k = 0; k < TF_COUNT(types); k++) {
        unsigned char little[48], big[48];
        size_t component = types[k].component;
        for (size_t i = 0; i < sizeof little; i++) {
            little[i] = (unsigned char)(17 * i + 5);
            big[i / component * component + (component - 1 - i % component)] = little[i];
        }
        for (int is_big = 0; is_big < 2; is_big++) {
            char description[128];
            snprintf(description, sizeof description,
                     "{'descr': '%c%s', 'fortran_order': False, 'shape': (%d,), }",
                     is_big ? '>' : '<', types[k].type, (int)(48 / types[k].size));
            file f = make_file(1, description, is_big ? big : little, 48);
            tenferro_tensor *t;
            CHECK_OK(read_file(&f, &t));
            assert_int_equal(tenferro_tensor_dtype(t), types[k].dtype);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            assert_memory_equal(tenferro_tensor_data(t), big, 48);
#else
            assert_memory_equal(tenferro_tensor_data(t), little, 48);
#endif
            tenferro_tensor_release(t);
        }
    }
}

static void read__bool_bytes__made_0_and_1(void **state)
{
    (void)state;
    static const char *const types[] = {"|b1", "b1", "?", "|?", "<b1"};
    for (size_t i = 0; i < TF_COUNT(types); i++) {
        char description[128];
        snprintf(description, sizeof description,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (4,), }", types[i]);
        file f = make_file(1, description, "\x00\x01\x02\xff", 4);
        tenferro_tensor *t;
        CHECK_OK(read_file(&f, &t));
        assert_int_equal(tenferro_tensor_dtype(t), TENFERRO_BOOL);
        assert_memory_equal(tenferro_tensor_data(t), "\x00\x01\x01\x01", 4);
        tenferro_tensor_release(t);
    }
}

static void read__no_elements_and_no_axes__ordinary(void **state)
{
    (void)state;
    tenferro_tensor *t;
    const double value = 2.5;
    file f = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", &value, 8);
    CHECK_OK(read_file(&f, &t));
    check_shape(t, 0, NULL);
    assert_memory_equal(tenferro_tensor_data(t), &value, 8);
    tenferro_tensor_release(t);

    f = make_file(1, "{'descr': '>c16', 'fortran_order': True, 'shape': (3, 0, 4), }\n", NULL, 0);
    CHECK_OK(read_file(&f, &t));
    check_shape(t, 3, (const int64_t[]){3, 0, 4});
    tenferro_tensor_release(t);
}

static void read__bytes_after_the_array__left_alone(void **state)
{
    (void)state;
    file f = make_file(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n",
                       "\1\0\0\0\2\0\0\0", 8);
    tenferro_tensor *t;
    CHECK_OK(read_file(&f, &t));
    check_shape(t, 1, (const int64_t[]){1});
    tenferro_tensor_release(t);
}

static void read__broken_headers__typed_error_with_the_file(void **state)
{
    (void)state;
    static const struct {
        tenferro_status status;
        const char *description, *message;
    } cases[] = {
#define CASE(status, shape, message) \
    {status, "{'descr': '<f8', 'fortran_order': False, 'shape': " shape ", }\n", message}
        CASE(TENFERRO_IO, "(3)", "not a tuple"),
        CASE(TENFERRO_IO, "3", "no tuple"),
        CASE(TENFERRO_IO, "[3]", "no tuple"),
        CASE(TENFERRO_IO, "None", "no tuple"),
        CASE(TENFERRO_IO, "(-1,)", "negative"),
        CASE(TENFERRO_IO, "(2, -3)", "negative"),
        CASE(TENFERRO_IO, "(,)", "no number"),
        CASE(TENFERRO_IO, "(2,,3)", "no number"),
        CASE(TENFERRO_IO, "(2 3)", "commas"),
        CASE(TENFERRO_IO, "(2.0,)", "commas"),
        CASE(TENFERRO_IO, "(0x10,)", "commas"),
        CASE(TENFERRO_IO, "(1e3,)", "commas"),
        CASE(TENFERRO_IO, "(017,)", "begins with 0"),
        CASE(TENFERRO_IO, "(+3,)", "no number"),
        CASE(TENFERRO_IO, "(n,)", "no number"),
        CASE(TENFERRO_IO, "(3,", "no number"),
        CASE(TENFERRO_IO, "(9223372036854775808,)", "64 bits"),
        CASE(TENFERRO_IO, "(99999999999999999999999999,)", "64 bits"),
        CASE(TENFERRO_IO, "(9223372036854775807,)", "64 bits"),
        CASE(TENFERRO_IO, "(4294967296, 4294967296)", "64 bits"),
        CASE(TENFERRO_IO, "(0, 9223372036854775807, 9223372036854775807)", "64 bits"),
        CASE(TENFERRO_IO, "(1152921504606846975,)", "truncated"),
        CASE(TENFERRO_IO, "(1000000,)", "truncated"),
        CASE(TENFERRO_IO, "(2,)", "truncated"),
        CASE(TENFERRO_IO, "(1,)} {", "follows the dictionary"),
#undef CASE
        {TENFERRO_IO, "", "no dictionary"},
        {TENFERRO_IO, "\n", "no dictionary"},
        {TENFERRO_IO, "{", "no key"},
        {TENFERRO_IO, "{}", "missing"},
        {TENFERRO_IO, "{,}", "no key"},
        {TENFERRO_IO, "{'descr'", "no key"},
        {TENFERRO_IO, "{'descr': ", "descr is no string"},
        {TENFERRO_IO, "{'descr': '<f8", "descr is no string"},
        {TENFERRO_IO, "{'descr': '\\x3cf8', }", "descr is no string"},
        {TENFERRO_IO, "{'descr': 8, }", "descr is no string"},
        {TENFERRO_IO, "{'descr': '<f8', 'shape': (1,), }", "missing"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': False, }", "missing"},
        {TENFERRO_IO, "{'fortran_order': False, 'shape': (1,), }", "missing"},
        {TENFERRO_IO, "{'descr': '<f8', 'descr': '<f8', }", "twice"},
        {TENFERRO_IO, "{'shape': (1,), 'shape': (1, 1), }", "twice"},
        {TENFERRO_IO, "{'descr': '<f8' 'shape': (1,), }", "commas"},
        {TENFERRO_IO, "{'order': 'C', }", "unknown key"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': false, }", "neither True nor False"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': 1, }", "neither True nor False"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': 'True', }", "neither True nor False"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': Tru", "neither True nor False"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } x", "follows"},
        {TENFERRO_IO, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), ", "no key"},
        {TENFERRO_IO, "((((((((((((((((((((((((((((((((", "no dictionary"},
        {TENFERRO_UNSUPPORTED, "{'descr': '<i2', ", "'<i2'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '|u1', ", "'|u1'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '|O', ", "'|O'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '<U5', ", "'<U5'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '<f16', ", "'<f16'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '', ", "''"},
        {TENFERRO_UNSUPPORTED, "{'descr': '<', ", "'<'"},
        {TENFERRO_UNSUPPORTED, "{'descr': '<<f8', ", "'<<f8'"},
        {TENFERRO_UNSUPPORTED, "{'descr': 'f8\x1b[31m', ", "'f8?[31m'"},
        {TENFERRO_UNSUPPORTED, "{'descr': [('a', '<f8')], ", "structured"},
        {TENFERRO_UNSUPPORTED, "{'descr': ('<f8', (2,)), ", "structured"},
    };
    test_allocator a;
    test_allocator_init(&a);
    tenferro_context *c = test_context_with(&a, 1);
    int64_t blocks = a.live_blocks;
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        const double value = 1;
        file f = make_file(1, cases[i].description, &value, sizeof value);
        tenferro_tensor *t = (tenferro_tensor *)&f;
        tenferro_status status = read_bytes(c, f.bytes, f.count, &t);
        if (status != cases[i].status)
            print_error("%s\n", cases[i].description);
        CHECK_STATUS(cases[i].status, status);
        CHECK_MESSAGE("the file: ");
        CHECK_MESSAGE(cases[i].message);
        assert_null(t);
        assert_int_equal(a.live_blocks, blocks);
    }
    /* No storage was ever taken for what the headers promised. */
    tenferro_memory_statistics memory = TENFERRO_MEMORY_STATISTICS_INIT;
    CHECK_OK(tenferro_context_memory_statistics(c, &memory));
    assert_int_equal(memory.peak, 0);
    tenferro_context_release(c);
    test_allocator_check_empty(&a);
}

static void read__broken_preamble__typed_error(void **state)
{
    (void)state;
    tenferro_tensor *t;
    file good = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }\n", NULL, 0);
    file f = good;
    f.bytes[0] = 'P';
    CHECK_STATUS(TENFERRO_IO, read_file(&f, &t));
    CHECK_MESSAGE("the file: no .npy file");
    for (int i = 0; i < 3; i++) {
        static const unsigned char versions[3][2] = {{0, 0}, {4, 0}, {1, 1}};
        f = good;
        memcpy(f.bytes + 6, versions[i], 2);
        CHECK_STATUS(TENFERRO_UNSUPPORTED, read_file(&f, &t));
        CHECK_MESSAGE("version");
    }
    f = good;
    f.bytes[9] = 0xff; /* the header's length */
    CHECK_STATUS(TENFERRO_IO, read_file(&f, &t));
    CHECK_MESSAGE("truncated");
    f = make_file(2, "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }\n", NULL, 0);
    f.bytes[11] = 0xff;
    CHECK_STATUS(TENFERRO_IO, read_file(&f, &t));
    CHECK_MESSAGE("bytes long");
}

static void read__every_prefix__typed_error(void **state)
{
    (void)state;
    const double data[] = {1, 2};
    for (int major = 1; major <= 2; major++) {
        file f = make_file(major, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n",
                           data, sizeof data);
        for (size_t count = 0; count < f.count; count++) {
            tenferro_tensor *t;
            CHECK_STATUS(TENFERRO_IO, read_bytes(context, f.bytes, count, &t));
            CHECK_MESSAGE("the file");
            assert_null(t);
        }
    }
}

/* Every byte of the file made every other one: an array or a typed error, and nothing leaks. */
static void read__any_byte_changed__array_or_typed_error(void **state)
{
    (void)state;
    const int32_t data[] = {1, 2};
    file f = make_file(2, "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1), }\n", data,
                       sizeof data);
    for (size_t i = 0; i < f.count; i++)
        for (int change = 1; change < 256; change++) {
            tenferro_tensor *t;
            f.bytes[i] = (unsigned char)(f.bytes[i] ^ change);
            tenferro_status status = read_file(&f, &t);
            assert_true(status == TENFERRO_OK || status == TENFERRO_IO ||
                        status == TENFERRO_UNSUPPORTED);
            assert_true((status == TENFERRO_OK) == (t != NULL));
            tenferro_tensor_release(t);
            f.bytes[i] = (unsigned char)(f.bytes[i] ^ change);
        }
}

/* ---- files and pipes ---- */

static void read__what_is_no_file__the_systems_words(void **state)
{
    (void)state;
    tenferro_tensor *t;
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_read(context, in_folder("absent.npy"), &t));
    CHECK_MESSAGE("absent.npy: No such file or directory");
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_read(context, folder, &t));
    CHECK_MESSAGE("Is a directory");
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_read(context, "/dev/null", &t));
    CHECK_MESSAGE("/dev/null: truncated");
}

static void read__null_arguments__invalid(void **state)
{
    (void)state;
    tenferro_tensor *t;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read(NULL, "a", &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read(context, NULL, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read(context, "a", NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read_memory(NULL, "", 0, "a", &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read_memory(context, NULL, 1, "a", &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read_memory(context, "", 0, NULL, &t));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_read_memory(context, "", 0, "a", NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npy_write("a", NULL));
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_read_memory(context, NULL, 0, "a", &t));
}

/* Reads what `count` bytes in a pipe hold. */
static tenferro_status
read_pipe(tenferro_context *c, const void *bytes, size_t count, tenferro_tensor **out)
{
    int ends[2];
    char path[32];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, count), (ssize_t)count);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    tenferro_status status = tenferro_npy_read(c, path, out);
    close(ends[0]);
    return status;
}

static void read__from_a_pipe__array_or_truncated(void **state)
{
    (void)state;
    const double data[] = {1, 2, 3};
    tenferro_tensor *t;
    file f = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", data,
                       sizeof data);
    CHECK_OK(read_pipe(context, f.bytes, f.count, &t));
    assert_memory_equal(tenferro_tensor_data(t), data, sizeof data);
    tenferro_tensor_release(t);
    for (size_t count = 0; count < f.count; count += 7) {
        CHECK_STATUS(TENFERRO_IO, read_pipe(context, f.bytes, count, &t));
        CHECK_MESSAGE("/dev/fd/");
        assert_null(t);
    }
    f = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }\n", NULL, 0);
    CHECK_OK(read_pipe(context, f.bytes, f.count, &t));
    tenferro_tensor_release(t);
}

/* A pipe that promises a petabyte gets memory for what it delivers only. */
static void read__pipe_that_promises_too_much__little_memory(void **state)
{
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    tenferro_context *c = test_context_with(&a, 1);
    file f = make_file(
        1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 128), }\n", "", 0);
    tenferro_tensor *t;
    CHECK_STATUS(TENFERRO_IO, read_pipe(c, f.bytes, f.count, &t));
    CHECK_MESSAGE("truncated");
    tenferro_memory_statistics memory = TENFERRO_MEMORY_STATISTICS_INIT;
    CHECK_OK(tenferro_context_memory_statistics(c, &memory));
    assert_true(memory.peak <= 2 << 20);
    tenferro_context_release(c);
    test_allocator_check_empty(&a);
}

static void read__above_the_memory_limit__named(void **state)
{
    (void)state;
    tenferro_context *c = test_context();
    const double data[400] = {0};
    file f = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (400,), }\n", data,
                       sizeof data);
    tenferro_tensor *t;
    CHECK_OK(tenferro_context_set_memory_limit(c, 1000));
    CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, read_bytes(c, f.bytes, f.count, &t));
    CHECK_MESSAGE("the file: ");
    tenferro_context_release(c);
}

static void read__cancelled__says_so(void **state)
{
    (void)state;
    tenferro_context *c = test_context();
    const double value = 1;
    file f = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", &value, 8);
    tenferro_tensor *t;
    tenferro_context_cancel(c);
    CHECK_STATUS(TENFERRO_CANCELLED, read_bytes(c, f.bytes, f.count, &t));
    assert_null(t);
    tenferro_context_release(c);
}

/* ---- writing ---- */

static void check_file(const char *path, const char *header, const void *data, size_t size)
{
    char bytes[4096];
    size_t count = load(path, bytes, sizeof bytes);
    size_t length = (unsigned char)bytes[8] + 256u * (unsigned char)bytes[9];
    assert_memory_equal(bytes, "\x93NUMPY\1\0", 8);
    assert_int_equal((10 + length) % 64, 0);
    assert_int_equal(bytes[10 + length - 1], '\n');
    assert_memory_equal(bytes + 10, header, strlen(header));
    assert_int_equal(count, 10 + length + size);
    assert_memory_equal(bytes + 10 + length, data, size);
    assert_int_equal(unlink(path), 0);
}

static tenferro_tensor *wrap(tenferro_dtype dtype, int rank, const int64_t *extents,
                             const int64_t *strides, const void *data)
{
    tenferro_tensor *t;
    CHECK_OK(tenferro_tensor_wrap(context, dtype, rank, extents, strides, (void *)(uintptr_t)data,
                                  TENFERRO_WRAP_READ_ONLY, NULL, NULL, &t));
    return t;
}

static void write__layouts__order_and_elements(void **state)
{
    (void)state;
    const int32_t data[] = {1, 2, 3, 4, 5, 6};
    static const struct {
        int64_t strides[2];
        int first;
        const char *header;
        int32_t expected[6];
    } cases[] = {
        {{3, 1},
         0,
         "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), } ",
         {1, 2, 3, 4, 5, 6}},
        {{1, 2}, 0, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), } ", {1, 2, 3, 4, 5, 6}},
        {{-3, -1},
         5,
         "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), } ",
         {6, 5, 4, 3, 2, 1}},
        {{3, -1},
         2,
         "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), } ",
         {3, 2, 1, 6, 5, 4}},
        {{1, 0},
         0,
         "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), } ",
         {1, 1, 1, 2, 2, 2}},
        {{0, 2},
         0,
         "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), } ",
         {1, 3, 5, 1, 3, 5}},
    };
    const char *path = in_folder("a.npy");
    for (size_t i = 0; i < TF_COUNT(cases); i++) {
        tenferro_tensor *t = wrap(TENFERRO_INT32, 2, (const int64_t[]){2, 3}, cases[i].strides,
                                  data + cases[i].first);
        CHECK_OK(tenferro_npy_write(path, t));
        tenferro_tensor_release(t);
        check_file(path, cases[i].header, cases[i].expected, sizeof data);
    }
}

static void write__small_shapes__as_numpy_spells_them(void **state)
{
    (void)state;
    const double data[4] = {1, 2, 3, 4};
    const unsigned char truth = 1;
    const char *path = in_folder("a.npy");
    tenferro_tensor *t = wrap(TENFERRO_COMPLEX128, 0, NULL, NULL, data);
    CHECK_OK(tenferro_npy_write(path, t));
    check_file(path, "{'descr': '<c16', 'fortran_order': False, 'shape': (), } ", data, 16);
    tenferro_tensor_release(t);
    t = wrap(TENFERRO_FLOAT64, 1, (const int64_t[]){4}, NULL, data);
    CHECK_OK(tenferro_npy_write(path, t));
    check_file(path, "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), } ", data, 32);
    tenferro_tensor_release(t);
    t = wrap(TENFERRO_BOOL, 1, (const int64_t[]){1}, NULL, &truth);
    CHECK_OK(tenferro_npy_write(path, t));
    check_file(path, "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), } ", &truth, 1);
    tenferro_tensor_release(t);
    t = wrap(TENFERRO_FLOAT32, 2, (const int64_t[]){0, 5}, NULL, NULL);
    CHECK_OK(tenferro_npy_write(path, t));
    check_file(path, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), } ", "", 0);
    tenferro_tensor_release(t);
}

/* Larger than the writer's buffer, of every element size, with gaps in each axis; read again. */
static void write__large_views__read_back_the_same(void **state)
{
    (void)state;
    static const tenferro_dtype dtypes[] = {TENFERRO_BOOL, TENFERRO_FLOAT32, TENFERRO_INT64,
                                            TENFERRO_COMPLEX128};
    static const size_t sizes[] = {1, 4, 8, 16};
    const int64_t extents[] = {3, 601, 203};
    const int64_t strides[] = {2, 6, -6 * 601 * 2};
    const size_t span = 6 * 601 * 2 * 203;
    unsigned char *data = malloc(span * 16);
    for (size_t i = 0; i < span * 16; i++)
        data[i] = (unsigned char)((i * 2654435761u) >> 13 & 1); /* valid booleans too */
    for (size_t k = 0; k < TF_COUNT(dtypes); k++) {
        size_t size = sizes[k];
        const unsigned char *origin = data + 6 * 601 * 2 * 202 * size;
        tenferro_tensor *t = wrap(dtypes[k], 3, extents, strides, origin);
        CHECK_OK(tenferro_npy_write(in_folder("a.npy"), t));
        tenferro_tensor_release(t);
        CHECK_OK(tenferro_npy_read(context, in_folder("a.npy"), &t));
        const unsigned char *read = tenferro_tensor_data(t);
        for (int64_t i = 0; i < 3; i++)
            for (int64_t j = 0; j < 601; j++)
                for (int64_t l = 0; l < 203; l++, read += size)
                    if (memcmp(read, origin + (2 * i + 6 * j - 6 * 601 * 2 * l) * (int64_t)size,
                               size) != 0)
                        fail_msg("element (%d, %d, %d)", (int)i, (int)j, (int)l);
        tenferro_tensor_release(t);
    }
    free(data);
    unlink(in_folder("a.npy"));
}

static void write__large_rank__version_2_and_back(void **state)
{
    (void)state;
    enum { RANK = 30000 };
    int64_t *extents = malloc(RANK * sizeof *extents);
    for (int i = 0; i < RANK; i++)
        extents[i] = i == 17 ? 2 : 1;
    const double data[] = {1, 2};
    tenferro_tensor *t = wrap(TENFERRO_FLOAT64, RANK, extents, NULL, data);
    CHECK_OK(tenferro_npy_write(in_folder("a.npy"), t));
    tenferro_tensor_release(t);
    char start[8];
    load(in_folder("a.npy"), start, sizeof start);
    assert_int_equal(start[6], 2);
    CHECK_OK(tenferro_npy_read(context, in_folder("a.npy"), &t));
    check_shape(t, RANK, extents);
    assert_memory_equal(tenferro_tensor_data(t), data, sizeof data);
    tenferro_tensor_release(t);
    free(extents);
    unlink(in_folder("a.npy"));
}

static void write__what_numpy_has_no_dtype_for__refused(void **state)
{
    (void)state;
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    info.name = "quaternion";
    info.size = 32;
    info.alignment = 8;
    tenferro_dtype dtype;
    tenferro_tensor *t;
    CHECK_OK(tenferro_dtype_register(context, &info, &dtype));
    CHECK_OK(
        tenferro_tensor_create(context, dtype, 1, (const int64_t[]){2}, TENFERRO_COLUMN_MAJOR, &t));
    CHECK_STATUS(TENFERRO_DTYPE_MISMATCH, tenferro_npy_write(in_folder("a.npy"), t));
    CHECK_MESSAGE("quaternion");
    tenferro_tensor_release(t);
    CHECK_OK(tf_tensor_shape_only(context, TENFERRO_FLOAT64, 1, (const int64_t[]){2}, &t));
    CHECK_STATUS(TENFERRO_LEVEL_MISMATCH, tenferro_npy_write(in_folder("a.npy"), t));
    tenferro_tensor_release(t);
    assert_int_equal(access(in_folder("a.npy"), F_OK), -1);
}

static void write__where_it_cannot__the_systems_words(void **state)
{
    (void)state;
    const double value = 1;
    tenferro_tensor *t = wrap(TENFERRO_FLOAT64, 0, NULL, NULL, &value);
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_write(in_folder("absent/a.npy"), t));
    CHECK_MESSAGE("absent/a.npy: No such file or directory");
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_write(folder, t));
    CHECK_MESSAGE("Is a directory");
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_write("/dev/full", t));
    CHECK_MESSAGE("/dev/full: No space left on device");
    CHECK_OK(tenferro_npy_write("/dev/null", t));
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    char path[2 * PATH_MAX];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    CHECK_STATUS(TENFERRO_IO, tenferro_npy_write(path, t));
    CHECK_MESSAGE("File name too long");
    tenferro_tensor_release(t);
}

static void write__new_file__permissions_from_the_umask(void **state)
{
    (void)state;
    const double value = 1;
    tenferro_tensor *t = wrap(TENFERRO_FLOAT64, 0, NULL, NULL, &value);
    mode_t before = umask(027);
    CHECK_OK(tenferro_npy_write(in_folder("a.npy"), t));
    umask(before);
    struct stat info;
    assert_int_equal(stat(in_folder("a.npy"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    unlink(in_folder("a.npy"));
    tenferro_tensor_release(t);
}

static void write__cancelled__the_old_file_stays(void **state)
{
    (void)state;
    const double value = 1;
    char bytes[16];
    tenferro_context *c = test_context();
    tenferro_tensor *t;
    CHECK_OK(tenferro_tensor_from_data(c, TENFERRO_FLOAT64, 0, NULL, NULL, &value, &t));
    save(in_folder("a.npy"), "the old one", 11);
    tenferro_context_cancel(c);
    CHECK_STATUS(TENFERRO_CANCELLED, tenferro_npy_write(in_folder("a.npy"), t));
    assert_int_equal(load(in_folder("a.npy"), bytes, sizeof bytes), 11);
    tenferro_context_cancel_clear(c);
    CHECK_OK(tenferro_npy_write(in_folder("a.npy"), t));
    assert_int_equal(load(in_folder("a.npy"), bytes, sizeof bytes), 16);
    assert_memory_equal(bytes, "\x93NUMPY", 6);
    unlink(in_folder("a.npy"));
    tenferro_tensor_release(t);
    tenferro_context_release(c);
}

/* Two forgotten temporary files do not stop a third. */
static void write__temporary_name_taken__another(void **state)
{
    (void)state;
    const double value = 1;
    char taken[PATH_MAX];
    snprintf(taken, sizeof taken, "%s/a.npy.%ld-0.tmp", folder, (long)getpid());
    save(taken, "x", 1);
    tenferro_tensor *t = wrap(TENFERRO_FLOAT64, 0, NULL, NULL, &value);
    CHECK_OK(tenferro_npy_write(in_folder("a.npy"), t));
    tenferro_tensor_release(t);
    assert_int_equal(unlink(taken), 0);
    assert_int_equal(unlink(in_folder("a.npy")), 0);
}

/* ---- failing allocations ---- */

enum { FAIL_READ, FAIL_READ_PIPE, FAIL_WRITE };

static tenferro_status attempt(tenferro_context *c, int what, const file *f, tenferro_tensor **out)
{
    *out = NULL;
    if (what == FAIL_READ)
        return tenferro_npy_read_memory(c, f->bytes, f->count, "the file", out);
    if (what == FAIL_READ_PIPE)
        return read_pipe(c, f->bytes, f->count, out);
    tenferro_tensor *t;
    TF_TRY(tenferro_tensor_from_data(c, TENFERRO_INT32, 2, (const int64_t[]){2, 2}, NULL,
                                     (const int32_t[]){1, 2, 3, 4}, &t));
    tenferro_tensor *view = NULL;
    tenferro_status status = tenferro_tensor_wrap(c, TENFERRO_INT32, 2, (const int64_t[]){2, 1},
                                                  (const int64_t[]){2, 1},
                                                  (void *)(uintptr_t)tenferro_tensor_data(t),
                                                  TENFERRO_WRAP_READ_ONLY, NULL, NULL, &view);
    if (status == TENFERRO_OK)
        status = tenferro_npy_write(in_folder("a.npy"), view);
    tenferro_tensor_release(view);
    tenferro_tensor_release(t);
    return status;
}

static void every_allocation_fails__nothing_leaks(void **state)
{
    (void)state;
    const int32_t data[] = {1, 2, 3, 4};
    file f = make_file(1, "{'descr': '>i4', 'fortran_order': True, 'shape': (2, 2), }\n", data,
                       sizeof data);
    for (int what = FAIL_READ; what <= FAIL_WRITE; what++)
        for (int64_t i = 0, done = 0; !done; i++) {
            test_allocator a;
            test_allocator_init(&a);
            tenferro_context *c = test_context_with(&a, 1);
            tenferro_tensor *t;
            a.fail_after = a.count + i;
            tenferro_status status = attempt(c, what, &f, &t);
            a.fail_after = -1;
            done = status == TENFERRO_OK;
            int exists = access(in_folder("a.npy"), F_OK) == 0;
            if (!done) {
                CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, status);
                assert_null(t);
            }
            assert_int_equal(exists, done && what == FAIL_WRITE);
            assert_true(i < 100);
            tenferro_tensor_release(t);
            tenferro_context_release(c);
            test_allocator_check_empty(&a);
        }
    unlink(in_folder("a.npy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read__spellings_of_the_header__same_array),
        cmocka_unit_test(read__fortran_order__column_major),
        cmocka_unit_test(read__every_dtype_in_either_byte_order__same_elements),
        cmocka_unit_test(read__bool_bytes__made_0_and_1),
        cmocka_unit_test(read__no_elements_and_no_axes__ordinary),
        cmocka_unit_test(read__bytes_after_the_array__left_alone),
        cmocka_unit_test(read__broken_headers__typed_error_with_the_file),
        cmocka_unit_test(read__broken_preamble__typed_error),
        cmocka_unit_test(read__every_prefix__typed_error),
        cmocka_unit_test(read__any_byte_changed__array_or_typed_error),
        cmocka_unit_test(read__what_is_no_file__the_systems_words),
        cmocka_unit_test(read__null_arguments__invalid),
        cmocka_unit_test(read__from_a_pipe__array_or_truncated),
        cmocka_unit_test(read__pipe_that_promises_too_much__little_memory),
        cmocka_unit_test(read__above_the_memory_limit__named),
        cmocka_unit_test(read__cancelled__says_so),
        cmocka_unit_test(write__layouts__order_and_elements),
        cmocka_unit_test(write__small_shapes__as_numpy_spells_them),
        cmocka_unit_test(write__large_views__read_back_the_same),
        cmocka_unit_test(write__large_rank__version_2_and_back),
        cmocka_unit_test(write__what_numpy_has_no_dtype_for__refused),
        cmocka_unit_test(write__where_it_cannot__the_systems_words),
        cmocka_unit_test(write__new_file__permissions_from_the_umask),
        cmocka_unit_test(write__cancelled__the_old_file_stays),
        cmocka_unit_test(write__temporary_name_taken__another),
        cmocka_unit_test(every_allocation_fails__nothing_leaks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
