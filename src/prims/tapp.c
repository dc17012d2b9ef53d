/* The TAPP interface over plans.  A handle is a context; the other objects are small blocks. */

#include <tapp.h>

#include <string.h>

#include "memory/allocator.h"
#include "prims/plan.h"
#include "support/text.h"

/* Objects begin with what they are, so that one is not taken for another. */
typedef enum tapp_kind {
    TAPP_KIND_HANDLE = 0x54415001,
    TAPP_KIND_EXECUTOR,
    TAPP_KIND_INFO,
    TAPP_KIND_PRODUCT
} tapp_kind;

typedef struct tapp_handle {
    tapp_kind kind;
    int threads, default_threads;
    tenferro_context *context;
} tapp_handle;

typedef struct tapp_executor {
    tapp_kind kind;
    int threads; /* 0: as many as the handle */
} tapp_executor;

typedef struct tapp_info {
    tapp_kind kind;
    TAPP_datatype type;
    int modes;
    int64_t *extents, *strides; /* of one block, extents first */
} tapp_info;

typedef struct tapp_product {
    tapp_kind kind;
    tenferro_plan *plan;
} tapp_product;

/* These objects have no context to take memory from. */
static void *take(tapp_kind kind, size_t size)
{
    const tenferro_allocator allocator = tf_allocator_default();
    void *object = tf_block_allocate(&allocator, size);
    if (!object) {
        (void)tf_fail(TENFERRO_OUT_OF_MEMORY, "TAPP: out of memory");
        return NULL;
    }
    memset(object, 0, size);
    memcpy(object, &kind, sizeof kind);
    return object;
}

static void give(void *object)
{
    const tenferro_allocator allocator = tf_allocator_default();
    if (object)
        memset(object, 0, sizeof(tapp_kind));
    tf_block_free(&allocator, object);
}

/* The object, or NULL with the message set if it is not of that kind. */
static void *object_of(intptr_t handle, tapp_kind kind, const char *what)
{
    tapp_kind found = 0;
    void *object = (void *)handle;
    if (object)
        memcpy(&found, object, sizeof found);
    if (found == kind)
        return object;
    (void)tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP: that is no %s", what);
    return NULL;
}

static TAPP_error destroy(intptr_t handle, tapp_kind kind, const char *what)
{
    void *object = object_of(handle, kind, what);
    if (!object)
        return TENFERRO_INVALID_ARGUMENT;
    give(object);
    return TENFERRO_OK;
}

/* ---- errors ---- */

/* This thread's last failure: the code whose message tenferro_error_message() is. */
static _Thread_local TAPP_error last_error;

static TAPP_error report(tenferro_status status)
{
    if (status != TENFERRO_OK)
        last_error = (TAPP_error)status;
    return (TAPP_error)status;
}

bool TAPP_check_success(TAPP_error error)
{
    return error == TENFERRO_OK;
}

size_t TAPP_explain_error(TAPP_error error, size_t maxlen, char *message)
{
    char text[1024 + 64];
    tf_text t;
    tf_text_init(&t, text, sizeof text);
    tf_text_add(&t, "%s",
                error == TENFERRO_OK ? "success" : tenferro_status_name((tenferro_status)error));
    if (error != TENFERRO_OK && error == last_error)
        tf_text_add(&t, ": %s", tenferro_error_message());
    size_t length = strlen(text);
    if (maxlen == 0 || !message)
        return length;
    length = TF_MIN(length, maxlen - 1);
    memcpy(message, text, length);
    message[length] = '\0';
    return length;
}

/* ---- handles, executors, status ---- */

TAPP_error TAPP_create_handle(TAPP_handle *handle)
{
    if (!handle)
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_create_handle: NULL argument"));
    *handle = 0;
    tapp_handle *h = take(TAPP_KIND_HANDLE, sizeof *h);
    if (!h)
        return report(TENFERRO_OUT_OF_MEMORY);
    tenferro_status status = tenferro_context_create(NULL, &h->context);
    if (status != TENFERRO_OK) {
        give(h);
        return report(status);
    }
    h->threads = h->default_threads = tenferro_context_threads(h->context);
    *handle = (TAPP_handle)h;
    return TENFERRO_OK;
}

TAPP_error TAPP_destroy_handle(TAPP_handle handle)
{
    tapp_handle *h = object_of(handle, TAPP_KIND_HANDLE, "handle");
    if (!h)
        return report(TENFERRO_INVALID_ARGUMENT);
    tenferro_context_release(h->context);
    give(h);
    return TENFERRO_OK;
}

