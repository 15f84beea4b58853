"""Fits the temperature by which confidence is stated: `confidence.py MODEL PICTURES --janus-lite COMMAND`.

MODEL is a folder that export.py wrote, PICTURES one that heldout.py wrote. The command reads the pictures with the model
at each of some temperatures; greedy answers are the same at all, but for further looks where one is not sure. Taken is the temperature at which confidences are the
most likely ones for what was right and wrong. It is written to the model's `generation_config.json`, from where
`janus-lite convert` takes it.
"""

import argparse
import json
import math
import tempfile
from pathlib import Path
from shutil import copytree
from subprocess import DEVNULL, run

from pictures import by_command, reliability, verdict

KEY = "confidence_temperature"
TEMPERATURES = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.8]


def state(model: Path, temperature: float) -> None:
    path = model / "generation_config.json"
    config = json.loads(path.read_text()) | {KEY: temperature}
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def cost(pairs: list[tuple[float, bool]]) -> float:
    """Mean of −log of what was said of the outcome."""
    return -sum(math.log(max(1e-6, p if right else 1 - p)) for p, right in pairs) / len(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--janus-lite", type=Path, required=True)
    parser.add_argument("--quant", default="int4")
    arguments = parser.parse_args()
    command = arguments.janus_lite.resolve()
    entries = [json.loads(line) for line in (arguments.pictures / "manifest.jsonl").read_text().splitlines()]
    paths = [arguments.pictures / entry["file"] for entry in entries]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        tried, file = Path(folder) / "janus-nano", Path(folder) / "model.gguf"
        copytree(arguments.model, tried)
        for temperature in TEMPERATURES:
            state(tried, temperature)
            run([command, "convert", tried, "-o", file, "--quant", arguments.quant], check=True, stderr=DEVNULL)
            answers = by_command(command, file, paths, [])
            found[temperature] = [(answer.get("confidence", 0.0), verdict(entry["latex"], answer["text"])["exact"])
                                  for entry, answer in zip(entries, answers)]
            print(f"{temperature:4}: {cost(found[temperature]):.4f}", flush=True)
    best = min(found, key=lambda temperature: cost(found[temperature]))
    state(arguments.model, best)
    print(f"taken: {best}\n")
    print("\n".join(reliability(found[best])))


if __name__ == "__main__":
    main()
