/* The contraction as a sum over an odometer.  Parameters: T, NAME, ADD, MUL, CONJ, ZERO. */
#if !defined(T) || !defined(NAME) || !defined(ADD) || !defined(MUL) || !defined(CONJ) || \
    !defined(ZERO)
#error "naive.inc.h needs T, NAME, ADD, MUL, CONJ and ZERO"
#endif

static T NAME(inner)(const tf_loop *sum, const T *a, const T *b, int conj_a, int conj_b)
{
    T total = ZERO;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    int64_t n = sum->extents[0], sa = sum->strides[0][0], sb = sum->strides[1][0];
    tf_loop_seek(sum, 1, 0, counters, offsets);
    for (int64_t done = 0; done < sum->count; done += n) {
        const T *x = a + offsets[0], *y = b + offsets[1];
        for (int64_t i = 0; i < n; i++)
            total = ADD(total, MUL(CONJ(x[i * sa], conj_a), CONJ(y[i * sb], conj_b)));
        tf_loop_step(sum, 1, counters, offsets);
    }
    return total;
}

static void
NAME(naive)(const tf_problem *p, const tf_operands *o, const tf_loop *out, const tf_loop *sum)
{
    const T *alpha = o->alpha, *beta = o->beta;
    const T *a = (const void *)o->in[TF_A], *b = (const void *)o->in[TF_B];
    T *c = (void *)o->c;
    int64_t counters[TF_MAX_AXES], offsets[TF_MAX_OPERANDS];
    tf_loop_seek(out, 0, 0, counters, offsets);
    for (int64_t i = 0; i < out->count; i++) {
        T value = ZERO, *target = c + offsets[0];
        if (sum->count > 0) /* an empty sum is 0, whatever alpha is; operands may then be NULL */
            value = MUL(*alpha, NAME(inner)(sum, a + offsets[1], b + offsets[2], p->conj[TF_A],
                                            p->conj[TF_B]));
        *target = beta == NULL ? value : ADD(value, MUL(*beta, *target));
        tf_loop_step(out, 0, counters, offsets);
    }
}

#undef T
#undef NAME
#undef ADD
#undef MUL
#undef CONJ
#undef ZERO
