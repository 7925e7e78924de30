"""Training: the engine by itself, then end to end from the learner's tap, then against other ways to compute it."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from bot.core.experiment import ModelState, Optimizer, Outcome, Spec
from bot.training.engine import Engine
from bot.training.labels import Labels, PictureWords
from tests.bench.crowd import FIRST_LEARNER
from tests.bench.figures import Figure, median, number, spread
from tests.bench.processes import ROOT, bot, clean_environment, stub

GROUP = "training"
X = (48.0, 62.0, 75.0, 90.0, 105.0, 128.0, 150.0)  # of the first lesson
Y = (165.0, 190.0, 255.0, 270.0, 340.0, 385.0, 470.0)
LABELS = Labels(
    title="House prices",
    x_label="Size",
    x_unit="m²",
    y_label="Price",
    y_unit="k€",
    words=PictureWords(
        before="before", after="after", data="data", losses="Loss over the steps", loss="loss", step="step",
        least="least possible", blew_up="blew up at step {step}",
    ),
)  # fmt: skip


def spec(optimizer: Optimizer, steps: int) -> Spec:
    """A run like a learner's."""
    start = ModelState.fresh(optimizer, 0.0, 0.0)
    return Spec(x=X, y=Y, optimizer=optimizer, rate=0.05, steps=steps, start=start)


async def first(cache: Path) -> float:
    """Seconds from the start of an engine to its first result."""
    engine = Engine(cache=cache, warm=(len(X),))
    begun = time.perf_counter()
    await engine.start()
    try:
        await engine.train(1, spec(Optimizer.SGD, 100))
        return time.perf_counter() - begun
    finally:
        await engine.stop()


async def timed(engine: Engine, job: Spec) -> tuple[float, Outcome]:
    """Seconds that one run takes, and what it did."""
    begun = time.perf_counter()
    outcome = await engine.train(1, job)
    return time.perf_counter() - begun, outcome


async def warm(cache: Path, *, runs: int, pictures: int) -> list[Figure]:
    """Runs and pictures through an engine that is ready."""
    engine = Engine(cache=cache, warm=(len(X),))
    await engine.start()
    figures = []
    try:
        for optimizer, steps in ((Optimizer.SGD, 1), (Optimizer.SGD, 100), (Optimizer.ADAM, 1000)):
            job = spec(optimizer, steps)
            both = [await timed(engine, job) for _ in range(runs + 3)][3:]
            inside = 1000 * median([outcome.seconds for _, outcome in both])
            note = f"{number(inside)} ms of it in the compiled loop"
            what = f"{optimizer.value}, {steps:,} step{'s' * (steps > 1)}"
            figures.append(_ms(f"warm run through the engine, {what}", [s for s, _ in both], note))
        drawn = []
        for _ in range(pictures):
            begun = time.perf_counter()
            await engine.draw(1, job, both[-1][1], LABELS)
            drawn.append(time.perf_counter() - begun)
        figures.append(_ms("picture through the engine", drawn))
    finally:
        await engine.stop()
    return figures


async def end_to_end(folder: Path, *, runs: int) -> list[Figure]:
    """From a tap on `Run` to the result on the wire, one learner, nothing else to do."""
    async with stub() as wire, bot(folder, api_url=wire.url):
        await wire.crowd("train", learner=FIRST_LEARNER, runs=2)
        load = await wire.crowd("train", learner=FIRST_LEARNER, runs=runs)
    return [
        _ms("tap on Run → result message", load["results_s"]),
        _ms("tap on Run → picture", load["pictures_s"]),
    ]


async def rivals(optimizer: Optimizer, *, rounds: int, steps: int) -> list[Figure]:
    """The compiled loop beside a graph loop, NumPy and eager Keras, in a process as a worker is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.rivals", str(rounds),
        str(steps), optimizer.value,
        cwd=ROOT, env=clean_environment(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", OMP_NUM_THREADS="1"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("`python -m tests.bench.rivals` failed; run it by itself to see why")
    found: dict[str, list[float]] = json.loads(told.splitlines()[-1])
    ours, steps_of = median(found["XLA loop"]), f"{steps:,} steps of {optimizer.value}"
    times = [_ms(f"{steps_of}, {name}", seconds) for name, seconds in found.items()]
    return times + [
        Figure(
            group=GROUP,
            name=f"{steps_of}, {name} : XLA loop",
            value=median(seconds) / ours,
            unit="times",
            wanted=WANTED.get((optimizer, name), ""),
        )
        for name, seconds in found.items()
        if name != "XLA loop"
    ]


WANTED = {(Optimizer.SGD, "NumPy"): "at least 10", (Optimizer.SGD, "eager Keras"): "at least 500"}


async def measure(
    *, rounds: int = 3, runs: int = 200, pictures: int = 20, tapped: int = 15, steps: int = 1000
) -> list[Figure]:
    """The figures."""
    cold, cached = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
            cold.append(await first(Path(place)))
            cached.append(await first(Path(place)))
    figures = [
        _s("engine start → first result, cold", cold),
        _s("engine start → first result, XLA cache", cached),
    ]
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        figures += await warm(Path(place) / "cache", runs=runs, pictures=pictures)
        figures += await end_to_end(Path(place), runs=tapped)
    for optimizer in (Optimizer.SGD, Optimizer.ADAM):
        figures += await rivals(optimizer, rounds=10 * rounds, steps=steps)
    return figures


def _s(name: str, seconds: list[float]) -> Figure:
    return Figure(group=GROUP, name=name, value=median(seconds), unit="s", note=spread(seconds))


def _ms(name: str, seconds: list[float], note: str = "") -> Figure:
    values = [1000 * each for each in seconds]
    whole = "; ".join(filter(None, (note, spread(values))))
    return Figure(group=GROUP, name=name, value=median(values), unit="ms", note=whole)
