"""How a live round looks: the first message, the questions before and after their time, the tables.

Law: nothing here shows what one person chose; a name is shown only where somebody asked for it.
"""

import unicodedata
from collections.abc import Mapping

from bot.core.actions import Action
from bot.core.live import (
    PACES_S,
    Ending,
    Live,
    Phase,
    Row,
    Table,
    mark,
    option_argument,
    stands,
)
from bot.core.scenes import QuestionScene
from bot.core.state import Asked
from bot.course.model import Question
from bot.view.markdown import render
from bot.view.message import Button, Keyboard, Message, lines, paragraphs
from bot.view.question import LETTERS, RIGHT, one_line, question_text
from bot.view.rich import Rich, bold, pre
from bot.view.stage import Stage

SHOWN_ROWS = 20  # names in a table; all others are counted
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_LEFTWARD = frozenset({"R", "AL", "AN"})  # classes of Unicode's bidirectional algorithm (UAX 9)
Tally = Mapping[int, int]  # option in the lesson file → how many chose it


def lobby_message(stage: Stage, live: Live, code: str) -> Message:
    """What this is, the pace, who shows a name; and once it has begun or was called off, that."""
    t, keyboard = stage.texts, Keyboard(code)
    heading = bold(t("live.title", title=live.title))
    if live.phase is Phase.LOBBY:
        keyboard.row(*_paces(stage, live, keyboard))
        keyboard.row(keyboard.button(t("button.begin"), Action.ROUND_BEGIN))
        about = (t("live.what", count=live.total), _pace(stage, live), t("live.names"), t("live.start"))
    elif live.asked:
        about = (t("live.what", count=live.total), _pace(stage, live), t("live.names"), t("live.begun"))
    else:
        return Message(rich=paragraphs(heading, t(_CALLED_OFF[live.ending or Ending.STOPPED])))
    return Message(rich=paragraphs(heading, *about), rows=keyboard.row(*_names(stage, keyboard)).rows)


_CALLED_OFF = {
    Ending.IDLE: "live.idle_lobby",
    Ending.AWAY: "live.idle_lobby",
    Ending.GONE: "live.gone_lobby",
    Ending.STOPPED: "live.stopped_lobby",
}


def _paces(stage: Stage, live: Live, keyboard: Keyboard) -> list[Button]:
    t = stage.texts
    choices: dict[int | None, str] = {pace: t("button.pace", seconds=pace) for pace in PACES_S}
    choices[None] = t("button.pace_free")
    return [
        keyboard.button(
            t("button.picked", name=label) if pace == live.pace_s else label, Action.ROUND_PACE, pace or 0
        )
        for pace, label in choices.items()
    ]


def _pace(stage: Stage, live: Live) -> str:
    t = stage.texts
    return t("live.pace_free") if live.pace_s is None else t("live.pace", seconds=live.pace_s)


def _names(stage: Stage, keyboard: Keyboard) -> tuple[Button, Button]:
    join = keyboard.button(stage.texts("button.join"), Action.JOIN)
    return join, keyboard.button(stage.texts("button.leave"), Action.LEAVE)


# a question


def question_message(stage: Stage, live: Live, code: str, tally: Tally) -> Message:
    """The question that stands: with its letters while it runs, with its solution afterwards."""
    asked = live.asked[live.place]
    question = stands(live, live.place, stage.shelf)
    if question is None:
        return _passed_over(stage, live, code)
    if live.running:
        return _running(stage, live, code, asked, sum(tally.values()))
    return _solved(stage, live, code, question, tally)


def _running(stage: Stage, live: Live, code: str, asked: Asked, answered: int) -> Message:
    t, keyboard = stage.texts, Keyboard(code)
    scene = QuestionScene(
        lesson=live.lesson,
        question=asked.question,
        order=asked.order,
        place=live.place + 1,
        total=live.total,
    )
    letters = enumerate(LETTERS[: len(asked.order)])
    keyboard.row(
        *(
            keyboard.button(letter, Action.ROUND_OPTION, option_argument(live.place, shown))
            for shown, letter in letters
        )
    )
    if live.pace_s is None:
        keyboard.row(keyboard.button(t("button.show_answer"), Action.ROUND_ON, mark(live)))
    rich = paragraphs(
        t("live.away_on") if live.away else None,
        question_text(stage, scene),
        _time(stage, live),
        t("live.answered", answered=answered) if answered else None,
    )
    return Message(rich=rich, rows=keyboard.rows)


def _time(stage: Stage, live: Live) -> str:
    t = stage.texts
    if live.phase is Phase.LAST:
        return t("live.last")
    return t("live.free") if live.pace_s is None else t("live.timed", seconds=live.pace_s)


