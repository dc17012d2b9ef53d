/*
 * Plans against loops over indices: random labels (free, summed, batch, repeated, one-sided, of
 * extent 0 and 1), ranks up to 24, layouts, dtypes, conjugations, scalars, routes, threads,
 * workspaces.  TENFERRO_TEST_CASES: how many cases of each kind (default 20000).
 */
#include "../engine_fixture.h"

#include <tenferro/context.h>
#include <tenferro/prims.h>

#include "support/status.h"

#include <math.h>

enum { MOST_LABELS = 24, MOST_RANK = 28 };

static tenferro_context *context;
static long cases = TF_UNDER_TSAN ? 5000 : 20000;
static uint64_t case_seed;

static void check(tenferro_status status, tenferro_status expected, const char *what)
{
    if (status != expected)
        fail_msg("%s, case seed %llu: %s: %s", what, (unsigned long long)case_seed,
                 tenferro_status_name(status), tenferro_error_message());
}

#define OK(call) check((call), TENFERRO_OK, #call)

static number times(number x, number y)
{
    return (number){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re,
                    (int64_t)((uint64_t)x.i * (uint64_t)y.i)};
}

static number plus(number x, number y)
{
    return (number){x.re + y.re, x.im + y.im, (int64_t)((uint64_t)x.i + (uint64_t)y.i)};
}

static number conjugate_if(number x, int conj)
{
    x.im = conj ? -x.im : x.im;
    return x;
}

/* ---- labels and operands ---- */

typedef struct world {
    int labels;
    int64_t extents[MOST_LABELS], names[MOST_LABELS];
} world;

typedef struct operand {
    tenferro_operand given;
    array x;
    int label[MOST_RANK]; /* of each axis: its number in the world */
    int64_t labels[MOST_RANK];
} operand;

static void world_make(world *w, int most, int64_t limit)
{
    int64_t total = 1;
    w->labels = (int)random_below(most + 1);
    for (int i = 0; i < w->labels; i++) {
        int64_t kind = random_below(40);
        int64_t extent = kind == 0   ? 0
                         : kind < 4  ? 1
                         : kind < 10 ? 1 + random_below(30)
                                     : 1 + random_below(5);
        if (total * extent > limit)
            extent = 1;
        total *= extent ? extent : 1;
        w->extents[i] = extent;
        w->names[i] = i == 0   ? INT64_MIN
                      : i == 1 ? INT64_MAX
                               : (int64_t)(random_bits() >> 32) * 16 + i;
    }
}

/* The labels with that bit, in random order; then, if allowed, some of them again. */
static void operand_make(operand *o, const world *w, const int *masks, int bit,
                         tenferro_dtype dtype, int repeats, int flags)
{
    int rank = 0;
    int64_t extents[MOST_RANK];
    for (int i = 0; i < w->labels; i++)
        if (masks[i] & bit)
            o->label[rank++] = i;
    int64_t count = 1, first = rank;
    for (int i = 0; i < rank; i++)
        count *= w->extents[o->label[i]];
    while (repeats && first > 0 && rank < MOST_RANK && random_below(4) == 0) {
        int again = o->label[random_below(first)];
        count *= w->extents[again];
        if (count > 20000)
            break;
        o->label[rank++] = again;
    }
    for (int i = rank - 1; i > 0; i--) {
        int j = (int)random_below(i + 1), t = o->label[i];
        o->label[i] = o->label[j];
        o->label[j] = t;
    }
    for (int i = 0; i < rank; i++) {
        extents[i] = w->extents[o->label[i]];
        o->labels[i] = w->names[o->label[i]];
    }
    array_make(&o->x, dtype, 0, rank, extents, flags | (random_below(3) ? 0 : LAYOUT_COMPACT));
    array_randomise(&o->x, -1, 1);
    o->given = tenferro_operand_make(dtype, rank, o->x.extents, o->x.strides, o->labels);
    o->given.conj = (int)random_below(2);
}

