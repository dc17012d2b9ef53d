/* Which axes make a tile, and where its elements are. */
#include "kernels/tile.h"

#define SHORT 8      /* elements of a group that cannot fill a cache line */
#define WORTHWHILE 4 /* shorter groups go on even if what follows is not contiguous */
#define BORDER 16    /* tiles begin at multiples of this where they can */

typedef struct group {
    int operand; /* whose density counts */
    int axes[TF_MAX_AXES], count;
    int64_t length; /* of a tile: the product of the extents, the last one's perhaps cut */
    int64_t block;  /* of the last axis */
    int64_t limit;
    int closed;
} group;

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* The densest axis that is in no group yet; -1: none. */
static int next_axis(const tf_loop *loop, const char *taken, int operand)
{
    int best = -1;
    int64_t least = INT64_MAX;
    for (int axis = 0; axis < loop->rank; axis++) {
        int64_t stride = magnitude(loop->strides[operand][axis]);
        if (!taken[axis] && stride != 0 && stride < least) {
            best = axis;
            least = stride;
        }
    }
    return best;
}

static int64_t round_up(int64_t n, int64_t step)
{
    return (n + step - 1) / step * step;
}

static void grow(group *g, const tf_loop *loop, char *taken)
{
    int axis = next_axis(loop, taken, g->operand);
    if (axis < 0 || (g->length >= WORTHWHILE && loop->strides[g->operand][axis] != g->length)) {
        g->closed = 1;
        return;
    }
    int64_t extent = loop->extents[axis], room = TF_MAX(1, g->limit / g->length);
    if (2 * g->length <= g->limit && extent > room && extent <= 2 * room &&
        g->length * extent <= TF_TILE_LENGTH)
        room = extent; /* rather a little longer than in two pieces */
    if (room == 1 && g->count > 0) {
        g->closed = 1;
        return;
    }
    taken[axis] = 1;
    g->axes[g->count++] = axis;
    g->block = extent;
    if (extent > room) { /* tiles of about the same length */
        int64_t parts = (extent - 1) / room + 1, even = (extent - 1) / parts + 1;
        g->block = g->length == 1 ? TF_MIN(round_up(even, BORDER), room) : even;
        g->closed = 1;
    }
    g->length *= g->block;
    if (g->length >= g->limit)
        g->closed = 1;
}

/* The groups take axes in turn, the shorter one first; at least one axis each if there are two. */
static void choose(group *groups, const tf_loop *loop, char *taken)
{
    if (!groups[1].closed)
        grow(&groups[1], loop, taken);
    grow(&groups[0], loop, taken);
    while (!groups[0].closed || !groups[1].closed) {
        int g = groups[0].closed || (!groups[1].closed && groups[1].length < groups[0].length);
        grow(&groups[g], loop, taken);
    }
}

static void fill(const group *g, const tf_loop *loop, int operand, int64_t *offsets)
{
    int64_t filled = 1;
    offsets[0] = 0;
    for (int a = 0; a < g->count; a++) {
        int64_t stride = loop->strides[operand][g->axes[a]];
        int64_t whole = filled * (a + 1 == g->count ? g->block : loop->extents[g->axes[a]]);
        for (int64_t i = filled; i < whole; i++)
            offsets[i] = offsets[i - filled] + stride;
        filled = whole;
    }
}

/* An axis of the outer loop: the tiles along group `which`. */
static void add_outer(tf_tiles *t, int which, const group *g, const tf_loop *loop)
{
    int at = TF_TILE_AXIS(which);
    int last = g->count > 0 ? g->axes[g->count - 1] : -1;
    int64_t extent = last < 0 ? 1 : loop->extents[last], count = (extent - 1) / g->block + 1;
    t->outer.extents[at] = count;
    for (int i = 0; i < loop->operands; i++)
        t->outer.strides[i][at] = last < 0 ? 0 : loop->strides[i][last] * g->block;
    t->length[which] = g->length;
    t->last[which] = g->length / g->block * (extent - (count - 1) * g->block);
}

