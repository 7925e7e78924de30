"""The waiting line: whose turn it is."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.training.line import Line


@dataclass(eq=False)
class Job:
    """Something that waits."""

    learner: int
    name: str = ""
    late: bool = False


def served(line: Line[Job]) -> list[Job]:
    """All jobs as they come out."""
    jobs = []
    while job := line.next():
        jobs.append(job)
    return jobs


def test_learners_take_turns_however_many_jobs_one_has() -> None:
    """One learner's flood delays another by one job at most."""
    line: Line[Job] = Line()
    flood = [Job(1) for _ in range(5)]
    for job in flood:
        line.add(job)
    other = Job(2)
    line.add(other)
    assert served(line).index(other) == 1


def test_numbers_go_before_pictures() -> None:
    """A picture that came first still waits for a training."""
    line: Line[Job] = Line()
    picture, training = Job(1, late=True), Job(2)
    line.add(picture)
    line.add(training)
    assert served(line) == [training, picture]


def test_who_goes_away_is_not_served() -> None:
    """And removing what is not there changes nothing."""
    line: Line[Job] = Line()
    stays, goes = Job(1), Job(1)
    line.add(goes)
    line.add(stays)
    line.remove(goes)
    line.remove(goes)
    assert served(line) == [stays]
    assert line.next() is None


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans())))
def test_the_order_told_is_the_order_served(asked: list[tuple[int, bool]]) -> None:
    """So the place that a learner is shown is true."""
    line: Line[Job] = Line()
    for learner, late in asked:
        line.add(Job(learner, late=late))
    assert list(line) == served(line)


@given(st.lists(st.integers(0, 4)))
def test_each_learners_jobs_keep_their_order(learners: list[int]) -> None:
    """Turns are between learners, never within one."""
    line: Line[Job] = Line()
    jobs = [Job(learner) for learner in learners]
    for job in jobs:
        line.add(job)
    out = served(line)
    for learner in set(learners):
        assert [job for job in out if job.learner == learner] == [
            job for job in jobs if job.learner == learner
        ]
