/* The table of primitives, ours and those registered with a context. */

#include "ops/table.h"

#include <pthread.h>
#include <string.h>

#include "memory/context.h"
#include "support/status.h"

#define X(name) &tf_##name##_primitive,
static const tenferro_primitive *const others[] = {TF_PRIMITIVES(X)};
#undef X

const tenferro_primitive *tenferro_primitive_builtin(int index)
{
    if (index < 0 || index >= TF_MAP_COUNT + (int)TF_COUNT(others))
        return NULL;
    return index < TF_MAP_COUNT ? &tf_elementwise[index] : others[index - TF_MAP_COUNT];
}

/* ---- those of a context ---- */

typedef struct registered {
    struct registered *before;
    tenferro_primitive primitive; /* its name is owned */
} registered;

typedef struct registry {
    pthread_mutex_t lock;
    registered *last;
} registry;

static tenferro_status registry_create(tenferro_context *context, void **object)
{
    registry *r = tf_calloc(context, 1, sizeof *r);
    if (!r)
        return TENFERRO_OUT_OF_MEMORY;
    pthread_mutex_init(&r->lock, NULL);
    *object = r;
    return TENFERRO_OK;
}

static void registry_destroy(tenferro_context *context, void *object)
{
    registry *r = object;
    while (r->last) {
        registered *entry = r->last;
        r->last = entry->before;
        tf_free(context, (void *)(uintptr_t)entry->primitive.name);
        tf_free(context, entry);
    }
    pthread_mutex_destroy(&r->lock);
    tf_free(context, r);
}

static tenferro_status registry_of(tenferro_context *context, registry **out)
{
    void *object;
    TF_TRY(tf_context_slot(context, TF_SLOT_PRIMITIVES, registry_create, registry_destroy, &object));
    *out = object;
    return TENFERRO_OK;
}

static const tenferro_primitive *find(const registry *r, const char *name)
{
    const tenferro_primitive *builtin;
    for (int i = 0; (builtin = tenferro_primitive_builtin(i)); i++)
        if (strcmp(builtin->name, name) == 0)
            return builtin;
    for (const registered *entry = r->last; entry; entry = entry->before)
        if (strcmp(entry->primitive.name, name) == 0)
            return &entry->primitive;
    return NULL;
}

static tenferro_status check(const tenferro_primitive *p)
{
    if (!p->name || !*p->name)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "primitive_register: the primitive has no name");
    if (!p->infer)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "primitive_register: '%s' has no infer", p->name);
    if (!p->view && !p->execute[TENFERRO_DEVICE_CPU])
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "primitive_register: '%s' has neither view nor execute", p->name);
    if (p->inputs_min < 0 || (p->inputs_max >= 0 && p->inputs_max < p->inputs_min) ||
        p->outputs < -1 || p->outputs == 0)
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "primitive_register: '%s' has %d to %d inputs and %d outputs", p->name,
                       (int)p->inputs_min, (int)p->inputs_max, (int)p->outputs);
    if (p->view && (p->inputs_min != 1 || p->inputs_max != 1 || p->outputs != 1))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "primitive_register: '%s' is a view of other than one input", p->name);
    if ((p->attributes_copy != NULL) != (p->attributes_release != NULL))
        return tf_fail(
            TENFERRO_INVALID_ARGUMENT,
            "primitive_register: '%s' needs attributes_copy and attributes_release, or neither",
            p->name);
    return TENFERRO_OK;
}

tenferro_status
tenferro_primitive_register(tenferro_context *context, const tenferro_primitive *primitive,
                            const tenferro_primitive **out)
{
    if (out)
        *out = NULL;
    if (!context || !primitive)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "primitive_register: %s is NULL",
                       context ? "primitive" : "context");
    if (primitive->struct_size < offsetof(tenferro_primitive, execute))
        return tf_fail(TENFERRO_INVALID_ARGUMENT,
                       "primitive_register: struct_size %zu is too small", primitive->struct_size);
    if (primitive->abi_version != TENFERRO_PRIMITIVE_ABI_VERSION)
        return tf_fail(TENFERRO_UNSUPPORTED,
                       "primitive_register: abi_version %u, this library has %u",
                       (unsigned)primitive->abi_version, TENFERRO_PRIMITIVE_ABI_VERSION);
    registry *r;
    TF_TRY(registry_of(context, &r));
    registered *entry = tf_calloc(context, 1, sizeof *entry);
    if (!entry)
        return TENFERRO_OUT_OF_MEMORY;
    memcpy(&entry->primitive, primitive, TF_MIN(primitive->struct_size, sizeof *primitive));
    entry->primitive.struct_size = sizeof *primitive;
    tenferro_status status = check(&entry->primitive);
    char *name = status == TENFERRO_OK ? tf_strdup(context, primitive->name) : NULL;
    if (status == TENFERRO_OK && !name)
        status = TENFERRO_OUT_OF_MEMORY;
    if (status == TENFERRO_OK) {
        entry->primitive.name = name;
        pthread_mutex_lock(&r->lock);
        if (find(r, name)) {
            status = tf_fail(TENFERRO_INVALID_ARGUMENT,
                             "primitive_register: the name '%s' is taken", name);
        } else {
            entry->before = r->last;
            r->last = entry;
            if (out)
                *out = &entry->primitive;
        }
        pthread_mutex_unlock(&r->lock);
    }
    if (status != TENFERRO_OK) {
        tf_free(context, name);
        tf_free(context, entry);
    }
    return status;
}

tenferro_status
tenferro_primitive_find(tenferro_context *context, const char *name, const tenferro_primitive **out)
{
    if (!context || !name || !out)
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "primitive_find: an argument is NULL");
    registry *r;
    TF_TRY(registry_of(context, &r));
    pthread_mutex_lock(&r->lock);
    *out = find(r, name);
    pthread_mutex_unlock(&r->lock);
    return *out ? TENFERRO_OK
                : tf_fail(TENFERRO_INVALID_ARGUMENT, "there is no primitive '%s'", name);
}
