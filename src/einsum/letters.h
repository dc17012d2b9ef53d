/* What may be a label: a letter of any script. */
#ifndef TF_EINSUM_LETTERS_H
#define TF_EINSUM_LETTERS_H

#include <stddef.h>
#include <stdint.h>

int tf_is_letter(uint32_t code);

#endif
