/* Primitives: every operation, ours and yours, is one struct with its shape rule, kernels and
 * derivative rules. */
#ifndef TENFERRO_PRIMITIVE_H
#define TENFERRO_PRIMITIVE_H

#include <tenferro/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENFERRO_PRIMITIVE_ABI_VERSION 1u

typedef struct tenferro_primitive tenferro_primitive;

/* ---- shape rule ---- */

/** What is known of a tensor before it has data: its abstract value. */
typedef struct tenferro_aval {
    tenferro_dtype dtype;
    int rank;
    const tenferro_extent *extents; /**< literal or symbolic */
} tenferro_aval;

/** The call of a shape rule. */
typedef struct tenferro_infer {
    size_t struct_size;
    void *user; /**< the primitive's */
    tenferro_context *context;
    const void *attributes;
    int inputs;
    const tenferro_aval *in;
    int outputs;
    tenferro_aval *out; /**< filled through tenferro_infer_output() */
    void *engine;       /**< the library's */
} tenferro_infer;

/** Declares output `slot`; *extents receives room for `rank` extents to be filled in by the rule
 * (NULL if rank is 0). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_infer_output(
    tenferro_infer *infer, int slot, tenferro_dtype dtype, int rank, tenferro_extent **extents);

/**
 * Demands a == b.  Two literals: SHAPE_MISMATCH with `what` if they differ.  Expressions with one
 * normal form: nothing to do.  Otherwise the program being traced gets a guard that is checked when
 * it runs; outside a trace: SYMBOLIC.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_infer_equal(tenferro_infer *infer,
                                                                     tenferro_extent a,
                                                                     tenferro_extent b,
                                                                     const char *what);

/** *out = the broadcast of a and b: equal, or one of them the literal 1; else as
 * tenferro_infer_equal(). */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_infer_broadcast(tenferro_infer *infer,
                                                                         tenferro_extent a,
                                                                         tenferro_extent b,
                                                                         const char *what,
                                                                         tenferro_extent *out);

/* ---- execution ---- */

/** A strided array as a kernel sees it. */
typedef struct tenferro_array {
    void *data; /**< the element with all indices 0; for inputs not to be written */
    tenferro_dtype dtype;
    int rank;
    const int64_t *extents;
    const int64_t *strides; /**< in elements */
} tenferro_array;

/** Where a primitive executes. */
typedef enum tenferro_device_class {
    TENFERRO_DEVICE_CPU = 0,
    TENFERRO_DEVICE_CUDA = 1,
    TENFERRO_DEVICE_HIP = 2,
    TENFERRO_DEVICE_WEBGPU = 3,
    TENFERRO_DEVICE_CLASSES = 4
} tenferro_device_class;

/** The call of a kernel. */
typedef struct tenferro_exec {
    size_t struct_size;
    void *user; /**< the primitive's */
    tenferro_context *context;
    const void *attributes;
    int inputs;
    const tenferro_array *in;
    int outputs;
    tenferro_array
        *out; /**< data NULL for an output whose extents were fresh: see tenferro_exec_output() */
    int threads;   /**< that the kernel may use */
    void *scratch; /**< `scratch_bytes` of memory, 64-byte aligned, as `workspace` asked */
    int64_t scratch_bytes;
    void *queue;  /**< the device's queue; NULL on the CPU */
    void *engine; /**< the library's */
} tenferro_exec;

/** Creates output `slot`, whose extents the shape rule left fresh, with its now known extents;
 * fills exec->out[slot]. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_exec_output(tenferro_exec *exec, int slot,
                                                                     const int64_t *extents);
/** TENFERRO_CANCELLED if the context was cancelled: long kernels ask now and then. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_exec_check(const tenferro_exec *exec);
/**
 * Runs body(user, begin, end) over [0, count) in chunks of at most `grain`, on the exec's threads.
 * The borders of the chunks depend on count and grain only.
 */
TENFERRO_API void
tenferro_exec_parallel(const tenferro_exec *exec, int64_t count, int64_t grain,
                       void (*body)(void *user, int64_t begin, int64_t end), void *user);

