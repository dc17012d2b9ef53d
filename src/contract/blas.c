/* The guest's gemm on fused matrices, in a loop over the batch. */
#include "contract/route.h"

/*
 * A matrix as a BLAS wants it: stored column-major with that leading dimension, or its transpose.
 */
typedef struct matrix {
    char transposed;
    int64_t leading;
} matrix;

/* rows x columns with strides r and c, which mean nothing for an extent of 1. */
static int fits(int64_t rows, int64_t columns, int64_t r, int64_t c, int conj, matrix *out)
{
    int normal = (r == 1 || rows == 1) && (columns == 1 || c >= rows);
    int transposed = (c == 1 || columns == 1) && (rows == 1 || r >= columns);
    if (conj ? !transposed : !normal && !transposed)
        return 0;
    if (normal && !conj) {
        out->transposed = 'N';
        out->leading = columns == 1 ? rows : c;
    } else {
        out->transposed = conj ? 'C' : 'T';
        out->leading = rows == 1 ? columns : r;
    }
    return 1;
}

static int64_t stride(const tf_group *group, int operand)
{
    return group->count == 0 ? 1 : group->strides[operand][0];
}

/* 1 if C is column-major as M x N and A and B fit. */
static int matrices(const tf_problem *p, matrix *a, matrix *b, matrix *c)
{
    return fits(p->m.size, p->n.size, stride(&p->m, TF_C), stride(&p->n, TF_C), 0, c) &&
           c->transposed == 'N' &&
           fits(p->m.size, p->k.size, stride(&p->m, TF_A), stride(&p->k, TF_A), p->conj[TF_A], a) &&
           fits(p->k.size, p->n.size, stride(&p->k, TF_B), stride(&p->n, TF_B), p->conj[TF_B], b);
}

/* Exchanges A and B if that makes C column-major. */
static int arrange(tf_problem *p, matrix *a, matrix *b, matrix *c)
{
    if (p->m.count > 1 || p->n.count > 1 || p->k.count > 1)
        return 0;
    if (matrices(p, a, b, c))
        return 1;
    tf_problem_swap(p);
    return matrices(p, a, b, c);
}

const char *tf_blas_refuses(const tf_engine *engine, const tf_problem *problem)
{
    tf_problem p = *problem;
    matrix a, b, c;
    if (p.dtype < TENFERRO_FLOAT32 || engine->gemm == NULL || engine->has_gemm == NULL)
        return "there is no guest with a gemm for this dtype";
    if (!arrange(&p, &a, &b, &c))
        return "the labels do not fuse to matrices that a BLAS takes";
    if (!engine->has_gemm(engine->user, p.dtype))
        return "there is no guest with a gemm for this dtype";
    return NULL;
}

tenferro_status tf_contract_blas(const tf_engine *engine, const tf_problem *problem,
                                 const tf_prepared *prepared, const tf_operands *operands)
{
    tf_problem p = *problem;
    tf_operands o = *operands;
    matrix a, b, c;
    tf_scalar zero;
    (void)prepared;
    if (!arrange(&p, &a, &b, &c))
        return tf_fail(TENFERRO_UNSUPPORTED, "contraction: no matrices that a gemm takes");
    if (p.is_swapped != problem->is_swapped) {
        o.in[TF_A] = operands->in[TF_B];
        o.in[TF_B] = operands->in[TF_A];
    }
    memset(&zero, 0, sizeof zero);
    for (int64_t i = 0; i < p.batch.size; i++) {
        int64_t offsets[3];
        for (int operand = 0; operand < 3; operand++)
            tf_group_offsets(&p.batch, operand, i, 1, &offsets[operand]);
        if (engine->cancelled != NULL && engine->cancelled(engine->user))
            return tf_fail(TENFERRO_CANCELLED, "cancelled");
        TF_TRY(engine->gemm(engine->user, p.dtype, a.transposed, b.transposed, p.m.size, p.n.size,
                            p.k.size, o.alpha, o.in[TF_A] + offsets[TF_A] * p.size, a.leading,
                            o.in[TF_B] + offsets[TF_B] * p.size, b.leading,
                            o.beta != NULL ? o.beta : &zero, o.c + offsets[TF_C] * p.size,
                            c.leading));
    }
    return TENFERRO_OK;
}
