"""Kill -9 in the middle of commits: a process that does nothing but commit answers and print what was acknowledged."""

import asyncio
from pathlib import Path

from tests.store.test_kill import ROUNDS, check, victim
from tests.torture.report import Torture, hold

MOST_S = 0.3  # after the first acknowledgement


async def torture(one: Torture) -> None:
    """Every acknowledged answer, update and word is as it was acknowledged, after each kill."""
    acknowledged = 0
    while one.goes_on:
        acknowledged += await _one_file(one, one.folder / f"{one.done}")
    hold(acknowledged, "nothing was acknowledged between the kills")
    one.tell("in the middle of commits", f"{acknowledged} answers acknowledged, none lost")


async def _one_file(one: Torture, folder: Path) -> int:
    """Kill again and again over one file, not for ever: all of it is looked through; how many were acknowledged."""
    folder.mkdir()
    answers, handled, said = set[tuple[int, int]](), set[int](), set[int]()
    for number in range(ROUNDS):
        if not one.goes_on:
            break
        with victim(folder / "nabla.db", number) as (_, told):
            await one.moment(MOST_S)
        one.done += 1
        for line in map(str.split, told.read_text().splitlines()):
            if line[0] == "answer":
                answers.add((int(line[1]), int(line[2])))
                handled.add(int(line[3]))
            else:
                said.add(int(line[1]))
        await check(folder / "nabla.db", answers, handled, said)
        await asyncio.sleep(0)
    return len(answers)
