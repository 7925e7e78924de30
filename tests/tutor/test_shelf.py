"""Lessons while the bot runs: what an author saves appears, what is broken is told and takes nothing down."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.check import lint
from bot.tutor import shelf as module
from bot.tutor.shelf import Shelf
from tests.patience import until

GOOD = (Path(__file__).parents[1] / "check" / "good.yaml").read_text()
Reports = list[tuple[str, str]]


def lesson(name: str, *, title: str = "", order: int = 10) -> str:
    """A good lesson file."""
    text = GOOD.replace(f"\nid: {id_of(GOOD)}\n", f"\nid: {name}\n")
    lines = [
        f"title: {title or name}" if line.startswith("title:") else
        f"order: {order}" if line.startswith("order:") else line
        for line in text.splitlines()
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def id_of(text: str) -> str:
    """The id of a lesson file."""
    return next(line.split()[1] for line in text.splitlines() if line.startswith("id:"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two lessons."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "one.yaml").write_text(lesson("one", order=1))
    (folder / "two.yaml").write_text(lesson("two", order=2))
    return folder


@pytest.fixture
def reports() -> Reports:
    """What the author was told, with its level."""
    return []


@pytest.fixture
async def watched(folder: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    """A shelf that follows its folder, looking often."""
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    shelf = Shelf(folder, lint=lint, report=lambda text, level: reports.append((text, level)))
    await shelf.load()
    stop = asyncio.Event()
    watching = asyncio.create_task(shelf.watch(stop))
    yield shelf
    stop.set()
    async with asyncio.timeout(5):
        await watching


def titles(shelf: Shelf) -> list[str]:
    """The catalogue."""
    return [each.title for each in shelf.lessons().values()]


def shows(shelf: Shelf, expected: list[str]) -> bool:
    """Whether this is the catalogue."""
    return titles(shelf) == expected


async def test_what_is_read_at_start_is_no_news(watched: Shelf, reports: Reports) -> None:
    """A start with good lessons says nothing."""
    assert titles(watched) == ["one", "two"]
    assert reports == []


async def test_a_saved_text_appears(folder: Path, watched: Shelf, reports: Reports) -> None:
    """The author is told which lesson changed."""
    (folder / "one.yaml").write_text(lesson("one", title="Better", order=1))
    await until(lambda: titles(watched) == ["Better", "two"])
    await until(lambda: reports)
    assert reports[-1] == ("Lesson changed: Better (its heading)", "info")


async def test_a_broken_file_is_told_and_its_last_good_version_stays(
    folder: Path, watched: Shelf, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    """Told with file and line, to page and log; then all is fine again."""
    (folder / "one.yaml").write_text(lesson("one", order=1).replace("title:", "titel:"))
    await until(lambda: reports)
    text, level = reports[-1]
    assert level == "error"
    assert f"{folder / 'one.yaml'}:" in text
    assert "titel" in text
    assert titles(watched) == ["one", "two"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "titel" in caplog.text
    (folder / "one.yaml").write_text(lesson("one", order=1))
    await until(lambda: len(reports) == 2)
    assert reports[-1] == ("All lesson files are fine again.", "info")
    assert not watched.findings


async def test_what_the_renderer_refuses_is_broken_too(
    folder: Path, watched: Shelf, reports: Reports
) -> None:
    """A lesson that fits the schema and not into a Telegram message."""
    long = lesson("one", order=1).replace("summary:", "summary: |\n  " + "long " * 2000 + "\nx:", 1)
    (folder / "one.yaml").write_text(long)
    await until(lambda: reports)
    assert reports[-1][1] == "error"
    assert titles(watched) == ["one", "two"]


async def test_a_broken_file_hides_no_news_of_a_good_one(
    folder: Path, watched: Shelf, reports: Reports
) -> None:
    """Both are told, whether they come together or one after the other."""
    (folder / "one.yaml").write_text("{")
    (folder / "two.yaml").write_text(lesson("two", title="Newer", order=2))
    await until(lambda: any("Lesson changed: Newer" in text for text, _ in reports))
    await until(lambda: any("one.yaml" in text for text, _ in reports))
    assert titles(watched) == ["one", "Newer"]
    (folder / "two.yaml").write_text(lesson("two", title="Newest", order=2))
    await until(lambda: any("Lesson changed: Newest" in text for text, _ in reports))


async def test_a_file_that_was_never_good_is_left_out(folder: Path, watched: Shelf, reports: Reports) -> None:
    """A new file with a fault takes no other down."""
    (folder / "three.yaml").write_text("id: three\n")
    await until(lambda: reports)
    assert reports[-1][1] == "error"
    assert titles(watched) == ["one", "two"]


async def test_new_and_removed_files(folder: Path, watched: Shelf, reports: Reports) -> None:
    """A lesson more, then a lesson less."""
    (folder / "zero.yaml").write_text(lesson("zero", order=0))
    await until(lambda: titles(watched) == ["zero", "one", "two"])
    (folder / "one.yaml").unlink()
    await until(lambda: titles(watched) == ["zero", "two"])
    await until(lambda: len(reports) == 2)
    assert reports == [("New lesson: zero", "info"), ("Lesson gone: one", "info")]


async def test_an_editor_that_renames_over_the_file(folder: Path, watched: Shelf) -> None:
    """As most editors save: into another name first."""
    for number in range(3):
        (folder / ".one.yaml.tmp").write_text(lesson("one", title=f"Version {number}", order=1))
        (folder / ".one.yaml.tmp").rename(folder / "one.yaml")
        await until(partial(shows, watched, [f"Version {number}", "two"]))
    (folder / "one.yaml").rename(folder / "one.yaml~")
    (folder / "one.yaml").write_text(lesson("one", title="With a backup", order=1))
    await until(lambda: titles(watched) == ["With a backup", "two"])


async def test_a_save_in_two_halves(folder: Path, watched: Shelf) -> None:
    """At no moment is there a lesson less, and in the end the whole one is there."""
    text = lesson("one", title="Whole", order=1)
    with (folder / "one.yaml").open("w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        await until(lambda: watched.findings)
        assert titles(watched) == ["one", "two"]
        file.write(text[len(text) // 2 :])
    await until(lambda: titles(watched) == ["Whole", "two"])
    assert not watched.findings


async def test_a_folder_that_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot runs without lessons, says so once, and has them when the folder is there."""
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    reports: Reports = []
    folder = tmp_path / "later" / "lessons"
    shelf = Shelf(folder, lint=lint, report=lambda text, level: reports.append((text, level)))
    await shelf.load()
    stop = asyncio.Event()
    watching = asyncio.create_task(shelf.watch(stop))
    await asyncio.sleep(0.3)  # several looks, which have nothing new to say
    ((text, level),) = reports
    assert (level, str(folder) in text) == ("error", True)
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(lesson("one"))
    await until(lambda: titles(shelf) == ["one"])
    (folder / "one.yaml").write_text(lesson("one", title="And it is followed"))
    await until(lambda: titles(shelf) == ["And it is followed"])
    stop.set()
    await watching


