"""An engine whose line a test holds in its hand."""

import asyncio
from collections.abc import Callable

from bot.core.experiment import Outcome, Spec
from tests.house import PlainEngine


class SlowEngine(PlainEngine):
    """Tells each learner `ahead` as the place, and keeps every `on_place` to tell another one later."""

    def __init__(self, ahead: int = 0) -> None:
        super().__init__()
        self.ahead = ahead
        self.tell: list[Callable[[int], None]] = []

    async def train(
        self,
        learner: int,
        spec: Spec,
        *,
        on_place: Callable[[int], None] | None = None,
        code: str | None = None,
    ) -> Outcome:
        """Wait for the gate with a place in the line."""
        if on_place is not None:
            self.tell.append(on_place)
            on_place(self.ahead)
        return await super().train(learner, spec, on_place=on_place)


async def quick(seconds: float) -> None:
    """Wait a little, however long was asked for."""
    await asyncio.sleep(min(seconds, 0.02))
