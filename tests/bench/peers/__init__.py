"""Other ways to write the bot, for a measurement: each answers a tap and edits its message, and keeps nothing.

Law: each is written as its documentation says and makes the same two calls with the same contents, ready-made once:
no session, no store, no order per learner, no retry. Each runs as `python -m tests.bench.peers.NAME URL FILE [WAY]`
and prints a line when it is ready.
"""

import json
from pathlib import Path
from typing import Any

TOKEN = "4242:bench-is-no-secret"
AT_ONCE = 256
POLL_S = 10
READY = "ready"
DEFAULTS, OURS = "defaults", "ours"  # ways of the framework


def verdict(file: str) -> dict[str, Any]:
    """What the message becomes: text, entities and keyboard as values."""
    shown = json.loads(Path(file).read_text(encoding="utf-8"))
    return {
        "text": shown["text"],
        "entities": json.loads(shown["entities"]),
        "reply_markup": json.loads(shown["reply_markup"]),
    }
