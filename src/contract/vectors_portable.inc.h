/* vectors.inc.h for any machine */
#define FMA_F64(c, x, y) ((c) + (x) * (y))
#define FMA_F32 FMA_F64

#define MULADD_F64(c, x, y) ((c) + (x) * (y))
#define MULSUB_F64(c, x, y) ((c) - (x) * (y))
#define MULADD_F32 MULADD_F64
#define MULSUB_F32 MULSUB_F64
