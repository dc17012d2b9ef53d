/* Measuring the rates of the cost model on this machine. */
#ifndef TF_CONTRACT_CALIBRATE_H
#define TF_CONTRACT_CALIBRATE_H

#include "contract/cost.h"

/* Some 50 ms on one thread.  What cannot be measured stays as built in.  Errors: OUT_OF_MEMORY. */
tenferro_status tf_calibrate(const tf_engine *engine, tenferro_rates *out);

#endif
