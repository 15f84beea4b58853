"""How far the first token's log-probabilities are from the reference: DIR/venv/bin/python accuracy.py --work DIR

The reference is transformers in float32 on DIR/checkpoint; every system has the same weights, and the ids of the same
prompts without pictures. `run --work DIR --prepare-only` makes what this needs, but for the model in bf16, which is
made here. Prints a table. No system is taken to say less than its thousandth log-probability: janus-lite prints no more
of them.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import prepare
from plan import HERE, Settings

sys.path[:0] = [str(HERE.parents[1] / "Tools/reference"), str(HERE / "serve")]

from expected import TEXT_PROMPTS  # noqa: E402
from reference import Reference  # noqa: E402

QUESTIONS = (
    *TEXT_PROMPTS,
    "Name three rivers of Europe.",
    "How far is the moon?",
    "def area(r): return 3.14 * r ** 2",
    "Translate 'good morning' into French, German and Spanish.",
    "Why is the sky blue? Answer in one sentence.",
)
BEST = 8
MOST = 1000


@dataclass(frozen=True)
class Prompt:
    text: str
    ids: list[int]


def reference(checkpoint: Path) -> tuple[list[Prompt], list[np.ndarray]]:
    model = Reference(checkpoint)
    prompts = [Prompt(text, model.prompts.question(text)) for text in QUESTIONS]
    return prompts, [model.answer(prompt.ids, [], 1).log_probabilities[0].numpy() for prompt in prompts]


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def janus(settings: Settings, recipe: str, prompts: list[Prompt], vocabulary: int) -> Iterable[np.ndarray]:
    prepare.janus_model(recipe, settings)
    for prompt in prompts:
        command = [settings.command, "chat", "-m", settings.janus_model(recipe), "--threads", str(settings.threads),
                   "--json", "--max-tokens", "1", "--logprobs", str(MOST), prompt.text]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        if answer["prompt_token_count"] != len(prompt.ids):
            raise SystemExit(f"janus-lite: {answer['prompt_token_count']} tokens instead of {len(prompt.ids)}")
        values = np.full(vocabulary, -np.inf)
        ids, found = zip(*answer["logprobs"][0]["top"])
        values[list(ids)] = found
        yield values


def llama(settings: Settings, weights: str, prompts: list[Prompt]) -> Iterable[np.ndarray]:
    os.environ["LLAMA_CPP_LIB_PATH"] = str(settings.llama_build("native") / "bin")
    sys.path.insert(0, str(settings.llama_source))
    from llama import FLASH_ATTENTION_ON, Stages

    model = str(settings.models / f"llama-language-{weights}.gguf")
    stages = Stages(argparse.Namespace(model=model, threads=settings.threads))
    context = stages.context(1, 1024, FLASH_ATTENTION_ON)
    return (log_probabilities(context.logits(prompt.ids)) for prompt in prompts)


def openvino(settings: Settings, weights: str, prompts: list[Prompt], group: int | None) -> Iterable[np.ndarray]:
    from openvino_ir import Stages

    request = Stages(settings.models, weights, settings.threads, group).model("language").create_infer_request()
    for prompt in prompts:
        request.reset_state()
        result = request.infer({
            "input_ids": np.array([prompt.ids]), "position_ids": np.arange(len(prompt.ids))[None],
            "beam_idx": np.zeros(1, dtype=np.int32),
        })
        yield log_probabilities(next(iter(result.values())).reshape(-1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--command", type=Path, default=HERE.parents[1] / ".build/release/janus-lite")
    options = parser.parse_args()
    settings = Settings(options.work.resolve(), Path(sys.executable), options.command.resolve(), options.threads)
    prompts, truth = reference(settings.checkpoint)
    vocabulary = len(truth[0])
    systems: dict[str, Callable[[], Iterable[np.ndarray]]] = {
        "janus-lite bf16": lambda: janus(settings, "bf16", prompts, vocabulary),
        "llama.cpp BF16": lambda: llama(settings, "bf16", prompts),
        "janus-lite int8": lambda: janus(settings, "int8", prompts, vocabulary),
        "llama.cpp Q8_0": lambda: llama(settings, "q8_0", prompts),
        "OpenVINO INT8, groups of 128": lambda: openvino(settings, "int8", prompts, 128),
        "janus-lite int4": lambda: janus(settings, "int4", prompts, vocabulary),
        "llama.cpp Q4_0": lambda: llama(settings, "q4_0", prompts),
        "OpenVINO INT4, groups of 128": lambda: openvino(settings, "int4", prompts, 128),
        "OpenVINO INT4, defaults": lambda: openvino(settings, "int4", prompts, None),
    }
    print(f"| system | mean difference of the {BEST} best | same first token |\n|---|---:|---:|")
    for name, run in systems.items():
        differences, same = [], 0
        for expected, found in zip(truth, run()):
            best = np.argsort(-expected)[:BEST]
            values = np.maximum(found, np.sort(found)[-MOST])
            differences.append(np.abs(values[best] - expected[best]).mean())
            same += int(values.argmax() == best[0])
        print(f"| {name} | {np.mean(differences):.2g} | {same} of {len(truth)} |", flush=True)


if __name__ == "__main__":
    main()
