"""Taps that wait for the bot's answer: each is answered once and in time, or never."""

import asyncio
from dataclasses import dataclass

from bot.preview.refusals import query_too_old

LIFETIME_S = 15.0
"""How long a tap may wait for its answer; Telegram gives up after about as long."""
MOST_REMEMBERED = 10_000
"""Taps whose answers can still be asked for."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the bot answered to a tap."""

    text: str | None = None
    show_alert: bool = False
    url: str | None = None


Waiting = asyncio.Future[Answer | None]
"""Resolves to the bot's answer, or to None when the time is over."""


class Taps:
    """Every open callback query, and the answers to the last ones."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.TimerHandle] = {}
        self._answers: dict[str, Waiting] = {}

    def open(self, query_id: str) -> Waiting:
        """Begin to wait for an answer."""
        loop = asyncio.get_running_loop()
        self._open[query_id] = loop.call_later(LIFETIME_S, self._close, query_id, None)
        waiting = self._answers[query_id] = loop.create_future()
        while len(self._answers) > MOST_REMEMBERED:
            del self._answers[next(iter(self._answers))]
        return waiting

    def answer(self, query_id: str, answer: Answer) -> None:
        """Answer a tap; refused if it is unknown, was answered before, or is too old."""
        if query_id not in self._open:
            raise query_too_old()
        self._close(query_id, answer)

    async def answer_to(self, query_id: str) -> Answer | None:
        """Wait for the bot's answer to a tap; None if its time is over."""
        if query_id not in self._answers:
            raise query_too_old()
        return await asyncio.shield(self._answers[query_id])

    def close(self) -> None:
        """Let nobody wait any more."""
        for query_id in tuple(self._open):
            self._close(query_id, None)

    def _close(self, query_id: str, answer: Answer | None) -> None:
        self._open.pop(query_id).cancel()
        waiting = self._answers.get(query_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
