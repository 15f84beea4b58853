"""Makes the inputs in Seeds that no file of the project is: small GGUF and safetensors files, pickles.

    python3 Fuzz/make_seeds.py
"""

import json
import pathlib
import struct
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent
TORCH = ROOT.parent / "Tests" / "Fixtures" / "torch"


def write(target, name, content):
    folder = ROOT / "Seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(pairs, tensors):
    """Pairs: key, type and value, already packed; tensors: name, format, GGUF's type, shape, bytes."""
    texts = lambda values: struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))
    number = lambda value: struct.pack("<I", value)
    pairs = pairs + [
        ("general.architecture", 8, text("janus")), ("janus.format_version", 4, number(1)),
        ("general.alignment", 4, number(64)), ("janus.tensors.name", 9, texts([t[0] for t in tensors])),
        ("janus.tensors.format", 9, texts([t[1] for t in tensors])),
        ("janus.tensors.shape", 9, texts([",".join(map(str, t[3])) for t in tensors])),
        ("janus.tensors.sha256", 9, texts(["0" * 64 for _ in tensors])),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    head += b"".join(text(key) + struct.pack("<I", kind) + value for key, kind, value in pairs)
    data = b""
    for name, _, kind, shape, content in tensors:
        head += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += struct.pack("<IQ", kind, len(data))
        data += content + b"\0" * (-len(content) % 64)
    return head + b"\0" * (-len(head) % 64) + data


def safetensors(tensors, data):
    header = json.dumps(tensors).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def tokenizer_parts():
    document = json.loads((ROOT.parent / "Tests" / "Fixtures" / "tokenizer" / "tokenizer.json").read_text())
    write("pre-tokenizer", "fixture", json.dumps(document["pre_tokenizer"], ensure_ascii=False).encode())
    split = {"type": "Split", "pattern": {"Regex": r"\s+$"}, "behavior": "Isolated", "invert": False}
    stages = [split, {"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "use_regex": True}]
    write("pre-tokenizer", "sequence", json.dumps({"type": "Sequence", "pretokenizers": stages}).encode())
    write("added-tokens", "fixture", json.dumps(document["added_tokens"][:3], ensure_ascii=False).encode())
    patterns = [
        r"'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", r"[\r\n]", r"\s?[A-Za-z\u4e00-\u9fa5]+",
        r"(?:ab|c){2,5}x*?", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}{1,3}|(?i:abc)", r"[^a-z]&&|\d\D\w\W.",
    ]
    for number, pattern in enumerate(patterns):
        write("pattern", f"pattern-{number}", pattern.encode() + b"\nIt's 12 o'clock\n")


def formulas():
    texts = [
        r"\frac{a}{b}+\sqrt[3]{x^{2}_{i}}", r"\left( \begin{array}{lc} 1 & 2 \\ 3 & 4 \end{array} \right]",
        r"\begin{cases} a & \text{if } b \\ c \end{cases}", r"\sum_{k=1}^{n}\hat{x}''\underbrace{y}_{z}\operatorname{s i n}",
        r"a \\ b & c % comment", r"\mathbb{R}\cdot\color{red}{x}\unknown{a}\, \limits", r"\left\{ x \middle| y \right.",
    ]
    for number, text in enumerate(texts):
        write("latex", f"formula-{number}", text.encode())
        write("latex-prefix", f"formula-{number}", text.encode())
    answers = [r"Let $a=1$ and \(b_{12}=c\).", "\\[a=b\\]\n\\[c=d\\]", "```latex\na=1\n```\nand $$b$$", "LaTeX: E=mc^{2}"]
    for number, text in enumerate(answers):
        write("answer", f"answer-{number}", b"\1" + text.encode())


def requests():
    picture = "data:image/png;base64,iVBORw0KGgo="
    message = lambda role, content: {"role": role, "content": content}
    part = {"type": "image_url", "image_url": {"url": picture}}
    chats = [
        {"messages": [message("user", "hello")], "max_tokens": 5, "temperature": 0.5, "stop": ["a", "b"], "seed": 7},
        {"messages": [message("system", "s"), message("user", [{"type": "text", "text": "t"}, part]),
                      message("assistant", "a"), message("developer", "d"), message("user", [part, part])],
         "stream": True, "stream_options": {"include_usage": True}, "logprobs": True, "top_logprobs": 2, "n": 2},
        {"messages": [message("user", "x")], "tools": [], "response_format": {"type": "text"}, "modalities": ["text"],
         "frequency_penalty": 0, "logit_bias": {}, "top_p": 0.9, "top_k": 5, "max_completion_tokens": 9},
    ]
    paintings = [
        {"prompt": "red", "n": 2, "size": "64x64", "output_format": "jpeg", "output_compression": 80, "seed": -1},
        {"prompt": "red", "response_format": "url", "stream": True, "partial_images": 2, "cfg": 3, "top_p": 0.5,
         "background": "opaque", "temperature": 1, "top_k": 9, "model": "m"},
    ]
    formulas = [
        {"image": picture, "max_tokens": 9, "top_logprobs": 1},
        {"images": [{"url": picture, "name": "a"}, {"b64_json": "AAAA"}, "AAAA"], "stream": False},
    ]
    for target, bodies in ("chat-body", chats), ("paint-body", paintings), ("formula-body", formulas):
        for number, body in enumerate(bodies):
            write(target, f"body-{number}", json.dumps(body).encode())
    parts = (b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nPNG'
             b'\r\n--b\r\nContent-Disposition: form-data; name="max_tokens"\r\n\r\n12\r\n--b--\r\n')
    write("multipart", "two", b"b\n" + parts)
    write("multipart", "quoted", b'"b"; charset=utf-8\npreamble' + parts)
    write("base64", "padded", b"iVBORw0KGgo=")
    write("base64", "other", b"_-8\nAAA A")
    lines = [{"id": 1, "image": "a.png", "max_tokens": 3}, {"id": "x", "task": "chat", "prompt": "p", "images": ["a"]},
             {"id": 0.5, "task": "generate", "prompt": "p", "n": 2, "cfg": 2.5, "seed": 7, "negative": "n", "stop": ["a"]}]
    for number, line in enumerate(lines):
        write("worker", f"line-{number}", json.dumps(line).encode())


def hubs():
    commit, blob, checksum = "0" * 40, "1" * 40, "2" * 64
    files = [{"rfilename": "config.json", "size": 7, "blobId": blob},
             {"rfilename": "a/b.safetensors", "size": 9, "blobId": blob, "lfs": {"sha256": checksum, "size": 9}}]
    write("hub-huggingface", "two", json.dumps({"sha": commit, "siblings": files}).encode())
    files = [{"Path": "config.json", "Size": 7, "Sha256": checksum, "Type": "blob", "Revision": commit, "CommittedDate": 5},
             {"Path": "a", "Type": "tree"}]
    write("hub-modelscope", "two", json.dumps({"Data": {"Files": files}}).encode())
    write("hub-head", "range", b'HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-99/1000\r\nContent-Length: 100\r\n'
          b'ETag: "abc"\r\nContent-Type: text/html\r\n\r\n')
    write("hub-head", "later", b"HTTP/1.1 429 Too many\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
          b'X-Error-Code: GatedRepo\r\nX-Error-Message: no\r\n\r\n{"error": "no"}')
    size, part = 200, 64
    counts = [64, 0, 10, 8]
    footer = b"JANUSDL1" + struct.pack("<QQ", size, part) + b'"tag"'.ljust(256, b"\0") + struct.pack("<4Q", *counts)
    write("partial-blob", "half", bytes([size]) + bytes(size) + footer)
    write("partial-blob", "whole", bytes([size]) + bytes(size))


def main():
    tokenizer_parts()
    formulas()
    requests()
    hubs()
    write("gguf", "empty", gguf([], []))
    kinds = {0: ("B", 7), 1: ("b", -7), 2: ("H", 7), 3: ("h", -7), 4: ("I", 7), 5: ("i", -7), 6: ("f", 0.5),
             7: ("B", 1), 10: ("Q", 7), 11: ("q", -7), 12: ("d", 0.5)}
    pairs = [(f"k{kind}", kind, struct.pack("<" + code, value)) for kind, (code, value) in kinds.items()]
    pairs += [(f"a{kind}", 9, struct.pack("<IQ", kind, 2) + struct.pack("<" + code, value) * 2)
              for kind, (code, value) in kinds.items()]
    write("gguf", "every-type", gguf(pairs, []))
    floats = ("a.weight", "f32", 0, [2, 4], bytes(32))
    half = ("b.weight", "bf16", 30, [3, 2], bytes(12))
    write("gguf", "tensors", gguf([], [floats, half]))
    entry = lambda kind, shape, begin, end: {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
    write("safetensors", "empty", safetensors({}, b""))
    three = {"__metadata__": {"format": "pt"}, "a": entry("F32", [2, 2], 0, 16),
             "b": entry("BF16", [3], 16, 22), "c": entry("F16", [1, 2], 22, 26)}
    write("safetensors", "three", safetensors(three, bytes(range(26))))
    write("safetensors", "others", safetensors({"a": entry("I64", [1], 0, 8), "b": entry("F32", [0], 8, 8)}, bytes(8)))
    for path in sorted(TORCH.glob("*.bin")):
        if not zipfile.is_zipfile(path):
            write("pickle", path.stem, path.read_bytes())
            continue
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith("data.pkl"):
                    write("pickle", path.stem, archive.read(name))


if __name__ == "__main__":
    main()
