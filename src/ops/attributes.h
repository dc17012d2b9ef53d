/* The one attributes struct of our own primitives, so that copying, hashing, evaluating and
 * printing are written once. */
#ifndef TF_OPS_ATTRIBUTES_H
#define TF_OPS_ATTRIBUTES_H

#include <tenferro/primitive.h>

/* What each member means is said in the operation's file. */
typedef struct tf_attributes {
    int64_t word[4];
    tenferro_number number, number2;
    int64_t count;       /* entries of list */
    int64_t extents;     /* the first so many are extents and may be symbolic */
    const int64_t *list; /* owned by copies, borrowed by a call */
} tf_attributes;

/* The members of a tenferro_primitive that go with it. */
#define TF_ATTRIBUTES                                                                             \
    .attributes_size = sizeof(tf_attributes), .attributes_copy = tf_attributes_copy_list,         \
    .attributes_release = tf_attributes_release_list, .attributes_hash = tf_attributes_hash_list, \
    .attributes_equal = tf_attributes_equal_list,                                                 \
    .attributes_evaluate = tf_attributes_evaluate_list,                                           \
    .attributes_format = tf_attributes_format_list

tenferro_status
tf_attributes_copy_list(void *user, tenferro_context *context, const void *from, void *to);
void tf_attributes_release_list(void *user, tenferro_context *context, void *attributes);
uint64_t tf_attributes_hash_list(void *user, const void *attributes);
int tf_attributes_equal_list(void *user, const void *a, const void *b);
tenferro_status tf_attributes_evaluate_list(void *user, tenferro_context *context, const void *from,
                                            const tenferro_extent_binding *binding, void *to);
tenferro_status
tf_attributes_format_list(void *user, tenferro_context *context, const void *attributes,
                          char *buffer, size_t size, size_t *needed);

#endif
