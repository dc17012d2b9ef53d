/* .npz archives composed here byte by byte: zip's ways of saying things, and everything that can be wrong with them. */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tenferro/io.h>

#include "io/bytes.h"
#include "io/crc32.h"
#include "io/zip.h"
#include "support/compat.h"

static tenferro_context *context;
static tf_crc32 crc32;
static char folder[] = "/tmp/test_npz.XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    context = test_context();
    tf_crc32_init(&crc32);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a.npz", folder);
    return 0;
}

/* Fails if a test or a failed write has left a file. */
static int tear_down(void **state)
{
    (void)state;
    tenferro_context_release(context);
    return rmdir(folder);
}

/* ---- archives in memory ---- */

typedef struct archive {
    unsigned char bytes[8192];
    size_t count;
} archive;

static void put(archive *a, const void *bytes, size_t count)
{
    assert_true(a->count + count <= sizeof a->bytes);
    if (count > 0)
        memcpy(a->bytes + a->count, bytes, count);
    a->count += count;
}

static void put16(archive *a, unsigned value)
{
    unsigned char bytes[2];
    (void)tf_put16(bytes, value);
    put(a, bytes, 2);
}

static void put32(archive *a, uint32_t value)
{
    unsigned char bytes[4];
    (void)tf_put32(bytes, value);
    put(a, bytes, 4);
}

static void put64(archive *a, uint64_t value)
{
    unsigned char bytes[8];
    (void)tf_put64(bytes, value);
    put(a, bytes, 8);
}

typedef struct member {
    const char *name, *local_name;
    const void *data;
    size_t count; /* bytes in the archive */
    size_t size;  /* bytes when inflated */
    uint32_t crc;
    int method, flags;
    int wide;          /* sizes and offset in the 64-bit extra field */
    int descriptor;    /* the local header has no sizes */
    uint32_t offset;   /* of the local header; put_member sets it */
    unsigned padding;  /* an extra field of this many bytes in the local header */
    const char *extra; /* of the directory, instead of what `wide` gives */
    size_t extra_count;
} member;

static void put_member(archive *a, member *m)
{
    const char *name = m->local_name ? m->local_name : m->name;
    m->offset = (uint32_t)a->count;
    put32(a, 0x04034b50);
    put16(a, 20);
    put16(a, (unsigned)m->flags | (m->descriptor ? 8 : 0));
    put16(a, (unsigned)m->method);
    put32(a, 0);
    put32(a, m->descriptor ? 0 : m->crc);
    put32(a, m->descriptor ? 0 : (uint32_t)m->count);
    put32(a, m->descriptor ? 0 : (uint32_t)m->size);
    put16(a, (unsigned)strlen(name));
    put16(a, m->padding);
    put(a, name, strlen(name));
    for (unsigned i = 0; i < m->padding; i++)
        put(a, "", 1);
    put(a, m->data, m->count);
    if (m->descriptor) {
        put32(a, 0x08074b50);
        put32(a, m->crc);
        put32(a, (uint32_t)m->count);
        put32(a, (uint32_t)m->size);
    }
}

static void put_entry(archive *a, const member *m)
{
    size_t extra = m->extra ? m->extra_count : m->wide ? 4 + 9 + 4 + 24 : 0;
    put32(a, 0x02014b50);
    put16(a, 45);
    put16(a, 20);
    put16(a, (unsigned)m->flags | (m->descriptor ? 8 : 0));
    put16(a, (unsigned)m->method);
    put32(a, 0);
    put32(a, m->crc);
    put32(a, m->wide ? 0xffffffffu : (uint32_t)m->count);
    put32(a, m->wide ? 0xffffffffu : (uint32_t)m->size);
    put16(a, (unsigned)strlen(m->name));
    put16(a, (unsigned)extra);
    put16(a, 0);
    put16(a, 0);
    put16(a, 0);
    put32(a, 0);
    put32(a, m->wide ? 0xffffffffu : m->offset);
    put(a, m->name, strlen(m->name));
    if (m->extra) {
        put(a, m->extra, m->extra_count);
    } else if (m->wide) {
        put16(a, 0x5455); /* another extra field before ours */
        put16(a, 9);
        put(a, "123456789", 9);
        put16(a, 1);
        put16(a, 24);
        put64(a, m->size);
        put64(a, m->count);
        put64(a, m->offset);
    }
}