/* The element at the labels' indices. */
static char *at(const operand *o, const int64_t *index)
{
    char *p = o->x.origin;
    for (int i = 0; i < o->x.rank; i++)
        p += index[o->label[i]] * o->x.strides[i] * o->x.size;
    return p;
}

static number value_at(const operand *o, const int64_t *index)
{
    return conjugate_if(load(o->x.dtype, at(o, index)), o->given.conj);
}

/* The labels with (masks & bit) != 0 equal to `has`; steps their indices; 0 after the last. */
static int64_t count_of(const world *w, const int *masks, int bit, int has)
{
    int64_t n = 1;
    for (int i = 0; i < w->labels; i++)
        if (!(masks[i] & bit) == !has)
            n *= w->extents[i];
    return n;
}

static void
seek(const world *w, const int *masks, int bit, int has, int64_t number_of, int64_t *index)
{
    for (int i = 0; i < w->labels; i++)
        if (!(masks[i] & bit) == !has) {
            index[i] = number_of % w->extents[i];
            number_of /= w->extents[i];
        }
}

static void
compare(const char *what, tenferro_dtype dtype, number got, number want, double tolerance)
{
    int good = is_integer(dtype)
                   ? (dtype == TENFERRO_INT32 ? (int32_t)got.i == (int32_t)want.i : got.i == want.i)
                   : fabs(got.re - want.re) <= tolerance && fabs(got.im - want.im) <= tolerance;
    if (!good)
        fail_msg("%s, dtype %u, case seed %llu: got %.17g %.17g %lld, expected %.17g %.17g %lld",
                 what, (unsigned)dtype, (unsigned long long)case_seed, got.re, got.im,
                 (long long)got.i, want.re, want.im, (long long)want.i);
}

/* Nothing but the elements of `now` differs from `before`. */
static void check_gaps(const operand *now, const array *before)
{
    char *copy = malloc((size_t)before->bytes);
    assert_non_null(copy);
    memcpy(copy, now->x.buffer, (size_t)before->bytes);
    for (int64_t i = 0; i < now->x.count; i++) {
        int64_t offset = array_at(&now->x, i) - now->x.buffer;
        memcpy(copy + offset, before->buffer + offset, (size_t)before->size);
    }
    assert_memory_equal(copy, before->buffer, (size_t)before->bytes);
    free(copy);
}

/* A workspace of the planned size, NULL, or one that is too small. */
static void *workspace_of(const tenferro_plan *plan, int64_t *bytes)
{
    OK(tenferro_plan_workspace(plan, bytes));
    int64_t kind = random_below(3);
    if (kind == 0)
        *bytes = 0;
    else if (kind == 1)
        *bytes /= 2;
    return *bytes > 0 ? malloc((size_t)*bytes) : NULL;
}

static void start_case(void)
{
    case_seed = seed;
    OK(tenferro_context_set_threads(context, 1 + (int)random_below(2)));
}

static tenferro_dtype numeric_dtype(void)
{
    return (tenferro_dtype)(TENFERRO_INT32 + random_below(6));
}

/* ---- contraction ---- */

enum { IN_A = 1, IN_B = 2, IN_D = 4 };

typedef struct contraction {
    world w;
    int masks[MOST_LABELS];
    operand a, b, c, d;
    int has_b, c_kind; /* 0: absent, D itself; 1: another array; 2: planned like D, and D itself */
    char alpha[16], beta[16];
    int has_alpha, has_beta;
} contraction;

