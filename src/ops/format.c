/*
 * Tensors as text, laid out as NumPy does it: rows are the last axis.
 *
 * The elements to be shown are walked twice: to learn how wide a column must be, and to print.
 * The walk keeps a counter for each axis, so rank is only a length.
 */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/op.h"
#include "support/struct_size.h"

#define LINE_WIDTH 75 /* NumPy's default */

/* ---- decimal numbers ---- */

/* |x| as d.ddd * 10^exponent: the fewest digits that tell x from its neighbours, or a rounding. */
typedef struct decimal {
    char digits[24]; /* without trailing zeros, at least one */
    int count, exponent;
} decimal;

static int tells_apart(const char *text, double x, int single)
{
    return single ? strtof(text, NULL) == (float)x : strtod(text, NULL) == x;
}

static decimal decimal_of(double x, int single, int most)
{
    char text[48];
    decimal d = {.count = 0};
    x = fabs(x);
    /* up to FLT_DIG or DBL_DIG digits rounding alone finds the shortest: the rest would be zeros */
    for (int digits = TF_MIN(most, single ? FLT_DIG : DBL_DIG);; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, x);
        if (digits >= most || tells_apart(text, x, single))
            break;
    }
    const char *p = text;
    for (; *p && *p != 'e'; p++) /* what is no digit is the locale's decimal point */
        if (*p >= '0' && *p <= '9' && d.count < (int)sizeof d.digits)
            d.digits[d.count++] = *p;
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    d.exponent = *p ? (int)strtol(p + 1, NULL, 10) : 0;
    return d;
}

/* ---- a column of reals ---- */

/* NumPy's FloatingFormat, except that precision counts significant digits. */
typedef struct column {
    int precision, single;
    int plus;                 /* positive numbers show their sign */
    double largest, smallest; /* magnitudes of those finite and not 0; smallest 0: none */
    int left, right;          /* characters before and behind the point */
    int scientific, exponent; /* digits of the exponent */
    int special;              /* the longest of nan, inf, -inf */
    int scientific_left, scientific_right;
} column;

/* Digits before the point are never rounded away: 12345.6 in three digits is 12346. */
static decimal positional(const column *c, double x)
{
    decimal d = decimal_of(x, c->single, c->precision);
    if (d.exponent >= c->precision && d.exponent < DBL_DECIMAL_DIG)
        d = decimal_of(x, c->single, d.exponent + 1);
    return d;
}

static int exponent_digits(int exponent)
{
    return abs(exponent) < 100 ? 2 : 3;
}

static void column_learn(column *c, double x)
{
    int sign = c->plus || signbit(x);
    if (!isfinite(x)) {
        c->special = TF_MAX(c->special, 3 + (c->plus || (isinf(x) && signbit(x))));
        return;
    }
    double magnitude = fabs(x);
    if (magnitude > 0.0) {
        c->largest = TF_MAX(c->largest, magnitude);
        c->smallest = c->smallest > 0.0 ? TF_MIN(c->smallest, magnitude) : magnitude;
    }
    decimal d = positional(c, x);
    c->left = TF_MAX(c->left, sign + TF_MAX(d.exponent, 0) + 1);
    c->right = TF_MAX(c->right, TF_MAX(d.count - 1 - d.exponent, 0));
    d = decimal_of(x, c->single, c->precision);
    c->scientific_left = TF_MAX(c->scientific_left, sign + 1);
    c->scientific_right = TF_MAX(c->scientific_right, d.count - 1);
    c->exponent = TF_MAX(c->exponent, exponent_digits(d.exponent));
}

/* Width of the column, everything having been learnt. */
static int column_settle(column *c)
{
    int tail = 0;
    c->scientific = c->largest >= 1e8 || (c->smallest > 0.0 && c->smallest < 1e-4) ||
                    (c->smallest > 0.0 && c->largest / c->smallest > 1000.0);
    if (c->scientific) {
        c->left = c->scientific_left;
        c->right = c->scientific_right;
        tail = 2 + c->exponent;
    }
    c->left = TF_MAX(c->left, c->special - (1 + c->right + tail));
    return c->left + 1 + c->right + tail;
}

