"""Lesson prose, Markdown to rich text.

Law: no text is lost and none is executed. What is not Markdown to us (raw HTML, images, other schemes' links,
character references, definitions of references) is shown as typed; any text at all renders. Only the title of
a link and what follows the language of a code block are not shown.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from bot.view.rich import Entity, EntityType, Rich, blockquote, bold, plain, pre, tidy, utf16_len

MAX_CHARS = 20_000  # more is no prose of a lesson
_MAX_NESTING = 30  # blocks within blocks; the parser drops what lies deeper
_MAX_BRACKETS = 1_000  # each `[` makes the parser look through the rest of the text
_INDENT = "   "
_BULLETS = "•◦▪"
_RULE = "———"
_BAR = "|"
_HOST = re.compile(r"[^.\s]+(\.[^.\s]+)+")  # Telegram refuses hosts without a dot
_TG_HOST = re.compile(r"[\w-]+", re.ASCII)


@lru_cache(maxsize=2048)  # the prose of some dozen lessons: every tap shows texts that were shown before
def render(markdown: str) -> Rich:
    """The text with its entities; one too long, too deeply nested or all brackets comes back as it was typed."""
    typed = plain(markdown).strip()
    if len(markdown) > MAX_CHARS or markdown.count("[") > _MAX_BRACKETS:
        return typed
    tokens = _parser().parse(markdown)
    if any(token.level >= _MAX_NESTING - 2 for token in tokens):
        return typed
    return _joined(_blocks(iter(tokens))).strip()


class _Parser(MarkdownIt):
    """CommonMark without HTML, images or references, with spoilers."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
        self.disable(["entity", "html_block", "html_inline", "reference"])
        self.inline.add_terminator_char(_BAR)
        self.inline.ruler.after("emphasis", "spoiler", _mark_bars)
        self.inline.ruler2.after("balance_pairs", "spoiler", _pair_bars)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's hook
        """Whether Telegram takes this as the address of a link."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.scheme == "tg":
            return bool(_TG_HOST.fullmatch(parts.netloc))
        is_clear = port != 0 and not parts.netloc.endswith(":") and parts.netloc.count("@") <= 1
        return parts.scheme in ("http", "https") and is_clear and bool(_HOST.fullmatch(parts.hostname or ""))


@cache
def _parser() -> _Parser:
    return _Parser()


def _mark_bars(state: StateInline, silent: bool) -> bool:
    """Take a run of bars; two of them open a spoiler before a word and close one behind a word."""
    if silent or state.src[state.pos] != _BAR:
        return False
    start, stop = state.pos, state.pos + state.scanDelims(state.pos, True).length
    mark = state.push("text", "", 0)
    mark.content = state.src[start:stop]
    state.pos = stop
    if stop - start == 2:
        opens = not state.src[stop : stop + 1].isspace() and stop < state.posMax
        closes = start > 0 and not state.src[start - 1].isspace()
        token = len(state.tokens) - 1
        state.delimiters.append(
            Delimiter(marker=ord(_BAR), length=0, token=token, end=-1, open=opens, close=closes)
        )
    return True


def _pair_bars(state: StateInline) -> None:
    """Make spoilers of the pairs that were balanced, at the top and within links."""
    for delimiters in (state.delimiters, *(meta["delimiters"] for meta in state.tokens_meta if meta)):
        for opening in delimiters:
            if opening.marker == ord(_BAR) and opening.end != -1:
                _name(state.tokens[opening.token], "spoiler_open", 1)
                _name(state.tokens[delimiters[opening.end].token], "spoiler_close", -1)


def _name(token: Token, kind: str, nesting: Literal[1, -1]) -> None:
    token.type, token.nesting, token.content = kind, nesting, ""


class _Block(NamedTuple):
    """One block; `is_words`: it stands in a line, after the mark of a list."""

    is_words: bool
    rich: Rich


def _blocks(tokens: Iterator[Token], *, depth: int = 0, until: str = "") -> list[_Block]:
    """The blocks up to the token that closes their container; `depth` counts the lists around them."""
    found: list[_Block] = []
    for token in tokens:
        if token.type == until:
            break
        block = _block(token, tokens, depth)
        if block.rich:
            found.append(block)
    return found


def _block(token: Token, tokens: Iterator[Token], depth: int) -> _Block:
    match token.type:
        case "inline":
            return _Block(True, _inline(token.children or []))
        case "heading_open":
            return _Block(True, bold(_joined(_blocks(tokens, until="heading_close"))))
        case "fence" | "code_block":
            language = (token.info.split() or [""])[0]
            return _Block(False, pre(token.content.rstrip(), language))
        case "blockquote_open":
            return _Block(False, blockquote(_joined(_blocks(tokens, until="blockquote_close"))))
        case "bullet_list_open" | "ordered_list_open":
            return _Block(False, _list(token, tokens, depth))
        case _:  # a rule; or the beginning or end of a paragraph, whose words come in a token of their own
            return _Block(True, Rich(_RULE if token.type == "hr" else ""))


def _joined(blocks: list[_Block]) -> Rich:
    return Rich.join("\n\n", [block.rich for block in blocks])


def _list(opening: Token, tokens: Iterator[Token], depth: int) -> Rich:
    """A line or more for each item; lists inside it are set in."""
    first = int(opening.attrs.get("start", 1))
    bullet = _BULLETS[min(depth, len(_BULLETS) - 1)]
    items: list[Rich] = []
    for token in tokens:
        if token.type != "list_item_open":
            break
        number = first + len(items)
        mark = bullet if opening.type == "bullet_list_open" else f"{number}{opening.markup}"
        blocks = _blocks(tokens, depth=depth + 1, until="list_item_close")
        items.append(_item(mark, blocks, depth))
    return Rich.join("\n", items)


def _item(mark: str, blocks: list[_Block], depth: int) -> Rich:
    """An item: its words after its mark, what else it holds on lines below."""
    item = Rich(_INDENT * depth + mark)
    for place, block in enumerate(blocks):
        gap = "\n" + _INDENT * (depth + 1) if place else " "
        item += Rich.join(gap if block.is_words else "\n", ["", block.rich])
    return item


_STYLES = {
    "strong": EntityType.BOLD,
    "em": EntityType.ITALIC,
    "spoiler": EntityType.SPOILER,
    "link": EntityType.TEXT_LINK,
}


def _inline(tokens: list[Token]) -> Rich:
    """The words of one paragraph; without recursion, since styles nest as deep as an author likes."""
    text, offset = "", 0
    entities: list[Entity] = []
    opened: list[tuple[int, Token]] = []
    for token in tokens:
        if token.nesting == 1:
            opened.append((offset, token))
            if _leads_nowhere(token):
                text, offset = text + "[", offset + 1
            continue
        if token.nesting == -1:
            start, opening = opened.pop()
            if _leads_nowhere(opening):
                text, offset = text + "]()", offset + 3
                continue
            kind = _STYLES[opening.type.removesuffix("_open")]
            url = str(opening.attrs["href"]) if kind is EntityType.TEXT_LINK else None
            entities.append(Entity(type=kind, offset=start, length=offset - start, url=url))
            continue
        words = _words(token)
        # Telegram knows no code within a spoiler: what was to be hidden stays hidden
        hidden = any(opening.type == "spoiler_open" for _, opening in opened)
        if token.type == "code_inline" and not hidden:
            entities.append(Entity(type=EntityType.CODE, offset=offset, length=utf16_len(words)))
        text += words
        offset += utf16_len(words)
    return tidy(text, entities)


def _leads_nowhere(token: Token) -> bool:
    """Whether this opens a link without an address, which the parser takes and Telegram refuses."""
    return token.type == "link_open" and not token.attrs["href"]


def _words(token: Token) -> str:
    if token.type == "softbreak":
        return " "  # a paragraph flows: its lines are the author's, not the reader's
    if token.type == "hardbreak":
        return "\n"
    return f"![{token.content}]({token.attrs['src']})" if token.type == "image" else token.content
