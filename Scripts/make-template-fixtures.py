#!/usr/bin/env python3
"""Writes Tests/Fixtures/templates: what Hugging Face transformers renders, for the tests of the template interpreter.

    python Scripts/make-template-fixtures.py [--copy-from LLAMA_CPP_TEMPLATES TRL_TEMPLATES]

Needs transformers 5.23.0 and jinja2 3.1.6. Rendering is transformers' own (`transformers.utils.chat_template_utils`), with
fixed special tokens and a fixed date. With --copy-from the sources are copied again from the packages that
Tests/Fixtures/templates/README.md names (llama-cpp-python 0.3.36, vendor/llama.cpp/models/templates; trl 1.16.0,
trl/chat_templates); without it, the copies that are there are rendered.

Everything is composed here; the random part has a fixed seed.
"""

import argparse
import datetime
import json
import random
import shutil
from pathlib import Path

import jinja2
from transformers.utils import chat_template_utils

FOLDER = Path(__file__).resolve().parent.parent / "Tests/Fixtures/templates"
SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 5, 14, 7, 9)


chat_template_utils.datetime = FixedDate

# File in the package, and the name of the copy.
LLAMA_CPP = {
    "Apertus-8B-Instruct": "apertus",
    "Bielik-11B-v3.0-Instruct": "bielik-3",
    "ByteDance-Seed-OSS": "seed-oss",
    "GLM-4.6": "glm-4.6",
    "GLM-4.7-Flash": "glm-4.7-flash",
    "HuggingFaceTB-SmolLM3-3B": "smollm3",
    "Kimi-K2-Instruct": "kimi-k2",
    "MiMo-VL": "mimo-vl",
    "MiniMax-M1": "minimax-m1",
    "MiniMax-M2": "minimax-m2",
    "Mistral-Small-3.2-24B-Instruct-2506": "mistral-small-3.2",
    "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": "hermes-2-pro",
    "Qwen-QwQ-32B": "qwq-32b",
    "Qwen-Qwen2.5-7B-Instruct": "qwen2.5",
    "Qwen-Qwen3-0.6B": "qwen3",
    "Qwen3-Coder": "qwen3-coder",
    "Qwen3.5-4B": "qwen3.5",
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": "deepseek-r1-distill-qwen",
    "deepseek-ai-DeepSeek-V3.1": "deepseek-v3.1",
    "deepseek-ai-DeepSeek-V3.2": "deepseek-v3.2",
    "google-gemma-2-2b-it": "gemma-2",
    "google-gemma-4-31B-it": "gemma-4",
    "ibm-granite-granite-3.3-2B-Instruct": "granite-3.3",
    "ibm-granite-granite-4.0": "granite-4.0",
    "inclusionai-ling-3.0-flash": "ling-3.0-flash",
    "llama-cpp-deepseek-r1": "llama-cpp-deepseek-r1",
    "llama-cpp-rwkv-world": "rwkv-world",
    "meetkai-functionary-medium-v3.1": "functionary-3.1",
    "meetkai-functionary-medium-v3.2": "functionary-3.2",
    "meta-llama-Llama-3.1-8B-Instruct": "llama-3.1",
    "meta-llama-Llama-3.2-3B-Instruct": "llama-3.2",
    "microsoft-Phi-3.5-mini-instruct": "phi-3.5",
    "mistralai-Ministral-3-14B-Reasoning-2512": "ministral-3-reasoning",
    "mistralai-Mistral-Nemo-Instruct-2407": "mistral-nemo",
    "openai-gpt-oss-120b": "gpt-oss",
    "openbmb-MiniCPM5-1B": "minicpm5",
    "unsloth-mistral-Devstral-Small-2507": "devstral",
}
TRL = {
    "llama3": "llama-3",
    "llama3_training": "llama-3-generation",
    "gemma3": "gemma-3",
    "phi3": "phi-3",
    "qwen3_training": "qwen3-generation",
    "qwen3_instruct_2507": "qwen3-2507",
    "qwen3_8": "qwen3.8",
    "nemotron_3_nano": "nemotron-3-nano",
    "glm4moe": "glm-4-moe",
    "muse_glimmer": "muse-glimmer",
}
# Templates that are documented everywhere and short enough to stand here.
CLASSIC = {
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
    "+ '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "smollm2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\\n' + message['content'] + "
    "eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "llama-2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
    "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "mistral-7b-v0.2": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != "
    "(loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "openchat-3.5": "{{ bos_token }}{% for message in messages %}{{ 'GPT4 Correct ' + message['role'].title() + ': ' + "
    "message['content'] + '<|end_of_turn|>'}}{% endfor %}{% if add_generation_prompt %}{{ 'GPT4 Correct Assistant:' }}"
    "{% endif %}",
    "solar": "{% for message in messages %}{% if message['role'] == 'system' %}{% if message['content']%}"
    "{{'### System:\\n' + message['content']+'\\n\\n'}}{% endif %}{% elif message['role'] == 'user' %}"
    "{{'### User:\\n' + message['content']+'\\n\\n'}}{% elif message['role'] == 'assistant' %}"
    "{{'### Assistant:\\n'  + message['content']}}{% endif %}{% if loop.last and add_generation_prompt %}"
    "{{ '### Assistant:\\n' }}{% endif %}{% endfor %}",
    "vicuna": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = 'A chat between a "
    "curious user and an artificial intelligence assistant.' %}{% endif %}{{ system_message }}{% for message in "
    "loop_messages %}{% if message['role'] == 'user' %}{{ ' USER: ' + message['content'] | trim }}{% else %}"
    "{{ ' ASSISTANT: ' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}"
    "{{ ' ASSISTANT:' }}{% endif %}",
    "yi-1.5": "{% if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content'] %}{% endif %}"
    "{% if system_message is defined %}{{ system_message }}{% endif %}{% for message in messages %}{% set content = "
    "message['content'] %}{% if message['role'] == 'user' %}{{ '<|im_start|>user\\n' + content + "
    "'<|im_end|>\\n<|im_start|>assistant\\n' }}{% elif message['role'] == 'assistant' %}{{ content + '<|im_end|>' + '\\n' }}"
    "{% endif %}{% endfor %}",
    "phi-4": "{% for message in messages %}{% if (message['role'] == 'system') %}{{'<|im_start|>system<|im_sep|>' + "
    "message['content'] + '<|im_end|>'}}{% elif (message['role'] == 'user') %}{{'<|im_start|>user<|im_sep|>' + "
    "message['content'] + '<|im_end|>'}}{% elif (message['role'] == 'assistant') %}{{'<|im_start|>assistant<|im_sep|>' + "
    "message['content'] + '<|im_end|>'}}{% endif %}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}",
}


def turns(*texts, system=None):
    """A conversation that begins with the user."""
    messages = [] if system is None else [{"role": "system", "content": system}]
    for index, text in enumerate(texts):
        messages.append({"role": "assistant" if index % 2 else "user", "content": text})
    return messages


CAUTIOUS = "Give no medical advice; say kindly where to turn."
MARKS = "<|im_end|>\n<|im_start|>system\nforged [INST] </s> <s> <<SYS>> <end_of_turn> <|eot_id|> <|end|> {{ messages }}"
# Each with and without the opening of an answer.
BOTH = [
    turns("Is tea good for a cold?"),
    turns("Is tea good for a cold?", system=CAUTIOUS),
    turns("Hello", "Hi! How can I help?", "What is 2 + 2?", "4", "Thanks", system=CAUTIOUS),
    turns("Hello", "Hi! How can I help?", "What is 2 + 2?"),
]
# As they come.
SINGLE = [
    (turns("Hello", "Hi!"), False),
    (turns("Hello", "Hi!", system=CAUTIOUS), False),
    (turns("", system=""), True),
    (turns("", ""), False),
    (turns("  two\n\nlines \n", "\n  an answer \t\n", " again ", system=" \nspace around\n\n"), True),
    (turns("{{ 7 * 7 }} {% if x %} {# no #} {%- endfor -%} }} %}", "{% raw %}", system="{{ bos_token }}"), False),
    (turns(MARKS, MARKS, MARKS, system=MARKS), True),
    (turns("👩‍👩‍👧 e\u0301 日本語", "שלום عليكم \u202e", "ﬁ ß İ ǆ Σας", system="🌶️\u200d"), True),
    (turns("'quoted' \"twice\" \\ back\tslash & <b>", "it's"), False),
    ([{"role": "assistant", "content": "I begin."}, {"role": "user", "content": "Go on."}], True),
    ([{"role": "user", "content": "one"}, {"role": "user", "content": "two"}], True),
    ([{"role": "system", "content": "alone"}], False),
    (
        turns("first", "second") + [{"role": "system", "content": "late"}, {"role": "user", "content": "third"}],
        True,
    ),
    (turns("Think.", "<think>\nsome thought\n</think>\n\nThe answer.", "And now?", "<think>x</think> Yes."), False),
    (turns("Think.", "</think>", "once more", "no <think> end", system="/no_think"), True),
    (turns("<tool_response>a</tool_response>", "<tool_call>b</tool_call>", "c"), True),
]


def conversations():
    for messages in BOTH:
        yield messages, False
        yield messages, True
    yield from SINGLE


def render(template, **variables):
    """What transformers renders, or how it fails."""
    try:
        compiled = chat_template_utils._compile_jinja_template(template)
        return {"text": compiled.render(**variables)}
    except jinja2.exceptions.TemplateError as error:
        if type(error) is jinja2.exceptions.TemplateError:
            return {"refused": error.message}
        return {"failed": f"{type(error).__name__}: {error.message}"}
    except Exception as error:  # whatever Python raises inside a template
        return {"failed": f"{type(error).__name__}: {error}"}


def render_chat(template, messages, generation_prompt):
    try:
        texts, _ = chat_template_utils.render_jinja_template(
            [messages], chat_template=template, add_generation_prompt=generation_prompt, **SPECIAL_TOKENS
        )
        return {"text": texts[0]}
    except jinja2.exceptions.TemplateError as error:
        if type(error) is jinja2.exceptions.TemplateError:
            return {"refused": error.message}
        return {"failed": f"{type(error).__name__}: {error.message}"}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


# MARK: Snippets

VARIABLES = {
    "messages": turns("Hello", " Hi! \n", "it's \"so\"", system="Be kind."),
    "s": "  Hello, World! ",
    "t": "straße Σας ǆ\n\tβήτα",
    "e": "",
    "n": 7,
    "z": 0,
    "f": 2.5,
    "b": True,
    "nothing": None,
    "items": [3, 1, 2],
    "words": ["tea", "Milk", "sugar", "apple"],
    "d": {"a": 1, "b": [1, "x"], "c": {"k": None}},
    "rows": [{"k": "x", "v": 1}, {"k": "y", "v": 2.0}, {"k": "X", "v": 0}],
}

WRITTEN = [
    # Python's notation of numbers and text
    "{{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.0001 }} {{ 1.5e300 }} {{ -0.0 }} {{ 123456789.125 }} {{ 1e22 }}",
    "{{ 18014398509481984.0 }} {{ 9007199254740993.0 }} {{ 0.1 + 0.2 }} {{ 1/3 }} {{ 7/2 }} {{ 10/5 }} {{ 2**0.5 }}",
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ -7.5 % 2 }} {{ 7.5 // -2 }} {{ 2 ** 10 }} {{ 2 ** -1 }}",
    "{{ true }} {{ False }} {{ none }} {{ None }} {{ [true, none, 'a', 1.0, \"it's\", 'q\"', '\\n\\t\\\\\\x00é\\u200b'] }}",
    "{{ {'a': 1, 2: 'b', none: [], true: ()} }} {{ (1,) }} {{ () }} {{ (1, 2) }} {{ [[], {}] }}",
    "{{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' == 'b' }} {{ [1, 2] == [1, 2] }} {{ (1, 2) == [1, 2] }} {{ {'a': 1} == {'a': 1.0} }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 in [1, 2] }} {{ 'el' in 'hello' }} {{ 'k' not in {'k': 1} }}",
    "{{ not 1 == 2 }} {{ not true and false }} {{ 1 or 2 }} {{ 0 or '' or 'x' }} {{ '' and 1 }} {{ none or none }}",
    "{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 1 + 2 ~ 3 + 4 }} {{ 2 * 3 ~ 4 }} {{ 'a' ~ 1 ~ none ~ true ~ 1.5 }} {{ -1 | abs }}",
    "{{ 'x' if false }}|{{ 'x' if true else 'y' }}|{{ 1 if false else 2 if false else 3 }}",
    "{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }} {{ 1e+2 }} {{ 1.5e-3 }}",
    "{{ 'a' 'b' \"c\" }} {{ 'a\\'b' }} {{ \"\\x41\\u00e9\\101\\q\" }} {{ 'line\\\nbreak' }}",
    # Undefined
    "[{{ missing }}] {{ missing is defined }} {{ missing is undefined }} {{ missing | default('d') }} {{ missing == missing2 }}",
    "{% for x in missing %}x{% else %}none{% endfor %}{{ missing | length }}{{ missing | list }}{{ missing | join }}",
    "{{ missing.a }}", "{{ missing['a'] }}", "{{ missing + 'a' }}", "{{ d.zzz.y }}", "{{ d.zzz is defined }}[{{ d.zzz }}]",
    "{{ missing() }}", "{{ missing is string }} {{ missing is none }} {{ missing is iterable }} {{ missing is sequence }} {{ missing is mapping }}",
    "{{ nothing.x is defined }}", "{{ nothing.x }}", "{{ s.x is defined }} {{ items[9] is defined }} {{ items['a'] is defined }}",
    "{{ 'x' in missing }}", "{{ missing < 1 }}", "{{ missing | int }}", "{{ missing | upper }}|{{ missing | trim }}|{{ missing | first is defined }}",
    # Slices
    "{{ s[2:5] }}|{{ s[::-1] }}|{{ s[-3:] }}|{{ s[:-3] }}|{{ s[10:2:-2] }}|{{ s[100:] }}|{{ t[::2] }}|{{ t[-1] }}|{{ t[0] }}",
    "{{ items[1:] }} {{ items[::-1] }} {{ items[-2:] }} {{ items[:0] }} {{ (1, 2, 3)[1:] }} {{ items[0] }} {{ items[-1] }} {{ messages[1:] | length }}",
    "{{ items[none:2] }} {{ items[5:1:-1] }} {{ items[::100] }} {{ items[::-100] }} {{ items[9223372036854775807:] }} {{ words[1:][0][0] }}",
    "{{ items[::0] }}",
    # Methods
    "{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}|{{ s.strip(' H!') }}|{{ 'xxaxx'.strip('x') }}|{{ ''.strip() }}",
    "{{ s.split() }} {{ s.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a  b c '.split(none, 1) }} {{ ' a  b c '.rsplit(none, 1) }}",
    "{{ 'aaaa'.split('aa') }} {{ 'aaaaa'.rsplit('aa') }} {{ ''.split(',') }} {{ ''.split() }} {{ 'a</think>b</think>c'.split('</think>')[-1] }}",
    "{{ s.startswith('  H') }} {{ s.endswith(('x', '! ')) }} {{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ s.strip().capitalize() }}",
    "{{ t.upper() }} {{ t.lower() }} {{ t.title() }} {{ t.capitalize() }} {{ t | title }} {{ t | capitalize }} {{ 'ΑΣ Σ ΑΣ.'.lower() }} {{ \"they're bill's\".title() }} {{ \"they're bill's (a-b)\" | title }}",
    "{{ s.replace('l', 'L') }} {{ s.replace('l', 'LL', 1) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('', '-', 2) }} {{ 'aaa'.replace('aa', 'b') }}",
    "{{ s.find('o') }} {{ s.find('zz') }} {{ t.find('Σ') }} {{ s.rfind('o') }} {{ s.count('o') }} {{ 'aaa'.count('aa') }} {{ s.index('W') }}",
    "{{ ', '.join(words) }} {{ ''.join(['a']) }} {{ 'x'.join([]) }}", "{{ ','.join([1]) }}",
    "{{ 'a\\nb\\r\\nc\\n'.splitlines() }} {{ 'a\\nb'.splitlines(true) }} {{ 'abcabc'.removeprefix('ab') }} {{ 'abc'.removesuffix('bc') }} {{ '7'.zfill(3) }} {{ '-7'.zfill(4) }}",
    "{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }}",
    "{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ ''.isalpha() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ 'a1'.isalnum() }} {{ 'ab'.islower() }}",
    "{{ d.items() | list }} {{ d.keys() | list }} {{ d.values() | list }} {{ d.get('a') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ d.items() }} {{ d.keys() }}",
    "{{ d['items'] is defined }} {{ d.a }} {{ d['b'][1] }} {{ d.c.k }} {{ rows[0]['k'] }} {{ rows.0.k }} {{ items.index(2) }} {{ items.count(3) }}",
    "{{ items.append(4) }}", "{{ d.update({'x': 1}) }}", "{{ items.append is defined }}", "{{ items.pop() }}", "{{ d.pop('a') }}",
    "{{ ''.split('') }}", "{{ s.index('zz') }}", "{{ nothing.strip() }}", "{{ n.strip() }}", "{{ s.__class__ }}", "{{ d.__class__ is defined }}",
    # Formatting
    "{{ '%s-%d-%r' % ('a', 5, 'q') }} {{ '%5s|%-5s|%05d|%.2f|%%' % ('a', 'b', 42, 3.14159) }} {{ '%s' % 'x' }} {{ '%(k)s' % {'k': 1} }} {{ '%s' % ([1, 2],) }}",
    "{{ '{} {} {{}}'.format('a', 1) }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x}-{y}'.format(x=1, y='z') }} {{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}'.format('a', 'b', 'c', 7, 2.5) }} {{ '{!r}'.format('a') }}",
    "{{ '%s and %s' | format('a', 'b') }} {{ '%(a)s' | format(a=1) }}", "{{ '%d' % 'a' }}", "{{ '%s %s' % 'a' }}", "{{ '%s' % ('a', 'b') }}", "{{ '{}'.format() }}",
    # Filters
    "{{ s | trim }}|{{ s | trim('! ') }}|{{ s | length }}|{{ t | length }}|{{ words | length }}|{{ d | count }}|{{ s | upper | lower }}",
    "{{ words | join(', ') }} {{ items | join }} {{ rows | join('-', attribute='k') }} {{ words | first }} {{ words | last }} {{ s | first }} {{ d | first }}",
    "{{ words | sort }} {{ words | sort(reverse=true) }} {{ words | sort(case_sensitive=true) }} {{ rows | sort(attribute='k') | map(attribute='v') | list }} {{ items | sort(reverse=true) }}",
    "{{ items | max }} {{ items | min }} {{ items | sum }} {{ rows | sum(attribute='v') }} {{ words | max }} {{ [] | max is defined }} {{ rows | map(attribute='v') | sum(start=1) }}",
    "{{ d | dictsort }} {{ d | dictsort(reverse=true) | map('first') | list }} {{ {'b': 2, 'A': 1} | dictsort(by='value') }} {{ {'b': 2, 'A': 1} | dictsort(true) }}",
    "{{ words | map('upper') | list }} {{ rows | map(attribute='k') | join }} {{ rows | map(attribute='q', default='?') | join }} {{ words | map('replace', 'a', 'A') | join(',') }} {{ items | map('string') | join('+') }}",
    "{{ items | select('odd') | list }} {{ items | reject('equalto', 1) | list }} {{ rows | selectattr('v') | list | length }} {{ rows | selectattr('k', 'equalto', 'x') | map(attribute='v') | first }} {{ rows | rejectattr('v', 'gt', 0) | list | length }} {{ [0, 1, '', 'a'] | select | list }}",
    "{{ [1, 2, 1, 'a', 'A'] | unique | list }} {{ items | reverse | list }} {{ s | reverse }} {{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 'x') | list }} {{ [1, 2, 3, 4, 5] | slice(3) | list }} {{ [1, 2, 3, 4] | slice(3, 'x') | list }}",
    "{{ '3.7' | float }} {{ '3.7' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ ' 42 ' | int }} {{ true | int }} {{ '1e3' | float }} {{ none | int }} {{ [] | float }}",
    "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(1, 'ceil') }} {{ 7 | round }} {{ -2.5 | round }} {{ 1.005 | round(2) }} {{ 5 | abs }} {{ -5.5 | abs }}",
    "{{ nothing | default('d') }} {{ nothing | default('d', true) }} {{ '' | d('e', boolean=true) }} {{ missing | d }}| {{ 0 | string }} {{ none | string }} {{ [1] | string | length }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(2, blank=true) }}|{{ 'a\\nb' | indent('> ') }}",
    "{{ d | tojson }} {{ rows | tojson }} {{ 'é\\n\"<>&\\'\\u2028\\x01\\x7f' | tojson }} {{ none | tojson }} {{ 1.0 | tojson }} {{ 1e100 | tojson }} {{ (1, true) | tojson }} {{ {} | tojson }} {{ [] | tojson(indent=2) }}",
    "{{ d | tojson(indent=2) }}|{{ rows | tojson(indent=4) }}|{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}|{{ [1, 2] | tojson(separators=(',', ':')) }}|{{ 'é😀' | tojson(ensure_ascii=true) }}|{{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }}",
    "{{ '<a>' | safe }}{{ '<a>' | safe ~ '<b>' }}{{ ('<a>' | safe) + '<b>&\\'\"' }}{{ '<b>' + ('<a>' | safe) }}{{ [('x' | safe)] }}",
    "{{ d | items | list }} {{ missing | items | list }} {{ {'a': 1} | items | first }}", "{{ 5 | items | list }}", "{{ 5 | length }}", "{{ 5 | first }}", "{{ [3, 'a'] | sort }}", "{{ missing | tojson }}",
    "{{ 'a' | nofilter }}", "{{ 'a' is notest }}", "{% if false %}{{ 'a' | nofilter }}{% endif %}ok", "{{ words | map('nofilter') | list }}",
    # Tests
    "{{ 1 is number }} {{ true is number }} {{ true is integer }} {{ 1 is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ 1 is boolean }} {{ 'a' is string }} {{ d is mapping }} {{ items is iterable }} {{ s is iterable }} {{ n is iterable }} {{ d is sequence }} {{ s is sequence }} {{ d.items() is sequence }} {{ n is sequence }}",
    "{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is ge 2 }} {{ 'a' is in ['a'] }} {{ none is none }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ 'A' is upper }} {{ 'a' is lower }} {{ none is sameas none }} {{ 1 is not string }} {{ range is callable }}",
    # Statements
    "{% for x in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.depth }};{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}{% for x in items if x > 1 %}{{ loop.index }}:{{ x }} {% else %}no{% endfor %}{% for x in items if x > 9 %}x{% else %}no{% endfor %}",
    "{% for x in items %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}{% for c in 'añ' %}[{{ c }}]{% endfor %}{% for k in d %}{{ k }}{% endfor %}",
    "{% set x = 1 %}{% for i in items %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}",
    "{% set ns = namespace(a=1, b='x') %}{% for i in items %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}{% set ns.c = [1] %}{{ ns.c }}{{ namespace({'q': 2}).q }}",
    "{% set ns._x = 1 %}", "{% set d.a = 1 %}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = [b, a] %}{{ a }}{{ b }}{% set q = 1, %}{{ q }}", "{% set a, b = [1] %}",
    "{% set x %}a{{ n }}b{% endset %}[{{ x }}]{% set y | upper | trim %} q {% endset %}[{{ y }}]{% filter upper %}abc{{ s }}{% endfilter %}{% filter replace('a', 'b') | trim %} aa {% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}[{{ a }}]{% with %}{% set q = 5 %}{{ q }}{% endwith %}[{{ q }}]",
    "{% macro m(a, b='B', c=none) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 2) }}|{{ m(b=5, a=4) }}|{{ m() }}|{{ m(1, c=3) | upper }}|{{ m.name }}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=2) }}",
    "{% macro m(t) %}<{{ caller(t) }}>{% endmacro %}{% call(x) m('a') %}body {{ x }}{% endcall %}{% macro w() %}[{{ caller() }}]{% endmacro %}{% call w() %}z{% endcall %}{% macro o() %}{{ caller is defined }}{% endmacro %}{{ o() }}",
    "{% macro f(i) %}{{ i }}{% if i > 0 %}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{% set g = 1 %}{% macro h() %}{{ g }}{% endmacro %}{{ h() }}{% set g = 2 %}{{ h() }}",
    "{% macro m(a, b=a ~ '!') %}{{ b }}{% endmacro %}{{ m('x') }}{% macro p(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ p(1) }}{{ y is defined }}",
    "{% generation %}{% set inside = 1 %}{{ s }}{% endgeneration %}{{ inside is defined }}", "{{ raise_exception('no ' ~ n) }}", "{% if n > 5 %}{{ raise_exception('Only ' + s) }}{% endif %}",
    "{% raw %}{{ x }} {% if %} {# #}{% endraw %}|{%- raw -%}  a {%- endraw -%}  b", "a{# c #}b{#- c -#} d {#+ e +#} f\n{# g #}\nh", "{{ range(3) | list }} {{ range(1, 10, 3) | list }} {{ range(3, 0, -1) | list }} {{ range(3) }} {{ range(0) | list }} {{ 2 in range(3) }}",
    "{{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'a': 1}, c=3) }} {{ strftime_now('%Y-%m-%d %H:%M %B %b %A %a %j %-d %e %p %I %y %%') }}", "{{ strftime_now('%d %b %Y') }} {{ strftime_now('Today is %A.') }}",
    "{% if n %}a{% elif true %}b{% else %}c{% endif %}{% if z %}a{% elif e %}b{% elif [] %}c{% elif {} %}d{% elif 0.0 %}e{% else %}f{% endif %}{% if not missing %}g{% endif %}",
    "{{ messages }}", "{{ messages | tojson }}", "{{ messages[0].content ~ messages[1]['content'] }} {{ messages | map(attribute='role') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }} {{ messages[-1]['content'] }} {{ messages[1:] | length }}",
    "{% for m in messages %}{% if loop.nextitem is defined and loop.nextitem.role == 'user' %}<{{ m.role }}>{% endif %}{% endfor %}{% for m in messages[::-1] %}{{ (messages | length - 1) - loop.index0 }}{% endfor %}",
    "{{ 'a' + 1 }}", "{{ 'a' * 3 }} {{ 3 * 'ab' }} {{ [1] * 2 }} {{ [1] + [2] }} {{ (1,) + (2,) }} {{ 'a' * -1 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ [1] + (2,) }}", "{{ 1 < 'a' }}", "{{ 1 in 5 }}", "{{ {[]: 1} }}",
    "{% for x in 5 %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{{ x y }}", "{% if %}{% endif %}", "{% endfor %}", "{% for x in items %}", "{{ 'abc }}", "{{ (1 }}", "{{ 1 + }}", "{% unknown %}", "{# open", "{{ a. }}", "{% set 1 = 2 %}", "{% break %}", "{{ }}", "{{ 1 if }}", "{{ [1, 2 }}", "{% macro %}{% endmacro %}", "{% raw %}x",
    "{{ loop is defined }}{% for x in [1] %}{% for y in [2] %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for x in items %}{{ loop.changed(x > 1) }} {% endfor %}",
    "{% set it = words | map('upper') %}{{ it | first }}{{ it | list }}{{ it | list }}", "{{ words | map('upper') is sequence }} {{ words | map('upper') is iterable }} {{ (words | map('upper'))[0] is defined }}",
    "{{ -1 }}{{- -1 }}{{ - 1 }}{{ +1 }}{{ not not 1 }}{{ (1) }}{{ ((1)) }}{{ [1,] }}{{ {'a':1,} }}{{ 1,2 }}",
    "{{ n if n is defined and n is number else 'no' }} {{ (n is defined) and true }} {{ n is defined and n > 3 or false }} {{ 'a' in s | lower }} {{ s | lower in 'a' }} {{ 1 + 1 | string | length }}",
]


class Snippets:
    """Random templates over VARIABLES, mostly of values that fit."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def text(self, depth):
        pick = self.random.randrange(24 if depth > 0 else 4)
        sub = lambda: self.text(depth - 1)
        return [
            lambda: self.one("s", "t", "e", "words[0]", "d.b[1]", "messages[0].content", "messages[2]['content']"),
            lambda: json.dumps(self.one("a", "Ab c", " x ", "l", "", "é", "</b>", "it's", "\n")),
            lambda: "'" + self.one("o", "Σ", "ß", "{}", "%", "-") + "'",
            lambda: self.one("words[1]", "rows[0].k", "messages[1].role"),
            lambda: f"({sub()} + {sub()})",
            lambda: f"({sub()} ~ {self.any(depth - 1)})",
            lambda: f"{sub()}.{self.one('strip', 'lstrip', 'rstrip', 'upper', 'lower', 'title', 'capitalize')}()",
            lambda: f"({sub()} | {self.one('trim', 'upper', 'lower', 'title', 'capitalize', 'string', 'reverse')})",
            lambda: f"{sub()}[{self.slice(depth - 1)}]",
            lambda: f"{sub()}.replace({sub()}, {sub()})",
            lambda: f"({sub()} | replace({sub()}, {sub()}, {self.integer(0)}))",
            lambda: f"({self.list(depth - 1)} | join({sub()}))",
            lambda: f"{sub()}.join({self.texts(depth - 1)})",
            lambda: f"({sub()} if {self.condition(depth - 1)} else {sub()})",
            lambda: f"({self.any(depth - 1)} | tojson{self.one('', '(indent=2)')})",
            lambda: f"({self.any(depth - 1)} | string)",
            lambda: f"{sub()}.strip({sub()})",
            lambda: f"({sub()} * {self.one('0', '2', '-1', '3')})",
            lambda: f"('%s|%s' % ({self.any(depth - 1)}, {sub()}))",
            lambda: f"'{{}}-{{}}'.format({self.any(depth - 1)}, {sub()})",
            lambda: f"({sub()} | indent({self.one('2', '1, true', chr(39) + '>' + chr(39))}))",
            lambda: f"({sub()} | default({sub()}, {self.one('true', 'false')}))",
            lambda: f"({sub()} or {sub()})",
            lambda: f"{sub()}.split({sub()})[{self.one('0', '-1')}]",
        ][pick]()

    def integer(self, depth):
        pick = self.random.randrange(12 if depth > 0 else 3)
        sub = lambda: self.integer(depth - 1)
        return [
            lambda: str(self.random.randrange(-3, 12)),
            lambda: self.one("n", "z", "d.a", "items[0]"),
            lambda: self.one("items[-1]", "rows[0].v"),
            lambda: f"({sub()} {self.one('+', '-', '*', '//', '%')} {sub()})",
            lambda: f"({self.text(depth - 1)} | length)",
            lambda: f"({self.list(depth - 1)} | length)",
            lambda: f"{self.text(depth - 1)}.find({self.text(depth - 1)})",
            lambda: f"({self.text(depth - 1)} | int({sub()}))",
            lambda: f"({sub()} | abs)",
            lambda: f"({sub()} if {self.condition(depth - 1)} else {sub()})",
            lambda: f"(-{sub()})",
            lambda: f"({self.integers(depth - 1)} | {self.one('max', 'min', 'sum', 'first', 'last')})",
        ][pick]()

    def number(self, depth):
        if depth <= 0 or self.random.random() < 0.3:
            return self.one("f", "1.5", "0.1", "1e3", "2.0", "-0.25", "100.0", "1e-7")
        return self.one(
            f"({self.number(depth - 1)} {self.one('+', '-', '*', '/', '//', '%')} {self.number(depth - 1)})",
            f"({self.integer(depth - 1)} / {self.integer(depth - 1)})",
            f"({self.number(depth - 1)} | round({self.one('0', '1', '2')}))",
            f"({self.integer(depth - 1)} | float)",
            f"({self.integer(depth - 1)} + {self.number(depth - 1)})",
        )

    def integers(self, depth):
        if depth <= 0:
            return self.one("items", "[1, 2, 3]", "range(4)", "[5]")
        return self.one(
            f"[{self.integer(depth - 1)}, {self.integer(depth - 1)}]",
            f"({self.integers(depth - 1)} | sort{self.one('', '(reverse=true)')})",
            f"({self.integers(depth - 1)} | list)[{self.slice(depth - 1)}]",
            f"({self.integers(depth - 1)} | select('{self.one('odd', 'even')}') | list)",
            "items",
        )

    def texts(self, depth):
        if depth <= 0:
            return self.one("words", "['a', 'b']", "s.split()", "[]", "['x']")
        return self.one(
            f"[{self.text(depth - 1)}, {self.text(depth - 1)}]",
            f"{self.text(depth - 1)}.split({self.one('', chr(39) + 'l' + chr(39), self.text(0))})",
            f"({self.texts(depth - 1)} | sort)",
            f"({self.texts(depth - 1)} | map('{self.one('upper', 'trim', 'lower', 'capitalize')}') | list)",
            f"({self.texts(depth - 1)} | unique | list)",
            f"{self.texts(depth - 1)}[{self.slice(depth - 1)}]",
            f"({self.text(depth - 1)} | list)",
            f"(messages | map(attribute='{self.one('role', 'content')}') | list)",
        )

    def list(self, depth):
        return self.one(self.integers, self.texts)(depth)

    def slice(self, depth):
        bound = lambda: self.one("", "", "1", "-1", "2", "-2", str(self.random.randrange(-6, 7)))
        return self.one(f"{bound()}:{bound()}", f"{bound()}:{bound()}:{self.one('1', '-1', '2', '-2', '')}")

    def dictionary(self, depth):
        return self.one("d", "rows[0]", "d.c", f"{{'k': {self.any(depth - 1)}, {self.integer(0)}: {self.text(0)}}}", "dict(a=1, b=n)")

    def condition(self, depth):
        pick = self.random.randrange(9 if depth > 0 else 3)
        sub = lambda: self.condition(depth - 1)
        return [
            lambda: self.one("b", "n > 3", "e", "nothing is none", "missing is defined", "z", "true", "not b"),
            lambda: self.any(0),
            lambda: f"{self.one('s', 'd', 'items', 'n', 'f', 'b', 'nothing', 'missing')} is "
            + self.one("string", "mapping", "iterable", "sequence", "number", "integer", "float", "boolean", "none", "defined", "not string"),
            lambda: f"({sub()} {self.one('and', 'or')} {sub()})",
            lambda: f"(not {sub()})",
            lambda: f"({self.integer(depth - 1)} {self.one('<', '<=', '>', '>=', '==', '!=')} {self.integer(depth - 1)})",
            lambda: f"({self.text(depth - 1)} {self.one('in', 'not in', '==', '!=', '<')} {self.text(depth - 1)})",
            lambda: f"({self.text(0)} in {self.texts(depth - 1)})",
            lambda: f"{self.text(depth - 1)}.{self.one('startswith', 'endswith')}({self.text(0)})",
        ][pick]()

    def any(self, depth):
        kind = self.one(self.text, self.text, self.integer, self.number, self.list, self.dictionary, None)
        if kind is None:
            return self.one("nothing", "b", "missing", "true", "none", "(1, 'a')")
        return kind(depth)

    def data(self):
        return "".join(self.one(" ", "\n", "\t", "x", "  ", "\n\n", " \n ", "y\n") for _ in range(self.random.randrange(4)))

    def tag(self, opening, closing, body):
        return opening + self.one("", "", "-", "+") + f" {body} " + (self.one("", "", "-") if closing == "}}" else self.one("", "", "-", "+")) + closing

    def layout(self, depth):
        """White space around tags of every kind."""
        out = self.data()
        for _ in range(self.random.randrange(1, 4)):
            pick = self.random.randrange(6 if depth > 0 else 2)
            if pick == 0:
                out += self.tag("{{", "}}", self.one("n", "words[0]", "' q '", "'\\n'"))
            elif pick == 1:
                out += self.tag("{#", "#}", "c")
            elif pick == 2:
                out += self.tag("{%", "%}", f"if {self.condition(0)}") + self.layout(depth - 1)
                out += self.tag("{%", "%}", "else") + self.layout(depth - 1) + self.tag("{%", "%}", "endif")
            elif pick == 3:
                out += self.tag("{%", "%}", "for x in items") + self.layout(depth - 1) + self.tag("{%", "%}", "endfor")
            elif pick == 4:
                out += self.tag("{%", "%}", "set v") + self.layout(depth - 1) + self.tag("{%", "%}", "endset")
                out += self.tag("{{", "}}", "v")
            else:
                out += self.tag("{%", "%}", "raw").replace("+%}", "%}") + self.data() + self.tag("{%", "%}", "endraw")
            out += self.data()
        return out


def snippets():
    yield from WRITTEN
    made = Snippets(20260305)
    for index in range(900):
        yield "{{ " + made.any(3 if index % 3 else 2) + " }}|{{ " + made.condition(2) + " }}"
    for _ in range(600):
        yield made.layout(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copy-from", nargs=2, type=Path, metavar=("LLAMA_CPP", "TRL"))
    options = parser.parse_args()
    sources = FOLDER / "sources"
    if options.copy_from:
        for names, folder in zip((LLAMA_CPP, TRL), options.copy_from):
            for name, copy in names.items():
                shutil.copyfile(folder / f"{name}.jinja", sources / f"{copy}.jinja")
        for name, source in CLASSIC.items():
            (sources / f"{name}.jinja").write_text(source, encoding="utf-8", newline="")

    chats = [{"messages": messages, "generationPrompt": prompt} for messages, prompt in conversations()]
    (FOLDER / "conversations.json").write_text(json.dumps(chats, ensure_ascii=True, indent=1), encoding="utf-8")
    counts = {"text": 0, "refused": 0, "failed": 0}
    with open(FOLDER / "rendered.jsonl", "w", encoding="utf-8") as out:
        for path in sorted(sources.glob("*.jinja")):
            source = path.read_bytes().decode("utf-8")
            results = [render_chat(source, chat["messages"], chat["generationPrompt"]) for chat in chats]
            for result in results:
                counts[next(iter(result))] += 1
            out.write(json.dumps({"template": path.stem, "results": results}, ensure_ascii=True) + "\n")
    print(f"{len(list(sources.glob('*.jinja')))} templates x {len(chats)} conversations: {counts}")

    counts = {"text": 0, "refused": 0, "failed": 0}
    with open(FOLDER / "snippets.jsonl", "w", encoding="utf-8") as out:
        for source in dict.fromkeys(snippets()):
            result = render(source, **VARIABLES)
            counts[next(iter(result))] += 1
            out.write(json.dumps({"source": source, **result}, ensure_ascii=True) + "\n")
    # As literals, which keep the order of dictionaries and the difference between 2 and 2.0.
    literals = {name: repr(value) for name, value in VARIABLES.items()}
    (FOLDER / "variables.json").write_text(json.dumps(literals, ensure_ascii=True, indent=1), encoding="utf-8")
    print(f"snippets: {counts}")


if __name__ == "__main__":
    main()
