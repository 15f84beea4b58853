"""A proxy before a running server, whose routes can be mocked: answers that come slowly, break off or are wrong."""

import contextlib
import http.client
import http.server
import json
import threading
import time
from pathlib import Path

CHAT, FORMULAS, PAINT, RENDER = "/v1/chat/completions", "/v1/formulas", "/v1/images/generations", "/v1/formulas/render"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".html": "text/html; charset=utf-8"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class Proxy:
    """`mocks` maps a path to a function of (handler, body). With `files` the page is that folder's."""

    def __init__(self, server, files=None):
        self.server = server.removeprefix("http://")
        self.files = Path(files) if files else None
        self.mocks = {}
        self.requests = []
        self.is_down = False
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                proxy.requests.append((self.path, body, self.headers.get("authorization")))
                with contextlib.suppress(OSError):
                    if proxy.is_down:
                        self.close_connection = True
                    elif mock := proxy.mocks.get(self.path):
                        mock(self, body)
                    elif not proxy.serve_file(self):
                        proxy.forward(self, body)

            do_GET = do_POST = answer

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.httpd.server_port}"

    def serve_file(self, handler):
        name = "index.html" if handler.path == "/" else handler.path.removeprefix("/page/")
        if not self.files or "/" in name or not (self.files / name).is_file():
            return False
        send(handler, 200, (self.files / name).read_bytes(), **{
            "Content-Type": TYPES[Path(name).suffix], "Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
        return True

    def forward(self, handler, body):
        connection = http.client.HTTPConnection(self.server, timeout=120)
        kept = ("authorization", "content-type", "accept")
        connection.request(handler.command, handler.path, body or None,
                           {k: v for k, v in handler.headers.items() if k.lower() in kept})
        response = connection.getresponse()
        handler.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Connection", "close")
        handler.close_connection = True
        handler.end_headers()
        try:
            while piece := response.read1(65536):
                handler.wfile.write(piece)
                handler.wfile.flush()
        finally:
            # Whoever goes away ends the work behind, too.
            connection.close()


def send(handler, status, body, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def stream(*events):
    """A mock that sends events (objects), comments (texts) and pauses (numbers), and then ends the stream."""

    def mock(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        for event in events:
            if isinstance(event, (int, float)):
                time.sleep(event)
                continue
            text = event if isinstance(event, str) else f"data: {json.dumps(event)}"
            handler.wfile.write(f"{text}\n\n".encode())
            handler.wfile.flush()

    return mock


def says(*pieces, pause=0.0, is_whole=True):
    """A mock of a chat's answer."""
    events = []
    for piece in pieces:
        events += [{"choices": [{"delta": {"content": piece}}]}, pause]
    if is_whole:
        events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, "data: [DONE]"]
    return stream(*events)


def reads(latex, *before, **fields):
    """A mock of a reading; `before` comes first."""
    return stream(*before, {"type": "formula.delta", "delta": latex}, {
        "type": "formula.completed", "latex": latex, "mathml": "<math><mi>m</mi></math>", "typst": "t", "doubtful": [],
        "confidence": 0.9, "finish_reason": "stop", "warnings": [], "valid": True, **fields})
