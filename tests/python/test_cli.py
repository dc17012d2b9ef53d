#!/usr/bin/env python3
"""The command line tool against NumPy: equations, wrong input, archives, networks, cancelling.

The tool is $TENFERRO_TOOL.  Reference data are in $TENFERRO_SHARED, else beside the source folder; without them that
part is skipped, or fails with TENFERRO_REQUIRE_SHARED=1.
"""

import json
import math
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ.get("TENFERRO_TOOL", str(ROOT / "build/release/tenferro"))
SHARED = pathlib.Path(os.environ.get("TENFERRO_SHARED") or ROOT.parent / "shared/data")
DTYPES = ["f8", "f4", "c16", "c8", "i8", "i4"]

passed = 0
failures = []


def check(condition, name, detail=""):
    """Counts one check; prints it if it fails."""
    global passed
    if condition:
        passed += 1
    else:
        failures.append(name)
        print(f"FAILED {name}: {detail}")
    return bool(condition)


def tool(*arguments, folder=None, **environment):
    """Runs the tool."""
    return subprocess.run([TOOL, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, **environment}, stdin=subprocess.DEVNULL, timeout=300)


def check_error(name, ran, status, text):
    """A failure is its exit status, one line on stderr that says what is wrong, and nothing on stdout."""
    lines = ran.stderr.splitlines()
    good = (ran.returncode == status and len(lines) == 1 and lines[0].startswith("tenferro: ")
            and text.lower() in lines[0].lower() and ran.stdout == "")
    check(good, name, f"status {ran.returncode} (expected {status}), stdout {ran.stdout!r}, stderr {ran.stderr!r}, "
          f"expected {text!r}")


def random_array(rng, shape, dtype, order):
    """Random numbers, small if integers."""
    if dtype.startswith("i"):
        array = rng.integers(-3, 4, shape)
    elif dtype.startswith("c"):
        array = rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)
    else:
        array = rng.uniform(-1, 1, shape)
    return np.asarray(array, dtype=dtype, order=order)


def explicit_broadcast(equation, arrays):
    """Operands with axes of extent 1 stretched to the extent that their label has elsewhere."""
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if "..." in equation:
        return arrays
    extents = {}
    for term, array in zip(terms, arrays):
        for label, extent in zip(term, array.shape):
            extents[label] = extent if extents.get(label, 1) == 1 else extents[label]
    return [np.broadcast_to(a, [extents[label] for label in term]) for term, a in zip(terms, arrays)]


def oracle(equation, arrays):
    """The result and a bound on its rounding error per unit of eps: terms * sum of absolute products."""
    wide = [np.asarray(a, "c16" if a.dtype.kind == "c" else "f8" if a.dtype.kind == "f" else "i8") for a in arrays]
    wide = explicit_broadcast(equation, wide)
    expected = np.einsum(equation, *wide, optimize=len(wide) > 2)
    magnitude = np.einsum(equation, *[np.abs(a).astype("f8") for a in wide], optimize=len(wide) > 2)
    terms = len(wide) + math.prod(max(n, 1) for a in wide for n in a.shape) ** 0.5
    return expected, 4 * terms * magnitude


def check_result(name, result, equation, arrays):
    """result against NumPy's einsum, to a multiple of the rounding error that the dtype allows."""
    expected, bound = oracle(equation, arrays)
    dtype = np.result_type(*arrays) if len({a.dtype for a in arrays}) > 1 else arrays[0].dtype
    if not check(result.shape == expected.shape and result.dtype == dtype, name + ": shape and dtype",
                 f"{result.dtype} {result.shape}, expected {dtype} {expected.shape}"):
        return
    if dtype.kind == "i":
        good = np.array_equal(result, expected)
    else:
        good = np.all(np.abs(result - expected) <= np.finfo(dtype).eps * bound + np.finfo(dtype).tiny)
    check(good, name, f"largest difference {np.max(np.abs(result - expected), initial=0)}")


