"""Many people in one question: each tap is answered once, each person counts once, edits keep their distance."""

import asyncio
from pathlib import Path

from bot.preview.directory import GROUP_ID
from tests.patience import until
from tests.person import BLAISE, Person
from tests.talk.rounds import answers, evening
from tests.talk.storms import PEOPLE, edits, noted


async def test_a_storm_of_taps(tmp_path: Path) -> None:
    """Two taps at once of each of 120 people: all noted, one vote each, two edits in ten seconds at most."""
    async with evening(tmp_path) as eve:
        local = eve.bot.local
        question = await eve.begin("1")
        for person in PEOPLE:
            await local.join(person)
        version = eve.rows("SELECT version FROM activities")
        calls = local.record_calls()
        data = [(question.button(label) or {})["callback_data"] for label in ("A", "B")]
        taps = [
            local.tap(person=person, chat=GROUP_ID, message=question.id, data=each)
            for person in PEOPLE
            for each in data
        ]
        queries = await asyncio.gather(*taps)
        other = Person(local, BLAISE)
        await other.send("/help")
        await other.says()
        found = await asyncio.gather(*(local.answer_to(query) for query in queries))
        assert all(each and each.show_alert and (each.text or "").startswith("✓") for each in found)
        await until(lambda: len(noted(calls)) >= len(queries))
        assert noted(calls) == sorted(queries)
        votes = eve.rows("SELECT count(*), count(DISTINCT learner) FROM votes")
        assert votes == [(len(PEOPLE), len(PEOPLE))]
        assert eve.rows("SELECT count(*) FROM answers WHERE source = 'round'") == [(len(PEOPLE),)]
        assert eve.rows("SELECT version FROM activities") == version
        await until(lambda: edits(calls) == 1)
        await eve.hours.pass_(10)
        # By the first edit already, if all were quicker than it.
        await eve.ada.says(f"{len(PEOPLE)} answered")
        assert edits(calls) <= 2


async def test_taps_at_the_last_moment(tmp_path: Path) -> None:
    """Taps and the end of the time at once: who was noted is counted in the solution and in the table, nobody else."""
    async with evening(tmp_path) as eve:
        local = eve.bot.local
        question = await eve.begin("1")
        for person in PEOPLE:
            await local.join(person)
        await eve.hours.pass_(20)
        await eve.ada.says("Last seconds")
        data = (question.button("A") or {})["callback_data"]
        taps = [local.tap(person=person, chat=GROUP_ID, message=question.id, data=data) for person in PEOPLE]
        storm = asyncio.gather(*taps)
        passing = asyncio.create_task(eve.hours.pass_(8))
        queries = await storm
        found = await asyncio.gather(*(local.answer_to(query) for query in queries))
        await passing
        noted = sum((each.text or "").startswith("✓") for each in found if each)
        late = sum("counts nothing" in (each.text or "") for each in found if each)
        assert noted + late == len(PEOPLE)
        assert eve.rows("SELECT count(*) FROM votes") == [(noted,)]
        assert eve.rows("SELECT count(*) FROM answers WHERE source = 'round'") == [(noted,)]
        said = f"{noted} answered" if noted else "Nobody answered"
        await until(lambda: any("✅" in m.text and said in m.text for m in eve.ada.messages()))
        table = await eve.table()
        assert (f"{noted} people took part" in table.text) or noted < 2


async def test_a_round_keeps_telegrams_limits(tmp_path: Path) -> None:
    """Five questions at the quickest pace, with answers all the time: nothing is refused for coming too soon."""
    async with evening(tmp_path) as eve:
        eve.bot.local.limits = True
        calls = eve.bot.local.record_calls()
        question = await eve.begin("5")
        for number in range(1, 6):
            for person in (eve.ada, eve.blaise, eve.chen):
                await answers(question, is_right=True, by=person)
                await eve.hours.pass_(6)
            await eve.hours.pass_(2)
            await eve.ada.says("Last seconds")
            await eve.hours.pass_(8)
            await eve.ada.says("3 answered, 100 % right")
            if number < 5:
                question = await eve.next_question()
        await eve.table()
        assert [call.method for call in calls if call.status == 429] == []