static void put_end(archive *a, unsigned count, size_t directory)
{
    size_t size = a->count - directory;
    put32(a, 0x06054b50);
    put32(a, 0);
    put16(a, count);
    put16(a, count);
    put32(a, (uint32_t)size);
    put32(a, (uint32_t)directory);
    put16(a, 0);
}

static archive make_archive(member *members, unsigned count)
{
    archive a = {{0}, 0};
    for (unsigned i = 0; i < count; i++)
        put_member(&a, &members[i]);
    size_t directory = a.count;
    for (unsigned i = 0; i < count; i++)
        put_entry(&a, &members[i]);
    put_end(&a, count, directory);
    return a;
}

/* [1, 2] as a .npy file, and the same deflated (as one block that is stored) */
static unsigned char npy[96], deflated[101];

static member stored(const char *name)
{
    static const double data[] = {1, 2};
    memset(npy, ' ', 80);
    memcpy(npy, "\x93NUMPY\1\0\x46\0", 10);
    const char *text = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    memcpy(npy + 10, text, strlen(text));
    memcpy(npy + 80, data, sizeof data);
    member m = {.name = name, .data = npy, .count = sizeof npy, .size = sizeof npy};
    m.crc = tf_crc32_update(&crc32, 0, npy, sizeof npy);
    return m;
}

static member deflate_of(const char *name)
{
    member m = stored(name);
    memcpy(deflated, "\1\x60\0\x9f\xff", 5);
    memcpy(deflated + 5, npy, sizeof npy);
    m.data = deflated;
    m.count = sizeof deflated;
    m.method = 8;
    return m;
}

/* Over memory of exactly that length, so that a sanitizer sees a byte too far. */
typedef struct opened {
    tenferro_npz *npz;
    void *bytes;
} opened;

static tenferro_status open_archive(tenferro_context *c, const archive *a, opened *out)
{
    out->bytes = malloc(a->count + (a->count == 0));
    memcpy(out->bytes, a->bytes, a->count);
    return tenferro_npz_open_memory(c, out->bytes, a->count, "the file", &out->npz);
}

static void close_archive(opened *o)
{
    tenferro_npz_close(o->npz);
    free(o->bytes);
}

static void check_array(const tenferro_npz *npz, const char *name)
{
    tenferro_tensor *t;
    CHECK_OK(tenferro_npz_read(npz, name, &t));
    assert_int_equal(tenferro_tensor_rank(t), 1);
    assert_memory_equal(tenferro_tensor_data(t), ((const double[]){1, 2}), 16);
    tenferro_tensor_release(t);
}

/* ---- checksums ---- */

static void crc32__known_values__any_split(void **state)
{
    (void)state;
    const char *text = "123456789";
    assert_int_equal(tf_crc32_update(&crc32, 0, text, 9), 0xcbf43926u);
    assert_int_equal(tf_crc32_update(&crc32, 0, text, 0), 0);
    unsigned char bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37);
    uint32_t whole = tf_crc32_update(&crc32, 0, bytes, sizeof bytes);
    for (size_t i = 0; i <= sizeof bytes; i++) {
        uint32_t first = tf_crc32_update(&crc32, 0, bytes, i);
        assert_int_equal(tf_crc32_update(&crc32, first, bytes + i, sizeof bytes - i), whole);
    }
}

/* ---- reading ---- */

static void read__stored_and_deflated__arrays_by_name(void **state)
{
    (void)state;
    member members[] = {stored("a.npy"), deflate_of("b.npy"), stored("folder/c")};
    members[0].padding = 7;
    archive a = make_archive(members, 3);
    opened o;
    CHECK_OK(open_archive(context, &a, &o));
    assert_int_equal(tenferro_npz_count(o.npz), 3);
    assert_string_equal(tenferro_npz_name(o.npz, 0), "a");
    assert_string_equal(tenferro_npz_name(o.npz, 1), "b");
    assert_string_equal(tenferro_npz_name(o.npz, 2), "folder/c");
    assert_null(tenferro_npz_name(o.npz, 3));
    assert_null(tenferro_npz_name(o.npz, -1));
    static const char *const names[] = {"a", "a.npy", "b", "b.npy", "folder/c"};
    for (size_t i = 0; i < TF_COUNT(names); i++)
        check_array(o.npz, names[i]);
    tenferro_tensor *t;
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_read(o.npz, "d", &t));
    CHECK_MESSAGE("the file: no member called 'd'; there are: a, b, folder/c");
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_read(o.npz, "folder/c.npy", &t));
    close_archive(&o);
}

