"""The lab: settings, a model that belongs to the learner, and a prediction before every run.

Law: one run at a time; a run starts from the model as it is and gives it back trained; weights that are not
finite are not kept, and then only Reset (or a story, which begins at the start) goes on.
"""

from bisect import bisect_left, bisect_right
from typing import Any

from bot.core.effects import KeepRun, Picture, Train, Untrain
from bot.core.events import SharedRun, TrainingDone, TrainingLost
from bot.core.experiment import ModelState, Optimizer, Spec, Verdict, least_loss, standardise, verdict
from bot.core.scenes import LabScene, LostScene, Plain, ProgramScene, ResultScene, ShareScene
from bot.core.state import LabState, Screen, ScreenKind
from bot.core.turn import Turn
from bot.course.model import Lab, Lesson

RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
STEPS = (1, 10, 100, 1000)
OPTIMIZERS = tuple(Optimizer)
PREDICTIONS = (Verdict.LEARNS, Verdict.CRAWLS, Verdict.DIVERGES)
MORE_STEPS = 10


def moved(grid: tuple[float, ...], value: float, by: int) -> float:
    """The neighbour of a value on an ascending grid, up (1) or down (-1); beyond the ends the value stays."""
    place = bisect_right(grid, value) if by > 0 else bisect_left(grid, value) - 1
    return grid[place] if 0 <= place < len(grid) else value


def at_start(lab: Lab, optimizer: Optimizer) -> ModelState:
    """The lesson's own starting model."""
    return ModelState.fresh(optimizer, lab.start.weight, lab.start.bias)


def new_state(lab: Lab) -> LabState:
    """The panel as a learner first finds it: the first story's settings, untold."""
    story = lab.stories[0]
    optimizer = Optimizer(story.optimizer)
    return LabState(optimizer=optimizer, rate=story.rate, steps=story.steps, model=at_start(lab, optimizer))


def scene(lesson: Lesson, state: LabState) -> LabScene:
    """What the panel shows."""
    return LabScene(
        lesson=lesson.id,
        optimizer=state.optimizer,
        rate=state.rate,
        steps=state.steps,
        model=state.model,
        fresh=state.fresh,
        loss=state.loss,
        blown=state.blown,
        story=state.story,
        restarted=state.restarted,
        shared=state.shared,
    )


def open_lab(turn: Turn, lesson: Lesson) -> None:
    """Show the panel, anew, below everything else."""
    turn.remember(lesson=lesson.id)
    _panel(turn, lesson, _state(turn, lesson))


def open_shared(turn: Turn, lesson: Lesson, shared: SharedRun) -> None:
    """Put the settings and the start of somebody's run on the panel, for the learner to predict."""
    if turn.session.running():
        turn.show(Plain(text="lab.running", lesson=lesson.id), ScreenKind.MENU)
        return
    spec = shared.spec
    state = LabState(
        optimizer=spec.optimizer, rate=spec.rate, steps=spec.steps, model=spec.start, shared=True
    )
    turn.remember(lesson=lesson.id)
    _panel(turn, lesson, state)


# taps on the panel


def move(turn: Turn, lesson: Lesson, key: str, setting: str) -> None:
    """One step along a row: `o+`, `o-`, `r+`, `r-`, `s+`, `s-`."""
    state = _state(turn, lesson)
    by = 1 if setting.endswith("+") else -1
    new: dict[str, Any]
    match setting[:1]:
        case "o":
            place = (OPTIMIZERS.index(state.optimizer) + by) % len(OPTIMIZERS)
            new = {"optimizer": OPTIMIZERS[place]}
        case "r":
            new = {"rate": moved(RATES, state.rate, by)}
        case "s":
            new = {"steps": int(moved(STEPS, state.steps, by))}
        case _:
            turn.toast("stale")
            return
    moved_state = _with(state, story=None, shared=False, **new)
    if moved_state == state:
        turn.toast("lab.end_of_row")
        return
    _put(turn, lesson, moved_state)
    turn.edit(key, scene(lesson, moved_state))


