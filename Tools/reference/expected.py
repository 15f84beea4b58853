"""Writes what a checkpoint must answer: `expected.py DIR -o expected.json`; the keys are described in README.md."""

import argparse
import base64
import hashlib
import json
from pathlib import Path

import torch

from configs import END, PLACEHOLDER
from pictures import PICTURES, draw
from prompts import Message
from reference import Continuation, Reference, pixel_bytes

USER, ASSISTANT = "<|User|>", "<|Assistant|>"
TEXT_PROMPTS = [
    "What is a fraction?",
    "Write x^2 + y^2 = z^2 as a sentence.\nUse short words.",
    "请把图片中的公式转换成 LaTeX。 Größe, α ≤ β?",
]
IMAGE_PROMPTS = [
    (["waves"], "Describe this image."),
    (["bricks"], "Convert the formula into LaTeX code."),
    (["rings", "waves"], "Which of the two pictures has rings?"),
]
# Scripted: every turn is asked with the earlier answers given here, not with what the model said.
CONVERSATION = [
    (["bricks"], "What do you see?", "A wall of bricks."),
    ([], "Which colour has it?", "Red and green, I think."),
    ([], "Count them.", ""),
]
PAINTINGS = ["a red circle on a blue background", "Two apples, 1 tree."]


def rounded(value, digits: int = 7):
    """Numbers with `digits` significant digits, in lists as deep as the tensor."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}")


def top(values: torch.Tensor, count: int):
    best = values.topk(count)
    return {"ids": best.indices.tolist(), "values": rounded(best.values)}


def described(ids: list[int], answer: Continuation) -> dict:
    first = answer.log_probabilities[0]
    fixed = [index * len(first) // 64 for index in range(64)]
    return {
        "prompt_ids": ids,
        "token_ids": answer.token_ids,
        "gaps": rounded(answer.gaps, 4),
        "top": top(first, 8),
        "fixed": {"ids": fixed, "values": rounded(first[fixed])},
    }


def questions(reference: Reference, count: int):
    for text in TEXT_PROMPTS:
        ids = reference.prompts.question(text)
        yield {"prompt": text, "images": [], **described(ids, reference.answer(ids, [], count))}
    for names, text in IMAGE_PROMPTS:
        ids = reference.prompts.question(text, len(names))
        images = [draw(name) for name in names]
        yield {"prompt": text, "images": names, **described(ids, reference.answer(ids, images, count))}


def scripted(reference: Reference, count: int):
    """The conversation with given answers: each turn's prompt is the whole history, tokenised anew."""
    messages, images = [], []
    for names, question, reply in CONVERSATION:
        images += [draw(name) for name in names]
        messages.append(Message(USER, f"{PLACEHOLDER}\n" * len(names) + question))
        ids = reference.prompts.conversation([*messages, Message(ASSISTANT, "")])
        yield {"prompt": question, "images": names, "scripted_reply": reply,
               **described(ids, reference.answer(ids, images, count))}
        messages.append(Message(ASSISTANT, reply))


def continued(reference: Reference, count: int):
    """The same questions, each asked after the ids that the model itself answered, which are never tokenised anew."""
    ids, images = [], []
    for names, question, _ in CONVERSATION:
        content = f"{PLACEHOLDER}\n" * len(names) + question
        if ids:
            ids = ids + reference.prompts.encode(f"{END}{USER}: {content}\n\n{ASSISTANT}:")
        else:
            ids = reference.prompts.question(question, len(names))
        images += [draw(name) for name in names]
        answer = reference.answer(ids, images, count)
        yield {"prompt": question, "images": names, **described(ids, answer)}
        ids = ids + [token for token in answer.token_ids if token != reference.prompts.end]


def vision(reference: Reference):
    for name in PICTURES:
        features = reference.image_features(draw(name))
        pixels = reference.pixels(draw(name))
        yield {
            "image": name,
            "pixels_sha256": hashlib.sha256(pixels.numpy().tobytes()).hexdigest(),
            "mean": rounded(features.mean().item()),
            "deviation": rounded(features.std().item()),
            "first_row": rounded(features[0]),
            "middle_row": rounded(features[len(features) // 2]),
            "last_row": rounded(features[-1]),
        }


def paintings(reference: Reference, count: int, guidance: float):
    for text in PAINTINGS:
        codes, guided = reference.paint(text, count, guidance)
        conditional, unconditional = reference.prompts.painting(text)
        gaps = [(best := logits.topk(2).values)[0] - best[1] for logits in guided]
        yield {
            "prompt": text, "guidance": guidance,
            "prompt_ids": conditional, "unconditional_ids": unconditional, "codes": codes,
            "gaps": rounded([float(gap) for gap in gaps], 4),
            "guided": [{"step": step, **top(guided[step], 32)} for step in (0, 1, 31)],
        }


def decoded(reference: Reference, picture: Path) -> dict:
    """The VQ decoder on code i = 37 i mod the number of codes, whose picture is also written as a PNG."""
    from PIL import Image

    vq = reference.model.config.vq_config
    codes = [37 * index % vq.num_embeddings for index in range(vq.num_patches**2)]
    image = reference.decode(codes)
    pixels = pixel_bytes(image)
    Image.fromarray(pixels.numpy()).save(picture, optimize=True)
    height = image.shape[1]
    rows = [0, height // 2, height - 1]
    return {
        "codes": codes, "width": image.shape[2], "height": height, "picture": picture.name,
        "pixels_sha256": hashlib.sha256(pixels.numpy().tobytes()).hexdigest(),
        "rows": [{"y": y, "values": rounded(image[:, y, :64])} for y in rows],
    }


def smallest_gap(expected: dict) -> float:
    parts = ["questions", "scripted", "continued", "paintings"]
    return min(gap for part in parts for item in expected[part] for gap in item["gaps"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=32, help="tokens of an answer")
    parser.add_argument("--codes", type=int, default=64, help="codes of a painting")
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--device", default="cpu", help="where PyTorch computes, as cuda")
    arguments = parser.parse_args()
    reference = Reference(arguments.checkpoint, arguments.device)
    expected = {
        "questions": list(questions(reference, arguments.tokens)),
        "scripted": list(scripted(reference, arguments.tokens)),
        "continued": list(continued(reference, arguments.tokens)),
        "vision": list(vision(reference)),
        "paintings": list(paintings(reference, arguments.codes, arguments.guidance)),
        "decoded": decoded(reference, arguments.output.with_name("decoded.png")),
    }
    expected["smallest_gap"] = smallest_gap(expected)
    lines = ",\n".join(
        f'"{key}": [\n' + ",\n".join(map(_line, value)) + "\n]" if isinstance(value, list) else f'"{key}": {_line(value)}'
        for key, value in expected.items()
    )
    # Its presence says that all of it is there.
    partial = arguments.output.with_name(arguments.output.name + ".partial")
    partial.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    partial.replace(arguments.output)
    print(f"{arguments.output}: smallest gap {expected['smallest_gap']}")


def _line(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
