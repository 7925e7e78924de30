"""A study plan in a group: set up by an administrator, posted at its times, paused, skipped and stopped."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.patience import until
from tests.talk.plans import DAY, FIRST, HOUR, ITEMS, Town, moments, town, under
from tests.talk.shelves import put, small

FIRST_TIME = datetime(2026, 3, 2, 17, tzinfo=UTC)  # Monday, 18:00 in Berlin


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Town]:
    """A town at noon of a Monday."""
    async with town(tmp_path) as here:
        yield here


async def test_a_plan_is_set_up_in_one_message(here: Town) -> None:
    """Track, days, hour and zone by buttons; the next three times are moments that each reader sees in their zone."""
    await here.ada.send("/plan")
    draft = await here.ada.says("A study plan for this chat")
    assert "Mon, Wed, Fri" in draft.text and "18:00, UTC" in draft.text
    for button in ("✓ Wed", "Sat", "19:00 ▶", "Time zone", "Tokyo", "Track", "✓ tensorflow-basics", "Start"):
        await until(lambda button=button: here.ada.last().button(button))  # type: ignore[misc]  # bound at once
        await here.ada.tap(button)
    plan = await here.ada.says("The next three times")
    assert plan.id == draft.id
    assert "Mon, Fri, Sat at 19:00, Asia/Tokyo" in plan.text
    assert moments(plan) == [datetime(2026, 3, day, 10, tzinfo=UTC) for day in (6, 7, 9)]
    assert under(plan) == ["Fri 2026-03-06 19:00", "Sat 2026-03-07 19:00", "Mon 2026-03-09 19:00"]
    assert plan.buttons == [["Pause", "Stop"], ["Skip the next post"]]


async def test_typed_in_one_line_it_begins_at_once(here: Town) -> None:
    """Zone, time and days, in the plan's zone; new times move the plan that runs."""
    plan = await here.plan()
    assert moments(plan)[0] == FIRST_TIME
    await here.ada.send("/plan +05:30 7:15 daily")
    moved = await here.ada.says("07:15, +05:30")
    assert moments(moved)[0] == datetime(2026, 3, 3, 1, 45, tzinfo=UTC)
    assert moved.id != plan.id
    await until(lambda: [m.buttons for m in here.ada.messages() if m.id == plan.id] == [[]])


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Mars/Olympus 18:00 mon", "“Mars/Olympus” is no time zone I know"),
        ("Europe/Berlin 25:00 mon", "“25:00” is no time of day"),
        ("Europe/Berlin 18:00 mon,foo", "“mon,foo” is no list of days"),
        ("Europe/Berlin 18:00 mon no-track", "Tracks: tensorflow-basics"),
        ("@daily_local", "“@daily_local” is no time"),
    ],
)
async def test_what_is_not_understood_is_one_clear_line(here: Town, said: str, answer: str) -> None:
    """With the form that is wanted; nothing begins."""
    await here.ada.send(f"/plan {said}")
    line = await here.ada.says(answer)
    assert "For example: /plan Europe/Berlin 18:00 mon,wed,fri" in line.text
    assert line.buttons == []


async def test_only_administrators_plan(here: Town) -> None:
    """A member's command gets a short refusal, a member's tap a short word; neither changes anything."""
    await here.blaise.send("/plan Europe/Berlin 18:00 mon")
    refusal = await here.blaise.says("Only administrators")
    assert "times" not in refusal.text
    plan = await here.plan()
    for button in ("Pause", "Skip", "Stop"):
        answer = await here.blaise.tap(button, message=plan)
        assert answer.show_alert and "Only administrators" in (answer.text or "")
    await here.ada.send("/plan")
    assert "The next three times" in (await here.ada.says("Study plan")).text


async def test_each_appointment_posts_the_next_thing(here: Town) -> None:
    """Steps, then questions, lesson by lesson; at the end that is said, and the plan is over."""
    plan = await here.plan("utc 18:00 daily")
    for number, moment in enumerate(range(6)):
        await here.meet(datetime(2026, 3, 2 + moment, 18, tzinfo=UTC))
        await until(lambda number=number: here.posted() == ITEMS[: number + 1])  # type: ignore[misc]
    await here.ada.has_said("That was the last post")
    await until(lambda: "The track is over" in next(m for m in here.ada.messages() if m.id == plan.id).text)
    here.time.pass_(3 * DAY)
    answer = await here.ada.tap("A")  # the last question stays open
    assert answer.show_alert
    await here.ada.send("/plan utc 18:00 daily")
    await here.ada.says("The next three times")
    assert here.posted() == ITEMS


