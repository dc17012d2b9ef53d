/* Reading and writing .npy headers: a dictionary of three entries, in Python's notation. */

#include "io/npy_header.h"

#include <string.h>

#include "io/bytes.h"
#include "memory/context.h"
#include "support/checked.h"
#include "support/text.h"

#define MAGIC "\x93NUMPY"
#define SHORT_PREAMBLE \
    10 /* magic, version, 2 bytes of length; 4 bytes of length from version 2.0 on */
#define LONG_PREAMBLE 12
#define ALIGNMENT 64 /* where NumPy lets the elements begin */

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NATIVE '>'
#else
#define NATIVE '<'
#endif

/* NumPy's letters. */
enum { TF_KIND_BOOL = 'b', TF_KIND_SIGNED = 'i', TF_KIND_FLOAT = 'f', TF_KIND_COMPLEX = 'c' };

typedef struct npy_type {
    tenferro_dtype dtype;
    char letter;
    int size, component;
} npy_type;

static const npy_type types[] = {
#define TF_DTYPE(NAME, name, short_name, kind, digits, component, components) \
    {TENFERRO_##NAME, kind, (int)sizeof(component) * (components), (int)sizeof(component)},
#include "support/dtypes.def"
#undef TF_DTYPE
};

/* ---- the parser: a cursor over the description ---- */

typedef struct parser {
    const char *p, *end;
    const char *name; /* of the file */
} parser;

typedef struct span {
    const char *text;
    int length;
} span;

static tenferro_status broken(const parser *in, const char *what)
{
    return tf_fail(TENFERRO_IO, "%.512s: broken .npy header: %s", in->name, what);
}

static void skip_space(parser *in)
{
    while (in->p < in->end && *in->p && strchr(" \t\r\n", *in->p))
        in->p++;
}

/* 1 if the next character is c, which is then behind us. */
static int take(parser *in, char c)
{
    skip_space(in);
    if (in->p >= in->end || *in->p != c)
        return 0;
    in->p++;
    return 1;
}

static int take_word(parser *in, const char *word)
{
    size_t length = strlen(word);
    skip_space(in);
    if ((size_t)(in->end - in->p) < length || memcmp(in->p, word, length) != 0)
        return 0;
    in->p += length;
    return 1;
}

/* A string in quotes of either kind; none that matters here has a backslash in it. */
static int take_string(parser *in, span *out)
{
    skip_space(in);
    if (in->p >= in->end || (*in->p != '\'' && *in->p != '"'))
        return 0;
    const char *close = memchr(in->p + 1, *in->p, (size_t)(in->end - in->p - 1));
    if (!close)
        return 0;
    *out = (span){in->p + 1, (int)(close - in->p - 1)};
    in->p = close + 1;
    return memchr(out->text, '\\', (size_t)out->length) == NULL;
}

static int equals(span s, const char *text)
{
    return (size_t)s.length == strlen(text) && memcmp(s.text, text, (size_t)s.length) == 0;
}

static tenferro_status unsupported_dtype(const parser *in, span descr)
{
    char shown[32];
    int length = TF_MIN(descr.length, (int)sizeof shown - 1);
    for (int i = 0; i < length; i++)
        shown[i] = (char)(descr.text[i] >= ' ' && descr.text[i] <= '~' ? descr.text[i] : '?');
    shown[length] = '\0';
    return tf_fail(TENFERRO_UNSUPPORTED, "%.512s: elements of NumPy dtype '%s' are not supported",
                   in->name, shown);
}

static tenferro_status parse_descr(parser *in, tf_npy_header *out)
{
    span descr;
    skip_space(in);
    if (in->p < in->end && (*in->p == '[' || *in->p == '('))
        return tf_fail(TENFERRO_UNSUPPORTED, "%.512s: structured elements are not supported",
                       in->name);
    if (!take_string(in, &descr))
        return broken(in, "descr is no string");
    char order = '=';
    span type = descr;
    if (type.length > 0 && memchr("<>=|", type.text[0], 4)) {
        order = type.text[0];
        type = (span){type.text + 1, type.length - 1};
    }
    if (equals(type, "?"))
        type = (span){"b1", 2};
    for (size_t i = 0; i < TF_COUNT(types); i++) {
        char text[8];
        tf_text spelled;
        tf_text_init(&spelled, text, sizeof text);
        tf_text_add(&spelled, "%c%d", types[i].letter, types[i].size);
        if (equals(type, text)) {
            out->dtype = types[i].dtype;
            out->component = types[i].component;
            out->swapped = (order == '<' || order == '>') && order != NATIVE &&
                           types[i].component > 1;
            return TENFERRO_OK;
        }
    }
    return unsupported_dtype(in, descr);
}

static tenferro_status parse_order(parser *in, tf_npy_header *out)
{
    if (take_word(in, "True"))
        out->order = TENFERRO_COLUMN_MAJOR;
    else if (take_word(in, "False"))
        out->order = TENFERRO_ROW_MAJOR;
    else
        return broken(in, "fortran_order is neither True nor False");
    return TENFERRO_OK;
}

/* A number from 0 up, with the L that Python 2 may have written behind it. */
static tenferro_status parse_extent(parser *in, int64_t *out)
{
    skip_space(in);
    const char *first = in->p;
    int64_t value = 0;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++)
        if (tf_mul_overflows(value, 10, &value) || tf_add_overflows(value, *in->p - '0', &value))
            return broken(in, "an extent does not fit in 64 bits");
    if (in->p == first)
        return broken(in, in->p < in->end && *in->p == '-' ? "an extent is negative"
                                                           : "an extent is no number");
    if (*first == '0' && in->p - first > 1)
        return broken(in, "an extent begins with 0");
    if (in->p < in->end && *in->p == 'L')
        in->p++;
    *out = value;
    return TENFERRO_OK;
}