static void contraction_make(contraction *p, int64_t limit)
{
    static const int common[] = {IN_A | IN_D, IN_B | IN_D, IN_A | IN_B};
    static const int rare[] = {IN_A, IN_B, IN_A | IN_B | IN_D};
    tenferro_dtype dtype = numeric_dtype();
    world_make(&p->w, random_below(8) ? 7 : MOST_LABELS, limit);
    p->has_b = random_below(8) != 0;
    for (int i = 0; i < p->w.labels; i++) {
        p->masks[i] = random_below(3) ? common[random_below(3)] : rare[random_below(3)];
        if (!p->has_b)
            p->masks[i] = (p->masks[i] & IN_D) | IN_A;
    }
    tenferro_dtype dtypes[] = {dtype, dtype};
    if (dtype >= TENFERRO_COMPLEX64 && p->has_b && random_below(3) == 0)
        dtypes[random_below(2)] = dtype == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32 : TENFERRO_FLOAT64;
    operand_make(&p->a, &p->w, p->masks, IN_A, dtypes[0], 1, LAYOUT_INPUT);
    operand_make(&p->b, &p->w, p->masks, IN_B, dtypes[1], 1, LAYOUT_INPUT);
    operand_make(&p->d, &p->w, p->masks, IN_D, dtype, 0, 0);
    operand_make(&p->c, &p->w, p->masks, IN_D, dtype, 0, LAYOUT_INPUT);
    p->c_kind = (int)random_below(3);
    save(dtype, random_number(dtype, -2, 2), p->alpha);
    save(dtype, random_number(dtype, -2, 2), p->beta);
    p->has_alpha = random_below(3) != 0;
    p->has_beta = (int)random_below(2);
    if (!p->has_beta) { /* what is not read may be anything */
        memset(p->beta, 0, sizeof p->beta);
        array_poison(&p->d.x);
        array_poison(&p->c.x);
    }
}

static void contraction_free(contraction *p)
{
    array_free(&p->a.x);
    array_free(&p->b.x);
    array_free(&p->c.x);
    array_free(&p->d.x);
}

/* Checks D, whose contents before are in `old`. */
static void contraction_check(const contraction *p, const array *old, const char *what)
{
    tenferro_dtype dtype = p->d.x.dtype;
    const number one = {1, 0, 1};
    number alpha = p->has_alpha ? load(dtype, p->alpha) : one, beta = load(dtype, p->beta);
    int64_t index[MOST_LABELS] = {0};
    int64_t outputs = count_of(&p->w, p->masks, IN_D, 1), terms = count_of(&p->w, p->masks, IN_D, 0);
    for (int64_t o = 0; o < outputs; o++) {
        number sum = {0, 0, 0};
        double magnitude = 0;
        seek(&p->w, p->masks, IN_D, 1, o, index);
        for (int64_t t = 0; t < terms; t++) {
            seek(&p->w, p->masks, IN_D, 0, t, index);
            number x = value_at(&p->a, index), y = p->has_b ? value_at(&p->b, index) : one;
            sum = plus(sum, times(x, y));
            magnitude += hypot(x.re, x.im) * hypot(y.re, y.im);
        }
        number want = times(alpha, sum);
        magnitude *= hypot(alpha.re, alpha.im);
        char *element = at(&p->d, index);
        if (p->has_beta) {
            number c = p->c_kind == 1 ? value_at(&p->c, index)
                                      : load(dtype, old->buffer + (element - p->d.x.buffer));
            if (p->c_kind == 2)
                c = conjugate_if(c, p->c.given.conj);
            c = times(beta, c);
            want = plus(want, c);
            magnitude += hypot(c.re, c.im);
        }
        double tolerance = (double)(terms + 10) * epsilon_of(dtype) * 2 * magnitude;
        compare(what, dtype, load(dtype, element), conjugate_if(want, p->d.given.conj), tolerance);
    }
    check_gaps(&p->d, old);
}

