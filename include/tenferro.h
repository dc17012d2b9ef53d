/* Everything. */
#ifndef TENFERRO_H
#define TENFERRO_H

#include <tenferro/base.h>
#include <tenferro/context.h>
#include <tenferro/dtype.h>
#include <tenferro/einsum.h>
#include <tenferro/extent.h>
#include <tenferro/io.h>
#include <tenferro/ops.h>
#include <tenferro/primitive.h>
#include <tenferro/prims.h>
#include <tenferro/provider.h>
#include <tenferro/rates.h>
#include <tenferro/tensor.h>

#endif
