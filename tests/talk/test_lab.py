"""A learner in the lab: settings, predictions, results, continuing, sharing, and what may go wrong."""

import asyncio
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.run import REAL
from bot.core.experiment import Optimizer, least_loss, standardise
from bot.training.engine import Engine, TrainingFailure
from tests.house import PIXEL, Running, running
from tests.person import BLAISE, Message, Person
from tests.talk.questions import LESSON, labels
from tests.talk.slow import SlowEngine, quick

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAB = LESSON["lab"]
STORIES = {story["name"]: story for story in LAB["stories"]}
X, Y = (standardise(LAB[axis]["values"])[0] for axis in ("x", "y"))
LEAST = least_loss(X, Y)
LINES = re.compile(r"\ALoss before: (\S+)\nLoss after: (\S+)\n")


async def open_lab(learner: Person) -> Message:
    """The panel."""
    await learner.send("/train")
    return await learner.says("Lab:", button="Run: it learns")


async def run(learner: Person, prediction: str) -> Message:
    """Predict, and wait for the result with its picture."""
    await learner.tap(f"Run: {prediction}")
    result = await learner.says("Loss before:", button="Code")
    await learner.says("Top: the line")
    return result


async def tell(learner: Person, story: str) -> Message:
    """Pick a story."""
    await learner.tap(story)
    return await learner.says(f"Story: {story}")


def losses(result: Message) -> tuple[float, float]:
    """Before and after, from the two promised lines."""
    found = LINES.match(result.text)
    assert found, result.text
    return float(found[1]), float(found[2])


def number(text: str) -> float:
    """A number as the bot writes it for reading."""
    return float(text.strip("()").replace("−", "-"))


async def set_to(learner: Person, panel: Message, row: int, label: str, arrow: int = 2) -> Message:
    """Tap a row's arrow until its middle shows a label."""
    while panel.buttons[row][1] != label:
        data = panel.body["reply_markup"]["inline_keyboard"][row][arrow]["callback_data"]
        query = await learner.local.tap(person=learner.id, chat=learner.chat, message=panel.id, data=data)
        said = await learner.local.answer_to(query)
        assert said is not None and not said.text, f"the row ended before {label}"
        panel = await learner.says("Lab:", button="Run")
    return panel


async def test_the_panel_has_a_row_for_each_setting_the_stories_and_three_predictions(
    learner: Person,
) -> None:
    """◀ value ▶ for optimizer, rate and steps; stories by name; three buttons that begin with Run."""
    panel = await open_lab(learner)
    assert panel.buttons[:3] == [["◀", "sgd", "▶"], ["◀", "rate 0.1", "▶"], ["◀", "10 steps", "▶"]]
    assert panel.buttons[3] == list(STORIES)
    assert panel.buttons[4:] == [["Run: it learns"], ["Run: it crawls"], ["Run: it blows up"]]
    assert "weight 0, bias 0" in panel.text


async def test_each_setting_moves_one_step_in_place(learner: Person) -> None:
    """Arrows move along the grid and back; the same message changes, in its text and in its row."""
    panel = await open_lab(learner)
    more = await set_to(learner, panel, 2, "100 steps")
    assert more.id == panel.id and "100 steps" in more.text
    more = await set_to(learner, more, 2, "1,000 steps")
    more = await set_to(learner, more, 2, "1 step", arrow=0)
    more = await set_to(learner, more, 1, "rate 0.00001", arrow=0)
    more = await set_to(learner, more, 1, "rate 10")
    assert "rate 10, 1 step." in more.text
    seen = []
    for _ in Optimizer:
        await learner.tap("▶", message=replace_row(more, 0))
        more = await learner.says("Lab:", button="Run")
        seen.append(more.buttons[0][1])
    assert seen == ["momentum", "rmsprop", "adam", "sgd"]


def replace_row(message: Message, row: int) -> Message:
    """The message with one row of its buttons only, so that an arrow is found in it."""
    keyboard = message.body["reply_markup"]["inline_keyboard"][row]
    return replace(message, body={**message.body, "reply_markup": {"inline_keyboard": [keyboard]}})


