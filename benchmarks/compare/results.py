"""The results of a machine: a folder to which every sitting adds the comparisons that it made."""

import csv
import io
import json
from dataclasses import dataclass, fields
from pathlib import Path

import table


@dataclass(frozen=True)
class Measurement:
    """One repetition: a row of compare.csv."""

    comparison: str
    stage: str
    system: str
    repetition: int
    seconds: float
    foreign_share: float  # what others took of the machine meanwhile


COLUMNS = [field.name for field in fields(Measurement)]


def read(path: Path) -> list[Measurement]:
    with path.open(newline="") as file:
        return [
            Measurement(
                row["comparison"], row["stage"], row["system"], int(row["repetition"]), float(row["seconds"]),
                float(row["foreign_share"]))
            for row in csv.DictReader(file)]


class Results:
    """compare.csv, compare.json and compare.md of a folder.

    A ratio holds within one comparison, whose systems took turns in one sitting: comparisons of different sittings
    may stand side by side, and one is replaced as a whole.
    """

    def __init__(self, folder: Path, order: list[str]):
        self.folder = folder
        self.order = order  # names of comparisons
        self.measurements = read(self._csv) if self._csv.exists() else []
        self.sittings = json.loads(self._json.read_text()) if self._json.exists() else {}

    @property
    def _csv(self) -> Path:
        return self.folder / "compare.csv"

    @property
    def _json(self) -> Path:
        return self.folder / "compare.json"

    def has(self, comparison: str) -> bool:
        return any(m.comparison == comparison for m in self.measurements)

    def replace(self, comparison: str, measurements: list[Measurement], sitting: dict) -> None:
        """Puts a comparison in the place of an older one of its name, and writes the files."""
        kept = [m for m in self.measurements if m.comparison != comparison and m.comparison in self.order]
        self.measurements = sorted(kept + measurements, key=lambda m: self.order.index(m.comparison))
        names = {m.comparison for m in self.measurements}
        self.sittings = {n: s for n, s in {**self.sittings, comparison: sitting}.items() if n in names}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def table(self) -> list[str]:
        return table.markdown(self.measurements)

    def _write(self) -> None:
        rows = io.StringIO()
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerow(COLUMNS)
        for m in self.measurements:
            writer.writerow([
                m.comparison, m.stage, m.system, m.repetition, f"{m.seconds:.6f}", f"{m.foreign_share:.3f}"])
        write(self._csv, rows.getvalue())
        write(self._json, json.dumps(self.sittings, indent=2) + "\n")
        write(self.folder / "compare.md", "\n".join(self.table()) + "\n")


def write(path: Path, text: str) -> None:
    """Gives a file new content, or leaves the old."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
