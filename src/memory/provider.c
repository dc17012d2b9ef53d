/*
 * Finding guests: dlopen with every spelling of the symbols in use, function pointers of the host,
 * the width probe.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "memory/context_private.h"
#include "support/struct_size.h"

typedef void (*function)(void);
typedef int64_t (*isamax64)(const int64_t *n, const float *x, const int64_t *increment);

static const char *const gemm_names[TF_GEMM_COUNT] = {"sgemm", "dgemm", "cgemm", "zgemm"};

/*
 * The integers of the library: n = 0xffffffff00000003 is 3 to an LP64 isamax, which finds the
 * second element, and negative to an ILP64 one, which returns 0.  (The trick is
 * libblastrampoline's.)
 */
static tenferro_integer_width probe_integers(function isamax)
{
    static const float x[3] = {1.0f, 2.0f, 1.0f};
    const uint64_t bits = 0xffffffff00000003u;
    const int64_t increment = 1;
    int64_t n;
    memcpy(&n, &bits, sizeof n);
    uint32_t found = (uint32_t)((
        isamax64)isamax)(&n, x, &increment); /* LP64 leaves the upper half undefined */
    return found == 2   ? TENFERRO_INTEGERS_32
           : found == 0 ? TENFERRO_INTEGERS_64
                        : TENFERRO_INTEGERS_PROBE;
}

static int offers_gemm(const tf_guest_blas *guest)
{
    for (int i = 0; i < TF_GEMM_COUNT; i++)
        if (guest->gemm[i])
            return 1;
    return 0;
}

/* ---- libraries ---- */

/* dlsym gives an object pointer; ISO C converts it to a function pointer only through memory. */
static function find_symbol(void *library, const char *name, const char *suffix)
{
    char symbol[64];
    tf_text text;
    tf_text_init(&text, symbol, sizeof symbol);
    tf_text_add(&text, "%s%s", name, suffix);
    void *address = dlsym(library, symbol);
    function result = NULL;
    memcpy(&result, &address, sizeof result);
    return result;
}

/* The first suffix under which there is a gemm; NULL if there is none. */
static const char *find_gemms(void *library, tf_guest_blas *guest)
{
    static const char *const suffixes[] = {"_", "", "__", "64_", "_64_", "_64", "64"};
    for (size_t s = 0; s < TF_COUNT(suffixes); s++) {
        for (int i = 0; i < TF_GEMM_COUNT; i++)
            guest->gemm[i] = find_symbol(library, gemm_names[i], suffixes[s]);
        if (offers_gemm(guest))
            return suffixes[s];
    }
    return NULL;
}

static function find_any(void *library, const char *name)
{
    static const char *const suffixes[] = {"", "64_", "_64_", "_64", "64", "_"};
    function found = NULL;
    for (size_t s = 0; s < TF_COUNT(suffixes) && !found; s++)
        found = find_symbol(library, name, suffixes[s]);
    return found;
}

static void find_thread_control(void *library, tf_guest_blas *guest)
{
    guest->set_threads = (void (*)(int))find_any(library, "openblas_set_num_threads");
    guest->get_threads = (int (*)(void))find_any(library, "openblas_get_num_threads");
    if (guest->set_threads)
        return;
    guest->set_threads = (void (*)(int))find_symbol(library, "MKL_Set_Num_Threads", "");
    guest->get_threads = (int (*)(void))find_symbol(library, "MKL_Get_Max_Threads", "");
    guest->set_threads_wide = (void (*)(int64_t))find_symbol(library, "bli_thread_set_num_threads",
                                                             "");
    guest->get_threads_wide = (int64_t(*)(void))find_symbol(library, "bli_thread_get_num_threads",
                                                            "");
}

/* "/usr/lib/libopenblas.so.0 (32-bit integers, OpenBLAS 0.3.21 ...)" */
static char *
name_library(tenferro_context *context, void *library, const char *path, const tf_guest_blas *guest)
{
    char name[512];
    tf_text text;
    Dl_info info;
    void *address = NULL;
    for (int i = 0; i < TF_GEMM_COUNT && !address; i++)
        memcpy(&address, &guest->gemm[i], sizeof address);
    if (address && dladdr(address, &info) != 0 && info.dli_fname)
        path = info.dli_fname;
    char *(*config)(void) = (char *(*)(void))find_any(library, "openblas_get_config");
    tf_text_init(&text, name, sizeof name);
    tf_text_add(&text, "%s (%d-bit integers%s%s)", path, (int)guest->integers, config ? ", " : "",
                config ? config() : "");
    /* OpenBLAS ends its words with a blank */
    for (size_t n = strlen(name); n > 1 && name[n - 2] == ' '; n--)
        memcpy(name + n - 2, ")", 2);
    return tf_strdup(context, name);
}

