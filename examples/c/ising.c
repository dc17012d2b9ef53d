/*
 * The partition function of the two-dimensional Ising model on an L x L torus, as one einsum.
 *
 * Z = sum over all spins s = +-1 of prod over bonds <i,j> of W[s_i, s_j], W[s, t] = exp(K s t), K =
 * J/T = 1/T.
 *
 * Each bond is a 2x2 operand, each site a label: a hyperedge, for it occurs in the four bonds of
 * its site.  That is an einsum over 2*L*L operands and L*L labels with a scalar result.  The
 * operands are written as .npy files and read back, so that the run shows the whole way; W is
 * divided by exp(K), which comes back as a logarithm, so that nothing overflows.  The result is set
 * beside the exact formula of B. Kaufman, Phys. Rev. 76, 1232 (1949).
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <tenferro.h>

#define LARGEST_SIZE 24
#define GROUP 4         /* sites that the row order moves at once */
#define TOLERANCE 1e-12 /* relative, against Kaufman */
#define MOST_TEMPERATURES 16

static const double pi = 3.14159265358979323846;

/* ---- the network ---- */

typedef struct lattice {
    int size;            /* L */
    int bonds;           /* 2*L*L */
    int *ranks;          /* all 2 */
    int64_t (*sites)[2]; /* of each bond: the labels of its two sites, row*L + column */
    const int64_t **labels;
    const int64_t **extents;
} lattice;

static const int64_t spins[2] = {2, 2};

/* The bond from a site to its right or lower neighbour. */
static int bond_right(const lattice *l, int row, int column)
{
    return 2 * (row * l->size + column);
}
static int bond_down(const lattice *l, int row, int column)
{
    return 2 * (row * l->size + column) + 1;
}

static void lattice_free(lattice *l)
{
    free(l->ranks);
    free(l->sites);
    free(l->labels);
    free(l->extents);
}

static int lattice_create(int size, lattice *l)
{
    size_t bonds = 2 * (size_t)size * (size_t)size;
    *l = (lattice){.size = size, .bonds = (int)bonds};
    l->ranks = calloc(bonds, sizeof *l->ranks);
    l->sites = calloc(bonds, sizeof *l->sites);
    l->labels = calloc(bonds, sizeof *l->labels);
    l->extents = calloc(bonds, sizeof *l->extents);
    if (!l->ranks || !l->sites || !l->labels || !l->extents)
        return 0;
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++) {
            int64_t here = row * size + column;
            int right = bond_right(l, row, column), down = bond_down(l, row, column);
            l->sites[right][0] = l->sites[down][0] = here;
            l->sites[right][1] = row * size + (column + 1) % size;
            l->sites[down][1] = (row + 1) % size * size + column;
        }
    for (int i = 0; i < l->bonds; i++) {
        l->ranks[i] = 2;
        l->labels[i] = l->sites[i];
        l->extents[i] = spins;
    }
    return 1;
}

/* ---- the order by rows ---- */

/* A path is written in positions of a list from which each pair is taken and to whose end its
 * result goes. */
typedef struct path {
    int nodes, left, pairs;
    int *list;      /* the nodes left: operands, then results of steps */
    int64_t *steps; /* 2*pairs positions */
} path;

static int64_t take(path *p, int node)
{
    int position = 0;
    while (p->list[position] != node)
        position++;
    p->left--;
    memmove(p->list + position, p->list + position + 1,
            (size_t)(p->left - position) * sizeof *p->list);
    return position;
}

/* Contracts two nodes; a node below 0 is none yet.  Returns the result's node. */
static int join(path *p, int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    int64_t first = take(p, a);
    int64_t second = take(p, b);
    p->steps[2 * p->pairs] = first;
    p->steps[2 * p->pairs + 1] = second +
                                 (second >=
                                  first); /* both positions count in the list before the pair goes */
    p->pairs++;
    p->list[p->left++] = p->nodes;
    return p->nodes++;
}

/*
 * Row after row.  The tensor that grows holds the labels of the first row, which stay open until the
 * torus closes, and of the last row so far: 2^(2L) elements.  A new row is not brought in site by
 * site but in groups: the bonds down to a few sites and those between them are contracted to one small
 * matrix first, so that the large tensor is read and written once a group, by a matrix product.
 */
static void order_by_rows(const lattice *l, path *p)
{
    int all = -1;
    for (int column = 0; column < l->size; column++)
        all = join(p, all, bond_right(l, 0, column));
    for (int row = 1; row <= l->size; row++)
        for (int from = 0; from < l->size; from += GROUP) {
            int group = -1, to = from + GROUP < l->size ? from + GROUP : l->size;
            for (int column = from; column < to; column++) {
                group = join(p, group, bond_down(l, row - 1, column));
                if (row < l->size && column > 0)
                    group = join(p, group, bond_right(l, row, column - 1));
            }
            if (row < l->size && to == l->size)
                group = join(p, group, bond_right(l, row, to - 1));
            all = join(p, all, group);
        }
}

