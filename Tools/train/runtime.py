"""janus-nano as janus-lite runs it: the command, one model file for each number format."""

import json
import subprocess
from pathlib import Path

import torch

EVERY = 1000  # more log-probabilities than the vocabulary and the codebook have


class Runtime:
    def __init__(self, command: Path, model: Path, threads: int | None):
        self.command, self.model = command, model
        self.options = ["-m", str(model)] + (["--threads", str(threads)] if threads else [])

    @staticmethod
    def converted(command: Path, checkpoint: Path, recipe: str, path: Path, threads: int | None) -> "Runtime":
        if not path.exists():
            subprocess.run([command, "convert", checkpoint, "-o", path, "--quant", recipe], check=True)
        return Runtime(command, path, threads)

    def _lines(self, *arguments) -> list[dict]:
        done = subprocess.run(
            [self.command, *map(str, arguments), *self.options, "--json"], check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def read(self, pictures: list[Path], cache: str | None = None) -> list[dict]:
        """The answer to each picture, with keys and values in `cache` or the default format: its ids without the end token, and its text."""
        lines = self._lines("ocr", *pictures, "--max-tokens", 64, *(["--kv", cache] if cache else []))
        return [{"ids": line["token_ids"], "text": line["text"]} for line in lines]

    def text_logprobs(self, pictures: list[Path], rows: int):
        """For each picture the answer's ids and [tokens, vocabulary], the place after the answer included."""
        for line in self._lines("ocr", *pictures, "--max-tokens", 64, "--logprobs", EVERY):
            yield line["token_ids"], dense([place["top"] for place in line["logprobs"]], rows)

    def code_logprobs(self, caption: str, seed: int, folder: Path, rows: int) -> tuple[list[int], torch.Tensor]:
        """The codes of one painting, and guided log-probabilities [codes, codebook]."""
        line, = self._lines("generate", caption, "--seed", seed, "-o", folder, "--logprobs", EVERY)
        return line["images"][0]["token_ids"], dense(line["images"][0]["logprobs"], rows)

    def paint(self, caption: str, seed: int, folder: Path) -> Path:
        line, = self._lines("generate", caption, "--seed", seed, "-o", folder)
        return Path(line["images"][0]["path"])


def instruction_set(command: Path) -> str:
    """The kernels that the command chooses here."""
    done = subprocess.run([command, "info", "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["machine"]["instruction_set"]


def dense(places: list[list[tuple[int, float]]], rows: int) -> torch.Tensor:
    """Pairs of index and log-probability, all of them at each place, as a matrix."""
    table = torch.full((len(places), rows), float("nan"))
    for place, pairs in zip(table, places):
        index, value = zip(*pairs)
        place[list(index)] = torch.tensor(value)
    if table.isnan().any():
        raise ValueError(f"expected log-probabilities of all {rows} tokens")
    return table
