"""Writers of the two containers that checkpoints come in. Both stream: one tensor is in memory at a time."""

import io
import json
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

Plan = list[tuple[str, tuple[int, ...]]]
Make = Callable[[str], torch.Tensor]


def byte_count(shape: tuple[int, ...]) -> int:
    """Bytes of a bfloat16 tensor."""
    return 2 * torch.Size(shape).numel()


def write_checkpoint(folder: Path, container: str, plan: Plan, make: Make, shards: int) -> None:
    """Writes every tensor of `plan`, made by `make(name)` as bfloat16, as one file or as shards with an index."""
    stem, suffix, write = {
        "safetensors": ("model", "safetensors", _write_safetensors),
        "bin": ("pytorch_model", "bin", _write_torch),
    }[container]
    if shards == 1:
        write(folder / f"{stem}.{suffix}", plan, make)
        return
    total = sum(byte_count(shape) for _, shape in plan)
    parts: list[Plan] = [[] for _ in range(shards)]
    done = 0
    for entry in plan:
        parts[min(shards - 1, done * shards // total)].append(entry)
        done += byte_count(entry[1])
    weight_map = {}
    for number, part in enumerate(parts, 1):
        name = f"{stem}-{number:05}-of-{shards:05}.{suffix}"
        write(folder / name, part, make)
        weight_map |= {entry[0]: name for entry in part}
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index, indent=2) + "\n")


def _raw(name: str, shape: tuple[int, ...], make: Make) -> memoryview:
    tensor = make(name)
    if tensor.dtype != torch.bfloat16 or tuple(tensor.shape) != shape:
        raise ValueError(f"{name}: made {tensor.dtype} {tuple(tensor.shape)}, expected bfloat16 {shape}")
    return memoryview(tensor.contiguous().view(torch.uint8).flatten().numpy())


def _write_safetensors(path: Path, plan: Plan, make: Make) -> None:
    header: dict = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in plan:
        size = byte_count(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in plan:
            file.write(_raw(name, shape, make))


class _Storage:
    """Stands for the bytes of one tensor while the pickle is written."""

    def __init__(self, key: int, count: int):
        self.key, self.count = str(key), count


class _Entry:
    """Pickles as torch pickles a contiguous tensor."""

    def __init__(self, storage: _Storage, shape: tuple[int, ...]):
        self.storage, self.shape = storage, shape

    def __reduce__(self):
        strides = torch.empty(self.shape, device="meta").stride()
        arguments = (self.storage, 0, self.shape, strides, False, OrderedDict())
        return torch._utils._rebuild_tensor_v2, arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, _Storage):
            return ("storage", torch.BFloat16Storage, value.key, "cpu", value.count)
        return None


def _write_torch(path: Path, plan: Plan, make: Make) -> None:
    """The zip that torch.save writes for a dictionary of tensors, record by record."""
    state = {
        name: _Entry(_Storage(key, torch.Size(shape).numel()), shape) for key, (name, shape) in enumerate(plan)
    }
    stream = io.BytesIO()
    _Pickler(stream, protocol=2).dump(state)
    writer = torch._C.PyTorchFileWriter(str(path))
    writer.write_record("data.pkl", stream.getvalue(), stream.tell())
    writer.write_record("byteorder", b"little", 6)
    for key, (name, shape) in enumerate(plan):
        data = bytes(_raw(name, shape, make))
        writer.write_record(f"data/{key}", data, len(data))
    writer.write_end_of_file()
