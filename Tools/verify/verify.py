"""Compares janus-lite with transformers on a published model and writes a report in Markdown.

Called by `verify`, which installs what this needs. The checkpoint is pulled by `janus-lite pull`, run by transformers' own
classes in float32 (Tools/reference), and by the command in bf16, int8 and int4.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

import numpy as np
import torch
from PIL import Image

from pictures import PICTURES, draw
from reference import Reference, pixel_bytes

RECIPES = ["bf16", "int8", "int4"]
# Twelve, each of the three drawn pictures in four kinds of request.
QUESTIONS = [
    (picture, text)
    for picture in PICTURES
    for text in (
        "Describe this image.",
        "Convert the formula into latex code.",
        "Which colours do you see? Name three.",
        "这张图片里有什么？",
    )
]
PAINTING = "a red circle on a blue background"
# transformers' integration test of deepseek-community/Janus-Pro-1B: the prompt without roles, greedy, guidance 5.
GOLDEN_PROMPT = "A portrait of young girl. masterpiece, film grained, best quality."
GOLDEN_CODES = [
    4484, 4015, 15750, 506, 3758, 11651, 8597, 5739, 4861, 971, 14985, 14834, 15438, 7548, 1820, 1465, 13529, 12761,
    10503, 12761, 14303, 6155, 4015, 11766, 705, 15736, 14146, 10417, 1951, 7713, 14305, 15617, 6169, 2706, 8006, 14893,
    3855, 10188, 15652, 6297, 1097, 12108, 15038, 311, 14998, 15165, 897, 4044, 1762, 4676,
]
# The two pictures of deepseek's own demonstration, and what it asks.
PUBLISHED = [
    ("equation.png", "Convert the formula into latex code."),
    ("doge.png", "explain this meme"),
]
PUBLISHED_ADDRESS = "https://raw.githubusercontent.com/deepseek-ai/Janus/main/images/"


class Command:
    def __init__(self, path: str):
        self.path = path

    def run(self, *arguments: str) -> str:
        done = subprocess.run([self.path, *arguments], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"janus-lite {' '.join(arguments[:3])} … ended with {done.returncode}")
        return done.stdout

    def json(self, *arguments: str) -> dict:
        return json.loads(self.run(*arguments, "--json"))


def say(text: str) -> None:
    print(f"== {text} ==", file=sys.stderr, flush=True)


def pull(command: Command, repository: str, options: list[str], work: Path) -> dict[str, Path]:
    """The models, by recipe. The checkpoint stays in the hub's cache until the end."""
    models = {}
    for recipe in RECIPES:
        path = work / f"{recipe}.gguf"
        command.run("pull", repository, "--quant", recipe, "--keep-checkpoint", "-o", str(path), *options)
        models[recipe] = path
    return models


def snapshot(repository: str, commit: str) -> Path:
    """Where `pull` left the checkpoint."""
    home = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return cache / f"models--{repository.replace('/', '--')}" / "snapshots" / commit


def commit_of(model: Path) -> str:
    """The key `janus.source.commit` of a model file, found by its name in the header."""
    with open(model, "rb") as file:
        head = file.read(64 << 20)
    key = b"janus.source.commit"
    begin = head.index(key) + len(key) + 4 + 8
    return head[begin : begin + 40].decode()


def answers(reference: Reference, tokens: int) -> list[dict]:
    result = []
    for name, text in QUESTIONS:
        ids = reference.prompts.question(text, 1)
        answer = reference.answer(ids, [draw(name)], tokens)
        result.append({
            "ids": [token for token in answer.token_ids if token != reference.prompts.end],
            "first": answer.log_probabilities[0], "gaps": answer.gaps,
        })
    return result


def golden(reference: Reference) -> int:
    """How many of transformers' published codes the reference gives before the first other one."""
    prompts = reference.prompts
    ids = [prompts.begin, *prompts.encode(GOLDEN_PROMPT), prompts.image_start]
    plain, prompts.painting = prompts.painting, lambda _: (ids, [ids[0], *[prompts.pad] * (len(ids) - 2), ids[-1]])
    codes, _ = reference.paint(GOLDEN_PROMPT, len(GOLDEN_CODES), 5.0)
    prompts.painting = plain
    return agreement(codes, GOLDEN_CODES)


def agreement(found: list[int], expected: list[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), min(len(found), len(expected)))


def compare(command: Command, model: Path, expected: list[dict], reference: Reference, codes: list[int], tokens: int, work: Path) -> dict:
    """What one recipe gives, against the reference."""
    same, total, whole, differences, divergences, begin = 0, 0, 0, [], [], time.time()
    for (name, text), wanted in zip(QUESTIONS, expected):
        answer = command.json("chat", "-m", str(model), "--image", str(work / f"{name}.png"), "--max-tokens", str(tokens),
                              "--logprobs", "8", text)
        agreed = agreement(answer["token_ids"], wanted["ids"])
        same, total = same + agreed, total + len(wanted["ids"])
        # The command ends an answer that repeats itself; transformers goes on.
        is_loop = answer["finish_reason"] == "loop" and agreed == len(answer["token_ids"])
        whole += agreed == len(wanted["ids"]) or is_loop
        first = answer["logprobs"][0]["top"] if answer["logprobs"] else []
        for token, value in first:
            differences.append(abs(value - float(wanted["first"][token])))
        if agreed < len(wanted["ids"]) and not is_loop:
            divergences.append(wanted["gaps"][agreed])
    painted = command.json("generate", "-m", str(model), PAINTING, "--seed", "1", "--temperature", "0", "-o", str(work / "painted"))
    found = painted["images"][0]["token_ids"]
    pixels = decoder(command, model, reference, work)
    return {
        "answers": whole, "tokens": f"{same} of {total}", "difference": max(differences, default=float("nan")),
        "mean difference": float(np.mean(differences)) if differences else float("nan"),
        "gap": max(divergences, default=0.0), "codes": agreement(found, codes), "pixels": pixels,
        "seconds": time.time() - begin,
    }


