/*
 * The packed route: blocks of A and B are gathered straight from their strides into panels (block-
 * scatter: Matthews, SIAM J. Sci. Comput. 40 (2018) C1), five loops around a microkernel (Goto and
 * van de Geijn, ACM TOMS 34 (2008) 12).
 *
 * An element of C adds its products in an order given by K's blocks alone, so how M, N and the
 * batch are shared out among threads does not change its bits.
 */
#include "contract/microkernel.h"
#include "kernels/loop.h"

#define ALIGN 64

typedef struct packed_job {
    const tf_engine *engine;
    const tf_microkernel *kernel;
    const tf_problem *problem;
    char *scratch;
    int64_t scratch_each; /* of one worker */
    int64_t mc, kc, nc;
    int64_t parts, part; /* of M or N: how many, how long */
    int split_n;
    atomic_int cancelled;
} packed_job;

/* One worker's memory. */
typedef struct workspace {
    char *a, *b, *tile;
    int64_t *a_rows, *c_rows, *b_rows, *c_columns, *a_columns, *b_columns;
} workspace;

static int64_t round_up(int64_t x, int64_t to)
{
    return (x + to - 1) / to * to;
}

static int64_t carve(char **memory, int64_t bytes)
{
    bytes = round_up(bytes, ALIGN);
    if (*memory != NULL)
        *memory += bytes;
    return bytes;
}

/* Lays the workspace out in `memory`; returns the bytes it takes.  memory NULL: only counts. */
static int64_t workspace_init(const packed_job *job, char *memory, workspace *w)
{
    int64_t size = job->problem->size, tile = (int64_t)job->kernel->mr * job->kernel->nr * size,
            index = sizeof(int64_t);
    int64_t bytes = 0;
    w->a = memory;
    bytes += carve(&memory, job->mc * job->kc * size);
    w->b = memory;
    bytes += carve(&memory, job->nc * job->kc * size);
    w->tile = memory;
    bytes += carve(&memory, tile);
    int64_t **vectors[] = {&w->a_rows,    &w->c_rows,    &w->b_rows,
                           &w->c_columns, &w->a_columns, &w->b_columns};
    const int64_t lengths[] = {job->mc, job->mc, job->nc, job->nc, job->kc, job->kc};
    for (size_t i = 0; i < TF_COUNT(vectors); i++) {
        *vectors[i] = (void *)memory;
        bytes += carve(&memory, lengths[i] * index);
    }
    return bytes;
}

static void multiply_block(const packed_job *job, const workspace *w, int64_t m, int64_t n,
                           int64_t k, const void *beta, char *c)
{
    const tf_microkernel *kernel = job->kernel;
    int64_t size = job->problem->size;
    for (int64_t j = 0; j < n; j += kernel->nr)
        for (int64_t i = 0; i < m; i += kernel->mr) {
            kernel->multiply(k, w->a + i * k * size, w->b + j * k * size, w->tile);
            kernel->store(TF_MIN(kernel->mr, m - i), TF_MIN(kernel->nr, n - j), w->tile,
                          &job->problem->alpha, beta, c, w->c_rows + i, w->c_columns + j);
        }
}

static int is_cancelled(packed_job *job)
{
    if (job->engine->cancelled != NULL && job->engine->cancelled(job->engine->user))
        atomic_store_explicit(&job->cancelled, 1, memory_order_relaxed);
    return atomic_load_explicit(&job->cancelled, memory_order_relaxed);
}

/* C[m0..m1, n0..n1] of one batch element. */
static void multiply_part(packed_job *job, const workspace *w, const char *a, const char *b,
                          char *c, int64_t m0, int64_t m1, int64_t n0, int64_t n1)
{
    const tf_problem *p = job->problem;
    const tf_microkernel *kernel = job->kernel;
    const void *one = tf_one(p->dtype), *first_beta = p->beta_is_zero ? NULL : &p->beta;
    for (int64_t jc = n0; jc < n1; jc += job->nc) {
        int64_t n = TF_MIN(job->nc, n1 - jc);
        tf_group_offsets(&p->n, TF_B, jc, n, w->b_rows);
        tf_group_offsets(&p->n, TF_C, jc, n, w->c_columns);
        for (int64_t pc = 0; pc < p->k.size; pc += job->kc) {
            int64_t k = TF_MIN(job->kc, p->k.size - pc);
            if (is_cancelled(job))
                return;
            tf_group_offsets(&p->k, TF_A, pc, k, w->a_columns);
            tf_group_offsets(&p->k, TF_B, pc, k, w->b_columns);
            kernel->pack_b(n, k, b, w->b_rows, w->b_columns, p->conj[TF_B], w->b);
            for (int64_t ic = m0; ic < m1; ic += job->mc) {
                int64_t m = TF_MIN(job->mc, m1 - ic);
                tf_group_offsets(&p->m, TF_A, ic, m, w->a_rows);
                tf_group_offsets(&p->m, TF_C, ic, m, w->c_rows);
                kernel->pack_a(m, k, a, w->a_rows, w->a_columns, p->conj[TF_A], w->a);
                multiply_block(job, w, m, n, k, pc == 0 ? first_beta : one, c);
            }
        }
    }
}

