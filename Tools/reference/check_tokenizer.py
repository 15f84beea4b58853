"""Compare token ids with those of the package `tokenizers` on thousands of random Unicode strings.

    python Tools/reference/check_tokenizer.py --tokenizer DIR/tokenizer.json \
        --command "janus-lite tokenize --lines -m model.gguf"

The command reads one JSON string a line and answers each with a JSON array of ids, without BOS.
With --fixture FILE the strings and their expected ids are written there instead (no command).
With --vectors PREFIX the cases of PREFIX.inp and PREFIX.out (llama.cpp's format) are checked too.
"""

import argparse
import json
import random
import shlex
import subprocess
import sys

from tokenizers import Tokenizer

WHITESPACE = ["\t", "\n", "\v", "\f", "\r", " ", "\x1c", "\x1f", "\x85", "\u00a0", "\u1680", "\u2000",
              "\u2009", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"]
SCRIPTS = [
    (0x20, 0x7e), (0x20, 0x7e), (0x20, 0x7e), (0x00, 0x1f), (0x7f, 0xa0), (0xa0, 0x24f), (0x250, 0x36f),
    (0x370, 0x3ff), (0x400, 0x52f), (0x531, 0x58f), (0x590, 0x6ff), (0x7f0, 0x830), (0x900, 0x97f),
    (0xe00, 0xe7f), (0x10a0, 0x10ff), (0x13a0, 0x13fd), (0x1780, 0x17ff), (0x1c80, 0x1d7f),
    (0x1e00, 0x20cf), (0x2100, 0x218f), (0x2190, 0x2bff), (0x2c00, 0x2def), (0x2e80, 0x30ff),
    (0x3000, 0x303f), (0x3200, 0x33ff), (0x4dff, 0x4e10), (0x4e00, 0x9fff), (0x9fa0, 0x9fff),
    (0xa640, 0xa7ff), (0xabf0, 0xac10), (0xac00, 0xd7a3), (0xd7a4, 0xd7ff), (0xe000, 0xe010),
    (0xfb00, 0xfb20), (0xfe00, 0xfe0f), (0xff00, 0xffef), (0xfff0, 0xffff), (0x10400, 0x10cff),
    (0x118a0, 0x118df), (0x1d400, 0x1d7ff), (0x1e900, 0x1e95f), (0x1f300, 0x1faff),
    (0x20000, 0x200ff), (0xe0100, 0xe01ef), (0x10fff0, 0x10ffff),
]
WORDS = ["Hello", "world", "the", " The", "'s", "'LL", "we've", "3.14159", "1234567890", "\\frac{1}{2}",
         "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}", "$x^{2}$", "\\sum_{n=1}^{\\infty}",
         "\u2163\u00b2\u0663", "na\u00efve", "e\u0301", "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea",
         "\u6211\u60f3\u5728apple\u5de5\u4f5c", "!!!", "...", "\u2018quoted\u2019", "\uff1f\uff01\u3002", "--", "=="]


def random_string(rng, specials):
    """A few runs, each of its own kind: a script, white space, digits, words, special tokens."""
    parts = []
    for _ in range(rng.randrange(1, 9)):
        kind = rng.randrange(12)
        length = 1 + int(rng.expovariate(0.25))
        if kind < 5:
            low, high = rng.choice(SCRIPTS)
            parts.append("".join(chr(rng.randint(low, high)) for _ in range(length)))
        elif kind == 5:
            parts.append("".join(rng.choices(WHITESPACE, k=length)))
        elif kind == 6:
            parts.append(rng.choice(WHITESPACE) * length)
        elif kind == 7:
            parts.append("".join(rng.choices("0123456789\u00b2\u0665\u2460", k=length)))
        elif kind < 10:
            parts.append(rng.choice(WORDS) + rng.choice(["", " ", "  ", "\n"]))
        elif kind == 10:
            parts.append(rng.choice(specials))
        else:  # nearly a special token
            special = rng.choice(specials)
            cut = rng.randrange(len(special))
            parts.append(rng.choice([special[:cut], special[cut:], special[:cut] + special,
                                     special[:cut] + special[cut + 1:], special.lower()]))
    return "".join(parts)


def random_strings(tokenizer, count, seed):
    rng = random.Random(seed)
    specials = [token.content for _, token in sorted(tokenizer.get_added_tokens_decoder().items())]
    if len(specials) > 40:
        specials = specials[:8] + specials[-16:]
    return [random_string(rng, specials) for _ in range(count)]


def expected_ids(tokenizer, texts):
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def read_vectors(prefix):
    with open(prefix + ".inp", encoding="utf-8", newline="") as file:
        texts = file.read().split("\n__ggml_vocab_test__\n")
    with open(prefix + ".out", encoding="utf-8") as file:
        ids = [[int(number) for number in line.split()] for line in file.read().split("\n")]
    return texts, ids[: len(texts)]


def compare(name, command, texts, expected):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    run = subprocess.run(shlex.split(command), input=lines, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"the command failed: {run.stderr.strip()}")
    found = [json.loads(line) for line in run.stdout.splitlines()]
    if len(found) != len(texts):
        sys.exit(f"{len(found)} answers to {len(texts)} strings")
    wrong = [i for i in range(len(texts)) if found[i] != expected[i]]
    for i in wrong[:5]:
        print(f"{ascii(texts[i])}\n  expected {expected[i]}\n  found    {found[i]}")
    print(f"{name}: {len(texts) - len(wrong)} of {len(texts)} equal")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json")
    parser.add_argument("--command")
    parser.add_argument("--fixture")
    parser.add_argument("--vectors")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(options.tokenizer)
    texts = random_strings(tokenizer, options.count, options.seed)
    expected = expected_ids(tokenizer, texts)
    if options.fixture:
        cases = [json.dumps([text, ids], separators=(",", ":")) for text, ids in zip(texts, expected)]
        with open(options.fixture, "w", encoding="utf-8") as file:
            file.write("[" + ",\n".join(cases) + "]\n")
        return
    if not options.command:
        parser.error("one of --command and --fixture is needed")
    equal = compare("random strings", options.command, texts, expected)
    if options.vectors:
        equal = compare("vectors", options.command, *read_vectors(options.vectors)) and equal
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
