"""Kill -9 between a tap on a post and its totals: the tap counts once, and the totals come with the next start."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.preview.directory import GROUP_ID
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN, Person
from tests.process.conftest import Start
from tests.process.study import polling
from tests.talk.questions import LESSON

pytestmark = pytest.mark.process
PATIENCE_S = 60.0


async def test_totals_outlive_a_kill(telegram: LocalTelegram, tmp_path: Path, start: Start) -> None:
    """The first tap is shown at once; the others fall into the pause, in which the bot is killed."""
    environ = polling(telegram)
    bot = await (await start(**environ)).ready()
    ada = Person(telegram, ADA, chat=GROUP_ID)
    await ada.send(f"/post {LESSON['id']}")
    post = await ada.says(LESSON["questions"][0]["ask"].splitlines()[0][:40], timeout_s=PATIENCE_S)
    await ada.tap("A", message=post, timeout_s=PATIENCE_S)
    await ada.says("1 answered", timeout_s=PATIENCE_S)
    blaise, chen = (Person(telegram, who, chat=GROUP_ID) for who in (BLAISE, CHEN))
    assert (await blaise.tap("A", message=post, timeout_s=PATIENCE_S)).show_alert
    await chen.press("B", message=post)
    await bot.kill()
    bot = await (await start(**environ)).ready()
    shown = await ada.says("answered", timeout_s=PATIENCE_S)
    if "3 answered" not in shown.text:  # Chen's tap may have been fetched by the second bot only
        shown = await ada.says("3 answered", timeout_s=PATIENCE_S)
    assert shown.id == post.id
    assert await bot.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "nabla.db")) as db:
        assert db.execute("SELECT learner FROM post_answers ORDER BY learner").fetchall() == [
            (ADA,),
            (BLAISE,),
            (CHEN,),
        ]
    assert [m.id for m in ada.messages() if m.body["from"]["is_bot"]] == [post.id]