static void contraction_run(contraction *p, const array *old)
{
    static const char *const routes[] = {"auto", "naive", "packed", "blas", "small", "direct"};
    tenferro_operand c_like_d = p->d.given;
    c_like_d.conj = p->c.given.conj;
    const tenferro_operand *b = p->has_b ? &p->b.given : NULL;
    const tenferro_operand *c = p->c_kind == 0 ? NULL : p->c_kind == 1 ? &p->c.given : &c_like_d;
    const void *inputs[3] = {p->a.x.origin, p->b.x.origin};
    const void *c_data = p->c_kind == 1 ? p->c.x.origin : random_below(2) ? p->d.x.origin : NULL;
    inputs[1 + p->has_b] = c_data;
    const void *alpha = p->has_alpha ? p->alpha : NULL, *beta = p->beta;
    tenferro_plan_options options = TENFERRO_PLAN_OPTIONS_INIT;
    array first;
    array_copy_layout(&first, old);
    int have_first = 0;
    for (int route = 0; route < 6; route++) {
        options.route = (tenferro_route)route;
        options.threads = (int)random_below(3);
        tenferro_plan *plan;
        tenferro_status status = tenferro_plan_contraction(context, &p->a.given, b, c, &p->d.given,
                                                           &options, &plan);
        int may_refuse = route == TENFERRO_ROUTE_BLAS || route == TENFERRO_ROUTE_SMALL;
        if (may_refuse && status == TENFERRO_UNSUPPORTED)
            continue;
        OK(status);
        int64_t bytes;
        void *workspace = workspace_of(plan, &bytes);
        memcpy(p->d.x.buffer, old->buffer, (size_t)old->bytes);
        OK(tenferro_plan_execute(plan, inputs, p->d.x.origin, alpha, beta, workspace, bytes));
        contraction_check(p, old, routes[route]);
        if (route == TENFERRO_ROUTE_AUTO) {
            memcpy(first.buffer, p->d.x.buffer, (size_t)old->bytes);
            have_first = 1;
        }
        free(workspace);
        tenferro_plan_release(plan);
    }
    memcpy(p->d.x.buffer, old->buffer, (size_t)old->bytes);
    OK(tenferro_prims_contract(context, alpha, &p->a.given, inputs[0], b, inputs[1], beta, c,
                               c_data, &p->d.given, p->d.x.origin));
    assert_true(have_first);
    assert_memory_equal(first.buffer, p->d.x.buffer, (size_t)old->bytes);
    array_free(&first);
}

static void contraction__random__matches_loops(void **state)
{
    (void)state;
    for (long i = 0; i < cases; i++) {
        contraction p;
        array old;
        start_case();
        contraction_make(&p, i % 200 == 0 ? 60000 : 1500);
        array_copy_layout(&old, &p.d.x);
        contraction_run(&p, &old);
        array_free(&old);
        contraction_free(&p);
    }
}

/* ---- permutation ---- */

static void permutation__random__matches_loops(void **state)
{
    (void)state;
    for (long i = 0; i < cases; i++) {
        world w;
        operand a, d;
        array old;
        int masks[MOST_LABELS];
        start_case();
        world_make(&w, MOST_LABELS, 3000);
        for (int l = 0; l < w.labels; l++)
            masks[l] = IN_A | IN_D;
        tenferro_dtype from = (tenferro_dtype)(1 + random_below(7)), to = from;
        if (random_below(2))
            to = (tenferro_dtype)(1 + random_below(7));
        operand_make(&a, &w, masks, IN_A, from, 1, LAYOUT_INPUT);
        operand_make(&d, &w, masks, IN_D, to, 0, 0);
        d.given.conj = 0;
        array_copy_layout(&old, &d.x);
        char alpha[16];
        number factor = random_number(to, -2, 2);
        save(to, factor, alpha);
        int scales = to != TENFERRO_BOOL && random_below(2);
        tenferro_plan *plan;
        OK(tenferro_plan_permutation(context, &a.given, &d.given, NULL, &plan));
        int64_t bytes, index[MOST_LABELS];
        void *workspace = workspace_of(plan, &bytes);
        const void *in = a.x.origin;
        OK(tenferro_plan_execute(plan, &in, d.x.origin, scales ? alpha : NULL, NULL, workspace,
                                 bytes));
        int64_t count = count_of(&w, masks, IN_D, 1);
        for (int64_t o = 0; o < count; o++) {
            seek(&w, masks, IN_D, 1, o, index);
            number x = value_at(&a, index), want = {x.re, 0, x.i};
            if (to == TENFERRO_BOOL)
                want.i = x.re != 0 || x.im != 0 || x.i != 0;
            else if (is_integer(to) && !is_integer(from))
                want.i = (int64_t)x.re; /* between -1 and 1 */
            else if (!is_integer(to) && is_integer(from))
                want.re = (double)x.i;
            if (tf_is_complex(to))
                want.im = x.im;
            if (scales)
                want = times(factor, want);
            double size = hypot(want.re, want.im) + 1;
            compare("permutation", to, load(to, at(&d, index)), want,
                    from == to && !scales ? 0 : 4 * epsilon_of(to) * size);
        }
        check_gaps(&d, &old);
        free(workspace);
        tenferro_plan_release(plan);
        array_free(&old);
        array_free(&a.x);
        array_free(&d.x);
    }
}

