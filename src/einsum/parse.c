/*
 * Reads einsum notation.
 *
 *     equation = list [ "->" labels ]     list = item { "," item }     item = labels | "(" list ")"
 *     labels   = { letter } [ "..." ] { letter }
 *
 * Blanks may stand anywhere but inside "..." and "->".  There is no recursion: open parentheses lie
 * on a stack of their own.
 */

#include <stdlib.h>
#include <string.h>

#include "einsum/letters.h"
#include "einsum/notation.h"

typedef struct parser {
    const char *text; /* the next character */
    int64_t position; /* its number, from 1 */
    uint32_t code;    /* itself; 0: the end */
    int length;       /* its bytes */
    const int *ranks;
    tf_notation *out;
    int items;   /* operands read so far */
    int steps;   /* pairs made so far */
    int *values; /* of each open parenthesis, from the top level: its items' result, or -1 */
    int open;    /* open parentheses */
    int ever_open;
    int64_t wide; /* the most axes that an ellipsis stands for */
} parser;

static const char expected[] = "expected a letter, \"...\", ',', ')' or \"->\"";

static tenferro_status fail_here(const parser *p, const char *why)
{
    char character[5];
    if (p->code == 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: at the end of the equation (character %lld): %s",
                       (long long)p->position, why);
    if (p->code < 0x20 || p->code == 0x7f)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: character %lld (U+%04X): %s",
                       (long long)p->position, (unsigned)p->code, why);
    tf_utf8_write(p->code, character);
    return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum: character %lld, '%s': %s",
                   (long long)p->position, character, why);
}

/* Looks at the character at p->text. */
static tenferro_status look(parser *p)
{
    p->length = tf_utf8_read(p->text, &p->code);
    if (p->length == 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: character %lld: the bytes from 0x%02x on are not UTF-8",
                       (long long)p->position, (unsigned)(unsigned char)p->text[0]);
    return TENFERRO_OK;
}

static tenferro_status step_over(parser *p)
{
    p->text += p->length;
    p->position++;
    return look(p);
}

static tenferro_status skip_blanks(parser *p)
{
    while (p->code == ' ' || p->code == '\t' || p->code == '\n' || p->code == '\r')
        TF_TRY(step_over(p));
    return TENFERRO_OK;
}

/* Steps over the rest of a word whose first character is the next one. */
static tenferro_status expect(parser *p, const char *word, const char *why)
{
    if (strncmp(p->text, word, strlen(word)) != 0)
        return fail_here(p, why);
    for (size_t i = 0; i < strlen(word); i++)
        TF_TRY(step_over(p));
    return TENFERRO_OK;
}

static tenferro_status read_ellipsis(parser *p, int64_t *at, int64_t named)
{
    if (*at >= 0)
        return fail_here(p, "a second ellipsis");
    *at = named;
    return expect(p, "...", "a dot that is not part of \"...\"");
}

/* The labels of one operand; what an ellipsis stands for is known when its last label is read. */
static tenferro_status read_operand(parser *p)
{
    tf_notation *n = p->out;
    int known = p->items < n->count;
    int64_t rank = known ? p->ranks[p->items] : 0;
    int64_t *names = known ? n->names + n->first[p->items] : NULL;
    int64_t named = 0, ellipsis = -1;
    for (;;) {
        TF_TRY(skip_blanks(p));
        if (p->code == '.') {
            TF_TRY(read_ellipsis(p, &ellipsis, named));
        } else if (tf_is_letter(p->code)) {
            if (named < rank)
                names[named] = p->code;
            named++;
            TF_TRY(step_over(p));
        } else if (p->code == 0 || p->code == ',' || p->code == '-' || p->code == ')') {
            break;
        } else { /* before the rank is looked at: the mistake nearer to its cause */
            return fail_here(p, p->code == '(' ? "a parenthesis must follow ',' or '('" : expected);
        }
    }
    int64_t covered = rank - named;
    if (known && (covered < 0 || (covered > 0 && ellipsis < 0)))
        return tf_fail(TENFERRO_SHAPE_MISMATCH,
                       "einsum: operand %d has rank %lld, but the equation names %lld%s axes",
                       p->items, (long long)rank, (long long)named, ellipsis < 0 ? "" : " or more");
    if (known && ellipsis >= 0) {
        memmove(names + ellipsis + covered, names + ellipsis,
                (size_t)(named - ellipsis) * sizeof *names);
        for (int64_t i = 0; i < covered; i++)
            names[ellipsis + i] = TF_ELLIPSIS_NAME + covered - 1 - i;
        p->wide = TF_MAX(p->wide, covered);
    }
    return TENFERRO_OK;
}

/* An operand or a closed parenthesis joins what stands before it in its list. */
static void join(parser *p, int value)
{
    int *list = &p->values[p->open];
    if (*list < 0) {
        *list = value;
    } else if (p->steps < p->out->count - 1) { /* more operands than were given fail later */
        p->out->pairs[2 * p->steps] = *list;
        p->out->pairs[2 * p->steps + 1] = value;
        *list = p->out->count + p->steps++;
    }
}

