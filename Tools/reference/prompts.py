"""Prompts as deepseek's processor builds them, and their token ids."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from configs import BEGIN, END, IMAGE_END, IMAGE_START, PAD, PLACEHOLDER

SYSTEM = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that the user "
    "provides, and assist the user with a variety of tasks using natural language."
)


@dataclass(frozen=True)
class Message:
    role: str
    content: str


def conversation_text(messages: list[Message], system: str = SYSTEM) -> str:
    """deepseek's template: separators alternate by index, an empty message ends at its role's colon."""
    text = f"{system}\n\n" if system else ""
    for index, message in enumerate(messages):
        content = message.content.strip()
        if content:
            text += f"{message.role}: {content}" + ("\n\n", END)[index % 2]
        else:
            text += f"{message.role}:"
    return text.strip()


class Prompts:
    """Turns conversations into ids with one tokenizer and one number of patches a picture."""

    def __init__(self, tokenizer: Tokenizer, image_tokens: int):
        self.tokenizer, self.image_tokens = tokenizer, image_tokens
        self.begin, self.end, self.pad, self.image_start, self.image_end, self.placeholder = (
            tokenizer.token_to_id(token) for token in (BEGIN, END, PAD, IMAGE_START, IMAGE_END, PLACEHOLDER)
        )

    def encode(self, text: str) -> list[int]:
        """Ids of `text` alone; every image placeholder is widened to its patches, between start and end."""
        ids: list[int] = []
        for token in self.tokenizer.encode(text, add_special_tokens=False).ids:
            if token == self.placeholder:
                ids += [self.image_start, *[self.placeholder] * self.image_tokens, self.image_end]
            else:
                ids.append(token)
        return ids

    def conversation(self, messages: list[Message], system: str = SYSTEM) -> list[int]:
        return [self.begin, *self.encode(conversation_text(messages, system))]

    def question(self, text: str, images: int = 0) -> list[int]:
        content = f"{PLACEHOLDER}\n" * images + text
        return self.conversation([Message("<|User|>", content), Message("<|Assistant|>", "")])

    def painting(self, text: str) -> tuple[list[int], list[int]]:
        """Ids of the conditional and of the unconditional row."""
        messages = [Message("<|User|>", text), Message("<|Assistant|>", "")]
        ids = [self.begin, *self.encode(conversation_text(messages, system="") + IMAGE_START)]
        return ids, [ids[0], *[self.pad] * (len(ids) - 2), ids[-1]]
