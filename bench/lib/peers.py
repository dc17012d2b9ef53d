"""What a user would write instead of a contraction.  Labels are column-major, as ours; a peer sees the reversed equation on
the same buffers.  Every function writes into `out` if that is given, and makes a contiguous array otherwise."""

import ctypes
import math

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
