"""As much of the library as the benchmarks need, through ctypes.  Arrays are wrapped where they lie."""

import ctypes
import os

FLOAT64, COLUMN_MAJOR, ORDER_GIVEN = 5, 0, 3
handle = ctypes.c_void_p


class ContextOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int), ("memory_limit", ctypes.c_int64),
                ("pool_limit", ctypes.c_int64), ("allocator", handle), ("log", handle), ("progress", handle),
                ("user", handle), ("deterministic", ctypes.c_int), ("isa", ctypes.c_char_p), ("blas", ctypes.c_char_p)]


class EinsumOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("order", ctypes.c_int), ("path", ctypes.POINTER(ctypes.c_int64)),
                ("path_length", ctypes.c_int64), ("memory_limit", ctypes.c_int64)]


def int64s(values):
    return (ctypes.c_int64 * max(len(values), 1))(*values)


def pointers(arrays):
    kind = ctypes.POINTER(ctypes.c_int64)
    return (kind * len(arrays))(*(ctypes.cast(a, kind) for a in arrays))


class Library:
    """Calls raise RuntimeError with the library's message."""

    def __init__(self, build):
        self.c = ctypes.CDLL(os.path.join(build, "libtenferro.so.0"))
        self.c.tenferro_error_message.restype = ctypes.c_char_p
        self.c.tenferro_tensor_data.restype = handle

    def check(self, status):
        if status:
            raise RuntimeError(self.c.tenferro_error_message().decode())

    def context(self, threads, blas=None):
        options = ContextOptions(ctypes.sizeof(ContextOptions), threads=threads, blas=blas)
        out = handle()
        self.check(self.c.tenferro_context_create(ctypes.byref(options), ctypes.byref(out)))
        return out

    def describe(self, context):
        text = ctypes.create_string_buffer(4096)
        self.check(self.c.tenferro_context_describe(context, text, ctypes.c_size_t(len(text)), None))
        return dict(line.split(": ", 1) for line in text.value.decode().splitlines() if ": " in line)

    def wrap(self, context, array):
        """A row-major array of NumPy as a column-major tensor with its axes reversed: the same memory."""
        assert array.flags.c_contiguous
        out = handle()
        self.check(self.c.tenferro_tensor_wrap(context, FLOAT64, array.ndim, int64s(array.shape[::-1]), None,
                                               handle(array.ctypes.data), 0, None, None, ctypes.byref(out)))
        return out

    def transposed(self, tensor):
        out = handle()
        self.check(self.c.tenferro_permute(tensor, None, ctypes.byref(out)))
        return out

    def copy_into(self, tensor, out):
        self.check(self.c.tenferro_copy_into(tensor, out))

    def release(self, tensor):
        self.c.tenferro_tensor_release(tensor)


class Plan:
    """Labels are given in NumPy's order (row-major) and reversed here, as the arrays are."""

    def __init__(self, library, context, labels, extents, out_labels, path):
        self.library, self.plan, self.count = library, handle(), len(labels)
        flat = int64s([position for pair in path for position in pair])
        options = EinsumOptions(ctypes.sizeof(EinsumOptions), ORDER_GIVEN, flat, len(path), 0)
        library.check(library.c.tenferro_einsum_plan_labels(
            context, FLOAT64, len(labels), (ctypes.c_int * len(labels))(*map(len, labels)),
            pointers([int64s(x[::-1]) for x in labels]),
            pointers([int64s([extents[label] for label in x[::-1]]) for x in labels]),
            len(out_labels), int64s(out_labels[::-1]), ctypes.byref(options), ctypes.byref(self.plan)))

    def execute(self, operands):
        out = handle()
        self.library.check(self.library.c.tenferro_einsum_execute(
            self.plan, self.count, operands, ctypes.byref(out)))
        return out

    def execute_into(self, operands, out):
        self.library.check(self.library.c.tenferro_einsum_execute_into(self.plan, self.count, operands, out))

    def release(self):
        self.library.c.tenferro_einsum_plan_release(self.plan)


# ---- plans over raw pointers: the arrays are NumPy's, C-contiguous; labels are column-major, so their axes are reversed ----

DTYPES = {"i32": (2, "int32"), "i64": (3, "int64"), "f32": (4, "float32"), "f64": (5, "float64"),
          "c64": (6, "complex64"), "c128": (7, "complex128")}
AUTO, NAIVE, PACKED, BLAS = range(4)


class Operand(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("dtype", ctypes.c_int), ("rank", ctypes.c_int),
                ("extents", handle), ("strides", handle), ("labels", handle), ("conj", ctypes.c_int)]


class PlanOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("route", ctypes.c_int), ("threads", ctypes.c_int)]


class PrimsPlan:
    """tenferro_plan_KIND of operands given as (labels, extents by label); the last one is D."""

    def __init__(self, library, context, kind, dtype, operands, route=AUTO, before=()):
        self.library, self.plan, self.kept = library, handle(), []
        options = PlanOptions(ctypes.sizeof(PlanOptions), route, 0)
        arguments = [ctypes.byref(self.operand(dtype, *operand)) if operand else None for operand in operands]
        library.check(getattr(library.c, f"tenferro_plan_{kind}")(
            context, *before, *arguments, ctypes.byref(options), ctypes.byref(self.plan)))

    def operand(self, dtype, labels, extents):
        shape, names = int64s([extents[x] for x in labels]), int64s([ord(x) for x in labels])
        self.kept += [shape, names]
        return Operand(ctypes.sizeof(Operand), DTYPES[dtype][0], len(labels), ctypes.addressof(shape), None,
                       ctypes.addressof(names), 0)

    def bind(self, inputs, output):
        """The execution over these arrays, as a function without arguments."""
        pointers_ = (handle * len(inputs))(*(x.ctypes.data for x in inputs))
        execute, out = self.library.c.tenferro_plan_execute, handle(output.ctypes.data)
        check, none = self.library.check, ctypes.c_int64(0)

        def call(_kept=(inputs, output)):
            check(execute(self.plan, pointers_, out, None, None, None, none))
        return call

    def describe(self):
        text = ctypes.create_string_buffer(4096)
        self.library.check(self.library.c.tenferro_plan_describe(self.plan, text, ctypes.c_size_t(len(text)), None))
        return dict(line.split(": ", 1) for line in text.value.decode().splitlines() if ": " in line)

    def __del__(self):
        self.library.c.tenferro_plan_release(self.plan)


def contraction(library, context, dtype, extents, a, b, d, route=AUTO):
    """D[d] = sum A[a] B[b]"""
    return PrimsPlan(library, context, "contraction", dtype, [(a, extents), (b, extents), None, (d, extents)], route)


def permutation(library, context, dtype, extents, a, d):
    return PrimsPlan(library, context, "permutation", dtype, [(a, extents), (d, extents)])


def sum_over(library, context, dtype, extents, a, d):
    return PrimsPlan(library, context, "reduction", dtype, [(a, extents), None, (d, extents)], before=[0])
