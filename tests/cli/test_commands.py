"""What an operator and an author type: exit codes, one line for what is wrong, figures beside a running bot."""

import asyncio
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot import __version__
from bot.store.base import Answer, Change
from bot.store.choose import open_store
from bot.store.sqlite import SqliteStore
from tests.cli.conftest import Nabla
from tests.house import LESSONS, running
from tests.person import Person
from tests.postgres import Cluster
from tests.postgres import missing as postgres_missing

ROOT = Path(__file__).parents[2]
FINDING = re.compile(r"^.+:\d+: [a-z0-9-]+: .+; .+$")
LESSON = "why-training-changes-weights"
QUESTIONS = yaml.load((LESSONS / f"{LESSON}.yaml").read_text(), Loader=yaml.CSafeLoader)["questions"]
FIRST = QUESTIONS[0]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ONE_LINE = re.compile(r"^nabla: [^\n]+\n$")


def python_m_bot(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real thing."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *arguments],
        cwd=cwd, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        capture_output=True, text=True, errors="replace", timeout=60, check=False,
    )  # fmt: skip


def test_help_and_version(nabla: Nabla) -> None:
    """Every command is named with what it does; `-h` too."""
    text = nabla("--help").output
    assert nabla("-h").output == text
    for command in ("run", "check", "stats", "backup", "restore", "trainer"):
        assert re.search(rf"^  {command}  +[A-Z]", text, re.MULTILINE)
        assert nabla(command, "--help").exit_code == 0
    assert nabla("--version").output == f"nabla, version {__version__}\n"


@pytest.mark.process
def test_nothing_is_the_same_as_run(tmp_path: Path) -> None:
    """Both are refused the same way by the same wrong setting, in a real process with a `.env` file."""
    (tmp_path / ".env").write_text("NABLA_LISTEN=nowhere\n")
    alone, run = python_m_bot(cwd=tmp_path), python_m_bot("run", cwd=tmp_path)
    assert (alone.returncode, alone.stdout) == (run.returncode, run.stdout) == (2, "")
    assert alone.stderr == run.stderr
    assert (
        alone.stderr
        == "nabla: NABLA_LISTEN: 'nowhere' is not usable; wanted: HOST:PORT, such as 0.0.0.0:8080\n"
    )


@pytest.mark.parametrize(
    "command", [[], ["run"], ["stats"], ["check"], ["backup", "x.db"], ["restore", "x.db"]]
)
def test_wrong_settings_are_one_line(nabla: Nabla, command: list[str]) -> None:
    """Exit code 2, whatever was asked."""
    result = nabla(*command, NABLA_LESSSONS="x")
    assert result.exit_code == 2
    assert (result.stdout, result.stderr) == (
        "",
        "nabla: NABLA_LESSSONS: there is no such setting; did you mean NABLA_LESSONS?\n",
    )


