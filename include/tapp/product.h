/* TAPP: D = op_D(alpha op_A(A) op_B(B) + beta op_C(C)), summed over indices that D lacks. */
#ifndef TAPP_PRODUCT_H_
#define TAPP_PRODUCT_H_

#include <stddef.h>
#include <stdint.h>

#include <tapp/datatype.h>
#include <tapp/error.h>
#include <tapp/executor.h>
#include <tapp/handle.h>
#include <tapp/status.h>
#include <tapp/tensor.h>
#include <tapp/util.h>

typedef int TAPP_element_op;

enum { TAPP_IDENTITY = 0, TAPP_CONJUGATE = 1 };

/** As C: D itself. */
#define TAPP_IN_PLACE NULL

typedef intptr_t TAPP_tensor_product;

/**
 * Plans a product.  The infos and indices are not kept.
 *
 * Indices are any int64 numbers; repeated within A or B they are a diagonal; in A or B alone they
 * are summed.  C has D's indices.  All four have one datatype.
 */
TAPP_EXPORT TAPP_error TAPP_create_tensor_product(
    TAPP_tensor_product *plan, TAPP_handle handle, TAPP_element_op op_A, TAPP_tensor_info A,
    const int64_t *idx_A, TAPP_element_op op_B, TAPP_tensor_info B, const int64_t *idx_B,
    TAPP_element_op op_C, TAPP_tensor_info C, const int64_t *idx_C, TAPP_element_op op_D,
    TAPP_tensor_info D, const int64_t *idx_D, TAPP_prectype prec);
TAPP_EXPORT TAPP_error TAPP_destroy_tensor_product(TAPP_tensor_product plan);

/**
 * Executes a plan; any number of threads at once.
 *
 * exec may be 0 and status NULL.  alpha and beta point at elements of D's datatype; with beta 0, C
 * is not read.  D must not overlap A or B, nor C unless it is exactly C.
 */
TAPP_EXPORT TAPP_error TAPP_execute_product(TAPP_tensor_product plan, TAPP_executor exec,
                                            TAPP_status *status, const void *alpha, const void *A,
                                            const void *B, const void *beta, const void *C, void *D);

/** num_batches executions.  C may be NULL, and so may each of its entries. */
TAPP_EXPORT TAPP_error TAPP_execute_batched_product(TAPP_tensor_product plan, TAPP_executor exec,
                                                    TAPP_status *status, int num_batches,
                                                    const void *alpha, const void **A,
                                                    const void **B, const void *beta,
                                                    const void **C, void **D);

#endif
