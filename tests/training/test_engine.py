"""The engine with its real workers: turns, pictures, and what becomes of a worker that hangs, dies or is not wanted."""

import asyncio
import io
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from bot.core.experiment import Optimizer, Outcome
from bot.training.engine import Engine, TrainingFailed, TrainingFailure
from bot.training.forkserver import SECRETS, Context
from bot.training.labels import Curve, Curves
from bot.training.pool import Workers
from tests.patience import until
from tests.training.samples import LABELS, garble, houses

pytestmark = [pytest.mark.tensorflow, pytest.mark.asyncio(loop_scope="module")]
PATIENCE_S = 300.0  # only there to end a test that fails: a busy machine takes minutes to import TensorFlow
NEVER_S = 10 * PATIENCE_S  # what takes so long has not been waited for


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    """A warm engine with one worker, short of patience."""
    engine = Engine(timeout_s=5.0, warm=(7,))
    await engine.start()
    async with asyncio.timeout(PATIENCE_S):
        await engine.ready.wait()
    yield engine
    await engine.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair() -> AsyncIterator[Workers]:
    """Two workers, which inherit an environment with secrets in it."""
    for name in SECRETS:
        os.environ[name] = "not for workers"
    workers = Workers(workers=2, warm=(7,), cache=None)
    await workers.open()
    assert all(os.environ.pop(name) == "not for workers" for name in SECRETS)
    yield workers
    await workers.close()


def pids(engine: Engine | Workers) -> list[int]:
    """The worker processes alive now."""
    workers = engine._workers if isinstance(engine, Engine) else engine
    assert workers._context is not None
    return [process.pid for process in workers._context._workers if process.pid and process.is_alive()]


def bits(outcome: Outcome) -> str:
    """All of an outcome but its duration."""
    return repr((outcome.losses, outcome.after, outcome.gradient))


async def test_a_run_comes_back_as_a_value(engine: Engine) -> None:
    """Losses fall on the house prices, divergence included as a value."""
    outcome = await engine.train(1, houses())
    assert outcome.loss_before == pytest.approx(1, rel=1e-6)
    assert outcome.loss_after == pytest.approx(0.0243408, rel=1e-5)
    blown = await engine.train(1, houses(rate=10.0, steps=1000))
    assert not blown.after.is_finite()


async def test_a_picture_is_a_png(engine: Engine) -> None:
    """Drawn in the worker, small in bytes."""
    spec = houses()
    picture = await engine.draw(1, spec, await engine.train(1, spec), LABELS)
    assert Image.open(io.BytesIO(picture)).size == (1080, 1350)
    assert len(picture) < 80_000


async def test_several_runs_are_drawn_side_by_side(engine: Engine) -> None:
    """Real losses of three rates, one of which blows up; `NABLA_PICTURES` keeps the picture for whoever looks."""
    rows = []
    for rate, what in ((0.1, "it learns"), (0.001, "it crawls"), (3.0, "it blows up")):
        losses = (await engine.train(-5, houses(rate=rate))).losses
        words = f"rate {rate:g} blew up" if rate > 1 else ""
        rows.append(Curve(name=f"rate {rate:g}: {what}", losses=losses, blew_up=words))
    curves = Curves(
        title="House prices: loss, step by step",
        below_title="10 steps of sgd from the same start",
        step="step",
        loss="loss",
        least=0.0129,
        least_name="least possible",
        rows=tuple(rows),
    )
    picture = await engine.draw_curves(-5, curves)
    assert Image.open(io.BytesIO(picture)).size == (1080, 1200)
    assert len(picture) < 80_000
    if folder := os.environ.get("NABLA_PICTURES"):
        (Path(folder) / "curves.png").write_bytes(picture)


async def test_same_spec_same_bits_on_every_worker(engine: Engine, pair: Workers) -> None:
    """Another pool, two processes at once: the numbers do not depend on who computed them."""
    from bot.training import door  # noqa: PLC0415 - what the engine itself calls

    for optimizer in Optimizer:
        spec = houses(optimizer, steps=300, rate=0.03)
        mine = await engine.train(1, spec)
        others = await asyncio.gather(*(pair.call(door.train, PATIENCE_S, spec) for _ in range(6)))
        assert {bits(other) for other in others} == {bits(mine)}


async def test_learners_take_turns_and_numbers_go_before_pictures(engine: Engine) -> None:
    """A flooding learner delays another by one run; pictures come last."""
    spec = houses()
    outcome = await engine.train(1, spec)
    order: list[str] = []

    async def noted(name: str, learner: int, picture: bool = False) -> None:
        if picture:
            await engine.draw(learner, spec, outcome, LABELS)
        else:
            await engine.train(learner, spec)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name, learner, picture in [
            ("flood", 1, False),
            ("picture", 3, True),
            ("flood", 1, False),
            ("flood", 1, False),
            ("other", 2, False),
        ]:
            group.create_task(noted(name, learner, picture))
    assert order == ["flood", "flood", "other", "flood", "picture"]


