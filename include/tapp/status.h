/* TAPP: the state of work in flight.  tenferro's work is complete when a call returns. */
#ifndef TAPP_STATUS_H_
#define TAPP_STATUS_H_

#include <stdint.h>

#include <tapp/error.h>
#include <tapp/util.h>

typedef intptr_t TAPP_status;

TAPP_EXPORT TAPP_error TAPP_destroy_status(TAPP_status status);

#endif
