/*
 * The packed route: blocks of A and B are gathered straight from their strides into panels (block-
 * scatter: Matthews, SIAM J. Sci. Comput. 40 (2018) C1), five loops around a microkernel (Goto and
 * van de Geijn, ACM TOMS 34 (2008) 12).
 *
 * An element of C adds its products in an order given by K's blocks alone, so how M, N and the
 * batch are shared out among threads does not change its bits.
 */
#include "contract/route.h"
#include "kernels/loop.h"

#define ALIGN 64

/*
 * Either each worker multiplies whole elements of the batch, with memory for B of its own, or all
 * workers share one element: they pack B together, then take blocks of M x N from it.
 */
typedef struct packed_job {
    const tf_engine *engine;
    const tf_microkernel *kernel;
    const tf_problem *problem;
    const tf_operands *operands;
    char *scratch;        /* workers', then the shared memory */
    int64_t scratch_each; /* of one worker */
    int64_t mc, kc, nc;   /* cache blocks: multiples of mr, 1, nr */
    int64_t n_parts;      /* shared: a block of M is multiplied in that many parts along N */
    int is_shared;
    atomic_int cancelled;
} packed_job;

/* Memory for one block of B, and the offsets of its rows and columns. */
typedef struct b_block {
    char *packed;
    int64_t *rows, *c_columns, *a_columns, *columns;
} b_block;

/* One worker's memory. */
typedef struct a_block {
    char *packed;
    int64_t *rows, *c_rows;
} a_block;

/* One block of the K and N loops, on which the workers meet. */
typedef struct step {
    packed_job *job;
    const b_block *b;
    const char *in[2];
    char *c;
    int64_t n, k;
    const void *beta;
} step;

static int64_t round_up(int64_t x, int64_t to)
{
    return (x + to - 1) / to * to;
}

/* Length of equal parts of `size` that are at most `limit`, rounded up to `unit`. */
static int64_t even_parts(int64_t size, int64_t limit, int64_t unit)
{
    int64_t parts = (size - 1) / limit + 1;
    return round_up((size - 1) / parts + 1, unit);
}

static char *carve(char *memory, int64_t *at, int64_t bytes)
{
    char *here = memory == NULL ? NULL : memory + *at;
    *at += round_up(bytes, ALIGN);
    return here;
}

/* Lays them out in `memory` from *at on.  memory NULL: only counts. */
static void a_block_init(const packed_job *job, char *memory, int64_t *at, a_block *block)
{
    const int64_t index = sizeof(int64_t);
    block->packed = carve(memory, at, job->mc * job->kc * job->problem->size);
    block->rows = (void *)carve(memory, at, job->mc * index);
    block->c_rows = (void *)carve(memory, at, job->mc * index);
}

static void b_block_init(const packed_job *job, char *memory, int64_t *at, b_block *block)
{
    const int64_t index = sizeof(int64_t);
    block->packed = carve(memory, at, job->nc * job->kc * job->problem->size);
    block->rows = (void *)carve(memory, at, job->nc * index);
    block->c_columns = (void *)carve(memory, at, job->nc * index);
    block->a_columns = (void *)carve(memory, at, job->kc * index);
    block->columns = (void *)carve(memory, at, job->kc * index);
}

static int is_run(int64_t n, const int64_t *offsets)
{
    for (int64_t i = 1; i < n; i++)
        if (offsets[i] != offsets[0] + i)
            return 0;
    return 1;
}

/* Columns n0 .. n1 of the block of B times the packed block of A. */
static void multiply_block(const step *s, const a_block *a, int64_t m, int64_t n0, int64_t n1)
{
    const tf_problem *p = s->job->problem;
    const tf_microkernel *kernel = s->job->kernel;
    int rows_run = p->m.count <= 1 && (m == 1 || a->c_rows[1] - a->c_rows[0] == 1);
    tf_tile tile = {.c = s->c, .alpha = s->job->operands->alpha, .beta = s->beta};
    for (int64_t j = n0; j < n1; j += kernel->nr) {
        tile.n = TF_MIN(kernel->nr, n1 - j);
        tile.columns = s->b->c_columns + j;
        for (int64_t i = 0; i < m; i += kernel->mr) {
            tile.m = TF_MIN(kernel->mr, m - i);
            tile.rows = a->c_rows + i;
            tile.is_run = rows_run || is_run(tile.m, tile.rows);
            kernel->multiply(s->k, a->packed + i * s->k * p->size,
                             s->b->packed + j * s->k * p->size, &tile);
        }
    }
}