/* ---- embedding ---- */

/* 1 if all axes of a label have the same index. */
static int is_on_diagonal(const operand *d, int64_t element, int64_t *index)
{
    int64_t found[MOST_LABELS];
    memset(found, -1, sizeof found);
    for (int i = 0; i < d->x.rank; i++) {
        int64_t here = element % d->x.extents[i];
        element /= d->x.extents[i];
        if (found[d->label[i]] >= 0 && found[d->label[i]] != here)
            return 0;
        found[d->label[i]] = index[d->label[i]] = here;
    }
    return 1;
}

static void embedding__random__matches_loops(void **state)
{
    (void)state;
    for (long i = 0; i < cases; i++) {
        world w;
        operand a, c, d;
        array old;
        int masks[MOST_LABELS];
        start_case();
        world_make(&w, 5, 60);
        for (int l = 0; l < w.labels; l++)
            masks[l] = IN_D | (random_below(3) ? IN_A : 0);
        tenferro_dtype dtype = (tenferro_dtype)(1 + random_below(7));
        operand_make(&a, &w, masks, IN_A, dtype, 1, LAYOUT_INPUT);
        operand_make(&d, &w, masks, IN_D, dtype, 1, 0);
        d.given.conj = 0;
        c = d;
        array_make(&c.x, dtype, 0, d.x.rank, d.x.extents, LAYOUT_INPUT);
        array_randomise(&c.x, -1, 1);
        c.given.strides = c.x.strides;
        c.given.conj = (int)random_below(2);
        char alpha[16], beta[16] = {0};
        number factor = random_number(dtype, -2, 2), other = {0, 0, 0};
        save(dtype, factor, alpha);
        int is_bool = dtype == TENFERRO_BOOL, has_c = !is_bool && random_below(2);
        if (!is_bool && random_below(2)) {
            other = random_below(4) ? random_number(dtype, -2, 2) : (number){1, 0, 1};
            save(dtype, other, beta);
        } else {
            array_poison(&d.x);
            array_poison(&c.x);
        }
        int reads = other.re != 0 || other.im != 0 || other.i != 0;
        array_copy_layout(&old, &d.x);
        tenferro_plan *plan;
        OK(tenferro_plan_embedding(context, &a.given, has_c ? &c.given : NULL, &d.given, NULL,
                                   &plan));
        int64_t bytes, index[MOST_LABELS] = {0};
        void *workspace = workspace_of(plan, &bytes);
        const void *in[2] = {a.x.origin, c.x.origin};
        OK(tenferro_plan_execute(plan, in, d.x.origin, is_bool ? NULL : alpha, beta, workspace,
                                 bytes));
        for (int64_t o = 0; o < d.x.count; o++) {
            number want = {0, 0, 0};
            char *element = array_at(&d.x, o);
            if (is_on_diagonal(&d, o, index))
                want = is_bool ? value_at(&a, index) : times(factor, value_at(&a, index));
            if (reads) {
                number before = has_c ? conjugate_if(load(dtype, array_at(&c.x, o)), c.given.conj)
                                      : load(dtype, old.buffer + (element - d.x.buffer));
                want = plus(want, times(other, before));
            }
            compare("embedding", dtype, load(dtype, element), want, 60 * epsilon_of(dtype));
        }
        check_gaps(&d, &old);
        free(workspace);
        tenferro_plan_release(plan);
        array_free(&old);
        array_free(&a.x);
        array_free(&c.x);
        array_free(&d.x);
    }
}