TAPP_error TAPP_create_executor(TAPP_executor *exec)
{
    if (!exec)
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_create_executor: NULL argument"));
    *exec = (TAPP_executor)take(TAPP_KIND_EXECUTOR, sizeof(tapp_executor));
    return report(*exec ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY);
}

TAPP_error TAPP_destroy_executor(TAPP_executor exec)
{
    return report((tenferro_status)destroy(exec, TAPP_KIND_EXECUTOR, "executor"));
}

/* Nothing is ever in flight: a status is 0. */
TAPP_error TAPP_destroy_status(TAPP_status status)
{
    if (status != 0)
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP: that is no status"));
    return TENFERRO_OK;
}

/* ---- attributes ---- */

/* Where the number of threads of a handle or executor is; NULL if it is neither. */
static int *threads_of(TAPP_attr attr, TAPP_key key, tapp_handle **handle)
{
    tapp_kind kind = 0;
    *handle = NULL;
    if (attr != 0)
        memcpy(&kind, (void *)attr, sizeof kind);
    if (key != TAPP_TENFERRO_THREADS || (kind != TAPP_KIND_HANDLE && kind != TAPP_KIND_EXECUTOR)) {
        (void)tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP: no attribute %d of that object", key);
        return NULL;
    }
    if (kind == TAPP_KIND_EXECUTOR)
        return &((tapp_executor *)attr)->threads;
    *handle = (tapp_handle *)attr;
    return &(*handle)->threads;
}

static TAPP_error set_threads(TAPP_attr attr, TAPP_key key, const int *value)
{
    tapp_handle *handle;
    int *threads = threads_of(attr, key, &handle);
    if (!threads)
        return report(TENFERRO_INVALID_ARGUMENT);
    int wanted = value ? *value : handle ? handle->default_threads : 0;
    if (wanted < (handle || value ? 1 : 0))
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_attr_set: %d threads", wanted));
    if (handle) {
        tenferro_status status = tenferro_context_set_threads(handle->context, wanted);
        if (status != TENFERRO_OK)
            return report(status);
    }
    *threads = wanted;
    return TENFERRO_OK;
}

TAPP_error TAPP_attr_set(TAPP_attr attr, TAPP_key key, void *value)
{
    if (!value)
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_attr_set: the value is NULL"));
    return set_threads(attr, key, value);
}

TAPP_error TAPP_attr_get(TAPP_attr attr, TAPP_key key, void **value)
{
    tapp_handle *handle;
    int *threads = threads_of(attr, key, &handle);
    if (!threads || !value)
        return report(TENFERRO_INVALID_ARGUMENT);
    *value = threads;
    return TENFERRO_OK;
}

TAPP_error TAPP_attr_clear(TAPP_attr attr, TAPP_key key)
{
    return set_threads(attr, key, NULL);
}

/* ---- tensor infos ---- */

static tenferro_status check_modes(int modes, const int64_t *extents, const int64_t *strides)
{
    if (modes < 0 || (modes > 0 && (!extents || !strides)))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "TAPP tensor: %d modes, or NULL extents or strides", modes);
    for (int i = 0; i < modes; i++)
        if (extents[i] < 0)
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP tensor: extent %lld of mode %d",
                           (long long)extents[i], i);
    return TENFERRO_OK;
}

/* Extents and strides for so many modes in one block; NULL with the message set. */
static int64_t *take_modes(int modes)
{
    const tenferro_allocator allocator = tf_allocator_default();
    int64_t *block = tf_block_allocate(&allocator, 16 * (size_t)modes + 16);
    if (!block)
        (void)tf_fail(TENFERRO_OUT_OF_MEMORY, "TAPP: out of memory");
    return block;
}

static void give_modes(int64_t *block)
{
    const tenferro_allocator allocator = tf_allocator_default();
    tf_block_free(&allocator, block);
}

static void copy_words(int64_t *to, const int64_t *from, int count)
{
    if (count > 0)
        memcpy(to, from, (size_t)count * sizeof *to);
}

TAPP_error TAPP_create_tensor_info(TAPP_tensor_info *info, TAPP_datatype type, int nmode,
                                   const int64_t *extents, const int64_t *strides)
{
    if (!info)
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_create_tensor_info: NULL argument"));
    *info = 0;
    tenferro_status status = check_modes(nmode, extents, strides);
    if (status != TENFERRO_OK)
        return report(status);
    if (type < TAPP_F32 || type > TAPP_C64)
        return report(
            tf_fail(TENFERRO_UNSUPPORTED, "TAPP tensor: datatype %d is not offered", type));
    tapp_info *t = take(TAPP_KIND_INFO, sizeof *t);
    if (!t)
        return report(TENFERRO_OUT_OF_MEMORY);
    t->type = type;
    t->modes = nmode;
    t->extents = take_modes(nmode);
    if (!t->extents) {
        give(t);
        return report(TENFERRO_OUT_OF_MEMORY);
    }
    t->strides = t->extents + nmode;
    copy_words(t->extents, extents, nmode);
    copy_words(t->strides, strides, nmode);
    *info = (TAPP_tensor_info)t;
    return TENFERRO_OK;
}

