"""What the suite contraction concludes: geometric means with their targets, and the page."""

import statistics

from lib.report import shown

# Geometric means a dtype: of real numbers, of complex ones.
MEANS = {"compute-bound": (1.0, 1.05), "tccg, given": (2.0, 2.0), "tccg, fresh": (2.0, 2.0), "matmul": (0.97, 0.97),
         "permutations": (0.6, 0.6)}
TEXT = {"compute-bound": "tccg 16 MiB, m, n, k >= 128: against OpenBLAS gemm",
        "tccg, given": "tccg 1 and 16 MiB, given destination: against the faster of NumPy and torch",
        "tccg, fresh": "the same into fresh memory",
        "matmul": "matmul without a guest: against OpenBLAS",
        "reading": "one operand is read once: of the limit",
        "reading, detour": "the same against our own permute + gemm",
        "batched": "10000 small products: against a loop of gemm",
        "memory": "bound by memory: of the limit",
        "permutations": "permutations: of a streaming copy",
        "small": "small calls: target over time",
        "speedup": "two threads: speedup over that of the peaks",
        "integers": "integer matmul: of the instruction limit"}


def geometric_means(rows):
    """One for each group and dtype that has several rows with ratios."""
    groups = {}
    for row in rows:
        is_extra = row["target"] is None and row["group"] == "permutations"  # on small pages
        if row["group"] in MEANS and not is_extra:
            groups.setdefault((row["group"], row["dtype"], row["threads"], row["isa"]), []).append(row)
    means = []
    for (group, dtype, threads, isa), members in groups.items():
        target, ratios = None if isa else MEANS[group][dtype[0] == "c"], [row["ratio"] for row in members]
        mean = statistics.geometric_mean(ratios)
        best = [statistics.median(row["peer_s"]) / row["limit_s"] for row in members if row["limit_s"]]
        means.append({"group": group, "dtype": dtype, "threads": threads, "isa": isa, "cases": len(ratios), "mean": mean,
                      "worst": min(ratios), "limit": statistics.geometric_mean(best) if best else None,
                      "target": target, "failed": target is not None and mean < target})
    return means


def line(mean):
    target = "-" if mean["target"] is None else f"{mean['target']:.2f}"
    limit = "" if mean["limit"] is None else f", at the limits {mean['limit']:.2f}"
    return (f"{mean['group']}  geometric mean of {mean['cases']}, worst {mean['worst']:.2f}{limit}  {mean['dtype']}  "
            f"{mean['threads']}  {mean['mean']:.2f}  {target}{'  MISS' if mean['failed'] else ''}")


def is_missed(row):
    return not row["agrees"] or (row["target"] is not None and row["ratio"] is not None and row["ratio"] < row["target"])


def overview(rows, means):
    """A line for each group, dtype and number of threads."""
    lines = ["| work | dtype | threads | cases | geometric mean | target | at the limits | worst | target each | below |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    groups = {}
    for row in rows:
        groups.setdefault((row["group"], row["dtype"], row["threads"], row["isa"]), []).append(row)
    for key, members in groups.items():
        group, dtype, threads, isa = key
        mean = next((m for m in means if (m["group"], m["dtype"], m["threads"], m["isa"]) == key), None)
        if group == "permutations" and any(row["target"] for row in members):
            members = [row for row in members if row["target"]]
        ratios = [row["ratio"] for row in members]
        value = f"{statistics.geometric_mean(ratios):.2f}"
        if mean and mean["failed"]:
            value = f"**{value}** loss"
        target = f"{mean['target']:.2f}" if mean and mean["target"] else "-"
        each = sorted({row["target"] for row in members if row["target"] is not None})
        missed = sum(map(is_missed, members))
        limit = f"{mean['limit']:.2f}" if mean and mean["limit"] else "-"
        below = f"**{missed}** loss" if missed else "0" if each else "-"
        lines.append(f"| {TEXT[group]}{f' ({isa})' if isa else ''} | {dtype} | {threads} | {len(members)} | {value} | "
                     f"{target} | {limit} | {min(ratios):.2f} | {', '.join(f'{t:g}' for t in each) or '-'} | {below} |")
    return lines


def details(title, rows):
    lines = [title, "", "| work | case | dtype | threads | ours | against | ratio | target | |", "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ratio = f"**{row['ratio']:.2f}** loss" if is_missed(row) else f"{row['ratio']:.2f}"
        peer = f"{row['peer']}: {shown(statistics.median(row['peer_s']))}"
        target = "-" if row["target"] is None else f"{row['target']:g}"
        note = row["note"] if row["agrees"] else "THE RESULTS DIFFER"
        lines.append(f"| {row['group']}{' ' + row['isa'] if row['isa'] else ''} | {row['case']} | {row['dtype']} | "
                     f"{row['threads']} | {shown(statistics.median(row['ours_s']))} | {peer} | {ratio} | {target} | {note} |")
    return lines


def markdown(document):
    """The machine, what it can do, the groups, every loss, and every row of the groups with few."""
    lines = [document["machine"], ""]
    for run in document["runs"]:
        peaks = [f"{name} {' and '.join(f'{probe[name]:.3g}' for probe in run['probes'])}" for name in run["probes"][0]]
        lines.append(f"- {run['threads']} thread{'s' * (run['threads'] > 1)}{' ' + run['isa'] if run['isa'] else ''}: "
                     f"{run['seconds']:.0f} s; before and after (GFLOP/s f64; GB/s): {', '.join(peaks)}.")
    rows = [row for run in document["runs"] for row in run["rows"]]
    lines += ["", *overview(rows, [mean for run in document["runs"] for mean in run["means"]])]
    few = ("matmul", "reading", "reading, detour", "batched", "memory", "small", "speedup", "integers")
    many = [row for row in rows if row["group"] not in few]
    lines += ["", *details("Losses among the groups with many cases:", [row for row in many if is_missed(row)])]
    lines += ["", *details("All of the others:", [row for row in rows if row["group"] in few])]
    return "\n".join(lines)