static void read__unusual_but_good_archives__the_array(void **state)
{
    (void)state;
    /* sizes behind the data, 64-bit sizes, the directory in another order */
    member members[] = {deflate_of("a.npy"), stored("b.npy"), stored("c.npy")};
    members[0].descriptor = 1;
    members[1].wide = 1;
    archive a = {{0}, 0};
    for (int i = 0; i < 3; i++)
        put_member(&a, &members[i]);
    size_t directory = a.count;
    for (int i = 2; i >= 0; i--)
        put_entry(&a, &members[i]);
    size_t end64 = a.count;
    /* the 64-bit end record */
    put32(&a, 0x06064b50);
    put64(&a, 44);
    put32(&a, 45 | 45 << 16);
    put64(&a, 0);
    put64(&a, 3);
    put64(&a, 3);
    put64(&a, end64 - directory);
    put64(&a, directory);
    put32(&a, 0x07064b50);
    put32(&a, 0);
    put64(&a, end64);
    put32(&a, 1);
    put32(&a, 0x06054b50);
    put32(&a, 0);
    put32(&a, 0xffffffffu);
    put32(&a, 0xffffffffu);
    put32(&a, 0xffffffffu);
    put16(&a, 30);
    put(&a, "a comment with PK\5\6 in it       ", 30);
    opened o;
    CHECK_OK(open_archive(context, &a, &o));
    assert_string_equal(tenferro_npz_name(o.npz, 0), "c");
    check_array(o.npz, "a");
    check_array(o.npz, "b");
    check_array(o.npz, "c");
    close_archive(&o);
}

static void read__no_members__none(void **state)
{
    (void)state;
    archive a = make_archive(NULL, 0);
    opened o;
    tenferro_tensor *t;
    CHECK_OK(open_archive(context, &a, &o));
    assert_int_equal(tenferro_npz_count(o.npz), 0);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_read(o.npz, "a", &t));
    CHECK_MESSAGE("there are: none");
    close_archive(&o);
}

static void read__two_of_one_name__the_last(void **state)
{
    (void)state;
    unsigned char other[96];
    member members[] = {stored("a.npy"), stored("a.npy")};
    memcpy(other, npy, sizeof npy);
    other[95] = 0x55;
    members[0].data = other;
    members[0].crc = tf_crc32_update(&crc32, 0, other, sizeof other);
    archive a = make_archive(members, 2);
    opened o;
    CHECK_OK(open_archive(context, &a, &o));
    check_array(o.npz, "a");
    close_archive(&o);
}

/* Opens if `opens`, then fails to read "a" with that status and message; nothing leaks or is promised memory. */
static void check_refused(const archive *a, int opens, tenferro_status expected, const char *message)
{
    test_allocator allocator;
    test_allocator_init(&allocator);
    tenferro_context *c = test_context_with(&allocator, 1);
    opened o;
    tenferro_tensor *t = NULL;
    tenferro_status status = open_archive(c, a, &o);
    if (opens) {
        CHECK_OK(status);
        status = tenferro_npz_read(o.npz, "a", &t);
        CHECK_MESSAGE("the file:a");
    } else {
        assert_null(o.npz);
        CHECK_MESSAGE("the file: ");
    }
    CHECK_STATUS(expected, status);
    CHECK_MESSAGE(message);
    assert_null(t);
    close_archive(&o);
    tenferro_memory_statistics memory = TENFERRO_MEMORY_STATISTICS_INIT;
    CHECK_OK(tenferro_context_memory_statistics(c, &memory));
    assert_true(memory.peak <= 4096);
    tenferro_context_release(c);
    test_allocator_check_empty(&allocator);
}

