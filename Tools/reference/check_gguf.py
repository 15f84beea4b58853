#!/usr/bin/env python3
"""Opens a model file with the PyPI package `gguf`, lists it, and checks it against docs/FORMAT.md.

    check_gguf.py FILE [--quiet]

A second reader, independent of the Swift one: GGUFReader must open the file and find every key and
tensor, and what the `janus.tensors` arrays say must agree with what GGUF says and with the bytes.
Exit code 0 where all holds, 1 with one line for each difference otherwise.
"""

import argparse
import hashlib
import math
import sys

from gguf import GGUFReader, GGUFValueType

# format: GGUF's type name, and the bytes of a matrix of r rows and c columns
FORMATS = {
    "f32": ("F32", lambda r, c: r * c * 4),
    "bf16": ("BF16", lambda r, c: r * c * 2),
    "q8_0": ("Q8_0", lambda r, c: r * (c // 32) * 34),
    "int8-p16": ("I8", lambda r, c: -(-r // 16) * -(-c // 32) * 544),
    "int4-p16": ("I8", lambda r, c: -(-r // 16) * -(-c // 32) * 288),
    "int4-c8-p16": ("I8", lambda r, c: -(-r // 16) * (64 + -(-c // 128) * 64 + -(-c // 32) * 256)),
}


def type_name(field):
    *outer, last = field.types
    if outer == [GGUFValueType.ARRAY]:
        return f"[{last.name.lower()} × {len(field.data)}]"
    return last.name.lower()


def shorten(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def differences(reader, path):
    """Yields what is not as FORMAT.md says."""
    keys = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    architecture = keys["general.architecture"].contents()
    if architecture != "janus":
        yield f"general.architecture is {architecture!r}"
    formats_of_tensors = keys["janus.tensors.format"].contents() if len(keys["janus.tensors.format"].data) else []
    version = 2 if "int4-c8-p16" in formats_of_tensors else 1
    if keys["janus.format_version"].contents() != version:
        yield f"janus.format_version is {keys['janus.format_version'].contents()} and should be {version}"
    alignment = int(keys["general.alignment"].contents())

    def strings(key):
        # An array without elements has no element that a reader could show.
        return keys[key].contents() if len(keys[key].data) else []

    names, formats, shapes, sums = (
        strings(f"janus.tensors.{part}") for part in ("name", "format", "shape", "sha256")
    )
    if [tensor.name for tensor in reader.tensors] != names:
        yield "janus.tensors.name differs from the names of the tensors"
        return
    end = int(reader.data_offset)
    for tensor, format_name, shape_text, sha256 in zip(reader.tensors, formats, shapes, sums):
        shape = [int(number) for number in shape_text.split(",")]
        rows, columns = (1, shape[0]) if len(shape) == 1 else (shape[0], math.prod(shape[1:]))
        gguf_type, size = FORMATS[format_name]
        count = size(rows, columns)
        dimensions = shape[::-1]
        if gguf_type == "I8":
            panels = -(-rows // 16)
            dimensions = [count // panels, panels]
        if tensor.tensor_type.name != gguf_type or list(map(int, tensor.shape)) != dimensions:
            yield f"{tensor.name}: GGUF says {tensor.tensor_type.name} {list(tensor.shape)}, "\
                f"expected {gguf_type} {dimensions}"
        if int(tensor.n_bytes) != count:
            yield f"{tensor.name}: {tensor.n_bytes} bytes, expected {count}"
        begin = -(-end // alignment) * alignment
        if int(tensor.data_offset) != begin:
            yield f"{tensor.name}: begins at {tensor.data_offset}, expected {begin}"
        end = begin + count
        if hashlib.sha256(tensor.data.tobytes()).hexdigest() != sha256:
            yield f"{tensor.name}: the SHA-256 of its bytes differs"
    size = -(-end // alignment) * alignment
    if path.stat().st_size != size:
        yield f"the file has {path.stat().st_size} bytes, expected {size}"


def main():
    import pathlib

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--quiet", action="store_true", help="print only the counts")
    arguments = parser.parse_args()

    reader = GGUFReader(arguments.file)
    fields = [name for name in reader.fields if not name.startswith("GGUF.")]
    if not arguments.quiet:
        for name in fields:
            field = reader.fields[name]
            shown = f"= {shorten(field.contents())}" if len(field.data) <= 16 and field.data else ""
            print(f"{name}: {type_name(field)} {shown}".rstrip())
        for tensor in reader.tensors:
            dimensions = " × ".join(str(int(number)) for number in tensor.shape)
            print(f"{tensor.name}: {tensor.tensor_type.name} {dimensions}, {tensor.n_bytes} bytes")
    found = list(differences(reader, arguments.file))
    for line in found:
        print(f"{arguments.file}: {line}", file=sys.stderr)
    print(f"{arguments.file}: {len(fields)} keys, {len(reader.tensors)} tensors, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
