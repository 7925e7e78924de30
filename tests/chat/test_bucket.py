"""Buckets: so many at once, so many a second, whoever asks how often; told once; forgotten when full."""

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.bucket import Buckets


@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from([0, 0, 0.01, 0.3, 1.5])), max_size=60))
def test_no_window_lets_more_through(asked: list[tuple[str, float]]) -> None:
    """In any stretch of time each gets what a full bucket and the time that passed give, and the other as much."""
    buckets = Buckets(most=5, per_s=2)
    now, passed = 0.0, list[tuple[str, float]]()
    for who, wait_s in asked:
        now += wait_s
        if buckets.take(who, now):
            passed.append((who, now))
        else:
            assert any(one == who for one, _ in passed)
    for who in "AB":
        times = [at for one, at in passed if one == who]
        for place, first in enumerate(times):
            for number, last in enumerate(times[place:], start=1):
                assert number <= 5 + 2 * (last - first) + 1e-9


def test_who_waits_is_served_again() -> None:
    """Five at once, then one each half second."""
    buckets = Buckets(most=5, per_s=2)
    assert [buckets.take("A", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert not buckets.take("A", 0.4)
    assert buckets.take("A", 0.5)
    assert not buckets.take("A", 0.5)


def test_words_are_due_once_per_burst() -> None:
    """A burst ends when the bucket is full again; one who was never turned away has none."""
    buckets = Buckets(most=2, per_s=1)
    for start in (0.0, 10.0):
        assert [buckets.take("A", start) for _ in range(3)] == [True, True, False]
        assert [buckets.tell("A"), buckets.tell("A")] == [True, False]
        assert buckets.take("A", start + 1)
        assert not buckets.take("A", start + 1)
        assert not buckets.tell("A")
    assert not buckets.tell("B")


def test_full_buckets_are_forgotten() -> None:
    """Ten thousand learners a moment ago cost nothing now."""
    buckets = Buckets(most=5, per_s=2)
    for learner in range(10_000):
        buckets.take(learner, 0.0)
    assert len(buckets) == 10_000
    buckets.take("A", 60.0)
    assert len(buckets) == 1