async def test_a_folder_that_goes_and_comes_back(folder: Path, watched: Shelf, reports: Reports) -> None:
    """A volume lost, another checkout put in its place: the last good lessons stay, then the new ones come."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    await until(lambda: reports)
    assert reports[-1][1] == "error"
    assert titles(watched) == ["one", "two"]
    shutil.copytree(aside, folder)
    (folder / "one.yaml").write_text(lesson("one", title="Another checkout", order=1))
    await until(lambda: titles(watched) == ["Another checkout", "two"])
    (aside / "one.yaml").write_text(lesson("one", title="Not this one", order=1))
    (folder / "two.yaml").write_text(lesson("two", title="This one", order=2))
    await until(lambda: titles(watched) == ["Another checkout", "This one"])


async def test_files_are_followed_where_the_system_gives_no_watch(
    folder: Path, watched: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of inotify watches, or a file system that has none: looked at from time to time."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(module, "awatch", refused)
    folder.rename(folder.with_name("aside"))  # ends the watch that is there
    await until(lambda: watched.findings)
    folder.with_name("aside").rename(folder)
    (folder / "one.yaml").write_text(lesson("one", title="Seen", order=1))
    await until(lambda: titles(watched) == ["Seen", "two"])


async def test_stop_is_obeyed_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the middle of a long wait for a change: not only at the next look."""
    monkeypatch.setattr(module, "LOOK_S", 600.0)
    shelf = Shelf(folder, lint=lint)
    await shelf.load()
    stop = asyncio.Event()
    watching = asyncio.create_task(shelf.watch(stop))
    await asyncio.sleep(0.1)
    stop.set()
    async with asyncio.timeout(30):
        await watching
