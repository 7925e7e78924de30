"""A post is put together: lesson, question or step, chat, topic, time, closing; one message, edited in place.

Law: a button counts for what is asked now only, so that a second tap, an old view or forged data change nothing.
Nothing is posted or planned before Telegram has said that both the person and the bot may; it is asked again when
the time comes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.core import quiz
from bot.core.effects import CallOff, CheckTarget, KnowChat, Plan
from bot.core.events import Chatter, Command, Desk, Tap, TargetChecked
from bot.core.posting import Posting, called_off
from bot.core.scenes import DraftScene, Plain
from bot.core.shared import next_to_post
from bot.core.state import Draft, DraftStep, Screen, ScreenKind
from bot.core.turn import PAGE, Turn
from bot.core.typed import moment
from bot.course.model import Lesson

T = TypeVar("T")
TIMES = {"now": None, "1h": timedelta(hours=1), "1d": timedelta(days=1)}
CLOSINGS = {"0": None, "1h": 3600, "24h": 24 * 3600, "7d": 7 * 24 * 3600}
AHEAD = timedelta(days=366)
MOST_PLANNED = 50  # by one person
NO_DESK = Desk()
S = DraftStep


def begin(turn: Turn, command: Command) -> None:
    """`/post [LESSON [QUESTION or STEP]] [@channel]`: as far as it is said, the rest is asked."""
    desk = command.desk or NO_DESK
    words = command.argument.split()
    target = next((word for word in words if word.startswith("@") and len(word) > 1), "")
    lesson_id, name = [*(w.lower() for w in words if not w.startswith("@")), "", ""][:2]
    turn.strip_all({ScreenKind.POST})
    if not turn.shelf or not (desk.chats or desk.planned or target):
        lesson = turn.current()
        text = "post.private" if turn.shelf else "catalogue.empty"
        turn.show(Plain(text=text, lesson=lesson, started=lesson in turn.session.studies), ScreenKind.MENU)
        return
    draft = _said(turn, desk, lesson_id, name, target)
    key = turn.show(scene_of(turn, draft, desk), ScreenKind.POST, draft=draft)
    if draft.step is S.CHECK:
        turn.effects.append(CheckTarget(key=key, target=draft.target))


def _said(turn: Turn, desk: Desk, lesson_id: str, name: str, target: str) -> Draft:
    """What the command says already; where a name is wrong, it is asked for."""
    draft = Draft(target=target[:40])
    lesson = turn.shelf.get(lesson_id)
    if lesson is None:
        return draft.model_copy(update={"problem": "post.no_lesson" if lesson_id else ""})
    draft = draft.model_copy(update={"lesson": lesson.id, "step": S.THING})
    question = quiz.find(lesson, name) if name else None
    if name and question is None and lesson.step(name) is None:
        return draft.model_copy(update={"problem": "post.no_thing"})
    if not name and target:
        question = next_to_post(lesson, set(desk.posted))
    if question is None and not name:
        return draft
    thing = {"question": question.id} if question else {"thing": name}
    return draft.model_copy(update={**thing, "step": S.CHECK if target else S.CHAT})


def tap(turn: Turn, tapped: Tap, screen: Screen) -> None:
    """One button of it: `STEP-VALUE`, where STEP is what it belongs to."""
    draft, desk = screen.draft, tapped.desk or NO_DESK
    asked, _, value = tapped.argument.partition("-")
    handler = _CHOICES.get(asked)
    after = handler(turn, draft, desk, value) if draft and handler else None
    if draft is None or after is None:
        turn.toast("stale")
        return
    if after.step is S.DONE:
        turn.change(tapped.key, scene_of(turn, after, desk), ScreenKind.MENU)
        return
    if asked == CALL_OFF:
        desk = replace(desk, planned=tuple(each for each in desk.planned if each.code != value))
        after = after if desk.planned else _to(after, S.LESSON)
    change(turn, tapped.key, after, desk)
    if after.step is S.CHECK:
        turn.effects.append(CheckTarget(key=tapped.key, target=after.target))


def change(turn: Turn, key: str, draft: Draft, desk: Desk) -> None:
    """Show the draft as it is now, in its message."""
    turn.change(key, scene_of(turn, draft, desk), ScreenKind.POST, draft=draft)


def checked(turn: Turn, event: TargetChecked) -> None:
    """What Telegram said of a chat; nobody waits for it if something else is asked by now."""
    if event.chat and event.title:
        turn.effects.append(
            KnowChat(
                chat=event.chat,
                kind=event.kind,
                title=event.title,
                username=event.username,
                is_inside=event.is_inside,
                runs=event.runs,
            )
        )
    screen = turn.session.screens.get(event.key)
    draft = screen.draft if screen and screen.kind is ScreenKind.POST else None
    if draft is None or draft.step is not S.CHECK or draft.target != event.target:
        return
    if event.problem:
        title = event.title or draft.title or event.target
        after = _to(draft, S.CHAT, problem=event.problem, title=title)
    else:
        after = _to(
            draft,
            S.TOPIC if event.is_forum else S.TIME,
            chat=event.chat,
            title=event.title,
            is_group=event.kind != "channel",
            is_forum=event.is_forum,
            topics=event.topics,
            whispers=event.whispers,
            thread=None,
        )
    change(turn, event.key, after, event.desk or NO_DESK)


def typed(turn: Turn, event: Chatter) -> bool:
    """Take words for the time that is asked for; False if none is, or they hold no number."""
    key, screen = next(reversed(turn.session.screens.items()), ("", None))
    draft = screen.draft if screen and screen.kind is ScreenKind.POST else None
    if draft is None or draft.step is not S.TIME or not any(letter.isdecimal() for letter in event.text):
        return False
    at = moment(event.text, turn.now)
    if at is None or not turn.now < at <= turn.now + AHEAD:
        problem = "post.time_unclear" if at is None else "post.time_bounds"
        change(turn, key, _to(draft, S.TIME, problem=problem), NO_DESK)
    else:
        change(turn, key, _timed(draft, at), NO_DESK)
    return True


# what each button does: the draft as it becomes, None if the button does not fit


def _to(draft: Draft, step: DraftStep, **fields: object) -> Draft:
    return draft.model_copy(update={"page": 0, "problem": "", **fields, "step": step})


def _lesson(turn: Turn, draft: Draft, _: Desk, value: str) -> Draft | None:
    if draft.step is not S.LESSON or value not in turn.shelf:
        return None
    return _to(draft, S.THING, lesson=value, question=None, thing=None)


def _thing(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`q-` a question, `s-` a step."""
    kind, _, name = value.partition("-")
    lesson = turn.shelf.get(draft.lesson)
    if draft.step is not S.THING or lesson is None:
        return None
    if kind == "q" and quiz.find(lesson, name):
        chosen = _to(draft, S.CHAT, question=name, thing=None)
    elif kind == "s" and lesson.step(name):
        chosen = _to(draft, S.CHAT, question=None, thing=name, stays_s=None)
    else:
        return None
    return _to(chosen, S.CHECK) if chosen.target.startswith("@") else chosen


