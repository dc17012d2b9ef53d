/* Plans over raw pointers: what the files of this folder share. */
#ifndef TF_PRIMS_PLAN_H
#define TF_PRIMS_PLAN_H

#include <stdatomic.h>
#include <tenferro/prims.h>

#include "memory/arena.h"
#include "prims/engine.h"

/* A contraction's operands.  Elementwise operations number their inputs; reductions have A, C and D. */
enum { TF_ROLE_A = 0, TF_ROLE_B = 1, TF_ROLE_C = 2, TF_ROLE_D = 3, TF_ROLES = 4 };

typedef enum tf_plan_kind {
    TF_PLAN_CONTRACTION,
    TF_PLAN_PERMUTATION,
    TF_PLAN_EMBEDDING,
    TF_PLAN_REDUCTION,
    TF_PLAN_ELEMENTWISE
} tf_plan_kind;

/* What a caller asked for.  Absent operands are NULL. */
typedef struct tf_description {
    tf_plan_kind kind;
    int op; /* a tenferro_reduction or tenferro_map */
    const tenferro_operand *operand[TF_ROLES];
    tenferro_plan_options options;
} tf_description;

/* ---- labels.c ---- */

typedef struct tf_label {
    int64_t extent;
    int64_t stride[TF_ROLES]; /* the sum of its axes' */
    unsigned char in;         /* bit i: occurs in operand i */
    unsigned char twice;      /* bit i: more than once */
} tf_label;

/*
 * The labels of a description in the order of their first occurrence, the output's before the
 * others. Checks the operands and that extents agree.  `list` is of the arena.
 */
typedef struct tf_labels {
    int count, kept;
    tf_label *list;
} tf_labels;
tenferro_status tf_labels_make(tf_arena *arena, const tf_description *description, tf_labels *out);

/* What can be said of one operand alone. */
tenferro_status tf_operand_check(const tenferro_operand *operand, int role);

/* Strides as given, or compact column-major ones written to `room`. */
const int64_t *tf_operand_strides(const tenferro_operand *operand, int64_t *room);

/* ---- the plan ---- */

typedef struct tf_plan_operand {
    int present, conj;
    tenferro_dtype dtype;
    int64_t size;      /* bytes of an element */
    int64_t alignment; /* of a component */
    int64_t low, high; /* the bytes that its elements span, from its pointer; equal: it has none */
    const int64_t *strides;
    int in_place; /* its layout is D's: it may be D */
    int rank;     /* its axes: the plan's labels, but an embedding's C and D as described */
    const int64_t *axis_extents, *axis_strides;
} tf_plan_operand;

typedef struct tf_run tf_run;

struct tenferro_plan {
    atomic_int references;
    int holds_context; /* a reference; the plans of the context's cache do not */
    tenferro_context *context;
    tf_plan_kind kind;
    int op;
    tenferro_status (*run)(tf_run *run);
    tf_engine engine; /* of the context; threads are read anew */
    tf_contract_route route;
    int threads;   /* 0: the context's */
    int is_empty;  /* nothing to write */
    int scales;    /* takes alpha */
    int adds;      /* takes beta */
    int flips;     /* conj was asked of D: operands' are flipped, so must be alpha and beta */
    tf_map_op map; /* of an elementwise operation */
    tf_plan_operand operand[TF_ROLES];
    /* labels of extents other than 1; the first `kept` are D's */
    int labels, kept;
    const int64_t *extents;
    const unsigned char *summed, *in;
    int64_t terms; /* of one output's sum or reduction */
    tf_contraction contraction;
    tf_contract_plan *prepared; /* of a contraction: in the plan's memory */
    int64_t scratch[TF_ROLES]; /* bytes of an operand's conjugate, or of a result before it is scaled */
    int64_t workspace;
    double flops, bytes;
    size_t footprint; /* bytes of the whole plan */
};

tenferro_status tf_plan_make(tenferro_context *context, const tf_description *description,
                             int holds_context, tenferro_plan **out);

/*
 * The files of the kinds: check the rules of their labels and dtypes, then (prepare) fill in what
 * is theirs.
 */
typedef struct tf_plan_rules {
    const char *name;
    tenferro_status (*check)(const tf_description *description, const tf_labels *labels);
    tenferro_status (*prepare)(tenferro_plan *plan);
} tf_plan_rules;
extern const tf_plan_rules tf_contraction_rules, tf_permutation_rules, tf_embedding_rules,
    tf_reduction_rules, tf_elementwise_rules;
const tf_plan_rules *tf_plan_rules_of(tf_plan_kind kind);

/* Shared rules: dtypes of the operands in the mask are D's; C has D's labels; D has each label once. */
tenferro_status tf_check_same_dtypes(const tf_description *description, const char *name);
tenferro_status tf_check_output(const tf_description *description, const tf_labels *labels,
                                const char *name, unsigned sources);

/* ---- running ---- */

struct tf_run {
    const tenferro_plan *plan;
    tf_engine engine; /* its user is this run */
    const void *in[TF_ROLE_D];
    void *out;
    const void *alpha, *beta;       /* NULL: 1 and 0 */
    unsigned char conjugate[2][16]; /* of alpha and beta, where the plan flips */
    /* the caller's workspace */
    atomic_flag busy;
    int live;
    char *begin, *next, *end;
};

tenferro_status
tf_run_init(tf_run *run, const tenferro_plan *plan, const void *const *inputs, void *output,
            const void *alpha, const void *beta, void *workspace, int64_t workspace_bytes);
/* threads: at most so many; 0: the plan's */
tenferro_status tf_run_start(tf_run *run, int threads);

/* D = op(C) unless C is D already and not conjugated. */
tenferro_status tf_run_copy_c(tf_run *run);
/* D = factor D, elementwise over those axes. */
tenferro_status tf_run_scale(tf_run *run, int rank, const int64_t *extents, const int64_t *strides,
                             const void *factor);

/* An element as the number 0 or 1; small constants of a dtype. */
int tf_element_is(tenferro_dtype dtype, const void *element, int value);
const void *tf_element_one(tenferro_dtype dtype);

/* group.c: threads as tf_run_start's */
tenferro_status tf_execute_group(int64_t count, const tenferro_plan_call *calls, int threads);

/* overlap.c: 1 if two arrays may share bytes, 0 if they certainly do not. */
int tf_operands_overlap(const tf_plan_operand *a, const void *a_data, const tf_plan_operand *b,
                        const void *b_data);

/* cache.c: a plan of the context's cache, or a new one if the cache cannot be had; one reference. */
tenferro_status
tf_plan_cached(tenferro_context *context, const tf_description *description, tenferro_plan **out);
#endif
