"""Runs the programs of a lesson with the real TensorFlow, one after the other, in a process of their own.

Law: pytest's own process never imports TensorFlow, and a program sees nothing of the one before it: each gets
fresh names. A warning for users that a program provokes is an error, for a learner would see it too.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a program: all that it printed, and the name of the exception that ended it."""

    printed: str
    error: str | None

    @property
    def lines(self) -> list[str]:
        """The printed lines of a program that ended well."""
        assert self.error is None, f"the program stopped with {self.error}"
        return self.printed.splitlines()

    @property
    def numbers(self) -> list[float]:
        """The last word of each printed line, as numbers."""
        return [float(line.split()[-1]) for line in self.lines]


class Programs:
    """A process with TensorFlow that runs what it is given, and keeps in `seen` what was run and printed."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __enter__(self) -> "Programs":
        self._noise = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.lessons.programs"],
            cwd=ROOT,
            env=os.environ | QUIET,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # an empty input ends it
        self._noise.close()

    def run(self, code: str) -> Ran:
        """Run one program to its end."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._noise.seek(0)
            raise RuntimeError(f"the process with TensorFlow died: {self._noise.read()[-2000:]}")
        ran = Ran(**json.loads(answer))
        self.seen += [code, ran.printed]
        return ran


def run_alone(code: str) -> Ran:
    """Run one program in a new Python, as a learner does who saved it to a file."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | QUIET,
        check=False,
    )
    last_words = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    return Ran(printed=done.stdout, error=last_words[0] if last_words else None)


def _run_here(code: str) -> dict[str, Any]:
    said = io.StringIO()
    error = None
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(code, "lesson", "exec"), {"__name__": "__main__"})
        except Exception as problem:  # noqa: BLE001  whatever a program raises is its result
            error = type(problem).__name__
    return {"printed": said.getvalue(), "error": error}


def _serve() -> None:
    warnings.simplefilter("error", UserWarning)
    for line in sys.stdin:
        print(json.dumps(_run_here(json.loads(line))), flush=True)


if __name__ == "__main__":
    _serve()
