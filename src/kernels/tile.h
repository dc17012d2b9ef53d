/*
 * Loop nests whose operands disagree about the order of their axes, cut into tiles: two groups of
 * axes, each dense in one operand, so that every cache line fetched by a tile is used whole.
 */
#ifndef TF_KERNELS_TILE_H
#define TF_KERNELS_TILE_H

#include "kernels/loop.h"

#define TF_TILE_LENGTH 512 /* elements of a tile along one group, at most */

/*
 * A tile has elements (i, j), i < n[0], j < n[1], at offsets[k][0][i] + offsets[k][1][j] of operand
 * k from its origin.  Group 0 is dense in operand 0, group 1 in operand `across` (0: it is empty).
 */
typedef struct tf_tiles {
    tf_loop outer;     /* over the tiles: along group 1, along group 0, then the rest */
    int64_t length[2]; /* of a whole tile */
    int64_t last[2];   /* of the last one along its group */
    int64_t offsets[TF_MAX_OPERANDS][2][TF_TILE_LENGTH];
} tf_tiles;

/* The axis of `outer` along a group: the input's long rows are read on first. */
#define TF_TILE_AXIS(group) (1 - (group))

/*
 * Cuts a loop that is not empty into tiles of at most `area` elements, about `run` of them (at most
 * TF_TILE_LENGTH, as area / run is) along group 0.  Borders depend on the loop alone.
 */
void tf_tiles_init(tf_tiles *tiles, const tf_loop *loop, int across, int64_t run, int64_t area);

/* The extents of the tile at those counters of `outer`. */
static inline void tf_tile_extents(const tf_tiles *tiles, const int64_t *counters, int64_t *n)
{
    for (int g = 0; g < 2; g++)
        n[g] = counters[TF_TILE_AXIS(g)] + 1 == tiles->outer.extents[TF_TILE_AXIS(g)]
                   ? tiles->last[g]
                   : tiles->length[g];
}

/* 1 if an output's runs along group 0 follow one another, elements `step` apart. */
int tf_tile_is_joined(const tf_tiles *tiles, int operand, int64_t step);

/* 1 if operand 0 at `out`, and all of its strides of at least so many bytes, keep to cache lines. */
int tf_is_aligned(const tf_loop *loop, const void *out, int64_t size, int64_t least);
int tf_tiles_are_aligned(const tf_tiles *tiles, const void *out, int64_t size);

/* 1 if the offsets of the whole tile in that operand and group are 0, *stride, 2 *stride ... */
int tf_tile_is_regular(const tf_tiles *tiles, int operand, int which, int64_t *stride);

#endif
