"""Parts of the bench that compare, each with tiny numbers: they run, and what was not done gives no figure."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench import crowded, profiling, storming, trainers, versus
from tests.bench.filling import FIRST, Sample, fill
from tests.bench.http import Exchange, field, unchunked
from tests.bench.processes import RIVALS_PYTHON
from tests.bench.versus import AIOGRAM, NABLA, Round, Sizes

TINY = Sizes(warm=4, taps=40, far_taps=20, at_once=8, most_s=3.0, per_s=20.0, steady=10)
SAMPLE = Sample(session="{}", key="key", number=7, asked={}, verdict={})


async def test_requests_are_read_by_length_and_in_chunks() -> None:
    """One after the other on a connection, however they are cut."""
    seen: list[tuple[str, bytes]] = []
    exchange = Exchange(lambda _, name, body: seen.append((name, body)))
    for piece in (
        b"POST /botT/getMe HTTP/1.1\r\nContent-Le",
        b"ngth: 3\r\n\r\na=",
        b"1POST /botT/sendPhoto?x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"1\r\nc\r\n0\r\n\r\n",
    ):
        exchange.data_received(piece)
    assert seen == [("getMe", b"a=1"), ("sendPhoto", b"abc")]
    assert unchunked(b"2\r\na") is None


def test_a_field_is_found_in_both_kinds_of_forms() -> None:
    """Urlencoded and multipart; nothing else has the name in its own."""
    assert field(b"my_chat_id=1&chat_id=-5&text=a%20b+c", b"chat_id") == "-5"
    assert field(b"text=a%20b+c", b"text") == "a b c"
    part = b'--x\r\nContent-Disposition: form-data; name="chat_id"\r\nContent-Type: text/plain\r\n\r\n12\r\n--x--'
    assert field(part, b"chat_id") == "12"
    with pytest.raises(KeyError, match="chat_id"):
        field(b"", b"chat_id")


async def test_a_store_is_filled_with_copies(tmp_path: Path) -> None:
    """So many learners, each with the question's screen; answers are shared out, and keep the store's own rules."""
    await fill(tmp_path / "nabla.db", SAMPLE, learners=10, answers=25)
    with closing(sqlite3.connect(tmp_path / "nabla.db")) as db:
        assert db.execute("SELECT min(learner), count(*) FROM learners").fetchall() == [(FIRST, 10)]
        assert db.execute("SELECT count(*) FROM screens WHERE message = 7").fetchall() == [(10,)]
        assert db.execute("SELECT count(*), count(DISTINCT learner) FROM answers").fetchall() == [(25, 9)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_disk_keeps_half_of_what_is_free() -> None:
    """The wished number where there is room, fewer where there is not, a reason where there is none."""
    assert crowded.fitting(10**12, learners=1000, answers=5000) == 5000
    assert crowded.fitting(10**7, learners=1000, answers=50_000) == 17_500
    with pytest.raises(RuntimeError, match=r"0.0 GB are free: too little for 1,000 learners"):
        crowded.fitting(10**6, learners=1000, answers=1)


def test_ratios_are_taken_round_by_round() -> None:
    """The median of the rounds' ratios, not the ratio of medians; a rival that is not there has none."""
    ours = [Round(per_s=each, per_core_s=1, far_per_s=1, p50_s=1, p99_s=1) for each in (100, 300, 200)]
    theirs = [Round(per_s=each, per_core_s=1, far_per_s=1, p50_s=1, p99_s=4) for each in (100, 100, 50)]
    names = {each.name: each.value for each in versus.ratios({NABLA: ours, AIOGRAM: theirs})}
    assert names["Nabla : aiogram tuned, taps a second"] == 3
    assert names["Nabla : aiogram tuned, p99 under steady load (theirs : ours)"] == 4
    assert names["Nabla : no framework, taps a second"] != names["Nabla : no framework, taps a second"]


def test_a_tap_that_was_lost_or_not_kept_voids_the_comparison(tmp_path: Path) -> None:
    """Whoever it is must answer all; Nabla must have kept all."""
    with pytest.raises(RuntimeError, match="somebody left 1 taps unanswered"):
        versus.check("somebody", tmp_path, [{"taps": 5, "lost": 1}])
    with closing(sqlite3.connect(tmp_path / "nabla.db")) as db:
        db.execute("CREATE TABLE answers (learner INTEGER)")
    with pytest.raises(RuntimeError, match="5 options were tapped, 0 answers"):
        versus.check(NABLA, tmp_path / "nabla.db", [{"taps": 5, "lost": 0}])


def test_a_storm_must_be_counted_once_each(tmp_path: Path) -> None:
    """One who is missing in the store voids it."""
    none = {"lost": 0, "again": 0, "quiet": {"lost": 0}, "others": {"lost": 0}}
    with closing(sqlite3.connect(tmp_path / "nabla.db")) as db:
        db.execute("CREATE TABLE post_answers (learner INTEGER)")
        db.execute("INSERT INTO post_answers VALUES (1), (2)")
        db.commit()
    storming.check(tmp_path / "nabla.db", none, 2)
    for run, people in ((none, 3), (none | {"again": 1}, 2), (none | {"lost": 1}, 2)):
        with pytest.raises(RuntimeError, match="tapped"):
            storming.check(tmp_path / "nabla.db", run, people)


def test_a_sample_counts_for_one_place() -> None:
    """The first place of the list that is on the stack, whatever else is."""
    stacks = [
        "poll (bot/chat/intake.py:1);_feed (bot/chat/app.py:9);de_json (telegram/_update.py:3) 3",
        "handle (bot/tutor/tutor.py:1);gather (bot/tutor/gather.py:9) 6",
        "run_forever (asyncio/base_events.py:1) 1",
    ]
    found = {each.name: each.value for each in profiling.shares(stacks)}
    assert found == {
        "drawing the messages": 60,
        "intake: the framework's objects of an update": 30,
        profiling.OTHERS: 10,
    }


@pytest.mark.process
@pytest.mark.tensorflow
async def test_everybody_is_measured() -> None:
    """Nabla and its rivals answer the same taps, all of them."""
    figures = await versus.measure(rounds=1, sizes=TINY)
    bots = 5 if RIVALS_PYTHON.exists() else 4
    rates = [each for each in figures if each.unit == "/s"]
    assert len(rates) == 2 * bots and all(each.value > 0 for each in rates)


@pytest.mark.process
@pytest.mark.tensorflow
async def test_a_storm_is_measured() -> None:
    """Everybody is acknowledged and counted, and the post is edited rarely."""
    figures = await storming.measure(people=30, per_s=100, others=4, others_per_s=20)
    assert [each.value <= 1 for each in figures if "edits" in each.name] == [True]


@pytest.mark.process
@pytest.mark.tensorflow
async def test_taps_beside_trainings_are_measured() -> None:
    """Trainings go on meanwhile, and a burst ends with all pictures."""
    figures = await trainers.measure(rounds=1, taps=20, per_s=20, runners=2, burst=3)
    assert all(each.value > 0 for each in figures) and "all 3 delivered" in {each.note for each in figures}


@pytest.mark.process
@pytest.mark.tensorflow
async def test_a_full_store_is_measured(tmp_path: Path) -> None:
    """Both are, and nothing of it stays on the disk."""
    figures = await crowded.measure(rounds=1, learners=200, answers=400, taps=8, per_s=20, folder=tmp_path)
    assert len(figures) == 3 and all(each.value > 0 for each in figures)
    assert list(tmp_path.iterdir()) == []
