/*
 * TAPP 0.5, the community's C interface for tensor products (arXiv 2601.07827), as tenferro exports
 * it.  Code compiled against the published headers works with this library, and the other way.
 */
#ifndef TAPP_TAPP_H_
#define TAPP_TAPP_H_

#include <tapp/attributes.h>
#include <tapp/datatype.h>
#include <tapp/error.h>
#include <tapp/executor.h>
#include <tapp/handle.h>
#include <tapp/product.h>
#include <tapp/status.h>
#include <tapp/tensor.h>

#endif