/* A tuple: (), (3,), (3, 4), (3, 4,); out->extents has room for one more than there are commas. */
static tenferro_status parse_shape(parser *in, tf_npy_header *out)
{
    if (!take(in, '('))
        return broken(in, "shape is no tuple");
    int commas = 0;
    while (!take(in, ')')) {
        if (out->rank > commas)
            return broken(in, "the extents of shape are not separated by commas");
        TF_TRY(parse_extent(in, &out->extents[out->rank++]));
        commas += take(in, ',');
    }
    return out->rank == 1 && commas == 0 ? broken(in, "shape is a number, not a tuple")
                                         : TENFERRO_OK;
}

static tenferro_status parse_dictionary(parser *in, tf_npy_header *out)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static tenferro_status (*const parse[])(parser *, tf_npy_header *) = {parse_descr, parse_order,
                                                                          parse_shape};
    unsigned seen = 0;
    if (!take(in, '{'))
        return broken(in, "it is no dictionary");
    for (int comma = 1; !take(in, '}'); comma = take(in, ',')) {
        if (!comma)
            return broken(in, "its entries are not separated by commas");
        span key;
        if (!take_string(in, &key) || !take(in, ':'))
            return broken(in, "no key where one should be");
        size_t k = 0;
        while (k < TF_COUNT(keys) && !equals(key, keys[k]))
            k++;
        if (k == TF_COUNT(keys) || (seen & 1u << k))
            return broken(in, k == TF_COUNT(keys) ? "unknown key" : "a key is there twice");
        seen |= 1u << k;
        TF_TRY(parse[k](in, out));
    }
    skip_space(in);
    if (in->p != in->end)
        return broken(in, "something follows the dictionary");
    return seen == 7 ? TENFERRO_OK : broken(in, "descr, fortran_order or shape is missing");
}

/* The product without its zeros must fit too, because compact strides are made of it. */
static tenferro_status count_bytes(const parser *in, tf_npy_header *header)
{
    int64_t bytes = header->component;
    if (header->dtype == TENFERRO_COMPLEX64 || header->dtype == TENFERRO_COMPLEX128)
        bytes *= 2;
    int empty = 0;
    for (int i = 0; i < header->rank; i++) {
        if (tf_mul_overflows(bytes, TF_MAX(header->extents[i], 1), &bytes))
            return broken(in, "shape has more elements than fit in 64 bits");
        empty |= header->extents[i] == 0;
    }
    header->bytes = empty ? 0 : bytes;
    return TENFERRO_OK;
}

static tenferro_status parse_description(tenferro_context *context, parser *in, tf_npy_header *out)
{
    int64_t commas = 0;
    for (const char *p = in->p; p < in->end; p++)
        commas += *p == ',';
    *out = (tf_npy_header){.rank = 0};
    out->extents = tf_malloc(context, commas + 1, sizeof *out->extents);
    if (!out->extents)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status;
    TF_TRY_CLEANUP(parse_dictionary(in, out));
    TF_TRY_CLEANUP(count_bytes(in, out));
    return TENFERRO_OK;
cleanup:
    tf_npy_header_free(context, out);
    return status;
}

void tf_npy_header_free(tenferro_context *context, tf_npy_header *header)
{
    tf_free(context, header->extents);
    header->extents = NULL;
}