def explain(turn: Turn, setting: str) -> None:
    """What the setting in the middle of a row is."""
    known = {"o": "lab.about_optimizer", "r": "lab.about_rate", "s": "lab.about_steps"}
    turn.toast(known.get(setting, "stale"), alert=setting in known)


def story(turn: Turn, lesson: Lesson, key: str, argument: str) -> None:
    """A story's settings, from the lesson's own start, since that is where its outcome holds."""
    lab = _lab(lesson)
    if turn.session.running():
        turn.toast("lab.running")
        return
    if not (argument.isdecimal() and int(argument) < len(lab.stories)):
        turn.toast("stale")
        return
    told = lab.stories[int(argument)]
    optimizer = Optimizer(told.optimizer)
    state = LabState(
        optimizer=optimizer,
        rate=told.rate,
        steps=told.steps,
        model=at_start(lab, optimizer),
        story=told.name,
    )
    same = state == _state(turn, lesson)
    _put(turn, lesson, state)
    turn.toast("lab.story_set", name=told.name)
    if not same:
        turn.edit(key, scene(lesson, state))


def reset(turn: Turn, lesson: Lesson, key: str, screen: Screen) -> None:
    """Back to the lesson's own start, settings kept."""
    if turn.session.running():
        turn.toast("lab.running")
        return
    state = _state(turn, lesson)
    back = _with(
        state,
        model=at_start(_lab(lesson), state.optimizer),
        fresh=True,
        blown=False,
        loss=None,
        story=None,
        shared=False,
        restarted=False,
    )
    turn.toast("lab.was_reset")
    if screen.kind is ScreenKind.RESULT:
        _panel(turn, lesson, back)
    elif back == state:
        return
    else:
        _put(turn, lesson, back)
        turn.edit(key, scene(lesson, back))


def run(turn: Turn, lesson: Lesson, prediction: str) -> None:
    """The learner commits to a prediction, and the training begins."""
    state = _state(turn, lesson)
    if turn.session.running():
        turn.toast("lab.running", alert=True)
    elif state.blown:
        turn.toast("lab.blown", alert=True)
    elif prediction not in PREDICTIONS:
        turn.toast("stale")
    else:
        _begin(turn, lesson, state, Verdict(prediction))


def retry(turn: Turn, lesson: Lesson) -> None:
    """The same again after a training that was lost."""
    state = _state(turn, lesson)
    if turn.session.running():
        turn.toast("lab.running", alert=True)
    elif state.prediction is None or state.blown:
        turn.toast("stale")
    else:
        _begin(turn, lesson, state, state.prediction)


# taps on a result


def more(turn: Turn, lesson: Lesson) -> None:
    """Ten steps more, from where the model is: predict again."""
    _panel(turn, lesson, _with(_state(turn, lesson), steps=MORE_STEPS, story=None, shared=False))


def other_rate(turn: Turn, lesson: Lesson, by: int) -> None:
    """The next smaller or bigger rate on the panel."""
    state = _state(turn, lesson)
    rate = moved(RATES, state.rate, by)
    if rate == state.rate:
        turn.toast("lab.end_of_row")
    _panel(turn, lesson, _with(state, rate=rate, story=None, shared=False))


def program(turn: Turn, lesson: Lesson, spec: Spec | None) -> None:
    """The Python program that repeats the run; None if the run is no longer kept."""
    if spec is None:
        turn.toast("stale")
        return
    turn.show(ProgramScene(lesson=lesson.id, spec=spec), ScreenKind.MENU)


def share(turn: Turn, lesson: Lesson, code: str) -> None:
    """A link with which anyone can replay the run."""
    turn.show(ShareScene(lesson=lesson.id, code=code), ScreenKind.MENU)


# what comes back


