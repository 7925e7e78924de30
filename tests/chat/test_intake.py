"""Polling: kept before confirmed, fed once and in order, faults waited out, two pollers told apart."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.chat.intake import Intake
from bot.chat.request import AiohttpRequest
from bot.errors import ConfigError, ConflictError, OverloadedError
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import TOKEN, BotApi, Fault, message, plain
from tests.chat.clock import NOON, Hurried, noon
from tests.patience import until

CONFLICT = Fault(status=409, description="Conflict: terminated by other getUpdates request")
BOT = 4242


class Polling:
    """An intake at work, and what it fed."""

    def __init__(
        self, bot: Bot, request: AiohttpRequest, store: SqliteStore, *, poll_timeout_s: int = 5
    ) -> None:
        self.fed: list[int] = []
        self.clock = Hurried()
        self.intake = Intake(
            bot=bot,
            request=request,
            store=store,
            feed=self.feed,
            now=noon,
            clock=self.clock,
            sleep=self.clock.sleep,
            jitter=lambda: 1.0,
            allowed_updates=["message", "callback_query"],
            poll_timeout_s=poll_timeout_s,
        )

    async def feed(self, update: dict[str, Any], at: float) -> None:
        """Where the application would take over."""
        if "message" not in update:
            raise KeyError("an update that nobody knows")
        self.fed.append(update["update_id"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll while the block runs, then stop."""
        task = asyncio.create_task(self.intake.poll())
        try:
            yield
            self.intake.stop()
            await asyncio.wait_for(task, 10)
        finally:
            task.cancel()


Make = Callable[[SqliteStore], Polling]


@pytest.fixture
def make(bot: Bot, polling: AiohttpRequest) -> Make:
    """An intake on a store."""
    return lambda store: Polling(bot, polling, store)


async def test_updates_are_kept_then_fed_once_and_in_order(
    make: Make, api: BotApi, store: SqliteStore
) -> None:
    """What arrives in two batches is in the inbox as it came, and fed in order."""
    polling = make(store)
    async with polling.running():
        await api.publish([message(5), message(6)])
        await until(lambda: len(polling.fed) == 2)
        await api.publish([message(7)])
        await until(lambda: len(polling.fed) == 3)
    assert polling.fed == [5, 6, 7]
    assert [json.loads(kept.body) for kept in await store.waiting(BOT)] == [message(n) for n in (5, 6, 7)]


async def test_polling_starts_by_removing_a_webhook(make: Make, api: BotApi, store: SqliteStore) -> None:
    """No update is dropped by it; the kinds of updates are asked for, without an offset in an empty store."""
    async with make(store).running():
        await until(lambda: api.polling)
    assert api.calls[0] == ("deleteWebhook", {"drop_pending_updates": "false"})
    (asked,) = api.made("getUpdates")
    assert plain(asked["allowed_updates"]) == ["message", "callback_query"]
    assert asked["timeout"] == "5"
    assert "offset" not in asked


