"""Reads pictures that `janus-lite generate` wrote with Pillow, and compares the text in them.

    check_pictures.py --command "janus-lite generate -m MODEL"
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import tempfile

from PIL import Image

PROMPT = "a red circle, größer"
EXPECTED = {"Description": PROMPT, "Seed": "3", "Guidance": "4.5", "Temperature": "0.5"}


def paint(command, folder, kind):
    """Paints one picture; returns its path."""
    options = ["--seed", "3", "--cfg", "4.5", "--temperature", "0.5", "--format", kind, "--json"]
    run = subprocess.run(
        [*shlex.split(command), PROMPT, "-o", folder, *options],
        check=True, capture_output=True, text=True,
    )
    return json.loads(run.stdout)["images"][0]["path"]


def text_of(picture):
    """The entries of a PNG's text chunks or of a JPEG's comment."""
    if picture.format == "PNG":
        return dict(picture.text)
    lines = picture.info["comment"].decode("utf-8").split("\n")
    return dict(line.split(": ", 1) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True)
    command = parser.parse_args().command
    for kind in ("png", "jpeg"):
        with tempfile.TemporaryDirectory() as folder:
            path = paint(command, folder, kind)
            with Image.open(path) as picture:
                picture.load()
                found = text_of(picture)
                assert picture.mode == "RGB" and picture.width == picture.height, picture
            for key, value in EXPECTED.items():
                assert found.get(key) == value, f"{key}: expected {value!r}, found {found.get(key)!r}"
            assert [pathlib.Path(path).name] == [p.name for p in pathlib.Path(folder).iterdir()]
        print(f"{kind}: {len(found)} entries read back")


if __name__ == "__main__":
    main()
