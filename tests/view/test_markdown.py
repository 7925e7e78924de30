"""Markdown to rich text: what lesson prose may hold, and that any text at all renders."""

import json
import re

import pytest
import tdjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.view.markdown import MAX_CHARS, render
from bot.view.rich import EntityType, Rich
from tests.view.test_rich import assert_valid, kept_by_telegram


def spans(rich: Rich) -> list[tuple[str, str]]:
    """Each entity's type and words."""
    units = rich.text.encode("utf-16-le")
    return [
        (str(each.type), units[2 * each.offset : 2 * each.end].decode("utf-16-le")) for each in rich.entities
    ]


@pytest.mark.parametrize(
    ("markdown", "text", "entities"),
    [
        ("**bold** and *italic*", "bold and italic", [("bold", "bold"), ("italic", "italic")]),
        ("***both***", "both", [("bold", "both"), ("italic", "both")]),
        ("**a *b* c**", "a b c", [("bold", "a b c"), ("italic", "b")]),
        ("use `w -= r*g`", "use w -= r*g", [("code", "w -= r*g")]),
        ("**a `b` c**", "a b c", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ("||hidden||", "hidden", [("spoiler", "hidden")]),
        ("x||a **b**||y", "xa by", [("spoiler", "a b"), ("bold", "b")]),
        (
            "||the loss is `4.0`|| `here`",
            "the loss is 4.0 here",
            [("spoiler", "the loss is 4.0"), ("code", "here")],
        ),
        ("||**`4.0`**||", "4.0", [("bold", "4.0"), ("spoiler", "4.0")]),
        ("a || b || c", "a || b || c", []),
        (r"\||a\||", "||a||", []),
        ("`a||b` and ||c", "a||b and ||c", [("code", "a||b")]),
        ("[TF](https://www.tensorflow.org/)", "TF", [("text_link", "TF")]),
        ("[a `b`](https://a.org)", "a b", [("text_link", "a b")]),
        ("[||a||](https://a.org)", "a", [("text_link", "a"), ("spoiler", "a")]),
        ("<https://a.org>", "https://a.org", [("text_link", "https://a.org")]),
        ("[chat](tg://resolve?domain=x)", "chat", [("text_link", "chat")]),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))", []),
        (
            "[x](file.html) [y](http://) [z](http://localhost/)",
            "[x](file.html) [y](http://) [z](http://localhost/)",
            [],
        ),
        ("![plot](https://a.org/b.png)", "![plot](https://a.org/b.png)", []),
        ("<b>x</b> &lt; <!-- y -->", "<b>x</b> &lt; <!-- y -->", []),
        ("<div>\n*a*\n</div>", "<div> a </div>", [("italic", "a")]),
        ("[a]: https://a.org\n\n[a]", "[a]: https://a.org\n\n[a]", []),
        ("a ~~b~~ __c__", "a ~~b~~ c", [("bold", "c")]),
        ("one\ntwo  \nthree\\\nfour", "one two\nthree\nfour", []),
        ("# Title\n\nText", "Title\n\nText", [("bold", "Title")]),
        ("a\n\n---\n\nb", "a\n\n———\n\nb", []),
        (
            "- a\n- **b**\n  - c\n    - d\n      - e",
            "• a\n• b\n   ◦ c\n      ▪ d\n         ▪ e",
            [("bold", "b")],
        ),
        ("3. a\n7. b\n\n1) c", "3. a\n4. b\n\n1) c", []),
        ("- a\n\n  more\n- b", "• a\n   more\n• b", []),
        ("- ```\n  x\n  ```", "•\nx", [("pre", "x")]),
        ("-4.0 and 0.0", "-4.0 and 0.0", []),
        ("> a\n> > b\n\nc", "a\n\nb\n\nc", [("blockquote", "a\n\nb")]),
        ("> `a`\n>\n> **b**", "a\n\nb", [("blockquote", "a\n\nb"), ("code", "a"), ("bold", "b")]),
        ("```python\n  a = 1\n\nb = 2\n```", "  a = 1\n\nb = 2", [("pre", "  a = 1\n\nb = 2")]),
        ("~~~\na\n~~~", "a", [("pre", "a")]),
        ("```\n```", "", []),
        ("[e]() [**f**]( )", "[e]() [f]()", [("bold", "f")]),
        ("||||", "||||", []),
        ("|||a||| ||b ||c|| d||", "|||a||| b c d", [("spoiler", "b c d")]),
        ("", "", []),
    ],
)
def test_what_prose_may_hold(markdown: str, text: str, entities: list[tuple[str, str]]) -> None:
    """Each construct becomes this text with these entities."""
    rich = render(markdown)
    assert rich.text == text
    assert spans(rich) == entities
    assert_valid(rich)


