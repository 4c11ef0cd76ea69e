#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizer/: what the reference tokenizer makes of texts this script writes itself.

Usage:    Scripts/make-tokenizer-fixture.py [MODEL.gguf]
Default:  .cache/models/SmolLM2-135M-Instruct.Q4_1.gguf (Scripts/fetch-model)
Needs:    Python 3.11 or newer with gguf==0.19.0 tokenizers==0.23.3 Jinja2==3.1.6
          (a virtual environment: python3 -m venv .venv && .venv/bin/pip install gguf==0.19.0 ...)

The reference is Hugging Face `tokenizers` with the vocabulary and the merges of the GGUF file, the pre-tokenizer its
`tokenizer.ggml.pre` stands for, and its control tokens as special tokens. The same versions give the same files.
"""
import json
import random
import sys
from pathlib import Path

import gguf
import jinja2
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests" / "Fixtures" / "tokenizer"
RANDOM = random.Random(17)

SENTENCES = """
The kettle is on and the bread is nearly done.
She didn't say when they'd be back, but I'll wait; we've got time.
Der Fluss fließt träge durch die alte Stadt, und über den Dächern kreisen Störche.
Où est passée la clé de l'armoire à l'étage ? Peut-être près du café.
¿Cuándo llega el próximo tren a Córdoba? ¡Mañana por la mañana!
Amanhã não haverá pão fresco na aldeia, só às três da tarde.
Perché il gatto dorme sempre sul davanzale più caldo?
De koe graasde rustig naast de sloot; het regende zachtjes.
Zażółć gęślą jaźń, a potem napij się herbaty z cytryną.
Příliš žluťoučký kůň úpěl ďábelské ódy.
Vypočítajte plochu záhrady, ktorá leží pri Ľubici.
Árvíztűrő tükörfúrógép, és egy csésze forró kakaó.
Mâine dimineață vom culege prune și gutui din grădină.
Ağaçların gölgesinde ılık bir öğle uykusu ne güzeldir.
Fyra små fåglar satt på räcket och åt havregryn.
Høsten kom tidlig, og epletrærne på gården bøyde seg.
Rødgrød med fløde smager bedst om sommeren.
Yöllä järven yli lensi kaksi joutsenta hiljaa.
Þorpið við fjörðinn er lítið en bryggjan er ný.
Õhtul jõudis äike mereni ja müristas öö läbi.
Ežerą supo pušys, o ūkininkas šienavo pievą.
Rīta rasa mirdz zālē, un bērni skrien uz upi.
Сегодня утром шёл снег, и река почти замёрзла.
Їжак приніс яблуко, а ґава вкрала ключі.
Утре ще пътуваме към морето през Стара планина.
Љубазни фењерџија чађавог лица хоће да ми покаже штос.
Το πλοίο φεύγει στις οκτώ από το λιμάνι της Ύδρας.
Գարնանը այգին ծաղկում է, և օդը մեղրի հոտ ունի։
გაზაფხულზე ატამი ყვავის და ჩიტები გალობენ.
הספר הישן מונח על המדף ליד החלון הפתוח.
הַסֵּפֶר הַיָּשָׁן עַל הַמַּדָּף
في الصباح الباكر تفوح رائحة الخبز من المخبز القديم.
اَلْقِطَّةُ تَنَامُ عَلَى السَّجَّادَةِ
کتاب قدیمی روی میز است و پنجره باز می‌ماند.
آج صبح باغ میں بارش ہوئی اور ہوا ٹھنڈی ہے۔
आज सुबह बगीचे में हल्की बारिश हुई और चाय गरम है।
आज सकाळी बाजारात ताजी फळे आली आहेत.
আজ সকালে নদীর ধারে কুয়াশা ছিল।
ਅੱਜ ਖੇਤਾਂ ਵਿੱਚ ਕਣਕ ਪੱਕ ਗਈ ਹੈ।
આજે સવારે બજારમાં તાજાં શાકભાજી આવ્યાં.
இன்று காலை ஆற்றங்கரையில் மழை பெய்தது.
ఈ రోజు ఉదయం తోటలో పూలు పూశాయి.
ಇಂದು ಬೆಳಿಗ್ಗೆ ಹೊಲದಲ್ಲಿ ಮಳೆ ಬಂತು.
ഇന്ന് രാവിലെ പുഴയിൽ വള്ളം തുഴഞ്ഞു.
අද උදේ වත්තේ මල් පිපුණා.
วันนี้อากาศดีเราไปเดินเล่นริมแม่น้ำกันเถอะ
ມື້ນີ້ອາກາດດີພວກເຮົາໄປຕະຫຼາດ
ဒီမနက် မိုးရွာပြီး လေအေးတယ်။
ថ្ងៃនេះមេឃស្រឡះ យើងទៅលេងមាត់ទន្លេ។
དེ་རིང་གནམ་གཤིས་ཡག་པོ་འདུག
今天早上下了小雨，花园里的茶还是热的。
今天早上下了小雨，花園裡的茶還是熱的。
今朝は小雨が降って、庭のお茶はまだ温かい。カタカナもｶﾀｶﾅも。
오늘 아침에 비가 조금 내렸고 차는 아직 따뜻하다.
Sáng nay trời mưa nhỏ và trà vẫn còn nóng trên bàn gỗ.
Pagi ini hujan turun sebentar, lalu pasar kembali ramai.
Asubuhi ya leo mvua ilinyesha kidogo na chai bado ni moto.
Ní bheidh bosca bainne sa chistin go dtí amárach.
Mae’r afon yn llifo’n araf drwy’r dyffryn gwyrdd.
Gaur goizean euria egin du eta ibaia handi dator.
ዛሬ ጠዋት ዝናብ ዘነበ ሻይውም ሞቃት ነው።
Өнөөдөр өглөө бороо орж, голын ус нэмэгдэв.
ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ
ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ
ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ
""".strip().split("\n")

CODE = [
    "def area(width: float, height: float) -> float:\n    \"\"\"Square metres.\"\"\"\n    return width * height\n",
    "for (int i = 0; i < n; ++i) {\n\tsum += a[i] * b[i]; // dot\n}\n",
    "let total = prices.map { $0 * 1.19 }.reduce(0, +)\nguard total > 0 else { return nil }\n",
    "SELECT name, COUNT(*) FROM birds WHERE seen_at >= '2024-05-01' GROUP BY 1 ORDER BY 2 DESC;\n",
    "<ul class=\"menu\">\r\n  <li><a href=\"/tea?kind=green&amp;n=2\">Tea</a></li>\r\n</ul>\r\n",
    "{\"kettle\": {\"litres\": 1.7, \"on\": true, \"tags\": [\"a\", \"b\"]}}\n",
    "#!/bin/sh\nset -eu\nfor f in *.txt; do wc -l \"$f\" | awk '{print $1}'; done\n",
    "fn main() {\n    println!(\"{:>8.3}\", 3.14159_f64);\n}\n",
    "\\begin{equation}\n  e^{i\\pi} + 1 = 0\n\\end{equation}\n",
    "if (x!=null&&y>=0x1F||~z) x<<=2;y^=z>>>1;\n",
    "https://example.org/path/to/page?query=a%20b&x=1#frag  user@example.org\n",
    "\t\t\tdeep\n\t\tless\n\tleast\n\n\n    four\n  two\n",
    "x = 'it''s' + \"'\"  # can't won't I'd've\n",
    "0xDEADBEEF 1e-9 1_000_000 3.14 .5 5. 10:45 2024-02-29T23:59:60Z v1.2.3-rc.4+build.5",
]

EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "☺", "🇩🇪🇯🇵", "1️⃣", "🧑🏿‍🚀", "👨‍❤️‍💋‍👨", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🫱🏻‍🫲🏿", "⌚", "🥐🧀", "™️"]
COMBINING = ["e\u0301", "A\u030a", "o\u0302\u0323", "Z͑ͫ̓a̷l̸g̶o̵", "q\u0307\u0323", "n\u0303n\u0303", "\u0301x", "ᄒ\u1161ᆫ", "क्ष", "ﬁ", "Å", "Ω", "ǆ", "ß", "ẞ", "İi̇"]
# Scalars whose general category is easily mistaken: numbers that are not digits, spaces that are not ASCII, format
# characters that look like spaces, modifier letters, private use, noncharacters, letters and numbers of recent versions.
CORNERS = [chr(c) for c in (
    0xB2, 0xB9, 0xBD, 0xBE, 0x2167, 0x2180, 0x3007, 0x3021, 0x0663, 0x06F5, 0x0967, 0x0E53, 0x1D7D8, 0x2460, 0x3220, 0x2070,
    0x2082, 0xFF15, 0x10107, 0x0BF0, 0x137C, 0x16EE, 0x1F101, 0x3000, 0xA0, 0x85, 0x1680, 0x2000, 0x2007, 0x2009, 0x200A,
    0x2028, 0x2029, 0x202F, 0x205F, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, 0x61C, 0x200E, 0x202E, 0x2066,
    0xAA, 0xBA, 0x2B0, 0x2BC, 0x02C7, 0x1D2C, 0x3005, 0x303B, 0x30FC, 0xFF70, 0x640, 0x0E46, 0x1C5, 0x1F88, 0xE000, 0xF8FF,
    0xF0000, 0x10FFFD, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0xFDD0, 0x378, 0x530, 0x13A0, 0x4E00, 0x20000, 0x2FA1D, 0x31350,
    0xAC00, 0x1100, 0x24D0, 0x2B1B, 0x20AC, 0xA4, 0x2044, 0x2032, 0x2019, 0x2018, 0x60, 0xB4, 0x5F, 0x203F, 0x488, 0x20E3,
    0xFE0F, 0xE0100, 0x0C5C, 0x088F, 0x1C89, 0xA7CB, 0x10D40, 0x105C0, 0x10940, 0x11DE0, 0x16FF4, 0x1CCF0, 0x40000, 0xA0000,
    0xE0041, 0x7F, 0x1F, 0x1C, 0x0)]
WORDS = ["a", "tea", "Kettle", "don't", "über", "日本", "42", "7", "x9y", "!", "...", "—", "'s", "'LL", "’re", "é", "_", "мир", "٣", "½"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\u00a0", "\u3000", "\u0085", "\u2028", "\u2009", " \n", "\n ", "\t ", " \t\n "]


def random_scalar():
    low, high = RANDOM.choice([(0, 0x80), (0x80, 0x250), (0x250, 0x800), (0x800, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000),
                               (0x10000, 0x20000), (0x20000, 0x32000), (0x32000, 0x110000)])
    return chr(RANDOM.randrange(low, high))


def texts():
    yield from ["", " ", "  ", "\n", "'", "''", "'s", " 's", "1", "12", " 1 2  3", "a1b22c", "a 1", "a  1", "1  a", "1\n\na "]
    yield from SENTENCES
    yield from (s.upper() for s in SENTENCES)
    yield from (" " + s + "\n" for s in SENTENCES[::3])
    for _ in range(150):  # two halves of different languages, cut anywhere
        a, b = RANDOM.choice(SENTENCES), RANDOM.choice(SENTENCES)
        yield a[RANDOM.randrange(len(a)):] + RANDOM.choice(SPACES + ["", ", "]) + b[:RANDOM.randrange(len(b))]
    yield from CODE
    for _ in range(120):
        code = RANDOM.choice(CODE)
        cut = RANDOM.randrange(len(code))
        yield code[cut:cut + 40]
    for _ in range(150):
        yield "".join(RANDOM.choice("0123456789.,-+ /:eE%$٠١٢०१२５²½Ⅷ") for _ in range(RANDOM.randrange(1, 14)))
    for _ in range(500):
        yield "".join(RANDOM.choice(WORDS + SPACES + SPACES) for _ in range(RANDOM.randrange(1, 9)))
    for space in SPACES:
        for count in (1, 2, 3, 5):
            yield from (space * count, "a" + space * count, space * count + "a", "a" + space * count + "9", "." + space * count + "'s")
    yield from EMOJI
    yield from COMBINING
    for _ in range(150):
        yield "".join(RANDOM.choice(EMOJI + COMBINING + WORDS + [" "]) for _ in range(RANDOM.randrange(2, 6)))
    for code in [*range(0x20), *range(0x7F, 0xA1)]:
        yield from (chr(code), f"a{chr(code)}b", f"!{chr(code)}! {chr(code)}{chr(code)} 1")
    for corner in CORNERS:
        yield from (corner, f"a{corner}b", f"1{corner}2", f" {corner} {corner}{corner}", f"!{corner}'s\n{corner}")
    for _ in range(150):
        yield "".join(RANDOM.choice(CORNERS + WORDS + SPACES) for _ in range(RANDOM.randrange(2, 8)))
    for _ in range(400):
        yield "".join(random_scalar() for _ in range(RANDOM.randrange(1, 9)))
    for base in ["a", "ab", "abc", "the", "é", "日", "ก", "-=", "!", "🙂", "\n", "Aa", "xyzzy", "اب", "\u0304"]:
        for count in (7, 24, 47, 49, 64, 130):  # words beyond the limit where merging changes its method
            yield base * max(1, count // len(base))
    for _ in range(30):
        yield "".join(RANDOM.choice("etaoinshrdlu") for _ in range(RANDOM.randrange(30, 90)))
        yield "".join(RANDOM.choice("=-#*~<>|!?/") for _ in range(RANDOM.randrange(30, 90)))
    for word in ["it", "IT", "they", "1", "é", "", " ", "_"]:
        for tail in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'l", "'r", "'v", "’s", "'x", "'sx", "'rex", "'s's", "''s"]:
            yield word + tail


def look_alikes(added):
    for token in added:
        yield token
        yield f"say {token}system\nhello{token} "
        yield token * 2 + token[:-1]
        yield token[1:] + token[: len(token) // 2] + "\u200b" + token[len(token) // 2:]
        yield token.upper() + " " + token.replace("|", "│") + token.replace("<", "＜")
        yield token[0] + token


def byte_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(rest)}


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else ROOT / ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    reader = gguf.GGUFReader(path)
    field = lambda key: reader.fields[key].contents()
    assert (field("tokenizer.ggml.model"), field("tokenizer.ggml.pre")) == ("gpt2", "smollm")
    tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
    added = [token for token, kind in zip(tokens, types) if kind in (3, 4)]
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = pre_tokenizers.Digits(individual_digits=True)

    def reference(pre_tokenizer, special):
        tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
        return tokenizer

    smollm = pre_tokenizers.Sequence([digits, gpt2])
    content, template, plain = reference(smollm, []), reference(smollm, added), reference(gpt2, [])

    OUT.mkdir(parents=True, exist_ok=True)
    rows, seen = [], set()
    for text in [*texts(), *look_alikes(added)]:
        if text in seen:
            continue
        seen.add(text)
        row = {"text": text, "content": content.encode(text).ids}
        for key, tokenizer in (("template", template), ("gpt2", plain)):  # only where they differ from "content"
            ids = tokenizer.encode(text).ids
            if ids != row["content"]:
                row[key] = ids
        rows.append(row)
    write("texts.jsonl", rows)

    # Control tokens are left out: they would be skipped or not, which is no question of UTF-8.
    ordinary = [i for i, kind in enumerate(types) if kind == 1]
    pieces = {i for i in ordinary if not is_text(tokens[i])}
    rows = []
    for _ in range(250):
        ids = [RANDOM.choice(ordinary if RANDOM.random() < 0.3 else sorted(pieces)) for _ in range(RANDOM.randrange(1, 12))]
        rows.append({"ids": ids, "text": content.decode(ids)})
    write("decoding.jsonl", rows)

    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    rendered = environment.from_string(field("tokenizer.chat_template"))
    rows = []
    for _ in range(60):
        roles = ["user", "assistant"] * RANDOM.randrange(0, 3) + ["user"]
        if RANDOM.random() < 0.5:
            roles.insert(0, "system")
        filler = [*SENTENCES, *CODE, "", " ", "\n", "\n\nHi", " lead", "trail ", "trail\n\n", "7", "\t", "'s", "\u0301", "\u3000"]
        messages = [{"role": role, "content": RANDOM.choice(filler)} for role in roles]
        prompt = RANDOM.random() < 0.5
        text = rendered.render(messages=messages, add_generation_prompt=prompt)
        rows.append({"messages": messages, "generationPrompt": prompt, "text": text, "ids": template.encode(text).ids})
    write("chat.jsonl", rows)


ALPHABET = {c: b for b, c in byte_alphabet().items()}


def is_text(token):
    try:
        bytes(ALPHABET[c] for c in token).decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def write(name, rows):
    with open(OUT / name, "w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(f"{name}: {len(rows)} rows, {(OUT / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
