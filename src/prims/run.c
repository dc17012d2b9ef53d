/* Executing a plan: its pointers checked, its scratch from the caller's workspace or the context. */

#include <string.h>

#include "kernels/element.h"
#include "memory/storage.h"
#include "prims/plan.h"

/* ---- what the engines ask back ---- */

static int cancelled(void *user)
{
    const tf_run *run = user;
    return tf_is_cancelled(run->plan->context);
}

static void lock(tf_run *run)
{
    while (atomic_flag_test_and_set_explicit(&run->busy, memory_order_acquire))
        TF_PAUSE();
}

static void unlock(tf_run *run)
{
    atomic_flag_clear_explicit(&run->busy, memory_order_release);
}

static int64_t round_up(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* From the workspace, as a stack; what does not fit comes from the context. */
static void *scratch_take(void *user, int64_t bytes)
{
    tf_run *run = user;
    char *taken = NULL;
    lock(run);
    if (bytes <= run->end - run->next && round_up(bytes) <= run->end - run->next) {
        taken = run->next;
        run->next += round_up(bytes);
        run->live++;
    }
    unlock(run);
    return taken ? taken : tf_scratch_take(run->plan->context, bytes);
}

static void scratch_give(void *user, void *pointer, int64_t bytes)
{
    tf_run *run = user;
    char *given = pointer;
    if (!run->begin || given < run->begin || given >= run->end) {
        tf_scratch_give(run->plan->context, pointer, bytes);
        return;
    }
    lock(run);
    if (--run->live == 0)
        run->next = run->begin;
    else if (given + round_up(bytes) == run->next)
        run->next = given;
    unlock(run);
}

static int has_gemm(void *user, tenferro_dtype dtype)
{
    const tf_run *run = user;
    return run->plan->engine.has_gemm(run->plan->engine.user, dtype);
}

static tenferro_status gemm(void *user, tenferro_dtype dtype, char ta, char tb, int64_t m,
                            int64_t n, int64_t k, const void *alpha, const void *a, int64_t lda,
                            const void *b, int64_t ldb, const void *beta, void *c, int64_t ldc)
{
    const tf_run *run = user;
    return run->plan->engine.gemm(run->plan->engine.user, dtype, ta, tb, m, n, k, alpha, a, lda, b,
                                  ldb, beta, c, ldc);
}

/* ---- elements ---- */

const void *tf_element_one(tenferro_dtype dtype)
{
    static const unsigned char yes = 1;
    static const int32_t i32 = 1;
    static const int64_t i64 = 1;
    static const float f32[2] = {1, 0};
    static const double f64[2] = {1, 0};
    static const void *const ones[TF_DTYPE_SLOTS] = {NULL, &yes, &i32, &i64, f32, f64, f32, f64};
    return ones[dtype];
}

int tf_element_is(tenferro_dtype dtype, const void *element, int value)
{
    union {
        int32_t i32;
        int64_t i64;
        float f32[2];
        double f64[2];
        unsigned char byte;
    } x;
    memset(&x, 0, sizeof x);
    memcpy(&x, element, (size_t)tf_element_size(dtype));
    switch (dtype) {
    case TENFERRO_BOOL:
        return x.byte == value;
    case TENFERRO_INT32:
        return x.i32 == value;
    case TENFERRO_INT64:
        return x.i64 == value;
    case TENFERRO_FLOAT32:
    case TENFERRO_COMPLEX64:
        return x.f32[0] == (float)value && (dtype == TENFERRO_FLOAT32 || x.f32[1] == 0.0f);
    default:
        return x.f64[0] == (double)value && (dtype == TENFERRO_FLOAT64 || x.f64[1] == 0.0);
    }
}

/* The conjugate of a scalar, kept in the run. */
static const void *conjugate(const tf_run *run, const void *element, void *room)
{
    if (!element || !run->plan->flips)
        return element;
    if (run->plan->operand[TF_ROLE_D].dtype == TENFERRO_COMPLEX64) {
        float z[2];
        memcpy(z, element, sizeof z);
        z[1] = -z[1];
        memcpy(room, z, sizeof z);
    } else {
        double z[2];
        memcpy(z, element, sizeof z);
        z[1] = -z[1];
        memcpy(room, z, sizeof z);
    }
    return room;
}

/* ---- checks ---- */

static tenferro_status set_scalars(tf_run *run, const void *alpha, const void *beta)
{
    const tenferro_plan *plan = run->plan;
    tenferro_dtype dtype = plan->operand[TF_ROLE_D].dtype;
    if (alpha && tf_element_is(dtype, alpha, 1))
        alpha = NULL;
    if (beta && tf_element_is(dtype, beta, 0))
        beta = NULL;
    if ((alpha && !plan->scales) || (beta && !plan->adds))
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "%s: this operation takes no %s",
                       tf_plan_rules_of(plan->kind)->name,
                       alpha && !plan->scales ? "alpha" : "beta");
    run->alpha = conjugate(run, alpha, run->conjugate[0]);
    run->beta = conjugate(run, beta, run->conjugate[1]);
    return TENFERRO_OK;
}

static tenferro_status check_pointer(const tf_plan_operand *o, const void *data, int role)
{
    if (o->low == o->high)
        return TENFERRO_OK;
    if (!data)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "execute: the pointer of %c is NULL",
                       "ABCD"[role]);
    if ((uintptr_t)data & (uintptr_t)(o->alignment - 1))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "execute: the pointer of %c is not aligned to its elements", "ABCD"[role]);
    return TENFERRO_OK;
}

