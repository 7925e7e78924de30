"""Sequences of calls for the model test, as data, and what a caller sees when they are performed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot.errors import StoreError
from bot.store.base import Answer, Change, Job, NewWord, Run, Store, UpdateKey, Word

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Play:
    """One call: its name, its values, and the hours that pass before it."""

    call: str
    values: Any = None
    hours: int = 0


_LEARNERS = st.sampled_from([1, 2, 7_000_000_001])
_BOTS = st.sampled_from([1, 2])
_IDS = st.integers(1, 5)
_CODES = st.sampled_from(["a", "b", "c"])
_KEYS = st.sampled_from(["k1", "k2"])
# JSON text has no NUL in it, only its escape.
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5).map(
    lambda text: '"' + text.replace("\\", "/").replace('"', "'") + '"'
)
_BODY = st.one_of(st.just("{}"), st.integers().map(str))
_TIMES = st.integers(0, 10**9).map(lambda us: _START + timedelta(microseconds=us))
_UPDATES = st.builds(UpdateKey, bot=_BOTS, update_id=_IDS)
_ANSWERS = st.builds(
    Answer,
    lesson=st.sampled_from(["l1", "l2"]),
    question=st.sampled_from(["q1", "q2"]),
    sitting=st.integers(1, 3),
    option=st.sampled_from([0, 0, 1, 2, -1]),  # −1 is refused
    correct=st.booleans(),
    hints=st.integers(0, 3),
    seconds=st.none() | st.integers(0, 400).map(lambda quarters: quarters / 4),
    answered_at=_TIMES,
    source=st.sampled_from(["private", "group"]),
)
_WORDS = st.builds(NewWord, chat=st.integers(-(2**40), 2**40), kind=_KEYS, body=_BODY, key=st.none() | _KEYS)


def _change(learner: int) -> st.SearchStrategy[Change]:
    """Codes carry the learner, as a code is one learner's alone."""
    codes = _CODES.map(lambda code: f"{code}{learner}")
    some = st.none() | codes
    return st.builds(
        Change,
        learner=st.just(learner),
        update=st.none() | _UPDATES,
        session=st.none() | _BODY,
        answers=st.lists(_ANSWERS, max_size=2).map(tuple),
        words=st.lists(_WORDS, max_size=2).map(tuple),
        runs=st.lists(
            st.builds(Run, code=codes, learner=st.just(learner), lesson=_KEYS, body=_TEXT, made_at=_TIMES),
            max_size=1,
        ).map(tuple),
        job=st.none() | st.builds(Job, learner=st.just(learner), code=codes, body=_TEXT),
        job_done=st.one_of(st.none(), some),
        dead_screens=st.lists(_KEYS, max_size=1).map(tuple),
    )


_CHANGES = _LEARNERS.flatmap(_change)
PLAYS = st.lists(
    st.one_of(
        *(
            st.builds(Play, call=st.just(call), values=values, hours=st.sampled_from([0, 0, 0, 1, 47, 49]))
            for call, values in (
                ("keep", st.tuples(_BOTS, st.lists(st.tuples(_IDS, _TEXT), max_size=3))),
                ("commit", _CHANGES),
                ("commit", _CHANGES),
                ("together", st.lists(_CHANGES, max_size=4)),
                ("said", st.tuples(st.integers(0, 3), st.none() | st.tuples(_LEARNERS, _KEYS, _IDS))),
                ("forget", st.tuples(_LEARNERS, st.none() | _UPDATES)),
                ("sweep", st.none()),
                ("reopen", st.none()),
            )
        )
    ),
    max_size=25,
)


async def perform(make: Callable[[], Store], plays: list[Play]) -> list[object]:
    """What a caller sees: the result of every call, and after each all that can be read."""
    seen: list[object] = []
    now = _START
    store = make()
    await store.open()
    try:
        for play in plays:
            now += timedelta(hours=play.hours)
            if play.call == "reopen":
                await store.close()
                store = make()
                await store.open()
            else:
                seen.append(await _call(store, play, now))
            seen.append(await _look(store))
    finally:
        await store.close()
    return seen


async def _call(store: Store, play: Play, now: datetime) -> object:
    match play.call:
        case "keep":
            bot, updates = play.values
            return await store.keep(bot, updates, now=now)
        case "commit":
            return await _commit(store, play.values, now)
        case "together":
            return await asyncio.gather(*(_commit(store, change, now) for change in play.values))
        case "said":
            place, screen = play.values
            words = sorted(await store.unsaid(), key=lambda word: word.chat)  # see `_look`
            number = words[place].number if place < len(words) else 10**9
            await store.said(number, screen=screen)
        case "forget":
            learner, update = play.values
            await store.forget(learner, update=update)
        case _:
            await store.sweep(now=now)
    return None


async def _commit(store: Store, change: Change, now: datetime) -> object:
    try:
        words = await store.commit(change, now=now)
    except StoreError:
        return "refused"
    return None if words is None else [_plain(word) for word in words]


def _plain(word: Word) -> NewWord:
    """A word without its number, which a store may choose."""
    return NewWord(chat=word.chat, kind=word.kind, body=word.body, key=word.key)


async def _look(store: Store) -> list[object]:
    said: dict[int, list[NewWord]] = {}  # of each chat in order; among chats there is none
    for word in await store.unsaid():
        said.setdefault(word.chat, []).append(_plain(word))
    jobs = sorted(
        await store.jobs(), key=lambda job: job.learner
    )  # asked for at one moment, either may be first
    seen: list[object] = [said, jobs]
    for bot in (1, 2):
        seen += [await store.waiting(bot)]
    for learner in (1, 2, 7_000_000_001):
        remembered = await store.load(learner)
        exported = await store.export(learner)
        counts = {part: len(exported[part]) for part in ("answers", "runs", "jobs", "words", "screens")}
        seen += [remembered.session, dict(remembered.screens), await store.tries(learner), counts]
        seen += [await store.run(f"{code}{learner}") for code in "abc"]
    return [*seen, await store.figures(), await store.figures("l1")]