def _chat(_: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    titles = {str(each.chat): each.title for each in desk.chats}
    if draft.step is not S.CHAT or value not in titles:
        return None
    return _to(draft, S.CHECK, target=value, title=titles[value])


def _topic(_: Turn, draft: Draft, __: Desk, value: str) -> Draft | None:
    threads = {"0": None, **{str(thread): thread for thread, _ in draft.topics}}
    if draft.step is not S.TOPIC or value not in threads:
        return None
    return _to(draft, S.TIME, thread=threads[value])


def _time(turn: Turn, draft: Draft, _: Desk, value: str) -> Draft | None:
    if draft.step is not S.TIME or value not in TIMES:
        return None
    span = TIMES[value]
    return _timed(draft, turn.now + span if span else None)


def _timed(draft: Draft, at: datetime | None) -> Draft:
    return _to(draft, S.CLOSING if draft.question else S.CONFIRM, at=at)


def _closing(_: Turn, draft: Draft, __: Desk, value: str) -> Draft | None:
    if draft.step is not S.CLOSING or value not in CLOSINGS:
        return None
    stays_s = CLOSINGS[value]
    return _to(draft, S.CONFIRM, stays_s=stays_s, picture=draft.picture and stays_s is not None)


def _confirm(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`go`, or one of the two switches, which names what it becomes so that a second tap changes nothing."""
    if draft.step is not S.CONFIRM:
        return None
    if value in ("p1", "p0") and draft.stays_s is not None and draft.picture != (value == "p1"):
        return _to(draft, S.CONFIRM, picture=value == "p1")
    if value in ("w1", "w0") and draft.is_group and draft.whispers != (value == "w1"):
        return _to(draft, S.CONFIRM, whispers=value == "w1")
    return _plan(turn, draft, desk) if value == "go" else None


def _plan(turn: Turn, draft: Draft, desk: Desk) -> Draft:
    lesson = turn.shelf.get(draft.lesson)
    there = lesson and (quiz.find(lesson, draft.question or "") or lesson.step(draft.thing or ""))
    if not there:
        return _to(draft, S.LESSON, problem="post.changed")
    if len(desk.planned) >= MOST_PLANNED:
        return _to(draft, S.CONFIRM, problem="post.too_many")
    at = max(draft.at, turn.now) if draft.at else turn.now
    state = Posting(
        lesson=draft.lesson,
        question=draft.question,
        step=draft.thing,
        language=turn.session.language or turn.session.tongue or "",
        at=at,
        stays_s=draft.stays_s if draft.question else None,
        picture=draft.picture and draft.stays_s is not None,
    )
    asks = draft.question is not None and draft.is_group
    turn.effects.append(
        Plan(
            code=turn.new_key(),
            chat=draft.chat,
            thread=draft.thread,
            state=state,
            whispers=draft.whispers if asks else None,
        )
    )
    return _to(draft, S.DONE)


def _planned(_: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`open` the list from the first screen."""
    return _to(draft, S.PLANNED) if value == "open" and draft.step is S.LESSON and desk.planned else None


def _call_off(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    found = next((each for each in desk.planned if each.code == value), None)
    if draft.step is not S.PLANNED or found is None:
        return None
    turn.toast("post.called_off" if found.state.closes is None else "post.stays_open")
    state = called_off(found.state)
    turn.effects.append(CallOff(code=value, version=found.version, chat=found.chat, state=state))
    return draft


def _page(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`STEP-PAGE`; a page that is not there is the nearest one."""
    step, _, number = value.partition("-")
    if step != draft.step or not (number.isascii() and number.isdecimal() and len(number) < 4):
        return None
    return draft.model_copy(update={"page": int(number), "problem": ""})


def _back(turn: Turn, draft: Draft, _: Desk, value: str) -> Draft | None:
    """From the step that it names, so that a second tap goes back no further."""
    before = _before(draft)
    if value != draft.step or before is None:
        return None
    return _to(draft, before, **({"target": ""} if before in (S.LESSON, S.THING, S.CHAT) else {}))


def _before(draft: Draft) -> DraftStep | None:
    return {
        S.THING: S.LESSON,
        S.CHAT: S.THING,
        S.CHECK: S.CHAT,
        S.TOPIC: S.CHAT,
        S.TIME: S.TOPIC if draft.is_forum else S.CHAT,
        S.CLOSING: S.TIME,
        S.CONFIRM: S.CLOSING if draft.question else S.TIME,
        S.PLANNED: S.LESSON,
    }.get(draft.step)


Choice = Callable[[Turn, Draft, Desk, str], Draft | None]
PAGE_OF, BACK, CALL_OFF = "g", "b", "x"
_CHOICES: dict[str, Choice] = {
    S.LESSON: _lesson,
    S.THING: _thing,
    S.CHAT: _chat,
    S.TOPIC: _topic,
    S.TIME: _time,
    S.CLOSING: _closing,
    S.CONFIRM: _confirm,
    S.PLANNED: _planned,
    CALL_OFF: _call_off,
    PAGE_OF: _page,
    BACK: _back,
}


# what is shown


def scene_of(turn: Turn, draft: Draft, desk: Desk) -> DraftScene:
    """The draft with what can be chosen next; only those things of a page that are on it."""
    scene = DraftScene(draft=draft, now=turn.now, waiting=len(desk.planned), posted=desk.posted)
    match draft.step:
        case S.LESSON:
            rows, pages, page = _on_page(list(turn.shelf), draft.page)
            return _with(scene, pages, page, lessons=tuple(rows))
        case S.THING if lesson := turn.shelf.get(draft.lesson):
            return _things(scene, lesson, desk)
        case S.CHAT:
            rows_, pages, page = _on_page(desk.chats, draft.page)
            return _with(scene, pages, page, chats=tuple(rows_))
        case S.PLANNED:
            rows__, pages, page = _on_page(desk.planned, draft.page)
            return _with(scene, pages, page, planned=tuple(rows__))
        case S.TOPIC:
            _, pages, page = _on_page(draft.topics, draft.page)
            return _with(scene, pages, page)
        case _:
            return scene


def _things(scene: DraftScene, lesson: Lesson, desk: Desk) -> DraftScene:
    suggested = next_to_post(lesson, set(desk.posted))
    first = [suggested.id] if suggested else []
    names = [question.id for question in lesson.practice if question.id not in first]
    things = [("q", name) for name in [*first, *names]] + [("s", step.id) for step in lesson.steps]
    rows, pages, page = _on_page(things, scene.draft.page)
    return _with(
        scene,
        pages,
        page,
        questions=tuple(name for kind, name in rows if kind == "q"),
        steps=tuple(name for kind, name in rows if kind == "s"),
        suggested=first[0] if first else "",
    )


def _on_page(things: Sequence[T], page: int) -> tuple[Sequence[T], int, int]:
    """(what is on the page, how many pages, the page that is there)."""
    pages = max(1, -(-len(things) // PAGE))
    page = min(page, pages - 1)
    return things[page * PAGE : (page + 1) * PAGE], pages, page


def _with(scene: DraftScene, pages: int, page: int, **fields: Any) -> DraftScene:
    return replace(scene, draft=scene.draft.model_copy(update={"page": page}), pages=pages, **fields)
