"""A message as values: text with entities, and rows of buttons. What sends it is another room's matter."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from bot.core.actions import Action, data
from bot.view.rich import Rich, plain, utf16_len

LABEL_LIMIT = 60  # UTF-16 units; Telegram takes more, a phone shows no more


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button: what it says, and either callback data or an address."""

    label: str
    data: str = ""
    url: str = ""

    def as_json(self) -> dict[str, str]:
        """The button as the Bot API takes it."""
        return {"text": self.label, **({"url": self.url} if self.url else {"callback_data": self.data})}


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Text, entities, buttons."""

    rich: Rich
    rows: Rows = ()

    def as_json(self) -> dict[str, Any]:
        """The message as the parameters of the Bot API's calls, and as it is kept until it is said."""
        return {
            "text": self.rich.text,
            "entities": [entity.as_json() for entity in self.rich.entities],
            "buttons": [[button.as_json() for button in row] for row in self.rows],
        }


class Keyboard:
    """Buttons for one screen: every one carries the screen's key."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._rows: list[tuple[Button, ...]] = []

    def button(self, label: str, action: Action, argument: str | int = "") -> Button:
        """A button of this screen; a label too long for a phone is cut."""
        return Button(label=cut(label, LABEL_LIMIT), data=data(self._key, action, argument))

    def row(self, *buttons: Button | None) -> "Keyboard":
        """One more row; what is None is left out, and so is an empty row."""
        row = tuple(button for button in buttons if button)
        if row:
            self._rows.append(row)
        return self

    @property
    def rows(self) -> Rows:
        """The rows so far."""
        return tuple(self._rows)


def cut(text: str, limit: int) -> str:
    """A text of at most `limit` UTF-16 units; an ellipsis stands for what was cut off."""
    if utf16_len(text) <= limit:
        return text
    ends = accumulate(map(utf16_len, text[:limit]))  # units up to each character's end
    kept = sum(1 for end in ends if end < limit)
    return text[:kept].rstrip() + "…"


def lines(*parts: Rich | str | None) -> Rich:
    """Parts on lines of their own; None and empty ones are left out."""
    return Rich.join("\n", [plain(part) for part in parts if part])


def paragraphs(*parts: Rich | str | None) -> Rich:
    """Parts with an empty line between; None and empty ones are left out."""
    return Rich.join("\n\n", [plain(part) for part in parts if part])
