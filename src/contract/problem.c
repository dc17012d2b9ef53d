/* Normalising contractions. */
#include "contract/problem.h"

#include "kernels/loop.h"
#include "support/checked.h"

const void *tf_one(tenferro_dtype dtype)
{
    static const int32_t i32 = 1;
    static const int64_t i64 = 1;
    static const float c64[2] = {1, 0};
    static const double c128[2] = {1, 0};
    static const void *const ones[TF_DTYPE_SLOTS] = {NULL, NULL, &i32, &i64, c64, c128, c64, c128};
    return dtype < TF_DTYPE_SLOTS ? ones[dtype] : NULL;
}

static int is_zero(tenferro_dtype dtype, const void *element)
{
    tf_scalar value;
    const tf_scalar *x = &value;
    memcpy(&value, element, (size_t)tf_element_size(dtype));
    switch (dtype) {
    case TENFERRO_INT32:
        return x->i32 == 0;
    case TENFERRO_INT64:
        return x->i64 == 0;
    case TENFERRO_FLOAT32:
        return x->f32 == 0;
    case TENFERRO_FLOAT64:
        return x->f64 == 0;
    case TENFERRO_COMPLEX64:
        return x->c64.re == 0 && x->c64.im == 0;
    default:
        return x->c128.re == 0 && x->c128.im == 0;
    }
}

static void scale(tenferro_dtype dtype, int64_t factor, tf_scalar *x)
{
    switch (dtype) {
    case TENFERRO_INT32:
        x->i32 = (int32_t)((uint32_t)x->i32 * (uint32_t)factor);
        break;
    case TENFERRO_INT64:
        x->i64 = (int64_t)((uint64_t)x->i64 * (uint64_t)factor);
        break;
    case TENFERRO_FLOAT32:
        x->f32 *= (float)factor;
        break;
    case TENFERRO_FLOAT64:
        x->f64 *= (double)factor;
        break;
    case TENFERRO_COMPLEX64:
        x->c64.re *= (float)factor;
        x->c64.im *= (float)factor;
        break;
    default:
        x->c128.re *= (double)factor;
        x->c128.im *= (double)factor;
        break;
    }
}

/* x times the scalar y of that dtype */
static void multiply(tenferro_dtype dtype, const void *y, tf_scalar *x)
{
    tf_scalar by;
    memcpy(&by, y, (size_t)tf_element_size(dtype));
    switch (dtype) {
    case TENFERRO_INT32:
        x->i32 = (int32_t)((uint32_t)x->i32 * (uint32_t)by.i32);
        break;
    case TENFERRO_INT64:
        x->i64 = (int64_t)((uint64_t)x->i64 * (uint64_t)by.i64);
        break;
    case TENFERRO_FLOAT32:
        x->f32 *= by.f32;
        break;
    case TENFERRO_FLOAT64:
        x->f64 *= by.f64;
        break;
    case TENFERRO_COMPLEX64:
        x->c64 = tf_mul_c64(x->c64, by.c64);
        break;
    default:
        x->c128 = tf_mul_c128(x->c128, by.c128);
        break;
    }
}

void tf_problem_operands(const tf_problem *p, const void *alpha, const void *beta, const void *a,
                         const void *b, void *c, tf_operands *out)
{
    out->alpha = alpha != NULL ? alpha : &p->alpha;
    if (alpha != NULL && memcmp(&p->alpha, tf_one(p->dtype), (size_t)p->size) != 0) {
        out->product = p->alpha;
        multiply(p->dtype, alpha, &out->product);
        out->alpha = &out->product;
    }
    out->beta = beta != NULL ? beta : &p->beta;
    if (beta != NULL ? is_zero(p->dtype, beta) : p->beta_is_zero)
        out->beta = NULL;
    int which = p->is_swapped; /* the place of A */
    const char *in_a = a, *in_b = b != NULL ? b : tf_one(p->dtype);
    out->in[which] = in_a == NULL ? NULL : in_a + p->shift[TF_A] * p->size;
    out->in[1 - which] = b != NULL ? in_b + p->shift[TF_B] * p->size : in_b;
    out->c = c == NULL ? NULL : (char *)c + p->shift[TF_C] * p->size;
}

/* Where a label belongs; NONE: nowhere, it only multiplies or is not there. */
enum { BATCH, M, N, K, ONLY_A, ONLY_B, GROUPS, NONE = GROUPS };

