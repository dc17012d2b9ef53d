/*
 * The packed route: blocks of A and B are gathered straight from their strides into panels (block-
 * scatter: Matthews, SIAM J. Sci. Comput. 40 (2018) C1), five loops around a microkernel (Goto and
 * van de Geijn, ACM TOMS 34 (2008) 12).
 *
 * One operand is held: a block of it stays packed while blocks of the other, the streamed one, are
 * packed one after another and multiplied with it.
 *
 * An element of C adds its products in an order given by the blocks and chunks of K alone, so how
 * M, N and the batch are shared out among threads does not change its bits.
 */
#include "contract/route.h"
#include "kernels/loop.h"

#define ALIGN 64
#define CHUNKS 16         /* of K, at most */
#define CHUNKED (1 << 14) /* largest M x N whose K is cut into chunks */
#define LINE 64           /* bytes that come from memory at once */
#define MOST_K 512        /* of one call of the microkernel */
#define GOOD_RUN 768      /* bytes side by side that memory gives at nearly its best rate */

/* M with A, or N with B. */
typedef struct side_plan {
    const tf_group *group;
    void (*pack)(int64_t count, int64_t k, const void *x, const int64_t *rows,
                 const int64_t *columns, int conj, void *packed);
    int64_t unit, block; /* rows of a panel, of a block */
} side_plan;

/*
 * Either each worker takes elements of the batch, or chunks of K, and packs both operands for
 * itself; or all workers share one element: they pack the held operand together and then take
 * blocks of the streamed one.
 */
typedef struct packed_job {
    const tf_engine *engine;
    const tf_microkernel *kernel;
    const tf_problem *problem;
    const tf_operands *operands;
    side_plan sides[2];
    int held;              /* TF_A or TF_B */
    int64_t kc, kernel_k;  /* of a block of K; of the part of it that one call multiplies */
    int64_t chunks, chunk; /* of K; the length of one, a multiple of kc */
    int64_t parts;         /* shared: the held block is multiplied in so many parts */
    int is_shared;
    char *scratch; /* the workers', then what they share */
    int64_t scratch_each;
    char *products; /* of the chunks, M x N each; NULL: there is one, and it goes to C */
    atomic_int cancelled;
} packed_job;

/* Rows of a side, packed, and their offsets in the operand and in C. */
typedef struct block {
    int64_t count;
    char *packed;
    int64_t *rows, *c;
} block;

/* A part of K, and its offsets in A and B. */
typedef struct k_block {
    int64_t count;
    int64_t *columns[2];
} k_block;

/* What one worker has for itself. */
typedef struct worker_memory {
    block own[2]; /* both, or the streamed one */
    k_block k;
} worker_memory;