static tapp_info *info_of(TAPP_tensor_info info)
{
    return object_of(info, TAPP_KIND_INFO, "tensor info");
}

TAPP_error TAPP_destroy_tensor_info(TAPP_tensor_info info)
{
    tapp_info *t = info_of(info);
    if (!t)
        return report(TENFERRO_INVALID_ARGUMENT);
    give_modes(t->extents);
    give(t);
    return TENFERRO_OK;
}

int TAPP_get_nmodes(TAPP_tensor_info info)
{
    const tapp_info *t = info_of(info);
    return t ? t->modes : 0;
}

TAPP_error TAPP_set_nmodes(TAPP_tensor_info info, int nmodes)
{
    tapp_info *t = info_of(info);
    if (!t || nmodes < 0)
        return report(
            tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_set_nmodes: %d modes, or no info", nmodes));
    int64_t *extents = take_modes(nmodes);
    if (!extents)
        return report(TENFERRO_OUT_OF_MEMORY);
    for (int i = 0; i < nmodes; i++) {
        extents[i] = i < t->modes ? t->extents[i] : 1;
        extents[nmodes + i] = i < t->modes ? t->strides[i] : 0;
    }
    give_modes(t->extents);
    t->extents = extents;
    t->strides = extents + nmodes;
    t->modes = nmodes;
    return TENFERRO_OK;
}

void TAPP_get_extents(TAPP_tensor_info info, int64_t *extents)
{
    const tapp_info *t = info_of(info);
    if (t && extents)
        copy_words(extents, t->extents, t->modes);
}

TAPP_error TAPP_set_extents(TAPP_tensor_info info, const int64_t *extents)
{
    tapp_info *t = info_of(info);
    tenferro_status status = t ? check_modes(t->modes, extents, extents) : TENFERRO_INVALID_ARGUMENT;
    if (status == TENFERRO_OK)
        copy_words(t->extents, extents, t->modes);
    return report(status);
}

void TAPP_get_strides(TAPP_tensor_info info, int64_t *strides)
{
    const tapp_info *t = info_of(info);
    if (t && strides)
        copy_words(strides, t->strides, t->modes);
}

TAPP_error TAPP_set_strides(TAPP_tensor_info info, const int64_t *strides)
{
    tapp_info *t = info_of(info);
    if (!t || (t->modes > 0 && !strides))
        return report(tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_set_strides: NULL, or no info"));
    copy_words(t->strides, strides, t->modes);
    return TENFERRO_OK;
}

/* ---- products ---- */

static tenferro_status
operand_of(TAPP_element_op op, TAPP_tensor_info info, const int64_t *idx, tenferro_operand *out)
{
    static const tenferro_dtype dtypes[] = {TENFERRO_FLOAT32, TENFERRO_FLOAT64, TENFERRO_COMPLEX64,
                                            TENFERRO_COMPLEX128};
    const tapp_info *t = info_of(info);
    if (!t)
        return TENFERRO_INVALID_ARGUMENT;
    if (op != TAPP_IDENTITY && op != TAPP_CONJUGATE)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP product: element operation %d", op);
    *out = tenferro_operand_make(dtypes[t->type], t->modes, t->extents, t->strides, idx);
    out->conj = op == TAPP_CONJUGATE;
    return TENFERRO_OK;
}

/* We compute in the operands' precision, or better. */
static tenferro_status check_precision(TAPP_prectype prec, tenferro_dtype dtype)
{
    int is_double = dtype == TENFERRO_FLOAT64 || dtype == TENFERRO_COMPLEX128;
    if (prec < TAPP_DEFAULT_PREC || prec > TAPP_BF16BF16_ACCUM_F32 || prec == 2 || prec == 3)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP product: precision %d is unknown", prec);
    if (prec == TAPP_F64F64_ACCUM_F64 && !is_double)
        return tf_fail(TENFERRO_UNSUPPORTED, "TAPP product: double precision of single operands");
    return TENFERRO_OK;
}

TAPP_error
TAPP_create_tensor_product(TAPP_tensor_product *plan, TAPP_handle handle, TAPP_element_op op_A,
                           TAPP_tensor_info A, const int64_t *idx_A, TAPP_element_op op_B,
                           TAPP_tensor_info B, const int64_t *idx_B, TAPP_element_op op_C,
                           TAPP_tensor_info C, const int64_t *idx_C, TAPP_element_op op_D,
                           TAPP_tensor_info D, const int64_t *idx_D, TAPP_prectype prec)
{
    const tapp_handle *h = object_of(handle, TAPP_KIND_HANDLE, "handle");
    tenferro_operand a, b, c, d;
    if (!plan || !h)
        return report(
            tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP_create_tensor_product: NULL argument"));
    *plan = 0;
    tenferro_status status = operand_of(op_A, A, idx_A, &a);
    if (status == TENFERRO_OK)
        status = operand_of(op_B, B, idx_B, &b);
    if (status == TENFERRO_OK && C)
        status = operand_of(op_C, C, idx_C, &c);
    if (status == TENFERRO_OK)
        status = operand_of(op_D, D, idx_D, &d);
    if (status == TENFERRO_OK)
        status = check_precision(prec, d.dtype);
    if (status != TENFERRO_OK)
        return report(status);
    if (!C) /* D itself */
        c = d, c.conj = op_C == TAPP_CONJUGATE;
    tapp_product *p = take(TAPP_KIND_PRODUCT, sizeof *p);
    if (!p)
        return report(TENFERRO_OUT_OF_MEMORY);
    status = tenferro_plan_contraction(h->context, &a, &b, &c, &d, NULL, &p->plan);
    if (status != TENFERRO_OK)
        give(p);
    else
        *plan = (TAPP_tensor_product)p;
    return report(status);
}

TAPP_error TAPP_destroy_tensor_product(TAPP_tensor_product plan)
{
    tapp_product *p = object_of(plan, TAPP_KIND_PRODUCT, "tensor product");
    if (!p)
        return report(TENFERRO_INVALID_ARGUMENT);
    tenferro_plan_release(p->plan);
    give(p);
    return TENFERRO_OK;
}

/* The product and how many threads it may use (0: the handle's). */
static const tapp_product *
product_of(TAPP_tensor_product plan, TAPP_executor exec, TAPP_status *status, int *threads)
{
    *threads = 0;
    if (status)
        *status = 0;
    if (exec != 0) {
        const tapp_executor *e = object_of(exec, TAPP_KIND_EXECUTOR, "executor");
        if (!e)
            return NULL;
        *threads = e->threads;
    }
    return object_of(plan, TAPP_KIND_PRODUCT, "tensor product");
}

TAPP_error TAPP_execute_product(TAPP_tensor_product plan, TAPP_executor exec, TAPP_status *status,
                                const void *alpha, const void *A, const void *B, const void *beta,
                                const void *C, void *D)
{
    int threads;
    const tapp_product *p = product_of(plan, exec, status, &threads);
    if (!p)
        return report(TENFERRO_INVALID_ARGUMENT);
    const void *inputs[] = {A, B, C};
    tf_run run;
    tenferro_status result = tf_run_init(&run, p->plan, inputs, D, alpha, beta, NULL, 0);
    return report(result == TENFERRO_OK ? tf_run_start(&run, threads) : result);
}

TAPP_error
TAPP_execute_batched_product(TAPP_tensor_product plan, TAPP_executor exec, TAPP_status *status,
                             int num_batches, const void *alpha, const void **A, const void **B,
                             const void *beta, const void **C, void **D)
{
    int threads;
    const tapp_product *p = product_of(plan, exec, status, &threads);
    if (!p)
        return report(TENFERRO_INVALID_ARGUMENT);
    if (num_batches < 0 || (num_batches > 0 && (!A || !B || !D)))
        return report(
            tf_fail(TENFERRO_INVALID_ARGUMENT, "TAPP: %d batches, or NULL arrays", num_batches));
    tenferro_context *context = p->plan->context;
    tenferro_plan_call *calls = tf_malloc(context, num_batches, sizeof *calls);
    const void **inputs = tf_malloc(context, num_batches, 3 * sizeof *inputs);
    tenferro_status result = calls && inputs ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
    for (int i = 0; i < num_batches && result == TENFERRO_OK; i++) {
        const void **in = inputs + (size_t)i * 3;
        in[0] = A[i];
        in[1] = B[i];
        in[2] = C ? C[i] : NULL;
        calls[i] = (tenferro_plan_call){p->plan, in, D[i], alpha, beta};
    }
    if (result == TENFERRO_OK)
        result = tf_execute_group(num_batches, calls, threads);
    tf_free(context, inputs);
    tf_free(context, calls);
    return report(result);
}