static void read__broken_members__typed_error(void **state)
{
    (void)state;
    unsigned char junk[200];
    member m = stored("a.npy");
    m.crc ^= 1;
    archive a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "checksum");

    m = deflate_of("a.npy");
    m.crc ^= 1;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "checksum");

    m = stored("a.npy");
    m.local_name = "b.npy";
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "another name");

    m = stored("a.npy");
    a = make_archive(&m, 1);
    a.bytes[0] = 'p';
    check_refused(&a, 1, TENFERRO_IO, "differs from the directory");

    m = stored("a.npy");
    m.count = 95; /* less than the size that the directory gives */
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "so few bytes");

    m = stored("a.npy");
    memcpy(junk, npy, sizeof npy);
    memset(junk + sizeof npy, 0, 10);
    m.data = junk;
    m.count = m.size = sizeof npy + 10;
    m.crc = tf_crc32_update(&crc32, 0, junk, m.size);
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "10 bytes follow the array");

    m = stored("a.npy");
    a = make_archive(&m, 1);
    a.bytes[28] = 200; /* the local header's extra field: the data begin elsewhere */
    check_refused(&a, 1, TENFERRO_IO, "overlaps");

    m = stored("a.npy");
    m.count = m.size = 5;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "only 5 bytes");

    m = stored("a");
    m.data = "no array, but a text";
    m.count = m.size = 20;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "no .npy file");
}

static void read__what_is_not_offered__unsupported(void **state)
{
    (void)state;
    member m = stored("a.npy");
    m.flags = 1;
    archive a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_UNSUPPORTED, "encrypted");

    m = stored("a.npy");
    m.method = 12;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_UNSUPPORTED, "method 12");

    m = stored("a.npy");
    a = make_archive(&m, 1);
    a.bytes[a.count - 18] = 1;
    check_refused(&a, 0, TENFERRO_UNSUPPORTED, "several parts");

    m = deflate_of("a.npy");
    a = make_archive(&m, 1);
    tf_zip zip;
    tf_zip_member reader;
    CHECK_OK(tf_zip_open(tf_input_memory(context, a.bytes, a.count, "the file"), &zip));
    tf_zlib_close(&zip.zlib); /* as if it had not been found */
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tf_zip_member_open(&zip, 0, &reader));
    CHECK_MESSAGE("install zlib1g");
    tf_zip_close(&zip);
}

static void read__broken_deflate__typed_error(void **state)
{
    (void)state;
    member m = deflate_of("a.npy");
    deflated[0] = 7; /* a kind of block that does not exist */
    archive a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "invalid block type");

    m = deflate_of("a.npy");
    m.count = 90;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "end too early");

    m = deflate_of("a.npy");
    deflated[0] = 0; /* not the last block, but there is no other */
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "end too early");

    m = deflate_of("a.npy");
    m.size = 100; /* it has 96 */
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "4 bytes follow the array");

    /* the header wants a third element, and the directory agrees, but the data end */
    m = deflate_of("a.npy");
    m.size = 104;
    ((unsigned char *)strchr((char *)deflated + 15, '('))[1] = '3';
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "shorter than the directory says");

    /* the header and the directory have one element, the data two */
    m = deflate_of("a.npy");
    m.size = 88;
    ((unsigned char *)strchr((char *)deflated + 15, '('))[1] = '1';
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "longer than the directory says");

    /* junk behind the end of the deflated data */
    unsigned char longer[sizeof deflated + 3] = {0};
    m = deflate_of("a.npy");
    memcpy(longer, deflated, sizeof deflated);
    m.data = longer;
    m.count = sizeof longer;
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "something follows");
}

/* 20 bytes that claim to be a terabyte; and a directory that agrees with a header that lies. */
static void read__bombs__refused_before_memory_is_taken(void **state)
{
    (void)state;
    member m = deflate_of("a.npy");
    m.wide = 1;
    m.size = (size_t)1 << 40;
    archive a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "so few bytes");

    m = deflate_of("a.npy");
    m.size = 100000; /* possible for 101 bytes, but then the header wants far more */
    memcpy(strchr((char *)deflated + 15, '('), "(99999999,), }", 14);
    a = make_archive(&m, 1);
    check_refused(&a, 1, TENFERRO_IO, "truncated");
}

