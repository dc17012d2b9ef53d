/* zlib as a guest: see inflate.h. */

#include "io/inflate.h"

#include <dlfcn.h>
#include <string.h>

#include "memory/context.h"

#define RAW_DEFLATE (-15) /* the largest window, and no header around the data */

/* POSIX promises that an object pointer from dlsym holds a function's address; C does not. */
static int find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

void tf_zlib_open(tf_zlib *out)
{
    static const char *const names[] = {"libz.so.1", "libz.so"};
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < TF_COUNT(names) && !out->library; i++)
        out->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (out->library && !(find(out->library, "inflateInit2_", &out->init) &&
                          find(out->library, "inflate", &out->inflate) &&
                          find(out->library, "inflateEnd", &out->end)))
        tf_zlib_close(out);
}

void tf_zlib_close(tf_zlib *zlib)
{
    if (zlib->library)
        (void)dlclose(zlib->library);
    memset(zlib, 0, sizeof *zlib);
}

static void *allocate(void *user, unsigned count, unsigned size)
{
    return tf_malloc(user, count, size);
}

static void deallocate(void *user, void *pointer)
{
    tf_free(user, pointer);
}

tenferro_status tf_inflate_begin(tenferro_context *context, const tf_zlib *zlib, tf_z_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    stream->allocate = allocate;
    stream->deallocate = deallocate;
    stream->user = context;
    /* zlib compares the first digit of the version and the size of the struct. */
    int code = zlib->init(stream, RAW_DEFLATE, "1", (int)sizeof *stream);
    if (code == TF_Z_OK)
        return TENFERRO_OK;
    if (code == TF_Z_MEMORY_ERROR)
        return tf_fail(TENFERRO_OUT_OF_MEMORY, "zlib: out of memory");
    return tf_fail(TENFERRO_UNSUPPORTED, "zlib: the library found does not fit (code %d)", code);
}
