"""Rows of a suite: measured in interleaved rounds, printed one line a case, written as JSON and as Markdown."""

import json
import pathlib
import statistics
import time

UNITS = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (0.0, "ns")]


def shown(seconds):
    if seconds is None:
        return "-"
    scale, unit = next((s, u) for s, u in UNITS if seconds >= s)
    return f"{seconds / (scale or 1e-9):.3g} {unit}"


class Row:
    def __init__(self, case, threads, ours, peer=None, theirs=None, limit=None, limit_name="",
                 agrees=True, target=None, dtype="f64", group="", note=""):
        self.case, self.dtype, self.threads, self.group, self.note = case, dtype, threads, group, note
        self.ours, self.peer, self.theirs = ours, peer, theirs  # seconds, round by round
        self.limit, self.limit_name, self.agrees, self.target = limit, limit_name, agrees, target
        self.median = statistics.median(ours)
        self.ratio = statistics.median(t / o for o, t in zip(ours, theirs)) if theirs else None

    def line(self, suite):
        peer = f"{self.peer} {shown(statistics.median(self.theirs))}" if self.theirs else "-"
        ratio = f"{self.ratio:.2f}" if self.theirs else "-"
        target = f"{self.target:.2f}" if self.target is not None else "-"
        return (f"{suite}  {self.case:<58} {self.dtype}  {self.threads}  {shown(self.median):>8}  {peer:<28}  "
                f"{ratio:>6}  {target:>4}{'' if self.agrees else '  THE RESULTS DIFFER'}")

    def failed(self):
        return not self.agrees or (self.target is not None and self.ratio is not None and self.ratio < self.target)

    def markdown(self):
        theirs = f"{self.peer}: {shown(statistics.median(self.theirs))}" if self.theirs else "-"
        ratio = "-" if not self.theirs else f"{self.ratio:.2f}" if self.ratio >= 1 else f"**{self.ratio:.2f}** loss"
        limit = f"{shown(self.limit)} ({self.limit_name})" if self.limit else "-"
        distance = f"{self.median / self.limit:.1f}" if self.limit else "-"
        return f"| {self.case} | {self.threads} | {shown(self.median)} | {theirs} | {ratio} | {limit} | {distance} |"

    def document(self):
        return {"case": self.case, "dtype": self.dtype, "threads": self.threads, "ours_s": self.ours,
                "peer": self.peer, "peer_s": self.theirs, "ratio": self.ratio, "limit_s": self.limit,
                "limit": self.limit_name, "agrees": self.agrees, "target": self.target,
                "group": self.group, "note": self.note, "markdown": self.markdown()}


HEAD = """| case | threads | ours | peer | ratio | limit | distance |
|---|---|---|---|---|---|---|"""


def warm(function):
    """Seconds of a call that is not the first one; one that takes long enough does not need another."""
    for _ in range(3):
        start = time.perf_counter()
        function()
        seconds = time.perf_counter() - start
        if seconds > 0.05:
            break
    return seconds


def interleaved(rounds, *functions, least=2e-3, pause=0.0, seconds=()):
    """Seconds a call of each function, round by round, after a warm-up.  A sample takes at least `least` seconds; before it
    there is a pause in which the other functions' threads fall asleep.  `seconds`: what warm() said, if it was called."""
    repeats = [1 + int(least / max(s, 1e-7)) for s in seconds or map(warm, functions)]
    samples = [[] for _ in functions]
    for _ in range(rounds):
        for function, repeat, sample in zip(functions, repeats, samples):
            time.sleep(pause)
            start = time.perf_counter()
            for _ in range(repeat):
                function()
            sample.append((time.perf_counter() - start) / repeat)
    return samples


def write_json(path, document):
    pathlib.Path(path).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def replace_block(path, name, text):
    """Puts the text between the lines <!-- name: begin --> and <!-- name: end --> of a file."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    page = pathlib.Path(path).read_text(encoding="utf-8")
    head, rest = page.split(begin)
    pathlib.Path(path).write_text(head + begin + "\n" + text + "\n" + end + rest.split(end)[1], encoding="utf-8")


def markdown(document):
    """The machine, what it can do, and the table."""
    lines = [document["machine"], ""]
    for run in document["runs"]:
        rates = [{case: statistics.median(samples) for case, samples in probe.items()} for probe in run["probes"]]
        peaks = [f"{case} {' and '.join(f'{rate[case]:.3g}' for rate in rates)}" for case in rates[0]
                 if case.startswith("fma") or case.split("_")[1] in ("32KiB", "2048KiB", "131072KiB")]
        lines.append(f"Probes with {run['threads']} thread{'s' * (run['threads'] > 1)}, before and after "
                     f"(GFLOP/s f64; GB/s): {', '.join(peaks)}.")
    lines += ["", HEAD] + [row["markdown"] for run in document["runs"] for row in run["rows"]]
    for peer in ("np.einsum", "np.matmul"):
        ratios = [row["ratio"] for run in document["runs"] for row in run["rows"]
                  if row["limit"] == "arithmetic, memory" and row["peer"].startswith(peer)]
        if ratios:
            lines += ["", f"Instances against {peer}: geometric mean of the ratios "
                          f"{statistics.geometric_mean(ratios):.2f}, {sum(r < 1 for r in ratios)} of {len(ratios)} below 1."]
    return "\n".join(lines)