static int path_by_rows(const lattice *l, path *p)
{
    size_t bonds = (size_t)l->bonds;
    *p = (path){.nodes = l->bonds, .left = l->bonds};
    p->list = calloc(bonds, sizeof *p->list);
    p->steps = calloc(2 * bonds, sizeof *p->steps);
    if (!p->list || !p->steps)
        return 0;
    for (int i = 0; i < l->bonds; i++)
        p->list[i] = i;
    order_by_rows(l, p);
    return 1;
}

static void path_free(path *p)
{
    free(p->list);
    free(p->steps);
}

/* ---- Kaufman's formula ---- */

/* log(2 cosh x) and log(2 |sinh x|), for any x without overflow */
static double log_2cosh(double x)
{
    return fabs(x) + log1p(exp(-2 * fabs(x)));
}
static double log_2sinh(double x)
{
    return fabs(x) + log(-expm1(-2 * fabs(x)));
}

/*
 * ln Z of an n x n torus:
 *     Z = 1/2 (2 sinh 2K)^(n*n/2) [ prod 2 cosh(n g_{2r+1}/2) + prod 2 sinh(n g_{2r+1}/2)
 *                                  + prod 2 cosh(n g_{2r}/2)  + prod 2 sinh(n g_{2r}/2) ],   r = 0
 * .. n-1 cosh g_k = cosh 2K coth 2K - cos(pi k/n),   g_0 = 2K + ln tanh K (negative above the
 * critical temperature).
 */
static double kaufman(int n, double K)
{
    double c = cosh(2 * K) / tanh(2 * K), g0 = 2 * K + log(tanh(K));
    double logs[4] = {0, 0, log_2cosh(n * g0 / 2), log_2sinh(n * g0 / 2)};
    for (int r = 0; r < n; r++) {
        double odd = acosh(c - cos(pi * (2 * r + 1) / n));
        logs[0] += log_2cosh(n * odd / 2);
        logs[1] += log_2sinh(n * odd / 2);
        if (r > 0) {
            double even = acosh(c - cos(pi * 2 * r / n));
            logs[2] += log_2cosh(n * even / 2);
            logs[3] += log_2sinh(n * even / 2);
        }
    }
    double most = fmax(fmax(logs[0], logs[1]), fmax(logs[2], logs[3]));
    double sum = exp(logs[0] - most) + exp(logs[1] - most) + exp(logs[2] - most) +
                 (g0 < 0 ? -1 : 1) * exp(logs[3] - most);
    double log_2sinh_2K = 2 * K + log(-expm1(-4 * K));
    return 0.5 * n * n * log_2sinh_2K + most + log(sum) - log(2);
}

/* ---- the run ---- */

typedef struct settings {
    int size;
    int threads;
    const char *order; /* "auto", "rows" or "greedy" */
    const char *folder;
    int temperatures;
    double temperature[MOST_TEMPERATURES];
} settings;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One line on the terminal; the context calls this from time to time while it works. */
static int show_progress(void *user, const tenferro_progress *progress)
{
    double *drawn = user, t = now();
    if (t - *drawn < 0.1)
        return 0;
    *drawn = t;
    double part = progress->total > 0 ? progress->done / progress->total : 0;
    char bar[31];
    memset(bar, ' ', 30);
    memset(bar, '=', (size_t)(30 * (part < 0 ? 0 : part > 1 ? 1 : part)));
    bar[30] = '\0';
    fprintf(stderr, "\r%s [%s] %3.0f%%\033[K", progress->what, bar, 100 * part);
    fflush(stderr);
    return 0;
}

static void clear_progress(const double *drawn)
{
    if (*drawn > 0)
        fputs("\r\033[K", stderr);
}

static tenferro_status
plan_network(tenferro_context *ctx, const lattice *l, const path *rows, tenferro_einsum_plan **out)
{
    tenferro_einsum_options options = TENFERRO_EINSUM_OPTIONS_INIT;
    options.order = rows ? TENFERRO_EINSUM_GIVEN : TENFERRO_EINSUM_GREEDY;
    options.path = rows ? rows->steps : NULL;
    options.path_length = rows ? rows->pairs : 0;
    return tenferro_einsum_plan_labels(ctx, TENFERRO_FLOAT64, l->bonds, l->ranks, l->labels,
                                       l->extents, 0, NULL, &options, out);
}