def _solved(stage: Stage, live: Live, code: str, question: Question, tally: Tally) -> Message:
    t, keyboard = stage.texts, Keyboard(code)
    asked, answered = live.asked[live.place], sum(tally.values())
    percent = round(100 * tally.get(question.right, 0) / answered) if answered else 0
    totals = t("post.totals", answered=answered, percent=percent) if answered else t("live.nobody")
    rich = paragraphs(
        _heading(stage, live, question),
        render(question.ask),
        pre(question.code.code.strip("\n"), question.code.language) if question.code else None,
        lines(*_options(question, asked, tally)),
        render(question.options[question.right].because),
        totals,
        *_onward(stage, live),
    )
    payload = f"p-{code}{live.place:02d}"
    keyboard.row(_on(stage, live, keyboard))
    keyboard.row(Button(label=t("button.explain"), url=stage.link(payload)))
    return Message(rich=rich, rows=keyboard.rows)


def _heading(stage: Stage, live: Live, question: Question) -> Rich:
    place = stage.texts("quiz.place", number=live.place + 1, total=live.total)
    return bold(place) + f"  ·  {stage.texts(f'level.{question.level}')}"


def _options(question: Question, asked: Asked, tally: Tally) -> list[Rich]:
    """Each option with how many chose it, the mark before the right one."""
    rows: list[Rich] = []
    for letter, place in zip(LETTERS, asked.order, strict=False):
        row = f"{letter}. " + one_line(render(question.options[place].text)) + f"  ·  {tally.get(place, 0)}"
        rows.append(f"{RIGHT} " + bold(row) if place == question.right else row)
    return rows


def _onward(stage: Stage, live: Live) -> list[str]:
    """What comes next, and where the bot has been."""
    t = stage.texts
    away = [t("live.away_closed")] if live.away else []
    if live.phase is Phase.OVER:
        return [*away, t("live.next_over")]
    if live.pace_s is None:
        return [*away, t("live.next_free")]
    return [*away, t("live.next" if live.next < len(live.questions) else "live.next_table")]


def _on(stage: Stage, live: Live, keyboard: Keyboard) -> Button | None:
    if live.pace_s is not None or live.phase is not Phase.SHOWN:
        return None
    more = live.next < len(live.questions)
    label = stage.texts("button.next_question" if more else "button.show_table")
    return keyboard.button(label, Action.ROUND_ON, mark(live))


def _passed_over(stage: Stage, live: Live, code: str) -> Message:
    keyboard = Keyboard(code).row()
    place = bold(stage.texts("quiz.place", number=live.place + 1, total=live.total))
    if live.running:  # without a timer only the button goes on from here
        button = keyboard.button(stage.texts("button.next_question"), Action.ROUND_ON, mark(live))
        keyboard.row(button if live.pace_s is None else None)
    else:
        keyboard.row(_on(stage, live, keyboard))
    return Message(
        rich=paragraphs(place, stage.texts("live.changed"), *_onward(stage, live)), rows=keyboard.rows
    )


# the tables


def table_message(stage: Stage, live: Live, code: str, table: Table) -> Message:
    """How a round ended, and who reached what."""
    t, keyboard = stage.texts, Keyboard(code)
    heading = bold(t(f"live.over_{live.ending or Ending.DONE}", title=live.title))
    most = len(live.asked)
    rows = [
        t("live.row", place=place, name=_name(row), points=_points(row), most=most, seconds=_seconds(row))
        for place, row in enumerate(table.rows[:SHOWN_ROWS], 1)
    ]
    body = lines(*rows, _others(stage, table)) if rows or table.others else t("live.nobody_took_part")
    rows_ = keyboard.row(*_names(stage, keyboard)).rows
    return Message(rich=paragraphs(heading, body, t("live.after")), rows=rows_)


def top_message(stage: Stage, code: str, table: Table) -> Message:
    """This week's table; an empty week says what to do."""
    t, keyboard = stage.texts, Keyboard(code)
    rows = [
        t("live.row_top", place=place, name=_name(row), points=_points(row), seconds=_seconds(row))
        for place, row in enumerate(table.rows[:SHOWN_ROWS], 1)
    ]
    if not rows and not table.others:
        return Message(rich=paragraphs(bold(t("live.top")), t("live.top_empty")))
    body = lines(*rows, _others(stage, table))
    rows_ = keyboard.row(*_names(stage, keyboard)).rows
    return Message(
        rich=paragraphs(bold(t("live.top")), body, t("live.top_since"), t("live.after_top")), rows=rows_
    )


def _others(stage: Stage, table: Table) -> str | None:
    """All who are not named, as a number."""
    number = table.others + max(0, len(table.rows) - SHOWN_ROWS)
    if not number:
        return None
    one, more = ("live.others_one", "live.others") if table.rows else ("live.nameless_one", "live.nameless")
    return stage.texts(one) if number == 1 else stage.texts(more, n=number)


def _name(row: Row) -> str:
    """The name; one that is written from right to left stands apart, lest it turns place and points around."""
    turns = any(unicodedata.bidirectional(char) in _LEFTWARD for char in row.name)
    return f"{FIRST_STRONG_ISOLATE}{row.name}{POP_ISOLATE}" if turns else row.name


def _points(row: Row) -> str:
    return f"{row.points:g}"


def _seconds(row: Row) -> str:
    return f"{row.seconds:.1f}"
