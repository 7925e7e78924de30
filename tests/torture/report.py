"""What a torture did and found, told line by line; a loss ends it."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import click

from tests.process.program import SECRET, TOKEN


class LostError(Exception):
    """Something that was acknowledged is not there, or somebody is left waiting."""


def hold(fact: object, loss: str) -> None:
    """LostError unless it holds."""
    if not fact:
        raise LostError(loss)


@dataclass(kw_only=True)
class Torture:
    """How often to kill and until when, by which chance, in which folder; `done` counts the kills."""

    kills: int
    until_s: float  # on the monotonic clock
    chance: Random
    folder: Path
    done: int = 0
    began_s: float = field(default_factory=time.monotonic)

    @property
    def goes_on(self) -> bool:
        """Whether there is another kill to do, and time for it."""
        return self.done < self.kills and time.monotonic() < self.until_s

    async def moment(self, most_s: float) -> None:
        """Wait for a moment of chance."""
        await asyncio.sleep(self.chance.uniform(0.0, most_s))

    def tell(self, what: str, found: str) -> None:
        """One line about a part that is over."""
        seconds = time.monotonic() - self.began_s
        short = "" if self.done >= self.kills else f" of {self.kills}: the time was over"
        click.echo(f"{what}: {self.done} kills{short}, {seconds:.0f} s; {found}")


def check_logs(folder: Path, never: tuple[str, ...]) -> int:
    """No log of any run shows a secret or one of these words; gives how many were read."""
    logs = sorted([*folder.rglob("out-*"), *folder.rglob("err-*")])
    for log in logs:
        text = log.read_text(errors="replace")
        for word in (TOKEN, TOKEN.partition(":")[2], SECRET, *never):
            hold(word not in text, f"{log} shows {'a secret' if word in TOKEN + SECRET else repr(word)}")
    return len(logs)
