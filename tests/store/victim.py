"""A program to be killed: commits answers of many learners at once and prints what was acknowledged.

Run as `python -m tests.store.victim FILE ROUND`. One line, written before the next is begun:
`answer LEARNER SITTING UPDATE` after commit returned, `said NUMBER` after said returned.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime

from bot.store.base import Answer, Change, NewWord, UpdateKey
from bot.store.sqlite import SqliteStore

LEARNERS = range(1, 25)
BOT = 1


def acknowledge(line: str) -> None:
    """One write, so that a kill leaves whole lines."""
    os.write(1, f"{line}\n".encode())


async def answer_on(store: SqliteStore, learner: int, kill_round: int) -> None:
    """One learner, tapping as fast as the store allows."""
    done = sum(tried.tries for tried in await store.tries(learner))
    while True:
        done += 1
        now = datetime.now(UTC)
        update = UpdateKey(bot=BOT, update_id=(kill_round * 1_000_000 + done) * 100 + learner)
        await store.keep(BOT, [(update.update_id, '{"tap": 1}')], now=now)
        words = await store.commit(
            Change(
                learner=learner,
                update=update,
                session=f'{{"answered": {done}}}',
                answers=(
                    Answer(
                        lesson="l",
                        question="q",
                        sitting=done,
                        option=0,
                        correct=True,
                        hints=0,
                        seconds=None,
                        answered_at=now,
                    ),
                ),
                words=(NewWord(chat=learner, kind="verdict", body=f"{done}"),),
            ),
            now=now,
        )
        if words is None:
            raise SystemExit(f"update {update} was handled before")
        acknowledge(f"answer {learner} {done} {update.update_id}")
        if done % 2:
            await store.said(words[0].number, screen=(learner, "verdict", done))
            acknowledge(f"said {words[0].number}")


async def main() -> None:
    store = SqliteStore(sys.argv[1])
    await store.open()
    async with asyncio.TaskGroup() as group:
        for learner in LEARNERS:
            group.create_task(answer_on(store, learner, int(sys.argv[2])))


if __name__ == "__main__":
    asyncio.run(main())
