"""How a post for everyone looks: the question in one order, or a step; totals, and nothing about one person."""

import re

from bot.core.actions import Action
from bot.core.scenes import QuestionScene
from bot.course.model import Lesson, Option
from bot.view.markdown import render
from bot.view.message import Button, Keyboard, Message, cut, paragraphs
from bot.view.question import LETTERS, RIGHT, WRONG, question_text
from bot.view.reading import step_text
from bot.view.rich import Rich, utf16_len
from bot.view.split import split
from bot.view.stage import Stage

ALERT_LIMIT = 200  # Telegram's limit for the answer to a tap
SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]]*(?=\s)|[。！？]""")


def post_message(
    stage: Stage, scene: QuestionScene, key: str, *, answered: int = 0, right: int = 0
) -> Message:
    """The question with a button an option, the way to learn it, and how many answered so far."""
    t, keyboard = stage.texts, Keyboard(key)
    totals = t("post.totals", answered=answered, percent=round(100 * right / answered)) if answered else None
    letters = LETTERS[: len(scene.order)]
    keyboard.row(*(keyboard.button(letter, Action.OPTION, place) for place, letter in enumerate(letters)))
    keyboard.row(_learn(stage, f"e-{key}"))
    rich = paragraphs(question_text(stage, scene), t("post.tap"), totals)
    return Message(rich=rich, rows=keyboard.rows)


def step_post(stage: Stage, lesson: Lesson, step_id: str) -> list[Message]:
    """A step as it is in private, with the way to the lesson; several messages where one is too short."""
    step = next(step for step in lesson.steps if step.id == step_id)
    *first, last = split(step_text(stage, lesson, step))
    rows = ((_learn(stage, f"l-{lesson.id}"),),)
    return [*(Message(rich=part) for part in first), Message(rich=last, rows=rows)]


def _learn(stage: Stage, payload: str) -> Button:
    return Button(label=stage.texts("button.learn_this"), url=stage.link(payload))


def alert(option: Option) -> str:
    """The mark and the reason, as many whole sentences as an alert holds."""
    text = f"{RIGHT if option.correct else WRONG} {_one_line(render(option.because))}"
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
