#!/usr/bin/env python3
"""Two `janus-lite serve` behind nginx: pictures from several threads, one node is killed in the middle, all answers are there.
Then more requests at once than two short queues hold: each is answered or told to come again, and the next ones are answered.

Usage, with the package openai and nginx installed: check.py COMMAND MODEL [COUNT]
"""

import base64
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openai

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = sorted((HERE.parent.parent / "samples").glob("*.png"))


@contextlib.contextmanager
def cluster(command, model, *options):
    """The address of nginx before two nodes, and their processes."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="janus-lite-nginx-"))
    nodes, ports, proxy = [], [], None
    try:
        for _ in range(2):
            node = subprocess.Popen(
                [command, "serve", "-m", model, "--port", "0", "--threads", "1", "--log-level", "error", *options],
                stdout=subprocess.PIPE,
            )
            nodes.append(node)
            ports.append(int(re.search(rb":(\d+)/", node.stdout.readline()).group(1)))
        configuration = (HERE / "nginx.conf").read_text()
        for written, port in zip((3841, 3842), ports):
            configuration = configuration.replace(f"127.0.0.1:{written}", f"127.0.0.1:{port}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        configuration = configuration.replace("127.0.0.1:3840", f"127.0.0.1:{port}")
        (work / "nginx.conf").write_text(configuration)
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        proxy = subprocess.Popen([nginx, "-p", str(work), "-c", "nginx.conf", "-g", "daemon off;"])
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/health").read()
                break
            except OSError:
                time.sleep(0.1)
        yield address, nodes
    finally:
        for process in nodes + ([proxy] if proxy else []):
            process.terminate()
            process.wait()
        shutil.rmtree(work)


def lost(address, nodes, count):
    """Answers that are missing or different where a node is killed in the middle."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none")
    name = client.models.list().data[0].id

    def read(number):
        data = base64.b64encode(SAMPLES[number % len(SAMPLES)].read_bytes()).decode()
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        answer = client.chat.completions.create(
            model=name, max_completion_tokens=64, messages=[{"role": "user", "content": [picture]}]
        )
        return answer.choices[0].message.content

    alone = [read(number) for number in range(len(SAMPLES))]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(read, number) for number in range(count)]
        while sum(answer.done() for answer in answers) < count // 3:
            time.sleep(0.05)
        nodes[0].kill()
        found = [answer.result() for answer in answers]
    return sum(found[number] != alone[number % len(SAMPLES)] for number in range(count))


def burst(address, count):
    """How often each status came to so many requests at once, and then to five, one after another."""

    def ask(number):
        request = urllib.request.Request(
            f"{address}/v1/formulas", SAMPLES[number % len(SAMPLES)].read_bytes(), {"Content-Type": "image/png"}
        )
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        at_once = collections.Counter(pool.map(ask, range(count)))
    return at_once, collections.Counter(ask(number) for number in range(5))


def main():
    command, model = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    with cluster(command, model) as (address, nodes):
        wrong = lost(address, nodes, count)
    print(f"{count} pictures through two nodes, one killed in the middle: {wrong} lost or different")
    with cluster(command, model, "--parallel", "1", "--queue", "2") as (address, _):
        at_once, later = burst(address, 24)
    print(f"24 at once for two queues of two: {dict(at_once)}; then one after another: {dict(later)}")
    held = set(at_once) <= {200, 429} and at_once[429] > 0 and set(later) == {200}
    return 0 if held and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