/* ---- reduction ---- */

static number reduce_two(int op, tenferro_dtype dtype, number x, number y)
{
    switch (op) {
    case TENFERRO_REDUCE_SUM:
        return plus(x, y);
    case TENFERRO_REDUCE_PROD:
        return times(x, y);
    case TENFERRO_REDUCE_MIN:
        return (is_integer(dtype) ? y.i < x.i : y.re < x.re) ? y : x;
    case TENFERRO_REDUCE_MAX:
        return (is_integer(dtype) ? y.i > x.i : y.re > x.re) ? y : x;
    case TENFERRO_REDUCE_ANY:
        return x.i ? x : y;
    default:
        return x.i ? y : x;
    }
}

/* The labels of A that D lacks, in A's order: their indices from a column-major number. */
static void
seek_in_order(const world *w, const operand *a, const int *masks, int64_t term, int64_t *index)
{
    int seen[MOST_LABELS] = {0};
    for (int i = 0; i < a->x.rank; i++) {
        int l = a->label[i];
        if (seen[l]++ || (masks[l] & IN_D))
            continue;
        index[l] = term % w->extents[l];
        term /= w->extents[l];
    }
}

static void reduction__random__matches_loops(void **state)
{
    (void)state;
    for (long i = 0; i < cases; i++) {
        world w;
        operand a, c, d;
        array old;
        int masks[MOST_LABELS], op = (int)random_below(8);
        int is_arg = op >= TENFERRO_REDUCE_ARGMIN;
        start_case();
        world_make(&w, 8, i % 200 == 0 ? 100000 : 1500);
        for (int l = 0; l < w.labels; l++)
            masks[l] = IN_A | (random_below(2) ? IN_D : 0);
        tenferro_dtype dtype = op == TENFERRO_REDUCE_ANY || op == TENFERRO_REDUCE_ALL
                                   ? TENFERRO_BOOL
                               : op <= TENFERRO_REDUCE_PROD ? numeric_dtype()
                                                            : (tenferro_dtype)(2 + random_below(4));
        operand_make(&a, &w, masks, IN_A, dtype, 1, LAYOUT_INPUT);
        operand_make(&d, &w, masks, IN_D, is_arg ? TENFERRO_INT64 : dtype, 0, 0);
        operand_make(&c, &w, masks, IN_D, dtype, 0, LAYOUT_INPUT);
        d.given.conj = 0;
        char alpha[16], beta[16] = {0};
        int takes = op <= TENFERRO_REDUCE_MAX, has_alpha = takes && random_below(2),
            has_c = takes && random_below(2);
        number one = {1, 0, 1}, factor = random_number(dtype, -2, 2), other = {0, 0, 0};
        save(dtype, factor, alpha);
        if (takes && random_below(2)) {
            other = random_number(dtype, -2, 2);
            save(dtype, other, beta);
        } else {
            array_poison(&c.x);
            array_poison(&d.x);
        }
        if (!has_alpha)
            factor = one;
        int reads = other.re != 0 || other.im != 0 || other.i != 0;
        array_copy_layout(&old, &d.x);
        int64_t outputs = count_of(&w, masks, IN_D, 1), terms = count_of(&w, masks, IN_D, 0);
        int has_value = terms > 0 || op == TENFERRO_REDUCE_SUM || op == TENFERRO_REDUCE_PROD ||
                        op == TENFERRO_REDUCE_ANY || op == TENFERRO_REDUCE_ALL || outputs == 0;
        tenferro_plan *plan;
        tenferro_status status = tenferro_plan_reduction(context, (tenferro_reduction)op, &a.given,
                                                         has_c ? &c.given : NULL, &d.given, NULL,
                                                         &plan);
        check(status, has_value ? TENFERRO_OK : TENFERRO_SHAPE_MISMATCH, "plan");
        int64_t bytes, index[MOST_LABELS] = {0};
        if (has_value) {
            void *workspace = workspace_of(plan, &bytes);
            const void *in[2] = {a.x.origin, c.x.origin};
            OK(tenferro_plan_execute(plan, in, d.x.origin, has_alpha ? alpha : NULL, beta,
                                     workspace, bytes));
            free(workspace);
        }
        for (int64_t o = 0; has_value && o < outputs; o++) {
            number want = {op == TENFERRO_REDUCE_PROD, 0,
                           op == TENFERRO_REDUCE_PROD || op == TENFERRO_REDUCE_ALL};
            double magnitude = 0, product = 1;
            int64_t best = 0;
            seek(&w, masks, IN_D, 1, o, index);
            for (int64_t t = 0; t < terms; t++) {
                seek_in_order(&w, &a, masks, t, index);
                number x = value_at(&a, index), before = want;
                int arg_op = op == TENFERRO_REDUCE_ARGMAX   ? TENFERRO_REDUCE_MAX
                             : op == TENFERRO_REDUCE_ARGMIN ? TENFERRO_REDUCE_MIN
                                                            : op;
                want = t == 0 && arg_op <= TENFERRO_REDUCE_MAX ? x
                                                               : reduce_two(arg_op, dtype, want, x);
                if (want.re != before.re || want.i != before.i)
                    best = t;
                magnitude += hypot(x.re, x.im);
                product *= hypot(x.re, x.im);
            }
            if (terms > 0 && is_arg) { /* the first best may have looked like the start value */
                for (best = 0; best < terms; best++) {
                    seek_in_order(&w, &a, masks, best, index);
                    number x = value_at(&a, index);
                    if (x.re == want.re && x.i == want.i)
                        break;
                }
            }
            char *element = at(&d, index);
            if (is_arg) {
                assert_int_equal(load(TENFERRO_INT64, element).i, best);
                continue;
            }
            if (op == TENFERRO_REDUCE_PROD)
                magnitude = product;
            want = times(factor, want);
            if (dtype == TENFERRO_BOOL)
                want.i = want.i != 0;
            if (reads)
                want = plus(want,
                            times(other, has_c ? value_at(&c, index)
                                               : load(dtype, old.buffer + (element - d.x.buffer))));
            compare("reduction", dtype, load(dtype, element), want,
                    (double)(terms + 10) * 4 * epsilon_of(dtype) * (magnitude + 6));
        }
        if (has_value)
            check_gaps(&d, &old);
        tenferro_plan_release(plan);
        array_free(&old);
        array_free(&a.x);
        array_free(&c.x);
        array_free(&d.x);
    }
}

