"""Alive, ready, and in figures: what somebody who watches over the bot sees, in every mode."""

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__
from bot.chat.app import Means, TelegramChat
from bot.cli.health import FRESH_S, LATELY_S, Health, Reason
from bot.cli.metrics import Metrics, render, table
from bot.cli.run import REAL, House
from bot.config import read_settings
from bot.errors import StoreError
from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from bot.store.base import KeptUpdate, UpdateKey
from bot.store.sqlite import SqliteStore
from bot.tally import CALLS, FIGURES, LATENCY, QUEUE, Sort, Tally
from bot.tutor.tutor import Tutor
from tests.house import LESSONS, PlainEngine, running
from tests.patience import until
from tests.person import Person
from tests.process.program import SECRET, TOKEN, free_port

Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a page."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


async def ready(url: str) -> tuple[int, Any]:
    """What `/readyz` says."""
    status, text = await get(f"{url}/readyz")
    return status, json.loads(text)


async def figures(url: str) -> Values:
    """What `/metrics` says, read as Prometheus reads it: (name, labels) → value."""
    status, text = await get(f"{url}/metrics")
    assert status == 200
    return values(text)


def values(text: str) -> Values:
    """The samples of a page of figures."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """A figure under labels."""
    return name, frozenset(labels.items())


def chat_of(house: House) -> TelegramChat:
    """The Telegram side of a bot that has started."""
    chat = house._health._chat
    assert chat is not None
    return chat


# the whole bot


async def test_a_conversation_is_counted(tmp_path: Path) -> None:
    """Updates and latencies by kind, calls, commits, a training; what waits is nothing once all is said."""
    async with running(tmp_path) as bot:
        url = bot.local.url
        ada = Person(bot.local)
        await ada.send("/learn")
        await ada.says(button="Next")
        await ada.tap("Next")
        await ada.says(button="Back")
        await ada.send("/train")
        await ada.says(button="Run")
        await ada.tap("Run")
        await ada.says("Loss after")
        await until(lambda: not len(chat_of(bot.house).deliverer))
        found = await figures(url)
        assert found[key("nabla_updates_total", kind="message")] == 2
        assert found[key("nabla_updates_total", kind="tap")] == 2
        assert found[key("nabla_latency_seconds_count", kind="tap", until="answered")] == 2
        assert found[key("nabla_latency_seconds_count", kind="tap", until="said")] == 1
        assert found[key("nabla_latency_seconds_count", kind="message", until="said")] == 2
        assert found[key("nabla_bot_api_calls_total", method="answerCallbackQuery", outcome="ok")] == 2
        assert sum(v for (name, _), v in found.items() if name == "nabla_trainings_total") == 1
        assert found[key("nabla_training_seconds_count")] == 1
        assert found[key("nabla_commit_items_total")] >= found[key("nabla_commit_groups_total")] > 4
        for queue in ("updates", "lines", "lanes", "words", "store", "trainings"):
            assert found[key("nabla_queue_length", queue=queue)] == 0
        assert found[key("nabla_info", version=__version__, mode="local")] == 1
        assert found[key("process_resident_memory_bytes")] > 1e6


async def test_an_update_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """It is dismissed, and the figures say so by the error's class."""
    async with running(tmp_path) as bot:
        chat = chat_of(bot.house)
        asked = UpdateKey(bot=chat.bot.id, update_id=79)
        await chat.intake.again([KeptUpdate(key=asked, body='{"update_id": 79, "message": 5}')])
        found = await figures(bot.local.url)
        assert found[key("nabla_errors_total", kind="AttributeError")] == 1


async def test_a_training_is_not_the_tap_s_latency(tmp_path: Path) -> None:
    """What a result says is said about the training, however long it took: the tap itself was only answered."""
    engine = PlainEngine()
    engine.gate.clear()
    async with running(tmp_path, engine=engine) as bot:
        ada = Person(bot.local)
        await ada.send("/train")
        await ada.says(button="Run")
        await ada.tap("Run")
        waiting = await figures(bot.local.url)
        assert waiting[key("nabla_queue_length", queue="trainings")] == 1
        engine.gate.set()
        await ada.says("Loss after")
        found = await figures(bot.local.url)
        assert found[key("nabla_latency_seconds_count", kind="tap", until="answered")] == 1
        assert key("nabla_latency_seconds_count", kind="tap", until="said") not in found
        assert found[key("nabla_training_seconds_count")] == 1


