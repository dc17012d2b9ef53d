"""What a user would write instead of a contraction.  Labels are column-major, as ours; a peer sees the reversed equation on
the same buffers.  Every function writes into `out` if that is given, and makes a contiguous array otherwise."""

import ctypes
import math
import pathlib

import numpy

from lib.machine import openblas

try:
    import torch
except ImportError:
    torch = None

GEMM = {"f32": "sgemm", "f64": "dgemm", "c64": "cgemm", "c128": "zgemm"}
COLUMN_MAJOR, NO_TRANSPOSE = 102, 111


def set_threads(threads):
    """Through their own doors: not all of them read the environment."""
    library = openblas()
    if library is not None:
        library.openblas_set_num_threads(threads)
    if torch is not None:
        torch.set_num_threads(threads)


def gemm(dtype, m, n, k, a, b, c):
    """OpenBLAS on contiguous column-major matrices: a function, or None."""
    library = openblas()
    if library is None:
        return None
    function = getattr(library, "cblas_" + GEMM[dtype])
    kind = {"f32": ctypes.c_float, "f64": ctypes.c_double, "c64": ctypes.c_float * 2, "c128": ctypes.c_double * 2}[dtype]
    is_complex = dtype[0] == "c"
    one, zero = (kind(1, 0), kind(0, 0)) if is_complex else (kind(1), kind(0))
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, c)]
    return lambda: function(COLUMN_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, one, pointers[0], m, pointers[1], k, zero,
                            pointers[2], m)


def numpy_by_hand(labels_a, labels_b, labels_d, extents, a, b):
    """transpose, reshape, matmul, transpose: A[a] B[b] with one pair of factors, no batch, nothing repeated."""
    a_axes, b_axes, d_axes = (labels[::-1] for labels in (labels_a, labels_b, labels_d))
    if d_axes[-1] in a_axes:  # the product's columns are what varies fastest in D
        (a_axes, a), (b_axes, b) = (b_axes, b), (a_axes, a)
    larger, smaller = (a_axes, b_axes) if a.size >= b.size else (b_axes, a_axes)
    summed = [x for x in larger if x in smaller]
    rows, columns = ([x for x in d_axes if x in axes] for axes in (a_axes, b_axes))
    left, right = [a_axes.index(x) for x in rows + summed], [b_axes.index(x) for x in summed + columns]
    m, n, k = (math.prod(extents[x] for x in group) for group in (rows, columns, summed))
    shape, order = [extents[x] for x in rows + columns], [(rows + columns).index(x) for x in d_axes]
    is_in_place = order == sorted(order)

    def matrices():
        return a.transpose(left).reshape(m, k), b.transpose(right).reshape(k, n)

    def fresh():
        product = numpy.matmul(*matrices()).reshape(shape)
        return numpy.ascontiguousarray(product.transpose(order))

    def given(out):
        if is_in_place:
            numpy.matmul(*matrices(), out=out.reshape(m, n))
        else:
            numpy.copyto(out, numpy.matmul(*matrices()).reshape(shape).transpose(order))
    return fresh, given


def torch_einsum(labels_a, labels_b, labels_d, a, b):
    """torch.einsum, None without torch."""
    if torch is None:
        return None
    equation = f"{labels_a[::-1]},{labels_b[::-1]}->{labels_d[::-1]}"
    x, y = torch.from_numpy(a), torch.from_numpy(b)

    def fresh():
        return torch.einsum(equation, x, y).contiguous()

    def given(out):
        torch.from_numpy(out).copy_(torch.einsum(equation, x, y))
    return fresh, given


class Tapp:
    """Any library with the TAPP interface, by the path of its shared library."""

    DATATYPES = {"f32": 0, "f64": 1, "c64": 2, "c128": 3}

    def __init__(self, path):
        self.name = pathlib.Path(path).name
        self.library = ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
        self.handle, self.executor = ctypes.c_ssize_t(), ctypes.c_ssize_t()
        self.call("TAPP_create_handle", ctypes.byref(self.handle))
        self.call("TAPP_create_executor", ctypes.byref(self.executor))

    def call(self, name, *arguments):
        error = getattr(self.library, name)(*arguments)
        if error:
            text = ctypes.create_string_buffer(500)
            self.library.TAPP_explain_error(error, ctypes.c_size_t(len(text)), text)
            raise RuntimeError(f"{self.name}: {name}: {text.value.decode()}")

    def info(self, dtype, labels, extents):
        info, count = ctypes.c_ssize_t(), len(labels)
        shape = [extents[x] for x in labels]
        numbers = (ctypes.c_int64 * count)
        strides = numbers(*(math.prod(shape[:i]) for i in range(count)))
        self.call("TAPP_create_tensor_info", ctypes.byref(info), self.DATATYPES[dtype], count, numbers(*shape), strides)
        return info, numbers(*map(ord, labels))

    def product(self, dtype, labels_a, labels_b, labels_d, extents, a, b, out):
        """D = A B: a function.  The plan lives as long as the process."""
        plan, operands = ctypes.c_ssize_t(), []
        for labels in (labels_a, labels_b, labels_d, labels_d):
            operands += [0, *self.info(dtype, labels, extents)]
        self.call("TAPP_create_tensor_product", ctypes.byref(plan), self.handle, *operands, -1)
        parts = numpy.array([1, 0, 0, 0], numpy.float32 if dtype in ("f32", "c64") else numpy.float64)
        pointers = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, out, parts)]
        one, zero = pointers[3], ctypes.c_void_p(parts.ctypes.data + 2 * parts.itemsize)

        def run():
            self.call("TAPP_execute_product", plan, self.executor, None, one, pointers[0], pointers[1], zero, None,
                      pointers[2])
            return parts  # keeps the scalars
        return run
