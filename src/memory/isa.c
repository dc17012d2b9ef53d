/* Which instruction set's kernels a context uses. */

#include <stdlib.h>
#include <string.h>

#include "memory/context_private.h"

static const char *const names[TF_ISA_COUNT] = {
    [TF_ISA_PORTABLE] = "portable", [TF_ISA_AVX2] = "avx2", [TF_ISA_AVX512] = "avx512"};

const char *tf_isa_name(tf_isa isa)
{
    return names[isa];
}

static int available(tf_isa isa, const tf_cpu *cpu)
{
    switch (isa) {
    case TF_ISA_AVX512:
        return cpu->avx512;
    case TF_ISA_AVX2:
        return cpu->avx2_fma;
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
        *out = available(TF_ISA_AVX512, cpu) ? TF_ISA_AVX512
               : available(TF_ISA_AVX2, cpu) ? TF_ISA_AVX2
                                             : TF_ISA_PORTABLE;
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
    return tf_fail(TENFERRO_INVALID_ARGUMENT, "%s: unknown \"%s\"; choose portable, avx2 or avx512",
                   whence, wanted);
}
