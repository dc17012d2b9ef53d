/*
 * Descriptions of plans: one byte the kind, one the operation, then for each operand its dtype,
 * conj, rank, extents, strides and labels.  What plans is described and, if small, executed on
 * memory of exactly the size that its strides span; contractions by two routes that must agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenferro/prims.h>

enum { OPERANDS = 4, MOST_RANK = 6, MOST_ELEMENTS = 4096 };

typedef struct reader {
    const uint8_t *at, *end;
} reader;

typedef struct operand {
    tenferro_operand given;
    int64_t extents[MOST_RANK], strides[MOST_RANK], labels[MOST_RANK];
    int64_t low, count; /* the elements that it spans: first offset, number; count < 0: too many */
    int64_t size;       /* bytes of an element */
    char *memory;
} operand;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int next(reader *r, int below)
{
    return r->at < r->end ? *r->at++ % below : 0;
}

/* Mostly small; now and then a number at the edge of what fits. */
static int64_t number(reader *r, int64_t low, int64_t high)
{
    static const int64_t edges[] = {
        INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MIN / 3, INT32_MAX, INT64_C(1) << 40, -1, 0};
    int code = next(r, 256);
    return code >= 250 ? edges[next(r, 8)] : low + code % (high - low + 1);
}

static void span(operand *o)
{
    int64_t low = 0, high = 0;
    o->low = 0;
    o->count = 0;
    for (int i = 0; i < o->given.rank; i++)
        if (o->extents[i] == 0)
            return;
    int64_t stride = 1;
    for (int i = 0; i < o->given.rank; i++) {
        int64_t step = o->given.strides ? o->strides[i] : stride;
        o->count = -1;
        if (o->extents[i] < 0 || o->extents[i] > MOST_ELEMENTS ||
            (o->extents[i] > 1 && (step > MOST_ELEMENTS || step < -MOST_ELEMENTS)))
            return;
        int64_t reach = o->extents[i] > 1 ? (o->extents[i] - 1) * step : 0;
        *(reach < 0 ? &low : &high) += reach;
        if (high - low >= MOST_ELEMENTS)
            return;
        stride *= o->extents[i];
    }
    o->low = low;
    o->count = high - low + 1;
}

static void read_operand(reader *r, operand *o)
{
    static const int64_t sizes[] = {0, 1, 4, 8, 4, 8, 8, 16, 0};
    tenferro_dtype dtype = (tenferro_dtype)next(r, 9);
    int rank = next(r, MOST_RANK + 1);
    for (int i = 0; i < rank; i++) {
        o->extents[i] = number(r, 0, 5);
        o->strides[i] = number(r, -24, 24);
        o->labels[i] = number(r, 0, 4);
    }
    o->given = tenferro_operand_make(dtype, rank, o->extents, next(r, 3) ? o->strides : NULL,
                                     o->labels);
    o->given.conj = next(r, 2);
    o->size = sizes[dtype];
    o->memory = NULL;
    span(o);
}

static void require(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "%s: %s\n", what, tenferro_error_message());
    abort();
}

static tenferro_plan *plan_of(tenferro_context *context, int kind, int op,
                              const tenferro_operand *const *in, tenferro_route route)
{
    tenferro_plan_options options = TENFERRO_PLAN_OPTIONS_INIT;
    tenferro_plan *plan = NULL;
    tenferro_status status;
    options.route = route;
    switch (kind) {
    case 0:
        status = tenferro_plan_contraction(context, in[0], in[1], in[2], in[3], &options, &plan);
        break;
    case 1:
        status = tenferro_plan_permutation(context, in[0], in[3], &options, &plan);
        break;
    case 2:
        status = tenferro_plan_embedding(context, in[0], in[2], in[3], &options, &plan);
        break;
    case 3:
        status = tenferro_plan_reduction(context, (tenferro_reduction)(op % 9), in[0], in[2], in[3],
                                         &options, &plan);
        break;
    default:
        status = tenferro_plan_elementwise(context, (tenferro_map)(op % 66),
                                           op < 32   ? 1
                                           : op < 64 ? 2
                                                     : 3,
                                           in, in[3], &options, &plan);
        break;
    }
    require((status == TENFERRO_OK) == (plan != NULL), "status and plan");
    require(status == TENFERRO_OK || status == TENFERRO_INVALID_ARGUMENT ||
                status == TENFERRO_SHAPE_MISMATCH || status == TENFERRO_DTYPE_MISMATCH ||
                status == TENFERRO_OVERFLOW,
            "planning");
    return plan;
}

