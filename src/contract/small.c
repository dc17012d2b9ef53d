/*
 * Small matrices, perhaps a batch of them: no packing where the microkernel
 * reads the operands as they lie, else packing into the stack.  The batch is a loop around the
 * kernel alone.
 */
#include "contract/small.h"

#include "contract/route.h"
#include "kernels/loop.h"
#include "kernels/table.h"

#define PACKED_BYTES 8192   /* of each operand */
#define CHUNK 64            /* products whose offsets are found at once */
#define AHEAD 16            /* products that are fetched ahead, at most */
#define AHEAD_BYTES 2048    /* that far ahead is enough */
#define ACROSS_LINES 16     /* cache lines that are read at one place, at most */
#define ACROSS_BYTES 524288 /* of A and B: a block of matrices stays in L2 */

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

static int64_t line(const tf_group *group)
{
    return group->count == 0 ? 1 : group->extents[0];
}

static int64_t spacing(const tf_group *group, int operand)
{
    return group->count == 0 ? 0 : group->strides[operand][0];
}

/* Where the lines of a group begin. */
static int64_t find_lines(const tf_group *group, int operand, int64_t *offsets)
{
    int64_t lines = group->size / line(group), all[4 * TF_SMALL];
    tf_group_offsets(group, operand, 0, group->size, all);
    for (int64_t i = 0; i < lines; i++)
        offsets[i] = all[i * line(group)];
    return lines;
}

static void find_offsets(const tf_problem *p, tf_small *small)
{
    tf_group_offsets(&p->m, TF_A, 0, p->m.size, small->a_rows);
    tf_group_offsets(&p->k, TF_A, 0, p->k.size, small->a_columns);
    tf_group_offsets(&p->n, TF_B, 0, p->n.size, small->b_rows);
    tf_group_offsets(&p->k, TF_B, 0, p->k.size, small->b_columns);
    tf_group_offsets(&p->m, TF_C, 0, p->m.size, small->c_rows);
    tf_group_offsets(&p->n, TF_C, 0, p->n.size, small->c_columns);
}

static int64_t round_up(int64_t x, int64_t to)
{
    return (x + to - 1) / to * to;
}

/* Lines along M and N long enough for the register tile. */
static int lies_well(const tf_microkernel *kernel, const tf_problem *p)
{
    if (kernel->multiply_in_place == NULL || spacing(&p->m, TF_A) != 1 ||
        p->k.size / line(&p->k) > TF_SMALL)
        return 0;
    int rows_good = is_line(&p->m) || 2 * line(&p->m) >= kernel->lanes;
    int columns_good = is_line(&p->n) || line(&p->n) >= 4;
    return (rows_good && columns_good) || p->m.size * p->n.size * p->k.size <= 1024;
}

/* Of one product's matrix; 0 if they hold much else. */
static int64_t cache_lines(const tf_group *x, const tf_group *y, int operand, int64_t size)
{
    int64_t last = (line(x) - 1) * spacing(x, operand) + (line(y) - 1) * spacing(y, operand);
    return last < 0 || last >= 2 * line(x) * line(y) ? 0 : (last * size + 63) / 64;
}

