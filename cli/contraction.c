/* What `einsum` and `contract` share once their operands are there: check, run, write, report. */

#include "contraction.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tenferro/io.h>

#include "report.h"
#include "session.h"
#include "units.h"

tenferro_status contraction_check(contraction *c, double operand_bytes)
{
    c->cost.struct_size = sizeof c->cost;
    tenferro_status status = tenferro_einsum_plan_cost(c->plan, &c->cost);
    if (status != TENFERRO_OK)
        return status;
    double needed = operand_bytes + c->cost.peak_bytes;
    if (c->options->memory_limit > 0 && needed > (double)c->options->memory_limit)
        return tenferro_error_set(
            TENFERRO_OUT_OF_MEMORY,
            "this needs %s (operands %s, contraction %s), but --memory-limit is %s",
            bytes_text(needed).chars, bytes_text(operand_bytes).chars,
            bytes_text(c->cost.peak_bytes).chars, c->options->memory_limit_text);
    return TENFERRO_OK;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tenferro_status print_result(const tenferro_tensor *result)
{
    size_t needed = 0;
    tenferro_status status = tenferro_tensor_format(result, NULL, NULL, 0, &needed);
    char *text = status == TENFERRO_OK ? malloc(needed + 1) : NULL;
    if (status == TENFERRO_OK)
        status = text ? tenferro_tensor_format(result, NULL, text, needed + 1, NULL)
                      : tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (status == TENFERRO_OK)
        puts(text);
    free(text);
    return status;
}

tenferro_status contraction_run(contraction *c)
{
    double start = now();
    tenferro_status status = tenferro_einsum_execute(
        c->plan, c->operands.count, (const tenferro_tensor *const *)c->operands.tensors, &c->result);
    c->seconds = now() - start;
    session_clear_bar();
    if (status == TENFERRO_OK && session_signal())
        status = tenferro_error_set(TENFERRO_CANCELLED, "cancelled");
    if (status == TENFERRO_OK && c->options->output)
        status = tenferro_npy_write(c->options->output, c->result);
    if (status == TENFERRO_OK && !c->options->output && !c->options->json)
        status = print_result(c->result);
    if (status == TENFERRO_OK)
        status = c->options->json ? report_json(c) : report_text(c);
    return status;
}

void contraction_free(contraction *c)
{
    tenferro_tensor_release(c->result);
    tenferro_einsum_plan_release(c->plan);
    operands_free(&c->operands);
    session_close(c->context);
}