/* A held block with its part of K. */
typedef struct step {
    packed_job *job;
    const block *held;
    const k_block *k;
    const char *in[2];
    char *c;
    const void *alpha, *beta;
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

/* ---- memory ---- */

static void *carve(char *memory, int64_t *at, int64_t bytes)
{
    char *here = memory == NULL ? NULL : memory + *at;
    *at += round_up(bytes, ALIGN);
    return here;
}

/* These lay themselves out in `memory` from *at on.  memory NULL: they only count. */
static void block_init(const packed_job *job, int which, char *memory, int64_t *at, block *out)
{
    int64_t rows = job->sides[which].block, index = sizeof(int64_t);
    out->packed = carve(memory, at, rows * job->kc * job->problem->size);
    out->rows = carve(memory, at, rows * index);
    out->c = carve(memory, at, rows * index);
}

static void k_block_init(const packed_job *job, char *memory, int64_t *at, k_block *out)
{
    for (int which = 0; which < 2; which++)
        out->columns[which] = carve(memory, at, job->kc * (int64_t)sizeof(int64_t));
}

static void worker_init(const packed_job *job, char *memory, int64_t *at, worker_memory *out)
{
    for (int which = 0; which < 2; which++) {
        if (!job->is_shared || which != job->held)
            block_init(job, which, memory, at, &out->own[which]);
    }
    if (!job->is_shared)
        k_block_init(job, memory, at, &out->k);
}

/* ---- one block of C ---- */

static int is_run(int64_t n, const int64_t *offsets)
{
    for (int64_t i = 1; i < n; i++)
        if (offsets[i] != offsets[0] + i)
            return 0;
    return 1;
}

/* Rows m0 .. m1 of A's block times rows n0 .. n1 of B's. */
static void multiply_block(const step *s, const block *a, int64_t m0, int64_t m1, const block *b,
                           int64_t n0, int64_t n1)
{
    const packed_job *job = s->job;
    const tf_microkernel *kernel = job->kernel;
    int64_t k = s->k->count, size = job->problem->size;
    int rows_run = job->problem->m.count <= 1 && (a->count == 1 || a->c[1] - a->c[0] == 1);
    tf_tile tile = {.c = s->c, .alpha = s->alpha, .beta = s->beta};
    for (int64_t p = 0; p < k; p += job->kernel_k, tile.beta = tf_one(job->problem->dtype)) {
        int64_t now = TF_MIN(job->kernel_k, k - p);
        for (int64_t j = n0; j < n1; j += kernel->nr) {
            tile.n = TF_MIN(kernel->nr, n1 - j);
            tile.columns = b->c + j;
            for (int64_t i = m0; i < m1; i += kernel->mr) {
                tile.m = TF_MIN(kernel->mr, m1 - i);
                tile.rows = a->c + i;
                tile.is_run = rows_run || is_run(tile.m, tile.rows);
                int64_t height = round_up(TF_MIN(kernel->mr, a->count - i), kernel->lanes);
                kernel->multiply(now, a->packed + (i * k + p * height) * size,
                                 b->packed + (j * k + p * kernel->nr) * size, &tile);
            }
        }
    }
}

/* ---- packing ---- */

static void find_offsets(const packed_job *job, int which, int64_t begin, block *out)
{
    const side_plan *side = &job->sides[which];
    out->count = TF_MIN(side->block, side->group->size - begin);
    tf_group_offsets(side->group, which, begin, out->count, out->rows);
    if (job->products == NULL) {
        tf_group_offsets(side->group, TF_C, begin, out->count, out->c);
        return;
    }
    int64_t stride = which == TF_A ? 1 : job->problem->m.size;
    for (int64_t i = 0; i < out->count; i++)
        out->c[i] = (begin + i) * stride;
}

/* Panels first .. last of the block. */
static void pack(const step *s, int which, const block *b, int64_t first, int64_t last)
{
    const side_plan *side = &s->job->sides[which];
    int64_t begin = first * side->unit, end = TF_MIN(last * side->unit, b->count);
    side->pack(end - begin, s->k->count, s->in[which], b->rows + begin, s->k->columns[which],
               s->job->problem->conj[which],
               b->packed + begin * s->k->count * s->job->problem->size);
}

static int64_t panels(const packed_job *job, int which, int64_t count)
{
    return (count - 1) / job->sides[which].unit + 1;
}

static void pack_held(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const step *s = user;
    pack(s, s->job->held, s->held, begin, end);
}

/* ---- the loops ---- */

static int is_cancelled(packed_job *job)
{
    if (job->engine->cancelled != NULL && job->engine->cancelled(job->engine->user))
        atomic_store_explicit(&job->cancelled, 1, memory_order_relaxed);
    return atomic_load_explicit(&job->cancelled, memory_order_relaxed);
}

/* Items begin .. end; an item is a part of the held block with a block of the streamed one. */
static void stream(const step *s, worker_memory *w, int64_t begin, int64_t end)
{
    packed_job *job = s->job;
    int streamed = 1 - job->held;
    const side_plan *side = &job->sides[streamed];
    block *own = &w->own[streamed];
    for (int64_t item = begin; item < end && !is_cancelled(job); item++) {
        int64_t at = item / job->parts * side->block, part = item % job->parts;
        int64_t each = round_up((s->held->count - 1) / job->parts + 1, job->sides[job->held].unit);
        int64_t h0 = part * each, h1 = TF_MIN(h0 + each, s->held->count);
        if (h0 >= h1)
            continue;
        find_offsets(job, streamed, at, own);
        pack(s, streamed, own, 0, panels(job, streamed, own->count));
        if (streamed == TF_A)
            multiply_block(s, own, 0, own->count, s->held, h0, h1);
        else
            multiply_block(s, s->held, h0, h1, own, 0, own->count);
    }
}

static void run_items(void *user, int64_t begin, int64_t end, int worker_number)
{
    const step *s = user;
    worker_memory w;
    int64_t at = worker_number * s->job->scratch_each;
    worker_init(s->job, s->job->scratch, &at, &w);
    stream(s, &w, begin, end);
}

static void find_columns(const packed_job *job, int64_t begin, int64_t end, k_block *out)
{
    out->count = TF_MIN(job->kc, end - begin);
    for (int which = 0; which < 2; which++)
        tf_group_offsets(&job->problem->k, which, begin, out->count, out->columns[which]);
}

/* One chunk of one element of the batch.  own: NULL if it is shared. */
static void multiply(packed_job *job, block *held, k_block *k, worker_memory *own, int64_t element,
                     int64_t chunk)
{
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    const side_plan *sides = job->sides;
    int64_t offsets[3];
    for (int operand = 0; operand < 3; operand++)
        tf_group_offsets(&p->batch, operand, element, 1, &offsets[operand]);
    step s = {.job = job,
              .held = held,
              .in = {o->in[TF_A] + offsets[TF_A] * p->size, o->in[TF_B] + offsets[TF_B] * p->size},
              .c = o->c + offsets[TF_C] * p->size,
              .k = k,
              .alpha = o->alpha};
    const void *beta = o->beta;
    if (job->products != NULL) {
        s.c = job->products + (element * job->chunks + chunk) * p->m.size * p->n.size * p->size;
        s.alpha = tf_one(p->dtype);
        beta = NULL;
    }
    int64_t first = chunk * job->chunk, last = TF_MIN(first + job->chunk, p->k.size);
    int64_t held_size = sides[job->held].group->size,
            blocks = (sides[1 - job->held].group->size - 1) / sides[1 - job->held].block + 1;
    for (int64_t at = 0; at < held_size; at += sides[job->held].block) {
        find_offsets(job, job->held, at, held);
        for (int64_t pc = first; pc < last; pc += job->kc) {
            find_columns(job, pc, last, k);
            s.beta = pc > first ? tf_one(p->dtype) : beta;
            if (is_cancelled(job))
                return;
            int64_t count = panels(job, job->held, held->count);
            if (own != NULL) {
                pack_held(&s, 0, count, 0);
                stream(&s, own, 0, blocks);
                continue;
            }
            int threads = job->engine->threads;
            int64_t items = blocks * job->parts;
            tf_parallel_for(job->engine->pool, threads, count, (count - 1) / threads + 1, pack_held,
                            &s);
            tf_parallel_for(job->engine->pool, threads, items, TF_MAX(1, items / (4 * threads)),
                            run_items, &s);
        }
    }
}

static void run_elements(void *user, int64_t begin, int64_t end, int worker_number)
{
    packed_job *job = user;
    worker_memory w;
    int64_t at = worker_number * job->scratch_each;
    worker_init(job, job->scratch, &at, &w);
    for (int64_t item = begin; item < end; item++)
        multiply(job, &w.own[job->held], &w.k, &w, item / job->chunks, item % job->chunks);
}

/* C = alpha (the sum of the chunks' products, in order) + beta C */
static void add_products(const packed_job *job)
{
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    const int64_t count = p->m.size * p->n.size, run = p->m.count == 0 ? 1 : p->m.extents[0];
    for (int64_t element = 0; element < p->batch.size; element++) {
        char *sum = job->products + element * job->chunks * count * p->size;
        int64_t at, row, column;
        for (int64_t chunk = 1; chunk < job->chunks; chunk++)
            job->kernel->accumulate(count, sum + chunk * count * p->size, 1, 0, tf_one(p->dtype), 0,
                                    0, 0, sum);
        tf_group_offsets(&p->batch, TF_C, element, 1, &at);
        for (int64_t j = 0; j < p->n.size; j++) {
            tf_group_offsets(&p->n, TF_C, j, 1, &column);
            for (int64_t i = 0; i < p->m.size; i += run) {
                tf_group_offsets(&p->m, TF_C, i, 1, &row);
                job->kernel->finish(run, sum + (j * p->m.size + i) * p->size, o->alpha, o->beta,
                                    o->c + (at + row + column) * p->size,
                                    p->m.count == 0 ? 1 : p->m.strides[TF_C][0]);
            }
        }
    }
}

/* ---- planning ---- */

/*
 * Elements of an operand that lie side by side in a block of kc of K and all rows, if its rows go
 * on where K ends.
 */
static int64_t run_length(const tf_group *rows, const tf_group *k, int operand, int64_t kc)
{
    int64_t run = 1;
    for (int grows = 1; grows;) {
        int64_t inner = 1, before = run;
        for (int i = 0; i < rows->count; i++)
            if (rows->strides[operand][i] == run)
                run *= rows->extents[i];
        for (int i = 0; i < k->count && inner < kc; inner *= k->extents[i++])
            if (k->strides[operand][i] == run)
                run *= TF_MIN(k->extents[i], TF_MAX(1, kc / inner));
        grows = run != before;
    }
    return run;
}

/*
 * The length of a block of K.  If A and B have their runs along different labels of K, which are
 * then the first two, a block spans whole lines of both, and as much more as runs are short and L2
 * has room.
 */
static int64_t block_of_k(const tf_problem *p, int64_t usual, int64_t l2)
{
    const tf_group *k = &p->k;
    int64_t per_line = LINE / p->size;
    int crossed = k->count > 1 && ((k->strides[TF_A][0] == 1 && k->strides[TF_B][1] == 1) ||
                                   (k->strides[TF_B][0] == 1 && k->strides[TF_A][1] == 1));
    int64_t most = TF_MAX(2 * usual, l2 / 2 / p->size / (TF_MIN(p->m.size, p->n.size) + 16));
    if (!crossed || k->extents[0] * per_line > most)
        return even_parts(k->size, usual, 1);
    int64_t unit = k->extents[0] * per_line, kc = unit * TF_MAX(1, usual / unit);
    int a_is_far = p->m.size * k->size * p->size > l2, b_is_far = p->n.size * k->size * p->size > l2;
    while (kc + unit <= most && kc < k->size &&
           ((a_is_far && run_length(&p->m, k, TF_A, kc) * p->size < GOOD_RUN) ||
            (b_is_far && run_length(&p->n, k, TF_B, kc) * p->size < GOOD_RUN)))
        kc += unit;
    return kc;
}

/*
 * A panel of B (kc x nr) takes half of L1, a block of A (mc x kc) half of L2, a block of B an
 * eighth of L3, which others use too.  A that is no larger than its block is held instead, and B
 * streamed through L2.  Returns the number of threads, and the bytes they need.
 */
static int plan(packed_job *job, const tf_engine *engine, const tf_problem *p, int64_t *bytes)
{
    const tf_microkernel *kernel = job->kernel;
    int64_t l1 = engine->l1_bytes > 0 ? engine->l1_bytes : 32768,
            l2 = engine->l2_bytes > 0 ? engine->l2_bytes : 524288,
            l3 = engine->l3_bytes > 0 ? engine->l3_bytes : 8 << 20;
    int threads = tf_threads_of(engine, p, tf_packed_seconds);
    int64_t usual = TF_MIN(TF_MAX(l1 / 2 / (kernel->nr * p->size), 64), MOST_K);
    job->kc = block_of_k(p, usual, l2);
    job->kernel_k = even_parts(job->kc, usual, 1);
    int64_t column = job->kc * p->size, mr = kernel->mr, nr = kernel->nr;
    int64_t mc = TF_MIN(TF_MAX(l2 / 2 / column, mr), 1024) / mr * mr;
    int64_t nc = TF_MIN(TF_MAX(l3 / 8 / column, 8 * nr), 4096) / nr * nr;
    job->held = TF_B;
    if (p->m.size <= mc / 2 && p->n.size > p->m.size) {
        job->held = TF_A;
        nc = TF_MAX(l2 / 4 / column, nr) / nr * nr;
    } else if (p->n.size * column > l2 / 4 && p->n.size <= mc) {
        mc = TF_MAX(l2 / 4 / column, mr) / mr * mr;
    }
    job->sides[TF_A] = (side_plan){&p->m, kernel->pack_a, mr, even_parts(p->m.size, mc, mr)};
    job->sides[TF_B] = (side_plan){&p->n, kernel->pack_b, nr, even_parts(p->n.size, nc, nr)};
    int64_t k_blocks = (p->k.size - 1) / job->kc + 1;
    job->chunk = p->k.size;
    if (p->m.size * p->n.size <= CHUNKED && p->batch.size < 8 && k_blocks >= CHUNKS / 2)
        job->chunk = ((k_blocks - 1) / TF_MIN(CHUNKS, k_blocks / 2) + 1) * job->kc;
    job->chunks = (p->k.size - 1) / job->chunk + 1;
    job->is_shared = threads > 1 && p->batch.size * job->chunks < 4 * threads;
    job->parts = 1;
    if (job->is_shared) {
        const side_plan *held = &job->sides[job->held];
        side_plan *streamed = &job->sides[1 - job->held];
        int64_t size = streamed->group->size;
        streamed->block = TF_MIN(streamed->block,
                                 even_parts(size, (size - 1) / threads + 1, streamed->unit));
        int64_t blocks = (size - 1) / streamed->block + 1;
        if (blocks % threads != 0 && blocks < 4 * threads)
            job->parts = TF_MIN(threads, (held->block - 1) / held->unit + 1);
    }
    worker_memory w;
    k_block k;
    block held;
    job->scratch_each = 0;
    worker_init(job, NULL, &job->scratch_each, &w);
    *bytes = threads * job->scratch_each;
    if (job->is_shared) {
        block_init(job, job->held, NULL, bytes, &held);
        k_block_init(job, NULL, bytes, &k);
    }
    if (job->chunks > 1)
        *bytes += p->batch.size * job->chunks * p->m.size * p->n.size * p->size;
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
    *mc = job.sides[TF_A].block;
    *kc = job.kc;
    *nc = job.sides[TF_B].block;
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
    int64_t at = threads * job.scratch_each, items = problem->batch.size * job.chunks;
    if (job.is_shared) {
        block held;
        k_block k;
        block_init(&job, job.held, job.scratch, &at, &held);
        k_block_init(&job, job.scratch, &at, &k);
        if (job.chunks > 1)
            job.products = job.scratch + at;
        for (int64_t item = 0; item < items; item++)
            multiply(&job, &held, &k, NULL, item / job.chunks, item % job.chunks);
    } else {
        if (job.chunks > 1)
            job.products = job.scratch + at;
        tf_parallel_for(engine->pool, threads, items, TF_MAX(1, items / (8 * threads)),
                        run_elements, &job);
    }
    int cancelled = atomic_load(&job.cancelled);
    if (job.products != NULL && !cancelled)
        add_products(&job);
    engine->scratch_give(engine->user, job.scratch, bytes);
    return cancelled ? tf_fail(TENFERRO_CANCELLED, "cancelled") : TENFERRO_OK;
}
