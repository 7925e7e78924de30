"""Names and lessons full of markup, right-to-left letters and wide characters: shown as typed, entities in place."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from tests.house import Running, running
from tests.person import Message, Person
from tests.talk.shelves import put, question, with_lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

NASTY = [
    "<b>Ada</b> & Co.",
    "*Ada* _x_ `y` [z](http://a.b) ||s||",
    "{name} %s {0} {}",
    "\\u0041 \\n $x$",
    "שלום עולם",
    "\u202eadA\u202c",
    "👩‍👩‍👧‍👦🧁𝔸𝕕𝕒",
    "ﷺ" * 20,
    "A" * 64,
]
TITLE = "{title} <i>🧁</i> שלום *x* _y_ [l](http://a.b)"
NUMBERS = count(3001)


def nasty_lesson() -> dict[str, Any]:
    """A lesson whose every text is as strange as it may be."""
    lesson = with_lab("nasty", title=TITLE, summary="𝔸 `code` <script>alert(1)</script> {x}")
    lesson["steps"][0] |= {
        "title": "🧁 <b>{0}</b> *no*",
        "text": "𝔸𝔹 **bold 🧁 שלום** <u>raw</u> `{code} 🧁` {n} %d",
    }
    lesson["questions"] = [
        question(
            "q-one",
            ask="🧁 שלום **why** {x}?",
            code={"language": "python", "code": "print('🧁 {x} <b>')"},
            options=[
                {"text": "🧁 `a < b` {0}", "correct": True, "because": "𝔸 **yes** {y}"},
                {"text": "שלום <i>no</i>", "because": "**no** 𝔸 `z`"},
            ],
            hints=["{h} **hint** 🧁"],
            solution=[{"title": "𝔸 {t} *t*", "text": "**so** 🧁"}],
            mistakes=["🧁 **wrong** {m}"],
        )
    ]
    lesson["lab"] |= {"title": "𝔸 {lab} <b>"}
    lesson["lab"]["x"] |= {"label": "{x} 🧁", "unit": "m² <i>"}
    lesson["lab"]["stories"][0]["name"] = "🧁 {story} <b>"
    return lesson


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A bot that teaches the strange lesson."""
    folder = tmp_path_factory.mktemp("town")
    async with running(folder, lessons=put(folder / "lessons", nasty_lesson())) as bot:
        yield bot


def marked(message: Message, kind: str) -> list[str]:
    """The spans of an entity kind, cut out as Telegram counts."""
    units = message.text.encode("utf-16-le")
    return [
        units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message.entities
        if e["type"] == kind
    ]


@pytest.mark.parametrize("name", NASTY)
async def test_a_name_is_greeted_as_it_is(town: Running, name: str) -> None:
    """Neither braces nor marks nor wide characters of a name change anything; the bold span is the greeting."""
    number = next(NUMBERS)
    await town.local.join(number, first_name=name)
    person = Person(town.local, number)
    await person.send("/start")
    hello = await person.says("Hello")
    shown = name.strip().translate({0x202E: None, 0x202C: None})  # Telegram takes these out itself
    assert hello.text.startswith(f"Hello, {shown}!\n")
    assert "".join(marked(hello, "bold")) == f"Hello, {shown}!"  # parted where Telegram finds a link
    person.leave()


async def test_a_lesson_is_shown_as_typed(learner: Person) -> None:
    """Title, prose and code: Markdown where it is meant, text everywhere else."""
    await learner.send("/lessons")
    catalogue = await learner.says("Lessons")
    assert TITLE in "".join(marked(catalogue, "bold"))  # parted where Telegram finds a link
    assert "<script>alert(1)</script> {x}" in catalogue.text
    await learner.tap(TITLE[:20])
    step = await learner.says("{code} 🧁")
    assert marked(step, "bold") == ["🧁 <b>{0}</b> *no*", "bold 🧁 שלום"]
    assert marked(step, "code") == ["{code} 🧁"]
    assert "<u>raw</u>" in step.text and "{n} %d" in step.text


async def test_a_question_is_shown_as_typed(learner: Person) -> None:
    """Ask, code, options, hint, verdict, why: each entity sits on its own words."""
    await learner.send("/quiz")
    asked = await learner.says("Question 1")
    assert "why" in marked(asked, "bold") and marked(asked, "pre") == ["print('🧁 {x} <b>')"]
    assert marked(asked, "code") == ["a < b"]
    await learner.tap("Hint")
    hinted = await learner.says("{h}")
    assert "hint" in marked(hinted, "bold")
    await learner.tap("B")
    verdict = await learner.says("❌")
    assert "no" in marked(verdict, "bold") and "z" in marked(verdict, "code")
    assert "B. שלום <i>no</i>  ← your answer" in marked(verdict, "bold")
    await learner.tap("Why")
    await learner.says("Solution, step 1: 𝔸 {t} *t*")
    await learner.tap("Why")
    why = await learner.says("Common mistakes")
    assert {"yes", "wrong", "so"} <= set(marked(why, "bold"))
    await learner.tap("Next")
    end = await learner.says("0 of 1 right", button="Again")
    assert marked(end, "bold") == ["0 of 1 right"]


async def test_a_lab_is_shown_as_typed(learner: Person) -> None:
    """Labels, units and story names in panel, toast, result and caption."""
    await learner.send("/train")
    panel = await learner.says("{x} 🧁", button="🧁 {story} <b>")
    assert marked(panel, "bold") == ["Lab: 𝔸 {lab} <b>"]
    assert (await learner.tap("🧁 {story} <b>")).text == "🧁 {story} <b>: ready. Now predict what happens."
    await learner.tap("Run: it learns")
    result = await learner.says("Loss before")
    assert len(marked(result, "bold")) == 2 and "m² <i>" in result.text
    await learner.says("𝔸 {lab} <b>: sgd")
    await learner.send("/progress")
    assert f"{TITLE}: 0/1" in (await learner.says("Your progress")).text
