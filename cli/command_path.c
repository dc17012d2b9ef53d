/* tenferro path: what a contraction would do and cost, without doing it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "contraction.h"
#include "network.h"
#include "order.h"
#include "session.h"
#include "shapes.h"

const char path_help[] =
    "usage: tenferro path EQUATION --shapes SHAPES [options]\n"
    "       tenferro path EQUATION FILE... [options]\n"
    "       tenferro path NETWORK.json [options]\n"
    "\n"
    "Shows the order of a contraction, its operations, its largest intermediate and its peak "
    "memory,\n"
    "without contracting anything.\n"
    "\n"
    "  --shapes SHAPES        one shape an operand: '2x3,3x4'; nothing for a scalar: ',2x3'\n"
    "  --format FORMAT        text, json, or dot for Graphviz\n"
    "  --dtype DTYPE          i32, i64, f32, f64, c64 or c128 (else the files' or the "
    "network's, or f64)\n"
    "  --order ORDER          auto, greedy, left, search, a path '[[0,1],[0,1]]', a .json "
    "file with\n"
    "                         one, or path:NAME for one of the network's \"paths\"\n"
    "  --objective OBJECTIVE  what auto and search make small: seconds, flops, size, weighted\n"
    "  --moves N              budget of the search: changes of the tree that are tried\n"
    "  --seconds T            time limit of the search\n"
    "  --seed N               of the search's random numbers\n"
    "  --memory-limit SIZE    fail if all tensors together need more: 2GiB, 500MB, 1000000\n";

static double shapes_bytes(const shapes *s, tenferro_dtype dtype)
{
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    double sum = 0;
    if (tenferro_dtype_describe(NULL, dtype, &info) != TENFERRO_OK)
        return 0;
    for (int i = 0; i < s->count; i++) {
        double size = (double)info.size;
        for (int k = 0; k < s->ranks[i]; k++)
            size *= (double)s->extents[i][k];
        sum += size;
    }
    return sum;
}

static tenferro_status
plan_shapes(contraction *c, const tenferro_einsum_options *planning, double *bytes)
{
    shapes s;
    tenferro_status status = shapes_parse(c->options->shapes, &s);
    if (status != TENFERRO_OK)
        return status;
    c->dtype = c->options->dtype ? c->options->dtype : TENFERRO_FLOAT64;
    *bytes = shapes_bytes(&s, c->dtype);
    status = tenferro_einsum_plan_create(c->context, c->what, c->dtype, s.count, s.ranks, s.extents,
                                         planning, &c->plan);
    shapes_free(&s);
    return status;
}

static tenferro_status
plan_files(contraction *c, const tenferro_einsum_options *planning, double *bytes)
{
    const options *o = c->options;
    tenferro_status status = operands_from_files(c->context, o->count - 1, o->arguments + 1,
                                                 &c->operands);
    if (status == TENFERRO_OK)
        status = operands_convert(&c->operands, o->dtype, &c->dtype);
    if (status != TENFERRO_OK)
        return status;
    *bytes = operands_bytes(&c->operands);
    return tenferro_einsum_plan_create(c->context, c->what, c->dtype, c->operands.count,
                                       c->operands.ranks, c->operands.extents, planning, &c->plan);
}

static tenferro_status plan_network(contraction *c, const network *n,
                                    const tenferro_einsum_options *planning, double *bytes)
{
    c->dtype = c->options->dtype ? c->options->dtype : n->dtype;
    *bytes = network_bytes(n, c->dtype);
    return tenferro_einsum_plan_labels(c->context, c->dtype, n->count, n->ranks, n->labels,
                                       n->extents, n->out_rank, n->out_labels, planning, &c->plan);
}

static tenferro_status print(const contraction *c)
{
    const char *name = c->options->format ? c->options->format : "text";
    tenferro_einsum_format format = strcmp(name, "json") == 0  ? TENFERRO_EINSUM_JSON
                                    : strcmp(name, "dot") == 0 ? TENFERRO_EINSUM_DOT
                                                               : TENFERRO_EINSUM_TEXT;
    size_t needed = 0;
    tenferro_status status = tenferro_einsum_plan_format(c->plan, format, NULL, 0, &needed);
    char *text = status == TENFERRO_OK ? malloc(needed + 1) : NULL;
    if (status == TENFERRO_OK)
        status = text ? tenferro_einsum_plan_format(c->plan, format, text, needed + 1, NULL)
                      : tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (status == TENFERRO_OK)
        printf("%s%s", text, needed > 0 && text[needed - 1] == '\n' ? "" : "\n");
    free(text);
    return status;
}

static tenferro_status run(contraction *c)
{
    const options *o = c->options;
    int is_network = o->count == 1 && !o->shapes;
    network n = {.count = 0};
    order ordering = {TENFERRO_EINSUM_AUTO, NULL, 0};
    double bytes = 0;
    tenferro_status status = is_network ? network_read(c->what, &n) : TENFERRO_OK;
    if (status == TENFERRO_OK)
        status = order_parse(o->order, n.root, &ordering);
    if (status == TENFERRO_OK)
        status = session_open(o, "none", &c->context);
    if (status == TENFERRO_OK) {
        tenferro_einsum_options planning = order_options(&ordering);
        planning.objective = o->objective;
        planning.moves = o->moves;
        planning.seconds = o->seconds;
        planning.seed = o->search_seed;
        status = is_network  ? plan_network(c, &n, &planning, &bytes)
                 : o->shapes ? plan_shapes(c, &planning, &bytes)
                             : plan_files(c, &planning, &bytes);
    }
    if (status == TENFERRO_OK)
        status = contraction_check(c, bytes);
    if (status == TENFERRO_OK)
        status = print(c);
    order_free(&ordering);
    network_free(&n);
    return status;
}

int command_path(int argc, char **argv)
{
    options o;
    tenferro_status status = options_parse("path",
                                           OPTION_SHAPES | OPTION_FORMAT | OPTION_DTYPE |
                                               OPTION_ORDER | OPTION_MEMORY_LIMIT |
                                               OPTION_OBJECTIVE | OPTION_MOVES | OPTION_SECONDS |
                                               OPTION_SEED,
                                           argc, argv, &o);
    if (status == TENFERRO_OK && o.help)
        return command_help(path_help);
    if (status == TENFERRO_OK && o.count == 0)
        status = tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "path needs an equation with --shapes or files, or a network file "
            "(see 'tenferro path --help')");
    if (status == TENFERRO_OK && o.count == 1 && !o.shapes && access(o.arguments[0], F_OK) != 0 &&
        strstr(o.arguments[0], ".json") == NULL)
        status = tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "'%s' is no file; an equation needs --shapes or a file for each operand",
            o.arguments[0]);
    if (status == TENFERRO_OK && o.shapes && o.count > 1)
        status = tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                    "path takes either --shapes or files, not both");
    if (status != TENFERRO_OK)
        return command_usage();
    contraction c = {.what = o.arguments[0], .options = &o};
    status = run(&c);
    contraction_free(&c);
    return command_end(status);
}
