"""What every screen is drawn with: words, lessons, and the bot's own name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.experiment import Spec
from bot.course.model import Lesson
from bot.view.texts import Texts


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Words, lessons by id, the bot's username (for links), and the program that repeats a run."""

    texts: Texts
    shelf: Mapping[str, Lesson]
    username: str
    program: Callable[[Spec], str]

    def link(self, payload: str) -> str:
        """A deep link into the private chat; `payload` within Telegram's 64 characters."""
        return f"https://t.me/{self.username}?start={payload}"
