"""A hub to download from, as huggingface.co behaves, and as networks behave.

    hub.py ROOT [--tls CERTIFICATE KEY]

Serves the repositories ROOT/ORG/NAME. The hub's own address is 127.0.0.1, the store to which it redirects
for large files is localhost: two hosts, as in life. Prints one line of JSON with both addresses, then waits
for commands on standard input, one JSON object a line, and answers each with one line:

    {"rules": [...]}   from now on; each {"match": REGEX of the path, "times": N, and what to do}
    {"log": true}      the requests since the last time

What a rule may do: "status" (with "headers", "body"), "cut" (bytes after which the connection ends), "slow"
(bytes a second), "stall" (seconds before an answer), "norange", "shift" (ranges begin elsewhere), "size" (a
Content-Length that is another), "flip" (one byte is another), "etag" (the file is another), "extra" (names that
the repository pretends to have), "sha" (the commit that it pretends to have).
"""
import hashlib, json, os, re, ssl, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

lock = threading.Lock()
rules, log = [], []
root = sys.argv[1]
large = (".safetensors", ".bin", ".gguf")


def digest(path, size, kind):
    h = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % size)
    with open(path, "rb") as f:
        while block := f.read(1 << 20): h.update(block)
    return h.hexdigest()


known = {}


def files(repository):
    """Path, size, git's blob or the store's checksum, of every file."""
    folder = os.path.join(root, repository)
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(place, name); size = os.path.getsize(path)
            key = (path, size, os.path.getmtime(path)); kind = "sha256" if name.endswith(large) else "git"
            if key not in known: known[key] = digest(path, size, kind)
            yield os.path.relpath(path, folder), path, size, kind, known[key]


def commit(repository):
    return hashlib.sha1("".join(p + d for p, _, _, _, d in files(repository)).encode()).hexdigest()


