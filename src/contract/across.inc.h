/*
 * Products of small matrices that lie side by side: a vector holds the same element of LANES
 * matrices, C a register tile of such vectors.  Elements are far apart in memory, so a block of
 * matrices is copied first, and what the next block reads is fetched while this one is multiplied.
 * Parameters: E, NAME, V, FMA(c, x, y) = c + x*y of vectors; LOAD, STORE, LOAD_FIRST, MASK of
 * microkernel.inc.h, STREAM.
 */
#define SIDE TF_ACROSS_SIDE
#define COLUMNS (VECTOR_BYTES == 32 ? 2 : 4) /* what the registers hold */
#define IN_LINE (64 / VECTOR_BYTES)

/* The elements of `count` matrices: for each vector of them one after another. */
static void NAME(gather)(const tf_across *t, int64_t first, int64_t count, E *to)
{
    int64_t elements = TF_ACROSS_INPUTS(t), whole = count / LANES, rest = count % LANES;
    for (int64_t e = 0; e < elements; e++) {
        const E *from = (const E *)t->at[e] + first;
        E *z = to + e * LANES;
        for (int64_t v = 0; v < whole; v++)
            STORE(z + v * (elements + 1) * LANES, LOAD(from + v * LANES));
        if (rest > 0)
            STORE(z + whole * (elements + 1) * LANES, LOAD_FIRST(MASK(rest), from + whole * LANES));
    }
}

/* tile[q][s][at] = sum of x[p][s] y[p][q]; steps in elements, edges in vectors. */
TF_INLINE void
NAME(across_tile)(int64_t k, const E *x, int64_t x_step, int64_t rows, const E *y, int64_t y_step,
                  int64_t columns, V (*tile)[SIDE][IN_LINE], int64_t at, tf_fetch *fetch)
{
    V acc[COLUMNS][SIDE];
    int64_t x_at[SIDE], y_at[COLUMNS];
    tf_fetch f = *fetch;
    /* beyond the edge the last row again, which is not stored */
    for (int s = 0; s < SIDE; s++)
        x_at[s] = TF_MIN(s, rows - 1) * LANES;
    for (int q = 0; q < COLUMNS; q++)
        y_at[q] = TF_MIN(q, columns - 1) * LANES;
    UNROLL for (int q = 0; q < COLUMNS; q++)
    {
        UNROLL for (int s = 0; s < SIDE; s++) acc[q][s] = (V){0};
    }
    for (int64_t p = 0; p < k; p++, x += x_step, y += y_step) {
        for (int64_t i = 0; i < f.rate && f.at < f.end; i++) {
            TF_PREFETCH_L2(*f.at + f.offset + f.done);
            f.done += 64;
            if (f.done == f.bytes) {
                f.done = 0;
                f.at++;
            }
        }
        UNROLL for (int q = 0; q < COLUMNS; q++)
        {
            V b = LOAD(y + y_at[q]);
            UNROLL for (int s = 0; s < SIDE; s++) acc[q][s] = FMA(acc[q][s], LOAD(x + x_at[s]), b);
        }
    }
    *fetch = f;
    UNROLL for (int q = 0; q < COLUMNS; q++)
    {
        UNROLL for (int s = 0; s < SIDE; s++) tile[q][s][at] = acc[q][s];
    }
}

/* A cache line of one element of C, or its first `count` numbers. */
TF_INLINE void NAME(across_store)(const tf_across *t, int64_t count, const V *line, E *to)
{
    const E alpha = *(const E *)t->alpha, beta = t->beta != NULL ? *(const E *)t->beta : alpha;
    const int is_streamed = t->streams && count >= IN_LINE * LANES;
    for (int v = 0; v < IN_LINE && count > 0; v++, count -= LANES, to += LANES) {
        V z = line[v] * alpha;
        if (t->beta != NULL)
            z += (count >= LANES ? LOAD(to) : LOAD_FIRST(MASK(count), to)) * beta;
        if (is_streamed)
            STREAM(to, z);
        else if (count >= LANES)
            STORE(to, z);
        else
            memcpy(to, &z, (size_t)count * sizeof(E));
    }
}

/* One cache line of each element, at most, of a block that is gathered. */
static void
NAME(across_line)(const tf_across *t, int64_t count, const E *block, E *c, tf_fetch *fetch)
{
    int64_t size = (TF_ACROSS_INPUTS(t) + 1) * LANES;
    for (int64_t j = 0; j < t->n; j += COLUMNS) {
        int64_t panel = j / SIDE * SIDE, height = TF_MIN(SIDE, t->n - panel);
        int64_t columns = TF_MIN(COLUMNS, t->n - j);
        const E *y = block + (t->m * t->k + panel * t->k + (j - panel)) * LANES;
        for (int64_t i = 0; i < t->m; i += SIDE) {
            V tile[COLUMNS][SIDE][IN_LINE];
            int64_t rows = TF_MIN(SIDE, t->m - i);
            for (int64_t v = 0; v < IN_LINE && v * LANES < count; v++)
                NAME(across_tile)
            (t->k, block + v * size + i * t->k * LANES, rows * LANES, rows, y + v * size,
             height * LANES, columns, tile, v, fetch);
            for (int64_t q = 0; q < columns; q++)
                for (int64_t s = 0; s < rows; s++)
                    NAME(across_store)
            (t, count, tile[q][s], c + t->c_rows[i + s] + t->c_columns[j + q]);
        }
    }
}

static void NAME(across)(int64_t first, int64_t count, void *pc, const tf_across *t, void *scratch)
{
    const int64_t line = IN_LINE * LANES, width = t->lines * line;
    const int64_t size = IN_LINE * (TF_ACROSS_INPUTS(t) + 1) * LANES;
    for (; count > 0; count -= width, first += width) {
        int64_t block = TF_MIN(count, width);
        tf_fetch fetch = {.at = t->at,
                          .end = count > width ? t->at + t->fetched : t->at,
                          .offset = (first + width) * (int64_t)sizeof(E),
                          .bytes = t->lines * 64,
                          .rate = t->rate};
        NAME(gather)(t, first, block, scratch);
        for (int64_t at = 0; at < block; at += line)
            NAME(across_line)
        (t, TF_MIN(line, block - at), (const E *)scratch + at / line * size, (E *)pc + first + at,
         &fetch);
    }
}

#undef SIDE
#undef COLUMNS
#undef IN_LINE