static void fill(operand *o, int value)
{
    if (o->memory)
        memset(o->memory, value, (size_t)(o->count * o->size));
}

static void *pointer(const operand *o)
{
    return o->memory ? o->memory - o->low * o->size : NULL;
}

/* Which inputs the kind reads, in order. */
static int
inputs_of(int kind, int op, const operand *o, const tenferro_operand *const *in, const void **out)
{
    int n = 0;
    for (int role = 0; role < 3; role++) {
        int reads = kind == 0   ? in[role] != NULL
                    : kind == 4 ? role < (op < 32   ? 1
                                          : op < 64 ? 2
                                                    : 3)
                                : role == 0 || (role == 2 && kind > 1 && in[2]);
        if (reads)
            out[n++] = pointer(&o[role]);
    }
    return n;
}

static void execute(tenferro_context *context, int kind, int op, operand *o,
                    const tenferro_operand *const *in, const tenferro_plan *plan)
{
    static const unsigned char zero[16] = {0};
    const void *inputs[3] = {NULL, NULL, NULL};
    int64_t workspace_bytes;
    for (int i = 0; i < OPERANDS; i++)
        if (o[i].count < 0)
            return;
    for (int i = 0; i < OPERANDS; i++)
        if (o[i].count > 0 && o[i].size > 0)
            require((o[i].memory = malloc((size_t)(o[i].count * o[i].size))) != NULL, "memory");
    for (int i = 0; i < OPERANDS; i++)
        fill(&o[i], o[i].given.dtype == TENFERRO_BOOL ? 1 : 0);
    (void)inputs_of(kind, op, o, in, inputs);
    require(tenferro_plan_workspace(plan, &workspace_bytes) == TENFERRO_OK, "workspace");
    void *workspace = workspace_bytes < 1 << 20 ? malloc((size_t)workspace_bytes + 1) : NULL;
    require(tenferro_plan_execute(plan, inputs, pointer(&o[3]), NULL, zero, workspace,
                                  workspace_bytes) == TENFERRO_OK,
            "execution");
    if (kind == 0) { /* one route as the other, on integers of every bit pattern */
        tenferro_plan *naive = plan_of(context, kind, op, in, TENFERRO_ROUTE_NAIVE);
        int exact = o[3].given.dtype == TENFERRO_INT32 || o[3].given.dtype == TENFERRO_INT64;
        size_t bytes = o[3].memory ? (size_t)(o[3].count * o[3].size) : 0;
        char *first = malloc(bytes + 1);
        for (int i = 0; exact && i < 3; i++)
            fill(&o[i], 0x31 + i);
        for (int pass = 0; pass < 2; pass++) {
            if (exact)
                fill(&o[3], 0x77);
            require(tenferro_plan_execute(pass ? naive : plan, inputs, pointer(&o[3]), NULL, NULL,
                                          NULL, 0) == TENFERRO_OK,
                    "execution by route");
            if (pass == 0 && bytes > 0)
                memcpy(first, o[3].memory, bytes);
        }
        require(!exact || bytes == 0 || memcmp(first, o[3].memory, bytes) == 0, "routes differ");
        free(first);
        tenferro_plan_release(naive);
    }
    free(workspace);
    for (int i = 0; i < OPERANDS; i++)
        free(o[i].memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static tenferro_context *context;
    operand o[OPERANDS];
    const tenferro_operand *in[OPERANDS];
    char text[512];
    reader r = {bytes, bytes + count};
    if (!context) {
        tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
        options.threads = 1;
        options.blas = "none";
        options.pool_limit = -1; /* blocks are really freed: the sanitizer sees more */
        require(tenferro_context_create(&options, &context) == TENFERRO_OK, "context");
    }
    int kind = next(&r, 5), op = next(&r, 256), absent = next(&r, 4);
    op = kind == 4 ? op % 66 : op;
    for (int i = 0; i < OPERANDS; i++) {
        read_operand(&r, &o[i]);
        in[i] = &o[i].given;
    }
    if (kind != 4 && (absent & 1))
        in[1] = NULL;
    if (kind != 4 && (absent & 2))
        in[2] = NULL;
    tenferro_plan *plan = plan_of(context, kind, op, in, TENFERRO_ROUTE_AUTO);
    if (plan) {
        require(tenferro_plan_describe(plan, text, sizeof text, NULL) == TENFERRO_OK, "describe");
        execute(context, kind, op, o, in, plan);
    }
    tenferro_plan_release(plan);
    return 0;
}