/* Part `part` of the N loop for the block of M that begins at `begin`. */
static void multiply_part(const step *s, const a_block *a, int64_t begin, int64_t part)
{
    const packed_job *job = s->job;
    const tf_problem *p = job->problem;
    int64_t m = TF_MIN(job->mc, p->m.size - begin), nr = job->kernel->nr;
    int64_t each = round_up((s->n - 1) / job->n_parts + 1, nr), n0 = part * each,
            n1 = TF_MIN(n0 + each, s->n);
    if (n0 >= n1)
        return;
    tf_group_offsets(&p->m, TF_A, begin, m, a->rows);
    tf_group_offsets(&p->m, TF_C, begin, m, a->c_rows);
    job->kernel->pack_a(m, s->k, s->in[TF_A], a->rows, s->b->a_columns, p->conj[TF_A], a->packed);
    multiply_block(s, a, m, n0, n1);
}

static void pack_panels(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const step *s = user;
    const tf_problem *p = s->job->problem;
    int64_t nr = s->job->kernel->nr, first = begin * nr, last = TF_MIN(end * nr, s->n);
    s->job->kernel->pack_b(last - first, s->k, s->in[TF_B], s->b->rows + first, s->b->columns,
                           p->conj[TF_B], s->b->packed + first * s->k * p->size);
}

static void run_items(void *user, int64_t begin, int64_t end, int worker)
{
    const step *s = user;
    const packed_job *job = s->job;
    a_block a;
    int64_t at = worker * job->scratch_each;
    a_block_init(job, job->scratch, &at, &a);
    for (int64_t item = begin; item < end; item++)
        multiply_part(s, &a, item / job->n_parts * job->mc, item % job->n_parts);
}

static int is_cancelled(packed_job *job)
{
    if (job->engine->cancelled != NULL && job->engine->cancelled(job->engine->user))
        atomic_store_explicit(&job->cancelled, 1, memory_order_relaxed);
    return atomic_load_explicit(&job->cancelled, memory_order_relaxed);
}

/* One element of the batch. */
static void multiply(packed_job *job, const b_block *b, const a_block *own, int64_t element)
{
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    int64_t offsets[3], m_blocks = (p->m.size - 1) / job->mc + 1;
    for (int operand = 0; operand < 3; operand++)
        tf_group_offsets(&p->batch, operand, element, 1, &offsets[operand]);
    step s = {.job = job,
              .b = b,
              .in = {o->in[TF_A] + offsets[TF_A] * p->size, o->in[TF_B] + offsets[TF_B] * p->size},
              .c = o->c + offsets[TF_C] * p->size};
    for (int64_t jc = 0; jc < p->n.size; jc += job->nc) {
        s.n = TF_MIN(job->nc, p->n.size - jc);
        tf_group_offsets(&p->n, TF_B, jc, s.n, b->rows);
        tf_group_offsets(&p->n, TF_C, jc, s.n, b->c_columns);
        int64_t panels = (s.n - 1) / job->kernel->nr + 1;
        for (int64_t pc = 0; pc < p->k.size; pc += job->kc) {
            s.k = TF_MIN(job->kc, p->k.size - pc);
            s.beta = pc > 0 ? tf_one(p->dtype) : o->beta;
            if (is_cancelled(job))
                return;
            tf_group_offsets(&p->k, TF_A, pc, s.k, b->a_columns);
            tf_group_offsets(&p->k, TF_B, pc, s.k, b->columns);
            if (job->is_shared) {
                int threads = job->engine->threads;
                tf_parallel_for(job->engine->pool, threads, panels, (panels - 1) / threads + 1,
                                pack_panels, &s);
                tf_parallel_for(job->engine->pool, threads, m_blocks * job->n_parts, 1, run_items,
                                &s);
                continue;
            }
            pack_panels(&s, 0, panels, 0);
            for (int64_t begin = 0; begin < p->m.size && !is_cancelled(job); begin += job->mc)
                multiply_part(&s, own, begin, 0);
        }
    }
}

static void run_elements(void *user, int64_t begin, int64_t end, int worker)
{
    packed_job *job = user;
    a_block a;
    b_block b;
    int64_t at = worker * job->scratch_each;
    a_block_init(job, job->scratch, &at, &a);
    b_block_init(job, job->scratch, &at, &b);
    for (int64_t element = begin; element < end; element++)
        multiply(job, &b, &a, element);
}

