/* Compiler extensions, each behind one name. */
#ifndef TF_SUPPORT_COMPAT_H
#define TF_SUPPORT_COMPAT_H

#if defined(__GNUC__)
#define TF_LIKELY(x) __builtin_expect(!!(x), 1)
#define TF_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define TF_NOINLINE __attribute__((noinline))
#define TF_INLINE static inline __attribute__((always_inline))
#define TF_PREFETCH(p) __builtin_prefetch(p)
#define TF_PREFETCH_L2(p) __builtin_prefetch(p, 0, 2)
#else
#define TF_LIKELY(x) (x)
#define TF_UNLIKELY(x) (x)
#define TF_NOINLINE
#define TF_INLINE static inline
#define TF_PREFETCH(p) ((void)0)
#define TF_PREFETCH_L2(p) ((void)0)
#endif

/* Keeps a loop over this index scalar: single loads and stores are faster than gathers and scatters. */
#if defined(__GNUC__)
#define TF_SCALAR(index) __asm__("" : "+r"(index))
#else
#define TF_SCALAR(index) ((void)0)
#endif

/* Reads memory that is poisoned for everybody else. */
#if defined(__GNUC__)
#define TF_NO_ASAN __attribute__((no_sanitize_address))
#else
#define TF_NO_ASAN
#endif

/* Tells the core that this is a loop that waits. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define TF_PAUSE() __builtin_ia32_pause()
#elif defined(__GNUC__) && defined(__aarch64__)
#define TF_PAUSE() __asm__ volatile("yield")
#else
#define TF_PAUSE() ((void)0)
#endif

/* Which sanitizer this is compiled under. */
#if defined(__has_feature)
#define TF_HAS_FEATURE(x) __has_feature(x)
#else
#define TF_HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || TF_HAS_FEATURE(address_sanitizer)
#define TF_UNDER_ASAN 1
#else
#define TF_UNDER_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || TF_HAS_FEATURE(thread_sanitizer)
#define TF_UNDER_TSAN 1
#else
#define TF_UNDER_TSAN 0
#endif

#define TF_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TF_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TF_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
