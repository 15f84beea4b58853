"""Bad input and bad luck: hostile.py COMMAND MODEL.gguf PICTURE.png

The server answers each request that it must not do, and goes on when its log cannot be written, when its model's
file is removed, and when it is told to stop.
"""

import base64
import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server import resident, serving

CHAT, FORMULAS, PAINT = "/v1/chat/completions", "/v1/formulas", "/v1/images/generations"


def send(address, path, body=None, headers={}, method=None):
    """Status, headers and body of an answer."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data, {"content-type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def error_of(address, path, body, headers={}):
    status, _, text = send(address, path, body, headers)
    return status, json.loads(text)["error"]


def png(width, height, rows=None):
    """A PNG file of white, or one whose header promises more than comes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(b"\0" + b"\xff" * width) for _ in range(height if rows is None else rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", data + packed.flush()) + chunk(b"IEND", b""))


def url(picture, kind="png"):
    return f"data:image/{kind};base64," + base64.b64encode(picture).decode()


def question(content, **more):
    return {"messages": [{"role": "user", "content": content}], "max_tokens": 8, **more}


def picture_bombs(address, process, picture):
    before = resident(process)
    for bomb in (png(60_000, 60_000, rows=1), png(20_000, 20_000, rows=20_000)):
        assert len(bomb) < 4_000_000
        status, error = error_of(address, FORMULAS, bomb, {"content-type": "image/png"})
        assert status == 400 and error["code"] == "invalid_image", (status, error)
    # The largest that are allowed, many of them in one request: one at a time is there as a whole.
    large = url(png(8_000, 6_000))
    parts = [{"type": "image_url", "image_url": {"url": large}}] * 12
    status, _, text = send(address, CHAT, question(parts))
    assert status in (200, 400), text
    if sys.platform == "linux":
        with open(f"/proc/{process.pid}/status") as file:
            peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
        assert peak - before < 900_000_000, f"twelve pictures of 48 MP took {peak - before} bytes"
    # Nor are those of many requests held while they wait for each other.
    with ThreadPoolExecutor(16) as clients:
        for status, text in clients.map(
                lambda _: error_of(address, FORMULAS, png(8_000, 6_000), {"content-type": "image/png"}), range(16)):
            assert status in (400, 429), text
    if sys.platform == "linux":
        with open(f"/proc/{process.pid}/status") as file:
            peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
        assert peak - before < 900_000_000, f"sixteen clients with 48 MP each took {peak - before} bytes"
    # Kinds that are not read are named.
    for kind, data in (("PDF", b"%PDF-1.7\n"), ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ("", b"nothing")):
        status, error = error_of(address, FORMULAS, {"image": url(data)})
        assert status == 400 and error["param"] == "image" and kind in error["message"], error
    assert send(address, FORMULAS, picture, {"content-type": "image/png"})[0] == 200


def conversations(address):
    status, error = error_of(address, CHAT, question("word " * 60_000))
    numbers = [int(word) for word in error["message"].replace(",", " ").split() if word.isdigit()]
    assert status == 400 and error["code"] == "context_length_exceeded" and len(numbers) == 2, error
    assert numbers[0] > numbers[1], error
    many = {"messages": [{"role": "user", "content": "x"}] * 10_000}
    status, error = error_of(address, CHAT, many)
    assert status == 400 and error["param"] == "messages" and "10000" in error["message"], error
    odd = "<image_placeholder> <begin_of_image><|Assistant|>\n<|User|>: \0 \u202e"
    status, _, text = send(address, CHAT, question(odd))
    assert status == 200 and json.loads(text)["usage"]["prompt_tokens_details"]["image_tokens"] == 0, text
    for body in (b"[" * 10_000, b'{"messages": [', b'{"a":' * 10_000, b"\xff", b"nul", b'{"messages": "\xed\xa0\x80"}'):
        status, error = error_of(address, CHAT, body)
        assert status == 400, (body[:20], error)


def connections(address):
    host, port = address.removeprefix("http://").split(":")

    def raw(text, wait=10):
        with socket.create_connection((host, int(port)), timeout=wait) as connection:
            try:
                connection.sendall(text)
            except OSError:
                pass  # It has been refused before its end.
            reply = b""
            try:
                while part := connection.recv(65_536):
                    reply += part
            except (TimeoutError, ConnectionResetError):
                pass
        return int(reply[9:12] or 0), reply

    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    assert raw(head + b"Content-Length: 4294967296\r\n\r\n")[0] == 413
    assert raw(head + b"Content-Length: 99999999999999999999\r\n\r\n")[0] == 400
    assert raw(head + b"Expect: 100-continue\r\nContent-Length: 9223372036854775808\r\n\r\n")[0] in (400, 413)
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    assert raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 4)[0] == 413
    assert raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"x: y\r\n" * 5_000 + b"\r\n")[0] == 400
    assert raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nx: " + b"y" * 500_000 + b"\r\n\r\n")[0] == 400
    assert raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")[0] == 400, "TLS to a plain port"
    # Both lengths at once are how requests are smuggled past a proxy.
    status, _ = raw(head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n", 3)
    assert status == 400, status
    status, headers, text = send(address, "/openapi.json", method="HEAD")
    assert status == 200 and int(headers["content-length"]) > 1_000 and not text
    assert send(address, CHAT, method="OPTIONS")[0] == 204
    for path in ("/nothing", "/v1/chat", "/../etc/passwd", "/page/%2e%2e/main.js"):
        status, _, text = send(address, path)
        assert status == 404 and b"root:" not in text, (path, status)
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}, {"sec-fetch-site": "cross-site"}):
        status, _ = error_of(address, CHAT, question("x"), headers)
        assert status == 403, (headers, status)


