"""Effects to what is kept: words to be said, answers, runs and the training that is waited for.

Law: a tap's answer comes first, so that nothing that is said can hold it up.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.core.effects import (
    CallOff,
    Edit,
    Effect,
    Forget,
    KeepRun,
    KnowChat,
    OpenPrivate,
    Picture,
    Plan,
    Record,
    RecordLate,
    RecordShared,
    SendExport,
    Show,
    ShowVerdict,
    Strip,
    Toast,
    Train,
    Untrain,
    Whisper,
)
from bot.core.posting import KIND, Posting
from bot.store.base import Answer, Change, Job, NewWord, PostAnswer, Run, UpdateKey
from bot.store.groups import Activity, KnownChat, Vote
from bot.tutor.kept import Replay, dumps
from bot.view.lab import caption
from bot.view.message import cut
from bot.view.post import alert, whisper
from bot.view.screens import draw
from bot.view.stage import Stage

TOAST_LIMIT = 200  # UTF-16 units, never fewer than the characters that Telegram counts in the answer to a tap
EXPORT_NAME = "nabla-export.json"
LATE = "late"  # the item of a vote that came when a post was closed


def gather(
    effects: Iterable[Effect],
    *,
    stage: Stage,
    learner: int,
    now: datetime,
    update: UpdateKey | None,
    callback: str | None,
) -> Change:
    """All that the effects leave behind, as one change (the session is put in by the caller)."""
    effects = tuple(effects)
    job = next((_job(e, learner) for e in effects if isinstance(e, Train)), None)
    known = next((e for e in effects if isinstance(e, KnowChat)), None)
    plan = next((e for e in effects if isinstance(e, Plan | CallOff)), None)
    whispers = plan.whispers if isinstance(plan, Plan) else None
    return Change(
        learner=learner,
        update=update,
        answers=tuple(_answer(e) for e in effects if isinstance(e, Record)),
        words=tuple(_words(effects, stage=stage, chat=learner, callback=callback)),
        runs=tuple(_run(e, learner, now) for e in effects if isinstance(e, KeepRun)),
        job=job,
        job_done=next((e.code for e in effects if isinstance(e, Untrain)), None),
        post_answer=next((_post_answer(e, now) for e in effects if isinstance(e, RecordShared)), None),
        while_at=next((_while_at(e) for e in effects if isinstance(e, RecordShared)), None),
        votes=tuple(_late(e, now) for e in effects if isinstance(e, RecordLate)),
        activity=_posting(plan, learner, now) if plan else None,
        whispers=(plan.chat, whispers) if plan and whispers is not None else None,
        chat=_chat(known) if known else None,
        runs_chat=known.chat if known and known.runs and known.is_inside else None,
    )


def _while_at(effect: RecordShared) -> tuple[str, int] | None:
    return None if effect.while_at is None else (effect.code, effect.while_at)


def _late(effect: RecordLate, now: datetime) -> Vote:
    return Vote(code=effect.code, item=LATE, choice=effect.option, cast_at=now)


def _chat(effect: KnowChat) -> KnownChat:
    return KnownChat(
        chat=effect.chat,
        kind=effect.kind,
        title=effect.title,
        username=effect.username,
        inside=effect.is_inside,
    )


def _posting(effect: Plan | CallOff, learner: int, now: datetime) -> Activity:
    if isinstance(effect, CallOff):
        return posting_activity(effect.code, effect.chat, effect.state, made_at=now, version=effect.version)
    return posting_activity(
        effect.code, effect.chat, effect.state, made_at=now, thread=effect.thread, starter=learner
    )


def posting_activity(
    code: str,
    chat: int,
    state: Posting,
    *,
    made_at: datetime,
    version: int = 0,
    thread: int | None = None,
    starter: int | None = None,
) -> Activity:
    """A posting as it is kept; what it wants of the clock follows from its state."""
    return Activity(
        code=code,
        kind=KIND,
        chat=chat,
        thread=thread,
        starter=starter,
        body=state.model_dump_json(),
        version=version,
        due=state.due,
        over=state.over,
        made_at=made_at,
    )


def _words(
    effects: tuple[Effect, ...], *, stage: Stage, chat: int, callback: str | None
) -> Iterable[NewWord]:
    if callback is not None:
        answer = next(
            (e for e in effects if isinstance(e, Toast | ShowVerdict | OpenPrivate)), Toast(text="")
        )
        yield answer_word(stage, answer, chat=chat, callback=callback)
    runs = {e.code: e for e in effects if isinstance(e, KeepRun)}
    for effect in effects:
        match effect:
            case Show(key=key, scene=scene) | Edit(key=key, scene=scene) | Forget(key=key, scene=scene):
                *first, last = draw(stage, scene, key)
                kind = "say" if isinstance(effect, Show) else "edit"
                for message in first:
                    yield NewWord(chat=chat, kind="say", body=dumps(message.as_json()))
                yield NewWord(chat=chat, kind=kind, body=dumps(last.as_json()), key=key)
            case Strip(key=key):
                yield NewWord(chat=chat, kind="strip", body="{}", key=key)
            case Picture(code=code):
                rich = caption(stage, stage.shelf[runs[code].lesson], runs[code].spec)
                body = {"run": code, "caption": rich.text, "entities": [e.as_json() for e in rich.entities]}
                yield NewWord(chat=chat, kind="photo", body=dumps(body))
            case SendExport():
                body = {"name": EXPORT_NAME, "caption": stage.texts("export.caption"), "entities": []}
                yield NewWord(chat=chat, kind="document", body=dumps(body))


def answer_word(
    stage: Stage, answer: Toast | ShowVerdict | OpenPrivate, *, chat: int, callback: str
) -> NewWord:
    """The answer to a tap; without words it only stops the button's spinner."""
    body: dict[str, Any] = {"callback_query_id": callback}
    match answer:
        case ShowVerdict(lesson=lesson, question=question, option=option, late=late):
            asked = next(each for each in stage.shelf[lesson].questions if each.id == question)
            note = stage.texts("post.closed_note") if late else ""
            body |= {"text": alert(asked.options[option], note), "show_alert": True}
            if answer.whisper is not None:
                body["whisper"] = _whisper(stage, answer, answer.whisper, receiver=chat)
        case OpenPrivate(payload=payload):
            body["url"] = stage.link(payload)
        case Toast(text=text) if text:
            body |= {"text": cut(stage.texts(text, **answer.params), TOAST_LIMIT), "show_alert": answer.alert}
    return NewWord(chat=chat, kind="answer", body=dumps(body))


