/* TAPP: a handle holds the state of the library: for tenferro, a context. */
#ifndef TAPP_HANDLE_H_
#define TAPP_HANDLE_H_

#include <stdint.h>

#include <tapp/error.h>
#include <tapp/util.h>

typedef intptr_t TAPP_handle;

TAPP_EXPORT TAPP_error TAPP_create_handle(TAPP_handle *handle);
/** Plans made with the handle stay valid. */
TAPP_EXPORT TAPP_error TAPP_destroy_handle(TAPP_handle handle);

#endif
