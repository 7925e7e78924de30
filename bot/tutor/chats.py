"""Which chats the bot is in, who runs them, which topics they have; and what ends when it may speak there no more.

Law: what is remembered is a hint for a list; rights are asked of Telegram where they count. Who planned something
in a chat hears once, in private, that the bot was silenced there.
"""

from collections import Counter
from collections.abc import Awaitable, Callable

from bot.core.posting import KIND as POSTING
from bot.store.base import Change, Store, UpdateKey
from bot.store.groups import KnownChat, KnownTopic
from bot.tutor.activities import Activities
from bot.tutor.tutor import Tutor


class Chats:
    """The use cases of chats that are known. `on_back`: the bot may speak in this chat again."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        store: Store,
        activities: Activities,
        on_back: Callable[[int], Awaitable[None]],
    ) -> None:
        self._tutor = tutor
        self._store = store
        self._activities = activities
        self._on_back = on_back

    async def met(self, chat: KnownChat, *, run_by: int | None, topic: KnownTopic | None = None) -> None:
        """Somebody in charge of a chat (None: nobody that can be named) acted there, in a topic perhaps."""
        if not await self._is_known(chat, run_by, topic):
            change = Change(learner=run_by, chat=chat, runs_chat=chat.chat if run_by else None, topic=topic)
            await self._tutor.commit(change)

    async def topic(self, chat: KnownChat, topic: KnownTopic, *, update: UpdateKey) -> None:
        """A topic was opened, or has another name."""
        await self._tutor.commit(Change(learner=None, update=update, chat=chat, topic=topic))

    async def standing(
        self, chat: KnownChat, *, by: int | None, may: bool, might: bool, update: UpdateKey
    ) -> None:
        """The bot was let in or out of a chat, or may do other things there now; `might`: it could speak before."""
        change = Change(learner=by, update=update, chat=chat, runs_chat=chat.chat if by and may else None)
        if await self._tutor.commit(change) is None or may == might:
            return
        if may:
            await self._on_back(chat.chat)
        else:
            await self._silenced(chat)

    async def _is_known(self, chat: KnownChat, run_by: int | None, topic: KnownTopic | None) -> bool:
        """Whether all of it is remembered already, so that nothing is written at every command."""
        known = await self._store.known_chat(chat.chat)
        seen = known is not None and (known.title, known.username, known.inside) == (
            chat.title,
            chat.username,
            chat.inside,
        )
        if not seen or (topic and (await self._store.topics(chat.chat)).get(topic.thread) is None):
            return False
        return run_by is None or any(each.chat == chat.chat for each in await self._store.chats_of(run_by))

    async def _silenced(self, chat: KnownChat) -> None:
        """What goes on there ends, or waits; whoever began it is told."""
        waiting: Counter[int] = Counter()
        began: set[int] = set()
        for activity in await self._store.activities(chat=chat.chat):
            await self._activities.left(activity)
            if activity.starter is not None:
                began.add(activity.starter)
                waiting[activity.starter] += activity.kind == POSTING
        for person in sorted(began):
            if waiting[person]:
                await self._tutor.write(person, "post.left", title=chat.title, n=waiting[person])
            else:
                await self._tutor.write(person, "post.left_nothing", title=chat.title)
