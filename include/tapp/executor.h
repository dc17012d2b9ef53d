/* TAPP: where work runs.  tenferro's executors are its host threads. */
#ifndef TAPP_EXECUTOR_H_
#define TAPP_EXECUTOR_H_

#include <stdint.h>

#include <tapp/error.h>
#include <tapp/util.h>

/** 0 stands for the default one. */
typedef intptr_t TAPP_executor;

TAPP_EXPORT TAPP_error TAPP_create_executor(TAPP_executor *exec);
TAPP_EXPORT TAPP_error TAPP_destroy_executor(TAPP_executor exec);

#endif