def decoder(command: Command, model: Path, reference: Reference, work: Path) -> tuple[int, float]:
    """The largest difference of a pixel's channel, and the share of channels that differ."""
    vq = reference.model.config.vq_config
    codes = [37 * index % vq.num_embeddings for index in range(vq.num_patches**2)]
    (work / "codes.json").write_text(json.dumps(codes))
    command.run("decode", "-m", str(model), str(work / "codes.json"), "-o", str(work / "decoded.png"))
    found = np.asarray(Image.open(work / "decoded.png").convert("RGB")).astype(int)
    wanted = pixel_bytes(reference.decode(codes)).numpy().astype(int)
    return int(np.abs(found - wanted).max()), float((found != wanted).mean())


def published(command: Command, model: Path, pictures: Path | None, work: Path) -> list[tuple[str, str, str]]:
    """The two published questions and their answers; a picture that cannot be had is said so."""
    rows = []
    for name, question in PUBLISHED:
        path = (pictures or work) / name
        if not path.exists() and pictures is None:
            try:
                with urllib.request.urlopen(PUBLISHED_ADDRESS + name, timeout=30) as page:
                    path.write_bytes(page.read(1 << 24))
            except OSError as problem:
                rows.append((name, question, f"*not asked: {PUBLISHED_ADDRESS}{name}: {problem}*"))
                continue
        if not path.exists():
            rows.append((name, question, f"*not asked: {path} is missing*"))
            continue
        answer = command.json("chat", "-m", str(model), "--image", str(path), question)
        rows.append((name, question, answer["text"]))
    return rows


def report(arguments, commit: str, figures: dict, goldens: int, rows, models) -> str:
    version = subprocess.run([arguments.command, "--version"], capture_output=True, text=True).stdout.strip()
    lines = [
        f"## {arguments.repository} against transformers", "",
        f"{version} on {platform.machine()}, commit `{commit}` of the checkpoint, {time.strftime('%Y-%m-%d')}. The reference is "
        f"transformers' JanusForConditionalGeneration in float32; {len(QUESTIONS)} prompts with a picture each, greedy, at most "
        f"{arguments.tokens} tokens.", "",
        "| | " + " | ".join(RECIPES) + " |", "|---|" + "---:|" * len(RECIPES),
    ]

    def row(title: str, cell) -> None:
        lines.append(f"| {title} | " + " | ".join(cell(figures[recipe]) for recipe in RECIPES) + " |")

    lines.append("| file | " + " | ".join(f"{models[r].stat().st_size / 1e9:.2f} GB" for r in RECIPES) + " |")
    row(f"answers equal to the last token, of {len(QUESTIONS)}", lambda f: str(f["answers"]))
    row("tokens equal before the first other one", lambda f: f["tokens"])
    row("largest gap of the reference's two best logits where an answer parts", lambda f: f"{f['gap']:.3f}")
    row("log-probabilities of the first token, the 8 best: largest difference", lambda f: f"{f['difference']:.4f}")
    row("the same, mean", lambda f: f"{f['mean difference']:.4f}")
    row(f"codes equal before the first other one, of {arguments.codes}", lambda f: str(f["codes"]))
    row("VQ decoder: largest difference of a channel, of 255", lambda f: str(f["pixels"][0]))
    row("VQ decoder: channels that differ", lambda f: f"{100 * f['pixels'][1]:.2f} %")
    lines += [
        "", f"Of the {len(GOLDEN_CODES)} codes that transformers' integration test publishes for Janus-Pro-1B (greedy, guidance 5, half "
        f"precision on a GPU), the reference in float32 gives the first {goldens}.", "",
        f"### The published questions, {RECIPES[-1]}", "",
    ]
    for name, question, text in rows:
        lines += [f"`{name}`: *{question}*", "", *(f"> {line}" for line in text.splitlines() or [""]), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", nargs="?", default="deepseek-ai/Janus-Pro-1B")
    parser.add_argument("-o", "--output", type=Path, default=Path("verify.md"))
    parser.add_argument("--command", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=64, help="tokens of an answer")
    parser.add_argument("--codes", type=int, default=64, help="codes of a painting that are compared")
    parser.add_argument("--pictures", type=Path, help="folder with equation.png and doge.png, instead of fetching them")
    parser.add_argument("--device", default="cpu", help="where PyTorch computes")
    parser.add_argument("--revision", help="revision of the repository")
    arguments = parser.parse_args()
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    command = Command(arguments.command)
    for name in PICTURES:
        draw(name).save(work / f"{name}.png")

    say(f"Fetching {arguments.repository}")
    options = ["--revision", arguments.revision] if arguments.revision else []
    models = pull(command, arguments.repository, options, work)
    commit = commit_of(models["bf16"])
    folder = snapshot(arguments.repository, commit)
    say("The reference")
    reference = Reference(folder, arguments.device)
    expected = answers(reference, arguments.tokens)
    codes, _ = reference.paint(PAINTING, arguments.codes, 5.0)
    goldens = golden(reference)
    figures = {}
    for recipe, model in models.items():
        say(f"Comparing {recipe}")
        figures[recipe] = compare(command, model, expected, reference, codes, arguments.tokens, work)
    say("The published questions")
    rows = published(command, models[RECIPES[-1]], arguments.pictures, work)
    arguments.output.write_text(report(arguments, commit, figures, goldens, rows, models), encoding="utf-8")
    print(arguments.output)


if __name__ == "__main__":
    main()
