"""Posts for everyone: the first tap of a person counts and is answered in private; a further one opens the why.

When a post is closed, the first tap of who has not chosen gets the verdict too, but counts nowhere.

Law: what comes of a tap is said to the person who tapped, and to nobody else.
"""

from bot.core import quiz, reading
from bot.core.effects import OpenPrivate, Record, RecordLate, RecordShared, ShowVerdict, Whisper
from bot.core.events import SeenPost, SharedTap
from bot.core.scenes import QuestionScene
from bot.core.state import Asked, Screen, ScreenKind
from bot.core.turn import Turn
from bot.course.model import Lesson, Question

SOURCE = "post"


def next_to_post(lesson: Lesson, posted: set[str]) -> Question | None:
    """The first practice question of a lesson that was not posted yet."""
    return next((question for question in lesson.practice if question.id not in posted), None)


def answer(turn: Turn, tap: SharedTap) -> None:
    """Count the first tap, as a sitting of its own; answer with the verdict, or with the way to the why."""
    post = tap.post
    lesson = turn.shelf.get(post.lesson) if post else None
    question = quiz.find(lesson, post.question) if lesson and post else None
    if post is None:
        turn.toast("group.elsewhere", alert=True)
    elif lesson is None or question is None or post.seen != quiz.print_of(question):
        turn.toast("post.gone", alert=True)
    elif post.chosen is not None or post.late is not None:
        turn.effects.append(OpenPrivate(payload=f"p-{post.code}"))
    elif not (tap.argument.isdecimal() and len(tap.argument) == 1 and int(tap.argument) < len(post.order)):
        turn.toast("stale")
    else:
        option = post.order[int(tap.argument)]
        if post.closed:
            late = ShowVerdict(
                lesson=lesson.id, question=question.id, option=option, late=True, whisper=_whisper(post)
            )
            turn.effects += [late, RecordLate(code=post.code, option=option)]
        else:
            _count(turn, lesson, question, post, option)


def _whisper(post: SeenPost) -> Whisper | None:
    return Whisper(code=post.code, chat=post.chat, thread=post.thread) if post.whispers else None


def _count(turn: Turn, lesson: Lesson, question: Question, post: SeenPost, option: int) -> None:
    turn.effects += [
        ShowVerdict(lesson=lesson.id, question=question.id, option=option, whisper=_whisper(post)),
        RecordShared(
            code=post.code,
            option=option,
            correct=question.options[option].correct,
            while_at=post.while_at,
        ),
    ]
    # A post has no moment at which a person first saw it.
    credit(turn, lesson, question, option, source=SOURCE, seconds=None)


def credit(
    turn: Turn, lesson: Lesson, question: Question, option: int, *, source: str, seconds: float | None
) -> None:
    """Count an answer that was given in a group in the person's own progress, as a sitting of its own."""
    correct = question.options[option].correct
    study = turn.session.study(lesson.id)
    sitting = study.sittings + 1
    turn.remember_in(lesson.id, sittings=sitting, firsts={question.id: correct, **study.firsts})
    turn.effects.append(
        Record(
            lesson=lesson.id,
            question=question.id,
            sitting=sitting,
            option=option,
            correct=correct,
            hints=0,
            seconds=seconds,
            answered_at=turn.now,
            source=source,
        )
    )


def explain(turn: Turn, lesson: Lesson, post: SeenPost) -> None:
    """The verdict on what this person chose, with the why; who has not chosen reads the step that explains it."""
    question = quiz.find(lesson, post.question)
    chosen = post.late if post.chosen is None else post.chosen
    if question is None or chosen is None or post.seen != quiz.print_of(question):
        learn(turn, lesson, question.step if question else None)
        return
    asked = Asked(
        question=question.id,
        order=post.order,
        seen=post.seen,
        shown_at=turn.now,
        chosen=chosen,
        counted=post.chosen is not None,
    )
    turn.show(scene(lesson, asked), ScreenKind.EXPLAIN, lesson=lesson.id, ref=question.id, asked=asked)


def learn(turn: Turn, lesson: Lesson, step: str | None) -> None:
    """The private lesson, at a step."""
    places = [place for place, each in enumerate(lesson.steps) if each.id == step]
    if not places:
        reading.learn(turn, lesson)
        return
    turn.remember(lesson=lesson.id)
    reading.show_step(turn, lesson, places[0])


def why(turn: Turn, lesson: Lesson, key: str, screen: Screen) -> None:
    """One part more of the explanation."""
    asked = screen.asked
    question = quiz.find(lesson, screen.ref)
    if asked is None or question is None or asked.seen != quiz.print_of(question):
        turn.toast("quiz.changed_answered", alert=True)
    elif asked.why >= quiz.why_parts(question):
        turn.toast("quiz.no_why")
    else:
        asked = asked.model_copy(update={"why": asked.why + 1})
        turn.change(
            key, scene(lesson, asked), ScreenKind.EXPLAIN, lesson=lesson.id, ref=screen.ref, asked=asked
        )


def scene(lesson: Lesson, asked: Asked) -> QuestionScene:
    """The question as it was posted, with this person's choice."""
    return QuestionScene(
        lesson=lesson.id,
        question=asked.question,
        order=asked.order,
        place=1,
        total=1,
        chosen=asked.chosen,
        why=asked.why,
        alone=True,
        counted=asked.counted,
    )