static void open__broken_directories__typed_error(void **state)
{
    (void)state;
    member m = stored("a.npy");
    archive good = make_archive(&m, 1);
    archive a = good;
    size_t directory = good.count - 22 - 46 - 5;

    a.count = 0;
    check_refused(&a, 0, TENFERRO_IO, "no zip archive");
    a = good;
    a.count--;
    check_refused(&a, 0, TENFERRO_IO, "no zip archive");
    a = good;
    a.bytes[a.count - 12] = 2; /* members */
    check_refused(&a, 0, TENFERRO_IO, "too small for its members");
    a = good;
    a.bytes[a.count - 12] = 0;
    check_refused(&a, 0, TENFERRO_IO, "longer than its members need");
    a = good;
    a.bytes[a.count - 9] = 0x70; /* the directory's size */
    check_refused(&a, 0, TENFERRO_IO, "lies outside");
    a = good;
    a.bytes[a.count - 5] = 0x10; /* its offset */
    check_refused(&a, 0, TENFERRO_IO, "lies outside");
    a = good;
    a.bytes[a.count - 6]--;
    check_refused(&a, 0, TENFERRO_IO, "makes no sense");
    a = good;
    a.bytes[directory] = 'x';
    check_refused(&a, 0, TENFERRO_IO, "makes no sense");
    a = good;
    a.bytes[directory + 28] = 200; /* the name's length */
    check_refused(&a, 0, TENFERRO_IO, "longer than its place");
    a = good;
    a.bytes[directory + 46] = '\0';
    check_refused(&a, 0, TENFERRO_IO, "NUL");
    a = good;
    a.bytes[directory + 43] = 1; /* the member's offset */
    check_refused(&a, 0, TENFERRO_IO, "overlaps another or lies outside");
    a = good;
    a.bytes[directory + 21] = 1; /* its size */
    check_refused(&a, 0, TENFERRO_IO, "overlaps another or lies outside");
    a = good;
    memset(a.bytes + directory + 20, 0xff, 4); /* a 64-bit size that is not there */
    check_refused(&a, 0, TENFERRO_IO, "64-bit size");

    m = stored("a.npy");
    m.wide = 1;
    m.extra = "\1\0\xff\0";
    m.extra_count = 4;
    a = make_archive(&m, 1);
    check_refused(&a, 0, TENFERRO_IO, "longer than its place");
    m.extra = "\1\0\x10\0\x60\0\0\0\0\0\0\0\x60\0\0\0\0\0\0\0";
    m.extra_count = 20; /* the offset is missing */
    a = make_archive(&m, 1);
    check_refused(&a, 0, TENFERRO_IO, "64-bit size");
    m.extra = "\1\0\x18\0\x60\0\0\0\0\0\0\x80\x60\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    m.extra_count = 28; /* a negative size */
    a = make_archive(&m, 1);
    check_refused(&a, 0, TENFERRO_IO, "64-bit size");
    m.extra = "\1\0\x18\0\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x7f"
              "\xff\xff\xff\xff\xff\xff\xff\x7f";
    a = make_archive(&m, 1); /* sums that overflow */
    check_refused(&a, 0, TENFERRO_IO, "overlaps another or lies outside");
}

/* Two entries for one place, as in bombs that inflate the same bytes many times. */
static void open__overlapping_members__refused(void **state)
{
    (void)state;
    member members[] = {stored("a.npy"), stored("b.npy")};
    archive a = {{0}, 0};
    put_member(&a, &members[0]);
    members[1].offset = members[0].offset;
    size_t directory = a.count;
    put_entry(&a, &members[0]);
    put_entry(&a, &members[1]);
    put_end(&a, 2, directory);
    check_refused(&a, 0, TENFERRO_IO, "overlaps");
}

