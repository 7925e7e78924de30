"""Where the time of a tap goes: the bot under load, looked at by py-spy a few hundred times a second.

Law: only what holds the interpreter's lock is counted, which is what a second tap would wait for; each sample counts
for one place, the first of the list below that is on its stack. Without py-spy, or where it may not look into other
processes, there is no figure.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.filling import fill, sample
from tests.bench.processes import RIVALS_PYTHON, bot, own_core, stub

GROUP = "where the time goes"
SPY = RIVALS_PYTHON.with_name("py-spy")
RATE = 400  # looks a second
PLACES = {  # what is on the stack (all of its parts in one frame) → what it is
    ("do_request", "bot/chat/request.py"): "calls: aiohttp",
    ("call", "bot/chat/request.py"): "calls: parameters, the framework's checks, the answer's JSON",
    ("gather", "bot/tutor/gather.py"): "drawing the messages",
    ("step", "bot/core/session.py"): "the rules",
    ("bot/store/",): "the store's own threads, and asking them",
    ("pydantic/",): "the session from JSON and back",
    ("handle", "bot/tutor/tutor.py"): "the rest of the tutor",
    ("_feed", "bot/chat/app.py"): "intake: the framework's objects of an update",
    ("poll", "bot/chat/intake.py"): "intake: the rest",
    ("bot/chat/hand.py",): "words in hand: lanes, tasks",
    ("bot/chat/lanes.py",): "words in hand: lanes, tasks",
    ("telegram/ext/",): "the framework's way to a handler, lines",
    ("selector_events",): "reading sockets",
}
OTHERS = "the event loop, and all else"


async def measure(*, taps: int = 8000, seconds: int = 8) -> list[Figure]:
    """The figures, the largest first."""
    if not SPY.exists():
        return []
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        folder = Path(place)
        (folder / "sample").mkdir()
        one = await sample(folder / "sample")
        await fill(folder / "nabla.db", one, learners=taps + 1000)
        async with stub(own_core(0)) as wire, bot(folder, api_url=wire.url, core=own_core(1)) as running:
            await wire.crowd("prepare", **one.wish())
            await wire.crowd("closed_taps", at_once=256, taps=500, most_s=5.0)
            stacks = folder / "stacks"
            spy = await asyncio.create_subprocess_exec(
                str(SPY), "record", "--gil", "--rate", str(RATE), "--duration", str(seconds), "--format", "raw",
                "--output", str(stacks), "--pid", str(running.pid),
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            await wire.crowd("closed_taps", at_once=256, taps=taps, most_s=float(seconds))
            await spy.wait()
        if not stacks.exists():  # it may not look into other processes here
            return []
        return shares(stacks.read_text(encoding="utf-8").splitlines())


def shares(stacks: Iterable[str]) -> list[Figure]:
    """The share of each place; a line is `frame;frame;… count`, the outermost frame first."""
    found: Counter[str] = Counter()
    for line in stacks:
        stack, _, times = line.rpartition(" ")
        found[place_of(stack.split(";"))] += int(times)
    whole = sum(found.values())
    return [
        Figure(group=GROUP, name=name, value=100 * times / whole, unit="%")
        for name, times in found.most_common()
    ]


def place_of(frames: list[str]) -> str:
    """The first place of the list that one of these frames is in."""
    for parts, name in PLACES.items():
        if any(all(part in frame for part in parts) for frame in frames):
            return name
    return OTHERS
