/*
 * Equations: one byte the number of operands, then for each its rank and extents, the rest is the
 * equation.  What plans is formatted and, if small, executed by two orders that must agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenferro.h>

enum { MOST_OPERANDS = 5, MOST_RANK = 5 };

typedef struct input {
    int count;
    int ranks[MOST_OPERANDS];
    int64_t extents[MOST_OPERANDS][MOST_RANK];
    const int64_t *lists[MOST_OPERANDS];
    char equation[4096];
} input;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int next(const uint8_t **bytes, const uint8_t *end, int below)
{
    return *bytes < end ? *(*bytes)++ % below : 0;
}

static void read_input(const uint8_t *bytes, size_t count, input *in)
{
    const uint8_t *end = bytes + count;
    in->count = 1 + next(&bytes, end, MOST_OPERANDS);
    for (int i = 0; i < in->count; i++) {
        in->ranks[i] = next(&bytes, end, MOST_RANK + 1);
        in->lists[i] = in->extents[i];
        for (int k = 0; k < in->ranks[i]; k++)
            in->extents[i][k] = next(&bytes, end, 4);
    }
    size_t length = (size_t)(end - bytes);
    if (length >= sizeof in->equation)
        length = sizeof in->equation - 1;
    if (length > 0)
        memcpy(in->equation, bytes, length);
    in->equation[length] = '\0';
}

static void require(int condition, const char *what, const char *equation)
{
    if (condition)
        return;
    fprintf(stderr, "%s: \"%s\": %s\n", what, equation, tenferro_error_message());
    abort();
}

static tenferro_einsum_plan *
plan_of(tenferro_context *context, const input *in, tenferro_einsum_order order)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    tenferro_einsum_plan *plan;
    options.order = order;
    tenferro_status status = tenferro_einsum_plan_create(context, in->equation, TENFERRO_INT64,
                                                         in->count, in->ranks, in->lists, &options,
                                                         &plan);
    require(status == TENFERRO_OK || status == TENFERRO_INVALID_ARGUMENT ||
                status == TENFERRO_SHAPE_MISMATCH,
            "planning", in->equation);
    return plan;
}

static void
execute(tenferro_context *context, const input *in, const tenferro_einsum_plan *const *plans)
{
    tenferro_tensor *operands[MOST_OPERANDS] = {NULL}, *out[2] = {NULL, NULL};
    int equal = 1;
    for (int i = 0; i < in->count; i++)
        require(tenferro_random_uniform(context, TENFERRO_INT64, in->ranks[i], in->extents[i], 1,
                                        (uint64_t)i, -9, 10, &operands[i]) == TENFERRO_OK,
                "operand", in->equation);
    for (int i = 0; i < 2; i++)
        require(tenferro_einsum_execute(plans[i], in->count,
                                        (const tenferro_tensor *const *)operands,
                                        &out[i]) == TENFERRO_OK,
                "execution", in->equation);
    require(tenferro_array_equal(out[0], out[1], &equal) == TENFERRO_OK && equal, "orders differ",
            in->equation);
    tenferro_tensor_release(out[0]);
    tenferro_tensor_release(out[1]);
    for (int i = 0; i < in->count; i++)
        tenferro_tensor_release(operands[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static tenferro_context *context;
    static input in;
    char text[256];
    if (!context) {
        tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
        options.threads = 1;
        options.blas = "none";
        options.pool_limit = -1; /* blocks are really freed: the sanitizer sees more */
        require(tenferro_context_create(&options, &context) == TENFERRO_OK, "context", "");
    }
    read_input(bytes, count, &in);
    tenferro_einsum_plan *plans[2] = {plan_of(context, &in, TENFERRO_EINSUM_AUTO),
                                      plan_of(context, &in, TENFERRO_EINSUM_LEFT_TO_RIGHT)};
    require(!plans[0] == !plans[1], "one order plans", in.equation);
    if (plans[0]) {
        tenferro_einsum_cost cost = TENFERRO_EINSUM_COST_INIT, other = TENFERRO_EINSUM_COST_INIT;
        for (int format = TENFERRO_EINSUM_TEXT; format <= TENFERRO_EINSUM_DOT; format++)
            require(tenferro_einsum_plan_format(plans[0], (tenferro_einsum_format)format, text,
                                                sizeof text, NULL) == TENFERRO_OK,
                    "format", in.equation);
        require(tenferro_einsum_plan_cost(plans[0], &cost) == TENFERRO_OK &&
                    tenferro_einsum_plan_cost(plans[1], &other) == TENFERRO_OK,
                "cost", in.equation);
        if (cost.multiply_adds + other.multiply_adds < 1e5)
            execute(context, &in, (const tenferro_einsum_plan *const *)plans);
    }
    tenferro_einsum_plan_release(plans[0]);
    tenferro_einsum_plan_release(plans[1]);
    return 0;
}
