/*
 * A small pthread pool.
 *
 * One loop runs at a time (`busy`).  Its owner fills in the loop, opens it by handing out
 * `tickets`, and raises `epoch` for the workers that wait.  A worker enters (`active`), takes a
 * ticket, takes chunks until there are no more, and leaves.  The owner works too, then takes the
 * remaining tickets back and waits until nobody is inside.  Every "announce, then look" pair is
 * sequentially consistent, so that one of the two sides always sees the other; what is announced is
 * a read-modify-write, because QEMU lets a plain store pass the load after it.
 */

#include "support/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPIN_NANOSECONDS 20000

struct tf_pool {
    tf_pool_memory memory;
    atomic_int threads;
    atomic_int busy;
    atomic_int pid; /* the process that the workers live in; 0 while a forked child starts afresh */

    /* workers: changed by the owner of `busy` only */
    pthread_t *workers;
    int started, capacity;
    int start_failed;

    pthread_mutex_t mutex; /* for the two conditions only */
    pthread_cond_t wake;   /* workers: epoch has changed */
    pthread_cond_t left;   /* owner: nobody is inside */
    atomic_uint epoch;
    atomic_int sleepers, spinners, parking;
    atomic_int active, owner_waits;
    atomic_int stop;

    /* the loop: written before tickets are handed out */
    tf_parallel_body body;
    void *user;
    int64_t count, grain, chunks;
    atomic_int tickets;
    atomic_llong next;
};

/* Set while this thread runs a body: loops inside one are serial. */
static _Thread_local int inside_loop;

static int64_t now_nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void run_chunk(const tf_pool *pool, int64_t chunk, int worker)
{
    int64_t begin = chunk * pool->grain;
    int64_t end = pool->count - begin < pool->grain ? pool->count : begin + pool->grain;
    pool->body(pool->user, begin, end, worker);
}

static void run_chunks(tf_pool *pool, int worker)
{
    inside_loop = 1;
    for (;;) {
        int64_t chunk = atomic_fetch_add(&pool->next, 1);
        if (chunk >= pool->chunks)
            break;
        run_chunk(pool, chunk, worker);
    }
    inside_loop = 0;
}

static void run_serially(int64_t count, int64_t grain, tf_parallel_body body, void *user)
{
    for (int64_t begin = 0; begin < count;) {
        int64_t end = count - begin < grain ? count : begin + grain;
        body(user, begin, end, 0);
        begin = end;
    }
}

/* ---- workers ---- */

