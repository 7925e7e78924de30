"""A short torture finds nothing lost; and were something lost, or shown in a log, it would say so."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.process.program import ROOT, TOKEN
from tests.torture.__main__ import PARTS, main
from tests.torture.report import LostError, Torture, check_logs, hold

KILLS, SECONDS, MOST_S = 20, 90, 400


@pytest.mark.process
@pytest.mark.timeout(MOST_S + 30)
def test_a_short_torture_loses_nothing() -> None:
    """Some kills in the middle of commits, conversations and trainings; `make torture` does hundreds."""
    command = [sys.executable, "-m", "tests.torture", "--kills", str(KILLS), "--seconds", str(SECONDS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=MOST_S)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0].rpartition(" ")[2] for line in lines[:-1]] == list(PARTS)
    assert lines[-1] == "nothing was lost"


def test_a_loss_is_told_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with what is missing and the seed, and exit code 1."""

    async def lose(one: Torture) -> None:
        one.done = 7
        hold(False, "answer 12 of learner 5 is not there")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setitem(PARTS, "commits", (1.0, lose))
    result = CliRunner().invoke(main, ["commits", "--kills", "9", "--seed", "3"])
    assert result.exit_code == 1
    assert "commits: LOST after 7 kills (seed 3): answer 12 of learner 5 is not there" in result.output
    assert f"files and logs are in {tmp_path}" in result.output


@pytest.mark.parametrize("shown", [TOKEN, TOKEN.partition(":")[2], "dear diary", "Traceback (most recent"])
def test_a_log_that_shows_too_much_is_a_loss(tmp_path: Path, shown: str) -> None:
    """A secret, half a secret, what somebody wrote, a traceback where none may be; the secret is not told again."""
    (tmp_path / "out-0").write_text("Nabla is ready\n")
    assert check_logs(tmp_path, ("dear diary", "Traceback")) == 1
    (tmp_path / "err-0").write_text(f"WARNING: {shown}\n")
    with pytest.raises(LostError) as loss:
        check_logs(tmp_path, ("dear diary", "Traceback"))
    assert TOKEN.partition(":")[2] not in str(loss.value)
