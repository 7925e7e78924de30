"""Posts and the answers to their taps, as they look."""

import pytest

from bot.course.model import Option
from bot.view.post import ALERT_LIMIT, alert
from bot.view.rich import utf16_len

LONG = "X" * 196


@pytest.mark.parametrize(
    ("because", "shown"),
    [
        ("Short **and** `plain`.", "✅ Short and plain."),
        (f"One. Two! {LONG}.", "✅ One. Two!"),
        (f'He said "yes." Then {LONG}.', '✅ He said "yes."'),
        (f"Right (so far?) {LONG}.", "✅ Right (so far?)"),
        (f"Use one, e.g. the first, i.e. this. Then {LONG}.", "✅ Use one, e.g. the first, i.e. this."),
        (f"It is 0.5 there. Then {LONG}.", "✅ It is 0.5 there."),
        (f"对。错！{LONG}", "✅ 对。错！"),
        ("😀" * 150, "✅ " + "😀" * 98 + "…"),
        (f"- one\n- two\n\n{LONG}", None),
    ],
)
def test_an_alert_ends_with_a_sentence(because: str, shown: str | None) -> None:
    """As many whole ones as fit, as Telegram counts; an abbreviation, a decimal point end none."""
    text = alert(Option(text="A", correct=True, because=because))
    assert utf16_len(text) <= ALERT_LIMIT
    assert "\n" not in text
    assert shown is None or text == shown
    assert shown is not None or text.endswith("…")
