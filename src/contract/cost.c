/* The cost model of the routes, and the rates that are built in. */
#include "contract/cost.h"

#include "contract/route.h"
#include "kernels/loop.h"

/* ---- rates ---- */

/* Measured on a Xeon (Sapphire Rapids, 3.3 GHz, 2 FMA a cycle) with the kernels of each ISA. */
enum { NAIVE = 1, PACKED = 2, BLAS = 3, SMALL = 4, DIRECT = 5 };

#if defined(__x86_64__)
static const tenferro_rates avx512 = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {200, 80, 20, 12},
    .packing = 40,
    .call = {[NAIVE] = 45, [PACKED] = 120, [BLAS] = 45, [SMALL] = 15, [DIRECT] = 90},
    .item = {[NAIVE] = 7, [PACKED] = 20, [BLAS] = 60, [SMALL] = 18, [DIRECT] = 7.5},
    .gflops = {[NAIVE] = {3, 3, 3, 3, 6, 6},
               [PACKED] = {60, 20, 180, 90, 180, 90},
               [BLAS] = {0, 0, 130, 68, 130, 68},
               [SMALL] = {60, 20, 170, 85, 170, 85},
               [DIRECT] = {24, 8, 24, 12, 24, 12}},
};
static const tenferro_rates avx2 = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {150, 60, 20, 12},
    .packing = 30,
    .call = {[NAIVE] = 45, [PACKED] = 120, [BLAS] = 45, [SMALL] = 15, [DIRECT] = 90},
    .item = {[NAIVE] = 7, [PACKED] = 20, [BLAS] = 60, [SMALL] = 18, [DIRECT] = 7.5},
    .gflops = {[NAIVE] = {3, 3, 3, 3, 6, 6},
               [PACKED] = {30, 8, 90, 45, 90, 45},
               [BLAS] = {0, 0, 130, 68, 130, 68},
               [SMALL] = {30, 8, 85, 42, 85, 42},
               [DIRECT] = {16, 6, 16, 8, 16, 8}},
};
#endif
/* also those of NEON, until they are measured */
static const tenferro_rates portable = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {60, 40, 20, 10},
    .packing = 10,
    .call = {[NAIVE] = 45, [PACKED] = 120, [BLAS] = 45, [SMALL] = 15, [DIRECT] = 90},
    .item = {[NAIVE] = 7, [PACKED] = 20, [BLAS] = 60, [SMALL] = 18, [DIRECT] = 7.5},
    .gflops = {[NAIVE] = {3, 3, 3, 3, 6, 6},
               [PACKED] = {10, 5, 20, 10, 20, 10},
               [BLAS] = {0, 0, 130, 68, 130, 68},
               [SMALL] = {10, 5, 20, 10, 20, 10},
               [DIRECT] = {8, 4, 8, 4, 8, 4}},
};

const tenferro_rates *tf_rates_built_in(const tf_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &tf_kernels_avx512)
        return &avx512;
    if (kernels == &tf_kernels_avx2)
        return &avx2;
#endif
    (void)kernels;
    return &portable;
}

const tenferro_rates *tf_rates_of(const tf_engine *engine)
{
    return engine->rates != NULL ? engine->rates : tf_rates_built_in(engine->kernels);
}

/* ---- shapes ---- */

static int64_t first_stride(const tf_group *group, int operand)
{
    return group->count == 0 ? 0 : group->strides[operand][0];
}

/* The larger step of A and B, between 1 and a cache line. */
static double step_of(const tf_group *group, int64_t size)
{
    int64_t a = first_stride(group, TF_A), b = first_stride(group, TF_B), line = 64 / size;
    a = a < 0 ? line : a;
    b = b < 0 ? line : b;
    return (double)TF_MAX(1, TF_MIN(TF_MAX(a, b), line));
}

/* Indices at which the operand has an element of its own. */
static double held(const tf_group *group, int operand)
{
    double n = 1;
    for (int i = 0; i < group->count; i++)
        n *= group->strides[operand][i] != 0 ? (double)group->extents[i] : 1.0;
    return n;
}

/* Elements from one of a matrix to the next, at most a cache line. */
static double spread(const tf_group *x, const tf_group *y, int operand, int64_t size)
{
    int64_t step = 64 / size, a = first_stride(x, operand), b = first_stride(y, operand);
    step = a > 0 ? TF_MIN(step, a) : step;
    step = b > 0 ? TF_MIN(step, b) : step;
    return a == 0 && b == 0 ? 1.0 : (double)step;
}

/* A is dense along one label, B along another: the direct route turns tiles. */
static int is_turned(const tf_group *group)
{
    int dense[2] = {0, 0};
    for (int i = 0; i < group->count; i++)
        for (int operand = 0; operand < 2; operand++)
            dense[operand] |= group->extents[i] >= 16 && group->strides[operand][i] == 1;
    return dense[TF_A] && dense[TF_B];
}

