"""Postgres runs through the same contract, each place a schema of its own on a real server."""

import asyncio
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import currently_in_test_context

from bot.errors import ConfigError, StaleError, StoreError
from bot.store.base import Change, Job
from bot.store.choose import open_store
from bot.store.groups import Activity
from tests.patience import until
from tests.postgres import PASSWORD, Cluster, missing
from tests.store.contract import ANN, BOB, NOW, Backend, Factory, StoreContract, answer, update, word
from tests.store.test_forget import change

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")
NUMBERS = count(1)


class Places:
    """Schemas to be filled: one that nobody needs any more is emptied, which is faster than to make another."""

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 (an extra)

        self._db = psycopg.connect(url, autocommit=True)
        self._free: list[str] = []

    def take(self) -> str:
        """A schema with no row in it, or one that is still to be made."""
        if not self._free:
            return f"place_{next(NUMBERS)}"
        name = self._free.pop()
        tables = self._db.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (name,)).fetchall()
        kept = [f'"{name}"."{table}"' for (table,) in tables if table != "steps"]
        # What refers to a row goes along with it.
        self._db.execute("; ".join(f"DELETE FROM {table}" for table in kept).encode())
        return name

    def give_back(self, names: list[str]) -> None:
        """No store is open on these any more."""
        self._free += names
        names.clear()

    def close(self) -> None:
        """End the connection."""
        self._db.close()


@pytest.fixture(scope="module")
def places(postgres: Cluster) -> Iterator[Places]:
    """Those of this module."""
    places = Places(postgres.url())
    yield places
    places.close()


class TestPostgresStore(StoreContract):
    """The store on a server."""

    @pytest.fixture
    def backend(self, postgres: Cluster, places: Places) -> Iterator[Backend]:
        """An empty schema each time."""
        from bot.store.postgres.store import PostgresStore  # noqa: PLC0415 (an extra)

        taken: list[str] = []

        def place() -> Factory:
            if currently_in_test_context():  # the example before, with its one place, is over
                places.give_back(taken)
            taken.append(name := places.take())
            return lambda: PostgresStore(postgres.url(), name=name)

        yield place
        places.give_back(taken)


@pytest.fixture
async def stores(postgres: Cluster) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Opens stores of several processes over one new database."""
    from bot.store.postgres.store import PostgresStore  # noqa: PLC0415 (an extra)

    url = postgres.new_database()
    opened: list[PostgresStore] = []

    async def another(**how: Any) -> PostgresStore:
        store = PostgresStore(url, **{"beat_s": 0.05, **how})
        await store.open()
        opened.append(store)
        return store

    yield another
    for store in opened:
        await store.close()


Stores = Callable[..., Awaitable[Any]]


async def test_each_process_has_its_own_in_hand(stores: Stores) -> None:
    """What one keeps and commits is not given to the other while both live, and all of it when the first ends."""
    one, two = await stores(), await stores()
    assert await one.keep(1, [(5, "{}")], now=NOW) == [5]
    assert await two.keep(1, [(5, "{}"), (6, "{}")], now=NOW) == [6]
    job = Job(learner=ANN, code="a", body="{}")
    words = await one.commit(Change(learner=ANN, words=(word(),), job=job), now=NOW)
    assert await two.unsaid() == [] and await two.jobs() == []
    assert [kept.key for kept in await two.waiting(1)] == [update(6)]
    assert await one.unsaid() == list(words) and await one.jobs() == [job]
    await one.close()
    left = await anext(two.orphans(1))
    assert ([kept.key for kept in left.updates], left.words, left.jobs) == ([update(5)], list(words), [job])
    assert await two.unsaid() == list(words)


async def test_what_the_dead_left_is_found_once(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sign of life for a while, each thing goes to one of those who look, and to nobody twice."""
    from bot.store.postgres import lease  # noqa: PLC0415 (an extra)

    dead = await stores(beat_s=1000.0)
    count = 40
    for learner in range(1, count + 1):
        await dead.commit(Change(learner=learner, words=(word(),)), now=NOW)
    living = [await stores() for _ in range(3)]
    assert [await store.unsaid() for store in living] == [[], [], []]
    monkeypatch.setattr(lease, "DEAD_S", 0.5)  # of which the living beat ten times
    found: list[int] = []

    async def look(store: Any) -> None:
        async for left in store.orphans(1):
            found.extend(each.number for each in left.words)

    looking = [asyncio.create_task(look(store)) for store in living]
    await until(lambda: len(found) >= count)
    await asyncio.sleep(0.2)  # a second finder would be there by now
    for task in looking:
        task.cancel()
    assert sorted(found) == sorted(set(found)) and len(found) == count
    assert len(await dead.unsaid()) == 0


