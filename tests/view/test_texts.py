"""The catalogue of words: nothing missing, nothing left over, and a second language is one more file."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import bot
from bot.chat.app import ADMIN_COMMANDS, COMMANDS, GROUP_COMMANDS
from bot.core.draft_choices import CLOSINGS, TIMES
from bot.core.events import ChatterKind, Loss
from bot.core.experiment import Verdict
from bot.core.live import Ending
from bot.core.menu import COMMANDS as HANDLED
from bot.core.plan import Trouble
from bot.core.scenes import AskForget, Plain, SettingsScene, Welcome
from bot.course.model import Level, QuestionLevel
from bot.view.draft import _NAMES
from bot.view.screens import draw
from bot.view.stage import Stage
from bot.view.texts import CATALOGUES, Texts, languages, pick, placeholders, problems, read_catalogues

CODE = Path(bot.__file__).parent
ENGLISH = CATALOGUES["en"]
MADE_UP = {  # the beginning of a key that is put together → its possible endings
    "level.": [*Level, *QuestionLevel],
    "button.run_": [Verdict.LEARNS, Verdict.CRAWLS, Verdict.DIVERGES],
    "result.what_": list(Verdict),
    "result.": [Verdict.LEARNS, Verdict.CRAWLS, Verdict.DIVERGES],
    "lab.lost_": list(Loss),
    "commands.": sorted({*COMMANDS, *GROUP_COMMANDS, *ADMIN_COMMANDS}),
    "button.thing_": ["suggested", "question", "posted", "step"],
    "button.time_": list(TIMES),
    "button.closing_": list(CLOSINGS),
    "post.closing_": list(CLOSINGS),
    "post.ask_": list(_NAMES.values()),
    "chatter.": list(ChatterKind),
    "live.over_": list(Ending),
    "button.predict_": [Verdict.LEARNS, Verdict.CRAWLS, Verdict.DIVERGES],
    "plan.day_": list("0123456"),
    "plan.trouble_": list(Trouble),
}
SPEAKERS = {"t", "texts", "_words", "toast", "says", "plain", "Toast", "Plain", "tell", "Texts", "_apologize"}


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """(file, node) of all the code."""
    files = [(path.name, path.read_text(encoding="utf-8")) for path in CODE.rglob("*.py")]
    return tuple((name, node) for name, text in files for node in ast.walk(ast.parse(text)))


@cache
def literals() -> tuple[tuple[str, str, bool], ...]:
    """(file, text, whether only its beginning is fixed) of all strings in the code."""
    found: list[tuple[str, str, bool]] = []
    for name, node in nodes():
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            found.append((name, str(node.values[0].value), True))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((name, node.value, False))
    return tuple(found)


def spoken() -> Iterator[tuple[str, str]]:
    """(file, key) of every key that is written where a text is asked for."""
    for file, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if isinstance(node.func, ast.Call):  # Texts()("key")
            name = getattr(node.func.func, "id", "")
        given = [*node.args, *(word.value for word in node.keywords if word.arg == "text")]
        if name in SPEAKERS:
            parts = [part for value in given for part in ast.walk(value)]
            texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
            yield from ((file, text) for text in texts if re.fullmatch(r"[a-z]+\.[a-z_]*[a-z]", text))


def test_every_key_that_is_asked_for_exists() -> None:
    """No learner meets a KeyError: what the code says is in the catalogue."""
    found = list(spoken())
    assert len(found) > 100
    assert [(file, key) for file, key in found if key not in ENGLISH] == []


@pytest.mark.parametrize("start", MADE_UP)
def test_every_key_that_is_put_together_exists(start: str) -> None:
    """Each ending that can occur has its text."""
    assert any(text == start and is_start for _, text, is_start in literals()), "nothing says it any more"
    assert [f"{start}{end}" for end in MADE_UP[start] if f"{start}{end}" not in ENGLISH] == []


def test_every_beginning_in_the_code_is_known_here() -> None:
    """A key that is put together cannot hide from the test above."""
    heads = {key.partition(".")[0] for key in ENGLISH}
    starts = {
        text
        for _, text, is_start in literals()
        if is_start and re.fullmatch(r"[a-z]+\.[a-z_]*", text) and text.partition(".")[0] in heads
    }
    assert starts == set(MADE_UP)


def test_every_key_is_used() -> None:
    """Nobody translates what is never said."""
    said = {text for _, text, is_start in literals() if not is_start}
    put_together = {f"{start}{end}" for start, ends in MADE_UP.items() for end in ends}
    by_language = {"language.name"}
    assert [key for key in ENGLISH if key not in said | put_together | by_language] == []


def test_the_catalogues_agree() -> None:
    """Every language has the same keys and the same placeholders."""
    assert problems(CATALOGUES) == []


def test_menus_are_complete_in_every_language() -> None:
    """Each registered command is handled and described within Telegram's limits, and so is the bot."""
    for_chats = {"post", "experiment", "plan", "round", "stop", "top"}
    assert set(COMMANDS) == set(HANDLED) - for_chats
    for code in languages():
        t = Texts(code)
        for name in COMMANDS:
            assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
            assert 3 <= len(t(f"commands.{name}")) <= 256
        assert len(t("about.short")) <= 120 and len(t("about.long")) <= 512