static tenferro_status
examine(tenferro_context *context, void *library, const char *path, tf_guest_blas *out)
{
    const char *suffix = find_gemms(library, out);
    if (!suffix)
        return tf_fail(TENFERRO_UNSUPPORTED, "blas: no gemm in %s", path);
    function isamax = find_symbol(library, "isamax", suffix);
    out->integers = isamax ? probe_integers(isamax) : TENFERRO_INTEGERS_PROBE;
    if (out->integers == TENFERRO_INTEGERS_PROBE)
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "blas: cannot tell the width of the integers of %s (isamax%s %s)", path,
                       suffix, isamax ? "gave no answer" : "is missing");
    find_thread_control(library, out);
    out->name = name_library(context, library, path, out);
    return out->name ? TENFERRO_OK : TENFERRO_OUT_OF_MEMORY;
}

tenferro_status tf_guest_open(tenferro_context *context, const char *path, tf_guest_blas *out)
{
    memset(out, 0, sizeof *out);
    int flags = RTLD_NOW | RTLD_LOCAL;
#ifdef RTLD_DEEPBIND
    if (!TF_UNDER_ASAN && !TF_UNDER_TSAN) /* the sanitizers' interceptors cannot live with it */
        flags |= RTLD_DEEPBIND;
#endif
    void *library = dlopen(path, flags);
    if (!library) {
        const char *why = dlerror();
        return tf_fail(TENFERRO_IO, "blas: cannot load %s: %s", path, why ? why : "unknown reason");
    }
    tenferro_status status = examine(context, library, path, out);
    if (status != TENFERRO_OK) {
        memset(out, 0, sizeof *out);
        (void)dlclose(library);
    }
    return status; /* one that serves stays mapped: its threads may outlive every context */
}

void tf_guest_find(tenferro_context *context, tf_guest_blas *out)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas64.so.0"};
    tf_saved_error saved;
    tf_error_save(&saved);
    for (size_t i = 0; i < TF_COUNT(names); i++)
        if (tf_guest_open(context, names[i], out) == TENFERRO_OK)
            break;
    tf_error_restore(&saved);
}

/* ---- the public doors ---- */

tenferro_status
tenferro_provider_load(tenferro_context *context, tenferro_provider_kind kind, const char *path)
{
    if (!context || !path || !*path)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "provider_load: %s",
                       context ? "no path" : "context is NULL");
    if (kind != TENFERRO_PROVIDER_BLAS)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "provider_load: unknown kind %d", (int)kind);
    tf_guest_blas guest;
    TF_TRY(tf_guest_open(context, path, &guest));
    tf_blas_install(context, &guest);
    return TENFERRO_OK;
}

static tenferro_status read_functions(const tenferro_blas_functions *given, tf_guest_blas *out)
{
    out->gemm[0] = given->sgemm;
    out->gemm[1] = given->dgemm;
    out->gemm[2] = given->cgemm;
    out->gemm[3] = given->zgemm;
    out->set_threads = given->set_num_threads;
    out->get_threads = given->get_num_threads;
    out->integers = given->integers;
    if (!offers_gemm(out))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "inject_blas: no gemm given");
    if (out->integers == TENFERRO_INTEGERS_PROBE) {
        if (!given->isamax)
            return tf_fail(TENFERRO_INVALID_ARGUMENT,
                           "inject_blas: probing the integers needs isamax");
        out->integers = probe_integers(given->isamax);
        if (out->integers == TENFERRO_INTEGERS_PROBE)
            return tf_fail(TENFERRO_UNSUPPORTED,
                           "inject_blas: isamax does not tell the width of the integers");
    }
    if (out->integers != TENFERRO_INTEGERS_32 && out->integers != TENFERRO_INTEGERS_64)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "inject_blas: integers of %d bits; 32 or 64",
                       (int)out->integers);
    return TENFERRO_OK;
}

tenferro_status
tenferro_provider_inject_blas(tenferro_context *context, const tenferro_blas_functions *functions)
{
    if (!context)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "inject_blas: context is NULL");
    if (!functions) {
        tf_blas_install(context, NULL);
        return TENFERRO_OK;
    }
    tenferro_blas_functions own = TENFERRO_BLAS_FUNCTIONS_INIT;
    tf_guest_blas guest = {0};
    TF_TRY(tf_struct_read("inject_blas", &own, sizeof own, functions));
    TF_TRY(read_functions(&own, &guest));
    char name[256];
    tf_text text;
    tf_text_init(&text, name, sizeof name);
    tf_text_add(&text, "%.128s (injected by the host, %d-bit integers)",
                own.name ? own.name : "BLAS", (int)guest.integers);
    guest.name = tf_strdup(context, name);
    if (!guest.name)
        return TENFERRO_OUT_OF_MEMORY;
    tf_blas_install(context, &guest);
    return TENFERRO_OK;
}
