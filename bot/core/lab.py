"""Runs in the lab: a prediction first, then the training, then what it showed.

Law: one run at a time; a run starts from the model as it is and gives it back trained; weights that are not
finite are not kept, and then only Reset (or a story, which begins at the start) goes on.
"""

from bot.core import panel
from bot.core.effects import KeepRun, Picture, Train, Untrain
from bot.core.events import TrainingDone, TrainingLost
from bot.core.experiment import Spec, Verdict, least_loss, standardise, verdict
from bot.core.scenes import LostScene, ProgramScene, ResultScene, ShareScene
from bot.core.state import LabState, ScreenKind
from bot.core.turn import Turn
from bot.course.model import Lesson


def run(turn: Turn, lesson: Lesson, prediction: str) -> None:
    """The learner commits to a prediction, and the training begins."""
    state = panel.state_of(turn, lesson)
    if prediction not in panel.PREDICTIONS:
        turn.toast("stale")
    elif _free(turn, state):
        _begin(turn, lesson, state, Verdict(prediction))


def retry(turn: Turn, lesson: Lesson) -> None:
    """The same again after a training that was lost; with other settings it needs another prediction."""
    state = panel.state_of(turn, lesson)
    if not _free(turn, state):
        return
    if state.prediction is None:
        panel.open_lab(turn, lesson)
    else:
        _begin(turn, lesson, state, state.prediction)


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
    turn.effects.append(Untrain(code=event.code))
    state = panel.state_of(turn, lesson)
    if state.running != event.code:
        return
    state = _after(state, event)
    panel.put(turn, lesson, state)
    result = _result(lesson, event)
    turn.effects.append(
        KeepRun(
            code=event.code,
            lesson=lesson.id,
            prediction=result.prediction,
            spec=event.spec,
            outcome=event.outcome,
        )
    )
    _renew_panels(turn, lesson, state)
    turn.show(result, ScreenKind.RESULT, lesson=lesson.id, ref=event.code)
    turn.effects.append(Picture(code=event.code))


def lost(turn: Turn, lesson: Lesson, event: TrainingLost) -> None:
    """A training will not come back: an apology, and a way to try again."""
    turn.effects.append(Untrain(code=event.code))
    state = panel.state_of(turn, lesson)
    if state.running != event.code:
        return
    panel.put(turn, lesson, state.model_copy(update={"running": None}))
    apology = LostScene(lesson=lesson.id, reason=event.reason)
    turn.show(apology, ScreenKind.LOST, lesson=lesson.id)


def give_up(turn: Turn) -> bool:
    """Stop waiting for a training; whether there was one."""
    for lesson_id, study in turn.session.studies.items():
        if study.lab and study.lab.running:
            turn.effects.append(Untrain(code=study.lab.running))
            turn.remember_in(lesson_id, lab=study.lab.model_copy(update={"running": None}))
            return True
    return False


# the small print


def _free(turn: Turn, state: LabState) -> bool:
    """Whether a run may begin; if not, say why."""
    if turn.session.running():
        turn.toast("lab.running", alert=True)
    elif state.blown:
        turn.toast("lab.blown", alert=True)
    else:
        return True
    return False


def _begin(turn: Turn, lesson: Lesson, state: LabState, prediction: Verdict) -> None:
    lab = panel.lab_of(lesson)
    spec = Spec(
        x=lab.x.values,
        y=lab.y.values,
        optimizer=state.optimizer,
        rate=state.rate,
        steps=state.steps,
        start=state.model,
    )
    code = turn.new_key()
    panel.put(turn, lesson, state.model_copy(update={"running": code, "prediction": prediction}))
    turn.toast("lab.training")
    turn.effects.append(Train(code=code, lesson=lesson.id, prediction=prediction, spec=spec))


def _after(state: LabState, event: TrainingDone) -> LabState:
    """The panel with the trained model; settings that were moved meanwhile stay as the learner put them."""
    after = event.outcome.after
    finite = after.is_finite()
    return panel.with_model(
        state,
        model=after if finite else event.spec.start,
        loss=event.outcome.loss_after if finite else None,
        fresh=False,
        blown=not finite,
        story=None,
        shared=False,
        restarted=False,
        running=None,
    )


def _result(lesson: Lesson, event: TrainingDone) -> ResultScene:
    spec, outcome = event.spec, event.outcome
    least = least_loss(standardise(spec.x)[0], standardise(spec.y)[0])
    return ResultScene(
        lesson=lesson.id,
        code=event.code,
        prediction=Verdict(event.prediction),
        verdict=verdict(outcome.loss_before, outcome.loss_after, least),
        least=least,
        spec=spec,
        outcome=outcome,
    )


def _renew_panels(turn: Turn, lesson: Lesson, state: LabState) -> None:
    """Let the panel show the trained model; an apology that was answered loses its button."""
    turn.strip_all({ScreenKind.LOST})
    for key, screen in turn.session.screens.items():
        if screen.kind is ScreenKind.LAB and screen.lesson == lesson.id:
            turn.edit(key, panel.scene(lesson, state))
