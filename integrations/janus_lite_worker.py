"""A `janus-lite worker` process for Python programs. Needs Python 3.9 and nothing else."""

import base64
import json
import subprocess
import threading
from collections import deque

# The newest lines of a worker's standard error, for messages.
KEPT_LINES = 5


class WorkerEnded(RuntimeError):
    """The worker's process ended though lines waited for answers."""


class Worker:
    """A `janus-lite worker` process.

    A thread writes its lines while this one reads the answers: both pipes are short, and who does one after the other
    waits for ever. Not for several threads at once.
    """

    def __init__(self, command="janus-lite", model=None, threads=1, max_tokens=512, options=()):
        arguments = [command, "worker", "--threads", str(threads), "--max-tokens", str(max_tokens)]
        if model is not None:
            arguments += ["-m", model]
        self.arguments = arguments + list(options)
        self.process = None

    def _start(self):
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said = deque(maxlen=KEPT_LINES)
        # What nobody reads would fill its pipe and stop the worker.
        self.listener = threading.Thread(target=self._listen, args=(self.process, self.said), daemon=True)
        self.listener.start()

    @staticmethod
    def _listen(process, said):
        for line in process.stderr:
            said.append(line.decode("utf-8", "replace").rstrip())

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def close(self):
        """Ends the process."""
        if self.process is None:
            return
        process, self.process = self.process, None
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, requests, attempts=3):
        """Answers of requests (dictionaries without `id`), in their order.

        A worker that ends is started again with the requests that have no answer yet. Then these come one by one, so
        that it is known at which it ends: where it ends `attempts` times alone with a request, that gets an error
        of type `worker`, and the others are answered all the same.

        Raises WorkerEnded where a worker ends with an error without any request, as with a model that cannot be opened.
        """
        answers = {}
        failures = 0
        while len(answers) < len(requests):
            left = [number for number in range(len(requests)) if number not in answers]
            alone = failures > 0
            try:
                self._exchange(requests, left[:1] if alone else left, answers)
                failures = 0
            except WorkerEnded as ended:
                # Answers come in order.
                if left[0] in answers:
                    failures = 0
                    continue
                failures += 1
                if failures == 1:
                    self._check_start(ended)
                if failures > attempts:
                    answers[left[0]] = {"error": {"type": "worker", "message": str(ended)}}
                    failures = 0
        return [answers[number] for number in range(len(requests))]

    def _check_start(self, ended):
        """Raises if a worker ends with an error without any request, too: with what it says then."""
        result = subprocess.run(self.arguments, stdin=subprocess.DEVNULL, capture_output=True)
        if result.returncode != 0:
            said = result.stderr.decode("utf-8", "replace").splitlines()[-KEPT_LINES:]
            raise WorkerEnded(_ending(result.returncode, said)) from ended

    def _exchange(self, requests, numbers, answers):
        if self.process is None or self.process.poll() is not None:
            self.close()
            self._start()
        process = self.process

        def write():
            try:
                for number in numbers:
                    line = json.dumps({**requests[number], "id": number})
                    process.stdin.write(line.encode() + b"\n")
                    process.stdin.flush()
            except (OSError, ValueError):
                pass  # The worker ended, which the reader sees.

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            for number in numbers:
                line = process.stdout.readline()
                if not line.endswith(b"\n"):
                    code = process.wait()
                    self.listener.join(timeout=5)
                    raise WorkerEnded(_ending(code, self.said))
                try:
                    answer = json.loads(line)
                    # By their order: a line that is too long has no id.
                    answer.pop("id")
                except (ValueError, KeyError, AttributeError):
                    raise ValueError(
                        f"{self.arguments[0]}: expected an answer of janus-lite worker, found {line[:80]!r}"
                    ) from None
                answers[number] = answer
        except BaseException:
            # A process with half of an exchange in its pipes is of no use.
            process.kill()
            self.close()
            raise
        finally:
            writer.join()


def _ending(code, said):
    return f"janus-lite worker ended with code {code}: {'; '.join(said) or 'no message'}"


def reading(answer):
    """LaTeX, confidence and error of an answer; what it lacks is None."""
    error = answer.get("error")
    if error is not None:
        return None, None, f"{error['type']}: {error['message']}"
    return answer["latex"], answer["confidence"], None


def picture_request(data):
    """A line for a picture's file as bytes."""
    return {"task": "ocr", "image": "data:;base64," + base64.b64encode(data).decode()}