static void add_digits(tf_text *text, const decimal *d, int from, int to)
{
    for (int i = from; i < to; i++)
        tf_text_add(text, "%c", i >= 0 && i < d->count ? d->digits[i] : '0');
}

/* Prints the number and its suffix; returns the spaces that are still owed on the right. */
static int column_print(const column *c, tf_text *text, double x, const char *suffix)
{
    const char *sign = signbit(x) ? "-" : c->plus ? "+" : "";
    if (!isfinite(x)) {
        int width = c->left + 1 + c->right + (c->scientific ? 2 + c->exponent : 0);
        const char *name = isnan(x) ? "+nan" : signbit(x) ? "-inf" : "+inf";
        /* the plus only where it is asked for */
        tf_text_add(text, "%*s%s", width, *name == '+' && !c->plus ? name + 1 : name, suffix);
        return 0;
    }
    decimal d = c->scientific ? decimal_of(x, c->single, c->precision) : positional(c, x);
    int whole = c->scientific ? 1 : TF_MAX(d.exponent, 0) + 1;
    tf_text_add(text, "%*s%s", c->left - whole - (int)strlen(sign), "", sign);
    if (c->scientific) {
        add_digits(text, &d, 0, 1);
        tf_text_add(text, ".");
        add_digits(text, &d, 1, 1 + c->right);
        tf_text_add(text, "e%c%0*d%s", d.exponent < 0 ? '-' : '+', c->exponent, abs(d.exponent),
                    suffix);
        return 0;
    }
    /* digits are counted from the first significant one, which may lie behind the point */
    int fraction = TF_MAX(d.count - 1 - d.exponent, 0), point = d.exponent + 1;
    add_digits(text, &d, point - whole, point);
    tf_text_add(text, ".");
    add_digits(text, &d, point, point + fraction);
    tf_text_add(text, "%s", suffix);
    return c->right - fraction;
}

/* ---- elements of any dtype ---- */

typedef struct style {
    const tenferro_tensor *tensor;
    int64_t size; /* of an element */
    column re, im;
    int integer_width; /* the longest integer */
    int64_t width;     /* of every element */
} style;

/* The parts of a floating or complex element. */
static double part(tenferro_dtype dtype, const void *data, int which)
{
    return tf_dtype_real(dtype) == TENFERRO_FLOAT32 ? (double)((const float *)data)[which]
                                                    : ((const double *)data)[which];
}

static int64_t integer(tenferro_dtype dtype, const void *data)
{
    return dtype == TENFERRO_INT32 ? *(const int32_t *)data : *(const int64_t *)data;
}

static void element_learn(style *s, const void *data)
{
    tenferro_dtype dtype = s->tensor->dtype;
    if (tf_dtype_is_integer(dtype)) {
        int length = snprintf(NULL, 0, "%lld", (long long)integer(dtype, data));
        s->integer_width = TF_MAX(s->integer_width, length);
    } else if (dtype < TENFERRO_DTYPE_USER && dtype != TENFERRO_BOOL) {
        column_learn(&s->re, part(dtype, data, 0));
        if (tf_dtype_is_complex(dtype))
            column_learn(&s->im, part(dtype, data, 1));
    }
}

static void style_settle(style *s)
{
    tenferro_dtype dtype = s->tensor->dtype;
    if (dtype >= TENFERRO_DTYPE_USER)
        s->width = 2 * s->size;
    else if (dtype == TENFERRO_BOOL)
        s->width = s->tensor->rank > 0 ? 5 : 0;
    else if (tf_dtype_is_integer(dtype))
        s->width = s->integer_width;
    else
        s->width = column_settle(&s->re);
    if (tf_dtype_is_complex(dtype))
        s->width += column_settle(&s->im) + 1;
}

/* Returns the spaces that are still owed on the right. */
static int element_print(const style *s, tf_text *text, const void *data)
{
    tenferro_dtype dtype = s->tensor->dtype;
    if (dtype >= TENFERRO_DTYPE_USER) {
        for (int64_t i = 0; i < s->size; i++)
            tf_text_add(text, "%02x", (unsigned)((const unsigned char *)data)[i]);
    } else if (dtype == TENFERRO_BOOL) {
        tf_text_add(text, "%*s", (int)s->width, *(const unsigned char *)data ? "True" : "False");
    } else if (tf_dtype_is_integer(dtype)) {
        tf_text_add(text, "%*lld", (int)s->width, (long long)integer(dtype, data));
    } else {
        int padding = column_print(&s->re, text, part(dtype, data, 0), "");
        if (!tf_dtype_is_complex(dtype))
            return padding;
        tf_text_add(text, "%*s", padding, "");
        return column_print(&s->im, text, part(dtype, data, 1), "j");
    }
    return 0;
}

