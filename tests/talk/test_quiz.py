"""A learner practises: options, hints, verdicts, why, rounds, and what counts."""

import sqlite3
from typing import Any

import pytest

from tests.house import Running
from tests.person import Message, Person
from tests.talk.questions import (
    MARK,
    PRACTICE,
    TITLE,
    asked_in,
    labels,
    option_at,
    options_in,
    plain,
    right,
    wrong,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def open_quiz(learner: Person) -> Message:
    """The first question."""
    await learner.send("/quiz")
    return await learner.says("Question 1 of 5", button="A")


async def answer(learner: Person, question: Message, letter: str) -> Message:
    """Tap a letter and read the verdict."""
    await learner.tap(letter, message=question)
    return await learner.says()


async def play(learner: Person, *, correct: set[int]) -> Message:
    """Answer a whole round, right at these places (from 0) only; the end of the round."""
    await learner.send("/quiz")
    for place in range(len(PRACTICE)):
        question = await learner.says(f"Question {place + 1} of 5")
        await answer(learner, question, right(question) if place in correct else wrong(question))
        await learner.tap("Next")
    return await learner.says("of 5 right")


def answers_of(town: Running, learner: Person) -> list[tuple[Any, ...]]:
    """What the database holds: question, sitting, option, correct, hints, first."""
    with sqlite3.connect(f"file:{town.database}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT question, sitting, option, correct, hints, first FROM answers WHERE learner = ? ORDER BY number",
            (learner.id,),
        ).fetchall()
    database.close()
    return rows


async def test_a_question_shows_code_then_options_by_letter(learner: Person) -> None:
    """Question, code, then each option on a line of its own; one button a letter, then the hint."""
    question = await open_quiz(learner)
    for _ in range(2):
        await answer(learner, question, right(question))
        await learner.tap("Next")
        question = await learner.says("Question")
    asked = asked_in(question)
    assert asked["id"] == "what-prints"
    code = asked["code"]["code"].strip("\n")
    places = [question.text.index(part) for part in (plain(asked["ask"]), code, "\nA. ", "\nB. ", "\nC. ")]
    assert places == sorted(places)
    assert any(entity["type"] == "pre" for entity in question.entities)
    assert question.buttons[0] == ["A", "B", "C", "D"]
    assert question.buttons[1][0].startswith("Hint")
    assert len(options_in(question)) == len(asked["options"])


async def test_options_are_shuffled_for_each_learner(town: Running) -> None:
    """Not everybody sees the file's order; a learner's own order holds while the question stands."""
    seen = set()
    for number in range(501, 509):
        person = Person(town.local, number)
        first = await open_quiz(person)
        again = await open_quiz(person)
        assert options_in(first) == options_in(again)
        seen.add(tuple(options_in(first).values()))
        person.leave()
    assert len(seen) > 1


async def test_first_tap_counts_and_the_second_says_so(town: Running, learner: Person) -> None:
    """After the first tap on an option, another one changes nothing: not the text, not the database."""
    question = await open_quiz(learner)
    chosen, other = wrong(question), right(question)
    data = next(b["callback_data"] for b in [question.button(other)] if b)
    verdict = await answer(learner, question, chosen)
    late = await town.local.tap(person=learner.id, chat=learner.chat, message=question.id, data=data)
    said = await town.local.answer_to(late)
    assert said is not None and said.text is not None and "first answer counts" in said.text
    assert learner.last().text == verdict.text
    rows = answers_of(town, learner)
    assert len(rows) == 1 and rows[0][3] == 0


@pytest.mark.parametrize("is_right", [True, False])
async def test_verdict_puts_the_mark_first_and_the_reason_of_the_choice(
    learner: Person, *, is_right: bool
) -> None:
    """The same message: mark, why this option is right or wrong, question, options with the chosen one marked."""
    question = await open_quiz(learner)
    letter = right(question) if is_right else wrong(question)
    verdict = await answer(learner, question, letter)
    chosen = option_at(question, letter)
    assert verdict.id == question.id
    assert verdict.text.startswith("✅ " if is_right else "❌ ")
    places = [
        verdict.text.index(part)
        for part in (plain(chosen["because"]), plain(asked_in(question)["ask"]), "\nA. ")
    ]
    assert places == sorted(places)
    marked = [line for line in verdict.text.splitlines() if line.endswith(MARK)]
    assert marked == [f"{letter}. {plain(chosen['text'])}{MARK}"]
    assert options_in(verdict) == options_in(question)
    assert labels(verdict) == ["Why", "Next question"]


async def test_a_wrong_answer_does_not_give_the_right_one_away(learner: Person) -> None:
    """Neither the mark nor a reason of another option stands in the verdict."""
    question = await open_quiz(learner)
    verdict = await answer(learner, question, wrong(question))
    assert "✅" not in verdict.text
    others = [o for o in asked_in(question)["options"] if o is not option_at(question, wrong(question))]
    assert not any(plain(other["because"]) in verdict.text for other in others)
    bold = [e for e in verdict.entities if e["type"] == "bold"]
    marked = [verdict.text[e["offset"] : e["offset"] + e["length"]] for e in bold]
    assert [text for text in marked if text[:3] in {"A. ", "B. ", "C. ", "D. "}] == [
        f"{wrong(question)}. {options_in(question)[wrong(question)]}{MARK}"
    ]


async def test_hints_come_one_at_a_time_and_go_with_the_answer(town: Running, learner: Person) -> None:
    """Each tap shows the next hint in order; without any left, or answered, the button is gone."""
    question = await open_quiz(learner)
    hints = asked_in(question)["hints"]
    for number, hint in enumerate(hints, 1):
        assert hint not in question.text
        assert [label for label in labels(question) if label.startswith("Hint")] == [
            f"Hint {number} of {len(hints)}"
        ]
        await learner.tap("Hint")
        question = await learner.says(plain(hint))
    assert not any(label.startswith("Hint") for label in labels(question))
    verdict = await answer(learner, question, right(question))
    assert not any(label.startswith("Hint") for label in labels(verdict))
    assert answers_of(town, learner)[0][4] == len(hints)


async def test_hints_are_gone_after_answering(learner: Person) -> None:
    """Who answers without a hint is offered none afterwards, and an old hint button says there are no more."""
    question = await open_quiz(learner)
    hint = question.button("Hint")
    assert hint
    verdict = await answer(learner, question, wrong(question))
    assert not any(label.startswith("Hint") for label in labels(verdict))
    late = await learner.local.tap(
        person=learner.id, chat=learner.chat, message=question.id, data=hint["callback_data"]
    )
    said = await learner.local.answer_to(late)
    assert said is not None and said.text is not None and "no more hints" in said.text


async def test_why_leads_to_the_right_answer_and_the_mistakes(learner: Person) -> None:
    """Why shows one step of the solution a tap, then the right answer and the common mistakes, then it is gone."""
    question = await open_quiz(learner)
    asked, correct = asked_in(question), option_at(question, right(question))
    verdict = await answer(learner, question, wrong(question))
    for number, step in enumerate(asked["solution"], 1):
        assert plain(step["text"]) not in verdict.text
        assert plain(correct["because"]) not in verdict.text
        await learner.tap("Why")
        verdict = await learner.says(f"Solution, step {number}: {step['title']}")
        assert plain(step["text"]) in verdict.text
    assert plain(correct["because"]) not in verdict.text and "Common mistakes" not in verdict.text
    await learner.tap("Why")
    verdict = await learner.says("The right answer:")
    assert f"{right(question)}. {plain(correct['text'])}\n{plain(correct['because'])}" in verdict.text
    for mistake in asked.get("mistakes", []):
        assert plain(mistake) in verdict.text
    assert labels(verdict) == ["Next question"]
    assert verdict.id == question.id


async def test_next_asks_the_next_and_strips_the_last(learner: Person) -> None:
    """Next sends a new question; the answered one keeps its text and loses its buttons."""
    question = await open_quiz(learner)
    verdict = await answer(learner, question, right(question))
    await learner.tap("Next")
    second = await learner.says("Question 2 of 5")
    assert second.id > question.id
    before = next(m for m in learner.messages() if m.id == question.id)
    assert before.text == verdict.text and before.buttons == []


async def test_end_of_a_round_tells_what_comes_next(learner: Person) -> None:
    """Right and asked, the first tries, Again with how many were missed, and a way on."""
    end = await play(learner, correct={0, 2, 4})
    assert "3 of 5 right" in end.text
    assert "Right at the first try in this lesson: 3/5" in end.text
    assert end.buttons[0] == ["Again: 2 missed"]
    assert any(label.startswith("Next") for label in labels(end))


async def test_all_right_needs_no_again(learner: Person) -> None:
    """Nothing missed: no Again, but a way on."""
    end = await play(learner, correct=set(range(5)))
    assert "5 of 5 right" in end.text
    assert not any(label.startswith("Again") for label in labels(end))
    assert any(label.startswith("Next") for label in labels(end))


async def test_again_asks_only_the_missed(town: Running, learner: Person) -> None:
    """The missed ones come again, each once; those missed once more are offered again; the first try still counts."""
    await play(learner, correct={1, 3})
    missed = {PRACTICE[place]["id"] for place in (0, 2, 4)}
    await learner.tap("Again")
    seen = []
    for place in range(3):
        question = await learner.says(f"Question {place + 1} of 3")
        seen.append(asked_in(question)["id"])
        await answer(learner, question, right(question) if place else wrong(question))
        await learner.tap("Next")
    end = await learner.says("2 of 3 right")
    assert set(seen) == missed and len(seen) == 3
    assert end.buttons[0] == ["Again: 1 missed"]
    assert "first try in this lesson: 2/5" in end.text
    await learner.tap("Again")
    last = await learner.says("Question 1 of 1")
    assert asked_in(last)["id"] == seen[0]
    rows = answers_of(town, learner)
    assert [(row[1], row[5]) for row in rows] == [(1, 1)] * 5 + [(2, 0)] * 3


async def test_missed_ones_come_in_a_new_order(town: Running) -> None:
    """Over several learners the repeated questions do not always keep the lesson's order, nor the options theirs."""
    orders, kept = set(), []
    for number in range(521, 524):
        person = Person(town.local, number)
        question = await open_quiz(person)
        first_order = options_in(question)
        for place in range(5):
            await answer(person, question, wrong(question))
            await person.tap("Next")
            question = await person.says(f"Question {place + 2} of 5" if place < 4 else "0 of 5 right")
        await person.tap("Again")
        order = []
        for place in range(5):
            question = await person.says(f"Question {place + 1} of 5")
            order.append(asked_in(question)["id"])
            if order[-1] == PRACTICE[0]["id"]:
                kept.append(options_in(question) == first_order)
            await answer(person, question, right(question))
            await person.tap("Next")
        await person.says("5 of 5 right")
        orders.add(tuple(order))
        person.leave()
    assert len(orders) > 1
    assert not all(kept)


async def test_quiz_in_the_middle_continues_the_round(learner: Person) -> None:
    """With other commands in between: the same question, the same order, the hints seen; then the next one."""
    question = await open_quiz(learner)
    await learner.tap("Hint")
    hinted = await learner.says("Hint 1:")
    await learner.send("/lessons")
    await learner.says("Lessons")
    again = await open_quiz(learner)
    assert again.id > question.id
    assert again.text == hinted.text
    assert next(m for m in learner.messages() if m.id == question.id).buttons == []
    await answer(learner, again, right(again))
    await learner.send("/quiz")
    await learner.says("Question 2 of 5")


async def test_progress_counts_the_first_try_whatever_comes_later(learner: Person) -> None:
    """Two right at first, all right in the end: still 2 of 5."""
    await play(learner, correct={0, 1})
    await learner.tap("Again")
    for place in range(3):
        question = await learner.says(f"Question {place + 1} of 3")
        await answer(learner, question, right(question))
        await learner.tap("Next")
    await learner.says("3 of 3 right")
    await learner.send("/progress")
    progress = await learner.says("Your progress")
    assert f"{TITLE}: 2/5" in progress.text
    assert "▰▰▱▱▱" in progress.text


async def test_a_whole_new_round_does_not_change_the_first_try(town: Running, learner: Person) -> None:
    """A second sitting over all questions is stored beside the first one and counts for nothing in /progress."""
    await play(learner, correct=set())
    await play(learner, correct=set(range(5)))
    await learner.send("/progress")
    assert f"{TITLE}: 0/5" in (await learner.says("Your progress")).text
    rows = answers_of(town, learner)
    assert [(row[1], row[3], row[5]) for row in rows] == [(1, 0, 1)] * 5 + [(2, 1, 0)] * 5


async def test_every_answer_is_stored_once_with_what_was_chosen(town: Running, learner: Person) -> None:
    """The stored option is its place in the lesson file, whatever its letter was."""
    question = await open_quiz(learner)
    letter = wrong(question)
    await answer(learner, question, letter)
    place = asked_in(question)["options"].index(option_at(question, letter))
    assert answers_of(town, learner) == [(PRACTICE[0]["id"], 1, place, 0, 0, 1)]
