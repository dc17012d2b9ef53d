/*
 * What all tests share: a counting allocator, checks that show the library's message, random
 * numbers, shared data.
 */
#ifndef TENFERRO_TESTING_H
#define TENFERRO_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <tenferro/context.h>
#include <cmocka.h>

/*
 * An allocator that counts, that fails when told to, and that checks the size and alignment given
 * back. Safe to use from several threads; read the counters when no other thread allocates.
 */
typedef struct test_allocator {
    tenferro_allocator allocator; /* give its address as options.allocator */
    int64_t fail_after;           /* allocations from this number on (from 0) fail; -1: never */
    int fail_once;                /* 1: only that one fails */
    int64_t count;                /* allocations asked for so far, the failing ones included */
    int64_t live_blocks;          /* given out and not yet given back */
    int64_t live_bytes;
    int64_t mismatches; /* given back with another size or alignment, twice, or never given out */
    pthread_mutex_t mutex;
} test_allocator;

void test_allocator_init(test_allocator *allocator);
/* Fails the test unless everything came back, with the right sizes. */
void test_allocator_check_empty(test_allocator *allocator);
/*
 * A context over the allocator, `threads` threads, no guest BLAS.  Fails the test if it cannot be
 * made.
 */
tenferro_context *test_context_with(test_allocator *allocator, int threads);
/* A context with the defaults. */
tenferro_context *test_context(void);

/* Fails with the expression and tenferro_error_message() unless it is TENFERRO_OK. */
#define CHECK_OK(expr) test_check_status((expr), TENFERRO_OK, #expr, __FILE__, __LINE__)
/* Fails unless the expression gives that status. */
#define CHECK_STATUS(expected, expr) \
    test_check_status((expr), (expected), #expr, __FILE__, __LINE__)
/* Fails unless this thread's message contains the text. */
#define CHECK_MESSAGE(text) test_check_message((text), __FILE__, __LINE__)

void test_check_status(tenferro_status status, tenferro_status expected, const char *expr,
                       const char *file, int line);
void test_check_message(const char *text, const char *file, int line);

/* How many random cases a test runs: TENFERRO_TEST_CASES if that is fewer than `usual`. */
long test_cases(long usual);
/* 1 under an emulator, which does not follow a fork of a process with threads. */
int test_is_emulated(void);

/* TENFERRO_TEST_SEED, else a fixed one.  Printed once, so that a failing run shows it. */
uint64_t test_seed(void);

/* splitmix64 */
typedef struct test_rng {
    uint64_t state;
} test_rng;
/* A stream of its own for each test: the seed mixed with the stream's number. */
test_rng test_rng_make(uint64_t stream);
uint64_t test_rng_next(test_rng *rng);
/* low .. high, both included */
int64_t test_rng_range(test_rng *rng, int64_t low, int64_t high);
/* uniform in [-1, 1) */
double test_rng_real(test_rng *rng);

/*
 * Full path of a file or folder of the reference data, valid until the next call.  The data lie in
 * $TENFERRO_SHARED, else beside the source folder.  If it is absent: NULL after saying so, or, with
 * TENFERRO_REQUIRE_SHARED=1, a failed test.
 */
const char *test_shared_data(const char *path);

#if defined(__SANITIZE_THREAD__)
#define TEST_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_UNDER_TSAN 1
#endif
#endif
#ifndef TEST_UNDER_TSAN
#define TEST_UNDER_TSAN 0
#endif

#endif
