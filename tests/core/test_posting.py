"""A posting as a pure state machine, and times as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.posting import LATE, Phase, Posting, answer_shown, called_off, closed, posted
from bot.core.typed import moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = st.lists(st.tuples(st.sampled_from(["wake", "call off"]), st.integers(-60, 400)), max_size=12)


def posting(*, stays_s: int | None, question: str | None = "q") -> Posting:
    """One that waits for an hour."""
    step = None if question else "hook"
    at = NOON + timedelta(seconds=60)
    return Posting(lesson="l", question=question, step=step, language="en", at=at, stays_s=stays_s)


def woken(state: Posting, now: datetime) -> Posting:
    """What one waking does; a kill may come after any."""
    if state.phase is Phase.CLOSING:
        return answer_shown(state)
    return posted(state, now) if state.phase is Phase.WAITING else closed(state, now)


@given(stays_s=st.none() | st.integers(1, 300), question=st.sampled_from(["q", None]), happens=STEPS)
def test_in_any_order_it_is_posted_once_and_closed_once(
    stays_s: int | None, question: str | None, happens: list[tuple[str, int]]
) -> None:
    """Woken early or late, called off at any time, with a clock that goes back: it ends, and only forward."""
    state, now, path = posting(stays_s=stays_s, question=question), NOON, [Phase.WAITING]
    order = list(Phase)
    for what, seconds in happens:
        now += timedelta(seconds=seconds)
        before = state
        if what == "call off":
            state = called_off(state)
        elif state.due is not None and state.due <= now:
            state = woken(state, now)
            assert state != before, "a due one must move on, else it is woken for ever"
        if state.phase is not path[-1]:
            path.append(state.phase)
        assert state.over == (state.due is None)
        assert Posting.model_validate_json(state.model_dump_json()) == state
        if state.phase is Phase.OPEN:
            assert state.closes is not None and question is not None and stays_s is not None
    assert len(set(path)) == len(path)
    assert [order.index(phase) for phase in path] == sorted(order.index(phase) for phase in path)


def test_what_does_not_fit_changes_nothing() -> None:
    """Posting twice, closing too early or twice, calling off what is over."""
    waiting = posting(stays_s=60)
    open_ = posted(waiting, NOON)
    assert posted(open_, NOON) == open_ and closed(waiting, NOON + LATE) == waiting
    assert closed(open_, NOON + timedelta(seconds=59)) == open_
    closing = closed(open_, NOON + timedelta(seconds=60))
    assert closing.phase is Phase.CLOSING and closed(closing, NOON + LATE) == called_off(closing) == closing
    done = answer_shown(closing)
    assert done.phase is Phase.CLOSED and answer_shown(open_) == open_
    assert closed(done, NOON + LATE) == called_off(done) == answer_shown(done) == done


def test_its_time_in_the_chat_begins_when_it_is_posted() -> None:
    """An hour late, it is still open for as long as was wished; a day late it is not posted at all."""
    waiting = posting(stays_s=3600)
    late = waiting.at + timedelta(hours=1)
    assert posted(waiting, late).closes == late + timedelta(hours=1)
    assert not waiting.is_late(waiting.at + LATE) and waiting.is_late(
        waiting.at + LATE + timedelta(seconds=1)
    )
    assert not posted(waiting, late).is_late(late + 2 * LATE)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-12-01 18:00", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        (" 2026-12-01T18:00Z ", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01 18:00 utc", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01 18:00 +02:00", datetime(2026, 12, 1, 16, tzinfo=UTC)),
        ("2026-12-01 18:00 -0530", datetime(2026, 12, 1, 23, 30, tzinfo=UTC)),
        ("2026-12-01 18:00 −5", datetime(2026, 12, 1, 23, tzinfo=UTC)),
        ("13:30", datetime(2026, 3, 1, 13, 30, tzinfo=UTC)),
        ("11:30", datetime(2026, 3, 2, 11, 30, tzinfo=UTC)),
        ("12:00", datetime(2026, 3, 2, 12, 0, tzinfo=UTC)),
        ("01:00 +14", datetime(2026, 3, 2, 11, 0, tzinfo=UTC)),
        ("2026-02-30 10:00", None),
        ("24:00", None),
        ("9:99", None),
        ("2026-12-01", None),
        ("18:00 tomorrow", None),
        ("9999-12-31 23:59 -12", None),
        ("18:00 +99", None),
        ("١٨:٠٠", None),
        ("", None),
    ],
)
def test_times_as_people_type_them(text: str, at: datetime | None) -> None:
    """UTC, or with an offset; an hour alone is the next such one; all else is no time."""
    assert moment(text, NOON) == at


@given(st.text(max_size=40), st.datetimes(timezones=st.just(UTC)))
def test_nothing_typed_can_break_it(text: str, now: datetime) -> None:
    """Whatever it is, at whatever time."""
    at = moment(text, now)
    assert at is None or at.tzinfo is UTC
