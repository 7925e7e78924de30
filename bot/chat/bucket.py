"""How much one learner may ask for over time: a bucket of tokens each, filled again as time goes by.

Law: nothing here waits or reads a clock; monotonic seconds come in. A full bucket is forgotten, so that memory is
bounded by who asked within the last seconds.
"""

from collections.abc import Hashable
from typing import NamedTuple

MOST = 120  # at once: what came while the bot was away, or ten impatient fingers
PER_S = 20.0  # and from then on; no hand is faster, and a script takes but a small part of the bot


class _Bucket(NamedTuple):
    """Tokens left at a time, and whether this burst was already turned away with words."""

    tokens: float
    at: float
    told: bool


class Buckets:
    """One bucket per key."""

    def __init__(self, *, most: int = MOST, per_s: float = PER_S) -> None:
        self._most = most
        self._per_s = per_s
        self._buckets: dict[Hashable, _Bucket] = {}  # those not full, the least recently used first

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._buckets)

    def take(self, key: Hashable, now: float) -> bool:
        """Whether there was a token left, which is taken."""
        self._forget_full(now)
        bucket = self._buckets.pop(key, _Bucket(self._most, now, False))
        tokens = self._tokens(bucket, now)
        told = bucket.told and tokens < self._most
        left = tokens - 1 if tokens >= 1 else tokens
        self._buckets[key] = _Bucket(left, now, told)
        return tokens >= 1

    def tell(self, key: Hashable) -> bool:
        """Whether words are due: once per burst, which lasts until the bucket is full again."""
        bucket = self._buckets.get(key)
        if bucket is None or bucket.told:
            return False
        self._buckets[key] = bucket._replace(told=True)
        return True

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        return min(self._most, bucket.tokens + (now - bucket.at) * self._per_s)

    def _forget_full(self, now: float) -> None:
        """Those at the front; one that is full behind another that is not goes a little later."""
        while self._buckets:
            key, bucket = next(iter(self._buckets.items()))
            if self._tokens(bucket, now) < self._most:
                return
            del self._buckets[key]
