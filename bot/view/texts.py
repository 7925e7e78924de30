"""Every word the bot says, by key and language: one file a language in `catalogue/`.

Law: the files are read once, when this module is loaded; English is complete and stands in for what another
language lacks. A text is plain: what is put into its {placeholders} can never become markup.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

ENGLISH = "en"


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def read_catalogues(folder: Traversable) -> dict[str, dict[str, str]]:
    """Language → key → text, of every file `LANGUAGE.toml` in a folder."""
    return {
        entry.name.removesuffix(".toml"): dict(_flat(tomllib.loads(entry.read_text(encoding="utf-8"))))
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".toml")
    }


def problems(catalogues: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What a language lacks, has too much, or fills in otherwise than English; one line each."""
    english = catalogues[ENGLISH]
    found: list[str] = []
    for language, words in catalogues.items():
        found += [f"{language}: {key}: is missing" for key in english if key not in words]
        found += [f"{language}: {key}: English has no such key" for key in words if key not in english]
        found += [
            f"{language}: {key}: has {sorted(placeholders(words[key]))}, English has {sorted(placeholders(text))}"
            for key, text in english.items()
            if key in words and placeholders(words[key]) != placeholders(text)
        ]
    return found


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


CATALOGUES = read_catalogues(files("bot.view") / "catalogue")


class Texts:
    """The words of one language."""

    def __init__(self, language: str = ENGLISH) -> None:
        self.language = language if language in CATALOGUES else ENGLISH
        self._words = CATALOGUES[ENGLISH] | CATALOGUES[self.language]

    def __call__(self, key: str, **params: str | int) -> str:
        """The text under a key; KeyError if there is none, or if a placeholder is not given."""
        return self._words[key].format(**params)


def languages() -> dict[str, str]:
    """The languages there are, each by the name it calls itself."""
    return {code: words["language.name"] for code, words in CATALOGUES.items()}


def pick(chosen: str | None, telegram: str | None) -> str:
    """The language to speak: the learner's choice, else Telegram's (`pt-br`, then `pt`), else English."""
    for wanted in (chosen, telegram, (telegram or "").partition("-")[0]):
        if wanted and wanted.lower() in CATALOGUES:
            return wanted.lower()
    return ENGLISH