/* ---- elementwise ---- */

static number apply(int op, tenferro_dtype dtype, const number *x)
{
    number y = x[0];
    int integers = is_integer(dtype);
    switch (op) {
    case TENFERRO_MAP_NEG:
        return (number){-y.re, -y.im, (int64_t)(0 - (uint64_t)y.i)};
    case TENFERRO_MAP_ABS:
        return (number){hypot(y.re, y.im), 0, y.i < 0 ? -y.i : y.i};
    case TENFERRO_MAP_ADD:
        return plus(x[0], x[1]);
    case TENFERRO_MAP_SUB:
        return plus(x[0], apply(TENFERRO_MAP_NEG, dtype, &x[1]));
    case TENFERRO_MAP_MUL:
        return times(x[0], x[1]);
    case TENFERRO_MAP_MAXIMUM:
        return (integers ? x[1].i > y.i : x[1].re > y.re) ? x[1] : y;
    case TENFERRO_MAP_LESS:
        y.i = integers ? y.i < x[1].i : y.re < x[1].re;
        return y;
    case TENFERRO_MAP_EQUAL:
        y.i = integers ? y.i == x[1].i : y.re == x[1].re && y.im == x[1].im;
        return y;
    default:
        return x[0].i ? x[1] : x[2];
    }
}

