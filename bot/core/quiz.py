"""The practice questions: one sitting after the other; the first tap on an option counts, whatever comes later."""

from datetime import datetime
from hashlib import sha256

from bot.core.effects import Record
from bot.core.scenes import QuestionScene, RoundEnd
from bot.core.state import Asked, Round, Screen, ScreenKind
from bot.core.turn import Turn
from bot.course.model import Lesson, Question

LONGEST_ANSWER_S = 3600.0  # who takes longer was away: the time says nothing


def go_on(turn: Turn, lesson: Lesson) -> None:
    """Continue the round, or begin one over all practice questions."""
    turn.remember(lesson=lesson.id)
    study = turn.session.study(lesson.id)
    if study.round is None or study.round.over:
        begin(turn, lesson, tuple(question.id for question in lesson.practice))
    elif study.round.asked and study.round.asked.chosen is not None:
        advance(turn, lesson)
    else:
        ask(turn, lesson)


def begin(turn: Turn, lesson: Lesson, questions: tuple[str, ...]) -> None:
    """A new sitting over these questions."""
    study = turn.session.study(lesson.id)
    sitting = study.sittings + 1
    turn.remember_in(lesson.id, sittings=sitting, round=Round(sitting=sitting, questions=questions))
    ask(turn, lesson)


def ask(turn: Turn, lesson: Lesson) -> None:
    """Send the question of this place; one that was taken out of the lesson is passed over."""
    round_ = _round(turn, lesson)
    while not round_.over and find(lesson, round_.questions[round_.place]) is None:
        round_ = round_.model_copy(update={"place": round_.place + 1, "asked": None})
    turn.remember_in(lesson.id, round=round_)
    if round_.over:
        end(turn, lesson)
        return
    question = next(q for q in lesson.practice if q.id == round_.questions[round_.place])
    asked = _asked_again(round_, question) or Asked(
        question=question.id, order=_order(turn, question), seen=print_of(question), shown_at=turn.now
    )
    round_ = round_.model_copy(update={"asked": asked})
    turn.remember_in(lesson.id, round=round_)
    turn.show(scene(lesson, round_), ScreenKind.QUESTION, lesson=lesson.id, ref=question.id)


def advance(turn: Turn, lesson: Lesson) -> None:
    """Leave the answered question behind."""
    round_ = _round(turn, lesson)
    turn.remember_in(lesson.id, round=round_.model_copy(update={"place": round_.place + 1, "asked": None}))
    ask(turn, lesson)


def end(turn: Turn, lesson: Lesson) -> None:
    """Right and asked, what comes next, and the missed ones again."""
    round_ = _round(turn, lesson)
    missed = [question for question in round_.missed if find(lesson, question)]
    scene_ = RoundEnd(
        lesson=lesson.id,
        right=round_.right,
        asked=round_.right + len(round_.missed),
        missed=len(missed),
        standing=turn.standing(lesson),
        next_lesson=turn.unfinished(after=lesson.id),
    )
    turn.show(scene_, ScreenKind.ROUND_END, lesson=lesson.id)


def scene(lesson: Lesson, round_: Round) -> QuestionScene:
    """What the question of this round looks like now."""
    asked = round_.asked
    if asked is None:
        raise ValueError("no question is asked in this round")
    return QuestionScene(
        lesson=lesson.id,
        question=asked.question,
        order=asked.order,
        place=round_.place + 1,
        total=len(round_.questions),
        hints=asked.hints,
        chosen=asked.chosen,
        why=asked.why,
    )


def why_parts(question: Question) -> int:
    """Parts of the explanation: each step of the solution, then the right answer with the common mistakes."""
    return len(question.solution) + 1


# taps


def choose(turn: Turn, lesson: Lesson, key: str, screen: Screen, argument: str) -> None:
    """The learner chose the option shown at this place (0 is the first letter)."""
    live = _live(turn, lesson, screen)
    if live is None:
        _ask_anew(turn, lesson, screen)
        return
    round_, asked, question = live
    if asked.chosen is not None:
        turn.toast("quiz.answered")
        return
    if not (argument.isdecimal() and len(argument) == 1 and int(argument) < len(asked.order)):
        turn.toast("stale")
        return
    option = asked.order[int(argument)]
    correct = question.options[option].correct
    asked = asked.model_copy(update={"chosen": option})
    missed = round_.missed if correct else (*round_.missed, question.id)
    round_ = round_.model_copy(update={"asked": asked, "right": round_.right + correct, "missed": missed})
    firsts = turn.session.study(lesson.id).firsts
    turn.remember_in(lesson.id, round=round_, firsts={question.id: correct, **firsts})
    turn.effects.append(
        Record(
            lesson=lesson.id,
            question=question.id,
            sitting=round_.sitting,
            option=option,
            correct=correct,
            hints=asked.hints,
            seconds=_seconds(asked.shown_at, turn.now),
            answered_at=turn.now,
        )
    )
    turn.edit(key, scene(lesson, round_))