/* Each 64-bit end record that is wrong. */
static void open__broken_64_bit_end__typed_error(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 6; wrong++) {
        member m = stored("a.npy");
        archive a = {{0}, 0};
        put_member(&a, &m);
        size_t directory = a.count;
        put_entry(&a, &m);
        size_t end64 = a.count;
        put32(&a, wrong == 0 ? 0 : 0x06064b50);
        put64(&a, 44);
        put32(&a, 0);
        put64(&a, wrong == 1);
        put64(&a, 1);
        put64(&a, wrong == 2 ? UINT64_MAX : 1);
        put64(&a, wrong == 3 ? INT64_MAX : end64 - directory);
        put64(&a, directory);
        put32(&a, 0x07064b50);
        put32(&a, 0);
        put64(&a, wrong == 4 ? INT64_MAX : wrong == 5 ? UINT64_MAX : end64);
        put32(&a, 1);
        put32(&a, 0x06054b50);
        put64(&a, UINT64_MAX);
        put64(&a, UINT64_MAX);
        put16(&a, 0);
        check_refused(&a, 0, wrong == 1 ? TENFERRO_UNSUPPORTED : TENFERRO_IO,
                      wrong == 1   ? "several parts"
                      : wrong == 3 ? "lies outside"
                      : wrong >= 4 ? "record lies outside"
                                   : "makes no sense");
    }
}

/* Every byte changed in several ways: the array, or a typed error, and nothing leaks. */
static void read__any_byte_changed__array_or_typed_error(void **state)
{
    (void)state;
    static const int changes[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    member members[] = {deflate_of("a.npy"), stored("b.npy")};
    members[0].wide = 1;
    archive a = make_archive(members, 2);
    CHECK_OK(tenferro_context_set_memory_limit(context, 1 << 20));
    for (size_t i = 0; i < a.count; i++)
        for (size_t k = 0; k < TF_COUNT(changes); k++) {
            opened o;
            a.bytes[i] = (unsigned char)(a.bytes[i] ^ changes[k]);
            tenferro_status status = open_archive(context, &a, &o);
            assert_true(status == TENFERRO_OK || status == TENFERRO_IO ||
                        status == TENFERRO_UNSUPPORTED);
            for (int64_t j = 0; j < tenferro_npz_count(o.npz); j++) {
                tenferro_tensor *t;
                status = tenferro_npz_read(o.npz, tenferro_npz_name(o.npz, j), &t);
                assert_true((status == TENFERRO_OK) == (t != NULL));
                tenferro_tensor_release(t);
            }
            close_archive(&o);
            a.bytes[i] = (unsigned char)(a.bytes[i] ^ changes[k]);
        }
    for (size_t count = a.count; count-- > 0;) {
        archive shorter = a;
        opened o;
        shorter.count = count;
        CHECK_STATUS(TENFERRO_IO, open_archive(context, &shorter, &o));
        close_archive(&o);
    }
    CHECK_OK(tenferro_context_set_memory_limit(context, 0));
}

static void open__what_cannot_be_opened__the_systems_words(void **state)
{
    (void)state;
    tenferro_npz *npz;
    tenferro_tensor *t;
    CHECK_STATUS(TENFERRO_IO, tenferro_npz_open(context, "/absent.npz", &npz));
    CHECK_MESSAGE("/absent.npz: No such file or directory");
    CHECK_STATUS(TENFERRO_IO, tenferro_npz_open(context, folder, &npz));
    CHECK_STATUS(TENFERRO_UNSUPPORTED, tenferro_npz_open(context, "/dev/null", &npz));
    CHECK_MESSAGE("pipe");
    assert_null(npz);
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_open(NULL, "a", &npz));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_open(context, NULL, &npz));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_open(context, "a", NULL));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_open_memory(context, NULL, 1, "a", &npz));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_read(NULL, "a", &t));
    assert_int_equal(tenferro_npz_count(NULL), 0);
    assert_null(tenferro_npz_name(NULL, 0));
    tenferro_npz_close(NULL);
}

/* ---- writing ---- */

static tenferro_tensor *
make_tensor(tenferro_context *c, tenferro_dtype dtype, const void *data, int64_t count)
{
    tenferro_tensor *t;
    CHECK_OK(tenferro_tensor_from_data(c, dtype, 1, &count, NULL, data, &t));
    return t;
}

static size_t load(unsigned char *bytes, size_t room)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, room, in);
    fclose(in);
    return count;
}