static void set_in_place(const tf_problem *p, tf_small *s)
{
    s->shape = (tf_in_place){.m = line(&p->m),
                             .n = line(&p->n),
                             .k = line(&p->k),
                             .a_step = spacing(&p->k, TF_A),
                             .b_step = spacing(&p->k, TF_B),
                             .b_column = spacing(&p->n, TF_B),
                             .c_row = spacing(&p->m, TF_C),
                             .c_column = spacing(&p->n, TF_C),
                             .conj_a = p->conj[TF_A],
                             .conj_b = p->conj[TF_B]};
    s->blocks_m = find_lines(&p->m, TF_A, s->a_rows);
    s->blocks_n = find_lines(&p->n, TF_B, s->b_rows);
    int64_t bytes = TF_MAX(s->shape.m, s->shape.n) * s->shape.k * p->size;
    s->shape.lines_ahead[TF_A] = cache_lines(&p->m, &p->k, TF_A, p->size);
    s->shape.lines_ahead[TF_B] = cache_lines(&p->k, &p->n, TF_B, p->size);
    s->shape.lines_ahead[TF_C] = cache_lines(&p->m, &p->n, TF_C, p->size);
    s->shape.ahead = TF_MAX(1, TF_MIN(AHEAD, AHEAD_BYTES / bytes));
    s->shape.lines = find_lines(&p->k, TF_A, s->a_columns);
    (void)find_lines(&p->k, TF_B, s->b_columns);
    (void)find_lines(&p->m, TF_C, s->c_rows);
    (void)find_lines(&p->n, TF_C, s->c_columns);
}

/* Elements of A and B. */
static int64_t across_inputs(const tf_problem *p)
{
    return (p->m.size + p->n.size) * p->k.size;
}

/*
 * Cache lines of an element in a block of matrices: long runs where the operands come from memory,
 * else little, so that a block stays close.
 */
static int64_t across_lines(const tf_problem *p)
{
    int64_t elements = across_inputs(p), bytes = p->batch.size * elements * p->size;
    int64_t most = bytes > TF_STREAM_BYTES ? ACROSS_LINES : 2;
    return TF_MAX(1, TF_MIN(most, ACROSS_BYTES / (64 * elements)));
}

/* The kind is known: pieces of work of about 20 us. */
static void set_work(const tf_problem *p, tf_small *s)
{
    int64_t products = p->batch.size * s->blocks_m * s->blocks_n;
    double each = 20.0 + 0.05 * (double)(p->m.size * p->n.size * p->k.size) /
                             (double)(s->blocks_m * s->blocks_n);
    s->nanoseconds = each * (double)products;
    s->grain = (int64_t)(20000.0 / each) + 1;
    s->products = products;
    if (s->kind == TF_SMALL_ACROSS) { /* blocks of them; some, so that they are fetched ahead */
        int64_t width = across_lines(p) * 64 / p->size;
        s->grain = TF_MAX(8, s->grain / width + 1);
        s->products = (products - 1) / width + 1;
    }
}

/* A batch that is innermost: vectors run along it. */
static int is_across(const tf_microkernel *kernel, const tf_problem *p)
{
    return kernel->across != NULL && p->batch.count == 1 && p->batch.size >= 16 && p->m.size > 1 &&
           p->n.size > 1 && p->k.size <= TF_SMALL && p->batch.strides[TF_A][0] == 1 &&
           p->batch.strides[TF_B][0] == 1 && p->batch.strides[TF_C][0] == 1;
}

const char *
tf_small_find_kind(const tf_microkernel *kernel, const tf_problem *p, tf_small_kind *kind)
{
    if (p->m.size > TF_SMALL || p->n.size > TF_SMALL || p->k.size > 4 * TF_SMALL)
        return "the matrices are too large";
    *kind = TF_SMALL_ACROSS;
    if (is_across(kernel, p))
        return NULL;
    if (p->m.size == 1)
        return "there is one row";
    *kind = TF_SMALL_IN_PLACE;
    if (lies_well(kernel, p))
        return NULL;
    int64_t column = p->k.size * p->size;
    if (p->k.size > TF_SMALL || round_up(p->m.size, kernel->lanes) * column > PACKED_BYTES)
        return "the packed operands do not fit on the stack";
    *kind = TF_SMALL_COPIED_A;
    if (kernel->multiply_in_place != NULL && !tf_is_complex(p->dtype) && is_line(&p->m) &&
        is_line(&p->n) && is_line(&p->k) && p->m.size <= kernel->mr)
        return NULL;
    *kind = TF_SMALL_PANELS;
    if (round_up(p->n.size, kernel->nr) * column > PACKED_BYTES)
        return "the packed operands do not fit on the stack";
    return NULL;
}

