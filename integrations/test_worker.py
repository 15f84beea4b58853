"""Tests of janus_lite_worker with a worker that ends when it likes: python3 -m unittest discover integrations"""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from janus_lite_worker import Worker, WorkerEnded

# Answers lines as `janus-lite worker` does, and is killed at some pictures, and now and then without a reason.
PLAYED = """#!/usr/bin/env python3
import json, os, random, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["image"] == "poison" or random.random() < 0.05:
        os.kill(os.getpid(), 9)
    print(json.dumps({"id": request["id"], "latex": request["image"], "confidence": 1}), flush=True)
"""


class WorkerTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.command = pathlib.Path(self.folder.name) / "played worker"
        self.command.write_text(PLAYED)
        self.command.chmod(0o755)
        self.worker = Worker(command=str(self.command))

    def tearDown(self):
        self.worker.close()
        self.folder.cleanup()

    def test_every_request_has_its_answer_though_workers_are_killed(self):
        poison = {0, 50, 199}
        requests = [{"image": "poison" if number in poison else f"picture {number}"} for number in range(200)]
        answers = self.worker.ask(requests)
        self.assertEqual({number for number, answer in enumerate(answers) if "error" in answer}, poison)
        for number, answer in enumerate(answers):
            if number not in poison:
                self.assertEqual(answer["latex"], f"picture {number}")

    def test_pipes_do_not_fill(self):
        answers = self.worker.ask([{"image": "x" * 20_000} for _ in range(100)])
        self.assertEqual([len(answer["latex"]) for answer in answers], [20_000] * 100)

    def test_a_worker_that_cannot_start_says_why(self):
        self.command.write_text("#!/bin/sh\necho 'no such model' >&2\nexit 66\n")
        with self.assertRaisesRegex(WorkerEnded, "66: no such model"):
            self.worker.ask([{"image": "picture"}])

    def test_a_worker_that_cannot_start_again_says_why(self):
        mark = pathlib.Path(self.folder.name) / "model"
        mark.touch()
        self.command.write_text(
            PLAYED.replace("import json, os, random, sys", "import json, os, random, sys\n"
                           f"if not os.path.exists({str(mark)!r}): sys.exit('the model is gone')"))
        self.worker.ask([{"image": "picture"}])
        mark.unlink()
        self.worker.process.kill()
        with self.assertRaisesRegex(WorkerEnded, "the model is gone"):
            self.worker.ask([{"image": "picture"}])

    def test_another_program_is_named(self):
        self.command.write_text("#!/bin/sh\necho hello\ncat > /dev/null\n")
        with self.assertRaisesRegex(ValueError, "found b'hello"):
            self.worker.ask([{"image": "picture"}])


if __name__ == "__main__":
    unittest.main()
