"""How a post for everyone looks: the question in one order, or a step; totals, and nothing about one person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.actions import Action
from bot.core.scenes import QuestionScene
from bot.course.model import Lesson, Option, Question
from bot.view.markdown import render
from bot.view.message import Button, Keyboard, Message, cut, lines, paragraphs
from bot.view.question import LETTERS, RIGHT, WRONG, one_line, question_text
from bot.view.reading import step_text
from bot.view.rich import Rich, bold, expandable, moment, utf16_len
from bot.view.split import split
from bot.view.stage import Stage

ALERT_LIMIT = 200  # Telegram's limit for the answer to a tap
SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]]*(?=\s)|[。！？]""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """A post that counts taps, for ever or until a time."""

    closes: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A post whose answer is shown."""


OPEN, CLOSED = Open(), Closed()


def post_message(
    stage: Stage,
    scene: QuestionScene,
    key: str,
    *,
    answered: int = 0,
    right: int = 0,
    state: Open | Closed = OPEN,
) -> Message:
    """The question with a button an option, the way to learn it, and how many answered so far.

    When it is closed, the right answer stands there with its reason; the buttons stay for who comes later.
    """
    t, keyboard = stage.texts, Keyboard(key)
    totals = t("post.totals", answered=answered, percent=round(100 * right / answered)) if answered else None
    letters = LETTERS[: len(scene.order)]
    keyboard.row(*(keyboard.button(letter, Action.OPTION, place) for place, letter in enumerate(letters)))
    keyboard.row(_learn(stage, f"e-{key}"))
    rest: tuple[Rich | str | None, ...]
    if isinstance(state, Closed):
        rest = (_answer(stage, scene), t("post.closed"), totals)
    else:
        closes = t("post.planned_closes") + " " + moment(state.closes) if state.closes else None
        rest = (t("post.tap"), closes, totals)
    return Message(rich=paragraphs(question_text(stage, scene), *rest), rows=keyboard.rows)


def _answer(stage: Stage, scene: QuestionScene) -> Rich:
    """The right answer and its reason, folded so that who wants to think first can."""
    question = _question(stage, scene)
    option = question.options[question.right]
    letter = LETTERS[scene.order.index(question.right)]
    answer = lines(f"{RIGHT} {letter}. " + one_line(render(option.text)), render(option.because))
    return lines(bold(stage.texts("quiz.answer")), expandable(answer))


def shares_caption(stage: Stage, scene: QuestionScene, shares: Mapping[int, int]) -> Rich:
    """What stands under the picture: how many chose what, also for who does not see pictures."""
    t, question = stage.texts, _question(stage, scene)
    rows = []
    for letter, place in zip(LETTERS, scene.order, strict=False):
        mark = f" {RIGHT}" if question.options[place].correct else ""
        rows.append(t("post.share", letter=letter, n=shares.get(place, 0)) + mark)
    return paragraphs(t("post.shares"), lines(*rows), t("post.shares_next"))


def whisper(stage: Stage, lesson: Lesson, question_id: str, option: int, *, late: bool, code: str) -> Message:
    """The whole verdict for one person alone, with the way to the explanation."""
    question = next(each for each in lesson.questions if each.id == question_id)
    chosen = question.options[option]
    mark, word = (RIGHT, "quiz.right") if chosen.correct else (WRONG, "quiz.wrong")
    verdict = Rich.join(" ", (mark, bold(stage.texts(word)), render(chosen.because)))
    note = stage.texts("post.late" if late else "post.counted")
    button = Button(label=stage.texts("button.why"), url=stage.link(f"p-{code}"))
    return Message(rich=paragraphs(verdict, note), rows=((button,),))


def step_post(stage: Stage, lesson: Lesson, step_id: str) -> list[Message]:
    """A step as it is in private, with the way to the lesson; several messages where one is too short."""
    step = next(step for step in lesson.steps if step.id == step_id)
    *first, last = split(step_text(stage, lesson, step))
    rows = ((_learn(stage, f"l-{lesson.id}"),),)
    return [*(Message(rich=part) for part in first), Message(rich=last, rows=rows)]


def _learn(stage: Stage, payload: str) -> Button:
    return Button(label=stage.texts("button.learn_this"), url=stage.link(payload))


def _question(stage: Stage, scene: QuestionScene) -> Question:
    return next(each for each in stage.shelf[scene.lesson].questions if each.id == scene.question)


def alert(option: Option, note: str = "") -> str:
    """The mark, a note if there is one, and the reason: as many whole sentences as an alert holds."""
    words = f"{note} {_one_line(render(option.because))}".lstrip()
    text = f"{RIGHT if option.correct else WRONG} {words}"
    if utf16_len(text) <= ALERT_LIMIT:
        return text
    whole = [text[: end.end()] for end in SENTENCE_END.finditer(text) if _begins(text[end.end() :])]
    fitting = [part for part in whole if utf16_len(part) <= ALERT_LIMIT]
    return fitting[-1] if fitting else cut(text, ALERT_LIMIT)


def _begins(rest: str) -> bool:
    """Whether a sentence begins here; after an abbreviation it goes on in small letters."""
    return not rest.lstrip()[:1].islower()


def _one_line(rich: Rich) -> str:
    return " ".join(rich.text.split())