/** The call of a view rule: says how the output lies in the memory of in[0], if it can. */
typedef struct tenferro_view {
    size_t struct_size;
    void *user;
    const void *attributes;
    const tenferro_array *in; /**< the one input */
    int64_t element_size;     /**< of in->dtype, in bytes */
    const tenferro_aval *out; /**< with literal extents */
    int64_t byte_offset;      /**< to be set: from in->data to the output's first element */
    int64_t *strides;         /**< to be filled: out->rank strides, in elements of out->dtype */
} tenferro_view;

/** Predicted cost of one execution. */
typedef struct tenferro_cost {
    size_t struct_size;
    double flops; /**< floating-point operations, a multiply-add being 2 */
    double bytes_read;
    double bytes_written;
} tenferro_cost;

/* ---- derivative and other rules ---- */

/**
 * A scope: owns every temporary of a rule, treats NULL as "symbolically zero" (a product with it is
 * NULL, a sum with it is the other term), and keeps the first failure: later calls do nothing and
 * return NULL.
 */
typedef struct tenferro_scope tenferro_scope;

/** The call of a jvp or vjp rule.  Handles are borrowed; results are handles of the scope. */
typedef struct tenferro_rule {
    size_t struct_size;
    void *user;
    const void *attributes;
    int inputs, outputs;
    tenferro_tensor *const *in; /**< primal inputs; in a vjp NULL where `save` said nothing, shape
                                   only where it said so */
    tenferro_tensor *const *result;    /**< primal outputs, likewise */
    tenferro_tensor *const *tangent;   /**< jvp: one an input, NULL is zero */
    tenferro_tensor *const *cotangent; /**< vjp: one an output, NULL is zero */
    const unsigned char *wanted;       /**< vjp: one an input; others must not be computed */
    tenferro_tensor **out; /**< to be set: jvp: one an output; vjp: one an input; NULL is zero */
} tenferro_rule;

/** What of an input or output the vjp needs. */
typedef enum tenferro_save {
    TENFERRO_SAVE_NOTHING = 0,
    TENFERRO_SAVE_SHAPE = 1,
    TENFERRO_SAVE_VALUE = 2
} tenferro_save;

/** Which inputs are being differentiated. */
typedef struct tenferro_active {
    size_t struct_size;
    void *user;
    const void *attributes;
    int inputs, outputs;
    const unsigned char *in; /**< one an input */
} tenferro_active;

/** The call of a batching rule: in[i] has its batch axis at in_axis[i] (-1: none); out likewise. */
typedef struct tenferro_batch {
    size_t struct_size;
    void *user;
    const void *attributes;
    int inputs, outputs;
    tenferro_tensor *const *in;
    const int *in_axis;
    tenferro_extent size; /**< of the batch */
    tenferro_tensor **out;
    int *out_axis;
} tenferro_batch;

/** The call of a lowering rule to StableHLO text: writes statements through `emit`. */
typedef struct tenferro_lowering {
    size_t struct_size;
    void *user;
    const void *attributes;
    int inputs, outputs;
    const tenferro_aval *in, *out;
    const char *const *in_names; /**< SSA names of the inputs */
    char **out_names;            /**< to be set through `emit` */
    tenferro_status (*emit)(void *engine, const char *text);
    void *engine;
} tenferro_lowering;

/* ---- the struct ---- */

enum {
    TENFERRO_PRIMITIVE_ELEMENTWISE = 1u
                                     << 0, /**< out[i] depends on in[..][i] only; in place is safe */
    TENFERRO_PRIMITIVE_LINEAR = 1u << 1,   /**< linear in all inputs together */
    TENFERRO_PRIMITIVE_LINEAR_IN_EACH = 1u << 2, /**< multilinear */
    TENFERRO_PRIMITIVE_STRUCTURAL = 1u << 3,     /**< moves or views elements, computes nothing */
    TENFERRO_PRIMITIVE_COMMUTATIVE = 1u << 4,
    TENFERRO_PRIMITIVE_IMPURE = 1u << 5, /**< has effects: never removed, merged or reordered */
    TENFERRO_PRIMITIVE_NOT_DIFFERENTIABLE = 1u << 6, /**< derivative is zero everywhere it exists
                                                        (compare, argmax) */
    TENFERRO_PRIMITIVE_SHAPE_ONLY = 1u << 7 /**< reads its inputs' dtypes and extents, never their
                                               elements */
};

