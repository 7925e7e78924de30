"""How a post looks while it is put together: what is decided so far, one question, and its buttons."""

from collections.abc import Callable

from bot.core.actions import Action
from bot.core.draft_choices import BACK, CALL_OFF, CLOSINGS, PAGE_OF, TIMES
from bot.core.events import Planned
from bot.core.scenes import DraftScene
from bot.core.state import Draft, DraftStep
from bot.core.turn import PAGE
from bot.view.markdown import render
from bot.view.menu import go_on_row
from bot.view.message import Button, Keyboard, Message, cut, lines, paragraphs
from bot.view.rich import Rich, bold, moment
from bot.view.stage import Stage

TITLE_LIMIT = 60  # UTF-16 units of a chat's or topic's name in a text
NAME_LIMIT = 80  # of a lesson's or question's
S = DraftStep


def draft_message(stage: Stage, scene: DraftScene, key: str) -> Message:
    """The draft in its one message."""
    draft, t, keyboard = scene.draft, stage.texts, Keyboard(key)
    if draft.step is S.DONE:
        go_on_row(stage, keyboard, draft.lesson, started=True)
        text = "post.done_later" if draft.at and draft.at > scene.now else "post.done_now"
        return Message(rich=paragraphs(_summary(stage, scene), t(text)), rows=keyboard.rows)
    _ROWS[draft.step](stage, scene, keyboard)
    back = keyboard.button(t("button.back"), Action.POST, f"{BACK}-{draft.step}")
    keyboard.row(back if draft.step is not S.LESSON else None)
    problem = t(draft.problem, title=cut(draft.title or draft.target, TITLE_LIMIT)) if draft.problem else None
    question = t(f"post.ask_{_NAMES[draft.step]}")
    rich = paragraphs(bold(t("post.title")), _summary(stage, scene), problem, _more(stage, scene), question)
    return Message(rich=rich, rows=keyboard.rows)


_NAMES = {
    S.LESSON: "lesson",
    S.THING: "thing",
    S.CHAT: "chat",
    S.CHECK: "check",
    S.TOPIC: "topic",
    S.TIME: "time",
    S.CLOSING: "closing",
    S.CONFIRM: "confirm",
    S.PLANNED: "planned",
}
_ORDER = tuple(_NAMES)


def _summary(stage: Stage, scene: DraftScene) -> Rich:
    """What is decided, a line each; what comes after the question that is asked is not shown."""
    draft, t = scene.draft, stage.texts
    lesson = stage.shelf.get(draft.lesson)
    if draft.step is S.PLANNED or lesson is None or draft.step is S.LESSON:
        return Rich()
    asked = {S.CHECK: S.CHAT, S.DONE: S.CONFIRM}.get(draft.step, draft.step)
    reached = _ORDER.index(asked)
    rows: list[Rich | str | None] = [t("post.what_lesson", title=cut(lesson.title, NAME_LIMIT))]
    if reached > _ORDER.index(S.THING):
        rows.append(t("post.what_thing", name=cut(_thing(stage, draft), NAME_LIMIT)))
    if reached > _ORDER.index(S.CHECK):
        topic = f" › {_topic(stage, draft)}" if draft.is_forum and reached > _ORDER.index(S.TOPIC) else ""
        rows.append(t("post.what_chat", title=cut(draft.title, TITLE_LIMIT) + topic))
    if reached > _ORDER.index(S.TIME):
        at = moment(draft.at) if draft.at else t("post.time_now")
        rows.append(t("post.what_time") + " " + at)
    if draft.question and reached > _ORDER.index(S.CLOSING):
        rows.append(t("post.what_closing", time=t(f"post.closing_{_closing(draft)}")))
    return lines(*rows)


def _thing(stage: Stage, draft: Draft) -> str:
    """The first line of the question, or the title of the step."""
    lesson = stage.shelf[draft.lesson]
    question = lesson.question(draft.question) if draft.question else None
    step = lesson.step(draft.thing) if draft.thing else None
    if question is not None:
        return first_line(question.ask)
    return step.title if step is not None else (draft.question or draft.thing or "")


def first_line(prose: str) -> str:
    """The first line of a prose, without its markup."""
    return next(iter(render(prose).text.strip().splitlines()), "")


def _topic(stage: Stage, draft: Draft) -> str:
    names = dict(draft.topics)
    name = names.get(draft.thread) if draft.thread is not None else None
    return cut(name or stage.texts("post.general"), TITLE_LIMIT)


def _closing(draft: Draft) -> str:
    return next(name for name, stays_s in CLOSINGS.items() if stays_s == draft.stays_s)


def _more(stage: Stage, scene: DraftScene) -> Rich | str | None:
    """What else is to be known at this step."""
    t, draft = stage.texts, scene.draft
    if draft.step is S.CHAT:
        return t("post.chats_how") if scene.chats else t("post.chats_none")
    if draft.step is S.TIME:
        return t("post.time_how") + " " + moment(scene.now)
    if draft.step is S.PLANNED:
        return paragraphs(*(_planned(stage, each) for each in scene.planned))
    if draft.step is S.CONFIRM and draft.question and draft.is_group and draft.whispers:
        return t("post.whispers_how")
    return None


