"""The waiting line for the workers: fair over learners, numbers before pictures.

Law: learners take turns, however many jobs one of them has; a picture waits until no training does.
"""

from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Queued(Protocol):
    """What can stand in the line."""

    @property
    def learner(self) -> int:
        """Whose it is."""

    @property
    def late(self) -> bool:
        """Whether it goes after everything that is not."""


T = TypeVar("T", bound=Queued)


class Line(Generic[T]):
    """Jobs in the order in which they will be served."""

    def __init__(self) -> None:
        self._lanes: tuple[dict[int, deque[T]], dict[int, deque[T]]] = ({}, {})

    def add(self, job: T) -> None:
        """Put a job behind its learner's others, its learner at the end."""
        self._lanes[job.late].setdefault(job.learner, deque()).append(job)

    def remove(self, job: T) -> None:
        """Take a job out, if it is there."""
        lane = self._lanes[job.late]
        jobs = lane.get(job.learner, deque())
        if job in jobs:
            jobs.remove(job)
        if not jobs:
            lane.pop(job.learner, None)

    def next(self) -> T | None:
        """Take the job whose turn it is; its learner goes to the end."""
        for lane in self._lanes:
            for learner, jobs in lane.items():
                job = jobs.popleft()
                del lane[learner]
                if jobs:
                    lane[learner] = jobs
                return job
        return None

    def __iter__(self) -> Iterator[T]:
        """All jobs in the order of serving, if nobody else comes."""
        for lane in self._lanes:
            for turn in range(max(map(len, lane.values()), default=0)):
                yield from (jobs[turn] for jobs in lane.values() if len(jobs) > turn)
