/*
 * Small matrices, perhaps a batch of them: no blocks, no scratch, no packing where the microkernel
 * reads the operands as they lie, else packing into the stack.  The batch is a loop around the
 * kernel alone.
 */
#include "contract/small.h"

#include "contract/route.h"
#include "kernels/loop.h"

#define PACKED_BYTES 8192 /* of each operand */
#define CHUNK 64          /* elements of the batch whose offsets are found at once */
#define AHEAD 1           /* elements of the batch that are fetched ahead */

typedef struct small_job {
    const tf_problem *problem;
    const tf_small *small;
    const tf_operands *operands;
} small_job;

/* Labels that are one run of equally spaced elements. */
static int is_line(const tf_group *group)
{
    return group->count <= 1;
}

static int64_t spacing(const tf_group *group, int operand)
{
    return group->count == 0 ? 0 : group->strides[operand][0];
}

static void find_offsets(const tf_problem *p, tf_small *small, int of_a, int of_b)
{
    if (of_a) {
        tf_group_offsets(&p->m, TF_A, 0, p->m.size, small->a_rows);
        tf_group_offsets(&p->k, TF_A, 0, p->k.size, small->a_columns);
    }
    if (of_b) {
        tf_group_offsets(&p->n, TF_B, 0, p->n.size, small->b_rows);
        tf_group_offsets(&p->k, TF_B, 0, p->k.size, small->b_columns);
    }
    tf_group_offsets(&p->m, TF_C, 0, p->m.size, small->c_rows);
    tf_group_offsets(&p->n, TF_C, 0, p->n.size, small->c_columns);
}

/* A batch that is innermost: vectors run along it. */
static int is_across(const tf_microkernel *kernel, const tf_problem *p)
{
    return kernel->across != NULL && p->batch.count == 1 && p->batch.size >= 16 && p->m.size > 1 &&
           p->n.size > 1 && p->k.size <= TF_SMALL && p->batch.strides[TF_A][0] == 1 &&
           p->batch.strides[TF_B][0] == 1 && p->batch.strides[TF_C][0] == 1;
}

static int a_in_place(const tf_microkernel *kernel, const tf_problem *p)
{
    return kernel->multiply_in_place != NULL && is_line(&p->k) && is_line(&p->m) &&
           spacing(&p->m, TF_A) == 1;
}

static int b_in_place(const tf_microkernel *kernel, const tf_problem *p)
{
    return kernel->multiply_in_place != NULL && is_line(&p->k) && is_line(&p->n);
}

const char *tf_small_refuses(const tf_engine *engine, const tf_problem *p)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, p->dtype);
    if (p->m.size > TF_SMALL || p->n.size > TF_SMALL || p->k.size > 4 * TF_SMALL)
        return "the matrices are too large";
    if (is_across(kernel, p))
        return NULL;
    if (p->m.size == 1)
        return "there is one row";
    int64_t height = (p->m.size + kernel->lanes - 1) / kernel->lanes * kernel->lanes;
    int64_t width = (p->n.size + kernel->nr - 1) / kernel->nr * kernel->nr;
    int packs_a = !a_in_place(kernel, p), packs_b = !b_in_place(kernel, p);
    if (((packs_a || packs_b) && p->k.size > TF_SMALL) ||
        (packs_a && height * p->k.size * p->size > PACKED_BYTES) ||
        (packs_b && width * p->k.size * p->size > PACKED_BYTES))
        return "the packed operands do not fit on the stack";
    return NULL;
}

void tf_small_prepare(const tf_engine *engine, const tf_problem *p, tf_prepared *prepared)
{
    tf_small *small = &prepared->small;
    const tf_microkernel *kernel = tf_microkernel_for(engine, p->dtype);
    small->kernel = kernel;
    small->is_across = is_across(kernel, p);
    if (small->is_across) {
        find_offsets(p, small, 1, 1);
        return;
    }
    small->a_in_place = a_in_place(kernel, p);
    small->b_in_place = b_in_place(kernel, p);
    find_offsets(p, small, !small->a_in_place, !small->b_in_place);
    small->c_is_run = is_line(&p->m) && spacing(&p->m, TF_C) == 1;
    small->a_step = spacing(&p->k, TF_A);
    small->b_step = small->b_in_place ? spacing(&p->k, TF_B) : kernel->nr;
    small->b_column = small->b_in_place ? spacing(&p->n, TF_B) : 1;
}