/*
 * A panel of B (kc x nr) takes half of L1, a block of A (mc x kc) half of L2, a block of B an
 * eighth of L3, which others use too.  Returns the number of threads, and the bytes they need.
 */
static int plan(packed_job *job, const tf_engine *engine, const tf_problem *p, int64_t *bytes)
{
    const tf_microkernel *kernel = job->kernel;
    int64_t l1 = engine->l1_bytes > 0 ? engine->l1_bytes : 32768,
            l2 = engine->l2_bytes > 0 ? engine->l2_bytes : 524288,
            l3 = engine->l3_bytes > 0 ? engine->l3_bytes : 8 << 20;
    int threads = tf_threads_of(engine, p, tf_packed_seconds);
    int64_t kc = TF_MIN(TF_MAX(l1 / 2 / (kernel->nr * p->size), 64), 512);
    job->kc = even_parts(p->k.size, kc, 1);
    int64_t mc = TF_MIN(TF_MAX(l2 / 2 / (kc * p->size), kernel->mr), 1024);
    job->mc = even_parts(p->m.size, mc / kernel->mr * kernel->mr, kernel->mr);
    int64_t nc = TF_MIN(TF_MAX(l3 / 8 / (kc * p->size), 8 * kernel->nr), 4096);
    job->nc = even_parts(p->n.size, nc / kernel->nr * kernel->nr, kernel->nr);
    job->is_shared = threads > 1 && p->batch.size < 4 * threads;
    job->n_parts = 1;
    if (job->is_shared) {
        int64_t each = even_parts(p->m.size, (p->m.size - 1) / threads + 1, kernel->mr);
        job->mc = TF_MIN(job->mc, each);
        int64_t m_blocks = (p->m.size - 1) / job->mc + 1;
        if (m_blocks % threads != 0 && m_blocks < 4 * threads)
            job->n_parts = TF_MIN(threads, (job->nc - 1) / kernel->nr + 1);
    }
    a_block a;
    b_block b;
    int64_t shared = 0;
    job->scratch_each = 0;
    a_block_init(job, NULL, &job->scratch_each, &a);
    b_block_init(job, NULL, job->is_shared ? &shared : &job->scratch_each, &b);
    *bytes = threads * job->scratch_each + shared;
    return threads;
}

int64_t tf_packed_scratch(const tf_engine *engine, const tf_problem *problem)
{
    packed_job job = {.kernel = tf_microkernel_for(engine, problem->dtype), .problem = problem};
    int64_t bytes;
    plan(&job, engine, problem, &bytes);
    return bytes;
}

void tf_packed_blocks(const tf_engine *engine, const tf_problem *problem, int64_t *mc, int64_t *kc,
                      int64_t *nc)
{
    packed_job job = {.kernel = tf_microkernel_for(engine, problem->dtype), .problem = problem};
    int64_t bytes;
    plan(&job, engine, problem, &bytes);
    *mc = job.mc;
    *kc = job.kc;
    *nc = job.nc;
}

tenferro_status tf_contract_packed(const tf_engine *engine, const tf_problem *problem,
                                   const tf_prepared *prepared, const tf_operands *operands)
{
    (void)prepared;
    packed_job job = {.engine = engine,
                      .kernel = tf_microkernel_for(engine, problem->dtype),
                      .problem = problem,
                      .operands = operands};
    atomic_init(&job.cancelled, 0);
    int64_t bytes;
    int threads = plan(&job, engine, problem, &bytes);
    job.scratch = engine->scratch_take(engine->user, bytes);
    if (job.scratch == NULL)
        return TENFERRO_OUT_OF_MEMORY;
    if (job.is_shared) {
        int64_t at = threads * job.scratch_each;
        b_block b;
        b_block_init(&job, job.scratch, &at, &b);
        for (int64_t element = 0; element < problem->batch.size; element++)
            multiply(&job, &b, NULL, element);
    } else {
        int64_t grain = TF_MAX(1, problem->batch.size / (8 * threads));
        tf_parallel_for(engine->pool, threads, problem->batch.size, grain, run_elements, &job);
    }
    engine->scratch_give(engine->user, job.scratch, bytes);
    return atomic_load(&job.cancelled) ? tf_fail(TENFERRO_CANCELLED, "cancelled") : TENFERRO_OK;
}
