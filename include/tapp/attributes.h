/* TAPP: attributes of handles and executors. */
#ifndef TAPP_ATTRIBUTES_H_
#define TAPP_ATTRIBUTES_H_

#include <stdint.h>

#include <tapp/error.h>
#include <tapp/util.h>

/** A TAPP_handle or a TAPP_executor. */
typedef intptr_t TAPP_attr;
typedef int TAPP_key;

/*
 * tenferro's own keys.  The number of threads, an int: of a handle's work, or at most so many for
 * what runs on an executor.
 */
enum { TAPP_TENFERRO_THREADS = 0x1000 };

/** Sets the attribute from *value. */
TAPP_EXPORT TAPP_error TAPP_attr_set(TAPP_attr attr, TAPP_key key, void *value);
/** *value points at the attribute, as long as its object lives. */
TAPP_EXPORT TAPP_error TAPP_attr_get(TAPP_attr attr, TAPP_key key, void **value);
/** Back to the default. */
TAPP_EXPORT TAPP_error TAPP_attr_clear(TAPP_attr attr, TAPP_key key);

#endif
