"""Texts with entities: TDLib itself is the authority, offline."""

import json
from itertools import pairwise
from typing import Any

import pytest
import tdjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.preview.entities import CODES, STYLES, Entity, Formatted, Kind, utf16_length
from bot.preview.found import found_in
from bot.preview.refusals import Refused
from bot.preview.tidying import tidy, with_found

TDLIB_NAMES = {
    Kind.BOLD: "Bold",
    Kind.ITALIC: "Italic",
    Kind.UNDERLINE: "Underline",
    Kind.STRIKETHROUGH: "Strikethrough",
    Kind.SPOILER: "Spoiler",
    Kind.BLOCKQUOTE: "BlockQuote",
    Kind.EXPANDABLE_BLOCKQUOTE: "ExpandableBlockQuote",
    Kind.CODE: "Code",
    Kind.PRE: "Pre",
    Kind.TEXT_LINK: "TextUrl",
    Kind.BOT_COMMAND: "BotCommand",
    Kind.MENTION: "Mention",
    Kind.HASHTAG: "Hashtag",
    Kind.CASHTAG: "Cashtag",
    Kind.URL: "Url",
    Kind.EMAIL: "EmailAddress",
}
MARKED = [
    kind
    for kind in TDLIB_NAMES
    if kind in (*STYLES, *CODES) or "quote" in kind.value or kind is Kind.TEXT_LINK
]
Plain = list[tuple[Kind, int, int]]


@pytest.fixture(scope="module", autouse=True)
def _quiet_tdlib() -> None:
    _ask({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    return answer


def _by_tdlib(text: str, entities: list[Entity]) -> str | tuple[str, Plain]:
    """Have TDLib check and repair a text; its words if it refuses. It does not trim the text here."""
    given = [
        {
            "@type": "textEntity",
            "offset": entity.offset,
            "length": entity.length,
            "type": {"@type": f"textEntityType{TDLIB_NAMES[entity.kind]}", "url": "http://example.com/"},
        }
        for entity in entities
    ]
    formatted = {"@type": "formattedText", "text": text, "entities": given}
    answer = _ask({"@type": "parseMarkdown", "text": formatted})
    if answer["@type"] == "error":
        return str(answer["message"])
    return answer["text"], _read(answer["entities"])


def _by_us(text: str, entities: list[Entity]) -> str | tuple[str, Plain]:
    try:
        ours = tidy(text, entities, trim=False)
    except Refused as refused:
        words = refused.description.removeprefix("Bad Request: ")
        return words[0].upper() + words[1:]
    return ours.text, _plain(ours)


def _read(entities: list[dict[str, Any]]) -> Plain:
    kinds = {f"textEntityType{name}": kind for kind, name in TDLIB_NAMES.items()}
    return [(kinds[entity["type"]["@type"]], entity["offset"], entity["length"]) for entity in entities]


def _plain(formatted: Formatted) -> Plain:
    return [(entity.kind, entity.offset, entity.length) for entity in formatted.entities]


TEXTS = st.text(alphabet="ab \n\r\t😀é\u202e", min_size=1, max_size=12).filter(
    lambda text: text.strip(" \n\r\t\u202e")
)


@st.composite
def marked_texts(draw: st.DrawFn, *, most: int = 5, beyond: int = 2) -> tuple[str, list[Entity]]:
    """Make a text with some entities; a few of them lie wrong."""
    text = draw(TEXTS)
    bounds = st.integers(min_value=0, max_value=utf16_length(text) + beyond)
    entity = st.builds(
        lambda kind, offset, length: Entity(kind=kind, offset=offset, length=length),
        st.sampled_from(MARKED),
        bounds,
        bounds,
    )
    return text, draw(st.lists(entity, max_size=most))


@settings(max_examples=600, deadline=None)
@given(marked_texts())
def test_repairs_like_tdlib(case: tuple[str, list[Entity]]) -> None:
    """Whatever is sent, TDLib and the local Telegram keep or refuse the same."""
    text, entities = case
    theirs = _by_tdlib(text, entities)
    ours = _by_us(text, entities)
    if isinstance(theirs, str) and len(entities) > 1:  # which of several faults is named first is free
        assert isinstance(ours, str)
    else:
        assert ours == theirs


@settings(max_examples=300, deadline=None)
@given(marked_texts(beyond=0))
def test_what_is_kept_is_well_formed(case: tuple[str, list[Entity]]) -> None:
    """A kept text has no white space at its ends, and its entities nest within it; keeping it again changes nothing."""
    try:
        kept = tidy(*case)
    except Refused:
        return
    units = utf16_length(kept.text)
    assert kept.text == kept.text.strip(" \n")
    for entity in kept.entities:
        assert 0 <= entity.offset < entity.end <= units
    for outer, inner in pairwise(kept.entities):
        assert inner.offset >= outer.end or inner.end <= outer.end
    assert tidy(kept.text, kept.entities) == kept


def test_both_ends_are_trimmed_and_entities_with_them() -> None:
    """Spaces at the ends go, and what marked them is clipped or goes too."""
    bold = Entity(kind=Kind.BOLD, offset=0, length=9)
    lost = Entity(kind=Kind.ITALIC, offset=7, length=2)
    kept = tidy("  two \n  ", [bold, lost])
    assert (kept.text, _plain(kept)) == ("two", [(Kind.BOLD, 0, 3)])


@pytest.mark.parametrize(
    ("offset", "length", "words"),
    [
        (-1, 1, "receive an entity with incorrect offset -1"),
        (0, -1, "receive an entity with incorrect length -1"),
        (100, 1, "entity begins after the end of the text at UTF-16 offset 100"),
        (0, 100, "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100"),
        (1, 1, "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        (0, 1, "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4"),
    ],
)
def test_bad_bounds_are_refused_in_telegrams_words(offset: int, length: int, words: str) -> None:
    """Bounds outside the text, or inside one emoji, are refused."""
    with pytest.raises(Refused) as caught:
        tidy("😀 hello", [Entity(kind=Kind.BOLD, offset=offset, length=length)])
    assert (caught.value.status, caught.value.description) == (400, f"Bad Request: {words}")


def test_text_that_is_no_utf8_is_refused() -> None:
    """Half a surrogate pair cannot be sent."""
    with pytest.raises(Refused, match="strings must be encoded in UTF-8"):
        tidy("\ud83d", [])


@pytest.mark.parametrize(
    "text",
    [
        "/start",
        "/learn first-lesson please",
        "see /help@nabla_local_bot, or/not <b>/this</b>",
        "😀 /quiz 😀 @somebody_here and a@b.com",
        "#loss and #1 and $USD, https://example.com/a?b=c. (http://example.org)",
        "3/4 of /a/b //x",
    ],
)
def test_finds_what_tdlib_finds(text: str) -> None:
    """Commands, mentions, tags and addresses are marked as Telegram marks them."""
    theirs = _read(_ask({"@type": "getTextEntities", "text": text})["entities"])
    assert [(entity.kind, entity.offset, entity.length) for entity in found_in(text)] == theirs


def test_found_entities_respect_code_and_links() -> None:
    """A command inside code stays code; beside it, it is found, and bold around it is cut to nest."""
    code = Entity(kind=Kind.CODE, offset=0, length=5)
    bold = Entity(kind=Kind.BOLD, offset=6, length=9)
    marked = tidy("/help /quiz now", [code, bold])
    assert _plain(with_found(marked, found_in(marked.text))) == [
        (Kind.CODE, 0, 5),
        (Kind.BOT_COMMAND, 6, 5),
        (Kind.BOLD, 6, 5),
        (Kind.BOLD, 11, 4),
    ]
