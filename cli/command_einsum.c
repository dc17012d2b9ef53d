/* tenferro einsum EQUATION FILE... */

#include "command.h"
#include "contraction.h"
#include "order.h"
#include "session.h"

const char einsum_help[] =
    "usage: tenferro einsum EQUATION FILE... [-o OUT.npy] [options]\n"
    "\n"
    "Contracts arrays: tenferro einsum 'ij,jk->ik' a.npy b.npy -o c.npy\n"
    "\n"
    "EQUATION   NumPy's notation: any letters, '...', implicit output, parentheses for the order\n"
    "FILE       a.npy, or archive.npz:name; one an operand\n"
    "\n"
    "  -o, --output OUT.npy   write the result there (else it is printed)\n"
    "  --dtype DTYPE          compute in i32, i64, f32, f64, c64 or c128 (else what the operands "
    "meet in)\n"
    "  --order ORDER          auto, greedy, left, a path '[[0,1],[0,1]]', or a .json file with "
    "one\n"
    "  --memory-limit SIZE    refuse what needs more for all tensors: 2GiB, 500MB, 1000000\n"
    "  --threads N            use so many threads (else as many as there are processors)\n"
    "  --json                 report on standard output as JSON\n"
    "  -q, --quiet            no summary, no progress bar\n";

static tenferro_status plan(contraction *c)
{
    order o;
    tenferro_status status = order_parse(c->options->order, NULL, &o);
    if (status != TENFERRO_OK)
        return status;
    tenferro_einsum_options planning = order_options(&o);
    status = tenferro_einsum_plan_create(c->context, c->what, c->dtype, c->operands.count,
                                         c->operands.ranks, c->operands.extents, &planning,
                                         &c->plan);
    order_free(&o);
    return status;
}

static tenferro_status run(contraction *c)
{
    const options *o = c->options;
    tenferro_status status = session_open(o, NULL, &c->context);
    if (status == TENFERRO_OK)
        status = operands_from_files(c->context, o->count - 1, o->arguments + 1, &c->operands);
    if (status == TENFERRO_OK)
        status = operands_convert(&c->operands, o->dtype, &c->dtype);
    if (status == TENFERRO_OK)
        status = plan(c);
    if (status == TENFERRO_OK)
        status = contraction_check(c, operands_bytes(&c->operands));
    if (status == TENFERRO_OK)
        status = contraction_run(c);
    return status;
}

int command_einsum(int argc, char **argv)
{
    options o;
    tenferro_status status = options_parse("einsum",
                                           OPTION_OUTPUT | OPTION_THREADS | OPTION_MEMORY_LIMIT |
                                               OPTION_DTYPE | OPTION_ORDER | OPTION_JSON |
                                               OPTION_QUIET,
                                           argc, argv, &o);
    if (status == TENFERRO_OK && o.help)
        return command_help(einsum_help);
    if (status == TENFERRO_OK && o.count < 2)
        status = tenferro_error_set(TENFERRO_INVALID_ARGUMENT,
                                    "einsum needs an equation and a file for each operand "
                                    "(see 'tenferro einsum --help')");
    if (status != TENFERRO_OK)
        return command_usage();
    contraction c = {.what = o.arguments[0], .options = &o};
    status = run(&c);
    contraction_free(&c);
    return command_end(status);
}
