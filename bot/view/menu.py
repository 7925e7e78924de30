"""How the greeting, the catalogue, progress, settings and plain texts look."""

from bot.core.actions import Action
from bot.core.menu import AUTO
from bot.core.scenes import (
    AskForget,
    Catalogue,
    Plain,
    ProgressScene,
    SettingsScene,
    Standing,
    Welcome,
)
from bot.view.message import LABEL_LIMIT, Keyboard, Message, cut, lines, paragraphs
from bot.view.rich import ENTITY_LIMIT, MESSAGE_LIMIT, Rich, bold, utf16_len
from bot.view.stage import Stage
from bot.view.texts import languages

FULL, EMPTY = "▰", "▱"
BAR = 5  # squares
MISSING_LIMIT = 60  # of a name that somebody made up, in UTF-16 units


def go_on_row(stage: Stage, keyboard: Keyboard, lesson: str | None, *, started: bool) -> None:
    """One button that starts or continues; the catalogue if there is no lesson to go on with."""
    if lesson is not None and lesson in stage.shelf:
        title = stage.shelf[lesson].title
        label = stage.texts("button.go_on" if started else "button.start", title=title)
        keyboard.row(keyboard.button(label, Action.GO_ON, lesson))
    elif stage.shelf:
        keyboard.row(keyboard.button(stage.texts("button.lessons"), Action.GO_ON))


def welcome(stage: Stage, scene: Welcome, key: str) -> Message:
    """A greeting, one line on what this is, one button."""
    t, keyboard = stage.texts, Keyboard(key)
    hello = t("welcome.hello", name=scene.name) if scene.name.strip() else t("welcome.hello_nobody")
    returning = "welcome.go_on" if scene.started else "welcome.start"
    next_ = t("welcome.empty" if scene.lesson is None else returning)
    go_on_row(stage, keyboard, scene.lesson, started=scene.started)
    return Message(rich=paragraphs(bold(hello), t("welcome.what"), next_), rows=keyboard.rows)


def catalogue(stage: Stage, scene: Catalogue, key: str) -> Message:
    """What there is, one button a lesson with the progress beside it."""
    t, keyboard = stage.texts, Keyboard(key)
    if not scene.standings:
        return Message(rich=Rich(t("catalogue.empty")))
    for standing in scene.standings:
        action = Action.LAB if scene.lab_only else Action.GO_ON
        keyboard.row(keyboard.button(_lesson_label(stage, standing, scene), action, standing.lesson))
    turn = Action.LAB_PAGE if scene.lab_only else Action.PAGE
    earlier = keyboard.button(t("button.earlier"), turn, scene.page - 1) if scene.page else None
    more = keyboard.button(t("button.later"), turn, scene.page + 1) if scene.page + 1 < scene.pages else None
    keyboard.row(earlier, more)
    entries = [_entry(stage, standing) for standing in scene.standings]
    around = _missing(stage, scene), _heading(stage, scene)
    rich = paragraphs(*around, *entries, t("catalogue.hint"))
    if rich.units > MESSAGE_LIMIT:  # the buttons have the titles too
        rich = paragraphs(*around, t("catalogue.hint"))
    return Message(rich=rich, rows=keyboard.rows)


def _missing(stage: Stage, scene: Catalogue) -> str | None:
    if not scene.missing:
        return None
    name = cut(scene.missing, MISSING_LIMIT)
    return stage.texts("catalogue.no_lab" if scene.lab_only else "catalogue.missing", name=name)


def _heading(stage: Stage, scene: Catalogue) -> Rich:
    if scene.pages > 1:
        return bold(stage.texts("catalogue.page", page=scene.page + 1, pages=scene.pages))
    return bold(stage.texts("catalogue.labs" if scene.lab_only else "catalogue.title"))


def _lesson_label(stage: Stage, standing: Standing, scene: Catalogue) -> str:
    title = stage.shelf[standing.lesson].title
    if scene.lab_only:
        return stage.texts("button.lab_of", title=title)
    full = standing.asked and standing.right == standing.asked
    progress = {"right": standing.right, "asked": standing.asked}
    label = stage.texts("button.lesson_done" if full else "button.lesson", title="{}", **progress)
    return label.replace("{}", cut(title, LABEL_LIMIT - utf16_len(label) + 2))


