"""The store's contract: one suite that every backend runs through.

A backend subclasses `StoreContract` and gives the fixture `backend`: each call of it makes a new empty place and
returns a function that makes a store over that place, the same place each time.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from bot.errors import StaleError, StoreError
from bot.store.base import (
    Answer,
    Change,
    Job,
    NewWord,
    Post,
    PostAnswer,
    Run,
    Store,
    Totals,
    UpdateKey,
)
from tests.store.group_contract import GroupContract
from tests.store.model import ModelStore, Shelf
from tests.store.play import PLAYS, Play, perform

Factory = Callable[[], Store]
Backend = Callable[[], Factory]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN, BOB = 7_100_000_001, 7_100_000_002


def answer(question: str = "q1", *, sitting: int = 1, option: int = 0, **more: object) -> Answer:
    """An answer with the rest filled in."""
    values: dict[str, object] = {
        "lesson": "l1",
        "correct": option == 0,
        "hints": 0,
        "seconds": 2.0,
        "answered_at": NOW,
        **more,
    }
    return Answer(question=question, sitting=sitting, option=option, **values)  # type: ignore[arg-type]  # a test's shorthand


def word(body: str = "{}", key: str | None = None) -> NewWord:
    """A word to Ann's chat."""
    return NewWord(chat=ANN, kind="screen", body=body, key=key)


def update(number: int, bot: int = 1) -> UpdateKey:
    """The key of an update."""
    return UpdateKey(bot=bot, update_id=number)


def run_of(learner: int, code: str, body: str = '{"rate": 0.1}') -> Run:
    """A run of the first lesson."""
    return Run(code=code, learner=learner, lesson="l1", body=body, made_at=NOW)


GROUP = -1_001_234_567_890


def post_of(code: str, *, chat: int = GROUP, lesson: str = "l1") -> Post:
    """A question posted in a group."""
    return Post(code=code, chat=chat, lesson=lesson, question="q1", body="{}", made_at=NOW)


def chose(code: str, option: int, *, after: timedelta = timedelta()) -> PostAnswer:
    """A tap on a post; the first option is right."""
    return PostAnswer(code=code, option=option, correct=option == 0, answered_at=NOW + after)