async def test_a_question_of_a_plan_is_like_any_post(here: Town) -> None:
    """Each person's first tap counts in private progress; totals stand under it."""
    await here.plan("utc 18:00 daily")
    for day in (2, 3, 4):
        await here.meet(datetime(2026, 3, day, 18, tzinfo=UTC))
        await until(lambda day=day: len(here.posted()) == day - 1)  # type: ignore[misc]  # bound at once
    post = here.ada.last()
    assert post.buttons[0] == ["A", "B"] and post.buttons[1][0].startswith("Learn")
    assert ((await here.ada.tap("A", message=post)).text or "").startswith("✅")
    assert ((await here.blaise.tap("B", message=post)).text or "").startswith("❌")
    here.time.pass_(HOUR / 60)
    await here.ada.has_said("2 answered, 50 % right")
    await here.private.send("/progress")
    await here.private.says("1/1")


async def test_pause_resume_skip_and_stop(here: Town) -> None:
    """A pause keeps the place; a second tap on a skip skips no more; a stop is asked for."""
    plan = await here.plan("utc 18:00 daily")
    await here.ada.tap("Pause")
    await here.ada.says("Paused")
    here.time.go_to(datetime(2026, 3, 4, 18, 10, tzinfo=UTC))
    answer = await here.ada.tap("Resume")
    assert answer.text == "The plan runs."
    assert moments(await here.ada.says("The next three times"))[0].day == 5
    shown = next(m for m in here.ada.messages() if m.id == plan.id)
    await here.ada.tap("Skip", message=shown)
    await here.ada.says("“Second step”, from “First lesson”")
    assert "earlier message" in ((await here.ada.tap("Skip", message=shown)).text or "")
    await here.meet(datetime(2026, 3, 5, 18, tzinfo=UTC))
    await here.ada.says("Second step")
    assert here.posted() == ["Second step"]
    for button in ("Stop", "No, keep it", "Stop", "Yes, stop it"):
        await here.ada.tap(button, message=await here.ada.says(button=button))
    over = await here.ada.says("This plan was stopped")
    assert over.buttons == []
    assert "is over" in ((await here.ada.tap("Skip", message=shown)).text or "")


async def test_one_plan_goes_on_in_a_chat(tmp_path: Path) -> None:
    """`/plan` shows it again, the message before loses its buttons; another track has to wait."""
    lessons = put(tmp_path / "lessons", FIRST, small("other", track="other-track"))
    async with town(tmp_path, lessons=lessons) as here:
        plan = await here.plan("utc 18:00 daily tensorflow-basics")
        await here.ada.send("/plan")
        again = await here.ada.says("The next three times", button="Pause")
        assert again.id != plan.id
        assert [m.buttons for m in here.ada.messages() if m.id == plan.id] == [[]]
        await here.ada.send("/plan other-track")
        await here.ada.says("Stop it with its button first")


async def test_without_days_nothing_begins(here: Town) -> None:
    """That is said in an alert, and any other button still works."""
    await here.ada.send("/plan")
    await here.ada.says("A study plan for this chat")
    for day in ("✓ Mon", "✓ Wed", "✓ Fri"):
        await here.ada.tap(day)
    answer = await here.ada.tap("Start")
    assert answer.show_alert and "at least one day" in (answer.text or "")
    await here.ada.tap("Cancel")
    await here.ada.says("This plan was stopped")


async def test_lessons_that_change_meanwhile(tmp_path: Path) -> None:
    """What is gone is skipped, a new lesson is found by its order; all after a restart, as an author deploys."""
    async with town(tmp_path) as here:
        await here.plan("utc 18:00 daily")
        await here.meet(datetime(2026, 3, 2, 18, tzinfo=UTC))
        await here.ada.says("First step")
        time = here.time
    (tmp_path / "lessons" / "first.yaml").unlink()
    (tmp_path / "lessons" / "second.yaml").unlink()
    put(tmp_path / "lessons", small("third", title="Third lesson", order=5))
    async with town(tmp_path, time=time, lessons=tmp_path / "lessons") as here:
        await here.ada.send("/plan")
        await here.ada.says("“First step”, from “Third lesson”")
