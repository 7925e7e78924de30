"""The log: no secret, and no word of a learner, whatever fails and whoever logs it."""

import asyncio
import io
import json
import logging
import re
import sqlite3
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.chat.webhook import web_app
from bot.cli.logs import (
    Discreet,
    counted_logs,
    hide,
    ids_in,
    kind_of,
    log_of_loop,
    secrets_of,
    set_up_logs,
)
from bot.config import read_settings
from bot.errors import StoreError
from bot.tally import RECORDS, Tally
from bot.tutor.tutor import Tutor
from tests.house import Running, running
from tests.person import Person

TOKEN = "123456:AAthe-secret-half_of-the-token"
SECRET = "s3cret-of-the-webhook"
PASSWORD = "pa55word"
PERSONAL = "my very private sentence"
SETTINGS = read_settings(
    {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "NABLA_WEBHOOK_URL": "https://bot.example/hook",
        "NABLA_WEBHOOK_SECRET": SECRET,
        "NABLA_DATABASE_URL": f"postgresql://user:{PASSWORD}@host/db",
    }
)
HIDDEN = (TOKEN, TOKEN.partition(":")[2], SECRET, PASSWORD)


class Screen(io.StringIO):
    """Standard error that may be a terminal; `text` is what was logged, whatever its form."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def lines(self) -> list[dict[str, Any]]:
        """The objects of a log for programs."""
        return [json.loads(line) for line in self.getvalue().splitlines()]

    @property
    def text(self) -> str:
        """As people read it."""
        if self.terminal:
            return self.getvalue()
        return "".join(
            "".join(f"{line.get(name, '')}\n" for name in ("level", "room", "event", "traceback"))
            for line in self.lines()
        )


@pytest.fixture(params=["terminal", "file"])
def output(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, unchanged: None
) -> Iterator[Screen]:
    """Standard error of a bot whose logs are set up, for people and for programs."""
    monkeypatch.setenv("TERM", "dumb")
    written = Screen(terminal=request.param == "terminal")
    monkeypatch.setattr(sys, "stderr", written)
    set_up_logs(SETTINGS)
    yield written
    for secret in HIDDEN:
        assert secret not in written.getvalue()


def fail(message: str) -> None:
    """Raise an error whose cause quotes the message too."""
    try:
        raise KeyError(message)
    except KeyError as cause:
        raise ValueError(f"no use for {message}") from cause


@pytest.mark.parametrize("secret", HIDDEN)
def test_secrets_are_taken_out_of_any_record(output: Screen, secret: str) -> None:
    """From text and arguments of any library."""
    library = logging.getLogger("some.library")
    library.warning("connecting to https://api/bot%s/getMe", secret)
    library.error(f"{secret} was refused")
    library.error("mapping %(token)s", {"token": secret})
    library.error("not a text: %s", [secret])
    assert output.text.count("[hidden]") == 4


def test_warnings_leave_through_the_log(capsys: pytest.CaptureFixture[str], unchanged: None) -> None:
    """Python would print them as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)  # pytest had put its own in place
        set_up_logs(SETTINGS)
        warnings.warn(f"{SECRET} is old", UserWarning, stacklevel=1)
    written = capsys.readouterr().err
    assert "[hidden] is old" in written
    assert SECRET not in written


def test_a_traceback_tells_kind_and_place_only(output: Screen) -> None:
    """All errors of the chain, with their frames; what they say may be a learner's words."""
    try:
        fail(f"{PERSONAL} {TOKEN}")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    text = output.text
    assert PERSONAL not in text
    assert text.index("\nKeyError\n") < text.index("\nValueError\n")
    assert text.count("in fail") == 2


NO_HTTP = (
    b"GARBAGE\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz",
)