def _entry(stage: Stage, standing: Standing) -> Rich:
    lesson, t = stage.shelf[standing.lesson], stage.texts
    about = t(
        "catalogue.about",
        minutes=lesson.minutes,
        level=t(f"level.{lesson.level}"),
        summary=lesson.summary,
    )
    return lines(bold(lesson.title), about)


def progress(stage: Stage, scene: ProgressScene, key: str) -> Message:
    """Every lesson with `R/N` and a bar, and the next thing to do; cut with a count where it gets too long."""
    t, keyboard = stage.texts, Keyboard(key)
    if not scene.standings:
        return Message(rich=Rich(t("progress.empty")))
    started = any(each.started for each in scene.standings if each.lesson == scene.lesson)
    go_on_row(stage, keyboard, scene.lesson, started=started)
    ending = paragraphs(t("progress.what"), _next(stage, scene.lesson))
    rows = [_progress_row(stage, standing) for standing in scene.standings]
    shown = len(rows)
    while True:
        more = t("progress.more", n=len(rows) - shown) if shown < len(rows) else None
        rich = paragraphs(bold(t("progress.title")), *rows[:shown], more, ending)
        if rich.units <= MESSAGE_LIMIT and len(rich.entities) <= ENTITY_LIMIT:
            return Message(rich=rich, rows=keyboard.rows)
        shown -= 1


def _progress_row(stage: Stage, standing: Standing) -> Rich:
    title = stage.shelf[standing.lesson].title
    line = stage.texts("progress.line", title=title, right=standing.right, asked=standing.asked)
    return lines(line, bar(standing.right, standing.asked)) if standing.asked else Rich(line)


def bar(right: int, asked: int) -> str:
    """Five squares, filled in proportion; full only if all is right, empty only if nothing is."""
    filled = round(BAR * right / asked)
    if 0 < right < asked:
        filled = min(max(filled, 1), BAR - 1)
    return FULL * filled + EMPTY * (BAR - filled)


def _next(stage: Stage, lesson: str | None) -> str:
    if lesson is None or lesson not in stage.shelf:
        return stage.texts("round.next_nothing")
    return stage.texts("progress.next", title=stage.shelf[lesson].title)


def settings(stage: Stage, scene: SettingsScene, key: str) -> Message:
    """The language, one button each."""
    t, keyboard = stage.texts, Keyboard(key)
    names = languages()
    for code, name in names.items():
        label = t("button.picked", name=name) if code == scene.language else name
        keyboard.row(keyboard.button(label, Action.LANGUAGE, code))
    auto = t("button.language_auto")
    label = t("button.picked", name=auto) if scene.language is None else auto
    keyboard.row(keyboard.button(label, Action.LANGUAGE, AUTO))
    current = names.get(scene.language or "", t("settings.auto"))
    rich = paragraphs(bold(t("settings.title")), t("settings.language", name=current), t("settings.hint"))
    return Message(rich=rich, rows=keyboard.rows)


def ask_forget(stage: Stage, scene: AskForget, key: str) -> Message:
    """Really delete everything?"""
    t, keyboard = stage.texts, Keyboard(key)
    keyboard.row(keyboard.button(t("button.forget_no"), Action.KEEP_ALL))
    keyboard.row(keyboard.button(t("button.forget_yes"), Action.FORGET))
    return Message(rich=Rich(t("forget.ask")), rows=keyboard.rows)


def plain_message(stage: Stage, scene: Plain, key: str) -> Message:
    """A text of the catalogue, with a button that goes on; without lessons there is no such button, and it says so."""
    t, keyboard = stage.texts, Keyboard(key)
    if scene.go_on:
        go_on_row(stage, keyboard, scene.lesson, started=scene.started)
    empty = t("welcome.empty") if scene.go_on and not keyboard.rows else None
    return Message(rich=paragraphs(t(scene.text, **scene.params), empty), rows=keyboard.rows)
