"""Drives the chat page in headless Chromium as a person does; keeps what it asked for and complained of.

Other tests build on it:

    async with chromium() as browser, open_chat(browser, telegram.url, screen=PHONE) as chat:
        await chat.send("/start")
        await chat.wait_text("Hello")
        await chat.tap("Start")
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def executable() -> str | None:
    """The browser's path, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def missing() -> str | None:
    """What is not installed of the two parts a browser test needs, as a reason to skip."""
    if find_spec("playwright") is None:
        return "the chat page was not driven in a browser: the package playwright is not installed"
    if executable() is None:
        return "the chat page was not driven in a browser: no Chromium was found"
    return None


needs_chromium = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Width and height in CSS pixels, colours, and whether a finger or a mouse points."""

    width: int = 1280
    height: int = 800
    dark: bool = False
    touch: bool = False


DESK = Screen()
DESK_DARK = Screen(dark=True)
PHONE = Screen(width=390, height=844, touch=True)
PHONE_DARK = Screen(width=390, height=844, dark=True, touch=True)
SMALL = Screen(width=360, height=640, touch=True)


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """A browser without a window; one serves many tests."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - without it the tests are skipped by name

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def open_chat(
    browser: "Browser",
    url: str,
    *,
    screen: Screen = DESK,
    person: int = 101,
    group: int | None = None,
    topic: int | None = None,
    zone: str | None = None,
) -> AsyncIterator["ChatPage"]:
    """The page as one of the three people, in the private chat, a group or its topic, with empty storage.

    `zone` is where the reader sits, such as `Asia/Tokyo`.
    """
    context = await browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme="dark" if screen.dark else "light",
        has_touch=screen.touch,
        is_mobile=screen.touch,
        reduced_motion="reduce",  # nothing moves by itself, so that places can be compared
        timezone_id=zone,
    )
    chat = ChatPage(page=await context.new_page())
    chat.watch()
    await chat.page.goto(f"{url}/#" + "/".join(str(part) for part in (person, group, topic) if part))
    await chat.page.locator(".log").wait_for()
    yield chat
    await context.close()


@dataclass(kw_only=True)
class ChatPage:
    """One open page; `requests` are all addresses it asked for, `complaints` all it wrote to the console."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keeps requests, websockets, console warnings and uncaught errors."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type in {"error", "warning"} else None,
        )

    async def send(self, text: str) -> None:
        """Writes and presses Send, so that an open command menu does not change the words."""
        await self.page.locator("#words").fill(text)
        await self.page.locator("#send").click()

    async def tap(self, label: str) -> None:
        """Presses the newest inline button whose label starts with `label`."""
        await self.button(label).click()

    def button(self, label: str) -> "Locator":
        """The newest inline button whose label starts with `label`."""
        return self.page.locator(".key").filter(has_text=re.compile("^" + re.escape(label))).last

    def message(self, words: str) -> "Locator":
        """The newest message that contains the words."""
        return self.page.locator(".message").filter(has_text=words).last

    async def wait_text(self, words: str, *, timeout_s: float = 30) -> str:
        """Waits until the chat in view shows the words; returns all it shows, as a reader sees it."""
        await self.page.wait_for_function(
            "words => document.getElementById('scroll').innerText.includes(words)",
            arg=words,
            timeout=timeout_s * 1000,
        )
        return await self.text()

    async def text(self) -> str:
        """All that the chat in view shows, as a reader sees it."""
        return await self.page.locator("#scroll").inner_text()

    async def be(self, name: str) -> None:
        """Becomes Ada, Blaise or Chen."""
        await self.page.get_by_role("button", name=f"Be {name}").click()

    async def overflow_px(self) -> int:
        """How far the page, or the chat in it, is wider than its place; 0 when all fits."""
        script = "[document.documentElement, document.getElementById('scroll')].map(n => n.scrollWidth - n.clientWidth)"
        return int(max(await self.page.evaluate(script)))

    async def screenshot(self, path: Path) -> None:
        """The whole window as a PNG, after moving parts have come to rest."""
        await self.page.screenshot(path=path, animations="disabled")