void tf_shape_of_problem(const tf_engine *engine, const tf_problem *p, tf_shape *out)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, p->dtype);
    const tf_group *groups[] = {&p->batch, &p->m, &p->n}, *inner = &p->m;
    for (size_t g = 0; g < TF_COUNT(groups); g++)
        if (groups[g]->count > 0 &&
            (inner->count == 0 || groups[g]->strides[TF_C][0] < inner->strides[TF_C][0]))
            inner = groups[g];
    *out = (tf_shape){
        .dtype = p->dtype,
        .batch = (double)p->batch.size,
        .m = (double)p->m.size,
        .n = (double)p->n.size,
        .k = (double)p->k.size * (double)p->only[0].size * (double)p->only[1].size,
        .row = inner->count > 0 ? (double)inner->extents[0] : 1.0,
        .row_step = step_of(inner, p->size),
        .term = p->k.count > 0 ? (double)p->k.extents[0] : 1.0,
        .term_step = is_turned(&p->k) ? 1.0 : step_of(&p->k, p->size),
        .is_turned = first_stride(&p->m, TF_A) != 1,
    };
    (void)tf_small_find_kind(kernel, p, &out->small);
    const tf_group *of[3][2] = {{&p->m, &p->k}, {&p->k, &p->n}, {&p->m, &p->n}};
    for (int i = 0; i < 3; i++) {
        double bytes = held(&p->batch, i) * held(of[i][0], i) * held(of[i][1], i) * (double)p->size;
        out->bytes += bytes;
        out->lines += bytes * spread(of[i][0], of[i][1], i, p->size);
    }
}

void tf_shape_of_sizes(tenferro_dtype dtype, double batch, double m, double n, double k,
                       tf_shape *out)
{
    double bytes = batch * (m * k + k * n + m * n) * (double)tf_element_size(dtype);
    *out = (tf_shape){
        .dtype = dtype,
        .batch = batch,
        .m = TF_MAX(m, n),
        .n = TF_MIN(m, n),
        .k = k,
        .bytes = bytes,
        .lines = bytes,
        .row = m > 1 || n > 1 ? TF_MAX(m, n) : batch,
        .row_step = 1,
        .term = k,
        .term_step = 64.0 / (double)tf_element_size(dtype),
    };
}

/* ---- parts of the cost: nanoseconds ---- */

/* `bytes` of a working set; between once and twice a cache's size it serves some of them. */
static double moving(const tf_engine *engine, double set, double bytes)
{
    const int64_t sizes[] = {engine->l1_bytes, engine->l2_bytes, engine->l3_bytes};
    const double *bandwidth = tf_rates_of(engine)->bandwidth;
    double each = 1 / bandwidth[3];
    for (int level = 2; level >= 0; level--)
        if (sizes[level] > 0) {
            double served = TF_MAX(0.0, TF_MIN(2 - set / (double)sizes[level], 1.0));
            each += served * (1 / bandwidth[level] - each);
        }
    return bytes * each;
}

/* That many multiply-adds at a route's best. */
static double working(const tf_engine *engine, int route, tenferro_dtype dtype, double multiply_adds)
{
    double flops = multiply_adds * (tf_is_complex(dtype) ? 8.0 : 2.0);
    return flops / tf_rates_of(engine)->gflops[route][dtype - TENFERRO_INT32];
}

static double packing(const tf_engine *engine, tenferro_dtype dtype, double elements)
{
    return elements * (double)tf_element_size(dtype) / tf_rates_of(engine)->packing;
}

/* How many pieces of that size cover x. */
static double pieces(double x, double size)
{
    double whole = (double)(int64_t)(x / size);
    return whole * size < x ? whole + 1 : whole;
}

static double round_up(double x, double to)
{
    return pieces(x, to) * to;
}

static double call(const tf_engine *engine, int route, double nanoseconds)
{
    return 1e-9 * (tf_rates_of(engine)->call[route] + nanoseconds);
}

/* ---- the routes ---- */

double tf_naive_seconds(const tf_engine *engine, const tf_shape *s)
{
    double outputs = s->batch * s->m * s->n;
    return call(engine, NAIVE,
                outputs * tf_rates_of(engine)->item[NAIVE] +
                    working(engine, NAIVE, s->dtype, outputs * s->k) +
                    moving(engine, s->bytes, s->lines));
}