static void elementwise__random__matches_loops(void **state)
{
    (void)state;
    static const int ops[] = {TENFERRO_MAP_NEG,  TENFERRO_MAP_ABS,   TENFERRO_MAP_ADD,
                              TENFERRO_MAP_SUB,  TENFERRO_MAP_MUL,   TENFERRO_MAP_MAXIMUM,
                              TENFERRO_MAP_LESS, TENFERRO_MAP_EQUAL, TENFERRO_MAP_SELECT};
    for (long i = 0; i < cases; i++) {
        world w;
        operand in[3], d;
        array old;
        int masks[MOST_LABELS], op = ops[random_below(9)];
        int arity = op < TENFERRO_MAP_ADD ? 1 : op < TENFERRO_MAP_SELECT ? 2 : 3;
        start_case();
        world_make(&w, MOST_LABELS, i % 200 == 0 ? 50000 : 1500);
        for (int l = 0; l < w.labels; l++)
            do
                masks[l] = 8 | (int)random_below(8);
            while (!(masks[l] & ((1 << arity) - 1)));
        tenferro_dtype dtype = numeric_dtype();
        if (op == TENFERRO_MAP_MAXIMUM || op == TENFERRO_MAP_LESS)
            dtype = (tenferro_dtype)(2 + random_below(4));
        tenferro_dtype out = op == TENFERRO_MAP_LESS || op == TENFERRO_MAP_EQUAL ? TENFERRO_BOOL
                             : op == TENFERRO_MAP_ABS && tf_is_complex(dtype)
                                 ? (dtype == TENFERRO_COMPLEX64 ? TENFERRO_FLOAT32
                                                                : TENFERRO_FLOAT64)
                                 : dtype;
        const tenferro_operand *inputs[3];
        const void *data[3];
        for (int k = 0; k < 3; k++) {
            operand_make(&in[k], &w, masks, 1 << k,
                         op == TENFERRO_MAP_SELECT && k == 0 ? TENFERRO_BOOL : dtype, 1,
                         LAYOUT_INPUT);
            inputs[k] = &in[k].given;
            data[k] = in[k].x.origin;
        }
        operand_make(&d, &w, masks, 8, out, 0, 0);
        d.given.conj = 0;
        array_copy_layout(&old, &d.x);
        tenferro_plan *plan;
        OK(tenferro_plan_elementwise(context, (tenferro_map)op, arity, inputs, &d.given, NULL,
                                     &plan));
        int64_t bytes, index[MOST_LABELS];
        void *workspace = workspace_of(plan, &bytes);
        OK(tenferro_plan_execute(plan, data, d.x.origin, NULL, NULL, workspace, bytes));
        int64_t count = count_of(&w, masks, 8, 1);
        for (int64_t o = 0; o < count; o++) {
            number x[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
            seek(&w, masks, 8, 1, o, index);
            for (int k = 0; k < arity; k++)
                x[k] = value_at(&in[k], index);
            compare("elementwise", out, load(out, at(&d, index)), apply(op, dtype, x),
                    16 * epsilon_of(out));
        }
        check_gaps(&d, &old);
        free(workspace);
        tenferro_plan_release(plan);
        array_free(&old);
        array_free(&d.x);
        for (int k = 0; k < 3; k++)
            array_free(&in[k].x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contraction__random__matches_loops),
        cmocka_unit_test(permutation__random__matches_loops),
        cmocka_unit_test(embedding__random__matches_loops),
        cmocka_unit_test(reduction__random__matches_loops),
        cmocka_unit_test(elementwise__random__matches_loops),
    };
    const char *wanted = getenv("TENFERRO_TEST_CASES"), *given = getenv("TENFERRO_TEST_SEED");
    if (wanted && atol(wanted) > 0)
        cases = atol(wanted);
    if (given)
        seed = strtoull(given, NULL, 0);
    print_message("seed %llu, %ld cases of each kind\n", (unsigned long long)seed, cases);
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = 2;
    if (tenferro_context_create(&options, &context) != TENFERRO_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tenferro_context_release(context);
    return failed;
}
