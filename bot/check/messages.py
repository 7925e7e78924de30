"""What Telegram would refuse, cut or drop, found on the real messages in their longest state.

Law: nothing is estimated. Captions and callback data are bounded by the schema itself; a test proves it.
"""

from collections.abc import Iterator

from bot.core.actions import LONGEST_DATA
from bot.core.experiment import ModelState, Optimizer, Spec
from bot.core.scenes import ProgramScene
from bot.course.finding import Finding
from bot.course.load import Loaded
from bot.course.model import Lab, Lesson
from bot.training.program import program
from bot.view.message import LABEL_LIMIT
from bot.view.rich import ENTITY_LIMIT, MESSAGE_LIMIT, EntityType, Rich
from bot.view.screens import SAMPLE_KEY, LabelRows, draw, longest_messages
from bot.view.split import TooLongError, split
from bot.view.stage import Stage
from bot.view.texts import Texts, languages

Problem = tuple[str, str, str]  # code, fact, advice
ROW_LIMIT, BUTTON_LIMIT = 8, 100  # buttons Telegram shows in a row, and takes in a message


def message_findings(loaded: Loaded, lesson: Lesson) -> Iterator[Finding]:
    """Findings about whole messages; a step may take several, anything else is one."""
    found: dict[tuple[str, str], Finding] = {}  # the longest state of a message stands for the others
    for path, rich, rows in sorted(longest_messages(lesson), key=lambda message: -message[1].units):
        problems = [
            _step_problem(rich) if path.startswith("steps[") else _problem(rich),
            button_problem(rows),
        ]
        for problem in filter(None, problems):
            found.setdefault((path, problem[0]), loaded.finding(path, *problem))
    yield from found.values()
    if lesson.lab and not _program_fits(lesson, lesson.lab):
        fact = f"with {len(lesson.lab.x.values)} points the program of a run does not fit into one message"
        yield loaded.finding("lab.x.values", "program-too-long", fact, "give fewer points, or fewer digits")


def _step_problem(rich: Rich) -> Problem | None:
    """What is wrong with a step, which is split between paragraphs where it must be."""
    try:
        parts = split(rich)
    except TooLongError as error:
        code = "code-too-long" if error.is_code else "message-too-long"
        return code, str(error), "shorten it, or make two steps of it"
    return next((problem for part in parts if (problem := _problem(part))), None)


def _problem(rich: Rich) -> Problem | None:
    if rich.units > MESSAGE_LIMIT:
        blocks = [entity.length for entity in rich.entities if entity.type is EntityType.PRE]
        code = "code-too-long" if any(length > MESSAGE_LIMIT for length in blocks) else "message-too-long"
        fact = (
            f"the message has {rich.units:,} UTF-16 units in its longest state, {MESSAGE_LIMIT:,} are allowed"
        )
        return code, fact, "shorten its texts or its code"
    if len(rich.entities) > ENTITY_LIMIT:
        fact = f"the message has {len(rich.entities)} entities, Telegram keeps {ENTITY_LIMIT}"
        return "too-many-entities", fact, "use less bold, italic, code and links"
    return None


def button_problem(rows: LabelRows) -> Problem | None:
    """What is wrong with the buttons of a message."""
    for label, data in (button for row in rows for button in row):
        if len(label) >= LABEL_LIMIT and label.endswith("…"):
            return "button", f"the button “{label}” is cut", f"at most {LABEL_LIMIT} characters fit"
        if not label.strip() or len(label.splitlines()) > 1 or not 0 < len(data.encode()) <= LONGEST_DATA:
            return (
                "button",
                f"Telegram refuses the button “{label}” ({data})",
                "shorten the texts and ids in it",
            )
    if any(len(row) > ROW_LIMIT for row in rows) or sum(map(len, rows)) > BUTTON_LIMIT:
        return "button", f"{sum(map(len, rows))} buttons, or too many in one row", "offer less at once"
    return None


def _program_fits(lesson: Lesson, lab: Lab) -> bool:
    """Whether the longest program of a run (Adam, far along) is shown whole, in every language."""
    digits = -1.2345678901234567e-05  # as long as a number gets
    state = ModelState(weight=digits, bias=digits, optimizer=Optimizer.ADAM, slots=(digits,) * 4, step=10**6)
    spec = Spec(x=lab.x.values, y=lab.y.values, optimizer=Optimizer.ADAM, rate=1e-5, steps=1000, start=state)
    for language in languages():
        stage = Stage(texts=Texts(language), shelf={lesson.id: lesson}, username="x" * 32, program=program)
        (message,) = draw(stage, ProgramScene(lesson=lesson.id, spec=spec), SAMPLE_KEY)
        if not any(entity.type is EntityType.PRE for entity in message.rich.entities):
            return False
    return True
