/* Which instruction set's kernels a context uses. */

#include <stdlib.h>
#include <string.h>

#include "memory/context_private.h"

static const char *const names[TF_ISA_COUNT] = {
    [TF_ISA_PORTABLE] = "portable",
    [TF_ISA_AVX2] = "avx2",
    [TF_ISA_AVX512] = "avx512",
    [TF_ISA_NEON] = "neon",
};

const char *tf_isa_name(tf_isa isa)
{
    return names[isa];
}

static int available(tf_isa isa, const tf_cpu *cpu)
{
    switch (isa) {
    case TF_ISA_AVX2:
        return cpu->avx2_fma;
    case TF_ISA_AVX512:
        return cpu->avx512;
    case TF_ISA_NEON:
        return cpu->neon;
    default:
        return 1;
    }
}

tenferro_status tf_isa_choose(const char *wanted, const tf_cpu *cpu, tf_isa *out)
{
    const char *whence = "isa";
    if (!wanted) {
        wanted = getenv("TENFERRO_ISA");
        whence = "TENFERRO_ISA";
    }
    if (!wanted || !*wanted) {
        *out = TF_ISA_PORTABLE;
        for (int isa = 0; isa < TF_ISA_COUNT; isa++)
            if (available((tf_isa)isa, cpu))
                *out = (tf_isa)isa;
        return TENFERRO_OK;
    }
    for (int isa = 0; isa < TF_ISA_COUNT; isa++) {
        if (strcmp(wanted, names[isa]) != 0)
            continue;
        if (!available((tf_isa)isa, cpu))
            return tf_fail(TENFERRO_UNSUPPORTED, "%s: this CPU has no %s", whence, wanted);
        *out = (tf_isa)isa;
        return TENFERRO_OK;
    }
    return tf_fail(TENFERRO_INVALID_ARGUMENT,
                   "%s: unknown \"%s\"; choose portable, avx2, avx512 or neon", whence, wanted);
}
