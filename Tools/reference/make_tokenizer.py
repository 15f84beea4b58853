"""Train the small tokenizer of the fixtures: Janus-Pro's kind, with a vocabulary of a few hundred tokens.

    python Tools/reference/make_tokenizer.py --out Tests/Fixtures/tokenizer

Byte-level BPE with the pre-tokenizer and the special tokens of Janus-Pro, trained on text that this
script composes (formulas, sentences, several scripts). The same arguments give the same files.
The four small JSON files beside tokenizer.json are written with the content that Janus-Pro publishes.
"""

import argparse
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

BOS = "<\uff5cbegin\u2581of\u2581sentence\uff5c>"
EOS = "<\uff5cend\u2581of\u2581sentence\uff5c>"
PAD = "<\uff5c\u2581pad\u2581\uff5c>"
OTHER_SPECIALS = [
    "<begin_of_image>", "<end_of_image>", "<image_placeholder>", "<patch_placeholder>",
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<|User|>", "<|Assistant|>",
]

# The letters of DeepSeek-LLM's pre-tokenizer: explicit ranges, not a Unicode property.
LETTERS = (
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293"
    "\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5"
    "\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77"
    "\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59"
    "\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc"
    "\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107"
    "\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
    "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee"
    "\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e"
    "\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f"
    "\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2"
    "\U000118a0-\U000118df\U0001e900-\U0001e943"
)


def pre_tokenizer():
    """The seven stages of DeepSeek-LLM and Janus-Pro; each splits the pieces of the one before."""
    splits = [
        "[\r\n]",
        f"\\s?[{LETTERS}]+",
        "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
        "\\s+$",
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
    ]
    stages = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in splits]
    stages.append(pre_tokenizers.Digits(individual_digits=True))
    stages.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    return pre_tokenizers.Sequence(stages)


def corpus(seed, lines):
    """Lines of text like what the model reads and writes, from a small grammar."""
    rng = random.Random(seed)
    symbols = ["x", "y", "n", "\\alpha", "\\beta", "\\lambda", "\\theta", "\\pi", "0", "1", "2"]
    words = ("the a of and to in is that this image picture describe formula write latex code what "
             "shows red small table cat house number letter reads as with question answer").split()
    others = ["\u00dcber die Br\u00fccke", "\u6211\u60f3\u5728\u5bb6\u5de5\u4f5c\u3002", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
              "\u3053\u3093\u306b\u3061\u306f", "\uc548\ub155\ud558\uc138\uc694", "caf\u00e9 na\u00efve", "\U0001f680 \u2705"]

    def formula(depth):
        kind = rng.randrange(7) if depth else 0
        if kind == 0:
            return rng.choice(symbols)
        a, b = formula(depth - 1), formula(depth - 1)
        return [
            "", f"\\frac{{{a}}}{{{b}}}", f"{a}^{{{b}}}", f"\\sum_{{{a}=1}}^{{n}} {b}", f"{a} + {b}",
            f"\\int_{{0}}^{{1}} {a} \\, d{b}", f"\\left( {a} - {b} \\right)",
        ][kind]

    for _ in range(lines):
        pick = rng.random()
        if pick < 0.5:
            yield "$" + formula(3) + "$"
        elif pick < 0.9:
            yield " ".join(rng.choices(words, k=rng.randrange(3, 12))).capitalize() + rng.choice(".?!:")
        else:
            yield rng.choice(others)


def train(vocabulary_size, seed):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(corpus(seed, 4000), trainer)
    # Published that way: only the first two are matched after normalisation (which is none here).
    tokenizer.add_special_tokens([AddedToken(t, normalized=True, special=True) for t in (BOS, EOS)])
    tokenizer.add_special_tokens(
        [AddedToken(t, normalized=False, special=True) for t in [PAD] + OTHER_SPECIALS])
    return tokenizer


def companions(image_size, patch_size):
    yield "tokenizer_config.json", {
        "bos_token": BOS, "clean_up_tokenization_spaces": False, "eos_token": EOS,
        "model_max_length": 16384, "pad_token": None, "tokenizer_class": "LlamaTokenizer",
        "unk_token": None, "use_default_system_prompt": True}
    yield "special_tokens_map.json", {
        "additional_special_tokens": OTHER_SPECIALS[2:], "bos_token": BOS, "eos_token": EOS,
        "pad_token": PAD}
    yield "preprocessor_config.json", {
        "background_color": [127, 127, 127], "do_normalize": True, "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "VLMImageProcessor", "image_size": image_size,
        "image_std": [0.5, 0.5, 0.5], "min_size": 14, "processor_class": "VLChatProcessor",
        "rescale_factor": 0.00392156862745098}
    yield "processor_config.json", {
        "add_special_token": False, "ignore_id": -100, "image_tag": "<image_placeholder>",
        "mask_prompt": True, "num_image_tokens": (image_size // patch_size) ** 2,
        "processor_class": "VLChatProcessor", "sft_format": "deepseek"}


def write(folder, image_size=384, patch_size=16, vocabulary_size=512, seed=1):
    """Write tokenizer.json and its companions to `folder`; returns the trained tokenizer."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train(vocabulary_size, seed)
    content = json.loads(tokenizer.to_str())
    # Older versions of the library, the publisher's among them, write a merge as one string.
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    text = json.dumps(content, ensure_ascii=False, indent=0)
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    for name, content in companions(image_size, patch_size):
        text = json.dumps(content, ensure_ascii=False, indent=2)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    return tokenizer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder to write to")
    parser.add_argument("--vocabulary-size", type=int, default=512, help="base tokens (default 512)")
    parser.add_argument("--image-size", type=int, default=384)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.out, options.image_size, options.patch_size, options.vocabulary_size, options.seed)