/* ---- walking over what is shown ---- */

/* One axis.  Its items are elements, except that item number `lead`, if there is one, is "...". */
typedef struct shown_axis {
    int64_t extent, stride;
    int64_t lead, items;
    int64_t at;   /* the item that the walk has come to */
    int64_t base; /* offset of the axis's first element */
} shown_axis;

static int64_t elements_of(const shown_axis *axis)
{
    return axis->items - (axis->lead < axis->items);
}

/*
 * Which elements are shown, as in NumPy: above the threshold `edge` on each side of every axis.
 * That alone leaves too much of a tensor with dozens of short axes, so then the outermost ones
 * keep only their first element.
 */
static void plan_axes(const tenferro_tensor *t, int64_t count,
                      const tenferro_format_options *options, shown_axis *axes)
{
    int64_t shown = 1, edge = options->edge;
    int summary = options->threshold >= 0 && count > options->threshold;
    for (int i = 0; i < t->rank; i++) {
        int64_t extent = tf_extents(t)[i];
        int elided = summary && edge <= (extent - 1) / 2;
        axes[i] = (shown_axis){.extent = extent,
                               .stride = tf_strides(t)[i],
                               .lead = elided ? edge : extent,
                               .items = elided ? 2 * edge + 1 : extent};
        shown *= elements_of(&axes[i]);
    }
    int64_t limit = TF_MAX(options->threshold, 1000);
    for (int i = 0; summary && shown / 2 > limit; i++) {
        shown /= elements_of(&axes[i]);
        axes[i].lead = 1;
        axes[i].items = axes[i].extent > 1 ? 2 : 1;
    }
}

typedef struct walk {
    style *style;
    shown_axis *axes;
    tf_text *text;
    int learning; /* 1: elements are measured, not printed */
    size_t line;  /* where the current line begins in the text */
    int padding;  /* spaces owed to the element printed last */
} walk;

static void visit(walk *w, int64_t offset)
{
    const char *data = (const char *)w->style->tensor->data + offset * w->style->size;
    if (w->learning)
        element_learn(w->style, data);
    else
        w->padding = element_print(w->style, w->text, data);
}

static void pay_padding(walk *w)
{
    tf_text_add(w->text, "%*s", w->padding, "");
    w->padding = 0;
}

static void new_lines(walk *w, int count, int indent)
{
    w->padding = 0; /* no spaces at the end of a line */
    for (int i = 0; i < count; i++)
        tf_text_add(w->text, "\n");
    w->line = w->text->length;
    tf_text_add(w->text, "%*s", indent, "");
}

/* Between two items of the axis at that depth; width: of the item that follows. */
static void separate(walk *w, int depth, int64_t width)
{
    int rank = w->style->tensor->rank;
    if (depth < rank - 1) {
        new_lines(w, rank - 1 - depth, depth + 1);
        return;
    }
    int64_t used = (int64_t)(w->text->length - w->line) + w->padding + 1;
    if (used + width > LINE_WIDTH - rank) {
        new_lines(w, 1, rank);
    } else {
        pay_padding(w);
        tf_text_add(w->text, " ");
    }
}

static void walk_over(walk *w)
{
    int rank = w->style->tensor->rank, depth = 0;
    if (rank == 0) {
        visit(w, 0);
        pay_padding(w);
        return;
    }
    w->axes[0].at = w->axes[0].base = 0;
    tf_text_add(w->text, "[");
    for (;;) {
        shown_axis *axis = &w->axes[depth];
        int gap = axis->at == axis->lead;
        if (axis->at == axis->items) {
            pay_padding(w);
            tf_text_add(w->text, "]");
            if (depth-- == 0)
                return;
            w->axes[depth].at++;
            continue;
        }
        if (axis->at > 0)
            separate(w, depth, gap ? 3 : w->style->width);
        if (gap) {
            tf_text_add(w->text, "...");
            axis->at++;
            continue;
        }
        int64_t index = axis->at < axis->lead ? axis->at : axis->extent - axis->items + axis->at;
        int64_t offset = axis->base + index * axis->stride;
        if (depth == rank - 1) {
            visit(w, offset);
            axis->at++;
        } else {
            depth++;
            w->axes[depth].at = 0;
            w->axes[depth].base = offset;
            tf_text_add(w->text, "[");
        }
    }
}