/* Vectors along the batch, tiles of 4 x 4 of blocks that are copied. */
static double across(const tf_engine *engine, const tf_shape *s)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    double tiles = pieces(s->m, 4) * pieces(s->n, 4);
    return call(engine, SMALL,
                pieces(s->batch, kernel->lanes) * tiles * tf_rates_of(engine)->item[SMALL] +
                    working(engine, SMALL, s->dtype, s->batch * tiles * 16 * s->k) +
                    packing(engine, s->dtype, s->batch * (s->m + s->n) * s->k) +
                    moving(engine, s->bytes, s->bytes));
}

double tf_small_seconds(const tf_engine *engine, const tf_shape *s)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    double item = tf_rates_of(engine)->item[SMALL];
    if (s->small == TF_SMALL_ACROSS)
        return across(engine, s);
    double m = round_up(s->m, kernel->lanes), n = round_up(s->n, 2);
    double each = pieces(s->m, kernel->mr) * pieces(s->n, kernel->nr) * item +
                  working(engine, SMALL, s->dtype, m * n * s->k);
    if (s->small != TF_SMALL_IN_PLACE)
        each += item + packing(engine, s->dtype, m * s->k);
    if (s->small == TF_SMALL_PANELS)
        each += item + packing(engine, s->dtype, n * s->k);
    return call(engine, SMALL, s->batch * each + moving(engine, s->bytes, s->lines));
}

/* Rows of C or dot products, whichever the operands lie better for (direct.c). */
double tf_direct_seconds(const tf_engine *engine, const tf_shape *s)
{
    double item = tf_rates_of(engine)->item[DIRECT], outputs = s->batch * s->m * s->n;
    int rows_good = s->row >= 8 && s->row_step == 1, terms_good = s->term >= 8 && s->term_step == 1;
    int is_rows = rows_good != terms_good ? rows_good : rows_good || s->row >= s->term;
    double step = is_rows ? s->row_step : s->term_step;
    double a = s->batch * s->m * s->k * (double)tf_element_size(s->dtype), calls;
    double move = moving(engine, s->bytes, s->bytes) + /* A anew for each column of C */
                  moving(engine, s->small == TF_SMALL_ACROSS ? a : a / s->batch, (s->n - 1) * a);
    double work = working(engine, DIRECT, s->dtype, outputs * s->k);
    if (step > 1) { /* element by element */
        work *= 4;
        move *= step;
    }
    if (is_rows)
        calls = outputs / TF_MIN(s->row, 512) * (s->k + 1);
    else
        calls = outputs * s->k / s->term * 2.5; /* a dot product ends in adding up the lanes */
    double apart = s->k > 1 ? 0.5
                            : 0; /* a product without a sum is done while the next is fetched */
    return call(engine, DIRECT, calls * item + TF_MAX(work, move) + apart * TF_MIN(work, move));
}

double tf_packed_seconds(const tf_engine *engine, const tf_shape *s)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    double item = tf_rates_of(engine)->item[PACKED];
    double m = round_up(s->m, kernel->lanes), n = round_up(s->n, kernel->nr);
    double tiles = pieces(s->m, kernel->mr) * pieces(s->n, kernel->nr) * pieces(s->k, 256);
    double each = (3 + tiles) * item + working(engine, PACKED, s->dtype, m * n * s->k) +
                  packing(engine, s->dtype, (m + n) * s->k);
    return call(engine, PACKED, s->batch * each + moving(engine, s->bytes, s->lines));
}

/*
 * OpenBLAS multiplies real matrices of up to 10^6 multiply-adds in place, less well where A is
 * transposed and K short.  Others it packs, large ones after it has scaled C.
 */
double tf_blas_seconds(const tf_engine *engine, const tf_shape *s)
{
    if (s->dtype < TENFERRO_FLOAT32)
        return 1e300;
    int is_complex = tf_is_complex(s->dtype);
    double m = round_up(s->m, 4), n = round_up(s->n, 2), lines = s->lines;
    double each = tf_rates_of(engine)->item[BLAS] + working(engine, BLAS, s->dtype, m * n * s->k);
    if (is_complex || s->m * s->n * s->k > 1e6) {
        each += packing(engine, s->dtype, (is_complex ? 3 : 1) * (m + n) * s->k);
        lines += 2 * s->batch * s->m * s->n * (double)tf_element_size(s->dtype);
    } else if (s->is_turned) {
        each += working(engine, BLAS, s->dtype, m * n * s->k * 32 / (s->k + 16));
    }
    return call(engine, BLAS, s->batch * each + moving(engine, s->bytes, lines));
}

int tf_threads_of(const tf_engine *engine, const tf_problem *problem,
                  double (*seconds)(const tf_engine *engine, const tf_shape *shape))
{
    tf_shape shape;
    if (engine->pool == NULL || engine->threads <= 1)
        return 1;
    tf_shape_of_problem(engine, problem, &shape);
    return tf_threads_for(engine, 1e9 * seconds(engine, &shape));
}
