"""Everything that must exist before systems can be compared; a step whose product exists is skipped."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from plan import HERE, Comparison, Settings

ROOT = HERE.parents[1]
LLAMA_DISTRIBUTION = "llama-cpp-python==0.3.36"
LLAMA_OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_LLAMAFILE=ON", "-DLLAMA_OPENSSL=OFF",
    *(f"-DLLAMA_BUILD_{part}=OFF" for part in ("TESTS", "EXAMPLES", "SERVER")),
]
# What GGML_NATIVE would find on a processor that ends with AVX2.
AVX2_OPTIONS = [
    "-DGGML_NATIVE=OFF",
    *(f"-DGGML_{name}=ON" for name in ("SSE42", "AVX", "AVX2", "FMA", "F16C", "BMI2")),
    *(f"-DGGML_{name}=OFF" for name in ("AVX_VNNI", "AVX512", "AVX512_VBMI", "AVX512_VNNI", "AVX512_BF16")),
]


def prepare(comparisons: list[Comparison], settings: Settings) -> None:
    settings.models.mkdir(parents=True, exist_ok=True)
    make(settings.checkpoint, lambda path: checkpoint(path, settings))
    needed = {(system, comparison.stage) for comparison in comparisons for system in comparison.systems}
    for recipe in sorted({system.split("-")[1] for system, _ in needed if system.startswith("janus")}):
        janus_model(recipe, settings)
    prepare_llama({n for n in needed if n[0].startswith("llama")}, settings)
    prepare_openvino({n for n in needed if n[0].startswith("openvino")}, settings)


def janus_model(recipe: str, settings: Settings) -> None:
    """Converts the checkpoint, again where the command is newer than what it made."""
    product = settings.janus_model(recipe)
    if product.exists() and product.stat().st_mtime < settings.command.stat().st_mtime:
        product.unlink()
    make(product, lambda path: run(
        settings.command, "convert", settings.checkpoint, "-o", path, "--quant", recipe))


def environment(work: Path) -> Path:
    """The interpreter of a virtual environment with requirements.txt."""
    folder = work / "venv"
    python = folder / "bin/python"
    mark = folder / "complete"
    if not mark.exists():
        run(sys.executable, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "-r", HERE / "requirements.txt")
        mark.touch()
    return python


def checkpoint(path: Path, settings: Settings) -> None:
    run(settings.python, ROOT / "Tools/reference/make_checkpoint.py", "--geometry", "1B", "-o", path)


def prepare_llama(needed: set[tuple[str, str]], settings: Settings) -> None:
    if not needed:
        return
    make(settings.llama_source, lambda path: llama_source(path, settings))
    llama = settings.llama_source / "vendor/llama.cpp"
    native = settings.llama_build("native")
    targets = ["llama", "mtmd", "llama-quantize", "llama-mtmd-cli"]
    build(llama, native, settings, ["-DGGML_NATIVE=ON"], targets)
    if any("avx2" in system for system, _ in needed):
        # Only ggml holds kernels; the children put it in the place of the native one.
        build(llama, settings.llama_build("avx2"), settings, AVX2_OPTIONS, ["ggml"])
    for kind, weights in sorted({
            ("painter" if stage.startswith("paint") else "language", system.split("-")[1])
            for system, stage in needed}):
        base = settings.models / f"llama-{kind}-bf16.gguf"
        product = settings.models / f"llama-{kind}-{weights}.gguf"
        if not product.exists():
            make(base, lambda path: run(
                settings.python, HERE / "convert/llama_gguf.py", settings.checkpoint, kind, path))
            make(product, lambda path: run(native / "bin/llama-quantize", base, path, weights.upper()))
    if any(stage in ("encode", "first-token") for _, stage in needed):
        make(settings.models / "llama-mmproj-bf16.gguf", lambda path: run(
            settings.python, llama / "convert_hf_to_gguf.py", settings.checkpoint, "--mmproj", "--outtype", "bf16",
            "--outfile", path, PYTHONPATH=str(llama / "gguf-py")))


def llama_source(path: Path, settings: Settings) -> None:
    archives = settings.work / "archives"
    # Of this package alone: `:all:` would compile CMake first, to read the package's metadata with.
    run(settings.python, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python",
        "-d", archives, LLAMA_DISTRIBUTION)
    (archive,) = archives.glob("llama_cpp_python-*.tar.gz")
    unpacked = settings.work / "archives/unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    (folder,) = unpacked.iterdir()
    folder.rename(path)


def build(source: Path, folder: Path, settings: Settings, options: list[str], targets: list[str]) -> None:
    mark = folder / "complete"
    if mark.exists():
        return
    tools = settings.python.parent
    ninja = f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}"
    run(tools / "cmake", "-G", "Ninja", "-S", source, "-B", folder, ninja, *LLAMA_OPTIONS, *options)
    run(tools / "cmake", "--build", folder, "--target", *targets)
    mark.touch()


def prepare_openvino(needed: set[tuple[str, str]], settings: Settings) -> None:
    graphs = {"encode": "vision", "vq": "vq", "paint-2": "painter", "paint-32": "painter"}
    for graph, weights in sorted({
            (graphs.get(stage, "language"), system.split("-")[1]) for system, stage in needed}):
        product = settings.models / f"openvino-{graph}-{weights}.xml"
        if not product.exists():  # the graph is written after its weights, so it is the mark of a whole model
            run(settings.python, HERE / "convert/openvino_ir.py", settings.checkpoint, graph, weights, product)


def make(product: Path, work) -> None:
    """Calls `work` with a path whose content gets the product's name when it is whole."""
    if product.exists():
        return
    partial = product.with_name("partial-" + product.name)
    if partial.is_dir():
        shutil.rmtree(partial)
    work(partial)
    partial.rename(product)


def run(*command, **variables: str) -> None:
    words = [str(word) for word in command]
    print("+", " ".join(words), file=sys.stderr, flush=True)
    if subprocess.run(words, env={**os.environ, **variables}, stdout=sys.stderr).returncode != 0:
        raise SystemExit(f"failed: {' '.join(words)}")
