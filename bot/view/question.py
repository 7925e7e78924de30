"""How a question looks: asked, with hints, and with the verdict and as much of the why as was asked for."""

from bot.core.actions import Action
from bot.core.quiz import why_parts
from bot.core.scenes import QuestionScene
from bot.course.model import Lesson, Question
from bot.view.markdown import render
from bot.view.message import Keyboard, Message, lines, paragraphs
from bot.view.rich import Rich, bold, plain, pre
from bot.view.stage import Stage

LETTERS = "ABCDEF"
RIGHT, WRONG = "✅", "❌"


def question_message(stage: Stage, scene: QuestionScene, key: str) -> Message:
    """The whole message in the state that the scene tells."""
    question = _question(stage.shelf[scene.lesson], scene.question)
    return Message(rich=question_text(stage, scene), rows=_keyboard(stage, question, scene, key).rows)


def question_text(stage: Stage, scene: QuestionScene) -> Rich:
    """Verdict or heading, the question, its code, the options; then hints and why, as far as they were asked for."""
    question = _question(stage.shelf[scene.lesson], scene.question)
    verdict = _verdict(stage, question, scene)
    code = question.code
    return paragraphs(
        verdict or _heading(stage, question, scene),
        render(question.ask),
        pre(code.code.strip("\n"), code.language) if code else None,
        _options(stage, question, scene),
        *_hints(stage, question, scene),
        *_why(stage, question, scene),
        None if scene.counted is None else stage.texts("post.counted" if scene.counted else "post.late"),
    )


def _question(lesson: Lesson, question_id: str) -> Question:
    return next(question for question in lesson.questions if question.id == question_id)


def _heading(stage: Stage, question: Question, scene: QuestionScene) -> Rich:
    title = stage.shelf[scene.lesson].title
    place = title if scene.alone else stage.texts("quiz.place", number=scene.place, total=scene.total)
    return bold(place) + f"  ·  {stage.texts(f'level.{question.level}')}"


def _verdict(stage: Stage, question: Question, scene: QuestionScene) -> Rich | None:
    """The mark first, then why the chosen option is right or wrong."""
    if scene.chosen is None:
        return None
    option = question.options[scene.chosen]
    mark, word = (RIGHT, "quiz.right") if option.correct else (WRONG, "quiz.wrong")
    return Rich.join(" ", (mark, bold(stage.texts(word)), render(option.because)))


def _options(stage: Stage, question: Question, scene: QuestionScene) -> Rich:
    """Each option on a line of its own, in the order shown; the chosen one is marked in words too."""
    rows: list[Rich] = []
    for letter, place in zip(LETTERS, scene.order, strict=False):
        row = f"{letter}. " + one_line(render(question.options[place].text))
        if place == scene.chosen:
            row = bold(row + f"  ← {stage.texts('quiz.chosen')}")
        rows.append(row)
    return lines(*rows)


def one_line(rich: Rich) -> Rich:
    """A text on one line; the lint refuses options that have more, this keeps the promise even so."""
    return rich if "\n" not in rich.text else Rich.join(" ", [plain(x) for x in rich.text.split()])


def _hints(stage: Stage, question: Question, scene: QuestionScene) -> list[Rich]:
    t = stage.texts
    shown = question.hints[: scene.hints]
    return [
        "💡 " + bold(t("quiz.hint", number=number)) + " " + render(hint)
        for number, hint in enumerate(shown, 1)
    ]


def _why(stage: Stage, question: Question, scene: QuestionScene) -> list[Rich]:
    """The worked solution as far as it was asked for; at its end the right answer and the common mistakes."""
    t = stage.texts
    parts = [
        lines(bold(t("quiz.solution", number=number, title=step.title)), render(step.text))
        for number, step in enumerate(question.solution[: scene.why], 1)
    ]
    if scene.why > len(question.solution):
        parts += _ending(stage, question, scene)
    return parts


def _ending(stage: Stage, question: Question, scene: QuestionScene) -> list[Rich]:
    t, right = stage.texts, question.options[question.right]
    letter = LETTERS[scene.order.index(question.right)]
    answer = lines(
        bold(t("quiz.answer")), f"{letter}. " + one_line(render(right.text)), render(right.because)
    )
    if not question.mistakes:
        return [answer]
    mistakes = render("\n".join(f"- {mistake}" for mistake in question.mistakes))
    return [answer, lines(bold(t("quiz.mistakes")), mistakes)]


def _keyboard(stage: Stage, question: Question, scene: QuestionScene, key: str) -> Keyboard:
    t, keyboard = stage.texts, Keyboard(key)
    if scene.chosen is None:
        letters = LETTERS[: len(scene.order)]
        keyboard.row(*(keyboard.button(x, Action.OPTION, place) for place, x in enumerate(letters)))
        total = len(question.hints)
        if scene.hints < total:
            label = t("button.hint_more", number=scene.hints + 1, total=total)
            keyboard.row(keyboard.button(label if total > 1 else t("button.hint"), Action.HINT))
        return keyboard
    parts = why_parts(question)
    label = t("button.why_more", number=scene.why + 1, total=parts) if scene.why else t("button.why")
    last = "button.next_lesson_place" if scene.alone else "button.next_result"
    onward = "button.next_question" if scene.place < scene.total else last
    why = keyboard.button(label, Action.WHY) if scene.why < parts else None
    return keyboard.row(why, keyboard.button(t(onward), Action.NEXT))