async def test_no_person_and_no_secret_is_in_the_figures(tmp_path: Path) -> None:
    """No id, no name, no word: labels are words of the program."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local, 987654321)
        await ada.send("/start my-secret-payload")
        await ada.says()
        await ada.send_sticker()
        await ada.says()
        _, text = await get(f"{bot.local.url}/metrics")
    for hidden in ("987654321", "my-secret-payload", "Learner", str(tmp_path), "4242:"):
        assert hidden not in text
    for label in re.findall(r'="([^"]*)"', text):
        assert re.fullmatch(r"[A-Za-z0-9_.+-]{1,40}", label)


async def test_the_chat_page_is_ready_too(tmp_path: Path) -> None:
    """The same three pages where there is no Telegram."""
    async with running(tmp_path) as bot:
        while (await ready(bot.local.url))[0] != 200:  # noqa: ASYNC110 (the first poll is under way)
            await asyncio.sleep(0.01)
        assert await ready(bot.local.url) == (200, {"ready": True, "reasons": []})
        assert json.loads((await get(f"{bot.local.url}/healthz"))[1]) == {"ok": True, "mode": "local"}
        assert (await figures(bot.local.url))[key("nabla_ready")] == 1


# on Telegram, from start to stop


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A Bot API server."""
    server = LocalTelegram(
        host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC), token=TOKEN, webhook_wait_s=0.02
    )
    await server.start()
    yield server
    await server.stop()


class Bot:
    """A house on that server, and what it announced."""

    def __init__(self, folder: Path, api_url: str, *, webhook: bool, means: Means = REAL) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        hook = {"NABLA_WEBHOOK_URL": f"{self.url}/hook", "NABLA_WEBHOOK_SECRET": SECRET} if webhook else {}
        settings = read_settings(
            {
                "TELEGRAM_BOT_TOKEN": TOKEN,
                "TELEGRAM_API_URL": api_url,
                "NABLA_DATABASE_URL": f"sqlite:///{folder / 'nabla.db'}",
                "NABLA_LESSONS": str(LESSONS),
                "NABLA_LISTEN": f"127.0.0.1:{port}",
                **hook,
            }
        )
        self.announced = asyncio.Event()
        self.stop = asyncio.Event()
        engine = PlainEngine()
        self.house = House(
            settings,
            announce=lambda _: self.announced.set(),
            means=means,
            make_engine=lambda *_, **__: engine,
        )

    async def answers(self) -> None:
        """Wait until its address answers."""
        while True:
            try:
                await get(f"{self.url}/healthz")
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.01)
            else:
                return

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """From start to stop."""
        living = asyncio.create_task(self.house.live(self.stop))
        try:
            await asyncio.wait_for(self.answers(), 20)
            yield
        finally:
            self.stop.set()
            await living


@pytest.mark.parametrize("webhook", [False, True])
async def test_ready_once_updates_can_come(telegram: LocalTelegram, tmp_path: Path, webhook: bool) -> None:
    """By polling and by webhook; the figures are there as well, with no word of who asks."""
    bot = Bot(tmp_path, telegram.url, webhook=webhook)
    async with bot.living():
        await bot.announced.wait()
        async with asyncio.timeout(20):
            while (await ready(bot.url))[0] != 200:  # noqa: ASYNC110 (setWebhook, or the first poll, is under way)
                await asyncio.sleep(0.01)
        ada = Person(telegram)
        await ada.send("/start")
        await ada.says("Hello, Ada!")
        found = await figures(bot.url)
        assert found[key("nabla_updates_total", kind="message")] == 1
        assert found[key("nabla_info", version=__version__, mode="webhook" if webhook else "polling")] == 1


