"""Rich text: entities as Telegram keeps them, joined and split without harm."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import tdjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.view.rich import (
    Entity,
    EntityType,
    Rich,
    blockquote,
    bold,
    date_time,
    expandable,
    link,
    moment,
    plain,
    pre,
    tidy,
    utf16_len,
)
from bot.view.split import TooLongError, split

# No sign that TDLib's parseMarkdown would take for markup of its own.
WORDS = st.text(alphabet="ab é😀 \n", max_size=8)
URL = "https://example.com/"


def _styled(kind: EntityType) -> Callable[[Rich | str], Rich]:
    """What Markdown makes of a style that no message sets by itself."""

    def style(text: Rich | str) -> Rich:
        rich = plain(text)
        return tidy(rich.text, [*rich.entities, Entity(type=kind, offset=0, length=rich.units)])

    return style


italic, spoiler, code = map(_styled, (EntityType.ITALIC, EntityType.SPOILER, EntityType.CODE))


def _wrapped(inner: st.SearchStrategy[Rich]) -> st.SearchStrategy[Rich]:
    around: list[Callable[[Rich], Rich]] = [bold, italic, spoiler, blockquote, lambda rich: link(rich, URL)]
    return st.one_of(
        *(inner.map(function) for function in around),
        st.lists(inner, max_size=3).map(lambda parts: Rich.join("", parts)),
        st.lists(inner, max_size=3).map(lambda parts: Rich.join("\n\n", parts)),
    )


RICH = st.recursive(
    st.one_of(WORDS.map(plain), WORDS.map(code), WORDS.map(lambda text: pre(text, "python"))),
    _wrapped,
    max_leaves=12,
)
STYLES = frozenset({EntityType.BOLD, EntityType.ITALIC, EntityType.SPOILER})
TD_TYPES = {
    "textEntityTypeBold": EntityType.BOLD,
    "textEntityTypeItalic": EntityType.ITALIC,
    "textEntityTypeSpoiler": EntityType.SPOILER,
    "textEntityTypeCode": EntityType.CODE,
    "textEntityTypePreCode": EntityType.PRE,
    "textEntityTypePre": EntityType.PRE,
    "textEntityTypeTextUrl": EntityType.TEXT_LINK,
    "textEntityTypeBlockQuote": EntityType.BLOCKQUOTE,
}


def _quiet() -> None:
    tdjson.td_execute(json.dumps({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}).encode())


_quiet()


def execute(request: dict[str, Any]) -> dict[str, Any]:
    """Ask TDLib something that it answers at once, without a network."""
    answer = tdjson.td_execute(json.dumps(request).encode())
    assert answer is not None
    result: dict[str, Any] = json.loads(answer)
    return result


def kept_by_telegram(rich: Rich) -> Rich:
    """The text and entities as Telegram's own library puts them right; fails where it refuses them."""
    names = {kind: name for name, kind in TD_TYPES.items() if name != "textEntityTypePre"}
    entities = []
    for each in rich.entities:
        kind: dict[str, str] = {"@type": names[each.type]}
        if each.type is EntityType.PRE:
            kind = {"@type": "textEntityTypePreCode", "language": each.language or ""}
        if each.url:
            kind["url"] = each.url
        entities.append({"@type": "textEntity", "offset": each.offset, "length": each.length, "type": kind})
    text = {"@type": "formattedText", "text": rich.text, "entities": entities}
    answer = execute({"@type": "parseMarkdown", "text": text})
    assert answer["@type"] == "formattedText", answer
    found = [
        Entity(
            type=TD_TYPES[each["type"]["@type"]],
            offset=each["offset"],
            length=each["length"],
            language=each["type"].get("language"),
            url=each["type"].get("url"),
        )
        for each in answer["entities"]
    ]
    return Rich(answer["text"], tuple(found))


def units(text: str) -> bytes:
    """The text as UTF-16, two bytes a unit."""
    return text.encode("utf-16-le", "surrogatepass")