static tenferro_status
show_plan(const char *name, const tenferro_einsum_plan *plan, double *multiply_adds)
{
    tenferro_einsum_cost cost = {.struct_size = sizeof cost};
    tenferro_status status = tenferro_einsum_plan_cost(plan, &cost);
    if (status != TENFERRO_OK)
        return status;
    int mebibytes = cost.peak_bytes >= 1048576;
    printf("  %-6s %4lld steps, %8.3g multiply-adds, largest intermediate %8.3g elements, peak "
           "memory %.3g %s\n",
           name, (long long)cost.steps, cost.multiply_adds, cost.largest_intermediate,
           cost.peak_bytes / (mebibytes ? 1048576 : 1024), mebibytes ? "MiB" : "KiB");
    *multiply_adds = cost.multiply_adds;
    return TENFERRO_OK;
}

/* Plans, shows what each order would cost, and keeps the one asked for, or the cheaper. */
static tenferro_status
choose_plan(tenferro_context *ctx, const lattice *l, const char *order, tenferro_einsum_plan **out)
{
    tenferro_status status = TENFERRO_OK;
    tenferro_einsum_plan *greedy = NULL, *rows = NULL;
    double greedy_cost = 0, rows_cost = 0;
    path p = {.nodes = 0};
    printf("contraction tree:\n");
    if (strcmp(order, "rows") != 0) {
        status = plan_network(ctx, l, NULL, &greedy);
        if (status == TENFERRO_OK)
            status = show_plan("greedy", greedy, &greedy_cost);
    }
    if (status == TENFERRO_OK && strcmp(order, "greedy") != 0) {
        status = path_by_rows(l, &p) ? plan_network(ctx, l, &p, &rows)
                                     : tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
        if (status == TENFERRO_OK)
            status = show_plan("rows", rows, &rows_cost);
    }
    if (status == TENFERRO_OK) {
        int by_rows = rows && (!greedy || rows_cost < greedy_cost);
        *out = tenferro_einsum_plan_retain(by_rows ? rows : greedy);
        printf("  taken: %s\n\n", by_rows ? "rows" : "greedy");
    }
    path_free(&p);
    tenferro_einsum_plan_release(greedy);
    tenferro_einsum_plan_release(rows);
    return status;
}

static void bond_file(const settings *s, int bond, char *out, size_t size)
{
    snprintf(out, size, "%s/bond_%04d.npy", s->folder, bond);
}

/* Writes W/exp(K) for each bond. */
static tenferro_status
write_bonds(tenferro_context *ctx, const settings *s, const lattice *l, double K)
{
    const double w[4] = {1, exp(-2 * K), exp(-2 * K), 1};
    tenferro_tensor *tensor = NULL;
    tenferro_status status = tenferro_tensor_from_data(ctx, TENFERRO_FLOAT64, 2, spins, NULL, w,
                                                       &tensor);
    for (int i = 0; i < l->bonds && status == TENFERRO_OK; i++) {
        char file[4096];
        bond_file(s, i, file, sizeof file);
        status = tenferro_npy_write(file, tensor);
    }
    tenferro_tensor_release(tensor);
    return status;
}

/* Reads the operands and contracts them: ln Z. */
static tenferro_status contract(tenferro_context *ctx, const settings *s, const lattice *l,
                                double K, const tenferro_einsum_plan *plan, double *out)
{
    double z = 0;
    tenferro_tensor *result = NULL;
    tenferro_tensor **bonds = calloc((size_t)l->bonds, sizeof *bonds);
    tenferro_status status = TENFERRO_OK;
    if (!bonds)
        return tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    for (int i = 0; i < l->bonds && status == TENFERRO_OK; i++) {
        char file[4096];
        bond_file(s, i, file, sizeof file);
        status = tenferro_npy_read(ctx, file, &bonds[i]);
    }
    if (status == TENFERRO_OK)
        status = tenferro_einsum_execute(plan, l->bonds, (const tenferro_tensor *const *)bonds,
                                         &result);
    if (status == TENFERRO_OK)
        status = tenferro_tensor_item(result, &z, NULL);
    *out = log(z) + l->bonds * K;
    for (int i = 0; i < l->bonds; i++)
        tenferro_tensor_release(bonds[i]);
    free(bonds);
    tenferro_tensor_release(result);
    return status;
}