async def test_who_waits_is_told_the_place(engine: Engine) -> None:
    """Learners ahead are counted, not their runs; 0 means that it begins."""
    places: dict[int, list[int]] = {learner: [] for learner in range(4)}
    async with asyncio.TaskGroup() as group:
        for learner in range(4):
            group.create_task(engine.train(learner, houses(), on_place=places[learner].append))
    assert places[0] == [0]
    assert [told[0] for told in places.values()] == [0, 1, 2, 3]
    assert all(told[-1] == 0 and sorted(told, reverse=True) == told for told in places.values())


async def test_places_are_told_again_when_they_change(engine: Engine) -> None:
    """While a slow job holds the worker, one before goes away."""
    slow = asyncio.create_task(engine._take_turn(9, time.sleep, (1.2,), late=False))
    await asyncio.sleep(0)
    places: list[int] = []
    goes = asyncio.create_task(engine.train(1, houses()))
    await asyncio.sleep(0)
    stays = asyncio.create_task(engine.train(2, houses(), on_place=places.append))
    await asyncio.sleep(0.01)
    goes.cancel()
    await asyncio.gather(slow, stays)
    assert places == [2, 1, 0]


async def test_a_call_that_goes_away_leaves_the_line(engine: Engine) -> None:
    """Its turn is not spent on nobody."""
    blocker = asyncio.create_task(engine.train(1, houses(steps=1000)))
    await asyncio.sleep(0)
    gone = asyncio.create_task(engine.train(2, houses()))
    await asyncio.sleep(0)
    gone.cancel()
    await blocker
    assert list(engine._line) == []
    assert gone.cancelled()


async def test_a_hanging_worker_is_killed_and_replaced(engine: Engine) -> None:
    """The hung job fails with TIMEOUT; who waited behind it gets a result."""
    (before,) = pids(engine)
    hung = asyncio.create_task(engine._take_turn(1, time.sleep, (NEVER_S,), late=False))
    await asyncio.sleep(0)
    behind = asyncio.create_task(engine.train(2, houses()))
    with pytest.raises(TrainingFailed) as failed:
        await hung
    assert failed.value.reason is TrainingFailure.TIMEOUT
    assert (await behind).loss_after == pytest.approx(0.0243408, rel=1e-5)
    assert before not in pids(engine)


async def test_a_worker_that_no_signal_reaches_is_killed_too(engine: Engine) -> None:
    """A job that stopped its own process (as a native step that never returns) does not stay."""
    (before,) = pids(engine)
    with pytest.raises(TrainingFailed) as failed:
        await engine._workers.call(signal.raise_signal, 0.3, signal.SIGSTOP)
    assert failed.value.reason is TrainingFailure.TIMEOUT
    assert (await engine.train(2, houses())).loss_after < 1
    assert before not in pids(engine)


