/*
 * Features (cpuid with the operating system's part, xgetbv), cache sizes (cpuid, elsewhere what Linux
 * shows of them), and the CPUs that this process may use.
 */

#include "support/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/compat.h"

#if defined(__x86_64__)

#include <cpuid.h>

typedef struct cpuid_words {
    unsigned eax, ebx, ecx, edx;
} cpuid_words;

/* All zero if the CPU does not know the leaf. */
static cpuid_words cpuid(unsigned leaf, unsigned subleaf)
{
    cpuid_words w = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaf, subleaf, &w.eax, &w.ebx, &w.ecx, &w.edx))
        memset(&w, 0, sizeof w);
    return w;
}

/* The register states that the operating system saves; needs OSXSAVE. */
static unsigned saved_states(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static void detect_features(tf_cpu *out)
{
    const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12;
    const unsigned ymm_states = 0x6, zmm_states = 0xe6;
    const unsigned avx2 = 1u << 5;
    const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F DQ BW VL */

    unsigned base = cpuid(1, 0).ecx, extended = cpuid(7, 0).ebx;
    unsigned saved = base & osxsave ? saved_states() : 0;
    out->avx2_fma = (base & avx) && (base & fma) && (extended & avx2) &&
                    (saved & ymm_states) == ymm_states;
    out->avx512 = out->avx2_fma && (extended & avx512) == avx512 &&
                  (saved & zmm_states) == zmm_states;
}

/* Leaf 4 (Intel) and leaf 0x8000001d (AMD) have one layout. */
static void detect_caches(tf_cpu *out)
{
    unsigned leaf = cpuid(4, 0).eax & 31 ? 4 : 0x8000001du;
    for (unsigned i = 0; i < 16; i++) {
        cpuid_words w = cpuid(leaf, i);
        unsigned type = w.eax & 31, level = w.eax >> 5 & 7;
        if (type == 0)
            break;
        int64_t bytes = ((int64_t)(w.ebx >> 22) + 1) * ((int64_t)(w.ebx >> 12 & 1023) + 1) *
                        ((int64_t)(w.ebx & 4095) + 1) * ((int64_t)w.ecx + 1);
        if (type == 2) /* instructions */
            continue;
        if (level == 1)
            out->l1_bytes = bytes;
        else if (level == 2)
            out->l2_bytes = bytes;
        else if (level == 3)
            out->l3_bytes = bytes;
    }
}

static void detect_name(tf_cpu *out)
{
    char brand[49] = "";
    for (unsigned i = 0; i < 3; i++) {
        cpuid_words w = cpuid(0x80000002u + i, 0);
        memcpy(brand + (size_t)16 * i, &w, sizeof w);
    }
    snprintf(out->name, sizeof out->name, "%s", brand + strspn(brand, " "));
    for (size_t n = strlen(out->name); n > 0 && out->name[n - 1] == ' '; n--)
        out->name[n - 1] = '\0';
}

#else

static void detect_features(tf_cpu *out)
{
#if defined(__aarch64__)
    out->neon = 1;
#else
    (void)out;
#endif
}

/* The first word of a file that describes the i-th cache of the first CPU; 1 if there is one. */
static int read_cache(int i, const char *what, char word[16])
{
    char path[80];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", i, what);
    FILE *file = fopen(path, "r");
    int found = file != NULL && fscanf(file, "%15s", word) == 1;
    if (file != NULL)
        fclose(file);
    return found;
}

static void detect_caches(tf_cpu *out)
{
    char level[16], type[16], size[16];
    for (int i = 0; i < 16; i++) {
        if (!read_cache(i, "level", level) || !read_cache(i, "type", type) ||
            !read_cache(i, "size", size))
            break;
        char *unit;
        int64_t bytes = strtoll(size, &unit, 10) * (*unit == 'K'   ? 1024
                                                    : *unit == 'M' ? 1 << 20
                                                                   : 1);
        if (strcmp(type, "Instruction") == 0)
            continue;
        if (strcmp(level, "1") == 0)
            out->l1_bytes = bytes;
        else if (strcmp(level, "2") == 0)
            out->l2_bytes = bytes;
        else if (strcmp(level, "3") == 0)
            out->l3_bytes = bytes;
    }
}

static void detect_name(tf_cpu *out)
{
    (void)out;
}

#endif

/* What the C library knows, where cpuid was silent. */
static void fill_cache(int64_t *bytes, int name)
{
    long known = *bytes > 0 ? 0 : sysconf(name);
    if (known > 0)
        *bytes = known;
}

void tf_cpu_detect(tf_cpu *out)
{
    memset(out, 0, sizeof *out);
    detect_features(out);
    detect_caches(out);
    detect_name(out);
#ifdef _SC_LEVEL1_DCACHE_SIZE
    fill_cache(&out->l1_bytes, _SC_LEVEL1_DCACHE_SIZE);
    fill_cache(&out->l2_bytes, _SC_LEVEL2_CACHE_SIZE);
    fill_cache(&out->l3_bytes, _SC_LEVEL3_CACHE_SIZE);
#endif
}

int tf_cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
    if (count < 1) { /* more CPUs than the set holds */
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online > 0 && online < 65536 ? (int)online : 1;
    }
    return count;
}