/* One line a temperature; *agree becomes 0 if one differs from Kaufman by more than the tolerance. */
static tenferro_status
run(tenferro_context *ctx, const settings *s, const lattice *l, double *drawn, int *agree)
{
    tenferro_einsum_plan *plan = NULL;
    tenferro_status status = choose_plan(ctx, l, s->order, &plan);
    double sites = (double)s->size * s->size;
    if (status == TENFERRO_OK)
        printf("%12s %20s %22s %22s %11s %9s\n", "temperature", "ln Z / site", "free energy / site",
               "Kaufman, exact", "difference", "seconds");
    for (int i = 0; i < s->temperatures && status == TENFERRO_OK; i++) {
        double K = 1 / s->temperature[i], log_z = 0, start = now();
        status = write_bonds(ctx, s, l, K);
        if (status == TENFERRO_OK)
            status = contract(ctx, s, l, K, plan, &log_z);
        clear_progress(drawn);
        if (status != TENFERRO_OK)
            break;
        double exact = kaufman(s->size, K);
        double difference = fabs(log_z - exact) / fabs(exact);
        printf("%12.6g %20.16f %22.16f %22.16f %11.1e %9.3f\n", s->temperature[i], log_z / sites,
               -log_z / (K * sites), -exact / (K * sites), difference, now() - start);
        fflush(stdout);
        *agree &= difference <= TOLERANCE; /* false for NaN too */
    }
    tenferro_einsum_plan_release(plan);
    return status;
}

static const char
    usage[] = "usage: ising [--size L] [--temperature T]... [--order auto|rows|greedy] "
              "[--directory D] [--threads N]\n"
              "\n"
              "  --size L         an L x L torus, 2 to 24 (8); 12 takes 300 MiB, each one more 4 "
              "times as much\n"
              "  --temperature T  in units of J/k, may be repeated (1.5, 2.269185314213022, 3.5)\n"
              "  --order ORDER    the contraction's order; auto takes the cheaper one (auto)\n"
              "  --directory D    where the operands are written (ising_operands)\n"
              "  --threads N      (as many as there are processors)\n";

/* 1, or 0 for a value that cannot be read. */
static int read_value(settings *s, const char *name, const char *value)
{
    char *end;
    double number = strtod(value, &end);
    int is_number = *value && !*end;
    if (strcmp(name, "--size") == 0) {
        s->size = is_number && number >= 2 && number <= LARGEST_SIZE && floor(number) == number
                      ? (int)number
                      : 0;
        return s->size > 0;
    }
    if (strcmp(name, "--threads") == 0) {
        s->threads = is_number && number >= 1 && number <= 1024 && floor(number) == number
                         ? (int)number
                         : 0;
        return s->threads > 0;
    }
    if (strcmp(name, "--temperature") == 0) {
        if (!is_number || !(number >= 0.01 && number <= 1e6) || s->temperatures == MOST_TEMPERATURES)
            return 0;
        s->temperature[s->temperatures++] = number;
        return 1;
    }
    if (strcmp(name, "--directory") == 0) {
        s->folder = value;
        return strlen(value) < 4000;
    }
    s->order = value;
    return strcmp(name, "--order") == 0 &&
           (strcmp(value, "auto") == 0 || strcmp(value, "rows") == 0 ||
            strcmp(value, "greedy") == 0);
}

int main(int argc, char **argv)
{
    settings s = {.size = 8, .order = "auto", .folder = "ising_operands"};
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (i + 1 >= argc || !read_value(&s, argv[i], argv[i + 1])) {
            fprintf(stderr, "ising: cannot use '%s%s%s'\n%s", argv[i], i + 1 < argc ? " " : "",
                    i + 1 < argc ? argv[i + 1] : "", usage);
            return 2;
        }
    }
    if (s.temperatures == 0) {
        s.temperatures = 3;
        s.temperature[0] = 1.5;
        s.temperature[1] = 2 / log(1 + sqrt(2)); /* Onsager's critical temperature */
        s.temperature[2] = 3.5;
    }
    if (mkdir(s.folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "ising: %s: %s\n", s.folder, strerror(errno));
        return 1;
    }

    double drawn = 0;
    int agree = 1;
    lattice l;
    tenferro_context *ctx = NULL;
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = s.threads;
    options.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    options.user = &drawn;
    tenferro_status status = tenferro_context_create(&options, &ctx);
    if (!lattice_create(s.size, &l))
        status = tenferro_error_set(TENFERRO_OUT_OF_MEMORY, "out of memory");
    if (status == TENFERRO_OK) {
        printf(
            "Ising model, %d x %d torus: one einsum over %d operands (2x2, in %s/) and %d labels\n",
            s.size, s.size, l.bonds, s.folder, s.size * s.size);
        status = run(ctx, &s, &l, &drawn, &agree);
    }
    if (status != TENFERRO_OK)
        fprintf(stderr, "ising: %s\n", tenferro_error_message());
    else
        printf("\n%s Kaufman's formula to a relative %.0e\n",
               agree ? "agrees with" : "DIFFERS FROM", TOLERANCE);
    lattice_free(&l);
    tenferro_context_release(ctx);
    return status == TENFERRO_OK && agree ? 0 : 1;
}
