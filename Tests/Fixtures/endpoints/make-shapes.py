#!/usr/bin/env python3
"""Writes shapes.jsonl: what servers with OpenAI's interface send, in their own forms, and what each means.

The texts are the same in all of them; only the shape differs. A line has "name", "type" (the content type), "body", and
either what comes of it ("text", and where they are not true, 0 or absent: "complete", "thoughts", "reason", "open", "prompt",
"completion") or "error", the kind of failure. The call's limit is 64 tokens.

    Tests/Fixtures/endpoints/make-shapes.py > Tests/Fixtures/endpoints/shapes.jsonl
"""

import json

FIRST, SECOND = "You can drink warm tea with honey", " and rest well for a few days."
TEXT = FIRST + SECOND
SSE, JSON = "text/event-stream", "application/json"


def chunk(delta=None, reason=None, index=0, **more):
    choice = {"index": index, "delta": delta if delta is not None else {}, "finish_reason": reason}
    return {"id": "x", "object": "chat.completion.chunk", "choices": [choice]} | more


def sse(*events, done="data: [DONE]\n\n", end="\n\n"):
    return "".join(f"data: {e if isinstance(e, str) else json.dumps(e, ensure_ascii=False)}{end}" for e in events) + done


def stream(*deltas, reason="stop", **how):
    return sse(*[chunk(d) for d in deltas], chunk(reason=reason), **how)