def _whisper(stage: Stage, verdict: ShowVerdict, place: Whisper, *, receiver: int) -> dict[str, Any]:
    """The verdict for one person alone in a group; the answer's own text stands in for it where that cannot be."""
    lesson = stage.shelf[verdict.lesson]
    message = whisper(stage, lesson, verdict.question, verdict.option, late=verdict.late, code=place.code)
    thread = {} if place.thread is None else {"message_thread_id": place.thread}
    return {**message.as_json(), "chat": place.chat, "receiver": receiver, **thread}


def _answer(effect: Record) -> Answer:
    return Answer(
        lesson=effect.lesson,
        question=effect.question,
        sitting=effect.sitting,
        option=effect.option,
        correct=effect.correct,
        hints=effect.hints,
        seconds=effect.seconds,
        answered_at=effect.answered_at,
        source=effect.source,
    )


def _post_answer(effect: RecordShared, now: datetime) -> PostAnswer:
    return PostAnswer(code=effect.code, option=effect.option, correct=effect.correct, answered_at=now)


def _job(effect: Train, learner: int) -> Job:
    replay = Replay(lesson=effect.lesson, prediction=effect.prediction, spec=effect.spec)
    return Job(learner=learner, code=effect.code, body=replay.as_json())


def _run(effect: KeepRun, learner: int, now: datetime) -> Run:
    replay = Replay(lesson=effect.lesson, prediction=effect.prediction, spec=effect.spec)
    return Run(code=effect.code, learner=learner, lesson=effect.lesson, body=replay.as_json(), made_at=now)
