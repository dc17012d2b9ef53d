/* The tensors that a contraction works on: from files, from an archive, or drawn at random. */
#ifndef TENFERRO_CLI_OPERANDS_H
#define TENFERRO_CLI_OPERANDS_H

#include <tenferro/tensor.h>

#include "network.h"

typedef struct operands {
    int count;
    tenferro_tensor **tensors;
    char **names; /* where each came from, for messages and reports */
    int *ranks;
    const int64_t **extents; /* the tensors' */
} operands;

/* Each file is "a.npy", or "b.npz:name", or "c.npz" that holds one array. */
tenferro_status
operands_from_files(tenferro_context *context, int count, char *const *files, operands *out);

/* Arrays of an archive, for a network: the members that it names, else "0", "1" ..., else "arr_0", "arr_1" ... */
tenferro_status
operands_from_archive(tenferro_context *context, const char *path, const network *n, operands *out);

/*
 * Uniform numbers in [-s, s) with s such that an element of the result has a variance of about 1: for each summed label of
 * extent d in k operands, each of them is scaled by d^(-1/(2k)).  Operand i takes stream i of the seed.  Integers are -1, 0
 * or 1.
 */
tenferro_status operands_random(tenferro_context *context, const network *n, tenferro_dtype dtype,
                                uint64_t seed, operands *out);

/* Brings all to one dtype: the given one, or for 0 the one that they meet in. */
tenferro_status operands_convert(operands *o, tenferro_dtype dtype, tenferro_dtype *out);

/* Writes them as members "0", "1" ... of an archive. */
tenferro_status operands_save(const operands *o, const char *path);

/* Bytes of all of them. */
double operands_bytes(const operands *o);

void operands_free(operands *o);

/* "float64" */
const char *dtype_text(tenferro_dtype dtype);

/* "2x3x4", "scalar" for rank 0, cut with "..." if it is long. */
typedef struct shape_text {
    char chars[80];
} shape_text;
shape_text text_of_shape(int rank, const int64_t *extents);

#endif
