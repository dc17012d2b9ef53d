/*
 * What the machine can do (limits.c): the peak of fused multiply-adds and of integer ones, and the best rates of reading,
 * copying and filling memory over several working sets.
 */

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "limits.h"

/* Samples of a rate.  0 if threads cannot be had; nothing where no kernel of that kind can run. */
static int
measure(bench *b, const char *name, const char *kind, const char *dtype, const limit_arrays *arrays)
{
    double samples[BENCH_SAMPLES];
    for (int i = 0; i < BENCH_SAMPLES; i++)
        samples[i] = 1e-9 * limit_rate(kind, b->threads, arrays, 0);
    if (samples[0] <= 0)
        return strcmp(kind, "copy") != 0; /* which can always run */
    const char *unit = dtype[0] == 'f' ? "GFLOP/s" : dtype[0] == 'i' ? "Gop/s" : "GB/s";
    bench_report(b, name, dtype, unit, BENCH_SAMPLES, samples);
    return 1;
}

int main(int argc, char **argv)
{
    static const char *const arithmetic[][2] = {
        {"fma_avx2", "f64"},        {"fma_avx512", "f64"},    {"madd_i32_avx2", "i32"},
        {"madd_i32_avx512", "i32"}, {"madd_i64_avx2", "i64"}, {"madd_i64_avx512", "i64"}};
    static const char *const moves[] = {"copy", "fill", "read"};
    bench b;
    if (!bench_open(&b, "probe", argc, argv))
        return 2;
    size_t largest = (size_t)128 << 20, room = largest + (size_t)b.threads * HUGE_PAGE;
    char *dst = limit_pages(room, 1), *src = limit_pages(room, 1);
    limit_arrays arrays = {dst, src, NULL, 0};
    int ok = dst && src;
    for (size_t i = 0; i < sizeof arithmetic / sizeof *arithmetic && ok; i++)
        ok = measure(&b, arithmetic[i][0], arithmetic[i][0], arithmetic[i][1], &arrays);
    for (size_t set = (size_t)32 << 10; set <= largest; set *= 4)
        for (size_t i = 0; i < sizeof moves / sizeof *moves && ok; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s_%zuKiB", moves[i], set >> 10);
            arrays.bytes = i == 0 ? set / 2 : set; /* of source and destination together */
            ok = measure(&b, name, moves[i], "-", &arrays);
        }
    free(dst);
    free(src);
    if (!ok)
        fprintf(stderr, "probe: out of memory or threads\n");
    return bench_close(&b) == 0 && ok ? 0 : 1;
}