class StoreContract(GroupContract):
    """Everything that `bot.store.base` promises."""

    @pytest.fixture
    def factory(self, backend: Backend) -> Factory:
        """Stores over one place."""
        return backend()

    @pytest.fixture
    async def store(self, factory: Factory) -> AsyncIterator[Store]:
        """An open store."""
        store = factory()
        await store.open()
        yield store
        await store.close()

    async def test_an_update_is_kept_once(self, store: Store) -> None:
        """The same update fetched again is not new, its first body stays, and others beside it are new."""
        assert await store.keep(1, [(5, '{"n": 1}'), (6, "{}")], now=NOW) == [5, 6]
        assert await store.keep(1, [(6, '{"n": 2}'), (7, "{}"), (7, "{}")], now=NOW) == [7]
        assert [(kept.key.update_id, kept.body) for kept in await store.waiting(1)] == [
            (5, '{"n": 1}'),
            (6, "{}"),
            (7, "{}"),
        ]

    async def test_bots_have_inboxes_of_their_own(self, store: Store) -> None:
        """The same update id of another bot is another update."""
        await store.keep(1, [(5, "{}")], now=NOW)
        assert await store.keep(2, [(5, "{}")], now=NOW) == [5]
        assert [kept.key for kept in await store.waiting(2)] == [update(5, bot=2)]

    async def test_updates_wait_in_the_order_they_were_kept(self, store: Store) -> None:
        """A webhook may bring a higher id first: who was kept first is handled first."""
        await store.keep(1, [(9, "{}")], now=NOW)
        await store.keep(1, [(8, "{}")], now=NOW)
        assert [kept.key.update_id for kept in await store.waiting(1)] == [9, 8]

    async def test_half_a_surrogate_pair_is_kept_as_its_escape(self, store: Store) -> None:
        """What UTF-8 cannot carry does not stop the inbox, and means the same JSON."""
        await store.keep(1, [(5, '{"text": "\ud83d é \U0001f600"}')], now=NOW)
        [kept] = await store.waiting(1)
        assert json.loads(kept.body) == {"text": "\ud83d é \U0001f600"}

    async def test_a_handled_update_waits_no_more(self, store: Store) -> None:
        """Commit takes the update out of the inbox."""
        await store.keep(1, [(5, "{}"), (6, "{}")], now=NOW)
        assert await store.commit(Change(learner=ANN, update=update(5), session="{}"), now=NOW) == ()
        assert [kept.key.update_id for kept in await store.waiting(1)] == [6]

    async def test_an_update_is_applied_once(self, store: Store) -> None:
        """The second change for an update changes nothing at all."""
        await store.keep(1, [(5, "{}")], now=NOW)
        once = Change(learner=ANN, update=update(5), session='"one"', words=(word(),))
        twice = Change(learner=ANN, update=update(5), session='"two"', answers=(answer(),), words=(word(),))
        assert await store.commit(once, now=NOW) is not None
        assert await store.commit(twice, now=NOW) is None
        assert (await store.load(ANN)).session == '"one"'
        assert len(await store.unsaid()) == 1
        assert await store.tries(ANN) == []

    async def test_an_update_never_kept_counts_once_too(self, store: Store) -> None:
        """A change names its update; whether it came through the inbox is not asked."""
        change = Change(learner=ANN, update=update(77), session="{}")
        assert await store.commit(change, now=NOW) == ()
        assert await store.commit(change, now=NOW) is None
        assert await store.waiting(1) == []
        assert await store.keep(1, [(77, "{}")], now=NOW) == []

    async def test_a_new_learner_is_remembered_as_nothing(self, store: Store) -> None:
        """Loading somebody unknown is no error and leaves no trace."""
        remembered = await store.load(ANN)
        assert remembered.session is None
        assert dict(remembered.screens) == {}
        assert (await store.export(ANN))["session"] is None

    async def test_a_change_without_a_session_leaves_it(self, store: Store) -> None:
        """None means: as it was."""
        await store.commit(Change(learner=ANN, session='{"at": 3}'), now=NOW)
        await store.commit(Change(learner=ANN, answers=(answer(),)), now=NOW)
        assert (await store.load(ANN)).session == '{"at": 3}'

    @pytest.mark.parametrize("session", [None, '"next"'])
    async def test_what_was_worked_out_from_an_older_session_is_not_applied(
        self, store: Store, session: str | None
    ) -> None:
        """Two processes load one session; the second to commit is told to look again, and nothing of it is there."""
        await store.keep(1, [(5, "{}")], now=NOW)
        for before, after in ((None, '"one"'), ('"one"', '"two"')):
            loaded = await store.load(ANN)
            assert loaded.session == before
            late = Change(
                learner=ANN,
                update=update(5),
                loaded=loaded,
                session=session,
                answers=(answer(),),
                words=(word(),),
            )
            assert await store.commit(Change(learner=ANN, loaded=loaded, session=after), now=NOW) == ()
            with pytest.raises(StaleError):
                await store.commit(late, now=NOW)
            assert (await store.load(ANN)).session == after
        assert await store.unsaid() == [] and await store.tries(ANN) == []
        assert [kept.key for kept in await store.waiting(1)] == [update(5)]
        again = replace(late, loaded=await store.load(ANN))
        assert len(await store.commit(again, now=NOW) or ()) == 1

    async def test_who_was_forgotten_meanwhile_does_not_come_back(self, store: Store) -> None:
        """A change worked out from a session that is gone is not applied."""
        await store.commit(Change(learner=ANN, session='"one"'), now=NOW)
        loaded = await store.load(ANN)
        await store.forget(ANN)
        with pytest.raises(StaleError):
            await store.commit(Change(learner=ANN, loaded=loaded, session='"two"'), now=NOW)
        assert await store.load(ANN) == await store.load(7)

    async def test_a_failing_answer_undoes_the_whole_change(self, store: Store) -> None:
        """One part that is refused takes session, words, runs, job and the handled mark with it."""
        await store.keep(1, [(5, "{}")], now=NOW)
        bad = Change(
            learner=ANN,
            update=update(5),
            session='"new"',
            answers=(answer("q1"), answer("q2", option=-1)),
            words=(word(),),
            runs=(run_of(ANN, "r1"),),
            job=Job(learner=ANN, code="r1", body="{}"),
        )
        with pytest.raises(StoreError):
            await store.commit(bad, now=NOW)
        assert (await store.load(ANN)).session is None
        assert await store.tries(ANN) == [] and await store.unsaid() == [] and await store.jobs() == []
        assert await store.run("r1") is None
        assert [kept.key for kept in await store.waiting(1)] == [update(5)]

    async def test_a_failing_change_harms_no_other(self, store: Store) -> None:
        """Changes committed at the same moment stay, whatever becomes of their neighbour."""
        learners = range(100, 160)
        changes = [
            Change(learner=learner, session="{}", answers=(answer(option=-1 if learner % 10 == 3 else 0),))
            for learner in learners
        ]
        results = await asyncio.gather(
            *(store.commit(change, now=NOW) for change in changes), return_exceptions=True
        )
        for learner, result in zip(learners, results, strict=True):
            failed = learner % 10 == 3
            assert isinstance(result, StoreError) is failed
            assert len(await store.tries(learner)) == (0 if failed else 1)

    async def test_a_time_without_zone_is_refused(self, store: Store) -> None:
        """UTC inside: a naive time is a fault of the caller and writes nothing."""
        with pytest.raises(ValueError, match="time zone"):
            await store.commit(
                Change(learner=ANN, session="{}", answers=(answer(answered_at=datetime(2026, 1, 1)),)),  # noqa: DTZ001 - the point
                now=NOW,
            )
        assert (await store.load(ANN)).session is None

    async def test_the_first_answer_of_a_sitting_counts(self, store: Store) -> None:
        """A second answer to the same question in the same sitting is left out, the change is applied."""
        await store.commit(Change(learner=ANN, answers=(answer(option=1, seconds=9.0),)), now=NOW)
        await store.commit(Change(learner=ANN, session='"x"', answers=(answer(option=0),)), now=NOW)
        [tried] = await store.tries(ANN)
        assert (tried.tries, tried.first_correct, tried.seconds) == (1, False, 9.0)
        assert (await store.load(ANN)).session == '"x"'

    async def test_words_are_numbered_in_order(self, store: Store) -> None:
        """Words come back as committed, in order, and stay until they are said."""
        words = await store.commit(
            Change(learner=ANN, words=(word('"a"'), word('"b"', key="s1"), word('"c"'))), now=NOW
        )
        later = await store.commit(Change(learner=BOB, words=(word('"d"'),)), now=NOW)
        assert words is not None and later is not None
        assert [w.body for w in words] == ['"a"', '"b"', '"c"']
        assert [w.number for w in words + later] == sorted({w.number for w in words + later})
        assert await store.unsaid() == [*words, *later]
        await store.said(words[1].number)
        assert [w.body for w in await store.unsaid()] == ['"a"', '"c"', '"d"']

    async def test_a_word_number_is_not_used_again(self, factory: Factory) -> None:
        """What is said late, after a restart, can never hit another word."""
        store = factory()
        await store.open()
        first = await store.commit(Change(learner=ANN, words=(word(),)), now=NOW)
        assert first is not None
        await store.said(first[0].number)
        await store.close()
        store = factory()
        await store.open()
        second = await store.commit(Change(learner=ANN, words=(word(),)), now=NOW)
        assert second is not None
        await store.said(first[0].number, screen=(ANN, "late", 1))
        assert await store.unsaid() == list(second)
        assert dict((await store.load(ANN)).screens) == {}
        await store.close()

    async def test_a_said_word_leaves_its_screen(self, store: Store) -> None:
        """Where a screen stands is remembered, renewed, and dropped when it is dead."""
        words = await store.commit(
            Change(learner=ANN, words=(word(key="step"), word(key="step"), word(key="ask"))), now=NOW
        )
        assert words is not None
        for said, message in zip(words, (10, 11, 12), strict=True):
            await store.said(said.number, screen=(ANN, str(said.key), message))
        assert dict((await store.load(ANN)).screens) == {"step": 11, "ask": 12}
        assert dict((await store.load(BOB)).screens) == {}
        await store.commit(Change(learner=ANN, dead_screens=("step", "unknown")), now=NOW)
        assert dict((await store.load(ANN)).screens) == {"ask": 12}

    async def test_a_learner_has_one_job(self, store: Store) -> None:
        """A new training takes the place of the one that waits; jobs come oldest first."""
        await store.commit(Change(learner=ANN, job=Job(learner=ANN, code="a1", body="{}")), now=NOW)
        await store.commit(Change(learner=BOB, job=Job(learner=BOB, code="b1", body='{"n": 1}')), now=NOW)
        assert [job.code for job in await store.jobs()] == ["a1", "b1"]
        await store.commit(Change(learner=ANN, job=Job(learner=ANN, code="a2", body="{}")), now=NOW)
        assert await store.jobs() == [
            Job(learner=BOB, code="b1", body='{"n": 1}'),
            Job(learner=ANN, code="a2", body="{}"),
        ]

    async def test_a_job_ends_once(self, store: Store) -> None:
        """The result of a job that ended, was replaced, or is another learner's changes nothing."""
        await store.commit(Change(learner=ANN, job=Job(learner=ANN, code="a1", body="{}")), now=NOW)
        done = Change(learner=ANN, job_done="a1", session='"done"', words=(word(),))
        stranger = Change(learner=BOB, job_done="a1", session='"mine"')
        assert await store.commit(stranger, now=NOW) is None
        assert await store.commit(done, now=NOW) is not None
        assert await store.commit(done, now=NOW) is None
        assert await store.jobs() == []
        assert len(await store.unsaid()) == 1
        assert (await store.load(BOB)).session is None

    async def test_a_gone_job_leaves_its_update_to_handle(self, store: Store) -> None:
        """Not applied means not handled either."""
        await store.keep(1, [(5, "{}")], now=NOW)
        assert await store.commit(Change(learner=ANN, update=update(5), job_done="a1"), now=NOW) is None
        assert [kept.key for kept in await store.waiting(1)] == [update(5)]

    async def test_one_change_ends_a_job_and_asks_for_the_next(self, store: Store) -> None:
        """Ten more steps, pressed while the first ten end."""
        await store.commit(Change(learner=ANN, job=Job(learner=ANN, code="a1", body="{}")), now=NOW)
        change = Change(learner=ANN, job_done="a1", job=Job(learner=ANN, code="a2", body="{}"))
        assert await store.commit(change, now=NOW) == ()
        assert [job.code for job in await store.jobs()] == ["a2"]

    async def test_a_run_is_found_by_its_code(self, store: Store) -> None:
        """A run is put in and renewed under its code."""
        assert await store.run("r1") is None
        await store.commit(Change(learner=ANN, runs=(run_of(ANN, "r1"), run_of(ANN, "r2"))), now=NOW)
        assert await store.run("r1") == run_of(ANN, "r1")
        await store.commit(Change(learner=ANN, runs=(run_of(ANN, "r1", '{"loss": 1}'),)), now=NOW)
        assert await store.run("r1") == run_of(ANN, "r1", '{"loss": 1}')
        assert await store.run("r2") == run_of(ANN, "r2")

    async def test_a_post_is_found_by_its_code_and_by_its_chat(self, store: Store) -> None:
        """What was posted where, oldest first; other chats and lessons have their own."""
        for post in (post_of("p1"), post_of("p2"), post_of("p3", chat=-5), post_of("p4", lesson="l2")):
            said = NewWord(chat=post.chat, kind="say", body="{}", key=post.code)
            await store.commit(Change(learner=ANN, words=(said,), post=post), now=NOW)
        assert await store.post("p1") == post_of("p1")
        assert await store.post("nothing") is None
        assert [post.code for post in await store.posts(GROUP, "l1")] == ["p1", "p2"]

    async def test_the_first_tap_on_a_post_counts_once_a_person(self, store: Store) -> None:
        """A second tap changes nothing; totals count persons."""
        await store.commit(Change(learner=ANN, post=post_of("p1")), now=NOW)
        for learner, option in ((ANN, 1), (BOB, 0), (ANN, 0)):
            await store.commit(Change(learner=learner, post_answer=chose("p1", option)), now=NOW)
        assert await store.post_answer("p1", ANN) == chose("p1", 1)
        assert await store.post_answer("p1", 3) is None
        assert await store.totals("p1") == Totals(answered=2, right=1)
        assert dict(await store.shares("p1")) == {0: 1, 1: 1}
        assert dict(await store.shares("p2")) == {}
        assert await store.totals("p2") == Totals(answered=0, right=0)

    async def test_a_tap_on_a_post_that_is_not_there_changes_nothing(self, store: Store) -> None:
        """The whole change is refused."""
        with pytest.raises(StoreError):
            await store.commit(Change(learner=ANN, session="{}", post_answer=chose("p1", 0)), now=NOW)
        assert (await store.load(ANN)).session is None

    async def test_posts_answered_lately_are_known(self, store: Store) -> None:
        """Those whose totals may have changed since a time."""
        for code in ("p1", "p2"):
            await store.commit(Change(learner=ANN, post=post_of(code)), now=NOW)
        old = chose("p1", 0, after=-timedelta(days=3))
        await store.commit(Change(learner=ANN, post_answer=old), now=NOW)
        await store.commit(Change(learner=ANN, post_answer=chose("p2", 0)), now=NOW)
        assert await store.fresh_posts(NOW - timedelta(days=1)) == ["p2"]

    async def test_where_a_post_stands_is_remembered_for_its_chat(self, store: Store) -> None:
        """A group has no session, but its posts can be edited."""
        said = NewWord(chat=GROUP, kind="say", body="{}", key="p1")
        [word_] = await store.commit(Change(learner=ANN, words=(said,), post=post_of("p1")), now=NOW) or ()
        await store.said(word_.number, screen=(GROUP, "p1", 77))
        assert dict((await store.load(GROUP)).screens) == {"p1": 77}
        assert (await store.load(GROUP)).session is None

    async def test_what_was_refused_is_not_posted(self, store: Store) -> None:
        """A post counts while it waits, and once it was said or answered; not when it was given up."""
        for code in ("p1", "p2", "p3"):
            said = NewWord(chat=GROUP, kind="say", body="{}", key=code)
            await store.commit(Change(learner=ANN, words=(said,), post=post_of(code)), now=NOW)
        first, second, third = await store.unsaid()
        await store.commit(Change(learner=BOB, post_answer=chose("p3", 0)), now=NOW)
        await store.said(first.number)
        await store.said(second.number, screen=(GROUP, "p2", 78))
        await store.said(third.number)
        assert [post.code for post in await store.posts(GROUP, "l1")] == ["p2", "p3"]

    async def test_a_group_with_a_new_id_keeps_its_posts_and_words(self, store: Store) -> None:
        """What waits goes there, answers count on; a message id of before is good for nothing."""
        for code in ("p1", "p2"):
            said = NewWord(chat=GROUP, kind="say", body="{}", key=code)
            await store.commit(Change(learner=ANN, words=(said,), post=post_of(code)), now=NOW)
        await store.commit(Change(learner=ANN, words=(word(),)), now=NOW)
        await store.said((await store.unsaid())[0].number, screen=(GROUP, "p1", 78))
        await store.commit(Change(learner=BOB, post_answer=chose("p1", 0)), now=NOW)
        for _ in range(2):
            await store.move(GROUP, -77)
        assert [post.code for post in await store.posts(-77, "l1")] == ["p1", "p2"]
        assert await store.posts(GROUP, "l1") == []
        assert dict((await store.load(-77)).screens) == {}
        assert [word.chat for word in await store.unsaid()] == [-77, ANN]
        await store.said((await store.unsaid())[0].number, screen=(-77, "p2", 3))
        assert dict((await store.load(-77)).screens) == {"p2": 3}
        assert await store.totals("p1") == Totals(answered=1, right=1)

    async def test_a_post_said_while_its_group_moves_stands_where_no_edit_reaches_it(
        self, store: Store
    ) -> None:
        """The news of the new id may be quicker than the word that it was said: it counts as posted all the same."""
        said = NewWord(chat=GROUP, kind="say", body="{}", key="p1")
        [word_] = await store.commit(Change(learner=ANN, words=(said,), post=post_of("p1")), now=NOW) or ()
        await store.move(GROUP, -77)
        await store.said(word_.number, screen=(GROUP, "p1", 78))
        assert [post.code for post in await store.posts(-77, "l1")] == ["p1"]
        assert dict((await store.load(-77)).screens) == {}

    async def test_forgetting_takes_a_person_out_of_posts(self, store: Store) -> None:
        """The post stays, without the person."""
        await store.commit(Change(learner=ANN, post=post_of("p1")), now=NOW)
        for learner in (ANN, BOB):
            await store.commit(Change(learner=learner, post_answer=chose("p1", 0)), now=NOW)
        await store.forget(ANN)
        assert await store.totals("p1") == Totals(answered=1, right=1)
        assert await store.post("p1") == post_of("p1")
        assert [each["code"] for each in (await store.export(BOB))["post_answers"]] == ["p1"]

    async def test_first_try_and_later_tries_are_told_apart(self, store: Store) -> None:
        """What counts is the first try; later ones are counted beside it, in order of the first answer."""
        for given_answer in (
            answer("q2", option=1, hints=2, seconds=None, source="group"),
            answer("q1"),
            answer("q2", sitting=2),
            answer("q2", sitting=3, option=1),
        ):
            await store.commit(Change(learner=ANN, answers=(given_answer,)), now=NOW)
        second, first = await store.tries(ANN)
        assert (second.question, second.first_correct, second.first_source) == ("q2", False, "group")
        assert (second.tries, second.correct, second.hints, second.seconds) == (3, 1, 2, None)
        assert (first.question, first.first_correct, first.tries, first.correct) == ("q1", True, 1, 1)
        assert await store.tries(BOB) == []

    async def test_figures_count_first_tries_over_all_learners(self, store: Store) -> None:
        """Per option: how many chose it first, mean hints, median time of those whose time is known."""
        for learner, option, hints, seconds in (
            (1, 0, 0, 1.0), (2, 0, 1, 9.0), (3, 0, 2, 2.0), (4, 0, 0, None), (5, 1, 0, None), (6, 0, 0, 4.0),
        ):  # fmt: skip
            given_answer = answer(option=option, hints=hints, seconds=seconds)
            again = answer(sitting=2, option=1)
            elsewhere = answer(lesson="l2")
            await store.commit(Change(learner=learner, answers=(given_answer, again, elsewhere)), now=NOW)
        right, wrong = await store.figures("l1")
        assert (right.option, right.chosen, right.correct, right.hints, right.seconds) == (
            0,
            5,
            True,
            0.6,
            3.0,
        )
        assert (wrong.option, wrong.chosen, wrong.correct, wrong.seconds) == (1, 1, False, None)
        assert [figure.lesson for figure in await store.figures()] == ["l1", "l1", "l2"]
        assert await store.figures("none") == []

    async def test_export_has_everything_and_is_json(self, store: Store) -> None:
        """Session, answers, runs, job, words and screens of the learner, strict JSON, of nobody else."""
        words = await store.commit(
            Change(
                learner=ANN,
                session='{"lesson": "l1"}',
                answers=(answer("q-ann"),),
                runs=(run_of(ANN, "r-ann", '{"loss": NaN, "top": -Infinity}'),),
                job=Job(learner=ANN, code="j-ann", body="{}"),
                words=(word('"unsaid-ann"'), word(key="k-ann")),
            ),
            now=NOW,
        )
        assert words is not None
        await store.said(words[1].number, screen=(ANN, "k-ann", 44))
        await store.commit(Change(learner=BOB, session='"bob"', answers=(answer("q-bob"),)), now=NOW)
        exported = await store.export(ANN)
        text = json.dumps(exported, allow_nan=False)
        assert exported["session"] == {"lesson": "l1"}
        for part in (str(ANN), "q-ann", "r-ann", "j-ann", "unsaid-ann", "k-ann"):
            assert part in text
        assert "bob" not in text

    async def test_forget_leaves_nothing_of_a_learner(self, store: Store) -> None:
        """All of the learner is gone, the update is handled, all of the others is there."""
        await store.keep(1, [(5, "{}"), (6, "{}")], now=NOW)
        for learner, code in ((ANN, "a"), (BOB, "b")):
            change = Change(
                learner=learner,
                session='"s"',
                answers=(answer(),),
                words=(word(key="k"), word()),
                runs=(run_of(learner, code),),
                job=Job(learner=learner, code=code, body="{}"),
            )
            words = await store.commit(change, now=NOW)
            assert words is not None
            await store.said(words[0].number, screen=(learner, "k", 1))
        empty = await store.export(7)
        bob = await store.export(BOB)
        await store.forget(ANN, update=update(5))
        assert {**await store.export(ANN), "learner": 7} == empty
        assert await store.export(BOB) == bob
        assert [job.code for job in await store.jobs()] == ["b"]
        assert await store.run("a") is None and await store.run("b") is not None
        assert len(await store.unsaid()) == 1
        assert sum(figure.chosen for figure in await store.figures()) == 1
        assert [kept.key for kept in await store.waiting(1)] == [update(6)]
        assert await store.commit(Change(learner=ANN, update=update(5), session="{}"), now=NOW) is None

    async def test_what_comes_late_does_not_bring_a_forgotten_learner_back(self, store: Store) -> None:
        """A word on its way and a training that ends after `forget` leave no trace; forgetting twice is fine."""
        words = await store.commit(
            Change(learner=ANN, words=(word(),), job=Job(learner=ANN, code="a", body="{}")), now=NOW
        )
        assert words is not None
        await store.forget(ANN)
        await store.said(words[0].number, screen=(ANN, "k", 1))
        assert await store.commit(Change(learner=ANN, job_done="a", session="{}"), now=NOW) is None
        await store.forget(ANN)
        assert await store.load(ANN) == await store.load(7)

    async def test_sweep_takes_what_was_handled_48_hours_ago(self, store: Store) -> None:
        """Handled rows stay 48 h, so that a repeat is known; waiting ones stay until they are handled."""
        await store.keep(1, [(5, "{}"), (6, "{}"), (7, "{}")], now=NOW)
        await store.commit(Change(learner=ANN, update=update(5)), now=NOW)
        await store.commit(Change(learner=ANN, update=update(6)), now=NOW + timedelta(hours=1))
        await store.sweep(now=NOW + timedelta(hours=48))
        assert await store.keep(1, [(5, "{}")], now=NOW) == []
        await store.sweep(now=NOW + timedelta(hours=48, seconds=1))
        assert await store.keep(1, [(5, "{}"), (6, "{}"), (7, "{}")], now=NOW) == [5]

    async def test_sweep_takes_any_number(self, store: Store) -> None:
        """After a busy day all old rows go, in pieces or not."""
        ids = list(range(1, 5001))
        await store.keep(1, [(number, "{}") for number in ids], now=NOW)
        await asyncio.gather(*(store.commit(Change(learner=1, update=update(n)), now=NOW) for n in ids))
        await store.sweep(now=NOW + timedelta(days=3))
        assert await store.keep(1, [(number, "{}") for number in ids], now=NOW) == ids

    async def test_reopening_keeps_all(self, factory: Factory) -> None:
        """Everything is there for the next start; closing twice is fine."""
        store = factory()
        await store.open()
        await store.keep(1, [(5, "{}"), (6, '{"n": 6}')], now=NOW)
        change = Change(
            learner=ANN,
            update=update(5),
            session='"s"',
            answers=(answer(),),
            words=(word(key="k"), word('"left"')),
            runs=(run_of(ANN, "r"),),
            job=Job(learner=ANN, code="r", body="{}"),
        )
        words = await store.commit(change, now=NOW)
        assert words is not None
        await store.said(words[0].number, screen=(ANN, "k", 3))
        before = await everything(store)
        await store.close()
        await store.close()
        again = factory()
        await again.open()
        assert await everything(again) == before
        assert await again.commit(change, now=NOW) is None
        await again.close()

    async def test_closing_under_load_commits_what_was_asked(self, factory: Factory) -> None:
        """Every change asked for before the close is either there or its caller got an error."""
        store = factory()
        await store.open()
        asked = [
            asyncio.ensure_future(store.commit(Change(learner=n, answers=(answer(),)), now=NOW))
            for n in range(1, 400)
        ]
        await asyncio.sleep(0)  # lets each of them reach the store
        await store.close()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert results.count(()) == len(asked)
        again = factory()
        await again.open()
        assert sum(figure.chosen for figure in await again.figures()) == len(asked)
        await again.close()

    async def test_a_cancelled_caller_stops_nobody(self, store: Store) -> None:
        """Who stops waiting is served or not; the next one is."""
        waiting = asyncio.ensure_future(store.commit(Change(learner=ANN, session="{}"), now=NOW))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await store.commit(Change(learner=BOB, session='"b"'), now=NOW) == ()
        assert (await store.load(BOB)).session == '"b"'

    @given(play=PLAYS)
    @settings(
        max_examples=40,
        deadline=None,
        # Each example takes a new place from the fixture; every backend inherits this test.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    def test_it_behaves_like_the_model(self, backend: Backend, play: list[Play]) -> None:
        """Any sequence of calls, restarts included, gives what the page of dictionaries gives."""

        async def both() -> None:
            shelf = Shelf()
            expected = await perform(lambda: ModelStore(shelf), play)
            assert await perform(backend(), play) == expected

        asyncio.run(both())


async def everything(store: Store) -> tuple[object, ...]:
    """All that can be read of Ann and bot 1."""
    return (
        await store.waiting(1),
        await store.load(ANN),
        await store.unsaid(),
        await store.jobs(),
        await store.run("r"),
        await store.tries(ANN),
        await store.figures(),
        await store.export(ANN),
    )
