"""What Telegram refuses, in Telegram's own words.

A refusal changes nothing. Its description is what a real Bot API server answers, since bots (and
python-telegram-bot's error classes) read these words. Sources: the open Bot API server and TDLib,
and answers of the live service recorded in public test suites.
"""

from http import HTTPStatus


class Refused(Exception):  # noqa: N818 - what happened, in the words of this house
    """A call that the Bot API answers with `ok: false`."""

    def __init__(
        self,
        status: int,
        description: str,
        *,
        retry_after_s: int | None = None,
        migrated_to: int | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after_s = retry_after_s
        self.migrated_to = migrated_to

    def as_answer(self) -> dict[str, object]:
        """Give the body of the HTTP answer."""
        answer: dict[str, object] = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        if self.retry_after_s is not None:
            answer["parameters"] = {"retry_after": self.retry_after_s}
        if self.migrated_to is not None:
            answer["parameters"] = {"migrate_to_chat_id": self.migrated_to}
        return answer


def bad_request(fact: str) -> Refused:
    """Refuse with 400; the first letter is made small unless the fact is a CODE, as the server does it."""
    return Refused(HTTPStatus.BAD_REQUEST, f"Bad Request: {_small(fact)}")


def forbidden(fact: str) -> Refused:
    """Refuse with 403: this chat does not want to hear from the bot."""
    return Refused(HTTPStatus.FORBIDDEN, f"Forbidden: {fact}")


def conflict(fact: str) -> Refused:
    """Refuse with 409: two ways of getting updates at once."""
    return Refused(HTTPStatus.CONFLICT, f"Conflict: {fact}")


def unauthorized() -> Refused:
    """Refuse with 401: no such bot."""
    return Refused(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def not_found() -> Refused:
    """Refuse with 404: no such method."""
    return Refused(HTTPStatus.NOT_FOUND, "Not Found: method not found")


def too_large() -> Refused:
    """Refuse with 413: the request is over what a bot may upload."""
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")


def chat_not_found() -> Refused:
    """Refuse: the bot has never seen such a chat."""
    return bad_request("chat not found")


def upgraded(new_id: int) -> Refused:
    """Refuse: the group has become a supergroup, whose id the answer tells."""
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refused(HTTPStatus.BAD_REQUEST, words, migrated_to=new_id)


def too_many(retry_after_s: int) -> Refused:
    """Refuse with 429: too fast; the answer tells how long to wait."""
    words = f"Too Many Requests: retry after {retry_after_s}"
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, words, retry_after_s=retry_after_s)


def thread_not_found() -> Refused:
    """Refuse: no such topic, or a chat that has none."""
    return bad_request("message thread not found")


def query_too_old() -> Refused:
    """Refuse: a callback query that is unknown, answered already, or older than its time."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")


def not_modified() -> Refused:
    """Refuse: an edit that would change nothing."""
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )


def unknown_parameter(name: str) -> Refused:
    """Refuse loudly what Telegram would pass over in silence: a misspelt parameter is a bug in the bot."""
    return bad_request(f'unknown parameter "{name}"')


def _small(fact: str) -> str:
    word = fact.split(maxsplit=1)[0] if fact else ""
    return fact if word.isupper() and len(word) > 1 else fact[:1].lower() + fact[1:]
