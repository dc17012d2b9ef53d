/* The cost model of the routes, and the rates that are built in. */
#include "contract/cost.h"

#include "contract/microkernel.h"

/* ---- rates ---- */

/* Measured on a Xeon (Sapphire Rapids, 3.3 GHz, 2 FMA a cycle) with the kernels of each ISA. */
enum { NAIVE = 1, PACKED = 2, BLAS = 3, SMALL = 4, DIRECT = 5 };

static const tenferro_rates avx512 = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {200, 80, 25, 12},
    .packing = 10,
    .call = {[NAIVE] = 40, [PACKED] = 400, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 150},
    .item = {[NAIVE] = 2, [PACKED] = 20, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 6},
    .gflops = {[NAIVE] = {2, 2, 1, 1, 2, 2},
               [PACKED] = {50, 20, 200, 100, 200, 100},
               [BLAS] = {0, 0, 190, 95, 170, 85},
               [SMALL] = {50, 20, 180, 90, 180, 90},
               [DIRECT] = {16, 8, 16, 8, 16, 8}},
};
static const tenferro_rates avx2 = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {150, 60, 25, 12},
    .packing = 8,
    .call = {[NAIVE] = 40, [PACKED] = 400, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 150},
    .item = {[NAIVE] = 2, [PACKED] = 20, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 6},
    .gflops = {[NAIVE] = {2, 2, 1, 1, 2, 2},
               [PACKED] = {25, 8, 100, 50, 100, 50},
               [BLAS] = {0, 0, 190, 95, 170, 85},
               [SMALL] = {25, 8, 90, 45, 90, 45},
               [DIRECT] = {12, 6, 12, 6, 12, 6}},
};
static const tenferro_rates portable = {
    .struct_size = sizeof(tenferro_rates),
    .bandwidth = {60, 40, 20, 10},
    .packing = 4,
    .call = {[NAIVE] = 40, [PACKED] = 400, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 150},
    .item = {[NAIVE] = 2, [PACKED] = 20, [BLAS] = 150, [SMALL] = 15, [DIRECT] = 6},
    .gflops = {[NAIVE] = {2, 2, 1, 1, 2, 2},
               [PACKED] = {10, 5, 20, 10, 20, 10},
               [BLAS] = {0, 0, 190, 95, 170, 85},
               [SMALL] = {10, 5, 20, 10, 20, 10},
               [DIRECT] = {8, 4, 8, 4, 8, 4}},
};

