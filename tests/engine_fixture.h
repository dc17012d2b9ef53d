/*
 * What the tests of the engines share: an engine over malloc, random strided arrays, elements as
 * numbers.
 */
#ifndef TENFERRO_TESTS_ENGINE_FIXTURE_H
#define TENFERRO_TESTS_ENGINE_FIXTURE_H

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/element.h"
#include "kernels/kernels.h"
#include "support/cpu.h"

/* ---- engine ---- */

typedef struct fixture {
    tf_engine engine;
    tf_pool *pool;
    int64_t live, peak; /* bytes of scratch */
    int fail_scratch, cancel;
} fixture;

static inline void *fixture_allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static inline void fixture_deallocate(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static inline void *fixture_take(void *user, int64_t bytes)
{
    fixture *f = user;
    if (f->fail_scratch)
        return NULL;
    f->live += bytes;
    if (f->live > f->peak)
        f->peak = f->live;
    return aligned_alloc(64, ((size_t)bytes + 63) / 64 * 64 + 64);
}

static inline void fixture_give(void *user, void *pointer, int64_t bytes)
{
    fixture *f = user;
    f->live -= bytes;
    free(pointer);
}

static inline int fixture_cancelled(void *user)
{
    return ((fixture *)user)->cancel;
}

static inline void fixture_open(fixture *f, const tf_kernels *kernels)
{
    const tf_pool_memory memory = {NULL, fixture_allocate, fixture_deallocate};
    memset(f, 0, sizeof *f);
    assert_int_equal(tf_pool_create(&memory, 2, &f->pool), TENFERRO_OK);
    f->engine.kernels = kernels;
    f->engine.pool = f->pool;
    f->engine.threads = 1;
    tf_cpu cpu;
    tf_cpu_detect(&cpu);
    f->engine.l1_bytes = cpu.l1_bytes;
    f->engine.l2_bytes = cpu.l2_bytes;
    f->engine.l3_bytes = cpu.l3_bytes;
    f->engine.user = f;
    f->engine.cancelled = fixture_cancelled;
    f->engine.scratch_take = fixture_take;
    f->engine.scratch_give = fixture_give;
}

static inline void fixture_close(fixture *f)
{
    assert_int_equal(f->live, 0);
    tf_pool_destroy(f->pool);
}

static inline int
fixture_add_isa(const tf_kernels **out, int count, const tf_kernels *kernels, int available)
{
    const char *name = tf_kernels_name(kernels), *wanted = getenv("TENFERRO_ISA");
    if (!available)
        print_message("%s: skipped, this processor does not have it\n", name);
    else if (wanted == NULL || strcmp(wanted, name) == 0)
        out[count++] = kernels;
    return count;
}

/* The tables that this machine can run; only the one that TENFERRO_ISA names if it does. */
static inline int fixture_isas(const tf_kernels **out)
{
    tf_cpu cpu;
    tf_cpu_detect(&cpu);
    int count = fixture_add_isa(out, 0, &tf_kernels_portable, 1);
#if defined(__x86_64__)
    count = fixture_add_isa(out, count, &tf_kernels_avx2, cpu.avx2_fma);
    count = fixture_add_isa(out, count, &tf_kernels_avx512, cpu.avx512);
#elif defined(__aarch64__)
    count = fixture_add_isa(out, count, &tf_kernels_neon, cpu.neon);
#endif
    if (count == 0) {
        print_error("TENFERRO_ISA names no kernels that this machine can run\n");
        exit(EXIT_FAILURE);
    }
    return count;
}

/* ---- random numbers: splitmix64 ---- */

static uint64_t seed = 20240607;

static inline uint64_t random_bits(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t random_below(int64_t n)
{
    return (int64_t)(random_bits() % (uint64_t)n);
}

static inline double random_real(double low, double high)
{
    return low + (high - low) * (double)(random_bits() >> 11) / 9007199254740992.0;
}

/* ---- elements as numbers ---- */

typedef struct number {
    double re, im;
    int64_t i; /* for integers and bool */
} number;

static inline int is_integer(tenferro_dtype dtype)
{
    return dtype <= TENFERRO_INT64;
}

static inline double epsilon_of(tenferro_dtype dtype)
{
    return dtype == TENFERRO_FLOAT32 || dtype == TENFERRO_COMPLEX64 ? FLT_EPSILON : DBL_EPSILON;
}

static inline number load(tenferro_dtype dtype, const char *p)
{
    number x = {0, 0, 0};
    float f[2];
    double d[2];
    int32_t i32;
    switch (dtype) {
    case TENFERRO_BOOL:
        x.i = *(const unsigned char *)p;
        break;
    case TENFERRO_INT32:
        memcpy(&i32, p, 4);
        x.i = i32;
        break;
    case TENFERRO_INT64:
        memcpy(&x.i, p, 8);
        break;
    case TENFERRO_FLOAT32:
        memcpy(f, p, 4);
        x.re = f[0];
        return x;
    case TENFERRO_FLOAT64:
        memcpy(&x.re, p, 8);
        return x;
    case TENFERRO_COMPLEX64:
        memcpy(f, p, 8);
        x.re = f[0];
        x.im = f[1];
        return x;
    default:
        memcpy(d, p, 16);
        x.re = d[0];
        x.im = d[1];
        return x;
    }
    x.re = (double)x.i;
    return x;
}

static inline void save(tenferro_dtype dtype, number x, char *p)
{
    float f[2] = {(float)x.re, (float)x.im};
    double d[2] = {x.re, x.im};
    int32_t i32 = (int32_t)(uint32_t)(uint64_t)x.i;
    switch (dtype) {
    case TENFERRO_BOOL:
        *p = (char)(x.i != 0);
        break;
    case TENFERRO_INT32:
        memcpy(p, &i32, 4);
        break;
    case TENFERRO_INT64:
        memcpy(p, &x.i, 8);
        break;
    case TENFERRO_FLOAT32:
        memcpy(p, f, 4);
        break;
    case TENFERRO_FLOAT64:
        memcpy(p, d, 8);
        break;
    case TENFERRO_COMPLEX64:
        memcpy(p, f, 8);
        break;
    default:
        memcpy(p, d, 16);
        break;
    }
}

static inline number random_number(tenferro_dtype dtype, double low, double high)
{
    number x = {0, 0, 0};
    if (is_integer(dtype)) {
        x.i = dtype == TENFERRO_BOOL ? random_below(2) : random_below(2001) - 1000;
        x.re = (double)x.i;
        return x;
    }
    char bytes[16];
    x.re = random_real(low, high);
    x.im = tf_is_complex(dtype) ? random_real(low, high) : 0;
    save(dtype, x, bytes); /* rounded to the dtype */
    return load(dtype, bytes);
}

/* ---- strided arrays ---- */

typedef struct array {
    tenferro_dtype dtype;
    int64_t size;
    int rank;
    int64_t extents[TF_MAX_AXES], strides[TF_MAX_AXES];
    int64_t count, bytes;
    char *buffer, *origin; /* the element with all indices 0 */
} array;

enum { LAYOUT_INPUT = 1 /* strides of 0 allowed */, LAYOUT_COMPACT = 2 };

/* dtype 0: raw bytes of `size`.  Axes in random order, random signs, some padding. */
static inline void array_make(array *a, tenferro_dtype dtype, int64_t size, int rank,
                              const int64_t *extents, int flags)
{
    int order[TF_MAX_AXES];
    int64_t low = 0, high = 0, stride = 1;
    a->dtype = dtype;
    a->size = dtype ? tf_element_size(dtype) : size;
    a->rank = rank;
    a->count = 1;
    for (int i = 0; i < rank; i++) {
        a->extents[i] = extents[i];
        a->count *= extents[i];
        order[i] = i;
    }
    if (!(flags & LAYOUT_COMPACT) && random_below(3) != 0)
        for (int i = rank - 1; i > 0; i--) {
            int j = (int)random_below(i + 1), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
    for (int i = 0; i < rank; i++) {
        int axis = order[i];
        int64_t extent = extents[axis] > 0 ? extents[axis] : 1;
        if (!(flags & LAYOUT_COMPACT) && random_below(5) == 0)
            stride += random_below(3);
        a->strides[axis] = stride;
        if ((flags & LAYOUT_INPUT) && random_below(10) == 0) {
            a->strides[axis] = 0;
            continue;
        }
        if (!(flags & LAYOUT_COMPACT) && random_below(5) == 0)
            a->strides[axis] = -stride;
        stride *= extent;
        int64_t reach = (extent - 1) * a->strides[axis];
        if (reach < 0)
            low += reach;
        else
            high += reach;
    }
    a->bytes = (high - low + 1) * a->size;
    a->buffer = malloc((size_t)a->bytes);
    assert_non_null(a->buffer);
    a->origin = a->buffer - low * a->size;
}

static inline void array_free(array *a)
{
    free(a->buffer);
}

static inline void array_randomise(array *a, double low, double high)
{
    for (int64_t i = 0; i < a->bytes; i += a->size)
        save(a->dtype, random_number(a->dtype, low, high), a->buffer + i);
}

#define POISON 0xff /* a NaN in every float */

static inline void array_poison(array *a)
{
    memset(a->buffer, POISON, (size_t)a->bytes);
}

/* Element with that column-major index. */
static inline char *array_at(const array *a, int64_t index)
{
    char *p = a->origin;
    for (int axis = 0; axis < a->rank; axis++) {
        p += index % a->extents[axis] * a->strides[axis] * a->size;
        index /= a->extents[axis];
    }
    return p;
}

/* Poisons the elements and checks that nothing else had been written. */
static inline void array_check_gaps(array *a)
{
    for (int64_t i = 0; i < a->count; i++)
        memset(array_at(a, i), POISON, (size_t)a->size);
    for (int64_t i = 0; i < a->bytes; i++)
        assert_int_equal((unsigned char)a->buffer[i], POISON);
}

static inline void array_copy_layout(array *to, const array *from)
{
    *to = *from;
    to->buffer = malloc((size_t)from->bytes);
    assert_non_null(to->buffer);
    memcpy(to->buffer, from->buffer, (size_t)from->bytes);
    to->origin = to->buffer + (from->origin - from->buffer);
}

/* A shape of at most `limit` elements; now and then an extent of 0 or 1. */
static inline int random_shape(int max_rank, int64_t limit, int64_t *extents)
{
    int rank = (int)random_below(max_rank + 1);
    int64_t count = 1;
    for (int i = 0; i < rank; i++) {
        int64_t kind = random_below(40), room = limit / (count > 0 ? count : 1);
        extents[i] = kind == 0   ? 0
                     : kind < 4  ? 1
                     : kind < 12 ? 1 + random_below(40)
                                 : 1 + random_below(5);
        if (extents[i] > room)
            extents[i] = 1;
        if (extents[i] > 0)
            count *= extents[i];
    }
    return rank;
}

#endif
