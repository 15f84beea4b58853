"""Many clients at once, some of which leave or send nonsense: load.py COMMAND MODEL.gguf PICTURE… [--requests N]

Every request is answered or refused with a reason, memory and open files stay flat, and each answer is the one that
the same request gets alone.
"""

import argparse
import base64
import concurrent.futures
import json
import random
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from server import open_files, resident, serving


def post(address, path, body, timeout=300):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def leave(address, path, body, seconds):
    """Sends a request and goes away."""
    host, port = address.removeprefix("http://").split(":")
    data = json.dumps(body).encode()
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n"
        connection.sendall(head.encode() + data)
        connection.settimeout(seconds)
        try:
            connection.recv(1000)
        except TimeoutError:
            pass


def essence(path, reply):
    """What must not depend on who else is served."""
    if path.endswith("completions"):
        return [(c["message"]["content"], c["finish_reason"]) for c in reply["choices"]]
    if path.endswith("generations"):
        return [d["b64_json"] for d in reply["data"]]
    return (reply["latex"], reply["confidence"], reply["finish_reason"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    data = [
        "data:image/png;base64," + base64.b64encode(Path(p).read_bytes()).decode()
        for p in arguments.pictures]
    random.seed(1)
    chat, formula, paint = "/v1/chat/completions", "/v1/formulas", "/v1/images/generations"
    kinds = []
    for index, picture in enumerate(data):
        kinds.append((formula, {"image": picture, "max_tokens": 48}))
        parts = [{"type": "image_url", "image_url": picture}, {"type": "text", "text": "What?"}]
        kinds.append((chat, {"messages": [{"role": "user", "content": parts}], "max_tokens": 24}))
    for seed in range(6):
        message = {"role": "user", "content": f"Question {seed} " * (1 + 40 * (seed % 3))}
        kinds.append((chat, {
            "messages": [message], "max_tokens": 8 + 8 * seed, "temperature": seed % 2, "seed": seed,
            "n": 1 + seed % 2}))
    kinds.append((paint, {"prompt": "a red circle", "seed": 3}))
    nonsense = [b"{", b"[]", b"{}", b"[" * 10_000, b'{"messages": 7}', b"\xff\xfe"]

    with serving(
        arguments.command, arguments.model, "--parallel", "8", "--queue", "200",
        "--log-level", "error",
    ) as (address, process):
        alone = [essence(path, post(address, path, body)[1]) for path, body in kinds]
        opened = open_files(process)
        counts = {"same": 0, "left": 0, "refused": 0, "full": 0}
        lock = threading.Lock()
        memory = []

        def one(number):
            dice = random.Random(number)
            kind = dice.randrange(len(kinds))
            path, body = kinds[kind]
            roll = dice.random()
            if roll < 0.2:
                leave(address, path, body, dice.random() * 0.5)
                what = "left"
            elif roll < 0.3:
                status, reply = post(address, path, dice.choice(nonsense))
                assert status == 400 and reply["error"]["message"], (status, reply)
                what = "refused"
            else:
                status, reply = post(address, path, body)
                if status == 429:
                    what = "full"
                else:
                    assert status == 200, (status, reply)
                    assert essence(path, reply) == alone[kind], f"request {kind} changed its answer"
                    what = "same"
            with lock:
                counts[what] += 1
                if sum(counts.values()) % (arguments.requests // 10 or 1) == 0:
                    memory.append(resident(process) // 1_000_000)

        with concurrent.futures.ThreadPoolExecutor(arguments.clients) as pool:
            for _ in pool.map(one, range(arguments.requests)):
                pass
        status, health = post_health(address)
        assert health["running"] == 0 and health["waiting"] == 0, health
        # Connections that were left are closed within moments.
        for _ in range(100):
            left = open_files(process) - opened
            if left <= 2:
                break
            time.sleep(0.1)
    print(f"load: {counts}, memory in MB along the way: {memory}, files more than before: {left}")
    assert left <= 2, left
    assert counts["same"] > 0
    # What the last half takes is what the first half took, but for a few MB.
    half = memory[len(memory) // 2:]
    assert not half or max(half) <= 1.25 * max(memory[:len(memory) // 2] + [1]) + 64, memory


def post_health(address):
    for _ in range(200):
        with urllib.request.urlopen(address + "/health", timeout=5) as reply:
            health = json.load(reply)
        if health["running"] == 0 and health["waiting"] == 0:
            break
        time.sleep(0.1)
    return 200, health


if __name__ == "__main__":
    main()
