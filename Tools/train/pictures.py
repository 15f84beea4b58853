"""Measures a model on pictures of formulas that others typeset.

    pictures.py FOLDER --model MODEL                                  in PyTorch, from an exported model
    pictures.py FOLDER --janus-lite COMMAND -m MODEL.gguf             by the command

FOLDER holds pictures and `manifest.jsonl`, one object a line: `file`, `latex`, and if known `kind`, `tokens`, `in_grammar`.
Answers are judged by what they print: both sides in normal form (expressions.py), so that `\\le` is `\\leq` and sizes of brackets do
not count; `--judge FILE` takes `verdict(truth, answer)` from another program instead.
"""

import argparse
import importlib.util
import json
import subprocess
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

from expressions import FONT_OF, Node, Row, Unreadable, parsed
from marking import written

BINS = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0001]


def plain(row: Row) -> Row:
    """Fonts for each letter, brackets without their sizes: what does not depend on how it was written."""
    result: Row = []
    for node in row:
        if node.kind == "font":
            name = "mathrm" if node.text == "text" else node.text
            result += [Node("font", name, [[one]]) for one in node.slots[0] if one.text != " "]
        elif node.kind == "fence":
            ends = [[Node("leaf", one)] if one != "." else [] for one in (node.text, node.close)]
            result += [*ends[0], *plain(node.slots[0]), *ends[1]]
        else:
            node.slots = [None if slot is None else plain(slot) for slot in node.slots]
            result.append(node)
    return result


def normal(latex: str) -> list[str]:
    """Tokens; what cannot be parsed is taken letter by letter."""
    try:
        tokens = written(plain(parsed(latex)))[0]
    except (Unreadable, RecursionError):
        return [*latex.replace(" ", "")]
    tokens = [token for token in tokens if token != " "]
    while tokens and tokens[-1] in ".,;":
        tokens.pop()
    return tokens


def distance(a: list, b: list) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, old = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(old[j] + 1, row[-1] + 1, old[j - 1] + (x != y)))
    return row[-1]


def without_fonts(tokens: list[str]) -> list[str]:
    result, closing = [], []
    for token in tokens:
        if token.startswith("\\") and token[1:-1] in FONT_OF:
            closing.append(True)
        elif token == "}" and closing and closing[-1]:
            closing.pop()
        else:
            if token.endswith("{") and token != "}{":
                closing.append(False)
            elif token == "}" and closing:
                closing.pop()
            result.append(token)
    return result


def verdict(truth: str, answer: str) -> dict:
    left, right = normal(truth), normal(answer)
    return {"exact": left == right, "loose": without_fonts(left) == without_fonts(right),
            "edits": distance(left, right), "length": len(left)}


def by_command(command: Path, model: Path, pictures: list[Path], options: list[str]) -> list[dict]:
    done = subprocess.run([command, "ocr", *pictures, "-m", model, "--json", "--max-tokens", "256", *options],
                          stdout=subprocess.PIPE, text=True)
    lines = {}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        lines[Path(one.get("image") or one.get("file") or one.get("path") or pictures[len(lines)]).name] = one
    return [lines.get(path.name, {"text": ""}) for path in pictures]


def by_torch(model: Path, pictures: list[Path]) -> list[dict]:
    from PIL import Image

    from reference import Reference

    reference = Reference(model)
    answers = []
    for start in range(0, len(pictures), 20):
        answers += reference.read([Image.open(path) for path in pictures[start:start + 20]], limit=256)
    return answers


def kind_of_error(truth: list[str], answer: list[str], loose: bool) -> str:
    if loose:
        return "font"
    if len(answer) < 0.5 * len(truth):
        return "broken off"
    if len(answer) > 1.5 * len(truth) + 4:
        return "too long"
    changed = Counter(operation for operation, *_ in SequenceMatcher(None, truth, answer, False).get_opcodes() if operation != "equal")
    structure = {"_{", "^{", "}", "}{", "\\frac{", "\\sqrt{", "&", "\\\\"}
    ops = [op for op in SequenceMatcher(None, truth, answer, False).get_opcodes() if op[0] != "equal"]
    touched = {token for _, a, b, c, d in ops for token in truth[a:b] + answer[c:d]}
    if touched <= structure:
        return "structure"
    if len(ops) == 1 and ops[0][2] - ops[0][1] <= 1 and ops[0][4] - ops[0][3] <= 1:
        return "one token"
    return "several tokens" if sum(changed.values()) < 6 else "many tokens"


