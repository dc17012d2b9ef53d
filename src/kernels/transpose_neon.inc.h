/*
 * Blocks of a transpose in registers: z[i + zo[j]] = x[xo[i] + j].  Elements of 4 bytes and more
 * write whole cache lines (see transpose.inc.h for the names).
 */
#ifndef TF_TRANSPOSE_NEON
#define TF_TRANSPOSE_NEON

#include <arm_neon.h>

static inline uint8x16_t load_bytes(const void *p)
{
    return vld1q_u8(p);
}

static inline void store_bytes(void *p, uint8x16_t v)
{
    vst1q_u8(p, v);
}

/* 4 x 4 */
static inline void
transpose_16(const raw16 *x, const int64_t *xo, raw16 *z, const int64_t *zo, int stream)
{
    (void)stream;
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++)
            store_bytes(z + zo[j] + i, load_bytes(x + xo[i] + j));
}

/* 8 x 8 */
static inline void
transpose_8(const raw8 *x, const int64_t *xo, raw8 *z, const int64_t *zo, int stream)
{
    (void)stream;
    for (int j = 0; j < 8; j += 2)
        for (int i = 0; i < 8; i += 2) {
            uint64x2_t even = vreinterpretq_u64_u8(load_bytes(x + xo[i] + j));
            uint64x2_t odd = vreinterpretq_u64_u8(load_bytes(x + xo[i + 1] + j));
            store_bytes(z + zo[j] + i, vreinterpretq_u8_u64(vzip1q_u64(even, odd)));
            store_bytes(z + zo[j + 1] + i, vreinterpretq_u8_u64(vzip2q_u64(even, odd)));
        }
}

/* 16 x 4 */
static inline void
transpose_4(const raw4 *x, const int64_t *xo, raw4 *z, const int64_t *zo, int stream)
{
    (void)stream;
    for (int i = 0; i < 16; i += 4) {
        uint32x4_t r[4];
        for (int k = 0; k < 4; k++)
            r[k] = vreinterpretq_u32_u8(load_bytes(x + xo[i + k]));
        uint32x4_t low02 = vzip1q_u32(r[0], r[2]), high02 = vzip2q_u32(r[0], r[2]);
        uint32x4_t low13 = vzip1q_u32(r[1], r[3]), high13 = vzip2q_u32(r[1], r[3]);
        store_bytes(z + zo[0] + i, vreinterpretq_u8_u32(vzip1q_u32(low02, low13)));
        store_bytes(z + zo[1] + i, vreinterpretq_u8_u32(vzip2q_u32(low02, low13)));
        store_bytes(z + zo[2] + i, vreinterpretq_u8_u32(vzip1q_u32(high02, high13)));
        store_bytes(z + zo[3] + i, vreinterpretq_u8_u32(vzip2q_u32(high02, high13)));
    }
}

/* 8 x 8: rows i and i + 4 interleaved, then those that lie 2 apart, then 1 */
static inline void
transpose_2(const raw2 *x, const int64_t *xo, raw2 *z, const int64_t *zo, int stream)
{
    (void)stream;
    uint16x8_t r[8], y[8];
    for (int i = 0; i < 8; i++)
        r[i] = vreinterpretq_u16_u8(load_bytes(x + xo[i]));
    for (int i = 0; i < 4; i++) {
        y[2 * i] = vzip1q_u16(r[i], r[i + 4]);
        y[2 * i + 1] = vzip2q_u16(r[i], r[i + 4]);
    }
    for (int i = 0; i < 4; i++) {
        r[2 * i] = vzip1q_u16(y[i], y[i + 4]);
        r[2 * i + 1] = vzip2q_u16(y[i], y[i + 4]);
    }
    for (int i = 0; i < 4; i++) {
        store_bytes(z + zo[2 * i], vreinterpretq_u8_u16(vzip1q_u16(r[i], r[i + 4])));
        store_bytes(z + zo[2 * i + 1], vreinterpretq_u8_u16(vzip2q_u16(r[i], r[i + 4])));
    }
}

/* 16 x 8: as above, from rows i and i + 8 side by side */
static inline void
transpose_1(const raw1 *x, const int64_t *xo, raw1 *z, const int64_t *zo, int stream)
{
    (void)stream;
    uint8x16_t r[8], y[8];
    for (int i = 0; i < 8; i++)
        r[i] = vzip1q_u8(vcombine_u8(vld1_u8(x + xo[i]), vcreate_u8(0)),
                         vcombine_u8(vld1_u8(x + xo[i + 8]), vcreate_u8(0)));
    for (int i = 0; i < 4; i++) {
        y[2 * i] = vzip1q_u8(r[i], r[i + 4]);
        y[2 * i + 1] = vzip2q_u8(r[i], r[i + 4]);
    }
    for (int i = 0; i < 4; i++) {
        r[2 * i] = vzip1q_u8(y[i], y[i + 4]);
        r[2 * i + 1] = vzip2q_u8(y[i], y[i + 4]);
    }
    for (int i = 0; i < 4; i++) {
        store_bytes(z + zo[2 * i], vzip1q_u8(r[i], r[i + 4]));
        store_bytes(z + zo[2 * i + 1], vzip2q_u8(r[i], r[i + 4]));
    }
}

#endif
