"""A system under test: a process that holds a model and runs one stage when it is told to."""

import json
import os
import subprocess
from pathlib import Path


class Failure(Exception):
    """A system did not answer, or not with a time."""


class Child:
    """Answers the name of a stage with the seconds that it took; see serve/protocol.py."""

    def __init__(self, system: str, command: list[str], environment: dict[str, str], log: Path):
        self.system = system
        self.log = log
        with log.open("w") as messages:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=messages, text=True,
                env={**os.environ, **environment})

    @property
    def process_id(self) -> int:
        return self.process.pid

    def run(self, stage: str) -> float:
        try:
            self.process.stdin.write(stage + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and the empty answer says so
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.system}: expected an answer to '{stage}', found its end; see {self.log}")
        answer = json.loads(line)
        if "seconds" not in answer:
            raise Failure(f"{self.system}: {answer.get('error', line)}; see {self.log}")
        return answer["seconds"]

    def close(self) -> None:
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended before it read what it was told
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
