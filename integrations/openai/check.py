#!/usr/bin/env python3
"""Two `janus-lite serve` behind nginx: pictures from several threads, one node is killed in the middle, all answers are there.

Usage, with the package openai and nginx installed: check.py COMMAND MODEL [COUNT]
"""

import base64
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import openai

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = sorted((HERE.parent.parent / "samples").glob("*.png"))


def main():
    command, model = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    work = pathlib.Path(tempfile.mkdtemp(prefix="janus-lite-nginx-"))
    nodes, ports, proxy = [], [], None
    try:
        for _ in range(2):
            node = subprocess.Popen(
                [command, "serve", "-m", model, "--port", "0", "--threads", "1", "--log-level", "error"],
                stdout=subprocess.PIPE,
            )
            nodes.append(node)
            ports.append(int(re.search(rb":(\d+)/", node.stdout.readline()).group(1)))
        configuration = (HERE / "nginx.conf").read_text()
        for written, port in zip((3841, 3842), ports):
            configuration = configuration.replace(f"127.0.0.1:{written}", f"127.0.0.1:{port}")
        address = 3980 + os.getpid() % 1000
        configuration = configuration.replace("127.0.0.1:3840", f"127.0.0.1:{address}")
        (work / "nginx.conf").write_text(configuration)
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        proxy = subprocess.Popen([nginx, "-p", str(work), "-c", "nginx.conf", "-g", "daemon off;"])
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{address}/health").read()
                break
            except OSError:
                time.sleep(0.1)
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{address}/v1", api_key="none")
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
        wrong = sum(found[number] != alone[number % len(SAMPLES)] for number in range(count))
        print(f"{count} pictures through two nodes, one killed in the middle: {wrong} lost or different")
        return 1 if wrong else 0
    finally:
        for process in nodes + ([proxy] if proxy else []):
            process.terminate()
            process.wait()
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
