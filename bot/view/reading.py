"""How a lesson's steps look, and what stands at its end."""

from bot.core.actions import Action
from bot.core.scenes import AskOver, Finished, RoundEnd, Standing, StepScene
from bot.course.model import LabelledCode, Lesson, Step
from bot.view.markdown import render
from bot.view.message import Keyboard, Message, Rows, lines, paragraphs
from bot.view.rich import Rich, bold, pre
from bot.view.split import split
from bot.view.stage import Stage


def step_text(stage: Stage, lesson: Lesson, step: Step) -> Rich:
    """Title with its place in the lesson, then what the kind has: prose, two pieces of code, points."""
    number = lesson.steps.index(step) + 1
    place = stage.texts("step.place", number=number, total=len(lesson.steps))
    return paragraphs(
        bold(step.title) + f"  ·  {place}",
        render(step.text) if step.text else None,
        _side(step.before),
        _side(step.after),
        render("\n".join(f"- {point}" for point in step.points)) if step.points else None,
    )


def _side(side: LabelledCode | None) -> Rich | None:
    return lines(bold(side.label), pre(side.code.strip("\n"), side.language)) if side else None


def step_rows(stage: Stage, lesson: Lesson, step: Step, key: str, *, resumed: bool) -> Rows:
    """Back and Next; behind a step that was resumed, starting over too."""
    keyboard, t = Keyboard(key), stage.texts
    last = step is lesson.steps[-1]
    onward = ("button.next_questions" if lesson.practice else "button.next_finish") if last else "button.next"
    back = keyboard.button(t("button.back"), Action.BACK) if step is not lesson.steps[0] else None
    keyboard.row(back, keyboard.button(t(onward), Action.NEXT))
    if resumed:
        keyboard.row(keyboard.button(t("button.over"), Action.ASK_OVER))
    return keyboard.rows


def step_messages(stage: Stage, scene: StepScene, key: str) -> list[Message]:
    """One message, or several where the text is longer than one may be; the last one has the buttons."""
    lesson = stage.shelf[scene.lesson]
    step = next(step for step in lesson.steps if step.id == scene.step)
    *first, final = split(step_text(stage, lesson, step))
    rows = step_rows(stage, lesson, step, key, resumed=scene.resumed)
    return [*(Message(rich=part) for part in first), Message(rich=final, rows=rows)]


def round_end(stage: Stage, scene: RoundEnd, key: str) -> Message:
    """Right and asked, what comes next, and the missed ones again."""
    t, keyboard, lesson = stage.texts, Keyboard(key), stage.shelf[scene.lesson]
    again = keyboard.button(t("button.again", n=scene.missed), Action.AGAIN) if scene.missed else None
    onward = _next_lesson(stage, scene.next_lesson)
    rich = paragraphs(
        bold(t("round.title", right=scene.right, asked=scene.asked)),
        _round_word(stage, scene),
        t("round.first_try", right=scene.standing.right, asked=scene.standing.asked),
        t("round.next_lab") if lesson.lab else onward,
    )
    keyboard.row(again)
    _onward_rows(stage, keyboard, lesson, scene.next_lesson)
    return Message(rich=rich, rows=keyboard.rows)


def _round_word(stage: Stage, scene: RoundEnd) -> str | None:
    if not scene.asked:
        return stage.texts("round.none")
    if scene.missed:
        return stage.texts("round.some")
    return stage.texts("round.all") if scene.right == scene.asked else None


def finished(stage: Stage, scene: Finished, key: str) -> Message:
    """The lesson is done: practise, lab, next lesson, from the beginning."""
    t, keyboard, lesson = stage.texts, Keyboard(key), stage.shelf[scene.lesson]
    rich = paragraphs(
        bold(t("finished.title", title=lesson.title)), _first_tries(stage, scene.standing), t("finished.next")
    )
    _onward_rows(stage, keyboard, lesson, scene.next_lesson)
    practice = keyboard.button(t("button.practice"), Action.QUIZ) if lesson.practice else None
    keyboard.row(practice, keyboard.button(t("button.over"), Action.ASK_OVER))
    return Message(rich=rich, rows=keyboard.rows)


def ask_over(stage: Stage, scene: AskOver, key: str) -> Message:
    """Really from the beginning?"""
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.over_yes"), Action.OVER))
    keyboard.row(keyboard.button(t("button.over_no"), Action.KEEP))
    rich = Rich(t("over.ask", title=stage.shelf[scene.lesson].title))
    return Message(rich=rich, rows=keyboard.rows)


def _first_tries(stage: Stage, standing: Standing) -> str | None:
    if not standing.asked:
        return None
    return stage.texts("finished.standing", right=standing.right, asked=standing.asked)


def _next_lesson(stage: Stage, lesson: str | None) -> str:
    if lesson is None:
        return stage.texts("round.next_nothing")
    return stage.texts("round.next_lesson", title=stage.shelf[lesson].title)


def _onward_rows(stage: Stage, keyboard: Keyboard, lesson: Lesson, next_lesson: str | None) -> None:
    t = stage.texts
    if lesson.lab:
        keyboard.row(keyboard.button(t("button.next_lab"), Action.LAB, lesson.id))
    if next_lesson:
        label = t("button.next_lesson", title=stage.shelf[next_lesson].title)
        keyboard.row(keyboard.button(label, Action.GO_ON, next_lesson))
    if not lesson.lab and not next_lesson:
        keyboard.row(keyboard.button(t("button.lessons"), Action.GO_ON))
