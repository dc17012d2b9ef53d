/* What all tests share; see testing.h. */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the counting allocator ---- */

typedef struct block_header {
    uint64_t mark;
    size_t size;
    size_t alignment;
} block_header;

#define BLOCK_LIVE 0x6c697665626c6f63u
#define BLOCK_FREED 0x6672656564626c6fu

/* The header lies right before the block; what goes before it is padding to the alignment. */
static size_t lead_of(size_t alignment)
{
    size_t lead = alignment;
    while (lead < sizeof(block_header))
        lead += alignment;
    return lead;
}

static void *counting_allocate(void *user, size_t size, size_t alignment)
{
    test_allocator *a = user;
    pthread_mutex_lock(&a->mutex);
    int64_t number = a->count++;
    int fails = a->fail_after >= 0 &&
                (a->fail_once ? number == a->fail_after : number >= a->fail_after);
    pthread_mutex_unlock(&a->mutex);

    size_t lead = lead_of(alignment);
    void *base = NULL;
    if (fails || size == 0 || size > SIZE_MAX - lead ||
        posix_memalign(&base, alignment < sizeof(void *) ? sizeof(void *) : alignment,
                       lead + size) != 0)
        return NULL;
    char *pointer = (char *)base + lead;
    block_header header = {BLOCK_LIVE, size, alignment};
    memcpy(pointer - sizeof header, &header, sizeof header);
    memset(pointer, 0xa5, size); /* nobody may rely on zeros */

    pthread_mutex_lock(&a->mutex);
    a->live_blocks++;
    a->live_bytes += (int64_t)size;
    pthread_mutex_unlock(&a->mutex);
    return pointer;
}

static void counting_deallocate(void *user, void *pointer, size_t size, size_t alignment)
{
    test_allocator *a = user;
    block_header header;
    memcpy(&header, (char *)pointer - sizeof header, sizeof header);
    int right = header.mark == BLOCK_LIVE && header.size == size && header.alignment == alignment;

    pthread_mutex_lock(&a->mutex);
    if (right) {
        a->live_blocks--;
        a->live_bytes -= (int64_t)size;
    } else {
        a->mismatches++;
        print_error("deallocate: got size %zu alignment %zu, allocated with %zu and %zu%s\n", size,
                    alignment, header.size, header.alignment,
                    header.mark == BLOCK_LIVE ? "" : " (not a live block)");
    }
    pthread_mutex_unlock(&a->mutex);
    if (!right)
        return;
    header.mark = BLOCK_FREED;
    memcpy((char *)pointer - sizeof header, &header, sizeof header);
    free((char *)pointer - lead_of(alignment));
}

void test_allocator_init(test_allocator *allocator)
{
    memset(allocator, 0, sizeof *allocator);
    allocator->allocator.struct_size = sizeof allocator->allocator;
    allocator->allocator.user = allocator;
    allocator->allocator.memory_space = TENFERRO_MEMORY_HOST;
    allocator->allocator.allocate = counting_allocate;
    allocator->allocator.deallocate = counting_deallocate;
    allocator->fail_after = -1;
    pthread_mutex_init(&allocator->mutex, NULL);
}

void test_allocator_check_empty(test_allocator *allocator)
{
    if (allocator->live_blocks != 0 || allocator->live_bytes != 0 || allocator->mismatches != 0)
        fail_msg("allocator: %lld blocks (%lld bytes) never came back, %lld came back wrongly",
                 (long long)allocator->live_blocks, (long long)allocator->live_bytes,
                 (long long)allocator->mismatches);
}

tenferro_context *test_context_with(test_allocator *allocator, int threads)
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.allocator = &allocator->allocator;
    options.threads = threads;
    options.blas = "none";
    tenferro_context *context = NULL;
    CHECK_OK(tenferro_context_create(&options, &context));
    return context;
}

tenferro_context *test_context(void)
{
    tenferro_context *context = NULL;
    CHECK_OK(tenferro_context_create(NULL, &context));
    return context;
}

/* ---- checks ---- */

void test_check_status(tenferro_status status, tenferro_status expected, const char *expr,
                       const char *file, int line)
{
    if (status == expected)
        return;
    print_error("%s\n  gave %s, expected %s\n  message: %s\n", expr, tenferro_status_name(status),
                tenferro_status_name(expected), tenferro_error_message());
    _fail(file, line);
}

void test_check_message(const char *text, const char *file, int line)
{
    if (strstr(tenferro_error_message(), text) != NULL)
        return;
    print_error("no \"%s\" in the message: %s\n", text, tenferro_error_message());
    _fail(file, line);
}

/* ---- random numbers ---- */

static uint64_t chosen_seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void choose_seed(void)
{
    const char *text = getenv("TENFERRO_TEST_SEED");
    chosen_seed = text && *text ? strtoull(text, NULL, 0) : 20240229u;
    print_message("TENFERRO_TEST_SEED=%llu\n", (unsigned long long)chosen_seed);
}

long test_cases(long usual)
{
    const char *wanted = getenv("TENFERRO_TEST_CASES");
    long most = wanted ? atol(wanted) : 0;
    return most > 0 && most < usual ? most : usual;
}

int test_is_emulated(void)
{
    return getenv("TENFERRO_TEST_EMULATED") != NULL;
}

uint64_t test_seed(void)
{
    pthread_once(&seed_once, choose_seed);
    return chosen_seed;
}

uint64_t test_rng_next(test_rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

test_rng test_rng_make(uint64_t stream)
{
    test_rng mix = {test_seed() + 0x632be59bd9b4e019u * (stream + 1)};
    test_rng rng = {test_rng_next(&mix)};
    return rng;
}

int64_t test_rng_range(test_rng *rng, int64_t low, int64_t high)
{
    uint64_t count = (uint64_t)high - (uint64_t)low + 1;
    uint64_t draw = test_rng_next(rng);
    return (int64_t)((uint64_t)low + (count ? draw % count : draw));
}

double test_rng_real(test_rng *rng)
{
    return (double)(int64_t)(test_rng_next(rng) >> 11) * 0x1p-52 - 1.0;
}

/* ---- reference data ---- */

const char *test_shared_data(const char *path)
{
    static _Thread_local char full[4096];
    const char *folder = getenv("TENFERRO_SHARED");
    int length = folder && *folder ? snprintf(full, sizeof full, "%s/%s", folder, path)
                                   : snprintf(full, sizeof full, "%s/../shared/data/%s",
                                              TENFERRO_SOURCE_DIR, path);
    if (length > 0 && (size_t)length < sizeof full && access(full, R_OK) == 0)
        return full;
    const char *required = getenv("TENFERRO_REQUIRE_SHARED");
    if (required && strcmp(required, "1") == 0)
        fail_msg("reference data missing: %s (set TENFERRO_SHARED to their folder)", full);
    print_message(
        "no reference data at %s (set TENFERRO_SHARED to their folder): that part is skipped\n",
        full);
    return NULL;
}
