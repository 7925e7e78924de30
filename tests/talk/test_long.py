"""A step longer than a message: several messages, cut between paragraphs, with buttons on the last one only."""

from pathlib import Path

from tests.house import running
from tests.person import Person
from tests.talk.shelves import put, small

CODE = "\n\n".join(
    f"line_{number} = {number}" for number in range(120)
)  # empty lines inside, as in real code


async def test_a_long_step_is_split_between_paragraphs(tmp_path: Path) -> None:
    """No paragraph and no code block is cut; Next stands on the last part; the parts before have no buttons."""
    paragraphs = [f"Paragraph {number}. " + "word " * 120 for number in range(12)]
    text = "\n\n".join([*paragraphs[:6], f"```python\n{CODE}\n```", *paragraphs[6:]])
    lesson = small("long")
    lesson["steps"][0]["text"] = text
    async with running(tmp_path, lessons=put(tmp_path / "lessons", lesson)) as bot:
        ada = Person(bot.local)
        await ada.send("/learn")
        last = await ada.says(button="Next")
        parts = [message for message in ada.messages() if message.body["from"]["is_bot"]]
        assert 3 <= len(parts) <= 4 and parts[-1].id == last.id
        assert all(part.buttons == [] for part in parts[:-1])
        assert sum(CODE in part.text for part in parts) == 1
        for number, paragraph in enumerate(paragraphs):
            assert sum(paragraph.strip() in part.text for part in parts) == 1, number
        assert sum(entity["type"] == "pre" for part in parts for entity in part.entities) == 1
        await ada.tap("Next")
        await ada.says("The second text.", button="Back")
        await ada.tap("Back")
        await ada.says("Paragraph 11.", button="Next")
