"""How many formulas of the bundled model's own grammar a command reads right, condition by condition.

`run.py MODEL COMMAND [COMMAND…] -o TABLE.md`: a column for each command. Nobody trained on the formulas.
"""

import argparse
import json
import random
import re
import subprocess
import tempfile
import zlib
from itertools import islice
from pathlib import Path

from conditions import CONDITIONS
from formulas import formulas, latex
from layout import FONTS, layout

SEED = 77
AT_ONCE = 300  # pictures for one process


def pictures(condition: str, count: int, folder: Path) -> list[tuple[Path, str]]:
    """Draws the condition's pictures; each with its right answer."""
    source = random.Random(zlib.crc32(condition.encode()))
    found = []
    for number, piece in enumerate(islice(formulas(SEED, evaluation=True), count)):
        ending, content = CONDITIONS[condition](layout(piece, FONTS[number % len(FONTS)]), source)
        path = folder / f"{list(CONDITIONS).index(condition):03}-{number:03}.{ending}"
        path.write_bytes(content)
        found.append((path, latex(piece.tokens)))
    return found


def answers(command: str, model: str, paths: list[Path]) -> dict[str, str]:
    """What a command reads in each picture; pictures that it refuses are absent."""
    found = {}
    for start in range(0, len(paths), AT_ONCE):
        names = [str(path) for path in paths[start:start + AT_ONCE]]
        result = subprocess.run([command, "ocr", "-m", model, "--json", *names], capture_output=True, text=True)
        for line in result.stdout.splitlines():
            answer = json.loads(line)
            if "error" not in answer:
                found[answer["images"][0]] = answer["latex"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="the bundled model, converted")
    parser.add_argument("commands", nargs="+", help="janus-lite, one build or several")
    parser.add_argument("--count", type=int, default=60, help="formulas in each condition")
    parser.add_argument("--only", default="", help="a regular expression: conditions that it finds")
    parser.add_argument("--work", type=Path, help="folder that the pictures are kept in")
    parser.add_argument("--show", action="store_true", help="print what was read wrong by the last command")
    parser.add_argument("-o", "--output", type=Path, help="file for the table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        drawn = {
            name: pictures(name, arguments.count, folder) for name in CONDITIONS if re.search(arguments.only, name)}
        paths = [path for pairs in drawn.values() for path, _ in pairs]
        read = [answers(command, arguments.model, paths) for command in arguments.commands]
    heads = ["condition"] + [f"right of {arguments.count}" for _ in arguments.commands]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, pairs in drawn.items():
        counts = [sum(found.get(str(path)) == wanted for path, wanted in pairs) for found in read]
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    print("\n".join(lines))
    if arguments.show:
        for name, pairs in drawn.items():
            for path, wanted in pairs:
                if read[-1].get(str(path)) != wanted:
                    print(f"{name}: {path.name}: {wanted} read as {read[-1].get(str(path))}")
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
