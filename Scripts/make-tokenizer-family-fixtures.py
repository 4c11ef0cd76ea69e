#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizer-families/: what the reference tokenizers make of texts this script writes itself.

Usage:    Scripts/make-tokenizer-family-fixtures.py
Needs:    Python 3.11 or newer with tokenizers==0.23.3 sentencepiece==0.2.3, and what make-tokenizer-fixture.py needs

Vocabularies are trained here, on sentences of make-tokenizer-fixture.py. The byte-level one is trained on whole texts, so
that its tokens span words and any other cut gives other ids; every family has its own pre-tokenizer over it. The
references are Hugging Face `tokenizers`, and `sentencepiece` for tokenizer.model. The same versions give the same files.
"""
import importlib.util
import io
import json
import random
from pathlib import Path

import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests" / "Fixtures" / "tokenizer-families"
COUNT = 5200

_spec = importlib.util.spec_from_file_location("base", ROOT / "Scripts" / "make-tokenizer-fixture.py")
base = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(base)

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
UPPER, LOWER = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (rf"{UPPER}*{LOWER}+|{UPPER}+{LOWER}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (rf"{UPPER}*{LOWER}+{CONTRACTION}|{UPPER}+{LOWER}*{CONTRACTION}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK3 = ("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
             "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")
# The letters that DeepSeek-LLM's expression lists one range after another.
CASED = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377"
         "\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556"
         "\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a"
         "\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4"
         "\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc"
         "\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
         "\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b"
         "\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
         "\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2"
         "\U000118a0-\U000118df\U0001e900-\U0001e943")
WIDE = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
SIGNS = "[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"


def split(regex):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def sequence(*parts):
    return {"type": "Sequence", "pretokenizers": list(parts)}


DIGITS = {"type": "Digits", "individual_digits": True}
PRE_TOKENIZERS = {
    "gpt-2": byte_level(True),
    "smollm": sequence(DIGITS, byte_level(True)),
    "llama-bpe": sequence(split(LLAMA3), byte_level(False)),
    "qwen2": sequence(split(QWEN2), byte_level(False)),
    "tekken": sequence(split(TEKKEN), byte_level(False)),
    "gpt-4o": sequence(split(GPT4O), byte_level(False)),
    "falcon": sequence({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True),
                       {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]")),
    "deepseek-llm": sequence(split("[\r\n]"), split(rf"\s?[{CASED}]+"), split(r"\s?" + SIGNS), split(r"\s+$"), split(WIDE),
                             DIGITS, byte_level(False)),
    "deepseek-coder": sequence(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(WIDE), DIGITS,
                               byte_level(False)),
    "deepseek-v3": sequence(split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(DEEPSEEK3),
                            byte_level(False)),
    # No tokenizer.json: what llama.cpp does where a GGUF file says "default".
    "default": sequence(split(r"[\p{P}\$\+<=>\^~\|]+"), split(GPT2), split(r"\p{N}+"), split("[0-9][0-9][0-9]"),
                        byte_level(False)),
}
SPACES = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
PREPEND = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, SPACES]}
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}


def metaspace(scheme):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": False}


def spaced_decoder(*more):
    return {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                                             {"type": "ByteFallback"}, {"type": "Fuse"}, *more]}


# Name: normaliser, pre-tokenizer, decoder. Yi has no space before text; Phi-3 is llama-2 with other added tokens.
SENTENCE_PIECE = {
    "llama-2": (PREPEND, None, spaced_decoder(STRIP)),
    "mistral": (None, metaspace("first"), spaced_decoder(STRIP)),
    "solar": (None, metaspace("always"), spaced_decoder(STRIP)),
    "yi": (SPACES, None, spaced_decoder()),
}


def added(id, content, special=True, **flags):
    flags = {name: flags.get(name, False) for name in ("single_word", "lstrip", "rstrip", "normalized")}
    return {"id": id, "content": content, **flags, "special": special}


def marks(first):
    """Added tokens with every rule; the last is text, not a mark."""
    return [added(first, "<|user|>", rstrip=True), added(first + 1, "<|end|>", lstrip=True), added(first + 2, "<s>"),
            added(first + 3, "<both>", lstrip=True, rstrip=True), added(first + 4, "word", False, single_word=True),
            added(first + 5, "<norm>", False, normalized=True), added(first + 6, "<|use", False), added(first + 7, "𐍈", False),
            added(first + 8, "<nr>", False, normalized=True, rstrip=True, lstrip=True)]


def texts():
    seen = dict.fromkeys(base.texts())
    rng = random.Random(29)
    scalars = [c for s in base.SENTENCES for c in s]
    wide = ["ſ", "'ſ", "'S", "'Re", "'LL", "ǅ", "ß", "Ab", "aB", "ABc", "日本", "にほん", "ニホン", "한국", "Ⅷ", "½", "\u0301", "a\u0301",
            "//", "/\n", "\r\n", "$", "`", "~", "^", "!a", "#if", "≠", "€", "“x”", "\x00", "\x1b", "\u200d", "\ufeff", "𝒜", "𐐀", "𑇉", "᙭", "１２"]
    while len(seen) < COUNT:
        kind = rng.randrange(4)
        if kind == 0:
            text = "".join(rng.choice(base.WORDS + base.SPACES + wide) for _ in range(rng.randrange(2, 10)))
        elif kind == 1:
            text = "".join(rng.choice(scalars) for _ in range(rng.randrange(2, 24)))
        elif kind == 2:
            a, b = rng.choice(base.SENTENCES), rng.choice(base.CODE)
            text = a[: rng.randrange(len(a))] + rng.choice(base.SPACES + wide) + b[rng.randrange(len(b)):][:60]
        else:
            text = bytes(rng.randrange(256) for _ in range(rng.randrange(2, 14))).decode("utf-8", "ignore")
        seen.setdefault(text)
    return list(seen)


def fnv(values):
    """The first 40 bits of FNV-1a over numbers, as ten hexadecimal digits."""
    state = 0xCBF29CE484222325
    for value in values:
        state = (state ^ value) * 0x100000001B3 & (1 << 64) - 1
    return f"{state >> 24:010x}"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tokenizer_file(model, added_tokens, normalizer, pre_tokenizer, decoder):
    return compact({"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
                    "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": decoder,
                    "model": model})


def train_byte_level(corpus):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted(base.byte_alphabet().values())
    trainer = trainers.BpeTrainer(vocab_size=2600, initial_alphabet=alphabet, max_token_length=12, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model


def train_sentence_piece(corpus, **options):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=out, model_type="bpe", byte_fallback=True, num_threads=1,
        character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2,
        **options)
    return out.getvalue()


def merges_of(processor):
    """The merge rules of a SentencePiece vocabulary: all ways to make a token of two, by score."""
    size = processor.get_piece_size()
    normal = {processor.id_to_piece(i): i for i in range(size)
              if not (processor.is_control(i) or processor.is_unknown(i) or processor.is_byte(i))}
    rules = [(-processor.get_score(i), normal[piece[:cut]], normal[piece[cut:]], [piece[:cut], piece[cut:]])
             for piece, i in normal.items() for cut in range(1, len(piece)) if piece[:cut] in normal and piece[cut:] in normal]
    return [rule[3] for rule in sorted(rules)]


def template_texts(tokens):
    rng = random.Random(31)
    for _ in range(240):
        parts = [rng.choice(tokens + ["a", " ", "  ", "\n", " \n", "user", "word", "𐍈", "𐍈 ", "x", "<|", "▁", "日", "_", "é"])
                 for _ in range(rng.randrange(1, 8))]
        yield "".join(parts)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    all_texts = texts()
    write("texts.jsonl", "".join(compact(text) + "\n" for text in all_texts))
    corpus = [*base.SENTENCES, *base.CODE, *all_texts[:2200:3], *all_texts[2600:4400:2]]
    expected = {}

    model = train_byte_level(corpus)
    write("byte-level-model.json", compact({**model, "merges": [" ".join(m) for m in model["merges"]]}))
    size = len(model["vocab"])
    plain = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    for name, pre_tokenizer in PRE_TOKENIZERS.items():
        normalizer = {"type": "NFC"} if name == "qwen2" else None
        own = {**model, "ignore_merges": name in ("llama-bpe", "tekken")}
        file = tokenizer_file(own, [], normalizer, pre_tokenizer, plain)
        tokenizer = Tokenizer.from_str(file)
        words = tokenizer.pre_tokenizer
        expected[name] = {
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "ignore_merges": own["ignore_merges"],
            # Words have one character a byte.
            "words": "".join(fnv(len(w) for w, _ in words.pre_tokenize_str(text)) for text in all_texts),
            "ids": "".join(fnv(tokenizer.encode(text).ids) for text in all_texts)}
    tokens = marks(size)
    file = tokenizer_file(model, tokens, None, PRE_TOKENIZERS["smollm"], plain)
    marked = Tokenizer.from_str(file)
    expected["smollm"]["added_tokens"] = tokens
    expected["smollm"]["template"] = [[text, marked.encode(text).ids] for text in template_texts([t["content"] for t in tokens])]

    trained = train_sentence_piece(corpus, vocab_size=2400, max_sentencepiece_length=12)
    (OUT / "spiece").mkdir(exist_ok=True)
    (OUT / "spiece" / "tokenizer.model").write_bytes(trained)
    processor = sentencepiece.SentencePieceProcessor(model_proto=trained)
    vocabulary = {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}
    model = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
             "vocab": vocabulary, "merges": merges_of(processor)}
    write("sentencepiece-model.json", compact(model))
    size = len(vocabulary)
    for name, (normalizer, pre_tokenizer, decoder) in SENTENCE_PIECE.items():
        tokens = [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>"), *marks(size)]
        tokens = [t for t in tokens if t["content"] != "<s>" or t["id"] == 1]
        for index, token in enumerate(tokens):
            token["id"] = index if index < 3 else size + index - 3
        tokenizer = Tokenizer.from_str(tokenizer_file(model, tokens[:3], normalizer, pre_tokenizer, decoder))
        marked = Tokenizer.from_str(tokenizer_file(model, tokens, normalizer, pre_tokenizer, decoder))
        results = [tokenizer.encode(text).ids for text in all_texts]
        expected[name] = {
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "decoder": decoder, "added_tokens": tokens,
            "ids": "".join(fnv(ids) for ids in results),
            "decoded": {str(i): decoded for i, (text, ids) in enumerate(zip(all_texts, results))
                        if (decoded := tokenizer.decode(ids, skip_special_tokens=False)) != text},
            "template": [[text, marked.encode(text).ids] for text in template_texts([t["content"] for t in tokens])]}

    # A model whose tokens span words, by its own library; texts without its control tokens are the same for both.
    spanning = train_sentence_piece(corpus, vocab_size=1500, split_by_whitespace=False, max_sentencepiece_length=10)
    (OUT / "spiece-spanning").mkdir(exist_ok=True)
    (OUT / "spiece-spanning" / "tokenizer.model").write_bytes(spanning)
    for name, processor in (("spiece", processor),
                            ("spiece-spanning", sentencepiece.SentencePieceProcessor(model_proto=spanning))):
        # The library takes a null character for the end of its input.
        expected[name] = {"ids": "".join(fnv(processor.encode(text)) for text in all_texts)}

    for name, family in expected.items():
        write(f"{name}.json", compact(family))
    write("scalar-classes.json", compact(scalar_classes()))


def scalar_classes():
    """Runs of scalars with the same classes: [first scalar, bits]. The bits are those of ScalarClass."""
    scalars = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    text = "".join(scalars)
    bits = dict.fromkeys(scalars, 0)

    def mark(bit, found):
        for scalar in found:
            bits[scalar] |= 1 << bit

    def matches(regex):
        pieces = pre_tokenizers.Split(Regex(regex), "removed", invert=True).pre_tokenize_str(text)
        return {text[i] for _, (start, end) in pieces for i in range(start, end)}

    for bit, regex in enumerate([r"[\p{Lu}\p{Lt}]", r"\p{Ll}", r"[\p{Lm}\p{Lo}]", r"\p{M}", r"\p{N}", r"\s", r"\p{P}", r"\p{S}",
                                 r"[\r\n]"]):
        mark(bit, matches(regex))
    for bit, component in ((9, pre_tokenizers.Digits(True)), (10, pre_tokenizers.Punctuation("isolated"))):
        mark(bit, (c for c in scalars if len(component.pre_tokenize_str("a" + c)) == 2))
    for bit, regex in ((11, r"[\p{P}\$\+<=>\^~\|]"), (12, WIDE[:-1]), (13, "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]"),
                       (14, f"[{CASED}]"), (15, SIGNS[:-1])):
        mark(bit, matches(regex))
    runs = []
    for scalar in scalars:
        if not runs or runs[-1][1] != bits[scalar]:
            runs.append([ord(scalar), bits[scalar]])
    return runs


def write(name, text):
    (OUT / name).write_text(text, encoding="utf-8")
    print(f"{name}: {(OUT / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
