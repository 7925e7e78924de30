"""Tests of the lessons themselves: their shape, and every claim they make about code and numbers."""

import pytest

pytest.register_assert_rewrite("tests.lessons.proofs", "tests.lessons.measurements")
