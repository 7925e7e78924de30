"""What an administrator can work with: the chats that they have run, and what they planned there."""

from bot.core.events import Desk, Planned, Target
from bot.core.posting import KIND, Posting
from bot.store.base import Store

MOST_CHATS = 40  # looked through for what was posted; who runs more names the question


async def desk_of(store: Store, learner: int, lesson: str) -> Desk:
    """From the store; whether any of it still holds is asked of Telegram when it is chosen."""
    chats = await store.chats_of(learner)
    posted: set[str] = set()
    for chat in chats[:MOST_CHATS] if lesson else ():
        posted |= {post.question for post in await store.posts(chat.chat, lesson) if post.question}
    planned = []
    for each in await store.activities(kind=KIND, starter=learner):
        known = await store.known_chat(each.chat)
        planned.append(
            Planned(
                code=each.code,
                version=each.version,
                chat=each.chat,
                title=known.title if known else str(each.chat),
                state=Posting.model_validate_json(each.body),
            )
        )
    return Desk(
        chats=tuple(Target(chat=chat.chat, title=chat.title) for chat in chats),
        planned=tuple(planned),
        posted=frozenset(posted),
    )
