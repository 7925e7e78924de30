"""The groups' part of the port in a page of dictionaries."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import StaleError, StoreError
from bot.store.base import Change
from bot.store.groups import Activity, Ballot, GroupStore, KnownChat, Score, Vote


@dataclass(slots=True)
class GroupShelf:
    """All that is remembered of groups."""

    chats: dict[int, KnownChat] = field(default_factory=dict)
    admins: set[tuple[int, int]] = field(default_factory=set)  # (learner, chat)
    activities: dict[str, Activity] = field(default_factory=dict)
    votes: dict[tuple[str, str, int], Vote] = field(default_factory=dict)
    names: dict[tuple[int, int], str] = field(default_factory=dict)  # (chat, learner)
    topics: dict[tuple[int, int], str] = field(default_factory=dict)  # (chat, thread)
    chat_screens: dict[tuple[int, str], int] = field(default_factory=dict)

    def check(self, change: Change) -> None:
        """StaleError if an activity is not as the change believes."""
        new = change.activity
        believed = [change.while_at] if change.while_at else []
        believed += [(new.code, new.version)] if new and new.version else []
        for code, version in believed:
            found = self.activities.get(code)
            if found is None or found.version != version or found.over:
                raise StaleError(code)
        if new and new.alone and not new.over:
            for other in self.activities.values():
                topic = (other.kind, other.chat, other.thread) == (new.kind, new.chat, new.thread)
                if topic and other.alone and not other.over and other.code != new.code:
                    raise StaleError(other.code)

    def apply(self, change: Change) -> None:
        """Put in what a change says of groups."""
        if change.chat is not None:
            known = self.chats.get(change.chat.chat, change.chat)
            self.chats[change.chat.chat] = replace(change.chat, whispers=known.whispers)
        if change.topic is not None:
            topic = change.topic
            if topic.chat not in self.chats and topic.name is not None:
                raise StoreError("there is no such chat")
            self.topics.pop((topic.chat, topic.thread), None)
            if topic.name is not None:
                self.topics[topic.chat, topic.thread] = topic.name
        if change.whispers is not None and change.whispers[0] in self.chats:
            chat, whispers = change.whispers
            self.chats[chat] = replace(self.chats[chat], whispers=whispers)
        if (new := change.activity) is not None:
            old = self.activities.get(new.code)
            kept = replace(old, body=new.body, due=new.due, over=new.over) if old else new
            self.activities[new.code] = replace(kept, version=new.version + 1)
        if change.learner is None:
            return
        for vote in change.votes:
            if vote.code not in self.activities:
                raise StoreError("there is no such activity")
            place = (vote.code, vote.item, change.learner)
            self.votes[place] = self.votes.get(place, vote) if vote.final else vote
        if change.runs_chat is not None:
            if change.runs_chat not in self.chats:
                raise StoreError("there is no such chat")
            self.admins.add((change.learner, change.runs_chat))
        if change.shown_name is not None:
            place_ = (change.shown_name.chat, change.learner)
            self.names.pop(place_, None)
            if change.shown_name.name is not None:
                self.names[place_] = change.shown_name.name

    def forget(self, learner: int) -> None:
        """Take a person out."""
        self.admins = {each for each in self.admins if each[0] != learner}
        self.votes = {place: vote for place, vote in self.votes.items() if place[2] != learner}
        self.names = {place: name for place, name in self.names.items() if place[1] != learner}
        for code, each in self.activities.items():
            if each.starter == learner:
                self.activities[code] = replace(each, starter=None)

    def move(self, old: int, new: int) -> None:
        """A new id."""
        going_on = {(a.kind, a.thread) for a in self.activities.values() if a.chat == new and not a.over}
        for code, each in self.activities.items():
            if each.chat == old:
                double = each.alone and not each.over and (each.kind, each.thread) in going_on
                moved = replace(each, chat=new)
                ended = replace(moved, over=True, due=None, version=each.version + 1)
                self.activities[code] = ended if double else moved
        for (chat, learner), name in list(self.names.items()):
            if chat == old:
                self.names.setdefault((new, learner), name)
                del self.names[chat, learner]
        if (known := self.chats.pop(old, None)) is not None:
            if new not in self.chats:
                self.chats[new] = replace(known, chat=new, kind="supergroup")
                self.topics |= {(new, thread): name for (c, thread), name in self.topics.items() if c == old}
            self.topics = {place: name for place, name in self.topics.items() if place[0] != old}
        self.admins = {(who, new if chat == old else chat) for who, chat in self.admins}
        self.chat_screens = {place: m for place, m in self.chat_screens.items() if place[0] != old}


class GroupModel(GroupStore):
    """What can be read of it."""

    groups: GroupShelf

    async def known_chat(self, chat: int) -> KnownChat | None:
        return self.groups.chats.get(chat)

    async def chats_of(self, learner: int) -> list[KnownChat]:
        found = [self.groups.chats[chat] for who, chat in self.groups.admins if who == learner]
        return sorted((each for each in found if each.inside), key=lambda each: (each.title, each.chat))

    async def activity(self, code: str) -> Activity | None:
        return self.groups.activities.get(code)

    async def topics(self, chat: int) -> Mapping[int, str]:
        found = [(name, thread) for (place, thread), name in self.groups.topics.items() if place == chat]
        return {thread: name for name, thread in sorted(found)}

    async def activities(
        self, *, chat: int | None = None, kind: str | None = None, starter: int | None = None
    ) -> list[Activity]:
        going_on = [each for each in self.groups.activities.values() if not each.over]
        going_on = [each for each in going_on if chat in (None, each.chat) and kind in (None, each.kind)]
        return [each for each in going_on if starter in (None, each.starter)]

    async def ended(self, kind: str, since: datetime, *, chat: int | None = None) -> list[Activity]:
        over = [a for a in self.groups.activities.values() if a.over and chat in (None, a.chat)]
        return [each for each in over if each.kind == kind and each.made_at >= since]

    async def due(self, now: datetime) -> list[Activity]:
        waiting = [(each.due, each) for each in await self.activities() if each.due and each.due <= now]
        return [each for _, each in sorted(waiting, key=lambda pair: pair[0])]

    async def ballots(self, code: str) -> list[Ballot]:
        found = sorted(self.groups.votes.items(), key=lambda one: (one[0][1], one[1].cast_at, one[0][2]))
        return [_ballot(place, vote) for place, vote in found if place[0] == code]

    async def ballot(self, code: str, item: str, learner: int) -> Ballot | None:
        vote = self.groups.votes.get((code, item, learner))
        return _ballot((code, item, learner), vote) if vote else None

    async def tally(self, code: str, item: str) -> Mapping[int, int]:
        votes = self.groups.votes.items()
        return Counter(vote.choice for place, vote in votes if place[:2] == (code, item))

    async def shown_names(self, chat: int) -> Mapping[int, str]:
        return {learner: name for (place, learner), name in self.groups.names.items() if place == chat}

    async def scores(self, chat: int, kind: str, since: datetime) -> list[Score]:
        reached: dict[int, list[Vote]] = {}
        for (code, _, learner), vote in self.groups.votes.items():
            activity = self.groups.activities[code]
            if (activity.chat, activity.kind) == (chat, kind) and vote.cast_at >= since:
                reached.setdefault(learner, []).append(vote)
        found = [
            Score(
                learner=learner,
                points=sum(vote.points for vote in votes),
                answered=len(votes),
                seconds=sum(vote.seconds or 0.0 for vote in votes),
            )
            for learner, votes in reached.items()
        ]
        return sorted(found, key=lambda score: (-score.points, score.seconds, score.learner))


def _ballot(place: tuple[str, str, int], vote: Vote) -> Ballot:
    _, item, learner = place
    return Ballot(learner=learner, item=item, choice=vote.choice, points=vote.points, seconds=vote.seconds)
