"""Who shows a name in a chat, and the tables that show it: of a round, and of the week.

Law: a table is counted from the store each time it is made, so that whoever left or was forgotten is gone from it;
those that were posted lately are made anew then. A name is shown only for who pressed Join in that chat.
"""

import json
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.effects import Toast
from bot.core.live import Live, Reached, add_up, monday, table
from bot.store.base import Change, Store
from bot.store.groups import Activity, ShownName
from bot.tutor.activities import Activities, GroupCommand, GroupTap
from bot.tutor.kept import dumps
from bot.view.live import table_message, top_message
from bot.view.message import Message, cut
from bot.view.texts import pick

ROUND, TOP = "round", "top"
LATELY = timedelta(hours=48)  # tables begun since then are renewed
NAME_LIMIT = 32  # UTF-16 units of a name in a table
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})  # kinds of characters that could bend a table
STACKED = 3  # marks above and below one letter; no language needs more


def shown(name: str) -> str:
    """A name as a table can show it: on one line, nothing that nobody sees; empty if nothing is left."""
    seen = "".join(" " if char.isspace() else char for char in name)
    seen = "".join(char for char in seen if unicodedata.category(char) not in HIDDEN)
    return cut(" ".join(_unstacked(seen).split()), NAME_LIMIT)


def _unstacked(name: str) -> str:
    """Without the marks that would run into the lines above and below."""
    kept, stacked = [], 0
    for char in name:
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        if stacked <= STACKED:
            kept.append(char)
    return "".join(kept)


class Tables:
    """Join, Leave, `/top`, and what the tables say. `want`: is told the key of a table that must be made anew."""

    def __init__(self, *, activities: Activities, store: Store, want: Callable[[str], None]) -> None:
        self._activities = activities
        self._store = store
        self._want = want

    async def join(self, activity: Activity, tap: GroupTap) -> None:
        """Show this person's name in this chat from now on."""
        name = shown(tap.by.first_name)
        if not name:
            await self._activities.answer(tap, "live.nameless_join", alert=True)
            return
        toast = Toast(text="live.joined", params={"name": name}, alert=True)
        change = Change(
            learner=tap.by.id,
            update=tap.update,
            shown_name=ShownName(chat=tap.chat, name=name),
            words=(self._activities.answer_word(tap, toast),),
        )
        if await self._activities.commit(change) and activity.over:
            self._want(table_key(activity.code))

    async def leave(self, tap: GroupTap) -> None:
        """Show it no more, also in the tables that were posted lately."""
        if tap.by.id not in await self._store.shown_names(tap.chat):
            await self._activities.answer(tap, "live.left", alert=True)
            return
        keys = await self.tables_of(tap.by.id, chat=tap.chat)
        change = Change(
            learner=tap.by.id,
            update=tap.update,
            shown_name=ShownName(chat=tap.chat, name=None),
            words=(self._activities.answer_word(tap, Toast(text="live.left", alert=True)),),
        )
        if await self._activities.commit(change):
            for key in keys:
                self._want(key)

    async def before_forget(self, learner: int) -> Callable[[], None]:
        """Find the tables that count a person; they are made anew when the person is gone from the store."""
        keys = await self.tables_of(learner)

        def renew() -> None:
            for key in keys:
                self._want(key)

        return renew

    async def tables_of(self, learner: int, *, chat: int | None = None) -> list[str]:
        """Keys of the tables posted lately (in a chat) that count this person."""
        since = self._activities.now() - LATELY
        rounds = await self._store.ended(ROUND, since, chat=chat)
        tops = await self._store.ended(TOP, since, chat=chat)
        found = [each for each in rounds if await self._took_part(each, learner)]
        found += [each for each in tops if learner in await self._week(each)]
        return [table_key(each.code) for each in found]

    async def top(self, command: GroupCommand) -> None:
        """`/top`: this week's table. It is kept as over at once, so that it can be made anew."""
        place, now = command.place, self._activities.now()
        activity = Activity(
            code=self._activities.tutor.new_key(),
            kind=TOP,
            chat=place.chat,
            thread=place.thread,
            body=dumps({"language": pick(None, command.by.language), "since": monday(now).isoformat()}),
            made_at=now,
            over=True,
        )
        said = [("say", await self.week_message(activity), table_key(activity.code))]
        words = self._activities.words(place, said)
        await self._activities.commit(
            Change(learner=None, update=command.update, activity=activity, words=words)
        )

    async def round_message(self, activity: Activity, live: Live) -> Message:
        """The table of a round as it is now."""
        ballots = await self._store.ballots(activity.code)
        reached = add_up((each.learner, each.points, each.seconds) for each in ballots)
        names = await self._store.shown_names(activity.chat)
        stage = self._activities.tutor.stage(live.language)
        return table_message(stage, live, activity.code, table(reached, names))

    async def week_message(self, activity: Activity) -> Message:
        """The week's table as it is now."""
        names = await self._store.shown_names(activity.chat)
        stage = self._activities.tutor.stage(json.loads(activity.body)["language"])
        return top_message(stage, activity.code, table(await self._week(activity), names))

    async def _week(self, activity: Activity) -> dict[int, Reached]:
        since = datetime.fromisoformat(json.loads(activity.body)["since"])
        scores = await self._store.scores(activity.chat, ROUND, since)
        return {each.learner: Reached(points=each.points, seconds=each.seconds) for each in scores}

    async def _took_part(self, activity: Activity, learner: int) -> bool:
        asked = len(Live.model_validate_json(activity.body).asked)
        for place in range(asked):
            if await self._store.ballot(activity.code, str(place), learner) is not None:
                return True
        return False


def table_key(code: str) -> str:
    """The key of the message with a table."""
    return f"{code}.t"
