"""janus-nano's tokenizer: Janus-Pro's kind and special tokens, and whole tokens for LaTeX and the prompts' words.

Byte-level BPE whose merges spell each wanted token from its first byte on. The pre-tokenizer keeps control words,
braces and words of two letters and more apart, so the merges act on these alone; everything else is one token a byte.
"""

import argparse
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

import formulas
import symbols
from shapes import WORDS

SPECIAL = [
    "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", "<begin_of_image>", "<end_of_image>",
    "<image_placeholder>", "<patch_placeholder>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>",
    "<|User|>", "<|Assistant|>",
]
BEGIN, END, PAD, IMAGE_START, IMAGE_END, PLACEHOLDER = SPECIAL[:6]
SYSTEM = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that the user "
    "provides, and assist the user with a variety of tasks using natural language."
)
# The published prompts for formula recognition, and close relatives.
QUESTIONS = [
    "Convert the formula into latex code.",
    "Convert the formula into LaTeX code.",
    "Please convert the formula in the image to LaTeX.",
    "将图片中的公式转换为 LaTeX 代码。",
    "请把图片中的公式转换成 LaTeX。",
    "Write the formula as LaTeX.",
]
PATTERN = r" [A-Za-z][A-Za-z]+|\\[A-Za-z]+[{(\[)\]]?|\}\{|[_^]\{|[一-龥]+"


def wanted() -> list[str]:
    """Texts that are to be one token, with the leading space that words have."""
    latex = [token for token in [*formulas.INKED, *formulas.SILENT] if len(token) > 1]
    words = {f" {word}" for text in [SYSTEM, *QUESTIONS] for word in _words(text)[1:] if word.isascii() and len(word) > 1}
    chinese = {character for text in QUESTIONS for character in text if not character.isascii() and character.isalpha()}
    return latex + sorted(words) + [f" {word}" for word in WORDS if len(word) > 1] + sorted(chinese)


def _words(text: str) -> list[str]:
    return "".join(character if character.isalpha() else " " for character in text).split()


def build() -> Tokenizer:
    alphabet = {byte: character for character, byte in _byte_of().items()}
    vocabulary = {alphabet[byte]: byte for byte in range(256)}
    merges: list[tuple[str, str]] = []
    for text in wanted():
        characters = [alphabet[byte] for byte in text.encode()]
        token = characters[0]
        for character in characters[1:]:
            if token + character not in vocabulary:
                vocabulary[token + character] = len(vocabulary)
                merges.append((token, character))
            token += character
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    # Those of real formulas came later: added tokens, which leave the ids above as they were.
    known = tokenizer.get_vocab()
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in symbols.TOKENS if token != " " and token not in known])
    return tokenizer


def _byte_of() -> dict[str, int]:
    """GPT-2's byte alphabet: printable bytes stand for themselves, the others for characters above 255."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    path = parser.parse_args().output
    build().save(str(path))
