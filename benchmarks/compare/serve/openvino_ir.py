"""OpenVINO's runtime on the graphs of convert/openvino_ir.py."""

import argparse
from pathlib import Path

import numpy as np
import openvino as ov

from protocol import DECODE_STEPS, PAINT_DEPTH, PAINT_STEPS, PROMPT, seconds, serve

# The paint stages move forward through the cache, which cannot be cut: PAINT_DEPTH is the middle of this span.
PAINT_SPAN = 8 * PAINT_STEPS


class Decoder:
    """A language model whose cache is its state."""

    def __init__(self, model: ov.CompiledModel, input_name: str, token):
        self.request = model.create_infer_request()
        self.input_name = input_name
        self.token = token  # (rows, count) -> the input's values
        self.rows = 0
        self.depth = 0

    def reset(self) -> None:
        self.request.reset_state()
        self.depth = 0

    def take(self, count: int, rows: int = 1) -> None:
        positions = np.arange(self.depth, self.depth + count)
        self.request.infer({
            self.input_name: self.token(rows, count),
            "position_ids": np.broadcast_to(positions, (rows, count)),
            "beam_idx": np.arange(rows, dtype=np.int32),
        })
        self.rows = rows
        self.depth += count


class Stages:
    def __init__(self, folder: Path, weights: str, threads: int, group: int | None):
        self.folder = folder
        self.weights = weights
        self.core = ov.Core()
        self.properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        if group is not None:
            self.properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = group
        self.compiled: dict[str, object] = {}

    def model(self, name: str) -> ov.CompiledModel:
        if name not in self.compiled:
            path = self.folder / f"openvino-{name}-{self.weights}.xml"
            self.compiled[name] = self.core.compile_model(str(path), "CPU", self.properties)
        return self.compiled[name]

    def language(self) -> Decoder:
        def ids(rows: int, count: int) -> np.ndarray:
            return np.arange(rows * count, dtype=np.int64).reshape(rows, count) * 7919 % 100_000

        return self.decoder("language", "input_ids", ids)

    def painter(self) -> Decoder:
        def embeddings(rows: int, count: int) -> np.ndarray:
            return np.random.default_rng(1).standard_normal((rows, count, 2048), dtype=np.float32)

        return self.decoder("painter", "inputs_embeds", embeddings)

    def decoder(self, name: str, input_name: str, token) -> Decoder:
        key = name + " request"
        if key not in self.compiled:
            self.compiled[key] = Decoder(self.model(name), input_name, token)
        return self.compiled[key]

    def prefill(self) -> float:
        decoder = self.language()
        decoder.reset()
        return seconds(lambda: decoder.take(PROMPT))

    def decode(self, depth: int) -> float:
        decoder = self.language()
        decoder.reset()
        if depth:
            decoder.take(depth)
        return seconds(lambda: [decoder.take(1) for _ in range(DECODE_STEPS)])

    def paint(self, rows: int) -> float:
        decoder = self.painter()
        first = PAINT_DEPTH - PAINT_SPAN // 2
        if decoder.rows != rows or not first <= decoder.depth <= first + PAINT_SPAN - PAINT_STEPS:
            decoder.reset()
            decoder.take(first, rows)
        return seconds(lambda: [decoder.take(1, rows) for _ in range(PAINT_STEPS)]) / PAINT_STEPS

    def infer(self, name: str, values: np.ndarray) -> float:
        model = self.model(name)
        return seconds(lambda: model([values]))

    def encode(self) -> float:
        side = 384
        return self.infer("vision", np.linspace(-1, 1, 3 * side * side, dtype=np.float32).reshape(1, 3, side, side))

    def vq(self) -> float:
        return self.infer("vq", (np.arange(576, dtype=np.int64) * 37 % 16_384).reshape(1, 576))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--weights", choices=["int4", "int8", "bf16"], required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--group", type=int, help="of dynamic quantisation (default: the runtime's)")
    arguments = parser.parse_args()
    stages = Stages(arguments.models, arguments.weights, arguments.threads, arguments.group)
    serve({
        "encode": stages.encode,
        "prefill": stages.prefill,
        "decode-0": lambda: stages.decode(0),
        "decode-600": lambda: stages.decode(600),
        "paint-2": lambda: stages.paint(2),
        "paint-32": lambda: stages.paint(32),
        "vq": stages.vq,
    })


if __name__ == "__main__":
    main()
