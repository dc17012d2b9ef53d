/* tenferro contract NETWORK.json */

#include "command.h"
#include "contraction.h"
#include "network.h"
#include "order.h"
#include "session.h"

const char contract_help[] =
    "usage: tenferro contract NETWORK.json (--data DATA.npz | --random SEED) [-o OUT.npy] "
    "[options]\n"
    "\n"
    "Contracts a tensor network given by integer labels, of any number of operands:\n"
    "    {\"ixs\": [[0,1],[1,2]], \"iy\": [0,2], \"size\": [2,3,4]}\n"
    "ixs: the labels of each operand; iy: of the result; size: extents by label, or {\"*\": 2}.\n"
    "\n"
    "  --data DATA.npz        members \"0\", \"1\" ... or \"arr_0\" ..., or as the network's "
    "\"operands\" says\n"
    "  --random SEED          uniform random numbers, scaled so that the result stays near 1\n"
    "  --save-data OUT.npz    write the operands used\n"
    "  -o, --output OUT.npy   write the result there (else it is printed)\n"
    "  --dtype DTYPE          i32, i64, f32, f64, c64 or c128 (else the network's, or f64)\n"
    "  --order ORDER          auto, greedy, left, a path '[[0,1],[0,1]]', a .json file with one, "
    "or\n"
    "                         path:NAME for one of the network's \"paths\"\n"
    "  --memory-limit SIZE    refuse what needs more for all tensors: 2GiB, 500MB, 1000000\n"
    "  --threads N            use so many threads (else as many as there are processors)\n"
    "  --json                 report on standard output as JSON\n"
    "  -q, --quiet            no summary, no progress bar\n";

/* Of data from a file the dtype is known only when it is read; what it costs is known before that anyway. */
static tenferro_status plan(contraction *c, const network *n)
{
    order o;
    tenferro_status status = order_parse(c->options->order, n->root, &o);
    if (status != TENFERRO_OK)
        return status;
    tenferro_einsum_options planning = order_options(&o);
    status = tenferro_einsum_plan_labels(c->context, c->dtype, n->count, n->ranks, n->labels,
                                         n->extents, n->out_rank, n->out_labels, &planning,
                                         &c->plan);
    order_free(&o);
    return status;
}

static tenferro_status run_random(contraction *c, const network *n)
{
    c->dtype = c->options->dtype ? c->options->dtype : n->dtype;
    tenferro_status status = plan(c, n);
    if (status == TENFERRO_OK)
        status = contraction_check(c, network_bytes(n, c->dtype));
    if (status == TENFERRO_OK)
        status = operands_random(c->context, n, c->dtype, c->options->seed, &c->operands);
    return status;
}

static tenferro_status run_data(contraction *c, const network *n)
{
    tenferro_status status = operands_from_archive(c->context, c->options->data, n, &c->operands);
    if (status == TENFERRO_OK)
        status = operands_convert(&c->operands, c->options->dtype, &c->dtype);
    if (status == TENFERRO_OK)
        status = plan(c, n);
    if (status == TENFERRO_OK)
        status = contraction_check(c, operands_bytes(&c->operands));
    return status;
}

static tenferro_status run(contraction *c)
{
    const options *o = c->options;
    network n;
    tenferro_status status = network_read(c->what, &n);
    if (status != TENFERRO_OK)
        return status;
    status = session_open(o, NULL, &c->context);
    if (status == TENFERRO_OK)
        status = o->random ? run_random(c, &n) : run_data(c, &n);
    if (status == TENFERRO_OK && o->save_data)
        status = operands_save(&c->operands, o->save_data);
    if (status == TENFERRO_OK)
        status = contraction_run(c);
    network_free(&n);
    return status;
}

int command_contract(int argc, char **argv)
{
    options o;
    tenferro_status status = options_parse("contract",
                                           OPTION_OUTPUT | OPTION_THREADS | OPTION_MEMORY_LIMIT |
                                               OPTION_DTYPE | OPTION_ORDER | OPTION_JSON |
                                               OPTION_QUIET | OPTION_RANDOM | OPTION_DATA |
                                               OPTION_SAVE_DATA,
                                           argc, argv, &o);
    if (status == TENFERRO_OK && o.help)
        return command_help(contract_help);
    if (status == TENFERRO_OK && o.count != 1)
        status = tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "contract needs one network file (see 'tenferro contract --help')");
    if (status == TENFERRO_OK && o.random + (o.data != NULL) != 1)
        status = tenferro_error_set(
            TENFERRO_INVALID_ARGUMENT,
            "contract needs its operands' values: --data FILE.npz or --random SEED");
    if (status != TENFERRO_OK)
        return command_usage();
    contraction c = {.what = o.arguments[0], .options = &o};
    status = run(&c);
    contraction_free(&c);
    return command_end(status);
}
