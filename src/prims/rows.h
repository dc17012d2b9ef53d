/* For operations with loops of their own over strided operands: rows, and the kernels of one ISA. */
#ifndef TF_PRIMS_ROWS_H
#define TF_PRIMS_ROWS_H

#include "kernels/loop.h"
#include "kernels/table.h"
#include "prims/engine.h"

#endif
