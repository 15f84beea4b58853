"""The talk between the comparison and a child: a stage's name a line in, one JSON object a line out."""

import json
import os
import sys
import time
from typing import Callable


def serve(stages: dict[str, Callable[[], float]]) -> None:
    """Runs stages until the end of standard input. A stage prepares, times itself and returns seconds."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not be taken for an answer
    for line in sys.stdin:
        key = line.strip()
        if key in stages:
            answer = {"stage": key, "seconds": stages[key]()}
        else:
            answer = {"error": f"expected one of {', '.join(stages)}, found '{key}'"}
        print(json.dumps(answer), file=answers, flush=True)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# The sizes of the stages, the same for all systems and for `janus-lite bench`.
PROMPT = 626  # tokens of a prompt with one picture
DECODE_STEPS = 32
PAINT_STEPS = 5
PAINT_DEPTH = 300