def hint(turn: Turn, lesson: Lesson, key: str, screen: Screen) -> None:
    """Show one hint more."""
    live = _live(turn, lesson, screen)
    if live is None:
        _ask_anew(turn, lesson, screen)
        return
    _, asked, question = live
    if asked.chosen is not None or asked.hints >= len(question.hints):
        turn.toast("quiz.no_hint")
        return
    _update(turn, lesson, key, asked.model_copy(update={"hints": asked.hints + 1}))


def why(turn: Turn, lesson: Lesson, key: str, screen: Screen) -> None:
    """Show one part more of the explanation."""
    live = _live(turn, lesson, screen)
    if live is None:
        turn.toast("quiz.changed_answered" if _answered(turn, lesson, screen) else "stale", alert=True)
        return
    _, asked, question = live
    if asked.chosen is None or asked.why >= why_parts(question):
        turn.toast("stale" if asked.chosen is None else "quiz.no_why")
        return
    _update(turn, lesson, key, asked.model_copy(update={"why": asked.why + 1}))


def next_question(turn: Turn, lesson: Lesson, screen: Screen) -> None:
    """Go on from the verdict."""
    if not _answered(turn, lesson, screen):
        turn.toast("stale")
        return
    turn.remember(lesson=lesson.id)
    advance(turn, lesson)


def again(turn: Turn, lesson: Lesson) -> None:
    """Ask the missed ones again, in another order."""
    round_ = turn.session.study(lesson.id).round
    missed = [q for q in (round_.missed if round_ else ()) if find(lesson, q)]
    if not missed:
        turn.toast("quiz.nothing_missed")
        return
    turn.remember(lesson=lesson.id)
    begin(turn, lesson, tuple(turn.chance.sample(missed, len(missed))))


# the small print


def _round(turn: Turn, lesson: Lesson) -> Round:
    round_ = turn.session.study(lesson.id).round
    if round_ is None:
        raise ValueError(f"no round in {lesson.id}")
    return round_


def find(lesson: Lesson, question: str) -> Question | None:
    return next((q for q in lesson.practice if q.id == question), None)


def _order(turn: Turn, question: Question) -> tuple[int, ...]:
    places = range(len(question.options))
    return tuple(turn.chance.sample(places, len(places))) if question.shuffle else tuple(places)


def _asked_again(round_: Round, question: Question) -> Asked | None:
    """The standing order of this sitting, unless the author changed the question meanwhile."""
    asked = round_.asked
    return asked if asked and asked.question == question.id and asked.seen == print_of(question) else None


def print_of(question: Question) -> str:
    """A short print of all that the learner sees before answering, and of the answer key."""
    seen = (question.ask, question.code, [(option.text, option.correct) for option in question.options])
    return sha256(repr(seen).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _live(turn: Turn, lesson: Lesson, screen: Screen) -> tuple[Round, Asked, Question] | None:
    """Round, asked question and its text, if the screen shows the question that stands."""
    round_ = turn.session.study(lesson.id).round
    if round_ is None or round_.over:
        return None
    question = find(lesson, screen.ref)
    if question is None or round_.asked is None or round_.asked.question != screen.ref:
        return None
    asked = _asked_again(round_, question)
    return (round_, asked, question) if asked else None


def _answered(turn: Turn, lesson: Lesson, screen: Screen) -> bool:
    """Whether the screen shows the verdict that stands, be its question changed since or not."""
    round_ = turn.session.study(lesson.id).round
    asked = round_.asked if round_ and not round_.over else None
    return asked is not None and asked.question == screen.ref and asked.chosen is not None


def _ask_anew(turn: Turn, lesson: Lesson, screen: Screen) -> None:
    """The question that stands was changed or taken out: say so, and ask as it is now."""
    round_ = turn.session.study(lesson.id).round
    if round_ is None or round_.over or round_.asked is None or round_.asked.question != screen.ref:
        turn.toast("stale")
    elif round_.asked.chosen is not None:
        turn.toast("quiz.answered")
    else:
        turn.toast("quiz.changed", alert=True)
        ask(turn, lesson)


def _update(turn: Turn, lesson: Lesson, key: str, asked: Asked) -> None:
    round_ = _round(turn, lesson).model_copy(update={"asked": asked})
    turn.remember_in(lesson.id, round=round_)
    turn.edit(key, scene(lesson, round_))


def _seconds(shown_at: datetime, now: datetime) -> float | None:
    seconds = (now - shown_at).total_seconds()
    return round(seconds, 3) if 0 <= seconds <= LONGEST_ANSWER_S else None