async def test_two_processes_never_apply_one_session_twice(stores: Stores) -> None:
    """Thirty events on two processes at once, each worked out from what was loaded: every one is counted."""
    both = [await stores(), await stores()]

    async def count(store: Any, number: int) -> None:
        while True:
            loaded = await store.load(ANN)
            session = str(int(loaded.session or 0) + 1)
            change = Change(learner=ANN, loaded=loaded, session=session, update=update(number))
            try:
                assert await store.commit(change, now=NOW) == ()
            except StaleError:
                continue
            return

    await asyncio.gather(*(count(both[number % 2], number) for number in range(30)))
    assert (await both[0].load(ANN)).session == "30"


async def test_two_processes_and_one_update(stores: Stores) -> None:
    """The same update handled by both at once counts once, for many learners crosswise."""
    both = [await stores(), await stores()]
    changes = [
        Change(learner=learner, update=update(learner), session='"x"', answers=(answer(),), words=(word(),))
        for learner in range(1, 200)
    ]
    results = await asyncio.gather(
        *(both[0].commit(change, now=NOW) for change in changes),
        *(both[1].commit(change, now=NOW) for change in reversed(changes)),
    )
    assert sum(result is not None for result in results) == len(changes)
    assert sum(figure.chosen for figure in await both[0].figures()) == len(changes)


async def test_two_processes_begin_one_thing_that_goes_on_alone(stores: Stores) -> None:
    """Who was a moment later, so that no look could tell, is told to read again, as if it had been a minute."""
    import asyncpg  # noqa: PLC0415 (an extra)

    store = await stores()
    first = await asyncpg.connect(store._url, server_settings={"search_path": "nabla"})
    transaction = first.transaction()
    await transaction.start()
    await first.execute(
        """INSERT INTO activities (code, kind, chat, body, alone, over, made_at, version)
        VALUES ('first', 'round', -1, '{}', true, false, now(), 1)"""
    )
    late = Activity(code="late", kind="round", chat=-1, body="{}", made_at=NOW, alone=True)
    beginning = asyncio.create_task(store.commit(Change(learner=None, activity=late), now=NOW))
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(10):
        while not await first.fetchval(waits):  # noqa: ASYNC110 (the server's, which has no event)
            await asyncio.sleep(0.01)
    await transaction.commit()
    await first.close()
    with pytest.raises(StaleError):
        await beginning
    assert await store.activity("late") is None


async def test_a_server_that_went_away_and_came_back(stores: Stores, postgres: Cluster) -> None:
    """Its connections cut, a store goes on with new ones; what was in hand is found again."""
    store = await stores()
    words = await store.commit(Change(learner=ANN, words=(word(),)), now=NOW)
    database = store._url.rpartition("/")[2]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    postgres.psql(cut)
    await asyncio.gather(*(store.load(ANN) for _ in range(6)))
    postgres.psql(cut)
    await store.commit(Change(learner=BOB, session='"after"'), now=NOW)
    assert (await store.load(BOB)).session == '"after"'
    assert list(words) == await store.unsaid()


async def test_a_value_that_no_column_holds_harms_no_other(stores: Stores) -> None:
    """The driver refuses it before the server sees it: its change fails alone, and nobody is given up."""
    store = await stores()
    words = await store.commit(Change(learner=BOB, words=(word(),)), now=NOW)
    changes = [Change(learner=n, answers=(answer(hints=2**40 if n == 3 else 0),)) for n in range(1, 9)]
    asked = (store.commit(change, now=NOW) for change in changes)
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(result, StoreError) for result in results] == [n == 3 for n in range(1, 9)]
    assert store._owner > 0 and list(words) == await store.unsaid()


async def test_what_all_do_only_so_often_is_one_processs_turn(stores: Stores) -> None:
    """Of several that ask at once one may; the next turn comes with time; other names have their own."""
    both = [await stores(), await stores()]
    turns = await asyncio.gather(*(store.turn("a", every_s=60.0) for store in both * 10))
    assert turns.count(True) == 1
    assert await both[0].turn("b", every_s=60.0)
    assert await both[1].turn("a", every_s=0.0)