static int group_of(const tf_contraction *d, int i, int sum_is_empty)
{
    int in_a = d->a_strides[i] != 0, in_b = d->b_strides[i] != 0;
    if (d->extents[i] == 1 || (d->summed[i] && (sum_is_empty || (!in_a && !in_b))))
        return NONE;
    if (d->summed[i])
        return in_a && in_b ? K : in_a ? ONLY_A : ONLY_B;
    return in_a && in_b ? BATCH : in_b ? N : M;
}

/* Their extents and strides lie one group after another. */
static tenferro_status
lay_out(tf_group *const groups[GROUPS], const int counts[GROUPS], int labels, int64_t *words)
{
    int64_t first = 0;
    for (int g = 0; g < GROUPS; g++) {
        tf_group *group = groups[g];
        group->count = 0;
        group->size = 1;
        group->extents = words + first;
        for (int operand = 0; operand < 3; operand++)
            group->strides[operand] = words + (operand + 1) * ((int64_t)labels + 1) + first;
        first += counts[g];
        if (counts[g] > TF_MAX_AXES || first > labels)
            return tf_fail(TENFERRO_OVERFLOW, "contraction: more iterations than int64 counts");
    }
    return TENFERRO_OK;
}

static tenferro_status group_add(tf_group *group, int64_t extent, int64_t a, int64_t b, int64_t c)
{
    if (tf_mul_overflows(group->size, extent, &group->size))
        return tf_fail(TENFERRO_OVERFLOW, "contraction: more iterations than int64 counts");
    int at = group->count++;
    group->extents[at] = extent;
    group->strides[TF_A][at] = a;
    group->strides[TF_B][at] = b;
    group->strides[TF_C][at] = c;
    return TENFERRO_OK;
}

tenferro_status
tf_problem_init(tf_problem *problem, const tf_contraction *contraction, int labels, int64_t *words)
{
    const tf_contraction *d = contraction;
    if (d->dtype < TENFERRO_INT32 || d->dtype > TENFERRO_COMPLEX128)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "contraction is not defined for dtype %u",
                       (unsigned)d->dtype);
    if (d->real_a || d->real_b)
        return tf_fail(TENFERRO_DTYPE_MISMATCH, "contraction: operands of different dtypes");
    problem->dtype = d->dtype;
    problem->size = tf_element_size(d->dtype);
    problem->conj[TF_A] = d->conj_a && tf_is_complex(d->dtype);
    problem->conj[TF_B] = d->conj_b && tf_is_complex(d->dtype);
    problem->is_empty = problem->is_swapped = 0;
    memset(problem->shift, 0, sizeof problem->shift);
    memset(&problem->beta, 0, sizeof problem->beta);
    memcpy(&problem->alpha, d->alpha != NULL ? d->alpha : tf_one(d->dtype), (size_t)problem->size);
    if (d->beta != NULL)
        memcpy(&problem->beta, d->beta, (size_t)problem->size);
    problem->beta_is_zero = is_zero(d->dtype, &problem->beta);

    int sum_is_empty = 0, counts[GROUPS + 1] = {0};
    for (int i = 0; i < d->labels; i++)
        if (d->extents[i] == 0) {
            sum_is_empty = 1;
            problem->is_empty |= !d->summed[i];
        }
    for (int i = 0; i < d->labels && !problem->is_empty; i++)
        counts[group_of(d, i, sum_is_empty)]++;
    tf_group *groups[] = {&problem->batch, &problem->m,       &problem->n,
                          &problem->k,     &problem->only[0], &problem->only[1]};
    TF_TRY(lay_out(groups, counts, labels, words));
    if (problem->is_empty)
        return TENFERRO_OK;
    for (int i = 0; i < d->labels; i++) {
        int64_t extent = d->extents[i], sa = d->a_strides[i], sb = d->b_strides[i],
                sc = d->summed[i] ? 0 : d->c_strides[i];
        int g = group_of(d, i, sum_is_empty);
        if (g == NONE) {
            if (d->summed[i] && !sum_is_empty && extent != 1) /* a sum of equal terms */
                scale(d->dtype, extent, &problem->alpha);
            continue;
        }
        if (sum_is_empty) /* A and B may have no elements, and then any strides */
            sa = sb = 0;
        int64_t lead = !d->summed[i] ? sc : sa != 0 ? sa : sb;
        if (lead < 0) {
            problem->shift[TF_A] += (extent - 1) * sa;
            problem->shift[TF_B] += (extent - 1) * sb;
            problem->shift[TF_C] += (extent - 1) * sc;
            sa = -sa;
            sb = -sb;
            sc = -sc;
        }
        TF_TRY(group_add(groups[g], extent, sa, sb, sc));
    }
    if (sum_is_empty)
        problem->k.size = 0;
    return TENFERRO_OK;
}

