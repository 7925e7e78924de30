"""The lab's panel: the settings, the stories, and a model that belongs to the learner.

Law: a story and Reset begin at the lesson's own start; another optimizer starts with an empty memory, and the
panel says so; while a run is on its way the model is not touched.
"""

from bisect import bisect_left, bisect_right

from bot.core.events import SharedRun
from bot.core.experiment import ModelState, Optimizer, Verdict
from bot.core.scenes import LabScene, Plain
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
    show(turn, lesson, state_of(turn, lesson))


def open_shared(turn: Turn, lesson: Lesson, shared: SharedRun) -> None:
    """Put the settings and the start of somebody's run on the panel, for the learner to predict."""
    if turn.session.running():
        turn.show(Plain(text="lab.running", lesson=lesson.id), ScreenKind.MENU)
        return
    spec, lab = shared.spec, lab_of(lesson)
    if (spec.x, spec.y) != (lab.x.values, lab.y.values):
        turn.show(Plain(text="lab.shared_gone", lesson=lesson.id), ScreenKind.MENU)
        return
    state = LabState(
        optimizer=spec.optimizer, rate=spec.rate, steps=spec.steps, model=spec.start, shared=True
    )
    turn.remember(lesson=lesson.id)
    show(turn, lesson, state)


# taps on the panel


def move(turn: Turn, lesson: Lesson, key: str, argument: str) -> None:
    """One step along a row: `o+`, `o-`, `r+`, `r-`, `s+`, `s-`."""
    state = state_of(turn, lesson)
    by = {"+": 1, "-": -1}.get(argument[1:])
    if by is None or argument[0] not in "ors":
        turn.toast("stale")
        return
    match argument[0]:
        case "o":
            place = (OPTIMIZERS.index(state.optimizer) + by) % len(OPTIMIZERS)
            new = set_up(state, optimizer=OPTIMIZERS[place])
        case "r":
            new = set_up(state, rate=moved(RATES, state.rate, by))
        case _:
            new = set_up(state, steps=int(moved(STEPS, state.steps, by)))
    if (new.optimizer, new.rate, new.steps) == (state.optimizer, state.rate, state.steps):
        turn.toast("lab.end_of_row")
        return
    put(turn, lesson, new)
    turn.edit(key, scene(lesson, new))


def explain(turn: Turn, setting: str) -> None:
    """What the setting in the middle of a row is."""
    known = {"o": "lab.about_optimizer", "r": "lab.about_rate", "s": "lab.about_steps"}
    turn.toast(known.get(setting, "stale"), alert=setting in known)


def story(turn: Turn, lesson: Lesson, key: str, argument: str) -> None:
    """A story's settings, from the lesson's own start, since that is where its outcome holds."""
    lab = lab_of(lesson)
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
    same = state == state_of(turn, lesson)
    put(turn, lesson, state)
    turn.toast("lab.story_set", name=told.name)
    if not same:
        turn.edit(key, scene(lesson, state))


def reset(turn: Turn, lesson: Lesson, key: str, screen: Screen) -> None:
    """Back to the lesson's own start, settings kept."""
    if turn.session.running():
        turn.toast("lab.running")
        return
    state = state_of(turn, lesson)
    start = at_start(lab_of(lesson), state.optimizer)
    back = LabState(optimizer=state.optimizer, rate=state.rate, steps=state.steps, model=start)
    turn.toast("lab.was_reset")
    if screen.kind is ScreenKind.RESULT:
        show(turn, lesson, back)
    elif back != state:
        put(turn, lesson, back)
        turn.edit(key, scene(lesson, back))


# taps on a result


def more(turn: Turn, lesson: Lesson) -> None:
    """Ten steps more, from where the model is: predict again."""
    show(turn, lesson, set_up(state_of(turn, lesson), steps=MORE_STEPS))


def other_rate(turn: Turn, lesson: Lesson, by: int) -> None:
    """The next smaller or bigger rate on the panel."""
    state = state_of(turn, lesson)
    rate = moved(RATES, state.rate, by)
    if rate == state.rate:
        turn.toast("lab.end_of_row")
    show(turn, lesson, set_up(state, rate=rate))


# what the runs need too


def show(turn: Turn, lesson: Lesson, state: LabState) -> None:
    """Send the panel; one a learner: the older one loses its buttons."""
    put(turn, lesson, state)
    turn.strip_all({ScreenKind.LAB, ScreenKind.LOST})
    turn.show(scene(lesson, state), ScreenKind.LAB, lesson=lesson.id)


def state_of(turn: Turn, lesson: Lesson) -> LabState:
    """The learner's panel in this lesson."""
    return turn.session.study(lesson.id).lab or new_state(lab_of(lesson))


def put(turn: Turn, lesson: Lesson, state: LabState) -> None:
    """Remember the panel."""
    turn.remember_in(lesson.id, lab=state)


def set_up(state: LabState, **settings: object) -> LabState:
    """Other settings: no longer a story, nor somebody's run, nor what was predicted before."""
    return with_model(state, story=None, shared=False, prediction=None, **settings)


def with_model(state: LabState, **fields: object) -> LabState:
    """Changed fields; another optimizer starts with an empty memory, and the panel says so."""
    new = state.model_copy(update=fields)
    model = new.model.with_optimizer(new.optimizer)
    if model == new.model:
        return new
    lost_memory = new.model.step > 0
    return new.model_copy(update={"model": model, "restarted": new.restarted or lost_memory})


def lab_of(lesson: Lesson) -> Lab:
    """The lab of a lesson that is known to have one."""
    if lesson.lab is None:
        raise ValueError(f"{lesson.id} has no lab")
    return lesson.lab
