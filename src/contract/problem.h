/* A contraction in normal form: batch, M, N and K groups of labels. */
#ifndef TF_CONTRACT_PROBLEM_H
#define TF_CONTRACT_PROBLEM_H

#include "contract/contract.h"
#include "kernels/element.h"

enum { TF_A = 0, TF_B = 1, TF_C = 2 };

/* Labels that behave alike, the one running fastest first.  Extents are at least 2. */
typedef struct tf_group {
    int count;    /* at most TF_MAX_AXES */
    int64_t size; /* product of the extents */
    int64_t *extents;
    int64_t *strides[3]; /* of A, B, C */
} tf_group;

typedef union tf_scalar {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    tf_c64 c64;
    tf_c128 c128;
} tf_scalar;

typedef struct tf_problem {
    tenferro_dtype dtype;
    int64_t size;     /* bytes of an element */
    tf_group batch;   /* in A, B and C */
    tf_group m, n;    /* in C and A, in C and B (or neither: in m with stride 0) */
    tf_group k;       /* summed, in A and B */
    tf_group only[2]; /* summed, in A only, in B only: they lie behind k */
    int conj[2];
    int is_empty;     /* no element of C */
    int is_swapped;   /* A is what was given as B */
    int64_t shift[3]; /* elements from a given operand's first to the one with all indices 0 here */
    tf_scalar alpha, beta; /* the contraction's own */
    int beta_is_zero;
} tf_problem;

/* What one run of a problem works on. */
typedef struct tf_operands {
    const char *in[2]; /* the problem's A and B */
    char *c;
    const void *alpha, *beta; /* beta NULL: C is not read */
    tf_scalar product;        /* may hold alpha */
} tf_operands;

/* A sum over the labels of one operand alone, done before the contraction. */
typedef struct tf_presum {
    int rank; /* 0: nothing to sum */
    int64_t *extents, *in_strides, *out_strides;
    unsigned char *reduced;
    int64_t bytes; /* of the result */
} tf_presum;

/*
 * The words of memory that the groups of a problem with so many labels lie in (one of K may be cut
 * in two), and those of one presum.
 */
#define TF_PROBLEM_WORDS(labels) (4 * ((int64_t)(labels) + 1))
#define TF_PRESUM_WORDS(labels) (4 * (int64_t)(labels))

/* The groups lie in `words`.  OVERFLOW: more iterations than int64 counts, or more labels. */
tenferro_status
tf_problem_init(tf_problem *problem, const tf_contraction *contraction, int labels, int64_t *words);

/*
 * Resolves what a run brings.  alpha, beta NULL: those of the problem; an alpha is multiplied by
 * the problem's.
 */
void tf_problem_operands(const tf_problem *problem, const void *alpha, const void *beta,
                         const void *a, const void *b, void *c, tf_operands *out);

/* Moves the labels of one operand alone into K. */
tenferro_status tf_problem_join_sums(tf_problem *problem);

/*
 * If operand `which` has labels of its own: describes their sum in `words`, and lets the problem see
 * its result's layout (the caller computes it and puts it in the operand's place).
 */
tenferro_status
tf_problem_presum(tf_problem *problem, int which, int labels, int64_t *words, tf_presum *presum);

/*
 * Sorts each group by its most important stride and fuses what is contiguous together in all
 * operands.
 */
void tf_problem_fuse(tf_problem *problem);

/* Exchanges A and B, M and N. */
void tf_problem_swap(tf_problem *problem);

/*
 * Exchanges them if C holds N more densely than M: tiles are stored along M.
 */
void tf_problem_orient(tf_problem *problem);

/* Multiply-adds, as a double: never overflows. */
double tf_problem_work(const tf_problem *problem);

/* out[i] = offset of index begin + i of the group in that operand. */
void tf_group_offsets(const tf_group *group, int operand, int64_t begin, int64_t count,
                      int64_t *out);

/* The constant 1 of that dtype. */
const void *tf_one(tenferro_dtype dtype);

#endif
