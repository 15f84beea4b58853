"""Measures an exported model in PyTorch and in janus-lite, and prints a Markdown table.

`evaluate.py MODEL --janus-lite COMMAND --work FOLDER`. What was measured is kept in the folder, under checksums of the
weights, the layout of pages and the command, so that a stopped evaluation goes on where it was; nothing is measured twice.
"""

import argparse
import hashlib
import json
import random
from itertools import islice
from pathlib import Path
from shutil import copytree

import torch
from PIL import Image

from formulas import LONGEST, formulas, latex
from layout import FONTS, layout
from reference import Reference
from rendering import draw
from runtime import Runtime, instruction_set
from shapes import Scene, keeps_to, random_scene

SEED = 20_000_003
RECIPES = ["bf16", "int8", "int4"]


def held_out(count: int, longest: int, seed: int = SEED):
    """Tokens and pictures of formulas that no training saw; the same ones for a seed."""
    rng = random.Random(seed)
    for number, piece in enumerate(islice(formulas(seed, longest, evaluation=True), count)):
        yield piece.tokens, draw(layout(piece, FONTS[number % len(FONTS)]), rng)[0]


def scenes(count: int) -> list[Scene]:
    rng = random.Random(SEED)
    return [random_scene(rng) for _ in range(count)]


def distance(a: list, b: list) -> int:
    """Edits (one token in, out or changed) from `a` to `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, old = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(old[j] + 1, row[-1] + 1, old[j - 1] + (x != y)))
    return row[-1]


def divergence(exact: torch.Tensor, other: torch.Tensor) -> list[float]:
    """Kullback-Leibler divergence of `other` from `exact` at each place, in nats; rows are log-probabilities."""
    exact, other = exact.double(), other.double()
    # Equal rows may differ by rounding to either side of nothing.
    return (exact.exp() * (exact - other)).sum(-1).clamp(min=0).tolist()


def checksum(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()[:12]


def keep(path: Path, write) -> None:
    """Calls `write` with a path whose content gets the name when it is whole."""
    if not path.exists():
        partial = path.with_name("partial-" + path.name)
        write(partial)
        partial.rename(path)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


class Evaluation:
    """All measures of one model; each is a list with an element for a formula, a token or a painting."""

    def __init__(self, arguments):
        self.arguments = arguments
        command = arguments.janus_lite
        self.folder = arguments.work / checksum(
            *((arguments.model / name).read_bytes() for name in ("model.safetensors", "preprocessor_config.json")))
        # Another build may convert and compute otherwise, and so may another processor's kernels.
        self.runs = self.folder / f"{checksum(command.read_bytes())}-{instruction_set(command)}"
        self.runs.mkdir(parents=True, exist_ok=True)
        self.reference = Reference(arguments.model)
        self.runtimes = {
            recipe: Runtime.converted(
                command, arguments.model, recipe, self.runs / f"{recipe}.gguf", arguments.threads)
            for recipe in RECIPES
        }
        self.formulas, self.paths = [], []
        for number, (tokens, picture) in enumerate(held_out(arguments.count, arguments.longest)):
            path = self.folder / f"formula-{arguments.longest}-{number:04}.png"
            keep(path, lambda partial: picture.save(partial, "PNG"))
            self.formulas.append(tokens)
            self.paths.append(path)

    def _kept(self, name: str, column: str, measure):
        path = (self.runs if column in self.runtimes else self.folder) / f"{name}-{column}.json"

        def write(partial: Path) -> None:
            print(f"measuring {name} of {column}", flush=True)
            partial.write_text(json.dumps(measure()))

        keep(path, write)
        return json.loads(path.read_text())

    def _with_one_look(self, column: str) -> Runtime:
        """What the logits are compared of: the reference's are those of the first page."""
        model = self.runs / "one-look"
        if not model.exists():
            partial = model.with_name("one-look.partial")
            copytree(self.arguments.model, partial, dirs_exist_ok=True)
            path = partial / "preprocessor_config.json"
            config = json.loads(path.read_text())
            config["formula_page"].pop("further_thicknesses", None)
            path.write_text(json.dumps(config))
            partial.rename(model)
        return Runtime.converted(
            self.arguments.janus_lite, model, column, self.runs / f"one-look-{column}.gguf", self.arguments.threads)

    def _read(self, paths: list[Path], column: str, cache: str | None = None) -> list[dict]:
        if column in self.runtimes:
            return self.runtimes[column].read(paths, cache)
        return [
            answer for start in range(0, len(paths), 25)
            for answer in self.reference.read([Image.open(path) for path in paths[start:start + 25]])]

    def answers(self, column: str, cache: str | None = None) -> list[dict]:
        """What a column says of the formulas, with keys and values in `cache` or the default format."""
        name = f"answers-{len(self.paths)}-{self.arguments.longest}" + (f"-{cache}-cache" if cache else "")
        return self._kept(name, column, lambda: self._read(self.paths, column, cache))

    def further(self, column: str) -> list[dict]:
        """What a column says of the pictures given by name."""
        paths = self.arguments.pictures
        name = f"pictures-{checksum(*(path.read_bytes() for path in paths))}"
        return self._kept(name, column, lambda: self._read(paths, column))

    def text_divergence(self, column: str) -> list[float]:
        """Per token, at the places of the column's own answers."""
        rows = self.reference.janus.config.text_config.vocab_size
        paths = self.paths[:self.arguments.logits]

        def measure():
            found = []
            for path, (ids, given) in zip(paths, self._with_one_look(column).text_logprobs(paths, rows)):
                found += divergence(self.reference.text_logprobs(Image.open(path), ids)[:len(given)], given)
            return found

        return self._kept(f"text-{len(paths)}-{self.arguments.longest}", column, measure)

    def code_divergence(self, column: str) -> list[float]:
        """Per code, at the places of the column's own paintings."""
        rows = self.reference.janus.config.vq_config.num_embeddings

        def measure():
            found = []
            for seed, scene in enumerate(scenes(self.arguments.guided)):
                codes, given = self.runtimes[column].code_logprobs(scene.caption, seed, self.runs / column, rows)
                found += divergence(self.reference.code_logprobs(scene.caption, codes), given)
            return found

        return self._kept(f"codes-{self.arguments.guided}", column, measure)

    def paintings(self, column: str) -> list[bool]:
        wanted = scenes(self.arguments.paintings)

        def measure():
            if column in self.runtimes:
                runtime, folder = self.runtimes[column], self.runs / column
                paths = [runtime.paint(scene.caption, seed, folder) for seed, scene in enumerate(wanted)]
                pictures = [Image.open(path) for path in paths]
            else:
                pictures = self.reference.paint([scene.caption for scene in wanted], SEED)
            return [keeps_to(picture.convert("RGB"), scene) for picture, scene in zip(pictures, wanted)]

        return self._kept(f"paintings-{len(wanted)}", column, measure)

    def table(self) -> str:
        columns = ["torch", *RECIPES]
        answers = {column: self.answers(column) for column in columns}
        wanted = [latex(tokens) for tokens in self.formulas]
        vocabulary = self.reference.tokenizer.get_vocab() | {" ": self.reference.tokenizer.token_to_id("Ġ")}
        ids = [[vocabulary[token] for token in tokens] for tokens in self.formulas]

        def exact(column):
            return f"{mean([a['text'] == w for a, w in zip(answers[column], wanted)]):.1%}"

        def edits(column):
            return f"{sum(distance(a['ids'], w) for a, w in zip(answers[column], ids)) / sum(map(len, ids)):.2%}"

        def same(answers, others):
            equal = [a["ids"] == b["ids"] for a, b in zip(answers, others)]
            return f"{sum(equal)} of {len(equal)}"

        count, plain = len(wanted), ["–"]
        rows = [[f"exact match, {count} held-out formulas", *map(exact, columns)],
                ["token edit distance / length", *map(edits, columns)],
                ["same answer as PyTorch", *plain, *(same(answers[recipe], answers["torch"]) for recipe in RECIPES)],
                ["same answer with keys and values in int8", *plain,
                 *(same(self.answers(recipe, "int8"), answers[recipe]) for recipe in RECIPES)]]
        if self.arguments.logits:
            values = [f"{mean(self.text_divergence(recipe)):.2g}" for recipe in RECIPES]
            rows.append(["KL divergence of the text logits, mean per token", *plain, *values])
        if self.arguments.guided:
            values = [f"{mean(self.code_divergence(recipe)):.2g}" for recipe in RECIPES]
            rows.append(["KL divergence of the guided code logits, mean per code", *plain, *values])
        if self.arguments.paintings:
            values = [f"{mean(self.paintings(column)):.1%}" for column in columns]
            rows.append([f"painting right, {self.arguments.paintings} prompts", *values])
        head = ["", "PyTorch (bf16 weights)", *(f"janus-lite {recipe}" for recipe in RECIPES)]
        return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])

    def remarks(self, shown: int) -> str:
        """The first wrong answers of PyTorch, and what every column reads in the pictures given by name."""
        lines = []
        for tokens, answer in zip(self.formulas, self.answers("torch")):
            if latex(tokens) != answer["text"] and len(lines) < 2 * shown:
                lines += [f"wrong: {answer['text']}", f"  for: {latex(tokens)}"]
        for number, path in enumerate(self.arguments.pictures):
            lines += [f"{path.name} in {column}: {self.further(column)[number]['text']}" for column in ["torch", *RECIPES]]
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder that export.py wrote")
    parser.add_argument("--janus-lite", type=Path, required=True, help="the command")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is measured")
    parser.add_argument("-o", "--output", type=Path, help="file for the table")
    parser.add_argument("--count", type=int, default=500, help="formulas")
    parser.add_argument("--longest", type=int, default=LONGEST, help="tokens of a formula")
    parser.add_argument("--logits", type=int, default=100, help="formulas whose logits are compared")
    parser.add_argument("--guided", type=int, default=8, help="paintings whose logits are compared; 0: do not paint")
    parser.add_argument("--paintings", type=int, default=600, help="paintings to be judged; 0: do not paint")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--show", type=int, default=5, help="wrong answers to print")
    parser.add_argument("--pictures", nargs="+", default=[], type=Path, help="read these as well and print the answers")
    arguments = parser.parse_args()
    arguments.janus_lite = arguments.janus_lite.resolve()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    evaluation = Evaluation(arguments)
    table = evaluation.table()
    print(table)
    print(evaluation.remarks(arguments.show))
    if arguments.output:
        arguments.output.write_text(table + "\n")


if __name__ == "__main__":
    main()