static void write__then_read__the_same_and_reproducible(void **state)
{
    (void)state;
    const double x[] = {1, 2};
    const int32_t y[] = {3, 4, 5};
    tenferro_tensor *tensors[] = {make_tensor(context, TENFERRO_FLOAT64, x, 2),
                                  make_tensor(context, TENFERRO_INT32, y, 3)};
    const char *const names[] = {"x", "gr\xc3\xb6\xc3\x9f"
                                      "e/\xf0\x9f\x98\x80"};
    unsigned char first[2000], second[2000];
    CHECK_OK(tenferro_npz_write(path, 2, names, (const tenferro_tensor *const *)tensors));
    size_t count = load(first, sizeof first);
    CHECK_OK(tenferro_npz_write(path, 2, names, (const tenferro_tensor *const *)tensors));
    assert_int_equal(load(second, sizeof second), count);
    assert_memory_equal(first, second, count);
    assert_int_equal(tf_get16(first + 6), 0);         /* ASCII */
    assert_int_equal(tf_get32(first + 10), 0x210000); /* 1980-01-01 00:00 */

    tenferro_npz *npz;
    tenferro_tensor *t;
    CHECK_OK(tenferro_npz_open(context, path, &npz));
    assert_int_equal(unlink(path), 0); /* an open archive stays readable */
    assert_int_equal(tenferro_npz_count(npz), 2);
    check_array(npz, "x");
    assert_string_equal(tenferro_npz_name(npz, 1), names[1]);
    CHECK_OK(tenferro_npz_read(npz, names[1], &t));
    assert_memory_equal(tenferro_tensor_data(t), y, sizeof y);
    tenferro_tensor_release(t);
    tenferro_npz_close(npz);
    tenferro_tensor_release(tensors[0]);
    tenferro_tensor_release(tensors[1]);
}

static void write__no_members__empty_archive(void **state)
{
    (void)state;
    tenferro_npz *npz;
    CHECK_OK(tenferro_npz_write(path, 0, NULL, NULL));
    CHECK_OK(tenferro_npz_open(context, path, &npz));
    assert_int_equal(tenferro_npz_count(npz), 0);
    tenferro_npz_close(npz);
    unlink(path);
}

static void write__wrong_arguments__no_file(void **state)
{
    (void)state;
    const double x[] = {1, 2};
    char *long_name = calloc(1, 70000);
    memset(long_name, 'n', 69999);
    tenferro_tensor *t = make_tensor(context, TENFERRO_FLOAT64, x, 2);
    const tenferro_tensor *const tensors[] = {t, t};
    const tenferro_tensor *const missing[] = {t, NULL};
    const struct {
        const char *name, *message;
    } wrong[] = {{"x", "'x' is there twice"},
                 {"", "empty"},
                 {NULL, "empty"},
                 {long_name, "too long"},
                 {"\xff", "not UTF-8"},
                 {"\xc3", "not UTF-8"},
                 {"\xc0\x80", "not UTF-8"},
                 {"\xed\xa0\x80", "not UTF-8"},
                 {"\xf5\x80\x80\x80", "not UTF-8"},
                 {"\x80", "not UTF-8"}};
    for (size_t i = 0; i < TF_COUNT(wrong); i++) {
        CHECK_STATUS(TENFERRO_INVALID_ARGUMENT,
                     tenferro_npz_write(path, 2, (const char *const[]){"x", wrong[i].name},
                                        tensors));
        CHECK_MESSAGE(wrong[i].message);
    }
    const char *const names[] = {"x", "y"};
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_write(path, 2, names, missing));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_write(NULL, 2, names, tensors));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_write(path, -1, names, tensors));
    CHECK_STATUS(TENFERRO_INVALID_ARGUMENT, tenferro_npz_write(path, 2, NULL, tensors));
    CHECK_STATUS(TENFERRO_IO, tenferro_npz_write("/dev/full", 2, names, tensors));
    CHECK_STATUS(TENFERRO_IO, tenferro_npz_write("/absent/a.npz", 2, names, tensors));
    assert_int_equal(access(path, F_OK), -1);
    tenferro_tensor_release(t);
    free(long_name);
}

/* ---- several threads on one archive ---- */

static void *read_often(void *npz)
{
    for (int i = 0; i < 50; i++) {
        check_array(npz, "a");
        check_array(npz, "b");
    }
    return NULL;
}

