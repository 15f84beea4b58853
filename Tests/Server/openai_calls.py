"""Every call of the server, by PyPI's `openai` client as it is: openai_calls.py COMMAND MODEL.gguf PICTURE.png"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

import openai

from server import serving


def main(command, model, picture):
    with serving(command, model) as (address, _):
        client = openai.OpenAI(base_url=address + "/v1", api_key="none")
        name = client.models.list().data[0].id
        assert client.models.retrieve(name).id == name
        data = "data:image/png;base64," + base64.b64encode(Path(picture).read_bytes()).decode()
        chats(client, name, data)
        pictures(client, name, command, model)
        errors(client, name)
    print("openai client: every call has its answer")


def ask(client, name, content, **more):
    return client.chat.completions.create(
        model=name, messages=[{"role": "user", "content": content}], **more)


def chats(client, name, data):
    parts = [{"type": "image_url", "image_url": {"url": data}}, {"type": "text", "text": "What is this?"}]
    whole = ask(client, name, parts, max_tokens=16, logprobs=True, top_logprobs=3)
    choice = whole.choices[0]
    assert choice.finish_reason in ("stop", "length")
    assert whole.usage.completion_tokens == len(choice.logprobs.content) <= 16
    assert whole.usage.prompt_tokens_details.image_tokens > 0
    assert all(len(token.top_logprobs) == 3 for token in choice.logprobs.content)

    stream = ask(
        client, name, parts, max_completion_tokens=16, stream=True,
        stream_options={"include_usage": True})
    text, usage, ends = "", None, []
    for chunk in stream:
        usage = chunk.usage or usage
        for part in chunk.choices:
            text += part.delta.content or ""
            ends += [part.finish_reason] if part.finish_reason else []
    assert text == choice.message.content, (text, choice.message.content)
    assert len(ends) == 1 and usage.completion_tokens == whole.usage.completion_tokens
    # The same picture again: nothing of the prompt but its end is computed anew.
    assert usage.prompt_tokens_details.cached_tokens >= usage.prompt_tokens - 1

    several = ask(client, name, "Hello", n=3, temperature=1, seed=5, max_tokens=8)
    again = ask(client, name, "Hello", n=3, temperature=1, seed=5, max_tokens=8)
    texts = [c.message.content for c in several.choices]
    assert texts == [c.message.content for c in again.choices] and len(texts) == 3
    alone = ask(client, name, "Hello", temperature=1, seed=6, max_tokens=8)
    assert alone.choices[0].message.content == texts[1], "a choice is the answer of its own seed"

    first = ask(client, name, "Hello", max_tokens=12).choices[0].message.content
    if len(first) > 4:
        stop = first[2:4]
        stopped = ask(client, name, "Hello", max_tokens=12, stop=[stop]).choices[0]
        assert stopped.message.content == first[: first.index(stop)] and stopped.finish_reason == "stop"

    turns = [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": first or "-"}, {"role": "user", "content": "And <image_placeholder>?"},
    ]
    longer = client.chat.completions.create(model=name, messages=turns, max_tokens=4)
    assert longer.usage.prompt_tokens > 8


def pictures(client, name, command, model):
    result = client.images.generate(
        model=name, prompt="a red circle on a blue background", n=2, response_format="b64_json",
        extra_body={"seed": 1})
    files = [base64.b64decode(datum.b64_json) for datum in result.data]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [command, "generate", "a red circle on a blue background", "-n", "2", "--seed", "1",
             "-m", model, "-o", folder], check=True, capture_output=True)
        made = [path.read_bytes() for path in sorted(Path(folder).glob("*.png"))]
    assert files == made, "the server's pictures are generate's, byte for byte"

    partial, done = 0, []
    for event in client.images.generate(
        model=name, prompt="a red circle on a blue background", stream=True, partial_images=3,
        extra_body={"seed": 1},
    ):
        if event.type == "image_generation.partial_image":
            partial += 1
        else:
            done.append(base64.b64decode(event.b64_json))
    assert partial >= 1 and done == files[:1]
    lines = next(model.to_dict()["painting"]["lines"] for model in client.models.list() if model.id == name)
    assert result.usage.output_tokens == 2 * lines ** 2 == result.usage.output_tokens_details.image_tokens

    jpeg = client.images.generate(
        model=name, prompt="x", size="64x32", response_format="url", extra_body={"output_format": "jpeg"})
    assert jpeg.size == "64x32" and jpeg.data[0].url.startswith("data:image/jpeg;base64,")


def errors(client, name):
    def refused(kind, call, param):
        try:
            call()
        except kind as error:
            assert error.param == param, (error.param, param)
        else:
            raise AssertionError(f"{param} was taken")

    text = "hello"
    refused(openai.BadRequestError, lambda: ask(client, name, text, temperature=9), "temperature")
    refused(
        openai.BadRequestError,
        lambda: ask(client, name, text, tools=[{"type": "function", "function": {"name": "f"}}]), "tools")
    refused(openai.NotFoundError, lambda: ask(client, "gpt-4", text), "model")
    refused(openai.BadRequestError, lambda: ask(client, name, "word " * 40_000), "messages")
    refused(
        openai.BadRequestError,
        lambda: ask(client, name, [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]),
        "messages[0].content[0].image_url.url")


if __name__ == "__main__":
    main(*sys.argv[1:])
