"""What one can ask for by a command: greeting, catalogue, progress, settings, help, leaving."""

from collections.abc import Callable
from datetime import timedelta

from bot.core import drafting, lab, panel, quiz, reading, shared
from bot.core.effects import Forget, SendExport
from bot.core.events import Chatter, Command, SeenPost
from bot.core.scenes import AskForget, Plain, ProgressScene, SettingsScene, Welcome
from bot.core.state import ScreenKind
from bot.core.turn import Turn
from bot.course.model import Lesson

BURST = timedelta(seconds=2)  # chatter that comes closer together gets one answer
AUTO = "auto"


def plain(turn: Turn, text: str, **params: str | int) -> None:
    """Say a text of the catalogue, with a button that goes on."""
    turn.show(_onward(turn, text, **params), ScreenKind.MENU)


def _onward(turn: Turn, text: str, **params: str | int) -> Plain:
    lesson = turn.current()
    return Plain(text=text, params=params, lesson=lesson, started=lesson in turn.session.studies)


def find(turn: Turn, argument: str) -> Lesson | None:
    """The lesson a command means; if there is none by that id, say so and show those there are."""
    wanted = argument.split(maxsplit=1)[0].lower() if argument.split() else turn.current()
    if wanted is not None and wanted in turn.shelf:
        return turn.shelf[wanted]
    turn.show(turn.catalogue(missing=wanted or ""), ScreenKind.MENU)
    return None


def start(turn: Turn, command: Command) -> None:
    """Greet; or open what the link names: `l-` a lesson, `q-` its questions, `t-` its lab, `r-` a run, `x-` what a
    class experiment trained, `p-` the why of a post, `e-` the step that explains it.
    """
    kind, dash, name = command.argument.strip().partition("-")
    openers = {"l": reading.learn, "q": open_quiz, "t": train}
    shared = command.shared
    if kind in ("r", "x") and shared and shared.lesson in turn.shelf and turn.shelf[shared.lesson].lab:
        panel.open_shared(turn, turn.shelf[shared.lesson], shared)
    elif command.post and command.post.lesson in turn.shelf:
        _open_post(turn, turn.shelf[command.post.lesson], command.post, explain=kind == "p")
    elif dash and kind in openers and name in turn.shelf:
        openers[kind](turn, turn.shelf[name])
    else:
        lesson = turn.current()
        begun = lesson is not None and lesson in turn.session.studies
        welcome = Welcome(name=command.first_name, lesson=lesson, started=begun)
        turn.show(welcome, ScreenKind.MENU)


def _open_post(turn: Turn, lesson: Lesson, post: SeenPost, *, explain: bool) -> None:
    question = quiz.find(lesson, post.question)
    if explain:
        shared.explain(turn, lesson, post)
    else:
        shared.learn(turn, lesson, question.step if question else None)


def lessons(turn: Turn, _: Command) -> None:
    """The catalogue."""
    turn.show(turn.catalogue(), ScreenKind.MENU)


def go_on(turn: Turn, lesson_id: str) -> None:
    """Continue a lesson from a button; the catalogue if it names none that is there."""
    if lesson_id in turn.shelf:
        reading.learn(turn, turn.shelf[lesson_id])
    else:
        turn.show(turn.catalogue(), ScreenKind.MENU)


def open_quiz(turn: Turn, lesson: Lesson) -> None:
    """The practice questions, if the lesson has any."""
    if lesson.practice:
        quiz.go_on(turn, lesson)
    else:
        turn.remember(lesson=lesson.id)
        plain(turn, "quiz.none", title=lesson.title)


def train(turn: Turn, lesson: Lesson) -> None:
    """The lab, or the lessons that have one."""
    if lesson.lab:
        panel.open_lab(turn, lesson)
    elif any(each.lab for each in turn.shelf.values()):
        turn.show(turn.catalogue(missing=lesson.title, lab_only=True), ScreenKind.MENU)
    else:
        plain(turn, "lab.none", title=lesson.title)


def on_lesson(opener: Callable[[Turn, Lesson], None]) -> Callable[[Turn, Command], None]:
    """A command whose argument is a lesson."""

    def handler(turn: Turn, command: Command) -> None:
        lesson = find(turn, command.argument)
        if lesson:
            opener(turn, lesson)

    return handler


