/* What was done, as text for people or as JSON for programs. */

#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define MOST_ELEMENTS 1000 /* of a result that is shown */

tenferro_status report_text(const contraction *c)
{
    const tenferro_einsum_cost *cost = &c->cost;
    int rank = tenferro_tensor_rank(c->result);
    const int64_t *extents = tenferro_tensor_extents(c->result);
    if (c->options->quiet)
        return TENFERRO_OK;
    fprintf(
        stderr,
        "%s: %d operand%s, %s, %lld step%s, %s multiply-adds, largest intermediate %s, peak %s\n",
        c->what, c->operands.count, c->operands.count == 1 ? "" : "s", dtype_text(c->dtype),
        (long long)cost->steps, cost->steps == 1 ? "" : "s", count_text(cost->multiply_adds).chars,
        count_text(cost->largest_intermediate).chars, bytes_text(cost->peak_bytes).chars);
    if (c->options->output)
        fprintf(stderr, "%s: %s %s, contracted in %s\n", c->options->output, dtype_text(c->dtype),
                text_of_shape(rank, extents).chars, time_text(c->seconds).chars);
    else
        fprintf(stderr, "contracted in %s\n", time_text(c->seconds).chars);
    return TENFERRO_OK;
}

/* JSON knows neither infinities nor NaN. */
static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    if (value == floor(value) && fabs(value) < 9e15)
        return json_integer((json_int_t)value);
    return json_real(value);
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* A name that is not UTF-8 cannot stand in JSON. */
static json_t *string(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    return value ? value : json_null();
}

static json_t *shape(int rank, const int64_t *extents)
{
    json_t *list = json_array();
    for (int k = 0; k < rank; k++)
        json_array_append_new(list, json_integer(extents[k]));
    return list;
}

static json_t *described(const tenferro_tensor *tensor)
{
    json_t *object = json_object();
    json_object_set_new(object, "dtype", string(dtype_text(tenferro_tensor_dtype(tensor))));
    json_object_set_new(object, "shape",
                        shape(tenferro_tensor_rank(tensor), tenferro_tensor_extents(tensor)));
    return object;
}

static json_t *pair(double re, double im)
{
    json_t *list = json_array();
    json_array_append_new(list, real(re));
    json_array_append_new(list, real(im));
    return list;
}

static json_t *element(const void *data, tenferro_dtype dtype, int64_t index)
{
    const unsigned char *bytes = data;
    union {
        unsigned char b;
        int32_t i32;
        int64_t i64;
        float f[2];
        double d[2];
    } e;
    tenferro_dtype_info info = TENFERRO_DTYPE_INFO_INIT;
    if (tenferro_dtype_describe(NULL, dtype, &info) != TENFERRO_OK || info.size > (int64_t)sizeof e)
        return json_null();
    memcpy(&e, bytes + index * info.size, (size_t)info.size);
    switch (dtype) {
    case TENFERRO_BOOL:
        return json_boolean(e.b);
    case TENFERRO_INT32:
        return json_integer(e.i32);
    case TENFERRO_INT64:
        return json_integer(e.i64);
    case TENFERRO_FLOAT32:
        return real((double)e.f[0]);
    case TENFERRO_FLOAT64:
        return real(e.d[0]);
    case TENFERRO_COMPLEX64:
        return pair((double)e.f[0], (double)e.f[1]);
    case TENFERRO_COMPLEX128:
        return pair(e.d[0], e.d[1]);
    default:
        return json_null();
    }
}

/* All elements in row-major order, flat: the shape stands beside them. */
static tenferro_status elements(const tenferro_tensor *tensor, json_t **out)
{
    int rank = tenferro_tensor_rank(tensor);
    const int64_t *extents = tenferro_tensor_extents(tensor);
    int64_t size = 0, stride = 1;
    tenferro_status status = tenferro_tensor_size(tensor, &size);
    *out = json_null();
    if (status != TENFERRO_OK || size > MOST_ELEMENTS)
        return status;
    int64_t *strides = calloc((size_t)rank + 1, sizeof *strides);
    void *data = calloc((size_t)size + 1, 16);
    if (!strides || !data) {
        status = tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    } else {
        for (int k = rank - 1; k >= 0; k--) {
            strides[k] = stride;
            stride *= extents[k] > 0 ? extents[k] : 1;
        }
        status = tenferro_tensor_read(tensor, data, strides);
    }
    if (status == TENFERRO_OK) {
        *out = json_array();
        for (int64_t i = 0; i < size; i++)
            json_array_append_new(*out, element(data, tenferro_tensor_dtype(tensor), i));
    }
    free(strides);
    free(data);
    return status;
}

tenferro_status report_json(const contraction *c)
{
    json_t *report = json_object(), *list = json_array(), *values = NULL;
    json_object_set_new(report, "einsum", string(c->what));
    for (int i = 0; i < c->operands.count; i++) {
        json_t *operand = described(c->operands.tensors[i]);
        json_object_set_new(operand, "source", string(c->operands.names[i]));
        json_array_append_new(list, operand);
    }
    json_object_set_new(report, "operands", list);
    json_object_set_new(report, "order", string(c->options->order ? c->options->order : "auto"));
    json_object_set_new(report, "threads", json_integer(tenferro_context_threads(c->context)));
    json_object_set_new(report, "steps", json_integer(c->cost.steps));
    json_object_set_new(report, "multiply_adds", number(c->cost.multiply_adds));
    json_object_set_new(report, "flops", number(c->cost.flops));
    json_object_set_new(report, "largest_intermediate", number(c->cost.largest_intermediate));
    json_object_set_new(report, "peak_bytes", number(c->cost.peak_bytes));
    json_object_set_new(report, "seconds", real(c->seconds));
    json_t *output = described(c->result);
    json_object_set_new(output, "file", string(c->options->output));
    json_object_set_new(report, "output", output);
    tenferro_status status = c->options->output ? TENFERRO_OK : elements(c->result, &values);
    if (values)
        json_object_set_new(report, "result", values);
    char *text = json_dumps(report, JSON_COMPACT);
    if (status == TENFERRO_OK && !text)
        status = tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (status == TENFERRO_OK)
        puts(text);
    free(text);
    json_decref(report);
    return status;
}
