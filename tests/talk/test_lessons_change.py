"""An author changes files while learners are inside: nobody is stopped, nothing wrong is shown, and no step is lost."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.house import Running, running
from tests.person import Person
from tests.talk.shelves import put, question, small, with_lab


class Author:
    """Who writes lesson files, and waits until the bot has read them."""

    def __init__(self, bot: Running, folder: Path) -> None:
        self.folder = folder
        self.notices: list[str] = []
        self._told = asyncio.Event()
        bot.local.notice = self._notice  # type: ignore[method-assign]  # the page has no other reader here

    def _notice(self, text: str, *, level: str = "info") -> None:
        self.notices.append(f"{level}: {text}")
        self._told.set()

    async def write(self, *lessons: dict[str, Any]) -> str:
        """Save whole lessons; the notice that follows."""
        self._told.clear()
        put(self.folder, *lessons)
        return await self._read()

    async def spoil(self, lesson_id: str) -> str:
        """Save something that is no lesson; the notice that follows."""
        self._told.clear()
        (self.folder / f"{lesson_id}.yaml").write_text("title: [half a file\n")
        return await self._read()

    async def swell(self, lesson_id: str, size: int) -> str:
        """Let a file grow to so many bytes, most of them a hole; the notice that follows."""
        self._told.clear()
        os.truncate(self.folder / f"{lesson_id}.yaml", size)
        return await self._read()

    async def remove(self, lesson_id: str) -> str:
        """Delete a file; the notice that follows."""
        self._told.clear()
        (self.folder / f"{lesson_id}.yaml").unlink()
        return await self._read()

    async def _read(self) -> str:
        async with asyncio.timeout(10):
            await self._told.wait()
        return self.notices[-1]


@asynccontextmanager
async def classroom(
    tmp_path: Path, *lessons: dict[str, Any]
) -> AsyncIterator[tuple[Author, Person, Running]]:
    """An author and a learner around a bot that watches these lessons."""
    folder = put(tmp_path / "lessons", *lessons)
    async with running(tmp_path, lessons=folder) as bot:
        yield Author(bot, folder), Person(bot.local), bot


def three_steps(*ids: str, **keys: Any) -> dict[str, Any]:
    """A lesson with these steps."""
    steps = [
        {"id": each, "kind": "idea", "title": f"Step {each}", "text": f"Text of {each}."} for each in ids
    ]
    return small("alpha", steps=steps, questions=[question("q-one", step=ids[0])], **keys)


async def test_a_broken_file_leaves_the_last_good_version(tmp_path: Path) -> None:
    """The author is told; the learner goes on as if nothing had happened; mended, the new text comes."""
    async with classroom(tmp_path, three_steps("a", "b", "c")) as (author, ada, _):
        await ada.send("/learn")
        await ada.says("Text of a.")
        told = await author.spoil("alpha")
        assert told.startswith("error: ") and "last good version" in told and "alpha.yaml:1" in told
        await ada.tap("Next")
        await ada.says("Text of b.")
        changed = three_steps("a", "b", "c")
        changed["steps"][2]["text"] = "A better text."
        assert "step c" in await author.write(changed)
        await ada.tap("Next")
        await ada.says("A better text.")


async def test_a_huge_file_leaves_the_last_good_version(tmp_path: Path) -> None:
    """Many gigabytes that are never read: the author is told, and the learner goes on at once."""
    async with classroom(tmp_path, three_steps("a", "b", "c")) as (author, ada, _):
        await ada.send("/learn")
        await ada.says("Text of a.")
        told = await author.swell("alpha", 64 << 30)
        assert told.startswith("error: ") and "too-big" in told
        await ada.tap("Next")
        await ada.says("Text of b.")


async def test_a_step_that_was_taken_out_loses_nobody(tmp_path: Path) -> None:
    """Whoever stands on it goes on at the nearest place."""
    async with classroom(tmp_path, three_steps("a", "b", "c")) as (author, ada, _):
        await ada.send("/learn")
        await ada.says("Text of a.")
        await ada.tap("Next")
        await ada.says("Text of b.")
        await author.write(three_steps("a", "c"))
        await ada.send("/learn")
        await ada.says("Text of c.")
        await ada.tap("Next")
        await ada.says("Question 1 of 1")


async def test_a_lesson_that_is_gone_gets_a_kind_word(tmp_path: Path) -> None:
    """Its buttons say so, and show what there is; back again, the place is kept."""
    lesson = three_steps("a", "b", "c")
    async with classroom(tmp_path, lesson, small("beta", order=20)) as (author, ada, _):
        await ada.send("/learn")
        await ada.says("Text of a.")
        await ada.tap("Next")
        step = await ada.says("Text of b.")
        await author.remove("alpha")
        said = await ada.tap("Next", message=step)
        assert said.show_alert and "changed or taken away" in (said.text or "")
        await ada.send("/learn")
        await ada.says("The first text.")
        await ada.send("/learn alpha")
        await ada.says("no lesson called “alpha”", button="Lesson beta")
        await author.write(lesson)
        await ada.send("/learn alpha")
        await ada.says("Text of b.")


async def test_all_lessons_gone_is_survived(tmp_path: Path) -> None:
    """Every command and every old button still answers."""
    async with classroom(tmp_path, with_lab("alpha")) as (author, ada, _):
        await ada.send("/quiz")
        asked = await ada.says("Question 1")
        await ada.send("/train")
        panel = await ada.says("Lab:", button="Run")
        await author.remove("alpha")
        for message, label in ((asked, "A"), (asked, "Hint"), (panel, "Run"), (panel, "▶")):
            assert "changed or taken away" in ((await ada.tap(label, message=message)).text or "")
        for command in ("/start", "/lessons", "/learn", "/quiz", "/train", "/progress"):
            await ada.send(command)
            await ada.says("no lessons yet")
        await ada.send("/cancel")
        await ada.says("nothing to cancel")


async def test_options_added_to_an_open_question_ask_it_anew(tmp_path: Path) -> None:
    """A letter of the old message must not count for an option that the learner never saw."""
    async with classroom(tmp_path, small("alpha")) as (author, ada, _):
        await ada.send("/quiz")
        old = await ada.says("Question 1")
        options = question("q-one")["options"]
        more = [{"text": "A new one", "because": "New, and wrong."}, *options]
        await author.write(small("alpha", questions=[question("q-one", options=more)]))
        said = await ada.tap("A", message=old)
        assert said.show_alert and "changed this question" in (said.text or "")
        asked = await ada.says("A. A new one", button="C")
        await ada.tap("B", message=asked)
        await ada.says("✅")
        await ada.send("/progress")
        assert "1/1" in (await ada.says("Your progress")).text


async def test_options_that_changed_places_ask_it_anew(tmp_path: Path) -> None:
    """As many options as before, in another order: the old letters mean nothing any more."""
    async with classroom(tmp_path, small("alpha")) as (author, ada, _):
        await ada.send("/quiz")
        old = await ada.says("A. Right one")
        swapped = question("q-one", options=question("q-one")["options"][::-1])
        await author.write(small("alpha", questions=[swapped]))
        await ada.tap("A", message=old)
        asked = await ada.says("A. Wrong one", button="B")
        assert next(m for m in ada.messages() if m.id == old.id).buttons == []
        await ada.tap("B", message=asked)
        await ada.says("✅")


async def test_a_question_changed_after_its_answer_lets_go_on(tmp_path: Path) -> None:
    """Why no longer fits and says so; Next works; the answer counts."""
    both = small("alpha", questions=[question("q-one"), question("q-two")])
    async with classroom(tmp_path, both) as (author, ada, _):
        await ada.send("/quiz")
        await ada.says("Question 1")
        await ada.tap("A")
        verdict = await ada.says("✅")
        await author.write(
            small("alpha", questions=[question("q-one", ask="Something else?"), question("q-two")])
        )
        said = await ada.tap("Why", message=verdict)
        assert said.show_alert and "Tap Next" in (said.text or "")
        await ada.tap("Next", message=verdict)
        await ada.says("What is q-two?")


async def test_a_question_that_was_taken_out_is_passed_over(tmp_path: Path) -> None:
    """Open or yet to come, it is asked no more; the round ends with what is left."""
    three = small("alpha", questions=[question(f"q-{n}") for n in ("one", "two", "three")])
    async with classroom(tmp_path, three) as (author, ada, _):
        await ada.send("/quiz")
        old = await ada.says("What is q-one?")
        await author.write(small("alpha", questions=[question("q-three")]))
        said = await ada.tap("A", message=old)
        assert said.text
        asked = await ada.says("What is q-three?")
        await ada.tap("B", message=asked)
        await ada.says("❌")
        await ada.tap("Next")
        end = await ada.says("0 of 1 right", button="Again: 1 missed")
        await author.write(small("alpha", questions=[question("q-new")]))
        assert "Nothing is left to repeat" in ((await ada.tap("Again", message=end)).text or "")
        await ada.send("/quiz")
        await ada.says("What is q-new?")


async def test_a_lab_taken_away_while_a_run_is_on(tmp_path: Path) -> None:
    """The run ends with a kind word, the learner is free for the next run, and old panels say so."""
    async with classroom(tmp_path, with_lab("alpha"), with_lab("beta", order=20)) as (author, ada, bot):
        await ada.send("/train alpha")
        panel = await ada.says("Lab:", button="Run")
        bot.engine.gate.clear()
        await ada.tap("Run: it learns")
        await author.write(small("alpha"))
        bot.engine.gate.set()
        await ada.says("That lesson was changed or taken away", button="Continue")
        assert "changed or taken away" in ((await ada.tap("Run", message=panel)).text or "")
        await ada.send("/train beta")
        await ada.says("Lab:", button="Run")
        await ada.tap("Run: it learns")
        await ada.says("Loss before:")


async def test_a_shared_run_whose_data_changed_is_not_repeated(tmp_path: Path) -> None:
    """Other data would give other numbers: the link says so instead of pretending."""
    async with classroom(tmp_path, with_lab("alpha")) as (author, ada, _):
        await ada.send("/train")
        await ada.says("Lab:", button="Run")
        await ada.tap("Run: it learns")
        await ada.says("Loss before:")
        await ada.tap("Share")
        code = (await ada.says("Anyone can replay")).text.partition("start=")[2].split()[0]
        changed = with_lab("alpha")
        changed["lab"]["y"]["values"][0] += 1
        await author.write(changed)
        await ada.send(f"/start {code}")
        await ada.says("The data of this lab have changed", button="Continue")