async def test_what_one_does_for_all_is_claimed(stores: Stores) -> None:
    """One at a time has it: until it gives it back, its time is over, or it ends; nobody gives another's back."""
    one, two = await stores(), await stores()
    assert await one.claim("a", at_most_s=60.0) and not await two.claim("a", at_most_s=60.0)
    assert not await one.claim("a", at_most_s=60.0)
    assert not await two.give_back("a") and await one.give_back("a")
    assert await two.claim("a", at_most_s=60.0)
    assert await one.claim("a", at_most_s=0.0) and not await two.claim("a", at_most_s=60.0)
    await one.close()
    assert await two.claim("a", at_most_s=60.0)


async def test_a_turn_outlives_its_process(stores: Stores) -> None:
    """It is about the time between two, whoever lives."""
    one, two = await stores(), await stores()
    assert await one.turn("a", every_s=60.0)
    await one.close()
    assert not await two.turn("a", every_s=60.0)


@pytest.mark.parametrize("way", ["turn", "claim"])
async def test_a_turn_whose_answer_was_lost_is_still_ones_own(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The server did it, the connection was cut, the same is asked again: it is this call's."""
    import asyncpg  # noqa: PLC0415 (an extra)

    store = await stores()
    real = asyncpg.Connection.fetchval
    lost: list[str] = []

    async def fetchval(db: Any, sql: str, *args: Any, **named: Any) -> Any:
        found = await real(db, sql, *args, **named)
        if "INTO turns" in sql and not lost:
            lost.append(sql)
            db.terminate()
            raise asyncpg.ConnectionDoesNotExistError("cut")
        return found

    monkeypatch.setattr(asyncpg.Connection, "fetchval", fetchval)
    name_it = {"turn": "every_s", "claim": "at_most_s"}[way]
    assert await getattr(store, way)("a", **{name_it: 60.0})
    assert lost and not await getattr(store, way)("a", **{name_it: 60.0})


async def test_bad_luck_is_tried_again(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is nobody's fault: what was asked for is done."""
    import asyncpg  # noqa: PLC0415 (an extra)

    from bot.store.postgres import forgetting  # noqa: PLC0415 (as above)

    store = await stores()
    await store.commit(Change(learner=ANN, session="{}"), now=NOW)
    real, failures = forgetting.delete, [asyncpg.DeadlockDetectedError("deadlock detected")]

    async def delete(*args: Any, **named: Any) -> None:
        if failures:
            raise failures.pop()
        await real(*args, **named)

    monkeypatch.setattr(forgetting, "delete", delete)
    await store.forget(ANN)
    assert not failures and (await store.load(ANN)).session is None
    assert store._owner > 0  # nobody was given up


async def test_probing_takes_nothing_over(stores: Stores) -> None:
    """Health asks whether the store can write; what another process left is not taken by that."""
    one, two = await stores(), await stores(beat_s=1000.0)
    await one.commit(Change(learner=ANN, job=Job(learner=ANN, code="a", body="{}")), now=NOW)
    await one.close()
    await two.probe()
    assert two.pulse().waiting == 0
    assert [job.code for job in await two.jobs()] == ["a"]


async def test_a_silent_server_holds_up_no_close(stores: Stores, postgres: Cluster) -> None:
    """Reads and commits that wait for it are told; whoever gave up waiting is let go."""
    store, other = await stores(), await stores(beat_s=1000.0)
    await asyncio.gather(*(store.load(ANN) for _ in range(20)))  # all connections are there
    with postgres.silent():
        cancelled = asyncio.create_task(store.load(ANN))
        asked: list[asyncio.Task[Any]] = [asyncio.create_task(store.load(ANN)) for _ in range(3)]
        asked += [
            asyncio.create_task(store.commit(Change(learner=BOB, words=(word(),)), now=NOW)) for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        cancelled.cancel()
        async with asyncio.timeout(15):  # a read waits for thirty seconds before it gives up
            await store.close()
            results = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(result) for result in results} == {StoreError}
    assert cancelled.cancelled()
    assert await other.unsaid() == []


async def test_a_newer_schema_is_refused_and_left_alone(postgres: Cluster, stores: Stores) -> None:
    """A step that this program does not know: one line, and nothing is changed."""
    store = await stores()
    url = store._url
    database = url.rpartition("/")[2]
    await store.close()
    postgres.psql("INSERT INTO nabla.steps VALUES ('9999-later', now())", database=database)
    for read_only in (False, True):
        with pytest.raises(StoreError, match="newer program \\(schema 9999-later\\); update") as caught:
            await stores(read_only=read_only)
        assert PASSWORD not in str(caught.value)
    assert postgres.psql("SELECT count(*) FROM nabla.owners", database=database) == "0"


async def test_processes_that_start_at_once_make_one_schema(stores: Stores) -> None:
    """Five first starts at the same moment: all of them open."""
    opened = await asyncio.gather(*(stores() for _ in range(5)))
    await asyncio.gather(
        *(store.commit(Change(learner=n, session="{}"), now=NOW) for n, store in enumerate(opened))
    )
    assert [(await opened[0].load(n)).session for n in range(5)] == ["{}"] * 5


async def test_reading_beside_running_bots(stores: Stores) -> None:
    """`stats` reads, changes nothing and has nothing in hand; on a database without tables it says what to do."""
    with pytest.raises(StoreError, match="start the bot once"):
        await stores(read_only=True)
    bot = await stores()
    await bot.commit(Change(learner=ANN, answers=(answer(),)), now=NOW)
    beside = await stores(read_only=True)
    assert [figure.chosen for figure in await beside.figures()] == [1]
    with pytest.raises(StoreError, match="for reading only"):
        await beside.commit(Change(learner=ANN, session="{}"), now=NOW)


async def test_after_forget_no_row_and_no_dead_row_has_the_id(stores: Stores, postgres: Cluster) -> None:
    """Not in any column of any table of the schema, and nothing deleted is left for VACUUM to take out."""
    learner = 7_123_456_789_012
    store = await stores(beat_s=1000.0)  # who connects meanwhile may still see the deleted: then later
    database = store._url.rpartition("/")[2]
    event = change(learner, 1, "bye")
    await store.keep(1, [(1, event.session or ""), (2, f'{{"from": {learner}}}')], now=NOW)
    words = await store.commit(event, now=NOW)
    await store.said(words[0].number, screen=(learner, "s", 1))
    tables = postgres.psql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'nabla'", database=database
    ).split()
    rows = " UNION ALL ".join(f"SELECT '{table}', one::text FROM nabla.{table} one" for table in tables)
    assert str(learner) in postgres.psql(rows, database=database)
    # It looks at every row that is there; the statistics come late.
    postgres.psql("CREATE EXTENSION pgstattuple SCHEMA public", database=database)
    dead = (
        "SELECT string_agg(tablename || ' ' || dead, ', ') FROM ("
        "SELECT tablename, (public.pgstattuple(format('nabla.%I', tablename))).dead_tuple_count AS dead"
        " FROM pg_tables WHERE schemaname = 'nabla' AND tablename <> 'owners'"  # each beat leaves one there
        ") AS tables WHERE dead > 0"
    )
    postgres.psql("DELETE FROM nabla.screens", database=database)
    assert "screens 1" in postgres.psql(dead, database=database)
    await store.forget(learner, update=update(2))
    assert str(learner) not in postgres.psql(rows, database=database)
    assert postgres.psql(dead, database=database) == ""


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (lambda url: url.replace(PASSWORD, "hunter2"), "refuses the user or the password"),
        (lambda url: url + "_not_there", "has no such database"),
        (lambda url: re.sub(r":\d+/", ":1/", url), "cannot be reached"),
    ],
)
async def test_what_is_wrong_is_one_line_without_the_password(
    postgres: Cluster, wrong: Callable[[str], str], line: str
) -> None:
    """Place, fact, advice; neither user nor password are repeated, nor are they in any error behind it."""
    store = open_store(wrong(postgres.url()))
    with pytest.raises(StoreError, match=line) as caught:
        await store.open()
    text = "".join(traceback.format_exception(caught.value))
    assert "127.0.0.1" in str(caught.value) and "\n" not in str(caught.value)
    assert PASSWORD not in text and "hunter2" not in text and "nabla:" not in text


@pytest.mark.parametrize("option", ["sslmode=hunter2", "no_such_option=hunter2", "work_mem=hunter2"])
async def test_an_option_that_cannot_be_used_is_the_operators_fault(postgres: Cluster, option: str) -> None:
    """Whoever refuses it, the driver or the server: one line that says which variable; nothing of it is repeated."""
    store = open_store(f"{postgres.url()}?{option}")
    with pytest.raises(ConfigError, match=r"NABLA_DATABASE_URL: .* options that cannot be used") as caught:
        await store.open()
    assert PASSWORD not in str(caught.value) and "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