def done(turn: Turn, lesson: Lesson, event: TrainingDone) -> None:
    """A training came back: the numbers, the verdict against the prediction, then the picture."""
    state = _state(turn, lesson)
    if state.running != event.code:
        turn.effects.append(Untrain(code=event.code))
        return
    outcome, spec = event.outcome, event.spec
    finite = outcome.after.is_finite()
    least = least_loss(standardise(spec.x)[0], standardise(spec.y)[0])
    prediction = Verdict(event.prediction)
    state = _with(
        state,
        model=outcome.after.with_optimizer(state.optimizer) if finite else spec.start,
        loss=outcome.loss_after if finite else None,
        fresh=False,
        blown=not finite,
        story=None,
        shared=False,
        restarted=False,
        running=None,
    )
    _put(turn, lesson, state)
    result = ResultScene(
        lesson=lesson.id,
        code=event.code,
        prediction=prediction,
        verdict=verdict(outcome.loss_before, outcome.loss_after, least),
        least=least,
        spec=spec,
        outcome=outcome,
    )
    turn.effects.append(Untrain(code=event.code))
    turn.effects.append(
        KeepRun(code=event.code, lesson=lesson.id, prediction=prediction, spec=spec, outcome=outcome)
    )
    for key, screen in turn.session.screens.items():
        if screen.kind is ScreenKind.LAB and screen.lesson == lesson.id:
            turn.edit(key, scene(lesson, state))
    turn.show(result, ScreenKind.RESULT, lesson=lesson.id, ref=event.code)
    turn.effects.append(Picture(code=event.code))


def lost(turn: Turn, lesson: Lesson, event: TrainingLost) -> None:
    """A training will not come back: an apology, and a way to try again."""
    turn.effects.append(Untrain(code=event.code))
    state = _state(turn, lesson)
    if state.running != event.code:
        return
    _put(turn, lesson, _with(state, running=None))
    turn.show(LostScene(lesson=lesson.id, reason=event.reason), ScreenKind.LAB, lesson=lesson.id)


def give_up(turn: Turn) -> bool:
    """Stop waiting for a training; whether there was one."""
    for lesson_id, study in turn.session.studies.items():
        if study.lab and study.lab.running:
            turn.effects.append(Untrain(code=study.lab.running))
            turn.study(lesson_id, lab=_with(study.lab, running=None))
            return True
    return False


# the small print


def _begin(turn: Turn, lesson: Lesson, state: LabState, prediction: Verdict) -> None:
    lab = _lab(lesson)
    spec = Spec(
        x=lab.x.values,
        y=lab.y.values,
        optimizer=state.optimizer,
        rate=state.rate,
        steps=state.steps,
        start=state.model,
    )
    code = turn.new_key()
    _put(turn, lesson, _with(state, running=code, prediction=prediction))
    turn.toast("lab.training")
    turn.effects.append(Train(code=code, lesson=lesson.id, prediction=prediction, spec=spec))


def _panel(turn: Turn, lesson: Lesson, state: LabState) -> None:
    """One panel a learner: the older one loses its buttons."""
    _put(turn, lesson, state)
    turn.strip_all({ScreenKind.LAB})
    turn.show(scene(lesson, state), ScreenKind.LAB, lesson=lesson.id)


def _state(turn: Turn, lesson: Lesson) -> LabState:
    return turn.session.study(lesson.id).lab or new_state(_lab(lesson))


def _put(turn: Turn, lesson: Lesson, state: LabState) -> None:
    turn.study(lesson.id, lab=state)


def _with(state: LabState, **fields: object) -> LabState:
    """Changed settings; another optimizer starts with an empty memory, and the panel says so."""
    new = state.model_copy(update=fields)
    model = new.model.with_optimizer(new.optimizer)
    if model == new.model:
        return new
    lost_memory = new.model.step > 0
    return new.model_copy(update={"model": model, "restarted": new.restarted or lost_memory})


def _lab(lesson: Lesson) -> Lab:
    if lesson.lab is None:
        raise ValueError(f"{lesson.id} has no lab")
    return lesson.lab