tenferro_status tf_problem_join_sums(tf_problem *problem)
{
    tf_group *k = &problem->k;
    for (int which = 0; which < 2; which++) {
        tf_group *only = &problem->only[which];
        if (k->count + only->count > TF_MAX_AXES || tf_mul_overflows(k->size, only->size, &k->size))
            return tf_fail(TENFERRO_OVERFLOW, "contraction: more iterations than int64 counts");
        k->count += only->count;
        only->count = 0;
        only->size = 1;
    }
    return TENFERRO_OK;
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

tenferro_status
tf_problem_presum(tf_problem *problem, int which, int labels, int64_t *words, tf_presum *presum)
{
    tf_group *only = &problem->only[which];
    tf_group *groups[] = {&problem->batch, which == TF_A ? &problem->m : &problem->n, &problem->k};
    int64_t *strides[3 * TF_MAX_AXES];
    *presum = (tf_presum){.extents = words,
                          .in_strides = words + labels,
                          .out_strides = words + INT64_C(2) * labels,
                          .reduced = (unsigned char *)(words + INT64_C(3) * labels)};
    if (only->count == 0)
        return TENFERRO_OK;
    for (size_t g = 0; g < TF_COUNT(groups); g++)
        for (int i = 0; i < groups[g]->count; i++) {
            int64_t *stride = &groups[g]->strides[which][i];
            if (*stride == 0)
                continue;
            int at = presum->rank++;
            for (; at > 0 && magnitude(*strides[at - 1]) > magnitude(*stride); at--) {
                strides[at] = strides[at - 1];
                presum->extents[at] = presum->extents[at - 1];
            }
            strides[at] = stride;
            presum->extents[at] = groups[g]->extents[i];
        }
    int64_t compact = 1;
    for (int i = 0; i < presum->rank; i++) {
        int64_t stride = compact;
        if (tf_mul_overflows(compact, presum->extents[i], &compact))
            return tf_fail(TENFERRO_OVERFLOW, "contraction: more elements than int64 counts");
        presum->in_strides[i] = *strides[i];
        presum->out_strides[i] = *strides[i] = stride;
        presum->reduced[i] = 0;
    }
    if (tf_mul_overflows(compact, problem->size, &presum->bytes))
        return tf_fail(TENFERRO_OVERFLOW, "contraction: more bytes than int64 counts");
    for (int i = 0; i < only->count; i++) {
        int at = presum->rank++;
        presum->extents[at] = only->extents[i];
        presum->in_strides[at] = only->strides[which][i];
        presum->out_strides[at] = 0;
        presum->reduced[at] = 1;
    }
    only->count = 0;
    only->size = 1;
    return TENFERRO_OK;
}

static void exchange(int64_t *x, int64_t *y)
{
    int64_t kept = *x;
    *x = *y;
    *y = kept;
}

static void exchange_labels(tf_group *group, int i, int j)
{
    exchange(&group->extents[i], &group->extents[j]);
    for (int operand = 0; operand < 3; operand++)
        exchange(&group->strides[operand][i], &group->strides[operand][j]);
}

/* Sorts by the stride of `first`, then of `second`; fuses. */
static void group_fuse(tf_group *group, int first, int second)
{
    for (int i = 1; i < group->count; i++)
        for (int j = i; j > 0; j--) {
            int64_t x = magnitude(group->strides[first][j - 1]),
                    y = magnitude(group->strides[first][j]);
            if (x == y) {
                x = magnitude(group->strides[second][j - 1]);
                y = magnitude(group->strides[second][j]);
            }
            if (x <= y)
                break;
            exchange_labels(group, j - 1, j);
        }
    int last = 0;
    for (int i = 1; i < group->count; i++) {
        int fusible = 1;
        for (int operand = 0; operand < 3; operand++)
            fusible &= group->strides[operand][i] ==
                       group->strides[operand][last] * group->extents[last];
        if (fusible) {
            group->extents[last] *= group->extents[i];
        } else if (++last != i) {
            group->extents[last] = group->extents[i];
            for (int operand = 0; operand < 3; operand++)
                group->strides[operand][last] = group->strides[operand][i];
        }
    }
    if (group->count > 0)
        group->count = last + 1;
}

/* The label along which the operand lies in a run; -1: none */
static int run_label(const tf_group *group, int operand)
{
    for (int i = 0; i < group->count; i++)
        if (group->strides[operand][i] == 1)
            return i;
    return -1;
}

/* Cuts the first label into one of at most `most` and the rest, if it divides well. */
static void cut_first(tf_group *group, int64_t most)
{
    int64_t extent = group->extents[0], part = most;
    while (part > 1 && extent % part != 0)
        part--;
    if (extent <= most || part < most / 8 || group->count == TF_MAX_AXES)
        return;
    int last = group->count++;
    group->extents[0] = part;
    group->extents[last] = extent / part;
    for (int operand = 0; operand < 3; operand++)
        group->strides[operand][last] = group->strides[operand][0] * part;
}

/*
 * K in the order of the larger operand, unless only the other one lies in runs along K.  If they
 * do so along different labels, these two come first, so that a block of K has runs of both.
 */
static void fuse_k(tf_problem *p)
{
    int first = p->m.size >= p->n.size ? TF_A : TF_B, second = 1 - first;
    tf_group *k = &p->k;
    if (run_label(k, first) < 0 && run_label(k, second) >= 0) {
        second = first;
        first = 1 - first;
    }
    group_fuse(k, first, second);
    int run = run_label(k, second);
    if (run <= 0 || k->strides[first][0] != 1)
        return;
    for (; run > 1; run--)
        exchange_labels(k, run - 1, run);
    cut_first(k, 64);
}

/* Sorts the rows of one side as its operand lies, if that moves most bytes, else as C does. */
static void fuse_side(tf_group *side, int operand, int64_t other, int64_t k)
{
    enum { BLOCK_OF_K = 384 }; /* or so: C is passed over once for each */
    int64_t passes = (k - 1) / BLOCK_OF_K + 1;
    if (k > 4 * passes * other)
        group_fuse(side, operand, TF_C);
    else
        group_fuse(side, TF_C, operand);
}

void tf_problem_fuse(tf_problem *problem)
{
    group_fuse(&problem->batch, TF_C, TF_A);
    fuse_side(&problem->m, TF_A, problem->n.size, problem->k.size);
    fuse_side(&problem->n, TF_B, problem->m.size, problem->k.size);
    fuse_k(problem);
}

static void swap_strides(tf_group *group)
{
    int64_t *strides = group->strides[TF_A];
    group->strides[TF_A] = group->strides[TF_B];
    group->strides[TF_B] = strides;
}

void tf_problem_swap(tf_problem *problem)
{
    tf_group group = problem->m;
    problem->m = problem->n;
    problem->n = group;
    swap_strides(&problem->batch);
    swap_strides(&problem->m);
    swap_strides(&problem->n);
    swap_strides(&problem->k);
    int conj = problem->conj[TF_A];
    problem->conj[TF_A] = problem->conj[TF_B];
    problem->conj[TF_B] = conj;
    problem->is_swapped = !problem->is_swapped;
}

/* The smallest stride in C. */
static int64_t densest(const tf_group *group)
{
    int64_t least = group->strides[TF_C][0];
    for (int i = 1; i < group->count; i++)
        least = TF_MIN(least, group->strides[TF_C][i]);
    return least;
}

void tf_problem_orient(tf_problem *problem)
{
    if (problem->n.count > 0 &&
        (problem->m.count == 0 || densest(&problem->n) < densest(&problem->m)))
        tf_problem_swap(problem);
}

double tf_problem_work(const tf_problem *problem)
{
    return (double)problem->batch.size * (double)problem->m.size * (double)problem->n.size *
           (double)problem->k.size * (double)problem->only[0].size * (double)problem->only[1].size;
}

void tf_group_offsets(const tf_group *group, int operand, int64_t begin, int64_t count, int64_t *out)
{
    const int64_t *strides = group->strides[operand];
    int64_t counters[TF_MAX_AXES], offset = 0;
    if (group->count == 0) {
        for (int64_t i = 0; i < count; i++)
            out[i] = 0;
        return;
    }
    for (int i = 0; i < group->count; i++) {
        counters[i] = begin % group->extents[i];
        begin /= group->extents[i];
        offset += counters[i] * strides[i];
    }
    for (int64_t done = 0; done < count;) {
        int64_t run = TF_MIN(group->extents[0] - counters[0], count - done);
        for (int64_t i = 0; i < run; i++)
            out[done + i] = offset + i * strides[0];
        done += run;
        offset -= counters[0] * strides[0];
        counters[0] = 0;
        for (int axis = 1; axis < group->count; axis++) {
            if (++counters[axis] < group->extents[axis]) {
                offset += strides[axis];
                break;
            }
            counters[axis] = 0;
            offset -= (group->extents[axis] - 1) * strides[axis];
        }
    }
}