def _planned(stage: Stage, each: Planned) -> Rich:
    t, state = stage.texts, each.state
    title = stage.shelf[state.lesson].title if state.lesson in stage.shelf else state.lesson
    what = t("post.planned_line", chat=cut(each.title, TITLE_LIMIT), title=cut(title, NAME_LIMIT))
    if state.closes is None:
        return lines(what, t("post.planned_at") + " " + moment(state.at))
    return lines(what, t("post.planned_closes") + " " + moment(state.closes))


# buttons


def _choice(keyboard: Keyboard, label: str, step: DraftStep | str, value: str) -> Button:
    return keyboard.button(label, Action.POST, f"{step}-{value}")


def _turns(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    t, draft = stage.texts, scene.draft
    to = f"{PAGE_OF}-{draft.step}"
    earlier = (
        keyboard.button(t("button.earlier"), Action.POST, f"{to}-{draft.page - 1}") if draft.page else None
    )
    more = draft.page + 1 < scene.pages
    later = keyboard.button(t("button.later"), Action.POST, f"{to}-{draft.page + 1}") if more else None
    keyboard.row(earlier, later)


def _lessons(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    for each in scene.lessons:
        keyboard.row(_choice(keyboard, stage.shelf[each].title, S.LESSON, each))
    _turns(stage, scene, keyboard)
    if scene.waiting:
        label = stage.texts("button.planned", n=scene.waiting)
        keyboard.row(_choice(keyboard, label, S.PLANNED, "open"))


def _things(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    t, lesson = stage.texts, stage.shelf.get(scene.draft.lesson)
    if lesson is None:
        return
    for name in scene.questions:
        question = lesson.question(name)
        ask = first_line(question.ask) if question else name
        kind = "suggested" if name == scene.suggested else "posted" if name in scene.posted else "question"
        keyboard.row(_choice(keyboard, t(f"button.thing_{kind}", name=ask), S.THING, f"q-{name}"))
    for name in scene.steps:
        step = lesson.step(name)
        label = t("button.thing_step", name=step.title if step else name)
        keyboard.row(_choice(keyboard, label, S.THING, f"s-{name}"))
    _turns(stage, scene, keyboard)


def _chats(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    for each in scene.chats:
        keyboard.row(_choice(keyboard, each.title or str(each.chat), S.CHAT, str(each.chat)))
    _turns(stage, scene, keyboard)


def _check(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    """Nothing to choose while Telegram is asked."""


def _topics(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    draft = scene.draft
    keyboard.row(_choice(keyboard, stage.texts("post.general"), S.TOPIC, "0"))
    for thread, name in draft.topics[draft.page * PAGE : (draft.page + 1) * PAGE]:
        keyboard.row(_choice(keyboard, name, S.TOPIC, str(thread)))
    _turns(stage, scene, keyboard)


def _times(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    for name in TIMES:
        keyboard.row(_choice(keyboard, stage.texts(f"button.time_{name}"), S.TIME, name))


def _closings(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    names = [_choice(keyboard, stage.texts(f"button.closing_{name}"), S.CLOSING, name) for name in CLOSINGS]
    keyboard.row(*names[:2]).row(*names[2:])


def _confirm(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    t, draft = stage.texts, scene.draft
    go = "button.post_later" if draft.at else "button.post_now"
    keyboard.row(_choice(keyboard, t(go), S.CONFIRM, "go"))
    if draft.stays_s is not None:
        label = t("button.picked", name=t("button.picture")) if draft.picture else t("button.picture")
        keyboard.row(_choice(keyboard, label, S.CONFIRM, "p0" if draft.picture else "p1"))
    if draft.question and draft.is_group:
        label = t("button.picked", name=t("button.whispers")) if draft.whispers else t("button.whispers")
        keyboard.row(_choice(keyboard, label, S.CONFIRM, "w0" if draft.whispers else "w1"))


def _plans(stage: Stage, scene: DraftScene, keyboard: Keyboard) -> None:
    t = stage.texts
    for number, each in enumerate(scene.planned, 1 + scene.draft.page * PAGE):
        label = "button.call_off" if each.state.closes is None else "button.leave_open"
        keyboard.row(_choice(keyboard, t(label, n=number, chat=cut(each.title, 30)), CALL_OFF, each.code))
    _turns(stage, scene, keyboard)


_ROWS: dict[DraftStep, Callable[[Stage, DraftScene, Keyboard], None]] = {
    S.LESSON: _lessons,
    S.THING: _things,
    S.CHAT: _chats,
    S.CHECK: _check,
    S.TOPIC: _topics,
    S.TIME: _times,
    S.CLOSING: _closings,
    S.CONFIRM: _confirm,
    S.PLANNED: _plans,
}