def assert_valid(rich: Rich) -> None:
    """What Telegram demands of entities, by its documentation."""
    whole = units(rich.text)
    assert rich.units == utf16_len(rich.text) == len(whole) // 2
    order = [(each.offset, -each.length) for each in rich.entities]
    assert order == sorted(order)
    for each in rich.entities:
        assert 0 <= each.offset < each.end <= rich.units
        inside = whole[2 * each.offset : 2 * each.end]
        assert units(inside.decode("utf-16-le", "surrogatepass")) == inside
        words = inside.decode("utf-16-le", "surrogatepass")
        assert words == words.rstrip()
        assert words.strip()
        assert words == words.lstrip() or each.type in (EntityType.PRE, EntityType.BLOCKQUOTE)
    _assert_nesting(rich)


def _assert_nesting(rich: Rich) -> None:
    solid = {EntityType.CODE, EntityType.PRE, EntityType.TEXT_LINK}
    for place, outer in enumerate(rich.entities):
        for inner in rich.entities[place + 1 :]:
            if inner.offset >= outer.end:
                break  # they are sorted
            assert outer.type is not inner.type
            assert outer.type not in (EntityType.CODE, EntityType.PRE)
            if {outer.type, inner.type} <= solid:
                pytest.fail(f"{inner} within {outer}")


def coverage(rich: Rich, kinds: frozenset[EntityType]) -> set[tuple[EntityType, int]]:
    """Every unit that has one of these styles and shows ink."""
    whole = units(rich.text)
    return {
        (each.type, place)
        for each in rich.entities
        if each.type in kinds
        for place in range(each.offset, each.end)
        if whole[2 * place : 2 * place + 2].decode("utf-16-le", "replace").strip()
    }


def test_offsets_count_utf16_units() -> None:
    """An emoji is two units, and what follows it begins two later."""
    rich = "😀 " + bold("b")
    assert rich.entities == (Entity(type=EntityType.BOLD, offset=3, length=1),)
    assert rich.units == 4


def test_styles_are_parted_around_code() -> None:
    """Code holds no style, and no style holds code."""
    rich = bold("a " + code("b") + " c")
    assert [(each.type, each.offset, each.length) for each in rich.entities] == [
        (EntityType.BOLD, 0, 1),
        (EntityType.CODE, 2, 1),
        (EntityType.BOLD, 4, 1),
    ]


def test_code_keeps_its_indentation() -> None:
    """The blanks before the first line of code are part of it, also at the beginning of a message."""
    rich = pre("    x = 1\n", "python").strip()
    assert rich.text == "    x = 1"
    assert rich.entities == (Entity(type=EntityType.PRE, offset=0, length=9, language="python"),)


def test_tabs_in_code_become_spaces() -> None:
    """Telegram would make one blank of each, and so break the indentation."""
    assert pre("if x:\n\ty").text == "if x:\n    y"


def test_quotes_do_not_nest() -> None:
    """A quote within a quote becomes part of it."""
    rich = blockquote("a\n" + blockquote("b"))
    assert rich.entities == (Entity(type=EntityType.BLOCKQUOTE, offset=0, length=3),)


def test_a_moment_reads_as_utc_and_carries_its_time() -> None:
    """Whoever's app does not know the entity still reads it right; the zone it came in says nothing."""
    at = datetime(2026, 12, 1, 19, 30, tzinfo=timezone(timedelta(hours=2)))
    shown = "At " + moment(at) + "."
    assert shown.text == "At 2026-12-01 17:30 UTC."
    (entity,) = shown.entities
    assert entity.as_json() == {
        "type": "date_time",
        "offset": 3,
        "length": 20,
        "unix_time": int(at.timestamp()),
        "date_time_format": "wdt",
    }


def test_an_expandable_quote_holds_what_a_quote_holds() -> None:
    """Styles and code stay, quotes in it become part of it."""
    rich = expandable(bold("a") + " " + code("b") + " " + blockquote("c"))
    assert [each.type for each in rich.entities] == [
        EntityType.EXPANDABLE_BLOCKQUOTE,
        EntityType.BOLD,
        EntityType.CODE,
    ]


