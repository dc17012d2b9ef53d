"""A tensor network given as labels, extents and a path: random data for it, NumPy's way to contract it, its cost."""

import math
import string

import numpy

TINY = 1e4  # multiply-adds: below, NumPy's plain loop is faster than its detour over BLAS


class Network:
    def __init__(self, document):
        self.labels, self.out = document["ixs"], document["iy"]
        used = sorted({label for x in self.labels for label in x} | set(self.out))
        size = document["size"]
        self.extents = {label: int(size[label] if isinstance(size, list) else
                                   size.get(str(label), size.get("*", 0))) for label in used}

    def random_operands(self, seed):
        """Positive numbers, so that nothing cancels, scaled so that no sum along any path overflows or vanishes."""
        random = numpy.random.default_rng(seed)
        holders = {label: sum(label in x for x in self.labels) for label in self.extents}
        operands = []
        for x in self.labels:
            scale = math.prod(self.extents[label] ** (-1 / holders[label]) for label in set(x) - set(self.out))
            operands.append(scale * random.uniform(0.5, 1.5, [self.extents[label] for label in x]))
        return operands

    def size(self, labels):
        return math.prod(self.extents[label] for label in labels)

    def steps(self, path):
        """For each pair of the path: its positions, and the labels of its operands and result."""
        live = [list(x) for x in self.labels]
        for pair in path:
            i, j = sorted(pair)
            b, a = live.pop(j), live.pop(i)
            kept = set(self.out).union(*live)
            result = self.out if not live else [x for x in dict.fromkeys(a + b) if x in kept]
            live.append(result)
            yield i, j, a, b, result

    def limit(self, path, machine):
        """Seconds below which the machine cannot come: each step at the peak of arithmetic or at that of memory."""
        total = 0.0
        for _, _, a, b, result in self.steps(path):
            work = self.size(set(a) | set(b))
            read, written = 8 * (self.size(set(a)) + self.size(set(b))), 8 * self.size(set(result))
            total += max(2 * work / machine.flops, machine.move_seconds(read, written))
        return total


def letters_for(groups):
    names = {label: string.ascii_letters[i] for i, label in enumerate(dict.fromkeys(x for g in groups for x in g))}
    return ["".join(names[label] for label in group) for group in groups]


def by_einsum(network, path):
    """A function of the operands that lets np.einsum follow the path."""
    if len(network.extents) <= len(string.ascii_letters):
        *inputs, out = letters_for([*network.labels, network.out])
        equation, order = ",".join(inputs) + "->" + out, ["einsum_path", *map(tuple, path)]
        return lambda operands: numpy.einsum(equation, *operands, optimize=order)

    program = []
    for i, j, a, b, result in network.steps(path):  # too many labels for one call: step by step, letters anew
        left, right, out = letters_for([a, b, result])
        small = network.size(set(a) | set(b)) <= TINY
        program.append((i, j, f"{left},{right}->{out}", False if small else ["einsum_path", (0, 1)]))

    def contract(operands):
        live = list(operands)
        for i, j, equation, order in program:
            right, left = live.pop(j), live.pop(i)
            live.append(numpy.einsum(equation, left, right, optimize=order))
        return live[0]
    return contract


def by_matmul(network, path):
    """The same by hand, as an expert would: each step a transpose, a reshape and a (batched) np.matmul."""
    order = [list(x) for x in network.labels]  # the axes that each array really has
    program = []
    for i, j, a, b, result in network.steps(path):
        b, a = order.pop(j), order.pop(i)
        batch = [x for x in a if x in b and x in result]
        summed = [x for x in a if x in b and x not in result]
        rows, columns = ([x for x in y if x in result and x not in batch] for y in (a, b))
        sums = [tuple(k for k, x in enumerate(y) if x not in result and x not in z) for y, z in ((a, b), (b, a))]
        a, b = ([x for x in y if x in result or x in z] for y, z in ((a, b), (b, a)))
        shapes = [[network.size(g) for g in groups] for groups in ((batch, rows, summed), (batch, summed, columns))]
        order.append(batch + rows + columns)
        program.append((i, j, sums, [a.index(x) for x in batch + rows + summed],
                        [b.index(x) for x in batch + summed + columns], shapes,
                        [network.extents[x] for x in order[-1]]))
    last = [order[0].index(x) for x in network.out]

    def contract(operands):
        live = list(operands)
        for i, j, sums, left_axes, right_axes, shapes, shape in program:
            right, left = live.pop(j), live.pop(i)
            left, right = (x.sum(axis=s) if s else x for x, s in ((left, sums[0]), (right, sums[1])))
            live.append(numpy.matmul(left.transpose(left_axes).reshape(shapes[0]),
                                     right.transpose(right_axes).reshape(shapes[1])).reshape(shape))
        return numpy.asarray(live[0].transpose(last), order="C")
    return contract
