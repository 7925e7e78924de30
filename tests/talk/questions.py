"""What a test knows of the lesson, and of a question on the screen."""

import re
from typing import Any

import yaml

from bot.view.markdown import render
from tests.house import LESSONS
from tests.person import Message

LESSON = yaml.safe_load((LESSONS / "why-training-changes-weights.yaml").read_text())
TITLE: str = LESSON["title"]
PRACTICE: list[dict[str, Any]] = [each for each in LESSON["questions"] if each["use"] == "practice"]
MARK = "  ← your answer"


def plain(markdown: str) -> str:
    """Prose as it stands on the screen."""
    return render(markdown).text


def asked_in(message: Message) -> dict[str, Any]:
    """The question of the lesson file that stands in a message."""
    return next(each for each in PRACTICE if plain(each["ask"]) in message.text)


def options_in(message: Message) -> dict[str, str]:
    """Letter → text of the options as shown."""
    found = re.findall(r"^([A-F])\. (.*)$", message.text, flags=re.MULTILINE)
    shown = {plain(option["text"]) for option in asked_in(message)["options"]}
    return {letter: text.removesuffix(MARK) for letter, text in found if text.removesuffix(MARK) in shown}


def option_at(message: Message, letter: str) -> dict[str, Any]:
    """The option of the lesson file behind a letter."""
    text = options_in(message)[letter]
    return next(each for each in asked_in(message)["options"] if plain(each["text"]) == text)


def right(message: Message) -> str:
    """The letter of the right option."""
    return next(letter for letter in options_in(message) if option_at(message, letter).get("correct"))


def wrong(message: Message) -> str:
    """A letter of an option that is not right."""
    return next(letter for letter in options_in(message) if not option_at(message, letter).get("correct"))


def labels(message: Message) -> list[str]:
    """All buttons of a message."""
    return [label for row in message.buttons for label in row]