static void read__from_several_threads__the_same(void **state)
{
    (void)state;
    member members[] = {stored("a.npy"), deflate_of("b.npy")};
    archive a = make_archive(members, 2);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(a.bytes, 1, a.count, out), a.count);
    fclose(out);
    tenferro_npz *npz;
    CHECK_OK(tenferro_npz_open(context, path, &npz));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, npz), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    tenferro_npz_close(npz);
    unlink(path);
}

/* ---- failing allocations ---- */

static tenferro_status attempt_read(tenferro_context *c, const archive *a, tenferro_tensor **out)
{
    tenferro_npz *npz;
    tenferro_status status = tenferro_npz_open_memory(c, a->bytes, a->count, "the file", &npz);
    if (status == TENFERRO_OK)
        status = tenferro_npz_read(npz, "b", out);
    tenferro_npz_close(npz);
    return status;
}

static tenferro_status attempt_write(tenferro_context *c)
{
    tenferro_tensor *t;
    const char *const names[] = {"a", "b"};
    TF_TRY(tenferro_tensor_from_data(c, TENFERRO_FLOAT64, 2, (const int64_t[]){2, 2}, NULL,
                                     (const double[]){1, 2, 3, 4}, &t));
    tenferro_tensor *view = NULL;
    tenferro_status status = tenferro_tensor_wrap(c, TENFERRO_FLOAT64, 2, (const int64_t[]){2, 1},
                                                  (const int64_t[]){2, 1},
                                                  (void *)(uintptr_t)tenferro_tensor_data(t),
                                                  TENFERRO_WRAP_READ_ONLY, NULL, NULL, &view);
    if (status == TENFERRO_OK)
        status = tenferro_npz_write(path, 2, names, (const tenferro_tensor *const[]){t, view});
    tenferro_tensor_release(view);
    tenferro_tensor_release(t);
    return status;
}

static void every_allocation_fails__nothing_leaks(void **state)
{
    (void)state;
    member members[] = {stored("a.npy"), deflate_of("b.npy")};
    archive whole = make_archive(members, 2);
    for (int writing = 0; writing < 2; writing++)
        for (int64_t i = 0, done = 0; !done; i++) {
            test_allocator a;
            test_allocator_init(&a);
            tenferro_context *c = test_context_with(&a, 1);
            tenferro_tensor *t = NULL;
            a.fail_after = a.count + i;
            tenferro_status status = writing ? attempt_write(c) : attempt_read(c, &whole, &t);
            a.fail_after = -1;
            done = status == TENFERRO_OK;
            if (!done) {
                CHECK_STATUS(TENFERRO_OUT_OF_MEMORY, status);
                assert_null(t);
            }
            assert_int_equal(access(path, F_OK) == 0, done && writing);
            assert_true(i < 100);
            tenferro_tensor_release(t);
            tenferro_context_release(c);
            test_allocator_check_empty(&a);
        }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32__known_values__any_split),
        cmocka_unit_test(read__stored_and_deflated__arrays_by_name),
        cmocka_unit_test(read__unusual_but_good_archives__the_array),
        cmocka_unit_test(read__no_members__none),
        cmocka_unit_test(read__two_of_one_name__the_last),
        cmocka_unit_test(read__broken_members__typed_error),
        cmocka_unit_test(read__what_is_not_offered__unsupported),
        cmocka_unit_test(read__broken_deflate__typed_error),
        cmocka_unit_test(read__bombs__refused_before_memory_is_taken),
        cmocka_unit_test(open__broken_directories__typed_error),
        cmocka_unit_test(open__overlapping_members__refused),
        cmocka_unit_test(open__broken_64_bit_end__typed_error),
        cmocka_unit_test(read__any_byte_changed__array_or_typed_error),
        cmocka_unit_test(open__what_cannot_be_opened__the_systems_words),
        cmocka_unit_test(write__then_read__the_same_and_reproducible),
        cmocka_unit_test(write__no_members__empty_archive),
        cmocka_unit_test(write__wrong_arguments__no_file),
        cmocka_unit_test(read__from_several_threads__the_same),
        cmocka_unit_test(every_allocation_fails__nothing_leaks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