@pytest.mark.parametrize("webhook", [False, True])
async def test_while_it_starts_it_lives_and_is_not_ready(tmp_path: Path, webhook: bool) -> None:
    """No Bot API server yet: alive, not ready, and Telegram's deliveries are asked to come later."""
    bot = Bot(tmp_path, f"http://127.0.0.1:{free_port()}", webhook=webhook)
    async with bot.living():
        assert (await get(f"{bot.url}/healthz"))[0] == 200
        assert await ready(bot.url) == (503, {"ready": False, "reasons": ["starting"]})
        assert (await figures(bot.url))[key("nabla_ready")] == 0
        if webhook:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{bot.url}/hook", json={"update_id": 5}, headers=headers) as response,
            ):
                assert (response.status, response.headers["Retry-After"]) == (503, "5")


async def test_while_it_stops_it_says_so(
    telegram: LocalTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in hand is finished; until then whoever sends updates is told to send them elsewhere or later."""
    bot = Bot(tmp_path, telegram.url, webhook=True)
    async with bot.living():
        await bot.announced.wait()
        handling, go_on = asyncio.Event(), asyncio.Event()
        handle = Tutor.handle

        async def slowly(*args: Any, **named: Any) -> None:
            handling.set()
            await go_on.wait()
            await handle(*args, **named)

        monkeypatch.setattr(Tutor, "handle", slowly)
        ada = Person(telegram)
        await ada.send("/start")
        await handling.wait()
        bot.stop.set()
        await until(lambda: not chat_of(bot.house).intake.running)
        assert await ready(bot.url) == (503, {"ready": False, "reasons": ["stopping"]})
        assert (await get(f"{bot.url}/healthz"))[0] == 200
        go_on.set()
        await ada.says("Hello, Ada!")


async def test_with_a_webhook_too_a_lost_server_is_noticed(telegram: LocalTelegram, tmp_path: Path) -> None:
    """Nobody writes, so nothing would be called: the bot asks now and then, and is ready again when it is there."""
    hurried = replace(
        REAL, clock=lambda: 1000 * time.monotonic(), sleep=lambda seconds: asyncio.sleep(seconds / 1000)
    )
    bot = Bot(tmp_path, telegram.url, webhook=True, means=hurried)

    async def says(reasons: list[str]) -> None:
        async with asyncio.timeout(20):
            while (await ready(bot.url))[1]["reasons"] != reasons:  # noqa: ASYNC110 (another process would ask so)
                await asyncio.sleep(0.01)

    async with bot.living():
        await bot.announced.wait()
        await says([])
        telegram.faults = lambda method, params: Fault(drop="before")
        await says(["bot-api"])
        assert (await get(f"{bot.url}/healthz"))[0] == 200
        telegram.faults = None
        await says([])


# the parts


class Chat:
    """What health asks of the Telegram side."""

    def __init__(self) -> None:
        self.reached_at: float | None = 0.0
        self.intake = self
        self.running = True


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open store."""
    store = SqliteStore(tmp_path / "nabla.db", busy_timeout_s=0.05)
    await store.open()
    yield store
    await store.close()


async def test_each_reason_is_named(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server out of reach for too long, an intake that ended, a disk that takes nothing: alone and together."""
    now, chat = [0.0], Chat()
    health = Health(mode="polling", tally=Tally(), clock=lambda: now[0])
    assert await health.reasons() == [Reason.STARTING]
    health.started(store, chat)  # type: ignore[arg-type]
    assert await health.reasons() == []
    now[0] = LATELY_S
    assert await health.reasons() == []
    now[0] += 0.1
    assert await health.reasons() == [Reason.BOT_API]
    chat.reached_at, chat.running = None, False
    assert await health.reasons() == [Reason.BOT_API, Reason.INTAKE]

    async def full() -> None:
        raise StoreError("nabla.db: the disk is full; free some space")

    with monkeypatch.context() as patch:
        patch.setattr(store, "probe", full)
        now[0] += FRESH_S
        assert await health.reasons() == [Reason.STORE, Reason.BOT_API, Reason.INTAKE]
    chat.reached_at, chat.running = now[0], True
    now[0] += FRESH_S
    assert await health.reasons() == []
    health.stopping()
    assert await health.reasons() == [Reason.STOPPING]


async def test_a_store_that_is_silent_holds_no_answer_up(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that no cancelling ends (a database server that froze) is left alone, and not asked again meanwhile."""
    monkeypatch.setattr("bot.cli.health.PROBE_S", 0.01)
    now, thawed, asked = [0.0], asyncio.Event(), []

    async def frozen() -> None:
        asked.append(now[0])
        try:
            await thawed.wait()
        except asyncio.CancelledError:
            await thawed.wait()
            raise

    monkeypatch.setattr(store, "probe", frozen)
    health = Health(mode="webhook", tally=Tally(), clock=lambda: now[0])
    health.started(store, Chat())  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        assert await health.reasons() == [Reason.STORE]
        now[0] += FRESH_S
        assert await health.reasons() == [Reason.STORE]
        assert asked == [0.0]
        thawed.set()
        now[0] += FRESH_S
        assert await health.reasons() == []


async def test_a_store_that_was_closed_is_not_ready(store: SqliteStore) -> None:
    """Nothing is asked of a file that is not open."""
    health = Health(mode="polling", tally=Tally(), clock=lambda: 0.0)
    health.started(store, Chat())  # type: ignore[arg-type]
    await store.close()
    assert await health.reasons() == [Reason.STORE]


async def test_who_asks_often_does_not_make_the_disk_busy(store: SqliteStore) -> None:
    """A hundred questions within five seconds are one write."""
    now = [0.0]
    health = Health(mode="polling", tally=Tally(), clock=lambda: now[0])
    health.started(store, Chat())  # type: ignore[arg-type]
    before = store.pulse().items
    assert await asyncio.gather(*(health.reasons() for _ in range(100))) == [[]] * 100
    assert store.pulse().items == before + 1


async def test_the_figures_are_written_beside_the_loop() -> None:
    """The loop's thread only copies; what is counted meanwhile does not disturb it."""
    tally, threads = Tally(), set()
    tally.add(CALLS, "sendMessage", "ok")

    def read() -> float:
        threads.add(threading.get_ident())
        return 3

    tally.watch(QUEUE, read, "lines")
    text, content_type = await Metrics(tally).text("")
    assert threads == {threading.get_ident()}
    assert content_type.startswith("text/plain; version=")
    assert values(text.decode())[key("nabla_queue_length", queue="lines")] == 3
    _, openmetrics = await Metrics(tally).text("application/openmetrics-text; version=1.0.0")
    assert openmetrics.startswith("application/openmetrics-text")


def test_buckets_add_up() -> None:
    """A time on a bound counts below it; buckets are cumulative; the last one is beyond all bounds."""
    tally = Tally()
    for seconds in (0.001, LATENCY.buckets[0], LATENCY.buckets[0] + 1e-9, 1e6):
        tally.took(LATENCY, seconds, "tap", "answered")
    text, _ = render(list(tally.samples()), "")
    found = values(text.decode())
    labels = {"kind": "tap", "until": "answered"}

    def bucket(bound: str) -> float:
        return found[key("nabla_latency_seconds_bucket", le=bound, **labels)]

    assert [bucket(str(bound)) for bound in LATENCY.buckets[:2]] == [2, 3]
    assert bucket(str(LATENCY.buckets[-1])) == 3
    assert bucket("+Inf") == found[key("nabla_latency_seconds_count", **labels)] == 4
    assert found[key("nabla_latency_seconds_sum", **labels)] == pytest.approx(1e6, rel=1e-3)


def test_every_figure_is_written_under_its_name() -> None:
    """Also those that counted nothing yet: a figure that is renamed would leave dashboards empty."""
    text, _ = render(list(Tally().samples()), "")
    written = dict(re.findall(r"^# TYPE (nabla_\w+) (\w+)$", text.decode(), re.M))
    assert written == {figure.name: str(figure.sort) for figure in FIGURES}
    assert all(figure.buckets for figure in FIGURES if figure.sort is Sort.HISTOGRAM)
    assert table().count("\n") == len(FIGURES) + 1
