"""Reading a lesson: one step after the other, back, over again; after the last step come the questions."""

from bot.core import quiz
from bot.core.scenes import AskOver, Finished, StepScene
from bot.core.state import Screen, ScreenKind, Study
from bot.core.turn import Turn
from bot.course.model import Lesson


def learn(turn: Turn, lesson: Lesson) -> None:
    """Start the lesson, or go on exactly where the learner stopped."""
    turn.remember(lesson=lesson.id)
    study = turn.session.study(lesson.id)
    if study.round and not study.round.over:
        quiz.go_on(turn, lesson)
    elif turn.done(lesson):
        finished(turn, lesson)
    elif study.read:
        quiz.go_on(turn, lesson)
    else:
        show_step(turn, lesson, where(lesson, study), resumed=study.step is not None)


def where(lesson: Lesson, study: Study) -> int:
    """The place of the step shown last; if its id has gone from the file, the nearest place."""
    for index, step in enumerate(lesson.steps):
        if step.id == study.step:
            return index
    return min(study.index, len(lesson.steps) - 1)


def show_step(turn: Turn, lesson: Lesson, index: int, *, resumed: bool = False) -> None:
    """Send one step and remember it as the place."""
    step = lesson.steps[index]
    turn.remember_in(lesson.id, step=step.id, index=index)
    scene = StepScene(lesson=lesson.id, step=step.id, resumed=resumed and index > 0)
    turn.show(scene, ScreenKind.STEP, lesson=lesson.id, ref=step.id)


def finished(turn: Turn, lesson: Lesson) -> None:
    """Say that the lesson is done and what one can do with it now."""
    turn.remember_in(lesson.id, read=True)
    scene = Finished(
        lesson=lesson.id, standing=turn.standing(lesson), next_lesson=turn.unfinished(after=lesson.id)
    )
    turn.show(scene, ScreenKind.FINISHED, lesson=lesson.id)


# taps


def next_step(turn: Turn, lesson: Lesson, screen: Screen) -> None:
    """The step after the one on the screen, or the practice questions."""
    index = where(lesson, Study(step=screen.ref, index=turn.session.study(lesson.id).index))
    turn.remember(lesson=lesson.id)
    if index + 1 < len(lesson.steps):
        show_step(turn, lesson, index + 1)
        return
    turn.remember_in(lesson.id, read=True)
    if lesson.practice:
        quiz.go_on(turn, lesson)
    else:
        finished(turn, lesson)


def step_back(turn: Turn, lesson: Lesson, screen: Screen) -> None:
    """The step before the one on the screen."""
    index = where(lesson, Study(step=screen.ref, index=turn.session.study(lesson.id).index))
    turn.remember(lesson=lesson.id)
    show_step(turn, lesson, max(index - 1, 0))


def ask_over(turn: Turn, lesson: Lesson) -> None:
    """Ask before starting over."""
    turn.show(AskOver(lesson=lesson.id), ScreenKind.ASK_OVER, lesson=lesson.id)


def start_over(turn: Turn, lesson: Lesson) -> None:
    """From the first step; what counted at the first try stays."""
    turn.remember_in(lesson.id, step=None, index=0, read=False, round=None)
    turn.remember(lesson=lesson.id)
    show_step(turn, lesson, 0)
