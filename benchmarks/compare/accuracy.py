"""How far the first token's log-probabilities are from the reference: DIR/venv/bin/python accuracy.py --work DIR

The reference is transformers in float32 on DIR/checkpoint; every system has the same weights, and the ids of the same
prompts without pictures. `run --work DIR --prepare-only` makes what this needs. Prints a table. No system is taken to
say less than its thousandth log-probability: janus-lite prints no more of them.
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

from plan import HERE, Settings

sys.path.insert(0, str(HERE.parents[1] / "Tools/reference"))

QUESTIONS = (
    "What is a fraction?",
    "Write x^2 + y^2 = z^2 as a sentence.\nUse short words.",
    "请把图片中的公式转换成 LaTeX。 Größe, α ≤ β?",
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
    from reference import Reference

    model = Reference(checkpoint)
    prompts = [Prompt(text, model.prompts.question(text)) for text in QUESTIONS]
    return prompts, [model.answer(prompt.ids, [], 1).log_probabilities[0].numpy() for prompt in prompts]


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def janus(settings: Settings, recipe: str, prompts: list[Prompt], vocabulary: int) -> Iterable[np.ndarray]:
    for prompt in prompts:
        command = [settings.command, "chat", "-m", settings.janus_model(recipe), "--threads", str(settings.threads),
                   "--json", "--max-tokens", "1", "--logprobs", str(MOST), prompt.text]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if answer["prompt_token_count"] != len(prompt.ids):
            raise SystemExit(f"janus-lite: {answer['prompt_token_count']} tokens instead of {len(prompt.ids)}")
        values = np.full(vocabulary, -np.inf)
        ids, found = zip(*answer["logprobs"][0]["top"])
        values[list(ids)] = found
        yield values


def llama(settings: Settings, weights: str, prompts: list[Prompt], vocabulary: int) -> Iterable[np.ndarray]:
    os.environ["LLAMA_CPP_LIB_PATH"] = str(settings.llama_build("native") / "bin")
    sys.path.insert(0, str(settings.llama_source))
    import llama_cpp.llama_cpp as llama
    from llama_cpp._logger import set_verbose

    set_verbose(False)
    llama.llama_backend_init()
    parameters = llama.llama_model_default_params()
    parameters.n_gpu_layers = 0
    path = settings.models / f"llama-language-{weights}.gguf"
    model = llama.llama_model_load_from_file(str(path).encode(), parameters)
    if not model:
        raise SystemExit(f"llama.cpp cannot load {path}")
    options = llama.llama_context_default_params()
    options.n_ctx = 1024
    options.n_threads = options.n_threads_batch = settings.threads
    context = llama.llama_init_from_model(model, options)
    for prompt in prompts:
        llama.llama_memory_clear(llama.llama_get_memory(context), True)
        batch = llama.llama_batch_init(len(prompt.ids), 0, 1)
        batch.n_tokens = len(prompt.ids)
        for index, token in enumerate(prompt.ids):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = index == len(prompt.ids) - 1
        if llama.llama_decode(context, batch) != 0:
            raise SystemExit("llama.cpp: evaluation failed")
        logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), shape=(vocabulary,))
        yield log_probabilities(logits)
        llama.llama_batch_free(batch)
    llama.llama_free(context)
    llama.llama_model_free(model)


def openvino(settings: Settings, weights: str, prompts: list[Prompt], group: int | None) -> Iterable[np.ndarray]:
    import openvino as ov

    properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": settings.threads}
    if group is not None:
        properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = group
    path = settings.models / f"openvino-language-{weights}.xml"
    request = ov.Core().compile_model(str(path), "CPU", properties).create_infer_request()
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
        "llama.cpp BF16": lambda: llama(settings, "bf16", prompts, vocabulary),
        "janus-lite int8": lambda: janus(settings, "int8", prompts, vocabulary),
        "llama.cpp Q8_0": lambda: llama(settings, "q8_0", prompts, vocabulary),
        "OpenVINO INT8, groups of 128": lambda: openvino(settings, "int8", prompts, 128),
        "janus-lite int4": lambda: janus(settings, "int4", prompts, vocabulary),
        "llama.cpp Q4_0": lambda: llama(settings, "q4_0", prompts, vocabulary),
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
