"""What each button of a post that is put together does: the draft as it becomes, None if the button does not fit.

Law: a choice is looked up in what there is (lessons, chats, topics, what is planned), never believed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core import quiz
from bot.core.effects import CallOff, Plan
from bot.core.events import Desk
from bot.core.posting import Posting, called_off
from bot.core.state import Draft, DraftStep
from bot.core.turn import Turn

TIMES = {"now": None, "1h": timedelta(hours=1), "1d": timedelta(days=1)}
CLOSINGS = {"0": None, "1h": 3600, "24h": 24 * 3600, "7d": 7 * 24 * 3600}
MOST_PLANNED = 50  # by one person
S = DraftStep


def moved_to(draft: Draft, step: DraftStep, **fields: object) -> Draft:
    """The draft with another question asked, and with these fields."""
    return draft.model_copy(update={"page": 0, "problem": "", **fields, "step": step})


def _lesson(turn: Turn, draft: Draft, _: Desk, value: str) -> Draft | None:
    if draft.step is not S.LESSON or value not in turn.shelf:
        return None
    return moved_to(draft, S.THING, lesson=value, question=None, thing=None)


def _thing(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`q-` a question, `s-` a step."""
    kind, _, name = value.partition("-")
    lesson = turn.shelf.get(draft.lesson)
    if draft.step is not S.THING or lesson is None:
        return None
    if kind == "q" and quiz.find(lesson, name):
        chosen = moved_to(draft, S.CHAT, question=name, thing=None)
    elif kind == "s" and lesson.step(name):
        chosen = moved_to(draft, S.CHAT, question=None, thing=name, stays_s=None)
    else:
        return None
    return moved_to(chosen, S.CHECK) if chosen.target.startswith("@") else chosen


def _chat(_: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    titles = {str(each.chat): each.title for each in desk.chats}
    if draft.step is not S.CHAT or value not in titles:
        return None
    return moved_to(draft, S.CHECK, target=value, title=titles[value])


def _topic(_: Turn, draft: Draft, __: Desk, value: str) -> Draft | None:
    threads = {"0": None, **{str(thread): thread for thread, _ in draft.topics}}
    if draft.step is not S.TOPIC or value not in threads:
        return None
    return moved_to(draft, S.TIME, thread=threads[value])


def _time(turn: Turn, draft: Draft, _: Desk, value: str) -> Draft | None:
    if draft.step is not S.TIME or value not in TIMES:
        return None
    span = TIMES[value]
    return timed(draft, turn.now + span if span else None)


def timed(draft: Draft, at: datetime | None) -> Draft:
    """The draft with its time; None: now."""
    return moved_to(draft, S.CLOSING if draft.question else S.CONFIRM, at=at)


def _closing(_: Turn, draft: Draft, __: Desk, value: str) -> Draft | None:
    if draft.step is not S.CLOSING or value not in CLOSINGS:
        return None
    stays_s = CLOSINGS[value]
    return moved_to(draft, S.CONFIRM, stays_s=stays_s, picture=draft.picture and stays_s is not None)


def _confirm(turn: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`go`, or one of the two switches, which names what it becomes so that a second tap changes nothing."""
    if draft.step is not S.CONFIRM:
        return None
    if value in ("p1", "p0") and draft.stays_s is not None and draft.picture != (value == "p1"):
        return moved_to(draft, S.CONFIRM, picture=value == "p1")
    if value in ("w1", "w0") and draft.is_group and draft.whispers != (value == "w1"):
        return moved_to(draft, S.CONFIRM, whispers=value == "w1")
    return _plan(turn, draft, desk) if value == "go" else None


def _plan(turn: Turn, draft: Draft, desk: Desk) -> Draft:
    lesson = turn.shelf.get(draft.lesson)
    there = lesson and (quiz.find(lesson, draft.question or "") or lesson.step(draft.thing or ""))
    if not there:
        return moved_to(draft, S.LESSON, problem="post.changed")
    if len(desk.planned) >= MOST_PLANNED:
        return moved_to(draft, S.CONFIRM, problem="post.too_many")
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
    return moved_to(draft, S.DONE)


def _planned(_: Turn, draft: Draft, desk: Desk, value: str) -> Draft | None:
    """`open` the list from the first screen."""
    return moved_to(draft, S.PLANNED) if value == "open" and draft.step is S.LESSON and desk.planned else None


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
    return moved_to(draft, before, **({"target": ""} if before in (S.LESSON, S.THING, S.CHAT) else {}))


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
CHOICES: dict[str, Choice] = {
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