/* Everything up to the description, and its length. */
static tenferro_status read_preamble(tf_stream *stream, int64_t *length)
{
    unsigned char bytes[LONG_PREAMBLE];
    if (stream->remaining >= 0 && stream->remaining < SHORT_PREAMBLE)
        return tf_fail(TENFERRO_IO, "%.512s: no .npy file: it has only %lld bytes", stream->name,
                       (long long)stream->remaining);
    TF_TRY(tf_stream_read(stream, bytes, SHORT_PREAMBLE));
    if (memcmp(bytes, MAGIC, sizeof MAGIC - 1) != 0)
        return tf_fail(TENFERRO_IO, "%.512s: no .npy file: it begins with other bytes",
                       stream->name);
    int major = bytes[6];
    int minor = bytes[7];
    if (major < 1 || major > 3 || minor != 0)
        return tf_fail(TENFERRO_UNSUPPORTED, "%.512s: version %d.%d of .npy is not supported",
                       stream->name, major, minor);
    if (major == 1) {
        *length = tf_get16(bytes + 8);
    } else {
        TF_TRY(tf_stream_read(stream, bytes + SHORT_PREAMBLE, LONG_PREAMBLE - SHORT_PREAMBLE));
        *length = tf_get32(bytes + 8);
    }
    if (*length > TF_NPY_HEADER_LIMIT)
        return tf_fail(TENFERRO_IO, "%.512s: broken .npy header: it is %lld bytes long",
                       stream->name, (long long)*length);
    if (stream->remaining >= 0 && *length > stream->remaining)
        return tf_fail(TENFERRO_IO, "%.512s: truncated: the header ends %lld bytes too early",
                       stream->name, (long long)(*length - stream->remaining));
    return TENFERRO_OK;
}

tenferro_status tf_npy_header_read(tf_stream *stream, tf_npy_header *out)
{
    int64_t length;
    TF_TRY(read_preamble(stream, &length));
    char *text = tf_malloc(stream->context, length, 1);
    if (!text)
        return TENFERRO_OUT_OF_MEMORY;
    tenferro_status status = tf_stream_read(stream, text, length);
    parser in = {text, text + length, stream->name};
    if (status == TENFERRO_OK)
        status = parse_description(stream->context, &in, out);
    tf_free(stream->context, text);
    return status;
}

/* ---- writing ---- */

static const npy_type *find_type(tenferro_dtype dtype)
{
    for (size_t i = 0; i < TF_COUNT(types); i++)
        if (types[i].dtype == dtype)
            return &types[i];
    return NULL;
}

/* Spells it as NumPy does: keys sorted, a comma behind each. */
static void add_description(tf_text *text, const npy_type *type, tenferro_order order, int rank,
                            const int64_t *extents)
{
    tf_text_add(text, "{'descr': '%c%c%d', 'fortran_order': %s, 'shape': (",
                type->component > 1 ? NATIVE : '|', type->letter, type->size,
                order == TENFERRO_COLUMN_MAJOR ? "True" : "False");
    for (int i = 0; i < rank; i++)
        tf_text_add(text, i > 0 ? ", %lld" : "%lld", (long long)extents[i]);
    tf_text_add(text, rank == 1 ? ",), }" : "), }");
}

tenferro_status
tf_npy_header_format(tenferro_context *context, tenferro_dtype dtype, tenferro_order order,
                     int rank, const int64_t *extents, char **out, int64_t *length)
{
    const npy_type *type = find_type(dtype);
    if (!type)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "npy: there is no NumPy dtype for elements of %s",
                       tf_dtype_name(context, dtype));
    tf_text text;
    tf_text_init(&text, NULL, 0);
    add_description(&text, type, order, rank, extents);
    int64_t used = (int64_t)text.length;
    /* A line feed ends the description; spaces before it align what follows. */
    int64_t preamble = SHORT_PREAMBLE;
    int64_t whole = (preamble + used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (whole - preamble > UINT16_MAX) {
        preamble = LONG_PREAMBLE;
        whole = (preamble + used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    if (whole - preamble > TF_NPY_HEADER_LIMIT)
        return tf_fail(TENFERRO_UNSUPPORTED, "npy: rank %d is too large for a .npy header", rank);
    char *header = tf_malloc(context, whole + 1, 1);
    if (!header)
        return TENFERRO_OUT_OF_MEMORY;
    unsigned char *p = (unsigned char *)header;
    memcpy(p, MAGIC, sizeof MAGIC - 1);
    p[6] = preamble == SHORT_PREAMBLE ? 1 : 2;
    p[7] = 0;
    if (preamble == SHORT_PREAMBLE)
        (void)tf_put16(p + 8, (unsigned)(whole - preamble));
    else
        (void)tf_put32(p + 8, (uint32_t)(whole - preamble));
    tf_text_init(&text, header + preamble, (size_t)(whole - preamble) + 1);
    add_description(&text, type, order, rank, extents);
    memset(header + preamble + used, ' ', (size_t)(whole - preamble - used));
    header[whole - 1] = '\n';
    *out = header;
    *length = whole;
    return TENFERRO_OK;
}