/* ---- the whole text ---- */

/* "float64 2x3, column-major", "float64 (n, 3), on a forward level, no data" */
static tenferro_status describe(const tenferro_tensor *t, tf_text *text)
{
    tf_text_add(text, "%s ", tf_dtype_name(t->context, t->dtype));
    if (t->rank == 0)
        tf_text_add(text, "scalar");
    else if (!t->storage)
        tf_text_add(text, "(");
    for (int i = 0; i < t->rank; i++) {
        char extent[96];
        TF_TRY(tenferro_extent_format(t->context, tf_extents(t)[i], extent, sizeof extent, NULL));
        tf_text_add(text, "%s%s", i == 0 ? "" : t->storage ? "x" : ", ", extent);
    }
    if (t->storage && t->rank > 0)
        tf_text_add(text, ", %s",
                    tenferro_tensor_is_contiguous(t, TENFERRO_COLUMN_MAJOR) ? "column-major"
                    : tenferro_tensor_is_contiguous(t, TENFERRO_ROW_MAJOR)  ? "row-major"
                                                                            : "strided");
    if (t->storage)
        return TENFERRO_OK;
    tf_text_add(text, "%s", t->rank > 0 ? ")" : "");
    if (t->level)
        tf_text_add(text, ", on a %s level", t->level->type->kind);
    tf_text_add(text, ", no data");
    return TENFERRO_OK;
}

static tenferro_status
print_elements(const tenferro_tensor *t, const tenferro_format_options *options, tf_text *text)
{
    int64_t count;
    TF_TRY(tenferro_tensor_size(t, &count));
    tf_text_add(text, "\n");
    if (count == 0) {
        tf_text_add(text, "[]");
        return TENFERRO_OK;
    }
    int single = tf_dtype_real(t->dtype) == TENFERRO_FLOAT32;
    int precision = TF_MIN(options->precision, single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG);
    style s = {
        .tensor = t,
        .size = tf_dtype_size(t->context, t->dtype),
        .re = {.precision = precision, .single = single},
        .im = {.precision = precision, .single = single, .plus = 1},
    };
    tf_arena arena;
    tf_arena_init(&arena, t->context);
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    shown_axis *axes = tf_arena_take(&arena, t->rank, sizeof *axes);
    if (axes) {
        plan_axes(t, count, options, axes);
        tf_text nowhere;
        tf_text_init(&nowhere, NULL, 0);
        walk_over(&(walk){.style = &s, .axes = axes, .text = &nowhere, .learning = 1});
        style_settle(&s);
        walk_over(&(walk){.style = &s, .axes = axes, .text = text, .line = text->length});
        status = TENFERRO_OK;
    }
    tf_arena_release(&arena);
    return status;
}

tenferro_status
tenferro_tensor_format(const tenferro_tensor *tensor, const tenferro_format_options *options,
                       char *buffer, size_t size, size_t *needed)
{
    tenferro_format_options own = TENFERRO_FORMAT_OPTIONS_INIT;
    if (!tensor || (!buffer && size > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_format: %s is NULL",
                       tensor ? "buffer" : "tensor");
    if (options)
        TF_TRY(tf_struct_read("tensor_format", &own, sizeof own, options));
    if (own.precision < 0 || own.edge < 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "tensor_format: precision %d, edge %lld",
                       own.precision, (long long)own.edge);
    own.precision = own.precision ? own.precision : 8;
    own.threshold = own.threshold ? own.threshold : 1000;
    own.edge = own.edge ? own.edge : 3;
    tf_text text;
    tf_text_init(&text, buffer, size);
    TF_TRY(describe(tensor, &text));
    if (tensor->storage)
        TF_TRY(print_elements(tensor, &own, &text));
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}