def rule(path):
    with lock:
        for r in rules:
            if r.get("times", 1 << 30) > 0 and re.search(r["match"], path):
                r["times"] = r.get("times", 1 << 30) - 1
                return r
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass

    def do_HEAD(self): self.do_GET()

    def do_GET(self):
        self.sent = 0; entry = dict(path=self.path, host=self.headers.get("Host", ""), range=self.headers.get("Range"),
            token=self.headers.get("Authorization"), ifRange=self.headers.get("If-Range"))
        with lock: log.append(entry)
        try: self.answer(rule(self.path))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError): self.close_connection = True
        finally: entry["sent"] = self.sent

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers: self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)

    def answer(self, r):
        if "stall" in r: time.sleep(r["stall"])
        if "status" in r:
            headers = {k.replace("-", "_"): v for k, v in r.get("headers", {}).items()}
            return self.reply(r["status"], r.get("body", "").encode(), **headers)
        url = urlsplit(self.path); query = parse_qs(url.query)
        parts = [unquote(p) for p in url.path.strip("/").split("/")]
        if parts[0] == "store": return self.content(os.path.join(root, *parts[1:]), r, store=True)
        if parts[:2] == ["api", "models"] and parts[4:5] == ["revision"]:
            return self.model("/".join(parts[2:4]), "/".join(parts[5:]), r)
        if parts[:3] == ["api", "v1", "models"]: return self.modelscope("/".join(parts[3:5]), parts[5:], query, r)
        if len(parts) >= 5 and parts[2] == "resolve":
            repository, path = "/".join(parts[:2]), "/".join(parts[4:])
            if parts[3] not in ("main", commit(repository)): return self.reply(404, b"", X_Error_Code="RevisionNotFound")
            for name, place, size, kind, checksum in files(repository):
                if name != path: continue
                if kind == "sha256":
                    target = store + "/store/" + quote(os.path.relpath(place, root)) + "?signature=x"
                    return self.reply(302, b"moved", Location=target, X_Linked_Etag=f'"{checksum}"', X_Linked_Size=str(size), X_Repo_Commit=parts[3])
                return self.content(place, r)
        self.reply(404, json.dumps(dict(error="Entry not found")).encode(), X_Error_Code="EntryNotFound")

    def model(self, repository, revision, r):
        sha = r.get("sha") or commit(repository)
        if not os.path.isdir(os.path.join(root, repository)):
            return self.reply(401, b'{"error":"Repository not found"}', X_Error_Code="RepoNotFound")
        if revision not in ("main", "refs/pr/1", sha): return self.reply(404, b'{"error":"Invalid rev id"}', X_Error_Code="RevisionNotFound")
        siblings = []
        for name, _, size, kind, checksum in files(repository):
            entry = dict(rfilename=name, size=size, blobId=checksum if kind == "git" else "0" * 40)
            if kind == "sha256": entry["lfs"] = dict(sha256=checksum, size=size, pointerSize=134)
            siblings.append(entry)
        for name in r.get("extra", []): siblings.append(dict(rfilename=name, size=4, blobId="1" * 40))
        self.reply(200, json.dumps(dict(id=repository, sha=sha, private=False, siblings=siblings)).encode(), Content_Type="application/json")

    def modelscope(self, repository, rest, query, r):
        if rest == ["repo", "files"]:
            entries = [dict(Path=name, Size=size, Sha256=checksum if kind == "sha256" else digest(path, size, "sha256"), Type="blob",
                Revision=commit(repository), CommittedDate=1) for name, path, size, kind, checksum in files(repository)]
            return self.reply(200, json.dumps(dict(Code=200, Data=dict(Files=entries + [dict(Path="x", Type="tree")]))).encode())
        self.content(os.path.join(root, repository, query["FilePath"][0]), r)

    def content(self, path, r, store=False):
        size = os.path.getsize(path); tag = f'"{r.get("etag", "v1")}-{size}"'; begin, end = 0, size; status = 200; headers = dict(ETag=tag)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        fresh = self.headers.get("If-Range") in (None, tag)
        if wanted and not r.get("norange") and fresh:
            begin = int(wanted[1]) + r.get("shift", 0); end = min(int(wanted[2] or size - 1) + 1, size); status = 206
            if begin >= size: return self.reply(416, b"", Content_Range=f"bytes */{size}")
            headers["Content_Range"] = f"bytes {begin}-{end - 1}/{r.get('total', size)}"
        length = r.get("size", end - begin); left = min(end - begin, r.get("cut", 1 << 62))
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length)); self.end_headers()
        if self.command == "HEAD": return
        with open(path, "rb") as f:
            f.seek(begin)
            while left > 0:
                block = f.read(min(1 << 18 if "slow" not in r else max(1, r["slow"] // 20), left))
                if not block: break
                if r.get("flip"): block = bytes([block[0] ^ 1]) + block[1:]
                self.wfile.write(block); left -= len(block); self.sent += len(block)
                if "slow" in r: time.sleep(0.05)
        if "cut" in r or length > end - begin: self.close_connection = True; self.wfile.flush()


class Proxy(BaseHTTPRequestHandler):
    """Answers everything with a page, as the network of a hotel does."""
    def log_message(self, *_): pass
    def do_GET(self):
        page = b"<!DOCTYPE html><html><body>Sign in</body></html>"
        self.send_response(200 if self.command == "GET" else 403); self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page))); self.end_headers(); self.wfile.write(page)
    do_CONNECT = do_HEAD = do_GET


def serve(host, handler, tls):
    server = ThreadingHTTPServer((host, 0), handler); server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{'https' if tls else 'http'}://{'localhost' if host == 'localhost' else host}:{server.server_address[1]}"


ThreadingHTTPServer.request_queue_size = 64
tls = sys.argv[3:5] if "--tls" in sys.argv else None
hub = serve("127.0.0.1", Handler, tls); store = serve("localhost", Handler, tls); proxy = serve("127.0.0.1", Proxy, None)
print(json.dumps(dict(hub=hub, store=store, proxy=proxy)), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    # A client may have all bytes before the thread that sent them has counted them.
    for _ in range(300 if command.get("log") else 0):
        with lock:
            if all("sent" in entry for entry in log): break
        time.sleep(0.01)
    with lock:
        if "rules" in command: rules[:] = command["rules"]
        answer = list(log)
        if command.get("log"): log.clear()
    print(json.dumps(answer if command.get("log") else {}), flush=True)