def whole(message, reason="stop", usage=None, **more):
    body = {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    return json.dumps(body | ({"usage": usage} if usage is not None else {}) | more, ensure_ascii=False)


A, B = {"content": FIRST}, {"content": SECOND}
SAID = {"role": "assistant", "content": TEXT}
part = lambda text, type="text": {"type": type, "text": text}
shapes = []


def shape(name, type, body, text=TEXT, **expected):
    shapes.append({"name": name, "type": type, "body": body} | ({"text": text} if "error" not in expected else {}) | expected)


# Plain replies
shape("plain, streamed", SSE, stream({"role": "assistant", "content": ""}, A, B))
shape("plain, whole", JSON, whole(SAID))
shape("charset in the content type", "application/json; charset=utf-8", whole(SAID))
shape("stream with charset", "text/event-stream;charset=UTF-8", stream(A, B))
shape("usage in a last event", SSE, sse(chunk(A), chunk(B), chunk(reason="stop"), {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 14}}), prompt=9, completion=14)
shape("usage in every event", SSE, sse(chunk(A, usage={"prompt_tokens": 9, "completion_tokens": 6}), chunk(B, "stop", usage={"prompt_tokens": 9, "completion_tokens": 14})), prompt=9, completion=14)
shape("CRLF", SSE, stream(A, B, end="\r\n\r\n"))
shape("CR alone", SSE, stream(A, B, end="\r\r"))
shape("no space after data:", SSE, stream(A, B).replace("data: ", "data:"))
shape("no empty line at the end", SSE, stream(A, B, done="data: [DONE]"))
shape("no [DONE]", SSE, stream(A, B, done=""))
shape("spaces around [DONE]", SSE, stream(A, B, done="data:  [DONE] \n\n"))
shape("reason in the last piece", SSE, sse(chunk(A), chunk(B, "stop")))
shape("no reason but [DONE]", SSE, sse(chunk(A), chunk(B)))
shape("empty reason", SSE, sse(chunk(A, ""), chunk(B, ""), chunk(reason="stop")))
shape("role in every piece", SSE, stream(A | {"role": "assistant"}, B | {"role": "assistant"}))
shape("null contents between", SSE, stream({"role": "assistant", "content": None}, A, {"content": None}, B))
shape("choice text, whole", JSON, json.dumps({"choices": [{"index": 0, "text": TEXT, "finish_reason": "stop"}]}))
shape("escapes beyond ASCII", JSON, json.dumps({"choices": [{"message": {"content": "Café 🍵"}, "finish_reason": "stop"}]}), text="Café 🍵")
# Names of events, comments, keepalives
shape("named events", SSE, stream(A, B).replace("data: {", "event: message\ndata: {"))
shape("ids and retry", SSE, "retry: 3000\n\n" + stream(A, B).replace("data: {", "id: 7\ndata: {"))
shape("comments", SSE, ": ping\n\n" + stream(A, B).replace("data: {", ": keepalive\n\ndata: {"))
shape("OpenRouter's comments", SSE, ": OPENROUTER PROCESSING\n\n" + stream(A, B))
shape("empty data events", SSE, "data:\n\n" + sse(chunk(A), done="") + "data: \n\n" + sse(chunk(B), chunk(reason="stop")))
shape("null events", SSE, sse("null", chunk(A), "null", chunk(B), chunk(reason="stop")))
shape("empty objects", SSE, sse("{}", chunk(A), chunk(B), chunk(reason="stop")))
shape("ping objects", SSE, sse({"type": "ping"}, chunk(A), chunk(B), chunk(reason="stop")))
shape("prompt filter results first", SSE, sse({"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}, chunk(A), chunk(B), chunk(reason="stop")))
shape("filter results between", SSE, sse(chunk(A), {"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]}, chunk(B), chunk(reason="stop")))
shape("data over two lines", SSE, 'data: {"choices": [{"index": 0,\ndata: "delta": {"content": "Warm tea."}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n', text="Warm tea.")
shape("byte order mark", SSE, "\ufeff" + stream(A, B))
shape("timings at the end", SSE, sse(chunk(A), chunk(B), chunk(reason="stop", timings={"predicted_n": 14})))
# Reasons
for reason in ["eos", "eos_token", "stop_sequence", "end_turn", "STOP", "COMPLETE", "stop_token"]:
    shape(f"reason {reason}", SSE, stream(A, B, reason=reason))
shape("a reason of its own", SSE, stream(A, B, reason="eos_reached"), reason="eos_reached")
shape("a reason of its own, whole", JSON, whole(SAID, "natural_end"), reason="natural_end")
for reason in ["length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens"]:
    shape(f"reason {reason}", SSE, stream(A, B, reason=reason), complete=False)
shape("no reason, at the limit", JSON, whole(SAID, None, {"completion_tokens": 64}), complete=False, completion=64)
for reason in ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT"]:
    shape(f"reason {reason}", SSE, stream(A, reason=reason), error="refused request")
shape("reason tool_calls", JSON, whole({"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}, "tool_calls"), error="malformed reply")
shape("reason insufficient_system_resource", SSE, stream(A, reason="insufficient_system_resource"), error="server error")
shape("reason error", JSON, whole(SAID, "error"), error="server error")
# Content in parts
shape("parts, streamed", SSE, stream({"content": [part(FIRST)]}, {"content": [part(SECOND)]}))
shape("parts, whole", JSON, whole({"role": "assistant", "content": [part(FIRST), part(SECOND)]}))
shape("parts of type output_text", JSON, whole({"role": "assistant", "content": [part(TEXT, "output_text")]}))
shape("parts as texts", JSON, whole({"role": "assistant", "content": [FIRST, SECOND]}))
shape("parts without a type", JSON, whole({"role": "assistant", "content": [{"text": TEXT}]}))
shape("parts with a value", JSON, whole({"role": "assistant", "content": [{"type": "text", "text": {"value": TEXT}}]}))
shape("one part as an object", JSON, whole({"role": "assistant", "content": part(TEXT)}))
shape("a part of an image", JSON, whole({"role": "assistant", "content": [{"type": "image_url", "image_url": {}}]}), error="malformed reply")
shape("a refusal beside the content", JSON, whole({"role": "assistant", "content": None, "refusal": "I can't help with that."}), text="I can't help with that.")
# Thoughts
shape("thinking part, streamed", SSE, stream({"content": [{"type": "thinking", "thinking": [part("hm")]}]}, A, B), thoughts=1)
shape("thinking part, whole", JSON, whole({"content": [{"type": "thinking", "thinking": "hm"}, part(TEXT)]}), thoughts=1)
shape("think tags", SSE, stream({"content": "<think>\nTea.\n</think>\n\n"}, A, B), thoughts=1)
shape("think tags in pieces", SSE, stream({"content": "<thi"}, {"content": "nk>Tea.</th"}, {"content": "ink>\n\n" + FIRST}, B), thoughts=1)
shape("empty think tags", JSON, whole({"content": "<think>\n\n</think>\n\n" + TEXT}), thoughts=1)
shape("the end of a thought alone", JSON, whole({"content": "Tea, they ask.\n</think>\n\n" + TEXT}), thoughts=1)
shape("THINK in brackets", JSON, whole({"content": "[THINK]Tea.[/THINK]" + TEXT}), thoughts=1)
shape("two thoughts", JSON, whole({"content": "<think>a</think>\n<think>b</think>\n" + TEXT}), thoughts=2)
shape("channels", JSON, whole({"content": "<|channel|>analysis<|message|>Tea.<|end|><|start|>assistant<|channel|>final<|message|>" + TEXT}), thoughts=1)
shape("unclosed thought", SSE, stream({"content": "<think>\nTea, they ask."}), text="", thoughts=1, open=True)
shape("unclosed thought, cut", SSE, stream({"content": "<think>\nTea, they ask."}, reason="length"), text="", thoughts=1, open=True, complete=False)
shape("reasoning_content beside", SSE, stream({"reasoning_content": "Tea."}, A, B), thoughts=1)
shape("reasoning beside", JSON, whole(SAID | {"reasoning": "Tea."}), thoughts=1)
shape("empty reasoning beside", JSON, whole(SAID | {"reasoning_content": ""}))
shape("reasoning only, cut", SSE, stream({"role": "assistant", "content": None, "reasoning_content": "Tea."}, reason="length"), error="no answer")
shape("reasoning only, whole", JSON, whole({"role": "assistant", "content": None, "reasoning_content": "Tea."}, "length"), error="no answer")
shape("a thought and no answer", JSON, whole({"content": "<think>Tea.</think>\n"}), error="no answer")
# Several choices
shape("two choices, whole", JSON, json.dumps({"choices": [{"index": 1, "message": {"content": "Other."}, "finish_reason": "stop"}, {"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}]}))
shape("two choices, streamed", SSE, sse(chunk({"content": "Other."}, index=1), chunk(A), chunk(B), chunk(reason="length", index=1), chunk(reason="stop")))
shape("no index", JSON, json.dumps({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}))
shape("message beside delta", SSE, sse(chunk(A) | {"choices": [{"index": 0, "delta": A, "message": {"content": FIRST}}]}, {"choices": [{"index": 0, "delta": B, "message": {"content": TEXT}, "finish_reason": "stop"}]}))
shape("message so far in a stream", SSE, sse({"choices": [{"index": 0, "message": {"content": FIRST}}]}, {"choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}]}))
shape("no choices", JSON, json.dumps({"choices": []}), error="empty choices")
shape("choices null", JSON, json.dumps({"choices": None}), error="malformed reply")
# Odd usage
for name, usage, counts in [
    ("as texts", {"prompt_tokens": "9", "completion_tokens": "14"}, {"prompt": 9, "completion": 14}),
    ("as floats", {"prompt_tokens": 9.0, "completion_tokens": 14.0}, {"prompt": 9, "completion": 14}),
    ("null", {"prompt_tokens": None, "completion_tokens": None}, {}),
    ("negative", {"prompt_tokens": -1, "completion_tokens": -1}, {}),
    ("by other names", {"input_tokens": 9, "output_tokens": 14}, {"prompt": 9, "completion": 14}),
    ("as a list", [9, 14], {}),
    ("with details", {"prompt_tokens": 9, "completion_tokens": 14, "completion_tokens_details": {"reasoning_tokens": 0}}, {"prompt": 9, "completion": 14}),
]:
    shape(f"usage {name}", JSON, whole(SAID, "stop", usage), **counts)
# Errors in place of a reply
shape("error in a stream", SSE, sse({"error": {"message": "overloaded", "code": 503}}, done=""), error="server error")
shape("error by a text code", JSON, json.dumps({"error": {"message": "slow down", "code": "429"}}), error="rate limited")
shape("object error", JSON, json.dumps({"object": "error", "message": "no such model", "code": 404}), error="not found")
shape("type error", SSE, sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, done=""), error="server error")
shape("error null", JSON, whole(SAID, error=None))
shape("cut off", SSE, sse(chunk(A), done=""), error="cut off")
shape("half an event", SSE, 'data: {"choices": [\n\n', error="malformed reply")
shape("a page", "text/html", "<html></html>", error="wrong content type")
# The other form than the content type says
shape("a stream called JSON", JSON, stream(A, B))

for line in shapes:
    print(json.dumps(line, ensure_ascii=False))