def run_equation(case):
    """One equation on arrays in files, in one dtype and order."""
    number, equation, shapes, dtype, order = case
    rng = np.random.default_rng(number)
    arrays = [random_array(rng, shape, dtype, order) for shape in shapes]
    name = f"einsum {equation!r} {shapes} {dtype} {order}"
    with tempfile.TemporaryDirectory() as folder:
        for i, array in enumerate(arrays):
            np.save(f"{folder}/{i}.npy", array)
        files = [f"{i}.npy" for i in range(len(arrays))]
        ran = tool("einsum", equation, *files, "-o", "out.npy", "-q", "--threads", 1, folder=folder)
        if check(ran.returncode == 0 and ran.stderr == "" and ran.stdout == "", name, ran.stderr):
            check_result(name, np.load(f"{folder}/out.npy"), equation, arrays)


def reference_cases(data):
    """Every equation of the reference data that should work, with shapes."""
    sizes = data["default_sizes"]

    def by_labels(equation, extents):
        terms = equation.split("->")[0].split(",")
        return [[extents[label] for label in term] for term in terms]

    def with_ellipsis(equation, batch):
        terms = equation.split("->")[0].split(",")
        return [[n for part in re.findall(r"\.\.\.|.", term) for n in (batch if part == "..." else [sizes[part]])]
                for term in terms]

    for equation in data["equations_with_default_sizes"] + data["sharing_equations"]:
        yield equation, by_labels(equation, sizes)
    for inputs, output, _ in data["blas_classification_[inputs,output,class]"]:
        yield ",".join(inputs) + "->" + output, by_labels(",".join(inputs), sizes)
    for equation, shapes in data["broadcast_1_vs_N_[eq,shapes]"]:
        yield equation, shapes
    for equation in data["ellipsis_ok"]:
        yield equation, with_ellipsis(equation, [4, 5])
        yield equation, with_ellipsis(equation, [])
    for equation, shapes in data["dp_edge"]:
        if isinstance(shapes, list):
            yield equation, shapes
    yield "a,c,d,db,ab,cb,ac,cd,ad,b->dbc", [[2]] * 3 + [[2, 2]] * 6 + [[2]]
    for case in data["issue_regressions"]:
        shapes = case.get("shapes") or by_labels(case["eq"], case.get("sizes") or
                                                 dict.fromkeys(case["eq"], case["dims"]) if "dims" in case or
                                                 "sizes" in case else sizes)
        if max(math.prod(shape) for shape in shapes) <= 4_000_000 and len(shapes) < 7:
            yield case["eq"], shapes