@pytest.mark.parametrize(
    ("row", "arrow", "end"), [(1, 2, "rate 10"), (1, 0, "rate 0.00001"), (2, 0, "1 step")]
)
async def test_the_grid_ends_with_a_word(learner: Person, row: int, arrow: int, end: str) -> None:
    """Beyond an end nothing changes, and the tap says so."""
    panel = await set_to(learner, await open_lab(learner), row, end, arrow)
    said = await learner.tap("◀▶"[arrow // 2], message=replace_row(panel, row))
    assert said.text == "That is as far as it goes."
    assert learner.last().text == panel.text


async def test_the_middle_of_a_row_explains_it(learner: Person) -> None:
    """A tap on the value says in an alert what the setting is."""
    await open_lab(learner)
    for label, word in (("sgd", "optimizer"), ("rate 0.1", "learning rate"), ("10 steps", "How many times")):
        said = await learner.tap(label)
        assert said.show_alert and word in (said.text or "")


@pytest.mark.parametrize(
    ("story", "prediction", "mark"),
    [
        ("Steady steps", "it learns", "✅ You predicted it: the model learned"),
        ("Steady steps", "it blows up", "❌ You predicted that it blows up. Look: the model learned"),
        ("Tiny steps", "it crawls", "✅ You predicted it: the model only crawls"),
        ("Giant leaps", "it blows up", "✅ You predicted it: it blew up"),
        ("Giant leaps", "it learns", "❌ You predicted that it learns. Look: it blew up"),
    ],
)
async def test_a_story_shows_what_it_promises_and_judges_the_prediction(
    learner: Person, story: str, prediction: str, mark: str
) -> None:
    """Story, prediction, result: the two lines first, then the verdict in one sentence."""
    await open_lab(learner)
    panel = await tell(learner, story)
    assert f"rate {STORIES[story]['rate']:g}".rstrip("0") in panel.text
    result = await run(learner, prediction)
    before, after = losses(result)
    assert before == pytest.approx(1.0)
    assert (after > before) == (STORIES[story]["outcome"] == "diverges")
    assert result.text.splitlines()[3].startswith(mark)
    assert f"Least possible loss: {LEAST:.4g}" in result.text
    assert "Size and Price (mean 0, spread 1)" in result.text and "m² and k€" in result.text


async def test_the_two_lines_are_python_floats_of_six_digits(learner: Person) -> None:
    """Each promised line holds exactly what Python prints for the loss rounded to six significant digits."""
    await open_lab(learner)
    result = await run(learner, "it learns")
    for text in LINES.match(result.text).groups():  # type: ignore[union-attr]  # `losses` has asserted it
        assert text == str(float(f"{float(text):.6g}"))


async def test_numbers_that_are_none_are_written_inf_and_nan(town: Running, learner: Person) -> None:
    """A run that leaves the numbers is a verdict, not an error; its model is not kept."""
    panel = await open_lab(learner)
    panel = await set_to(learner, panel, 1, "rate 10")
    await set_to(learner, panel, 2, "1,000 steps")
    result = await run(learner, "it blows up")
    before, after = losses(result)
    assert before == pytest.approx(1.0) and not math.isfinite(after)
    assert "✅ You predicted it: it blew up" in result.text
    assert "not kept" in result.text


async def test_a_blown_model_goes_on_only_by_reset_or_story(learner: Person) -> None:
    """Run says that it blew up; Reset makes the model untrained; so does a story."""
    panel = await set_to(learner, await open_lab(learner), 1, "rate 10")
    await set_to(learner, panel, 2, "1,000 steps")
    await run(learner, "it blows up")
    for label in ("10 more steps", "Smaller rate"):
        await learner.tap(label)
        panel = await learner.says("The model blew up", button="Run")
        said = await learner.tap("Run: it learns")
        assert said.show_alert and "blew up" in (said.text or "")
    await learner.tap("Reset", message=learner.last())
    panel = await learner.says("The model is untrained: weight 0, bias 0", button="Run")
    assert "Reset" not in labels(panel)
    await set_to(learner, panel, 2, "1,000 steps")
    await set_to(learner, learner.last(), 1, "rate 10")
    await run(learner, "it blows up")
    await learner.tap("10 more steps")
    await learner.says("The model blew up", button="Run")
    await learner.tap("Steady steps", message=learner.last())
    await learner.says("Story: Steady steps. It begins with an untrained model.")
    assert losses(await run(learner, "it learns"))[0] == pytest.approx(1.0)


async def test_at_the_bottom_nothing_is_left_to_learn(learner: Person) -> None:
    """A model within 1 % of the least possible loss has arrived, whatever was predicted."""
    panel = await set_to(learner, await open_lab(learner), 2, "1,000 steps")
    await run(learner, "it learns")
    result = await run_again(learner, "it crawls")
    assert result.text.splitlines()[3].startswith("🏁 Nothing was left to learn")
    assert panel.id < result.id


async def run_again(learner: Person, prediction: str) -> Message:
    """Ten more steps."""
    await learner.tap("10 more steps")
    await learner.says("The model so far", button="Run")
    return await run(learner, prediction)


async def test_one_step_of_sgd_is_written_out_and_comes_out_right(learner: Person) -> None:
    """w − rate × gradient = new w, with the numbers; whoever calculates with them gets the new one."""
    panel = await set_to(learner, await open_lab(learner), 2, "1 step", arrow=0)
    await set_to(learner, panel, 1, "rate 0.03", arrow=0)
    for _ in range(3):
        result = await run(learner, "it crawls")
        found = re.findall(r"^(?:weight|bias): (\S+) − (\S+) × (\S+) = (\S+)$", result.text, re.MULTILINE)
        assert len(found) == 2
        for w, rate, gradient, new in found:
            last = 10 ** -len(new.partition(".")[2])
            assert number(w) - number(rate) * number(gradient) == pytest.approx(number(new), abs=1.01 * last)
        assert f"Weight: {found[0][0]}"[:12] in result.text
        await learner.tap("Bigger rate")
        await learner.says("The model so far", button="Run")


@pytest.mark.parametrize("setting", ["momentum", "10 steps"])
async def test_other_runs_have_no_arithmetic(learner: Person, setting: str) -> None:
    """One step only, and plain SGD only."""
    panel = await open_lab(learner)
    if setting == "momentum":
        panel = await set_to(learner, panel, 2, "1 step", arrow=0)
        await set_to(learner, panel, 0, setting)
    result = await run(learner, "it learns")
    assert "written out" not in result.text


async def test_ten_and_ten_are_twenty(town: Running, learner: Person) -> None:
    """Ten steps and ten more end where twenty end: the same six digits."""
    await open_lab(learner)
    first = await run(learner, "it learns")
    second = await run_again(learner, "it learns")
    assert losses(second)[0] == losses(first)[1]
    assert town.engine.trained[-1].start.step == 10
    assert losses(second)[1] == pytest.approx(after_twenty_steps(), rel=1e-5)


async def test_the_model_stays_over_other_commands(learner: Person) -> None:
    """The panel opened anew shows the trained model and goes on from it."""
    await open_lab(learner)
    after = losses(await run(learner, "it learns"))[1]
    await learner.send("/learn")
    await learner.says()
    panel = await open_lab(learner)
    assert f"loss {after:.4g}" in panel.text
    assert losses(await run(learner, "it learns"))[0] == after


async def test_another_optimizer_restarts_its_memory_and_says_so(town: Running, learner: Person) -> None:
    """Weights stay, the memory is empty, the panel says so; after a run it is said no more."""
    panel = await open_lab(learner)
    await run(learner, "it learns")
    panel = await open_lab(learner)
    assert "empty memory" not in panel.text
    panel = await set_to(learner, panel, 0, "adam")
    assert "New optimizer: it starts with an empty memory." in panel.text
    await run(learner, "it learns")
    spec = town.engine.trained[-1]
    assert (spec.optimizer, spec.start.step, spec.start.slots) == (Optimizer.ADAM, 0, ())
    assert spec.start.weight != 0
    assert "empty memory" not in (await open_lab(learner)).text


async def test_reset_starts_again_with_the_settings_kept(learner: Person) -> None:
    """Reset on a result: a new panel, untrained, the rate as it was."""
    await set_to(learner, await open_lab(learner), 1, "rate 0.3")
    await run(learner, "it learns")
    said = await learner.tap("Reset", message=learner.messages()[-2])
    assert said.text == "Back to the start: the model is untrained again."
    panel = await learner.says("The model is untrained: weight 0, bias 0", button="Run")
    assert panel.buttons[1][1] == "rate 0.3"


async def test_smaller_and_bigger_rate_lead_to_another_prediction(learner: Person) -> None:
    """The next rate on the grid, on a new panel, with the model as it is."""
    await open_lab(learner)
    await run(learner, "it learns")
    await learner.tap("Bigger rate")
    panel = await learner.says("The model so far", button="Run")
    assert panel.buttons[1][1] == "rate 0.3"
    await learner.tap("Smaller rate")
    panel = await learner.says("The model so far", button="rate 0.1")
    with_run = [m for m in learner.messages() if m.button("Run")]
    assert [m.id for m in with_run] == [panel.id], "one panel at a time"


async def test_the_result_is_a_message_of_its_own_and_the_picture_follows(learner: Person) -> None:
    """Numbers first, as a new message; then the photo; the panel shows the trained model."""
    panel = await open_lab(learner)
    await learner.tap("Run: it learns")
    renewed = await learner.says("The model so far")
    result = await learner.says("Loss before:")
    picture = await learner.says("Top: the line")
    assert renewed.id == panel.id < result.id < picture.id
    assert picture.photo and await learner.download(picture.photo) == PIXEL
    assert picture.text.startswith("House prices: sgd, rate 0.1, 10 steps.")
    assert result.photo is None


async def test_code_is_one_block_of_python(learner: Person) -> None:
    """The whole program in one code block, which Python can compile, with the run's own numbers."""
    await open_lab(learner)
    await run(learner, "it learns")
    await learner.tap("Code")
    said = await learner.says("complete program", button="Back to the lab")
    blocks = [entity for entity in said.entities if entity["type"] == "pre"]
    assert len(blocks) == 1 and blocks[0]["language"] == "python"
    units = said.text.encode("utf-16-le")
    program = units[2 * blocks[0]["offset"] : 2 * (blocks[0]["offset"] + blocks[0]["length"])].decode(
        "utf-16-le"
    )
    compile(program, "shared.py", "exec")
    assert "Loss before:" in program and "Loss after:" in program
    await learner.tap("Back to the lab")
    await learner.says("Lab:", button="Run")


async def test_a_shared_run_can_be_replayed_by_anyone(town: Running, learner: Person, friend: Person) -> None:
    """The link's payload opens the same settings and start for another person, whose run shows the same lines."""
    await open_lab(learner)
    await run(learner, "it learns")
    second = await run_again(learner, "it learns")
    await learner.tap("Share")
    said = await learner.says("Anyone can replay", button="Back to the lab")
    url = re.search(r"https://t\.me/nabla_local_bot\?start=(r-[A-Za-z0-9_-]{1,62})", said.text)
    assert url and len(url[1]) <= 64
    assert next(e for e in said.entities if e["type"] == "text_link")["url"] == url[0]
    await friend.send(f"/start {url[1]}")
    panel = await friend.says("someone shared", button="Run")
    assert "weight 0.8" in panel.text
    assert losses(await run(friend, "it learns")) == losses(second)


async def test_an_unknown_run_is_a_plain_start(learner: Person) -> None:
    """A code that names nothing greets."""
    for payload in ("r-", "r-AAAAAAAA", "r-" + "x" * 62):
        await learner.send(f"/start {payload}")
        await learner.says("Hello, Learner")


async def test_one_run_at_a_time(town: Running, learner: Person) -> None:
    """A second press, a story, Reset and a shared link say that one is on its way; one result comes."""
    await open_lab(learner)
    await run(learner, "it learns")
    panel = await open_lab(learner)
    trained = len(town.engine.trained)
    town.engine.gate.clear()
    assert (await learner.tap("Run: it learns")).text == "Training…"
    for label in ("Run: it crawls", "Run: it learns", "Steady steps", "Reset"):
        said = await learner.tap(label, message=panel)
        assert "One run at a time" in (said.text or ""), label
    town.engine.gate.set()
    await learner.says("Loss before:")
    await learner.says("Top: the line")
    assert len(town.engine.trained) == trained + 1


async def test_settings_moved_while_it_trains_stay_and_the_memory_is_told(
    town: Running, learner: Person
) -> None:
    """The result is of the settings that were predicted; the panel keeps the new optimizer, with empty memory."""
    panel = await open_lab(learner)
    town.engine.gate.clear()
    await learner.tap("Run: it learns")
    panel = await set_to(learner, panel, 0, "momentum")
    town.engine.gate.set()
    panel = await learner.says("The model so far")
    result = await learner.says("Loss before:")
    caption = await learner.says("Top: the line")
    assert "empty memory" in panel.text and "sgd" in caption.text
    assert result.button("Code")


async def test_another_learner_does_not_wait(town: Running, learner: Person, friend: Person) -> None:
    """While one trains, another reads; taps of the one who trains are answered, too."""
    panel = await open_lab(learner)
    town.engine.gate.clear()
    await learner.tap("Run: it learns")
    await friend.send("/lessons")
    await friend.says("Lessons")
    said = await learner.tap("rate 0.1", message=panel)
    assert said.text
    town.engine.gate.set()
    await learner.says("Loss before:")


@pytest.mark.parametrize("reason", [TrainingFailure.TIMEOUT, TrainingFailure.DIED])
async def test_a_lost_training_is_an_apology_with_a_retry_that_works(
    town: Running, learner: Person, reason: TrainingFailure
) -> None:
    """Sorry, Try again, and the same run; then the apology has no button any more."""
    await open_lab(learner)
    town.engine.failures.append(reason)
    await learner.tap("Run: it learns")
    sorry = await learner.says("Nothing of yours is lost", button="Try again")
    assert (await learner.tap("Try again")).text == "Training…"
    result = await learner.says("Loss before:")
    assert "✅ You predicted it" in result.text
    await learner.says("Top: the line")
    assert next(m for m in learner.messages() if m.id == sorry.id).buttons == []
    assert town.engine.trained[-1].steps == 10


async def test_after_other_settings_a_retry_asks_for_a_prediction(town: Running, learner: Person) -> None:
    """A prediction was for its settings; with others the panel comes instead."""
    panel = await open_lab(learner)
    town.engine.failures.append(TrainingFailure.DIED)
    await learner.tap("Run: it learns")
    await learner.says("Sorry!", button="Try again")
    await set_to(learner, panel, 1, "rate 0.3")
    trained = len(town.engine.trained)
    await learner.tap("Try again")
    await learner.says("What will happen?", button="Run")
    assert len(town.engine.trained) == trained


async def test_cancel_gives_a_run_up(town: Running, learner: Person) -> None:
    """The model is as before, no result comes, and the next run may begin at once."""
    await open_lab(learner)
    town.engine.gate.clear()
    await learner.tap("Run: it learns")
    await learner.send("/cancel")
    await learner.says("The run is cancelled")
    panel = await open_lab(learner)
    assert "untrained" in panel.text
    town.engine.gate.set()
    trained = len(town.engine.trained)
    result = await run(learner, "it learns")
    assert losses(result)[0] == pytest.approx(1.0)
    assert len(town.engine.trained) == trained + 1
    assert sum(m.text.startswith("Loss before:") for m in learner.messages()) == 1


async def test_the_place_in_the_line_is_shown_while_waiting(tmp_path: Path) -> None:
    """One message with the learners ahead, renewed; it ends when the turn comes, and the result follows."""
    engine = SlowEngine(ahead=2)
    async with running(tmp_path, engine=engine, means=replace(REAL, sleep=quick)) as bot:
        ada = Person(bot.local)
        await open_lab(ada)
        engine.gate.clear()
        await ada.tap("Run: it learns")
        waiting = await ada.says("learners before you: 2")
        engine.tell[0](1)
        renewed = await ada.says("learners before you: 1")
        assert renewed.id == waiting.id
        engine.tell[0](0)
        engine.gate.set()
        over = await ada.says("Your turn came")
        result = await ada.says("Loss before:")
        assert over.id == waiting.id < result.id


async def test_who_does_not_wait_is_told_no_place(learner: Person) -> None:
    """Nobody ahead: panel, result, picture, nothing else."""
    await open_lab(learner)
    await run(learner, "it learns")
    assert not any("before you" in message.text for message in learner.messages())


async def test_a_place_is_told_no_more_after_cancel(tmp_path: Path) -> None:
    """Who left the line hears nothing of it again."""
    engine = SlowEngine(ahead=3)
    async with running(tmp_path, engine=engine, means=replace(REAL, sleep=quick)) as bot:
        ada = Person(bot.local)
        await open_lab(ada)
        engine.gate.clear()
        await ada.tap("Run: it learns")
        await ada.says("learners before you: 3")
        await ada.send("/cancel")
        await ada.says("The run is cancelled")
        engine.tell[0](1)
        await quick(1)
        await ada.send("/help")
        await ada.says("/learn")
        assert not any("before you: 1" in message.text for message in ada.messages())


async def test_a_run_survives_a_restart(tmp_path: Path) -> None:
    """Stopped while it waits, it is trained after the next start, and its result comes."""
    engine = SlowEngine()
    engine.gate.clear()
    async with running(tmp_path, engine=engine) as bot:
        ada = Person(bot.local)
        await open_lab(ada)
        await ada.tap("Run: it learns")
        blaise = Person(bot.local, BLAISE)
        await open_lab(blaise)
        await blaise.tap("Run: it blows up")
    async with running(tmp_path) as bot:
        ada, blaise = Person(bot.local), Person(bot.local, BLAISE)
        for person, mark in ((ada, "✅"), (blaise, "❌")):
            result = await person.has_said("Loss before:")
            assert mark in result.text
            await person.send("/help")
            await person.says("/learn")
            assert sum(m.text.startswith("Loss before") for m in person.messages()) == 1


@pytest.mark.tensorflow
async def test_the_real_engine_agrees_with_what_was_promised(tmp_path: Path) -> None:
    """The stories in real TensorFlow: each shows its outcome, ten and ten are twenty, and a real picture follows."""
    engine = Engine(workers=1, cache=tmp_path / "xla", warm=(len(X),), timeout_s=30)
    async with running(tmp_path, engine=engine) as bot:
        async with asyncio.timeout(120):
            await engine.ready.wait()
        ada = Person(bot.local)
        await open_lab(ada)
        for name, story in STORIES.items():
            await tell(ada, name)
            word = {"learns": "it learns", "crawls": "it crawls", "diverges": "it blows up"}[story["outcome"]]
            await ada.tap(f"Run: {word}")
            result = await ada.says("Loss before:", timeout_s=60)
            assert "✅ You predicted it" in result.text
            picture = await ada.says("Top: the line", timeout_s=60)
            assert picture.photo and (await ada.download(picture.photo)).startswith(b"\x89PNG")
            await ada.send("/train")
            await ada.says("Lab:", button="Run")
        await tell(ada, "Steady steps")
        for _ in range(2):
            await ada.tap("Run: it learns")
            ten = await ada.says("Loss before:", timeout_s=60)
            await ada.tap("10 more steps")
            await ada.says("The model so far", button="Run")
        assert losses(ten)[1] == pytest.approx(after_twenty_steps(), rel=1e-5)


def after_twenty_steps() -> float:
    """The loss after twenty steps of SGD from the start, by plain Python."""
    w = b = 0.0
    for _ in range(20):
        errors = [w * x + b - y for x, y in zip(X, Y, strict=True)]
        w -= 0.1 * 2 * sum(e * x for e, x in zip(errors, X, strict=True)) / len(X)
        b -= 0.1 * 2 * sum(errors) / len(X)
    return sum((w * x + b - y) ** 2 for x, y in zip(X, Y, strict=True)) / len(X)
