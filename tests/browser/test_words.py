"""What is written on the page: text stays text, entities cover the right letters, code can be copied."""

import pytest

from tests.browser.chromium import ChatPage, needs_chromium
from tests.browser.scripted import ScriptedBot, span

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="session")]

ADA = 101
MARKUP = (
    '<img src=x onerror="window.broken=1"><b>bold</b><script>window.broken=1</script>&amp; *a* _b_ [c](d)'
)


async def shown(chat: ChatPage, selector: str) -> list[str]:
    """The texts of the elements that `selector` finds in the messages."""
    return await chat.page.locator(f".text {selector}").all_inner_texts()


async def test_markup_is_shown_as_it_was_typed(bot: ScriptedBot, chat: ChatPage) -> None:
    """Tags in a text, a button, a name of a file and a person's own words never become elements."""
    await bot.say(ADA, MARKUP, [MARKUP[:40]])
    await bot.file(ADA, "<img src=x onerror=1>.json", {})
    await chat.wait_text(MARKUP)
    await chat.send(MARKUP)
    heard = await bot.heard()
    assert heard["text"] == MARKUP
    assert await chat.page.locator("#scroll img, #scroll script, .text b").count() == 0
    assert await chat.button("<img").inner_text() == MARKUP[:40]
    assert await chat.page.evaluate("window.broken") is None


async def test_entities_cover_the_right_letters_beside_emoji(bot: ScriptedBot, chat: ChatPage) -> None:
    """Offsets count UTF-16 units: emoji outside the basic plane take two, families more."""
    text = "👩‍🚀🎉 bold and 🧪italic, both at once, x = 1 and struck"
    entities = [
        span(text, "🎉 bold", "bold"),
        span(text, "🧪italic", "italic"),
        span(text, "both at once", "bold"),
        span(text, "at once", "underline"),
        span(text, "x = 1", "code"),
        span(text, "struck", "strikethrough"),
    ]
    await bot.say(ADA, text, entities=entities)
    await chat.wait_text("struck")
    assert (
        "".join(await shown(chat, "strong")) == "🎉 boldboth at once"
    )  # Telegram splits the second at the underline
    assert await shown(chat, "em") == ["🧪italic"]
    assert await shown(chat, "strong u") == ["at once"]
    assert await shown(chat, "code") == ["x = 1"]
    assert await shown(chat, "s") == ["struck"]
    assert text in await chat.text()


async def test_overlapping_entities_keep_every_letter_once(chat: ChatPage) -> None:
    """A server may not send them, but the page still cuts them cleanly: blocks and spoilers stay whole."""
    spans = [
        {"type": "bold", "offset": 0, "length": 6},
        {"type": "italic", "offset": 4, "length": 6},
        {"type": "pre", "offset": 8, "length": 4},
        {"type": "unheard_of", "offset": 1, "length": 2},
        {"type": "bold", "offset": 11, "length": 99},
    ]
    script = """async spans => {
        const { rich } = await import("/parts/entities.js");
        const box = document.createElement("div");
        box.append(rich("0123456789abcd", spans, {}));
        box.querySelectorAll(".code-head").forEach(node => node.remove());
        const all = tag => [...box.querySelectorAll(tag)].map(node => node.textContent);
        return [box.textContent, ...["strong", "em", "pre"].map(all)];
    }"""
    text, bold, italic, pre = await chat.page.evaluate(script, spans)
    assert text == "0123456789abcd"
    assert bold == ["012345"]
    assert "".join(italic) == "456789"
    assert pre == ["89ab"]


async def test_code_is_copied_to_the_letter(bot: ScriptedBot, chat: ChatPage) -> None:
    """The Copy button puts exactly the code on the clipboard, and says so."""
    code = "for step in range(3):\n    print(f'{step}', \"a\")  # 𝛁 loss\n"
    text = f"Look:\n{code}That was it."
    await bot.say(ADA, text, entities=[span(text, code, "pre", language="python")])
    await chat.wait_text("That was it.")
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert (await shown(chat, ".code-head span")) == ["python"]
    await chat.page.get_by_role("button", name="Copy python").click()
    await chat.page.get_by_role("button", name="Copied").wait_for()
    assert await chat.page.evaluate("navigator.clipboard.readText()") == code


async def test_a_spoiler_opens_on_a_tap_and_is_not_read_aloud(bot: ScriptedBot, chat: ChatPage) -> None:
    """Before: hidden from eyes and ears; after: text like any other."""
    text = "The answer is B, of course"
    await bot.say(ADA, text, entities=[span(text, "B", "spoiler")])
    await chat.wait_text("The answer is")
    cover = chat.page.get_by_role("button", name="Hidden text")
    assert await cover.locator("[inert]").count() == 1
    assert await chat.page.locator("#aloud").inner_text() == "Nabla: The answer is (hidden text), of course"
    await cover.press("Enter")
    assert await cover.count() == 0
    assert await chat.page.locator(".spoiler.open").inner_text() == "B"


async def test_a_long_quote_unfolds(bot: ScriptedBot, chat: ChatPage) -> None:
    """An expandable quote shows three lines and a button; a short one shows no button."""
    long = "taste, change, taste again. " * 40
    await bot.say(ADA, long, entities=[span(long.strip(), long.strip(), "expandable_blockquote")])
    await bot.say(ADA, "short", entities=[span("short", "short", "expandable_blockquote")])
    more = chat.page.get_by_role("button", name="Show more")
    folded = await chat.page.locator(".fold").first.bounding_box()
    await more.click()
    unfolded = await chat.page.locator(".fold").first.bounding_box()
    assert folded and unfolded and unfolded["height"] > 3 * folded["height"]
    assert await chat.page.get_by_role("button", name="Show less").count() == 1


async def test_other_links_open_outside_and_carry_nothing(bot: ScriptedBot, chat: ChatPage) -> None:
    """A web link is an anchor with noopener noreferrer; an address with a script in it is no link at all."""
    text = "docs https://example.org/a"
    entities = [
        span(text, "docs", "text_link", url="https://www.tensorflow.org/"),
        span(text, "https://example.org/a", "url"),
    ]
    await bot.say(ADA, text, entities=entities)
    await chat.wait_text("docs")
    links = chat.page.locator(".text a")
    assert [await links.nth(place).get_attribute("href") for place in range(2)] == [
        "https://www.tensorflow.org/",
        "https://example.org/a",
    ]
    assert await links.first.get_attribute("rel") == "noopener noreferrer"
    assert await links.first.get_attribute("target") == "_blank"
    script = """async () => {
        const { destination } = await import("/parts/links.js");
        const addresses = ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "", "https://"];
        return addresses.map(address => destination(address, "bot"));
    }"""
    assert await chat.page.evaluate(script) == [None] * 5
