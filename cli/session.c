/* A context with a progress bar, that Ctrl-C cancels. */

#include "session.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 30
#define FIRST_DRAWN 0.5 /* seconds: shorter work shows no bar */
#define DRAWN_EVERY 0.1

/* What a signal handler must reach: the one context of this process. */
static _Atomic(tenferro_context *) running;
static volatile sig_atomic_t signal_caught;

typedef struct bar {
    atomic_flag busy; /* progress may come from any thread: one draws, the others pass by */
    double start;
    double drawn; /* when; 0: nothing is on the screen */
} bar;
static bar the_bar = {ATOMIC_FLAG_INIT, 0, 0};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void draw(const tenferro_progress *progress, double elapsed)
{
    double part = progress->total > 0 ? progress->done / progress->total : 0;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    int filled = (int)(part * BAR_WIDTH);
    char cells[BAR_WIDTH + 1], left[32] = "";
    memset(cells, ' ', BAR_WIDTH);
    memset(cells, '=', (size_t)filled);
    if (filled < BAR_WIDTH)
        cells[filled] = '>';
    cells[BAR_WIDTH] = '\0';
    if (part > 0) {
        double seconds = ceil(elapsed * (1 - part) / part);
        if (seconds < 360000)
            snprintf(left, sizeof left, ", %d:%02d left", (int)seconds / 60, (int)seconds % 60);
    }
    fprintf(stderr, "\r%s [%s] %3.0f%%%s\033[K", progress->what, cells, 100 * part, left);
    fflush(stderr);
}

static int on_progress(void *user, const tenferro_progress *progress)
{
    bar *b = user;
    if (atomic_flag_test_and_set(&b->busy))
        return 0;
    double t = now();
    if (t - b->start >= FIRST_DRAWN && t - b->drawn >= DRAWN_EVERY) {
        draw(progress, t - b->start);
        b->drawn = t;
    }
    atomic_flag_clear(&b->busy);
    return 0;
}

void session_clear_bar(void)
{
    if (the_bar.drawn > 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    the_bar.drawn = 0;
}

static void on_signal(int number)
{
    signal_caught = number;
    tenferro_context *context = atomic_load(&running);
    if (context)
        tenferro_context_cancel(context);
}

/* A signal that was ignored when we started (nohup, a shell's background job) stays ignored. */
static void handle(int number)
{
    struct sigaction before, action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

tenferro_status session_open(const options *o, const char *blas, tenferro_context **out)
{
    tenferro_context_options settings = TENFERRO_CONTEXT_OPTIONS_INIT;
    settings.threads = o->threads;
    settings.memory_limit = o->memory_limit;
    settings.blas = blas;
    if (!o->quiet && isatty(STDERR_FILENO)) {
        settings.progress = on_progress;
        settings.user = &the_bar;
    }
    the_bar.start = now();
    tenferro_status status = tenferro_context_create(&settings, out);
    if (status != TENFERRO_OK)
        return status;
    atomic_store(&running, *out);
    handle(SIGINT);
    handle(SIGTERM);
    return TENFERRO_OK;
}

void session_close(tenferro_context *context)
{
    session_clear_bar();
    atomic_store(&running, NULL);
    tenferro_context_release(context);
}

int session_signal(void)
{
    return signal_caught;
}
