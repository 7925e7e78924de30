"""What a button does: the short words in callback data, `key:action[:argument]`, at most 64 bytes."""

from base64 import urlsafe_b64encode
from enum import StrEnum
from random import Random


class Action(StrEnum):
    """Every action there is; the argument stands behind the colon."""

    GO_ON = "go"  # :lesson — continue where the learner stopped; without a lesson: the catalogue
    PAGE = "pg"  # :page of the catalogue
    LAB_PAGE = "lp"  # :page of the catalogue of labs
    NEXT = "n"
    BACK = "b"
    ASK_OVER = "ao"
    OVER = "ov"
    KEEP = "kp"
    QUIZ = "qz"
    OPTION = "o"  # :place shown
    HINT = "h"
    WHY = "w"
    AGAIN = "ag"
    LAB = "l"
    MOVE = "m"  # :setting and direction
    ABOUT = "i"  # :setting
    STORY = "s"  # :place
    RUN = "r"  # :prediction
    RETRY = "rt"
    RESET = "x"
    MORE = "mo"
    SMALLER = "sm"
    BIGGER = "bi"
    CODE = "c"
    SHARE = "sh"
    POST = "po"  # :what is asked, a dash, what was chosen
    LANGUAGE = "la"  # :language, `auto` for Telegram's
    FORGET = "fy"
    KEEP_ALL = "fn"
    ROUND_PACE = "rp"  # :seconds, 0 for no timer
    ROUND_BEGIN = "rb"
    ROUND_OPTION = "ro"  # :place of the question, place shown
    ROUND_ON = "rn"  # :what it goes on from
    JOIN = "jn"
    LEAVE = "lv"
    EXPERIMENT_RATE = "xr"  # :place of the rate
    EXPERIMENT_PREDICT = "xp"  # :place of the prediction
    EXPERIMENT_CLOSE = "xc"
    EXPERIMENT_RETRY = "xt"
    PLAN = "pl"  # :what a study plan's button does, `=`, with what


# What buttons of activities in groups do; all others are answered by `bot.core.session`.
IN_GROUPS = frozenset(
    {
        Action.ROUND_PACE,
        Action.ROUND_BEGIN,
        Action.ROUND_OPTION,
        Action.ROUND_ON,
        Action.JOIN,
        Action.LEAVE,
        Action.EXPERIMENT_RATE,
        Action.EXPERIMENT_PREDICT,
        Action.EXPERIMENT_CLOSE,
        Action.EXPERIMENT_RETRY,
        Action.PLAN,
    }
)


SEPARATOR = ":"
LONGEST_DATA = 64  # bytes, Telegram's limit


def data(key: str, action: Action, argument: str | int = "") -> str:
    """Callback data for a button."""
    parts = [key, action.value] + ([str(argument)] if argument != "" else [])
    return SEPARATOR.join(parts)


def new_key(chance: Random) -> str:
    """A screen's key, which nobody can guess: 48 bits, 8 characters."""
    return urlsafe_b64encode(chance.getrandbits(48).to_bytes(6, "big")).decode()


def parse(text: str) -> tuple[str, str, str]:
    """Key, action, argument; empty where there is none. Never raises: anybody can send anything."""
    key, _, rest = text.partition(SEPARATOR)
    action, _, argument = rest.partition(SEPARATOR)
    return key, action, argument