def test_reference_equations():
    """Each equation that should work gives NumPy's result; each that should not gives an error."""
    file = SHARED / "einsum/opt_einsum_tests.json"
    if not file.exists():
        if os.environ.get("TENFERRO_REQUIRE_SHARED") == "1":
            check(False, "reference data", f"missing: {file}")
        else:
            print(f"no reference data at {file} (set TENFERRO_SHARED to their folder): that part is skipped")
        return
    data = json.loads(file.read_text())
    cases = []
    for number, (equation, shapes) in enumerate(reference_cases(data)):
        cases.append((number, equation, shapes, DTYPES[number % 6], "CF"[number % 2]))
        cases.append((number, equation, shapes, DTYPES[(number + 1 + number // 6) % 6], "FC"[number % 2]))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_equation, cases))
    with tempfile.TemporaryDirectory() as folder:
        for equation, shapes in data["must_reject_[eq,shapes]"]:
            for i, shape in enumerate(shapes):
                np.save(f"{folder}/{i}.npy", np.ones(shape))
            files = [f"{i}.npy" for i in range(len(shapes))]
            ran = tool("einsum", equation, *files, "-o", "out.npy", folder=folder)
            check_error(f"reject {equation!r} {shapes}", ran, 1, "")
            check(not os.path.exists(f"{folder}/out.npy"), f"reject {equation!r}: no output")


def test_einsum_options(folder):
    """dtypes that meet, orders, parentheses, printing, JSON, archives."""
    rng = np.random.default_rng(7)
    a, b, c = (random_array(rng, s, "f8", o) for s, o in [((3, 4), "C"), ((4, 5), "F"), ((5, 2), "C")])
    z = random_array(rng, (4, 5), "c8", "C")
    flags = np.array([True, False, True])
    for name, array in [("a", a), ("b", b), ("c", c), ("z", z), ("a4", a.astype("f4")), ("i", np.arange(4)),
                        ("flags", flags), ("big", a.astype(">f8"))]:
        np.save(f"{folder}/{name}.npy", array)
    np.savez(f"{folder}/both.npz", a=a, b=b)
    np.savez_compressed(f"{folder}/one.npz", c=c)

    def run(equation, files, arrays, *options):
        name = f"einsum {equation} {' '.join(files)} {' '.join(map(str, options))}"
        ran = tool("einsum", equation, *files, "-o", "out.npy", *options, folder=folder)
        if check(ran.returncode == 0, name, ran.stderr):
            check_result(name, np.load(f"{folder}/out.npy"), equation.replace("(", "").replace(")", ""), arrays)
        return ran

    chain = ["a.npy", "b.npy", "c.npy"]
    for order in ["auto", "greedy", "left", "[[0,1],[0,1]]", "[[1,2],[0,1]]"]:
        run("ij,jk,kl->il", chain, [a, b, c], "--order", order)
    run("ij,(jk,kl)->il", chain, [a, b, c])
    run("ij,jk->ik", ["a4.npy", "z.npy"], [a.astype("f4"), z])
    run("ij,jk->ik", ["a.npy", "z.npy"], [a, z])
    run("ij,jk->ik", ["big.npy", "b.npy"], [a, b])
    run("ij,jk->ik", ["both.npz:a", "both.npz:b"], [a, b])
    run("ij,jk,kl", ["both.npz:a", "both.npz:b.npy", "one.npz"], [a, b, c], "--threads", 2, "--memory-limit", "1MiB")
    ran = run("ij,jk->ik", ["a.npy", "b.npy"], [a, b])
    check("multiply-adds" in ran.stderr and "out.npy: float64 3x5" in ran.stderr and ran.stdout == "",
          "einsum: summary on stderr", ran.stderr)

    ran = tool("einsum", "ij,jk->ik", "a.npy", "b.npy", "--dtype", "c128", "-o", "wide.npy", folder=folder)
    check(ran.returncode == 0 and np.load(f"{folder}/wide.npy").dtype == "c16", "einsum --dtype c128", ran.stderr)
    ran = tool("einsum", "i,i->", "i.npy", "i.npy", "--dtype", "f32", "--json", folder=folder)
    report = json.loads(ran.stdout) if check(ran.returncode == 0, "einsum --json", ran.stderr) else {}
    check(report.get("result") == [14.0] and report["output"] == {"dtype": "float32", "shape": [], "file": None},
          "einsum --json: scalar", ran.stdout)
    ran = tool("einsum", "ij->ji", "a.npy", "--json", folder=folder)
    report = json.loads(ran.stdout)
    check(np.array_equal(np.reshape(report["result"], report["output"]["shape"]), a.T) and ran.stderr == "",
          "einsum --json: elements in row-major order", ran.stdout)
    ran = tool("einsum", "ij,jk->ik", "a4.npy", "z.npy", "--json", "-o", "out.npy", folder=folder)
    report = json.loads(ran.stdout)
    check(report["output"] == {"dtype": "complex64", "shape": [3, 5], "file": "out.npy"} and "result" not in report
          and report["multiply_adds"] == 60 and report["operands"][1]["source"] == "z.npy", "einsum --json -o",
          ran.stdout)
    ran = tool("einsum", "ij->i", "a.npy", folder=folder)
    check(ran.returncode == 0 and "float64" in ran.stdout and f"{a.sum(1)[0]:.4f}"[:6] in ran.stdout,
          "einsum without -o prints", ran.stdout)
    ran = tool("einsum", "->", "-o", "out.npy", "--", "scalar.npy", folder=folder)
    check_error("einsum '->' with a missing file", ran, 1, "scalar.npy")
    np.save(f"{folder}/scalar.npy", np.float64(2.5))
    ran = tool("einsum", "->", "scalar.npy", "-o", "out.npy", folder=folder)
    check(ran.returncode == 0 and np.load(f"{folder}/out.npy") == 2.5, "einsum '->'", ran.stderr)


def test_wrong_input(folder):
    """One clear line and a non-zero status."""
    np.save(f"{folder}/a.npy", np.ones((3, 4)))
    np.save(f"{folder}/b.npy", np.ones((5, 6)))
    np.save(f"{folder}/i.npy", np.ones((4, 3), "i8"))
    np.save(f"{folder}/z.npy", np.ones((3, 4), "c16"))
    np.save(f"{folder}/flags.npy", np.ones((3, 4), "?"))
    np.save(f"{folder}/text.npy", np.array(["x", "y"]))
    np.savez(f"{folder}/both.npz", x=np.ones(2), y=np.ones(2))
    whole = pathlib.Path(folder, "a.npy").read_bytes()
    pathlib.Path(folder, "cut.npy").write_bytes(whole[:-8])
    pathlib.Path(folder, "stub.npy").write_bytes(whole[:20])
    pathlib.Path(folder, "empty.npy").write_bytes(b"")
    pathlib.Path(folder, "junk.npz").write_bytes(b"PK\x03\x04 no archive at all")
    np.save(f"{folder}/big.npy", np.ones((200, 200)))
    os.mkdir(f"{folder}/folder.npy")

    for arguments, status, text in [
            (["einsum", "ij->i", "none.npy"], 1, "none.npy"),
            (["einsum", "ijk->i", "a.npy"], 1, "operand 0"),
            (["einsum", "ij,jk->ik", "a.npy", "b.npy"], 1, "j"),
            (["einsum", "ij,jk->ik", "a.npy"], 1, "operand"),
            (["einsum", "ij->k", "a.npy"], 1, "k"),
            (["einsum", "ij->i", "cut.npy"], 1, "cut.npy"),
            (["einsum", "ij->i", "stub.npy"], 1, "stub.npy"),
            (["einsum", "ij->i", "empty.npy"], 1, "empty.npy"),
            (["einsum", "ij->i", "folder.npy"], 1, "folder.npy"),
            (["einsum", "i->i", "text.npy"], 1, "text.npy"),
            (["einsum", "ij,ji->", "a.npy", "i.npy"], 1, "--dtype"),
            (["einsum", "ij->i", "z.npy", "--dtype", "f64"], 1, "complex128"),
            (["einsum", "ij->i", "a.npy", "--dtype", "i32"], 1, "float64"),
            (["einsum", "ij->i", "flags.npy"], 1, "bool"),
            (["einsum", "i->", "both.npz"], 1, "both.npz:x"),
            (["einsum", "i->", "both.npz:w"], 1, "w"),
            (["einsum", "i->", "junk.npz:x"], 1, "junk.npz"),
            (["einsum", "i->", "none.npz:x"], 1, "none.npz"),
            (["einsum", "ij,jk->ik", "big.npy", "big.npy", "--memory-limit", "700kB"], 1, "memory"),
            (["einsum", "ij,jk->ik", "big.npy", "big.npy", "--memory-limit", "1000"], 1, "limit"),
            (["einsum", "ij,jk->ik", "a.npy", "i.npy", "--dtype", "f64", "--order", "[[0,2]]"], 1, "path"),
            (["einsum", "ij->i", "a.npy", "--order", "fast"], 1, "--order"),
            (["einsum", "ij->i", "a.npy", "--order", "path:x"], 1, "network"),
            (["einsum", "ij->i", "a.npy", "--order", "none.json"], 1, "none.json"),
            (["einsum", "a\x01b->", "a.npy"], 1, ""),
            (["einsum", "ij->i", "a.npy", "-o", "c.txt"], 2, ".npy"),
            (["einsum", "ij->i", "a.npy", "-o", "nowhere/c.npy"], 2, "nowhere"),
            (["einsum", "ij->i", "a.npy", "--threads", "0"], 2, "--threads"),
            (["einsum", "ij->i", "a.npy", "--threads", "two"], 2, "--threads"),
            (["einsum", "ij->i", "a.npy", "--memory-limit", "lots"], 2, "--memory-limit"),
            (["einsum", "ij->i", "a.npy", "--memory-limit", "99999999999GiB"], 2, "2^63"),
            (["einsum", "ij->i", "a.npy", "--dtype", "f128"], 2, "--dtype"),
            (["einsum", "ij->i", "a.npy", "--wrong"], 2, "--wrong"),
            (["einsum", "ij->i", "a.npy", "--random", "1"], 2, "--random"),
            (["einsum", "ij->i", "a.npy", "-o"], 2, "-o"),
            (["einsum", "ij->i"], 2, "file"),
            (["path"], 2, "path"),
            (["path", "ij->i", "--shapes", "2x"], 1, "--shapes"),
            (["path", "ij->i", "--shapes", "2x3x4"], 1, "rank"),
            (["path", "ij->i", "a.npy", "--shapes", "2x3"], 2, "--shapes"),
            (["path", "ij->i", "--shapes", "2x3", "--format", "xml"], 2, "--format"),
            (["contract", "none.json", "--random", "1"], 1, "none.json"),
            (["contract", "none.json"], 2, "--data"),
            (["contract", "none.json", "--random", "1", "--data", "x.npz"], 2, "--data"),
            (["contract", "none.json", "--random", "-1"], 2, "--random"),
            (["info", "everything"], 2, "everything"),
            (["frobnicate"], 2, "frobnicate"),
            ([], 2, "command"),
    ]:
        check_error(f"tenferro {' '.join(map(repr, arguments))}", tool(*arguments, folder=folder), status, text)
    check(not [f for f in os.listdir(folder) if "tmp" in f or f.startswith("c.")], "wrong input leaves no files")

    full = subprocess.run(f"{TOOL} info > /dev/full", shell=True, capture_output=True, text=True, check=False)
    check(full.returncode == 1 and "standard output" in full.stderr, "output that cannot be written", full.stderr)


def write_network(folder, file, **document):
    """A network file."""
    pathlib.Path(folder, file).write_text(json.dumps(document))


def test_contract(folder):
    """Networks: data from archives and random, orders that come with them, wrong ones."""
    rng = np.random.default_rng(11)
    # a hyperedge (2 in three operands), a repeated label, a scalar, an output in another order, batch label
    ixs, iy = [[0, 1], [1, 2, 5], [2, 3, 3], [2, 4], []], [4, 0, 5]
    size = {0: 3, 1: 4, 2: 5, 3: 2, 4: 3, 5: 2}
    write_network(folder, "net.json", ixs=ixs, iy=iy, size=[size[i] for i in range(6)],
                  paths={"mine": {"path_linear": [[0, 1], [0, 1], [0, 1], [0, 1]]}}, name="x")
    write_network(folder, "named.json", ixs=ixs, iy=iy, size={str(k): v for k, v in size.items()},
                  operands=["p", "q", "r", "s", "t"])
    letters = "abcdefghij"
    equation = ",".join("".join(letters[i] for i in ix) for ix in ixs) + "->" + "".join(letters[i] for i in iy)
    arrays = [random_array(rng, [size[i] for i in ix], "f8", "CF"[n % 2]) for n, ix in enumerate(ixs)]
    np.savez(f"{folder}/positional.npz", *arrays)
    np.savez(f"{folder}/numbered.npz", **{str(i): a for i, a in enumerate(arrays)})
    np.savez_compressed(f"{folder}/named.npz", **dict(zip("pqrst", arrays)))

    for network, data, *options in [("net.json", "positional.npz"), ("net.json", "numbered.npz", "--order", "left"),
                                    ("named.json", "named.npz"), ("net.json", "numbered.npz", "--order", "path:mine")]:
        name = f"contract {network} --data {data} {options}"
        ran = tool("contract", network, "--data", data, "-o", "out.npy", *options, folder=folder)
        if check(ran.returncode == 0, name, ran.stderr):
            check_result(name, np.load(f"{folder}/out.npy"), equation, arrays)

    for dtype, numpy_dtype in [("f64", "f8"), ("f32", "f4"), ("c64", "c8"), ("c128", "c16"), ("i64", "i8")]:
        outputs = []
        for threads in (1, 2):
            ran = tool("contract", "net.json", "--random", 42, "--dtype", dtype, "--threads", threads, "--save-data",
                       "drawn.npz", "-o", f"out{threads}.npy", folder=folder, TENFERRO_BLAS="none")
            if check(ran.returncode == 0, f"contract --random {dtype}", ran.stderr):
                outputs.append(np.load(f"{folder}/out{threads}.npy"))
        if len(outputs) == 2:
            check(outputs[0].tobytes() == outputs[1].tobytes(), f"contract --random {dtype}: any thread count")
            drawn = np.load(f"{folder}/drawn.npz")
            arrays_drawn = [drawn[str(i)] for i in range(len(ixs))]
            check(all(a.dtype == numpy_dtype for a in arrays_drawn), f"contract --save-data {dtype}: dtype")
            check_result(f"contract --random {dtype}", outputs[0], equation, arrays_drawn)
        other = tool("contract", "net.json", "--random", 43, "--dtype", dtype, "-o", "other.npy", folder=folder)
        check(other.returncode == 0 and not np.array_equal(np.load(f"{folder}/other.npy"), outputs[0]),
              f"contract --random {dtype}: another seed, other numbers")

    chain = 300
    write_network(folder, "chain.json", ixs=[[i, i + 1] for i in range(chain)], iy=[0, chain], size={"*": 8})
    ran = tool("contract", "chain.json", "--random", 1, "--json", "--save-data", "chain.npz", folder=folder)
    if check(ran.returncode == 0, "contract: chain of 300", ran.stderr):
        report = json.loads(ran.stdout)
        drawn = np.load(f"{folder}/chain.npz")
        product = np.linalg.multi_dot([drawn[str(i)] for i in range(chain)])
        result = np.reshape(report["result"], (8, 8))
        check(report["steps"] == chain - 1 and len(report["operands"]) == chain, "contract --json: chain's steps")
        check(np.allclose(result, product, rtol=1e-10, atol=1e-10 * np.abs(product).max()), "contract: chain's product")
        check(1e-12 < np.abs(result).max() < 1e6, "contract --random: no overflow, no underflow", str(result))

    write_network(folder, "real.json", ixs=[[0, 1.5]], iy=[], size=[2, 3])
    write_network(folder, "word.json", ixs=[["i", "j"]], iy=[], size={"*": 2})
    write_network(folder, "short.json", ixs=[[0, 9]], iy=[], size=[2])
    write_network(folder, "huge.json", ixs=[[0, 1], [1, 2]], iy=[0, 2], size={"*": 100000})
    write_network(folder, "vast.json", ixs=[[0, 1], [1, 2]], iy=[0, 2], size={"*": 3000000000})
    write_network(folder, "clash.json", ixs=[[0]], iy=[5], size={"*": 2})
    pathlib.Path(folder, "cut.json").write_text('{"ixs": [[0, 1],\n [1')
    for arguments, text in [
            (["contract", "real.json", "--random", "1"], "the label 1.5 is not an integer"),
            (["path", "real.json"], "the label 1.5 is not an integer"),
            (["contract", "word.json", "--random", "1"], 'the label "i" is not an integer'),
            (["contract", "short.json", "--random", "1"], "no extent for label 9"),
            (["contract", "clash.json", "--random", "1"], "5"),
            (["contract", "cut.json", "--random", "1"], "line 2"),
            (["contract", "huge.json", "--random", "1", "--memory-limit", "1GiB"], "1GiB"),
            (["contract", "vast.json", "--random", "1"], "too large"),
            (["path", "huge.json", "--memory-limit", "1GiB"], "1GiB"),
            (["contract", "net.json", "--data", "named.npz"], "named.npz"),
            (["contract", "named.json", "--data", "numbered.npz"], "p"),
            (["contract", "net.json", "--random", "1", "--order", "path:other"], "other"),
            (["contract", "net.json", "--random", "1", "--dtype", "bool"], "bool"),
    ]:
        check_error(f"tenferro {' '.join(arguments)}", tool(*arguments, folder=folder), 1, text)
    np.savez(f"{folder}/wrong.npz", *[np.ones((2, 2))] * 5)
    check_error("contract: wrong shape", tool("contract", "net.json", "--data", "wrong.npz", folder=folder), 1,
                "operand 0 (wrong.npz:arr_0) is 2x2, but the network says 3x4")


def cost_of(ixs, iy, size, path):
    """Multiply-adds and the largest intermediate of a linear path, counted independently."""
    nodes = [frozenset(ix) for ix in ixs]
    macs = largest = 0
    for a, b in path:
        first, second = nodes[a], nodes[b]
        nodes = [n for i, n in enumerate(nodes) if i not in (a, b)]
        kept = frozenset(iy).union(*nodes) & (first | second)
        macs += math.prod(size(i) for i in first | second)
        largest = max(largest, math.prod(size(i) for i in kept))
        nodes.append(kept)
    return macs, largest


def test_path(folder):
    """Text, JSON and DOT; the counts against an independent count."""
    np.save(f"{folder}/a.npy", np.ones((2, 3)))
    np.save(f"{folder}/b.npy", np.ones((3, 4)))
    by_files = tool("path", "ij,jk->ik", "a.npy", "b.npy", folder=folder)
    by_shapes = tool("path", "ij,jk->ik", "--shapes", "2x3,3x4", folder=folder)
    check(by_files.returncode == 0 and by_files.stdout == by_shapes.stdout and "24" in by_files.stdout,
          "path: files and shapes say the same", by_files.stdout + by_files.stderr)
    equation, shapes = "ij,jk,kl,lm->im", [[8, 2], [2, 9], [9, 3], [3, 7]]
    text = ",".join("x".join(map(str, s)) for s in shapes)
    extents = dict(zip("ijklm", [8, 2, 9, 3, 7]))
    for order in ["auto", "greedy", "left", "[[2,3],[1,2],[0,1]]"]:
        ran = tool("path", equation, "--shapes", text, "--order", order, "--format", "json")
        if not check(ran.returncode == 0, f"path --order {order}", ran.stderr):
            continue
        plan = json.loads(ran.stdout)
        macs, largest = cost_of(equation.split("->")[0].split(","), "im", extents.get, plan["path"])
        check(plan["multiply_adds"] == macs and plan["largest_intermediate"] == largest,
              f"path --order {order}: counts", f"{ran.stdout}, expected {macs} and {largest}")
        pathlib.Path(folder, "plan.json").write_text(ran.stdout)
        again = tool("path", equation, "--shapes", text, "--order", "plan.json", "--format", "json", folder=folder)
        check(again.returncode == 0 and json.loads(again.stdout)["path"] == plan["path"],
              f"path --order {order}: read back", again.stderr)
    dot = tool("path", equation, "--shapes", text, "--format", "dot").stdout
    check(re.match(r"\s*(strict )?(di)?graph\b", dot) and dot.rstrip().endswith("}")
          and dot.count("{") == dot.count("}"), "path --format dot", dot)
    scalar = tool("path", ",ab->ab", "--shapes", ",2x3")
    check(scalar.returncode == 0, "path: a scalar's shape is nothing", scalar.stderr)
    large = tool("path", "ij,jk->ik", "--shapes", "1000000x1000000,1000000x1000000", "--format", "json")
    check(large.returncode == 0 and json.loads(large.stdout)["multiply_adds"] == 1e18,
          "path: costs are known of what would never fit", large.stderr)


def test_instances(folder):
    """The published costs of the reference networks' own paths; two paths of a network give one result."""
    files = sorted((SHARED / "einsum/tenferro_instances").glob("*.json"))
    if not files and os.environ.get("TENFERRO_REQUIRE_SHARED") == "1":
        check(False, "reference data", "tenferro_instances missing")
    for file in files:
        network = json.loads(file.read_text())
        results = []
        for name, path in network["paths"].items():
            ran = tool("path", file, "--order", f"path:{name}", "--format", "json")
            if not check(ran.returncode == 0, f"path {file.name} {name}", ran.stderr):
                continue
            plan = json.loads(ran.stdout)
            check(plan["path"] == path["path_linear"], f"path {file.name} {name}: given")
            check(abs(math.log10(plan["multiply_adds"]) - path["verified_log10_macs"]) < 1e-3,
                  f"path {file.name} {name}: multiply-adds", str(plan["multiply_adds"]))
            if plan["multiply_adds"] < 3e7 and plan["peak_bytes"] < 2e8:
                ran = tool("contract", file, "--random", 5, "--order", f"path:{name}", "-o", "out.npy", folder=folder)
                if check(ran.returncode == 0, f"contract {file.name} {name}", ran.stderr):
                    results.append(np.load(f"{folder}/out.npy"))
        for result in results[1:]:
            scale = np.abs(results[0]).max()
            check(np.isfinite(scale) and np.allclose(result, results[0], rtol=1e-9, atol=1e-9 * scale),
                  f"contract {file.name}: two paths, one result")


def start_long_work(folder, stderr):
    """A contraction of some minutes at most, in small memory: a tensor 200^3 times 600 matrices."""
    n, matrices = 200, 600
    write_network(folder, "long.json", ixs=[[0, 1, 2]] + [[i, i + 1] for i in range(2, 2 + matrices)],
                  iy=[0, 1, 2 + matrices], size={"*": n})
    # a parent that runs in the background may have SIGINT ignored, which children inherit
    return subprocess.Popen([TOOL, "contract", "long.json", "--random", "1", "--order", "left", "-o", "out.npy"],
                            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def test_cancel(folder):
    """Ctrl-C: status 130, one line, no output file, whole or half."""
    process = start_long_work(folder, subprocess.PIPE)
    time.sleep(2)
    check(process.poll() is None, "cancel: still at work", "the work ended too early to test cancelling")
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    out, error = process.communicate(timeout=240)
    check(process.returncode == 130, "cancel: status 130", f"{process.returncode} {error}")
    check(error == b"tenferro: cancelled\n" and out == b"", "cancel: one line", repr(error))
    check(os.listdir(folder) == ["long.json"], "cancel: no output file", str(os.listdir(folder)))
    print(f"cancelled within {time.monotonic() - start:.2f} s")


def test_progress_bar(folder):
    """On a terminal: a bar with a percentage and the time left, taken off before the message."""
    ours, theirs = pty.openpty()
    process = start_long_work(folder, theirs)
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 120
    while b" left" not in shown and time.monotonic() < deadline:
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    process.communicate(timeout=240)
    os.close(ours)
    check(process.returncode == 130, "progress bar: cancelled", str(process.returncode))
    check(re.search(rb"\reinsum \[=*> *\] +\d+%, \d+:\d\d left", shown), "progress bar: shape", repr(shown[-300:]))
    check(shown.endswith(b"\r\x1b[Ktenferro: cancelled\r\n"), "progress bar: erased at the end", repr(shown[-100:]))


def test_help_and_info():
    """Help on stdout for the tool and each command; version; info as text and JSON."""
    for arguments in [["--help"], ["-h"], ["help"]]:
        ran = tool(*arguments)
        check(ran.returncode == 0 and ran.stdout.startswith("usage: tenferro") and ran.stderr == "",
              f"tenferro {arguments}", ran.stderr)
    for command in ["einsum", "contract", "path", "info"]:
        ran, also = tool(command, "--help"), tool("help", command)
        check(ran.returncode == 0 and ran.stdout.startswith(f"usage: tenferro {command}")
              and ran.stdout == also.stdout and all(len(line) <= 110 for line in ran.stdout.splitlines()),
              f"tenferro {command} --help", ran.stderr)
    ran = tool("--version")
    check(re.fullmatch(r"tenferro \d+\.\d+\.\d+\n", ran.stdout), "tenferro --version", ran.stdout)
    text, as_json = tool("info", "--threads", 2), tool("info", "--threads", 2, "--json")
    check(text.returncode == 0 and "tenferro: " in text.stdout and "threads: 2" in text.stdout, "tenferro info",
          text.stdout + text.stderr)
    check(json.loads(as_json.stdout)["threads"].startswith("2"), "tenferro info --json", as_json.stdout)
    check("rates: built in" in text.stdout and "route packed: " in text.stdout, "tenferro info: rates", text.stdout)
    measured = tool("info", "--calibrate")
    check(measured.returncode == 0 and "rates: measured" in measured.stdout, "info --calibrate", measured.stdout)


def main():
    test_help_and_info()
    for test in [test_einsum_options, test_wrong_input, test_contract, test_path, test_instances, test_cancel,
                 test_progress_bar]:
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    test_reference_equations()
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
