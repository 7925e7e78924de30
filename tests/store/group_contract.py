"""The groups' part of the store's contract."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import StaleError, StoreError
from bot.store.base import Change, NewWord, Store
from bot.store.groups import Activity, Ballot, KnownChat, KnownTopic, Score, ShownName, Vote

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANN, BOB, CEM = 7_100_000_001, 7_100_000_002, 7_100_000_003
GROUP, OTHER = -1_001_234_567_890, -1_001_234_567_891
CLUB = KnownChat(chat=GROUP, kind="supergroup", title="Club")


def activity(code: str = "a1", *, chat: int = GROUP, **more: object) -> Activity:
    """A round in the group."""
    values: dict[str, object] = {"kind": "round", "body": "{}", "made_at": NOW, **more}
    return Activity(code=code, chat=chat, **values)  # type: ignore[arg-type]  # a test's shorthand


def vote(choice: int, *, code: str = "a1", item: str = "q1", **more: object) -> Vote:
    """A vote in it."""
    return Vote(code=code, item=item, choice=choice, **{"cast_at": NOW, **more})  # type: ignore[arg-type]


async def begin(store: Store, *activities: Activity) -> None:
    """Each as a change of its own."""
    for each in activities:
        await store.commit(Change(learner=None, activity=each), now=NOW)


class GroupContract:
    """What `bot.store.groups` promises; `store` is the backend's."""

    async def test_an_activity_is_kept_and_found(self, store: Store) -> None:
        """With all that it was made of; its first version is 1."""
        made = activity(thread=9, starter=ANN, due=NOW + MINUTE, alone=True, body='{"x": "é"}')
        await begin(store, made)
        assert await store.activity("a1") == replace(made, version=1)
        assert await store.activity("a2") is None

    async def test_an_activity_changes_by_compare_and_swap(self, store: Store) -> None:
        """Who read an older version changes nothing at all, not even words or votes."""
        await begin(store, activity())
        read = await store.activity("a1")
        assert read is not None
        word = NewWord(chat=GROUP, kind="say", body="{}")
        later = replace(read, body='"two"', due=NOW)
        assert await store.commit(Change(learner=None, activity=later, words=(word,)), now=NOW) is not None
        late = replace(read, body='"three"')
        with pytest.raises(StaleError):
            await store.commit(Change(learner=ANN, activity=late, words=(word,), session="{}"), now=NOW)
        found = await store.activity("a1")
        assert found is not None
        assert (found.body, found.version, found.due) == ('"two"', 2, NOW)
        assert len(await store.unsaid()) == 1
        assert (await store.load(ANN)).session is None

    async def test_what_is_over_changes_no_more(self, store: Store) -> None:
        """Neither it nor what people choose in it."""
        await begin(store, activity())
        await begin(store, activity(version=1, over=True))
        for change in (
            Change(learner=None, activity=activity(version=2)),
            Change(learner=ANN, votes=(vote(1),), while_at=("a1", 2)),
        ):
            with pytest.raises(StaleError):
                await store.commit(change, now=NOW)
        assert await store.activities() == []
        assert [each.code for each in await store.ended("round", NOW)] == ["a1"]
        assert await store.ended("round", NOW + MINUTE) == []
        assert [each.code for each in await store.ended("round", NOW, chat=GROUP)] == ["a1"]
        assert await store.ended("round", NOW, chat=OTHER) == []

    async def test_one_alone_of_a_kind_goes_on_in_a_topic(self, store: Store) -> None:
        """A second is refused until the first is over; other topics, chats and kinds have their own."""
        await begin(store, activity("a1", alone=True))
        with pytest.raises(StaleError):
            await begin(store, activity("a2", alone=True))
        await begin(
            store,
            activity("a3", alone=True, thread=9),
            activity("a4", alone=True, chat=OTHER),
            activity("a5", alone=True, kind="plan"),
            activity("a6"),
        )
        await begin(store, activity("a1", alone=True, version=1, over=True), activity("a2", alone=True))
        assert {each.code for each in await store.activities(chat=GROUP)} == {"a2", "a3", "a5", "a6"}
        assert {each.code for each in await store.activities(chat=GROUP, kind="round")} == {"a2", "a3", "a6"}

    async def test_activities_of_one_person(self, store: Store) -> None:
        """What somebody began and goes on, of a kind, wherever it is."""
        await begin(
            store,
            activity("a1", starter=ANN),
            activity("a2", starter=BOB),
            activity("a3", starter=ANN, chat=OTHER, kind="plan"),
            activity("a4", starter=ANN, over=True),
        )
        assert [each.code for each in await store.activities(starter=ANN)] == ["a1", "a3"]
        assert [each.code for each in await store.activities(starter=ANN, kind="plan")] == ["a3"]
        assert await store.activities(starter=CEM) == []

    async def test_topics_are_known_by_their_last_name(self, store: Store) -> None:
        """Until they are gone; a new id of the group takes them along; an unknown chat has none."""
        for thread, name in ((9, "Old"), (9, "Homework"), (4, "Exams"), (5, "Gone"), (5, None)):
            topic = KnownTopic(chat=GROUP, thread=thread, name=name)
            await store.commit(Change(learner=None, chat=CLUB, topic=topic), now=NOW)
        assert dict(await store.topics(GROUP)) == {4: "Exams", 9: "Homework"}
        nowhere = KnownTopic(chat=OTHER, thread=1, name="Nowhere")
        with pytest.raises(StoreError):
            await store.commit(Change(learner=None, topic=nowhere), now=NOW)
        await store.move(GROUP, OTHER)
        assert dict(await store.topics(OTHER)) == {4: "Exams", 9: "Homework"}
        assert dict(await store.topics(GROUP)) == {}

    async def test_whispering_is_the_chats_own_choice(self, store: Store) -> None:
        """What Telegram says of a chat later leaves it as it was chosen; of an unknown chat nothing is kept."""
        await store.commit(Change(learner=None, chat=CLUB, whispers=(GROUP, True)), now=NOW)
        await store.commit(Change(learner=None, chat=replace(CLUB, title="Den")), now=NOW)
        assert await store.known_chat(GROUP) == replace(CLUB, title="Den", whispers=True)
        await store.commit(Change(learner=None, whispers=(OTHER, True)), now=NOW)
        assert await store.known_chat(OTHER) is None

    async def test_who_is_due_is_woken_in_order(self, store: Store) -> None:
        """Those whose time has come, the longest waiting first; not what is over or waits for nothing."""
        await begin(
            store,
            activity("a1", due=NOW + 2 * MINUTE),
            activity("a2", due=NOW + MINUTE),
            activity("a3"),
            activity("a4", due=NOW - MINUTE, over=True),
        )
        assert await store.due(NOW) == []
        assert [each.code for each in await store.due(NOW + 2 * MINUTE)] == ["a2", "a1"]

    async def test_a_final_vote_counts_once_and_another_may_change(self, store: Store) -> None:
        """The first of the one kind, the last of the other; each person has one."""
        await begin(store, activity())
        for learner, each in (
            (ANN, vote(1, points=0.5, seconds=2.5)),
            (ANN, vote(0)),
            (BOB, vote(0)),
            (ANN, vote(3, item="rate", final=False)),
            (ANN, vote(4, item="rate", final=False)),
        ):
            await store.commit(Change(learner=learner, votes=(each,), while_at=("a1", 1)), now=NOW)
        first = Ballot(learner=ANN, item="q1", choice=1, points=0.5, seconds=2.5)
        assert await store.ballot("a1", "q1", ANN) == first
        assert await store.ballot("a1", "q1", CEM) is None
        assert dict(await store.tally("a1", "q1")) == {0: 1, 1: 1}
        assert dict(await store.tally("a1", "rate")) == {4: 1}
        assert [(each.learner, each.choice) for each in await store.ballots("a1")] == [
            (ANN, 1),
            (BOB, 0),
            (ANN, 4),
        ]

    async def test_a_vote_counts_only_while_it_stands(self, store: Store) -> None:
        """Once the activity went on, nothing of the voter's change is kept."""
        await begin(store, activity(), activity(version=1))
        change = Change(learner=ANN, votes=(vote(1),), while_at=("a1", 1), session="{}")
        with pytest.raises(StaleError):
            await store.commit(change, now=NOW)
        assert await store.ballots("a1") == []
        assert (await store.load(ANN)).session is None

    async def test_a_vote_for_nothing_is_refused(self, store: Store) -> None:
        """There is no such activity."""
        with pytest.raises(StoreError):
            await store.commit(Change(learner=ANN, votes=(vote(1, code="no"),)), now=NOW)

    async def test_scores_add_up_over_a_chats_activities(self, store: Store) -> None:
        """Of one kind, since a time: most points first, then the least time."""
        await begin(
            store, activity("a1"), activity("a2"), activity("a3", chat=OTHER), activity("a4", kind="plan")
        )
        old = NOW - timedelta(days=8)
        for learner, each in (
            (ANN, vote(0, points=1, seconds=9.0)),
            (BOB, vote(0, points=1, seconds=4.0)),
            (CEM, vote(0, points=0.5, seconds=1.0)),
            (CEM, vote(0, code="a2", points=1, seconds=None)),
            (ANN, vote(0, code="a2", points=1, cast_at=old)),
            (ANN, vote(0, code="a3", points=1)),
            (ANN, vote(0, code="a4", points=1)),
        ):
            await store.commit(Change(learner=learner, votes=(each,)), now=NOW)
        assert await store.scores(GROUP, "round", NOW - timedelta(days=7)) == [
            Score(learner=CEM, points=1.5, answered=2, seconds=1.0),
            Score(learner=BOB, points=1, answered=1, seconds=4.0),
            Score(learner=ANN, points=1, answered=1, seconds=9.0),
        ]

    async def test_a_name_is_shown_until_it_is_taken_back(self, store: Store) -> None:
        """In one chat, the newest; taking back what is not there is no fault."""
        for name in ("Ann", "Annie"):
            await store.commit(Change(learner=ANN, shown_name=ShownName(chat=GROUP, name=name)), now=NOW)
        await store.commit(Change(learner=BOB, shown_name=ShownName(chat=GROUP, name=None)), now=NOW)
        assert dict(await store.shown_names(GROUP)) == {ANN: "Annie"}
        assert dict(await store.shown_names(OTHER)) == {}
        await store.commit(Change(learner=ANN, shown_name=ShownName(chat=GROUP, name=None)), now=NOW)
        assert dict(await store.shown_names(GROUP)) == {}

    async def test_chats_are_known_to_those_who_run_them(self, store: Store) -> None:
        """As last described, by title; where the bot is no more is not offered."""
        zoo = KnownChat(chat=OTHER, kind="channel", title="Art", username="art")
        for chat in (replace(CLUB, title="Old name"), CLUB, zoo):
            await store.commit(Change(learner=ANN, chat=chat, runs_chat=chat.chat), now=NOW)
        assert await store.known_chat(GROUP) == CLUB
        assert await store.known_chat(-5) is None
        assert await store.chats_of(ANN) == [zoo, CLUB]
        assert await store.chats_of(BOB) == []
        await store.commit(Change(learner=None, chat=replace(zoo, inside=False)), now=NOW)
        assert await store.chats_of(ANN) == [CLUB]

    async def test_words_of_a_group_belong_to_nobody(self, store: Store) -> None:
        """They outlive whoever is forgotten, and where they stand is remembered for the chat."""
        say = NewWord(chat=GROUP, kind="say", body="{}", key="k1")
        [word] = await store.commit(Change(learner=None, words=(say,)), now=NOW) or ()
        await store.forget(ANN)
        assert [each.number for each in await store.unsaid()] == [word.number]
        await store.said(word.number, screen=(GROUP, "k1", 78))
        assert dict((await store.load(GROUP)).screens) == {"k1": 78}
        assert dict((await store.load(OTHER)).screens) == {}

    async def test_forgetting_takes_a_person_out_of_groups(self, store: Store) -> None:
        """Votes, name, rights; what was begun goes on without its starter."""
        await begin(store, activity(starter=ANN))
        for learner in (ANN, BOB):
            change = Change(
                learner=learner,
                votes=(vote(1),),
                chat=CLUB,
                runs_chat=GROUP,
                shown_name=ShownName(chat=GROUP, name="N"),
            )
            await store.commit(change, now=NOW)
        exported = await store.export(ANN)
        assert [each["choice"] for each in exported["votes"]] == [1]
        assert [each["name"] for each in exported["shown_names"]] == ["N"]
        assert [each["chat"] for each in exported["chats"]] == [GROUP]
        assert [each["code"] for each in exported["started"]] == ["a1"]
        await store.forget(ANN)
        found = await store.activity("a1")
        assert found is not None
        assert (found.starter, found.over) == (None, False)
        assert [each.learner for each in await store.ballots("a1")] == [BOB]
        assert dict(await store.shown_names(GROUP)) == {BOB: "N"}
        assert await store.chats_of(ANN) == []

    async def test_a_group_with_a_new_id_keeps_all_of_it(self, store: Store) -> None:
        """Activities, names, rights go along, message ids do not; a second time does nothing."""
        await begin(store, activity(alone=True, thread=9))
        say = NewWord(chat=GROUP, kind="say", body="{}", key="k1")
        change = Change(
            learner=ANN,
            words=(say,),
            chat=replace(CLUB, kind="group"),
            runs_chat=GROUP,
            shown_name=ShownName(chat=GROUP, name="Ann"),
        )
        [word] = await store.commit(change, now=NOW) or ()
        await store.said(word.number, screen=(GROUP, "k1", 78))
        for _ in range(2):
            await store.move(GROUP, OTHER)
        assert [each.code for each in await store.activities(chat=OTHER)] == ["a1"]
        assert await store.activities(chat=GROUP) == []
        assert dict(await store.shown_names(OTHER)) == {ANN: "Ann"}
        assert await store.chats_of(ANN) == [replace(CLUB, chat=OTHER)]
        assert await store.known_chat(GROUP) is None
        assert dict((await store.load(OTHER)).screens) == {}

    async def test_moving_to_an_id_that_is_known_already_joins_the_two(self, store: Store) -> None:
        """What may only go on alone goes on at the new id; names and rights of both are there."""
        await begin(store, activity("a1", alone=True), activity("a2", alone=True, chat=OTHER))
        for learner, chat in ((ANN, GROUP), (BOB, OTHER)):
            known = replace(CLUB, chat=chat, title=f"{chat}")
            shown = ShownName(chat=chat, name="N")
            await store.commit(Change(learner=learner, chat=known, runs_chat=chat, shown_name=shown), now=NOW)
        await store.move(GROUP, OTHER)
        assert [each.code for each in await store.activities()] == ["a2"]
        assert dict(await store.shown_names(OTHER)) == {ANN: "N", BOB: "N"}
        assert [each.title for each in await store.chats_of(ANN)] == [f"{OTHER}"]
