"""Effects to what is kept: words to be said, answers, runs and the training that is waited for.

Law: a tap's answer comes first, so that nothing that is said can hold it up.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.core.effects import (
    Edit,
    Effect,
    Forget,
    KeepRun,
    OpenPrivate,
    Picture,
    Record,
    RecordShared,
    SendExport,
    Show,
    ShowVerdict,
    Strip,
    Toast,
    Train,
    Untrain,
)
from bot.store.base import Answer, Change, Job, NewWord, PostAnswer, Run, UpdateKey
from bot.tutor.kept import Replay, dumps
from bot.view.lab import caption
from bot.view.message import cut
from bot.view.post import alert
from bot.view.screens import draw
from bot.view.stage import Stage

TOAST_LIMIT = 200  # UTF-16 units, never fewer than the characters that Telegram counts in the answer to a tap
EXPORT_NAME = "nabla-export.json"


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
    return Change(
        learner=learner,
        update=update,
        answers=tuple(_answer(e) for e in effects if isinstance(e, Record)),
        words=tuple(_words(effects, stage=stage, chat=learner, callback=callback)),
        runs=tuple(_run(e, learner, now) for e in effects if isinstance(e, KeepRun)),
        job=job,
        job_done=next((e.code for e in effects if isinstance(e, Untrain)), None),
        post_answer=next((_post_answer(e, now) for e in effects if isinstance(e, RecordShared)), None),
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
        case ShowVerdict(lesson=lesson, question=question, option=option):
            asked = next(each for each in stage.shelf[lesson].questions if each.id == question)
            body |= {"text": alert(asked.options[option]), "show_alert": True}
        case OpenPrivate(payload=payload):
            body["url"] = stage.link(payload)
        case Toast(text=text) if text:
            body |= {"text": cut(stage.texts(text, **answer.params), TOAST_LIMIT), "show_alert": answer.alert}
    return NewWord(chat=chat, kind="answer", body=dumps(body))


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
