"""Medians, spread and ratios of comparisons, as Markdown."""

import statistics

from machine import DISTURBED


def markdown(measurements: list) -> list[str]:
    """One line a system; a ratio is how many times the time of the comparison's first system it took."""
    lines = [
        "| stage | system | median s | fastest – slowest s | × ours | repetitions | disturbed |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for comparison in dict.fromkeys(m.comparison for m in measurements):
        group = [m for m in measurements if m.comparison == comparison]
        ours = None
        for system in dict.fromkeys(m.system for m in group):
            runs = [m for m in group if m.system == system]
            times = sorted(m.seconds for m in runs)
            median = statistics.median(times)
            ours = ours or median
            disturbed = sum(m.foreign_share > DISTURBED for m in runs)
            lines.append(
                f"| {runs[0].stage} | {system} | {median:.4g} | {times[0]:.4g} – {times[-1]:.4g} "
                f"| {median / ours:.2f} | {len(times)} | {disturbed} |")
    return lines
