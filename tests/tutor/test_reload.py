"""An author saves while the bot runs: learners read the new text, and the page says what changed or is wrong."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.house import LESSONS, Running, running
from tests.person import Person

SMALL = (Path(__file__).parents[1] / "check" / "good.yaml").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The lessons of the house, to be changed."""
    return Path(shutil.copytree(LESSONS, tmp_path / "lessons"))


@pytest.fixture
async def bot(tmp_path: Path, folder: Path) -> AsyncIterator[Running]:
    """A bot with these lessons."""
    async with running(tmp_path, lessons=folder) as bot:
        yield bot


class Page:
    """An open chat page, as far as its notices go."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def notice(self) -> dict[str, Any]:
        """The next notice."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = await self._socket.receive_json()
                if frame["type"] == "notice":
                    return frame


@pytest.fixture
async def page(bot: Running) -> AsyncIterator[Page]:
    """The page is open in a browser."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{bot.local.url}/ws") as socket:
        yield Page(socket)


async def test_a_learner_reads_what_was_just_saved(bot: Running, folder: Path, page: Page) -> None:
    """A new lesson, then another text in it, then it is gone; each time the page says so."""
    ada = Person(bot.local)
    (folder / "small.yaml").write_text(SMALL)
    assert await page.notice() == {"type": "notice", "text": "New lesson: A small lesson", "level": "info"}
    await ada.send("/learn small")
    await ada.says("is a number that training changes")
    (folder / "small.yaml").write_text(SMALL.replace("is a number that", "is a number which"))
    assert (await page.notice())["text"] == "Lesson changed: A small lesson (step hook)"
    await ada.send("/learn small")
    await ada.says("is a number which training changes")
    (folder / "small.yaml").unlink()
    assert (await page.notice())["text"] == "Lesson gone: A small lesson"
    await ada.send("/learn small")
    assert "which" not in (await ada.says()).text


async def test_what_an_author_broke_reaches_the_page_and_no_learner(
    bot: Running, folder: Path, page: Page
) -> None:
    """The notice names file and line; the learner goes on in the last good version."""
    ada = Person(bot.local)
    (file,) = folder.glob("*.yaml")
    await ada.send("/learn")
    await ada.says(button="Next")
    whole = file.read_text()
    file.write_text(whole.replace("kind: idea", "kind: ideal", 1))
    notice = await page.notice()
    assert notice["level"] == "error"
    assert f"{file}:" in notice["text"]
    await ada.tap("Next")
    await ada.says(button="Back")
    file.write_text(whole)
    assert await page.notice() == {
        "type": "notice",
        "text": "All lesson files are fine again.",
        "level": "info",
    }


async def test_a_bot_without_a_lesson_folder_runs_and_says_so(tmp_path: Path) -> None:
    """On the page and in words for learners; when the folder comes, so do the lessons."""
    folder = tmp_path / "not-there-yet"
    async with running(tmp_path, lessons=folder) as bot:
        ada = Person(bot.local)
        await ada.send("/start")
        await ada.says("no lessons yet")
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{bot.local.url}/ws") as socket:
            first = await socket.receive_json()
            assert str(folder) in first["notice"]["text"]
            folder.mkdir()
            (folder / "small.yaml").write_text(SMALL)
            assert "New lesson: A small lesson" in (await Page(socket).notice())["text"]
        await ada.send("/learn")
        await ada.says("is a number that training changes")
