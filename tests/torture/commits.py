"""Kill -9 in the middle of commits: a process that does nothing but commit answers and print what was acknowledged."""

import asyncio

from tests.store.test_kill import check, victim
from tests.torture.report import Torture, hold

MOST_S = 0.3  # after the first acknowledgement


async def torture(one: Torture) -> None:
    """Every acknowledged answer, update and word is as it was acknowledged, after each kill."""
    path = one.folder / "nabla.db"
    answers, handled, said = set[tuple[int, int]](), set[int](), set[int]()
    while one.goes_on:
        with victim(path, one.done) as (_, told):
            await one.moment(MOST_S)
        one.done += 1
        for line in map(str.split, told.read_text().splitlines()):
            if line[0] == "answer":
                answers.add((int(line[1]), int(line[2])))
                handled.add(int(line[3]))
            else:
                said.add(int(line[1]))
        await check(path, answers, handled, said, kills=one.done)
        await asyncio.sleep(0)
    hold(not one.done or answers, "nothing was acknowledged between the kills")
    one.tell("in the middle of commits", f"{len(answers)} answers acknowledged, none lost")