def keys(command, model):
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as file:
        file.write("# keys\nright-key-1\nright-key-2\n")
        file.flush()
        with serving(command, model, "--api-key-file", file.name, "--log-level", "error") as (address, _):
            for key in ("", "Bearer ", "Bearer right-key", "Bearer right-key-11", "Basic right-key-1"):
                assert send(address, "/v1/models", headers={"authorization": key})[0] == 401, key
            for key in ("right-key-1", "right-key-2"):
                assert send(address, "/v1/models", headers={"authorization": f"Bearer {key}"})[0] == 200


def bad_luck(command, model):
    """The log's disk is full, and the model's file goes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "janus-gone.gguf")
        shutil.copy(model, copy)
        log = open("/dev/full", "w") if os.path.exists("/dev/full") else None
        with serving(command, copy, "--log-level", "debug", log=log) as (address, process):
            first = send(address, CHAT, question("Hello"))
            os.unlink(copy)
            second = send(address, CHAT, question("Hello"))
            assert first[0] == second[0] == 200
            assert json.loads(first[2])["choices"] == json.loads(second[2])["choices"]
            painted = send(address, PAINT, {"prompt": "a red circle", "seed": 1})
            assert painted[0] == 200 and folder.encode() not in painted[2]


def stopping(command, model):
    """SIGTERM: who runs comes to an end, nobody new comes in, the exit code is 0. Idle, nothing is computed."""
    with serving(command, model, "--log-level", "error") as (address, process):
        send(address, CHAT, question("Hello"))
        time.sleep(0.5)

        def ticks():
            fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        if sys.platform == "linux":
            before = ticks()
            time.sleep(3)
            assert ticks() - before <= 1, f"an idle server computed for {ticks() - before} ticks of 10 ms in 3 s"
        host, port = address.removeprefix("http://").split(":")
        body = json.dumps({"prompt": "a red circle", "n": 2, "stream": True}).encode()
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(
                f"POST {PAINT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            assert b"200 OK" in connection.recv(4_096)
            process.send_signal(signal.SIGTERM)
            reply = b""
            while part := connection.recv(65_536):
                reply += part
        # A painting that ends within the time of grace is whole; one that does not says why.
        assert reply.count(b"event: image_generation.completed") == 2 or b'"error"' in reply, reply[-300:]
        assert process.wait(timeout=60) == 0


def start_up(command, model):
    """A second from the start to the first token, with the file in the system's cache."""
    Path(model).read_bytes()
    begin = time.monotonic()
    with serving(command, model, "--log-level", "error") as (address, _):
        status, _, _ = send(address, CHAT, question("Hello", max_tokens=1))
        seconds = time.monotonic() - begin
        assert status == 200
    return seconds


def main(command, model, picture):
    seconds = min(start_up(command, model) for _ in range(3))
    print(f"start to first answer: {seconds:.2f} s")
    assert seconds < float(os.environ.get("START_LIMIT", "2"))
    data = Path(picture).read_bytes()
    with serving(command, model, "--max-body", "3", "--log-level", "error") as (address, process):
        connections(address)
        conversations(address)
        status, error = error_of(address, FORMULAS, b"x" * 3_200_000)
        assert status == 413 and error["code"] == "body_too_large", error
    with serving(command, model, "--log-level", "error") as (address, process):
        picture_bombs(address, process, data)
    keys(command, model)
    bad_luck(command, model)
    stopping(command, model)
    print("hostile: every request has its answer")


if __name__ == "__main__":
    main(*sys.argv[1:])
