"""What a plain word of a lesson file means, by the core schema of YAML 1.2.

PyYAML speaks YAML 1.1, where `1e-3` is a text, `yes` and `off` are booleans, `12:30` is 750, and `010` is 8.
"""

import re

Scalar = str | int | float | bool | None

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_BASED_INT = re.compile(r"0o[0-7]{1,15}|0x[0-9a-fA-F]{1,12}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def meaning(word: str) -> Scalar:
    """The value of a word without quotes; whole numbers of more than 18 digits become floats."""
    if word in _WORDS:
        return _WORDS[word]
    if _INT.fullmatch(word):
        return int(word)
    if _BASED_INT.fullmatch(word):
        return int(word, base=0)
    return float(word) if _FLOAT.fullmatch(word) else word