const char *tf_small_refuses(const tf_engine *engine, const tf_problem *p)
{
    tf_small_kind kind;
    return tf_small_find_kind(tf_microkernel_for(engine, p->dtype), p, &kind);
}

void tf_small_prepare(const tf_engine *engine, const tf_problem *p, tf_prepared *prepared)
{
    tf_small *small = &prepared->small;
    small->kernel = tf_microkernel_for(engine, p->dtype);
    (void)tf_small_find_kind(small->kernel, p, &small->kind); /* the route serves */
    small->blocks_m = small->blocks_n = 1;
    small->shape.ahead = 0;
    if (small->kind == TF_SMALL_IN_PLACE || small->kind == TF_SMALL_COPIED_A)
        set_in_place(p, small);
    if (small->kind == TF_SMALL_COPIED_A) {
        small->shape.a_step = round_up(p->m.size, small->kernel->lanes);
        small->shape.ahead = 0; /* each copy is alone */
    }
    if (small->kind != TF_SMALL_IN_PLACE)
        find_offsets(p, small);
    set_work(p, small);
}

/* One product, from panels. */
static void multiply_panels(const small_job *job, const char *a, const char *b, char *c)
{
    const tf_small *s = job->small;
    const tf_problem *p = job->problem;
    const tf_microkernel *kernel = s->kernel;
    _Alignas(64) char a_packed[PACKED_BYTES], b_packed[PACKED_BYTES];
    int64_t m = p->m.size, n = p->n.size, k = p->k.size, mr = kernel->mr, nr = kernel->nr;
    tf_tile tile = {.c = c,
                    .is_run = is_line(&p->m) && spacing(&p->m, TF_C) == 1,
                    .alpha = job->operands->alpha,
                    .beta = job->operands->beta};
    kernel->pack_a(m, k, a, s->a_rows, s->a_columns, p->conj[TF_A], a_packed);
    kernel->pack_b(n, k, b, s->b_rows, s->b_columns, p->conj[TF_B], b_packed);
    for (int64_t i = 0; i < m; i += mr)
        for (int64_t j = 0; j < n; j += nr) {
            tile.rows = s->c_rows + i;
            tile.m = TF_MIN(mr, m - i);
            tile.columns = s->c_columns + j;
            tile.n = TF_MIN(nr, n - j);
            kernel->multiply(k, a_packed + i * k * p->size, b_packed + j * k * p->size, &tile);
        }
}

static const int64_t here = 0;

static void set_operands(const small_job *job, tf_in_place *shape)
{
    const tf_small *s = job->small;
    *shape = s->shape;
    shape->alpha = job->operands->alpha;
    shape->beta = job->operands->beta;
    shape->a_lines = s->kind == TF_SMALL_IN_PLACE ? s->a_columns : &here;
    shape->b_lines = s->kind == TF_SMALL_IN_PLACE ? s->b_columns : &here;
}

/* One product, with A copied to columns side by side. */
static void multiply_copied(const small_job *job, const tf_in_place *shape, const char *a,
                            const char *b, char *c)
{
    const tf_small *s = job->small;
    _Alignas(64) char a_packed[PACKED_BYTES];
    s->kernel->pack_a(shape->m, shape->k, a, s->a_rows, s->a_columns, 0, a_packed);
    s->kernel->multiply_in_place(shape, 1, a_packed, &here, b, &here, c, &here);
}