@pytest.mark.parametrize("lessons", ["nowhere", "a-file"])
def test_a_folder_of_lessons_that_is_none_is_one_line(nabla: Nabla, tmp_path: Path, lessons: str) -> None:
    """A tutor without any lesson would look as if it ran; nothing is made or opened before."""
    (tmp_path / "a-file").touch()
    result = nabla("run", NABLA_LESSONS=lessons)
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        f"nabla: NABLA_LESSONS: '{lessons}' is no folder here; wanted: a folder of lesson files\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_setting_that_does_nothing_yet_says_so(nabla: Nabla, tmp_path: Path) -> None:
    """Who names administrators must not believe that they can do something already."""
    url = f"sqlite:///{tmp_path}"  # a folder: the start ends there
    warning = "NABLA_ADMINS: the chat has no author commands yet"
    assert warning in nabla("run", NABLA_ADMINS="5", NABLA_DATABASE_URL=url).stderr
    assert warning not in nabla("run", NABLA_DATABASE_URL=url).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["run", "--no-such-flag"],
        ["run", "--port", "65536"],
        ["stats", "a", "b"],
        ["backup"],
        ["restore", "--check"],
    ],
)
def test_wrong_usage_is_told(nabla: Nabla, arguments: list[str]) -> None:
    """Exit code 2 and how it is used."""
    result = nabla(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: nabla")


# check


def test_check_of_good_lessons(nabla: Nabla) -> None:
    """Exit code 0 and silence; with a path and without."""
    for arguments in ([], [str(LESSONS)], [str(next(LESSONS.glob("*.yaml")))]):
        result = nabla("check", *arguments)
        assert (result.exit_code, result.output) == (0, "")


def test_check_of_bad_lessons(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 1; every line is FILE:LINE: CODE: fact; advice, of all files at once."""
    (tmp_path / "one.yaml").write_text("schema: 1\nid: One\n")
    (tmp_path / "two.yaml").write_bytes(b"\xff\xfe")
    result = nabla("check", "one.yaml", "two.yaml", "missing.yaml")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert all(FINDING.fullmatch(line) for line in lines)
    assert {line.partition(":")[0] for line in lines} == {"one.yaml", "two.yaml", "missing.yaml"}
    assert result.stderr == ""
    assert nabla("check", NABLA_LESSONS=str(tmp_path)).exit_code == 1
    assert nabla("check", "no/such/folder").exit_code == 1


def test_check_with_a_path_needs_no_settings(nabla: Nabla) -> None:
    """An author has none."""
    assert nabla("check", str(LESSONS), NABLA_LISTEN="nowhere").exit_code == 0


def test_prove_is_refused_clearly(nabla: Nabla) -> None:
    """Documented, not built yet: never taken for a proof."""
    result = nabla("check", "--prove", str(LESSONS))
    assert result.exit_code == 2
    assert "not built yet" in result.stderr


def test_findings_can_be_printed_anywhere(tmp_path: Path) -> None:
    """A terminal that does not know a sign gets its escape, not a traceback."""
    (tmp_path / "é.yaml").write_text("schema: 1\nid: ∇\n", encoding="utf-8")
    done = python_m_bot("check", "é.yaml", cwd=tmp_path, PYTHONIOENCODING="latin-1", PYTHONUTF8="1")
    assert done.returncode == 1
    assert done.stderr == ""
    assert "`\\u2207` is not an id" in done.stdout


# stats


def fill(
    path: Path, *, lesson: str = LESSON, question: str = FIRST["id"], options: Sequence[int] = (0, 0, 1)
) -> str:
    """One learner for each option, which is their first answer; gives the database's URL."""

    async def answer_all() -> None:
        store = SqliteStore(path)
        await store.open()
        for learner, option in enumerate(options, start=1):
            answer = Answer(
                lesson=lesson,
                question=question,
                sitting=1,
                option=option,
                correct=option == 0,
                hints=learner - 1,
                seconds=10.0 * learner,
                answered_at=NOW,
            )
            await store.commit(Change(learner=learner, session="{}", answers=(answer,)), now=NOW)
        await store.close()

    asyncio.run(answer_all())
    return f"sqlite:///{path}"


def test_stats_for_programs(nabla: Nabla, tmp_path: Path) -> None:
    """Counts only; the most common mistake in the author's words."""
    url = fill(tmp_path / "nabla.db")
    result = nabla("stats", "--json", NABLA_DATABASE_URL=url)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == [
        {
            "lesson": LESSON,
            "question": FIRST["id"],
            "answered": 3,
            "right": 2,
            "right_percent": 66.7,
            "hints": 1.0,
            "seconds": 20.0,
            "common_mistake": FIRST["options"][1]["text"],
            "options": [
                {"option": 0, "chosen": 2, "correct": True},
                {"option": 1, "chosen": 1, "correct": False},
            ],
        }
    ]
    assert nabla("stats", LESSON, "--json", NABLA_DATABASE_URL=url).stdout == result.stdout


def test_stats_for_people(nabla: Nabla, tmp_path: Path) -> None:
    """A table with the same figures."""
    result = nabla("stats", NABLA_DATABASE_URL=fill(tmp_path / "nabla.db"))
    assert result.exit_code == 0
    assert all(word in result.stdout for word in (LESSON, FIRST["id"], "66.7 %", "Most common"))


def test_stats_cut_nothing_on_a_narrow_terminal(nabla: Nabla, tmp_path: Path) -> None:
    """An id with an ellipsis cannot be asked for; a mistake's most telling word may be its last."""
    for question in QUESTIONS:
        url = fill(tmp_path / "nabla.db", question=question["id"], options=range(len(question["options"])))
    result = nabla("stats", NABLA_DATABASE_URL=url, COLUMNS="80")
    assert "…" not in result.stdout and LESSON in result.stdout
    assert all(question["id"] in result.stdout for question in QUESTIONS)


def test_stats_shows_an_option_as_it_is_written(nabla: Nabla, tmp_path: Path) -> None:
    """Square brackets are the author's, no colours of ours."""
    text = (ROOT / "tests" / "check" / "good.yaml").read_text()
    lesson = yaml.safe_load(text)
    wrong = lesson["questions"][0]["options"][1]["text"]
    (tmp_path / "small.yaml").write_text(text.replace(f"text: {wrong}", "text: 'w[red]x[/red] and w[i]'"))
    question = lesson["questions"][0]["id"]
    url = fill(tmp_path / "nabla.db", lesson=lesson["id"], question=question)
    result = nabla("stats", NABLA_DATABASE_URL=url, NABLA_LESSONS=str(tmp_path))
    assert "w[red]x[/red] and w[i]" in result.stdout


def test_stats_of_what_is_no_more_in_the_files(nabla: Nabla, tmp_path: Path) -> None:
    """A question or lesson that was taken out keeps its figures."""
    url = fill(tmp_path / "nabla.db", lesson="old-lesson", question="old-question")
    for arguments in ([], ["old-lesson"]):
        (entry,) = json.loads(nabla("stats", "--json", *arguments, NABLA_DATABASE_URL=url).stdout)
        assert (entry["lesson"], entry["question"]) == ("old-lesson", "old-question")
        assert entry["common_mistake"] == "option 2 of an older version"


def test_stats_of_a_lesson_that_nobody_knows(nabla: Nabla, tmp_path: Path) -> None:
    """Usage, with the lessons that there are; a known one without answers is just empty."""
    url = fill(tmp_path / "nabla.db", options=())
    result = nabla("stats", "no-such-lesson", NABLA_DATABASE_URL=url)
    assert result.exit_code == 2
    assert f"there is no lesson 'no-such-lesson' in {LESSONS}; there are: {LESSON}" in result.stderr
    assert json.loads(nabla("stats", LESSON, "--json", NABLA_DATABASE_URL=url).stdout) == []
    assert "Nobody has answered a question yet." in nabla("stats", NABLA_DATABASE_URL=url).stdout


def test_stats_without_a_database(nabla: Nabla, tmp_path: Path) -> None:
    """One line, exit code 1, and no file is made."""
    result = nabla("stats")
    assert result.exit_code == 1
    assert ONE_LINE.fullmatch(result.stderr)
    assert "is not there yet; start the bot once" in result.stderr
    assert list(tmp_path.iterdir()) == []


async def test_stats_beside_a_running_bot(nabla: Nabla, tmp_path: Path) -> None:
    """An answer is in the figures as soon as its verdict was shown."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/quiz")
        await ada.says("Question 1")
        await ada.tap("A")
        await ada.says(button="Next")
        url = f"sqlite:///{bot.database}"
        result = await asyncio.to_thread(nabla, "stats", "--json", NABLA_DATABASE_URL=url)
        (entry,) = json.loads(result.stdout)
        assert entry["answered"] == 1
        await ada.tap("Next")
        await ada.says("Question 2")


# backup and restore


async def test_backup_beside_a_running_bot(nabla: Nabla, tmp_path: Path) -> None:
    """One line with what it holds; checked and put back elsewhere, the learner goes on where they stopped."""
    copy = tmp_path / "copy.db"
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/quiz")
        await ada.says("Question 1")
        await ada.tap("A")
        await ada.says(button="Next")
        url = f"sqlite:///{bot.database}"
        result = await asyncio.to_thread(nabla, "backup", str(copy), NABLA_DATABASE_URL=url)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith(f"{copy}: ")
        assert "answers 1, " in result.stdout and "learners 1, " in result.stdout
        await ada.tap("Next")
        await ada.says("Question 2")
        checked = await asyncio.to_thread(nabla, "restore", "--check", str(copy))
        assert (checked.exit_code, checked.stdout) == (0, result.stdout.replace(": ", ": sound; ", 1))
        refused = await asyncio.to_thread(nabla, "restore", str(copy), NABLA_DATABASE_URL=url)
        assert refused.exit_code == 1 and "is in use by another bot" in refused.stderr
    (tmp_path / "new").mkdir()
    url = f"sqlite:///{tmp_path / 'new' / 'local.db'}"
    assert nabla_restored(nabla, copy, url).endswith(f": restored from {copy}\n")
    assert "; what was there is now " in nabla_restored(nabla, copy, url)
    result = await asyncio.to_thread(nabla, "stats", "--json", NABLA_DATABASE_URL=url)
    assert json.loads(result.stdout)[0]["answered"] == 1
    async with running(tmp_path / "new") as bot:
        ada = Person(bot.local)
        await ada.send("/quiz")
        await ada.says("Question 2")


def nabla_restored(nabla: Nabla, copy: Path, url: str) -> str:
    """What `restore` says when all is well."""
    result = nabla("restore", str(copy), NABLA_DATABASE_URL=url)
    assert (result.exit_code, result.stderr) == (0, "")
    return str(result.stdout)


def test_backup_overwrites_only_by_force(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 1 and the way on; the copy that was there stays."""
    url = fill(tmp_path / "nabla.db")
    (tmp_path / "copy.db").write_text("old")
    refused = nabla("backup", "copy.db", NABLA_DATABASE_URL=url)
    assert refused.exit_code == 1
    assert (
        refused.stderr
        == "nabla: copy.db: is there already; name another file, or overwrite it with --force\n"
    )
    os.mkfifo(tmp_path / "pipe")
    refused = nabla("backup", "--force", "pipe", NABLA_DATABASE_URL=url)
    assert (refused.exit_code, refused.stderr) == (1, "nabla: pipe: is no file; name one\n")
    assert (tmp_path / "pipe").is_fifo()
    assert nabla("restore", "--check", "copy.db").exit_code == 1
    assert nabla("backup", "--force", "copy.db", NABLA_DATABASE_URL=url).exit_code == 0
    assert nabla("restore", "--check", "copy.db").exit_code == 0


def test_what_restore_finds_is_one_line(nabla: Nabla, tmp_path: Path) -> None:
    """A finding on standard output and exit code 1 with --check; without, the program's own line."""
    (tmp_path / "copy.db").write_text("no database")
    url = f"sqlite:///{tmp_path / 'nabla.db'}"
    found = nabla("restore", "--check", "copy.db")
    assert (found.exit_code, found.stderr) == (1, "")
    fact = "is not a SQLite database (file is not a database)"
    assert found.stdout == f"copy.db: {fact}; make another copy with `backup`\n"
    refused = nabla("restore", "copy.db", NABLA_DATABASE_URL=url)
    assert refused.exit_code == 1 and ONE_LINE.fullmatch(refused.stderr)
    assert not (tmp_path / "nabla.db").exists()


def test_a_check_of_a_copy_needs_no_settings(nabla: Nabla, tmp_path: Path) -> None:
    """It may be done on another machine."""
    nabla("backup", "copy.db", NABLA_DATABASE_URL=fill(tmp_path / "nabla.db"))
    assert nabla("restore", "--check", "copy.db", NABLA_LISTEN="nowhere").exit_code == 0


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_copy_of_postgres_is_made_by_its_own_tools(nabla: Nabla, command: str) -> None:
    """Exit code 2, one line that names them, and no password."""
    result = nabla(command, "copy.db", NABLA_DATABASE_URL="postgresql://u:pa55word@h/x")
    assert result.exit_code == 2
    assert ONE_LINE.fullmatch(result.stderr)
    assert "pg_dump" in result.stderr and "pa55word" not in result.stderr


# what the bot cannot start with


def test_a_busy_port_is_one_line(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 2: it is a matter of settings."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = nabla("run", NABLA_LISTEN=f"127.0.0.1:{port}")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"nabla: NABLA_LISTEN: 127.0.0.1:{port} is in use by another program; wanted: "
    )
    assert ONE_LINE.fullmatch(result.stderr)


def test_an_address_of_another_machine_is_one_line(nabla: Nabla) -> None:
    """As is a name that nobody knows."""
    for host in ("192.0.2.1", "no-such-host.invalid"):
        result = nabla("run", "--host", host)
        assert result.exit_code == 2
        assert ONE_LINE.fullmatch(result.stderr)
        assert result.stderr.startswith(f"nabla: NABLA_LISTEN: {host}:8080 cannot be used (")


@pytest.mark.parametrize("command", ["run", "stats"])
@pytest.mark.parametrize(
    "url", ["mysql://u:pa55word@h/x", "sqlite:/x", "postgresql://u:pa55word@h", "nabla.db"]
)
def test_a_wrong_database_url_is_one_line(nabla: Nabla, command: str, url: str) -> None:
    """Exit code 2, and no password."""
    result = nabla(command, NABLA_DATABASE_URL=url)
    assert result.exit_code == 2
    assert ONE_LINE.fullmatch(result.stderr)
    assert result.stderr.startswith("nabla: NABLA_DATABASE_URL: ")
    assert "pa55word" not in result.stderr


@pytest.mark.parametrize("url", ["", "sqlite:///nabla.db"])
def test_procrastinate_and_trainers_want_postgres(nabla: Nabla, url: str) -> None:
    """Exit code 2, one line with the variable."""
    result = nabla("run", NABLA_ENGINE="procrastinate", NABLA_DATABASE_URL=url)
    assert result.exit_code == 2
    assert ONE_LINE.fullmatch(result.stderr)
    assert result.stderr.startswith("nabla: NABLA_ENGINE: 'procrastinate' is not usable; wanted: local, or")
    result = nabla("trainer", NABLA_DATABASE_URL=url)
    assert result.exit_code == 2
    assert ONE_LINE.fullmatch(result.stderr)
    assert result.stderr.startswith("nabla: NABLA_DATABASE_URL: a trainer needs the bots' Postgres")


@pytest.mark.parametrize("command", ["run", "stats", "trainer"])
@pytest.mark.skipif(postgres_missing() is not None, reason=postgres_missing() or "")
def test_a_postgres_that_is_not_there_is_one_line(nabla: Nabla, command: str) -> None:
    """Exit code 1, the place without user and password."""
    result = nabla(command, NABLA_DATABASE_URL="postgresql://u:pa55word@127.0.0.1:1/x")
    assert result.exit_code == 1
    assert ONE_LINE.fullmatch(result.stderr)
    assert result.stderr.startswith("nabla: postgresql://127.0.0.1:1/x: cannot be reached")
    assert "pa55word" not in result.stderr


async def test_stats_on_postgres(nabla: Nabla, postgres: Cluster) -> None:
    """The same figures from the other store."""
    url = postgres.new_database()
    assert (await asyncio.to_thread(nabla, "stats", NABLA_DATABASE_URL=url)).exit_code == 1
    store = open_store(url)
    await store.open()
    given = Answer(
        lesson="l", question="q", sitting=1, option=0, correct=True, hints=0, seconds=2.0, answered_at=NOW
    )
    await store.commit(Change(learner=1, answers=(given,)), now=NOW)
    await store.close()
    result = await asyncio.to_thread(nabla, "stats", "--json", NABLA_DATABASE_URL=url)
    assert result.exit_code == 0
    assert [(each["question"], each["right_percent"]) for each in json.loads(result.stdout)] == [("q", 100.0)]


@pytest.mark.parametrize("command", ["run", "stats"])
def test_a_damaged_database_is_left_alone(nabla: Nabla, tmp_path: Path, command: str) -> None:
    """Exit code 1, one line with the file; not a byte of it changes."""
    file = tmp_path / "nabla.db"
    url = fill(file)
    whole = file.read_bytes()
    for damaged in (
        b"not a database, but long enough to be looked at. " * 100,
        whole[:4096] + b"\xff" * 4096,
    ):
        file.write_bytes(damaged)
        result = nabla(command, NABLA_DATABASE_URL=url)
        assert result.exit_code == 1
        assert ONE_LINE.fullmatch(result.stderr)
        assert str(file) in result.stderr
        assert file.read_bytes() == damaged


@pytest.mark.parametrize("command", ["run", "stats"])
def test_a_newer_database_is_left_alone(nabla: Nabla, tmp_path: Path, command: str) -> None:
    """Exit code 1 and the advice to update."""
    file = tmp_path / "nabla.db"
    url = fill(file)
    with closing(sqlite3.connect(file)) as db:
        (table,) = db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migration%'").fetchone()
        columns = [row[1] for row in db.execute(f"PRAGMA table_info([{table}])")]
        row = db.execute(f"SELECT * FROM [{table}] ORDER BY rowid DESC").fetchone()
        newer = [f"{v}-of-the-future" if c == "name" else v for c, v in zip(columns, row, strict=True)]
        newer = [None if c == "id" else v for c, v in zip(columns, newer, strict=True)]
        db.execute(f"INSERT INTO [{table}] VALUES ({', '.join('?' * len(newer))})", newer)
        db.commit()
    before = file.read_bytes()
    result = nabla(command, NABLA_DATABASE_URL=url)
    assert result.exit_code == 1
    assert ONE_LINE.fullmatch(result.stderr)
    assert "newer program" in result.stderr
    assert "update this program" in result.stderr
    assert file.read_bytes() == before


def test_a_data_folder_that_cannot_be_made_is_one_line(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 1: a file stands where the folder should be."""
    (tmp_path / "data").write_text("I was here first")
    result = nabla("run")
    assert result.exit_code == 1
    assert ONE_LINE.fullmatch(result.stderr)
    assert "data" in result.stderr
    assert (tmp_path / "data").read_text() == "I was here first"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_may_not_be_written_is_one_line(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 1, and what to do."""
    (tmp_path / "data").mkdir(mode=0o500)
    result = nabla("run")
    assert result.exit_code == 1
    assert ONE_LINE.fullmatch(result.stderr)


@pytest.mark.process
async def test_a_database_in_use_is_one_line(nabla: Nabla, tmp_path: Path) -> None:
    """Exit code 1: two bots on one file would lose each other's learners' places."""
    async with running(tmp_path) as bot:
        url = f"sqlite:///{bot.database}"
        result = await asyncio.to_thread(
            python_m_bot, "run", cwd=tmp_path, NABLA_DATABASE_URL=url, NABLA_LISTEN="127.0.0.1:0"
        )
    assert result.returncode == 1
    assert ONE_LINE.fullmatch(result.stderr)
    assert "is in use by another bot (process " in result.stderr
