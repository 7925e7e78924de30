"""How a class experiment looks: counts, never who; the promised lines; everything within Telegram's limits."""

from datetime import UTC, datetime

import pytest

from bot.core import class_experiment as core
from bot.core.class_experiment import Counts, Ending, Experiment, Phase, Ran
from bot.core.experiment import Verdict
from bot.view.experiment import apology, experiment_message, picture_caption
from bot.view.rich import CAPTION_LIMIT, MESSAGE_LIMIT
from bot.view.stage import Stage
from bot.view.texts import Texts, languages
from tests.core.shelves import lesson
from tests.talk.shelves import with_lab

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WIDE = "𝔐"
KEY = "AAAAAAAA"


def stage(language: str = "en") -> Stage:
    """Words, and a bot with the longest name."""
    return Stage(texts=Texts(language), shelf={}, username="x" * 32, program=lambda _: "")


def widest() -> Experiment:
    """The longest texts that a lesson may have, and as many rates as it may offer."""
    made = with_lab("wide")
    made["lab"] |= {"title": WIDE * 200}
    for axis in ("x", "y"):
        made["lab"][axis] |= {"label": WIDE * 40, "unit": WIDE * 40}
    made["lab"]["stories"] = [
        {"name": f"{n}", "optimizer": "sgd", "rate": 0.1 + n / 1e6, "steps": 1000, "outcome": "learns"}
        for n in range(6)
    ]
    return core.begin(lesson(made), "en", NOON, chat=-1)


MANY = Counts(rates=(10**6,) * 8, predictions=(10**6,) * 3)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("phase", list(Phase))
def test_every_message_fits(language: str, phase: Phase) -> None:
    """In its longest state; buttons only while votes count or somebody may try again."""
    for ending in Ending:
        state = widest().model_copy(update={"phase": phase, "ending": ending, "shown": MANY})
        message = experiment_message(stage(language), state, KEY)
        assert message.rich.units <= MESSAGE_LIMIT
        assert bool(message.rows) == (phase is Phase.VOTING)
        assert bool(apology(stage(language), state, KEY).rows) == (phase is Phase.LOST)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_caption_fits(language: str, verdict: Verdict) -> None:
    """Within what Telegram takes under a photo, with a link that fits a deep link."""
    state = widest().model_copy(update={"shown": MANY})
    ran = tuple(
        Ran(rate=0.100005, loss_before=1.23457e-05, loss_after=1.23457e-38, verdict=verdict) for _ in range(3)
    )
    message = picture_caption(stage(language), state, ran, KEY)
    assert message.rich.units <= CAPTION_LIMIT
    ((replay,),) = message.rows
    assert replay.url.endswith(f"?start=x-{KEY}")


def test_the_promised_lines() -> None:
    """One `Loss before: X`, and for each rate a line that begins with `Loss after: Y` and names it."""
    state = core.begin(lesson(with_lab("alpha")), "en", NOON, chat=-1).model_copy(
        update={"shown": Counts(rates=(2,), predictions=(3, 1, 1))}
    )
    ran = (
        Ran(rate=0.1, loss_before=1.0, loss_after=0.0243408, verdict=Verdict.LEARNS),
        Ran(rate=3.0, loss_before=1.0, loss_after=float("inf"), verdict=Verdict.DIVERGES),
    )
    text = picture_caption(stage(), state, ran, KEY).rich.text
    found = text.splitlines()
    assert "Loss before: 1.0" in found
    assert "Loss after: 0.0243408 · rate 0.1: it learns" in found
    assert "Loss after: inf · rate 3: it blows up" in found
    assert "3 of 5 predicted it" in text