/* The offsets of the products begin .. begin + count: blocks of M, then of N, then the batch. */
static void find_products(const tf_problem *p, const tf_small *s, int64_t begin, int64_t count,
                          int64_t offsets[3][CHUNK + AHEAD])
{
    int64_t row = begin % s->blocks_m, rest = begin / s->blocks_m, column = rest % s->blocks_n,
            element = rest / s->blocks_n, base[3];
    if (s->blocks_m * s->blocks_n == 1) {
        for (int operand = 0; operand < 3; operand++)
            tf_group_offsets(&p->batch, operand, begin, count, offsets[operand]);
        return;
    }
    for (int64_t i = 0; i < count; element++, column = 0) {
        for (int operand = 0; operand < 3; operand++)
            tf_group_offsets(&p->batch, operand, element, 1, &base[operand]);
        for (; column < s->blocks_n && i < count; column++, row = 0)
            for (; row < s->blocks_m && i < count; row++, i++) {
                offsets[TF_A][i] = base[TF_A] + s->a_rows[row];
                offsets[TF_B][i] = base[TF_B] + s->b_rows[column];
                offsets[TF_C][i] = base[TF_C] + s->c_rows[row] + s->c_columns[column];
            }
    }
}

static void run(void *user, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const small_job *job = user;
    const tf_problem *p = job->problem;
    const tf_small *s = job->small;
    const tf_operands *o = job->operands;
    tf_in_place shape;
    set_operands(job, &shape);
    int64_t offsets[3][CHUNK + AHEAD], ahead = s->shape.ahead;
    for (int64_t first = begin; first < end; first += CHUNK) {
        int64_t count = TF_MIN(CHUNK, end - first), known = TF_MIN(count + ahead, end - first);
        find_products(p, s, first, known, offsets);
        if (s->kind == TF_SMALL_IN_PLACE) {
            shape.ahead = known - count;
            s->kernel->multiply_in_place(&shape, count, o->in[TF_A], offsets[TF_A], o->in[TF_B],
                                         offsets[TF_B], o->c, offsets[TF_C]);
            continue;
        }
        for (int64_t i = 0; i < count; i++) {
            const char *a = o->in[TF_A] + offsets[TF_A][i] * p->size,
                       *b = o->in[TF_B] + offsets[TF_B][i] * p->size;
            char *c = o->c + offsets[TF_C][i] * p->size;
            if (s->kind == TF_SMALL_COPIED_A)
                multiply_copied(job, &shape, a, b, c);
            else
                multiply_panels(job, a, b, c);
        }
    }
}

typedef struct across_job {
    tf_across across;
    const tf_small *small;
    const tf_problem *problem;
    const tf_operands *operands;
    void (*fence)(void);
    char *blocks; /* of the workers */
    int64_t block_bytes;
} across_job;

static void run_across(void *user, int64_t begin, int64_t end, int worker)
{
    const across_job *job = user;
    const tf_problem *p = job->problem;
    int64_t width = job->across.lines * 64 / p->size;
    int64_t first = begin * width, last = TF_MIN(end * width, p->batch.size);
    job->small->kernel->across(first, last - first, job->operands->c, &job->across,
                               job->blocks + worker * job->block_bytes);
    if (job->across.streams)
        job->fence();
}

/* Where the elements lie, `side` of one row or column after another for each of the others. */
static const char **find_elements(const char *base, int64_t size, int64_t side, const int64_t *rows,
                                  int64_t m, const int64_t *columns, int64_t k, const char **at)
{
    for (int64_t i = 0; i < m; i += side)
        for (int64_t p = 0; p < k; p++)
            for (int64_t s = i; s < TF_MIN(i + side, m); s++)
                *at++ = base + (rows[s] + columns[p]) * size;
    return at;
}

/* Of each worker; the table of elements comes before. */
static int64_t across_block_bytes(const tf_problem *p)
{
    return across_lines(p) * (across_inputs(p) + 1) * 64;
}

static int64_t across_table_bytes(const tf_problem *p)
{
    return round_up((across_inputs(p) + p->m.size * p->n.size) * (int64_t)sizeof(char *), 64);
}