@pytest.mark.parametrize("sent", NO_HTTP)
async def test_a_stranger_who_sends_no_http_fills_no_log(output: Screen, sent: bytes) -> None:
    """A public port hears such things all day: they get their 400, and the operator no traceback."""
    runner = web.AppRunner(web_app(routes=[]), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(sent)
        assert b" 400 Bad Request" in await reader.readline()
        writer.close()
        await writer.wait_closed()
    finally:
        await runner.cleanup()
    assert output.getvalue() == ""


def test_an_error_among_the_arguments_loses_its_words(output: Screen) -> None:
    """Libraries log errors so."""
    logging.getLogger("some.library").error(
        "aborted by %r, or %s", ValueError(PERSONAL), OSError(28, "No space")
    )
    assert "aborted by 'ValueError', or OSError: No space" in output.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("x.db: is damaged; restore a backup"), "StoreError: x.db: is damaged; restore a backup"),
        (FileNotFoundError(2, "No such file or directory", PERSONAL), "FileNotFoundError: No such file or directory"),
        (OSError(PERSONAL), "OSError"),
        (ModuleNotFoundError(PERSONAL, name="tensorflow"), "ModuleNotFoundError: tensorflow"),
        (ValueError(PERSONAL), "ValueError"),
        (ExceptionGroup(PERSONAL, [ValueError(PERSONAL), OSError(5, "I/O")]),
         "ExceptionGroup: ValueError, OSError: I/O"),
    ],
)  # fmt: skip
def test_an_error_keeps_the_words_that_are_ours_or_the_systems(error: Exception, told: str) -> None:
    """An operator must see why a disk or a module fails."""
    assert kind_of(error) == told


def test_errors_that_nobody_caught_leave_through_the_log(output: Screen) -> None:
    """Of the main thread, of other threads, of what was collected, of the event loop."""
    error = ValueError(PERSONAL)
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=fail, args=(PERSONAL,))
    thread.start()
    thread.join()
    loop = asyncio.new_event_loop()
    context: dict[str, Any] = {"message": "a task failed", "exception": error, "future": PERSONAL}
    log_of_loop(loop, context)
    log_of_loop(loop, {"message": "something else"})
    loop.close()
    text = output.text
    assert PERSONAL not in text
    assert text.upper().count("CRITICAL") == 2
    assert "event loop: a task failed" in text
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert output.text == text


def test_a_record_that_cannot_be_written_is_not_printed_raw(output: Screen) -> None:
    """Python would print the arguments."""
    logging.getLogger("some.library").error(*("two places: %s %s", PERSONAL))
    assert PERSONAL not in output.getvalue()


@pytest.mark.parametrize("output", ["file"], indirect=True)
def test_a_program_gets_one_object_a_line(output: Screen) -> None:
    """UTC time, level, room, event, and the ids that it names; whatever signs are in it, it stays one line."""
    logging.getLogger("bot.chat.lanes").warning(
        "word %d (%s) to chat %d: %s", 5, "say", -7, "a\nb\u2028c\x85d"
    )
    (line,) = output.lines()
    at = datetime.fromisoformat(line.pop("ts"))
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "level": "warning",
        "room": "chat.lanes",
        "event": "word 5 (say) to chat -7: a\nb\u2028c\x85d",
        "word": 5,
        "chat": -7,
    }


@pytest.mark.parametrize("output", ["file"], indirect=True)
def test_a_traceback_is_one_field(output: Screen) -> None:
    """Two records, two lines."""
    try:
        fail(PERSONAL)
    except ValueError:
        logging.getLogger("bot.tutor").exception("training %s of learner %d", "rabc", 7)
    logging.getLogger("bot").info("on")
    first, second = output.lines()
    assert "Traceback" in first["traceback"] and first["training"] == "rabc" and first["learner"] == 7
    assert "traceback" not in second and second["room"] == "bot"


@pytest.mark.parametrize("output", ["terminal"], indirect=True)
def test_a_terminal_gets_plain_lines(output: Screen) -> None:
    """Readable, and square brackets are no colours of ours."""
    logging.getLogger("bot.chat").warning("see %s", "[red]this[/red]")
    assert re.fullmatch(r"\S+ WARNING bot\.chat: see \[red\]this\[/red\]\n", output.getvalue())


def test_a_secret_with_signs_that_json_writes_otherwise_is_hidden(
    monkeypatch: pytest.MonkeyPatch, unchanged: None
) -> None:
    """A password may have a quote, a backslash or an umlaut in it."""
    password = 'pa"s\\s-wörd'
    written = Screen(terminal=False)
    monkeypatch.setattr(sys, "stderr", written)
    set_up_logs(read_settings({"NABLA_DATABASE_URL": f"postgresql://user:{password}@host/db"}))
    logging.getLogger("some.library").error("connecting with %s", password)
    assert written.lines()[0]["event"] == "connecting with [hidden]"


