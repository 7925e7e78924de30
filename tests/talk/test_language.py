"""A second language, as one more file: Telegram's language is spoken, and the learner's choice wins over it."""

from itertools import count

import pytest

from bot.view.texts import CATALOGUES
from tests.house import Running
from tests.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBERS = count(4001)


@pytest.fixture(autouse=True)
def second_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language whose every text stands in brackets."""
    made = {key: f"⟦{text}⟧" for key, text in CATALOGUES["en"].items()} | {"language.name": "Zzz"}
    monkeypatch.setitem(CATALOGUES, "zz", made)
    return


async def speaker(town: Running, language: str) -> Person:
    """Somebody whose Telegram speaks this language."""
    number = next(NUMBERS)
    await town.local.join(number, language_code=language)
    return Person(town.local, number)


async def test_telegrams_language_is_spoken(town: Running) -> None:
    """Greeting, answers to taps, results: all in the learner's language; the promised marks stay."""
    ada = await speaker(town, "zz-ZZ")
    await ada.send("/start")
    await ada.says("⟦Hello, Learner")
    await ada.send("/train")
    await ada.says("⟦Lab:", button="⟦Run: it learns⟧")
    assert (await ada.tap("⟦Run: it learns⟧")).text == "⟦Training…⟧"
    await ada.says("⟦Loss before: 1.0⟧")
    await ada.says("⟦House prices")
    await ada.send("/quiz")
    await ada.says("⟦Question 1 of 5⟧", button="A")
    await ada.tap("A")
    assert (await ada.says("⟦your answer⟧")).text[0] in "✅❌"


async def test_the_choice_wins_and_can_be_given_back(town: Running) -> None:
    """English chosen: English, whatever Telegram says; then as in Telegram again."""
    ada = await speaker(town, "zz")
    await ada.send("/settings")
    await ada.says("⟦Settings⟧")
    await ada.tap("English")
    await ada.says("Language: English")
    await ada.send("/help")
    assert (await ada.says("/learn")).text.startswith("I teach")
    await ada.send("/settings")
    await ada.says("Settings")
    await ada.tap("As in Telegram")
    await ada.says("⟦Language: ⟦as in Telegram⟧⟧")


async def test_an_unknown_language_is_english(town: Running) -> None:
    """Nobody is left without words."""
    ada = await speaker(town, "fr")
    await ada.send("/start")
    await ada.says("Hello, Learner")


async def test_a_language_that_is_gone_falls_back(town: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen once, its file removed since: Telegram's, else English, and /settings says so."""
    ada = await speaker(town, "fr")
    await ada.send("/settings")
    await ada.says("Settings")
    await ada.tap("Zzz")
    await ada.says("⟦Settings⟧")
    monkeypatch.delitem(CATALOGUES, "zz")
    await ada.send("/settings")
    assert (await ada.says("Settings")).buttons == [["English"], ["As in Telegram"]]