def report(entries: list[dict], answers: list[dict], judge, shown: int) -> str:
    results = []
    for entry, answer in zip(entries, answers):
        truth, said = normal(entry["latex"]), normal(answer["text"])
        results.append({**entry, **judge(entry["latex"], answer["text"]), "said": answer["text"], "truth": truth, "reply": said,
                        "size": entry.get("tokens", len(truth)), "confidence": answer.get("confidence")})
    groups = {"all": results, "up to 20 tokens": [r for r in results if r["size"] <= 20],
              "up to 9 tokens": [r for r in results if r["size"] <= 9],
              "within the first grammar": [r for r in results if r.get("in_grammar")]}
    groups |= {kind: [r for r in results if r.get("kind") == kind] for kind in sorted({r.get("kind", "") for r in results} - {""})}
    lines = ["| pictures | count | exact | without fonts | edits |", "| --- | --- | --- | --- | --- |"]
    for name, group in groups.items():
        if group:
            lines.append(f"| {name} | {len(group)} | {sum(r['exact'] for r in group) / len(group):.1%} | "
                         f"{sum(r['loose'] for r in group) / len(group):.1%} | "
                         f"{sum(r['edits'] for r in group) / max(1, sum(r['length'] for r in group)):.1%} |")
    if all(r["confidence"] is not None for r in results):
        lines += ["", *reliability([(r["confidence"], r["exact"]) for r in results])]
    errors: dict[str, list] = {}
    swaps: Counter = Counter()
    for r in results:
        if r["exact"]:
            continue
        errors.setdefault(kind_of_error(r["truth"], r["reply"], r["loose"]), []).append(r)
        for operation, a, b, c, d in SequenceMatcher(None, r["truth"], r["reply"], False).get_opcodes():
            if operation == "replace" and b - a == d - c:
                swaps.update(zip(r["truth"][a:b], r["reply"][c:d]))
            elif operation == "delete":
                swaps.update((token, "") for token in r["truth"][a:b])
            elif operation == "insert":
                swaps.update(("", token) for token in r["reply"][c:d])
    lines += ["", "wrong: " + ", ".join(f"{name} {len(group)}" for name, group in sorted(errors.items(), key=lambda e: -len(e[1])))]
    lines += ["read as: " + ", ".join(f"{a or '–'} → {b or '–'} {n}" for (a, b), n in swaps.most_common(24))]
    for name, group in errors.items():
        lines += ["", name]
        for r in group[:shown]:
            lines += [f"  {r['file']}", f"    {r['latex']}", f"    {r['said']}"]
    return "\n".join(lines)


def reliability(pairs: list[tuple[float, bool]]) -> list[str]:
    lines = ["| confidence | answers | right |", "| --- | --- | --- |"]
    for low, high in zip(BINS, BINS[1:]):
        group = [right for confidence, right in pairs if low <= confidence < high]
        if group:
            lines.append(f"| {low:.2f} to {min(high, 1):.2f} | {len(group)} | {sum(group) / len(group):.0%} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, help="folder that export.py wrote")
    parser.add_argument("--janus-lite", type=Path, help="the command")
    parser.add_argument("-m", dest="file", type=Path, help="its model file")
    parser.add_argument("--judge", type=Path, help="program with verdict(truth, answer)")
    parser.add_argument("-o", "--output", type=Path, help="file for the table")
    parser.add_argument("--show", type=int, default=4, help="wrong answers of each kind to print")
    parser.add_argument("options", nargs="*", help="after --: further options of the command")
    arguments = parser.parse_args()
    entries = [json.loads(line) for line in (arguments.folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines() if line]
    paths = [arguments.folder / entry["file"] for entry in entries]
    judge = verdict
    if arguments.judge:
        spec = importlib.util.spec_from_file_location("judge", arguments.judge)
        module = importlib.util.module_from_spec(spec)
        import sys
        sys.modules["judge"] = module
        spec.loader.exec_module(module)
        judge = module.verdict
    if arguments.janus_lite:
        answers = by_command(arguments.janus_lite.resolve(), arguments.file, paths, arguments.options)
    else:
        answers = by_torch(arguments.model, paths)
    text = report(entries, answers, judge, arguments.show)
    print(text)
    if arguments.output:
        arguments.output.write_text(text.split("\n\n")[0] + "\n")


if __name__ == "__main__":
    main()