const tenferro_rates *tf_rates_built_in(const tf_kernels *kernels)
{
    return kernels == &tf_kernels_avx512 ? &avx512
           : kernels == &tf_kernels_avx2 ? &avx2
                                         : &portable;
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

static int is_dense(const tf_group *group)
{
    int64_t a = first_stride(group, TF_A), b = first_stride(group, TF_B);
    return (a == 0 || a == 1) && (b == 0 || b == 1);
}

/* Indices at which the operand has an element of its own. */
static double held(const tf_group *group, int operand)
{
    double n = 1;
    for (int i = 0; i < group->count; i++)
        n *= group->strides[operand][i] != 0 ? (double)group->extents[i] : 1.0;
    return n;
}

void tf_shape_of_problem(const tf_problem *p, tf_shape *out)
{
    const tf_group *groups[] = {&p->batch, &p->m, &p->n}, *inner = &p->m;
    for (size_t g = 0; g < TF_COUNT(groups); g++)
        if (groups[g]->count > 0 &&
            (inner->count == 0 || groups[g]->strides[TF_C][0] < inner->strides[TF_C][0]))
            inner = groups[g];
    const tf_group *b = &p->batch;
    *out = (tf_shape){
        .dtype = p->dtype,
        .batch = (double)b->size,
        .m = (double)p->m.size,
        .n = (double)p->n.size,
        .k = (double)p->k.size * (double)p->only[0].size * (double)p->only[1].size,
        .row = inner->count > 0 ? (double)inner->extents[0] : 1.0,
        .rows_dense = is_dense(inner),
        .term = p->k.count > 0 ? (double)p->k.extents[0] : 1.0,
        .terms_dense = is_dense(&p->k),
        .is_across = b->count == 1 && b->size >= 16 && b->strides[TF_A][0] == 1 &&
                     b->strides[TF_B][0] == 1 && b->strides[TF_C][0] == 1,
        .packs = {first_stride(&p->m, TF_A) != 1,
                  first_stride(&p->m, TF_A) != 1 && tf_is_complex(p->dtype)},
    };
    for (int operand = 0; operand < 3; operand++)
        out->elements[operand] = held(b, operand) * held(&p->m, operand) * held(&p->n, operand) *
                                 held(&p->k, operand);
}

void tf_shape_of_sizes(tenferro_dtype dtype, double batch, double m, double n, double k,
                       tf_shape *out)
{
    *out = (tf_shape){
        .dtype = dtype,
        .batch = batch,
        .m = m,
        .n = n,
        .k = k,
        .elements = {batch * m * k, batch * k * n, batch * m * n},
        .row = m > 1   ? m
               : n > 1 ? n
                       : batch,
        .rows_dense = 1,
        .term = k,
        .terms_dense = m == 1 || n == 1,
    };
}

/* ---- parts of the cost: nanoseconds ---- */

static double bytes_of(const tf_shape *s)
{
    return (s->elements[0] + s->elements[1] + s->elements[2]) * (double)tf_element_size(s->dtype);
}

/* Every element once through the level of the memory that they all fit in. */
static double moving(const tf_engine *engine, const tf_shape *s)
{
    const int64_t sizes[] = {engine->l1_bytes, engine->l2_bytes, engine->l3_bytes};
    double bytes = bytes_of(s);
    int level = 0;
    while (level < 3 && bytes > (double)sizes[level])
        level++;
    return bytes / tf_rates_of(engine)->bandwidth[level];
}

/* That many multiply-adds at a route's best. */
static double working(const tf_engine *engine, int route, tenferro_dtype dtype, double multiply_adds)
{
    double flops = multiply_adds * (tf_is_complex(dtype) ? 8.0 : 2.0);
    return flops / tf_rates_of(engine)->gflops[route][dtype - TENFERRO_INT32];
}

static double pieces(double size, double each)
{
    double whole = (double)(int64_t)(size / each);
    return whole * each < size ? whole + 1 : whole;
}

static double total(const tf_engine *engine, int route, const tf_shape *s, double nanoseconds)
{
    return 1e-9 * (tf_rates_of(engine)->call[route] + TF_MAX(nanoseconds, moving(engine, s)));
}

/* ---- the routes ---- */

double tf_naive_seconds(const tf_engine *engine, const tf_shape *s)
{
    double outputs = s->batch * s->m * s->n;
    return total(engine, NAIVE, s,
                 outputs * tf_rates_of(engine)->item[NAIVE] +
                     working(engine, NAIVE, s->dtype, outputs * s->k));
}

/* Tiles of C, padded to whole vectors; packed operands are copied once. */
double tf_small_seconds(const tf_engine *engine, const tf_shape *s)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    const tenferro_rates *rates = tf_rates_of(engine);
    if (s->is_across)
        return total(engine, SMALL, s,
                     working(engine, SMALL, s->dtype, 2 * s->batch * s->m * s->n * s->k));
    double m = pieces(s->m, kernel->lanes) * kernel->lanes, n = pieces(s->n, 4) * 4;
    double tiles = pieces(s->m, kernel->mr) * pieces(s->n, kernel->nr);
    double packed = (s->packs[0] ? m * s->k : 0) + (s->packs[1] ? n * s->k : 0);
    double each = tiles * rates->item[SMALL] + working(engine, SMALL, s->dtype, m * n * s->k) +
                  packed * (double)tf_element_size(s->dtype) / rates->packing;
    return total(engine, SMALL, s, s->batch * each);
}

/* Rows of C or dot products, whichever the operands lie better for. */
double tf_direct_seconds(const tf_engine *engine, const tf_shape *s)
{
    double item = tf_rates_of(engine)->item[DIRECT], outputs = s->batch * s->m * s->n;
    int rows_good = s->row >= 8 && s->rows_dense, terms_good = s->term >= 8 && s->terms_dense;
    int is_rows = rows_good != terms_good ? rows_good : rows_good || s->row >= s->term;
    double work = working(engine, DIRECT, s->dtype, outputs * s->k);
    if (!rows_good && !terms_good)
        work *= 4; /* element by element */
    if (is_rows)
        return total(engine, DIRECT, s, outputs / TF_MIN(s->row, 512) * (s->k + 1) * item + work);
    return total(engine, DIRECT, s, outputs * s->k / s->term * item + work);
}

static double blocked(const tf_engine *engine, int route, const tf_shape *s, double unit)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    const tenferro_rates *rates = tf_rates_of(engine);
    double m = pieces(s->m, kernel->lanes) * kernel->lanes,
           n = pieces(s->n, kernel->nr) * kernel->nr;
    double packed = (m + n) * s->k * (double)tf_element_size(s->dtype) / rates->packing;
    return s->batch * (unit + working(engine, route, s->dtype, m * n * s->k) + packed);
}

double tf_packed_seconds(const tf_engine *engine, const tf_shape *s)
{
    const tf_microkernel *kernel = tf_microkernel_for(engine, s->dtype);
    double tiles = pieces(s->m, kernel->mr) * pieces(s->n, kernel->nr) * pieces(s->k, 256);
    return total(engine, PACKED, s,
                 blocked(engine, PACKED, s, tiles * tf_rates_of(engine)->item[PACKED]));
}

double tf_blas_seconds(const tf_engine *engine, const tf_shape *s)
{
    if (s->dtype < TENFERRO_FLOAT32)
        return 1e300;
    return total(engine, BLAS, s, blocked(engine, BLAS, s, tf_rates_of(engine)->item[BLAS]));
}