static void run_parts(void *user, int64_t begin, int64_t end, int worker)
{
    packed_job *job = user;
    const tf_problem *p = job->problem;
    workspace w;
    workspace_init(job, job->scratch + worker * job->scratch_each, &w);
    for (int64_t item = begin; item < end; item++) {
        int64_t offsets[3], first = item % job->parts * job->part;
        for (int operand = 0; operand < 3; operand++)
            tf_group_offsets(&p->batch, operand, item / job->parts, 1, &offsets[operand]);
        int64_t m0 = job->split_n ? 0 : first,
                m1 = job->split_n ? p->m.size : TF_MIN(first + job->part, p->m.size);
        int64_t n0 = job->split_n ? first : 0,
                n1 = job->split_n ? TF_MIN(first + job->part, p->n.size) : p->n.size;
        multiply_part(job, &w, p->in[TF_A] + offsets[TF_A] * p->size,
                      p->in[TF_B] + offsets[TF_B] * p->size, p->c + offsets[TF_C] * p->size, m0, m1,
                      n0, n1);
    }
}

/* Shares out the work; returns the number of threads. */
static int plan(packed_job *job, const tf_engine *engine, const tf_problem *p)
{
    const tf_microkernel *kernel = job->kernel;
    int threads = tf_threads_for(engine, 0.1 * tf_problem_work(p));
    job->split_n = p->n.size / kernel->nr >= p->m.size / kernel->mr;
    int64_t length = job->split_n ? p->n.size : p->m.size,
            unit = job->split_n ? kernel->nr : kernel->mr;
    job->part = length;
    if (threads > 1 && p->batch.size < 4 * threads)
        job->part = round_up((length - 1) / threads + 1, unit);
    job->parts = (length - 1) / job->part + 1;
    job->mc = TF_MIN(kernel->mc / kernel->mr * kernel->mr, round_up(p->m.size, kernel->mr));
    job->nc = TF_MIN(kernel->nc / kernel->nr * kernel->nr, round_up(p->n.size, kernel->nr));
    job->kc = TF_MIN(kernel->kc, p->k.size);
    workspace none;
    job->scratch_each = workspace_init(job, NULL, &none);
    return threads;
}

int64_t tf_contract_packed_scratch(const tf_engine *engine, const tf_problem *problem)
{
    packed_job job = {.kernel = tf_microkernel_for(engine, problem->dtype), .problem = problem};
    tf_problem swapped = *problem; /* the route may exchange M and N, whose panels differ */
    tf_problem_swap(&swapped);
    int64_t bytes = plan(&job, engine, problem) * job.scratch_each;
    job.problem = &swapped;
    int64_t other = plan(&job, engine, &swapped) * job.scratch_each;
    return TF_MAX(bytes, other);
}

tenferro_status tf_contract_packed(const tf_engine *engine, tf_problem *problem)
{
    /* Tiles are stored along M: let M be the group that C holds densely. */
    if (problem->n.count > 0 &&
        (problem->m.count == 0 || problem->n.strides[TF_C][0] < problem->m.strides[TF_C][0]))
        tf_problem_swap(problem);
    packed_job job = {.engine = engine,
                      .kernel = tf_microkernel_for(engine, problem->dtype),
                      .problem = problem};
    atomic_init(&job.cancelled, 0);
    int threads = plan(&job, engine, problem);
    int64_t bytes = threads * job.scratch_each;
    job.scratch = engine->scratch_take(engine->user, bytes);
    if (job.scratch == NULL)
        return TENFERRO_OUT_OF_MEMORY;
    int64_t items = problem->batch.size * job.parts;
    int64_t grain = job.parts > 1 ? 1 : TF_MAX(1, problem->batch.size / (8 * threads));
    tf_parallel_for(engine->pool, threads, items, grain, run_parts, &job);
    engine->scratch_give(engine->user, job.scratch, bytes);
    return atomic_load(&job.cancelled) ? tf_fail(TENFERRO_CANCELLED, "cancelled") : TENFERRO_OK;
}
