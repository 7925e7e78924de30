"""A Telegram of this process, and bots that talk to it from theirs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.preview.server import LocalTelegram
from tests.kin import below
from tests.person import Person
from tests.process.program import SECRET, TOKEN, Program, gone

Start = Callable[..., Awaitable[Program]]


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A strict Bot API server for a bot with a real-looking token; it forgets everything at the end."""
    server = LocalTelegram(
        host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC), token=TOKEN, webhook_wait_s=0.1
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a bot; at the end none of them lives, none left a process, and none has shown a secret."""
    programs: list[Program] = []

    async def begin(*arguments: str, **environ: Any) -> Program:
        program = Program(tmp_path, *arguments, **environ)
        programs.append(program)
        return await program.start()

    yield begin
    for program in programs:
        left = below(program.pid)
        await program.kill()
        await gone(left)
        for secret in (TOKEN, TOKEN.partition(":")[2], SECRET):
            assert secret not in program.stdout + program.stderr


@pytest.fixture
def ada(telegram: LocalTelegram) -> Person:
    """A learner."""
    return Person(telegram)