def progress(turn: Turn, _: Command) -> None:
    """Every lesson with what was right at the first try, and the next thing to do."""
    standings = tuple(turn.standing(lesson) for lesson in turn.shelf.values())
    lesson = turn.current()
    if lesson is not None and turn.done(turn.shelf[lesson]) and not _in_round(turn):
        lesson = turn.unfinished(after=lesson)
    turn.show(ProgressScene(standings=standings, lesson=lesson), ScreenKind.MENU)


def settings(turn: Turn, _: Command) -> None:
    """The language."""
    turn.show(SettingsScene(language=turn.session.language), ScreenKind.MENU)


def language(turn: Turn, key: str, argument: str) -> None:
    """Choose a language, or go with Telegram's (`auto`)."""
    if argument not in (AUTO, *turn.languages):
        turn.toast("stale")
        return
    turn.remember(language=None if argument == AUTO else argument)
    turn.toast("settings.saved")
    turn.edit(key, SettingsScene(language=turn.session.language))


def export(turn: Turn, _: Command) -> None:
    """Everything stored about the learner, as a file."""
    turn.effects.append(SendExport())


def ask_forget(turn: Turn, _: Command) -> None:
    """Ask before deleting everything."""
    turn.strip_all({ScreenKind.ASK_FORGET})
    turn.show(AskForget(), ScreenKind.ASK_FORGET)


def forget(turn: Turn, key: str) -> None:
    """Delete everything, then say so."""
    lab.give_up(turn)
    turn.effects.append(Forget(key=key, scene=Plain(text="forget.done", go_on=False)))


def keep_all(turn: Turn, key: str) -> None:
    """Do not delete anything."""
    turn.change(key, _onward(turn, "forget.kept"), ScreenKind.MENU)


def cancel(turn: Turn, _: Command) -> None:
    """Leave what is open; nothing that was learned is touched."""
    open_question = {ScreenKind.ASK_FORGET, ScreenKind.ASK_OVER}
    asking = any(screen.kind in open_question for screen in turn.session.screens.values())
    if lab.give_up(turn):
        plain(turn, "cancel.training")
    elif asking:
        turn.strip_all(open_question)
        plain(turn, "cancel.asked")
    elif _in_round(turn):
        plain(turn, "cancel.round")
    else:
        plain(turn, "cancel.nothing")


def _in_round(turn: Turn) -> bool:
    """Whether going on leads into the middle of a round."""
    lesson = turn.current()
    round_ = turn.session.study(lesson).round if lesson else None
    return round_ is not None and not round_.over


def says(text: str) -> Callable[[Turn, Command], None]:
    """A command that says a text."""
    return lambda turn, _: plain(turn, text)


COMMANDS: dict[str, Callable[[Turn, Command], None]] = {
    "start": start,
    "lessons": lessons,
    "learn": on_lesson(reading.learn),
    "quiz": on_lesson(open_quiz),
    "train": on_lesson(train),
    "progress": progress,
    "settings": settings,
    "export": export,
    "forget": ask_forget,
    "cancel": cancel,
    "help": says("help.text"),
    "privacy": says("privacy.text"),
    "post": drafting.begin,
    "round": says("live.private"),
    "stop": says("live.private_stop"),
    "top": says("live.private_top"),
    "experiment": says("experiment.private"),
    "plan": says("plan.private"),
}


def chatter(turn: Turn, event: Chatter) -> None:
    """A friendly word that says what to do, once per burst."""
    if drafting.typed(turn, event):
        return
    last = turn.session.nudged
    turn.remember(nudged=turn.now)
    if last is None or not timedelta() <= turn.now - last < BURST:
        plain(turn, "chatter.question" if _is_asked(turn) else f"chatter.{event.kind}")


def _is_asked(turn: Turn) -> bool:
    """Whether a question with its letter buttons stands in the chat."""
    screens = turn.session.screens.values()
    questions = [screen for screen in screens if screen.kind is ScreenKind.QUESTION]
    rounds = [turn.session.study(screen.lesson).round for screen in questions]
    return any(each and each.asked and each.asked.chosen is None for each in rounds)