/**
 * A primitive.  Unused members are NULL; a missing rule is TENFERRO_NO_RULE when it is needed,
 * never a silent zero.
 *
 * Attributes are a caller's struct of attributes_size bytes.  If it owns nothing (no pointers)
 * attributes_copy, _release, _hash and _equal may be NULL: bytes are copied and compared, so
 * padding must be zeroed.
 */
struct tenferro_primitive {
    size_t struct_size;
    uint32_t abi_version; /**< TENFERRO_PRIMITIVE_ABI_VERSION */
    void *user;           /**< given to every callback; must outlive the registration */

    const char *name; /**< unique in its context; "library.operation" for a user's */
    uint32_t version; /**< of its meaning, for saved programs */
    uint32_t flags;
    int32_t inputs_min, inputs_max; /**< inputs_max -1: any number */
    int32_t outputs;                /**< -1: as many as the caller asks, checked by infer */

    size_t attributes_size; /**< 0: none */
    tenferro_status (*attributes_copy)(void *user, tenferro_context *context, const void *from,
                                       void *to);
    void (*attributes_release)(void *user, tenferro_context *context, void *attributes);
    uint64_t (*attributes_hash)(void *user, const void *attributes);
    int (*attributes_equal)(void *user, const void *a, const void *b);
    /** A copy with every extent in it replaced by its value; NULL if attributes hold no extents. */
    tenferro_status (*attributes_evaluate)(void *user, tenferro_context *context, const void *from,
                                           const tenferro_extent_binding *binding, void *to);
    /** Text for printed programs, snprintf's manner; may be NULL. */
    tenferro_status (*attributes_format)(void *user, tenferro_context *context,
                                         const void *attributes, char *buffer, size_t size,
                                         size_t *needed);

    tenferro_status (*infer)(tenferro_infer *infer); /**< required */
    tenferro_status (*workspace)(const tenferro_infer *infer,
                                 int64_t *bytes); /**< scratch; NULL: 0 */
    tenferro_status (*cost)(const tenferro_infer *infer, tenferro_cost *out);
    /** Zero-copy result: *possible = 0 falls back to execute.  Such a result shares in[0]'s storage. */
    tenferro_status (*view)(tenferro_view *view, int *possible);
    tenferro_status (*execute[TENFERRO_DEVICE_CLASSES])(tenferro_exec *exec);

    void (*jvp)(tenferro_scope *scope, const tenferro_rule *rule);
    void (*vjp)(tenferro_scope *scope, const tenferro_rule *rule);
    tenferro_save (*save)(const tenferro_active *active, int is_output,
                          int slot); /**< NULL: everything by value */
    void (*batch)(tenferro_scope *scope, const tenferro_batch *batch);
    tenferro_status (*lower)(const tenferro_lowering *lowering);

    /** Output that may reuse an input's memory: aliases[slot] is the input's number or -1; NULL:
     * none may. */
    const int8_t *aliases;
};

/**
 * Registers a primitive with the context under its name.
 *
 * The struct is copied (struct_size bytes; later members are NULL); *out (may be NULL) receives the
 * context's copy, valid as long as the context, to be given to tenferro_apply().
 * Errors: INVALID_ARGUMENT (name taken, no infer, neither view nor execute, bad sizes), UNSUPPORTED
 * (abi_version).
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_primitive_register(
    tenferro_context *context, const tenferro_primitive *primitive, const tenferro_primitive **out);

/** The primitive of that name, ours or registered; INVALID_ARGUMENT if there is none. */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_primitive_find(
    tenferro_context *context, const char *name, const tenferro_primitive **out);