def test_entity_as_json_has_only_what_it_needs() -> None:
    """The Bot API gets no empty language and no empty address."""
    assert Entity(type=EntityType.BOLD, offset=0, length=1).as_json() == {
        "type": "bold",
        "offset": 0,
        "length": 1,
    }
    assert link("x", URL).entities[0].as_json()["url"] == URL
    assert pre("x", "python").entities[0].as_json()["language"] == "python"


@settings(deadline=None)
@given(RICH)
def test_everything_made_here_is_valid(rich: Rich) -> None:
    """However texts are wrapped and joined, the entities keep Telegram's rules."""
    assert_valid(rich)


@settings(deadline=None)
@given(RICH)
@example(bold(link("a" + blockquote("b") + "c", URL)))
def test_telegram_keeps_what_we_send(rich: Rich) -> None:
    """TDLib, which the servers of Telegram use, finds nothing to change."""
    sent = rich.strip()
    if not sent:
        return
    kept = kept_by_telegram(sent)
    assert kept.text == sent.text
    assert coverage(kept, STYLES) == coverage(sent, STYLES)
    others = [each for each in sent.entities if each.type not in STYLES]
    assert [each for each in kept.entities if each.type not in STYLES] == others


@settings(deadline=None)
@given(RICH, st.integers(20, 60))
def test_split_keeps_every_word_in_order(rich: Rich, limit: int) -> None:
    """The parts fit, are valid, and together say the same."""
    try:
        parts = split(rich, limit)
    except TooLongError:
        return  # what it says is tested below
    for part in parts:
        assert 0 < part.units <= limit
        assert_valid(part)
    assert "".join("".join(part.text for part in parts).split()) == "".join(rich.text.split())
    blocks = [each for each in rich.entities if each.type is EntityType.PRE]
    assert sum(each.type is EntityType.PRE for part in parts for each in part.entities) == len(blocks)


def test_split_fills_messages_between_paragraphs() -> None:
    """As many paragraphs as fit go into one message; a code block with empty lines stays whole."""
    block = pre("a = 1\n\nb = 2", "python")
    parts = split(Rich.join("\n\n", ["one", bold("two"), block, "three"]), 14)
    assert [part.text for part in parts] == ["one\n\ntwo", "a = 1\n\nb = 2", "three"]
    assert parts[0].entities == (Entity(type=EntityType.BOLD, offset=5, length=3),)
    assert parts[1].entities == block.entities


def test_split_at_the_limit() -> None:
    """4096 units are one message, one more is two, and an emoji counts twice."""
    assert len(split(Rich("a" * 2000 + "\n\n" + "b" * 2094))) == 1
    assert len(split(Rich("a" * 2000 + "\n\n" + "b" * 2095))) == 2
    assert len(split(Rich("😀" * 2048))) == 1
    with pytest.raises(TooLongError, match="4097"):
        split(Rich("😀" * 2048 + "a"))


def test_split_names_what_cannot_fit() -> None:
    """The error tells a code block from a paragraph, and how it begins."""
    with pytest.raises(TooLongError, match="code block that begins with `x = 1`") as caught:
        split("words\n\n" + pre("x = 1\n" * 10, "python"), 50)
    assert caught.value.is_code
    with pytest.raises(TooLongError, match="paragraph that begins with `word") as caught:
        split(Rich("word " * 20), 50)
    assert not caught.value.is_code


def test_nothing_is_split_into_nothing() -> None:
    """An empty text makes no message."""
    assert split(Rich(" \n\n ")) == []


def test_a_moment_stands_alone() -> None:
    """It carries its time and form, keeps them in joined texts, and nothing overlaps it but a quote or a style."""
    moment = date_time("Mon 18:00", 1_772_470_800)
    rich = Rich.join("\n", ["🎉", bold("At " + moment), link(moment, URL)])
    found = [each.as_json() for each in rich.entities]
    assert {
        "type": "date_time",
        "offset": 6,
        "length": 9,
        "unix_time": 1_772_470_800,
        "date_time_format": "wDt",
    } in found
    assert [each["type"] for each in found] == ["bold", "date_time", "text_link"]
