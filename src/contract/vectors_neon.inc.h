/* vectors.inc.h for aarch64's NEON (Advanced SIMD) */
#include <arm_neon.h>

#define FMA_F64(c, x, y) ((v_f64)vfmaq_f64((float64x2_t)(c), (float64x2_t)(x), (float64x2_t)(y)))
#define FMA_F32(c, x, y) ((v_f32)vfmaq_f32((float32x4_t)(c), (float32x4_t)(x), (float32x4_t)(y)))

#define MULADD_F64(c, x, y) ((v_f64)vfmaq_n_f64((float64x2_t)(c), (float64x2_t)(x), y))
#define MULSUB_F64(c, x, y) ((v_f64)vfmsq_n_f64((float64x2_t)(c), (float64x2_t)(x), y))
#define MULADD_F32(c, x, y) ((v_f32)vfmaq_n_f32((float32x4_t)(c), (float32x4_t)(x), y))
#define MULSUB_F32(c, x, y) ((v_f32)vfmsq_n_f32((float32x4_t)(c), (float32x4_t)(x), y))

/* There is no product of 64-bit integers: 2^32 (low*high + high*low) + low*low. */
#define MULADD_I64 muladd_i64
TF_INLINE v_i64 muladd_i64(v_i64 c, v_i64 x, uint64_t y)
{
    uint32x4_t by = vreinterpretq_u32_u64(vdupq_n_u64(y));
    uint64x2_t cross = vpaddlq_u32(vmulq_u32((uint32x4_t)x, vrev64q_u32(by)));
    uint64x2_t sum = vaddq_u64((uint64x2_t)c, vshlq_n_u64(cross, 32));
    return (v_i64)vmlal_lane_u32(sum, vmovn_u64((uint64x2_t)x), vget_low_u32(by), 0);
}

/* lo, hi = re0 im0 re1 im1 ...: apart, and together again */
TF_INLINE void split_f64(v_f64 lo, v_f64 hi, v_f64 *re, v_f64 *im)
{
    *re = (v_f64)vuzp1q_f64((float64x2_t)lo, (float64x2_t)hi);
    *im = (v_f64)vuzp2q_f64((float64x2_t)lo, (float64x2_t)hi);
}

TF_INLINE void merge_f64(v_f64 re, v_f64 im, v_f64 *lo, v_f64 *hi)
{
    *lo = (v_f64)vzip1q_f64((float64x2_t)re, (float64x2_t)im);
    *hi = (v_f64)vzip2q_f64((float64x2_t)re, (float64x2_t)im);
}

TF_INLINE void split_f32(v_f32 lo, v_f32 hi, v_f32 *re, v_f32 *im)
{
    *re = (v_f32)vuzp1q_f32((float32x4_t)lo, (float32x4_t)hi);
    *im = (v_f32)vuzp2q_f32((float32x4_t)lo, (float32x4_t)hi);
}

TF_INLINE void merge_f32(v_f32 re, v_f32 im, v_f32 *lo, v_f32 *hi)
{
    *lo = (v_f32)vzip1q_f32((float32x4_t)re, (float32x4_t)im);
    *hi = (v_f32)vzip2q_f32((float32x4_t)re, (float32x4_t)im);
}

/* x[j][i] becomes x[i][j]: 2 x 2 elements of 8 bytes */
#define TURN_8 2
typedef float64x2_t turn_8;
#define TURN_LOAD_8(p) vld1q_f64(p)
#define TURN_STORE_8(p, v) vst1q_f64(p, v)
#define TURN_STORE_FIRST_8(n, p, v) memcpy(p, &(v), (size_t)(n)*8)
#define TURN_ZERO_8 vdupq_n_f64(0)

TF_INLINE void turn_block_8(turn_8 x[2])
{
    turn_8 first = vzip1q_f64(x[0], x[1]);
    x[1] = vzip2q_f64(x[0], x[1]);
    x[0] = first;
}

/* 4 x 4 elements of 4 bytes */
#define TURN_4 4
typedef float32x4_t turn_4;
#define TURN_LOAD_4(p) vld1q_f32(p)
#define TURN_STORE_4(p, v) vst1q_f32(p, v)
#define TURN_STORE_FIRST_4(n, p, v) memcpy(p, &(v), (size_t)(n)*4)
#define TURN_ZERO_4 vdupq_n_f32(0)

TF_INLINE void turn_block_4(turn_4 x[4])
{
    turn_4 y0 = vzip1q_f32(x[0], x[2]), y1 = vzip2q_f32(x[0], x[2]);
    turn_4 y2 = vzip1q_f32(x[1], x[3]), y3 = vzip2q_f32(x[1], x[3]);
    x[0] = vzip1q_f32(y0, y2);
    x[1] = vzip2q_f32(y0, y2);
    x[2] = vzip1q_f32(y1, y3);
    x[3] = vzip2q_f32(y1, y3);
}