/** The table of our own primitives: index 0 .. count-1; NULL past the end. */
TENFERRO_API const tenferro_primitive *tenferro_primitive_builtin(int index);

/**
 * Applies a primitive.  The operation goes to the highest level among the operands; without one it
 * is executed.
 *
 * @param context needed only when there are no inputs; else may be NULL
 * @param out     `outputs` handles, one reference each; all NULL on failure
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_apply(tenferro_context *context,
                                                               const tenferro_primitive *primitive,
                                                               const void *attributes, int inputs,
                                                               const tenferro_tensor *const *in,
                                                               int outputs, tenferro_tensor **out);

/**
 * The same into given tensors of the right dtype and extents.  Every operand and destination must
 * be concrete (UNSUPPORTED).  A destination that overlaps an input is handled: through a temporary,
 * unless the primitive is elementwise and both are the same elements.
 */
TENFERRO_API TENFERRO_NODISCARD tenferro_status
tenferro_apply_into(const tenferro_primitive *primitive, const void *attributes, int inputs,
                    const tenferro_tensor *const *in, int outputs, tenferro_tensor *const *out);

/* ---- what rules are written with: NULL in, NULL out ---- */

/** One output of any primitive (zero if any input is NULL). */
TENFERRO_API tenferro_tensor *
tenferro_scope_apply(tenferro_scope *scope, const tenferro_primitive *primitive,
                     const void *attributes, int inputs, tenferro_tensor *const *in);
/** Gives the scope a handle (it takes the reference), or a failure: status is what a public call
 * returned. */
TENFERRO_API tenferro_tensor *
tenferro_scope_take(tenferro_scope *scope, tenferro_status status, tenferro_tensor *tensor);
/** Records a failure whose message is set. */
TENFERRO_API void tenferro_scope_fail(tenferro_scope *scope, tenferro_status status);
/** 1 as long as nothing has failed. */
TENFERRO_API int tenferro_scope_ok(const tenferro_scope *scope);

TENFERRO_API tenferro_tensor *
tenferro_scope_add(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b);
TENFERRO_API tenferro_tensor *
tenferro_scope_sub(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b);
TENFERRO_API tenferro_tensor *
tenferro_scope_mul(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b);
TENFERRO_API tenferro_tensor *
tenferro_scope_div(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *b);
TENFERRO_API tenferro_tensor *tenferro_scope_neg(tenferro_scope *scope, tenferro_tensor *a);
TENFERRO_API tenferro_tensor *tenferro_scope_conj(tenferro_scope *scope, tenferro_tensor *a);
/** a number times a */
TENFERRO_API tenferro_tensor *
tenferro_scope_scale(tenferro_scope *scope, tenferro_number number, tenferro_tensor *a);
/** a rank-0 tensor of like's dtype, level and context */
TENFERRO_API tenferro_tensor *
tenferro_scope_number(tenferro_scope *scope, tenferro_number number, tenferro_tensor *like);
/** where predicate (bool) holds a, else b; a or b NULL means zero, both NULL gives NULL */
TENFERRO_API tenferro_tensor *
tenferro_scope_select(tenferro_scope *scope, tenferro_tensor *predicate, tenferro_tensor *a,
                      tenferro_tensor *b);
/** summed over broadcast axes, and cast (complex to real: real part), so that shape and dtype
 * become like's */
TENFERRO_API tenferro_tensor *
tenferro_scope_sum_to_like(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *like);
/** broadcast to like's shape */
TENFERRO_API tenferro_tensor *
tenferro_scope_broadcast_like(tenferro_scope *scope, tenferro_tensor *a, tenferro_tensor *like);

/* ---- running rules, for callers that differentiate by hand and for tests ---- */

TENFERRO_API TENFERRO_NODISCARD tenferro_status tenferro_scope_create(tenferro_context *context,
                                                                      tenferro_scope **out);
/** Releases every temporary; returns the first failure (its message is this thread's again). */
TENFERRO_API tenferro_status tenferro_scope_close(tenferro_scope *scope);

#ifdef __cplusplus
}
#endif
#endif
