"""Many people at once, and what the bot did about them, as the record of its calls tells."""

from collections.abc import Iterable

from bot.preview.faults import Call

PEOPLE = range(2001, 2121)


def edits(calls: Iterable[Call]) -> int:
    """How many the bot has made."""
    return [call.method for call in calls].count("editMessageText")


def noted(calls: Iterable[Call]) -> list[str]:
    """The callback queries that were answered, as often as they were.

    A call is recorded when it is over: whoever was answered may know it a moment earlier.
    """
    return sorted(call.params["callback_query_id"] for call in calls if call.method == "answerCallbackQuery")
