"""A post is put together: lesson, question or step, chat, topic, time, closing; one message, edited in place.

Law: a button counts for what is asked now only, so that a second tap, an old view or forged data change nothing.
Nothing is posted or planned before Telegram has said that both the person and the bot may; it is asked again when
the time comes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from bot.core import quiz
from bot.core.draft_choices import CALL_OFF, CHOICES, moved_to, timed
from bot.core.effects import CheckTarget, KnowChat
from bot.core.events import Chatter, Command, Desk, Tap, TargetChecked
from bot.core.scenes import DraftScene, Plain
from bot.core.shared import next_to_post
from bot.core.state import Draft, DraftStep, Screen, ScreenKind
from bot.core.turn import PAGE, Turn
from bot.core.typed import moment
from bot.course.model import Lesson

T = TypeVar("T")
AHEAD = timedelta(days=366)
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
    handler = CHOICES.get(asked)
    after = handler(turn, draft, desk, value) if draft and handler else None
    if draft is None or after is None:
        turn.toast("stale")
        return
    if after.step is S.DONE:
        turn.change(tapped.key, scene_of(turn, after, desk), ScreenKind.MENU)
        return
    if asked == CALL_OFF:
        desk = replace(desk, planned=tuple(each for each in desk.planned if each.code != value))
        after = after if desk.planned else moved_to(after, S.LESSON)
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
        after = moved_to(draft, S.CHAT, problem=event.problem, title=title)
    else:
        after = moved_to(
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
        change(turn, key, moved_to(draft, S.TIME, problem=problem), NO_DESK)
    else:
        change(turn, key, timed(draft, at), NO_DESK)
    return True


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