def test_marks_are_not_words() -> None:
    """The promised marks and the beginnings that other programs look for stand in English as promised."""
    t = Texts()
    for key, start in {
        "button.next": "Next", "button.next_questions": "Next", "button.next_result": "Next",
        "button.next_question": "Next", "button.hint": "Hint", "button.hint_more": "Hint", "button.why": "Why",
        "button.why_more": "Why", "button.again": "Again", "button.run_learns": "Run", "button.run_crawls": "Run",
        "button.run_diverges": "Run", "button.code": "Code", "result.before": "Loss before: ",
        "result.after": "Loss after: ",
    }.items():  # fmt: skip
        assert ENGLISH[key].startswith(start), key
    assert t("result.before", loss="1.0") == "Loss before: 1.0"


# a second language


def second_file(folder: Path, **other: str) -> Path:
    """English and a made language beside each other, as files; `other` replaces or (empty) removes a key."""
    made = {key: f"⟦{text}⟧" for key, text in ENGLISH.items()} | {"language.name": "Zzz"}
    for name, text in other.items():
        made[name.replace("__", ".")] = text
    for code, words in (("en", ENGLISH), ("zz", made)):
        lines = [f"{toml_key(key)} = {toml_text(text)}" for key, text in words.items() if text]
        (folder / f"{code}.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def toml_key(key: str) -> str:
    """A dotted key; TOML reads it as tables."""
    return ".".join(f'"{part}"' for part in key.split("."))


def toml_text(text: str) -> str:
    """A basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def test_a_second_language_is_one_more_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put beside English it is complete, offered in /settings, and spoken."""
    catalogues = read_catalogues(second_file(tmp_path))
    assert catalogues["en"] == ENGLISH
    assert problems(catalogues) == []
    monkeypatch.setitem(CATALOGUES, "zz", catalogues["zz"])
    stage = Stage(texts=Texts("zz"), shelf={}, username="nabla", program=lambda _: "")
    hello = draw(stage, Welcome(name="Ada", lesson=None, started=False), "k")[0]
    assert hello.rich.text.startswith("⟦Hello, Ada!⟧")
    settings = draw(stage, SettingsScene(language="zz"), "k")[0]
    assert [button.label for row in settings.rows for button in row] == [
        "English",
        "⟦Zzz ✓⟧",
        "⟦As in Telegram⟧",
    ]
    assert "⟦" in draw(stage, AskForget(), "k")[0].rich.text
    assert draw(stage, Plain(text="help.text"), "k")[0].rich.text.startswith("⟦I teach")


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"welcome__hello": ""}, "zz: welcome.hello: is missing"),
        ({"welcome__extra": "more"}, "zz: welcome.extra: English has no such key"),
        ({"welcome__hello": "Hi!"}, "zz: welcome.hello: has [], English has ['name']"),
        ({"welcome__hello": "Hi {nom}!"}, "zz: welcome.hello: has ['nom'], English has ['name']"),
    ],
)
def test_a_wrong_second_language_is_told(tmp_path: Path, change: dict[str, str], fact: str) -> None:
    """What is missing, too much, or filled in otherwise is named."""
    assert problems(read_catalogues(second_file(tmp_path, **change))) == [fact]


def test_english_stands_in_for_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-done language speaks English where it has no words."""
    monkeypatch.setitem(CATALOGUES, "zz", {"language.name": "Zzz", "welcome.hello": "⟦{name}⟧"})
    t = Texts("zz")
    assert t("welcome.hello", name="Ada") == "⟦Ada⟧"
    assert t("button.next") == "Next"


@pytest.mark.parametrize(
    ("chosen", "telegram", "spoken"),
    [
        (None, None, "en"),
        (None, "zz", "zz"),
        (None, "zz-ZZ", "zz"),
        (None, "ZZ", "zz"),
        (None, "fr", "en"),
        ("en", "zz", "en"),
        ("zz", "en", "zz"),
        ("gone", "zz", "zz"),
        ("", "", "en"),
    ],
)
def test_the_learners_choice_wins_over_telegrams(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, telegram: str | None, spoken: str
) -> None:
    """Chosen first, then Telegram's, then the language without its country, then English."""
    monkeypatch.setitem(CATALOGUES, "zz", {"language.name": "Zzz"})
    assert pick(chosen, telegram) == spoken


def test_what_is_filled_in_is_never_read_as_a_placeholder() -> None:
    """A name with braces stays a name."""
    assert Texts()("welcome.hello", name="{name} {0} {}") == "Hello, {name} {0} {}!"
    assert placeholders("{a} {{b}} {c}") == {"a", "c"}