def test_only_ids_become_fields() -> None:
    """Not what stands elsewhere in a template, and nothing that could be somebody's words."""
    assert ids_in("update %d of user %s: %s", (4, "?", "x")) == {"update": 4}
    assert ids_in("100 %% of chat %d", (3,)) == {"chat": 3}
    assert ids_in("chat %d is now chat %d", (1, 2)) == {"chat": 1}
    assert ids_in("user %s", ("Ada Lovelace",)) == {}
    assert ids_in("name %s", ("Ada",)) == {}
    assert ids_in("word %d", {"word": 3}) == {}
    assert ids_in(ValueError("word"), ()) == {}


def test_warnings_and_worse_are_counted(unchanged: None) -> None:
    """As long as the bot runs, by level; from any thread."""
    tally = Tally()
    with counted_logs(tally):
        library = logging.getLogger("some.library")
        library.info("no")
        library.warning("one")
        thread = threading.Thread(target=library.error, args=("two",))
        thread.start()
        thread.join()
    library.error("over")
    counted = dict(tally.samples())[RECORDS]
    assert {sample.labels[0]: sample.value for sample in counted} == {"warning": 1, "error": 1}


def test_nothing_is_hidden_that_is_no_secret() -> None:
    """No token, no password: no secrets; an address of a file is none."""
    assert secrets_of(read_settings({})) == ()
    assert hide("as it is", secrets_of(read_settings({"NABLA_DATABASE_URL": "sqlite:///x.db"}))) == "as it is"


# a bot whose handlers fail


@pytest.fixture
def log_text(unchanged: None) -> Iterator[io.StringIO]:
    """Everything that any logger of this process says, at every level, as an operator would see it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Discreet(()))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has the tutor fail the next so many times, with an error that quotes the event."""
    handle = Tutor.handle
    left = [0]

    async def sometimes(self: Tutor, learner: Any, event: Any, **others: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise ValueError(f"{PERSONAL} {event!r} {learner!r}")
        await handle(self, learner, event, **others)

    monkeypatch.setattr(Tutor, "handle", sometimes)

    def times(number: int) -> None:
        left[0] = number

    return times


async def test_a_learner_whose_message_failed_is_told_a_way_on(
    tmp_path: Path, failing: Callable[[int], None], log_text: io.StringIO
) -> None:
    """An apology that names a command; the log has ids and the place, not a word of theirs; the next one works."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        failing(1)
        await ada.send(f"/learn {PERSONAL}")
        sorry = await ada.says()
        assert "/learn" in sorry.text
        await ada.send("/start")
        await ada.says("Hello, Ada!")
        assert await unhandled(bot) == 0
    text = log_text.getvalue()
    assert f"of user {ada.id}: ValueError at test_logs.py:" in text
    assert PERSONAL not in text
    assert "Ada" not in text


async def test_a_learner_whose_tap_failed_is_told_so_at_the_button(
    tmp_path: Path, failing: Callable[[int], None], log_text: io.StringIO
) -> None:
    """The tap is answered, once, and the same button works afterwards."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/learn")
        step = await ada.says(button="Next")
        failing(1)
        answer = await ada.tap("Next", message=step)
        assert answer.show_alert
        assert "/learn" in (answer.text or "")
        await ada.tap("Next", message=step)
        await ada.says(button="Back")
        assert await unhandled(bot) == 0
    assert PERSONAL not in log_text.getvalue()


async def test_what_fails_once_is_not_tried_again_at_the_next_start(
    tmp_path: Path, failing: Callable[[int], None]
) -> None:
    """The apology ends it: an update that always fails would else apologize at every start."""
    async with running(tmp_path) as bot:
        failing(1)
        ada = Person(bot.local)
        await ada.send("/learn")
        await ada.says("Something went wrong")
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/help")
        await ada.says("/progress")
        assert sum(m.body["from"]["is_bot"] for m in ada.messages()) == 2


async def unhandled(bot: Running) -> int:
    """Updates of the inbox that are not handled."""
    with closing(sqlite3.connect(bot.database)) as db:
        return int(db.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone()[0])