class SlowStore(SqliteStore):
    """A store that keeps only when the test lets it, after as many refusals as asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = asyncio.Event()
        self.refusals = 0
        self.asked = 0

    async def keep(self, bot: int, updates: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
        """Keep, once the gate is open."""
        self.asked += 1
        if self.refusals:
            self.refusals -= 1
            raise OverloadedError("the writer's queue is full; try again")
        await self.gate.wait()
        return await super().keep(bot, updates, now=now)


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[SlowStore]:
    """A store behind a gate."""
    store = SlowStore(tmp_path / "slow.db")
    await store.open()
    yield store
    await store.close()


async def test_nothing_is_confirmed_before_it_is_kept(make: Make, api: BotApi, slow: SlowStore) -> None:
    """While the store has not returned, no offset goes out and nothing is fed."""
    polling = make(slow)
    await api.publish([message(5)])
    async with polling.running():
        await until(lambda: slow.asked)
        assert [call.get("offset") for call in api.made("getUpdates")] == [None]
        assert polling.fed == []
        slow.gate.set()
        await until(lambda: len(api.made("getUpdates")) == 2)
        assert polling.fed == [5]
        assert api.made("getUpdates")[1]["offset"] == "6"


async def test_an_overloaded_store_is_waited_for(make: Make, api: BotApi, slow: SlowStore) -> None:
    """The same updates are offered again until they are kept; nothing is fetched meanwhile."""
    polling = make(slow)
    slow.refusals = 3
    slow.gate.set()
    await api.publish([message(5)])
    async with polling.running():
        await until(lambda: polling.fed)
    assert slow.asked == 4
    assert polling.clock.slept == [0.1, 0.2, 0.4]
    assert len(api.made("getUpdates")) == 2


async def test_stop_between_fetched_and_kept_loses_nothing(
    make: Make, api: BotApi, slow: SlowStore, store: SqliteStore
) -> None:
    """What was not kept was not confirmed: the next run gets it again."""
    first = make(slow)
    slow.refusals = 10**9
    await api.publish([message(5)])
    async with first.running():
        await until(lambda: slow.asked)
    assert first.fed == []
    second = make(store)
    async with second.running():
        await until(lambda: second.fed)
    assert second.fed == [5]


async def test_stop_cuts_the_long_poll(make: Make, api: BotApi, store: SqliteStore) -> None:
    """`stop` does not wait for Telegram."""
    async with make(store).running():
        await until(lambda: api.polling)
    await until(lambda: not api.polling)
    assert len(api.made("getUpdates")) == 1


async def test_cancelling_cuts_the_long_poll_too(make: Make, api: BotApi, store: SqliteStore) -> None:
    """No request is left behind by a cancelled task."""
    task = asyncio.create_task(make(store).intake.poll())
    await until(lambda: api.polling)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not api.polling)


async def test_a_new_run_does_first_what_was_kept(make: Make, api: BotApi, store: SqliteStore) -> None:
    """Kept but unhandled updates come first, repeats are not fed; what is confirmed is only what came."""
    await store.keep(BOT, [(n, json.dumps(message(n))) for n in (3, 4)], now=NOON)
    polling = make(store)
    await api.publish([message(4), message(5)])
    async with polling.running():
        await until(lambda: len(polling.fed) == 3)
        await until(lambda: len(api.made("getUpdates")) > 1)
    assert polling.fed == [3, 4, 5]
    assert "offset" not in api.made("getUpdates")[0]  # ids may have begun anew below what was kept
    assert api.made("getUpdates")[1]["offset"] == "6"


async def test_after_a_quiet_day_no_offset_hides_lower_ids(
    bot: Bot, polling: AiohttpRequest, api: BotApi, store: SqliteStore
) -> None:
    """Telegram may begin anew at a lower id after a quiet week: by then nothing is asked for by number."""
    quiet = Polling(bot, polling, store, poll_timeout_s=0)
    await api.publish([message(900)])
    async with quiet.running():
        await until(lambda: len(quiet.fed) == 1)
        await until(lambda: api.made("getUpdates")[-1].get("offset") == "901")
        quiet.clock.now += 2 * 24 * 3600
        await until(lambda: "offset" not in api.made("getUpdates")[-1])
        await api.publish([message(7)])
        await until(lambda: len(quiet.fed) == 2)
    assert quiet.fed == [900, 7]


async def test_a_server_that_does_not_wait_is_not_hammered(
    bot: Bot, polling: AiohttpRequest, api: BotApi, store: SqliteStore
) -> None:
    """After an empty answer at once there is a pause; after updates there is none."""
    hasty = Polling(bot, polling, store, poll_timeout_s=0)
    async with hasty.running():
        await until(lambda: len(api.made("getUpdates")) > 5)
        assert len(hasty.clock.slept) >= 5
        api.script["getUpdates"].append(Fault(raw=b'{"ok": true, "result": null}'))
        await until(lambda: max(hasty.clock.slept) >= 1)  # no list at all: as patient as with any fault
        await api.publish([message(5)])
        await until(lambda: hasty.fed)


async def test_what_nobody_can_read_is_dismissed_by_its_id(
    make: Make, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken body, a body that is no update and an unknown kind do not come again; the log has ids only."""
    bodies = ['{"text": "private', '["private"]', '{"update_id": 3, "private": "x"}', json.dumps(message(4))]
    await store.keep(BOT, list(enumerate(bodies, start=1)), now=NOON)
    polling = make(store)
    assert await polling.intake.resume() == 4
    assert polling.fed == [4]
    assert [kept.key.update_id for kept in await store.waiting(BOT)] == [4]
    assert all(f"update {n} " in caplog.text for n in (1, 2, 3))
    assert "private" not in caplog.text