/* One element of the batch. */
static void multiply(const tf_small *s, const tf_problem *p, const tf_operands *o, const char *a,
                     const char *b, char *c)
{
    const tf_microkernel *kernel = s->kernel;
    _Alignas(64) char a_packed[PACKED_BYTES], b_packed[PACKED_BYTES];
    int64_t m = p->m.size, n = p->n.size, k = p->k.size, size = p->size, mr = kernel->mr,
            nr = kernel->nr;
    tf_tile tile = {.c = c, .is_run = s->c_is_run, .alpha = o->alpha, .beta = o->beta};
    if (!s->a_in_place) {
        kernel->pack_a(m, k, a, s->a_rows, s->a_columns, p->conj[TF_A], a_packed);
        a = a_packed;
    }
    if (!s->b_in_place) {
        kernel->pack_b(n, k, b, s->b_rows, s->b_columns, p->conj[TF_B], b_packed);
        b = b_packed;
    }
    for (int64_t i = 0; i < m; i += mr) {
        const char *panel = a + (s->a_in_place ? i : i * k) * size;
        tile.rows = s->c_rows + i;
        tile.m = TF_MIN(mr, m - i);
        int64_t step = s->a_in_place ? s->a_step
                                     : (tile.m + kernel->lanes - 1) / kernel->lanes * kernel->lanes;
        for (int64_t j = 0; j < n; j += nr) {
            tile.columns = s->c_columns + j;
            tile.n = TF_MIN(nr, n - j);
            if (s->a_in_place || s->b_in_place)
                kernel->multiply_in_place(k, panel, step,
                                          b + (s->b_in_place ? j * s->b_column : j * k) * size,
                                          s->b_step, s->b_column, &tile);
            else
                kernel->multiply(k, panel, b + j * k * size, &tile);
        }
    }
}

/* Bytes from an operand's first element to its last; 0 if too many for what is in them. */
static int64_t span(const tf_group *x, const tf_group *y, int operand, int64_t size)
{
    int64_t last = 0;
    for (int i = 0; i < x->count; i++)
        last += (x->extents[i] - 1) * x->strides[operand][i];
    for (int i = 0; i < y->count; i++)
        last += (y->extents[i] - 1) * y->strides[operand][i];
    return last >= 63 && last < 2 * x->size * y->size ? (last + 1) * size : 0;
}

/* Matrices are too short for the processor to see where the next begins. */
static void fetch(const char *begin, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += 64)
        TF_PREFETCH(begin + at);
}

static void run(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const small_job *job = user;
    const tf_problem *p = job->problem;
    const tf_operands *o = job->operands;
    int64_t offsets[3][CHUNK];
    const int64_t spans[] = {span(&p->m, &p->k, TF_A, p->size), span(&p->k, &p->n, TF_B, p->size),
                             span(&p->m, &p->n, TF_C, p->size)};
    for (int64_t first = begin; first < end; first += CHUNK) {
        int64_t count = TF_MIN(CHUNK, end - first);
        for (int operand = 0; operand < 3; operand++)
            tf_group_offsets(&p->batch, operand, first, count, offsets[operand]);
        for (int64_t i = 0; i < count; i++) {
            int64_t next = i + AHEAD;
            if (next < count) {
                fetch(o->in[TF_A] + offsets[TF_A][next] * p->size, spans[TF_A]);
                fetch(o->in[TF_B] + offsets[TF_B][next] * p->size, spans[TF_B]);
                fetch(o->c + offsets[TF_C][next] * p->size, spans[TF_C]);
            }
            multiply(job->small, p, o, o->in[TF_A] + offsets[TF_A][i] * p->size,
                     o->in[TF_B] + offsets[TF_B][i] * p->size, o->c + offsets[TF_C][i] * p->size);
        }
    }
}

static void run_across(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const small_job *job = user;
    const tf_problem *p = job->problem;
    const tf_small *s = job->small;
    const tf_operands *o = job->operands;
    const tf_across across = {.m = p->m.size,
                              .n = p->n.size,
                              .k = p->k.size,
                              .a_rows = s->a_rows,
                              .a_columns = s->a_columns,
                              .b_rows = s->b_rows,
                              .b_columns = s->b_columns,
                              .c_rows = s->c_rows,
                              .c_columns = s->c_columns,
                              .alpha = o->alpha,
                              .beta = o->beta};
    int64_t first = begin * s->kernel->lanes, last = TF_MIN(end * s->kernel->lanes, p->batch.size);
    s->kernel->across(last - first, o->in[TF_A] + first * p->size, o->in[TF_B] + first * p->size,
                      o->c + first * p->size, &across);
}

tenferro_status tf_contract_small(const tf_engine *engine, const tf_problem *p,
                                  const tf_prepared *prepared, const tf_operands *operands)
{
    const tf_small *small = &prepared->small;
    if (p->batch.size == 1) {
        multiply(small, p, operands, operands->in[TF_A], operands->in[TF_B], operands->c);
        return TENFERRO_OK;
    }
    small_job job = {p, small, operands};
    double each = 20.0 + 0.05 * (double)(p->m.size * p->n.size * p->k.size);
    int threads = tf_threads_for(engine, each * (double)p->batch.size);
    int64_t grain = (int64_t)(20000.0 / each) + 1, lanes = small->kernel->lanes;
    if (small->is_across)
        return tf_run_chunks(engine, threads, (p->batch.size - 1) / lanes + 1, grain / lanes + 1,
                             run_across, &job);
    return tf_run_chunks(engine, threads, p->batch.size, grain, run, &job);
}
