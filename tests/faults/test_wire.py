"""Whatever the Bot API server answers to any call, the conversation goes on: every fault at every method."""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from bot import chat
from bot.chat.intake import Intake
from bot.chat.request import AiohttpRequest
from bot.preview.directory import GROUP_ID
from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.faults.outside import bot_on, telegram
from tests.patience import until
from tests.person import ADA, Person
from tests.talk.questions import LESSON

STEPS = [step["title"] for step in LESSON["steps"]]
NEVER_S = 3600.0
BARE_429 = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
BARE_500 = {"ok": False, "error_code": 500, "description": "Internal Server Error"}
PAGE = "<html><h1>502 Bad Gateway</h1></html>"
FAULTS: Mapping[str, Fault] = {
    "429 with retry_after": Fault.flood(1),
    "429 without retry_after": Fault(status=429, body=BARE_429),
    "429 of a proxy": Fault(status=429, body=PAGE),
    "500": Fault(status=500, body=BARE_500),
    "502 with HTML": Fault(status=502, body=PAGE),
    "503 without a body": Fault(status=503, body=""),
    "504 of a gateway": Fault(status=504, body=PAGE),
    "a 200 that is cut": Fault(status=200, body='{"ok": true, "result": {"mess'),
    "a reset before it was done": Fault(drop="before"),
    "a reset after it was done": Fault(drop="after"),
    "an answer that never comes": Fault(delay_s=NEVER_S, drop="before"),
}
POLLING = {
    "getMe", "deleteWebhook", "getUpdates", "setMyCommands", "setMyDescription", "setMyShortDescription",
    "sendMessage", "editMessageText", "editMessageReplyMarkup", "answerCallbackQuery", "sendPhoto",
    "sendDocument", "getChatMember", "getChat",
}  # fmt: skip


WEBHOOK = {"setWebhook"}
WHISPERS = {"deleteEphemeralMessage", "deleteMessage"}  # their faults: tests/talk/test_post_whispers.py
NAMED = re.compile(r'"((?:get|set|send|edit|answer|delete|stop|pin|unpin|leave|ban|approve|create)[A-Z]\w+)"')


class Once:
    """Has the first call of each method go wrong; `hit`: whose did."""

    def __init__(self, server: LocalTelegram, fault: Fault) -> None:
        self.hit: set[str] = set()
        self._fault = fault
        server.faults = self

    def __call__(self, method: str, _: dict[str, str]) -> Fault | None:
        """The fault for a method's first call."""
        if method in self.hit:
            return None
        self.hit.add(method)
        return self._fault

    async def at(self, method: str, act: Callable[[], Awaitable[object]]) -> None:
        """Act until the fault was met, then once more: what may have been done is not said twice, so ask again."""
        await act()
        await until(lambda: method in self.hit)
        await act()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs of a test; and no tap is ever too old, however busy the machine is."""
    for init, name, value in (
        (AiohttpRequest.__init__, "read_timeout_s", 0.5),
        (Intake.__init__, "poll_timeout_s", 1),
    ):
        assert init.__kwdefaults__ and name in init.__kwdefaults__
        monkeypatch.setitem(init.__kwdefaults__, name, value)
    monkeypatch.setattr("bot.chat.intake.READ_MARGIN_S", 0.2)
    monkeypatch.setattr("bot.chat.deliver.TOO_OLD_S", NEVER_S)


def test_no_method_is_left_out() -> None:
    """Every method that the bot's source names is one whose first call goes wrong below: a new one needs its fault."""
    sources = (file.read_text(encoding="utf-8") for file in Path(chat.__file__).parent.glob("*.py"))
    named = {method for source in sources for method in NAMED.findall(source)}
    assert named <= POLLING | WEBHOOK | WHISPERS


SLOW = "an answer that never comes"  # half a second for each of thirteen methods
MARKED = [pytest.param(name, marks=pytest.mark.process) if name == SLOW else name for name in FAULTS]


@pytest.mark.parametrize("name", MARKED)
async def test_every_fault_at_every_method(name: str, tmp_path: Path, impatient: None) -> None:
    """The first call of each method goes wrong: every button still works, every word comes when it is asked for."""
    async with telegram() as server:
        once = Once(server, FAULTS[name])
        async with bot_on(server.url, tmp_path):
            ada = Person(server)
            await once.at("sendMessage", lambda: ada.send("/help"))
            await ada.says("/progress")
            await read_and_ask(ada, once)
            await train_and_export(ada, once)
            await post(server, once)
            await once.at("getChat", lambda: ada.send(f"/post {LESSON['id']} @daily_local"))
            await ada.says("When?")
            await until(lambda: once.hit >= POLLING)


async def read_and_ask(ada: Person, once: Once) -> None:
    """A step, a question: answered taps, edits, buttons taken away."""
    await ada.send("/learn")
    await ada.says(STEPS[0])
    await ada.tap("Next")
    await ada.says(STEPS[1])
    await until(lambda: "editMessageReplyMarkup" in once.hit)
    await ada.send("/quiz")
    await ada.says("Question 1", button="A")
    await ada.tap("Hint")
    await ada.says("Hint 1")


async def train_and_export(ada: Person, once: Once) -> None:
    """A training with its picture, and a file."""
    await ada.send("/train")
    await ada.says("Lab:", button="Run")

    async def run() -> None:
        await ada.tap("Run: it learns")
        await ada.says("Loss before")

    await once.at("sendPhoto", run)
    await ada.says("Top: the line")
    await once.at("sendDocument", lambda: ada.send("/export"))
    await ada.says("Everything stored")


async def post(server: LocalTelegram, once: Once) -> None:
    """A post in a group: whether its author is in charge was asked of a failing server."""
    ada = Person(server, ADA, chat=GROUP_ID)
    await ada.send(f"/post {LESSON['id']}")
    shown = await ada.says(button="A")
    assert (await ada.tap("A", message=shown)).show_alert
    await ada.says("1 answered")


@pytest.mark.parametrize("name", ["429 with retry_after", "502 with HTML", "a reset after it was done"])
async def test_a_fault_while_the_webhook_is_set(name: str, tmp_path: Path, impatient: None) -> None:
    """It is set in the end, and what comes that way is answered."""
    async with telegram() as server:
        once = Once(server, FAULTS[name])
        async with bot_on(server.url, tmp_path, webhook=True):
            assert {"getMe", "setWebhook"} <= once.hit
            ada = Person(server)
            await once.at("sendMessage", lambda: ada.send("/help"))
            await ada.says("/progress")
