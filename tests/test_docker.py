"""The Dockerfile, as far as it can be tried without Docker: what it copies, who runs it, what its health check says."""

import asyncio
import json
import os
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat.webhook import web_app

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
KEPT_OUT = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()


def test_what_it_copies_is_there_and_nothing_else_is_sent() -> None:
    """Every source of a COPY is let in by `.dockerignore`, which keeps all else out: `.env` and `data` above all."""
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {source.removeprefix("./") for line in sources for source in line.split()}
    assert all((ROOT / source).exists() for source in copied)
    assert KEPT_OUT[0] == "*" and {f"!{source}" for source in copied} == set(KEPT_OUT[1:-1])
    assert not any(fnmatch(name, each[1:]) for name in (".env", "data") for each in KEPT_OUT[1:-1])


def test_it_runs_without_root_and_keeps_its_data() -> None:
    """The last stage: a user of its own before it starts, a volume that this user may write."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert last.index("USER nabla") < last.index("ENTRYPOINT")
    assert "install -d -o nabla -g nabla -m 700 /app/data" in last and "VOLUME /app/data" in last


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
async def test_its_health_check_tells_the_truth(ok: bool, code: int) -> None:
    """On whatever port NABLA_LISTEN names; a bot that is not well, or not there, is not healthy."""
    found = re.search(r"HEALTHCHECK.*\\\n\s+CMD (\[.*\])", DOCKERFILE)
    assert found
    python, *arguments = json.loads(found[1])
    assert python == "python"

    async def health(_: web.Request) -> web.Response:
        return web.Response(status=200 if ok else 503)

    runner = web.AppRunner(web_app(routes=[web.get("/healthz", health)]), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    environ = {**os.environ, "NABLA_LISTEN": f"0.0.0.0:{runner.addresses[0][1]}"}

    async def check() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=environ, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait()

    assert await check() == code
    await runner.cleanup()
    assert await check() == 1
