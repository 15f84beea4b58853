"""What is compared with what: systems, stages, and which systems take turns at a stage."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """Where things are and how they run."""

    work: Path
    python: Path  # an interpreter with requirements.txt
    command: Path  # janus-lite
    threads: int

    @property
    def models(self) -> Path:
        return self.work / "models"

    @property
    def checkpoint(self) -> Path:
        return self.work / "checkpoint"

    @property
    def llama_source(self) -> Path:
        return self.work / "llama-source"

    def llama_build(self, tier: str) -> Path:
        return self.work / "llama" / tier

    def janus_model(self, recipe: str) -> Path:
        return self.models / f"janus-{recipe}.gguf"


@dataclass(frozen=True)
class Comparison:
    """Systems that take turns at one stage, ours first: every ratio is against it."""

    stage: str
    systems: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.stage} {self.systems[0]}"


COMPARISONS = (
    Comparison("encode", ("janus-int4", "openvino-int8", "llama-q4_0", "torch-bf16")),
    Comparison("prefill", ("janus-int4", "openvino-int4", "openvino-int4-default", "llama-q4_0", "torch-bf16")),
    Comparison("prefill", ("janus-int8", "openvino-int8", "llama-q8_0")),
    Comparison("prefill", ("janus-int4-avx2", "llama-q4_0-avx2")),
    Comparison("decode-0", ("janus-int4", "openvino-int4", "llama-q4_0", "torch-bf16")),
    Comparison("decode-0", ("janus-int8", "openvino-int8", "llama-q8_0")),
    Comparison("decode-0", ("janus-int4-avx2", "llama-q4_0-avx2")),
    Comparison("decode-600", ("janus-int4", "openvino-int4", "llama-q4_0", "torch-bf16")),
    Comparison("decode-600", ("janus-int8", "openvino-int8", "llama-q8_0")),
    Comparison("paint-2", ("janus-int4", "openvino-int4", "llama-q4_0", "torch-bf16")),
    Comparison("paint-32", ("janus-int4", "openvino-int4", "llama-q4_0", "torch-bf16")),
    Comparison("vq", ("janus-int4", "openvino-bf16", "torch-bf16")),
    Comparison("first-token", ("janus-int4", "llama-q4_0")),
)

STAGES = tuple(dict.fromkeys(comparison.stage for comparison in COMPARISONS))
OURS = tuple(dict.fromkeys(comparison.systems[0] for comparison in COMPARISONS))
PEERS = ("llama", "openvino", "torch")


def chosen(stages: list[str], ours: list[str], peers: list[str]) -> list[Comparison]:
    """The comparisons of these stages and of our systems, with the systems of these peers; none of ours alone."""
    kept = []
    for comparison in COMPARISONS:
        systems = tuple(s for s in comparison.systems if s.split("-")[0] in ["janus", *peers])
        if comparison.stage in stages and systems[0] in ours and len(systems) > 1:
            kept.append(Comparison(comparison.stage, systems))
    return kept


def launch(system: str, stage: str, settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Command line and additional environment of the child that runs `stage` on `system`."""
    family, *variant = system.split("-")
    threads = str(settings.threads)
    python = str(settings.python)
    if stage == "first-token":
        return [python, str(HERE / "serve/first_token.py"), *_first_token(family, settings)], {}
    if family == "janus":
        isa = ["--isa", variant[1]] if len(variant) > 1 else []
        model = str(settings.janus_model(variant[0]))
        return [str(settings.command), "bench", "--stdin", "-m", model, "--threads", threads, *isa], {}
    if family == "llama":
        kind = "painter" if stage.startswith("paint") else "language"
        build = settings.llama_build("native") / "bin"
        # The other build is of ggml alone, which takes the place of the one that libllama was linked with.
        ggml = settings.llama_build("avx2") / "bin" if "avx2" in variant else build
        arguments = ["--model", str(settings.models / f"llama-{kind}-{variant[0]}.gguf")]
        if stage == "encode":
            arguments += ["--mmproj", str(settings.models / "llama-mmproj-bf16.gguf")]
        environment = {
            "LLAMA_CPP_LIB_PATH": str(build),
            "MTMD_CPP_LIB": str(build),
            "LD_LIBRARY_PATH": str(ggml),
            "PYTHONPATH": str(settings.llama_source),
        }
        return [python, str(HERE / "serve/llama.py"), *arguments, "--threads", threads], environment
    if family == "openvino":
        arguments = ["--models", str(settings.models), "--weights", variant[0], "--threads", threads]
        if "default" not in variant:
            # Measured: larger groups help int8 where the weights' bytes are the limit, and nowhere else.
            large = variant[0] == "int8" and stage.startswith("decode")
            arguments += ["--group", "2048" if large else "128"]
        return [python, str(HERE / "serve/openvino_ir.py"), *arguments], {}
    return [python, str(HERE / "serve/torch_janus.py"), str(settings.checkpoint), "--threads", threads], {}


def _first_token(family: str, settings: Settings) -> list[str]:
    """The command that is timed from its start to its end: one picture, one token."""
    picture = str(HERE.parents[1] / "Tests/Fixtures/pictures/rings.png")
    question = "What is in this picture?"
    threads = str(settings.threads)
    if family == "janus":
        model = str(settings.janus_model("int4"))
        return [
            *(str(settings.command), "chat", "-m", model, "--threads", threads, "--image", picture),
            *("--system", "", "--max-tokens", "1", question),
        ]
    return [
        *(str(settings.llama_build("native") / "bin/llama-mtmd-cli"), "-t", threads, "-c", "2048", "--no-warmup"),
        *("-m", str(settings.models / "llama-language-q4_0.gguf")),
        *("--mmproj", str(settings.models / "llama-mmproj-bf16.gguf")),
        *("--chat-template", "deepseek", "--image", picture, "--temp", "0", "-n", "1", "-p", question),
    ]
