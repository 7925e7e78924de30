"""Every claim of the first lesson about code or numbers is proven by running it with the real TensorFlow.

The proofs stand in `proofs` (questions) and `measurements` (the comparison, the lab). A step or question that
shows code or a number and has no proof fails here, so nobody can add a claim that was never run.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lessons import measurements  # its import enters the proofs of the steps
from tests.lessons.programs import ROOT, Programs
from tests.lessons.proofs import PROOFS, Part, words

LESSON: dict[str, Any] = yaml.load(
    Path(ROOT, "lessons", "why-training-changes-weights.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader
)
PARTS: dict[str, Part] = {part["id"]: part for part in [*LESSON["steps"], *LESSON["questions"]]}
STORIES: list[Part] = LESSON["lab"]["stories"]


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    """One process with TensorFlow for all proofs."""
    with Programs() as running:
        yield running


def _numbers(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}


def _claims(part: Part) -> bool:
    return "code" in part or bool(re.search(r"[\d`]", json.dumps(part, ensure_ascii=False)))


def test_whatever_shows_code_or_numbers_has_a_proof() -> None:
    """A digit, a code block or inline code in a step or question asks for an entry in the table of proofs."""
    assert {part_id for part_id, part in PARTS.items() if _claims(part)} <= PROOFS.keys()
    assert PROOFS.keys() <= PARTS.keys()


@pytest.mark.tensorflow
@pytest.mark.parametrize("part_id", PROOFS)
def test_the_claims_are_true(part_id: str, programs: Programs) -> None:
    """The part's own code does what its words say, and no number of the words is foreign to the runs."""
    programs.seen.clear()
    PROOFS[part_id](PARTS[part_id], programs)
    if "options" in PARTS[part_id]:
        assert _numbers(words(PARTS[part_id])) <= _numbers("\n".join(programs.seen))


@pytest.mark.tensorflow
@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story["name"]))
def test_a_story_of_the_lab_ends_as_promised(story: Part, programs: Programs) -> None:
    """Trained with Keras' own optimizer, the story has the outcome that the file names."""
    outcome, last = measurements.tell(LESSON["lab"], story, programs)
    assert outcome == story["outcome"]
    assert outcome != "diverges" or not last < 1e6  # it blows up, so the last loss is huge or no number


@pytest.mark.tensorflow
def test_a_program_that_fails_is_seen(programs: Programs) -> None:
    """The runner reports exceptions and warnings, and keeps no names from one program to the next."""
    assert programs.run("leftover = 1\nprint(leftover)").lines == ["1"]
    assert programs.run("print(leftover)").error == "NameError"
    assert programs.run("import warnings\nwarnings.warn('careful')").error == "UserWarning"
