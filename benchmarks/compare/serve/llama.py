"""llama.cpp through the bindings of its source distribution; each stage with the settings that suit it best."""

import argparse
import ctypes

import llama_cpp.llama_cpp as llama
import numpy as np
from llama_cpp._logger import set_verbose

from protocol import DECODE_STEPS, PAINT_DEPTH, PAINT_STEPS, PROMPT, seconds, serve

FLASH_ATTENTION_OFF, FLASH_ATTENTION_ON = 0, 1


class Context:
    """A cache of so many rows, each filled to the depth that a run begins at."""

    def __init__(self, model, threads: int, rows: int, length: int, flash_attention: int):
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = rows * length
        parameters.n_seq_max = rows
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = flash_attention
        parameters.kv_unified = False  # each row reads a cache of its own
        self.handle = llama.llama_init_from_model(model, parameters)
        if not self.handle:
            raise SystemExit("llama.cpp: no context")
        self.memory = llama.llama_get_memory(self.handle)
        self.rows = rows
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
        self.depth = 0
        self.batch = llama.llama_batch_init(max(PROMPT, rows), 0, 1)

    def fill(self, depth: int) -> None:
        """Brings every row to `depth` positions; what a run added goes."""
        for row in range(self.rows):
            llama.llama_memory_seq_rm(self.memory, row, self.depth, -1)
        if self.depth == depth:
            return
        llama.llama_memory_clear(self.memory, False)
        if depth:
            self.take(range(depth), rows=1)
            for row in range(1, self.rows):
                llama.llama_memory_seq_cp(self.memory, 0, row, -1, -1)
        self.depth = depth

    def take(self, positions, rows: int) -> None:
        """One evaluation: a token at each position for each row, logits for the last of each row."""
        self.evaluate(
            ((position * 7919 + row) % self.vocabulary, position, row, position == positions[-1])
            for position in positions for row in range(rows))

    def logits(self, ids: list[int]) -> np.ndarray:
        """The logits after these tokens, which take the place of all that the cache holds."""
        llama.llama_memory_clear(self.memory, True)
        self.depth = 0
        self.evaluate((token, position, 0, position == len(ids) - 1) for position, token in enumerate(ids))
        return np.ctypeslib.as_array(llama.llama_get_logits_ith(self.handle, -1), shape=(self.vocabulary,))

    def evaluate(self, entries) -> None:
        """Takes in entries of a token, its position, its row and whether its logits are wanted."""
        batch = self.batch
        batch.n_tokens = 0
        for index, (token, position, row, wanted) in enumerate(entries):
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = row
            batch.logits[index] = wanted
            batch.n_tokens += 1
        if llama.llama_decode(self.handle, batch) != 0:
            raise SystemExit("llama.cpp: evaluation failed")
        llama.llama_synchronize(self.handle)


class Stages:
    def __init__(self, arguments: argparse.Namespace):
        self.threads = arguments.threads
        set_verbose(False)
        llama.llama_backend_init()
        parameters = llama.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = llama.llama_model_load_from_file(arguments.model.encode(), parameters)
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {arguments.model}")
        self.contexts: dict[tuple, Context] = {}

    def context(self, rows: int, length: int, flash_attention: int) -> Context:
        key = (rows, length, flash_attention)
        if key not in self.contexts:
            self.contexts[key] = Context(self.model, self.threads, *key)
        return self.contexts[key]

    def prefill(self) -> float:
        context = self.context(1, 1024, FLASH_ATTENTION_ON)
        context.fill(0)
        return seconds(lambda: context.take(range(PROMPT), rows=1))

    def decode(self, depth: int) -> float:
        return self.steps(self.context(1, 1024, FLASH_ATTENTION_OFF), depth, DECODE_STEPS)

    def paint(self, rows: int) -> float:
        return self.steps(self.context(rows, 512, FLASH_ATTENTION_OFF), PAINT_DEPTH, PAINT_STEPS) / PAINT_STEPS

    def steps(self, context: Context, depth: int, count: int) -> float:
        context.fill(depth)
        return seconds(lambda: [context.take([depth + step], context.rows) for step in range(count)])


def encoder(model, path: str, threads: int):
    """The stage that encodes one picture: from resized pixels to rows of the language model."""
    import llama_cpp.mtmd_cpp as mtmd

    side = 384
    parameters = mtmd.mtmd_context_params_default()
    parameters.use_gpu = False
    parameters.n_threads = threads
    context = mtmd.mtmd_init_from_file(path.encode(), model, parameters)
    if not context:
        raise SystemExit(f"llama.cpp cannot load {path}")
    pixels = (ctypes.c_uint8 * (3 * side * side))(*(i % 251 for i in range(3 * side * side)))
    bitmaps = (mtmd.mtmd_bitmap_p_ctypes * 1)(mtmd.mtmd_bitmap_init(side, side, pixels))
    marker = mtmd.mtmd_default_marker()
    text = mtmd.mtmd_input_text()
    text.text, text.text_len, text.add_special, text.parse_special = marker, len(marker), True, True
    chunks = mtmd.mtmd_input_chunks_init()
    if mtmd.mtmd_tokenize(context, chunks, ctypes.byref(text), bitmaps, 1) != 0:
        raise SystemExit("llama.cpp: the picture cannot be prepared")
    pieces = [mtmd.mtmd_input_chunks_get(chunks, i) for i in range(mtmd.mtmd_input_chunks_size(chunks))]
    picture = next(p for p in pieces if mtmd.mtmd_input_chunk_get_n_tokens(p) == 576)
    return lambda: seconds(lambda: mtmd.mtmd_encode_chunk(context, picture))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--mmproj")
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    stages = Stages(arguments)
    table = {
        "prefill": stages.prefill,
        "decode-0": lambda: stages.decode(0),
        "decode-600": lambda: stages.decode(600),
        "paint-2": lambda: stages.paint(2),
        "paint-32": lambda: stages.paint(32),
    }
    if arguments.mmproj:
        table["encode"] = encoder(stages.model, arguments.mmproj, arguments.threads)
    serve(table)


if __name__ == "__main__":
    main()