static void set_block(group *g, int64_t block)
{
    g->length = g->length / g->block * block;
    g->block = block;
}

/* The longest block of the last axis with which the tile keeps within the area. */
static int64_t longest_block(const group *g, const group *other, int64_t area)
{
    return TF_MAX(1, area / other->length / (g->length / g->block));
}

void tf_tiles_init(tf_tiles *t, const tf_loop *loop, int across, int64_t run, int64_t area)
{
    char taken[TF_MAX_AXES] = {0};
    group groups[2] = {{.operand = 0, .length = 1, .block = 1, .limit = run},
                       {.operand = across, .length = 1, .block = 1, .limit = TF_MAX(1, area / run)}};
    groups[1].closed = across == 0;
    choose(groups, loop, taken);
    for (int g = 1; g >= 0; g--)
        set_block(&groups[g],
                  TF_MIN(groups[g].block, longest_block(&groups[g], &groups[1 - g], area)));
    for (int g = 0; g < 2; g++) /* a short group lets the other one be long */
        if (groups[1 - g].length < SHORT && groups[g].count > 0) {
            int64_t room = longest_block(&groups[g], &groups[1 - g],
                                         TF_MIN(area, groups[1 - g].length * TF_TILE_LENGTH));
            int64_t extent = loop->extents[groups[g].axes[groups[g].count - 1]];
            set_block(&groups[g], TF_MAX(groups[g].block, TF_MIN(extent, room)));
        }
    t->outer.operands = loop->operands;
    add_outer(t, 0, &groups[0], loop);
    add_outer(t, 1, &groups[1], loop);
    int rank = 2;
    for (int axis = 0; axis < loop->rank; axis++)
        if (!taken[axis]) {
            t->outer.extents[rank] = loop->extents[axis];
            for (int i = 0; i < loop->operands; i++)
                t->outer.strides[i][rank] = loop->strides[i][axis];
            rank++;
        }
    t->outer.rank = rank;
    t->outer.count = 1;
    for (int axis = 0; axis < rank; axis++)
        t->outer.count *= t->outer.extents[axis];
    for (int i = 0; i < loop->operands; i++) {
        t->outer.shift[i] = loop->shift[i];
        fill(&groups[0], loop, i, t->offsets[i][0]);
        fill(&groups[1], loop, i, t->offsets[i][1]);
    }
}

int tf_tile_is_regular(const tf_tiles *t, int operand, int which, int64_t *stride)
{
    const int64_t *offsets = t->offsets[operand][which];
    *stride = t->length[which] > 1 ? offsets[1] : 1;
    for (int64_t i = 2; i < t->length[which]; i++)
        if (offsets[i] != i * *stride)
            return 0;
    return 1;
}

int tf_tile_is_joined(const tf_tiles *t, int operand, int64_t step)
{
    for (int64_t j = 0; j < t->length[1]; j++)
        if (t->offsets[operand][1][j] != j * t->length[0] * step)
            return 0;
    return 1;
}

int tf_is_aligned(const tf_loop *loop, const void *out, int64_t size, int64_t least)
{
    uintptr_t bits = (uintptr_t)out + (uintptr_t)(loop->shift[0] * size);
    for (int axis = 0; axis < loop->rank; axis++)
        if (loop->extents[axis] > 1 && loop->strides[0][axis] * size >= least)
            bits |= (uintptr_t)(loop->strides[0][axis] * size);
    return bits % 64 == 0;
}

int tf_tiles_are_aligned(const tf_tiles *t, const void *out, int64_t size)
{
    uintptr_t bits = 0;
    for (int64_t j = 1; j < t->length[1]; j++)
        bits |= (uintptr_t)(t->offsets[0][1][j] * size);
    return bits % 64 == 0 && tf_is_aligned(&t->outer, out, size, 0);
}
