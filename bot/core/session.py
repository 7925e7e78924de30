"""What happens: one event, the session before it, the session after it, and what follows.

Law: pure. The same session, event, time, chance and lessons give the same answer, and an event that is not
legal now changes nothing: it gets a friendly word. Which button may do what stands in one table.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from random import Random

from bot.core import drafting, lab, menu, panel, quiz, reading, shared
from bot.core.actions import Action
from bot.core.effects import Effect, Toast, Untrain
from bot.core.events import (
    Chatter,
    Command,
    Event,
    SharedTap,
    Tap,
    TargetChecked,
    TrainingDone,
    TrainingLost,
)
from bot.core.state import Screen, ScreenKind, Session
from bot.core.turn import Lessons, Turn
from bot.course.model import Lesson

TapHandler = Callable[[Turn, Tap, Screen], None]
LessonTap = Callable[[Turn, Tap, Screen, Lesson], None]


def _in_lesson(handler: LessonTap, *, needs_lab: bool = False) -> TapHandler:
    """A tap that needs its lesson, which an author may have taken away since (or its lab)."""

    def handle(turn: Turn, tap: Tap, screen: Screen) -> None:
        lesson = turn.shelf.get(screen.lesson)
        if lesson is None or (needs_lab and lesson.lab is None):
            turn.toast("gone", alert=True)
        else:
            handler(turn, tap, screen, lesson)

    return handle


def _in_lab(handler: LessonTap) -> TapHandler:
    """A tap that needs its lesson's lab too."""
    return _in_lesson(handler, needs_lab=True)


_ACTIONS = {action.value: action for action in Action}
STEP, QUESTION, LAB, RESULT = ScreenKind.STEP, ScreenKind.QUESTION, ScreenKind.LAB, ScreenKind.RESULT
LOST = ScreenKind.LOST
MENU, ROUND_END, FINISHED = ScreenKind.MENU, ScreenKind.ROUND_END, ScreenKind.FINISHED
ASK_OVER, ASK_FORGET = ScreenKind.ASK_OVER, ScreenKind.ASK_FORGET

_PAGES: dict[Action, TapHandler] = {
    Action.PAGE: lambda t, tap, s: t.edit(tap.key, t.catalogue(_int(tap.argument))),
    Action.LAB_PAGE: lambda t, tap, s: t.edit(tap.key, t.catalogue(_int(tap.argument), lab_only=True)),
}
_ONWARD: dict[Action, TapHandler] = {
    Action.GO_ON: lambda t, tap, s: menu.go_on(t, tap.argument),
    Action.LAB: lambda t, tap, s: _open_lab(t, tap),
}
_AFTER: dict[Action, TapHandler] = {
    **_ONWARD,
    Action.QUIZ: _in_lesson(lambda t, tap, s, lesson: menu.open_quiz(t, lesson)),
    Action.ASK_OVER: _in_lesson(lambda t, tap, s, lesson: reading.ask_over(t, lesson)),
}
_PANEL: dict[Action, TapHandler] = {
    Action.MOVE: _in_lab(lambda t, tap, s, lesson: panel.move(t, lesson, tap.key, tap.argument)),
    Action.ABOUT: lambda t, tap, s: panel.explain(t, tap.argument),
    Action.STORY: _in_lab(lambda t, tap, s, lesson: panel.story(t, lesson, tap.key, tap.argument)),
    Action.RUN: _in_lab(lambda t, tap, s, lesson: lab.run(t, lesson, tap.argument)),
    Action.RESET: _in_lab(lambda t, tap, s, lesson: panel.reset(t, lesson, tap.key, s)),
}
TAPS: dict[ScreenKind, dict[Action, TapHandler]] = {
    MENU: {
        **_ONWARD,
        **_PAGES,
        Action.LANGUAGE: lambda t, tap, s: menu.language(t, tap.key, tap.argument),
    },
    STEP: {
        Action.NEXT: _in_lesson(lambda t, tap, s, lesson: reading.next_step(t, lesson, s)),
        Action.BACK: _in_lesson(lambda t, tap, s, lesson: reading.step_back(t, lesson, s)),
        Action.ASK_OVER: _in_lesson(lambda t, tap, s, lesson: reading.ask_over(t, lesson)),
    },
    QUESTION: {
        Action.OPTION: _in_lesson(lambda t, tap, s, lesson: quiz.choose(t, lesson, tap.key, s, tap.argument)),
        Action.HINT: _in_lesson(lambda t, tap, s, lesson: quiz.hint(t, lesson, tap.key, s)),
        Action.WHY: _in_lesson(lambda t, tap, s, lesson: quiz.why(t, lesson, tap.key, s)),
        Action.NEXT: _in_lesson(lambda t, tap, s, lesson: quiz.next_question(t, lesson, s)),
    },
    ScreenKind.EXPLAIN: {
        Action.WHY: _in_lesson(lambda t, tap, s, lesson: shared.why(t, lesson, tap.key, s)),
        Action.NEXT: _in_lesson(lambda t, tap, s, lesson: reading.learn(t, lesson)),
    },
    ROUND_END: {
        **_AFTER,
        Action.AGAIN: _in_lesson(lambda t, tap, s, lesson: quiz.again(t, lesson)),
    },
    FINISHED: _AFTER,
    ASK_OVER: {
        Action.OVER: _in_lesson(lambda t, tap, s, lesson: reading.start_over(t, lesson)),
        Action.KEEP: _in_lesson(lambda t, tap, s, lesson: reading.learn(t, lesson)),
    },
    ASK_FORGET: {
        Action.FORGET: lambda t, tap, s: menu.forget(t, tap.key),
        Action.KEEP_ALL: lambda t, tap, s: menu.keep_all(t, tap.key),
    },
    ScreenKind.POST: {Action.POST: drafting.tap},
    LAB: _PANEL,
    LOST: {Action.RETRY: _in_lab(lambda t, tap, s, lesson: lab.retry(t, lesson))},
    RESULT: {
        Action.MORE: _in_lab(lambda t, tap, s, lesson: panel.more(t, lesson)),
        Action.SMALLER: _in_lab(lambda t, tap, s, lesson: panel.other_rate(t, lesson, -1)),
        Action.BIGGER: _in_lab(lambda t, tap, s, lesson: panel.other_rate(t, lesson, 1)),
        Action.RESET: _in_lab(lambda t, tap, s, lesson: panel.reset(t, lesson, tap.key, s)),
        Action.CODE: _in_lesson(
            lambda t, tap, s, lesson: lab.program(t, lesson, tap.shared.spec if tap.shared else None)
        ),
        Action.SHARE: _in_lesson(lambda t, tap, s, lesson: lab.share(t, lesson, s.ref)),
    },
}


