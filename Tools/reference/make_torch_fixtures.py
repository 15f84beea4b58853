"""Writes the small `pytorch_model.bin` files that the tests of the torch reader read.

Good ones come from torch.save; hostile ones are made from them or written by hand. What each must
give or be refused with is said in Tests/ConvertTests/TorchArchiveTests.swift.

Usage: make_torch_fixtures.py FOLDER
"""

import collections
import os
import sys
import zipfile

import torch


class Foreign:
    """Pickles as a call of os.system: the attack that the reader must not carry out."""

    def __reduce__(self):
        return os.system, ("echo executed",)


def rewrite(source, target, change=lambda name, data: data, compression=zipfile.ZIP_STORED):
    """Copies a zip, entry by entry, through `change`; an entry that becomes None is left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for entry in old.infolist():
            data = change(entry.filename, old.read(entry))
            if data is not None:
                # A fixed time, so that the files are the same bytes whenever they are made.
                info = zipfile.ZipInfo(entry.filename, (2025, 1, 1, 0, 0, 0))
                info.compress_type = compression
                new.writestr(info, data)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)

    counting = torch.arange(24, dtype=torch.float32)
    views = collections.OrderedDict()
    views["whole"] = counting.reshape(4, 6)
    views["transposed"] = counting.reshape(4, 6).t()
    views["permuted"] = counting.reshape(2, 3, 4).permute(2, 0, 1)
    views["every_second_column"] = counting.reshape(4, 6)[:, 1::2]
    views["lower_rows"] = counting.reshape(4, 6)[2:]
    views["expanded"] = counting[5:8].reshape(1, 3).expand(4, 3)
    views["scalar"] = counting[7]
    views["bfloat16"] = torch.tensor([[1.5, -2.0], [0.0078125, 3.0e38]], dtype=torch.bfloat16)
    views["half"] = torch.tensor([1.0, -0.333251953125, 6.0e-8, 65504.0], dtype=torch.float16)
    torch.save(views, "views.bin")

    # As a module's state_dict: an OrderedDict with the attribute `_metadata`.
    module = torch.nn.Linear(3, 2)
    with torch.no_grad():
        module.weight.copy_(torch.arange(6).reshape(2, 3))
        module.bias.copy_(torch.tensor([-1.0, -2.0]))
    torch.save(module.state_dict(), "module.bin")
    torch.save(module.state_dict(), "protocol4.bin", pickle_protocol=4)

    torch.save({"weight": torch.ones(2), "extra": Foreign()}, "foreign_global.bin")
    torch.save({"weight": torch.nn.Parameter(torch.ones(2))}, "parameter.bin")
    torch.save({"weight": torch.ones(2, dtype=torch.float64)}, "double.bin")
    torch.save({"weight": {"nested": torch.ones(2)}}, "nested.bin")
    torch.save([torch.ones(2)], "list.bin")
    torch.save({"weight": torch.ones(2)}, "legacy.bin", _use_new_zipfile_serialization=False)

    rewrite("module.bin", "compressed.bin", compression=zipfile.ZIP_DEFLATED)
    rewrite(
        "module.bin", "big_endian.bin",
        lambda name, data: b"big" if name.endswith("/byteorder") else data)
    rewrite(
        "module.bin", "missing_storage.bin",
        lambda name, data: None if name.endswith("/data/1") else data)
    rewrite(
        "module.bin", "short_storage.bin",
        lambda name, data: data[:-4] if name.endswith("/data/0") else data)
    # The weight's size (2, 3) becomes (2, 4): its last element lies behind the storage.
    rewrite(
        "module.bin", "out_of_range.bin",
        lambda name, data: data.replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86", 1)
        if name.endswith("/data.pkl") else data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    main(sys.argv[1])