/* Returns the epoch once it differs from `seen`. */
static unsigned wait_for_epoch(tf_pool *pool, unsigned seen)
{
    unsigned epoch;
    atomic_fetch_add(&pool->spinners, 1);
    int64_t deadline = now_nanoseconds() + SPIN_NANOSECONDS;
    for (int i = 1; (epoch = atomic_load(&pool->epoch)) == seen; i++) {
        if (atomic_load(&pool->parking) > 0 || (i % 32 == 0 && now_nanoseconds() > deadline))
            break;
        TF_PAUSE();
    }
    atomic_fetch_sub(&pool->spinners, 1);
    if (epoch != seen)
        return epoch;

    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while ((epoch = atomic_load(&pool->epoch)) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
    return epoch;
}

static void *worker_main(void *argument)
{
    tf_pool *pool = argument;
    for (unsigned seen = 0;;) {
        seen = wait_for_epoch(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        atomic_fetch_add(&pool->active, 1);
        int ticket = atomic_fetch_sub(&pool->tickets, 1);
        if (ticket > 0)
            run_chunks(pool, ticket);
        if (atomic_fetch_sub(&pool->active, 1) == 1 && atomic_load(&pool->owner_waits)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->left);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

static void wake_workers(tf_pool *pool)
{
    atomic_fetch_add(&pool->epoch, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static int reserve_workers(tf_pool *pool, int wanted)
{
    if (wanted <= pool->capacity)
        return 1;
    pthread_t *workers = pool->memory.allocate(pool->memory.user, (size_t)wanted * sizeof *workers);
    if (!workers)
        return 0;
    if (pool->workers)
        memcpy(workers, pool->workers, (size_t)pool->started * sizeof *workers);
    pool->memory.deallocate(pool->memory.user, pool->workers);
    pool->workers = workers;
    pool->capacity = wanted;
    return 1;
}

/*
 * Starts workers up to `wanted`, fewer if the system gives no more.  Signals stay with the threads
 * of the host.
 */
static void start_workers(tf_pool *pool, int wanted)
{
    if (pool->started >= wanted || pool->start_failed)
        return;
    if (!reserve_workers(pool, wanted)) {
        pool->start_failed = 1;
        return;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->started < wanted && !pool->start_failed) {
        if (pthread_create(&pool->workers[pool->started], NULL, worker_main, pool) == 0)
            pool->started++;
        else
            pool->start_failed = 1;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- the owner ---- */

static void wait_until_left(tf_pool *pool)
{
    int64_t deadline = now_nanoseconds() + SPIN_NANOSECONDS;
    for (int i = 1; atomic_load(&pool->active) > 0; i++) {
        if (i % 32 == 0 && now_nanoseconds() > deadline)
            break;
        TF_PAUSE();
    }
    if (atomic_load(&pool->active) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_exchange(&pool->owner_waits, 1);
    while (atomic_load(&pool->active) > 0)
        pthread_cond_wait(&pool->left, &pool->mutex);
    atomic_store(&pool->owner_waits, 0);
    pthread_mutex_unlock(&pool->mutex);
}

static int init_locks(tf_pool *pool)
{
    if (pthread_mutex_init(&pool->mutex, NULL) != 0)
        return 0;
    if (pthread_cond_init(&pool->wake, NULL) != 0) {
        pthread_mutex_destroy(&pool->mutex);
        return 0;
    }
    if (pthread_cond_init(&pool->left, NULL) != 0) {
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->mutex);
        return 0;
    }
    return 1;
}

static void forget_workers(tf_pool *pool)
{
    pool->started = 0;
    pool->start_failed = 0;
    atomic_store(&pool->epoch, 0);
    atomic_store(&pool->sleepers, 0);
    atomic_store(&pool->spinners, 0);
    atomic_store(&pool->parking, 0);
    atomic_store(&pool->active, 0);
    atomic_store(&pool->owner_waits, 0);
    atomic_store(&pool->tickets, 0);
}

/*
 * 1 if the workers live in this process.  The first call in a forked child makes it so: the workers
 * stayed behind in the parent, and the locks are in whatever state they were in.  Another thread
 * that comes meanwhile does without.
 */
static int belongs_here(tf_pool *pool)
{
    int here = (int)getpid(), pid = atomic_load(&pool->pid);
    if (pid == here)
        return 1;
    if (pid == 0 || !atomic_compare_exchange_strong(&pool->pid, &pid, 0))
        return 0;
    forget_workers(pool);
    pool->start_failed = !init_locks(pool);
    atomic_store(&pool->busy, 0);
    atomic_store(&pool->pid, here);
    return 1;
}

tenferro_status tf_pool_create(const tf_pool_memory *memory, int threads, tf_pool **out)
{
    *out = NULL;
    tf_pool *pool = memory->allocate(memory->user, sizeof *pool);
    if (!pool)
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "thread pool: out of memory");
    memset(pool, 0, sizeof *pool);
    pool->memory = *memory;
    if (!init_locks(pool)) {
        memory->deallocate(memory->user, pool);
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "thread pool: the system gives no lock");
    }
    atomic_store(&pool->threads, TF_MAX(threads, 1));
    atomic_store(&pool->pid, (int)getpid());
    *out = pool;
    return TENFERRO_OK;
}

void tf_pool_destroy(tf_pool *pool)
{
    if (!pool)
        return;
    if (atomic_load(&pool->pid) == (int)getpid()) {
        atomic_store(&pool->stop, 1);
        wake_workers(pool);
        for (int i = 0; i < pool->started; i++)
            pthread_join(pool->workers[i], NULL);
        pthread_cond_destroy(&pool->left);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->mutex);
    }
    tf_pool_memory memory = pool->memory;
    memory.deallocate(memory.user, pool->workers);
    memory.deallocate(memory.user, pool);
}

int tf_pool_threads(const tf_pool *pool)
{
    return pool ? atomic_load(&pool->threads) : 1;
}

void tf_pool_set_threads(tf_pool *pool, int threads)
{
    atomic_store(&pool->threads, TF_MAX(threads, 1));
}

void tf_pool_park(tf_pool *pool)
{
    if (!pool || atomic_load(&pool->spinners) == 0 || atomic_load(&pool->pid) != (int)getpid())
        return;
    atomic_fetch_add(&pool->parking, 1);
    while (atomic_load(&pool->spinners) > 0)
        sched_yield();
    atomic_fetch_sub(&pool->parking, 1);
}

void tf_parallel_for(tf_pool *pool, int threads, int64_t count, int64_t grain,
                     tf_parallel_body body, void *user)
{
    if (count <= 0)
        return;
    grain = TF_MAX(grain, 1);
    int64_t chunks = (count - 1) / grain + 1;
    int most = tf_pool_threads(pool);
    if (threads > 0 && threads < most)
        most = threads;
    if (chunks < most)
        most = (int)chunks;

    int idle = 0;
    if (most < 2 || inside_loop || !belongs_here(pool) ||
        !atomic_compare_exchange_strong(&pool->busy, &idle, 1)) {
        run_serially(count, grain, body, user);
        return;
    }
    start_workers(pool, most - 1);
    pool->body = body;
    pool->user = user;
    pool->count = count;
    pool->grain = grain;
    pool->chunks = chunks;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->tickets, TF_MIN(most - 1, pool->started));
    wake_workers(pool);

    run_chunks(pool, 0);
    atomic_exchange(&pool->tickets, 0);
    wait_until_left(pool);
    atomic_store(&pool->busy, 0);
}