def step(
    session: Session,
    event: Event,
    *,
    now: datetime,
    chance: Random,
    shelf: Lessons,
    languages: Collection[str],
) -> tuple[Session, tuple[Effect, ...]]:
    """Work out one event; `now` in UTC; `languages`: those one can choose. A tap gets exactly one Toast."""
    turn = Turn(session, now=now, chance=chance, shelf=shelf, languages=languages)
    match event:
        case Tap():
            _tap(turn, event)
        case SharedTap():
            shared.answer(turn, event)
        case Command():
            menu.COMMANDS.get(event.name, menu.says("unknown_command"))(turn, event)
        case Chatter():
            menu.chatter(turn, event)
        case TargetChecked():
            drafting.checked(turn, event)
        case TrainingDone() | TrainingLost():
            _training(turn, event)
    return turn.session, tuple(turn.effects)


def _tap(turn: Turn, tap: Tap) -> None:
    """Look the tap up in the table; what is not in it is stale or forged, and changes nothing."""
    screen = turn.session.screens.get(tap.key)
    action = _ACTIONS.get(tap.action)
    handler = TAPS[screen.kind].get(action) if screen and action and tap.in_place else None
    if screen is None or handler is None:
        turn.toast("stale")
        return
    handler(turn, tap, screen)
    if not any(isinstance(effect, Toast) for effect in turn.effects):
        turn.effects.insert(0, Toast(text=""))


def _training(turn: Turn, event: TrainingDone | TrainingLost) -> None:
    lesson = turn.shelf.get(event.lesson)
    if lesson is None or lesson.lab is None:
        if turn.session.running() == event.code:
            lab.give_up(turn)
            menu.plain(turn, "gone")
        else:
            turn.effects.append(Untrain(code=event.code))
    elif isinstance(event, TrainingDone):
        lab.done(turn, lesson, event)
    else:
        lab.lost(turn, lesson, event)


def _open_lab(turn: Turn, tap: Tap) -> None:
    lesson = turn.shelf.get(tap.argument)
    if lesson is None:
        turn.toast("gone", alert=True)
    else:
        menu.train(turn, lesson)


def _int(argument: str) -> int:
    """The page that a button names; the first one if what it names was forged."""
    return int(argument) if argument.isdecimal() and len(argument) < 6 else 0