async def test_stop_ends_the_feeding_of_a_backlog(make: Make, store: SqliteStore) -> None:
    """What is left of a long inbox stays there for the next start."""
    await store.keep(BOT, [(n, json.dumps(message(n))) for n in range(1, 4)], now=NOON)
    polling = make(store)
    polling.intake.stop()
    await polling.intake.resume()
    assert polling.fed == []


async def test_network_faults_are_waited_out(make: Make, api: BotApi, store: SqliteStore) -> None:
    """The wait doubles up to half a minute and starts anew after a success; a flood is waited for as told."""
    flood = Fault(status=429, parameters={"retry_after": 11}, description="Too Many Requests")
    api.script["getUpdates"].extend([Fault(status=502, raw=b"")] * 7 + [flood])
    polling = make(store)
    await api.publish([message(5)])
    async with polling.running():
        await until(lambda: polling.fed)
        await until(lambda: api.polling)
        api.script["getUpdates"].append(Fault(drop=True))
        await api.publish([message(6), message(7)])
        await until(lambda: 7 in polling.fed)
        await until(lambda: len(polling.clock.slept) == 9)
    assert polling.clock.slept == [1, 2, 4, 8, 16, 30, 30, 11, 1]
    assert polling.fed == [5, 6, 7]


async def test_a_lasting_second_poller_ends_this_one(make: Make, api: BotApi, store: SqliteStore) -> None:
    """Three conflicts within a minute: one clear line, without the token."""
    api.script["getUpdates"].extend([CONFLICT] * 3)
    with pytest.raises(ConflictError, match="another program fetches this bot's updates") as caught:
        await make(store).intake.poll()
    assert TOKEN not in str(caught.value)


async def test_a_passing_second_poller_is_survived(make: Make, api: BotApi, store: SqliteStore) -> None:
    """Our own restart may conflict once or twice; conflicts an hour apart do not add up."""
    polling = make(store)
    api.script["getUpdates"].extend([CONFLICT] * 2)
    await api.publish([message(5)])
    async with polling.running():
        await until(lambda: polling.fed)
        polling.clock.now += 3600
        api.script["getUpdates"].extend([Fault(), CONFLICT, CONFLICT])
        await api.publish([message(6)])
        await until(lambda: len(polling.fed) == 2)
        await api.publish([message(7)])
        await until(lambda: len(polling.fed) == 3)
    assert polling.fed == [5, 6, 7]


async def test_a_refused_token_is_the_operators(make: Make, api: BotApi, store: SqliteStore) -> None:
    """The variable is named, the token not shown."""
    api.script["getUpdates"].append(Fault(status=401, description="Unauthorized"))
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN") as caught:
        await make(store).intake.poll()
    assert TOKEN not in str(caught.value)


async def test_a_server_that_refuses_polling_is_the_operators(
    make: Make, api: BotApi, store: SqliteStore
) -> None:
    """What Telegram would never refuse points at the server's address."""
    api.script["getUpdates"].append(Fault(status=400, description="Bad Request: unknown parameter"))
    with pytest.raises(ConfigError, match=r"TELEGRAM_API_URL: .*nknown parameter"):
        await make(store).intake.poll()


async def test_a_fault_is_logged_without_the_token(
    make: Make, api: BotApi, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the kind of the fault and the wait."""
    caplog.set_level(logging.INFO)
    api.script["getUpdates"].append(Fault(drop=True))
    async with make(store).running():
        await until(lambda: api.polling)
    assert "NetworkError; next try in 1.0 s" in caplog.text
    assert TOKEN not in caplog.text
