/* What `einsum` and `contract` share once their operands are there: check, run, write, report. */
#ifndef TENFERRO_CLI_CONTRACTION_H
#define TENFERRO_CLI_CONTRACTION_H

#include <tenferro/einsum.h>

#include "operands.h"
#include "options.h"

typedef struct contraction {
    const char *what; /* the equation, or the network's file */
    const options *options;
    tenferro_context *context;
    tenferro_dtype dtype;
    operands operands;
    tenferro_einsum_plan *plan;
    tenferro_einsum_cost cost;
    tenferro_tensor *result;
    double seconds; /* of the contraction alone */
} contraction;

/*
 * Takes the plan's cost, and refuses what will not fit into --memory-limit: operands, intermediates, output and scratch
 * together.
 */
tenferro_status contraction_check(contraction *c, double operand_bytes);

/* Executes the plan, writes or prints the result, reports. */
tenferro_status contraction_run(contraction *c);

void contraction_free(contraction *c);

#endif