static tenferro_status read_list(parser *p)
{
    p->values[0] = -1;
    for (;;) { /* one item, and what follows it */
        TF_TRY(skip_blanks(p));
        if (p->code == '(') {
            p->ever_open = 1;
            p->values[++p->open] = -1;
            TF_TRY(step_over(p));
            continue;
        }
        TF_TRY(read_operand(p));
        join(p, p->items++);
        while (p->code == ')') {
            if (p->open == 0)
                return fail_here(p, "this parenthesis was not opened");
            int value = p->values[p->open--];
            join(p, value);
            TF_TRY(step_over(p));
            TF_TRY(skip_blanks(p));
        }
        if (p->code == 0 || p->code == '-') {
            if (p->open > 0)
                return fail_here(p, "a parenthesis is not closed");
            return TENFERRO_OK;
        }
        if (p->code != ',')
            return fail_here(p, expected);
        TF_TRY(step_over(p));
    }
}

static int compare_names(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void put_ellipsis(parser *p)
{
    for (int64_t i = p->wide - 1; i >= 0; i--)
        p->out->out_names[p->out->out_rank++] = TF_ELLIPSIS_NAME + i;
}

/* Without "->": the ellipsis, then the labels that occur once, in order. */
static void imply_output(parser *p, int64_t total, const int64_t *sorted)
{
    put_ellipsis(p);
    for (int64_t i = 0; i < total && sorted[i] < TF_ELLIPSIS_NAME; i++)
        if ((i == 0 || sorted[i - 1] != sorted[i]) && (i + 1 == total || sorted[i + 1] != sorted[i]))
            p->out->out_names[p->out->out_rank++] = sorted[i];
}

static tenferro_status
read_output(parser *p, int64_t total, const int64_t *sorted, unsigned char *used)
{
    int64_t ellipsis = -1;
    for (;;) {
        TF_TRY(skip_blanks(p));
        if (p->code == 0)
            break;
        if (p->code == '.') {
            TF_TRY(read_ellipsis(p, &ellipsis, 0));
            put_ellipsis(p);
            continue;
        }
        if (!tf_is_letter(p->code))
            return fail_here(p, "expected a letter or \"...\" in the output");
        int64_t name = p->code;
        const int64_t *found = total > 0 ? bsearch(&name, sorted, (size_t)total, sizeof name,
                                                   compare_names)
                                         : NULL;
        if (!found)
            return fail_here(p, "this label of the output occurs in no operand");
        while (found > sorted && found[-1] == name)
            found--;
        if (used[found - sorted])
            return fail_here(p, "this label occurs twice in the output");
        used[found - sorted] = 1;
        p->out->out_names[p->out->out_rank++] = name;
        TF_TRY(step_over(p));
    }
    if (ellipsis < 0 && p->wide > 0)
        return fail_here(p, "the output lacks \"...\", which stands for axes of the operands");
    return TENFERRO_OK;
}

static tenferro_status parse(parser *p, int64_t total, int64_t *sorted, unsigned char *used)
{
    tf_notation *n = p->out;
    TF_TRY(look(p));
    TF_TRY(read_list(p));
    if (p->items != n->count)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: the equation has %d operands, but %d were given", p->items,
                       n->count);
    if (total > 0) {
        memcpy(sorted, n->names, (size_t)total * sizeof *sorted);
        qsort(sorted, (size_t)total, sizeof *sorted, compare_names);
    }
    if (p->code == 0) {
        imply_output(p, total, sorted);
        return TENFERRO_OK;
    }
    TF_TRY(expect(p, "->", "a '-' that is not part of \"->\""));
    return read_output(p, total, sorted, used);
}

tenferro_status tf_notation_parse(tenferro_context *context, const char *equation, int count,
                                  const int *ranks, tf_notation *out)
{
    *out = (tf_notation){.count = count};
    if (strlen(equation) >= INT32_MAX) /* so that operands and parentheses can be counted */
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "einsum: the equation has more than 2^31 - 2 bytes");
    int64_t total = 0, opens = 0;
    for (int i = 0; i < count; i++)
        total += ranks[i]; /* below 2^62 */
    for (const char *c = equation; *c; c++)
        opens += *c == '(';

    /* each label of the output occurs in an operand: `total` names are room enough */
    tenferro_status status = TENFERRO_OUT_OF_MEMORY;
    parser p = {.text = equation, .position = 1, .ranks = ranks, .out = out};
    int64_t *sorted = tf_malloc(context, total, sizeof *sorted);
    unsigned char *used = sorted ? tf_calloc(context, total, 1) : NULL;
    p.values = used ? tf_malloc(context, opens + 1, sizeof *p.values) : NULL;
    out->first = p.values ? tf_malloc(context, (int64_t)count + 1, sizeof *out->first) : NULL;
    out->names = out->first ? tf_malloc(context, total, sizeof *out->names) : NULL;
    out->out_names = out->names ? tf_malloc(context, total, sizeof *out->out_names) : NULL;
    out->pairs = out->out_names ? tf_malloc(context, 2 * (int64_t)count, sizeof *out->pairs) : NULL;
    if (!out->pairs)
        goto cleanup;
    out->first[0] = 0;
    for (int i = 0; i < count; i++)
        out->first[i + 1] = out->first[i] + ranks[i];
    status = parse(&p, total, sorted, used);
    if (status == TENFERRO_OK && !p.ever_open) {
        tf_free(context, out->pairs);
        out->pairs = NULL;
    }

cleanup:
    tf_free(context, sorted);
    tf_free(context, used);
    tf_free(context, p.values);
    if (status != TENFERRO_OK)
        tf_notation_free(context, out);
    return status;
}

void tf_notation_free(tenferro_context *context, tf_notation *notation)
{
    tf_free(context, notation->first);
    tf_free(context, notation->names);
    tf_free(context, notation->out_names);
    tf_free(context, notation->pairs);
    *notation = (tf_notation){0};
}
