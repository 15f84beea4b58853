#!/usr/bin/env python3
"""Medians, spread and ratios of a comparison: `table.py compare.csv` prints them as Markdown."""

import csv
import statistics
import sys
from pathlib import Path

COLUMNS = ["comparison", "stage", "system", "repetition", "seconds", "foreign_share"]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def markdown(rows: list[dict[str, str]]) -> list[str]:
    """One line a system; a ratio is how many times the time of the comparison's first system it took."""
    lines = [
        "| stage | system | median s | fastest – slowest s | × ours | repetitions | disturbed |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for comparison in dict.fromkeys(row["comparison"] for row in rows):
        group = [row for row in rows if row["comparison"] == comparison]
        ours = None
        for system in dict.fromkeys(row["system"] for row in group):
            runs = [row for row in group if row["system"] == system]
            times = sorted(float(row["seconds"]) for row in runs)
            median = statistics.median(times)
            ours = ours or median
            disturbed = sum(float(row["foreign_share"]) > 0.05 for row in runs)
            lines.append(
                f"| {runs[0]['stage']} | {system} | {median:.4g} | {times[0]:.4g} – {times[-1]:.4g} "
                f"| {median / ours:.2f} | {len(times)} | {disturbed} |")
    return lines


if __name__ == "__main__":
    print("\n".join(markdown(read(Path(sys.argv[1])))))