/* May this operand be D? */
static int may_be_output(const tf_run *run, int role)
{
    const tf_plan_operand *o = &run->plan->operand[role];
    int is_c = run->plan->kind != TF_PLAN_ELEMENTWISE && role == TF_ROLE_C;
    return o->in_place && run->in[role] == run->out &&
           (is_c || run->plan->kind == TF_PLAN_ELEMENTWISE);
}

static tenferro_status set_pointers(tf_run *run, const void *const *inputs)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *d = &plan->operand[TF_ROLE_D];
    int at = 0, c_is_addend = plan->kind != TF_PLAN_ELEMENTWISE;
    TF_TRY(check_pointer(d, run->out, TF_ROLE_D));
    for (int role = 0; role < TF_ROLE_D; role++) {
        const tf_plan_operand *o = &plan->operand[role];
        run->in[role] = NULL;
        if (!o->present)
            continue;
        run->in[role] = inputs ? inputs[at++] : NULL;
        if (role == TF_ROLE_C && c_is_addend && (!run->beta || !run->in[role])) {
            run->in[role] = NULL; /* not read, or D itself */
            continue;
        }
        TF_TRY(check_pointer(o, run->in[role], role));
        if (!may_be_output(run, role) && tf_operands_overlap(o, run->in[role], d, run->out))
            return tf_fail(TENFERRO_INVALID_ARGUMENT, "execute: D overlaps %c", "ABC"[role]);
    }
    return TENFERRO_OK;
}

tenferro_status
tf_run_init(tf_run *run, const tenferro_plan *plan, const void *const *inputs, void *output,
            const void *alpha, const void *beta, void *workspace, int64_t workspace_bytes)
{
    run->plan = plan;
    run->out = output;
    run->begin = run->next = run->end = NULL;
    run->live = 0;
    atomic_flag_clear_explicit(&run->busy, memory_order_relaxed);
    if (plan->is_empty)
        return TENFERRO_OK;
    TF_TRY(set_scalars(run, alpha, beta));
    TF_TRY(set_pointers(run, inputs));
    if (workspace && workspace_bytes >= 64) {
        int64_t skip = (int64_t)(-(uintptr_t)workspace & 63);
        run->begin = run->next = (char *)workspace + skip;
        run->end = (char *)workspace + workspace_bytes;
    }
    return TENFERRO_OK;
}

tenferro_status tf_run_start(tf_run *run, int threads)
{
    const tenferro_plan *plan = run->plan;
    TF_TRY(tf_check_cancel(plan->context));
    if (plan->is_empty)
        return TENFERRO_OK;
    run->engine = plan->engine;
    run->engine.user = run;
    run->engine.cancelled = cancelled;
    run->engine.scratch_take = scratch_take;
    run->engine.scratch_give = scratch_give;
    if (plan->engine.gemm) {
        run->engine.has_gemm = has_gemm;
        run->engine.gemm = gemm;
    }
    run->engine.threads = tenferro_context_threads(plan->context);
    if (plan->threads > 0)
        run->engine.threads = TF_MIN(run->engine.threads, plan->threads);
    if (threads > 0)
        run->engine.threads = TF_MIN(run->engine.threads, threads);
    return plan->run(run);
}

/* ---- parts that several kinds share ---- */

tenferro_status tf_run_copy_c(tf_run *run)
{
    const tenferro_plan *plan = run->plan;
    const tf_plan_operand *c = &plan->operand[TF_ROLE_C], *d = &plan->operand[TF_ROLE_D];
    const void *from = run->in[TF_ROLE_C];
    const int64_t *strides = c->axis_strides;
    int conj = c->present ? c->conj : plan->flips;
    if (!from) {
        from = run->out;
        strides = d->axis_strides;
    }
    int rank = plan->kind == TF_PLAN_EMBEDDING ? d->rank : plan->kept;
    if (conj)
        return tf_map(&run->engine, TF_MAP_CONJ, d->dtype, rank, d->axis_extents, &from, &strides,
                      run->out, d->axis_strides);
    if (from == run->out && (strides == d->axis_strides || c->in_place))
        return TENFERRO_OK;
    return tf_copy(&run->engine, d->size, rank, d->axis_extents, from, strides, run->out,
                   d->axis_strides);
}

tenferro_status tf_run_scale(tf_run *run, int rank, const int64_t *extents, const int64_t *strides,
                             const void *factor)
{
    static const int64_t zeros[TF_MAX_AXES];
    const void *in[2] = {run->out, factor};
    const int64_t *in_strides[2] = {strides, zeros};
    return tf_map(&run->engine, TF_MAP_MUL, run->plan->operand[TF_ROLE_D].dtype, rank, extents, in,
                  in_strides, run->out, strides);
}

tenferro_status
tenferro_plan_execute(const tenferro_plan *plan, const void *const *inputs, void *output,
                      const void *alpha, const void *beta, void *workspace, int64_t workspace_bytes)
{
    if (TF_UNLIKELY(!plan))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "execute: the plan is NULL");
    tf_run run;
    TF_TRY(tf_run_init(&run, plan, inputs, output, alpha, beta, workspace, workspace_bytes));
    return tf_run_start(&run, 0);
}