def test_code_block_has_its_language() -> None:
    """The word behind the fence is the language; without one there is none."""
    assert render("```python title\nx\n```").entities[0].language == "python"
    assert render("```\nx\n```").entities[0].language is None


def test_link_has_its_address() -> None:
    """Addresses go out encoded."""
    (entity,) = render("[a](<https://a.org/b c>)").entities
    assert (entity.type, entity.url) == (EntityType.TEXT_LINK, "https://a.org/b%20c")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.org:0/",
        "https://a.org:/",
        "https://a.org:99999/",
        "https://a.org:abc/",
        "https://a@b@c.org/",
        "tg://*",
        "tg://",
    ],
)
def test_an_address_that_telegram_drops_is_no_link(address: str) -> None:
    """It stays as typed, so that its reader sees where it wanted to go."""
    assert render(f"[a]({address})") == Rich(f"[a]({address})")
    request = {
        "@type": "parseTextEntities",
        "text": f'<a href="{address}">a</a>',
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    assert answer["entities"] == []


# Short pieces that mean something to the parser, put together at random.
PIECES = [
    "*",
    "**",
    "_",
    "`",
    "```",
    "||",
    "|",
    "[",
    "]",
    "(",
    ")",
    "](https://a.org)",
    "]()",
    "!",
    "<",
    ">",
    "> ",
    "- ",
]
PIECES += [
    "1. ",
    "# ",
    "\n",
    "\n\n",
    "    ",
    " ",
    "\t",
    "\\",
    "&amp;",
    "a",
    "b c",
    "é",
    "😀",
    "\u200b",
    "---\n",
    "~~~\n",
]
MESSY = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None)
@given(st.one_of(MESSY, st.text(max_size=200)))
def test_any_text_renders_to_valid_entities(markdown: str) -> None:
    """Nothing raises, what comes out keeps Telegram's rules, and every link leads somewhere."""
    rich = render(markdown)
    assert_valid(rich)
    assert all(each.url for each in rich.entities if each.type is EntityType.TEXT_LINK)


@settings(deadline=None)
@given(MESSY)
def test_no_word_is_lost(markdown: str) -> None:
    """Every letter outside a link's address or a code block's first line is shown, in order."""
    shown = re.findall(r"[abcé😀]", render(markdown).text.replace("https://a.org", ""))
    typed = re.sub(r"(?m)(```|~~~).*$", "", markdown.replace("https://a.org", "").replace("&amp;", ""))
    letters = iter(shown)
    assert all(letter in letters for letter in re.findall(r"[abcé😀]", typed))


@settings(deadline=None)
@given(MESSY)
def test_rendered_text_needs_no_putting_right(markdown: str) -> None:
    """Telegram's own library keeps the entities of rendered prose."""
    rich = render(re.sub("[\\[\\]\u200b|~]", "", markdown))  # what parseMarkdown would read once more
    if rich and not set(rich.text) & set("*_`|~[]\t"):
        kept = kept_by_telegram(rich)
        assert kept.text == rich.text


def test_prose_beyond_bounds_is_shown_as_typed() -> None:
    """Text too long, or nested too deeply, loses nothing but its markup."""
    long = "**a** " * MAX_CHARS
    assert render(long) == Rich(long.strip())
    deep = "> " * 60 + "**a**"
    assert render(deep) == Rich(deep)
    brackets = "**a**" + "[" * 1_001
    assert render(brackets) == Rich(brackets)


@pytest.mark.parametrize(
    "piece", ["[", "*a ", "||", "> ", "- ", "`", "![", "**a *", "<", "[a](<b", "\\", "a\n-\n"]
)
def test_hostile_prose_renders(piece: str) -> None:
    """No repetition makes the parser hang or recurse too deeply."""
    assert_valid(render((piece * MAX_CHARS)[:MAX_CHARS]))