async def test_a_warm_worker_that_hangs_idle_is_killed_as_soon(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no successor is on its way, nobody is waited for longer than a run may take."""
    await engine.train(1, houses())  # whoever came in an earlier worker's place is warm now
    monkeypatch.setattr("bot.training.pool.REPLACED_WITHIN_S", NEVER_S)
    (before,) = pids(engine)
    os.kill(before, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(TrainingFailed) as failed:
            await engine.train(1, houses())
    assert failed.value.reason is TrainingFailure.TIMEOUT
    monkeypatch.undo()
    assert (await engine.train(2, houses())).loss_after < 1
    assert before not in pids(engine)


async def test_a_dying_worker_is_replaced(engine: Engine) -> None:
    """The job in its hands fails with DIED, the next one works."""
    with pytest.raises(TrainingFailed) as failed:
        await engine._take_turn(1, os._exit, (11,), late=False)
    assert failed.value.reason is TrainingFailure.DIED
    assert (await engine.train(2, houses())).loss_after < 1


async def test_a_worker_that_dies_idle_is_replaced(engine: Engine) -> None:
    """Nobody's job was lost, and the next learner notices at most a short wait."""
    (idle,) = pids(engine)
    os.kill(idle, signal.SIGKILL)
    while engine._workers._pool is not None and engine._workers._pool.active:  # noqa: ASYNC110 - pebble has no event
        await asyncio.sleep(0.05)
    assert (await engine.train(2, houses())).loss_after < 1


async def test_a_worker_that_eats_memory_is_replaced(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that wants gigabytes is refused them, and what it holds goes with its process; the next one works."""
    (before,) = pids(engine)
    with pytest.raises(TrainingFailed) as failed:
        await engine._take_turn(1, bytearray, (3 << 30,), late=False)
    assert failed.value.reason is TrainingFailure.DIED
    assert "it reached its bound of memory" in caplog.text
    assert (await engine.train(2, houses())).loss_after < 1
    assert before not in pids(engine)


async def test_a_worker_that_prints_harms_nothing(engine: Engine) -> None:
    """What a library writes to standard output is no result."""
    (before,) = pids(engine)
    assert await engine._take_turn(1, os.write, (1, b"garbage"), late=False) == 7
    assert (await engine.train(2, houses())).loss_after < 1
    assert pids(engine) == [before]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 64, b"\x00\x00\x00\x05maybe", b"\x00\x01\x00\x00half a message"],
    ids=["noise", "no pickle", "half a message"],
)
async def test_a_worker_that_writes_garbage_is_replaced(engine: Engine, garbage: bytes) -> None:
    """Bytes that are no message in the pipe of results: who waits is told in time, and soon runs work again."""
    (before,) = pids(engine)
    asked = [engine._take_turn(1, garble, (garbage,), late=False), engine.train(2, houses())]
    async with asyncio.timeout(PATIENCE_S):
        for result in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(result, Outcome | TrainingFailed)
        assert (await engine.train(3, houses())).loss_after < 1
    assert before not in pids(engine)


async def test_one_failed_job_takes_no_other_down(pair: Workers) -> None:
    """With two workers, one dies while the other computes."""
    slow = asyncio.create_task(pair.call(time.sleep, PATIENCE_S, 1.0))
    await asyncio.sleep(0.2)
    with pytest.raises(TrainingFailed):
        await pair.call(os._exit, PATIENCE_S, 3)
    await slow


async def test_workers_know_no_secret_and_no_file_of_the_bot(pair: Workers, tmp_path: Path) -> None:
    """Neither in their environment, as the system shows it too, nor as an open descriptor; and they are polite."""
    for name in SECRETS:
        assert await pair.call(os.getenv, PATIENCE_S, name) is None
    for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for helper in child.read_text(encoding="ascii").split():
            assert "not for workers" not in Path(f"/proc/{helper}/environ").read_text(errors="replace")
    with (tmp_path / "private").open("w"):
        for pid in pids(pair):
            environment = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8", errors="replace")
            assert "not for workers" not in environment
            links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()]
            assert not any("private" in str(link) or "pytest" in str(link) for link in links)
    assert await pair.call(os.nice, PATIENCE_S, 0) == 10
    assert await pair.call(signal.getsignal, PATIENCE_S, signal.SIGINT) == signal.SIG_IGN
    assert await pair.call(signal.getsignal, PATIENCE_S, signal.SIGTERM) == signal.SIG_DFL


async def test_stopping_ends_everything_soon() -> None:
    """Running and waiting calls fail with CLOSED, later ones too; no process is left, and no run is waited for."""
    engine = Engine(timeout_s=NEVER_S, warm=(2,))
    await engine.start()
    async with asyncio.timeout(PATIENCE_S):
        await engine.ready.wait()
    (worker,) = pids(engine)
    assert engine._workers._context is not None
    server = engine._workers._context._server._forkserver_pid
    calls = [asyncio.create_task(engine._take_turn(1, time.sleep, (NEVER_S,), late=False))]
    calls += [asyncio.create_task(engine.train(learner, houses())) for learner in range(3)]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(PATIENCE_S):
        await engine.stop()
    for result in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(result, TrainingFailed)
        assert result.reason is TrainingFailure.CLOSED
    with pytest.raises(TrainingFailed):
        await engine.train(1, houses())
    for process in (worker, server):
        await until(lambda: not Path(f"/proc/{process}").exists(), timeout_s=PATIENCE_S)  # noqa: B023 (done in this round)


@pytest.mark.parametrize("importing", [False, True])
async def test_stopping_while_it_starts_waits_for_no_import(
    importing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot that is stopped at once does not wait for TensorFlow, here a module whose import never ends."""
    began = tmp_path / "began"
    (tmp_path / "endless.py").write_text(
        f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep({NEVER_S})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("bot.training.pool.Context", lambda _, added: Context("endless", added))
    engine = Engine(warm=(2,))
    await engine.start()
    call = asyncio.create_task(engine.train(1, houses()))
    await asyncio.sleep(0)
    if importing:
        await until(began.exists, timeout_s=PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        await engine.stop()
    with pytest.raises(TrainingFailed) as failed:
        await call
    assert failed.value.reason is TrainingFailure.CLOSED
    assert not engine.ready.is_set()


async def test_a_restart_uses_the_cache_of_compiled_loops(tmp_path: Path) -> None:
    """Private, per machine; its bits are those of a fresh compilation, and a damaged file is compiled anew."""
    spec = houses(Optimizer.ADAM, steps=50)
    first = Engine(cache=tmp_path, warm=(7,))
    await first.start()
    fresh = bits(await first.train(1, spec))
    await first.stop()
    (folder,) = tmp_path.glob("xla-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    written = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(written) == 4

    second = Engine(cache=tmp_path, warm=(7,))
    await second.start()
    assert bits(await second.train(1, spec)) == fresh
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    for file in written:
        file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(TrainingFailed):
        await second._take_turn(1, os._exit, (1,), late=False)
    assert bits(await second.train(1, spec)) == fresh
    await second.stop()