/* Every element of C begins a cache line. */
static int has_whole_lines(const tf_problem *p, const tf_small *s, const char *c)
{
    uintptr_t bits = (uintptr_t)c;
    for (int64_t i = 0; i < p->m.size; i++)
        bits |= (uintptr_t)(s->c_rows[i] * p->size);
    for (int64_t j = 0; j < p->n.size; j++)
        bits |= (uintptr_t)(s->c_columns[j] * p->size);
    return bits % 64 == 0;
}

static tenferro_status multiply_across(const tf_engine *engine, const tf_problem *p,
                                       const tf_small *s, const tf_operands *o)
{
    int threads = s->products <= s->grain ? 1 : tf_threads_for(engine, s->nanoseconds);
    int64_t m = p->m.size, n = p->n.size, k = p->k.size, side = TF_ACROSS_SIDE;
    int64_t table = across_table_bytes(p), block = across_block_bytes(p);
    int64_t bytes = table + threads * block;
    char *scratch = engine->scratch_take(engine->user, bytes);
    if (scratch == NULL)
        return TENFERRO_OUT_OF_MEMORY;
    const char **at = (const char **)(void *)scratch;
    at = find_elements(o->in[TF_A], p->size, side, s->a_rows, m, s->a_columns, k, at);
    at = find_elements(o->in[TF_B], p->size, side, s->b_rows, n, s->b_columns, k, at);
    (void)find_elements(o->c, p->size, side, s->c_rows, m, s->c_columns, n, at);
    across_job job = {.across = {.m = m,
                                 .n = n,
                                 .k = k,
                                 .at = (const char *const *)(void *)scratch,
                                 .c_rows = s->c_rows,
                                 .c_columns = s->c_columns,
                                 .alpha = o->alpha,
                                 .beta = o->beta,
                                 .lines = across_lines(p)},
                      .small = s,
                      .problem = p,
                      .operands = o,
                      .fence = engine->kernels->fence,
                      .blocks = scratch + table,
                      .block_bytes = block};
    tf_across *t = &job.across;
    t->streams = o->beta == NULL && tf_streams(engine, p->batch.size * m * n * p->size) &&
                 has_whole_lines(p, s, o->c);
    t->fetched = across_inputs(p) + (t->streams ? 0 : m * n);
    int64_t steps = ((m - 1) / side + 1) * ((n - 1) / side + 1) * k;
    t->rate = (t->fetched - 1) / steps + 1;
    tenferro_status status = tf_run_chunks(engine, threads, s->products, s->grain, run_across, &job);
    engine->scratch_give(engine->user, scratch, bytes);
    return status;
}

int64_t tf_small_scratch(const tf_engine *engine, const tf_problem *p)
{
    tf_small_kind kind;
    if (tf_small_find_kind(tf_microkernel_for(engine, p->dtype), p, &kind) != NULL ||
        kind != TF_SMALL_ACROSS)
        return 0;
    return across_table_bytes(p) + TF_MAX(1, engine->threads) * across_block_bytes(p);
}

tenferro_status tf_contract_small(const tf_engine *engine, const tf_problem *p,
                                  const tf_prepared *prepared, const tf_operands *operands)
{
    const tf_small *small = &prepared->small;
    small_job job = {p, small, operands};
    if (small->kind == TF_SMALL_ACROSS)
        return multiply_across(engine, p, small, operands);
    if (small->products == 1 && small->kind == TF_SMALL_IN_PLACE) {
        tf_in_place shape;
        set_operands(&job, &shape);
        shape.ahead = 0;
        small->kernel->multiply_in_place(&shape, 1, operands->in[TF_A], &here, operands->in[TF_B],
                                         &here, operands->c, &here);
        return TENFERRO_OK;
    }
    if (small->products <= small->grain) { /* small calls pay for nothing else */
        run(&job, 0, small->products, 0);
        return TENFERRO_OK;
    }
    int threads = tf_threads_for(engine, small->nanoseconds);
    return tf_run_chunks(engine, threads, small->products, small->grain, run, &job);
}
