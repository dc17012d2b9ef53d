/*
 * Products of small matrices that lie side by side: a vector holds the same element of LANES
 * matrices, C a register tile of 4 x 4 such vectors.  Parameters: E, NAME, V, FMA(c, x, y) = c +
 * x*y of vectors; LOAD, STORE, LOAD_FIRST, MASK of microkernel.inc.h.
 */
#define SIDE 4
#define AHEAD_ACROSS 1 /* vectors fetched ahead of their use */

/* is_full is a constant once this is inlined: all lanes, or `count` of them. */
TF_INLINE void NAME(across_tile)(const int is_full, int64_t count, int64_t i, int64_t j, const E *a,
                                 const E *b, E *c, const tf_across *t)
{
    V acc[SIDE][SIDE];
    const E *x_at[SIDE], *y_at[SIDE];
    /* beyond the edge the last row again, which is not stored */
    for (int s = 0; s < SIDE; s++) {
        x_at[s] = a + t->a_rows[TF_MIN(i + s, t->m - 1)];
        y_at[s] = b + t->b_rows[TF_MIN(j + s, t->n - 1)];
    }
    UNROLL for (int q = 0; q < SIDE; q++)
    {
        UNROLL for (int s = 0; s < SIDE; s++) acc[q][s] = (V){0};
    }
    for (int64_t p = 0; p < t->k; p++) {
        V x[SIDE], y;
        int64_t ap = t->a_columns[p], bp = t->b_columns[p];
        /* every element is on a page of its own: nothing else fetches what comes next */
        if (j == 0)
            UNROLL for (int s = 0; s < SIDE; s++) TF_PREFETCH(x_at[s] + ap + AHEAD_ACROSS * LANES);
        if (i == 0)
            UNROLL for (int s = 0; s < SIDE; s++) TF_PREFETCH(y_at[s] + bp + AHEAD_ACROSS * LANES);
        UNROLL for (int s = 0; s < SIDE; s++)
            x[s] = is_full ? LOAD(x_at[s] + ap) : LOAD_FIRST(MASK(count), x_at[s] + ap);
        UNROLL for (int q = 0; q < SIDE; q++)
        {
            y = is_full ? LOAD(y_at[q] + bp) : LOAD_FIRST(MASK(count), y_at[q] + bp);
            UNROLL for (int s = 0; s < SIDE; s++) acc[q][s] = FMA(acc[q][s], x[s], y);
        }
    }
    /* through memory, so that the rest needs no constant indices */
    V tile[SIDE][SIDE];
    UNROLL for (int q = 0; q < SIDE; q++)
    {
        UNROLL for (int s = 0; s < SIDE; s++) tile[q][s] = acc[q][s];
    }
    const E alpha = *(const E *)t->alpha, beta = t->beta != NULL ? *(const E *)t->beta : alpha;
    for (int64_t q = 0; q < TF_MIN(SIDE, t->n - j); q++)
        for (int64_t s = 0; s < TF_MIN(SIDE, t->m - i); s++) {
            E *to = c + t->c_rows[i + s] + t->c_columns[j + q];
            V z = tile[q][s] * alpha;
            if (t->beta != NULL)
                z += (is_full ? LOAD(to) : LOAD_FIRST(MASK(count), to)) * beta;
            if (is_full)
                STORE(to, z);
            else
                memcpy(to, &z, (size_t)count * sizeof(E));
        }
}

static void NAME(across)(int64_t count, const void *pa, const void *pb, void *pc, const tf_across *t)
{
    const E *a = pa, *b = pb;
    E *c = pc;
    for (; count > 0; count -= LANES, a += LANES, b += LANES, c += LANES)
        for (int64_t j = 0; j < t->n; j += SIDE)
            for (int64_t i = 0; i < t->m; i += SIDE)
                if (count >= LANES)
                    NAME(across_tile)(1, LANES, i, j, a, b, c, t);
                else
                    NAME(across_tile)(0, count, i, j, a, b, c, t);
}

#undef SIDE
#undef AHEAD_ACROSS
